"""Rooms that are played through: what is not asked again is what a room would have answered."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from fsm import EventError
from fsm.decision import Decision
from fsm.mimi.policies import MIMI, MIMI_00
from fsm.mimi.room import Room
from fsm.policies import laws_of, load_policy, scenario_of
from fsm.review.laws.room_laws import RoomLaw, Step, room_law
from fsm.review.search.play import play_of
from fsm.review.search.played import Questions
from fsm.review.search.rooms import Search
from fsm.scenario import Scenario
from tests.builders import ALICE, BOB, JSON, role, role_map


class _Asking(Questions):
    """Every question is asked of the room itself."""

    def decide(self, room: Any, event: Mapping[str, Any]) -> Decision:
        decision: Decision = room.decide(event)
        return decision


def steps_of(name: str, scenario: Scenario, questions: Questions, most: int) -> list[Step]:
    """Every step of the search, in order."""
    policy, seen = load_policy(name), list[Step]()

    @room_law("It sees every step", source="here")
    def sees(step: Step) -> bool:
        seen.append(step)
        return True

    play = play_of(policy)
    assert play
    search = Search(policy, scenario, play.turns, [sees])
    search._questions = questions
    list(search.run(most))
    assert search.steps == len(seen)
    return seen


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("mimi", 15),
        ("mimi-01", 15),
        ("matrix-1", 100),
        ("matrix-12", 100),
        ("examples/muc/policies.py:AFFILIATIONS", 30),
        *(pytest.param(name, 10_000, marks=pytest.mark.long) for name in ("mimi", "mimi-00", "mimi-01")),
    ],
)
def test_every_step_is_that_of_a_room_that_is_asked(name: str, most: int) -> None:
    scenario = scenario_of(load_policy(name))
    assert scenario
    quick = steps_of(name, scenario, Questions(), most)
    careful = steps_of(name, replace(scenario, concerned=None), _Asking(), most)
    assert quick
    assert quick == careful


@pytest.mark.parametrize("name", ["mimi-01", "matrix-12"])
def test_what_cannot_be_broken_by_refusals_is_not(name: str) -> None:
    policy = load_policy(name)
    scenario = scenario_of(policy)
    assert scenario
    laws = [law for law in laws_of(policy) if isinstance(law, RoomLaw) and not law.is_of_refusals]
    refused = [step for step in steps_of(name, scenario, Questions(), 40) if not step.decision]
    assert laws
    assert refused
    assert all(step.after is step.before for step in refused)
    assert [law.id for law in laws for step in refused if not law.test(step)] == []


# Events as they are read once: some that rooms read anew, and what no room takes.
KICKING = {"kick": True, "events": {"m.room.role": True}, "roles": ["mod"]}
READ: list[tuple[JSON, bool]] = [
    (role("mod", KICKING), True),
    (role("mod", {}, sender=BOB), True),
    (role_map(("mod", 1, [BOB])), True),
    ({"type": "m.room.join_rules", "sender": ALICE, "state_key": "", "content": {"rule": "public"}}, True),
    ({**role("mod", {}), "event_id": "$by-alice"}, False),
    ({"type": "m.message", "sender": ALICE, "content": {}}, False),
    ({"type": "m.user", "sender": BOB, "state_key": BOB, "content": {"participation": "join"}}, False),
]


@pytest.mark.parametrize(("event", "is_read"), READ)
def test_what_one_room_has_read_others_judge(event: JSON, is_read: bool) -> None:
    rooms = [Room.create("!a:x", ALICE, policy=policy) for policy in (MIMI, MIMI, MIMI_00)]
    assert rooms[1].send(role_map(("mod", 1, [BOB])))
    reading = rooms[0].reading(event)
    assert (reading is not None) is is_read
    if reading is not None:
        assert [room.decide_read(reading) for room in rooms] == [room.decide(event) for room in rooms]


def test_what_is_of_another_room_is_read_again() -> None:
    here, there = (Room.create(name, ALICE) for name in ("!a:x", "!b:x"))
    reading = here.reading({**role("mod", {}), "room_id": "!a:x"})
    assert reading is not None
    assert here.decide_read(reading)
    with pytest.raises(EventError, match="another room"):
        there.decide_read(reading)


def test_a_room_that_decides_by_itself_is_asked() -> None:
    class Strict(Room[Any]):
        def decide(self, event: Mapping[str, Any]) -> Decision:  # noqa: ARG002 - as any room is asked
            return Decision(allowed=False)

    strict = Strict.create("!a:x", ALICE)
    assert not Questions().decide(strict, role("mod", {}))
