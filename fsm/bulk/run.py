"""A policy's way through a history.

Theory of operation. What a run knows of a pair are two numbers: the state of the
user, and the *standing*, an entry in a list of all powers that came up. What it
knows of a room is one number, its rule. From these the inner loop decides row after
row without looking at anything else, until it meets one that it cannot decide:

- a cell that has not come up yet: the book asks the machine;
- a row that is not plain, or a room that wants to be asked itself: the room judges it.

Rooms keep no participation: they see the run's arrays (`_States`). When one accepts
an event, its rule and everybody's standing are read off it anew. The exception are
rooms that have to remember every event: they are rooms like any other, and theirs
are the states that count.
"""

from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from fsm.bulk import layout, loop
from fsm.bulk.arrays import Codes, Growing, Small, States
from fsm.bulk.book import book_of
from fsm.bulk.coding import NAMELESS, Coded, Coder
from fsm.bulk.standings import AS_OTHERS, Standings
from fsm.bulk.words import MISSING
from fsm.decision import Decision
from fsm.errors import EventError
from fsm.event import read_event
from fsm.family import AnyColumnRoom, AnyPolicy, AnyRoom
from fsm.policies import columns_of, new_room
from fsm.terms import Participation

Powers: TypeAlias = Mapping[str, tuple[int, ...]]

FAULT = -1
"""In place of the decision on a row that holds no event."""

GIVEN = Decision(allowed=True, judged=False, reason="not judged: given as state")
"""The decision on an event that is given as part of a state."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The decisions on some rows, by their numbers in the book; and by row, why it holds no event."""

    numbers: Codes
    faults: dict[int, str] = field(default_factory=dict)


class Run:
    """One policy's replay of the history that `coder` numbers."""

    def __init__(self, policy: AnyPolicy, coder: Coder, *, compiled: bool) -> None:
        self.policy = policy
        self.book = book_of(policy)
        self._coder = coder
        self._columns = columns_of(policy)
        self.initial = self.book.numbers_of_states[self._columns.initial]
        self._weights: Codes = np.array(self._columns.ranks, np.int32)
        self._powers = Standings(len(self._weights))
        new_room = self._columns.room(None, {})
        self._rules = Growing(np.int32, new_room.rule)
        self._others = Growing(np.uint32, self._powers.number(new_room.others))
        self._states = Growing(np.uint8, self.book.unheard)
        self._standings: Growing[Any] = Growing(np.uint8, AS_OTHERS)
        self._rooms: dict[int, AnyColumnRoom] = {}
        self._remembering: dict[int, AnyRoom] = {}
        self._users_known = 0
        self._unfit_users: list[int] = []
        self._loop = _compiled_advance() if compiled else loop.advance

    def play(self, coded: Coded) -> Verdicts:
        """Decide the next rows of the history, in order."""
        self._reach()
        actions = self.actions(coded)
        verdicts = Verdicts(np.empty(len(coded), np.int32))
        others: list[int] = np.flatnonzero(actions < 0).tolist()
        start = 0
        for row, place in zip(layout.read_rows(coded.table, others), others, strict=True):
            self._look_up(start, place, coded, actions, verdicts)
            self._hear(place, row, coded, verdicts)
            start = place + 1
        self._look_up(start, len(coded), coded, actions, verdicts)
        return verdicts

    def gather(self) -> None:
        """Take over where users stand from the rooms that keep it themselves."""
        rooms, _ = self._coder.pairs.parts()
        is_theirs = np.isin(rooms, list(self._remembering))
        self._reach()
        self._states.array[: len(rooms)][is_theirs] = self.book.unheard
        for room, remembering in self._remembering.items():
            _States(self, room).update(remembering.participations())

    def states(self) -> States:
        """By pair, the number of the state in which the user stands now; strangers stand in the initial one."""
        self.gather()
        count = len(self._coder.pairs)
        self._reach()
        states = self._states.array[:count].copy()
        states[states == self.book.unheard] = self.initial
        return states

    def state(self, room: int, user: str) -> Participation | None:
        """Where a user stands; None for somebody who was never heard of."""
        pair = self._coder.pair(room, user)
        number = self.book.unheard if pair == MISSING else int(self._states.array[pair])
        return None if number == self.book.unheard else self.book.states[number]  # type: ignore[return-value]

    def heard_of(self, room: int) -> list[str]:
        """The users of a room of whom anything is known."""
        rooms, users = self._coder.pairs.parts()
        states = self._states.array[: len(rooms)]
        return [self._coder.users[user] for user in users[(rooms == room) & (states != self.book.unheard)].tolist()]

    def move(self, room: int, user: str, state: Participation) -> None:
        """Put a user into a state."""
        pair = self._coder.pair(room, user)
        if pair == MISSING:
            (pair,) = self._coder.new_pairs(room, (user,)).tolist()
            self._reach()
        self._states.array[pair] = self.book.numbers_of_states[state]

    def _reach(self) -> None:
        """Have a place for every room and pair that came up."""
        for arrays, count in (
            ((self._rules, self._others), self._coder.room_count),
            ((self._states, self._standings), len(self._coder.pairs)),
        ):
            for array in arrays:
                array.reach(count)

    def actions(self, coded: Coded) -> Small:
        """By row, the policy's number of the action that it asks for; below 0 for a row that is not plain."""
        words = self._coder.actions
        # The last place stands for a word that is missing, the one before it for one that is unfit.
        numbers = [self.book.actions.get(words[number], -1) for number in range(len(words))]
        actions: Small = np.array([*numbers, -1, -1], np.int8)[coded.actions]
        if coded.types is not None:
            words = self._coder.types
            is_own = [words[number] in self._columns.types for number in range(len(words))]
            actions[~np.array([*is_own, False, True])[coded.types]] = -1
        if unfit := self._unfit():
            actions[np.isin(coded.users, unfit).any(axis=0)] = -1
        return actions

    def _unfit(self) -> Sequence[int]:
        """The users whose ids are none for this policy."""
        users = self._coder.users
        is_user = self._columns.is_user
        if is_user is not None:
            new = range(self._users_known, len(users))
            self._unfit_users += [number for number in new if not is_user(users[number])]
        self._users_known = len(users)
        return self._unfit_users

    def advance(self, start: int, stop: int, coded: Coded, actions: Small, verdicts: Codes) -> int:
        """Decide the rows from `start` on; returns the first that is no look-up yet, or `stop`."""
        powers, book = self._powers, self.book
        return int(self._loop(
            start, stop,
            actions, coded.targets, coded.senders, coded.room_indexes, verdicts,
            self._states.array, self._standings.array, self._others.array, self._rules.array,
            powers.may, powers.ranks, self._weights, self._columns.is_self,
            book.cells, book.codes, book.radix, book.after,
        ))  # fmt: skip

    def _look_up(self, start: int, stop: int, coded: Coded, actions: Small, verdicts: Verdicts) -> None:
        while start < stop:
            start = self.advance(start, stop, coded, actions, verdicts.numbers)
            if start == stop:
                return
            if self._rules.array[coded.rooms[start]] >= 0:
                self.learn(start, coded, actions)
                continue
            (row,) = layout.read_rows(coded.table, [start])
            self._hear(start, row, coded, verdicts)
            start += 1

    def learn(self, place: int, coded: Coded, actions: Small) -> None:
        """Have the book ask for the cell of a row."""
        room, target, sender = int(coded.rooms[place]), int(coded.targets[place]), int(coded.senders[place])
        others = self._others.array[room]
        to, by = (self._standings.array[pair] or others for pair in (target, sender))
        code = int(self._rules.array[room]) + int(self._powers.may[by]) + (target == sender) * self._columns.is_self
        for rank, weight in zip(self._powers.ranks, self._columns.ranks, strict=True):
            code += weight if rank[by] > rank[to] else 0
        states = self._states.array
        self.book.ask(self.book.cell(int(actions[place]), code, int(states[target]), int(states[sender])))

    def _hear(self, place: int, row: Mapping[str, Any], coded: Coded, verdicts: Verdicts) -> None:
        """Let the room judge a row."""
        # An id that is none leads to no room, but the words for what is wrong are a room's.
        room = max(int(coded.rooms[place]), NAMELESS)
        try:
            event = layout.event_of(row, self._columns)
            decision = self._send(room, event, row)
        except EventError as problem:
            verdicts.faults[place] = str(problem)
            verdicts.numbers[place] = FAULT
            return
        verdicts.numbers[place] = self.book.number(decision)

    def _send(self, room: int, event: Any, row: Mapping[str, Any]) -> Decision:
        if room in self._coder.remembering:
            remembering = self._remembering_room(room)
            read_event(event)
            if not row.get(layout.IS_STATE):
                return remembering.send(event)
            remembering.take(event)
            return GIVEN
        if room not in self._rooms:
            self._rooms[room] = self._columns.room(self._coder.room_id(room), _States(self, room))
        kept, is_given = self._rooms[room], bool(row.get(layout.IS_STATE))
        may_settle = is_given or self._rules.array[room] < 0 or (type(event) is dict and layout.STATE_KEY in event)
        before = kept.powers if may_settle else {}
        if is_given:
            kept.take(event)
            decision = GIVEN
        else:
            decision = kept.send(event, row.get(layout.CONTENT))
        if decision.allowed and may_settle:
            self._settle(room, kept, before)
        return decision

    def _remembering_room(self, room: int) -> AnyRoom:
        if room not in self._remembering:
            self._remembering[room] = new_room(self.policy, self._coder.room_id(room))
        return self._remembering[room]

    def _settle(self, room: int, kept: AnyColumnRoom, before: Powers) -> None:
        """Read off a room what its settings mean for the look-ups; `before` are the powers until now."""
        self._rules.array[room] = kept.rule
        self._others.array[room] = self._powers.number(kept.others)
        powers = kept.powers
        if powers == before:
            return
        numbers = {user: AS_OTHERS for user in before if user not in powers}
        numbers |= {user: self._powers.number(each) for user, each in powers.items() if before.get(user) != each}
        pairs = [self._coder.pair(room, user) for user in numbers]
        if MISSING in pairs:
            pairs = self._coder.new_pairs(room, numbers).tolist()
            self._reach()
        standings = self._standings.admit(max(numbers.values()))
        for pair, number in zip(pairs, numbers.values(), strict=True):
            standings[pair] = number


class _States(MutableMapping[str, Participation]):
    """A run's states of one room, as a room sees its own."""

    __slots__ = ("_room", "_run")

    def __init__(self, run: Run, room: int) -> None:
        self._run = run
        self._room = room

    def __getitem__(self, user: str) -> Participation:
        state = self._run.state(self._room, user)
        if state is None:
            raise KeyError(user)
        return state

    def get(self, user: str, default: Any = None) -> Any:
        """The state of a user, or the default for somebody who was never heard of."""
        state = self._run.state(self._room, user)
        return default if state is None else state

    def __setitem__(self, user: str, state: Participation) -> None:
        self._run.move(self._room, user, state)

    def __delitem__(self, user: str) -> None:
        raise TypeError("nobody is forgotten")

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.heard_of(self._room))

    def __len__(self) -> int:
        return len(self._run.heard_of(self._room))


def _compiled_advance() -> Any:
    from fsm.bulk.compiled import advance  # noqa: PLC0415 - numba may not be installed

    return advance
