"""How much the messages of an Arrow file hold.

A message says in its head how long its parts are, and a packed part says in front how
long it will be:
https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc
"""

import struct
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pyarrow as pa

from fsm.bulk.read.sizes import Allowance


def check_messages(raw: pa.NativeFile, allowance: Allowance, *, is_stream: bool) -> None:
    """Hold all messages of an Arrow file against its allowance. Raises `ReplayError`, and what Arrow raises."""
    for message in _streamed(raw) if is_stream else _filed(raw):
        if message.type in {"record batch", "dictionary"}:
            batch = _root(message.metadata).table(_HEADER)
            allowance.hold(_batch_size(batch if message.type == "record batch" else batch.table(_DATA), message.body))


_END = 10
"""So many bytes from the end, an Arrow file says how long the part before them is."""


def _streamed(raw: pa.NativeFile) -> Iterator[Any]:
    raw.seek(0)
    with suppress(StopIteration):
        reader = pa.ipc.MessageReader.open_stream(raw)
        while True:
            yield reader.read_next_message()


def _filed(raw: pa.NativeFile) -> Iterator[Any]:
    """The messages to which the end of a file points."""
    size = raw.size()
    length = int.from_bytes(raw.read_at(4, size - _END), "little")
    raw.seek(size - _END - length)
    footer = _root(raw.read_buffer(length))
    for blocks in (_DICTIONARIES_OF_FILE, _BATCHES_OF_FILE):
        for offset, *_ in footer.structs(blocks, _BLOCK):
            raw.seek(offset)
            yield pa.ipc.read_message(raw)


def _batch_size(batch: "_Flat", body: pa.Buffer) -> int:
    """The bytes that the arrays of a record batch take when they are unpacked."""
    size, is_packed, parts = 0, batch.has(_COMPRESSION), memoryview(body)
    for offset, length in batch.structs(_BUFFERS, _BUFFER):
        if is_packed and length:
            (unpacked,) = _LENGTH.unpack_from(parts, offset)
            size += length if unpacked < 0 else unpacked
        else:
            size += length
    return size


class _Flat:
    """A table of FlatBuffers, of which Arrow has checked that it is sound."""

    def __init__(self, data: memoryview, place: int) -> None:
        self._data = data
        self._place = place

    def has(self, field: int) -> bool:
        """Whether a field is there."""
        return self._field(field) is not None

    def table(self, field: int) -> "_Flat":
        """The table that a field holds. Raises struct.error where there is none."""
        place = self._field(field)
        if place is None:
            raise struct.error("a field is missing")
        return _Flat(self._data, place + self._number(_UINT, place))

    def structs(self, field: int, layout: struct.Struct) -> Iterator[tuple[int, ...]]:
        """The structs of the vector that a field holds."""
        place = self._field(field)
        if place is None:
            return
        place += self._number(_UINT, place)
        start = place + _UINT.size
        yield from layout.iter_unpack(self._data[start : start + self._number(_UINT, place) * layout.size])

    def _field(self, field: int) -> int | None:
        fields = self._place - self._number(_INT, self._place)
        entry = _SHORT.size * (field + 2)
        offset = self._number(_SHORT, fields + entry) if entry < self._number(_SHORT, fields) else 0
        return self._place + offset if offset else None

    def _number(self, layout: struct.Struct, place: int) -> int:
        return int(layout.unpack_from(self._data, place)[0])


def _root(data: pa.Buffer) -> _Flat:
    view = memoryview(data)
    return _Flat(view, int(_UINT.unpack_from(view)[0]))


_UINT, _INT, _SHORT, _LENGTH = map(struct.Struct, ("<I", "<i", "<H", "<q"))
# Fields by their places in the schemas `Message.fbs` and `File.fbs` of Arrow, and the structs that stand in vectors.
_HEADER, _DATA = 2, 1
_BUFFERS, _COMPRESSION = 2, 3
_DICTIONARIES_OF_FILE, _BATCHES_OF_FILE = 2, 3
_BUFFER, _BLOCK = map(struct.Struct, ("<qq", "<qi4xq"))
