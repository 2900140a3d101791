"""`fsm conform`."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import ROOT, fsm, inheriting

FILES = [(ROOT / "vectors" / name).read_text(encoding="utf-8") for name in ("mimi.jsonl", "mimi.events.jsonl")]
SIZE = sum(len(text.splitlines()) for text in FILES)
DECIDE = ("--", sys.executable, "-m", "fsm", "decide")


def test_fsm_conforms_to_itself() -> None:
    run = fsm("conform", "mimi", *DECIDE)
    assert (run.status, run.err) == (0, "")
    assert run.out == f"{SIZE} of {SIZE} answers agree with mimi\n"


def test_events_that_cite_others_are_asked_of_an_implementation() -> None:
    run = fsm("conform", "matrix-11", "--events", "--strict", *DECIDE, "--policy", "matrix-11")
    assert (run.status, run.err) == (0, "")
    agrees = "for _ in open(0): print('{\"allowed\": true}')"
    other = fsm("conform", "matrix-11", "--events", "--json", "--", sys.executable, "-c", agrees)
    assert other.status == 1
    assert any("events" in each for each in json.loads(other.out)["disagreements"])


def test_disagreements_are_listed(inside: Inside, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text("from fsm import MIMI\nMINE = MIMI.evolve('mine', drop=['unban'])\n", encoding="utf-8")
    junit = tmp_path / "report.xml"
    run = inside("conform", "mimi", "--junit", str(junit), *DECIDE, "--policy", f"{file}:MINE")
    assert run.status == 1
    words = run.out.split()
    assert words[:4] == ["vector", "expected", "answered", "why"]
    assert "(unban)" in words
    assert run.out.splitlines()[-1].endswith(f"of {SIZE} answers agree with mimi")
    failures = ET.parse(junit).getroot().findall("testsuite/testcase/failure")  # noqa: S314 - our own
    assert failures
    assert failures[0].attrib["message"] == "expected allowed to leave (unban), answered rejected"
    assert failures[0].text == "unban: allowed (section 5.6.2)"


def test_a_run_as_json(inside: Inside) -> None:
    run = inside("conform", "mimi-00", "--paths", "--json", *DECIDE, "--policy", "mimi-00")
    assert run.status == 0
    assert json.loads(run.out)["conforms"] is True


def test_a_long_table_is_cut(inside: Inside) -> None:
    run = inside("conform", "mimi", "--", sys.executable, "-c", "for _ in open(0): print('{\"allowed\": true}')")
    assert run.status == 1
    rows = [line for line in run.out.splitlines() if line.startswith("mimi/")]
    agreeing = int(run.out.splitlines()[-1].partition(" ")[0])
    assert f"… and {SIZE - agreeing - len(rows)} more" in run.out.splitlines()
    assert len(rows) == 50


def test_an_ill_implementation(inside: Inside) -> None:
    run = inside("conform", "mimi", "--timeout", "0.3", "--", sys.executable, "-c", "import time; time.sleep(60)")
    assert run.status == 1
    assert run.out.splitlines()[0] == "the implementation hangs: no answer within 0.3 seconds (0 answered)"


# fmt: off
UNUSABLE = [
    (("nobody", *DECIDE),                       "unknown policy `nobody`"),
    (("mimi", "--", "no-such-command"),         "no-such-command: no such file or directory"),
    (("mimi", "--", "/etc/passwd"),             "/etc/passwd: permission denied"),
    (("mimi", "--all", "--cover", *DECIDE),     "choose one of --all, --cover, --paths and --events"),
    (("mimi",),                                 "missing argument 'command...'"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0][:3]) for row in UNUSABLE])
def test_unusable_input(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("conform", *arguments)
    assert run.status == 2
    assert run.complaint.lower().startswith(f"fsm: {problem}")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_whoever_ends_the_run_ends_the_implementation(number: signal.Signals, tmp_path: Path) -> None:
    file = tmp_path / "pid"
    script = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    command = [sys.executable, "-m", "fsm", "conform", "mimi", "--paths", "--", sys.executable, "-c", script]
    with inheriting(number, signal.SIG_DFL):
        started = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    with started as run:
        until = time.monotonic() + 20
        while not (file.exists() and file.read_text(encoding="utf-8")) and time.monotonic() < until:
            time.sleep(0.01)
        run.send_signal(number)
        assert run.wait(timeout=20) == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int(file.read_text(encoding="utf-8")), 0)
