"""Large believable histories, for tests and measurements: any size, any policy, the same for the same seed.

Theory of operation. Every (room, user) pair leads a life of its own: wherever the user
stands, one of the moves that the policy allows is drawn, again and again. Which moves
those are is asked of the policy, once for each rule and state: what users may do
for themselves, and what a moderator may do to them. All lives take a step at once, as
columns. Then come attempts at random, most of which the policy refuses, the events
with which rooms begin, and a few that change their settings; and all is put in order
by time. Not everything fits together: somebody knocks, and the room closes before the
answer. That is how refusals come about in practice, too.

A long history is made block by block, each with rooms of its own.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fsm.bulk.decide import played
from fsm.bulk.decide.columns import columns_of
from fsm.bulk.read import layout
from fsm.errors import DefinitionError
from fsm.family import AnyPolicy, Family
from fsm.memory import memory_of
from fsm.policies import family_of
from fsm.unrecorded import unrecorded

Array: TypeAlias = npt.NDArray[Any]

TIME = "time"
"""The column that says when an event was sent."""

_BLOCK = 4 * 2**20
_BLOCK_LASTS = 90 * 86_400_000
_START = 1_700_000_000_000
_STEP = 1_000

_MOST = 2 * 10**7
"""What is made up in one go has to fit into the memory."""

_LIFE = 5
"""The moves of a life, on average."""

_ATTEMPTS = 0.06
"""The share of attempts at random."""

_MODERATED = 40
"""Rooms with more events than that have roles."""

_HALF = 0.5
_CHANGES = 0.05
"""The share of rooms whose settings change."""

_REPEATED = 0.1
"""How much less often people do what changes nothing."""


def synthesise(policy: AnyPolicy, *, events: int, rooms: int, users: int, seed: int = 0) -> Iterator[pa.Table]:
    """A history in pieces, in stream order: the columns of `fsm.bulk.read.layout`, and the time of each event.

    Raises `DefinitionError` for sizes that do not fit together.
    """
    if min(rooms, users - 1, events // 10 - rooms + 1) < 1:
        raise DefinitionError("a history takes a room, two users, and ten events for each room")
    if max(rooms, users, -(-events // rooms)) > _MOST:
        raise DefinitionError(f"a history has at most {_MOST:,} rooms, users, and events for each room")
    family = family_of(policy)
    if family is not None and family.columns is None:
        yield from _played(policy, family, (events, rooms, users), seed)
        return
    habits = _Habits(policy)
    user_ids = [f"@u{number}:h{number % 97}.example" for number in range(users)]
    blocks = min(-(-events // _BLOCK), rooms)
    for number, random in enumerate(np.random.default_rng(seed).spawn(blocks)):
        first, last = (rooms * each // blocks for each in (number, number + 1))
        room_ids = [f"!r{room}" for room in range(first, last)]
        share = events * (number + 1) // blocks - events * number // blocks
        yield _Block(habits, random, room_ids, user_ids, share).table(_START + number * _BLOCK_LASTS)


def _played(policy: AnyPolicy, family: Family, sizes: tuple[int, int, int], seed: int) -> Iterator[pa.Table]:
    """A history in pieces, of a family that offers no columns."""
    start = _START
    for piece in played.play(policy, family, sizes, seed):
        times = pa.array(range(start, start + len(piece) * _STEP, _STEP), pa.int64()).cast(pa.timestamp("ms"))
        yield played.table(piece).append_column(TIME, times)
        start += len(piece) * _STEP


def as_events(table: pa.Table, policy: AnyPolicy) -> Iterator[dict[str, Any]]:
    """The rows as events in their ordinary shape."""
    columns = columns_of(policy)
    for row in layout.read_rows(table, range(len(table))):
        yield layout.event_of(row, columns)


class _Habits:
    """By rule and state: the moves that are possible, and how likely each is."""

    def __init__(self, policy: AnyPolicy) -> None:
        self.columns = columns_of(policy)
        self.actions = [action.value for action in policy.triggers]
        self.initial = policy.states.index(self.columns.initial)
        moves = [[self._moves(policy, rule, state) for state in policy.states] for rule in self.columns.rules]
        most = max(len(each) for row in moves for each in row)
        shape = (len(moves), len(policy.states), most)
        self.odds = np.ones(shape)
        """Added up: a move is drawn when a random number is below its place, and not below the one before."""
        self.is_own, self.action, self.after = np.zeros(shape, bool), np.zeros(shape, np.int8), np.zeros(shape, np.int8)
        for rule, row in enumerate(moves):
            for state, each in enumerate(row):
                weights = np.array([weight for *_, weight in each])
                self.odds[rule, state, : len(each) - 1] = (weights.cumsum() / weights.sum())[:-1]
                for place, (is_own, action, after, _) in enumerate(each):
                    self.is_own[rule, state, place] = is_own
                    self.action[rule, state, place] = action
                    self.after[rule, state, place] = after

    def draw(self, random: np.random.Generator, rules: Array, states: Array) -> tuple[Array, Array, Array]:
        """A move for each: whether it is one's own, the action, and the state it leads to."""
        places = (random.random(len(rules))[:, None] >= self.odds[rules, states]).sum(axis=1)
        where = rules, states, np.minimum(places, self.odds.shape[2] - 1)
        return self.is_own[where], self.action[where], self.after[where]

    @unrecorded()
    def _moves(self, policy: AnyPolicy, rule: str, state: Any) -> list[tuple[bool, int, int, float]]:
        creator, moderator = "@creator:a.example", "@moderator:a.example"
        room = self.columns.room("!room:a.example", {})
        for event in self.columns.opening(creator, [moderator], rule):
            room.judge(event.copy)
        nobody, above = room.others, room.new_powers().get(moderator) or room.others
        outranks = zip(self.columns.ranks, above[1:], nobody[1:], strict=True)
        own = room.rule + nobody[0] + self.columns.is_self
        others = room.rule + above[0] + sum(weight for weight, high, low in outranks if high > low)
        moves = []
        for number, action in enumerate(policy.triggers):
            for is_own, sender, code in ((True, state, own), (False, self.columns.acts, others)):
                decision = memory_of(policy)[action, state, sender, code]
                if decision.allowed and decision.after is not None:
                    own_weight, other_weight = self.columns.habits.get(action.value, (1.0, 1.0))
                    weight = own_weight if is_own else other_weight
                    weight *= _REPEATED if decision.after is state else 1
                    moves.append((is_own, number, policy.states.index(decision.after), weight))
        # Where nothing can be done, somebody tries in vain.
        return moves or [(True, 0, policy.states.index(state), 1.0)]


class _Block:
    """Some rooms, and all that happens in them."""

    def __init__(
        self, habits: _Habits, random: np.random.Generator, rooms: Sequence[str], users: Sequence[str], events: int
    ) -> None:
        self._habits = habits
        self._random = random
        self._user_ids = users
        self._events = events
        sizes = random.lognormal(sigma=1.5, size=len(rooms))
        self._sizes = sizes / sizes.sum() * events
        self._births = random.random(len(rooms)) * 0.7
        self._rules = random.integers(len(habits.columns.rules), size=len(rooms))
        self._creators = random.integers(len(users), size=len(rooms))
        # A room is of the server of whoever creates it.
        servers = (users[creator].partition(":")[2] for creator in self._creators.tolist())
        self._room_ids = [f"{room}:{server}" for room, server in zip(rooms, servers, strict=True)]
        # Moderators are the users numbered next to the creator, so that all are different.
        moderated = random.integers(1, 4, len(rooms)) * (self._sizes > _MODERATED)
        self._moderators = np.minimum(moderated, max(len(users) - 2, 0))
        self._settings: list[tuple[int, dict[str, Any]]] = []

    def table(self, start: int) -> pa.Table:
        """The events in order; `start` is the time at which the block begins."""
        beginning = [self._openings(), self._changes(), self._arrivals(), self._attempts()]
        lives = self._lives(self._events - sum(map(len, beginning)))
        events = np.concatenate([*beginning, lives])
        events = events[np.argsort(events["time"], kind="stable")][: self._events]
        settings = events["setting"]
        columns = {
            layout.ROOM: _words(events["room"], self._room_ids),
            layout.SENDER: _words(events["sender"], self._user_ids),
            layout.TARGET: _words(events["target"], self._user_ids),
            layout.ACTION: _words(events["action"], self._habits.actions),
        }
        for name in (layout.TYPE, layout.STATE_KEY, layout.CONTENT):
            texts = [_text(event, name) for _, event in self._settings]
            words = list(dict.fromkeys(texts))
            numbers = {word: number for number, word in enumerate(words)}
            columns[name] = _words(np.array([*map(numbers.get, texts), -1])[settings], words)
        times = start + (events["time"] * _BLOCK_LASTS).astype(np.int64)
        return pa.table(columns).append_column(TIME, pa.array(times).cast(pa.timestamp("ms")))

    def _openings(self) -> Array:
        """The events with which rooms begin."""
        rooms = []
        for room, (creator, count, rule) in enumerate(
            zip(self._creators.tolist(), self._moderators.tolist(), self._rules.tolist(), strict=True)
        ):
            moderators = [self._user_ids[self._next(creator, place)] for place in range(1, count + 1)]
            opening = self._habits.columns.opening(
                self._user_ids[creator], moderators, self._habits.columns.rules[rule]
            )
            self._settings += ((room, event) for event in opening)
            rooms += [room] * len(opening)
        return self._set(np.array(rooms, np.int64), np.zeros(len(rooms)), 0)

    def _changes(self) -> Array:
        """The events by which settings change."""
        columns, first = self._habits.columns, len(self._settings)
        rooms = np.flatnonzero(self._random.random(len(self._room_ids)) < _CHANGES)
        for room in rooms.tolist():
            creator, count = int(self._creators[room]), int(self._moderators[room])
            if count and self._random.random() < _HALF:
                moderators = [self._user_ids[self._next(creator, place)] for place in range(1, count + 2)]
                change = columns.appoint(self._user_ids[creator], moderators)
            else:
                change = columns.change_rule(self._user_ids[creator], self._random.choice(columns.rules).item())
            self._settings.append((room, change))
        return self._set(rooms, self._random.random(len(rooms)), first)

    def _set(self, rooms: Array, times: Array, first: int) -> Array:
        creators = self._creators[rooms]
        return self._happen(rooms, times, creators, -1, setting=np.arange(first, first + len(rooms)))

    def _arrivals(self) -> Array:
        """Moderators are invited first of all, and accept."""
        rooms = np.repeat(np.arange(len(self._room_ids)), self._moderators)
        places = np.arange(len(rooms)) - np.repeat(self._moderators.cumsum() - self._moderators, self._moderators)
        users = self._next(self._creators[rooms], places + 1)
        invited, entered = map(self._habits.actions.index, self._habits.columns.entry)
        return np.concatenate([
            self._happen(rooms, np.zeros(len(rooms)), self._creators[rooms], users, action=invited),
            self._happen(rooms, np.zeros(len(rooms)), users, users, action=entered),
        ])  # fmt: skip

    def _attempts(self) -> Array:
        """Whatever anybody may think of."""
        count = int(self._events * _ATTEMPTS)
        rooms = self._random.choice(len(self._room_ids), count, p=self._sizes / self._sizes.sum())
        senders, targets = self._some_users(count), self._some_users(count)
        senders = np.where(self._random.random(count) < _HALF, targets, senders)
        actions = self._random.integers(len(self._habits.actions), size=count)
        return self._happen(rooms, self._random.random(count), senders, targets, action=actions)

    def _lives(self, count: int) -> Array:
        """So many moves of ordinary users."""
        random, habits = self._random, self._habits
        pairs = self._random.choice(len(self._room_ids), count // _LIFE + 1, p=self._sizes / self._sizes.sum())
        rooms, users = np.unique(np.stack([pairs, self._some_users(len(pairs))]), axis=1)
        is_staff = (users - self._creators[rooms]) % len(self._user_ids) <= self._moderators[rooms]
        rooms, users = rooms[~is_staff], users[~is_staff]
        states, times = np.full(len(rooms), habits.initial), random.random(len(rooms))
        moves, alive = [self._happen(rooms[:0], times[:0], users[:0], users[:0])], np.arange(len(rooms))
        while sum(map(len, moves)) < count and len(rooms):
            is_own, actions, states[alive] = habits.draw(random, self._rules[rooms[alive]], states[alive])
            here = rooms[alive]
            chosen = (random.random(len(alive)) * (self._moderators[here] + 1)).astype(np.int64)
            moderators = self._next(self._creators[here], chosen)
            senders = np.where(is_own, users[alive], moderators)
            moves.append(self._happen(here, 1 - np.exp(-times[alive]), senders, users[alive], action=actions))
            times[alive] += random.exponential(0.2, len(alive))
            alive = alive[random.random(len(alive)) < 1 - 1 / _LIFE]
            if not len(alive):
                alive = np.arange(len(rooms))
        return np.concatenate(moves)[: max(count, 0)]

    def _some_users(self, count: int) -> Array:
        """Users drawn at random, some far more often than others."""
        return (self._random.random(count) ** 2 * len(self._user_ids)).astype(np.int64)

    def _next(self, user: Any, places: Any) -> Any:
        return (user + places) % len(self._user_ids)

    def _happen(  # noqa: PLR0913, PLR0917 - one for each column
        self, rooms: Array, times: Array, senders: Any, targets: Any, action: Any = -1, setting: Any = -1
    ) -> Array:
        """Events as columns; `times` run from 0 to 1 in the life of each room."""
        events = np.empty(len(rooms), _EVENT)
        births = self._births[rooms]
        columns = (rooms, births + (1 - births) * times, senders, targets, action, setting)
        for name, column in zip(_EVENT.names or (), columns, strict=True):
            events[name] = column
        return events


_EVENT = np.dtype([
    ("room", np.int32), ("time", np.float64), ("sender", np.int32), ("target", np.int32), ("action", np.int8),
    ("setting", np.int32),
])  # fmt: skip


def _words(numbers: Array, words: Sequence[str | None]) -> pa.Array:
    indices = pa.array(numbers.astype(np.int32), mask=numbers < 0)
    return pa.DictionaryArray.from_arrays(indices, pa.array(words, pa.string()))


def _text(event: dict[str, Any], name: str) -> str | None:
    value = event.get(name)
    return json.dumps(value) if name == layout.CONTENT else value
