"""The inner loops as machine code: this is the only module that needs numba.

They are written for its compiler: unsigned indexes spare it the check for negative ones.
Rows are decided in blocks, one kind of work after the other: so the processor waits for the
places of many pairs at once, and no jump hangs on what it finds there.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from fsm.bulk.decide.arrays import Codes, Indexes, Keys, Mask, Numbers, Places, Ranks, Small, States
from fsm.bulk.decide.pairs import EMPTY, HALF, ONE, SPREAD, Search, Slots

_AHEAD = 32
"""So many rows are looked at ahead for their pairs, as many as the processor can wait for at once."""

_BLOCK = 1024
"""So many rows are decided together: what is known of them fits the nearest memory."""


def machine_code(loop: Callable[..., Any]) -> Any:
    """A loop, compiled when it is first called, and kept for other runs where there is a folder to keep it in."""
    try:
        return njit(cache=True, nogil=True)(loop)
    except RuntimeError:  # neither the folder of this file nor one of the user's can be written to
        return njit(nogil=True)(loop)


class _Asked(NamedTuple):
    """What the rows of a block ask: the standings of target and sender, and all else but states, as one code."""

    to: Indexes
    by: Indexes
    codes: Codes


@machine_code
def _gather(  # noqa: PLR0913, PLR0917 - the compiler takes arrays, not objects
    first: np.uint64, size: int, targets: Indexes, senders: Indexes, people: Numbers, bits: int, asked: _Asked
) -> None:
    """The standings of targets and senders. What else a pair is known by is close at hand from then on."""
    for i in range(np.uint64(size)):
        asked.to[i] = people[targets[first + i]] >> bits
        asked.by[i] = people[senders[first + i]] >> bits


@machine_code
def _code(  # noqa: PLR0913, PLR0917 - as above
    first: np.uint64, size: int, actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes,
    others: Indexes, rules: Codes, may: Codes, is_self: np.int32, codes: np.int32, asked: _Asked,
) -> int | np.int64:  # fmt: skip
    """What is asked, but for ranks and states; and the standing of others where users have none of their own.

    Returns how many rows come before one whose room has to be asked.
    """
    for i in range(np.uint64(size)):
        row = first + i
        action = actions[row]
        room = rooms[row] * np.uint32(action >= 0)  # of a row that a room judges there may not even be one
        rule, other = rules[room], others[room]
        if rule < 0 and action >= 0:
            return np.int64(i)
        asked.to[i] += (asked.to[i] == 0) * other
        asked.by[i] += (asked.by[i] == 0) * other
        asked.codes[i] = action * codes + rule + may[asked.by[i]] + (senders[row] == targets[row]) * is_self
    return size


@machine_code
def _compare(size: int, ranks: Ranks, weights: Codes, asked: _Asked) -> None:
    """What is asked of ranks."""
    for k in range(np.uint64(len(weights))):
        # Looked up by the truth value: a product with it would be made a jump that nothing foretells.
        rank, counts = ranks[k], np.array((0, weights[k]), np.int32)
        for i in range(np.uint64(size)):
            asked.codes[i] += counts[np.uint8(rank[asked.by[i]] > rank[asked.to[i]])]


@machine_code
def _decide(  # noqa: PLR0913, PLR0917 - as above
    first: np.uint64, size: int, actions: Small, targets: Indexes, senders: Indexes, verdicts: Codes,
    people: Numbers, mask: np.uint32, asked: _Asked, cells: Codes, radix: np.int32, after: States,
) -> int | np.int64:  # fmt: skip
    """Row after row: the states come in, the decision comes out, and the target moves.

    Returns how many rows come before one whose cell has not come up yet.
    """
    for i in range(np.uint64(size)):
        row = first + i
        if actions[row] < 0:
            continue
        target, sender = people[targets[row]], people[senders[row]]
        cell = (asked.codes[i] * radix + np.int32(target & mask)) * radix + np.int32(sender & mask)
        decision = cells[np.uint32(cell)]
        if decision < 0:
            verdicts[row] = cell
            return np.int64(i)
        verdicts[row] = decision
        people[targets[row]] = target & ~mask | after[np.uint32(decision)]
    return size


def _advance(  # noqa: PLR0913, PLR0917 - as above
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    people: Numbers, bits: int, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    asked = _Asked(np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.uint32), np.empty(_BLOCK, np.int32))
    own, many, base, mask = np.int32(is_self), np.int32(codes), np.int32(radix), np.uint32(2**bits - 1)
    while start < stop:
        first, size = np.uint64(start), min(_BLOCK, stop - start)
        _gather(first, size, targets, senders, people, bits, asked)
        known = _code(first, size, actions, targets, senders, rooms, others, rules, may, own, many, asked)
        _compare(known, ranks, weights, asked)
        done = _decide(first, known, actions, targets, senders, verdicts, people, mask, asked, cells, base, after)
        start += done
        if done < size:
            return start
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
        touched |= slots.keys[place] | slots.numbers[place]
    places[_AHEAD] = touched  # nobody asks for it, but else the compiler would leave the looks out


def _enter(  # noqa: PLR0913, PLR0917 - as above
    start: int, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots, count: int
) -> tuple[int, int]:
    keys, known, mask = slots.keys, slots.numbers, np.uint64(len(slots.keys) - 1)
    wanted, places = np.empty(_AHEAD, np.uint64), np.empty(_AHEAD + 1, np.uint64)
    for first in range(start, len(numbers), _AHEAD):
        size = min(_AHEAD, len(numbers) - first)
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
    wanted, places = np.empty(_AHEAD, np.uint64), np.empty(_AHEAD + 1, np.uint64)
    for first in range(0, len(numbers), _AHEAD):
        size = min(_AHEAD, len(numbers) - first)
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
