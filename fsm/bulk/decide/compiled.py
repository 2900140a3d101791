"""The inner loops as machine code: what `loop.advance` and `pairs.PLAIN` do, many times as quickly.

The loops are those of `fsm.bulk.decide.kernels`; here they are given arrays as other loops are.
Where one cannot be had, the plain one does its work.
"""

import numpy as np

from fsm.bulk.decide import loop
from fsm.bulk.decide.arrays import Codes, Indexes, Keys, Mask, Numbers, Places, Ranks, Small, States
from fsm.bulk.decide.machine_code import run
from fsm.bulk.decide.pairs import PLAIN, Search, Slots

_BLOCK = 1024
"""So many rows are decided together: what is known of them fits the nearest memory."""

_AHEAD = 32
"""So many rows are looked at ahead for their pairs, as many as the processor can wait for at once."""


def advance(  # noqa: PLR0913, PLR0917 - the same as of the plain loop
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    people: Numbers, bits: int, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    """Decide the rows from `start` on that have an action.

    Returns the first that is no look-up yet, or `stop`: its room has to be asked, or its cell, which is in its verdict.
    """
    done = run(
        "advance", start, stop, actions, targets, senders, rooms, verdicts, people, bits, others, rules,
        may, ranks, ranks.shape[1], weights, len(weights), is_self, cells, codes, radix, after, len(after),
        _BLOCK, *(np.empty(_BLOCK, kind) for kind in (np.uint32, np.uint32, np.int32)),
    )  # fmt: skip
    if done is not None:
        return done
    return loop.advance(
        start, stop, actions, targets, senders, rooms, verdicts, people, bits, others, rules,
        may, ranks, weights, is_self, cells, codes, radix, after,
    )  # fmt: skip


def _enter(  # noqa: PLR0913, PLR0917 - as `Enter` says
    start: int, rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots, count: int
) -> tuple[int, int]:
    counts = np.array([count])
    done = run(
        "enter", start, len(numbers), rooms, users, where, numbers, *_table(slots), slots.limit, counts, *_block()
    )
    if done is None:
        return PLAIN.enter(start, rooms, users, where, numbers, slots, count)
    return done, counts.item()


def _find(rooms: Indexes, users: Indexes, where: Mask, numbers: Indexes, slots: Slots) -> None:
    if run("find", 0, len(numbers), rooms, users, where, numbers, *_table(slots), *_block()) is None:
        PLAIN.find(rooms, users, where, numbers, slots)


def _fill(old: Slots, new: Slots) -> None:
    if run("fill", old.table, old.table.size, *_table(new)) is None:
        PLAIN.fill(old, new)


def _table(slots: Slots) -> tuple[Keys, int, int]:
    return slots.table, slots.table.size, int(slots.shift)


def _block() -> tuple[int, Keys, Places]:
    return _AHEAD, np.empty(_AHEAD, np.uint64), np.empty(_AHEAD + 1, np.uint64)


SEARCH = Search(_enter, _find, _fill)
"""How tables of pairs are gone through (see `fsm.bulk.decide.pairs`)."""
