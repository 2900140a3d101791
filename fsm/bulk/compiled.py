"""The inner loops as machine code: this is the only module that needs numba.

They are written for its compiler: unsigned indexes spare it the check for negative
ones, and sums of truth values spare the processor a jump that it could not foresee.
"""

import numpy as np
from numba import njit

from fsm.bulk.arrays import Codes, Indexes, Keys, Narrow, Ranks, Small, States
from fsm.bulk.pairs import EMPTY, HALF, ONE, SPREAD


def _advance(  # noqa: PLR0913, PLR0917 - the compiler takes arrays, not objects
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    states: States, standings: Narrow, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    for i in range(start, stop):
        target, sender, action, rule = targets[i], senders[i], actions[i], rules[rooms[i]]
        if action < 0 or rule < 0:
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


def _enter(  # noqa: PLR0913, PLR0917
    start: int, keys: Keys, numbers: Indexes, slots: Keys, known: Keys, count: int
) -> tuple[int, int]:
    mask, limit = np.uint64(len(slots) - 1), len(slots) * 3 // 4
    places = np.empty(_BLOCK, np.uint64)
    for first in range(start, len(keys), _BLOCK):
        stop, touched = min(first + _BLOCK, len(keys)), EMPTY
        # The first look at a slot waits for the memory. Here it waits for many at once.
        for i in range(first, stop):
            places[i - first] = place = (keys[i] * SPREAD >> HALF) & mask
            touched &= slots[place, 0]
        numbers[first] = touched  # or the compiler would leave all this out
        for i in range(first, stop):
            key, place = keys[i], places[i - first]
            while slots[place, 0] != key and slots[place, 0] != EMPTY:
                place = (place + ONE) & mask
            if slots[place, 0] == EMPTY:
                if count == limit:
                    return i, count
                slots[place, 0], slots[place, 1] = key, count
                known[count] = key
                count += 1
            numbers[i] = slots[place, 1]
    return len(keys), count


_BLOCK = 256

advance = njit(cache=True, nogil=True)(_advance)
"""Decide the rows from `start` on; returns the first that is no look-up, or `stop`."""

enter = njit(cache=True, nogil=True)(_enter)
"""Number keys from `start` on (see `fsm.bulk.pairs.Enter`)."""
