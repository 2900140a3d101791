"""How columnar replay grows: `python -m benchmarks.logs EVENTS` prints seconds and memory.

Without a number of events, it prints what the inner loop alone takes (see `benchmarks.loops`).

Events are made by `fsm synth` in pieces and replayed as they come; only the replay is
timed. The longest logs are many times the same million, each time in rooms of other
names: to make them up takes far longer than to replay them.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from benchmarks import loops
from benchmarks.clock import in_fresh_process, sized
from benchmarks.processor import one_processor
from fsm import MIMI
from fsm.bulk.backtest import Backtest, can_compile
from fsm.bulk.read import layout
from fsm.bulk.write.synth import synthesise

EVENTS = tuple(map(sized, (10_000, 100_000, 1_000_000, 10_000_000, 100_000_000)))
LONGEST = sized(1_000_000)
_CODED = sized(3_000_000), sized(3_000), sized(30_000)
_KIB = 1024


@dataclass(frozen=True)
class Log:
    """What a log of so many events takes: processor seconds for its replay, and bytes of memory in all."""

    events: int
    seconds: float
    peak: int


def by_events() -> list[Log]:
    """Logs of all lengths, each in a process of its own."""
    return [Log(**in_fresh_process("logs", events)) for events in EVENTS]


@dataclass(frozen=True)
class Rate:
    """How many events of integer codes the inner loop decides in a second, on one processor."""

    name: str
    events: float


def by_loop() -> list[Rate]:
    """The inner loop, compiled and plain."""
    return [Rate(**rate) for rate in in_fresh_process("logs")]


def _loops() -> list[dict[str, Any]]:
    with one_processor():
        table = pa.concat_tables(_history(*_CODED))
        taken = [
            *loops.loops(table, compiled=True),
            loops.wide(),
            *loops.loops(table.slice(0, len(table) // 5), compiled=False),
        ]
        return [{"name": name, "events": events / seconds} for name, seconds, events in taken]


def _history(events: int, rooms: int, users: int) -> list[pa.Table]:
    return list(synthesise(MIMI, events=events, rooms=rooms, users=users))


def _again(pieces: list[pa.Table], times: int) -> Iterator[pa.Table]:
    """The pieces many times over, each time with other rooms."""
    for number in range(times):
        for piece in pieces:
            rooms = piece[layout.ROOM].combine_chunks()
            names = [f"{name}.{number}" for name in rooms.dictionary.to_pylist()]
            renamed = pa.DictionaryArray.from_arrays(rooms.indices, pa.array(names))
            yield piece.set_column(piece.column_names.index(layout.ROOM), layout.ROOM, renamed)


def main() -> None:
    """Measure one log, or the loop."""
    if len(sys.argv) == 1:
        print(json.dumps(_loops()))
        return
    events = int(sys.argv[1])
    compiled = can_compile()
    Backtest(MIMI, compiled=compiled).add(_history(1_000, 10, 100)[0])  # the compiler's time is no part of it
    made = min(events, LONGEST)
    pieces = _history(made, max(made // 1_000, 1), max(made // 100, 100))
    seconds, backtest = 0.0, Backtest(MIMI, compiled=compiled)
    for piece in _again(pieces, events // made):
        started = time.process_time()
        backtest.add(piece)
        seconds += time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB
    print(json.dumps({"events": backtest.events, "seconds": seconds, "peak": peak}))


if __name__ == "__main__":
    main()
