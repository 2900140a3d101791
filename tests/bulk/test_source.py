"""Histories in files of every kind."""

import gzip
import json
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from fsm.bulk.files import backtest
from fsm.bulk.read import layout, lines
from fsm.bulk.read.repeats import Repeats
from fsm.bulk.read.source import History
from fsm.bulk.write.synth import as_events, synthesise
from fsm.errors import ReplayError
from fsm.json_lines import BLOCK
from fsm.policies import load_policy
from tests.builders import ALICE, JSON, change, create, message, one_line

Write: TypeAlias = Callable[[pa.Table, Path], None]

MIMI = load_policy("mimi")


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pa.concat_tables(synthesise(MIMI, events=3_000, rooms=20, users=100, seed=5))


def write_stream(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_stream(str(path), table.schema) as stream:
        for batch in table.to_batches(700):
            stream.write_batch(batch)


def write_lines(table: pa.Table, path: Path) -> None:
    path.write_text("".join(json.dumps(event) + "\n" for event in as_events(table, MIMI)))


def write_zipped(table: pa.Table, path: Path) -> None:
    path.write_bytes(gzip.compress("".join(json.dumps(event) + "\n" for event in as_events(table, MIMI)).encode()))


def write_array(table: pa.Table, path: Path) -> None:
    path.write_text(json.dumps(list(as_events(table, MIMI))))


def write_folder(table: pa.Table, path: Path) -> None:
    """Three kinds of files, named so that their order is that of the history; and some that do not count."""
    (path / "2").mkdir(parents=True)
    pq.write_table(table.slice(0, 1_000), path / "1.parquet", row_group_size=300)
    feather.write_feather(table.slice(1_000, 1_000), path / "2" / "a.feather")
    write_zipped(table.slice(2_000), path / "3.jsonl.gz")
    (path / "_SUCCESS").write_text("")
    (path / ".4.jsonl.partial").write_text("not to be read")


# fmt: off
KINDS: list[tuple[str, Write]] = [
    ("parquet",                 pq.write_table),
    ("parquet in small groups", lambda table, path: pq.write_table(table, path, row_group_size=100)),
    ("parquet, plain text",     lambda table, path: pq.write_table(table.cast(
        pa.schema([(field.name, getattr(field.type, "value_type", field.type)) for field in table.schema])), path, use_dictionary=False)),
    ("feather",                 feather.write_feather),
    ("arrow stream",            write_stream),
    ("JSON lines",              write_lines),
    ("JSON lines, gzip",        write_zipped),
    ("a JSON array",            write_array),
    ("a folder",                write_folder),
]
# fmt: on


@pytest.fixture(scope="module")
def expected(table: pa.Table, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("expected") / "events"
    write_lines(table, path)
    return counts(path)


def counts(path: Path) -> dict[str, Any]:
    return {name: value for name, value in backtest(path, MIMI).as_json().items() if name != "seconds"}


@pytest.mark.parametrize("write", [write for _, write in KINDS], ids=[name for name, _ in KINDS])
def test_every_kind_says_the_same(write: Write, table: pa.Table, expected: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "whatever its name"
    write(table, path)
    assert expected["summary"]["allowed"] > 2_000
    assert counts(path) == expected


def test_files_are_read_piece_by_piece(table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.bulk.read.source._PIECE", 128)
    monkeypatch.setattr("fsm.bulk.read.source._ENOUGH", 100)
    pq.write_table(table, tmp_path / "events.parquet", row_group_size=1_000)
    parts = list(History(tmp_path / "events.parquet").parts([MIMI]))
    assert {len(part.table) for part in parts[:-1]} <= {128, 104}
    shares = [part.bytes_read / parts[-1].bytes_read for part in parts]
    assert shares == sorted(shares)
    assert parts[0].bytes_read > 0
    assert parts[-1].bytes_read == (tmp_path / "events.parquet").stat().st_size


def test_only_what_counts_is_read_unless_all_is_asked_for(table: pa.Table, tmp_path: Path) -> None:
    pq.write_table(table, tmp_path / "events.parquet")
    history = History(tmp_path / "events.parquet")
    (part,) = history.parts([MIMI])
    (carried,) = history.parts([MIMI], carry=True)
    assert "time" not in part.table.column_names
    assert "time" in carried.table.column_names


def test_fragments_are_the_history(table: pa.Table, tmp_path: Path) -> None:
    write_folder(table, tmp_path / "history")
    fragments = History(tmp_path / "history").fragments(500)
    assert [fragment.groups for fragment in fragments] == [range(2), range(2, 4), None, None]


def test_a_log_may_be_packed_well_but_not_beyond_all_measure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.bulk.read.source.MAX_JSON", 0)
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(f"{json.dumps(create())}\n".encode() * 10_000))
    assert counts(path)["summary"]["events"] == 10_000
    path.write_bytes(gzip.compress(b"\n" * 2**20))
    with pytest.raises(ReplayError, match=one_line(f"{path}: cannot be read beyond row 0: packed more than 500 times")):
        backtest(path, MIMI)


@pytest.mark.parametrize("before", range(-12, 2))
def test_a_word_is_found_wherever_it_stands(before: int) -> None:
    text = b" " * (BLOCK + before) + b"authEvents"
    assert not lines.is_plain(BytesIO(text), [MIMI], Repeats())
    assert lines.is_plain(BytesIO(text[:-1]), [MIMI], Repeats())


@pytest.mark.parametrize("before", range(-40, 2))
def test_ids_are_found_wherever_they_stand(before: int) -> None:
    text = b'{"event_id" : "$1"}' + b" " * (BLOCK + before) + b'{"event_id":"$%d"}'
    for again in (1, 2):
        texts = Repeats()
        assert lines.is_plain(BytesIO(text % again), [MIMI], texts)
        assert bool(texts.rooms) is (again == 1)
    for other in (b'{"event_id":7}', b'{"event_id":"\\n"}', b'{"event_id":"%b"}' % (b"$" * 600)):
        assert not lines.is_plain(BytesIO(other + text % 2), [MIMI], Repeats())


# fmt: off
BROKEN: list[tuple[str, bytes, str]] = [
    ("parquet cut off",     b"PAR1" + b"\0" * 100,                     "cannot be read beyond row 0: "),
    ("arrow cut off",       b"ARROW1\0\0" + b"\0" * 100,               "cannot be read beyond row 0: "),
    ("a stream cut off",    b"\xff\xff\xff\xff\x10\0\0\0" + b"\0" * 9, "cannot be read beyond row 0: "),
    ("gzip cut off",        gzip.compress(json.dumps(create()).encode() * 1_000)[:-20], "cannot be read beyond row 0: "),
    ("gzip with a fault",   gzip.compress(b"\n")[:-8] + b"\1" * 8,     "cannot be read beyond row 0: "),
]
# fmt: on


@pytest.mark.parametrize(("data", "problem"), [it[1:] for it in BROKEN], ids=[it[0] for it in BROKEN])
def test_a_broken_file_is_named(data: bytes, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "events"
    path.write_bytes(data)
    output = tmp_path / "verdicts.parquet"
    with pytest.raises(
        ReplayError, match=rf"\A{path}: {problem}.*: stopped after 0 events, and {output} not written\Z"
    ):
        backtest(path, MIMI, output=output)
    assert [file.name for file in tmp_path.iterdir()] == ["events"]


def test_a_corrupt_row_group_is_told_with_its_place(table: pa.Table, tmp_path: Path) -> None:
    path = tmp_path / "events.parquet"
    pq.write_table(table, path, row_group_size=1_000, compression="zstd")
    place = pq.read_metadata(path).row_group(1).column(1).dictionary_page_offset
    data = bytearray(path.read_bytes())
    data[place + 40 : place + 400] = bytes(360)
    path.write_bytes(data)
    with pytest.raises(ReplayError, match=r"cannot be read beyond row 1000: [^\n]*: stopped after 0 events\Z"):
        backtest(path, MIMI)


def test_there_has_to_be_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        backtest(tmp_path / "nowhere", MIMI)
    with pytest.raises(ReplayError, match=one_line(f"{tmp_path}: there is no file in this folder")):
        backtest(tmp_path, MIMI)
    (tmp_path / "nothing.jsonl").write_text("")
    assert counts(tmp_path)["summary"] == {"events": 0, "allowed": 0, "rejected": 0, "errors": 0}


def test_lines_that_are_no_events_are_named(tmp_path: Path) -> None:
    log = [create(), 7, {**create(), "type": 5}, message("@nobody"), {**change("join", "@x"), "sender": "\ud800"}]
    text = "".join(json.dumps(event) + "\n" for event in log) + "{\n"
    (tmp_path / "day.jsonl").write_text(text)
    report = backtest(tmp_path, MIMI)
    path = tmp_path / "day.jsonl"
    assert report.faults == [
        f"{path}: line 2: an event must be an object, not a number",
        f"{path}: line 3: `type`: must be a string, not a number",
        f"{path}: line 5: not readable: a text holds half of a surrogate pair",
        f"{path}: line 6: not JSON: expecting property name enclosed in double quotes at character 2",
    ]
    assert report.counts["summary"] == {"events": 6, "allowed": 1, "rejected": 1, "errors": 4}


def test_rows_that_are_no_events_are_named(tmp_path: Path) -> None:
    rows = pa.table({"room_id": ["!r"] * 30, "sender": [None] * 30, "target": ["@a"] * 30, "action": ["join"] * 30})
    pq.write_table(rows, tmp_path / "events.parquet")
    report = backtest(tmp_path, MIMI)
    assert report.faults[:2] == [f"{tmp_path / 'events.parquet'}: row {row}: `sender`: is missing" for row in (1, 2)]
    assert len(report.faults) == 20
    assert report.counts["summary"]["errors"] == 30


def test_a_room_that_looks_back_remembers(tmp_path: Path) -> None:
    log = [
        {**create("@a"), "room_id": "!r", "event_id": "$1"},
        {**message("@a"), "room_id": "!r", "event_id": "$2"},
        {**message("@a", "m.room.redaction"), "room_id": "!r", "content": {"redacts": "$2"}},
    ]
    text = "".join(json.dumps(event) + "\n" for event in log)
    hidden = text.replace("m.room.redaction", "m.room.re\\u0064action")
    for each in (text, hidden, json.dumps(log)):
        (tmp_path / "day.jsonl").write_text(each)
        assert History(tmp_path).rooms_that_look_back([MIMI]) == {"!r"}
    pq.write_table(
        pa.table(
            {
                "room_id": ["!r", "!s"],
                "sender": ["@a", "@a"],
                "target": [None, "@a"],
                "action": [None, "join"],
                "type": ["m.room.redaction", None],
                "content": ['{"redacts": "$2"}', None],
            }
        ),
        tmp_path / "day.jsonl",
    )
    assert History(tmp_path).rooms_that_look_back([MIMI]) == {"!r"}


NO_TEXTS = {
    "type": pa.array([["m.room.redaction"]]),
    "sender": pa.array([{"name": "@a"}]),
    "content": pa.array([["{}"]]),
    "event_json": pa.array([{"type": "m.user"}]),
    "action": pa.array([b"\xff"]),
}


@pytest.mark.parametrize("name", NO_TEXTS)
def test_a_column_that_holds_no_text_is_told_with_its_file(name: str, tmp_path: Path) -> None:
    texts = {"room_id": ["!r"], "sender": ["@a"], "target": ["@a"], "action": ["join"]}
    pq.write_table(pa.table({**texts, "type": ["m.user"]}), tmp_path / "a.parquet")
    pq.write_table(pa.table({**texts, "type": ["m.room.redaction"], name: NO_TEXTS[name]}), tmp_path / "b.parquet")
    with pytest.raises(
        ReplayError, match=rf"/b\.parquet: column `{name}` holds .*, which is no text: stopped after \d"
    ):
        backtest(tmp_path, MIMI)


REDACTION: JSON = {
    **message(ALICE, "m.room.redaction"),
    "content": {"redacts": "$1"},
    "room_id": "!r",
    "event_id": "$2",
}
SAID: JSON = {**message(ALICE), "room_id": "!r", "event_id": "$1"}
LOOKING_BACK_SHAPES = {
    "an array in the second line": json.dumps(SAID) + "\n" + json.dumps([SAID, REDACTION]),
    "a document over many lines": json.dumps([SAID, REDACTION], indent=1),
    "a document after many blank lines": "\n" * 100_000 + json.dumps([SAID, REDACTION]),
    "events over many lines": "\n".join(json.dumps(event, indent=2) for event in (SAID, REDACTION)),
    "one behind the other": json.dumps(SAID) + json.dumps(REDACTION),
    "behind an escape": json.dumps(REDACTION).replace("redaction", "red\\u0061ction"),
}


@pytest.mark.parametrize("shape", LOOKING_BACK_SHAPES)
def test_rooms_that_look_back_are_found_in_every_shape(shape: str, tmp_path: Path) -> None:
    (tmp_path / "log.json").write_text(LOOKING_BACK_SHAPES[shape])
    assert History(tmp_path).rooms_that_look_back([MIMI]) == {"!r"}


@pytest.mark.parametrize("indices", [pa.int8(), pa.int32()])
def test_rooms_that_look_back_are_found_in_tables(indices: pa.DataType, tmp_path: Path) -> None:
    text = json.dumps(REDACTION).replace("redaction", "red\\u0061ction")
    texts = pa.array([text, None], pa.string())
    types = pa.DictionaryArray.from_arrays(
        pa.array([None, 1], indices), ["m.room.name", *map(str, range(300)), "m.room.redaction"]
    )
    rows = {name: pa.array(["!r", "!s"]) for name in layout.REQUIRED}
    table = pa.table({**rows, "type": types, "event_json": texts})
    write_arrow(table, tmp_path / "log.arrow")
    assert History(tmp_path).rooms_that_look_back([MIMI]) == {"!r"}


def write_arrow(table: pa.Table, path: Path) -> None:
    with pa.ipc.new_file(str(path), table.schema) as writer:
        writer.write_table(table)


@pytest.mark.parametrize("name", ["room_id", "sender", "state_key", "event_id", "event_json"])
@pytest.mark.parametrize("index", [-5, 7])
def test_a_word_that_is_in_no_dictionary_is_a_fault_of_the_file(name: str, index: int, tmp_path: Path) -> None:
    texts = {name: pa.array(["@a"]) for name in layout.REQUIRED}
    wild = pa.DictionaryArray.from_arrays(pa.array([index], pa.int32()), pa.array(["@a"]), safe=False)
    write_arrow(pa.table({**texts, "type": ["m.room.name"], name: wild}), tmp_path / "log.arrow")
    with pytest.raises(ReplayError, match=r"/log\.arrow: cannot be read beyond row 0: .*: stopped after 0 events"):
        backtest(tmp_path, MIMI, output=tmp_path.parent / "out.parquet")


def test_columns_given_twice_are_told(tmp_path: Path) -> None:
    table = pa.table([pa.array(["@a"])] * 5, [*layout.REQUIRED, "sender"])
    write_arrow(table, tmp_path / "log.arrow")
    with pytest.raises(ReplayError, match=r"/log\.arrow: there are two columns `sender`"):
        backtest(tmp_path, MIMI)


def test_a_pipe_is_no_history(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ReplayError, match="/pipe: is neither a file nor a folder"):
        backtest(tmp_path / "pipe", MIMI)


def test_a_name_that_is_not_utf8_is_told(tmp_path: Path) -> None:
    path = tmp_path / "log\udcff.arrow"
    write_arrow(pa.table({name: ["@a"] for name in layout.REQUIRED}), tmp_path / "log.arrow")
    (tmp_path / "log.arrow").rename(path)
    with pytest.raises(ReplayError, match="cannot be read beyond row 0: a name is not UTF-8"):
        backtest(path, MIMI)
