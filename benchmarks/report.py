"""A run as Markdown: ratios first, since times depend on the machine."""

from collections.abc import Iterable, Sequence

from benchmarks.decisions import Cost
from benchmarks.files import EVENTS, ROOMS, USERS
from benchmarks.logs import LONGEST
from benchmarks.measured import Measured
from benchmarks.memory import PAIRS, SIZES
from benchmarks.scene import VERSION

_HEAD = """\
# What it costs

Written by `make bench`. One run on one machine; what counts are the ratios. Every peer answers the same questions as
we do, and its verdicts have been compared with ours before its time counts.
"""

_DECISION = """
An event goes in, a decision with its reason comes out: {questions:,} participation changes, those of a day in a public
room, asked in a room of {members} members; {refused} of them are refused. The peers are given the facts ready-made and
check nothing of the event. The machine per pair is made for the question.
"""

_MATRIX = f"""
The same changes in a Matrix room, of version {VERSION}. Synapse is given events that it has made before, and the state
that each is judged by.
"""

_PAIRS = f"""
Bytes for each pair of a room and a user, of {PAIRS:,} pairs (a fifth of that in rooms with roles or power levels), as
the operating system counts them. The rooms are made by `create` and `send`, and remember no past. The ids of users are
not counted; rooms, their ids and settings are.
"""

_HISTORY = f"""
A whole history, columnar, on one core, from Arrow tables to counted verdicts. A log of more than {LONGEST:,} events is
one of that length many times over, each time in rooms of other names.
"""

_FILES = f"""
All the way from a Parquet file of {EVENTS:,} events, {ROOMS:,} rooms and {USERS:,} users, on one core, to counted
verdicts, and what share of it each kind of work has. To load the compiled loops takes {{starting}} more, once.
"""

_WORKS = ("reading", "coding", "replay", "counting", "writing")


def markdown(run: Measured, plot: str) -> str:
    """The whole report; `plot` is the name of the picture beside it."""
    parts = [
        _HEAD,
        f"![The figures of the tables below]({plot})",
        "## What must hold",
        bounds(run),
        *_decisions(run),
        *_memory(run),
        *_growth(run),
        "## Versions",
        f"{run.machine}.",
        _table(("", "version"), list(run.versions.items())),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def bounds(run: Measured) -> str:
    """The table of what must hold, which the README quotes."""
    rows = [(each.work, each.bound, each.measured, "yes" if each.holds else "**no**") for each in run.bounds()]
    return _table(("work", "bound", "measured", "holds"), rows)


def _decisions(run: Measured) -> list[str]:
    refused = run.refused / run.questions
    return [
        "## A decision",
        _DECISION.format(questions=run.questions, members=run.members, refused=f"{refused:.0%}"),
        _costs("in a MIMI room", run.mimi),
        _MATRIX,
        _costs("in a Matrix room", run.matrix),
        "Single decisions, without what it takes to look at the clock:",
        _table(
            ("", "half take at most", "99 %", "99.9 %"),
            [(each.name, *map(duration, (each.p50, each.p99, each.p999))) for each in run.latencies],
        ),
        "## An import",
        _table(
            ("", "times `import transitions`", "processor time"),
            [(f"`{each.name}`", f"{each.times:.2f}", duration(each.seconds)) for each in run.imports],
        ),
    ]


def _memory(run: Measured) -> list[str]:
    return [
        "## Memory",
        _PAIRS,
        _table(
            ("", *(f"rooms of {size:,}" for size in SIZES)),
            [(each.name, *(f"{taken:,.0f}" for taken in each.bytes)) for each in run.footprints],
        ),
    ]


def _growth(run: Measured) -> list[str]:
    return [
        "## How it grows",
        "A decision, by the members of the room:",
        _table(("members", "time"), [(f"{each.size:,}", duration(each.seconds)) for each in run.by_members]),
        "A decision, by the states of the policy; the first of its kind is the machine's, all others are remembered:",
        _table(
            ("states", "remembered", "the first time"),
            [(str(each.size), duration(each.seconds), duration(each.first or 0)) for each in run.by_states],
        ),
        _HISTORY,
        _table(
            ("events", "processor time", "million events/s", "memory of the process"),
            [
                (
                    f"{each.events:,}",
                    duration(each.seconds),
                    f"{each.events / each.seconds / 1e6:.1f}",
                    f"{each.peak / 1e6:,.0f} MB",
                )
                for each in run.by_events
            ],
        ),
        "Its inner loop alone, on integer codes:",
        _table(("", "million events/s"), [(each.name, f"{each.events / 1e6:.1f}") for each in run.loops]),
        _FILES.format(starting=duration(run.starting)),
        _table(
            ("", "million events/s", *_WORKS),
            [
                (
                    each.name,
                    f"{each.rate / 1e6:.1f}",
                    *(_share(each.shares.get(work, 0)) for work in _WORKS),
                )
                for each in run.by_file
            ],
        ),
    ]


def _share(part: float) -> str:
    return f"{part:.0%}" if part else ""


def _costs(where: str, costs: Iterable[Cost]) -> str:
    return _table(
        (where, "times ours", "time", "version"),
        [(each.name, times(each.times), duration(each.seconds), each.version) for each in costs],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def times(ratio: float) -> str:
    """A ratio with as many digits as mean something."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"  # noqa: PLR2004


def duration(seconds: float) -> str:
    """A time in a unit that suits it."""
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{seconds / unit:,.3g} {name}"
    return f"{seconds * 1e9:.0f} ns"
