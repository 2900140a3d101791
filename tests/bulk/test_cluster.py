"""The same answers on a cluster, also when a node dies."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import ray
from ray.cluster_utils import Cluster

from fsm.bulk import cluster, files
from fsm.bulk.write.synth import synthesise
from fsm.errors import ReplayError
from fsm.policies import load_policy
from tests.cli.runner import ROOT

pytestmark = pytest.mark.filterwarnings("default")  # those of ray are no concern of ours

EVENTS, ROOMS = 120_000, 60
GROUP = 8_000
"""The rows of a row group: the history has many fragments, so that a node dies between two."""


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history in which one room has a third of all events, and some look back or are none."""
    policy = load_policy("mimi")
    table = pa.concat_tables(synthesise(policy, events=EVENTS, rooms=ROOMS, users=2_000, seed=7))
    rooms = table.column("room_id").cast(pa.string())
    is_merged = pc.equal(pc.utf8_length(rooms), pc.utf8_length(pa.scalar("!r1:h1.example")))
    table = table.set_column(0, "room_id", pc.if_else(is_merged, "!large:h.example", rooms))
    path = tmp_path_factory.mktemp("history") / "events.parquet"
    pq.write_table(table, path, row_group_size=GROUP)
    return path


@pytest.fixture(scope="module")
def nodes() -> Iterator[Any]:
    """A cluster of a head that does no work, and three nodes that do."""
    size: dict[str, Any] = {"object_store_memory": 80 * 2**20}
    # A dead node is missed soon; one that has no time to answer is not taken for dead.
    health = {"health_check_period_ms": 500, "health_check_timeout_ms": 60_000}
    made = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, "_system_config": health, **size})
    workers = [made.add_node(num_cpus=1, **size) for _ in range(3)]
    ray.init(address=made.address, log_to_driver=False)
    yield made, workers
    ray.shutdown()
    made.shutdown()


def answers(report: files.Report) -> dict[str, Any]:
    """All that a report says, but how long it took."""
    return {name: value for name, value in report.as_json().items() if name != "seconds"}


@pytest.fixture(scope="module")
def expected(history: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], pa.Table]:
    """What one machine says."""
    output = tmp_path_factory.mktemp("here") / "verdicts.parquet"
    report = files.backtest(history, load_policy("mimi"), load_policy("mimi-01"), output=output)
    return answers(report), pq.read_table(output)


@pytest.mark.long
def test_the_command_answers_alike(
    history: Path, expected: tuple[dict[str, Any], pa.Table], nodes: Any, tmp_path: Path
) -> None:
    """On a cluster that runs already, with relative paths, and a policy out of a file."""
    made, _ = nodes
    (tmp_path / "own.py").write_text("from fsm import MIMI as OWN\n")
    policy = f"{os.path.relpath(tmp_path, history.parent)}/own.py:OWN"
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    cluster_of_ours = ["--engine", "ray", "--address", made.address, "--scratch", str(scratch)]
    run = subprocess.run(
        [sys.executable, "-m", "fsm", "backtest", history.name, "--policy", policy, "--against", "mimi-01", "--json",
         *cluster_of_ours],
        cwd=history.parent, capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (1, "")
    told = json.loads(run.stdout)
    assert {name: value for name, value in told.items() if name != "seconds"} == expected[0]
    assert list(scratch.iterdir()) == []


@pytest.mark.long
def test_nothing_is_lost_when_a_node_dies(
    history: Path, expected: tuple[dict[str, Any], pa.Table], nodes: Any, tmp_path: Path
) -> None:
    made, workers = nodes
    seen: list[float] = []

    def lose_a_node(_: int, share: float) -> None:
        seen.append(share)
        if len(seen) in (3, 20):  # once while the history is dealt out, once in the replay
            made.remove_node(workers.pop(), allow_graceful=False)

    report = cluster.backtest(
        history,
        "mimi",
        "mimi-01",
        output=tmp_path / "verdicts",
        participation=tmp_path / "participation",
        partitions=12,
        fragment=GROUP,
        large=2_000,
        on_progress=lose_a_node,
    )
    assert len(workers) == 1
    assert seen[-1] == 1
    assert answers(report) == expected[0]
    rows = pq.read_table(tmp_path / "verdicts").sort_by("row_number")
    assert rows.column("row_number").to_pylist() == list(range(1, EVENTS + 1))
    names = ["allowed", "transition", "reason", "against_allowed", "differs"]
    assert rows.select(names).to_pylist() == expected[1].select(names).to_pylist()
    states = Counter(pq.read_table(tmp_path / "participation").column("state").to_pylist())
    del states["leave"]  # under the other policy they are somewhere else
    assert states == expected[0]["participation"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["participation", "verdicts"]


@pytest.mark.usefixtures("nodes")
def test_what_stops_a_run(history: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.parquet"
    data = bytearray(history.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 4_000] = bytes(4_000)
    broken.write_bytes(data)
    with pytest.raises(ReplayError, match=r"cannot be read.*: stopped after 0 events, and .*verdicts not written\Z"):
        cluster.backtest(broken, "mimi", output=tmp_path / "verdicts", fragment=GROUP)
    assert [path.name for path in tmp_path.iterdir()] == ["broken.parquet"]


@pytest.mark.usefixtures("nodes")
def test_no_task_goes_on_when_a_run_stops() -> None:
    """It would write where the folders are removed."""
    begin = ray.remote(lambda: all(True for _ in count()))
    tasks = [begin.remote() for _ in range(5)]
    cluster._end(tasks)
    assert ray.wait(tasks, num_returns=len(tasks), timeout=0) == (tasks, [])


@pytest.mark.usefixtures("nodes")
def test_what_is_guessed_about_a_log_is_said(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(json.dumps([{"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}] * 2))
    ours: list[str] = []
    theirs: list[str] = []
    files.backtest(path, load_policy("mimi"), tell=ours.append)
    cluster.backtest(path, "mimi", tell=theirs.append)
    assert ours == theirs
    assert ours[0].startswith(f"{path}: line 1: 2 events are taken to be oldest first: ")


DEADLY = """
import os
from fsm import MIMI as OWN
if os.environ.get("FSM_TEST_OWNER") != str(os.getppid()):
    os.kill(os.getpid(), 9)
"""


@pytest.mark.long
def test_a_task_that_takes_its_worker_with_it_is_given_up(history: Path, nodes: Any, tmp_path: Path) -> None:
    """In one line; and nothing else, not even of Ray, stands where the answer would."""
    made, _ = nodes
    (tmp_path / "own.py").write_text(DEADLY)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    run = subprocess.run(
        [sys.executable, "-m", "fsm", "backtest", str(history), "--policy", f"{tmp_path / 'own.py'}:OWN", "--json",
         "--engine", "ray", "--address", made.address, "--scratch", str(scratch), "-o", str(tmp_path / "verdicts")],
        capture_output=True, text=True, check=False, cwd=ROOT, env={**os.environ, "FSM_TEST_OWNER": str(os.getpid())},
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == (
        f"fsm: a task failed {cluster._TRIES} times: stopped after 0 events, and {tmp_path / 'verdicts'} not written\n"
    )
    assert list(scratch.iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["own.py", "scratch"]


def test_an_address_at_which_nobody_answers(history: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with pytest.raises(ReplayError, match=r"\Ano Ray cluster at `127\.0\.0\.1:1`: .*refused: stopped after 0 events\Z"):
        cluster.backtest(history, "mimi", address="127.0.0.1:1", scratch=tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("alive", "answers", "gone"), [(True, True, False), (False, True, True), (True, False, True)])
@pytest.mark.usefixtures("nodes")
def test_a_cluster_that_is_gone(alive: bool, answers: bool, gone: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    def ask_after(_: str) -> None:
        if not answers:
            raise ReplayError(0, "refused")

    monkeypatch.setattr(cluster, "_ask_after", ask_after)
    monkeypatch.setattr(
        ray, "nodes", lambda: [{"Alive": True, "Resources": {}}, {"Alive": alive, "Resources": {"CPU": 1}}]
    )
    assert cluster._is_gone() is gone
