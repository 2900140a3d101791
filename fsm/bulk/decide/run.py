"""A policy's way through a history.

Theory of operation. What a run knows of a pair are the state of the user and the
*standing*, an entry in a list of all powers that came up. Of a room it knows two
numbers: its rule, and the standing of all who have none of their own. From these the
inner loop decides row after row without looking at anything else, until it meets a cell
that has not come up yet, which the book asks the machine for, or a room that wants to be
asked itself.

Rows that are not look-ups are judged by their rooms. Of each piece, those come first
that no look-up in their room precedes: rooms know nothing of each other. At each of the
others the inner loop stops.

Rooms keep no participation: they see the run's arrays (`_States`). When one accepts
an event, its rule and everybody's standing are read off it anew. The exception are
rooms that have to remember every event, and those of families without columns: they
are rooms like any other, asked about every event, and theirs are the states that count.
"""

from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, NoReturn

import numpy as np
import numpy.typing as npt

from fsm.bulk.decide import loop
from fsm.bulk.decide.arrays import Codes, Growing, Small, States
from fsm.bulk.decide.book import book_of
from fsm.bulk.decide.coding import NAMELESS, Coded, Coder
from fsm.bulk.decide.columns import columns_of, looks_up
from fsm.bulk.decide.pairs import NOBODY
from fsm.bulk.decide.people import People
from fsm.bulk.decide.standings import AS_OTHERS, Standings
from fsm.bulk.read import layout
from fsm.columns import AnyColumnRoom
from fsm.decision import Decision
from fsm.errors import EventError
from fsm.event import read_event
from fsm.family import AnyPolicy, AnyRoom
from fsm.log import GIVEN, UNFOUNDED, Creations, is_repeated, take
from fsm.policies import Rules, new_room

_ASK = -1
"""In place of the rule of a room that has to be asked itself."""

FAULT = -1
"""In place of the decision on a row that holds no event."""

_AHEAD = 2**12
"""Of so many rows those are read together whose rooms have to be asked."""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """The decisions on some rows, by their numbers in the book; and by row, why it holds no event.

    `repeats` are the rows of events that have been accepted before, and have the answers that they got then.
    """

    numbers: Codes
    faults: dict[int, str] = field(default_factory=dict)
    repeats: list[int] = field(default_factory=list)


class Run:
    """One policy's replay of the history that `coder` numbers.

    With `rules`, all rooms are rooms like any other, and made under these.
    """

    def __init__(self, policy: AnyPolicy, coder: Coder, *, compiled: bool, rules: Rules | None = None) -> None:
        self.policy = policy
        self._rules_of_all = rules
        self.book = book_of(policy)
        self._coder = coder
        self._columns = columns_of(policy)
        self._looks_up = looks_up(policy)
        self.initial = self.book.state(self._columns.initial)
        self._weights: Codes = np.array(self._columns.ranks, np.int32)
        self._powers = Standings(len(self._weights))
        self._creations = Creations(policy)
        rule, others = _ASK, tuple[int, ...]((0,))
        if self._looks_up:
            room = self._columns.room(None, {})
            others = room.others
            # Where nothing says who may do what, a room has to be asked.
            rule = room.rule if self._creations.judges(None, {}) else _ASK
        self._rules = Growing(np.int32, rule)
        self._others = Growing(np.uint32, self._powers.number(others))
        self._people = People(self.book.unknown)
        self._rooms: dict[int, AnyColumnRoom] = {}
        self._remembering: dict[int, AnyRoom] = {}
        self._created: set[int] = set()
        self._unsettled: dict[int, AnyColumnRoom] = {}
        """The rooms that have accepted events of which look-ups do not know yet."""
        self.notices: list[str] = []
        """What is to be said about rooms."""
        self._sender = NAMELESS, "", NOBODY
        """A pair (room, user, number) that came up lately: rooms ask for the sender of the event in hand most."""
        self._strangers: tuple[npt.NDArray[np.int64], Codes]
        """The rows in hand whose senders had not come up before, and their rooms."""
        self._coded: Coded
        """The rows in hand."""
        self._users_known = 0
        self._unfit_users: list[int] = []
        self._loop = _compiled_advance() if compiled else loop.advance

    def play(self, coded: Coded) -> Verdicts:
        """Decide the next rows of the history, in order."""
        self._reach()
        self._coded = coded
        actions = self.actions(coded)
        verdicts = Verdicts(np.empty(len(coded), np.int32))
        others = np.flatnonzero(actions < 0)
        # Rooms know nothing of each other: what no look-up in its room precedes need not wait for those in others.
        is_first = others < self._first_look_ups(coded, actions, others)
        for asked in _rows(coded, others[is_first]):
            self._judge(asked, verdicts)
        self._settle()
        if not self._looks_up:
            return verdicts
        strangers = np.flatnonzero(coded.senders == NOBODY)
        if self._coder.brought > coded.known.brought:
            self._look_again(coded, strangers)
        self._strangers = strangers, coded.rooms[strangers]
        start = 0
        for asked in _rows(coded, others[~is_first]):
            self._look_up(start, asked.place, coded, actions, verdicts)
            self._judge_late(asked, coded, verdicts)
            start = asked.place + 1
        self._look_up(start, len(coded), coded, actions, verdicts)
        return verdicts

    def _look_again(self, coded: Coded, rows: npt.NDArray[np.int64]) -> None:
        """Look for the senders of some rows among the pairs that have come up."""
        self._coder.look_again(coded, rows)
        self._people.reach(int(coded.senders[rows].max(initial=NOBODY)) + 1)

    def _first_look_ups(self, coded: Coded, actions: Small, others: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The first row that is a look-up in the rooms of some others."""
        firsts = np.full(self._coder.room_count, len(coded))
        rooms, theirs = coded.rooms, coded.rooms[others]
        is_theirs = np.zeros(len(firsts), np.bool_)
        is_theirs[theirs] = True
        look_ups = np.flatnonzero(is_theirs[rooms])
        look_ups = look_ups[actions[look_ups] >= 0][::-1]
        firsts[rooms[look_ups]] = look_ups  # from back to front, so that the first is what stays
        return firsts[theirs]

    def gather(self) -> None:
        """Take over where users stand from the rooms that keep it themselves."""
        if not self._remembering:
            return
        rooms, _ = self._coder.pairs.parts()
        is_theirs = np.isin(rooms, list(self._remembering))
        self._reach()
        self._people.forget(is_theirs)
        for room, remembering in self._remembering.items():
            _States(self, room).update(remembering.participations())

    def states(self) -> States:
        """By pair, the number of the state in which the user stands now; strangers stand in the initial one."""
        self.gather()
        count = len(self._coder.pairs)
        self._reach()
        states = self._people.states(count)
        states[states == self.book.unknown] = self.initial
        return states

    def state(self, room: int, user: str) -> Any:
        """Where a user stands; None for somebody who was never heard of."""
        number = self._people.state(self._pair(room, user))
        return None if number == self.book.unknown else self.book.states[number]

    def heard_of(self, room: int) -> list[str]:
        """The users of a room of whom anything is known."""
        rooms, users = self._coder.pairs.parts()
        self._people.reach(len(rooms))
        states = self._people.states(len(rooms))
        return [self._coder.users[user] for user in users[(rooms == room) & (states != self.book.unknown)].tolist()]

    def move(self, room: int, user: str, state: Any) -> None:
        """Put a user into a state."""
        self._people.move(self._add_pair(room, user), self.book.state(state))

    def _pair(self, room: int, user: str) -> int:
        """The number of a pair, `NOBODY` when it never came up."""
        where, sender, pair = self._sender
        return pair if user == sender and room == where else self._within(self._coder.pair(room, user))

    def _add_pair(self, room: int, user: str) -> int:
        """The number of a pair, whether it has come up or not."""
        where, sender, pair = self._sender
        if user == sender and room == where:
            return pair
        return self._within(self._coder.add_pair(room, user, self._coded))

    def _within(self, pair: int) -> int:
        """The same pair, which has a place then."""
        if pair >= len(self._people):
            self._people.reach(pair + 1)
        return pair

    def _reach(self) -> None:
        """Have a place for every room and pair that came up."""
        self._rules.reach(self._coder.room_count)
        self._others.reach(self._coder.room_count)
        self._people.reach(len(self._coder.pairs))

    def actions(self, coded: Coded) -> Small:
        """By row, the policy's number of the action that it asks for; below 0 where the room has to judge the row.

        It is not plain then, or its word, its type or one of its users is none to this policy.
        """
        if not self._looks_up:
            return np.full(len(coded), -1, np.int8)
        words = self._coder.actions
        # The last place stands for a word that is missing, the one before it for one that is unfit.
        numbers = [self.book.actions.get(words[number], -1) for number in range(len(words))]
        actions: Small = np.array([*numbers, -1, -1], np.int8).take(coded.actions, mode="wrap")
        words, (rows, types) = self._coder.types, coded.typed
        own = [number for number in range(len(words)) if words[number] in self._columns.types]
        actions[rows[~np.isin(types, own)]] = -1
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
            self._people.array, self._people.bits, self._others.array, self._rules.array,
            powers.may, powers.ranks, self._weights, self._columns.is_self,
            book.cells, book.codes, book.radix, book.after,
        ))  # fmt: skip

    def _look_up(self, start: int, stop: int, coded: Coded, actions: Small, verdicts: Verdicts) -> None:
        asked: dict[int, _Row] = {}
        while start < stop:
            if start not in asked or not self._asks(coded, start):
                start = self.advance(start, stop, coded, actions, verdicts.numbers)
                if start == stop:
                    return
                if not self._asks(coded, start):
                    self.learn(start, verdicts.numbers)
                    continue
            if start not in asked:
                places = start + np.flatnonzero(actions[start : min(stop, start + _AHEAD)] >= 0)
                places = places[self._rules.array[coded.rooms[places]] < 0]
                asked = {row.place: row for row in _rows(coded, places)}
            self._judge_late(asked[start], coded, verdicts)
            start += 1

    def _asks(self, coded: Coded, place: int) -> bool:
        """Whether the room of a row has to be asked itself."""
        return self._rules.array.item(coded.rooms.item(place)) < 0

    def learn(self, place: int, verdicts: Codes) -> None:
        """Have the book ask for the cell of a row, which the loop has left in its verdict."""
        self.book.ask(int(verdicts[place]))

    def _judge_late(self, asked: "_Row", coded: Coded, verdicts: Verdicts) -> None:
        """Let the room judge a row, and the rows that follow know of it, and of the pairs that it brings up."""
        count = self._coder.brought
        self._judge(asked, verdicts)
        self._settle()
        if self._coder.brought > count:
            rows, rooms = self._strangers
            self._look_again(coded, rows[rooms == asked.room])

    def _judge(self, asked: "_Row", verdicts: Verdicts) -> None:
        """Let the room judge a row. What look-ups have to know of it waits until rooms are settled."""
        place, room, sender, row = asked
        if sender > NOBODY:
            self._sender = room, row[layout.SENDER], sender
        try:
            if room < NAMELESS:
                self._refuse(row)
            if self._is_remembering(room):
                decision = self._send_to_remembering(place, room, row, verdicts)
            else:
                decision = self._send(room, row, layout.fields_of(row) if sender >= NOBODY else None)
            verdicts.numbers[place] = self.book.number(decision)
        except EventError as problem:
            verdicts.faults[place] = str(problem)
            verdicts.numbers[place] = FAULT

    def _refuse(self, row: Mapping[str, Any]) -> NoReturn:
        """Say what is wrong with an event whose room's id is none. Raises `EventError`."""
        event = partial(layout.event_of, row, self._columns)
        if self._looks_up:
            self._columns.room(None, {}).judge(event)
        else:
            new_room(self._rules_of_all or self.policy).send(event())
        raise EventError(layout.ROOM, "is no id of a room")

    def _is_remembering(self, room: int) -> bool:
        """Whether a room is one like any other, which knows itself where users stand."""
        return self._rules_of_all is not None or not self._looks_up or room in self._coder.remembering

    def _send(self, room: int, row: Mapping[str, Any], fields: Mapping[str, Any] | None) -> Decision:
        read = partial(layout.event_of, row, self._columns)
        kept = self._rooms.get(room)
        if kept is None:
            kept = self._rooms[room] = self._columns.room(self._coder.room_id(room), _States(self, room))
        if room in self._created and not row.get(layout.IS_STATE):
            decision = kept.judge(read, fields)
        elif fields is not None and layout.TYPE in fields:
            decision = self._answer(room, kept, fields, row, read, partial(kept.judge, read, fields))
        else:
            event = read()
            read_event(event)
            decision = self._answer(room, kept, event, row, lambda: event, partial(kept.judge, lambda: event, fields))
        if decision.allowed:
            self._unsettled[room] = kept
        return decision

    def _send_to_remembering(self, place: int, room: int, row: Mapping[str, Any], verdicts: Verdicts) -> Decision:
        remembering, event = self._remembering_room(room), layout.event_of(row, self._columns)
        event_id, kept = read_event(event).event_id, remembering.kept
        decision = self._answer(room, remembering, event, row, lambda: event, partial(remembering.send, event))
        if is_repeated(event_id, decision, is_kept=remembering.kept > kept):
            verdicts.repeats.append(place)
        return decision

    def _answer(  # noqa: PLR0913, PLR0917 - the room, the event in two ways, and what to do
        self, number: int, room: Any, told: Mapping[str, Any], row: Mapping[str, Any],
        read: Callable[[], Any], judge: Callable[[], Decision],
    ) -> Decision:  # fmt: skip
        """The answer to an event, which is judged when the creation of its room has come before it.

        `told` says of what type it is; `read` reads all of it.
        """
        room_id = self._coder.room_id(number)
        if not row.get(layout.IS_STATE) and self._creations.judges(room_id, told):
            decision = judge()
        else:
            take(room, read())
            decision = GIVEN if row.get(layout.IS_STATE) else UNFOUNDED
        notice = self._creations.note(room_id, told, decision)
        if notice is not None:
            self.notices.append(notice)
        if self._creations.judges(room_id, {}):
            self._created.add(number)
        return decision

    def _remembering_room(self, room: int) -> AnyRoom:
        if room not in self._remembering:
            self._remembering[room] = new_room(self._rules_of_all or self.policy, self._coder.room_id(room))
        return self._remembering[room]

    def _settle(self) -> None:
        """Read off the rooms that have accepted events what their settings mean for the look-ups."""
        for room, kept in self._unsettled.items():
            self._rules.array[room] = kept.rule if room in self._created else _ASK
            self._others.array[room] = self._powers.number(kept.others)
            for user, its in kept.new_powers().items():
                standing = AS_OTHERS if its is None else self._powers.number(its)
                self._people.stand(self._add_pair(room, user), standing)
        self._unsettled.clear()


class _Row(NamedTuple):
    """A row for a room to judge. The sender is a pair, below `NOBODY` where it is none."""

    place: int
    room: int
    sender: int
    says: dict[str, Any]


def _rows(coded: Coded, places: npt.NDArray[np.int64]) -> Iterator[_Row]:
    """These rows."""
    rooms, senders = coded.rooms[places], coded.senders[places].astype(np.int64)
    senders[(rooms < NAMELESS) | (coded.users[1][places] < 0)] = NOBODY - 1
    told = places.tolist(), rooms.tolist(), senders.tolist(), layout.read_rows(coded.table, places)
    return map(_Row, *told)


class _States(MutableMapping[str, Any]):
    """A run's states of one room, as a room sees its own."""

    __slots__ = ("_room", "_run")

    def __init__(self, run: Run, room: int) -> None:
        self._run = run
        self._room = room

    def __getitem__(self, user: str) -> Any:
        state = self._run.state(self._room, user)
        if state is None:
            raise KeyError(user)
        return state

    def get(self, user: str, default: Any = None) -> Any:
        """The state of a user, or the default for somebody who was never heard of."""
        state = self._run.state(self._room, user)
        return default if state is None else state

    def __setitem__(self, user: str, state: Any) -> None:
        self._run.move(self._room, user, state)

    def __delitem__(self, user: str) -> None:
        raise TypeError("nobody is forgotten")

    def __iter__(self) -> Iterator[str]:
        return iter(self._run.heard_of(self._room))

    def __len__(self) -> int:
        return len(self._run.heard_of(self._room))


def _compiled_advance() -> Any:
    from fsm.bulk.decide.compiled import advance  # noqa: PLC0415 - numba may not be installed

    return advance
