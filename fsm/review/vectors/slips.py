"""Policies that differ from one in a single slip, as people make them.

A set of test vectors is as good as the slips that it catches. These are those of the
table: a row too few or too many, a guard forgotten, turned round, confused with
another or put in addition, a state too few or too many to start from, another
destination, another action.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from itertools import combinations
from typing import Generic

from fsm.facts import F
from fsm.guards import Guard
from fsm.policy import Policy, Transition


@dataclass(frozen=True, slots=True)
class Mutant(Generic[F]):
    """One slip: in words, the rows that it makes of the policy's, and the actions that it concerns."""

    words: str
    rows: tuple[Transition[F], ...]
    actions: tuple[StrEnum, ...]


def mutants(policy: Policy[F], actions: tuple[StrEnum, ...]) -> Iterator[Mutant[F]]:
    """All single slips, whether they change any decision or not."""
    rows = policy.transitions
    for place, row in enumerate(rows):
        before, after = rows[:place], rows[place + 1 :]
        yield Mutant(f"without `{row.id}`", (*before, *after), (row.trigger,))
        for words, slip in _slips(policy, row, actions):
            concerned = tuple(dict.fromkeys((row.trigger, slip.trigger)))
            yield Mutant(f"`{row.id}` {words}", (*before, slip, *after), concerned)
    plausible = _plausible(policy)
    for action in actions:
        for state in policy.states:
            for guards in plausible:
                condition = f" if {' and '.join(f'`{guard.name}`' for guard in guards)}" if guards else ""
                extra = Transition("extra", action, {state}, state, guards)
                yield Mutant(f"with a row too many, {action} from {state}{condition}", (*rows, extra), (action,))


@cache
def negated(guard: Guard[F]) -> Guard[F]:
    """The guard turned round."""

    def test(facts: F) -> bool:
        return not guard(facts)

    test.__name__ = f"not {guard.name}"
    return Guard(test, guard.fails, guard.holds)


def _slips(policy: Policy[F], row: Transition[F], actions: tuple[StrEnum, ...]) -> Iterator[tuple[str, Transition[F]]]:
    """What can go wrong in one row."""
    yield from _guard_slips(policy, row)
    for state in policy.states:
        if state not in row.source:
            yield f"from {state} too", replace(row, source={*row.source, state})
        elif len(row.source) > 1:
            yield f"not from {state}", replace(row, source=row.source - {state})
        if state is not row.dest:
            yield f"to {state}", replace(row, dest=state)
    for action in actions:
        if action is not row.trigger:
            yield f"by {action}", replace(row, trigger=action)


def _guard_slips(policy: Policy[F], row: Transition[F]) -> Iterator[tuple[str, Transition[F]]]:
    others = [guard for guard in _single(policy) if guard not in row.guards]
    for place, guard in enumerate(row.guards):
        before, after = row.guards[:place], row.guards[place + 1 :]
        yield f"without `{guard.name}`", replace(row, guards=(*before, *after))
        for other in others:
            yield f"with `{other.name}` for `{guard.name}`", replace(row, guards=(*before, other, *after))
    for other in others:
        yield f"with `{other.name}` too", replace(row, guards=(*row.guards, other))


def _single(policy: Policy[F]) -> Iterator[Guard[F]]:
    """Every guard of the policy, as it is and turned round."""
    for guard in policy.guards:
        yield guard
        yield negated(guard)


def _plausible(policy: Policy[F]) -> tuple[tuple[Guard[F], ...], ...]:
    """What a row too many may ask for: nothing, one guard, any two of the policy's, or what another row asks for."""
    singles = ((guard,) for guard in _single(policy))
    pairs = combinations(policy.guards, 2)
    return tuple(dict.fromkeys(((), *singles, *pairs, *(row.guards for row in policy.transitions))))
