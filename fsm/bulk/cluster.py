"""Backtests on a cluster, with Ray: partitioned by room, the answers those of one machine.

Theory of operation. Rooms do not influence each other, so they are spread over
partitions, and partitions over workers. The work has two rounds of tasks.

1. *Dealing out*. The history is cut into fragments. A task reads one and writes it
   again, sorted by partition and otherwise in order, to a file in which each row group
   is the share of one partition.
2. *Replay*. A task reads its partition's shares, fragment after fragment, and replays
   them as one machine would: at any time it holds one share, its pairs, and a row group
   of results.

The shares go through files that all nodes see, not through Ray's own shuffle: that
would hold all events of a partition in memory at once, and lose them with a node. A
task can be run again at any time; it writes the same file under the same name. So when
a node dies, Ray runs its tasks elsewhere, and nothing is lost or counted twice.

A very large room would make its partition late. So where a room has very many events
in one fragment, they become a share of their own, and the room a partition of its own:
one more task beside the others, which needs no more memory than they do.
"""

import json
import logging
import os
import shutil
import signal
import socket
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

import pyarrow as pa
import ray
from ray.exceptions import NodeDiedError, OutOfMemoryError, RayError, WorkerCrashedError

from fsm.bulk.backtest import Backtest
from fsm.bulk.decide.tally import falling
from fsm.bulk.files import FAULTS_TOLD, Progress, Report, stopped
from fsm.bulk.partitions import Task, cut, deal, partitions_of, replay
from fsm.bulk.read.source import Fragment, History
from fsm.errors import PolicyError, ReplayError, in_words, shorten
from fsm.log_reader import Tell
from fsm.policies import load_rules
from fsm.shapes import Order

_LARGE = 2**20
_PARTITIONS_PER_CPU = 4
_TRIES = 6
"""So often a task is begun before it is given up: a node may die, but not wherever the task goes."""
_LOSSES = (WorkerCrashedError, NodeDiedError, OutOfMemoryError)
_ANSWER = 10
"""The seconds in which a cluster has to answer at its address."""
_LOOK, _PATIENCE = 2, 20
"""While no task ends, it is looked so often whether the cluster is there; after so many seconds without, it is gone."""


def backtest(  # noqa: PLR0913 - what to read, what to write, and how
    path: Path,
    policy: str,
    against: str | None = None,
    *,
    output: Path | None = None,
    participation: Path | None = None,
    address: str | None = None,
    scratch: Path | None = None,
    partitions: int | None = None,
    fragment: int | None = None,
    large: int = _LARGE,
    order: Order | None = None,
    tell: Tell = lambda _: None,
    on_progress: Progress | None = None,
) -> Report:
    """Replay the history at `path` on the Ray cluster at `address`; by default on one that is started on this machine.

    The results are folders of Parquet files, one of each partition. All nodes must see
    the history, the results and the folder `scratch` under the same paths, and know the
    policies by the same names. Files are cut into fragments of that many rows, and rooms
    with more than `large` events in one of them are partitions of their own. Raises
    OSError and `PolicyError`, as the backtest of files does.
    """
    if address is not None and scratch is None:
        raise ReplayError(0, "a cluster needs a folder that all nodes see: `--scratch`")
    started = time.perf_counter()
    results = {name: each for name, each in (("output", output), ("participation", participation)) if each is not None}
    names = [_from_anywhere(name) for name in (policy, against) if name is not None]
    job = _Job(names, large, on_progress)
    try:
        history = History(path, order=order)
        # What Ray has to say of its workers is no part of an answer.
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere, redirect_stdout(nowhere), ExitStack() as stack:
            cpus = stack.enter_context(_connected(address))
            job.folders = {
                name: str(stack.enter_context(_whole_folder(each.absolute()))) for name, each in results.items()
            }
            job.dealt_to = stack.enter_context(
                tempfile.TemporaryDirectory(
                    prefix="fsm-", dir=scratch and scratch.absolute(), ignore_cleanup_errors=True
                )
            )
            fragments = history.fragments() if fragment is None else history.fragments(fragment)
            job.run(fragments, partitions or _PARTITIONS_PER_CPU * cpus)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(stopped("interrupted", job.events, list(results.values()))) from None
    except OSError as problem:
        raise ReplayError(0, stopped(in_words(problem), job.events, list(results.values()))) from None
    except RayError as problem:
        told = f"a task failed {_TRIES} times" if isinstance(problem, _LOSSES) else _one_line(problem)
        raise ReplayError(0, stopped(told, job.events, list(results.values()))) from None
    except PolicyError as problem:
        raise ReplayError(0, stopped(str(problem), job.events, list(results.values()))) from None
    for notice in job.notices:
        tell(notice)
    return Report(job.counts(), job.faults[:FAULTS_TOLD], {"in all": time.perf_counter() - started})


class _Job:
    """One backtest: what its tasks are told, and what they have told so far."""

    def __init__(self, names: list[str], large: int, on_progress: Progress | None) -> None:
        self.names = names
        self.large = large
        self.folders: dict[str, str] = {}
        self.dealt_to = ""
        self.events = 0
        self.faults: list[str] = []
        self.notices: list[str] = []
        self._on_progress = on_progress
        self._counts: list[dict[str, Any]] = []

    def run(self, fragments: Sequence[Fragment], partitions: int) -> None:
        """Deal out, and replay. Raises `ReplayError`."""
        about = {
            "policies": self.names,
            "folders": self.folders,
            "dealt_to": self.dealt_to,
            "partitions": partitions,
            "large": self.large,
        }
        deals = [about | {"number": number, **cut(fragment)} for number, fragment in enumerate(fragments)]
        dealt = sorted(self._map(deal, deals, 0), key=lambda told: int(told["number"]))
        self.notices += [note for told in dealt for note in told["notices"]]
        for told in self._map(replay, [about | each for each in partitions_of(dealt, partitions)], 1):
            self._counts.append(told["counts"])
            self.faults += told["faults"]
            self.notices += told["notices"]

    def counts(self) -> dict[str, Any]:
        """The counts of all partitions together."""
        total = Backtest(*map(load_rules, self.names)).as_json()
        for each in self._counts:
            _add(total, each)
        return _in_order(total)

    def _map(self, work: Callable[[Task], Task], tasks: Sequence[Task], round_number: int) -> Iterator[Task]:
        """What the tasks tell, as they end."""
        if not tasks:
            return
        begin = ray.remote(max_retries=_TRIES - 1)(_carefully)
        waiting = [begin.remote(json.dumps(task), work) for task in tasks]
        try:
            for number in range(1, len(tasks) + 1):
                done, waiting = _first_done(waiting)
                told = json.loads(ray.get(done))
                if "problem" in told:
                    raise ReplayError(0, told["problem"])
                self.events += told.get("events", 0)
                if self._on_progress is not None:
                    self._on_progress(self.events, (round_number + number / len(tasks)) / 2)
                yield told
        finally:
            _end(waiting)


def _first_done(waiting: list[Any]) -> tuple[Any, list[Any]]:
    """A task that has ended, and the others. Raises `ReplayError` when the cluster is gone."""
    gone_for = 0
    while True:
        done, others = ray.wait(waiting, timeout=_LOOK)
        if done:
            return done[0], others
        gone_for = gone_for + _LOOK if _is_gone() else 0
        if gone_for >= _PATIENCE:
            raise ReplayError(0, "the Ray cluster is gone")


def _end(waiting: list[Any]) -> None:
    """Stop tasks, so that none still writes where the folders are removed."""
    for task in waiting:
        ray.cancel(task)
    if waiting:
        ray.wait(waiting, num_returns=len(waiting), timeout=_PATIENCE, fetch_local=False)


def _is_gone() -> bool:
    """Whether the head of the cluster does not answer, or no other node is left that does any work."""
    try:
        _ask_after(ray.get_runtime_context().gcs_address)
    except ReplayError:
        return True
    return not any(node["Alive"] and node["Resources"].get("CPU") for node in ray.nodes())


def _carefully(task: str, work: Callable[[Task], Task]) -> str:
    """Do a task. An error becomes a line of text, which travels better than an exception."""
    pa.set_cpu_count(1)
    try:
        told = work(json.loads(task))
    except PolicyError as problem:
        told = {"problem": str(problem)}
    except OSError as problem:
        told = {"problem": in_words(problem)}
    return json.dumps(told)


@contextmanager
def _connected(address: str | None) -> Iterator[int]:
    """Be connected to a cluster; tells how many processors it has. Raises `ReplayError`."""
    is_ours = not ray.is_initialized()
    if is_ours:
        _ask_after(address)
        logging.getLogger("ray").setLevel(logging.ERROR)
        on_termination = signal.getsignal(signal.SIGTERM)
        try:
            ray.init(
                address=address or "local", include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR
            )
        except (ConnectionError, ValueError, RuntimeError) as problem:
            raise ReplayError(
                0, f"no Ray cluster at `{shorten(address or 'this machine')}`: {_one_line(problem)}"
            ) from None
        if threading.current_thread() is threading.main_thread():
            # Ray's own handler would end the process here and now.
            signal.signal(signal.SIGTERM, on_termination)
    try:
        yield int(ray.cluster_resources().get("CPU", 1))
    finally:
        if is_ours:
            # It waits for the cluster, which may be gone.
            end = threading.Thread(target=ray.shutdown, daemon=True)
            end.start()
            end.join(_PATIENCE)


def _ask_after(address: str | None) -> None:
    """See that anybody answers at `host:port`: Ray itself would try for long. Raises `ReplayError`."""
    host, colon, port = (address or "").removeprefix("ray://").rpartition(":")
    if not (colon and port.isdecimal()):
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_ANSWER).close()
    except (OSError, OverflowError) as problem:
        raise ReplayError(0, f"no Ray cluster at `{shorten(str(address))}`: {_one_line(problem)}") from None


@contextmanager
def _whole_folder(path: Path) -> Iterator[Path]:
    """A folder that appears under its name when the body has ended without an error. Raises OSError."""
    if path.exists():
        raise ReplayError(0, f"{path}: exists already")
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    try:
        yield temporary
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _add(total: dict[str, Any], more: dict[str, Any]) -> None:
    """Add the counts of a partition to the total."""
    for name, value in more.items():
        if isinstance(value, dict):
            _add(total.setdefault(name, {}), value)
        elif isinstance(value, list):
            total.setdefault(name, []).extend(value)
        elif isinstance(value, int):
            total[name] = total.get(name, 0) + value


def _in_order(counts: dict[str, Any]) -> dict[str, Any]:
    """The same counts in the order that one machine gives them: the largest first, or the first first."""
    for report in (counts, counts.get("against", {})):
        for name in report.keys() & {"transitions", "failed"}:
            report[name] = falling(report[name])
    if "differences" in counts:
        ways = Counter[tuple[str, str]]()
        for way in counts["differences"]["ways"]:
            ways[way["policy"], way["against"]] += way["events"]
        fields = ("policy", "against", "events")
        counts["differences"]["ways"] = [
            dict(zip(fields, (*way, many), strict=True)) for way, many in falling(ways).items()
        ]
        counts["differences"]["first"].sort(key=lambda first: first["row"])
    return counts


def _from_anywhere(name: str) -> str:
    """The name of a policy as it holds in any folder."""
    where, _, attribute = name.rpartition(":")
    return f"{Path(where).absolute()}:{attribute}" if where.endswith(".py") else name


def _one_line(problem: BaseException) -> str:
    return " ".join(str(problem).split())
