"""What rows say, and tables that are no histories."""

from typing import Any

import pyarrow as pa
import pytest

from fsm.bulk import replay
from fsm.errors import ReplayError
from tests.builders import one_line

CREATE = {"room_id": "!r", "sender": "@a", "type": "m.room.create", "state_key": ""}
ROLE = {"room_id": "!r", "sender": "@a", "type": "m.room.role", "state_key": "mute"}


def change(action: str | None, sender: str | None = "@a", target: str | None = "@b", **more: Any) -> dict[str, Any]:
    return {"room_id": "!r", "sender": sender, "target": target, "action": action, **more}


def table(*rows: dict[str, Any]) -> pa.Table:
    names = dict.fromkeys(["room_id", "sender", "target", "action", *(name for row in rows for name in row)])
    return pa.table({name: [row.get(name) for row in rows] for name in names})


def answer(row: dict[str, Any], policy: str = "mimi") -> Any:
    """The transition or error of a row in a room that @a has created; else whether it is allowed."""
    last = replay(table(CREATE, row), policy).to_pylist()[-1]
    return last["transition"] or last["error"] or last["allowed"]


# fmt: off
ROWS: list[tuple[str, dict[str, Any], Any]] = [
    ("a change",                    change("invite"),                                    "invite"),
    ("refused",                     change("join", "@b"),                                False),
    ("of a known type",             change("invite", type="m.user"),                     "invite"),
    ("of a type that is none",      change("invite", type=""),                           "`type`: must not be empty"),
    ("with an id",                  change("invite", event_id="$1"),                     "invite"),
    ("with an empty id",            change("invite", event_id=""),                       "`event_id`: must not be empty"),
    ("with a long id",              change("invite", event_id="$" * 65_536),             "`event_id`: is 65536 characters long, 65535 is the most"),
    ("an unknown word",             change("dance"),                                     "`content.participation`: `dance` is not one of invite, join, leave, ban, knock"),
    ("an empty word",               change(""),                                          "`content.participation`: `` is not one of invite, join, leave, ban, knock"),
    ("no word",                     change(None),                                        "`type`: is missing"),
    ("no sender",                   change("invite", None),                              "`sender`: is missing"),
    ("an empty sender",             change("invite", ""),                                "`sender`: must not be empty"),
    ("a long sender",               change("invite", "@" * 65_536),                      "`sender`: is 65536 characters long, 65535 is the most"),
    ("no target",                   change("invite", target=None),                       "`state_key`: must name the target user"),
    ("an empty target",             change("invite", target=""),                         "`state_key`: must name the target user"),
    ("no room, so no creation",     {**change("invite"), "room_id": None},               True),
    ("an empty room id",            {**change("invite"), "room_id": ""},                 "`room_id`: must not be empty"),
    ("nothing at all",              {"room_id": None},                                   "`type`: is missing"),
    ("a message",                   {"room_id": "!r", "sender": "@a", "type": "m.text"}, True),
    ("an event with content",       {**ROLE, "content": '{"permissions": {}}'},          True),
    ("content missing",             ROLE,                                                "`content.permissions`: is missing"),
    ("content that is no JSON",     {**ROLE, "content": "{"},                            "`content`: not JSON: expecting property name enclosed in double quotes at character 2"),
    ("content that is no object",   {**ROLE, "content": "[]"},                           "`content`: must be an object, not an array"),
    ("content with a number",       {**ROLE, "content": '{"permissions": NaN}'},         "`content`: not readable: `NaN` is no number"),
    ("a change as an event",        {"room_id": "!r", "sender": "@a", "type": "m.user", "state_key": "@b",
                                     "content": '{"participation": "invite"}'},          "invite"),
    ("content beside an action",    change("ban", type="m.user", state_key="@b",
                                           content='{"participation": "invite"}'),       "invite"),
    ("an event as it was sent",     {"room_id": "!r", "event_json": '{"type": "m.user", "sender": "@a", "state_key": "@b", "content": {"participation": "invite"}}'}, "invite"),
    ("a text that is no event",     {"room_id": "!r", "event_json": "7"},                "an event must be an object, not a number"),
    ("a line that was unreadable",  {"unreadable": "nested too deeply"},                 "nested too deeply"),
    ("part of a given state",       {**ROLE, "is_state": True, "content": '{"permissions": {}}'}, True),
]
# fmt: on


@pytest.mark.parametrize(("row", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_what_a_row_says(row: dict[str, Any], expected: Any) -> None:
    assert answer(row) == expected


def test_a_type_that_is_not_the_policys_makes_a_change_an_event() -> None:
    assert answer(change("invite", type="m.user"), "mimi") == "invite"
    assert answer(change("invite", type="m.user"), "mimi-01") is True
    assert answer(change("invite"), "mimi-01") == "invite"


def test_nothing_is_judged_of_a_room_whose_creation_comes_late() -> None:
    rows = [change("invite"), change("join", "@b", "@b"), {"room_id": "!r", "sender": "@a", "type": "m.text"}, CREATE]
    answers = replay(table(*rows, change("invite"))).to_pylist()
    assert {row["reason"] for row in answers} == {"not judged: the log has no creation of this room"}
    assert all(row["allowed"] for row in answers)


TEXTS = ["room_id", "sender", "target", "action"]
EACH = {name: pa.array(["x"]) for name in TEXTS}

# fmt: off
TYPES: list[tuple[str, pa.DataType]] = [
    ("text",               pa.string()),
    ("large text",         pa.large_string()),
    ("a text view",        pa.string_view()),
    ("bytes",              pa.binary()),
    ("a dictionary",       pa.dictionary(pa.int32(), pa.string())),
    ("a small dictionary", pa.dictionary(pa.uint8(), pa.large_string())),
]
# fmt: on


@pytest.mark.parametrize("kind", [kind for _, kind in TYPES], ids=[name for name, _ in TYPES])
def test_text_comes_in_many_types(kind: pa.DataType) -> None:
    rows = table(CREATE, change("invite"), change("join", "@b", "@b"), change(None, None, None))
    for place, name in enumerate(TEXTS):
        column = rows.column(name)
        is_dictionary = pa.types.is_dictionary(kind)
        typed = column.cast(kind.value_type).dictionary_encode().cast(kind) if is_dictionary else column.cast(kind)
        rows = rows.set_column(place, name, typed)
    assert [row["transition"] for row in replay(rows).to_pylist()] == [None, "invite", "accept", None]


def test_numbers_are_ids_as_well() -> None:
    rows = pa.table({"room_id": [1, 1], "sender": [7, 7], "target": [None, 8], "action": [None, "invite"],
                     "type": ["m.room.create", None], "state_key": ["", None]})  # fmt: skip
    assert [row["allowed"] for row in replay(rows).to_pylist()] == [True, True]


NO_HISTORIES: list[tuple[pa.Table, str]] = [
    (pa.table({}), "there is no column `room_id`: there are none"),
    (pa.table({"room_id": ["!r"], "sender": ["@a"]}), "there is no column `target`: there are room_id, sender"),
    (pa.table({**EACH, "room_id": [[1]]}), "column `room_id` holds list<"),
    (pa.table([["x"]] * 5, [*TEXTS, "sender"]), "there are two columns `sender`"),
    (
        pa.table({**EACH, "is_state": ["yes"]}),
        "column `is_state` holds string, not true or false",
    ),
    (pa.table({**EACH, "allowed": ["yes"]}), "there is a column `allowed` already"),
    (pa.table({**EACH, "sender": [b"\xff"]}), "column `sender` holds binary, which is no text"),
]


@pytest.mark.parametrize(("rows", "problem"), NO_HISTORIES, ids=[problem for _, problem in NO_HISTORIES])
def test_a_table_that_is_no_history(rows: pa.Table, problem: str) -> None:
    with pytest.raises(ReplayError, match=one_line(problem)):
        replay(rows)


def test_text_that_is_not_utf_8() -> None:
    bad = pa.Array.from_buffers(pa.string(), 1, pa.array([b"\xff"]).buffers())
    rows = pa.table({**EACH, "sender": bad})
    with pytest.raises(ReplayError, match=one_line("column `sender` holds text that is not UTF-8")):
        replay(rows)


@pytest.mark.parametrize("index", [-5, 7])
def test_words_that_are_in_no_dictionary(index: int) -> None:
    wild = pa.DictionaryArray.from_arrays(pa.array([index], pa.int32()), pa.array(["@a"]), safe=False)
    with pytest.raises(ReplayError, match=one_line("column `sender` is corrupt")):
        replay(pa.table({**EACH, "sender": wild}))


def test_words_that_end_before_they_begin() -> None:
    offsets = pa.array([0, 5, 2], pa.int32()).buffers()[1]
    words = pa.Array.from_buffers(pa.string(), 2, [None, offsets, pa.py_buffer(b"@a@bc")])
    wild = pa.DictionaryArray.from_arrays(pa.array([1], pa.int32()), words)
    with pytest.raises(ReplayError, match=one_line("column `sender` is corrupt")):
        replay(pa.table({**EACH, "sender": wild}))


def test_other_columns_are_carried_through() -> None:
    rows = table(CREATE, {**change("invite"), "sent": 17, "tags": ["a"]})
    result = replay(rows)
    assert result.column_names == [*rows.column_names, "allowed", "transition", "failed", "reason", "error"]
    assert result.to_pylist()[1]["sent"] == 17


def test_an_empty_history() -> None:
    assert replay(table()).column_names == [*TEXTS, "allowed", "transition", "failed", "reason", "error"]
    assert len(replay(table(), "mimi", "mimi-01")) == 0
