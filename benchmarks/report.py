"""A run as Markdown: ratios first, since times depend on the machine."""

from collections.abc import Iterable, Sequence

from benchmarks.clock import Timing
from benchmarks.commands import Against
from benchmarks.decisions import Cost
from benchmarks.files import EVENTS, ROOMS, USERS
from benchmarks.logs import LONGEST
from benchmarks.measured import Measured
from benchmarks.memory import PAIRS, SIZES
from benchmarks.starts import PEER
from benchmarks.stored import BATCH, MEMBERS
from benchmarks.workload import VERSION

_HEAD = """\
# What it costs

Written by `make bench`. One run on one machine; what counts are the ratios, of the least times of several rounds, of
the processor. Every peer answers the same questions as we do, and its verdicts have been compared with ours before its
time counts. Where a bound can be read in two ways, the less flattering one is measured.
"""

_DECISION = """
An event goes in, a decision with its reason comes out: {questions:,} participation changes, those of a day in a public
room. They are parsed from JSON anew for every round, so that no hash of a text is known yet. `decide` is asked in the
room at the end of the day, of {members} members, where {refused} of them are refused; `send` goes through the day from
its beginning, in a new room for every round. Hosts send events with ids, which the room keeps. The observer is told of
changes and refusals, and participants have a hook for each state that a user comes to; both do nothing.

- *The look-up* is the least that plain Python can do: the decision table in the loop itself that goes through the
  events, without a function call. What is known of users is numbers at hand, which are added up to the place in the
  table. It checks nothing of the event, gives no reasons, and moves nobody.
- The conditions *written by hand* are a function with the same knowledge.
- All others are given the facts ready-made for each pair of sender and target, and check nothing of the event. Their
  verdicts have been compared for every cell of the policy.
- *transitions, one machine shared* puts its one model into the state of the target, then triggers. *A machine per
  pair, kept*, has made one for each user before; to make one is a row of its own.
- Cedar has a policy for each action, and the facts as the context. PyCasbin has a matcher for each action. Both are
  quicker with these than with a rule for each transition, and explain nothing of a refusal.
"""

_MATRIX = f"""
The same changes in a Matrix room, of version {VERSION}. Synapse is given events that it has made before, and the state
that each is judged by.
"""

_OTHERS = """
Messages and other state by the same senders, in the same room; `auth_events` are not cited. Power levels, of which one
entry changes; Synapse's check of the same beside it, up to 1,000 entries: its time grows with their square.
"""

_STARTS = """
In fresh interpreters, whose own start is left out. A room loads `transitions` as well, which is part of its time.
"""

_FIRST = """
The same works and commands in the first release of this package, built from its commit, with the same interpreter.
Seconds are those of the processor, with all processes that a command starts; with two cores, those on the wall.
"""

_MISSING = """
The first release was not measured: {missing}.
"""

_PAIRS = f"""
Bytes for each pair of a room and a user, of {PAIRS:,} pairs (a fifth of that in rooms with roles or power levels), as
the operating system counts them. The rooms are made by `create` and `send`, and remember no past. The ids of users are
not counted; rooms, their ids and settings are.
"""

_PAST = """
An event with an id that a room keeps takes {event:.0f} bytes, without the text of the id; a room with one such event
takes {room:.0f} bytes.
"""

_HISTORY = f"""
A whole history, columnar, on one core, from Arrow tables to counted verdicts. A log of more than {LONGEST:,} events is
one of that length many times over, each time in rooms of other names.
"""

_FILES = f"""
All the way from a Parquet file of {EVENTS:,} events, {ROOMS:,} rooms and {USERS:,} users, on one core, to counted
verdicts, and what share of it each kind of work has. To load the compiled loops takes {{starting}} more, once.
"""

_STORES = f"""
Events that are stored durably, a second on the wall, by one process: each by itself, and in batches of {BATCH:,}. The
bare INSERT is of the same row into a table of the same columns and keys, by one statement, through the same engine,
with the same durability; a send keeps participation and the room's revision as well. All events have an id and are
accepted. *Processor* is what our process computes for an event of a batch; to *open* is to have a room of
{MEMBERS:,} users in memory.
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
        *_stores(run),
        "## Versions",
        f"{run.machine}.",
        _table(("", "version"), list(run.versions.items())),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def bounds(run: Measured) -> str:
    """The table of what must hold, which the documentation quotes."""
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
        _OTHERS,
        *(_costs(kind, costs) for kind, costs in run.others.items()),
        _table(
            ("entries of power levels", "`decide`", "for each", "Synapse's check"),
            [
                (
                    f"{each.entries:,}",
                    duration(each.seconds),
                    duration(each.seconds / each.entries),
                    "" if each.synapse is None else duration(each.synapse),
                )
                for each in run.by_entries
            ],
        ),
        "Single decisions, without what it takes to look at the clock:",
        _table(
            ("", "half take at most", "99 %", "99.9 %"),
            [(each.name, *map(duration, (each.p50, each.p99, each.p999))) for each in run.latencies],
        ),
        "## A start",
        _STARTS,
        _table(
            ("", f"times `{PEER}`", "least", "median"),
            [(each.name, times(each.times), *_timing(each.seconds)) for each in run.starts],
        ),
        "## Beside the first release",
        _MISSING.format(missing=run.missing) if run.missing else _FIRST,
        _against("rooms", run.rooms),
        _against("commands", run.commands),
    ]


def _memory(run: Measured) -> list[str]:
    return [
        "## Memory",
        _PAIRS,
        _table(
            ("", *(f"rooms of {size:,}" for size in SIZES)),
            [(each.name, *(f"{taken:,.0f}" for taken in each.bytes)) for each in run.footprints],
        ),
        _PAST.format(event=run.past.event, room=run.past.room),
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


def _stores(run: Measured) -> list[str]:
    rows = [
        (
            each.database,
            *(f"{rate:,.0f}" for rate in (each.sends, each.inserts, each.batched)),
            f"{each.computing * 1e6:.0f} µs",
            f"{each.opening:.2f} s",
        )
        for each in run.by_database
    ]
    return [
        "## Stores",
        _STORES,
        _table(("", "sends", "bare INSERTs", "in batches", "processor, an event", "opening"), rows),
    ]


def _share(part: float) -> str:
    return f"{part:.0%}" if part else ""


def _costs(where: str, costs: Iterable[Cost]) -> str:
    return _table(
        (where, "times `decide`", "least", "median", "version"),
        [(each.name, times(each.times), *_timing(each.seconds), each.version) for each in costs],
    )


def _against(what: str, rows: Iterable[Against]) -> str:
    return _table(
        (what, "times quicker", "today: least", "median", "first release: least", "median", "events/s"),
        [
            (
                each.name,
                "" if each.times is None else times(each.times),
                *_timing(each.ours),
                *(_timing(each.first) if each.first else ("", "")),
                f"{each.events / each.ours.least:,.0f}" if each.events > 1 else "",
            )
            for each in rows
        ],
    )


def _timing(timing: Timing) -> tuple[str, str]:
    return duration(timing.least), duration(timing.median)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["--:"] * (len(head) - 1), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def times(ratio: float) -> str:
    """A ratio with as many digits as mean something."""
    return f"{ratio:.2f}" if ratio < 10 else f"{ratio:,.0f}"  # noqa: PLR2004 - two digits that count


def duration(seconds: float) -> str:
    """A time in a unit that suits it."""
    for unit, name in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")):
        if seconds >= unit:
            return f"{seconds / unit:,.3g} {name}"
    return f"{seconds * 1e9:.0f} ns"
