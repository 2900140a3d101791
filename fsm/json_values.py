"""The JSON values of a log, one after the other: a line each, or over as many lines as they take.

Nearly all logs are lines, and are read line by line: many together, as far as they are
there and nothing is wrong with them. Where a line is no value but may
begin one, what follows is read as values that need not end where lines do: as `jq` and
`json.dumps(indent=2)` write them, or as a server's answers come when they are put behind
each other.

Work is linear in the input. Text is looked at again only as it doubles, and where a value
turns out to be wrong or cut off, none over many lines is looked for before that place.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BufferedIOBase
from itertools import count, repeat
from typing import Any, cast

from fsm.errors import ReplayError
from fsm.json_lines import Line, Lines, read_line
from fsm.strict_json import MAX_JSON, TOO_DEEP, read_whole_lines

_CONTENT = re.compile(r"[^ \t\r\n]")

_LEAST = 2**12
"""So many bytes are taken at once where more is needed."""

# This finds where a value ends; `read_line` reads it.
_JSON = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=str)


def read_several(source: BufferedIOBase) -> Iterator[Iterable[Line]]:
    """Read the values of a log, several together: those that are there, and can be had without waiting.

    What is no value is an error of the line in which it begins, and stops nothing else. An array over many lines that
    is never ended takes all that follows with it.
    """
    lines = Lines(source)
    failed_at = 0
    for number, text in lines:
        line = read_line(number, text)
        begun = None if line.error is None or number < failed_at else _beginning(text)
        if begun is None:
            yield (line,)
            while piece := lines.at_hand():
                first, (values, size) = lines.number, read_whole_lines(piece)
                lines.skip(len(values), size)
                yield map(_sound, zip(count(first), values, *_SOUND, strict=False))
            continue
        stretch = _Stretch(lines, number, begun)
        yield from ((line,) for line in stretch.values())
        if stretch.fault is not None:
            yield (Line(stretch.fault.line, error=stretch.fault),)
            if stretch.is_array:
                return
            stretch.pass_over()
        lines.put_back(stretch.rest())
        lines.number, failed_at = stretch.number, stretch.failed_at


_SOUND = [repeat(value) for value in Line(0)[2:]]
_sound = cast("Callable[[tuple[Any, ...]], Line]", partial(tuple.__new__, Line))
"""As `Line(…)` does, in a third of the time."""


def _beginning(text: bytes) -> str | None:
    """A line that may begin a value over several lines; None where it cannot."""
    try:
        return text.decode() if text.startswith((b"{", b"[")) and len(text) <= MAX_JSON else None
    except UnicodeDecodeError:
        return None


class _Stretch:
    """Values that follow one another from a line on, wherever lines end.

    `values` is to be gone through once. Then `number` is the line with which `rest`
    begins, `fault` what is wrong with the last value if anything is, `failed_at` the line
    in which that was seen, and `is_array` whether it is an array over many lines.
    """

    def __init__(self, lines: Lines, number: int, text: str) -> None:
        self.number = number
        self.fault: ReplayError | None = None
        self.failed_at = 0
        self.is_array = False
        self._lines = lines
        self._text, self._at = f"{text}\n", 0  # lines, and how much of them has been read
        self._left = b""  # what has been taken and is no text

    def values(self) -> Iterator[Line]:
        """The values, until lines begin again with a new value, or one is at fault."""
        while self._skip_blank():
            try:
                _, end = _JSON.raw_decode(self._text, self._at)
            except json.JSONDecodeError as problem:
                is_cut_off = problem.msg.startswith("Unterminated") or not _CONTENT.search(self._text, problem.pos)
                if is_cut_off and self._reach():
                    continue
                is_too_long = is_cut_off and len(self._text) - self._at > MAX_JSON
                what = f"not JSON: {problem.msg.lower().removesuffix(' at')}"
                self._fail(problem.pos, f"not readable: longer than {MAX_JSON} bytes" if is_too_long else what)
                return
            except RecursionError:
                self._fail(len(self._text), TOO_DEEP)
                return
            yield read_line(self.number, self._text[self._at : end].encode())
            self._move(end)

    def pass_over(self) -> None:
        """Pass over the value at fault, up to a line that begins with neither white space nor an end."""
        self._move(self._end_of_line(self._at))
        if self.failed_at == self.number - 1:
            return  # a line of its own
        while self._at < len(self._text) or self._reach():
            if self._text[self._at] not in " \t\r\n}]":
                return
            self._move(self._end_of_line(self._at))

    def rest(self) -> bytes:
        """What has been taken from the source and not been read."""
        return self._text[self._at :].encode() + self._left

    def _fail(self, place: int, problem: str) -> None:
        """Say what is wrong: of a line that could end where it does, what is wrong with the line."""
        first_end = self._end_of_line(self._at)
        first = self._text[self._at : first_end].encode().rstrip()
        self.failed_at = self.number + self._text.count("\n", self._at, place)
        alone = read_line(self.number, first).error
        self.is_array = first.startswith(b"[") and first.endswith((b"[", b","))
        if alone is not None and place <= first_end:
            self.failed_at = self.number
            self.fault = alone
        else:
            column = place - self._text.rfind("\n", 0, place)
            where = f" at line {self.failed_at}, character {column}" if problem.startswith("not JSON") else ""
            self.fault = ReplayError(self.number, problem + where)

    def _skip_blank(self) -> bool:
        """Go on to the next value; False where lines have come to their end together with one."""
        found = _CONTENT.search(self._text, self._at)
        self._move(found.start() if found else len(self._text))
        return found is not None

    def _move(self, place: int) -> None:
        self.number += self._text.count("\n", self._at, place)
        self._at = place

    def _end_of_line(self, place: int) -> int:
        return self._text.find("\n", place) + 1 or len(self._text)

    def _reach(self) -> bool:
        """Take as much again from the source, if there is more and the value may be so long."""
        size = len(self._text) - self._at
        wanted = min(max(size, _LEAST), MAX_JSON + 1 - size)
        return not self._left and wanted > 0 and self._add(self._lines.take(wanted))

    def _add(self, taken: bytes) -> bool:
        """Add lines to the text. False when there are none, or they are no UTF-8."""
        try:
            self._text, self._at = self._text[self._at :] + taken.decode(), 0
        except UnicodeDecodeError:
            self._left = taken
            return False
        return len(taken) > 0
