"""Whatever reads JSON that a stranger wrote refuses the same, in the same words."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa
import pytest

from fsm import MIMI
from fsm.bulk import files
from fsm.bulk.backtest import Backtest
from fsm.bulk.read.layout import REQUIRED
from fsm.bulk.read.sizes import AT_ONCE, FREE, IN_ALL
from fsm.bulk.read.source import MAX_PACKING
from fsm.event import MAX_TEXT
from fsm.json_lines import MAX_LINE
from fsm.review.errors import ReviewError
from fsm.review.laws.accepted import read_accepted
from fsm.review.testing.conform import _read
from fsm.strict_json import MAX_DEPTH, MAX_JSON, read_json
from tests.cli.conftest import Inside
from tests.logs import read_lines

Ask: TypeAlias = Callable[..., list[str]]

VALUES = [
    '{"a": 1, "a": 1}',
    '{"b": [{"a": 1, "\\u0061": 2}]}',
    "NaN",
    "[-Infinity]",
    "1e999",
    "-1E999",
    "9" * 4301,
    '"\\ud800"',
    '{"\\uDC00": 1}',
    "[" * MAX_DEPTH + "]" * MAX_DEPTH,
    '{"a":' * 10**6,
    "[1,]",
    "\x00",
]
TEXTS = [
    f'{{"type": "m.room.create", "sender": "@a", "state_key": "", "content": {{"a": {value}}}}}' for value in VALUES
]


def said_of(text: str) -> str:
    with pytest.raises(ValueError, match="not ") as caught:
        read_json(text.encode())
    return str(caught.value)


@pytest.fixture
def piped(inside: Inside, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Run a command with standard input, and give what it writes."""

    def run(*arguments: str, given: str) -> list[str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(given.encode())))
        done = inside(*arguments)
        assert done.status == 2
        return done.out.splitlines() + done.err.splitlines()

    return run


def test_every_fault_is_one() -> None:
    assert len({said_of(text) for text in TEXTS}) == len(TEXTS) - 3  # the same key, number and depth come up again


@pytest.mark.parametrize(
    "command", [("decide",), ("replay", "-", "--json"), ("visible", "-", "--user", "@a")], ids=" ".join
)
def test_commands_that_read_lines(command: tuple[str, ...], piped: Ask) -> None:
    wraps = '{"event": %s}' if command == ("decide",) else "%s"
    lines = [wraps % text for text in TEXTS]
    written = piped(*command, given="\n".join(lines))
    told = [json.loads(line)["error"]["message"] for line in written if line.startswith('{"error"')]
    told = told or [line.removeprefix("fsm: ") for line in written if line.startswith("fsm: line")]
    assert told == [f"line {number}: {said_of(line)}" for number, line in enumerate(lines, start=1)]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_a_document_over_many_lines(text: str, piped: Ask) -> None:
    said = said_of(text).replace(" at character", " at line 2, character")
    assert f"fsm: line 1: {said}" in piped("replay", "-", given=f"[\n{text}]")


def test_a_backtest_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes("\n".join(TEXTS).encode())
    faults = files.backtest(path, MIMI).faults
    assert faults == [f"{path}: line {number}: {said_of(text)}" for number, text in enumerate(TEXTS, start=1)]


@pytest.mark.parametrize("column", ["event_json", "content"])
def test_a_backtest_of_columns(column: str) -> None:
    rows = {name: [None] * len(TEXTS) for name in REQUIRED} | {column: TEXTS}
    if column == "content":
        rows |= {"type": ["m.room.role"] * len(TEXTS), "sender": ["@a"] * len(TEXTS), "state_key": ["r"] * len(TEXTS)}
    table = pa.table({name: pa.array(values, pa.string()) for name, values in rows.items()})
    faults = Backtest(MIMI).add(table).verdicts[0].faults
    place = "`content`: " if column == "content" else ""
    assert [faults[row] for row in range(len(TEXTS))] == [f"{place}{said_of(text)}" for text in TEXTS]


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_what_reads_one_value(text: str, piped: Ask, tmp_path: Path) -> None:
    assert piped("wire", "encode", "MUserContent", given=text) == [f"fsm: {said_of(text)}"]
    with pytest.raises(ValueError, match="not ") as answered:
        _read(text.encode())
    assert str(answered.value) == said_of(text)
    file = tmp_path / "accepted.json"
    file.write_bytes(text.encode())
    with pytest.raises(ReviewError) as accepted:
        read_accepted(file, frozenset())
    assert str(accepted.value) == f"`accepted.json`: {said_of(text)}"


def test_what_is_too_long_is_read_no_further(piped: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("strict_json", "json_lines", "cli.wire"):
        monkeypatch.setattr(f"fsm.{module}.MAX_JSON", 99)
    text = f'"{"x" * 98}"'
    assert said_of(text) == "not readable: longer than 99 bytes"
    assert piped("wire", "encode", "MUserContent", given=text) == ["fsm: not readable: longer than 99 bytes"]
    assert piped("wire", "decode", "MUserContent", given="0" * 100) == ["fsm: byte 0: longer than 99 digits"]
    assert [line.error is None for line in read_lines(io.BytesIO(f"{text}\n1".encode()))] == [False, True]


@pytest.mark.parametrize(
    "command",
    [("decide",), ("replay", "-"), ("visible", "-", "--user", "@a"), ("wire", "encode", "X"), ("wire", "decode", "X")],
    ids=" ".join,
)
def test_standard_input_may_be_closed(
    command: tuple[str, ...], inside: Inside, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    run = inside(*command)
    assert (run.status, run.complaint) == (2, "fsm: standard input is closed")


def test_the_page_of_limits_says_how_much_is_read() -> None:
    limits = (Path(__file__).parents[2] / "docs" / "reference" / "limits.md").read_text(encoding="utf-8")
    decoded = (
        f"{IN_ALL} times its file, and {FREE // 2**20} MiB; of this at once, {AT_ONCE} times, and {FREE // 2**20} MiB"
    )
    packed = f"{MAX_PACKING} times its file, and {MAX_JSON // 2**20} MiB"
    said = (
        f"{MAX_JSON // 2**20} MiB",
        f"{MAX_LINE // 2**30} GiB",
        f"{MAX_DEPTH} levels",
        f"{sys.get_int_max_str_digits()} digits",
        f"{MAX_TEXT} characters",
        packed,
        decoded,
    )
    assert [limit in limits for limit in said] == [True] * len(said)
