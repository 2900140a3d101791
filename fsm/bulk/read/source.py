"""Reading a history: Parquet, Arrow, JSON lines, or a folder of these, piece by piece.

The kind of a file is told by its first bytes; one that its name calls columnar must be
so. A piece is of little more than a quarter of a million rows or 128 MiB of text, and
three are in memory at a time: one is played, one numbered and one read (see
`fsm.bulk.read.ahead`). A file that holds far more than its size allows is refused (see
`fsm.bulk.read.sizes`).
"""

import gzip
import re
import struct
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from io import BufferedReader, RawIOBase
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fsm.bulk.decide.columns import columns_of
from fsm.bulk.read import arrow_sizes, layout, lines, parquet_sizes, sizes
from fsm.bulk.read.repeats import ESCAPE, Repeats
from fsm.errors import EventError, ReplayError, shorten
from fsm.json_lines import BLOCK, source_of
from fsm.log_reader import Tell
from fsm.policies import Rules
from fsm.shapes import Order
from fsm.strict_json import MAX_JSON

MAX_PACKING = 500
"""A packed log may be so many times as long as its file, and `MAX_JSON` bytes longer; one event repeated is not."""

_PIECE = 2**18
_ENOUGH = 2**16
"""Smaller pieces are put together until they hold so many rows."""

_LONG, _LONG_LOG = 2**21, 2**25
"""So many bytes of well-packed columns, or of a log, hold some hundred thousand events."""

_CODED = [layout.ROOM, layout.SENDER, layout.TARGET, layout.ACTION, layout.TYPE]
"""The columns that repeat their words, and are read as numbers of a dictionary."""

_PARQUET, _ARROW, _ARROW_STREAM, _GZIP = b"PAR1", b"ARROW1", b"\xff\xff\xff\xff", b"\x1f\x8b"


_COLUMNAR = {".parquet": "Parquet", ".arrow": "Arrow", ".feather": "Arrow"}

_FRAGMENT = 2**22
"""So many rows of a file are the least that is worth a task of its own."""


@dataclass(frozen=True, slots=True)
class Fragment:
    """A file of a history; or some of the row groups of a Parquet file. `order` is how the events of a log stand."""

    file: Path
    groups: range | None = None
    order: Order | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """Some consecutive rows of a history, and how much of it has been read with them."""

    file: Path
    table: pa.Table
    bytes_read: int


class History:
    """The files at `path`, in the order of their names. Raises OSError, and `ReplayError` when there are none."""

    def __init__(self, path: Path, *, order: Order | None = None, tell: Tell = lambda _: None) -> None:
        self.path = path
        self._order = order
        self._tell = tell
        self.files = _files(path)
        self._sizes = [file.stat().st_size for file in self.files]
        self.size = sum(self._sizes)

    @property
    def is_long(self) -> bool:
        """Whether it is worth a twentieth of a second to load the compiled loops."""
        shares = (
            size / (_LONG_LOG if _is_log(file) else _LONG) for file, size in zip(self.files, self._sizes, strict=True)
        )
        return sum(shares) > 1

    def parts(self, policies: Sequence[Rules], *, carry: bool = False) -> Iterator[Part]:
        """Read the history for these policies.

        With `carry`, also the columns that say nothing about the decisions.
        Raises OSError, and `ReplayError` for a file that cannot be read to its end.
        """
        before = 0
        for file, size in zip(self.files, self._sizes, strict=True):
            fragment, tell = Fragment(file, order=self._order), partial(_tell_of, file, self._tell)
            for table, share in _pieces(fragment, policies, carry=carry, tell=tell):
                yield Part(file, table, before + int(share * size))
            before += size

    def fragments(self, rows: int = _FRAGMENT) -> list[Fragment]:
        """The history in fragments, those of Parquet files of so many rows at least, if there are so many."""
        return [fragment for file in self.files for fragment in _fragments(file, rows, self._order)]

    def rooms_that_look_back(self, policies: Sequence[Rules]) -> set[str | None]:
        """The rooms in which decisions depend on single events of the past. Raises OSError.

        They look back, or the id of an event comes twice there.
        """
        rooms: set[str | None] = set()
        texts, repeats, plain = Repeats(), Repeats(), []
        for file in self.files:
            if not _is_log(file):
                rooms |= self._look_back(file, policies, repeats)
                continue
            # What cannot be read is told by the run, which meets it too.
            with suppress(ReplayError), _readable(file), _opened(file) as (_, source):
                if lines.is_plain(source, policies, texts):
                    plain.append(file)
                else:
                    source.seek(0)
                    rooms |= lines.rooms_that_look_back(source, policies, repeats)
        if plain and (texts.rooms or len(plain) < len(self.files)):
            for file in plain:
                with suppress(ReplayError), _readable(file), _opened(file) as (_, source):
                    rooms |= lines.rooms_that_look_back(source, policies, repeats)
        return rooms | repeats.rooms

    @staticmethod
    def _look_back(file: Path, policies: Sequence[Rules], repeats: Repeats) -> set[str | None]:
        """The rooms of a columnar file in which an event looks back. Takes note of all ids."""
        rooms: set[str | None] = set()
        is_suspect = False
        # Of which room an event is matters to its id only.
        ids = (layout.EVENT_ID, layout.EVENT_JSON)
        names = (layout.TYPE, *ids, *((layout.ROOM,) if _has_any(file, ids) else ()))
        for table, _ in _guarded(file, _sound(_columnar(file, names))):
            texts = _named(file, layout.with_texts, table)
            if layout.ROOM in texts.column_names:
                repeats.add_table(texts)
            is_suspect = is_suspect or bool(_suspects(texts, policies))
        if is_suspect:
            for table, _ in _guarded(file, _sound(_columnar(file, layout.COLUMNS))):
                rooms |= _rooms_that_look_back(_named(file, layout.checked, table), policies)
        return rooms


def read_fragment(
    fragment: Fragment, policies: Sequence[Rules], *, carry: bool, tell: Tell = lambda _: None
) -> pa.Table:
    """All rows of a fragment. Raises like `History.parts`."""
    pieces = _pieces(fragment, policies, carry=carry, tell=tell)
    return pa.concat_tables([table for table, _ in pieces] or [layout.EMPTY])


def read_group(file: Path, group: int) -> pa.Table:
    """One row group of a Parquet file. Raises like `History.parts`."""
    return pa.concat_tables([table for table, _ in _guarded(file, _columnar(file, None, range(group, group + 1)))])


def rooms_that_look_back(table: pa.Table, policies: Sequence[Rules]) -> set[str | None]:
    """The rooms of a checked table in which decisions depend on single events of the past."""
    repeats = Repeats()
    repeats.add_table(table)
    return _rooms_that_look_back(table, policies) | repeats.rooms


def _rooms_that_look_back(table: pa.Table, policies: Sequence[Rules]) -> set[str | None]:
    """The rooms of a checked table in which an event looks back."""
    rooms = set()
    for row in layout.read_rows(table, _suspects(table, policies)):
        for speaker in map(columns_of, policies):
            try:
                event = layout.event_of(row, speaker)
            except EventError:
                continue
            if type(event) is dict and speaker.looks_back(event):
                rooms.add(row.get(layout.ROOM))
    return rooms


def _suspects(table: pa.Table, policies: Sequence[Rules]) -> list[int]:
    """The rows that may look back: their type or text holds a word by which it is told."""
    words = [word.decode() for policy in policies for word in columns_of(policy).past_words]
    rows: set[int] = set()
    for name, more in ((layout.TYPE, []), (layout.EVENT_JSON, [ESCAPE])) if words else ():
        first, pattern = 0, "|".join(re.escape(word) for word in (*words, *more))
        for chunk in table.column(name).chunks if layout.has_values(table, name) else ():
            rows.update(first + row for row in _matches(chunk, pattern))
            first += len(chunk)
    return sorted(rows)


def _matches(chunk: pa.Array, pattern: str) -> list[int]:
    """The places whose text the pattern matches."""
    if pa.types.is_dictionary(chunk.type):
        entries = _matches(chunk.dictionary, pattern)
        holds = pc.is_in(chunk.indices.cast(pa.int64()), pa.array(entries, pa.int64())) if entries else None
    else:
        holds = pc.match_substring_regex(chunk.cast(pa.large_string()), pattern)
    places: list[int] = [] if holds is None else pc.indices_nonzero(holds.fill_null(False)).to_pylist()
    return places


def _files(path: Path) -> list[Path]:
    if path.exists() and not path.is_dir() and not path.is_file():
        raise ReplayError(0, f"{path}: is neither a file nor a folder")  # a pipe can be read only once
    if not path.is_dir():
        path.open("rb").close()  # whatever is wrong with it is said now
        return [path]
    files = sorted(
        file
        for file in path.rglob("*")
        if file.is_file() and not any(part.startswith((".", "_")) for part in file.relative_to(path).parts)
    )
    if not files:
        raise ReplayError(0, f"{path}: there is no file in this folder")
    return files


def _start(file: Path) -> bytes:
    with source_of(str(file)) as source:
        return source.read(8)


def _is_log(file: Path) -> bool:
    """Whether a file is no columnar one. Raises `ReplayError` where its name says that it is one."""
    is_log = not _start(file).startswith((_PARQUET, _ARROW, _ARROW_STREAM))
    if is_log and file.suffix in _COLUMNAR:
        raise ReplayError(
            0, f"{file}: is no {_COLUMNAR[file.suffix]} file{'' if file.stat().st_size else ', but empty'}"
        )
    return is_log


def _fragments(file: Path, rows: int, order: Order | None) -> Iterator[Fragment]:
    if not _start(file).startswith(_PARQUET):
        yield Fragment(file, order=order)
        return
    with _readable(file):
        metadata = pq.read_metadata(file)
    first, count = 0, 0
    for group in range(metadata.num_row_groups):
        count += metadata.row_group(group).num_rows
        if count >= rows or group + 1 == metadata.num_row_groups:
            yield Fragment(file, range(first, group + 1))
            first, count = group + 1, 0


def _pieces(
    fragment: Fragment, policies: Sequence[Rules], *, carry: bool, tell: Tell
) -> Iterator[tuple[pa.Table, float]]:
    """The pieces of a fragment, checked, and how much of it has been read with each, from 0 to 1."""
    file = fragment.file
    if _is_log(file):
        pieces = _log(fragment, policies, tell)
    else:
        pieces = _columnar(file, None if carry else layout.COLUMNS, fragment.groups)
    return _gathered((_named(file, layout.checked, table), share) for table, share in _guarded(file, pieces))


def _tell_of(file: Path, tell: Tell, note: str) -> None:
    tell(f"{file}: {note}")


def _has_any(file: Path, names: Collection[str]) -> bool:
    """Whether a columnar file has one of these columns."""
    with _readable(file):
        start = _start(file)
        if start.startswith(_PARQUET):
            schema = pq.read_schema(file)
        else:
            with pa.memory_map(str(file)) as raw:
                schema = (pa.ipc.open_stream if start.startswith(_ARROW_STREAM) else pa.ipc.open_file)(raw).schema
    return not set(names).isdisjoint(schema.names)


def _columnar(file: Path, names: Sequence[str] | None, groups: range | None = None) -> Iterator[tuple[pa.Table, float]]:
    start, allowance = _start(file), sizes.Allowance(file)
    if start.startswith(_PARQUET):
        pieces = _parquet(file, names, groups, allowance)
    else:
        pieces = _arrow(file, names, allowance, is_stream=start.startswith(_ARROW_STREAM))
    for table, share in pieces:
        for piece, size in sizes.cut(table):
            allowance.take(size)
            yield piece, share


def _parquet(
    file: Path, names: Sequence[str] | None, groups: range | None, allowance: sizes.Allowance
) -> Iterator[tuple[pa.Table, float]]:
    metadata = pq.read_metadata(file)
    schema = metadata.schema.to_arrow_schema()
    wanted = [name for name in schema.names if names is None or name in names]
    coded = [field.name for field in schema if field.name in _CODED and not pa.types.is_nested(field.type)]
    coded = parquet_sizes.coded_of(metadata, coded)
    with pq.ParquetFile(file, metadata=metadata, read_dictionary=coded) as source:
        groups = range(metadata.num_row_groups) if groups is None else groups
        rows, total = 0, sum(metadata.row_group(group).num_rows for group in groups)
        # One group at a time, so that a fault in one does not hide those before it.
        for group in groups:
            most = parquet_sizes.rows_at_once(metadata, group, wanted, coded, allowance)
            for batch in source.iter_batches(min(_PIECE, most), columns=wanted, row_groups=[group]):
                rows += len(batch)
                yield pa.table(batch), rows / max(total, 1)


def _arrow(
    file: Path, names: Sequence[str] | None, allowance: sizes.Allowance, *, is_stream: bool
) -> Iterator[tuple[pa.Table, float]]:
    with pa.memory_map(str(file)) as raw, (pa.ipc.open_stream if is_stream else pa.ipc.open_file)(raw) as source:
        with pa.memory_map(str(file)) as again:
            arrow_sizes.check_messages(again, allowance, is_stream=is_stream)
        count = 0 if is_stream else source.num_record_batches
        batches = iter(source) if is_stream else map(source.get_batch, range(count))
        wanted = [place for place, name in enumerate(source.schema.names) if names is None or name in names]
        for index, batch in enumerate(batches, start=1):
            batch.validate(full=True)
            for start in range(0, len(batch), _PIECE):
                share = index / count if count else raw.tell() / raw.size()
                yield pa.table(batch.slice(start, _PIECE).select(wanted)), share


def _log(fragment: Fragment, policies: Sequence[Rules], tell: Tell) -> Iterator[tuple[pa.Table, float]]:
    size = fragment.file.stat().st_size
    with _opened(fragment.file) as (raw, source):
        for table in lines.read_log(source, policies, order=fragment.order, tell=tell):
            yield table, raw.tell() / max(size, 1)  # of some files the system tells no size


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BufferedReader, BufferedReader]]:
    """A log: the file, and its text. An error in reading it says of which file it is."""
    with source_of(str(file)) as raw, ExitStack() as packed:
        text = raw
        if _start(file).startswith(_GZIP):
            text = BufferedReader(cast("RawIOBase", packed.enter_context(_Unzipped(raw))), BLOCK)
        try:
            yield raw, text
        except ReplayError as problem:
            raise ReplayError(0, f"{file}: {problem}") from None


class _Unzipped(gzip.GzipFile):
    """A log that was packed with gzip. Reading it raises an OSError where it takes far more room than any log would."""

    def __init__(self, raw: BufferedReader) -> None:
        super().__init__(fileobj=raw)
        self._raw = raw

    def read(self, size: int | None = -1) -> bytes:
        """As any file."""
        text = super().read(size)
        if self.tell() > MAX_JSON + MAX_PACKING * self._raw.tell():
            raise gzip.BadGzipFile(f"packed more than {MAX_PACKING} times over")
        return text


def _gathered(pieces: Iterable[tuple[pa.Table, float]]) -> Iterator[tuple[pa.Table, float]]:
    """Larger pieces: what is done once for each piece should cost little for each row."""
    waiting: list[pa.Table] = []
    share = 0.0
    size = 0
    for table, share in pieces:
        is_large = len(table) >= _ENOUGH
        more = 0 if is_large else sizes.size_of(table)
        if waiting and (is_large or size + more > sizes.PIECE):
            yield pa.concat_tables(waiting), share
            waiting, size = [], 0
        waiting.append(table)
        size += more
        if is_large or sum(map(len, waiting)) >= _ENOUGH:
            yield pa.concat_tables(waiting), share
            waiting, size = [], 0
    if waiting:
        yield pa.concat_tables(waiting), share


def _sound(pieces: Iterable[tuple[pa.Table, float]]) -> Iterator[tuple[pa.Table, float]]:
    """The same pieces, if each word of them is in its dictionary. Whoever numbers words looks for that anyway."""
    for table, share in pieces:
        table.validate(full=True)
        yield table, share


def _named(file: Path, check: Callable[[pa.Table], pa.Table], table: pa.Table) -> pa.Table:
    """A table after a check, and an error that says of which file it is. Raises `ReplayError`."""
    try:
        return check(table)
    except ReplayError as problem:
        raise ReplayError(0, f"{file}: {problem}") from None


def _guarded(file: Path, pieces: Iterable[tuple[pa.Table, float]]) -> Iterator[tuple[pa.Table, float]]:
    """The pieces, and an error that says how far the file could be read."""
    rows = 0
    source = iter(pieces)
    while True:
        with _readable(file, rows):
            piece = next(source, None)
            if piece is None:
                return
        rows += len(piece[0])
        yield piece


@contextmanager
def _readable(file: Path, rows: int = 0) -> Iterator[None]:
    """Turn the errors of the libraries that read files into one that says where. Raises `ReplayError` and OSError."""
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, zlib.error, struct.error, UnicodeError) as problem:
        if isinstance(problem, OSError) and problem.errno is not None:
            raise
        reason = "a name is not UTF-8" if isinstance(problem, UnicodeError) else str(problem)
        reason = shorten(" ".join(reason.split()), 200).rstrip(".")
        raise ReplayError(0, f"{file}: cannot be read beyond row {rows}: {reason}") from None
