"""From policy to rules: which transitions ask for the same, so that a text can say it once.

Two rows may differ in what they ask only because for one of them it goes without
saying: a sender who is joined cannot be a target who is not. So transitions belong
together when all that any of them asks holds wherever one of them is possible.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.policy import Transition
from fsm.render.extract import Way, cells_of, ways_of
from fsm.state import AnyState


@dataclass(frozen=True, slots=True)
class Case:
    """Ways of one action to one state, which all ask for the same guards: transitions, each with a state it leaves."""

    ways: tuple[tuple[str, AnyState], ...]
    dest: AnyState
    guards: tuple[Guard[Any], ...]

    @property
    def sources(self) -> tuple[AnyState, ...]:
        """The states that they lead from."""
        return tuple(dict.fromkeys(source for _, source in self.ways))

    @property
    def transitions(self) -> tuple[str, ...]:
        """Their names."""
        return tuple(dict.fromkeys(transition for transition, _ in self.ways))


def rules_of(policy: AnyPolicy) -> Mapping[str, Sequence[Case]]:
    """The cases of each action. What is not possible under any facts is in none of them."""
    cells = cells_of(policy, {})
    return {
        action.value: list(_cases(policy, action, {state: cells[action, state] for state in policy.states}))
        for action in policy.triggers
    }


@dataclass(frozen=True, slots=True)
class _Possible:
    """A way that is possible: what it asks there that may fail, and the facts that it permits."""

    way: Way[Any]
    asked: frozenset[Guard[Any]]
    permitted: Sequence[Any]


def _cases(policy: AnyPolicy, action: StrEnum, cells: Mapping[AnyState, Sequence[Any]]) -> Iterator[Case]:
    groups: list[list[_Possible]] = []
    for way in ways_of(policy):
        if way.row.trigger is not action:
            continue
        permitted = [facts for facts in cells[way.source] if way.permits(facts)]
        if permitted:
            meets = [facts for facts in cells[way.source] if way.row.leads_to(facts) == way.dest]
            found = _Possible(
                way, frozenset(guard for guard in way.row.guards if not all(map(guard, meets))), permitted
            )
            next((group for group in groups if _belongs(found, group)), _new(groups)).append(found)
    for group in filter(None, groups):
        ways = tuple((found.way.row.id, found.way.source) for found in group)
        guards = _ordered(_asked(group), (found.way.row for found in group))
        yield Case(ways, group[0].way.dest, tuple(guards))


def _new(groups: list[list[_Possible]]) -> list[_Possible]:
    groups.append([])
    return groups[-1]


def _belongs(found: _Possible, group: Sequence[_Possible]) -> bool:
    """Whether all that the whole group and this row ask for holds wherever one of them permits."""
    if not group or found.way.dest != group[0].way.dest:
        return False
    asked = _asked([*group, found])
    return all(guard(facts) for each in (*group, found) for facts in each.permitted for guard in asked)


def _asked(group: Iterable[_Possible]) -> set[Guard[Any]]:
    return {guard for found in group for guard in found.asked}


def _ordered(guards: Iterable[Guard[Any]], rows: Iterable[Transition[Any]]) -> Iterator[Guard[Any]]:
    """The guards in the order of the row that asks for the most, then of the others."""
    wanted = set(guards)
    longest_first = sorted(rows, key=lambda row: -len(row.guards))
    yield from dict.fromkeys(guard for row in longest_first for guard in row.guards if guard in wanted)
