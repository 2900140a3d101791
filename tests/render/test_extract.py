"""The diagram is the table: an edge is drawn exactly where some facts fire it, a guard where it is not certain."""

from collections.abc import Iterator
from typing import Any

import pytest

from fsm import MIMI, Actor, DefinitionError
from fsm.facts import Value, spell
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Detail, extract
from fsm.render.extract import shorten
from fsm.render.grid import Grid
from fsm.render.words.label import notes_of
from tests.render.policies import CATALOGUED, CROWDED, DOOR, HOSTILE

POLICIES = [*CATALOGUED, DOOR, HOSTILE, CROWDED]


def projections(policy: AnyPolicy) -> Iterator[tuple[AnyPolicy, dict[str, Value]]]:
    yield policy, {}
    if policy is HOSTILE or policy.domain.size > 10_000:  # many states or facts would only repeat themselves
        return
    for fact, values in policy.domain.values.items():
        for value in values:
            yield policy, {fact: value}


CASES = [case for policy in POLICIES for case in projections(policy)]
NAMES = [
    f"{policy.id.encode('unicode_escape').decode()}-{'-'.join(f'{fact}-{spell(value)}' for fact, value in given.items())}"
    for policy, given in CASES
]


class Seen:
    """What a walk over all cells tells of one row in one state."""

    def __init__(self) -> None:
        self.selves: set[bool] = set()
        self.failed: set[str] = set()
        self.failed_for: dict[bool, set[str]] = {True: set(), False: set()}


def walk(policy: AnyPolicy, given: dict[str, Value]) -> dict[tuple[str, str], Seen]:
    seen = {(row.id, state.value): Seen() for row in policy.transitions for state in row.source}
    for action, facts in policy.cells():
        if any(getattr(facts, fact) is not value for fact, value in given.items()):
            continue
        target, is_self = facts.target, facts.is_self
        for row in policy.transitions:
            if row.trigger is action and target in row.source:
                failed = {guard.name for guard in row.guards if not guard(facts)}
                here = seen[row.id, target.value]
                here.failed |= failed
                here.failed_for[is_self] |= failed
                if not failed:
                    here.selves.add(is_self)
    return seen


ACTORS = {(True,): Actor.TARGET, (False,): Actor.ANOTHER, (False, True): Actor.ANYONE}


@pytest.mark.parametrize(("policy", "given"), CASES, ids=NAMES)
def test_the_edges_are_what_can_happen(policy: AnyPolicy, given: dict[str, Value]) -> None:
    diagram = extract(policy, given)
    rows = {row.id: row for row in policy.transitions}
    possible = {key: seen for key, seen in walk(policy, given).items() if seen.selves}
    drawn = {(edge.transition, diagram.names[edge.source]): edge for edge in diagram.edges}
    assert len(drawn) == len(diagram.edges)
    assert drawn.keys() == possible.keys()
    for key, seen in possible.items():
        edge, row = drawn[key], rows[key[0]]
        assert diagram.names[edge.dest] == str(row.dest)
        assert (edge.action, edge.clause) == (row.trigger.value, row.clause)
        assert edge.repeats == (key[1] == str(row.dest))
        assert edge.actor is ACTORS[tuple(sorted(seen.selves))]
        uncertain = [guard for guard in row.guards if guard.name in seen.failed]
        assert [(guard.name, guard.words) for guard in edge.guards] == [(each.name, each.holds) for each in uncertain]
        failed_for_actors = set[str]().union(*(seen.failed_for[is_self] for is_self in seen.selves))
        assert {guard.name for guard in edge.guards if guard.told} == seen.failed - failed_for_actors


@pytest.mark.parametrize("policy", POLICIES, ids=[each.id.encode("unicode_escape").decode() for each in POLICIES])
def test_who_acts_agrees_with_the_policy(policy: AnyPolicy) -> None:
    parts = {Actor.TARGET: {True}, Actor.ANOTHER: {False}, Actor.ANYONE: {True, False}}
    for row, actor in policy.actors.items():
        selves = [parts[edge.actor] for edge in extract(policy).edges if edge.transition == row]
        assert set[bool]().union(*selves) == parts.get(actor, set())


@pytest.mark.parametrize(("policy", "given"), CASES, ids=NAMES)
def test_ids_are_unique_and_the_same_in_every_picture(policy: AnyPolicy, given: dict[str, Value]) -> None:
    whole, part = extract(policy), extract(policy, given)
    ids = [*(state.id for state in whole.states), *(edge.id for edge in whole.edges)]
    assert len(set(ids)) == len(ids)
    assert part.states == whole.states
    known = {edge.id: (edge.transition, edge.source, edge.dest) for edge in whole.edges}
    assert all(known[edge.id] == (edge.transition, edge.source, edge.dest) for edge in part.edges)


def unreached(name: str) -> tuple[set[str], set[tuple[str, str]]]:
    diagram = extract(load_policy(name))
    states = {state.name for state in diagram.states if not state.reached}
    ways = {(edge.transition, diagram.names[edge.source]) for edge in diagram.edges if not edge.reached}
    return states, {way for way in ways if way[1] not in states}


FORKS = {("found", state) for state in ("invite", "join", "ban")}


@pytest.mark.parametrize(
    ("name", "states", "ways"),
    [
        ("mimi", set(), set()),
        ("mimi-01", set(), set()),
        *((f"matrix-{number}", {"knock"}, FORKS) for number in range(1, 7)),
        *((f"matrix-{number}", set(), FORKS | {("found", "knock")}) for number in range(7, 13)),
    ],
)
def test_what_no_history_in_order_comes_to(name: str, states: set[str], ways: set[tuple[str, str]]) -> None:
    assert unreached(name) == (states, ways)


def test_a_drawing_leaves_out_what_is_not_reached_and_says_so() -> None:
    whole, drawn = extract(load_policy("matrix-1")), extract(load_policy("matrix-1")).drawn
    assert drawn.left_out == ("the state knock", "found from invite, join, ban")
    assert {edge.id for edge in drawn.edges} == {edge.id for edge in whole.edges if edge.reached}
    assert notes_of(drawn).items() <= notes_of(whole).items()
    assert extract(MIMI).drawn == extract(MIMI)


@pytest.mark.parametrize("policy", CATALOGUED, ids=lambda policy: policy.id)
def test_pictures_of_a_policy_have_one_numbering(policy: AnyPolicy) -> None:
    whole = notes_of(extract(policy))
    assert Grid(extract(policy), Detail.GUARDS).notes == whole
    for view in policy.own_views:
        assert notes_of(extract(policy, view.given)).items() <= whole.items()
        assert notes_of(extract(policy, view.given).drawn).items() <= whole.items()


def test_an_id_is_the_transition_and_its_source() -> None:
    assert {edge.id for edge in extract(MIMI).edges if edge.transition in ("kick", "ban", "reban")} == {
        "kick-join", "ban-leave", "ban-invite", "ban-join", "ban-knock", "reban-ban",
    }  # fmt: skip


def test_what_is_given_is_noted_as_people_write_it() -> None:
    given: dict[str, Any] = {"join_rule": MIMI.domain.parse("join_rule", "public"), "is_self": True}
    assert extract(MIMI, given).given == (("join_rule", "public"), ("is_self", "true"))


def test_given_facts_that_contradict_each_other_leave_nothing() -> None:
    given: dict[str, Any] = {"is_self": True, "sender": MIMI.states[0], "target": MIMI.states[1]}
    assert extract(MIMI, given).edges == ()


def test_an_unknown_fact_is_refused() -> None:
    with pytest.raises(DefinitionError, match="unknown fact `weather`"):
        extract(MIMI, {"weather": True})


# fmt: off
SHORT = [
    ("the sender is joined",                       "joined"),
    ("the sender may kick",                        "may kick"),
    ("the sender outranks the target for kicking", "outranks"),
    ("the sender is the target",                   "the target"),
    ("the sender is another user",                 "another user"),
    ("the room is public",                         "room is public"),
    ("the room takes knocks",                      "room takes knocks"),
    ("somebody else may",                          "somebody else may"),
    ("the sender",                                 "sender"),
    ("the target is here",                         "target is here"),
    ("the invite is for the target",               "invite is for the target"),
]
# fmt: on


@pytest.mark.parametrize(("words", "short"), SHORT)
def test_short_words(words: str, short: str) -> None:
    assert shorten(words) == short
