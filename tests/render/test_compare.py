"""Two policies in one picture: what only one has and what changed is found by asking both all facts that they share."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from fsm import MIMI, DefinitionError, Guard, Transition
from fsm.family import AnyPolicy
from fsm.participation.facts import Facts
from fsm.participation.guards import sender_is_joined, sender_is_target, sender_may_ban
from fsm.policies import load_policy
from fsm.render import Detail, Diagram, compare, extract
from fsm.render.diagram import Change, Edge
from fsm.render.layout.style import CHANGES, line_of, lines_of
from fsm.render.words.label import labels_of, notes_of, sentence
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE
from tests.render.policies import CROWDED, DOOR

MIMI_01 = load_policy("mimi-01")
MIMI_00 = load_policy("mimi-00")
PAIRS = [(MIMI, MIMI), (MIMI, MIMI_01), (MIMI_00, MIMI_01), (CROWDED, MIMI), (MIMI, DOOR)]


compared = cache(compare)


@cache
def permitted(policy: AnyPolicy) -> dict[tuple[str, str, str], set[Any]]:
    found: dict[tuple[str, str, str], set[Any]] = {}
    for action, facts in policy.cells():
        for row in policy.candidates(action, facts.target):
            if row.permits(facts):
                found.setdefault((row.id, facts.target.value, str(row.leads_to(facts))), set()).add(facts)
    return found


def by_key(diagram: Diagram) -> dict[tuple[str, str, str], Edge]:
    return {(edge.transition, diagram.names[edge.source], diagram.names[edge.dest]): edge for edge in diagram.edges}


@pytest.mark.parametrize(("one", "two"), PAIRS, ids=lambda policy: policy.id)
def test_changes_are_differences_of_decisions(one: AnyPolicy, two: AnyPolicy) -> None:
    olds, news = permitted(one), permitted(two)
    edges = by_key(compared(one, two))
    assert edges.keys() == olds.keys() | news.keys()
    for key, edge in edges.items():
        if key not in news:
            assert edge.change is Change.FIRST
        elif key not in olds:
            assert edge.change is Change.SECOND
        else:
            assert edge.change is (Change.NONE if olds[key] == news[key] else Change.OTHER)
        assert (edge.other is not None) == (edge.change is Change.OTHER)


@pytest.mark.parametrize(("one", "two"), PAIRS, ids=lambda policy: policy.id)
def test_states_and_ids(one: AnyPolicy, two: AnyPolicy) -> None:
    both = compared(one, two)
    names = [{state.value for state in policy.states} for policy in (one, two)]
    changes = {(True, True): Change.NONE, (True, False): Change.FIRST, (False, True): Change.SECOND}
    assert {state.name for state in both.states} == names[0] | names[1]
    for state in both.states:
        assert state.change is changes[state.name in names[0], state.name in names[1]]
    ids = [*(state.id for state in both.states), *(edge.id for edge in both.edges)]
    assert len(set(ids)) == len(ids)
    assert both.sides is not None
    assert len(set(both.sides)) == 2


@pytest.mark.parametrize(("one", "two"), PAIRS, ids=lambda policy: policy.id)
def test_the_other_way_round_is_the_same_the_other_way_round(one: AnyPolicy, two: AnyPolicy) -> None:
    turned = {Change.FIRST: Change.SECOND, Change.SECOND: Change.FIRST}
    there, back = by_key(compared(one, two)), by_key(compared(two, one))
    assert {key: turned.get(edge.change, edge.change) for key, edge in there.items()} == {
        key: edge.change for key, edge in back.items()
    }


def words(edge_id: str, detail: Detail = Detail.GUARDS, diagram: Diagram | None = None) -> tuple[str, ...]:
    return labels_of(diagram or compared(MIMI, MIMI_01), detail)[edge_id].conditions


# fmt: off
WORDS = [
    ("deny-knock",   Detail.GUARDS,  ("only in mimi", "by another user", "joined", "may kick", "outranks")),
    ("deny-knock",   Detail.VERBS,   ("only in mimi",)),
    ("knock-invite", Detail.GUARDS,  ("only in mimi-01", "by the target itself", "room takes knocks")),
    ("knock-invite", Detail.CLAUSES, ("only in mimi-01", "by the target itself", "room takes knocks", "§\u00a05.4")),
    ("ban-knock",    Detail.GUARDS,  ("changed", "in mimi: outranks")),
    ("ban-join",     Detail.GUARDS,  ("changed", "in mimi: by another user", "in mimi: outranks", "in mimi-01: by anyone")),
    ("ban-join",     Detail.VERBS,   ("changed",)),
    ("kick-join",    Detail.GUARDS,  ()),
    ("kick-join",    Detail.CLAUSES, ()),
]
# fmt: on


@pytest.mark.parametrize(("edge", "detail", "expected"), WORDS)
def test_every_difference_is_said_in_words(edge: str, detail: Detail, expected: tuple[str, ...]) -> None:
    assert words(edge, detail) == expected


def test_sentences() -> None:
    both = compared(MIMI, MIMI_01)
    said = {edge.id: sentence(both, edge) for edge in both.edges}
    assert said["ban-join"] == (
        "ban: from join to ban, in mimi by another user, if the sender is joined, and the sender may ban, and the sender "
        "outranks the target for banning (section 5.5); in mimi-01 by anyone, if the sender is joined, and the sender "
        "may ban (section 5.5)"
    )
    assert said["knock-invite"].startswith("knock: from invite to knock, only in mimi-01, by the target itself")
    assert said["leave-join"] == "leave: from join to leave, the same in both, by the target itself (section 5.6.1)"


def test_lines_tell_changes_and_not_who_acts() -> None:
    both = compared(MIMI, MIMI_01)
    assert {line_of(both, edge) for edge in both.edges} == set(CHANGES.values())
    assert [text for _, text in lines_of(both)] == [
        "only in mimi", "only in mimi-01", "in both, changed", "the same in both",
    ]  # fmt: skip
    looks = [(line.colour, line.stroke, line.width) for line in CHANGES.values()]
    assert len({look[0] for look in looks}) == len({look[1:] for look in looks}) == len(CHANGES)


def test_notes_number_only_what_is_shown() -> None:
    shown = " ".join(notes_of(compared(MIMI, MIMI_01)))
    assert "outranks the target for banning" in shown
    assert "may invite" not in shown


def test_the_same_words_may_decide_otherwise() -> None:
    def sender_may_ban_(facts: Facts) -> bool:
        return facts.may_ban and facts.may_kick

    sender_may_ban_.__name__ = "sender_may_ban"
    stricter = Guard(sender_may_ban_, sender_may_ban.holds, sender_may_ban.fails)
    rows = [
        replace(row, guards=tuple(stricter if each is sender_may_ban else each for each in row.guards))
        for row in MIMI.transitions
    ]
    both = compare(MIMI, MIMI.evolve("stricter", replace=rows))
    assert {edge.transition for edge in both.edges if edge.change is Change.OTHER} == {"ban", "reban", "unban"}
    assert words("unban-ban", diagram=both) == ("changed", "decided otherwise by the same words")


def test_two_policies_of_one_name_are_told_apart() -> None:
    other = MIMI.evolve("mimi", drop=["deny"])
    both = compare(MIMI, other)
    assert both.sides == ("mimi (first)", "mimi (second)")
    assert words("deny-knock", Detail.VERBS, both) == ("only in mimi (first)",)


def test_another_destination_is_another_edge() -> None:
    other = MIMI.evolve("other", replace=[Transition("deny", LEAVE, {KNOCK}, BAN, (sender_is_joined,))])
    edges = by_key(compare(MIMI, other))
    assert edges["deny", "knock", "leave"].change is Change.FIRST
    assert edges["deny", "knock", "ban"].change is Change.SECOND


def test_given_facts_leave_out_what_is_impossible_in_both() -> None:
    public = MIMI.domain.parse("join_rule", "public")
    both = compare(MIMI, MIMI_01, {"is_self": True, "join_rule": public})
    assert both.given == (("is_self", "true"), ("join_rule", "public"))
    assert {edge.transition for edge in both.edges} == {
        "accept", "decline", "join", "leave", "rejoin", "withdraw", "ban",
    }  # fmt: skip
    assert {edge.transition for edge in both.edges if edge.change is Change.SECOND} == {"ban"}


def test_a_fact_of_one_policy_is_given_to_that_one() -> None:
    both = compare(MIMI, DOOR, {"key": True, "is_self": False})
    assert both.given == (("is_self", "false"), ("key", "true"))
    locks = [edge for edge in both.edges if edge.transition == "lock"]
    assert all(edge.guards == () for edge in locks)


def test_a_fact_that_neither_has_is_refused() -> None:
    with pytest.raises(DefinitionError, match="unknown fact `weather`"):
        compare(MIMI, DOOR, {"weather": True})


def test_an_edge_that_is_possible_in_one_only_is_only_in_that_one() -> None:
    never = MIMI.evolve("never", add=[Transition("pardon", JOIN, {BAN}, JOIN, (sender_is_target, sender_is_joined))])
    assert [edge for edge in compare(MIMI, never).edges if edge.transition == "pardon"] == []
    assert INVITE in MIMI.states
    assert extract(never).edges == extract(MIMI).edges
