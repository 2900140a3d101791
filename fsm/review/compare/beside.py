"""The rules beside the table: what each can decide, and what changes in them from one policy to another of its family.

Each such rule is for one kind of event. A rule that asks for more, or for less, decides some
event otherwise, as long as its guards all matter.

Theory of operation. The facts of such events are too many to be walked together. But whether a
guard holds hangs on those facts alone that it looks at: guards that have no fact in common, with
each other or by way of others, hold and fail in every combination. So the guards of a rule are
parted into groups that share facts, and each group is walked by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fsm.domain import Domain
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What is otherwise in one rule: `kind` is the kind of event that it is for, `changes` is said of the rule."""

    kind: str
    rule: str
    changes: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """The change in one line."""
        return f"{self.kind} events: `{self.rule}` {', and '.join(self.changes)}"


def rule_changes(old: AnyPolicy, new: AnyPolicy) -> Iterator[RuleChange]:
    """All that two policies of one family ask otherwise, rule by rule, whatever the sections are."""
    if type(old) is not type(new):
        return
    before, after = _rules(old), _rules(new)
    for kind, rule in {**before, **after}:
        changes = tuple(_changes(before.get((kind, rule)), after.get((kind, rule))))
        if changes:
            yield RuleChange(kind, rule, changes)


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """What one rule can decide: whether it `permits` any event, and the guards that keep no event from it alone."""

    kind: str
    rule: str
    permits: bool
    idle: tuple[str, ...]


def check_rules(policy: AnyPolicy) -> Iterator[RuleCheck]:
    """What each rule beside the table can decide. Of a rule that permits nothing, no guard is told to be idle."""
    if policy.facts_beside is None:
        return
    domain: Domain[Any] = Domain(policy.facts_beside)
    for kind, rules in policy.rules_beside.items():
        for rule in rules:
            outcomes = [_outcomes(domain, group) for group in _groups(domain, rule.guards)]
            permits = all(frozenset[Any]() in failing for failing in outcomes)
            alone = {guard for failing in outcomes for failed in failing if len(failed) == 1 for guard in failed}
            idle = tuple(guard.name for guard in rule.guards if guard not in alone) if permits else ()
            yield RuleCheck(kind, rule.id, permits, idle)


def _groups(domain: Domain[Any], guards: Sequence[Guard[Any]]) -> list[list[Guard[Any]]]:
    """The guards, those together that share facts, with each other or by way of others."""
    groups: list[tuple[frozenset[str], list[Guard[Any]]]] = []
    for guard in dict.fromkeys(guards):
        reads = domain.reads(guard.test)
        joined = [group for group in groups if group[0] & reads]
        groups = [group for group in groups if group not in joined]
        groups.append((reads.union(*(facts for facts, _ in joined)), [*(g for _, own in joined for g in own), guard]))
    return [own for _, own in groups]


def _outcomes(domain: Domain[Any], guards: Sequence[Guard[Any]]) -> set[frozenset[Guard[Any]]]:
    """Which of the guards can fail together while the others of them hold."""
    reads = frozenset[str]().union(*(domain.reads(guard.test) for guard in guards))
    return {frozenset(guard for guard in guards if not guard(facts)) for facts, _ in domain.walk(reads)}


def _rules(policy: AnyPolicy) -> dict[tuple[str, str], Rule[Any]]:
    return {(kind, rule.id): rule for kind, rules in policy.rules_beside.items() for rule in rules}


def _changes(old: Rule[Any] | None, new: Rule[Any] | None) -> Iterator[str]:
    if old is None or new is None:
        yield "is new" if old is None else "is gone"
        return
    yield from (f"asks that {guard.holds}" for guard in new.guards if guard not in old.guards)
    yield from (f"no longer asks that {guard.holds}" for guard in old.guards if guard not in new.guards)
