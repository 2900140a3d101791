"""From the words of a history to the numbers of the inner loop.

Theory of operation. Users, rooms and words are numbered in the order of first
mention, and so are (room, user) pairs: whatever is known of a pair stands in arrays
under its number. Two replays of one history, under two policies, share the numbers.

A piece may be numbered while rooms judge the one before it. They bring up users and pairs
as well: each has the place that it would have if one piece came after the other.

A row is *plain* when all of it could be numbered and it asks for a participation
change. Any other row has to be read as an event, and judged by a room.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from fsm.bulk.decide.arrays import Codes, Indexes, Mask
from fsm.bulk.decide.pairs import NOBODY, PLAIN, Pairs, Search
from fsm.bulk.decide.words import MISSING, Words
from fsm.bulk.read import layout
from fsm.errors import ReplayError
from fsm.event import MAX_TEXT

NAMELESS = 0
"""The number of the room without an id."""


@dataclass(frozen=True, slots=True)
class Coded:
    """Some consecutive rows of a history, as numbers.

    In a row that is not plain, `targets` holds the sender as well. `senders` are put in
    anew when pairs come up (`Coder.look_again`).
    """

    table: pa.Table
    rooms: Codes
    """Below 0 where the id of the room is none."""
    targets: Indexes
    senders: Indexes
    """`NOBODY` for who never came up in the room."""
    users: tuple[Codes, Codes]
    """The target and the sender, in no room."""
    actions: Codes
    """The word for the action, `MISSING` where a row is not plain."""
    typed: tuple[Indexes, Codes]
    """The rows that have an event type, and their types."""
    known: "Known"

    def __len__(self) -> int:
        return len(self.actions)

    def at(self, rows: npt.NDArray[np.int64]) -> "Coded":
        """Some of the rows, in order."""
        typed = np.isin(self.typed[0], rows)
        return Coded(
            table=self.table.take(pa.array(rows)),
            rooms=self.rooms[rows],
            targets=self.targets[rows],
            senders=self.senders[rows],
            users=(self.users[0][rows], self.users[1][rows]),
            actions=self.actions[rows],
            typed=(np.searchsorted(rows, self.typed[0][typed]).astype(np.uint32), self.typed[1][typed]),
            known=self.known,
        )

    @property
    def room_indexes(self) -> Indexes:
        """The rooms as the inner loop takes them."""
        return _unsigned(self.rooms)


class Known(NamedTuple):
    """How many users and pairs had come up once some rows were numbered; and how many of these rooms had brought up."""

    users: int = 0
    pairs: int = 0
    brought: int = 0


class Coder:
    """All numbers given out so far.

    The events of the rooms named in `remembering` are never plain.
    """

    def __init__(self, *, compiled: bool, remembering: Collection[str | None] = ()) -> None:
        self.users = Words()
        self.actions = Words()
        self.types = Words()
        self.pairs = Pairs(_compiled_search() if compiled else PLAIN)
        self._rooms = Words()
        self.brought = 0
        """So often have rooms brought up pairs that were new to the rows that they judged."""
        self._named: dict[int, tuple[int, int]] = {}
        """The users whom rooms brought up: how many had come up before, and how many of these."""
        self.remembering = {self.room_number(room_id) for room_id in remembering}

    @property
    def room_count(self) -> int:
        """One more than the highest number of a room."""
        return len(self._rooms) + 1

    def room_number(self, room_id: str | None) -> int:
        """The number of a room."""
        return NAMELESS if room_id is None else self._rooms.number(room_id) + 1

    def room_id(self, number: int) -> str | None:
        """The id of a room."""
        return None if number == NAMELESS else self._rooms[number - 1]

    def code(self, table: pa.Table) -> Coded:
        """Number the next rows of a history. Raises `ReplayError` when it is none."""
        table, brought = layout.checked(table), self.brought
        rooms = self._numbers(self._rooms, table, layout.ROOM) + 1
        senders, targets, actions = (
            self._numbers(words, table, name)
            for words, name in ((self.users, layout.SENDER), (self.users, layout.TARGET), (self.actions, layout.ACTION))
        )
        is_sent = (rooms >= 0) & (senders >= 0)
        plain = is_sent & (targets >= 0) & (actions >= 0) & _is_plain(table)
        if self.remembering:
            plain &= ~np.isin(rooms, list(self.remembering))
        # Whoever sends anything else will be asked after, so they get their number with the targets.
        others = np.flatnonzero(~plain)
        concerned, actions = targets.copy(), actions.copy()
        concerned[others] = senders[others]
        actions[others] = MISSING
        pairs: Indexes = np.zeros(len(table), np.uint32)
        self.pairs.enter(_unsigned(rooms), _unsigned(concerned), is_sent, pairs)
        by = pairs.copy()
        # Most people act on themselves, and of who never was a target nothing is known.
        self.pairs.find(_unsigned(rooms), _unsigned(senders), is_sent & (senders != concerned), by)
        return Coded(
            table=table,
            rooms=rooms,
            targets=pairs,
            senders=by,
            users=(targets, senders),
            actions=actions,
            typed=self._typed(table),
            known=Known(len(self.users), len(self.pairs), brought),
        )

    def look_again(self, coded: Coded, rows: npt.NDArray[np.int64]) -> None:
        """Put in the numbers of the senders of some rows, who may have come up since they were numbered."""
        found: Indexes = np.empty(len(rows), np.uint32)
        rooms, users = _unsigned(coded.rooms[rows]), _unsigned(coded.users[1][rows])
        self.pairs.find(rooms, users, np.ones(len(rows), np.bool_), found)
        coded.senders[rows] = found

    def pair(self, room: int, user: str) -> int:
        """The number of a pair, `NOBODY` when it never came up."""
        number = self.users.find(user)
        return NOBODY if number == MISSING else self.pairs.find_one(room, number)

    def add_pair(self, room: int, user: str, coded: Coded) -> int:
        """The number of a pair, whether it has come up or not, for a room that judges some of these rows."""
        number = self.users.number(user)
        if number >= coded.known.users:
            self._named.setdefault(number, (coded.known.users, len(self._named)))
        pair = self.pairs.find_one(room, number)
        if pair == NOBODY:
            pair = self.pairs.enter_one(room, number)
        self.brought += pair >= coded.known.pairs
        return pair

    def sorted(self, pairs: Indexes) -> Indexes:
        """These pairs in the order in which their rooms and users were first mentioned."""
        rooms, users = self.pairs.parts()
        places = np.zeros((2, len(self.users)), np.int64)
        places[1] = np.arange(1, len(self.users) + 1)
        for user, (before, named) in self._named.items():
            places[:, user] = named + 1, before
        return pairs[np.lexsort((*places[:, users[pairs]], rooms[pairs]))]

    def names_of(self, pairs: Indexes) -> dict[str, pa.Array]:
        """The room and the user of these pairs, by column name."""
        rooms, users = (part[pairs].astype(np.int32) for part in self.pairs.parts())
        return {layout.ROOM: self._rooms.column(rooms - 1), "user": self.users.column(users)}

    def _numbers(self, words: Words, table: pa.Table, name: str) -> Codes:
        try:
            return words.numbers(table.column(name))
        except pa.ArrowException as problem:
            fault = "holds text that is not UTF-8" if "UTF8" in str(problem) else "is corrupt"
            raise ReplayError(0, f"column `{name}` {fault}") from None

    def _typed(self, table: pa.Table) -> tuple[Indexes, Codes]:
        if not layout.has_values(table, layout.TYPE):
            return np.empty(0, np.uint32), np.empty(0, np.int32)
        rows = pc.indices_nonzero(table.column(layout.TYPE).is_valid())
        return rows.to_numpy(), self._numbers(self.types, table.select([layout.TYPE]).take(rows), layout.TYPE)


def _unsigned(numbers: Codes) -> Indexes:
    """The same numbers as the loops take them. Those below 0 become numbers of nothing, not to be looked up."""
    return numbers.view(np.uint32)


def _is_plain(table: pa.Table) -> Mask | bool:
    """Whether nothing but the four columns that have numbers says anything about the decision."""
    plain: Mask | bool = True
    for name in (layout.CONTENT, layout.UNREADABLE, layout.IS_STATE):
        if layout.has_values(table, name):
            plain = plain & table.column(name).is_null().to_numpy()
    if layout.has_values(table, layout.EVENT_ID):
        lengths = pc.utf8_length(table.column(layout.EVENT_ID).cast(pa.large_string()))
        fits = pc.and_(pc.greater(lengths, 0), pc.less_equal(lengths, MAX_TEXT)).fill_null(True)
        plain = plain & fits.to_numpy()
    return plain


def _compiled_search() -> Search:
    from fsm.bulk.decide.compiled import SEARCH  # noqa: PLC0415 - numba may not be installed

    return SEARCH
