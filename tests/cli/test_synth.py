"""`fsm synth`: large logs from the command line."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from tests.cli.conftest import Inside
from tests.cli.runner import ROOT, fsm

SMALL = ("--events", "2000", "--rooms", "10", "--users", "50")


def test_parquet_and_lines_hold_the_same(inside: Inside, tmp_path: Path) -> None:
    for ending in ("parquet", "arrow", "jsonl"):
        run = inside("synth", "-o", str(tmp_path / f"log.{ending}"), *SMALL, "--seed", "7")
        assert (run.status, run.out, run.err) == (0, "", "")
    table = pq.read_table(tmp_path / "log.parquet")
    plain = feather.read_table(tmp_path / "log.arrow")
    assert table.cast(plain.schema).equals(plain)
    events = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [event["sender"] for event in events] == table.column("sender").to_pylist()
    counts = json.loads(inside("backtest", str(tmp_path / "log.parquet"), "--json").out)
    again = json.loads(inside("backtest", str(tmp_path / "log.jsonl"), "--json").out)
    assert counts["summary"] == again["summary"]
    assert counts["summary"]["events"] == 2000
    replayed = json.loads(inside("replay", str(tmp_path / "log.jsonl"), "--json").out.splitlines()[-1])
    assert counts["summary"] == replayed["summary"]


def test_a_seed_always_says_the_same(tmp_path: Path) -> None:
    # Each in a process of its own, with other hashes.
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2")):
        fsm("synth", "-o", str(tmp_path / f"{name}.jsonl"), *SMALL, "--seed", seed)
    texts = [(tmp_path / f"{name}.jsonl").read_text() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]


# fmt: off
UNUSABLE = [
    (["-o", "log.csv"],                               "log.csv: the name must end in .parquet"),
    (["-o", "/nowhere/log.parquet"],                  "/nowhere/log.parquet: no such file or directory"),
    (["-o", "/nowhere/log.jsonl"],                    "/nowhere/log.jsonl: no such file or directory"),
    (["-o", "log.parquet", "--events", "5"],          "a history takes a room, two users, and ten events for each room"),
    (["-o", "log.parquet", "--users", "1"],           "a history takes a room, two users, and ten events for each room"),
    (["-o", "log.parquet", "--rooms", "0"],           "a history takes a room, two users, and ten events for each room"),
    (["-o", "log.parquet", "--events", "1" + "0" * 20], "a history has at most 20,000,000 rooms, users, and events for each room"),
    (["-o", "log.parquet", "--users", "1000000000"],  "a history has at most 20,000,000 rooms, users, and events for each room"),
    (["-o", "log.parquet", "--policy", "nomi"],       "unknown policy `nomi`"),
    ([],                                              "missing option '--output' / '-o'"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "complaint"), UNUSABLE)
def test_unusable_input_is_one_line(inside: Inside, arguments: list[str], complaint: str) -> None:
    run = inside("synth", *arguments)
    assert (run.status, run.out) == (2, "")
    assert run.complaint.startswith(f"fsm: {complaint}")
    assert not Path("log.parquet").exists()


def test_being_terminated_leaves_nothing(tmp_path: Path) -> None:
    output = tmp_path / "log.jsonl"
    run = subprocess.Popen(
        [sys.executable, "-m", "fsm", "synth", "-o", str(output), "--events", "4000000"],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    while not list(tmp_path.iterdir()):
        assert run.poll() is None, run.communicate()
        time.sleep(0.05)
    run.terminate()
    out, err = run.communicate(timeout=60)
    assert (run.returncode, out, err) == (130, "", "fsm: interrupted\n")
    assert list(tmp_path.iterdir()) == []
