"""Changes of known forms are taken out of a log many at once: what is read so is what is read line by line."""

import gzip
import json
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm.bulk.files import backtest
from fsm.bulk.read import layout, remainder
from fsm.bulk.read.lines import read_log
from fsm.event import MAX_TEXT
from fsm.json_lines import Line
from fsm.matrix.policies import VERSIONS
from fsm.policies import load_rules
from tests.builders import ALICE, BOB, JOIN, change, create
from tests.bulk import histories, matrix_histories

MIMI = load_rules("mimi")
MATRIX = load_rules("matrix-11")


@contextmanager
def blocks_of(size: int, tried: int) -> Iterator[None]:
    """Blocks that begin so small, of which so many lines are looked at for their forms."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(remainder, "_FIRST", size)
        patch.setattr(remainder, "_TRIED", tried)
        yield


def read(text: bytes, *policies: Any) -> pa.Table:
    """The log as a table."""
    return pa.concat_tables([layout.EMPTY, *read_log(BytesIO(text), policies or [MIMI])], promote_options="default")


def taken_from(text: bytes, *policies: Any, size: int = 200) -> int:
    """How many changes are taken out, when all are told as if they were read."""
    given = []
    with blocks_of(size, 0):
        expected = read(text, *policies)
    with blocks_of(size, 99), pytest.MonkeyPatch.context() as patch:
        note = remainder.Remainder.note

        def noted(self: remainder.Remainder, line: Line, row: dict[str, Any]) -> None:
            given.append(line)
            note(self, line, row)

        patch.setattr(remainder.Remainder, "note", noted)
        assert read(text, *policies).to_pylist() == expected.to_pylist()
    return len(expected) - len(given)


def lines(*events: Any, **options: Any) -> bytes:
    return b"".join(json.dumps(event, **options).encode() + b"\n" for event in events)


def written(log: list[Any], order: list[str], separators: tuple[str, str], *, is_ascii: bool, feed: bytes) -> bytes:
    """A log as some program writes it."""

    def dumped(event: Any) -> bytes:
        if isinstance(event, dict):
            event = {key: event[key] for key in sorted(event, key=[*order, *event].index)}
        text = json.dumps(event, separators=separators, ensure_ascii=is_ascii)
        return text.encode(errors="surrogatepass") + feed

    return b"".join(map(dumped, log))


WAYS = {
    "order": st.permutations(["type", "sender", "state_key", "content", "room_id", "event_id"]),
    "separators": st.sampled_from([(", ", ": "), (",", ":"), (" ,\t", " : ")]),
    "is_ascii": st.booleans(),
    "feed": st.sampled_from([b"\n", b"\r\n", b"\n\n", b" \n"]),
}


@settings(max_examples=60, deadline=None)
@given(histories.logs(looking_back=True), st.integers(20, 400), st.fixed_dictionaries(WAYS), st.integers(1, 4))
def test_random_logs(log: list[Any], size: int, way: dict[str, Any], times: int) -> None:
    text = written(log * times, **way)
    taken_from(text, size=size)
    taken_from(text, MIMI, load_rules("mimi-00"), size=size)


@settings(max_examples=40, deadline=None)
@given(st.data(), st.sampled_from(["1", "10", "12"]), st.integers(20, 400), st.fixed_dictionaries(WAYS))
def test_random_logs_of_matrix(data: st.DataObject, version: str, size: int, way: dict[str, Any]) -> None:
    log = data.draw(matrix_histories.logs(VERSIONS[version]))
    text = written(log * 2, **way)
    for rules in (VERSIONS[version], load_rules("matrix")):
        taken_from(text, rules, size=size)


JOINS = [{**change(JOIN, f"@{number}:x"), "room_id": "!r:x"} for number in range(40)]
BEFORE = [{**create(), "room_id": "!r:x"}, *JOINS[:8]]

# fmt: off
TAKEN: list[tuple[str, bytes, bool]] = [
    ("as they are",             lines(*JOINS[8:]),                                              True),
    ("other actions",           lines({**change("leave", BOB), "room_id": "!r:x"}),             True),
    ("an action that is none",  lines({**change("dance", BOB), "room_id": "!r:x"}),             False),
    ("other letters",           lines({**change(JOIN, "@é:x"), "room_id": "!\U0001f600"}, ensure_ascii=False), True),
    ("an escape",               lines({**change(JOIN, '@"'), "room_id": "!r:x"}),               False),
    ("a control character",     lines({**change(JOIN, "@\0"), "room_id": "!r:x"}).replace(b"\\u0000", b"\0"), False),
    ("a line feed in a word",   lines({**change(JOIN, "@~"), "room_id": "!r:x"}).replace(b"~", b"\n"), False),
    ("no UTF-8",                lines({**change(JOIN, "@~"), "room_id": "!r:x"}).replace(b"~", b"\xff"), False),
    ("half of a pair",          lines({**change(JOIN, "@~"), "room_id": "!r:x"}).replace(b"~", b"\xed\xa0\x80"), False),
    ("an empty word",           lines({**change(JOIN, ""), "room_id": "!r:x"}),                 False),
    ("a long word",             lines({**change(JOIN, "@" * MAX_TEXT), "room_id": "!r:x"}),     False),
    ("a key that comes twice",  lines(JOINS[8]).replace(b'"room_id"', b'"sender": "@a", "room_id"'), False),
    ("another field",           lines({**JOINS[8], "authEvents": []}),                          False),
    ("no change",               lines({**JOINS[8], "type": "m.room.name"}),                     False),
    ("two on a line",           lines(JOINS[8])[:-1] + lines(JOINS[9]),                         False),
    ("cut off",                 lines(JOINS[8])[:-9] + b"\n",                                   False),
    ("no line feed",            lines(JOINS[8])[:-1],                                           False),
    ("an array before",         lines(JOINS[9:12], JOINS[8]),                                   False),
    ("one begun before",        lines(BEFORE[0])[:-1] + b'{"type":\n' + lines(JOINS[8]),        False),
    ("over many lines before",  json.dumps(JOINS[9], indent=1).encode() + b"\n" + lines(JOINS[8]), False),
]
# fmt: on


@pytest.mark.parametrize(("text", "is_taken"), [it[1:] for it in TAKEN], ids=[it[0] for it in TAKEN])
def test_what_is_taken_out(text: bytes, is_taken: bool) -> None:
    before = lines(*BEFORE)
    for size in (len(before), len(before) + 30):
        assert bool(taken_from(before + text, size=size)) is is_taken


EXTRA = {
    "origin_server_ts": 12,
    "unsigned": {"age": 7},
    "content": {"membership": "join", "displayname": "B", "n": None},
}


@pytest.mark.parametrize(
    ("first", "others", "is_taken"),
    [
        ({}, {}, True),
        (EXTRA, EXTRA | {"origin_server_ts": 1234567890123, "unsigned": {"age": 0}}, True),
        (EXTRA, EXTRA | {"origin_server_ts": 1.5}, False),
        (EXTRA, EXTRA | {"origin_server_ts": int("9" * 16)}, False),
        (EXTRA, EXTRA | {"content": {"membership": "join", "displayname": "", "n": None}}, True),
        (EXTRA, EXTRA | {"content": {"membership": "join", "displayname": "C", "n": 7}}, False),
        ({"prev_events": ["$1"]}, {"prev_events": ["$2"]}, False),
        ({"content": {"membership": "join", "third_party_invite": {}}},) * 2 + (False,),
    ],
)
def test_what_makes_no_difference_may_differ(first: Any, others: Any, is_taken: bool) -> None:
    event = {"type": "m.room.member", "sender": ALICE, "state_key": BOB, "content": {"membership": "join"}}
    named = [{**event, "event_id": f"${number}", "room_id": "!r:x"} for number in range(8)]
    text = lines(*({**each, **first} for each in named[:4]), *({**each, **others} for each in named[4:]))
    assert bool(taken_from(text, MATRIX, size=len(lines({**named[0], **first})) * 4)) is is_taken


def test_many_rows_are_told_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remainder, "_PIECE", 10)
    with blocks_of(200, 99):
        tables = list(read_log(BytesIO(lines(*BEFORE, *JOINS * 3)), [MIMI]))
    assert sum(map(len, tables)) == len(BEFORE) + len(JOINS) * 3
    assert max(map(len, tables)) < 20
    assert [row["line"] for table in tables for row in table.to_pylist()] == [*range(1, 130)]


def test_a_packed_log(tmp_path: Path) -> None:
    text = lines(*BEFORE, *JOINS * 400, {"type": 7})
    (tmp_path / "a.jsonl").write_bytes(text)
    (tmp_path / "b.gz").write_bytes(gzip.compress(text))
    plain, packed = (backtest(tmp_path / name, MIMI) for name in ("a.jsonl", "b.gz"))
    assert plain.counts == packed.counts
    assert plain.counts["summary"]["errors"] == 1
    assert [fault.partition(": ")[2] for fault in packed.faults] == [fault.partition(": ")[2] for fault in plain.faults]
    assert f"line {16_010}: " in packed.faults[0]


def test_a_log_of_one_room_need_not_name_it() -> None:
    events = [create(), *(change(JOIN, f"@{number}:x") for number in range(20))]
    assert taken_from(lines(*events)) > 0
    members = [{**event, "type": "m.room.member", "content": {"membership": "join"}} for event in events[1:]]
    assert taken_from(lines(*members), MATRIX) == 0


@pytest.mark.parametrize("count", [10, 200, 4_000])
def test_a_change_may_hold_very_many_fields(count: int) -> None:
    fields = {f"x{number}": number for number in range(count)}
    text = lines(*({**event, **fields} for event in [BEFORE[0], *JOINS[:12]]))
    assert bool(taken_from(text, size=4 * len(text) // 13)) is (count < 100)
