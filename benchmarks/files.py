"""What a history in a Parquet file takes: `python -m benchmarks.files` prints it for several, as JSON.

Each file has ten million events of 10,000 rooms and 100,000 users, as words of dictionaries,
and is gone through from its first byte to the counted verdicts, on one processor. To load
what the compiler has made is told apart: it takes as long for any history.
"""

import json
import os
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.clock import QUICK, in_fresh_process, sized
from benchmarks.processor import one_processor
from fsm.bulk import files
from fsm.bulk.read import layout
from fsm.bulk.write.output import whole
from fsm.bulk.write.synth import synthesise
from fsm.mimi.policies import MIMI, MIMI_01
from fsm.mimi.settings import CREATE

EVENTS, ROOMS, USERS = sized(10**7), sized(10**4), sized(10**5)
LEAST = 5
ROUNDS = 1 if QUICK in os.environ else 5
REGULARS = 200
"""The users of each room, where they are the same throughout."""

_HALF = 0.5


@dataclass(frozen=True)
class Way:
    """What one file takes: its events, processor seconds, and the share of each kind of work in them."""

    name: str
    events: int
    seconds: float
    shares: dict[str, float]
    least: int | None
    """How many million events a second it must be at least, where anything is asked for."""

    @property
    def rate(self) -> float:
        """Events in a second."""
        return self.events / self.seconds


def by_file() -> tuple[float, list[Way]]:
    """The seconds to load the compiled loops, and all ways, in a process of its own."""
    measured = in_fresh_process("files")
    return measured["starting"], [Way(**way) for way in measured["ways"]]


def _ways(folder: Path) -> Iterator[Way]:
    synth = history(folder / "synth.parquet")
    yield _way("as `fsm synth` makes it", synth, least=LEAST)
    yield _way("the same, two policies", synth, MIMI_01)
    yield _way("the same, verdicts written", synth, rounds=1, output=folder / "verdicts.parquet")
    yield _way("the same, the plain loop", synth, rounds=1, compiled=False)
    for name, spread in ((f"changes by the {REGULARS} regulars of a room", REGULARS), ("changes by anybody", USERS)):
        path = folder / f"{spread}.parquet"
        pq.write_table(_changes(spread), path)
        yield _way(name, path, least=LEAST)
        path.unlink()


def history(path: Path, part: int = 1) -> Path:
    """Write the log that `fsm synth` makes, or one of a part of the events, the rooms and the users."""
    with whole(path) as output:
        for piece in synthesise(MIMI, events=EVENTS // part, rooms=max(ROOMS // part, 1), users=max(USERS // part, 2)):
            output.write(piece)
    return path


def _changes(spread: int) -> pa.Table:
    """Each room's creation, then changes at random: half of them of oneself, by so many users of each room.

    What comes before the creation of its room is not judged, and is no look-up.
    """
    random = np.random.default_rng(0)
    rooms = random.integers(ROOMS, size=EVENTS)
    targets, others = ((rooms * 7919 + random.integers(spread, size=EVENTS) * 31) % USERS for _ in range(2))
    actions = [action.value for action in MIMI.triggers]
    room_ids, user_ids = [f"!r{room}:h{room % 89}.example" for room in range(ROOMS)], _user_ids()
    columns = {
        layout.ROOM: (rooms, room_ids),
        layout.SENDER: (np.where(random.random(EVENTS) < _HALF, targets, others), user_ids),
        layout.TARGET: (targets, user_ids),
        layout.ACTION: (random.integers(len(actions), size=EVENTS), actions),
    }
    each, once = np.arange(ROOMS), np.zeros(ROOMS, np.int64)
    creations = {
        layout.ROOM: (each, room_ids),
        layout.SENDER: (each * 7919 % USERS, user_ids),
        layout.TYPE: (once, [CREATE]),
        layout.STATE_KEY: (once, [""]),
        layout.CONTENT: (once, ["{}"]),
    }
    tables = (pa.table({name: _words(*column) for name, column in part.items()}) for part in (creations, columns))
    return pa.concat_tables(tables, promote_options="default")


def _user_ids() -> list[str]:
    return [f"@u{user}:h{user % 97}.example" for user in range(USERS)]


def _words(numbers: npt.NDArray[np.int64], words: list[str]) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(numbers.astype(np.int32)), pa.array(words))


def _way(
    name: str, path: Path, against: Any = None, *, rounds: int = ROUNDS, least: int | None = None, **options: Any
) -> Way:
    """The least that a file takes."""
    taken = []
    for _ in range(rounds):
        started = time.process_time()
        report = files.backtest(path, MIMI, against, **{"compiled": True, **options})
        taken.append((time.process_time() - started, report))
    seconds, report = min(taken, key=lambda each: each[0])
    whole_time = sum(report.seconds.values())
    shares = {work: spent / whole_time for work, spent in report.seconds.items()}
    return Way(name, report.counts["summary"]["events"], seconds, shares, least)


def _starting(path: Path) -> float:
    """The seconds by which the first use of the compiled loops takes longer than the second."""
    taken = []
    for _ in range(2):
        started = time.process_time()
        files.backtest(path, MIMI, compiled=True)
        taken.append(time.process_time() - started)
    return taken[0] - taken[1]


def main() -> None:
    """Measure, and print."""
    with one_processor(), tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        starting = _starting(history(folder / "small.parquet", 1_000))
        print(json.dumps({"starting": starting, "ways": [asdict(way) for way in _ways(folder)]}))


if __name__ == "__main__":
    main()
