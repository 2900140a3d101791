"""The inner loops as machine code: this is the only module that needs numba.

They are written for its compiler: unsigned indexes spare it the check for negative
ones, and sums of truth values spare the processor a jump that it could not foresee.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from fsm.bulk.arrays import Codes, Indexes, Mask, Narrow, Ranks, Small, States
from fsm.bulk.loop import HEARD
from fsm.bulk.pairs import EMPTY, HALF, ONE, SPREAD, Search, Slots


def _advance(  # noqa: PLR0913, PLR0917 - the compiler takes arrays, not objects
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    states: States, standings: Narrow, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    for i in range(start, stop):
        target, sender, action, rule = targets[i], senders[i], actions[i], rules[rooms[i]]
        if action < 0 or rule < 0:
            if action == HEARD:
                continue
            return i
        to, by, other = standings[target], standings[sender], others[rooms[i]]
        to, by = to + (to == 0) * other, by + (by == 0) * other
        code = rule + may[by] + (sender == target) * is_self
        for k in range(len(weights)):
            code += (ranks[k, by] > ranks[k, to]) * weights[k]
        cell = ((action * codes + code) * radix + np.int64(states[target])) * radix + np.int64(states[sender])
        decision = cells[np.uint64(cell)]
        if decision < 0:
            return i
        verdicts[i] = decision
        states[target] = after[np.uint32(decision)]
    return stop


def _enter(  # noqa: PLR0913, PLR0917 - as above
    start: int, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots, count: int
) -> tuple[int, int]:
    keys, known, mask = slots.keys, slots.numbers, np.uint64(len(slots.keys) - 1)
    wanted, places = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint64)
    for first in range(start, len(numbers), _BLOCK):
        size, touched = min(_BLOCK, len(numbers) - first), EMPTY
        # The first look at a slot waits for the memory. Here it waits for many at once.
        for i in range(size):
            wanted[i] = key = (np.uint64(rooms[first + i]) << HALF | np.uint64(users[first + i])) + ONE
            # Rows that are not wanted all look at the same slot, which costs nothing.
            places[i] = place = (key * SPREAD >> slots.shift) * np.uint64(where[first + i])
            touched |= keys[place] | np.uint64(known[place])
        places[0] ^= touched & EMPTY  # or the compiler would leave all this out
        for i in range(size):
            if not where[first + i]:
                continue
            key, place = wanted[i], places[i]
            while keys[place] != key and keys[place] != EMPTY:
                place = (place + ONE) & mask
            if keys[place] == EMPTY:
                if count == slots.limit:
                    return first + i, count
                keys[place], known[place] = key, count
                count += 1
            numbers[first + i] = known[place]
    return len(numbers), count


def _find(rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots) -> None:
    keys, known, mask = slots.keys, slots.numbers, np.uint64(len(slots.keys) - 1)
    wanted, places = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK, np.uint64)
    for first in range(0, len(numbers), _BLOCK):
        size, touched = min(_BLOCK, len(numbers) - first), EMPTY
        for i in range(size):
            wanted[i] = key = (np.uint64(rooms[first + i]) << HALF | np.uint64(users[first + i])) + ONE
            places[i] = place = (key * SPREAD >> slots.shift) * np.uint64(where[first + i])
            touched |= keys[place] | np.uint64(known[place])
        places[0] ^= touched & EMPTY
        for i in range(size):
            if where[first + i]:
                key, place = wanted[i], places[i]
                while keys[place] != key and keys[place] != EMPTY:
                    place = (place + ONE) & mask
                numbers[first + i] = known[place]


def _fill(old: Slots, new: Slots) -> None:
    mask = np.uint64(len(new.keys) - 1)
    for i in range(len(old.keys)):
        key = old.keys[i]
        if key != EMPTY:
            place = key * SPREAD >> new.shift
            while new.keys[place] != EMPTY:
                place = (place + ONE) & mask
            new.keys[place], new.numbers[place] = key, old.numbers[i]


_BLOCK = 1024


def machine_code(loop: Callable[..., Any]) -> Any:
    """A loop, compiled when it is first called, and kept for other runs where there is a folder to keep it in."""
    try:
        return njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # neither the folder of this file nor one of the user's can be written to
        return njit(nogil=True)(loop)


advance = machine_code(_advance)
"""Decide the rows from `start` on; returns the first that is no look-up, or `stop`."""

SEARCH = Search(machine_code(_enter), machine_code(_find), machine_code(_fill))
"""How tables of pairs are gone through (see `fsm.bulk.pairs`)."""
