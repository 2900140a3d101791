"""(Room, user) pairs as numbers.

Theory of operation. Pairs are found in a hash table with open addressing, made of one
array. A slot holds the user in its upper half, and one more than the number of the pair
in its lower; 0 is an empty slot. Whether it is the room that is looked for as well is
told by the pair's *key*, which stands in a list under its number: the room in the upper
half, the user in the lower. That costs twenty to thirty bytes a pair, and can be searched for
many pairs at once, with a compiler or without.
"""

from collections.abc import Callable
from typing import NamedTuple, TypeAlias

import numpy as np

from fsm.bulk.arrays import Growing, Indexes, Keys, Mask
from fsm.bulk.words import MISSING

Enter: TypeAlias = Callable[[int, Indexes, Indexes, Mask, Indexes, Keys, Keys, int], tuple[int, int]]
"""Numbers the pairs of the rows from one on, where they are wanted.

Takes the first row, by row the room, the user, whether it is wanted and the place for the
number, then the slots, the keys and how many there are. Returns how many rows are done
before the table was full, and how many keys there are now.
"""

Fill: TypeAlias = Callable[[int, int, Keys, Keys], None]
"""Enters the keys with the numbers from one to another, which are not there yet, into slots."""

SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: neighbouring keys end up far apart
HALF = np.uint64(32)
ONE = np.uint64(1)
EMPTY = np.uint64(0)
LOWER = np.uint64(2**32 - 1)
_HALF, _SPREAD, _LOWER = int(HALF), int(SPREAD), int(LOWER)


class Search(NamedTuple):
    """The two ways to go through a table."""

    enter: Enter
    fill: Fill


class Pairs:
    """The pairs that came up so far."""

    def __init__(self, search: Search) -> None:
        self._search = search
        self._count = 0
        self._known = Growing(np.uint64, 0)
        self._slots: Keys = np.zeros(2**10, np.uint64)

    def __len__(self) -> int:
        return self._count

    def number(self, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes) -> None:
        """Put the numbers of these pairs into `numbers`, where they are wanted."""
        done = 0
        while True:
            known = self._known.reach(limit(self._slots))
            rows = (rooms, users, where, numbers)
            done, self._count = self._search.enter(done, *rows, self._slots, known, self._count)
            if done == len(numbers):
                return
            size = 2 * len(self._slots)
            self._slots = np.zeros(0, np.uint64)  # or there would be room needed for both
            self._slots = np.zeros(size, np.uint64)
            self._search.fill(0, self._count, self._slots, known)

    def find(self, room: int, user: int) -> int:
        """The number of a pair, `MISSING` when it never came up."""
        slot_at, key_of, mask = self._slots.item, self._known.array.item, len(self._slots) - 1
        key = room << _HALF | user
        place = (key * _SPREAD >> _HALF) & mask
        while slot := slot_at(place):
            number: int = (slot & _LOWER) - 1
            if slot >> _HALF == user and key_of(number) == key:
                return number
            place = (place + 1) & mask
        return MISSING

    def parts(self) -> tuple[Indexes, Indexes]:
        """By pair: the room, and the user."""
        keys = self._known.array[: self._count]
        return (keys >> HALF).astype(np.uint32), (keys & LOWER).astype(np.uint32)


def limit(slots: Keys) -> int:
    """How many pairs a table is to hold."""
    return len(slots) * 3 // 4


def enter(  # noqa: PLR0913, PLR0917 - the same as of the compiled one
    start: int, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Keys, known: Keys, count: int
) -> tuple[int, int]:
    """`Enter` without a compiler: all pairs take their first step together, then their second, and so on."""
    stop = min(len(numbers), start + limit(slots) - count)
    rows = start + np.flatnonzero(where[start:stop])
    keys, firsts, which = np.unique(
        rooms[rows].astype(np.uint64) << HALF | users[rows], return_index=True, return_inverse=True
    )
    found = _find(keys, slots, known)
    new = np.flatnonzero(found == EMPTY)
    new = new[np.argsort(firsts[new])]
    end = count + len(new)
    known[count:end] = keys[new]
    fill(count, end, slots, known)
    found[new] = np.arange(count + 1, end + 1)
    numbers[rows] = (found - ONE)[which]
    return stop, end


def _find(keys: Keys, slots: Keys, known: Keys) -> Keys:
    """One more than the numbers of these keys, 0 for those that are not there."""
    found, places, waiting = np.zeros_like(keys), _places(keys, slots), np.arange(len(keys))
    while len(waiting):
        numbers = slots[places[waiting]] & LOWER
        waiting, numbers = waiting[numbers != EMPTY], numbers[numbers != EMPTY]
        is_it = known[numbers - ONE] == keys[waiting]
        found[waiting[is_it]] = numbers[is_it]
        waiting = waiting[~is_it]
        places[waiting] = (places[waiting] + ONE) & np.uint64(len(slots) - 1)
    return found


def fill(start: int, stop: int, slots: Keys, known: Keys) -> None:
    """`Fill` without a compiler."""
    keys = known[start:stop]
    places, waiting = _places(keys, slots), np.arange(len(keys))
    wanted = keys << HALF | np.arange(start + 1, stop + 1, dtype=np.uint64)
    while len(waiting):
        at, mine = places[waiting], wanted[waiting]
        is_empty = slots[at] == EMPTY
        # Of different keys that claim a slot one gets it. The others go on, as do those that find it taken.
        slots[at[is_empty]] = mine[is_empty]
        waiting = waiting[slots[at] != mine]
        places[waiting] = (places[waiting] + ONE) & np.uint64(len(slots) - 1)


def _places(keys: Keys, slots: Keys) -> Keys:
    """Where to look for keys first."""
    return (keys * SPREAD >> HALF) & np.uint64(len(slots) - 1)


PLAIN = Search(enter, fill)
