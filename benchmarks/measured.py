"""All that is measured in one run, and what must hold of it."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

from benchmarks import commands, decisions, files, growth, logs, loops, memory, other_events, starts, stored
from benchmarks.commands import Against
from benchmarks.decisions import Cost, Latency
from benchmarks.files import Way
from benchmarks.growth import Step
from benchmarks.logs import Log, Rate
from benchmarks.memory import Footprint, Past
from benchmarks.other_events import Growth
from benchmarks.starts import Start
from benchmarks.stored import Stored
from benchmarks.workload import matrix_workload, mimi_workload

_BESIDES = ("numpy", "pyarrow", "numba")


@dataclass(frozen=True)
class Bound:
    """One thing that must hold, what was measured, and whether it does."""

    work: str
    bound: str
    measured: str
    holds: bool


@dataclass(frozen=True)
class Measured:
    """One run."""

    machine: str
    versions: dict[str, str]
    members: int
    questions: int
    refused: int
    mimi: list[Cost]
    matrix: list[Cost]
    others: dict[str, list[Cost]]
    """Of Matrix events that are no changes of membership, by kind."""
    by_entries: list[Growth]
    latencies: list[Latency]
    starts: list[Start]
    rooms: list[Against]
    commands: list[Against]
    missing: str
    """Why the first release could not be measured, if it could not."""
    footprints: list[Footprint]
    past: Past
    by_members: list[Step]
    by_states: list[Step]
    by_events: list[Log]
    loops: list[Rate]
    starting: float
    by_file: list[Way]
    by_database: list[Stored]

    @classmethod
    def now(cls) -> Self:
        """Measure everything. Raises `WrongVerdictsError`."""
        mimi = mimi_workload()
        matrix = matrix_workload(mimi)
        costs = {"mimi": decisions.mimi_costs(mimi), "matrix": decisions.matrix_costs(matrix)}
        rooms, run, missing = commands.against_first()
        starting, by_file = files.by_file()
        synapse = {cost.name: cost.version for cost in costs["matrix"] if cost.name == decisions.SYNAPSE_CHECK}
        return cls(
            machine=f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()}",
            versions={
                platform.python_implementation(): platform.python_version(),
                **{name: version(name) for name in ("mimi-fsm", *decisions.DISTRIBUTIONS, *_BESIDES)},
                **synapse,
            },
            members=len(mimi.room.participations()),
            questions=len(mimi.events),
            refused=mimi.verdicts.count(False),
            **costs,
            others=other_events.by_kind(matrix),
            by_entries=other_events.by_entries(),
            latencies=[decisions.latency("MIMI room", mimi), decisions.latency("Matrix room", matrix)],
            starts=starts.starts(),
            rooms=rooms,
            commands=run,
            missing=missing,
            footprints=memory.footprints(),
            past=memory.past(),
            by_members=growth.by_members(),
            by_states=growth.by_states(),
            by_events=logs.by_events(),
            loops=logs.by_loop(),
            starting=starting,
            by_file=by_file,
            by_database=stored.by_database(),
        )

    def bounds(self) -> Iterator[Bound]:
        """What must hold."""
        yield from self._of_decisions()
        yield from self._of_memory()
        yield from self._of_histories()
        yield from self._of_commands()
        yield from self._of_stores()

    def _of_decisions(self) -> Iterator[Bound]:
        mimi, matrix = _least(self.mimi), _least(self.matrix)
        for room, costs, decide, send, bare in (
            ("MIMI", mimi, 2.0, 8.0, 3.0),
            ("Matrix", matrix, 2.5, 8.0, 3.0),
        ):
            for name, most in (
                (decisions.DECIDE, decide),
                (decisions.DECIDE_BARE, decide),
                (decisions.SEND, send),
                (decisions.SEND_BARE, bare),
                (decisions.OBSERVED, 10.0),
                (decisions.OBSERVED_BARE, 10.0),
                (decisions.HOOKED, 12.0),
                (decisions.HOOKED_BARE, 12.0),
            ):
                ratio = costs[name] / costs[decisions.LOOK_UP]
                yield _at_most(f"{room}: {name.removeprefix('fsm: ')}", ratio, most, decisions.LOOK_UP)
        for kind, of_kind in self.others.items():
            taken = _least(of_kind)
            ratio = taken[decisions.DECIDE] / taken[decisions.LOOK_UP]
            yield _at_most(f"Matrix: {kind}", ratio, 2.5, decisions.LOOK_UP)
        small, large = self.by_entries[1], self.by_entries[-1]
        ratio = large.seconds / small.seconds / (large.entries / small.entries)
        yield _at_most("power levels, an entry", ratio, 1.5, "in a hundredth of the entries", digits=2)
        for name, least in ((decisions.SHARED, 15), (decisions.KEPT, 20)):
            yield _at_least(name, mimi[name] / mimi[decisions.DECIDE], least, "a decision")

    def _of_memory(self) -> Iterator[Bound]:
        bytes_of = {each.name: each.bytes for each in self.footprints}
        for size, taken, most in zip(memory.SIZES, bytes_of["MIMI room"], memory.BOUNDS, strict=True):
            yield _bytes(f"a pair in a MIMI room of {size:,}", taken, most)
        smallest = memory.SIZES[0]
        yield _bytes(f"a pair in a MIMI room of {smallest}, half with roles", bytes_of[memory.HALF][0], 150)
        yield _bytes("an event with an id, kept", self.past.event, 130)
        yield _bytes("a room with one event and its id", self.past.room, 330)

    def _of_histories(self) -> Iterator[Bound]:
        rates = {each.name: each.events / 1e6 for each in self.loops}
        compiled, plain = (
            max(rate for name, rate in rates.items() if name.startswith(kind)) for kind in ("compiled", "plain")
        )
        for work, rate, least in (
            ("replay of integer codes, compiled", compiled, 100),
            ("replay of integer codes, plain", plain, 3),
            (f"replay of integer codes, {loops.MANY:,} pairs", rates[loops.WIDE], 50),
            *((f"a history from Parquet, {way.name}", way.rate / 1e6, way.least) for way in self.by_file if way.least),
        ):
            yield Bound(work, f"≥ {least} million events/s", f"{rate:.1f} million", rate >= least)

    def _of_commands(self) -> Iterator[Bound]:
        start = next(each.times for each in self.starts if each.name == f"`{starts.ROOM}`")
        yield _at_most(f"`{starts.ROOM}`", start, 2, f"`{starts.PEER}`")
        taken = {each.name: each for each in self.commands}
        for name, most in ((commands.START, 0.1), (commands.POLICIES, 0.3), (commands.VERIFY, 10)):
            yield _within(name, taken[name].ours.least, most, " of processor")
        for name, least in (
            (commands.DECIDE, 20),
            (commands.DECIDE_MATRIX, 20),
            (commands.REPLAY, 4),
            (commands.LINES, 4),
            (commands.LINES_TWO, 6),
            (commands.PARQUET, 1.5),
        ):
            yield _at_least(name, taken[name].times, least, "the first release")
        ratio = taken[commands.PARQUET].ours.least / taken[commands.PARQUET_TWO].ours.least
        yield _at_least(commands.PARQUET_TWO, ratio, 1.6, "one core")

    def _of_stores(self) -> Iterator[Bound]:
        for each, least in zip(self.by_database, stored.BOUNDS, strict=True):
            ratio = each.sends / each.inserts
            yield _at_least(f"durable sends, {each.database}", ratio, 0.5, "bare INSERTs", digits=2)
            rate = f"{each.batched:,.0f}"
            yield Bound(f"durable batches, {each.database}", f"≥ {least:,} events/s", rate, each.batched >= least)
            yield _within(f"a room of {stored.MEMBERS:,} opened, {each.database}", each.opening, 0.5)


def _at_most(work: str, times: float, most: float, peer: str, *, digits: int = 1) -> Bound:
    """So many times what the peer takes."""
    return Bound(work, f"≤ {most:g} × {peer}", f"{times:,.{digits}f} ×", times <= most)


def _at_least(work: str, times: float | None, least: float, peer: str, *, digits: int = 1) -> Bound:
    """So many times as much as the peer, or as quick; None where it was not measured."""
    measured = "not measured" if times is None else f"{times:,.{digits}f} ×"
    return Bound(work, f"≥ {least:g} × {peer}", measured, (times or 0) >= least)


def _within(work: str, seconds: float, most: float, of: str = "") -> Bound:
    return Bound(work, f"≤ {most:g} s{of}", f"{seconds:.2f} s", seconds <= most)


def _bytes(work: str, taken: float, most: int) -> Bound:
    return Bound(work, f"≤ {most} bytes", f"{taken:.0f} bytes", taken <= most)


def _least(costs: list[Cost]) -> dict[str, float]:
    return {cost.name: cost.seconds.least for cost in costs}
