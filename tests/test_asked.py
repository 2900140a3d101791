"""Rows that lead where the event asks, and states that are data: the same in every tool that derives from the table."""

import json
import pickle
from dataclasses import dataclass
from enum import StrEnum
from types import SimpleNamespace

import pytest

from fsm import Asked, DefinitionError, Domain, Policy, State, Transition, about, guard
from fsm.facts import EVENT, SENDER, TARGET, PairFacts
from fsm.memory import memory_of
from fsm.render import extract
from fsm.render.explorer.table import tabulate
from fsm.review.cases.cells import Cells
from fsm.review.cases.grid import Grid, Move, numbers
from fsm.state import Display, Tone

OUTSIDE, BANNED, MEMBER, ADMIN = (State(n, label) for n, label in enumerate(("outside", "banned", "member", "admin")))
ROLES = (OUTSIDE, BANNED, MEMBER, ADMIN)


class Verb(StrEnum):
    ADD = "add"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleFacts(PairFacts[State]):
    target: State = about(TARGET)
    sender: State = about(SENDER)
    wanted: State = about(EVENT)


@guard("the sender is an administrator", fails="the sender is no administrator")
def sender_is_admin(facts: RoleFacts) -> bool:
    return facts.sender == ADMIN


@guard("the role is not that of outsiders", fails="the role is that of outsiders")
def role_is_inside(facts: RoleFacts) -> bool:
    return facts.wanted != OUTSIDE


@guard("the target is banned", fails="the target is not banned")
def change_is_ban(facts: RoleFacts) -> bool:
    return facts.wanted == BANNED


LIMITS = dict.fromkeys(("target", "sender", "wanted"), ROLES)
POLICY = Policy(
    "roles",
    "Roles of a room",
    "a test",
    Domain(RoleFacts, LIMITS),
    (
        Transition("ban", Verb.CHANGE, {MEMBER, ADMIN}, Asked("wanted"), (sender_is_admin, change_is_ban), clause="1"),
        Transition("add", Verb.ADD, {OUTSIDE}, Asked("wanted"), (sender_is_admin, role_is_inside), clause="2"),
        Transition("change", Verb.CHANGE, {MEMBER, ADMIN}, Asked("wanted"), (sender_is_admin, role_is_inside)),
        Transition("forgive", Verb.CHANGE, {BANNED}, OUTSIDE, (sender_is_admin,)),
    ),
    family="nobody",
    initial=OUTSIDE,
    displays={
        OUTSIDE: Display(tone=Tone.OUTSIDE),
        MEMBER: Display(),
        ADMIN: Display(),
        BANNED: Display(tone=Tone.BARRED),
    },
    precedence=True,
)


def expected(action: StrEnum, facts: RoleFacts) -> tuple[str | None, State]:
    """The rules once more, by hand."""
    target, wanted = facts.target, facts.wanted
    if facts.sender != ADMIN:
        return None, target
    if action is Verb.ADD:
        return ("add", wanted) if target == OUTSIDE != wanted else (None, target)
    if target == BANNED:
        return "forgive", OUTSIDE
    if OUTSIDE in (target, wanted):
        return None, target
    return ("ban" if wanted == BANNED else "change"), wanted


CELLS = list(POLICY.cells())


def test_the_machine_leads_where_the_event_asks() -> None:
    assert len(CELLS) == 2 * (4 * 4 * 4 + 4 * 4)
    for action, facts in CELLS:
        decision = memory_of(POLICY).machine.decide(action, facts)
        assert (decision.transition, decision.after) == expected(action, facts)
        assert decision.before == facts.target


def test_the_reviews_cells_say_the_same() -> None:
    cells = Cells(POLICY)
    assert cells.size == len(CELLS)
    for cell in cells.walk():
        assert (cell.decision.transition, cell.decision.after) == expected(cell.action, cell.facts)
    assert cells.start == OUTSIDE
    assert cells.moves == {
        OUTSIDE: {BANNED, MEMBER, ADMIN},
        BANNED: {OUTSIDE},
        MEMBER: {BANNED, MEMBER, ADMIN},
        ADMIN: {BANNED, MEMBER, ADMIN},
    }


@pytest.mark.parametrize("action", list(Verb))
def test_the_grid_says_the_same(action: Verb) -> None:
    records = [facts for each, facts in CELLS if each is action]
    grid = Grid(records)
    found = {
        number: move for move, cells in grid.moves(POLICY.transitions, action).items() for number in numbers(cells)
    }
    for number, facts in enumerate(records):
        move = found.get(number)
        transition, after = expected(action, facts)
        assert (move and move.transition) == transition
        assert move is None or move.dest == after


def test_the_pages_table_says_where_it_leads() -> None:
    table = tabulate(POLICY)
    allowed = {(decision.transition, decision.after) for decision in table.decisions if decision}
    answers = (expected(action, facts) for action, facts in CELLS)
    assert allowed == {(transition, after) for transition, after in answers if transition}


def test_a_picture_has_an_arrow_for_each_destination_that_is_possible() -> None:
    diagram = extract(POLICY)
    drawn = {(edge.transition, diagram.words[edge.source], diagram.words[edge.dest]) for edge in diagram.edges}
    answers = ((action, facts, *expected(action, facts)) for action, facts in CELLS)
    assert drawn >= {
        (transition, str(facts.target), str(after)) for _, facts, transition, after in answers if transition
    }
    assert ("add", "0", "0") not in drawn
    assert len({edge.id for edge in diagram.edges}) == len(diagram.edges)
    assert diagram.initial == diagram.states[0].id
    assert [state.name for state in diagram.ordered] == ["outside", "member", "admin", "banned"]


def test_an_answer_is_json_with_the_words_of_the_states() -> None:
    facts = RoleFacts(target=MEMBER, sender=ADMIN, is_self=False, wanted=ADMIN)
    answer = memory_of(POLICY).machine.decide(Verb.CHANGE, facts).as_json("roles")
    assert json.loads(json.dumps(answer)) == {
        "allowed": True, "transition": "change", "before": 2, "after": 3, "policy": "roles", "refusals": [],
    }  # fmt: skip


def test_a_state_is_its_word() -> None:
    assert State(3, "admin") == State(3, "boss") != State("3", "admin")
    assert pickle.loads(pickle.dumps(ADMIN)) == ADMIN  # noqa: S301 - our own
    assert (str(ADMIN), f"{ADMIN:>4}") == ("3", "   3")


@pytest.mark.parametrize("word", [-1, 1.5, True, "", None, [], b"x"])
def test_what_is_no_word_is_refused(word: object) -> None:
    with pytest.raises(DefinitionError, match="a state is a text or a whole number"):
        State(word)  # type: ignore[arg-type]


def test_two_states_of_one_label_are_told_apart() -> None:
    twins = (State(0, "guest"), State(1, "guest"), State(2, "host"))
    policy = Policy(
        "twins",
        "",
        "",
        Domain(RoleFacts, dict.fromkeys(("target", "sender", "wanted"), twins)),
        (Transition("go", Verb.ADD, set(twins), Asked("wanted"), ()),),
        family="nobody",
    )
    assert list(policy.labels.values()) == ["guest (0)", "guest (1)", "host"]


# fmt: off
FAULTS = [
    ({"initial": State(9)},                                                   "policy `x`: unknown state `9`"),
    ({"add": [Transition("go", Verb.ADD, {MEMBER}, Asked("nowhere"), ())]},   "leads to unknown fact `nowhere`"),
    ({"add": [Transition("go", Verb.ADD, {MEMBER}, Asked("is_self"), ())]},   "unknown state `False`"),
    ({"add": [Transition("go", Verb.ADD, {MEMBER}, State(9), ())]},           "unknown state `9`"),
    ({"add": [Transition("go", Verb.ADD, {State(9)}, MEMBER, ())]},           "unknown state `9`"),
]
# fmt: on


@pytest.mark.parametrize(("changes", "problem"), FAULTS, ids=[problem for _, problem in FAULTS])
def test_a_policy_with_a_destination_that_is_none_is_refused(changes: dict[str, object], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        POLICY.evolve("x", **changes)  # type: ignore[arg-type]


def test_states_as_data_have_to_be_named() -> None:
    with pytest.raises(DefinitionError, match="the domain must name its states"):
        Domain(RoleFacts).values  # noqa: B018
    with pytest.raises(DefinitionError, match="cannot be limited"):
        Domain(RoleFacts, {**LIMITS, "target": (MEMBER, MEMBER)})


# A row that is for some destinations only.

AMONG = POLICY.evolve(
    "among",
    replace=[
        Transition("ban", Verb.CHANGE, {MEMBER, ADMIN}, Asked("wanted", {BANNED}), (sender_is_admin,)),
        Transition("change", Verb.CHANGE, {MEMBER, ADMIN}, Asked("wanted", {MEMBER, ADMIN}), (sender_is_admin,)),
    ],
)


def test_a_row_for_some_destinations_decides_as_one_that_asks_for_them() -> None:
    cells = Cells(AMONG)
    grids: dict[StrEnum, dict[RoleFacts, Move]] = {}
    for action in Verb:
        records = [facts for each, facts in CELLS if each is action]
        moves = Grid(records).moves(AMONG.transitions, action).items()
        grids[action] = {records[number]: move for move, found in moves for number in numbers(found)}
    for verb, facts in CELLS:
        transition, after = expected(verb, facts)
        assert cells.at(verb, facts).decision.transition == transition
        decision = memory_of(AMONG).machine.decide(verb, facts)
        assert (decision.transition, decision.after) == (transition, after)
        move = grids[verb].get(facts)
        assert (move and (move.transition, move.dest)) == ((transition, after) if transition else None)


def test_a_row_for_other_destinations_takes_no_part_in_a_refusal() -> None:
    facts = RoleFacts(target=MEMBER, sender=MEMBER, is_self=False, wanted=ADMIN)
    decision = AMONG.decide(Verb.CHANGE, facts)
    assert [refusal.transition for refusal in decision.refusals] == ["change"]
    assert decision.reason.startswith("change: ")
    nowhere = AMONG.decide(Verb.CHANGE, RoleFacts(target=MEMBER, sender=ADMIN, is_self=False, wanted=OUTSIDE))
    assert (nowhere.allowed, nowhere.refusals) == (False, ())


def test_some_destinations_count_in_the_fingerprint_and_must_be_states() -> None:
    assert AMONG.fingerprint != AMONG.evolve("among", replace=[POLICY.transitions[0]]).fingerprint
    with pytest.raises(DefinitionError, match="unknown state `9`"):
        POLICY.evolve("x", add=[Transition("go", Verb.ADD, {MEMBER}, Asked("wanted", {State(9)}), ())])


def test_the_machine_moves_a_model_where_the_event_asks() -> None:
    model = SimpleNamespace(_fsm_state=MEMBER)
    row = memory_of(POLICY).machine.fire(
        model, "change", RoleFacts(target=MEMBER, sender=ADMIN, wanted=ADMIN, is_self=False)
    )
    assert row is not None
    assert (row.id, model._fsm_state) == ("change", ADMIN)
