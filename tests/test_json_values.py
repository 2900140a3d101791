"""The JSON values of a log, wherever lines end: see also the documents in `test_log.py`."""

import json
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.strict_json import MAX_DEPTH, MAX_JSON, read_whole_lines
from tests.builders import InPieces
from tests.logs import read_lines, read_values

VALUES = st.lists(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    .map(lambda value: {"a": value})
    .map(lambda value: value),
    max_size=8,
)


@given(
    VALUES, st.lists(st.sampled_from([None, 0, 1, 4]), min_size=8, max_size=8), st.sampled_from(["\n", "\n\n", " \r\n"])
)
def test_values_are_read_however_they_are_laid_out(values: list[Any], indents: list[int | None], between: str) -> None:
    texts = [json.dumps(value, indent=indent) for value, indent in zip(values, indents, strict=False)]
    lines = list(read_values(BytesIO(between.join(texts).encode())))
    assert [line.value for line in lines] == values
    assert not any(line.error for line in lines)
    starts = [1 + sum(f"{text}{between}".count("\n") for text in texts[:place]) for place in range(len(texts))]
    assert [line.number for line in lines] == starts


@given(VALUES)
def test_values_need_nothing_between_them(values: list[Any]) -> None:
    text = "".join(map(json.dumps, values)).encode()
    assert [line.value for line in read_values(BytesIO(text))] == values


# fmt: off
ALONE: list[bytes] = [
    b'{"a": 1}', b'{"a": {"b": [1, "\xc3\xa9"]}}\r', b'{"a": "\\u00e9"} \t', b' {"a": 1}', b"", b" \r", b"1", b'"\xe2\x82\xac"',
    b'{"a": 1, "a": 2}', b"[NaN]", b"1e999", b'{"a": "\\ud800"}', b'["\\ud83d\\ude00"]', b"1 2", b"]", b'"\xff"', b'{"a": tru}',
    b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), b"[" * MAX_DEPTH + b"]" * MAX_DEPTH, b"9" * 5000, b"\xef\xbb\xbf1", b'"\x00"',
]
"""Lines of which none begins a value over several lines."""
# fmt: on


@given(st.lists(st.sampled_from(ALONE), max_size=30), st.sampled_from([8, 40, 400]), st.integers(1, 2000))
def test_lines_that_are_read_together_are_what_they_are_alone(lines: list[bytes], piece: int, size: int) -> None:
    text = b"".join(line + b"\n" for line in lines)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fsm.json_lines._PIECE", piece)
        together = [*read_values(InPieces(text, size))]
    alone = [*read_lines(BytesIO(text))]
    assert [(line.number, line.value) for line in together] == [(line.number, line.value) for line in alone]
    for line, expected in zip(together, alone, strict=True):
        assert str(line.error).startswith(str(expected.error).partition(" at ")[0])


def test_whole_lines_are_read_as_far_as_nothing_is_wrong() -> None:
    for good in (b"", b'{"a": 1}\n', '"é" \r\n[1]\n'.encode()):
        for bad in (
            b"\xff\n",
            b"[\n",
            b"[1,\n2]\n",
            b'{"a": 1, "a": 1}\n',
            b"1 2\n",
            b"\n",
            b'"\\ud800"\n',
            b"[" * 200 + b"]" * 200 + b"\n",
        ):
            values, size = read_whole_lines(good + bad + good)
            assert (len(values), size) == ((good.count(b"\n"), len(good)) if b"\xff" not in bad else (0, 0))


# fmt: off
HOSTILE: list[tuple[str, bytes, int]] = [
    ("objects that only begin",      b"{\n" * 3_000,                    3_000),
    ("arrays that only begin",       b"[\n" * 3_000,                    1),
    ("texts that only begin",        b'{"a": "\n' * 3_000,              3_000),
    ("objects in objects",           b'{"a":\n' * 3_000,                3_000),
    ("brackets on a line",           b"[" * 10**6 + b"\n{}",            1),
    ("braces on a line",             b'{"a":' * 10**6 + b"\n{}",        2),
    ("small ones over many lines",   b'{\n"a":\n1}\n' * 3_000,          3_000),
    ("lines that are no UTF-8",      b'{"a": "\xff"}\n' * 3_000,        3_000),
    ("lines after some that begin",  b'{\n{"a": "\xff"}\n' * 1_000,     2_000),
    ("an array with such a line",    b'[\n"\xff",\n{}]\n{}',            1),
]
# fmt: on


@pytest.mark.parametrize(("text", "count"), [row[1:] for row in HOSTILE], ids=[row[0] for row in HOSTILE])
def test_every_text_comes_to_an_end(text: bytes, count: int) -> None:
    assert len(list(read_values(BytesIO(text)))) == count


class Counting(BytesIO):
    """Notes how much is read."""

    given = 0

    def read1(self, size: int | None = -1, /) -> bytes:
        block = super().read1(size)
        self.given += len(block)
        return block


def test_a_value_over_many_lines_may_be_as_long_as_one_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.json_values.MAX_JSON", 2**17)
    long = b'{"a": [\n' + b"1,\n" * 2**16
    (first, *_) = read_values(BytesIO(long))
    assert str(first.error) == f"line 1: not readable: longer than {2**17} bytes"
    short = b'{"a": [\n' + b"1,\n" * 2**15 + b"1]}\n{}"
    assert [line.error for line in read_values(BytesIO(short))] == [None, None]
    assert MAX_JSON >= 20 * 2**20
