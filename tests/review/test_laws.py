"""The laws of cells and of tables: each is broken by something, and together they leave no cell open."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fsm.decision import Decision
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.guards import guard
from fsm.memory import memory_of
from fsm.mimi.laws import FRESH
from fsm.mimi.laws import LAWS as ROOM_LAWS
from fsm.mimi.policies import DOMAIN, MIMI
from fsm.participation.facts import Facts
from fsm.participation.guards import (
    room_is_public,
    room_takes_knocks,
    sender_is_another,
    sender_is_joined,
    sender_is_target,
    sender_may_ban,
    sender_may_invite,
    sender_may_kick,
    sender_outranks_for_ban,
    sender_outranks_for_kick,
)
from fsm.participation.laws import LAWS
from fsm.participation.terms import JoinRule
from fsm.policy import Transition
from fsm.review.cases.cells import Cell, Cells
from fsm.review.errors import ReviewError
from fsm.review.laws import Severity, comparison, law, possibility, right
from fsm.review.laws.kinds import Always, Comparison, Law, Possibility, Right
from fsm.review.laws.own_laws import load_laws
from fsm.review.laws.structure import TABLE_LAWS, faults
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, facts, is_one_line

ROWS = {row.id: row for row in MIMI.transitions}
TITLES = json.loads((Path(__file__).parents[1] / "data" / "titles.json").read_text("utf-8"))


def without(row_id: str, *gone: Any) -> AnyPolicy:
    """`mimi` in which a row lacks some guards."""
    row = ROWS[row_id]
    return MIMI.evolve("broken", replace=[replace(row, guards=tuple(each for each in row.guards if each not in gone))])


def given(row_id: str, *more: Any, **changes: Any) -> AnyPolicy:
    """`mimi` in which a row has more guards, or other fields."""
    row = replace(ROWS[row_id], **changes)
    return MIMI.evolve("broken", replace=[replace(row, guards=(*row.guards, *more))])


def plus(action: Any, source: Any, dest: Any, *guards: Any) -> AnyPolicy:
    """`mimi` and a row more."""
    return MIMI.evolve("broken", add=[Transition("more", action, {source}, dest, guards)])


def anew(rows: Iterable[Transition[Facts]]) -> AnyPolicy:
    """`mimi` with other rows altogether."""
    return MIMI.evolve("sound", drop=ROWS, add=rows)


def minus(*rows: str) -> AnyPolicy:
    return MIMI.evolve("broken", drop=rows)


@guard("the sender is modest", fails="the sender is not modest")
def sender_is_modest(given: Facts) -> bool:
    return not given.may_invite


@guard("the room is closed", fails="the room is not closed")
def room_is_closed(given: Facts) -> bool:
    return given.join_rule is JoinRule.INVITE


POWER = (sender_is_joined, sender_may_ban, sender_outranks_for_ban)

# fmt: off
BROKEN: list[tuple[str, AnyPolicy]] = [
    ("action-names-state",           given("accept", dest=KNOCK)),
    ("ban-keeps-out",                given("invite", source={LEAVE, BAN})),
    ("ban-keeps-out",                given("join", source={LEAVE, KNOCK, BAN})),
    ("ban-ends-by-unban",            given("withdraw", source={KNOCK, BAN})),
    ("ban-ends-by-unban",            given("knock", source={LEAVE, BAN})),
    ("join-is-own",                  without("accept", sender_is_target)),
    ("knock-is-own",                 without("knock", sender_is_target)),
    ("others-are-for-the-joined",    without("kick", sender_is_joined)),
    ("others-are-for-the-joined",    without("unban", sender_is_joined)),
    ("no-ban-of-oneself",            without("ban", sender_is_another, sender_outranks_for_ban)),
    ("no-invite-of-oneself",         without("invite", sender_is_joined)),
    ("invite-takes-permission",      without("welcome", sender_may_invite)),
    ("kick-takes-permission",        without("revoke", sender_may_kick)),
    ("ban-takes-permission",         without("ban", sender_may_ban)),
    ("unban-takes-permission",       without("unban", sender_may_ban)),
    ("kick-takes-rank",              without("deny", sender_outranks_for_kick)),
    ("ban-takes-rank",               without("reban", sender_outranks_for_ban)),
    ("unban-takes-rank",             without("unban", sender_outranks_for_ban)),
    ("joined-are-in",                given("invite", source={LEAVE, JOIN})),
    ("joined-are-in",                given("knock", source={LEAVE, JOIN})),
    ("invited-need-not-knock",       given("knock", source={LEAVE, INVITE})),
    ("left-is-left",                 given("leave", source={LEAVE, JOIN})),
    ("left-is-left",                 given("revoke", source={LEAVE, INVITE})),
    ("join-keeps-join-rule",         without("join", room_is_public)),
    ("knock-keeps-join-rule",        without("knock", room_takes_knocks)),
    ("everybody-may-leave",          given("leave", sender_may_kick)),
    ("everybody-may-leave",          minus("decline")),
    ("invited-may-join",             given("accept", room_is_public)),
    ("public-room-is-open",          given("join", source={LEAVE})),
    ("knocks-are-taken",             minus("reknock")),
    ("more-is-never-less",           given("kick", sender_is_modest)),
    ("join-rule-is-for-strangers",   given("kick", room_is_closed)),
    ("join-rule-is-for-strangers",   given("rejoin", room_is_closed)),
    ("permission-is-for-its-action", given("ban", sender_may_kick)),
    ("permission-is-for-its-action", given("unban", sender_outranks_for_kick)),
    ("oneself-takes-no-permission",  given("join", sender_may_invite)),
    ("stranger-can-be-invited",      minus("invite")),
    ("knock-can-be-welcomed",        minus("welcome")),
    ("knock-can-be-declined",        minus("deny")),
    ("invite-can-be-withdrawn",      minus("revoke")),
    ("joined-can-be-kicked",         minus("kick")),
    ("ban-can-be-lifted",            minus("unban")),
    ("everybody-can-be-banned",      given("ban", source={INVITE, JOIN, KNOCK})),
    ("repeats-are-harmless",         minus("reinvite")),
    ("repeats-are-harmless",         minus("reban")),
    ("one-row-per-cell",             plus(LEAVE, INVITE, LEAVE, sender_is_target, room_is_closed)),
    ("every-row-fires",              given("deny", sender_is_target)),
    ("every-row-fires",              given("rejoin", sender_is_joined, source={JOIN, INVITE})),
    ("every-guard-matters",          given("invite", sender_is_another)),
    ("every-state-is-reached",       minus("knock", "reknock")),
    ("every-state-is-left",          minus("unban")),
]
# fmt: on


def broken(policy: AnyPolicy) -> set[str]:
    """The laws of table and cells that a policy breaks."""
    cells = Cells(policy)
    return {fault.law.id for fault in faults(cells)} | {
        each.id for each in LAWS if any(True for _ in each.breaches(cells))
    }


BREAKING = [pytest.param(*row, id=f"{row[0]}-{number}") for number, row in enumerate(BROKEN)]


@pytest.mark.parametrize(("law_id", "policy"), BREAKING)
def test_a_law_is_broken(law_id: str, policy: AnyPolicy) -> None:
    assert law_id in broken(policy)


def test_every_law_is_broken_by_something() -> None:
    laws: list[Any] = [*LAWS, *TABLE_LAWS]
    assert {law_id for law_id, _ in BROKEN} == {each.id for each in laws}


# fmt: off
SOUND: list[tuple[str, AnyPolicy]] = [
    ("mimi",                            MIMI),
    ("the rows in another order",       anew(MIMI.transitions[::-1])),
    ("the guards in another order",     MIMI.evolve("sound", replace=[replace(row, guards=row.guards[::-1]) for row in MIMI.transitions])),
    ("a row split by a condition",      MIMI.evolve("sound", replace=[replace(ROWS["join"], source={LEAVE})],
                                                    add=[replace(ROWS["join"], id="come-in", source={KNOCK})])),
    ("two rows that are one",           MIMI.evolve("sound", drop=["reinvite", "welcome"],
                                                    replace=[replace(ROWS["invite"], source={LEAVE, INVITE, KNOCK})])),
    ("other ids and clauses",           anew([replace(row, id=f"{row.id}-x", clause="") for row in MIMI.transitions])),
    ("as the README has it",            MIMI.evolve("later", participation_events={"m.room.user"})),
    ("no knocking, and no word of it",  MIMI.evolve("sound", drop=["knock", "reknock", "withdraw", "deny", "welcome"],
                                                    replace=[replace(ROWS["join"], source={LEAVE}), replace(ROWS["ban"], source={LEAVE, INVITE, JOIN})],
                                                    domain=replace(DOMAIN, limits={
                                                        "target": (INVITE, JOIN, LEAVE, BAN), "sender": (INVITE, JOIN, LEAVE, BAN),
                                                        "join_rule": (JoinRule.INVITE, JoinRule.PUBLIC)}))),
]
# fmt: on


@pytest.mark.parametrize("policy", [policy for _, policy in SOUND], ids=[name for name, _ in SOUND])
def test_a_sound_policy_breaks_no_law(policy: AnyPolicy) -> None:
    assert broken(policy) == set()


# The laws leave no cell open.


def turned(cell: Cell) -> Decision:
    """The other verdict."""
    facts = cell.facts
    if cell.decision:
        return Decision(allowed=False, before=facts.target, after=facts.target)
    return Decision(allowed=True, transition="turned", before=facts.target, after=cell.action)


def is_caught(cells: Cells, cell: Cell, only: Mapping[tuple[str, object], int]) -> bool:
    """Whether some law is broken as soon as this one verdict is turned round."""
    verdict = turned(cell)
    for each in LAWS:
        if isinstance(each, Always):
            caught = not each.test(cell.action, cell.facts, verdict)
        elif isinstance(each, Right):
            caught = not verdict and each.test(cell.action, cell.facts)
        elif isinstance(each, Comparison):
            caught = any(differs(cells, each, cell, bool(verdict)))
        else:
            name = each.test(cell.action, cell.facts)
            caught = not verdict and only.get((each.id, name)) == 1
        if caught:
            return True
    return False


def differs(cells: Cells, each: Law, cell: Cell, verdict: bool) -> Iterator[bool]:
    """Whether a cell like this one is decided better now, or this one better than a cell like it."""
    if not verdict:
        for changes in each.test(cell.action, cell.facts):
            yield bool(asked(cells, cell, changes))
        return
    for name, values in cells.policy.domain.values.items():
        for value in values if name not in ("target", "sender", "is_self") else ():
            other = asked(cells, cell, {name: value})
            back = {name: getattr(cell.facts, name)}
            yield not other and other.facts != cell.facts and back in list(each.test(other.action, other.facts))


def asked(cells: Cells, cell: Cell, changes: Mapping[str, Value]) -> Any:
    other = cells.at(cell.action, replace(cell.facts, **changes))
    return Answer(other)


class Answer:
    """A cell that is true when allowed."""

    def __init__(self, cell: Cell) -> None:
        self.action, self.facts, self.allowed = cell.action, cell.facts, bool(cell.decision)

    def __bool__(self) -> bool:
        return self.allowed


def test_whichever_verdict_is_turned_round_a_law_is_broken() -> None:
    cells = Cells(MIMI)
    only: dict[tuple[str, object], int] = {}
    every = [cells.at(action, given) for action, given in MIMI.cells()]
    for each in LAWS:
        for cell in every if isinstance(each, Possibility) else ():
            if cell.decision:
                name = each.test(cell.action, cell.facts)
                only[each.id, name] = only.get((each.id, name), 0) + 1
    assert [cell for cell in every if not is_caught(cells, cell, only)] == []


# Cells.


def test_every_cell_is_counted_and_decided_as_the_machine_does() -> None:
    cells = Cells(MIMI)
    assert cells.size == sum(1 for _ in MIMI.cells()) == 14_400
    machine = memory_of(MIMI).machine
    for cell in cells.walk(["may_invite"]):
        decision = machine.decide(cell.action, cell.facts)
        assert (cell.decision.allowed, cell.decision.transition, cell.decision.after) == (
            decision.allowed, decision.transition, decision.after,
        )  # fmt: skip


def test_a_fact_has_a_say_when_a_guard_looks_at_it_in_any_case() -> None:
    @guard("it is odd", fails="it is not odd")
    def is_odd(given: Facts) -> bool:
        return given.may_invite and (given.outranks_for_kick or given.join_rule is JoinRule.KNOCK)

    reads = given("accept", is_odd).reads("join")
    assert reads == {"target", "sender", "is_self", "join_rule", "may_invite", "outranks_for_kick"}
    assert MIMI.reads("invite") == {"target", "sender", "is_self", "may_invite"}


def test_the_plain_case() -> None:
    cells = Cells(MIMI)
    assert facts(**cells.plain) == facts()
    assert cells.distance(facts(target=LEAVE, may_ban=True), cells.plain) == 2
    assert cells.distance(facts(**dict.fromkeys(("may_invite", "may_kick", "may_ban"), True)), cells.strong) == 2


# Laws as such.


def test_laws_are_sentences_and_cite_sections_that_exist() -> None:
    titles = {title for sections in TITLES.values() for title in sections.values()}
    laws: list[Any] = [*LAWS, *ROOM_LAWS, FRESH]
    ids = [each.id for each in [*laws, *TABLE_LAWS]]
    assert len(set(ids)) == len(ids)
    for each in laws:
        assert each.clause in titles, each.id
    for sentence in (each.sentence for each in [*laws, *TABLE_LAWS]):
        assert is_one_line(sentence)
        assert not sentence.endswith(".")


def test_every_law_quotes_the_draft() -> None:
    laws: list[Any] = [*LAWS, *ROOM_LAWS, FRESH]
    assert all(each.source.quotes and each.clause == each.source.quotes[0].section for each in laws)


OURS = {
    "no-ban-of-oneself", "ban-takes-rank", "invited-need-not-knock", "more-is-never-less", "join-rule-is-for-strangers",
    "permission-is-for-its-action", "oneself-takes-no-permission", "invite-can-be-withdrawn", "grants-are-held",
    "higher-roles-are-out-of-reach", "nobody-is-locked-out", "no-protects-nobody", "fresh-room-lives",
}  # fmt: skip
"""The laws that the draft does not state."""


def test_laws_that_the_draft_does_not_state_are_ours() -> None:
    laws: list[Any] = [*LAWS, *ROOM_LAWS, FRESH]
    assert {each.id for each in laws if each.source.is_ours} == OURS


# Laws of one's own.


@law("Nobody is banned from a public room", Severity.LOW, clause="House rules", reads=["join_rule"])
def public_rooms_ban_nobody(action: str, given: Facts, decision: Decision) -> bool:
    return not (decision.allowed and action == "ban" and given.join_rule == "public")


@right("Whoever is joined may invite", clause="House rules")
def everybody_invites(action: str, given: Facts) -> bool:
    return action == "invite" and given.sender == "join" and given.target == "leave"


@possibility("Somebody can join for another", clause="House rules")
def a_child_can_be_brought(action: str, given: Facts) -> object:
    return "to bring" if action == "join" and not given.is_self else None


@comparison("Who may kick may ban", clause="House rules", reads=["may_kick", "may_ban"])
def to_kick_is_to_ban(action: str, given: Facts) -> Iterator[Mapping[str, Value]]:
    if action == "ban" and given.may_kick and not given.may_ban:
        yield {"may_ban": True}


@pytest.mark.parametrize("own", [public_rooms_ban_nobody, everybody_invites, a_child_can_be_brought, to_kick_is_to_ban])
def test_a_law_of_ones_own(own: Law) -> None:
    cells = Cells(MIMI)
    breaches = list(own.breaches(cells))
    assert breaches
    assert own.applies_to(cells)
    assert own.id == own.test.__name__.replace("_", "-")
    assert {bool(breach.contrast) for breach in breaches} == {isinstance(own, Comparison)}


def test_a_law_about_other_facts_is_not_held() -> None:
    @law("Nobody flies", clause="House rules", reads=["may_fly"])
    def nobody_flies(_: str, given: Any, __: Decision) -> bool:
        return not given.may_fly

    assert not nobody_flies.applies_to(Cells(MIMI))


OWN = """
from fsm.participation.laws import LAWS
from fsm.review.laws import law

@law("Nobody joins", clause="House rules")
def nobody_joins(action, facts, decision):
    return not (action == "join" and decision.allowed)
"""


def test_laws_are_loaded_from_a_file_or_a_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "house_laws.py").write_text(OWN)
    monkeypatch.syspath_prepend(str(tmp_path))
    for where in (str(tmp_path / "house_laws.py"), "house_laws"):
        (own,) = load_laws(where)
        assert own.id == "nobody-joins"
        assert isinstance(own, Law)
        assert any(own.breaches(Cells(MIMI)))


# fmt: off
UNUSABLE = [
    ("def",                         "SyntaxError: "),
    ("import no_such_module",       "ModuleNotFoundError: "),
    ("1 / 0",                       "ZeroDivisionError: "),
    ("raise SystemExit(3)",         "SystemExit: 3"),
    (OWN.replace("clause=", "severity='dire', clause="), "its severity is 'dire', not one of `Severity`"),
    (OWN.replace("clause=", "reads='join_rule', clause="), "`reads` must be a list of the names of facts"),
    ("LAWS = []",                   "there is no law in it"),
    ("from fsm.participation.laws import *", "there is no law in it"),
    (OWN.replace("nobody_joins", "ban_takes_rank"), "there is a law `ban-takes-rank` already"),
]
# fmt: on


@pytest.mark.parametrize(("text", "problem"), UNUSABLE)
def test_laws_that_cannot_be_used(text: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "laws.py").write_text(text)
    with pytest.raises(ReviewError) as caught:
        load_laws(str(tmp_path / "laws.py"))
    assert problem in str(caught.value)
    assert is_one_line(str(caught.value))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for where in (str(tmp_path / "none.py"), "no.such.module", "", "\n"):
        with pytest.raises(ReviewError) as caught:
            load_laws(where)
        assert is_one_line(str(caught.value))


def test_a_law_that_forgets_to_answer() -> None:
    @law("Nobody knows", clause="House rules")
    def nobody_knows(*_: Any) -> bool:
        return None  # type: ignore[return-value]

    with pytest.raises(ReviewError, match="law `nobody-knows` answers None, not true or false"):
        list(nobody_knows.breaches(Cells(MIMI)))
