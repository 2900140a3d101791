"""The inner loop without a compiler.

Theory of operation. Rows are taken in stretches. Those rows of a stretch are decided at
once of which no earlier row moves the target or the sender, or asks where the target
stands. They are left out, and the same is done again, until few rows are left or most of
them wait for one another: these are decided in turn, in plain Python. Where the cell of a
row has not come up yet, or came up in another thread just now, the stretch begins anew, and
all before it are decided in turn.
"""

import numpy as np
import numpy.typing as npt

from fsm.bulk.decide.arrays import Codes, Indexes, Mask, Numbers, Ranks, Small, States

_FIRST, _STRETCH = 2**8, 2**13
"""So many rows are in a stretch: at first few, since the cells that stop the loop come up soon after each other."""

_FEW = 64
"""So many rows are decided in turn as quickly as at once."""

_SLOTS = 2**17
"""Pairs whose numbers have the same last bits are taken for one: then a row waits in vain."""

_Rows = npt.NDArray[np.int64]


def advance(  # noqa: PLR0913, PLR0917 - the same as of the compiled loop
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    people: Numbers, bits: int, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    """Decide the rows from `start` on that have an action.

    Returns the first that is no look-up yet, or `stop`: its room has to be asked, or its cell, which is in its verdict.
    """
    slots = np.empty((2, _SLOTS), np.int64)
    size = _FIRST
    while start < stop:
        end, size = min(stop, start + size), min(size * 2, _STRETCH)
        rows = start + np.flatnonzero(actions[start:end] >= 0)
        rule = rules[rooms[rows]]
        if rule.min(initial=0) < 0:  # a room has to be asked
            known = int(np.argmax(rule < 0))
            stop = end = int(rows[known])
            rows, rule = rows[:known], rule[:known]
        # Only a room changes standings and rules, so all but the states is known beforehand.
        target, sender, other = targets[rows], senders[rows], others[rooms[rows]]
        to, by = people[target] >> bits, people[sender] >> bits
        to, by = np.where(to, to, other), np.where(by, by, other)
        code = actions[rows] * np.int32(codes) + rule + may[by] + (sender == target) * np.int32(is_self)
        for rank, weight in zip(ranks, weights, strict=True):
            code += (rank[by] > rank[to]) * weight
        stretch = _Stretch(code * np.int32(radix**2), target, sender, people, bits, cells, radix, after)
        decided = stretch.decide(slots)
        verdicts[rows] = stretch.verdicts
        if decided < len(rows):
            return int(rows[decided])
        start = end
    return stop


class _Stretch:
    """Rows that follow one another, and what they are decided by. `bases` are the first cells of what they ask."""

    def __init__(  # noqa: PLR0913, PLR0917 - as above
        self, bases: Codes, targets: Indexes, senders: Indexes,
        people: Numbers, bits: int, cells: Codes, radix: int, after: States,
    ) -> None:  # fmt: skip
        self._bases, self._targets, self._senders = bases, targets, senders
        self._people, self._mask, self._cells, self._radix, self._after = people, 2**bits - 1, cells, radix, after
        self.verdicts: Codes = np.empty(len(bases), np.int32)
        """The decisions; where one is not known, its cell."""

    def decide(self, slots: _Rows) -> int:
        """Decide the rows, and move their targets.

        Returns how many rows come before one whose cell has not come up yet, which stands in place of its decision.
        """
        everything, before = np.arange(len(self._bases)), self._people[self._targets]
        left = self._most(everything, slots)
        if left is not None and self._in_turn(left) == len(left):
            return len(everything)
        self._people[self._targets] = before
        return self._in_turn(everything)

    def _most(self, rows: _Rows, slots: _Rows) -> _Rows | None:
        """Decide as many rows as can be at once; returns the others, or None where a cell is not known."""
        while len(rows) > _FEW:
            is_free = self._is_free(rows, slots)
            if np.count_nonzero(is_free) < len(rows) / 2:
                break
            if not self._at_once(rows[is_free]):
                return None
            rows = rows[~is_free]
        return rows

    def _is_free(self, rows: _Rows, slots: _Rows) -> Mask:
        """Which rows need not wait for any that comes before them."""
        order, (moved, asked) = np.arange(len(rows)), slots
        targets, senders = self._targets[rows] % _SLOTS, self._senders[rows] % _SLOTS
        moved[senders] = asked[targets] = len(rows)
        # From back to front, so that the first is what stays.
        moved[targets[::-1]] = asked[senders[::-1]] = order[::-1]
        is_free: Mask = (moved[targets] == order) & (asked[targets] >= order) & (moved[senders] >= order)
        return is_free

    def _at_once(self, rows: _Rows) -> bool:
        """Decide rows that do not wait for each other; whether the cells of all are known."""
        targets, mask = self._targets[rows], self._mask
        before, by = self._people[targets], self._people[self._senders[rows]]
        cells = self._bases[rows] + (before & mask) * np.int32(self._radix) + (by & mask)
        decisions = self._cells[cells]
        if decisions.view(np.uint32).max() >= len(self._after):  # so is any number below 0
            return False
        self.verdicts[rows] = decisions
        self._people[targets] = before & ~before.dtype.type(mask) | self._after[decisions]
        return True

    def _in_turn(self, rows: _Rows) -> int:
        """Decide rows one after the other; returns how many come before one whose cell is not known."""
        decide, people, move, note = self._cells.data, self._people.data, self._after.data, self.verdicts.data
        mask, radix, known = self._mask, self._radix, len(move)
        asked = (self._bases[rows].tolist(), self._targets[rows].tolist(), self._senders[rows].tolist())
        for count, (row, base, target, sender) in enumerate(zip(rows.tolist(), *asked, strict=True)):
            before = people[target]
            cell = base + radix * (before & mask) + (people[sender] & mask)
            decision = decide[cell]
            if not 0 <= decision < known:
                note[row] = cell
                return count
            note[row] = decision
            people[target] = before & ~mask | move[decision]
        return len(rows)
