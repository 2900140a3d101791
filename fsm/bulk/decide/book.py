"""A policy's decisions as numbers, which any thread may give out.

Theory of operation. Facts are finite, so the questions that can be asked are
numbered as well: the *cell* of a question is its action, the code of its facts
(`fsm.domain.Domain.weights`) and the two states, in mixed radix. A book knows, for
each cell, the number of the decision, and for each decision the state in which it
leaves the target. It is filled as cells come up, by the memory of the machine that
rooms use too, and is shared by all replays of a policy.

Of somebody who was never heard of, the room knows no state and takes the policy's
initial one. Here that is a state of its own, `unknown`, with the cells of the initial
state: a refusal leaves such a target unknown.

Where rooms are asked about every event there are no cells, so that a policy may be of any
size; and states that rooms come to have in the course of a history get numbers, too.
"""

from collections.abc import Mapping
from math import prod
from threading import Lock
from typing import Any

import numpy as np

from fsm.bulk.decide.arrays import Codes, Growing, States
from fsm.bulk.decide.columns import looks_up
from fsm.decision import Decision
from fsm.errors import DefinitionError
from fsm.family import AnyPolicy
from fsm.memory import memory_of

UNKNOWN = -1
"""In place of the decision of a cell that has not come up yet."""

_CELL_LIMIT = 2**27


class Book:
    """The decisions of a policy, numbered in the order in which they come up."""

    def __init__(self, policy: AnyPolicy) -> None:
        self.policy = policy
        self.decisions: list[Decision] = []
        self.states = [*policy.states, policy.initial]
        self.unknown = len(policy.states)
        self._numbers_of_states = {state.value: number for number, state in enumerate(policy.states)}
        self.actions: Mapping[str, int] = {action.value: number for number, action in enumerate(policy.triggers)}
        self.radix = self.unknown + 1
        self.codes = prod(len(values) for values in policy.domain.weights.values())
        size = len(self.actions) * self.codes * self.radix**2 if looks_up(policy) else 0
        if size > _CELL_LIMIT:
            raise DefinitionError(f"policy `{policy.id}` has {size} cells: columnar replay takes up to {_CELL_LIMIT}")
        self.cells: Codes = np.full(size, UNKNOWN, np.int32)
        self._after = Growing(np.uint8, 0)
        self._numbers: dict[tuple[Decision, int], int] = {}
        self._same: dict[tuple[int, int], int] = {}  # a decision that is kept can be told by where it is kept
        self._memory = memory_of(policy)
        self._lock = Lock()

    @property
    def after(self) -> States:
        """By decision, the number of the state in which it leaves the target."""
        return self._after.array

    def cell(self, action: int, code: int, target: int, sender: int) -> int:
        """The cell of a question; all parts are numbers."""
        return ((action * self.codes + code) * self.radix + target) * self.radix + sender

    def ask(self, cell: int) -> None:
        """Have the machine decide a cell, and enter its decision."""
        rest, sender = divmod(cell, self.radix)
        rest, target = divmod(rest, self.radix)
        action, code = divmod(rest, self.codes)
        decision = self._memory[self.policy.triggers[action], self.states[target], self.states[sender], code]
        after = self.state(decision.after) if decision.allowed and decision.after else target
        self.cells[cell] = self.number(decision, after)

    def number(self, decision: Decision, after: int = 0) -> int:
        """The number of a decision that leaves the target in state `after`."""
        number = self._same.get((id(decision), after))
        if number is not None:
            return number
        with self._lock:
            number = self._numbers.setdefault((decision, after), len(self.decisions))
            if number == len(self.decisions):
                self._after.reach(number + 1)[number] = after
                self.decisions.append(decision)
                self._same[id(decision), after] = number
        return number

    def state(self, state: Any) -> int:
        """The number of a state."""
        with self._lock:
            number = self._numbers_of_states.setdefault(state.value, len(self.states))
            if number == len(self.states):
                self.states.append(state)
        return number


def book_of(policy: AnyPolicy) -> Book:
    """The one book that all replays of a policy share."""
    return policy.derived(Book)
