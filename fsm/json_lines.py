"""JSON lines: one value a line, read as they come, in bounded memory.

Blank lines cost next to nothing, and of a line that is too long only the beginning is kept.
"""

import re
from codecs import BOM_UTF8
from collections.abc import Iterator
from functools import partial
from io import BufferedIOBase, BufferedReader, FileIO
from typing import Any, NamedTuple, cast

from fsm.errors import ReplayError
from fsm.strict_json import MAX_JSON, read_json

BLOCK = 2**16
"""So many bytes are read at once."""

_PIECE = 2**14
"""So many bytes of lines are had together: what is read of them fits into the memory near the processor."""

MAX_LINE = 2**30
"""The longest line, in bytes, that is passed over to its end: behind what goes on for longer, nothing is read."""

_CUT = b"\0"
"""What stands where the end of a line is left out, so that nobody takes the rest for a whole one: no JSON holds it."""

_BLANK = b" \t\r\n"
"""What JSON takes for white space."""

_BLANKS = re.compile(rb"[%b]*" % _BLANK)


class Line(NamedTuple):
    """One line of a log, or one event in it: the line's number, counted from 1, and what was read.

    `event` says which of the events in the line it is, counted from 1 as they stand there,
    where there may be many: in an array, or in the response of a server. `is_state` tells
    that the event is given, as part of a state or as what led to it, and not to be judged.
    """

    number: int
    value: Any = None
    error: ReplayError | None = None
    is_state: bool = False
    event: int | None = None


def read_line(number: int, text: bytes) -> Line:
    """Read the value of one line, or what is wrong with it."""
    try:
        return Line(number, read_json(text))
    except ValueError as problem:
        return Line(number, error=ReplayError(number, str(problem)))


def source_of(path: str) -> BufferedReader:
    """A file to read, whose errors say which one it is. Raises OSError."""
    return cast("BufferedReader", BufferedReader(_File(path)))


class _File(FileIO):
    def readinto(self, buffer: Any) -> int | None:
        try:
            return super().readinto(buffer)
        except OSError as problem:
            raise OSError(problem.errno, problem.strerror, self.name) from None


def blocks(source: BufferedIOBase) -> Iterator[bytes]:
    """What a source holds, in pieces, each as soon as it is there."""
    return iter(partial(source.read1, BLOCK), b"")


class Lines:
    """The lines of a source that are not blank: their numbers, counted from 1, and their bytes.

    A line comes without the white space before it, and of one that is longer than any
    JSON text may be only so much that this can be seen. To be gone through once. Whole
    lines that are there already can be had together (`at_hand`).
    """

    def __init__(self, source: BufferedIOBase) -> None:
        self.number = 1
        """The number of the line that comes next."""
        self._blocks = blocks(source)
        self._block = b""
        self._start = 0
        self._shown = 0  # as far as this, whoever wanted lines together has had the block

    def __iter__(self) -> Iterator[tuple[int, bytes]]:
        while True:
            blanks = _BLANKS.match(self._block, self._start)
            assert blanks is not None
            self.number += self._block.count(b"\n", *blanks.span())
            self._start = blanks.end()
            if self._start == len(self._block):
                if not self._reach():
                    return
                continue
            text, number = self._line(), self.number
            self.number += 1
            if number == 1:
                text = text.removeprefix(BOM_UTF8).lstrip(_BLANK)
            if text:
                yield number, text

    def at_hand(self) -> bytes:
        """Some whole lines that follow and can be had without waiting. Each is shown here once, and taken by `skip`."""
        start = self._start
        if start < self._shown:
            return b""
        end = self._block.rfind(b"\n", start, start + _PIECE) + 1
        self._shown = max(start, end)
        return self._block[start:end]

    def skip(self, count: int, size: int) -> None:
        """Pass over so many of the lines at hand, of so many bytes."""
        self.number += count
        self._start += size

    def take(self, size: int) -> bytes:
        """The lines that follow the one that was given last: so many bytes, and what is left of the last line."""
        taken = bytearray()
        while len(taken) < size and (self._start < len(self._block) or self._reach()):
            piece = self._block[self._start : self._start + size - len(taken)]
            self._start += len(piece)
            taken += piece
        if taken and not taken.endswith(b"\n"):
            taken += self._line()
            taken += self._block[self._start - 1 : self._start]  # where lines have come to their end, there is none
        return bytes(taken)

    def put_back(self, text: bytes) -> None:
        """Go on with what was taken, or the end of it."""
        if self._block.endswith(text, 0, self._start):
            self._start -= len(text)
        else:
            self._block, self._start = text + self._block[self._start :], 0
            self._shown = len(self._block)

    def _reach(self) -> bool:
        """Go on to the next block. False where there is none."""
        self._block, self._start, self._shown = next(self._blocks, b""), 0, 0
        return bool(self._block)

    def _line(self) -> bytes:
        """What follows, up to the end of the line."""
        end = self._block.find(b"\n", self._start)
        if end >= 0:
            line = self._block[self._start : end]
            self._start = end + 1
            return line
        pieces = [self._block[self._start :]]
        size = len(pieces[0])
        while self._reach():
            end = self._block.find(b"\n")
            length = len(self._block) if end < 0 else end
            if size <= MAX_JSON:
                pieces.append(self._block[:length])
            elif length and pieces[-1] != _CUT:
                pieces.append(_CUT)
            size += length
            if end >= 0:
                self._start = end + 1
                break
            if size > MAX_LINE:
                self._blocks, self._block = iter(()), b""
        return b"".join(pieces)
