"""What a decision costs, beside its peers.

Every peer answers the same events in the same room, and its verdicts are compared with
ours before its time counts. The measure is the ratio, not the time, which depends on
the machine.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.metadata import version

from benchmarks import engines, machines, plain
from benchmarks.clock import ROOT, import_seconds, least, seconds_each
from benchmarks.scene import VERSION, Ask, MatrixScene, Scene

SYNAPSE = ROOT / "build" / "synapse" / "bin" / "python"
"""Made by `make test-synapse`."""
SYNAPSE_CHECK = "Synapse's check"

QUICK, SLOW = 60, 3
_LATENCY_ROUNDS = 200
_IMPORT_ROUNDS = 15


@dataclass(frozen=True)
class Cost:
    """What one decision takes. `times` says how many of ours that is."""

    name: str
    version: str
    seconds: float
    times: float


@dataclass(frozen=True)
class Latency:
    """How long single decisions took, in seconds, at these shares of all."""

    name: str
    p50: float
    p99: float
    p999: float


class WrongVerdictsError(Exception):
    """A peer decides otherwise, so its time means nothing."""


@dataclass(frozen=True)
class Peer:
    """Somebody else who answers. `distribution` is the package that does it, if any."""

    name: str
    distribution: str | None
    make: Callable[[Scene], Ask]
    rounds: int = SLOW


# fmt: off
PEERS = (
    Peer("inlined table look-up",             None,                  plain.table_look_up, QUICK),
    Peer("if/else written by hand",           None,                  plain.written_by_hand, QUICK),
    Peer("transitions, one machine shared",   "transitions",         machines.shared_machine, 10),
    Peer("transitions, a machine per pair",   "transitions",         machines.machine_per_pair),
    Peer("Automat",                           "automat",             machines.automat_machine),
    Peer("python-statemachine",               "python-statemachine", machines.python_statemachine),
    Peer("Cedar, by cedarpy",                 "cedarpy",             engines.cedar),
    Peer("PyCasbin",                          "pycasbin",            engines.pycasbin),
)
# fmt: on


DISTRIBUTIONS = tuple(dict.fromkeys(peer.distribution for peer in PEERS if peer.distribution))


def mimi_costs(scene: Scene) -> list[Cost]:
    """Ours first, then the peers. Raises `WrongVerdictsError`."""
    quick = [peer for peer in PEERS if peer.rounds == QUICK]
    asks = {peer.name: _checked(peer.name, peer.make(scene), scene) for peer in PEERS}
    works = [partial(seconds_each, ask, scene.events) for ask in (scene.room.decide, *(asks[p.name] for p in quick))]
    ours, *rest = least(works, QUICK)
    seconds = {peer.name: each for peer, each in zip(quick, rest, strict=True)}
    for peer in PEERS:
        if peer.rounds != QUICK:
            (seconds[peer.name],) = least([partial(seconds_each, asks[peer.name], scene.events)], peer.rounds)
    return [
        Cost("fsm, MIMI room", version("mimi-fsm"), ours, 1),
        *(
            Cost(peer.name, version(peer.distribution) if peer.distribution else "", seconds[peer.name],
                 seconds[peer.name] / ours)
            for peer in PEERS
        ),
    ]  # fmt: skip


def matrix_costs(scene: MatrixScene) -> list[Cost]:
    """Ours first, then a table look-up, then Synapse where it is installed. Raises `WrongVerdictsError`."""
    look_up = _checked("inlined table look-up", plain.matrix_look_up(scene), scene)
    works = [partial(seconds_each, ask, scene.events) for ask in (scene.room.decide, look_up)]
    ours, table = least(works, QUICK)
    costs = [
        Cost("fsm, Matrix room", version("mimi-fsm"), ours, 1),
        Cost("inlined table look-up", "", table, table / ours),
    ]
    if SYNAPSE.exists():
        question = {"version": VERSION, "state": scene.state, "events": scene.events, "rounds": QUICK}
        done = subprocess.run(  # noqa: S603 - our own
            [SYNAPSE, "-m", "benchmarks.synapse_peer"], cwd=ROOT, input=json.dumps(question), check=True,
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        answer = json.loads(done.stdout)
        _check(SYNAPSE_CHECK, answer["verdicts"], scene)
        costs.append(Cost(SYNAPSE_CHECK, answer["version"], answer["seconds"], answer["seconds"] / ours))
    return costs


def latency(name: str, scene: Scene | MatrixScene) -> Latency:
    """How long single decisions take, less what it takes to look at the clock."""
    decide, clock = scene.room.decide, time.perf_counter_ns
    empty, took = [], []
    for _ in range(_LATENCY_ROUNDS):
        for event in scene.events:
            started = clock()
            empty.append(clock() - started)
            started = clock()
            decide(event)
            took.append(clock() - started)
    empty.sort()
    took.sort()
    looking = empty[len(empty) // 2]
    return Latency(name, *((took[int(len(took) * share)] - looking) / 1e9 for share in (0.5, 0.99, 0.999)))


def import_costs() -> list[Cost]:
    """What imports take; `times` is by what `import transitions` takes."""
    statements = ("import transitions", "import fsm", "from fsm import MIMI, Room", "import fsm.matrix.room")
    seconds = least([partial(import_seconds, statement) for statement in statements], _IMPORT_ROUNDS)
    return [Cost(name, "", each, each / seconds[0]) for name, each in zip(statements, seconds, strict=True)]


def _checked(name: str, ask: Ask, scene: Scene | MatrixScene) -> Ask:
    _check(name, [ask(event) for event in scene.events], scene)
    return ask


def _check(name: str, verdicts: list[bool], scene: Scene | MatrixScene) -> None:
    wrong = sum(verdict is not ours for verdict, ours in zip(verdicts, scene.verdicts, strict=True))
    if wrong:
        raise WrongVerdictsError(f"{name}: {wrong} verdicts differ from ours")


def python() -> str:
    """The interpreter's name and version."""
    return f"{sys.implementation.name} {sys.version.split()[0]}"
