"""What type checkers know of a host's program: `mypy` and `pyright` read this file, and it runs."""

import json
from collections.abc import Callable
from typing import Any, assert_type

import pytest

from fsm import MIMI, Change, MatrixRoom, Participant, RoleRoom, Room, State
from fsm.memory import Memory, memory_of
from fsm.participant import Participant as AnyParticipant
from fsm.participation.facts import Facts
from fsm.room_policy.policies import COOPERATIVE
from tests.builders import ALICE, BOB

ID = "!tea:a.example"


class Guest(Participant):
    """What a host makes of the participants of MIMI and of Matrix."""

    def seat(self) -> str:
        return f"the seat of {self.user}"

    def on_enter_ban(self, change: Change) -> None:
        raise AssertionError(change)


class Player(AnyParticipant):
    """What a host makes of the participants of rooms with roles, and of families of its own."""

    def seat(self) -> str:
        return f"the seat of {self.user}"


class TeaRoom(Room[Guest]):
    """A room of a class of the host's own."""


class GuestRoom(MatrixRoom[Guest]):
    """Another."""


mimi = Room.create(ID, ALICE, participant=Guest)
matrix = MatrixRoom.create(ID, ALICE, participant=Guest)
roles = RoleRoom.create(ID, "ann", policy=COOPERATIVE, role=3, participant=Player)

assert_type(mimi, Room[Guest])
assert_type(matrix, MatrixRoom[Guest])
assert_type(roles, RoleRoom[Player])
assert_type(Room.create(ID, ALICE), Room)
assert_type(TeaRoom.create(ID, ALICE, participant=Guest), TeaRoom)
assert_type(TeaRoom.from_state([], participant=Guest), TeaRoom)
assert_type(GuestRoom.create(ID, ALICE), GuestRoom)
assert_type(memory_of(MIMI), Memory[Facts])
assert_type(mimi.prepare({"type": "m.tea", "sender": ALICE, "content": {}}).moves, bool)

# fmt: off
KNOWN: list[tuple[str, Callable[[], Any], type[Any]]] = [
    ("mimi, created",        lambda: assert_type(mimi.participant(BOB), Guest), Guest),
    ("mimi, made",           lambda: assert_type(Room(participant=Guest).participant(BOB), Guest), Guest),
    ("mimi, of a state",     lambda: assert_type(Room.from_state([], participant=Guest).participant(BOB), Guest), Guest),
    ("mimi, restored",       lambda: assert_type(Room.restore(mimi.snapshot(), participant=Guest).participant(BOB), Guest), Guest),
    ("mimi, plain",          lambda: assert_type(Room().participant(BOB), Participant), Participant),
    ("mimi, plain, created", lambda: assert_type(Room.create(ID, ALICE).participant(BOB), Participant), Participant),
    ("mimi, plain, restored", lambda: assert_type(Room.restore(mimi.snapshot()).participant(BOB), Participant), Participant),
    ("matrix, created",      lambda: assert_type(matrix.participant(BOB), Guest), Guest),
    ("matrix, made",         lambda: assert_type(MatrixRoom(participant=Guest).participant(BOB), Guest), Guest),
    ("matrix, of a state",   lambda: assert_type(MatrixRoom.from_state([], participant=Guest).participant(BOB), Guest), Guest),
    ("matrix, restored",     lambda: assert_type(MatrixRoom.restore(matrix.snapshot(), participant=Guest).participant(BOB), Guest), Guest),
    ("matrix, plain",        lambda: assert_type(MatrixRoom.create(ID, ALICE).participant(BOB), Participant), Participant),
    ("roles, created",       lambda: assert_type(roles.participant("sue"), Player), Player),
    ("roles, made",          lambda: assert_type(RoleRoom(policy=COOPERATIVE, participant=Player).participant("sue"), Player), Player),
    ("roles, of a state",    lambda: assert_type(RoleRoom.from_state(roles.current_state(), participant=Player).participant("sue"), Player), Player),
    ("roles, restored",      lambda: assert_type(RoleRoom.restore(roles.snapshot(), participant=Player).participant("sue"), Player), Player),
    ("roles, plain",         lambda: assert_type(RoleRoom(policy=COOPERATIVE).participant("sue"), AnyParticipant), AnyParticipant),
    ("own class, plain",     lambda: assert_type(GuestRoom.create(ID, ALICE, participant=Guest).participant(BOB), Guest), Guest),
]
# fmt: on


@pytest.mark.parametrize(("participant", "kind"), [case[1:] for case in KNOWN], ids=[case[0] for case in KNOWN])
def test_a_participant_is_of_the_class_that_the_room_was_given(participant: Callable[[], Any], kind: type[Any]) -> None:
    assert type(participant()) is kind


def test_where_a_decision_leads_is_a_state_or_nothing() -> None:
    decision = mimi.send_action("invite", ALICE, BOB)
    after = decision.after
    assert after is not None
    assert_type(after.value, str | int)
    assert json.dumps(after.value) == '"invite"'
    for state in (COOPERATIVE.initial, roles.participation("ann")):
        assert isinstance(state, State)
