"""Rooms begin alike, whether they are made by `create` or by their first events."""

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from fsm import Change, EventError, MatrixRoom, Participant, Room
from fsm.change import Kind
from fsm.matrix.policies import VERSIONS
from fsm.mimi.permits import Kind as MimiKind
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01

ANN, BOB, ID = "@ann:a.example", "@bob:b.example", "!tea:a.example"

ROOMS: dict[str, tuple[Any, Any]] = {
    **{policy.id: (Room, policy) for policy in (MIMI, MIMI_00, MIMI_01)},
    **{policy.id: (MatrixRoom, policy) for policy in VERSIONS.values()},
    "nobody creates": (Room, MIMI.evolve("closed", permits={**MIMI.permits, MimiKind.CREATE: ()})),
    "none": (MatrixRoom, None),
    "nobody joins first": (MatrixRoom, VERSIONS["11"].evolve("empty", drop=("found",))),
}


class Guest(Participant):
    """A hook is told."""

    told: list[Change]

    def on_enter_join(self, change: Change) -> None:
        """Note whom it is told of."""
        self.told.append(change)


class Mine(Room):
    """A room whose creator says more."""

    def first_events(self, creator: str) -> list[dict[str, Any]]:
        """The creation, and a name."""
        return [*super().first_events(creator), {"type": "m.x", "sender": creator, "content": {}, "event_id": "$1"}]


def by_events(kind: Any, creator: str, **attached: Any) -> Any:
    """What `create` says that it does."""
    room = kind(ID, **attached)
    for event in room.first_events(creator):
        room.send(event)
    return room


def inside(room: Any) -> tuple[object, ...]:
    """All that a room goes on by: what is shared is the same object."""
    members = {user: id(its) for user, its in room._members.items()}
    return (room.snapshot(), members, id(room._table), room._settings, room.kept)


@pytest.mark.parametrize("attached", [{}, {"keep": 3}, {"participant": Guest}], ids=["plain", "kept", "told"])
@pytest.mark.parametrize(("kind", "policy"), ROOMS.values(), ids=ROOMS)
def test_create_does_what_the_first_events_do(kind: Any, policy: Any, attached: dict[str, Any]) -> None:
    told: list[list[Change]] = []
    for _ in range(2):  # the first finds what others go on by
        made = []
        for make in (partial(kind.create, ID), partial(by_events, kind)):
            Guest.told = []
            made.append(make(ANN, policy=policy, **attached))
            told.append(Guest.told)
        assert inside(made[0]) == inside(made[1])
        join = made[0]._write("join", BOB, BOB, None)
        assert made[0].send(join) == made[1].send(join)
        assert inside(made[0]) == inside(made[1])
    assert told[0] == told[1] == told[2] == told[3]
    assert bool(told[0]) is ("participant" in attached and made[0].participation(ANN) == "join")


@pytest.mark.parametrize(("kind", "policy"), ROOMS.values(), ids=ROOMS)
@pytest.mark.parametrize("creator", ["", "x" * 70_000, "\ud800", None, 5, "no user", "@ann:", "ann"])
def test_who_is_no_user_creates_nothing(kind: Any, policy: Any, creator: Any) -> None:
    answers: list[object] = []
    for make in (partial(kind.create, ID), partial(by_events, kind)):
        try:
            answers.append(make(creator, policy=policy).snapshot())
        except EventError as problem:
            answers.append((problem.field, problem.problem))
    assert answers[0] == answers[1]


def test_rooms_of_one_policy_know_their_own_creators() -> None:
    rooms = [Room.create(ID, ANN), Room.create(ID, BOB), MatrixRoom.create(ID, ANN), MatrixRoom.create(ID, BOB)]
    assert [[*room.participations()] for room in rooms] == [[ANN], [BOB]] * 2
    assert [bool(room.standing(ANN).acts) for room in rooms[:2] if isinstance(room, Room)] == [True, False]
    assert [room.power(ANN) > 0 for room in rooms[2:] if isinstance(room, MatrixRoom)] == [True, False]


def test_whoever_says_more_at_the_beginning_is_asked() -> None:
    room = Mine.create(ID, ANN)
    assert (room.revision, room.kept) == (2, by_events(Mine, ANN).kept)


@pytest.mark.parametrize("make", [partial(Room.create, ID), partial(MatrixRoom.create, ID)])
def test_a_creation_is_logged(make: Callable[[str], Any], caplog: pytest.LogCaptureFixture) -> None:
    make(ANN)
    with caplog.at_level(logging.INFO, logger="fsm"):
        make(BOB)
    assert BOB in caplog.text
    assert ANN not in caplog.text


def test_a_room_that_is_observed_from_then_on_tells_the_next() -> None:
    room, heard = Room.create(ID, ANN), list[Change]()
    room.observe(heard.append, of=Kind)
    room.send({"type": "m.room.join_rules", "sender": ANN, "state_key": "", "content": {"rule": "public"}})
    assert [change.revision for change in heard] == [2]
