"""Files that are none, or hold what no stranger should be able to send: one line that names the place, and no traceback."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import DAY

CREATION = {"type": "m.room.create", "sender": "@a:a", "state_key": "", "content": {}}
VALUES: list[Any] = [None, True, 0, -1.5, 10**400, "", "x" * 70_000, "\u202e\x00", [], [[]], {}, {"a": {}}, ["a", 1]]
FIELDS = (*CREATION, "event_id", "room_id", "auth_events", "prev_events", "unsigned", "authEvents", "redacts", "depth")

READS = [
    ("replay", "{}"),
    ("visible", "{}", "--user", "@a:a"),
    ("explore", "mimi", "--log", "{}", "-o", "/dev/null"),
    ("backtest", "{}"),
    ("draw", "{}.json"),
    ("draw", "{}.py:X"),
    ("test", "{}"),
    ("verify", "mimi", "--rooms", "0", "--laws", "{}.py"),
    ("verify", "mimi", "--rooms", "0", "--accept", "{}.toml"),
]


def ids(rows: list[tuple[str, ...]]) -> list[str]:
    return [" ".join(row) for row in rows]


@pytest.mark.parametrize("command", READS, ids=ids(READS))
@pytest.mark.parametrize("name", ["missing", "\udcff\u202e", "x" * 3_000, "file/below"])
def test_files_that_are_not_there(command: tuple[str, ...], name: str, inside: Inside, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run = inside(*(word.replace("{}", str(tmp_path / name)) for word in command))
    assert (run.status, run.out) == (2, "")
    assert run.complaint.isprintable()
    assert len(run.complaint) < 700


@pytest.mark.parametrize("command", READS[:4], ids=ids(READS[:4]))
@pytest.mark.parametrize("name", ["", "a\0b"])
def test_names_that_no_file_can_have(command: tuple[str, ...], name: str, inside: Inside) -> None:
    run = inside(*(word.replace("{}", name) for word in command))
    assert (run.status, run.out) == (2, "")
    assert "name" in run.complaint


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="a file that opens, and fails when it is read")
@pytest.mark.parametrize("command", READS[:4], ids=ids(READS[:4]))
def test_a_file_that_cannot_be_read_is_named(command: tuple[str, ...], inside: Inside) -> None:
    run = inside(*(word.replace("{}", "/proc/self/mem") for word in command))
    assert run.status == 2
    assert "/proc/self/mem: input/output error" in run.complaint


BYTES = {
    "no UTF-8 in an object": b'{"a": "\xff"}',
    "no UTF-8 in a list": b'["\xff"]',
    "half a pair as bytes": b'{"type": "\xed\xa0\x80"}',
    "another encoding": json.dumps(CREATION).encode("utf-16"),
    "cut off": DAY.read_bytes()[:100],
    "a number": b"5",
    "deep": b'{"a":' * 10**6,
    "binary": bytes(set(range(256)) - {10}),
}


@pytest.mark.parametrize("command", READS[:4], ids=ids(READS[:4]))
@pytest.mark.parametrize("content", BYTES.values(), ids=BYTES)
def test_logs_that_cannot_be_read(command: tuple[str, ...], content: bytes, inside: Inside, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    run = inside(*(word.replace("{}", str(log)) for word in command))
    assert run.status == 2
    assert "line 1: " in run.complaint


EVENTS = [json.dumps({**CREATION, field: value}, ensure_ascii=True) for field in FIELDS for value in VALUES]


@pytest.mark.parametrize("policy", ["mimi", "matrix-11", "room-policy-strict"])
@pytest.mark.parametrize("command", [*READS[:2], READS[3]], ids=ids([*READS[:2], READS[3]]))
def test_every_field_of_every_type(command: tuple[str, ...], policy: str, inside: Inside, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("\n".join(EVENTS), encoding="utf-8")
    run = inside(*(word.replace("{}", str(log)) for word in command), "--policy", policy)
    assert run.status == 2
    assert all(line.startswith("fsm: ") and line.isprintable() and len(line) < 500 for line in run.err.splitlines())
    assert "line 1: `type`: must be a string, not null" in run.err


def test_what_only_the_second_policy_cannot_read_is_told(inside: Inside, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(json.dumps(CREATION), encoding="utf-8")
    run = inside("backtest", str(log), "--against", "room-policy-strict")
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {log}: line 1: `type`: `m.room.create` is not one of ")
