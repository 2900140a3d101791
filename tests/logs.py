"""Logs as bytes, read one value after the other."""

from collections.abc import Iterator
from io import BufferedIOBase
from itertools import chain

from fsm.json_lines import Line, Lines, read_line
from fsm.json_values import read_several


def read_lines(source: BufferedIOBase) -> Iterator[Line]:
    """Read a log of which each line is a value."""
    return (read_line(number, text) for number, text in Lines(source))


def read_values(source: BufferedIOBase) -> Iterator[Line]:
    """Read a log whose values may take several lines."""
    return chain.from_iterable(read_several(source))
