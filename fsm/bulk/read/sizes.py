"""How much a columnar file holds once it is decoded, seen before it is.

Packed columns may hold a million times what they take: runs of one number, a long text
that a dictionary holds once, pages of zeros. So the size of what comes out is known
before it is made, and held against an allowance; and tables are cut into pieces that
stay small even as plain text.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsm.errors import ReplayError

FREE = 2**28
AT_ONCE, IN_ALL = 100, 500
"""Decoded, a file may hold so many bytes and so many times its own size: a part of it, and all of it as text."""

PIECE = 2**27
"""The most bytes of a piece as plain text, but for a row that takes more alone."""

VALUE = 32
"""A value counts for so many bytes on top of its text, also where it is null: rows are work."""

_VIEW = 16
"""The bytes of a view of a text."""


class Allowance:
    """What a file may hold when it is decoded."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._size = file.stat().st_size
        self._taken = 0

    def hold(self, size: int) -> None:
        """Raises `ReplayError` when a part that is decoded at once may not hold so much."""
        self._check(size, AT_ONCE)

    def take(self, size: int) -> None:
        """Count some more of what the file holds in all. Raises `ReplayError` when it may not."""
        self._taken += size
        self.check(0)

    def check(self, size: int) -> None:
        """Raises `ReplayError` when the file may not hold so much more."""
        self._check(self._taken + size, IN_ALL)

    def _check(self, size: int, times: int) -> None:
        if size > FREE + times * self._size:
            most = f"{FREE // 2**20} MiB and {times} times its size"
            raise ReplayError(0, f"{self.file}: holds more than a file of {self._size} bytes may: {most}")


def cut(table: pa.Table) -> Iterator[tuple[pa.Table, int]]:
    """The table in pieces, none of which is large as plain text; and their sizes."""
    size = size_of(table)
    if size <= PIECE or len(table) < 2:  # noqa: PLR2004 - one row cannot be cut
        yield table, size
        return
    half = len(table) // 2
    yield from cut(table.slice(0, half))
    yield from cut(table.slice(half))


def size_of(table: pa.Table) -> int:
    """The bytes of a table as plain text: exactly, or at most where that is not much."""
    rough = sum(_size(chunk, exactly=False) for column in table.columns for chunk in column.chunks)
    if rough <= PIECE:
        return rough
    return sum(_size(chunk, exactly=True) for column in table.columns for chunk in column.chunks)


def _size(array: pa.Array, *, exactly: bool) -> int:
    kind = array.type
    if isinstance(array, pa.ExtensionArray):
        return _size(array.storage, exactly=exactly)
    if pa.types.is_dictionary(kind):
        inner = _entries(array.dictionary, array.indices, exactly=exactly)
    elif pa.types.is_run_end_encoded(kind) or pa.types.is_list_view(kind) or pa.types.is_large_list_view(kind):
        inner = len(array) * _size(array.values, exactly=exactly)
    elif kind in {pa.string_view(), pa.binary_view()}:
        views = np.frombuffer(array.buffers()[1], np.int32)[:: _VIEW // 4]  # each begins with a length
        inner = int(views[array.offset : array.offset + len(array)].sum(dtype=np.int64))
    elif pa.types.is_struct(kind):
        inner = sum(_size(each, exactly=exactly) for each in array.flatten())
    elif pa.types.is_nested(kind) and not pa.types.is_union(kind):
        inner = _size(items_of(array), exactly=exactly)
    else:
        inner = int(array.nbytes)
    return VALUE * len(array) + inner


def items_of(array: pa.Array) -> pa.Array:
    """The items of all lists or maps of an array."""
    if not pa.types.is_map(array.type):
        return array.flatten()
    first, last = array.offsets[0].as_py(), array.offsets[-1].as_py()
    parts = [each.slice(first, last - first) for each in (array.keys, array.items)]
    return pa.StructArray.from_arrays(parts, ["key", "value"])


def _entries(entries: pa.Array, indices: pa.Array, *, exactly: bool) -> int:
    """The bytes of the entries that some indices stand for."""
    if entries.type not in (pa.string(), pa.large_string(), pa.binary(), pa.large_binary()):
        return len(indices) * _size(entries, exactly=exactly)
    lengths = pc.binary_length(entries)
    if not exactly:
        return int(len(indices) - indices.null_count) * int(pc.max(lengths).as_py() or 0)
    return int(pc.sum(lengths.cast(pa.int64()).take(indices)).as_py() or 0)
