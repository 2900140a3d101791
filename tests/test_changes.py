"""A change is a record: prepared, stored, applied once, and told once, in the order of revisions, whatever fails."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import jsonschema
import pytest

import fsm.change
from fsm import (
    Change,
    EventError,
    MatrixRoom,
    Participant,
    RevisionError,
    RoleRoom,
    Room,
)
from fsm.change import Kind
from fsm.room_policy.policies import STRICT
from tests import lab
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JOIN,
    JSON,
    LEAVE,
    change,
    create,
    inside,
    is_one_line,
    join_rule,
    joined,
    message,
    room,
)
from tests.matrix import builders as m

T = TypeVar("T")


def awaited(what: Coroutine[Any, Any, T]) -> T:
    """What it comes to, in a loop and a thread of its own: a browser's driver may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, what).result()


SCHEMA = json.loads(Path(fsm.change.__file__).with_suffix(".schema.json").read_text(encoding="utf-8"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)
ALL = tuple(Kind)


def role_event(kind: str, sender: str, target: str = "", **content: Any) -> JSON:
    return {"type": kind, "sender": sender, "state_key": target, "content": content}


PEOPLE: JSON = {
    "participant_list": {"participants": [{"user": "ann", "role_index": 4}, {"user": "bob", "role_index": 2}]}
}

# fmt: off
HISTORIES: dict[str, tuple[Callable[[], Any], list[JSON]]] = {
    "mimi": (Room, [
        create(), join_rule("public"), change(JOIN, BOB, event_id="$1"), change(BAN, BOB, ALICE), message(BOB),
        change(BAN, ALICE, BOB, content={"participation": "ban", "reason": "rude"}), change(BAN, ALICE, BOB),
        change(JOIN, BOB, event_id="$1"), change(JOIN, BOB), message(BOB), change(LEAVE, ALICE, BOB, room_id="!r:x"),
    ]),
    "matrix": (MatrixRoom, [
        m.create("10"), m.member("join", ALICE), m.join_rules("public"), m.member("join", BOB), m.message(),
        m.member("ban", BOB, ALICE), m.member("dance", BOB), m.member("ban", ALICE, BOB, event_id="$2"),
        m.member("ban", ALICE, BOB, event_id="$2"), m.member("leave", ALICE, BOB), {**m.member("join", BOB), "state_key": BOB},
    ]),
    "room-policy": (lambda: RoleRoom(policy=STRICT), [
        role_event("create", "hub", "", **PEOPLE), role_event("participant", "bob", "bob", action="remove"),
        role_event("participant", "eve", "ann", action="remove", reason="why not"),
        role_event("room_metadata", "ann", room_uri="", room_name="Tea"), role_event("message", "ann"),
    ]),
    "lab": (lambda: lab.LabRoom(policy=lab.LAB), [
        *lab.OPENED, lab.LabRoom.syntax.write(lab.LAB, "enter", lab.B, lab.B, to=lab.GUEST),
        lab.LabRoom.syntax.write(lab.LAB, "enter", lab.C, lab.B, to=lab.GUEST), lab.state("lab.badge", lab.A, lab.B, on=True),
        lab.state("lab.shout", lab.A),
    ]),
}
# fmt: on


@pytest.fixture(params=HISTORIES, ids=str)
def history(request: pytest.FixtureRequest) -> tuple[Callable[[], Any], list[JSON]]:
    return HISTORIES[request.param]


def test_to_send_is_to_prepare_and_to_apply(history: tuple[Callable[[], Any], list[JSON]]) -> None:
    make, events = history
    sent, stepped, watched = make(), make(), make()
    told: list[Change] = []
    watched.observe(told.append, of=ALL)
    for event in events:
        before = stepped.revision
        prepared = stepped.prepare(event)
        assert (stepped.revision, sent.decide(event)) == (before, prepared.decision)
        CHECK.validate(record := json.loads(json.dumps(prepared.as_json())))
        assert list(record) == SCHEMA["required"]
        assert sent.send(event) == stepped.apply(prepared) == prepared.decision == watched.send(event)
        assert sent.revision == stepped.revision == watched.revision == prepared.revision
        assert sent.participations() == stepped.participations() == watched.participations()
        assert bool(prepared) is prepared.allowed
        assert prepared.kinds <= set(ALL)
        if prepared.kinds:
            assert told.pop() == prepared
        assert told == []
    assert sent.revision > 0


def test_the_record_says_who_whom_what_and_why() -> None:
    tea = room(*joined(BOB))
    event = change(BAN, ALICE, BOB, content={"participation": "ban", "reason": "rude"}, event_id="$1")
    assert tea.prepare(event).as_json() == {
        "room": "!room:a.example", "revision": 4, "event_id": "$1", "type": "m.user", "sender": ALICE, "target": BOB,
        "action": "ban", "allowed": True, "transition": "ban", "before": "join", "after": "ban", "refusals": [],
        "code": "allowed", "message": "", "reason": "rude", "policy": "mimi", "fingerprint": tea.policy.fingerprint,
        "outcome": "sent",
    }  # fmt: skip
    refused = tea.prepare(change(LEAVE, BOB, ALICE)).as_json()
    assert (refused["revision"], refused["code"], refused["before"], refused["after"]) == (
        3,
        "guard_failed",
        "join",
        "join",
    )
    assert refused["message"] == tea.decide(change(LEAVE, BOB, ALICE)).reason
    assert refused["refusals"][0]["failed"]


def test_a_change_cannot_be_changed() -> None:
    prepared: Any = room().prepare(change(INVITE, ALICE, BOB))
    for name in ("allowed", "revision", "decision", "anything"):
        with pytest.raises(AttributeError):
            setattr(prepared, name, False)


def test_a_prepared_change_shares_nothing_with_its_event() -> None:
    tea, event = room(), change(INVITE, ALICE, BOB)
    prepared = tea.prepare(event)
    event["state_key"] = CAROL
    event["content"]["participation"] = "ban"
    assert tea.apply(prepared)
    assert tea.participations() == {ALICE: JOIN, BOB: INVITE}


def test_a_change_is_for_one_revision() -> None:
    tea = room()
    first, second = tea.prepare(change(INVITE, ALICE, BOB)), tea.prepare(change(INVITE, ALICE, CAROL))
    refused = tea.prepare(change(JOIN, BOB))
    assert tea.apply(first)
    before = inside(tea)
    for stale in (first, second, refused):
        with pytest.raises(RevisionError) as caught:
            tea.apply(stale)
        assert (caught.value.expected, caught.value.found) == (1, 2)
        assert is_one_line(str(caught.value))
    assert inside(tea) == before
    assert tea.apply(tea.prepare(change(INVITE, ALICE, CAROL)))


def test_a_refused_change_changes_nothing_and_is_told() -> None:
    tea, told = room(), list[Change]()
    tea.observe(told.append, of={"refusal"})
    refused = tea.prepare(change(JOIN, BOB))
    before = inside(tea)
    assert not refused
    assert not tea.apply(refused)
    assert (inside(tea), tea.revision, told) == (before, 1, [refused])


def test_a_change_of_another_room_is_refused() -> None:
    with pytest.raises(EventError, match=r"`room_id`: `!room:a\.example` is another room"):
        room(room_id="!other:x").apply(room().prepare(change(INVITE, ALICE, BOB)))


def test_what_comes_again_is_answered_and_nothing_is_told() -> None:
    tea, told = room(*joined(BOB)), list[Change]()
    tea.observe(told.append, of=ALL)
    event = change(BAN, ALICE, BOB, event_id="$1")
    first = tea.send(event)
    again = tea.prepare(event)
    assert (again.is_repeated, again.decision, again.revision) == (True, first, 4)
    assert tea.send(message(ALICE))
    assert tea.apply(again) == tea.send(event) == first
    assert [each.event_id for each in told] == ["$1"]
    assert tea.revision == 5


def test_revisions_count_accepted_events() -> None:
    assert Room().revision == 0
    assert Room.from_state([create(), *joined(BOB)[1:]]).revision == 0
    tea = room()
    assert tea.revision == 1
    for event, revision in (
        (message(ALICE), 2),
        (change(JOIN, BOB), 2),
        (join_rule("public"), 3),
        (change(JOIN, BOB), 4),
        (change(JOIN, BOB), 5),
    ):
        tea.send(event)
        assert tea.revision == revision
    tea.take(change(BAN, BOB, ALICE))
    assert tea.revision == 6
    tea.send_unread({**message(BOB), "event_id": "$1"})
    assert tea.revision == 7


def test_a_state_that_is_given_is_revision_0_and_tells_nobody() -> None:
    class Loud(Participant):
        def on_enter_1(self, _: Change) -> None:
            raise AssertionError

    entered = lab.LabRoom.syntax.write(lab.LAB, "enter", lab.A, lab.A, to=lab.GUEST)
    here = lab.LabRoom.from_state([entered], policy=lab.LAB, participant=Loud)
    assert (here.revision, here.participation(lab.A)) == (0, lab.GUEST)
    assert MatrixRoom.from_state([m.create("10"), m.member("join", ALICE)]).revision == 0
    assert (
        RoleRoom.from_state(
            [role_event("participant_list", "hub", "", **PEOPLE["participant_list"])], policy=STRICT
        ).revision
        == 0
    )


@pytest.mark.parametrize("room_id", [7, "", "x" * 70_000, b"!x", ["!x"], "\ud800"])
@pytest.mark.parametrize("kind", [Room, MatrixRoom, RoleRoom])
def test_what_is_no_id_of_a_room_is_refused(kind: Any, room_id: Any) -> None:
    with pytest.raises(EventError) as caught:
        kind(room_id)
    assert is_one_line(str(caught.value))
    assert caught.value.field == "room_id"
