"""What a decision costs, beside its peers.

Every peer answers the same events in the same room, and its verdicts are compared with
ours before its time counts. The measure is the ratio, not the time, which depends on
the machine.
"""

import json
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any, TypeAlias

from benchmarks import engines, machines, plain
from benchmarks.clock import ROOT, Stream, Timing, sized, timings
from benchmarks.peer import Peer, WrongVerdictsError, facts_themselves
from benchmarks.plain import LookUp
from benchmarks.workload import VERSION, Event, Hooked, MatrixWorkload, MimiWorkload, Workload, asking, observe
from fsm import Participant

SYNAPSE = ROOT / "build" / "synapse" / "bin" / "python"
"""Made by `make test-synapse`."""
SYNAPSE_CHECK = "Synapse's check"

DECIDE = "fsm: `decide`"
DECIDE_BARE = "fsm: `decide`, events without ids"
SEND = "fsm: `send`"
SEND_BARE = "fsm: `send`, events without ids"
OBSERVED = "fsm: `send`, one observer"
OBSERVED_BARE = "fsm: `send`, one observer, events without ids"
HOOKED = "fsm: `send`, participant hooks"
HOOKED_BARE = "fsm: `send`, participant hooks, events without ids"
LOOK_UP = "the look-up"
SHARED = "transitions, one machine shared"
KEPT = "transitions, a machine per pair, kept"
BUILT = "transitions, to make a machine"

MANY, SLOW = 60, 5
_BUILT = 200
_LATENCY_ROUNDS = sized(200)


@dataclass(frozen=True)
class Cost:
    """What one decision takes. `times` says how many of ours that is."""

    name: str
    version: str
    seconds: Timing
    times: float


@dataclass(frozen=True)
class Latency:
    """How long single decisions took, in seconds, at these shares of all."""

    name: str
    p50: float
    p99: float
    p999: float


_AnyPeer: TypeAlias = Peer[Any]

# fmt: off
PEERS: tuple[_AnyPeer, ...] = (
    Peer(SHARED,                "transitions",         machines.shared_machine,      facts_themselves,   20),
    Peer(KEPT,                  "transitions",         machines.kept_machines,       facts_themselves,   20),
    Peer("Automat",             "automat",             machines.automat_machine,     facts_themselves,   SLOW),
    Peer("python-statemachine", "python-statemachine", machines.python_statemachine, facts_themselves,   SLOW),
    Peer("Cedar, by cedarpy",   "cedarpy",             engines.cedar,                engines.words,      SLOW),
    Peer("PyCasbin",            "pycasbin",            engines.pycasbin,             engines.attributes, SLOW),
)
# fmt: on

DISTRIBUTIONS = tuple(dict.fromkeys(peer.distribution for peer in PEERS if peer.distribution))


def mimi_costs(workload: MimiWorkload) -> list[Cost]:
    """Ours first, then the peers. Raises `WrongVerdictsError`."""
    look_up = plain.mimi_look_up(workload.room, workload.events)
    _compare(workload, look_up, lambda: plain.mimi_look_up(workload.opened(False, Participant), workload.events))
    by_hand = plain.written_by_hand(workload)
    check("if/else written by hand", [by_hand(event) for event in workload.events], workload.verdicts)
    quick = {
        **_ours(workload),
        LOOK_UP: Stream(lambda: look_up.loop, workload.lines()),
        "if/else written by hand": Stream(asking(by_hand), workload.lines()),
    }
    taken = dict(zip(quick, timings([stream.round for stream in quick.values()], MANY), strict=True))
    for peer in PEERS:
        (taken[peer.name],) = timings([peer.stream(workload).round], peer.rounds)
    (taken[BUILT],) = timings([_build], _BUILT)
    return costs(taken, {peer.name: version(peer.distribution) for peer in PEERS if peer.distribution})


def matrix_costs(workload: MatrixWorkload) -> list[Cost]:
    """Ours first, then the look-up, then Synapse where it is installed. Raises `WrongVerdictsError`."""
    look_up = plain.matrix_look_up(workload.room, workload.state, workload.events)
    _compare(
        workload,
        look_up,
        lambda: plain.matrix_look_up(workload.opened(False, Participant), workload.state, workload.events),
    )
    quick = {**_ours(workload), LOOK_UP: Stream(lambda: look_up.loop, workload.lines())}
    taken = dict(zip(quick, timings([stream.round for stream in quick.values()], MANY), strict=True))
    versions = {}
    if SYNAPSE.exists():
        taken[SYNAPSE_CHECK], versions[SYNAPSE_CHECK] = synapse_times(
            workload.state, workload.events, workload.verdicts, MANY
        )
    return costs(taken, versions)


def synapse_times(
    state: Sequence[Event], events: Sequence[Event], verdicts: list[bool], rounds: int
) -> tuple[Timing, str]:
    """What Synapse's check of an event takes, and its version. Raises `WrongVerdictsError`."""
    question = {"version": VERSION, "state": state, "events": events, "rounds": rounds}
    done = subprocess.run(  # noqa: S603 - our own
        [SYNAPSE, "-m", "benchmarks.synapse_peer"], cwd=ROOT, input=json.dumps(question), check=True,
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    answer = json.loads(done.stdout)
    check(SYNAPSE_CHECK, answer["verdicts"], verdicts)
    return Timing.of(answer["rounds"]), answer["version"]


def latency(name: str, workload: Workload[Any]) -> Latency:
    """How long single decisions take, less what it takes to look at the clock."""
    decide, clock = workload.room.decide, time.perf_counter_ns
    empty, took = [], []
    for _ in range(_LATENCY_ROUNDS):
        for event in workload.events:
            started = clock()
            empty.append(clock() - started)
            started = clock()
            decide(event)
            took.append(clock() - started)
    empty.sort()
    took.sort()
    looking = empty[len(empty) // 2]
    return Latency(name, *((took[int(len(took) * share)] - looking) / 1e9 for share in (0.5, 0.99, 0.999)))


def _ours(workload: Workload[Any]) -> dict[str, Stream]:
    return {
        DECIDE: workload.deciding(),
        DECIDE_BARE: workload.deciding(ids=False),
        SEND: workload.sending(),
        SEND_BARE: workload.sending(ids=False),
        OBSERVED: workload.sending(observer=observe),
        OBSERVED_BARE: workload.sending(ids=False, observer=observe),
        HOOKED: workload.sending(participant=Hooked),
        HOOKED_BARE: workload.sending(ids=False, participant=Hooked),
    }


def costs(taken: dict[str, Timing], versions: dict[str, str]) -> list[Cost]:
    """Each with its ratio to ours."""
    ours = taken[DECIDE].least
    return [Cost(name, versions.get(name, ""), each, each.least / ours) for name, each in taken.items()]


def _build() -> float:
    started = time.process_time()
    machines.build()
    return time.process_time() - started


def _compare(workload: Workload[Any], late: LookUp, early: Callable[[], LookUp]) -> None:
    """Hold the look-up against `decide` at the end of the day, and against `send` from its beginning."""
    check(LOOK_UP, [late.loop([event]) is not None for event in workload.events], workload.verdicts)
    for ids in (True, False):
        room, look_up = workload.opened(ids, Participant), early()
        events = [json.loads(line) for line in workload.lines(ids=ids)]
        check(LOOK_UP, [look_up.follows(event) for event in events], [room.send(event).allowed for event in events])


def check(name: str, verdicts: list[bool], ours: list[bool]) -> None:
    """Raise `WrongVerdictsError` where verdicts differ from ours."""
    wrong = sum(verdict is not own for verdict, own in zip(verdicts, ours, strict=True))
    if wrong:
        raise WrongVerdictsError(f"{name}: {wrong} verdicts differ from ours")
