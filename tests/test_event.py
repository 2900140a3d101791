"""Events come from strangers: whatever they send is read, or refused with the place at fault."""

from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from enum import StrEnum
from functools import partial
from itertools import count
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import EventError, PolicyError, ReplayError
from fsm import event as event_module
from fsm.errors import shorten
from fsm.event import (
    MAX_TEXT,
    Event,
    checked_flag,
    checked_name,
    checked_text,
    describe,
    expect_plain,
    join,
    mapping,
    name,
    own_copy,
    plain,
    read_event,
    sequence,
    text,
    whole_number,
    word,
    words_of,
)
from tests.builders import JSON, drop_at, error_of, is_one_line, set_at

EVENT: JSON = {
    "type": "m.tea",
    "sender": "@bob:b.example",
    "content": {"sugar": {"lumps": 2}},
    "state_key": "cup",
    "event_id": "$1",
    "room_id": "!room:a.example",
}

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_an_event_is_read_field_by_field() -> None:
    assert read_event(EVENT) == Event(
        type="m.tea",
        sender="@bob:b.example",
        content={"sugar": {"lumps": 2}},
        state_key="cup",
        event_id="$1",
        room_id="!room:a.example",
    )


def test_three_fields_are_enough() -> None:
    assert read_event({"type": "m.tea", "sender": "@bob", "content": {}}) == Event("m.tea", "@bob", {})


def test_an_empty_state_key_is_one() -> None:
    assert read_event({**EVENT, "state_key": ""}).state_key == ""
    assert read_event(drop_at(EVENT, ("state_key",))).state_key is None


def test_fields_that_nobody_knows_are_let_be() -> None:
    assert read_event({**EVENT, "unsigned": {"age": 1}, "": None}) == read_event(EVENT)


NO_OBJECTS: list[Any] = [None, True, 0, 1.5, "{}", [], [EVENT], (EVENT,), b"{}", {"type"}]


@pytest.mark.parametrize("value", NO_OBJECTS)
def test_an_event_is_an_object(value: Any) -> None:
    with pytest.raises(EventError) as caught:
        read_event(value)
    assert caught.value.field == ""
    assert "must be an object, not " in caught.value.problem
    assert is_one_line(str(caught.value))


class Word(StrEnum):
    TEA = "tea"


NO_STRINGS: list[Any] = [None, True, False, 0, 1, 1.5, float("nan"), [], ["x"], {}, {"x": 1}, b"x"]
TOO_LONG = "x" * (MAX_TEXT + 1)

# The field, and values that it cannot have.
# fmt: off
BAD_FIELDS: list[tuple[str, list[Any]]] = [
    ("type",      [*NO_STRINGS, "", TOO_LONG]),
    ("sender",    [*NO_STRINGS, "", TOO_LONG]),
    ("content",   [None, True, 0, 1.5, "", "{}", [], [{}], OrderedDict()]),
    ("state_key", [*NO_STRINGS, TOO_LONG]),
    ("event_id",  [*NO_STRINGS, "", TOO_LONG]),
    ("room_id",   [*NO_STRINGS, "", TOO_LONG]),
]
# fmt: on


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param(field, value, id=f"{field}-{index}")
        for field, values in BAD_FIELDS
        for index, value in enumerate(values)
    ],
)
def test_a_field_at_fault_is_named(field: str, value: Any) -> None:
    with pytest.raises(EventError) as caught:
        read_event({**EVENT, field: value})
    assert caught.value.field == field
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize("field", ["type", "sender", "content"])
def test_a_missing_field_is_named(field: str) -> None:
    with pytest.raises(EventError) as caught:
        read_event(drop_at(EVENT, (field,)))
    assert (caught.value.field, caught.value.problem) == (field, "is missing")
    assert str(caught.value) == f"`{field}`: is missing"


def test_a_word_of_an_enum_is_a_string() -> None:
    assert read_event({**EVENT, "type": Word.TEA}).type == "tea"
    assert word({"f": Word.TEA}, "f", words_of(Word)) is Word.TEA


def test_the_longest_text_is_read() -> None:
    longest = "x" * MAX_TEXT
    event = read_event({**EVENT, "sender": longest, "state_key": longest})
    assert (event.sender, event.state_key) == (longest, longest)


# The readers of single values: value, or the problem.
# fmt: off
READINGS: list[tuple[Callable[..., Any], tuple[Any, ...], Any]] = [
    (mapping,      ({}, "f"),                     {}),
    (sequence,     ([1], "f"),                    [1]),
    (checked_text, ("", "f"),                     ""),
    (checked_name, ("a", "f"),                    "a"),
    (checked_name, (" ", "f"),                    " "),
    (checked_flag, (True, "f"),                   True),
    (checked_flag, (False, "f"),                  False),
    (text,         ({"f": ""}, "f"),              ""),
    (name,         ({"f": "a"}, "f"),             "a"),
    (word,         ({"f": "tea"}, "f", words_of(Word)), Word.TEA),
    (whole_number, ({"f": 0}, "f", "", 10),       0),
    (whole_number, ({"f": 9}, "f", "", 10),       9),
]
MISREADINGS: list[tuple[Callable[..., Any], tuple[Any, ...], str, str]] = [
    (mapping,      ([], "a.f"),                   "a.f",   "must be an object, not an array"),
    (sequence,     ({}, "a.f"),                   "a.f",   "must be an array, not an object"),
    (sequence,     ("x", "a.f"),                  "a.f",   "must be an array, not a string"),
    (sequence,     ((), "a.f"),                   "a.f",   "must be an array, not tuple"),
    (checked_text, (None, "a.f"),                 "a.f",   "must be a string, not null"),
    (checked_text, (TOO_LONG, "a.f"),             "a.f",   "is 65536 characters long, 65535 is the most"),
    (checked_name, ("", "a.f"),                   "a.f",   "must not be empty"),
    (checked_name, (1, "a.f"),                    "a.f",   "must be a string, not a number"),
    (checked_flag, (1, "a.f"),                    "a.f",   "must be true or false, not a number"),
    (checked_flag, (0, "a.f"),                    "a.f",   "must be true or false, not a number"),
    (checked_flag, ("true", "a.f"),               "a.f",   "must be true or false, not a string"),
    (checked_flag, (None, "a.f"),                 "a.f",   "must be true or false, not null"),
    (text,         ({}, "f", "a"),                "a.f",   "is missing"),
    (text,         ({"f": True}, "f", "a"),       "a.f",   "must be a string, not true or false"),
    (name,         ({"f": ""}, "f", "a"),         "a.f",   "must not be empty"),
    (name,         ({}, "f"),                     "f",     "is missing"),
    (word,         ({}, "f", words_of(Word), "a"),   "a.f",   "is missing"),
    (word,         ({"f": "Tea"}, "f", words_of(Word), "a"), "a.f", "`Tea` is not one of tea"),
    (word,         ({"f": "\n"}, "f", words_of(Word)), "f",   r"`\n` is not one of tea"),
    (word,         ({"f": 1}, "f", words_of(Word)),  "f",     "must be a string, not a number"),
    (whole_number, ({}, "f", "a", 10),            "a.f",   "is missing"),
    (whole_number, ({"f": -1}, "f", "a", 10),     "a.f",   "must be from 0 to 9"),
    (whole_number, ({"f": 10}, "f", "a", 10),     "a.f",   "must be from 0 to 9"),
    (whole_number, ({"f": 10**5000}, "f", "a", 10), "a.f", "must be from 0 to 9"),
    (whole_number, ({"f": True}, "f", "a", 10),   "a.f",   "must be a whole number, not true or false"),
    (whole_number, ({"f": 1.0}, "f", "a", 10),    "a.f",   "must be a whole number, not a number"),
    (whole_number, ({"f": "1"}, "f", "a", 10),    "a.f",   "must be a whole number, not a string"),
]
# fmt: on


@pytest.mark.parametrize(("read", "given", "value"), READINGS)
def test_a_reader_returns_the_value(read: Callable[..., Any], given: tuple[Any, ...], value: Any) -> None:
    found = read(*given)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(("read", "given", "field", "problem"), MISREADINGS)
def test_a_reader_names_field_and_problem(
    read: Callable[..., Any], given: tuple[Any, ...], field: str, problem: str
) -> None:
    with pytest.raises(EventError) as caught:
        read(*given)
    assert (caught.value.field, caught.value.problem) == (field, problem)


# Messages quote strangers: they stay short and on one line.

HOSTILE = ["\n", "a\r\nb", "\x00", "\x1b[31mred", "\ud800", "\u202egnp.exe", "\u2028", "x" * 1_000_000, "`", "%s {0}"]


@pytest.mark.parametrize("given", HOSTILE, ids=lambda given: ascii(given[:8]))
def test_quoted_text_is_fit_for_a_terminal(given: str) -> None:
    shown = shorten(given)
    assert shown.isprintable()
    assert len(shown) <= 61
    assert join("a", given).startswith("a.")
    assert shown.encode(), "also where only valid Unicode can go"


def test_short_printable_text_is_quoted_as_it_is() -> None:
    assert shorten("@änne:b.example") == "@änne:b.example"
    assert shorten("abcdef", 5) == "abcde…"
    assert shorten("abcde", 5) == "abcde"
    assert (join("", "a"), join("a", "b")) == ("a", "a.b")


# fmt: off
KINDS: list[tuple[Any, str]] = [
    ({}, "an object"), ([], "an array"), ("", "a string"), (True, "true or false"), (None, "null"),
    (1, "a number"), (1.5, "a number"), (b"", "bytes"), ((), "tuple"),
]
# fmt: on


@pytest.mark.parametrize(("value", "kind"), KINDS)
def test_values_are_described_in_the_words_of_json(value: Any, kind: str) -> None:
    assert describe(value) == kind


def test_errors_carry_their_place() -> None:
    error = EventError("content.reason", "is missing")
    assert (error.field, error.problem, str(error)) == ("content.reason", "is missing", "`content.reason`: is missing")
    outer = error.within("state[3]")
    assert (outer.field, outer.problem) == ("state[3].content.reason", "is missing")
    whole = EventError("", "is a second one")
    assert (str(whole), whole.within("state[3]").field) == ("is a second one", "state[3]")


def test_errors_of_a_log_carry_their_line() -> None:
    error = ReplayError(7, "is no JSON")
    assert (error.line, error.problem, str(error)) == (7, "is no JSON", "line 7: is no JSON")
    assert str(ReplayError(0, "cannot be opened")) == "cannot be opened"
    assert issubclass(ReplayError, PolicyError)
    assert issubclass(EventError, PolicyError)


@given(value=JSON_VALUES, field=st.sampled_from(list(EVENT)))
def test_any_value_in_any_field_is_read_or_refused_with_that_field(value: Any, field: str) -> None:
    changed = set_at(EVENT, (field,), value)
    if error := error_of(lambda: read_event(changed)):
        assert error.field == field
        assert is_one_line(str(error))
    else:
        assert getattr(read_event(changed), field) == value


@given(value=JSON_VALUES)
def test_any_json_is_read_or_refused(value: Any) -> None:
    error = error_of(lambda: read_event(value))
    assert error is None or is_one_line(str(error))


class WithoutEnd(Mapping[str, Any]):
    """An object whose keys never end, or whose values are others like it."""

    def __init__(self, keys: Callable[[], Iterable[int]], value: object = None) -> None:
        self.keys_of_it, self.value = keys, value

    def __getitem__(self, key: str) -> Any:
        return self.value or WithoutEnd(self.keys_of_it)

    def __iter__(self) -> Iterator[str]:
        return map(str, self.keys_of_it())

    def __len__(self) -> int:
        return 2


class ListWithoutEnd(list[Any]):
    def __iter__(self) -> Iterator[int]:
        return count()


@pytest.mark.parametrize("endless", [WithoutEnd(count, 1), WithoutEnd(lambda: range(2)), ListWithoutEnd()])
def test_what_has_no_end_is_refused(endless: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_module, "MAX_PARTS", 1000)
    for value in (endless, {"content": endless}, [endless]):
        for reads in (plain, own_copy):
            with pytest.raises(EventError, match="has more than 1000 parts"):
                reads(value)


class OtherText(str):
    """A text that is no plain one."""

    __slots__ = ()


# fmt: off
PARTS: list[Any] = [
    "", "tea", "\u00fc", "\ud800", OtherText("tea"), 5, 1.5, True, None, (), b"", [], {}, ["a", "b"], ["a", 5], [OtherText("a")],
    ["\ud800"], ["\u00fc"], [["a"]], [{"a": OtherText("b")}], ["a"] * 40, {"a": 5}, {"a": {"b": {"c": "d"}}},
    {"a": {"b": {"c": OtherText("d")}}}, {"a": {"b": {"c": {"d": "\ud800"}}}}, {"\u00fc": 5}, {"\ud800": 5}, {OtherText("a"): 5},
    {5: 6}, {"a": {OtherText("b"): 5}}, {str(number): number for number in range(40)}, MappingProxyType({"a": 5}), UserDict(a=5),
]
# fmt: on


@pytest.mark.parametrize("part", PARTS, ids=ascii)
def test_contents_are_expected_to_be_plain(part: Any) -> None:
    keys = [each for each in PARTS if type(each) in (str, OtherText, int)]
    for content in (part, {"a": part}, {"b": "c", "a": {"b": part}}, *({key: part} for key in keys)):
        if type(content) is dict:
            error = error_of(partial(plain, content))
            is_copied = error is None and plain(content) is not content
            with pytest.raises(TypeError) if is_copied else nullcontext():
                assert str(error_of(partial(expect_plain, content))) == str(error)
