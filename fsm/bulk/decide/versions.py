"""A replay in which each room has the policy of the version that its creation names.

Rooms know nothing of each other, so every policy that comes up has a run of its own for
its rooms, and what the runs answer is put together row by row. They share the numbers
of the history; here their decisions and states get numbers that are common to them.

A room that does not begin with its creation may come to have one in the middle. Such
rooms have a run of their own, in which they are rooms like any other. Where no change is
looked up, all are in that run.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fsm.bulk.decide.arrays import Codes, Growing, States
from fsm.bulk.decide.coding import Coded, Coder
from fsm.bulk.decide.columns import columns_of, looks_up
from fsm.bulk.decide.run import FAULT, Run, Verdicts
from fsm.bulk.read import layout
from fsm.decision import Decision
from fsm.errors import EventError
from fsm.family import AnyPolicy
from fsm.policies import Family, Rules, new_room, shapes_of

_UNFOUNDED = ""
"""In place of the policy of rooms that do not begin with their creation."""


class Decisions:
    """The decisions and states of several policies, numbered together."""

    def __init__(self, family: Family) -> None:
        self.policy = family
        self.decisions: list[Decision] = []
        self.states: list[Any] = []
        self._numbers: dict[Decision, int] = {}
        self._numbers_of_states: dict[object, int] = {}

    def number(self, decision: Decision) -> int:
        """The number of a decision."""
        number = self._numbers.setdefault(decision, len(self.decisions))
        if number == len(self.decisions):
            self.decisions.append(decision)
        return number

    def state(self, state: Any) -> int:
        """The number of a state."""
        number = self._numbers_of_states.setdefault(state.value, len(self.states))
        if number == len(self.states):
            self.states.append(state)
        return number


class VersionsRun:
    """The replay of a history under the policies of a family, as `Run` is that under one."""

    def __init__(self, family: Family, coder: Coder, *, compiled: bool) -> None:
        self.policy = family
        self.book = Decisions(family)
        self._coder = coder
        self._compiled = compiled
        self._runs: dict[str, Run] = {}
        self._decisions: dict[str, list[int]] = {}
        self._of_rooms: Growing[np.uint8] = Growing(np.uint8, 0)
        self._begun: set[int] = set()
        self._add(_UNFOUNDED, new_room(family).policy, rules=family)
        self.initial = self.book.state(columns_of(family).initial)

    @property
    def notices(self) -> list[str]:
        """What is to be said about rooms."""
        return [notice for run in self._runs.values() for notice in run.notices]

    def play(self, coded: Coded) -> Verdicts:
        """Decide the next rows of the history, in order."""
        verdicts = Verdicts(np.empty(len(coded), np.int32))
        self._of_rooms.reach(self._coder.room_count)
        rooms, firsts = np.unique(coded.rooms, return_index=True)
        if looks_up(self.policy):
            new = firsts[(rooms >= 0) & ~np.isin(rooms, list(self._begun))]
            rows = np.intersect1d(new, self._creations(coded))
            for row, fields in zip(rows.tolist(), layout.read_rows(coded.table, rows), strict=True):
                self._choose(coded.rooms.item(row), fields)
            self._begun.update(rooms.tolist())
        of_rows = np.where(coded.rooms < 0, 0, self._of_rooms.array[coded.rooms])
        for place, (name, run) in enumerate(self._runs.items()):
            rows = np.flatnonzero(of_rows == place)
            if len(rows):
                part = run.play(coded if len(rows) == len(coded) else coded.at(rows))
                verdicts.numbers[rows] = self._common(name, run)[part.numbers]
                verdicts.repeats.extend(rows[part.repeats].tolist())
                verdicts.faults.update({int(rows[row]): fault for row, fault in part.faults.items()})
        return verdicts

    def gather(self) -> None:
        """Take over where users stand from the rooms that keep it themselves."""
        for run in self._runs.values():
            run.gather()

    def states(self) -> States:
        """By pair, the number of the state in which the user stands now."""
        self.gather()
        rooms, _ = self._coder.pairs.parts()
        of_pairs = self._of_rooms.reach(self._coder.room_count)[rooms]
        common = [[self.book.state(state) for state in run.book.states] for run in self._runs.values()]
        states: States = np.full(len(rooms), self.initial, np.min_scalar_type(len(self.book.states)))
        for place, (run, numbers) in enumerate(zip(self._runs.values(), common, strict=True)):
            is_its = of_pairs == place
            states[is_its] = np.array(numbers, states.dtype)[run.states()[is_its]]
        return states

    def _add(self, name: str, policy: AnyPolicy, rules: Rules | None = None) -> int:
        """The place of a policy's run."""
        if name not in self._runs:
            self._runs[name] = Run(policy, self._coder, compiled=self._compiled, rules=rules)
            self._decisions[name] = []
        return list(self._runs).index(name)

    def _common(self, name: str, run: Run) -> Codes:
        """By a run's number of a decision, the common one."""
        known = self._decisions[name]
        known += map(self.book.number, run.book.decisions[len(known) :])
        return np.array([*known, FAULT], np.int32)  # the last place is that of `FAULT`

    def _choose(self, room: int, creation: Mapping[str, Any]) -> None:
        """Give a room the policy of its creation, if that can be read: else the run says what is wrong with it."""
        made = new_room(self.policy, self._coder.room_id(room))
        try:
            made.take(layout.event_of(creation, columns_of(self.policy)))
        except EventError:
            return
        self._of_rooms.array[room] = self._add(made.policy.id, made.policy)

    def _creations(self, coded: Coded) -> npt.NDArray[np.int64]:
        """The rows that may be the creation of a room."""
        creation = shapes_of(self.policy).creation or ""
        rows, types = coded.typed
        found = [*rows[types == self._coder.types.find(creation)].tolist(), *_untyped(coded.table, creation)]
        return np.array(found, np.int64)


def _untyped(table: pa.Table, word: str) -> Iterator[int]:
    """The rows without a type whose text has a word in it."""
    if layout.has_values(table, layout.EVENT_JSON):
        has_word = pc.match_substring(table.column(layout.EVENT_JSON).cast(pa.large_string()), word).fill_null(False)
        if layout.TYPE in table.column_names:
            has_word = pc.and_(has_word, table.column(layout.TYPE).is_null())
        yield from pc.indices_nonzero(has_word).to_pylist()
