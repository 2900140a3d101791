"""What the inner loop of columnar replay costs, on integer codes.

The loop is measured on the rows of a history as `fsm synth` makes it,
coded before, and on pairs at random, which is the worst for the caches: on those of the
history, and on so many that no cache holds them.
"""

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from benchmarks.clock import least
from fsm.bulk.decide.arrays import Codes, Small
from fsm.bulk.decide.coding import Coded, Coder, Known
from fsm.bulk.decide.pairs import NOBODY
from fsm.bulk.decide.run import Run
from fsm.bulk.read import layout
from fsm.mimi.policies import MIMI
from fsm.mimi.settings import CREATE

ROUNDS = 5
HALF = 0.5
PIECE = 2**20


_ROOMS = 4_000
MANY = _ROOMS**2
"""So many pairs are more than any cache holds."""
WIDE = f"compiled loop, {MANY:,} pairs at random"

_CHANGES = 3_000_000


def loops(table: pa.Table, *, compiled: bool) -> Iterator[tuple[str, float, int]]:
    """What the loop takes, and for how many events: the coded changes of the history, and pairs at random."""
    name = "compiled" if compiled else "plain"
    run, changes, actions = coded(_pieces(table), compiled=compiled)
    yield f"{name} loop, the history's changes", _seconds(run, changes, actions), len(actions)
    yield f"{name} loop, {len(run.states()):,} pairs at random", _at_random(run, changes, actions), len(actions)


def wide() -> tuple[str, float, int]:
    """The compiled loop where everybody of 4,000 users has come up in every one of 4,000 rooms."""
    run, changes, actions = coded(_everybody(), compiled=True, most=_CHANGES // PIECE)
    return WIDE, _at_random(run, changes, actions), len(actions)


def coded(pieces: Iterable[pa.Table], *, compiled: bool, most: int | None = None) -> tuple[Run, Coded, Small]:
    """A run at the end of these pieces of a history, and all changes in the last so many of them as numbers."""
    coder = Coder(compiled=compiled)
    run = Run(MIMI, coder, compiled=compiled)
    names = ("rooms", "targets", "senders", "actions")
    kept: deque[dict[str, Any]] = deque(maxlen=most)
    for table in pieces:
        piece = coder.code(table)
        run.play(piece)
        plain = run.actions(piece)
        columns = {"plain": plain, **{name: getattr(piece, name) for name in names}}
        kept.append({name: column[plain >= 0] for name, column in columns.items()})
    whole = {name: np.concatenate([columns[name] for columns in kept]) for name in ("plain", *names)}
    plain = whole.pop("plain")
    untyped = np.empty(0, np.uint32), np.empty(0, np.int32)
    return run, Coded(table=None, users=(whole["rooms"],) * 2, typed=untyped, known=Known(), **whole), plain


def _pieces(table: pa.Table) -> Iterator[pa.Table]:
    for start in range(0, len(table), PIECE):
        yield table.slice(start, PIECE)


def _everybody() -> Iterator[pa.Table]:
    """Every room is created, then every user asks to join it: before its creation, no change is a look-up."""
    rooms = pa.array([f"!r{room}:hub.example" for room in range(_ROOMS)])
    users = pa.array([f"@u{user}:hub.example" for user in range(MANY // _ROOMS)])
    told = {layout.SENDER: str(users[0]), layout.TYPE: CREATE, layout.STATE_KEY: "", layout.CONTENT: "{}"}
    nothing = dict.fromkeys((layout.TARGET, layout.ACTION), pa.nulls(_ROOMS, pa.string()))
    yield pa.table({layout.ROOM: rooms, **nothing, **{name: pa.array([word] * _ROOMS) for name, word in told.items()}})
    for start in range(0, MANY, PIECE):
        pairs = np.arange(start, min(start + PIECE, MANY))
        user = pa.DictionaryArray.from_arrays(pa.array((pairs // _ROOMS).astype(np.int32)), users)
        room = pa.DictionaryArray.from_arrays(pa.array((pairs % _ROOMS).astype(np.int32)), rooms)
        action = pa.DictionaryArray.from_arrays(pa.array(np.zeros(len(pairs), np.int32)), pa.array(["join"]))
        yield pa.table({layout.ROOM: room, layout.SENDER: user, layout.TARGET: user, layout.ACTION: action})


def _at_random(run: Run, changes: Coded, actions: Small) -> float:
    random, pairs = np.random.default_rng(0), len(run.states())
    targets, others = random.integers(NOBODY + 1, pairs, (2, len(actions)), dtype=np.uint32)
    mixed = replace(changes, targets=targets, senders=np.where(random.random(len(actions)) < HALF, targets, others))
    return _seconds(run, mixed, actions)


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
