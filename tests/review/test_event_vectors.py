"""Vectors of the rules beside the table: each guard decides alone once, and what is dropped is noticed."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fsm import MIMI
from fsm.errors import DefinitionError
from fsm.family import AnyPolicy
from fsm.matrix.policies import MATRIX_12, VERSIONS
from fsm.mimi.permits import Kind, role_ids_are_distinct
from fsm.mimi.policies import MIMI_00, MIMI_01
from fsm.policies import load_policy, room_from_state, scenario_of
from fsm.review.vectors.events import Gap, event_vectors
from fsm.review.vectors.suite import Vector
from fsm.rule import Rule
from fsm.scenario import EventCase
from tests.builders import label, one_line

COMMITTED = Path(__file__).parent.parent.parent / "vectors"
MIMIS: list[AnyPolicy] = [MIMI, MIMI_00, MIMI_01]
MATRICES: list[AnyPolicy] = [*VERSIONS.values()]
POLICIES = [*MIMIS, *MATRICES]


@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_committed_events_are_what_the_policy_says(policy: AnyPolicy) -> None:
    vectors, _ = event_vectors(policy)
    lines = (COMMITTED / f"{policy.id}.events.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == [vector.as_json() for vector in vectors]


NEVER_ALONE = {
    **{name: {("levels", "levels_are_altered")} for name in VERSIONS},
    **{name: {("levels", "levels_are_altered"), ("aliases", "state_key_is_given")} for name in "12345"},
    "11": {("levels", "levels_are_altered"), ("first_levels", "sender_is_admitted")},
    "12": {("levels", "levels_are_altered"), ("first_levels", "room_is_created")},
}


@pytest.mark.parametrize("policy", POLICIES, ids=label)
def test_every_guard_decides_alone_once_and_every_rule_permits(policy: AnyPolicy) -> None:
    vectors, gaps = event_vectors(policy)
    by_id = {vector.id: vector for vector in vectors}
    shown = [(vector, each) for vector in vectors for each in vector.shows]
    assert {each.transition for _, each in shown if each.guard is None} == {rule.id for _, rule in rules(policy)}
    due = NEVER_ALONE.get(policy.version, set()) if policy in MATRICES else set()  # type: ignore[attr-defined]
    assert {(gap.rule, gap.guard) for gap in gaps} == due
    assert all(gap.reason for gap in gaps)
    alone = {(each.transition, each.guard) for _, each in shown if each.guard}
    assert alone == {(rule.id, guard.name) for _, rule in rules(policy) for guard in rule.guards} - due
    for vector, each in shown:
        if each.guard is not None:
            assert not vector.decision.allowed
            assert each.beside is not None
            assert each.transition in {fired.transition for fired in by_id[each.beside].shows if fired.guard is None}


def test_reasons_are_given_for_nothing_else() -> None:
    for policy in POLICIES:
        scenario = scenario_of(policy)
        assert scenario is not None
        _, gaps = event_vectors(policy)
        assert {(gap.rule, gap.guard) for gap in gaps} == {*scenario.never_alone}


def rules(policy: AnyPolicy) -> Iterator[tuple[str, Rule[Any]]]:
    for kind, some in policy.rules_beside.items():
        for rule in some:
            yield kind, rule


def slips(policy: AnyPolicy) -> Iterator[tuple[str, str, AnyPolicy]]:
    """By kind: policies with a rule too few, or with a guard too few or turned round in one rule."""
    for kind, rule in rules(policy):
        for guard in rule.guards:
            yield kind, f"`{rule.id}` without `{guard.name}`", with_rule(policy, kind, without(rule, guard))
        if kind != "member":
            yield kind, f"without `{rule.id}`", with_rule(policy, kind, rule, drop=True)


def without(rule: Any, guard: Any) -> Any:
    rest = [place for place, each in enumerate(rule.guards) if each is not guard]
    numbers = {"numbers": tuple(rule.numbers[place] for place in rest)} if hasattr(rule, "numbers") else {}
    return replace(rule, guards=tuple(rule.guards[place] for place in rest), **numbers)


def with_rule(policy: Any, kind: str, rule: Any, *, drop: bool = False) -> AnyPolicy:
    """The policy with this rule in the place of that with its id, or without."""
    if kind == "member":
        return policy.evolve("slip", premise=rule)  # type: ignore[no-any-return]
    permits = {
        each: tuple(rule if other.id == rule.id else other for other in some if not drop or other.id != rule.id)
        for each, some in policy.permits.items()
    }
    return policy.evolve("slip", permits=permits)  # type: ignore[no-any-return]


def unnoticed(policy: AnyPolicy) -> set[str]:
    """The slips by which no vector is answered otherwise: allowed, or by another rule."""
    vectors, _ = event_vectors(policy)
    return {
        words
        for kind, words, slip in slips(policy)
        if not any(differs(slip, vector) for vector in vectors if vector.id.split("/")[1] == kind)
    }


def differs(slip: AnyPolicy, vector: Vector) -> bool:
    room = room_from_state(slip, [*vector.state])
    try:
        decision = room.decide_citing(vector.event, vector.events)
    except (AssertionError, KeyError):
        # A change that has not been asked what the table relies on.
        return vector.id.split("/")[1] == "member"
    return (decision.allowed, decision.clause) != (vector.decision.allowed, vector.decision.clause)


QUICK = [*MIMIS, MATRIX_12]


@pytest.mark.parametrize(
    "policy",
    [policy if policy in QUICK else pytest.param(policy, marks=pytest.mark.long) for policy in POLICIES],
    ids=label,
)
def test_a_rule_or_a_guard_too_few_is_noticed(policy: AnyPolicy) -> None:
    # What never decides alone makes no difference where it is left out.
    _, gaps = event_vectors(policy)
    assert unnoticed(policy) == {f"`{gap.rule}` without `{gap.guard}`" for gap in gaps}


def test_a_policy_without_such_rules_has_no_such_vectors() -> None:
    assert event_vectors(load_policy("room-policy-strict")) == ((), ())


def test_a_guard_of_ones_own_that_no_case_shows_is_a_gap() -> None:
    more = replace(MIMI.permits[Kind.MESSAGE][0], guards=(*MIMI.permits[Kind.MESSAGE][0].guards, role_ids_are_distinct))
    policy = MIMI.evolve("more", permits={**MIMI.permits, Kind.MESSAGE: (more,)})
    vectors, gaps = event_vectors(policy)
    assert gaps == (Gap("message", "role_ids_are_distinct"),)
    assert {vector.id.partition("/")[0] for vector in vectors} == {"more"}


CASE = EventCase("plain", (), {})


# fmt: off
NO_CASES: list[tuple[Any, str]] = [
    ({"message": [CASE]},       "`events` of kind `message` must be a tuple of `EventCase`"),
    ({"message": ("plain",)},   "`events` of kind `message` must be a tuple of `EventCase`"),
    ({"message": (CASE, CASE)}, "two `events` of kind `message` have the same words"),
    ([],                        "`events` must be a Mapping, not list"),
]
# fmt: on


@pytest.mark.parametrize(("events", "problem"), NO_CASES)
def test_what_are_no_cases_is_refused(events: Any, problem: str) -> None:
    scenario = scenario_of(MIMI)
    assert scenario is not None
    with pytest.raises(DefinitionError, match=one_line(f"scenario: {problem}")):
        replace(scenario, events=events)
