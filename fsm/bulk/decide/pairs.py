"""(Room, user) pairs as numbers.

Theory of operation. Pairs are found in a hash table with open addressing: a slot's *key*
is the pair, the room in the upper half and the user in the lower, plus one, since 0 is an
empty slot; beside it stands the number of the pair, so that both are at one place in
memory. That costs twenty-one to forty-three bytes a pair (without a compiler, as if every
row of a piece were a pair), and can be searched for many pairs at once. Which slot a pair should stand in is
told by the upper bits of a product, so that a larger table has its pairs in the same
order: growing goes through both from front to back, which is what memory is good at.

One thread may enter pairs while others look for some. They find, or do not find, those
that are being entered: a slot whose number is not there yet is like an empty one.
"""

from collections.abc import Callable
from threading import Lock
from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from fsm.bulk.decide.arrays import Indexes, Keys, Mask, Places

HALF = np.uint64(32)
NONE, ONE, TWO = np.uint64(0), np.uint64(1), np.uint64(2)
EMPTY = np.uint64(0)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: neighbouring keys end up far apart
_LARGE = 2**20
_LOWER = np.uint64(2**32 - 1)
_WIDTH = 64

# The same, for pairs one by one.
_HALF, _SPREAD, _ALL = int(HALF), int(SPREAD), 2**_WIDTH - 1


NOBODY = 0
"""The number that no pair has. Empty slots hold it, so it stands for a pair that never came up."""


class Slots(NamedTuple):
    """A table: by slot the key and the number; how far to shift a product to tell a slot; how many pairs to hold."""

    table: Keys
    shift: np.uint64
    limit: int

    @property
    def keys(self) -> Keys:
        """By slot, the key."""
        return self.table[:, 0]

    @property
    def numbers(self) -> Keys:
        """By slot, the number."""
        return self.table[:, 1]

    def place(self, key: int) -> int:
        """The slot that holds a key, or the empty one that would."""
        item, last = self.table.item, len(self.table) - 1
        place: int = (key * _SPREAD & _ALL) >> int(self.shift)
        while (found := item(place, 0)) and found != key:
            place = (place + 1) & last
        return place

    @staticmethod
    def empty(shift: int) -> "Slots":
        """A table without pairs."""
        size = 2 ** (_WIDTH - shift)
        return Slots(np.zeros((size, 2), np.uint64), np.uint64(shift), size * 3 // 4)


Enter: TypeAlias = Callable[[int, Indexes, Indexes, Mask, Indexes, Slots, int], tuple[int, int]]
"""Numbers the pairs of the rows from one on, where they are wanted.

Takes the first row, by row the room, the user, whether it is wanted and the place for the
number, then the table, and how many pairs there are. Returns the row to go on from once the
table has grown, or the end, and how many pairs there are now.
"""

Find: TypeAlias = Callable[[Indexes, Indexes, Mask, Indexes, Slots], None]
"""Looks for the pairs of rows, where they are wanted; `NOBODY` where one is not there.

Takes by row the room, the user, whether it is wanted and the place for the number, then the table.
"""

Fill: TypeAlias = Callable[[Slots, Slots], None]
"""Enters what one table holds into another that is empty."""


class Search(NamedTuple):
    """The ways to go through a table."""

    enter: Enter
    find: Find
    fill: Fill


class Pairs:
    """The pairs that came up so far."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._count = NOBODY + 1
        self._slots = Slots.empty(_WIDTH - 10)
        self._lock = Lock()

    def __len__(self) -> int:
        """One more than the highest number."""
        return self._count

    def enter(self, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes) -> None:
        """Put the numbers of these pairs into `numbers`, where they are wanted."""
        done = 0
        with self._lock:
            while True:
                done, self._count = self._search.enter(done, rooms, users, where, numbers, self._slots, self._count)
                if done == len(numbers):
                    return
                self._grow()

    def find(self, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes) -> None:
        """Put the numbers of these pairs into `numbers`, where they are wanted; `NOBODY` for those never entered."""
        self._search.find(rooms, users, where, numbers, self._slots)

    def find_one(self, room: int, user: int) -> int:
        """The number of a pair; `NOBODY` when it was never entered."""
        slots = self._slots
        number: int = slots.table.item(slots.place(_key(room, user)), 1)
        return number

    def enter_one(self, room: int, user: int) -> int:
        """The number of a pair, whether it was entered before or not."""
        key = _key(room, user)
        with self._lock:
            place = self._slots.place(key)
            key_there, number = self._slots.table[place].tolist()
            if key_there:
                return int(number)
            if self._count == self._slots.limit:
                self._grow()
                place = self._slots.place(key)
            self._slots.table[place] = key, self._count
            self._count += 1
            return self._count - 1

    def _grow(self) -> None:
        # To begin with, twice the size at a time would have every other table made for little.
        larger = Slots.empty(int(self._slots.shift) - (2 if len(self._slots.table) < _LARGE else 1))
        self._search.fill(self._slots, larger)
        self._slots = larger

    def parts(self) -> tuple[Indexes, Indexes]:
        """By pair: the room, and the user. Those of `NOBODY` mean nothing."""
        with self._lock:
            taken = np.flatnonzero(self._slots.keys)
            keys = np.zeros(self._count, np.uint64)
            keys[self._slots.numbers[taken]] = self._slots.keys[taken] - ONE
        return (keys >> HALF).astype(np.uint32), (keys & _LOWER).astype(np.uint32)


def _key(room: int, user: int) -> int:
    return (room << _HALF | user) + 1


def enter(  # noqa: PLR0913, PLR0917 - the same as of the compiled one
    start: int, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots, count: int
) -> tuple[int, int]:
    """`Enter` without a compiler: all pairs take their first step together, then their second, and so on.

    Takes no more rows than the table has room for if all are new; so it grows with the piece.
    """
    stop = min(len(numbers), start + slots.limit - count)
    rows = start + np.flatnonzero(where[start:stop])
    keys, firsts, which = np.unique(_keys(rooms[rows], users[rows]), return_index=True, return_inverse=True)
    places = _slots_of(keys, slots)
    new = np.flatnonzero(slots.keys[places] == EMPTY)
    new = new[np.argsort(firsts[new])]
    end = count + len(new)
    places[new] = _put(keys[new], np.arange(count, end, dtype=np.uint32), slots)
    numbers[rows] = slots.numbers[places][which]
    return stop, end


def find(rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots) -> None:
    """`Find` without a compiler."""
    rows = np.flatnonzero(where)
    numbers[rows] = slots.numbers[_slots_of(_keys(rooms[rows], users[rows]), slots)]


def fill(old: Slots, new: Slots) -> None:
    """`Fill` without a compiler."""
    taken = np.flatnonzero(old.keys)
    _put(old.keys[taken], old.numbers[taken].astype(np.uint32), new)


def _keys(rooms: Indexes, users: Indexes) -> Keys:
    return (rooms.astype(np.uint64) << HALF | users) + ONE


def _slots_of(keys: Keys, slots: Slots) -> Places:
    """The slots that hold these keys, or an empty one for each that is not there."""
    places, waiting = _places(keys, slots), np.arange(len(keys))
    while len(waiting):
        found = slots.keys[places[waiting]]
        waiting = waiting[(found != EMPTY) & (found != keys[waiting])]
        _step(places, waiting, slots)
    return places


def _put(keys: Keys, numbers: Indexes, slots: Slots) -> Places:
    """Enter keys that are not there yet, with their numbers; returns their slots."""
    places, waiting = _places(keys, slots), np.arange(len(keys))
    while len(waiting):
        at = places[waiting]
        is_empty = slots.keys[at] == EMPTY
        # Of different keys that claim a slot one gets it. The others go on, as do those that find it taken.
        slots.keys[at[is_empty]] = keys[waiting[is_empty]]
        waiting = waiting[slots.keys[at] != keys[waiting]]
        _step(places, waiting, slots)
    slots.numbers[places] = numbers
    return places


def _places(keys: Keys, slots: Slots) -> Places:
    """Where to look for keys first."""
    return keys * SPREAD >> slots.shift


def _step(places: Places, waiting: npt.NDArray[np.int64], slots: Slots) -> None:
    """Where to look next for those that are waiting."""
    places[waiting] = (places[waiting] + ONE) & np.uint64(len(slots.keys) - 1)


PLAIN = Search(enter, find, fill)
