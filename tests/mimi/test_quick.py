"""What is sound takes a short way, be it a message, a setting or other state: it answers as the careful one does."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import product
from typing import Any

import pytest

from fsm import Change, EventError, Room
from fsm.change import ALL, Kind
from fsm.event import MAX_TEXT
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.room.judging import UNREADABLE


class Text(str):
    """A text of another class."""

    __slots__ = ()


ALICE, BOB, CAROL, DAN, EVE = (f"@{name}:x" for name in ("alice", "bob", "carol", "dan", "eve"))
ROOM = "!r:x"

TYPES: list[Any] = [
    "m.message",
    "m.name",
    "m.room.redaction",
    "m.room.name",
    "m.room.join_rules",
    "",
    "\u00fc",
    "x" * 300,
    5,
]
SENDERS: list[Any] = [ALICE, BOB, CAROL, DAN, EVE, "", None]
KEYS: list[dict[str, Any]] = [{}, {"state_key": ""}, {"state_key": BOB}, {"state_key": "\u00fc"}, {"state_key": 5}]
CONTENTS: list[Any] = [{}, {"body": "tea"}, {"redacts": "$known"}, {"n": ["\u00fc"]}, {"body": "\ud800"}, "tea"]
BESIDE: list[dict[str, Any]] = [
    {},
    {"event_id": "$new", "room_id": ROOM},
    {"event_id": "$known"},
    {"event_id": ""},
    {"room_id": "!other"},
    {"authEvents": []},
    {"more": {"a": 1}},
    {"more": "\ud800"},
]
ROLES: list[tuple[str, dict[str, Any]]] = [
    ("high", {"invite": True, "events": {"m.room.name": True, "m.message": False, "m.name": True}, "redact": True}),
    ("mute", {"sendMessages": False, "events": {"m.name": False}}),
]

OWNER = {"invite": True, "kick": False, "events": {"m.room.role": True}, "roles": ["high", "mute", "new"]}
SETTINGS: list[tuple[str, list[Any], list[Any]]] = [
    ("m.room.create", ["", "key"], [{}, {"more": 1}, {"more": "\ud800"}, {5: 1}]),
    (
        "m.room.join_rules",
        ["", "key"],
        [{"rule": "public"}, {"rule": "knock", "more": {}}, {}, {"rule": 5}, {"rule": "tea"}, {"rule": "restricted"}],
    ),
    ("m.room.history_visibility", ["", "key"], [{"visibility": "joined"}, {"visibility": "tea"}, {"visibility": []}]),
    (
        "m.room.role",
        ["new", "high", "", "\u00fc", "x" * (MAX_TEXT + 1)],
        [
            {"permissions": OWNER},
            {"permissions": {}},
            {"permissions": {"invite": True, "add": False}},
            {"permissions": {"invite": 1}},
            {"permissions": {"tea": True}},
            {"permissions": {"events": {"": True}}},
            {"permissions": {"roles": ["high", 5]}},
            {"permissions": {Text("kick"): True, Text("roles"): ["\u00fc"]}},
            {"permissions": [], "more": 1},
            {"permission": {}},
        ],
    ),
    (
        "m.room.role_map",
        ["", "key"],
        [
            {"roles": []},
            {"roles": [{"role_id": "new", "order": 3, "user_ids": [ALICE, BOB]}]},
            {"roles": [{"role_id": "high", "order": 3, "user_ids": [ALICE]}, {"role_id": "high", "order": 3}]},
            {"roles": [{"role_id": role, "order": 3, "user_ids": [CAROL]} for role in ("high", "mute")]},
            {"roles": [{"role_id": role, "order": order, "user_ids": [DAN]} for order, role in enumerate(("a", "a"))]},
            {"roles": [{"role_id": "high", "order": 3, "user_ids": [Text(ALICE)], "more": "\u00fc"}]},
            {"roles": [{"role_id": "high", "order": True, "user_ids": []}]},
            {"roles": [{"role_id": "high", "order": 3, "user_ids": [""], "more": "\ud800"}]},
            {"roles": [5], "more": []},
            {"role": []},
        ],
    ),
]


def state_event(event_type: str, key: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"type": event_type, "sender": ALICE, "state_key": key, "content": content}


def rooms(policy: MimiPolicy) -> Iterator[Room]:
    yield Room(ROOM, policy=policy)
    created = {**state_event("m.room.create", "", {}), "room_id": ROOM}
    roles = [state_event("m.room.role", role, {"permissions": may}) for role, may in ROLES]
    given = [{"role_id": "high", "user_ids": [BOB], "order": 2}, {"role_id": "mute", "user_ids": [CAROL], "order": 1}]
    users = [
        state_event(policy.participation_event, user, {"participation": state})
        for user, state in ((BOB, "join"), (CAROL, "join"), (DAN, "join"), (EVE, "ban"))
    ]
    for more in ([], [*roles, state_event("m.room.role_map", "", {"roles": given})]):
        room = Room.from_state([created, *more, *users], policy=policy)
        room.send({"type": "m.message", "sender": DAN, "content": {}, "event_id": "$known"})
        yield room


def events() -> Iterator[dict[str, Any]]:
    for event_type, sender, key, content, beside in product(TYPES, SENDERS, KEYS, CONTENTS, BESIDE):
        plain = (event_type in TYPES[:4], sender in SENDERS[:5], key in KEYS[:2], content in CONTENTS[:2], not beside)
        if sum(plain) >= len(plain) - 1:
            yield {"type": event_type, "sender": sender, "content": content, **key, **beside}
    for event_type, keys, contents in SETTINGS:
        for key, content, sender, beside in product(keys, contents, SENDERS[:5], BESIDE):
            if key is keys[0] or (sender is ALICE and not beside):
                yield {"type": event_type, "sender": sender, "state_key": key, "content": content, **beside}


def answer(ask: Any, *asked: Any) -> object:
    try:
        return ask(*asked)
    except EventError as problem:
        return str(problem)


@pytest.mark.parametrize("policy", [MIMI, MIMI_00, MIMI_01], ids=lambda policy: policy.id)
def test_both_ways_answer_alike(policy: MimiPolicy) -> None:
    quick = 0
    for room in rooms(policy):
        for event in events():
            careful = answer(room._decide_carefully, event)
            assert answer(room.decide, event) == careful, event
            with suppress(EventError, *UNREADABLE):
                change = room._quick(event, ALL, is_sent=False)
                quick += 1
                assert answer(room.prepare, event) == change, event
    assert quick > 400


@pytest.mark.parametrize("policy", [MIMI, MIMI_00, MIMI_01], ids=lambda policy: policy.id)
def test_both_ways_lead_to_the_same_room(policy: MimiPolicy) -> None:
    for has_observers, sent, stepped in zip((False, True, True), rooms(policy), rooms(policy), strict=True):
        told: tuple[list[Change], list[Change]] = [], []
        for room, heard in zip((sent, stepped), told, strict=True):
            if has_observers:
                room.remember()
                room.observe(heard.append, of=Kind)
        for number, event in enumerate(events()):
            named = {**event, "event_id": f"${number}"} if number % 2 and "event_id" not in event else event
            prepared = answer(stepped.prepare, named)
            applied = answer(stepped.apply, prepared) if isinstance(prepared, Change) else prepared
            assert answer(sent.send, named) == applied, named
        assert sent.snapshot() == stepped.snapshot()
        assert told[0] == told[1]
        assert bool(told[0]) is has_observers


@pytest.mark.parametrize("beside", [{}, {"room_id": ROOM}, {"event_id": "$1"}])
@pytest.mark.parametrize("reason", ["tea", "été", "x" * 100])
def test_a_reason_is_kept_only_to_be_compared_with_that_of_an_event_of_the_same_id(
    reason: str, beside: dict[str, Any]
) -> None:
    rooms = [Room.create(ROOM, ALICE) for _ in range(2)]
    leaves = {**state_event(MIMI.participation_event, ALICE, {"participation": "leave", "reason": reason}), **beside}
    for room in rooms:
        room.remember()
    assert rooms[0].send(leaves)
    assert rooms[1].apply(rooms[1].prepare(leaves))
    assert rooms[0].snapshot() == rooms[1].snapshot()
    assert rooms[0]._past is not None
    assert [entry.read is not None for entry in rooms[0]._past][-1] is ("event_id" in beside)
