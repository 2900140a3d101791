"""The smallest practical set of questions that tells a policy from all that is nearly the same.

Theory of operation. A *need* is a set of cells of which one has to be asked. There
are three kinds:

- Every guard of every row decides alone somewhere: a pair of cells, equal in what
  all other guards say, in one of which the row permits and in the other not
  (modified condition/decision coverage).
- Every value of every fact is tried where a row permits, where one guard alone keeps
  it from permitting, and from every state where no row permits: nothing else may get
  around that.
- Every slip (`fsm.review.vectors.slips`) shows: a cell that it decides differently.

The pairs are chosen first, each as near together as it goes. Then, from the need
with the fewest cells on, each that is still open takes the cell that meets most
others. Last, what has become superfluous goes. Only cells that a room can reach
count; a need that has none cannot be met by anybody.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from heapq import nsmallest
from typing import Any

from fsm.family import AnyPolicy
from fsm.policy import Transition
from fsm.review.cases.cells import Cells as Asked
from fsm.review.cases.conditions import Table
from fsm.review.cases.grid import Cells, Grid, differing, numbers
from fsm.review.search.witness import witness
from fsm.review.vectors.slips import mutants
from fsm.scenario import Log

CANDIDATES = 100
"""Of the cells that meet a need, how many of the plainest are looked at."""


@dataclass(frozen=True, slots=True)
class Question:
    """One cell: an action, and the number of a record among all that the action can meet."""

    action: StrEnum
    number: int


@dataclass(frozen=True, slots=True)
class Need:
    """Cells of which one has to be asked, and why."""

    words: str
    cells: dict[StrEnum, Cells]

    @property
    def size(self) -> int:
        """How many cells there are."""
        return sum(cells.bit_count() for cells in self.cells.values())

    def is_met_by(self, question: Question) -> bool:
        """Whether the question is one of the cells."""
        return bool(self.cells.get(question.action, 0) >> question.number & 1)


@dataclass(frozen=True)
class Cover:
    """The questions, in order, and the guards of rows that no room can show to decide alone."""

    questions: tuple[Question, ...]
    gaps: tuple[tuple[str, str], ...]


def cover(policy: AnyPolicy) -> Cover:
    """Choose the questions."""
    choice = _Choice(policy)
    gaps = tuple((row.id, guard) for row, guard in choice.take_pairs())
    choice.take_needs()
    return Cover(choice.trimmed(), gaps)


class Grids:
    """All cells of a policy by action, and what is known of them."""

    def __init__(self, policy: AnyPolicy) -> None:
        self.policy = policy
        self.actions = Asked(policy).actions
        self._grids: dict[str, Grid[Any]] = {}
        self._tables: dict[Grid[Any], Table] = {}
        self._logs: dict[Question, Log | None] = {}

    def grid(self, action: StrEnum) -> Grid[Any]:
        """The records that an action can meet."""
        limits = repr(self.policy.carries.get(action))
        if limits not in self._grids:
            self._grids[limits] = Grid(self.policy.asked(action))
        return self._grids[limits]

    def table(self, action: StrEnum) -> Table:
        """The facts of those records."""
        grid = self.grid(action)
        if grid not in self._tables:
            names = self.policy.domain.values
            self._tables[grid] = Table({name: [getattr(facts, name) for facts in grid.records] for name in names})
        return self._tables[grid]

    def facts(self, question: Question) -> Any:
        """The record of a cell."""
        return self.grid(question.action).records[question.number]

    def log(self, question: Question) -> Log | None:
        """The shortest log to a cell; None where no room can reach it."""
        if question not in self._logs:
            self._logs[question] = witness(self.policy, question.action, self.facts(question))
        return self._logs[question]

    def alone(self, row: Transition[Any], guard: int) -> Cells:
        """The cells in which, of a row's guards, this one fails alone, and no other row permits either."""
        grid = self.grid(row.trigger)
        cells = grid.at(row.source) & ~grid.where(row.guards[guard])
        for place, other in enumerate(row.guards):
            if place != guard:
                cells &= grid.where(other)
        return cells & self.rejected(row.trigger)

    def fires(self, row: Transition[Any]) -> Cells:
        """The cells that a row decides."""
        moves = self.grid(row.trigger).moves(self.policy.transitions, row.trigger)
        return next((cells for move, cells in moves.items() if move.transition == row.id), 0)

    def rejected(self, action: StrEnum) -> Cells:
        """The cells that no row permits."""
        cells = self.grid(action).every
        for held in self.grid(action).moves(self.policy.transitions, action).values():
            cells &= ~held
        return cells

    def plainness(self, question: Question) -> tuple[int, int]:
        """Sorts the plainest cells first."""
        facts = self.facts(question)
        return sum(rank[getattr(facts, name)] for name, rank in self._ranks), question.number

    def distance(self, one: Question, other: Question) -> int:
        """In how many facts two cells differ."""
        ours, theirs = self.facts(one), self.facts(other)
        return sum(getattr(ours, name) is not getattr(theirs, name) for name in self.policy.domain.values)

    @cached_property
    def _ranks(self) -> list[tuple[str, dict[Any, int]]]:
        domain = self.policy.domain
        return [
            (name, {value: rank for rank, value in enumerate(domain.ranked(name))})
            for name in domain.values
            if name not in ("target", "sender")
        ]


@dataclass
class _Choice:
    """The questions chosen so far."""

    policy: AnyPolicy
    taken: dict[Question, None] = field(default_factory=dict)
    pairs: set[Question] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.grids = Grids(self.policy)
        self._unreachable: dict[StrEnum, Cells] = dict.fromkeys(self.grids.actions, 0)

    def take_pairs(self) -> Iterator[tuple[Transition[Any], str]]:
        """Take a pair for every guard of every row; gives those for which there is none."""
        for row in self.policy.transitions:
            base = self._plainest(row.trigger, self.grids.fires(row))
            for place, guard in enumerate(row.guards):
                apart = base and self._nearest(base, self.grids.alone(row, place))
                if base and apart:
                    self.taken |= {base: None, apart: None}
                    self.pairs |= {base, apart}
                else:
                    yield row, guard.name

    def take_needs(self) -> None:
        """Take what meets all other needs that can be met."""
        unmet = [need for need in self.needs if not any(map(need.is_met_by, self.taken))]
        while unmet:
            need = unmet.pop(0)
            best = self._best(need, unmet)
            if best:
                self.taken[best] = None
                unmet = [other for other in unmet if not other.is_met_by(best)]

    def trimmed(self) -> tuple[Question, ...]:
        """What was taken and is still needed, in order."""
        kept = list(self.taken)
        holders = [{question for question in kept if need.is_met_by(question)} for need in self.needs]
        for question in [question for question in kept if question not in self.pairs]:
            if not any(holder == {question} for holder in holders):
                kept.remove(question)
                for holder in holders:
                    holder.discard(question)
        order = self.grids.actions.index
        return tuple(sorted(kept, key=lambda question: (order(question.action), question.number)))

    @cached_property
    def needs(self) -> list[Need]:
        """All needs, those with the fewest cells first; of those with the same cells the first."""
        distinct: dict[tuple[tuple[StrEnum, Cells], ...], Need] = {}
        for need in (*self._values(), *self._slips()):
            distinct.setdefault(tuple(need.cells.items()), need)
        return sorted(distinct.values(), key=lambda need: need.size)

    def _values(self) -> Iterator[Need]:
        """Every value of every fact: where a row permits, where one guard alone keeps it from that, where none does."""
        for action in self.grids.actions:
            for state in self.policy.states:
                rejected = self.grids.rejected(action) & self.grids.grid(action).at([state])
                yield from self._each_value(f"{action} from {state} rejected", action, rejected)
        for row in self.policy.transitions:
            alone = (self.grids.alone(row, place) for place in range(len(row.guards)))
            for cells in (self.grids.fires(row), *alone):
                yield from self._each_value(f"`{row.id}`", row.trigger, cells)

    def _each_value(self, words: str, action: StrEnum, cells: Cells) -> Iterator[Need]:
        table = self.grids.table(action)
        for name in table.names:
            for value in table.values(name):
                yield from self._need(f"{words}: {name} = {value}", {action: cells & table.having(name, [value])})

    def _slips(self) -> Iterator[Need]:
        """What tells a slip from the policy."""
        rows = self.policy.transitions
        before = {action: self.grids.grid(action).moves(rows, action) for action in self.grids.actions}
        for mutant in mutants(self.policy, self.grids.actions):
            yield from self._need(
                mutant.words,
                {
                    action: differing(before[action], self.grids.grid(action).moves(mutant.rows, action))
                    for action in mutant.actions
                },
            )

    def _need(self, words: str, cells: dict[StrEnum, Cells]) -> Iterator[Need]:
        some = {action: held for action, held in cells.items() if held}
        if some:
            yield Need(words, some)

    def _plainest(self, action: StrEnum, cells: Cells) -> Question | None:
        """The plainest cell that a room can reach."""
        questions = (Question(action, number) for number in numbers(cells))
        return next(filter(self._is_reachable, sorted(questions, key=self.grids.plainness)), None)

    def _nearest(self, base: Question, cells: Cells) -> Question | None:
        """The cell that differs least from another and that a room can reach."""
        questions = (Question(base.action, number) for number in numbers(cells))
        ranked = sorted(questions, key=lambda each: (self.grids.distance(base, each), *self.grids.plainness(each)))
        return next(filter(self._is_reachable, ranked), None)

    def _best(self, need: Need, unmet: list[Need]) -> Question | None:
        """Of the plainest cells of a need that a room can reach, the one that meets most others."""
        while True:
            questions = (
                Question(action, number)
                for action, cells in need.cells.items()
                for number in numbers(cells & ~self._unreachable[action])
            )
            near = nsmallest(CANDIDATES, questions, key=self.grids.plainness)
            near.sort(key=lambda each: (-sum(other.is_met_by(each) for other in unmet), self.grids.plainness(each)))
            best = next(filter(self._is_reachable, near), None)
            if best or not near:
                return best

    def _is_reachable(self, question: Question) -> bool:
        if self.grids.log(question) is None:
            self._unreachable[question.action] |= 1 << question.number
            return False
        return True
