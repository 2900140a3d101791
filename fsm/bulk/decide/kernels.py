"""The inner loops, for a compiler: this is the only module that needs numba.

`fsm.bulk.decide.compiled` says what they are for, and how they are called. Arrays come as
bare addresses, which is how machine code that stands alone has them: a loop is told how
long they are, takes no memory, and cannot fail. Rows are decided in blocks, one kind of
work after the other: so the processor waits for the places of many pairs at once, and no
jump hangs on what it finds there.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numba import cfunc, from_dtype, njit, types

from fsm.bulk.decide.arrays import Codes, Counts, Indexes, Keys, Mask, Numbers, Places, Ranks, Small, States
from fsm.bulk.decide.pairs import EMPTY, HALF, NONE, ONE, SPREAD, TWO

_part: Callable[[Callable[..., Any]], Any] = njit(inline="always")
"""Makes a function part of each loop that calls it: the compiler puts it there whole."""


@_part
def _gather(  # noqa: PLR0913, PLR0917 - the compiler takes arrays, not objects
    first: int, size: int, targets: Indexes, senders: Indexes, people: Numbers, bits: int, to: Indexes, by: Indexes
) -> None:
    """The standings of targets and senders. What else a pair is known by is close at hand from then on."""
    for i in range(size):
        to[i] = people[targets[first + i]] >> bits
        by[i] = people[senders[first + i]] >> bits


@_part
def _code(  # noqa: PLR0913, PLR0917 - as above
    first: int, size: int, actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes,
    others: Indexes, rules: Codes, may: Codes, is_self: np.int32, codes: np.int32,
    to: Indexes, by: Indexes, asked: Codes,
) -> int:  # fmt: skip
    """What is asked, but for ranks and states; and the standing of others where users have none of their own.

    Returns how many rows come before one whose room has to be asked.
    """
    for i in range(size):
        row = first + i
        action = actions[row]
        room = rooms[row] * np.uint32(action >= 0)  # of a row that a room judges there may not even be one
        rule, other = rules[room], others[room]
        if rule < 0 and action >= 0:
            return i
        to[i] += (to[i] == 0) * other
        by[i] += (by[i] == 0) * other
        asked[i] = action * codes + rule + may[by[i]] + (senders[row] == targets[row]) * is_self
    return size


@_part
def _compare(  # noqa: PLR0913, PLR0917 - as above
    size: int, ranks: Ranks, width: int, weights: Codes, count: int, to: Indexes, by: Indexes, asked: Codes
) -> None:
    """What is asked of ranks."""
    for k in range(count):
        rank, weight = k * width, np.uint64(weights[k]) << HALF
        for i in range(size):
            # Shifted by the truth value: a product with it would be made a jump that nothing foretells.
            asked[i] += np.int32(weight >> (HALF if ranks[rank + by[i]] > ranks[rank + to[i]] else NONE))


@_part
def _decide(  # noqa: PLR0913, PLR0917 - as above
    first: int, size: int, actions: Small, targets: Indexes, senders: Indexes, verdicts: Codes,
    people: Numbers, mask: np.uint32, asked: Codes, cells: Codes, radix: np.int32, after: States, known: np.uint32,
) -> int:  # fmt: skip
    """Row after row: the states come in, the decision comes out, and the target moves.

    Returns how many rows come before one whose cell has not come up yet, or came up in another thread just now.
    """
    for i in range(size):
        row = first + i
        if actions[row] < 0:
            continue
        target, sender = people[targets[row]], people[senders[row]]
        cell = (asked[i] * radix + np.int32(target & mask)) * radix + np.int32(sender & mask)
        decision = cells[np.uint32(cell)]
        if np.uint32(decision) >= known:  # so is any number below 0
            verdicts[row] = cell
            return i
        verdicts[row] = decision
        people[targets[row]] = target & ~mask | after[np.uint32(decision)]
    return size


def advance(  # noqa: PLR0913, PLR0917 - as above
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    people: Numbers, bits: int, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, width: int, weights: Codes, count: int, is_self: int,
    cells: Codes, codes: int, radix: int, after: States, decisions: int,
    block: int, to: Indexes, by: Indexes, asked: Codes,
) -> int:  # fmt: skip
    """Decide rows. The last three arrays are for what is asked in a block: standings, and all else but states."""
    own, many, base, mask = np.int32(is_self), np.int32(codes), np.int32(radix), np.uint32((1 << bits) - 1)
    limit = np.uint32(decisions)
    while start < stop:
        size = min(block, stop - start)
        _gather(start, size, targets, senders, people, bits, to, by)
        known = _code(start, size, actions, targets, senders, rooms, others, rules, may, own, many, to, by, asked)
        _compare(known, ranks, width, weights, count, to, by, asked)
        done = _decide(
            start, known, actions, targets, senders, verdicts, people, mask, asked, cells, base, after, limit
        )
        start += done
        if done < size:
            return start
    return stop


@_part
def _look_ahead(  # noqa: PLR0913, PLR0917 - as above
    first: int, size: int, rooms: Indexes, users: Indexes, where: Mask,
    table: Keys, shift: np.uint64, wanted: Keys, places: Places,
) -> None:  # fmt: skip
    """Where to look first for the pairs of a block, each of which has to wait for the memory: here all wait at once."""
    touched = EMPTY
    for i in range(size):
        wanted[i] = key = (np.uint64(rooms[first + i]) << HALF | np.uint64(users[first + i])) + ONE
        # Rows that are not wanted all look at the same slot, which costs nothing.
        places[i] = place = (key * SPREAD >> shift << ONE) * np.uint64(where[first + i])
        touched |= table[place]
    places[size] = touched  # nobody asks for it, but else the compiler would leave the looks out


def enter(  # noqa: PLR0913, PLR0917 - as above
    start: int, stop: int, rooms: Indexes, users: Indexes, where: Mask, found: Indexes,
    table: Keys, size: int, shift: int, limit: int, counts: Counts, block: int, wanted: Keys, places: Places,
) -> int:  # fmt: skip
    """Number pairs. `counts` holds how many there are; the last two arrays are for a block, and one place more."""
    count, last, far = counts[0], np.uint64(size - 1), np.uint64(shift)
    while start < stop:
        many = min(block, stop - start)
        _look_ahead(start, many, rooms, users, where, table, far, wanted, places)
        for i in range(many):
            if not where[start + i]:
                continue
            key, place = wanted[i], places[i]
            while table[place] != key and table[place] != EMPTY:
                place = (place + TWO) & last
            if table[place] == EMPTY:
                if count == limit:
                    counts[0] = count
                    return start + i
                table[place], table[place + ONE] = key, count
                count += 1
            found[start + i] = table[place + ONE]
        start += many
    counts[0] = count
    return stop


def find(  # noqa: PLR0913, PLR0917 - as above
    start: int, stop: int, rooms: Indexes, users: Indexes, where: Mask, found: Indexes,
    table: Keys, size: int, shift: int, block: int, wanted: Keys, places: Places,
) -> int:  # fmt: skip
    """Look for pairs."""
    last, far = np.uint64(size - 1), np.uint64(shift)
    while start < stop:
        many = min(block, stop - start)
        _look_ahead(start, many, rooms, users, where, table, far, wanted, places)
        for i in range(many):
            if where[start + i]:
                key, place = wanted[i], places[i]
                while table[place] != key and table[place] != EMPTY:
                    place = (place + TWO) & last
                found[start + i] = table[place + ONE]
        start += many
    return stop


def fill(old: Keys, old_size: int, new: Keys, size: int, shift: int) -> int:
    """Enter what one table holds into another."""
    last, far = np.uint64(size - 1), np.uint64(shift)
    for slot in range(0, old_size, 2):
        key = old[slot]
        if key != EMPTY:
            place = key * SPREAD >> far << ONE
            while new[place] != EMPTY:
                place = (place + TWO) & last
            new[place], new[place + ONE] = key, old[slot + 1]
    return old_size


_LOOPS: Mapping[str, Callable[..., int]] = {loop.__name__: loop for loop in (advance, enter, find, fill)}


def compiled(name: str, kinds: Sequence[str]) -> Any:
    """A loop as numba has it, which takes addresses and whole numbers, and returns one.

    `kinds` are those of its arguments: the type of an array's items, or nothing for a number.
    """
    signature = types.int64(*(types.CPointer(from_dtype(np.dtype(kind))) if kind else types.int64 for kind in kinds))
    return cfunc(signature, error_model="numpy")(_LOOPS[name])
