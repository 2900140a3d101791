"""(Room, user) pairs as numbers.

Theory of operation. A pair's *key* holds the number of the room in its upper half and
that of the user in its lower. Keys are found in a hash table with open addressing,
made of one array: in each slot a key, and the number of the pair. That costs some
thirty bytes a pair, and can be searched for many keys at once, with a compiler or
without.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from fsm.bulk.arrays import Growing, Indexes, Keys
from fsm.bulk.words import MISSING

Enter: TypeAlias = Callable[[int, Keys, Indexes, Keys, Keys, int], tuple[int, int]]
"""Numbers keys from a place on; returns how far it came before the table was full, and how many pairs there are."""

EMPTY = np.uint64(2**64 - 1)
SPREAD = np.uint64(0x9E3779B97F4A7C15)  # 2**64 by the golden ratio: neighbouring keys end up far apart
HALF = np.uint64(32)
ONE = np.uint64(1)
_LOWER = np.uint64(2**32 - 1)


class Pairs:
    """The pairs that came up so far."""

    def __init__(self, enter: Enter) -> None:
        self._enter = enter
        self._count = 0
        self._known = Growing(np.uint64, 0)
        self._slots = _slots(2**10)

    def __len__(self) -> int:
        return self._count

    def numbers(self, rooms: Indexes, users: Indexes) -> Indexes:
        """The numbers of these pairs."""
        keys = rooms.astype(np.uint64)
        keys <<= HALF
        keys |= users
        numbers: Indexes = np.empty(len(keys), np.uint32)
        done = self._go_on(0, keys, numbers)
        while done < len(keys):
            self._slots = _slots(2 * len(self._slots))
            known, self._count = self._known.array[: self._count], 0
            self._go_on(0, known, np.empty(len(known), np.uint32))
            done = self._go_on(done, keys, numbers)
        return numbers

    def find(self, room: int, user: int) -> int:
        """The number of a pair, `MISSING` when it never came up."""
        mask = len(self._slots) - 1
        key = room << 32 | user
        place = (key * int(SPREAD) >> 32) & mask
        while (found := int(self._slots[place, 0])) != key:
            if found == EMPTY:
                return MISSING
            place = (place + 1) & mask
        return int(self._slots[place, 1])

    def parts(self) -> tuple[Indexes, Indexes]:
        """By pair: the room, and the user."""
        keys = self._known.array[: self._count]
        return (keys >> HALF).astype(np.uint32), (keys & _LOWER).astype(np.uint32)

    def _go_on(self, start: int, keys: Keys, numbers: Indexes) -> int:
        known = self._known.reach(len(self._slots))
        done, self._count = self._enter(start, keys, numbers, self._slots, known, self._count)
        return int(done)


def enter(  # noqa: PLR0913, PLR0917 - the same as of the compiled one
    start: int, keys: Keys, numbers: Indexes, slots: Keys, known: Keys, count: int
) -> tuple[int, int]:
    """`Enter` without a compiler: all keys take their first step together, then their second, and so on."""
    stop = min(len(keys), start + len(slots) // 2 - count)
    mask, keys = np.uint64(len(slots) - 1), keys[start:stop]
    places = (keys * SPREAD >> HALF) & mask
    waiting = np.arange(len(keys))
    claims = [(waiting[:0], places[:0])]
    while len(waiting):
        at, wanted = places[waiting], keys[waiting]
        is_empty = slots[at, 0] == EMPTY
        # Of different keys that claim a slot one gets it. The others go on, as do those that find it taken.
        slots[at[is_empty], 0] = wanted[is_empty]
        is_new = is_empty & (slots[at, 0] == wanted)
        claimed, first = np.unique(at[is_new], return_index=True)
        claims.append((waiting[is_new][first], claimed))
        waiting = waiting[slots[at, 0] != wanted]
        places[waiting] = (places[waiting] + ONE) & mask
    firsts, claimed = map(np.concatenate, zip(*claims, strict=True))
    claimed = claimed[np.argsort(firsts)]
    slots[claimed, 1] = np.arange(count, count + len(claimed))
    known[count : count + len(claimed)] = slots[claimed, 0]
    numbers[start:stop] = slots[places, 1]
    return stop, count + len(claimed)


def _slots(size: int) -> Keys:
    return np.full((size, 2), EMPTY)
