"""JSON lines: one value a line, as they come."""

import sys
import tracemalloc
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.json_lines import BLOCK, MAX_LINE, Lines
from fsm.strict_json import MAX_JSON
from tests.builders import InPieces
from tests.logs import read_lines, read_values

GOOD = b'{"a": 1}'

# fmt: off
TEXTS: list[tuple[str, bytes, list[tuple[int, Any]]]] = [
    ("nothing",                  b"",                              []),
    ("blank lines",              b"\n \n\t\r\n",                   []),
    ("lines",                    GOOD + b"\n\n" + GOOD,            [(1, {"a": 1}), (3, {"a": 1})]),
    ("other ends of lines",      GOOD + b" \r\n" + GOOD + b"\r\n", [(1, {"a": 1}), (2, {"a": 1})]),
    ("white space before",       b"\n\t " + GOOD,                  [(2, {"a": 1})]),
    ("a byte order mark",        b"\xef\xbb\xbf" + GOOD,           [(1, {"a": 1})]),
    ("a mark on a blank line",   b"\xef\xbb\xbf\n" + GOOD,         [(2, {"a": 1})]),
    ("a mark further down",      GOOD + b"\n\xef\xbb\xbf" + GOOD,  [(1, {"a": 1}), (2, "line 2: not JSON")]),
    ("arrays",                   b"[1]\n[]\n" + GOOD,              [(1, [1]), (2, []), (3, {"a": 1})]),
    ("an array over many lines", b"[1,\n2]\n",                     [(1, "line 1: not JSON"), (2, "line 2: not JSON")]),
    ("no JSON",                  b"{\n" + GOOD,                    [(1, "line 1: not JSON"), (2, {"a": 1})]),
    ("no white space of JSON",   b"\x0c\n" + GOOD,                 [(1, "line 1: not JSON"), (2, {"a": 1})]),
    ("no UTF-8",                 b"\xff\n" + GOOD,                 [(1, "line 1: not UTF-8 at byte 1"), (2, {"a": 1})]),
    ("a million brackets",       b"[" * 10**6 + b"\n" + GOOD,      [(1, "line 1: not readable: nested"), (2, {"a": 1})]),
    ("a line too long",          GOOD + b"\n" + b" 1".ljust(MAX_JSON + BLOCK + 2) + b"1\n" + GOOD,
                                                                   [(1, {"a": 1}), (2, "line 2: not readable: longer"), (3, {"a": 1})]),
]
# fmt: on


@pytest.mark.parametrize(("text", "expected"), [case[1:] for case in TEXTS], ids=[case[0] for case in TEXTS])
def test_what_is_read(text: bytes, expected: list[tuple[int, Any]]) -> None:
    lines = list(read_lines(BytesIO(text)))
    assert [line.number for line in lines] == [number for number, _ in expected]
    for line, (_, value) in zip(lines, expected, strict=True):
        if line.error:
            assert str(line.error).startswith(value)
        else:
            assert line.value == value


@given(st.lists(st.sampled_from([b"", b" ", b"1", b" [2] ", b"\xef\xbb\xbf3", b"\r"]), max_size=8), st.integers(1, 9))
def test_lines_are_the_same_in_whatever_pieces_they_come(lines: list[bytes], size: int) -> None:
    expected = [
        (number, stripped)
        for number, line in enumerate(lines, start=1)
        if (stripped := (line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line).strip(b" \r"))
    ]
    found = list(Lines(InPieces(b"\n".join(lines), size)))
    assert [(number, text.rstrip(b" \r")) for number, text in found] == expected


@given(st.integers(0, 30), st.integers(1, 9))
def test_what_is_taken_and_put_back_is_read_as_if_it_had_not_been(size: int, piece: int) -> None:
    text = b"1\n22\n\n333\n4444\n55555"
    lines = Lines(InPieces(text, piece))
    numbered = iter(lines)
    first = next(numbered)
    taken = lines.take(size)
    assert text[2:].startswith(taken)
    assert len(taken) >= min(size, len(text) - 2)
    lines.put_back(taken)
    assert [first, *numbered] == list(Lines(BytesIO(text)))


class Endless(BytesIO):
    """Gives out one block again and again, and notes how often."""

    def __init__(self, block: bytes, times: int, first: bytes | None = None) -> None:
        super().__init__()
        self.next = block if first is None else first
        self.block = block
        self.left = times

    def read1(self, size: int | None = -1, /) -> bytes:
        assert size == len(self.block)
        self.left -= 1
        block, self.next = self.next, self.block
        return block if self.left >= 0 else b""


def test_a_line_is_read_when_it_is_there() -> None:
    source = Endless(b"1\n".ljust(BLOCK), 2)
    lines = read_lines(source)
    assert next(lines).value == 1
    assert source.left == 1


def test_a_line_too_long_is_not_held_in_memory() -> None:
    times = 4 * MAX_JSON // BLOCK
    ((number, text),) = Lines(Endless(b"x" * BLOCK, times))
    assert number == 1
    assert MAX_JSON < len(text) <= MAX_JSON + BLOCK + len(b"\0")


@pytest.mark.parametrize("begun", ["", "[\n", '{"a":\n', '{"a":\n1} ', '{"a": 1} '])
def test_a_line_that_does_not_end_is_given_up(begun: str) -> None:
    source = Endless(b"x" * BLOCK, 2 * MAX_LINE // BLOCK, begun.encode().ljust(BLOCK, b"x"))
    tracemalloc.start()
    try:
        *_, last = read_values(source)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert last.error is not None
    assert source.left > MAX_LINE // BLOCK - 10
    assert most < 8 * MAX_JSON


@pytest.mark.parametrize("begun", ["{", '{"a":\n1}', '{"a": 1}'])
def test_a_line_whose_end_is_left_out_is_not_taken_for_a_whole_one(begun: str) -> None:
    text = begun.encode() + b" " * 3 * MAX_JSON + b'}\n{"b": 2}'
    *_, fault, last = read_values(BytesIO(text))
    assert fault.error is not None
    assert (last.number, last.value) == (2 + begun.count("\n"), {"b": 2})


@pytest.mark.parametrize("blank", [b"\n", b" \n", b"\r\n"])
def test_blank_lines_are_counted_and_not_gone_through(blank: bytes) -> None:
    times = BLOCK // len(blank)
    text = blank * times + b"1\n" + blank * times + b"2"
    calls: list[object] = []
    sys.setprofile(lambda *call: calls.append(call))
    try:
        lines = list(Lines(BytesIO(text)))
    finally:
        sys.setprofile(None)
    assert lines == [(times + 1, b"1"), (2 * times + 2, b"2")]
    assert len(calls) < times / 100
