"""What the pages of a Parquet file say of themselves, each in front of what it holds.

The end of a file says what all pages of a column hold together, and whoever wrote the file
may have written anything there. What is decoded goes by the pages, so they are asked:
https://parquet.apache.org/docs/file-format/data-pages/, in the compact protocol of Thrift.
"""

from collections.abc import Mapping
from mmap import mmap
from typing import Any, NamedTuple, TypeAlias

Bytes: TypeAlias = bytes | mmap

_SIZE, _PACKED, _DATA, _DICTIONARY, _DATA_2 = 2, 3, 5, 7, 8
"""The fields of the head of a page: the bytes of what it holds, decoded and in the file; heads of three kinds."""

_VALUES = 1
"""In each of these: how many values there are."""

_DEEPEST = 8
"""So many structures are inside each other at most."""


class Held(NamedTuple):
    """What some pages hold: bytes once they are decoded, values, and entries of dictionaries."""

    size: int
    values: int
    entries: int


def held(data: Bytes, chunk: Any) -> Held:
    """What the pages of a column chunk hold that a reader decodes. Raises `ValueError` for what are no pages."""
    at = chunk.data_page_offset
    if chunk.has_dictionary_page and 0 < chunk.dictionary_page_offset < at:
        at = chunk.dictionary_page_offset
    end = at + chunk.total_compressed_size
    size = values = entries = 0
    try:
        while at < end and values < chunk.num_values:
            head, at = _structure(data, at, 0)
            unpacked, packed = head[_SIZE], head[_PACKED]
            counts = [head.get(kind, {}).get(_VALUES, 0) for kind in (_DATA, _DATA_2, _DICTIONARY)]
            if min(unpacked, packed, *counts) < 0:
                raise ValueError("a page holds less than nothing")
            size, values, entries, at = size + unpacked, values + sum(counts[:2]), entries + counts[2], at + packed
    except (IndexError, KeyError, AttributeError, TypeError):
        raise ValueError("a page has no head that can be read") from None
    return Held(size, values, entries)


def _structure(data: Bytes, at: int, depth: int) -> tuple[Mapping[int, Any], int]:
    """The whole numbers and structures in a structure, by their fields; and where it ends."""
    if depth > _DEEPEST:
        raise ValueError("the head of a page is nested too deeply")
    found: dict[int, Any] = {}
    field = 0
    while data[at]:
        step, kind = data[at] >> 4, data[at] & 15
        at += 1
        if step:
            field += step
        else:
            field, at = _number(data, at)
        found[field], at = _value(data, at, kind, depth)
    return found, at + 1


def _value(data: Bytes, at: int, kind: int, depth: int) -> tuple[Any, int]:
    """A value of a field, of which only whole numbers and structures matter; and where it ends."""
    if kind in _WITHIN:  # true and false are said by the kind itself
        return None, at
    if kind in _FIXED:
        return None, at + _FIXED[kind]
    if kind in _WHOLE:
        return _number(data, at)
    if kind == _TEXT:
        length, at = _varint(data, at)
        return None, at + length
    if kind == _OBJECT:
        return _structure(data, at, depth + 1)
    raise ValueError("the head of a page holds what no head does")


_WITHIN, _FIXED, _WHOLE, _TEXT, _OBJECT = {1, 2}, {3: 1, 7: 8}, {4, 5, 6}, 8, 12
"""The kinds of values in the compact protocol, but for lists and maps, of which no head has any."""


def _number(data: Bytes, at: int) -> tuple[int, int]:
    number, at = _varint(data, at)
    return (number >> 1) ^ -(number & 1), at


def _varint(data: Bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:  # noqa: PLR2004 - the last byte has no eighth bit
            return number, at
        if shift > 63:  # noqa: PLR2004 - no number has more bits
            raise ValueError("a number in the head of a page is too long")
