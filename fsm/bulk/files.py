"""Backtests of files: from a path to a report, and to files that are there whole or not at all."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from fsm.bulk.backtest import Backtest, Piece, can_compile
from fsm.bulk.read import layout
from fsm.bulk.read.ahead import ahead
from fsm.bulk.read.source import History
from fsm.bulk.write.output import Output, whole
from fsm.errors import PolicyError, ReplayError, in_words
from fsm.log_reader import Tell
from fsm.policies import Rules
from fsm.shapes import Order

Progress: TypeAlias = Callable[[int, float], None]
"""Is told how many events are done, and what share of the history that is."""

FAULTS_TOLD = 20
"""Of so many rows without an event it is told what is wrong with them; the others are counted."""


@dataclass(frozen=True)
class Report:
    """What came of a backtest: the counts, what is wrong with the first rows that hold no event, the time taken."""

    counts: dict[str, Any]
    faults: Sequence[str]
    seconds: dict[str, float]

    def as_json(self) -> dict[str, Any]:
        """The whole report."""
        seconds = {work: round(seconds, 3) for work, seconds in self.seconds.items()}
        return {**self.counts, "faults": list(self.faults), "seconds": seconds}


def backtest(  # noqa: PLR0913 - what to read, what to write, and how
    path: Path,
    policy: Rules,
    against: Rules | None = None,
    *,
    output: Path | None = None,
    participation: Path | None = None,
    compiled: bool | None = None,
    order: Order | None = None,
    tell: Tell = lambda _: None,
    on_progress: Progress | None = None,
) -> Report:
    """Replay the history at `path`. Writes the verdicts beside the events, and who is where in the end, if asked.

    `compiled` chooses the inner loop: by default the compiled one, if it can be had
    and is worth it. `order` is how the events of logs stand, and `tell` is given a line on
    what was guessed about that, or is to be said about rooms. Raises OSError and
    `PolicyError`. When the history cannot be read to its end, or the results not be
    written, the error says how far the run came, and there are no files of results.
    """
    started = time.perf_counter()
    history = History(path, order=order, tell=tell)
    results = [each for each in (output, participation) if each is not None]
    _spare(history, results)
    policies = [each for each in (policy, against) if each is not None]
    faults: list[str] = []
    with _system_memory(), ahead(history.parts(policies, carry=output is not None)) as parts, ExitStack() as files:
        with _telling_where(lambda: 0, results):
            past = history.rooms_that_look_back(policies)
        run = Backtest(
            policy,
            against,
            remembering=past,
            compiled=history.is_long and can_compile() if compiled is None else compiled,
        )
        files.enter_context(_telling_where(lambda: run.events, results))
        verdicts, states = (
            None if each is None else files.enter_context(whole(each)) for each in (output, participation)
        )
        # Where there is a processor for it, a piece is numbered while the one before it is played.
        coded = files.enter_context(ahead((part, run.code(part.table)) for part in parts))
        for part, rows in coded:
            piece = run.play(rows)
            faults += faults_in(part.file, piece, run.events - len(rows))[: FAULTS_TOLD - len(faults)]
            if verdicts is not None:
                _write(run, verdicts, piece)
            if on_progress is not None:
                on_progress(run.events, part.bytes_read / history.size)
        if verdicts is not None and run.events == 0:
            _write(run, verdicts, run.add(layout.EMPTY))
        if states is not None:
            states.write(run.participation())
    for notice in run.notices:
        tell(notice)
    return Report(run.as_json(), faults, _shares(run.seconds, time.perf_counter() - started))


def _shares(seconds: Mapping[str, float], whole: float) -> dict[str, float]:
    """What each kind of work took of the whole time; of what went on beside others, what these waited for."""
    others = {work: spent for work, spent in seconds.items() if work != "coding"}
    waited = whole - sum(others.values())
    coding = min(seconds.get("coding", 0), waited)
    return {"reading": waited - coding, "coding": coding, **others}


@contextmanager
def _telling_where(events: Callable[[], int], results: Sequence[Path]) -> Iterator[None]:
    """Say of whatever stops the body how far the run came. Raises `ReplayError` and KeyboardInterrupt."""
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(stopped("interrupted", events(), results)) from None
    except PolicyError as problem:
        raise ReplayError(0, stopped(str(problem), events(), results)) from None
    except OSError as problem:
        raise ReplayError(0, stopped(in_words(problem), events(), results)) from None


@contextmanager
def _system_memory() -> Iterator[None]:
    """Let Arrow take its memory from the system's own allocator.

    Its default one gives back what a piece took before the next one asks for it, and to
    have the system clear the same memory again and again costs a fifth of a short run.
    """
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def _spare(history: History, results: Sequence[Path]) -> None:
    """Refuse to write over what is read, or one result over another. Raises `ReplayError`."""
    for path in results:
        is_read = path.exists() and any(path.samefile(file) for file in history.files)
        if is_read or history.path.resolve() in path.resolve().parents:
            raise ReplayError(0, f"{path}: is part of the history, and cannot be written to")
    if len({path.resolve() for path in results}) < len(results):
        raise ReplayError(0, f"{results[0]}: cannot hold two results")


def _write(run: Backtest, output: Output, piece: Piece) -> None:
    with run.timed("writing"):
        output.write(piece.as_table())


def faults_in(file: Path, piece: Piece, rows_before: int) -> list[str]:
    """What is wrong with rows that hold no event for one of the policies, each with its place; of the first of them."""
    found = {row: problem for verdicts in reversed(piece.verdicts) for row, problem in verdicts.faults.items()}
    faults = sorted(found.items())[:FAULTS_TOLD]
    names = [name for name in (*layout.PLACE, layout.ROW) if name in piece.table.column_names]
    rows = piece.table.select(names).take(pa.array([row for row, _ in faults], pa.int64())).to_pylist()
    return [
        f"{file}: {_place(place, rows_before + row + 1)}: {problem}"
        for place, (row, problem) in zip(rows or [{}] * len(faults), faults, strict=True)
    ]


def _place(told: Mapping[str, int | None], row: int) -> str:
    """Where an event stands: in which line of a log, else in which row."""
    if told.get(layout.LINE) is None:
        return f"row {told.get(layout.ROW, row)}"
    return (
        f"line {told[layout.LINE]}"
        if told.get(layout.EVENT) is None
        else f"line {told[layout.LINE]}, event {told[layout.EVENT]}"
    )


def stopped(problem: str, events: int, results: Sequence[Path]) -> str:
    """The problem that stopped a run, how far it came, and what is missing now."""
    missing = f", and {' and '.join(map(str, results))} not written" if results else ""
    return f"{problem}: stopped after {events} events{missing}"
