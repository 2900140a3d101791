"""All that is measured in one run, and what must hold of it."""

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Self

from benchmarks import decisions, files, growth, logs, memory
from benchmarks.decisions import Cost, Latency
from benchmarks.files import Way
from benchmarks.growth import Step
from benchmarks.logs import Log, Rate
from benchmarks.memory import Footprint
from benchmarks.scene import matrix_scene, mimi_scene

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
    latencies: list[Latency]
    imports: list[Cost]
    footprints: list[Footprint]
    by_members: list[Step]
    by_states: list[Step]
    by_events: list[Log]
    loops: list[Rate]
    starting: float
    by_file: list[Way]

    @classmethod
    def now(cls) -> Self:
        """Measure everything. Raises `WrongVerdictsError`."""
        mimi = mimi_scene()
        matrix = matrix_scene(mimi)
        costs = {"mimi": decisions.mimi_costs(mimi), "matrix": decisions.matrix_costs(matrix)}
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
            latencies=[decisions.latency("MIMI room", mimi), decisions.latency("Matrix room", matrix)],
            imports=decisions.import_costs(),
            footprints=memory.footprints(),
            by_members=growth.by_members(),
            by_states=growth.by_states(),
            by_events=logs.by_events(),
            loops=logs.by_loop(),
            starting=starting,
            by_file=by_file,
        )

    def bounds(self) -> Iterator[Bound]:
        """What must hold."""
        for costs, room in ((self.mimi, "a MIMI room"), (self.matrix, "a Matrix room")):
            ratio = 1 / _times(costs, "inlined table look-up")
            yield Bound(f"a decision in {room}", "≤ 3 × an inlined table look-up", f"{ratio:.1f} ×", ratio <= 3)  # noqa: PLR2004
        for name, least in (("transitions, one machine shared", 10), ("transitions, a machine per pair", 20)):
            times = _times(self.mimi, name)
            yield Bound(f"`{name}`", f"≥ {least} × a decision", f"{times:,.0f} ×", times >= least)
        ours = self.footprints[0].bytes
        for size, taken, most in zip(memory.SIZES, ours, (100, 50, 50), strict=True):
            yield Bound(f"a pair in a MIMI room of {size:,}", f"≤ {most} bytes", f"{taken:.0f} bytes", taken <= most)
        times = _times(self.imports, "import fsm")
        yield Bound("`import fsm`", "≤ 2 × `import transitions`", f"{times:.1f} ×", times <= 2)  # noqa: PLR2004
        for start, least in (("compiled", 100), ("plain", 3)):
            rate = max(each.events for each in self.loops if each.name.startswith(start)) / 1e6
            work = f"columnar replay of integer codes, {start}"
            yield Bound(work, f"≥ {least} million events/s", f"{rate:.1f} million", rate >= least)
        for way in self.by_file:
            if way.least:
                rate = way.rate / 1e6
                work = f"a history from Parquet, {way.name}"
                yield Bound(work, f"≥ {way.least} million events/s", f"{rate:.1f} million", rate >= way.least)


def _times(costs: list[Cost], name: str) -> float:
    return next(cost.times for cost in costs if cost.name == name)
