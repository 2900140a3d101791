"""Reading JSON: what any reader would read, and what two readers could understand in two ways."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.strict_json import MAX_DEPTH, MAX_JSON, read_json
from tests.builders import is_one_line

MILLION = 10**6

# fmt: off
READ: list[tuple[bytes, Any]] = [
    (b'{"a": [1, -0, 1.5, 1e308, true, null, "b"]}', {"a": [1, 0, 1.5, 1e308, True, None, "b"]}),
    (b" \t\r\n1\n",                                  1),
    (b'{"a": {"a": {"a": 1}}, "b": {"a": 1}}',       {"a": {"a": {"a": 1}}, "b": {"a": 1}}),
    (b'{"": 1, " ": 2, "A": 3, "a": 4}',             {"": 1, " ": 2, "A": 3, "a": 4}),
    (b'"\\ud83d\\ude00"',                            "\U0001f600"),
    (b'"\\\\ud800 \\\\uDC00"',                       r"\ud800 \uDC00"),
    (b"9" * 4300,                                    10**4300 - 1),
    (b"1e-999",                                      0.0),
    (b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,            ...),
    (b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH, ...),
    (b"[" + b"[[1],{}]," * 9_999 + b"1]",            ...),
]
REFUSED: list[tuple[bytes, str]] = [
    (b"",                                            "not JSON: expecting value at character 1"),
    (b"{",                                           "not JSON: expecting property name enclosed in double quotes at character 2"),
    (b"1 2",                                         "not JSON: extra data at character 3"),
    (b"\x0c1",                                       "not JSON: expecting value at character 1"),
    (b'"\x00"',                                      "not JSON: invalid control character at character 2"),
    (b"\xff",                                        "not UTF-8 at byte 1"),
    (b'"\xed\xa0\x80"',                              "not UTF-8 at byte 2"),
    (b'{"a": 1, "a": 1}',                            "not readable: the key `a` comes twice"),
    (b'[{"b": {"a": 1, "\\u0061": 2}}]',             "not readable: the key `a` comes twice"),
    (b'{"\\n": 1, "\\n": 2}',                        r"not readable: the key `\n` comes twice"),
    (b'{"%b": 1, "%b": 2}' % ((b"a" * 99,) * 2),     f"not readable: the key `{'a' * 60}…` comes twice"),
    (b"NaN",                                         "not readable: `NaN` is no number"),
    (b'{"a": [Infinity]}',                           "not readable: `Infinity` is no number"),
    (b"[-Infinity]",                                 "not readable: `-Infinity` is no number"),
    (b"1e999",                                       "not readable: the number `1e999` is too large"),
    (b'{"a": -1E+400}',                              "not readable: the number `-1E+400` is too large"),
    (b"1" + b"0" * 400 + b".5",                      f"not readable: the number `1{'0' * 59}…` is too large"),
    (b"9" * 4301,                                    "not readable: a number has too many digits"),
    (b"9" * MILLION,                                 "not readable: a number has too many digits"),
    (b'"\\ud800"',                                   "not readable: a text holds half of a surrogate pair"),
    (b'{"\\uDC00x": 1}',                             "not readable: a text holds half of a surrogate pair"),
    (b'["\\ud83d\\ud83d\\ude00"]',                   "not readable: a text holds half of a surrogate pair"),
    (b'"\\ude00\\ud83d"',                            "not readable: a text holds half of a surrogate pair"),
    (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), f"not readable: nested more than {MAX_DEPTH} levels deep"),
    (b"[{}," + b'{"a":[' * 64 + b"]}" * 64 + b"]",   f"not readable: nested more than {MAX_DEPTH} levels deep"),
    (b"[" * MILLION,                                 f"not readable: nested more than {MAX_DEPTH} levels deep"),
    (b'{"a":' * MILLION,                             f"not readable: nested more than {MAX_DEPTH} levels deep"),
    (b"1".ljust(MAX_JSON + 1),                       f"not readable: longer than {MAX_JSON} bytes"),
]
# fmt: on


@pytest.mark.parametrize(("text", "value"), READ, ids=lambda case: repr(case)[:30])
def test_what_is_read(text: bytes, value: Any) -> None:
    assert read_json(text) == (json.loads(text) if value is ... else value)


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=lambda case: repr(case)[:30])
def test_what_is_refused(text: bytes, problem: str) -> None:
    with pytest.raises(ValueError, match="not ") as caught:
        read_json(text)
    assert str(caught.value) == problem
    assert is_one_line(problem)


def test_the_longest_text_is_read() -> None:
    assert read_json(b"1".ljust(MAX_JSON)) == 1


TEXTS = st.text(st.characters(codec="utf-8"), max_size=4)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inside: st.lists(inside, max_size=4) | st.dictionaries(TEXTS, inside, max_size=4),
)


@given(VALUES, st.booleans())
def test_whatever_json_can_say_is_read(value: Any, ascii_only: bool) -> None:
    assert read_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.text(st.characters(min_codepoint=0xD700, max_codepoint=0xE100) | st.just("\\"), max_size=4))
def test_a_text_is_read_exactly_if_it_is_unicode(text: str) -> None:
    pairs = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if "\ufffd" in pairs:
        with pytest.raises(ValueError, match="surrogate"):
            read_json(json.dumps([text]).encode())
    else:
        assert read_json(json.dumps([text]).encode()) == [pairs]
