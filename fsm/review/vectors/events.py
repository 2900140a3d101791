"""Test vectors of the rules beside the table: events that move nobody, and what is asked of all changes.

Theory of operation. A family's scenario has cases of events by kind (`fsm.scenario.EventCase`), in which one thing each
is out of the ordinary. Each is decided, and the decision tells what the case shows: which rule permits or, where a
rule refuses by one guard alone and no other rule permits, that this guard decides.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from fsm.decision import Decision
from fsm.family import AnyPolicy
from fsm.policies import room_from_state, scenario_of
from fsm.review.vectors.suite import Shown, Vector
from fsm.scenario import EventCase
from fsm.unrecorded import unrecorded


@dataclass(frozen=True, slots=True)
class Gap:
    """A guard of a rule that no case shows to decide alone; and why none can, where the family says so."""

    rule: str
    guard: str
    reason: str = ""


def event_vectors(policy: AnyPolicy) -> tuple[tuple[Vector, ...], tuple[Gap, ...]]:
    """The vectors, and the guards that none of them shows to decide alone.

    There are none for a policy without rules beside its table, or whose family has no cases. Raises `EventError` for
    cases that cannot be read under this policy.
    """
    return policy.derived(_event_vectors)


@unrecorded()
def _event_vectors(policy: AnyPolicy) -> tuple[tuple[Vector, ...], tuple[Gap, ...]]:
    scenario = scenario_of(policy)
    if scenario is None or not scenario.events:
        return (), ()
    vectors = [
        vector for kind in policy.rules_beside for vector in _of_kind(policy, kind, scenario.events.get(kind, ()))
    ]
    shown = {(each.transition, each.guard) for vector in vectors for each in vector.shows}
    gaps = (
        Gap(rule.id, guard.name, scenario.never_alone.get((rule.id, guard.name), ""))
        for rules in policy.rules_beside.values()
        for rule in rules
        for guard in rule.guards
        if (rule.id, guard.name) not in shown
    )
    return tuple(vectors), tuple(gaps)


def _of_kind(policy: AnyPolicy, kind: str, cases: Iterable[EventCase]) -> Iterator[Vector]:
    vectors = [_vector(policy, kind, case) for case in cases]
    permitting: dict[str, str] = {}
    for vector in vectors:
        for rule in _permitting(policy, kind, vector.decision):
            permitting.setdefault(rule, vector.id)
    for vector in vectors:
        fired = (Shown(rule) for rule in _permitting(policy, kind, vector.decision))
        yield replace(vector, shows=(*fired, *_deciding(policy, kind, vector.decision, permitting)))


def _vector(policy: AnyPolicy, kind: str, case: EventCase) -> Vector:
    decision = room_from_state(policy, [*case.state]).decide_citing(case.event, case.events)
    name = re.sub(r"[^\w.]+", "-", case.words).strip("-")
    return Vector(
        f"{policy.id}/{kind}/{name}", case.state, case.event, decision, decision.clause or None, {}, events=case.events
    )


def _permitting(policy: AnyPolicy, kind: str, decision: Decision) -> tuple[str, ...]:
    """The rule that permits; of a change, all rules: they are asked before the table is."""
    if not decision.allowed:
        return ()
    rules = policy.rules_beside[kind]
    if decision.transition in {row.id for row in policy.transitions}:
        return tuple(rule.id for rule in rules)
    held = decision.clause, decision.guards
    return tuple(rule.id for rule in rules if (rule.clause, tuple(guard.name for guard in rule.guards)) == held)[:1]


def _deciding(policy: AnyPolicy, kind: str, decision: Decision, permitting: dict[str, str]) -> Iterator[Shown]:
    """The guards that alone keep a rule of the kind from permitting."""
    rules = {rule.id for rule in policy.rules_beside[kind]}
    for refusal in decision.refusals:
        if refusal.transition in rules and len(refusal.failed) == 1:
            yield Shown(refusal.transition, refusal.failed[0], permitting.get(refusal.transition))
