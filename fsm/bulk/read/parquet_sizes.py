"""How much the row groups of a Parquet file hold, by what they and their pages say, and by their dictionaries."""

from collections.abc import Collection, Iterator, Sequence
from mmap import ACCESS_READ, mmap
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from fsm.bulk.read import sizes
from fsm.bulk.read.parquet_pages import Held, held
from fsm.bulk.read.sizes import VALUE, Allowance

_DELTAS = "DELTA_BYTE_ARRAY"
_SOME = 1024
_DICTIONARIES = {"PLAIN_DICTIONARY", "RLE_DICTIONARY"}


def coded_of(metadata: pq.FileMetaData, names: Sequence[str]) -> list[str]:
    """Those of some columns that can be read as numbers of a dictionary."""
    groups = range(metadata.num_row_groups)
    deltas = {
        chunk.path_in_schema
        for group in groups for _, chunk in _chunks(metadata, group, names) if _DELTAS in chunk.encodings
    }  # fmt: skip
    return [name for name in names if name not in deltas]


def rows_at_once(
    metadata: pq.FileMetaData, group: int, names: Collection[str], coded: Collection[str], allowance: Allowance
) -> int:
    """How many rows of a group are to be decoded at once; `coded` are the columns that stay numbers of a dictionary.

    Raises `ReplayError` where the group or its pages say that they hold more than they may,
    and `pa.ArrowInvalid` for pages that are none.
    """
    rows: int = metadata.row_group(group).num_rows
    unpacked, size, nested = 0, 0, 0
    unknown: list[Any] = []
    most = rows
    for column, chunk in _chunks(metadata, group, names):
        pages = _pages_of(allowance.file, chunk)
        text = max(chunk.total_uncompressed_size, pages.size)
        values = max(chunk.num_values, pages.values)
        unpacked += text + pages.entries * VALUE
        size += text + values * (VALUE + column.length)
        if column.physical_type != "BYTE_ARRAY" or chunk.path_in_schema in coded:
            continue
        if _DELTAS in chunk.encodings:  # each text may begin as the one before
            most = min(most, sizes.PIECE // max(text, 1))
        if _DICTIONARIES & set(chunk.encodings):
            unknown.append(chunk)
            nested += values if column.max_repetition_level else 0
    allowance.hold(unpacked)
    allowance.check(size)
    if unknown:
        longest = _longest(allowance.file, metadata, group, unknown)
        allowance.check(size + nested * longest)
        most = min(most, sizes.PIECE // max(longest, 1))
    # Plain texts take no more than they say; to spread them evenly is a guess, which costs no more than they take.
    return max(min(most, rows * sizes.PIECE // max(size, 1)), 1)


def _pages_of(file: Path, chunk: Any) -> Held:
    """What the pages of a chunk hold by their own account, which Arrow decodes by. Raises as Arrow does."""
    try:
        with file.open("rb") as raw, mmap(raw.fileno(), 0, access=ACCESS_READ) as data:
            return held(data, chunk)
    except ValueError as problem:
        raise pa.ArrowInvalid(str(problem)) from None


def _chunks(metadata: pq.FileMetaData, group: int, names: Collection[str]) -> Iterator[tuple[Any, Any]]:
    """The leaves of some columns of a row group: what the schema says of them, and what the group does."""
    for place in range(metadata.num_columns):
        chunk = metadata.row_group(group).column(place)
        if chunk.path_in_schema in names or chunk.path_in_schema.partition(".")[0] in names:
            yield metadata.schema.column(place), chunk


def _longest(file: Path, metadata: pq.FileMetaData, group: int, chunks: Sequence[Any]) -> int:
    """The length of the longest text in the dictionaries of some columns of a row group.

    Some rows are read, and with them the dictionaries; only rows without any text leave them out.
    """
    paths = [chunk.path_in_schema for chunk in chunks]
    with pq.ParquetFile(file, metadata=metadata, read_dictionary=paths) as source:
        rows = pa.table(next(source.iter_batches(_SOME, row_groups=[group], columns=paths)))
    entries = [leaf.dictionary for column in rows.columns for chunk in column.chunks for leaf in _leaves(chunk)]
    if not all(map(len, entries)):
        return int(max(chunk.total_uncompressed_size for chunk in chunks))
    return max((int(pc.max(pc.binary_length(each)).as_py()) for each in entries), default=0)


def _leaves(array: pa.Array) -> Iterator[pa.Array]:
    if pa.types.is_dictionary(array.type):
        yield array
    elif pa.types.is_struct(array.type):
        for each in array.flatten():
            yield from _leaves(each)
    elif pa.types.is_nested(array.type):
        yield from _leaves(sizes.items_of(array))
