"""The shapes in which events come."""

from typing import Any

import pytest

from fsm import EventError
from fsm.shapes import Piece, oldest_first, unfold
from tests.builders import one_line


def event(name: str, event_type: str = "m.room.name", at: int | None = None, **more: Any) -> dict[str, Any]:
    time = {} if at is None else {"origin_server_ts": at}
    return {"type": event_type, "event_id": name, "state_key": "", **time, **more}


def create(at: int | None = None) -> dict[str, Any]:
    return event("$create", "m.room.create", at)


def message(name: str, at: int | None = None) -> dict[str, Any]:
    made = event(name, "m.room.message", at)
    del made["state_key"]
    return made


def names(pieces: list[Piece]) -> list[str]:
    return [f"{'given ' if piece.is_state else ''}{piece.value['event_id']}" for piece in pieces]


@pytest.mark.parametrize(
    "value", [None, 5, "x", {}, {"type": "x"}, {"a": 1}, {"type": "x", "chunk": []}, {"type": "x", "rooms": {}}]
)
def test_anything_else_is_one_event(value: Any) -> None:
    assert unfold(value) == [Piece(value)]


TOPIC = event("$topic", "m.room.topic")

# fmt: off
HISTORIES: list[tuple[str, list[dict[str, Any]], list[str]]] = [
    ("nothing",                     [],                                                     []),
    ("one event",                   [message("$1")],                                        ["$1"]),
    ("oldest first",                [create(), message("$1"), event("$2")],                 ["$create", "$1", "$2"]),
    ("newest first",                [event("$2"), message("$1"), create()],                 ["$create", "$1", "$2"]),
    ("a part, in order",            [message("$1", 1), message("$2", 2)],                   ["$1", "$2"]),
    ("a part, backwards",           [message("$2", 2), message("$1", 1)],                   ["$1", "$2"]),
    ("a part, without times",       [message("$2"), message("$1")],                         ["$2", "$1"]),
    ("at one time",                 [message("$1", 1), message("$2", 1)],                   ["$1", "$2"]),
    ("clocks that are wrong",       [create(9), message("$1", 1), message("$2", 5)],        ["$create", "$1", "$2"]),
    ("creation and one more",       [create(), event("$name")],                             ["$create", "$name"]),
    ("state, in order of time",     [create(1), event("$name", at=2)],                      ["$create", "$name"]),
    ("state, backwards in time",    [event("$name", at=2), create(1)],                      ["$create", "$name"]),
    ("state, backwards, no times",  [event("$name"), create()],                             ["$create", "$name"]),
    ("a key that comes twice",      [event("$1"), create(), event("$2")],                   ["$1", "$create", "$2"]),
]
STATES: list[tuple[str, list[dict[str, Any]]]] = [
    ("the creation in the middle",  [TOPIC, create(), event("$name")]),
    ("first, but times in no order", [create(1), {**TOPIC, "origin_server_ts": 5}, event("$name", at=3)]),
    ("last, but times in no order", [{**TOPIC, "origin_server_ts": 3}, event("$name", at=5), create(1)]),
]
# fmt: on


@pytest.mark.parametrize(("events", "expected"), [each[1:] for each in HISTORIES], ids=[each[0] for each in HISTORIES])
def test_a_history_is_oldest_first(events: list[Any], expected: list[str]) -> None:
    assert names(unfold(events)) == expected
    if "$create" not in expected[1:-1]:
        assert names(unfold({"chunk": events, "start": "x"})) == expected
    assert names([Piece(each) for each in oldest_first(events)]) == expected


@pytest.mark.parametrize("events", [events for _, events in STATES], ids=[name for name, _ in STATES])
def test_a_state_is_given_creation_first(events: list[Any]) -> None:
    (first, *rest) = names(unfold(events))
    assert first == "given $create"
    assert set(rest) == {"given $topic", "given $name"}


def test_a_sync_has_states_and_histories_of_many_rooms() -> None:
    sync = {
        "next_batch": "s1",
        "rooms": {
            "join": {
                "!a": {
                    "state": {"events": [event("$1"), create()]},
                    "timeline": {"events": [message("$2", 5), message("$3", 1)], "limited": True},
                    "account_data": {"events": [event("$no")]},
                },
                "!b": {},
            },
            "leave": {"!c": {"timeline": {"events": [{**message("$4"), "room_id": "!said"}]}}},
            "invite": {"!d": {"invite_state": {"events": [event("$5")]}}},
            "knock": {"!e": {"knock_state": {"events": [event("$6")]}}},
        },
        "presence": {"events": [event("$no")]},
    }
    pieces = unfold(sync)
    assert names(pieces) == ["given $create", "given $1", "$2", "$3", "$4", "given $5", "given $6"]
    assert [piece.value["room_id"] for piece in pieces] == ["!a", "!a", "!a", "!a", "!said", "!d", "!e"]


def test_what_is_no_event_is_passed_on() -> None:
    assert unfold([5, None]) == [Piece(5), Piece(None)]
    assert unfold({"rooms": {"join": {"!a": {"timeline": {"events": [5]}}}}}) == [Piece(5)]


# fmt: off
MALFORMED: list[tuple[Any, str]] = [
    ({"chunk": 5},                                              "`chunk`: must be an array, not a number"),
    ({"rooms": []},                                             "`rooms`: must be an object, not an array"),
    ({"rooms": {"join": []}},                                   "`rooms.join`: must be an object, not an array"),
    ({"rooms": {"join": {"!a": 5}}},                            "`rooms.join.!a`: must be an object, not a number"),
    ({"rooms": {"leave": {"!a": {"state": []}}}},               "`rooms.leave.!a.state`: must be an object, not an array"),
    ({"rooms": {"join": {"!a": {"timeline": {"events": 5}}}}},  "`rooms.join.!a.timeline.events`: must be an array, not a number"),
]
# fmt: on


@pytest.mark.parametrize(("value", "problem"), MALFORMED, ids=[problem for _, problem in MALFORMED])
def test_a_malformed_response_is_named(value: Any, problem: str) -> None:
    with pytest.raises(EventError, match=one_line(problem)):
        unfold(value)
