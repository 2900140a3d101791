"""How time is taken: of the processor, the least and the median of several rounds.

Other programs that want the machine too lengthen what a clock on the wall shows, and
hardly touch the time that the processor spends on us. The least of many rounds is what
the work takes; the median is what a host sees.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, BinaryIO, Self, TypeAlias

ROOT = Path(__file__).parent.parent

Loop: TypeAlias = Callable[[Sequence[Any]], object]
"""Goes through all events once."""

QUICK = "FSM_BENCH_QUICK"
"""The variable by which fresh processes know that this run is a trial (`python -m benchmarks --quick`)."""


def sized(number: int) -> int:
    """So many events, rooms or users; in a trial, which only shows that everything runs, a hundredth of that."""
    return max(number // 100, 10) if QUICK in os.environ else number


_UNUSUAL = {"PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in _UNUSUAL}
"""What fresh processes run with: modules are compiled once, as where they are installed, and output goes in blocks.

The first release, which is run by itself (`python -I`), takes neither variable into account.
"""


@dataclass(frozen=True)
class Timing:
    """Seconds, over several rounds."""

    least: float
    median: float

    @classmethod
    def of(cls, rounds: Sequence[float]) -> Self:
        """Sum up rounds."""
        return cls(min(rounds), median(rounds))


@dataclass(frozen=True)
class Stream:
    """Events as JSON lines, and what goes through them.

    The lines are parsed anew for every round, so that no hash of a text is known yet.
    `start` makes the loop for a round, such as a new room to send to; neither counts.
    """

    start: Callable[[], Loop]
    lines: Sequence[str]

    def round(self) -> float:
        """Seconds of the processor for one event, in one round."""
        loop, events = self.start(), [json.loads(line) for line in self.lines]
        started = time.process_time()
        loop(events)
        return (time.process_time() - started) / len(events)


def seconds_each(ask: Callable[[Any], object], questions: Sequence[Any]) -> float:
    """Seconds for one question, asked once each."""
    started = time.process_time()
    for question in questions:
        ask(question)
    return (time.process_time() - started) / len(questions)


def timings(works: Iterable[Callable[[], float]], rounds: int) -> list[Timing]:
    """What each work takes, all of them in turn in every round."""
    works, rounds = list(works), 1 if QUICK in os.environ else rounds
    return [Timing.of(times) for times in zip(*([work() for work in works] for _ in range(rounds)), strict=True)]


def least(works: Iterable[Callable[[], float]], rounds: int) -> list[float]:
    """The least that each work takes, all of them in turn in every round."""
    return [timing.least for timing in timings(works, rounds)]


def in_fresh_process(module: str, *arguments: object) -> Any:
    """What a module of this folder prints as JSON when it is run on its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    return json.loads(done.stdout)


@dataclass(frozen=True)
class Ran:
    """A program that has ended: seconds of the processor, with all processes that it started, and on the wall."""

    processor: float
    wall: float
    status: int


def run(
    command: Sequence[str | Path],
    *,
    source: Path | None = None,
    output: BinaryIO | None = None,
    cores: int | None = None,
    environment: Mapping[str, str] = ENVIRONMENT,
) -> Ran:
    """Run a program to its end, on so many processors at most."""
    processors = os.sched_getaffinity(0)
    allowed = set(sorted(processors)[-cores:]) if cores else processors
    with (source or Path(os.devnull)).open("rb") as given:
        started = time.perf_counter()
        os.sched_setaffinity(0, allowed)  # which the child inherits
        try:
            child = subprocess.Popen(  # noqa: S603 - our own
                command, stdin=given, stdout=output or subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment
            )
        finally:
            os.sched_setaffinity(0, processors)
        _, status, used = os.wait4(child.pid, 0)
        wall = time.perf_counter() - started
    child.returncode = os.waitstatus_to_exitcode(status)
    return Ran(used.ru_utime + used.ru_stime, wall, child.returncode)
