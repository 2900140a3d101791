"""All that can be asked of a policy, at once: sets of cells as the bits of one number.

Theory of operation. The records of facts are numbered, and a set of them is a whole
number with their bits set. "Every guard holds" is then an `and` of numbers, and
"decided differently" an `xor`; asking thousands of variations of a policy about
thousands of records takes a moment.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from operator import or_
from typing import Any, Generic, TypeAlias

from fsm.facts import F, Value
from fsm.guards import Guard
from fsm.policy import Asked, Transition
from fsm.state import AnyState

Cells: TypeAlias = int
"""A set of cells: those whose bits are set."""


@dataclass(frozen=True, slots=True)
class Move:
    """What one row does where it permits: its id, and where it leads."""

    transition: str
    dest: AnyState


class Grid(Generic[F]):
    """Numbered records of facts, and what rows and guards make of all of them."""

    def __init__(self, records: Iterable[F]) -> None:
        self.records: Sequence[F] = tuple(records)
        self.every: Cells = (1 << len(self.records)) - 1
        self._where: dict[Callable[[F], bool], Cells] = {}
        self._asked: dict[Asked, tuple[tuple[AnyState, Cells], ...]] = {}

    def where(self, guard: Guard[F]) -> Cells:
        """The cells in which a guard holds."""
        if guard not in self._where:
            self._where[guard] = cells_of(guard(facts) for facts in self.records)
        return self._where[guard]

    def at(self, states: Iterable[AnyState]) -> Cells:
        """The cells in which the target is in one of these states."""
        cells = 0
        for state in states:
            cells |= self._targets.get(state, 0)
        return cells

    def permitted(self, row: Transition[F]) -> Cells:
        """The cells in which a row would permit its action, were it alone."""
        cells = self.at(row.source) & self._leading(row)
        for guard in row.guards:
            cells &= self.where(guard)
        return cells

    def moves(self, rows: Iterable[Transition[F]], action: str) -> dict[Move, Cells]:
        """Where each row decides the action; the rest is rejected. Of two that permit, the first decides."""
        rest = self.every
        moves: dict[Move, Cells] = {}
        for row in rows:
            if row.trigger == action and (cells := self.permitted(row) & rest):
                rest &= ~cells
                moves |= {Move(row.id, dest): cells & leading for dest, leading in self._leads(row) if cells & leading}
        return moves

    def _leads(self, row: Transition[F]) -> Iterator[tuple[AnyState, Cells]]:
        """Where a row leads, and in which cells."""
        if not isinstance(row.dest, Asked):
            return iter(((row.dest, self.every),))
        if row.dest not in self._asked:
            among = row.dest.among
            states: Iterable[tuple[Any, Cells]] = columns([row.leads_to(facts) for facts in self.records])
            self._asked[row.dest] = tuple(lead for lead in states if among is None or lead[0] in among)
        return iter(self._asked[row.dest])

    def _leading(self, row: Transition[F]) -> Cells:
        """The cells in which a row leads where the event asks."""
        if not isinstance(row.dest, Asked) or row.dest.among is None:
            return self.every
        return reduce(or_, (cells for _, cells in self._leads(row)), 0)

    @cached_property
    def _targets(self) -> dict[AnyState, Cells]:
        states: list[Any] = [facts.target for facts in self.records]  # type: ignore[attr-defined]
        return dict(columns(states))


def columns(values: Sequence[Value]) -> Iterator[tuple[Any, Cells]]:
    """For every value that occurs, in order of occurrence: the cells that have it."""
    for value in dict.fromkeys(values):
        yield value, cells_of(each == value for each in values)


def cells_of(answers: Iterable[bool]) -> Cells:
    """The set of the cells for which the answer is yes."""
    digits = "".join("1" if answer else "0" for answer in answers)
    return int(digits[::-1] or "0", 2)


def numbers(cells: Cells) -> Iterator[int]:
    """The numbers of the cells in a set, in ascending order."""
    while cells:
        last = cells & -cells
        yield last.bit_length() - 1
        cells ^= last


def differing(one: dict[Move, Cells], other: dict[Move, Cells]) -> Cells:
    """The cells that two policies decide differently, given their moves."""
    cells = 0
    for move in {**one, **other}:
        cells |= one.get(move, 0) ^ other.get(move, 0)
    return cells
