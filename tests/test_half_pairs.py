"""Half of a surrogate pair is no text: rooms refuse it wherever it stands, in the words of whoever reads JSON."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from fsm import EventError, MatrixRoom, RoleRoom, Room
from fsm.mimi.envelope import Envelope
from fsm.policies import load_policy, room_from_state
from fsm.strict_json import read_json
from tests import builders as b
from tests.cli.runner import ROOT
from tests.matrix import builders as m
from tests.matrix.test_malformed import places
from tests.room_policy import test_room as r

HALF = "\ud83d"
WORDS = "not readable: a text holds half of a surrogate pair"

MUC: Any = load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS")
OWNED: list[object] = [{"type": "muc.create", "sender": "@ann:a", "state_key": "", "content": {}}]


def role_room() -> RoleRoom:
    made = RoleRoom("r")
    assert made.send(r.event("create", "hub", **r.PARTS))
    return made


def mimi_room() -> Room:
    return b.room(*b.joined(b.BOB))


def matrix_room() -> MatrixRoom:
    return m.room(*m.members(join=[m.ALICE, m.BOB]), m.join_rules("public"), version="11")


IDS = {"event_id": "$1"}
REASON = {"content": {"participation": "ban", "reason": "tea", "x": {"y": ["z"]}}}

# How a room comes about, and events that it takes, each with all that it may hold.
# fmt: off
EVENTS: list[tuple[Callable[[], Any], dict[str, Any]]] = [
    (mimi_room,   {**b.change(b.BAN, b.ALICE, b.BOB), **IDS, "room_id": b.ROOM_ID}),
    (mimi_room,   {**b.change(b.BAN, b.ALICE, b.BOB), "unsigned": {"age": "5"}}),
    (mimi_room,   {**b.change(b.BAN, b.ALICE, b.BOB), **REASON}),
    (mimi_room,   {**b.message(b.BOB), **IDS, "authEvents": ["$0"]}),
    (mimi_room,   b.role("host", {"events": {"m.x": True}, "roles": ["host"]})),
    (mimi_room,   b.role_map(("host", 1, [b.BOB]))),
    (mimi_room,   b.name_of_room()),
    (matrix_room, {**m.member("leave", m.BOB), **IDS}),
    (matrix_room, m.member("leave", m.BOB, content={"displayname": "Bob", "x": {"y": ["z"]}})),
    (matrix_room, m.member("leave", m.BOB, prev_events=["$0"], unsigned={"age": "5"})),
    (matrix_room, m.redeem(m.ALICE, m.CAROL, {"display_name": "c", "signed": m.signed(m.CAROL, "tok")})),
    (matrix_room, m.levels(users={m.BOB: 5})),
    (matrix_room, m.promise("tok")),
    (matrix_room, m.message()),
    (role_room,   {**r.change("eve", "bob", "remove", reason="tea"), **IDS}),
    (role_room,   r.event("room_metadata", "ann", room_name="tea")),
    (lambda: room_from_state(MUC, OWNED), {"type": "muc.affiliation", "sender": "@ann:a", "state_key": "@bob:a",
                                           "content": {"action": "set", "affiliation": "member", "reason": "tea"}}),
]
# fmt: on


def spoilt(event: dict[str, Any]) -> list[dict[str, Any]]:
    """The event with half a pair in place of each text that it holds, and beside the keys of each object."""
    texts = [place for place in places(event) if isinstance(_at(event, place), str)]
    objects = [place for place in places(event) if isinstance(_at(event, place), dict)]
    return [
        *(b.set_at(event, place, f"{_at(event, place)}{HALF}") for place in texts),
        *(b.set_at(event, (*place, HALF), 1) for place in [(), *objects]),
    ]


def _at(value: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def refuses(act: Callable[[], object]) -> None:
    with pytest.raises(EventError) as caught:
        act()
    assert caught.value.problem == WORDS


class Other(dict[str, Any]):
    """An object that is not plain."""


@pytest.mark.parametrize(("made", "event"), EVENTS, ids=range(len(EVENTS)))
def test_no_text_of_an_event_holds_half_a_pair(made: Callable[[], Any], event: dict[str, Any]) -> None:
    room = made()
    before = room.participations(), room.kept
    for bad in spoilt(event):
        refuses(lambda bad=bad: room.decide(bad))  # type: ignore[misc]
        refuses(lambda bad=bad: room.decide(Other(bad)))  # type: ignore[misc]
        for act in (room.send, room.take, room.note, room.answered):
            refuses(lambda act=act, bad=bad: act(bad))  # type: ignore[misc]
        refuses(lambda bad=bad: room_from_state(room.policy, [bad]))  # type: ignore[misc]
        with pytest.raises(ValueError, match=WORDS):
            read_json(json.dumps(bad).encode())
    assert (room.participations(), room.kept) == before
    whole = json.loads(json.dumps(event).replace("tea", "\U0001f375"))  # both halves of a pair
    room.decide(whole)


@pytest.mark.parametrize("made", [mimi_room, matrix_room], ids=lambda made: made.__name__)
def test_nobody_is_asked_about_by_half_a_name(made: Callable[[], Any]) -> None:
    room = made()
    for half in (HALF, f"@bob{HALF}:b.example"):
        refuses(lambda half=half: room.participant(half).join())  # type: ignore[misc]
        refuses(lambda half=half: room.decide_action("ban", half, b.BOB))  # type: ignore[misc]
        refuses(lambda half=half: room.send_action("ban", b.ALICE, b.BOB, half))  # type: ignore[misc]
        refuses(lambda half=half: room.targets("ban", half))  # type: ignore[misc]


def test_no_half_pair_comes_by_a_snapshot_or_an_envelope() -> None:
    snapshot = mimi_room().snapshot()
    refuses(lambda: Room.restore({**snapshot, "room_id": HALF}))
    refuses(lambda: Envelope.from_json({"policy": "mimi", "roles": {HALF: {}}}))
    refuses(lambda: Room.create("r", HALF))
