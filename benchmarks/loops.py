"""What the inner loop of columnar replay costs, on integer codes.

The loop is measured on the rows of a history as `fsm synth` makes it,
coded before, and on pairs at random, which is the worst for the caches.
"""

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.clock import least
from fsm.bulk.arrays import Codes, Small
from fsm.bulk.coding import Coded, Coder
from fsm.bulk.pairs import NOBODY
from fsm.bulk.run import Run
from fsm.mimi.policies import MIMI

ROUNDS = 5
HALF = 0.5
PIECE = 2**20


def loops(table: pa.Table, *, compiled: bool) -> Iterator[tuple[str, float, int]]:
    """What the loop takes, and for how many events: the coded changes of the history, and pairs at random."""
    name = "compiled" if compiled else "plain"
    run, changes, actions = coded(table, compiled=compiled)
    yield f"{name} loop, the history's changes", _seconds(run, changes, actions), len(actions)
    random, pairs = np.random.default_rng(0), len(run.states())
    targets, others = random.integers(NOBODY + 1, pairs, (2, len(actions)), dtype=np.uint32)
    mixed = replace(changes, targets=targets, senders=np.where(random.random(len(actions)) < HALF, targets, others))
    yield f"{name} loop, {pairs:,} pairs at random", _seconds(run, mixed, actions), len(actions)


def coded(table: pa.Table, *, compiled: bool) -> tuple[Run, Coded, Small]:
    """A run at the end of the history, and all changes in it as numbers."""
    coder = Coder(compiled=compiled)
    run = Run(MIMI, coder, compiled=compiled)
    names = ("rooms", "targets", "senders", "actions")
    columns: dict[str, list[Any]] = {name: [] for name in ("plain", *names)}
    for start in range(0, len(table), PIECE):
        piece = coder.code(table.slice(start, PIECE))
        run.play(piece)
        plain = run.actions(piece)
        columns["plain"].append(plain[plain >= 0])
        for name in names:
            columns[name].append(getattr(piece, name)[plain >= 0])
    whole = {name: np.concatenate(pieces) for name, pieces in columns.items()}
    plain = whole.pop("plain")
    untyped = np.empty(0, np.uint32), np.empty(0, np.int32)
    return run, Coded(table=None, users=(whole["rooms"],) * 2, typed=untyped, **whole), plain


def _seconds(run: Run, changes: Coded, actions: Small) -> float:
    def once() -> float:
        started = time.process_time()
        advance(run, changes, actions)
        return time.process_time() - started

    (taken,) = least([once], ROUNDS)
    return taken


def advance(run: Run, changes: Coded, actions: Small) -> None:
    verdicts: Codes = np.empty(len(actions), np.int32)
    start = 0
    while (start := run.advance(start, len(actions), changes, actions, verdicts)) < len(actions):
        run.learn(start, verdicts)
