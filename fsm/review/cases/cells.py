"""Every question that a policy can be asked, with its answer: what laws are held against.

Theory of operation. A policy has some ten thousand *cells*, each an action and a
record of facts. Most facts have no say in most actions: an invite does not ask who
may ban. So a walk varies only those that somebody looks at, the rows or the law in
hand (see `fsm.walk`). The others are as plain as they can be, and each cell says how
many cells it stands for. Cells that differ in nothing that rows look at have one answer.
So every cell is counted, and none is asked twice.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from operator import attrgetter
from typing import Any, TypeAlias

from fsm.decision import Decision, allow
from fsm.facts import EVENT, Value
from fsm.family import AnyPolicy
from fsm.policy import Transition
from fsm.state import AnyState

Row: TypeAlias = Transition[Any]


@dataclass(frozen=True, slots=True)
class Cell:
    """One question and its answer, for all of the `count` cells that differ in nothing that matters.

    `rows` are those that permit: one when all is well, and none when the action is rejected.
    """

    action: StrEnum
    facts: Any
    decision: Decision
    rows: tuple[Row, ...]
    count: int = 1


class Cells:
    """The cells of one policy."""

    def __init__(self, policy: AnyPolicy) -> None:
        self.policy = policy
        self._walks: dict[frozenset[str], tuple[Cell, ...]] = {}
        self._answers: dict[
            StrEnum, tuple[Callable[[Any], object], dict[object, tuple[Decision, tuple[Row, ...]]]]
        ] = {}
        """By action: what takes the facts from a record that its rows look at, and the answers by these."""

    @cached_property
    def actions(self) -> tuple[StrEnum, ...]:
        """Everything that can be asked for, also what no row answers: each state is an action's name."""
        kinds = dict.fromkeys(type(trigger) for trigger in self.policy.triggers)
        words = [word for kind in kinds for word in kind if word in (*self.policy.triggers, *self.policy.states)]
        return tuple(words)

    @cached_property
    def plain(self) -> Mapping[str, Value]:
        """The plain case (see `fsm.facts.about`)."""
        return self.policy.domain.plain

    @cached_property
    def strong(self) -> Mapping[str, Value]:
        """The plain case but for a sender who can do most."""
        return self.policy.domain.strong

    @cached_property
    def size(self) -> int:
        """How many cells there are."""
        return sum(self.policy.domain.count(self.policy.carries.get(action)) for action in self.actions)

    def walk(self, reads: Iterable[str] = ()) -> tuple[Cell, ...]:
        """All cells, telling apart what the rows look at and the facts named."""
        wanted = frozenset(reads)
        if wanted not in self._walks:
            self._walks[wanted] = tuple(
                self.at(action, facts, count)
                for action in self.actions
                for facts, count in self._walked(action, wanted)
            )
        return self._walks[wanted]

    def _walked(self, action: StrEnum, wanted: frozenset[str]) -> tuple[tuple[Any, int], ...]:
        within = self.policy.carries.get(action, {})
        return self.policy.domain.walked(self.policy.reads(action) | wanted, within)

    def at(self, action: StrEnum, facts: Any, count: int = 1) -> Cell:
        """The cell of these facts, which stands for so many."""
        if action not in self._answers:
            self._answers[action] = attrgetter(*self.policy.reads(action)), {}
        looked_at, answers = self._answers[action]
        key = looked_at(facts)
        answer = answers.get(key)
        if answer is None:
            answer = answers[key] = self._ask(action, facts)
        return Cell(action, facts, *answer, count)

    def varied(self, cell: Cell, changes: Mapping[str, Value]) -> Cell | None:
        """The same question under facts that differ so; None where they are impossible."""
        if self.policy.reads(cell.action).isdisjoint(changes):
            return cell
        return self._possibly(cell.action, replace(cell.facts, **changes))

    def is_known(self, cell: Cell) -> bool:
        """Whether the policy knows what the question is about: action and states are states that it can reach."""
        return {cell.action, cell.facts.target, cell.facts.sender} <= self.reachable

    @cached_property
    def told(self) -> frozenset[str]:
        """The facts that an event tells of itself."""
        return frozenset(name for name, each in self.policy.domain.about.items() if each.subject is EVENT)

    @cached_property
    def moves(self) -> Mapping[AnyState, frozenset[AnyState]]:
        """Where a target can get in one step, by where they stand."""
        moves: dict[AnyState, set[AnyState]] = {state: set() for state in self.policy.states}
        for cell in self.walk():
            moves[cell.facts.target].update(row.leads_to(cell.facts) for row in cell.rows)
        return {state: frozenset(dests) for state, dests in moves.items()}

    def reached_from(self, state: AnyState) -> frozenset[AnyState]:
        """Where a target can get in any number of steps, none included."""
        reached, waiting = {state}, [state]
        while waiting:
            new = self.moves.get(waiting.pop(), frozenset()) - reached
            reached |= new
            waiting += new
        return frozenset(reached)

    @property
    def start(self) -> AnyState:
        """Where everybody stands at first."""
        state: AnyState = self.policy.initial
        return state

    @cached_property
    def reachable(self) -> frozenset[AnyState]:
        """Where a target can get from the start."""
        return self.reached_from(self.start)

    def toward(self, cell: Cell, reads: Iterable[str], baseline: Mapping[str, Value]) -> Cell:
        """The cell that differs from this one in nothing that matters, and least from a baseline."""
        return self.at(cell.action, self.policy.domain.nearest(baseline, self._alike(cell, reads)))

    def alike(self, cell: Cell, reads: Iterable[str]) -> Iterator[Cell]:
        """The cells that differ from this one in nothing that the rows or the facts named look at; it comes first."""
        yield cell
        domain = self.policy.domain
        for facts, _ in domain.walk(domain.values, self._alike(cell, reads)):
            if facts != cell.facts:
                yield self.at(cell.action, facts)

    def _alike(self, cell: Cell, reads: Iterable[str]) -> dict[str, tuple[Value, ...]]:
        """What the facts can be where a cell differs from this one in nothing that matters."""
        matter = (*reads, *self.policy.reads(cell.action))
        return {**self.policy.carries.get(cell.action, {}), **{name: (getattr(cell.facts, name),) for name in matter}}

    def distance(self, facts: Any, baseline: Mapping[str, Value]) -> int:
        """How many facts differ from a baseline such as `plain`."""
        return sum(getattr(facts, name) is not value for name, value in baseline.items())

    def _possibly(self, action: StrEnum, facts: Any) -> Cell | None:
        return self.at(action, facts) if self.policy.domain.allows(facts) else None

    def _ask(self, action: StrEnum, facts: Any) -> tuple[Decision, tuple[Row, ...]]:
        rows = tuple(row for row in self.policy.rows_for(action, facts) if row.permits(facts))
        # Whether, and what becomes of it; the words of a refusal are found when somebody reads them.
        decision = allow(rows[0], facts) if rows else Decision(False, before=facts.target, after=facts.target)
        return decision, rows
