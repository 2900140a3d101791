"""What is left of a log to be read line by line, when the changes of known forms have been taken out of it.

Theory of operation. A reader of logs is given the lines that have to be read one at a time, and empty lines in place of
the others, so that lines keep their numbers. Lines are taken out only where the reader has just told what it made of a
line that stands for itself: then nothing waits in it that would come before them, or have its end in them.
"""

import json
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from io import BufferedIOBase
from itertools import accumulate, count
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from fsm.bulk.read import layout
from fsm.bulk.read.forms import Form, Forms
from fsm.event import MAX_TEXT
from fsm.json_lines import Line

_TYPES: Mapping[str, pa.DataType] = {
    **dict.fromkeys(layout.PLACE, pa.int64()),
    **{name: pa.string() for name in layout.TEXTS if name != layout.CONTENT},
    layout.IS_STATE: pa.bool_(),
}
"""The columns of a log, and their types."""

_PIECE = 2**16
"""About so many rows are in a piece of a log."""

_FIRST, _LARGEST = 2**14, 2**22
"""The sizes of blocks: each is twice as long as the one before, and searched for the forms that came up till then."""

_TRIED = 64
"""Of so many lines of a block, which had to be read, the forms are noted."""


class Block:
    """Some lines of a log. The last of them may go on in the next block.

    `rows` are its changes of known forms; `places` says by line which of them it is, below 0 where it is none.
    So many lines as `ends` says have a line feed.
    """

    def __init__(self, text: bytes, before: int, forms: Forms) -> None:
        """`before` lines precede it."""
        self._text = text
        ends = np.flatnonzero(np.frombuffer(text, np.uint8) == ord("\n")) + 1
        self.ends = len(ends)
        is_cut_off = text[-1:] not in {b"", b"\n"}
        self._starts = np.concatenate([[0], ends, [len(text)] * is_cut_off]).astype(np.int32)
        self.places = np.full(len(self._starts) - 1, -1, np.int64)
        self.rows = self._find(len(ends), before, forms)
        self._others = [*np.flatnonzero(self.places < 0).tolist(), len(self.places)]

    def __len__(self) -> int:
        return len(self.places)

    def line(self, place: int) -> bytes:
        """A line, with its line feed."""
        start, end = self._starts[place : place + 2].tolist()
        return self._text[start:end]

    def other(self, start: int) -> int:
        """The first line from a place on that has no row, or the end."""
        return self._others[bisect_left(self._others, start)]

    def _find(self, count: int, before: int, forms: Forms) -> pa.Table:
        """The rows of changes among the first so many lines."""
        tables = [pa.table({name: pa.array([], kind) for name, kind in _TYPES.items()})]
        lines = pa.StringArray.from_buffers(count, pa.py_buffer(self._starts), pa.py_buffer(self._text))
        left = np.flatnonzero(np.diff(self._starts[: count + 1]) <= MAX_TEXT)
        for form in forms.usual() if _is_text(lines) else ():
            words = form.find(lines if len(left) == count else lines.take(pa.array(left)))
            is_found = words[layout.SENDER].is_valid().to_numpy(zero_copy_only=False)
            self.places[left[is_found]] = np.flatnonzero(is_found) + sum(map(len, tables))
            tables.append(_table(form, words, before + 1 + left))
            forms.count(form, int(is_found.sum()))
            left = left[~is_found]
        return pa.concat_tables(tables)


def _is_text(lines: pa.Array) -> bool:
    """Whether all lines are UTF-8."""
    try:
        lines.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _table(form: Form, words: Mapping[str, pa.Array], numbers: npt.NDArray[np.int64]) -> pa.Table:
    """The words of lines with these numbers as columns."""
    columns = {layout.LINE: pa.array(numbers), layout.TYPE: pa.repeat(form.type, len(numbers)), **words}
    return pa.table({
        name: columns[name] if name in columns else pa.nulls(len(numbers), kind) for name, kind in _TYPES.items()
    })  # fmt: skip


class Stretch(NamedTuple):
    """Some consecutive lines of a block that have rows."""

    block: Block
    start: int
    end: int


class Remainder(BufferedIOBase):
    """A log for `fsm.log_reader.read_events`, without the changes of known forms.

    It keeps what is taken out, and the rows of events that have been read (`note`), until asked for (`table`).
    """

    def __init__(self, source: BufferedIOBase, forms: Forms) -> None:
        self._source, self._forms = source, forms
        self._size, self._rest, self._before = _FIRST, b"", 0
        self._block, self._place = Block(b"", 0, forms), 0
        self._given, self._number = b"", 0
        self._is_clear, self._taken, self._tried = False, 0, 0
        self._found: list[Stretch | dict[str, Any]] = []
        self._count = 0

    @property
    def is_enough(self) -> bool:
        """Whether there are enough rows for a table."""
        return self._count >= _PIECE

    def read1(self, size: int = -1) -> bytes:  # noqa: ARG002 - a line, however long it is
        """The next line to be read, after an empty one for each that is taken out; nothing at the end."""
        passed = 0
        while self._place < len(self._block) or self._reach():
            if self._is_clear:
                passed += self._take()
            if self._place < len(self._block):
                self._given = self._block.line(self._place)
                self._place += 1
                self._number += passed + self._given.endswith(b"\n")
                self._is_clear, self._taken = False, 0
                return b"\n" * passed + self._given
        return b"\n" * passed

    def note(self, line: Line, row: dict[str, Any]) -> None:
        """Take note of an event that has been read, and its row."""
        self._add(row, 1)
        is_last = line.number == self._number and line.error is None and line.event is None
        if is_last and self._given.endswith(b"\n") and _is_value(self._given):
            self._is_clear = True
            if self._tried < _TRIED:
                self._tried += 1
                self._forms.learn(self._given[:-1].decode(), line.value, row)

    def table(self) -> pa.Table:
        """All rows since this was last asked for, in order."""
        found, self._found, self._count = self._found, [], 0
        read = [each for each in found if isinstance(each, dict)]
        blocks = list(dict.fromkeys(each.block for each in found if isinstance(each, Stretch)))
        tables = [_rows(read), *(block.rows for block in blocks)]
        firsts = dict(zip(blocks, accumulate(map(len, tables)), strict=False))
        places, after = [np.empty(0, np.int64)], count()
        for each in found:
            if isinstance(each, Stretch):
                places.append(each.block.places[each.start : each.end] + firsts[each.block])
            else:
                places.append(np.array([next(after)]))
        return pa.concat_tables(tables).take(pa.array(np.concatenate(places)))

    def _add(self, found: Stretch | dict[str, Any], rows: int) -> None:
        self._found.append(found)
        self._count += rows

    def _take(self) -> int:
        """Take out the lines that follow and have rows. After many, one of them has to be read, and all be told."""
        start = self._place
        self._place = min(self._block.other(start), start + _PIECE - self._taken)
        if self._place > start:
            self._add(Stretch(self._block, start, self._place), self._place - start)
            self._taken += self._place - start
        return self._place - start

    def _reach(self) -> bool:
        """Go on to the next block. False where there is none."""
        more = self._source.read(self._size)
        text = self._rest + more
        end = text.rfind(b"\n") + 1 if more else 0
        text, self._rest = (text[:end], text[end:]) if end else (text, b"")
        self._block, self._place = Block(text, self._before, self._forms), 0
        self._before += self._block.ends
        self._size, self._tried = min(self._size * 2, _LARGEST), 0
        return len(text) > 0


def _is_value(text: bytes) -> bool:
    """Whether a text is one JSON value."""
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _rows(rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    return pa.table({name: pa.array([row.get(name) for row in rows], kind) for name, kind in _TYPES.items()})
