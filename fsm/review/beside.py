"""The rules beside the table: what changes in them from one policy to another of its family.

Each such rule is for one kind of event. A rule that asks for more, or for less, decides some
event otherwise, as long as its guards all matter.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fsm.family import AnyPolicy
from fsm.rule import Rule


@dataclass(frozen=True, slots=True)
class RuleChange:
    """What is otherwise in one rule: `kind` is the kind of event that it is for, `changes` is said of the rule."""

    kind: str
    rule: str
    changes: tuple[str, ...]


def rule_changes(old: AnyPolicy, new: AnyPolicy) -> Iterator[RuleChange]:
    """All that two policies of one family ask otherwise, rule by rule, whatever the sections are."""
    if type(old) is not type(new):
        return
    before, after = _rules(old), _rules(new)
    for kind, rule in {**before, **after}:
        changes = tuple(_changes(before.get((kind, rule)), after.get((kind, rule))))
        if changes:
            yield RuleChange(kind, rule, changes)


def _rules(policy: AnyPolicy) -> dict[tuple[str, str], Rule[Any]]:
    return {(kind, rule.id): rule for kind, rules in policy.rules_beside.items() for rule in rules}


def _changes(old: Rule[Any] | None, new: Rule[Any] | None) -> Iterator[str]:
    if old is None or new is None:
        yield "is new" if old is None else "is gone"
        return
    yield from (f"asks that {guard.holds}" for guard in new.guards if guard not in old.guards)
    yield from (f"no longer asks that {guard.holds}" for guard in old.guards if guard not in new.guards)
