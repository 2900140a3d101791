"""`fsm backtest`: a whole history from the command line."""

import json
import os
import pty
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from fsm.bulk.write.synth import synthesise
from fsm.cli.terminal import StoppedError, interruptible
from fsm.policies import load_policy
from tests.cli.runner import DAY, ROOT, fsm, inheriting

EVENTS = 3_000


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("history") / "events.parquet"
    (table,) = synthesise(load_policy("mimi"), events=EVENTS, rooms=10, users=80, seed=3)
    pq.write_table(table, path)
    return path


def test_the_day_as_text() -> None:
    run = fsm("backtest", str(DAY))
    assert run.status == 0
    lines = run.out.splitlines()
    assert lines[0] == "mimi: 2,400 events, 2,076 allowed, 324 rejected, no errors"
    assert lines[1].split() == ["by", "transition", "leave", "305"]
    assert ["(no", "transition)", "96"] in [line.split() for line in lines]
    assert lines[-1].startswith("2,400 events in ")
    assert "reading " in lines[-1]
    assert "\x1b" not in run.out


def test_the_day_agrees_with_its_replay() -> None:
    counts = json.loads(fsm("backtest", str(DAY), "--json").out)
    summary = json.loads(fsm("replay", str(DAY), "--json").out.splitlines()[-1])
    assert counts["summary"] == summary["summary"]
    states = [state for users in summary["participation"].values() for state in users.values()]
    assert counts["participation"] == {state: states.count(state) for state in counts["participation"]}
    assert counts["faults"] == []


def test_two_policies_that_differ(history: Path) -> None:
    run = fsm("backtest", str(history), "--policy", "mimi-01", "--against", "mimi")
    assert run.status == 1
    assert "they differ on " in run.out
    assert "where rooms part first" in run.out
    assert "    mimi            allowed as revoke\n" in run.out
    counts = json.loads(fsm("backtest", str(history), "--policy", "mimi-01", "--against", "mimi", "--json").out)
    assert counts["policy"] == "mimi-01"
    assert counts["against"]["policy"] == "mimi"
    assert counts["differences"]["events"] > 0


def test_two_policies_that_do_not(history: Path) -> None:
    run = fsm("backtest", str(history), "--policy", "mimi-00", "--against", "mimi-01")
    assert run.status == 0
    assert "they differ on no events in no rooms" in run.out


def test_results_in_files(history: Path, tmp_path: Path) -> None:
    output, states = tmp_path / "verdicts.parquet", tmp_path / "who.jsonl"
    run = fsm("backtest", str(history), "-o", str(output), "--participation", str(states), "--json")
    assert run.status == 0
    table = pq.read_table(output)
    counts = json.loads(run.out)
    assert sum(table.column("allowed").to_pylist()) == counts["summary"]["allowed"]
    assert table.column("time").equals(pq.read_table(history).column("time"))
    assert len(states.read_text().splitlines()) == sum(counts["participation"].values())


@pytest.mark.parametrize("engine", ["auto", "plain", "compiled"])
def test_engines(engine: str, history: Path) -> None:
    run = fsm("backtest", str(history), "--engine", engine, "--json")
    assert json.loads(run.out)["summary"]["events"] == EVENTS


def test_a_policy_of_ones_own(history: Path, tmp_path: Path) -> None:
    (tmp_path / "calm.py").write_text('from fsm import MIMI\nCALM = MIMI.evolve("calm", drop=["ban"])\n')
    run = fsm("backtest", str(history), "--policy", f"{tmp_path / 'calm.py'}:CALM", "--json")
    assert json.loads(run.out)["transitions"].get("ban") is None


def test_a_matrix_history(tmp_path: Path) -> None:
    """Made up, and replayed under the room version that it is made for, and under one that knows no knocks."""
    path = tmp_path / "log.parquet"
    assert (
        fsm("synth", "-o", str(path), "--policy", "matrix-7", *"--events 2000 --rooms 10 --users 50".split()).status
        == 0
    )
    run = fsm("backtest", str(path), "--policy", "matrix-7", "--against", "matrix-6", "--json")
    counts = json.loads(run.out)
    assert run.status == 1
    assert counts["summary"]["events"] == 2000
    assert "not_judged" not in counts["summary"]
    assert counts["no_participation_change"]["allowed"] > 10
    assert counts["transitions"]["found"] == counts["against"]["transitions"]["found"] == 10
    assert {way["policy"] for way in counts["differences"]["ways"]} >= {"knock", "withdraw"}


def test_lines_that_are_no_events(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}\n7\n')
    run = fsm("backtest", str(path))
    assert run.status == 2
    assert run.complaint == f"fsm: {path}: line 2: an event must be an object, not a number"
    assert "2 events, 1 allowed, 0 rejected, 1 error\n" in run.out


@pytest.mark.parametrize("opening", ["[", ""], ids=["array", "lines"])
def test_a_log_of_another_protocol_is_named(opening: str, tmp_path: Path) -> None:
    event = '{"type": "m.room.member", "sender": "@a:x", "state_key": "@a:x", "content": {"membership": "join"}}'
    path = tmp_path / "log.json"
    path.write_text(f"{opening}{event}{']' if opening else ''}")
    place = "line 1, event 1" if opening else "line 1"
    run = fsm("backtest", str(path))
    assert (run.status, run.out) == (2, "")
    assert run.complaint == (
        f"fsm: {path}: {place}: `m.room.member` is an event of Matrix, and the log is to be read with `--policy matrix`:"
        " stopped after 0 events"
    )


# fmt: off
UNUSABLE = [
    (["nowhere.parquet"],                        "nowhere.parquet: no such file or directory"),
    ([""],                                       "invalid value for 'HISTORY': a file must have a name"),
    ([str(DAY), "--policy", "nomi"],             "unknown policy `nomi`"),
    ([str(DAY), "--against", "nomi"],            "unknown policy `nomi`"),
    ([str(DAY), "-o", "verdicts.csv"],           "verdicts.csv: the name must end in .parquet"),
    ([str(DAY), "--engine", "magic"],            "invalid value for '--engine': 'magic' is not one of 'auto', "),
    ([str(DAY), "--address", "head:6379"],       "`--address` and `--scratch` are for `--engine ray`"),
    (["README.md", "--json", "-o", "/nowhere/verdicts.parquet"], "/nowhere/verdicts.parquet: no such file or directory"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "complaint"), UNUSABLE)
def test_unusable_input_is_one_line(arguments: list[str], complaint: str) -> None:
    run = fsm("backtest", *arguments)
    assert (run.status, run.out) == (2, "")
    assert run.complaint.startswith(f"fsm: {complaint}")


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_nothing(kind: signal.Signals, history: Path, tmp_path: Path) -> None:
    run, output = interrupted(history, 300, tmp_path, kind)
    out, err = run.communicate(timeout=30)
    assert (run.returncode, out) == (130, "")
    assert err.startswith("fsm: interrupted: stopped after ")
    assert err.endswith(f" events, and {output} not written\n")
    assert [path.name for path in tmp_path.iterdir()] == ["history"]


def test_a_signal_of_which_a_library_takes_no_notice_is_not_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    steps = []

    def work() -> None:
        with inheriting(signal.SIGTERM, signal.SIG_DFL), interruptible() as check:
            check()
            steps.append("before")
            with suppress(KeyboardInterrupt):
                signal.raise_signal(signal.SIGTERM)
            steps.append("taken no notice of")
            check()
            steps.append("forgotten")

    with pytest.raises(StoppedError) as end:
        work()
    assert (end.value.status, steps) == (130, ["before", "taken no notice of"])
    assert capsys.readouterr().err == "fsm: interrupted\n"


def test_a_signal_while_code_is_made_ends_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "program.py").write_text("""
import signal, sys
from fsm.cli.terminal import StoppedError, interruptible
try:
    with interruptible():
        exec("signal.raise_signal(signal.SIGTERM)")
except StoppedError as end:
    sys.exit(end.status)
""")
    with inheriting(signal.SIGTERM, signal.SIG_DFL):
        run = subprocess.run(
            [sys.executable, "-m", "program"], capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
        )  # fmt: skip
    assert (run.returncode, run.stderr) == (130, "fsm: interrupted\n")


def test_signals_that_are_to_be_ignored_end_nothing(history: Path, tmp_path: Path) -> None:
    """As of what was started in the background, or with `nohup`."""
    run, output = interrupted(history, 20, tmp_path, signal.SIGINT, signal.SIGTERM, signal.SIGHUP, ignored=True)
    _, err = run.communicate(timeout=60)
    assert (run.returncode, err) == (0, "")
    assert output.stat().st_size


def interrupted(
    history: Path, times: int, folder: Path, *kinds: signal.Signals, ignored: bool = False
) -> tuple["subprocess.Popen[str]", Path]:
    """A run that has been sent signals once it had begun to write; and where it writes to."""
    (folder / "history").mkdir()
    for number in range(times):
        (folder / "history" / f"{number:03}.parquet").symlink_to(history)
    output = folder / "verdicts.jsonl"
    with ExitStack() as stack:
        for kind in kinds:
            stack.enter_context(inheriting(kind, signal.SIG_IGN if ignored else signal.SIG_DFL))
        run = subprocess.Popen(
            [sys.executable, "-m", "fsm", "backtest", str(folder / "history"), "-o", str(output)],
            cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
    while not [path for path in folder.glob(".*.partial") if path.stat().st_size]:
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    for kind in kinds:
        run.send_signal(kind)
    return run, output


@pytest.mark.parametrize("ending", ["parquet", "arrow", "jsonl"])
def test_a_full_disk_leaves_nothing(ending: str, history: Path, tmp_path: Path) -> None:
    output = tmp_path / f"verdicts.{ending}"
    run = subprocess.run(
        [sys.executable, "-m", "fsm", "backtest", str(history), "-o", str(output)],
        cwd=ROOT, text=True, capture_output=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr == f"fsm: {output}: file too large: stopped after 3000 events, and {output} not written\n"
    assert not list(tmp_path.iterdir())


def test_progress_is_shown_on_a_terminal(history: Path, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    for number in range(40):
        (folder / f"{number:03}.parquet").symlink_to(history)
    inside, outside = pty.openpty()
    run = subprocess.Popen(
        [sys.executable, "-m", "fsm", "backtest", str(folder), "-o", str(tmp_path / "verdicts.jsonl")],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=outside, env={**os.environ, "TERM": "xterm", "COLUMNS": "120"},
    )  # fmt: skip
    os.close(outside)
    shown = b""
    while run.poll() is None or shown.endswith(b"\n"):
        try:
            shown += os.read(inside, 65_536)
        except OSError:
            break
    assert b"replaying" in shown
    assert b" events, " in shown
    assert b"/s" in shown
    run.communicate()
