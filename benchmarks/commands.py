"""What commands take, from their start to their end, beside the same commands of the first release.

The seconds are those of the processor, of the command and all that it starts; of what
runs on two processors, those on the wall. What two releases answer is compared before
their times count.
"""

import json
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from benchmarks.clock import ENVIRONMENT, QUICK, Ran, Timing, run, sized
from benchmarks.peer import WrongVerdictsError
from benchmarks.reference import NoReferenceError, interpreter
from benchmarks.workload import LOG
from benchmarks.works import changes, matrix_state, mimi_state
from fsm.atomic import writing

QUESTIONS = sized(5_000)
LINES_EVENTS, PARQUET_EVENTS = sized(300_000), sized(5_000_000)
COPIES = 10
"""So many times the day is replayed, each time in rooms of other names."""

START = "a command, from its start to its end"
POLICIES = "`fsm policies`"
VERIFY = "`fsm verify`, the policies of the first release"
DECIDE = "`fsm decide`, MIMI state that repeats"
DECIDE_MATRIX = "`fsm decide`, Matrix state that repeats"
REPLAY = "`fsm replay`"
PARQUET = "`fsm backtest` of Parquet, one core"
PARQUET_TWO = "`fsm backtest` of Parquet, two cores"
LINES = "`fsm backtest` of JSON lines, one core"
LINES_TWO = "`fsm backtest` of JSON lines, two cores"

FIRST_POLICIES = ("mimi", "mimi-00", "mimi-01", *(f"matrix-{version}" for version in range(1, 13)))

Answers: TypeAlias = Callable[[Path], object]
"""What of an output two releases have to agree on."""

_ERRORS = 2


@dataclass(frozen=True)
class Command:
    """A command to measure. `events` says how many it answers, where that counts."""

    name: str
    arguments: Sequence[str | Path]
    rounds: int = 5
    source: Path | None = None
    events: int = 1
    cores: int = 1
    answers: Answers | None = None


@dataclass(frozen=True)
class Against:
    """What something takes today, and took in the first release, where that can be had."""

    name: str
    ours: Timing
    first: Timing | None = None
    events: int = 1

    @property
    def times(self) -> float | None:
        """How many times quicker it has become, by the least of both."""
        return self.first.least / self.ours.least if self.first else None


def against_first() -> tuple[list[Against], list[Against], str]:
    """What rooms take, what commands take, and why the first release is missing, if it is."""
    try:
        first, missing = interpreter(), ""
    except NoReferenceError as problem:
        first, missing = None, str(problem)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rooms = _rooms(folder, first)
        commands = [_command(command, folder, first) for command in _commands(folder)]
    return rooms, commands, missing


def _rooms(folder: Path, first: Path | None, rounds: int = 15) -> list[Against]:
    def taken(*python: str | Path) -> dict[str, list[float]]:
        output = folder / "works.json"
        _run([*python, Path(__file__).with_name("works.py"), str(rounds)], output)
        made: dict[str, list[float]] = json.loads(output.read_bytes())
        return made

    ours = taken(sys.executable, "-P")
    before = taken(first, "-I") if first else {}
    return [
        Against(name, Timing.of(seconds), Timing.of(before[name]) if name in before else None)
        for name, seconds in ours.items()
    ]


def _commands(folder: Path) -> Iterator[Command]:
    log = _days(folder / "days.jsonl")
    lines = _history(folder / "history.jsonl", LINES_EVENTS)
    parquet = _history(folder / "history.parquet", PARQUET_EVENTS)
    mimi = _questions(folder / "mimi.jsonl", mimi_state(), changes("m.user", "participation"))
    matrix = _questions(folder / "matrix.jsonl", matrix_state(), changes("m.room.member", "membership"))
    several = QUESTIONS, 1, _allowed
    yield Command(START, ["decide"], rounds=15)
    yield Command(POLICIES, ["policies"], rounds=5)
    yield Command(DECIDE, ["decide"], 3, mimi, *several)
    yield Command(DECIDE_MATRIX, ["decide", "--policy", "matrix-11"], 3, matrix, *several)
    yield Command(REPLAY, ["replay", "--json", log], 3, None, _lines(log), 1, _allowed)
    for name, history, events, cores in (
        (LINES, lines, LINES_EVENTS, 1),
        (LINES_TWO, lines, LINES_EVENTS, 2),
        (PARQUET, parquet, PARQUET_EVENTS, 1),
        (PARQUET_TWO, parquet, PARQUET_EVENTS, 2),
    ):
        yield Command(name, ["backtest", history, "--json"], 3, None, events, cores, _summary)
    yield Command(VERIFY, ["verify", *FIRST_POLICIES[: 1 if QUICK in ENVIRONMENT else None]], rounds=1)


def _command(command: Command, folder: Path, first: Path | None) -> Against:
    """Run a command of both releases in turn. Raises `WrongVerdictsError` when they answer otherwise."""
    output = folder / "output"
    answers = command.answers or (lambda _: None)
    ours, before, agreed = [], [], None
    for _ in range(1 if QUICK in ENVIRONMENT else command.rounds):
        ours.append(_seconds(command, [sys.executable, "-m", "fsm"], output))
        agreed = answers(output)
        if first:
            before.append(_seconds(command, [first, "-I", "-m", "fsm"], output))
            if answers(output) != agreed:
                raise WrongVerdictsError(f"{command.name}: the first release answers otherwise")
    return Against(command.name, Timing.of(ours), Timing.of(before) if before else None, command.events)


def _seconds(command: Command, program: Sequence[str | Path], output: Path) -> float:
    ran = _run([*program, *command.arguments], output, command.source, command.cores)
    return ran.processor if command.cores == 1 else ran.wall


def _run(command: Sequence[str | Path], output: Path, source: Path | None = None, cores: int | None = None) -> Ran:
    with writing(output) as file:
        ran = run(command, source=source, output=file, cores=cores, environment=ENVIRONMENT)
    if ran.status not in (0, 1):  # 1: the answer is no
        raise RuntimeError(f"`{' '.join(map(str, command))}` ends with status {ran.status}")
    return ran


def _days(path: Path) -> Path:
    """The example day many times over: each time in other rooms, by events of other ids."""
    text = LOG.read_text(encoding="utf-8")
    with writing(path) as file:
        for number in range(COPIES):
            day = text.replace('"event_id": "$', f'"event_id": "${number}-')
            file.write(day.replace('"room_id": "!', f'"room_id": "!{number}-').encode())
    return path


def _history(path: Path, events: int) -> Path:
    """What `fsm synth` makes, with as many rooms for each event as there are by default."""
    counts = ["--events", events, "--rooms", max(events // 1_000, 5), "--users", events // 100]
    _run([sys.executable, "-m", "fsm", "synth", "-o", path, *map(str, counts)], path.with_suffix(".said"))
    return path


def _questions(path: Path, state: Any, asked: Sequence[Any]) -> Path:
    with writing(path) as file:
        for number in range(QUESTIONS):
            question = {"state": state, "event": asked[number % len(asked)]}
            file.write(f"{json.dumps(question)}\n".encode())
    return path


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def _allowed(path: Path) -> list[bool | None]:
    """What each line says of `allowed`."""
    return [json.loads(line).get("allowed") for line in path.open(encoding="utf-8")]


def _summary(path: Path) -> object:
    """How many were allowed, rejected and so on."""
    return json.loads(path.read_bytes())["summary"]
