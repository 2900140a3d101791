"""What packed columns may hold: bounded by the size of the file, and never all at once."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fsm.bulk.files import backtest
from fsm.bulk.read import parquet_sizes, sizes
from fsm.bulk.read.source import History
from fsm.errors import ReplayError
from fsm.policies import load_policy
from tests.builders import one_line

MIMI = load_policy("mimi")
ROWS, SOME = 20_000, 4_000
LONG = "x" * 1_000


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limits that small files meet."""
    monkeypatch.setattr(sizes, "FREE", 2**22)
    monkeypatch.setattr(sizes, "PIECE", 2**18)


def repeated(text: str, rows: int = ROWS) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(np.zeros(rows, np.int32)), pa.array([text]))


def history(rows: int = ROWS, **columns: Any) -> pa.Table:
    """The same event again and again, with some columns more or otherwise."""
    plain = {"room_id": "!r", "sender": "@a:x", "target": "@a:x", "action": "join"}
    return pa.table({**{name: repeated(word, rows) for name, word in plain.items()}, **columns})


def parquet(**options: Any) -> Callable[[pa.Table, Path], None]:
    return lambda table, path: pq.write_table(table, path, compression="zstd", **options)


def arrow(*, is_stream: bool, packed: str | None = "zstd") -> Callable[[pa.Table, Path], None]:
    def write(table: pa.Table, path: Path) -> None:
        options = pa.ipc.IpcWriteOptions(compression=packed)
        new = pa.ipc.new_stream if is_stream else pa.ipc.new_file
        with new(str(path), table.schema, options=options) as file:
            file.write_table(table)

    return write


FILE, STREAM = arrow(is_stream=False), arrow(is_stream=True)
DELTAS = parquet(use_dictionary=False, column_encoding={"content": "DELTA_BYTE_ARRAY"})
PLAIN = parquet(use_dictionary=False)
MANY = pa.ListArray.from_arrays(pa.array([0, 300_000], pa.int32()), pa.nulls(300_000, pa.int64()))
TEXTS = pa.ListArray.from_arrays(pa.array([0, 20_000], pa.int32()), repeated(LONG))
_, VIEW, DATA = pa.array([LONG], pa.string_view()).buffers()
VIEWS = pa.Array.from_buffers(pa.string_view(), ROWS, [None, pa.py_buffer(VIEW.to_pybytes()[:16] * ROWS), DATA])
RUNS = pa.RunEndEncodedArray.from_arrays(pa.array([ROWS], pa.int32()), pa.array([LONG]))

# fmt: off
TOO_MUCH: dict[str, tuple[Callable[[pa.Table, Path], None], pa.Table]] = {
    "a long text, again and again":    (parquet(), history(content=repeated(LONG))),
    "a long text that is carried":     (parquet(), history(mood=repeated(LONG))),
    "a long id":                       (parquet(), history(room_id=repeated(LONG))),
    "texts that begin alike":          (DELTAS, history(content=repeated(LONG).cast(pa.string()))),
    "ids that begin alike":            (parquet(use_dictionary=False, column_encoding="DELTA_BYTE_ARRAY"),
                                        history(room_id=repeated(LONG)).cast(pa.schema([(name, pa.string()) for name in history().column_names]))),
    "packed pages":                    (PLAIN, history(content=repeated(LONG).cast(pa.string()))),
    "one text":                        (PLAIN, history(1, content=["x" * 6_000_000])),
    "one text in a dictionary":        (parquet(), history(1, content=["x" * 6_000_000])),
    "rows of nothing":                 (parquet(), history(200_000)),
    "a list of nothing":               (parquet(), history(1, mood=MANY)),
    "a list of long texts":            (parquet(), history(1, mood=TEXTS.cast(pa.list_(pa.string())))),
    "bytes of one length":             (parquet(), history(mood=repeated(LONG).cast(pa.string()).cast(pa.binary()).cast(pa.binary(1_000)))),
    "arrow: a long text":              (FILE, history(content=repeated(LONG))),
    "arrow: packed parts":             (FILE, history(content=repeated(LONG).cast(pa.string()))),
    "arrow: a dictionary":             (FILE, history(1, mood=repeated("x" * 6_000_000, 1))),
    "arrow: runs":                     (FILE, history(mood=RUNS)),
    "arrow: views of one text":        (FILE, history(mood=VIEWS)),
    "arrow: rows of nothing":          (FILE, pa.table({name: pa.nulls(10**8) for name in history().column_names})),
    "arrow: a list of nothing":        (FILE, history(1, mood=MANY)),
    "stream: a long text":             (STREAM, history(content=repeated(LONG))),
    "stream: packed parts":            (STREAM, history(content=repeated(LONG).cast(pa.string()))),
    "stream: a dictionary":            (STREAM, history(1, mood=repeated("x" * 6_000_000, 1))),
    "stream: not packed":              (arrow(is_stream=True, packed=None), pa.table({name: pa.nulls(10**8) for name in history().column_names})),
}
# fmt: on


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_file_holds_no_more_than_its_size_allows(name: str, tmp_path: Path) -> None:
    write, table = TOO_MUCH[name]
    path = tmp_path / "history"
    write(table, path)
    assert path.stat().st_size < 100_000
    before = pa.total_allocated_bytes()
    with pytest.raises(
        ReplayError, match=one_line(f"{path}: holds more than a file of {path.stat().st_size} bytes may")
    ):
        list(History(path).parts([MIMI], carry=True))
    assert pa.total_allocated_bytes() - before < 2**25
    with pytest.raises(ReplayError, match=r"not written\Z"):
        backtest(path, MIMI, output=tmp_path / "verdicts.jsonl")
    assert [each.name for each in tmp_path.iterdir()] == ["history"]


# fmt: off
FAIR: dict[str, tuple[Callable[[pa.Table, Path], None], pa.Table]] = {
    "parquet":        (parquet(), history(SOME, content=[f'{{"a": "{row}{LONG}"}}' for row in range(SOME)], type=repeated("m.x", SOME))),
    "plain":          (PLAIN, history(SOME, content=[f"{row}{LONG}" for row in range(SOME)])),
    "deltas":         (DELTAS, history(SOME, content=[f"{row:06}{row * row}" for row in range(SOME)])),
    "one large row":  (parquet(compression_level=1), history(3, content=["", np.random.default_rng(1).bytes(300_000).hex(), ""])),
    "lists":          (parquet(), history(SOME, mood=[[str(row)] * (row % 3) for row in range(SOME)])),
    "structs":        (parquet(), history(SOME, mood=[{"a": str(row), "b": [row]} for row in range(SOME)])),
    "maps":           (parquet(), history(SOME, mood=pa.array([[(str(row), row)] for row in range(SOME)], pa.map_(pa.string(), pa.int64())))),
    "all is null":    (parquet(), history(SOME, content=pa.nulls(SOME, pa.string()))),
    "null at first":  (parquet(), history(SOME, content=[None, *map(str, range(1, SOME))])),
    "no rows":        (parquet(), history(0)),
    "file":           (FILE, history(SOME, content=[f"{row}{LONG}" for row in range(SOME)])),
    "stream":         (STREAM, history(SOME, content=[f"{row}{LONG}" for row in range(SOME)])),
    "views":          (FILE, history(SOME, mood=pa.array([f"{row}{LONG}" for row in range(SOME)], pa.string_view()))),
    "not packed":     (arrow(is_stream=False, packed=None), history(SOME, content=[f"{row}{LONG}" for row in range(SOME)])),
}
# fmt: on


@pytest.mark.parametrize("name", FAIR)
def test_what_is_fair_is_read_whole_and_in_pieces(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "FREE", 2**23)
    monkeypatch.setattr(sizes, "PIECE", 2**16)
    write, table = FAIR[name]
    path = tmp_path / "history"
    write(table, path)
    parts = [part.table for part in History(path).parts([MIMI], carry=True)]
    assert all(sizes.size_of(part) <= sizes.PIECE or len(part) == 1 for part in parts)
    for column in set(table.column_names) - {"room_id"}:
        found = [value for part in parts for value in part.column(column).to_pylist()]
        assert found == table.column(column).to_pylist()


# fmt: off
SIZES: list[tuple[pa.Array, int]] = [
    (pa.array(["ab", None, "c"]),                                                     3 + 12 + 1),
    (pa.array(["ab", "c"]).dictionary_encode().take(pa.array([0, 1, 0, 0])),          7),
    (pa.array(["ab", "c"], pa.string_view()),                                         3),
    (pa.array(["ab", "c" * 50, "de"], pa.string_view()).slice(1, 1),                  50),
    (pa.nulls(7),                                                                     0),
    (pa.array([[1, 2], [3]]).slice(1),                                                32 + 8),
    (pa.array([{"a": 1}, {"a": 2}]),                                                  2 * 32 + 16),
    (pa.RunEndEncodedArray.from_arrays(pa.array([5], pa.int32()), pa.array(["ab"])),  5 * (32 + 2 + 4)),
]
# fmt: on


@pytest.mark.parametrize(("array", "size"), SIZES, ids=[str(row[0].type) for row in SIZES])
def test_sizes(array: pa.Array, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sizes, "PIECE", 0)  # else an estimate will do
    assert sizes.size_of(pa.table([array], ["it"])) == sizes.VALUE * len(array) + size


@pytest.mark.parametrize(("ending", "kind"), [(".parquet", "Parquet"), (".arrow", "Arrow"), (".feather", "Arrow")])
@pytest.mark.parametrize(("content", "empty"), [(b"", ", but empty"), (b"{}\n", ""), (b"PAR", "")])
def test_a_file_is_what_its_name_says(ending: str, kind: str, content: bytes, empty: str, tmp_path: Path) -> None:
    path = tmp_path / f"history{ending}"
    path.write_bytes(content)
    (tmp_path / "log.jsonl").write_bytes(b"")
    for each in (path, tmp_path):
        with pytest.raises(ReplayError, match=one_line(f"{path}: is no {kind} file{empty}: stopped after 0 events")):
            backtest(each, MIMI)


def varint(number: int, length: int = 1) -> bytes:
    """A number as it stands in heads and at the end of a Parquet file, in so many bytes at least."""
    number, said = number << 1, bytearray()
    while number > 127 or len(said) + 1 < length:
        said.append(number & 127 | 128)
        number >>= 7
    return bytes([*said, number])


def lying(path: Path, *, about: str) -> None:
    """Have the end of a file say that there is one, where the column that holds most has many."""
    group = pq.ParquetFile(path).metadata.row_group(0)
    many = max(getattr(group.column(place), about) for place in range(group.num_columns))
    text = path.read_bytes()
    start = len(text) - 8 - int.from_bytes(text[-8:-4], "little")
    true = varint(many)
    assert true in text[start:]
    path.write_bytes(text[:start] + text[start:].replace(true, varint(1, len(true))))


# fmt: off
LIES: dict[str, tuple[Callable[[pa.Table, Path], None], pa.Table, str]] = {
    "packed pages":     (PLAIN, history(content=repeated(LONG).cast(pa.string())), "total_uncompressed_size"),
    "one text":         (parquet(), history(1, content=["x" * 6_000_000]),         "total_uncompressed_size"),
    "many values":      (parquet(), history(1, mood=MANY),                         "num_values"),
}
# fmt: on


@pytest.mark.parametrize("name", LIES)
def test_the_end_of_a_file_is_not_taken_at_its_word(name: str, tmp_path: Path) -> None:
    write, table, about = LIES[name]
    path = tmp_path / "history"
    write(table, path)
    lying(path, about=about)
    metadata = pq.ParquetFile(path).metadata
    with pytest.raises(ReplayError, match=one_line(f"{path}: holds more than a file of ")):
        # Before anything is decoded.
        parquet_sizes.rows_at_once(metadata, 0, table.column_names, [], sizes.Allowance(path))
    with pytest.raises(ReplayError, match=one_line(f"{path}: ")):
        list(History(path).parts([MIMI], carry=True))


@pytest.mark.parametrize("place", range(0, 60, 7))
def test_pages_that_are_none_are_said_in_a_line(place: int, tmp_path: Path) -> None:
    path = tmp_path / "history"
    parquet()(history(10), path)
    text = bytearray(path.read_bytes())
    text[4 + place] ^= 0xFF
    path.write_bytes(text)
    rows, said = 0, ""
    try:
        rows = sum(len(part.table) for part in History(path).parts([MIMI], carry=True))
    except ReplayError as error:
        said = str(error)
    assert rows == 10 or re.fullmatch(one_line(f"{path}: "), said)
