"""The inner loops as machine code: this is the only module that needs numba.

They are written for its compiler: unsigned indexes spare it the check for negative
ones, and sums of truth values spare the processor a jump that it could not foresee.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import njit

from fsm.bulk.decide.arrays import Codes, Indexes, Keys, Mask, Narrow, Places, Ranks, Small, States
from fsm.bulk.decide.pairs import EMPTY, HALF, ONE, SPREAD, Search, Slots

_BLOCK = 32
"""So many rows are looked at ahead, as many as the processor can wait for at once."""


def machine_code(loop: Callable[..., Any]) -> Any:
    """A loop, compiled when it is first called, and kept for other runs where there is a folder to keep it in."""
    try:
        return njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # neither the folder of this file nor one of the user's can be written to
        return njit(nogil=True)(loop)


def _advance(  # noqa: PLR0913, PLR0917 - the compiler takes arrays, not objects
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    states: States, standings: Narrow, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    for i in range(start, stop):
        action = actions[i]
        if action < 0:  # a room judges this row, and there may not even be one
            continue
        target, sender, rule = targets[i], senders[i], rules[rooms[i]]
        if rule < 0:
            return i
        to, by, other = standings[target], standings[sender], others[rooms[i]]
        to, by = to + (to == 0) * other, by + (by == 0) * other
        code = rule + may[by] + (sender == target) * is_self
        for k in range(len(weights)):
            code += (ranks[k, by] > ranks[k, to]) * weights[k]
        cell = ((action * codes + code) * radix + np.int64(states[target])) * radix + np.int64(states[sender])
        decision = cells[np.uint64(cell)]
        if decision < 0:
            verdicts[i] = cell
            return i
        verdicts[i] = decision
        states[target] = after[np.uint32(decision)]
    return stop


@machine_code
def _look_ahead(  # noqa: PLR0913, PLR0917 - as above
    first: int, size: int, rooms: Indexes, users: Indexes, where: Mask, slots: Slots, wanted: Keys, places: Places
) -> None:
    """Where to look first for the pairs of a block, each of which has to wait for the memory: here all wait at once."""
    touched = EMPTY
    for i in range(size):
        wanted[i] = key = (np.uint64(rooms[first + i]) << HALF | np.uint64(users[first + i])) + ONE
        # Rows that are not wanted all look at the same slot, which costs nothing.
        places[i] = place = (key * SPREAD >> slots.shift) * np.uint64(where[first + i])
        touched |= slots.keys[place]
    places[_BLOCK] = touched  # nobody asks for it, but else the compiler would leave the looks out


def _enter(  # noqa: PLR0913, PLR0917 - as above
    start: int, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots, count: int
) -> tuple[int, int]:
    keys, known, mask = slots.keys, slots.numbers, np.uint64(len(slots.keys) - 1)
    wanted, places = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK + 1, np.uint64)
    for first in range(start, len(numbers), _BLOCK):
        size = min(_BLOCK, len(numbers) - first)
        _look_ahead(first, size, rooms, users, where, slots, wanted, places)
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
    keys, mask = slots.keys, np.uint64(len(slots.keys) - 1)
    wanted, places = np.empty(_BLOCK, np.uint64), np.empty(_BLOCK + 1, np.uint64)
    for first in range(0, len(numbers), _BLOCK):
        size = min(_BLOCK, len(numbers) - first)
        _look_ahead(first, size, rooms, users, where, slots, wanted, places)
        for i in range(size):
            if where[first + i]:
                key, place = wanted[i], places[i]
                while keys[place] != key and keys[place] != EMPTY:
                    place = (place + ONE) & mask
                numbers[first + i] = slots.numbers[place]


def _fill(old: Slots, new: Slots) -> None:
    mask = np.uint64(len(new.keys) - 1)
    for i in range(len(old.keys)):
        key = old.keys[i]
        if key != EMPTY:
            place = key * SPREAD >> new.shift
            while new.keys[place] != EMPTY:
                place = (place + ONE) & mask
            new.keys[place], new.numbers[place] = key, old.numbers[i]


advance = machine_code(_advance)
"""Decide the rows from `start` on that have an action.

Returns the first that is no look-up yet, or `stop`: its room has to be asked, or its cell, which is in its verdict.
"""

SEARCH = Search(machine_code(_enter), machine_code(_find), machine_code(_fill))
"""How tables of pairs are gone through (see `fsm.bulk.decide.pairs`)."""
