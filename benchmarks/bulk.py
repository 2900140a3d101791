"""What a whole history costs: `python -m benchmarks.bulk`.

One processor does all the work, and its time is what counts: other programs that want
it too do not. The history is made up by `fsm synth` first. The inner loop is measured
on the rows of that history, coded before, and on pairs at random, which is the worst
for the caches; then the whole way from a file.
"""

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from fsm.bulk import files
from fsm.bulk.arrays import Codes, Small
from fsm.bulk.coding import Coded, Coder
from fsm.bulk.run import Run
from fsm.bulk.synth import synthesise
from fsm.mimi.policies import MIMI, MIMI_01

ROUNDS = 5
HALF = 0.5
PIECE = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10**7)
    parser.add_argument("--rooms", type=int, default=10**4)
    parser.add_argument("--users", type=int, default=10**5)
    size = parser.parse_args()
    with one_processor(), tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.parquet"
        report("fsm synth", write(path, size), size.events)
        table = pq.read_table(path, read_dictionary=["room_id", "sender", "target", "action", "type"])
        for compiled in (True, False):
            loop(table if compiled else table.slice(0, size.events // 5), compiled=compiled)
        way(path)
        way(path, MIMI_01)
        way(path, output=Path(folder) / "verdicts.parquet")
        way(path, compiled=False)


@contextmanager
def one_processor() -> Iterator[None]:
    """Everything on one processor."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    yield


def write(path: Path, size: Any) -> float:
    started = time.process_time()
    pieces = synthesise(MIMI, events=size.events, rooms=size.rooms, users=size.users)
    first = next(pieces)
    with pq.ParquetWriter(path, first.schema) as writer:
        writer.write_table(first)
        for piece in pieces:
            writer.write_table(piece)
    return time.process_time() - started


def loop(table: pa.Table, *, compiled: bool) -> None:
    """The inner loop alone."""
    for name, seconds, events in loops(table, compiled=compiled):
        report(name, seconds, events)


def loops(table: pa.Table, *, compiled: bool) -> Iterator[tuple[str, float, int]]:
    """What the loop takes, and for how many events: the coded changes of the history, and pairs at random."""
    name = "compiled" if compiled else "plain"
    run, changes, actions = coded(table, compiled=compiled)
    yield f"{name} loop, the history's changes", best(lambda: advance(run, changes, actions)), len(actions)
    random, pairs = np.random.default_rng(0), len(run.states())
    targets, others = random.integers(0, pairs, (2, len(actions)), dtype=np.uint32)
    mixed = replace(changes, targets=targets, senders=np.where(random.random(len(actions)) < HALF, targets, others))
    yield f"{name} loop, {pairs:,} pairs at random", best(lambda: advance(run, mixed, actions)), len(actions)


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


def advance(run: Run, changes: Coded, actions: Small) -> None:
    verdicts: Codes = np.empty(len(actions), np.int32)
    start = 0
    while (start := run.advance(start, len(actions), changes, actions, verdicts)) < len(actions):
        run.learn(start, changes, actions)


def way(path: Path, against: Any = None, **options: Any) -> None:
    """All the way from a file to a report."""
    started = time.process_time()
    seen = files.backtest(path, MIMI, against, **{"compiled": True, **options})
    took = time.process_time() - started
    what = "".join([
        "" if options.get("compiled", True) else ", plain", ", two policies" if against else "",
        ", verdicts written" if "output" in options else "",
    ])  # fmt: skip
    shares = ", ".join(f"{work} {spent / sum(seen.seconds.values()):.0%}" for work, spent in seen.seconds.items())
    report(f"from Parquet{what}", took, seen.counts["summary"]["events"], shares)


def best(work: Callable[[], None]) -> float:
    times = []
    for _ in range(ROUNDS):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def report(what: str, seconds: float, events: int, more: str = "") -> None:
    print(f"{what:<44}{events / seconds / 1e6:>9.1f} million events/s   {more}".rstrip(), flush=True)


if __name__ == "__main__":
    main()
