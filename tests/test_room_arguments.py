"""What a host gives to a room, of the wrong kind: one line that says what it is, and nothing changes."""

from collections.abc import Callable
from typing import Any

import pytest

from fsm import MIMI, DefinitionError, EventError, MatrixRoom, Participant, RoleRoom, Room
from fsm.room_policy.policies import COOPERATIVE
from tests.builders import ALICE, BOB, INVITE, JOIN, change, is_one_line
from tests.lab import LAB, A, LabRoom
from tests.test_changes import awaited

ID = "!tea:a.example"


def tea() -> Room:
    return Room.create(ID, ALICE)


def club() -> RoleRoom:
    return RoleRoom.create("room", "ann", policy=COOPERATIVE, role=4)


class Failing:
    """What cannot be compared, nor looked up."""

    def __eq__(self, _: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


# fmt: off
WRONG: list[tuple[str, Callable[[], Any], type[Exception], str]] = [
    ("a participant that is no class", lambda: Room(ID, participant="x"),                  DefinitionError, "`participant` is a class of participants, not 'x'"),  # type: ignore[arg-type]
    ("a class of something else",      lambda: Room.create(ID, ALICE, participant=object), DefinitionError, "`participant` is a class of participants, not <class 'object'>"),
    ("facts, and no provider",         lambda: Room(ID, facts={"is_hasty": True}),         DefinitionError, "`facts` is a function of sender and target, not {'is_hasty': True}"),  # type: ignore[arg-type]
    ("deltas that are no list",        lambda: Room.restore(tea().snapshot(), 5),          EventError,      "`deltas`: are a list, not 5"),  # type: ignore[arg-type]
    ("observers that are no list",     lambda: Room.restore(tea().snapshot(), observers=5), DefinitionError, "an observer is a function of a change, not 5"),  # type: ignore[arg-type]
    ("kinds that are no list",         lambda: tea().observe(print, of=5),                 DefinitionError, "`5` is nothing to observe: choose from change, refusal, setting, taken"),  # type: ignore[arg-type]
    ("no kinds",                       lambda: tea().observe(print, of=None),              DefinitionError, "`None` is nothing to observe: choose from change, refusal, setting, taken"),  # type: ignore[arg-type]
    ("what is no change",              lambda: tea().apply({"allowed": True}),             EventError,      "`change`: is none that a room has prepared, but {'allowed': True}"),  # type: ignore[arg-type]
    ("what is no change, awaited",     lambda: awaited(tea().aapply(None)),                EventError,      "`change`: is none that a room has prepared, but None"),  # type: ignore[arg-type]
    ("a state event as a message",     lambda: tea().note({**change(INVITE, ALICE, BOB), "event_id": "$"}), EventError, "`state_key`: must not be there: state events are taken"),
    ("no membership as a message",     lambda: MatrixRoom.create(ID, ALICE).note({"type": "m.room.member", "sender": ALICE, "state_key": BOB, "content": {"membership": "x"}, "event_id": "$"}), EventError, "`state_key`: must not be there: state events are taken"),
    ("a type that fails, taken",       lambda: club().take({"type": Failing(), "sender": "ann", "state_key": "", "content": {}}), EventError, "`type`: must be a string, not Failing"),
    ("a type that fails, sent",        lambda: club().send({"type": Failing(), "sender": "ann", "state_key": "", "content": {}}), EventError, "`type`: must be a string, not Failing"),
    ("a model without a state",        lambda: MIMI.move(None, JOIN, {}),                  DefinitionError, "a model has its state under `state`, and None has none"),  # type: ignore[arg-type]
    ("facts without names",            lambda: MIMI.move(tea().participant(BOB), JOIN, 5), DefinitionError, "facts are told by their names, not by 5"),  # type: ignore[arg-type]
]
# fmt: on


@pytest.mark.parametrize(("give", "error", "words"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_what_is_of_the_wrong_kind_is_refused_in_one_line(
    give: Callable[[], Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error) as caught:
        give()
    assert str(caught.value) == words
    assert is_one_line(words)


def test_a_room_whose_hooks_are_awaited_is_created_by_its_first_events() -> None:
    met = []

    class Slow(Participant):
        """A hook that has to be awaited."""

        async def on_enter_join(self, _: object) -> None:
            met.append(self.user)

    with pytest.raises(DefinitionError, match="use `asend`, also of each of `first_events` in place of `create`"):
        Room.create(ID, ALICE, participant=Slow)
    room = Room(ID, participant=Slow)

    async def begin() -> None:
        for event in room.first_events(ALICE):
            assert await room.asend(event)
        assert await room.asend_action(INVITE, ALICE, BOB)
        assert await room.asend_action(JOIN, BOB, BOB)

    awaited(begin())
    assert met == [ALICE, BOB]
    with pytest.raises(DefinitionError, match=r"use `asend`$"):
        room.send(change(INVITE, ALICE, BOB))
    with pytest.raises(EventError, match="`action`"):
        awaited(room.asend_action("dance", ALICE, BOB))


def test_actions_of_every_family_can_be_awaited() -> None:
    roles = RoleRoom.create("room", "ann", policy=COOPERATIVE, role=4)
    assert awaited(roles.asend_action("add", "ann", "bob", role_index=2)).transition == "add"
    assert awaited(LabRoom(policy=LAB).asend_action("enter 1", A, A)).transition == "enter"
    assert awaited(MatrixRoom.create(ID, ALICE).asend_action(INVITE, ALICE, BOB))
