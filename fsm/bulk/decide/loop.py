"""The inner loop without a compiler: what can be done for many rows at once is, the rest is plain Python."""

import numpy as np

from fsm.bulk.decide.arrays import Codes, Indexes, Narrow, Ranks, Small, States

_STRETCH = 2**16


def advance(  # noqa: PLR0913, PLR0917 - the same as of the compiled loop
    start: int, stop: int,
    actions: Small, targets: Indexes, senders: Indexes, rooms: Indexes, verdicts: Codes,
    states: States, standings: Narrow, others: Indexes, rules: Codes,
    may: Codes, ranks: Ranks, weights: Codes, is_self: int, cells: Codes, codes: int, radix: int, after: States,
) -> int:  # fmt: skip
    """Decide the rows from `start` on that have an action.

    Returns the first that is no look-up yet, or `stop`: its room has to be asked, or its cell, which is in its verdict.
    """
    decide, stand, move = cells.data, states.data, after.data
    while start < stop:
        end = min(stop, start + _STRETCH)
        rows = start + np.flatnonzero(actions[start:end] >= 0)
        # Only a room changes standings and rules, so all but the states is known beforehand.
        to, by = standings[targets[rows]], standings[senders[rows]]
        rule, other = rules[rooms[rows]], others[rooms[rows]]
        to, by = np.where(to, to, other), np.where(by, by, other)
        code = rule + may[by] + (senders[rows] == targets[rows]) * is_self
        for rank, weight in zip(ranks, weights, strict=True):
            code += (rank[by] > rank[to]) * weight
        bases = (actions[rows].astype(code.dtype) * codes + code) * radix**2
        bases[rule < 0] = -1
        decisions: list[int] = []
        note = decisions.append
        for base, target, sender in zip(bases.tolist(), targets[rows].tolist(), senders[rows].tolist(), strict=True):
            cell = base + radix * stand[target] + stand[sender]
            decision = decide[cell] if base >= 0 else -1
            if decision < 0:
                break
            note(decision)
            stand[target] = move[decision]
        verdicts[rows[: len(decisions)]] = decisions
        if len(decisions) < len(rows):
            row = int(rows[len(decisions)])
            verdicts[row] = cell
            return row
        start = end
    return stop
