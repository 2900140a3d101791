"""A day of three rooms: every decision, and where everybody stands in the end, by a second reading."""

import json
from collections import defaultdict
from pathlib import Path

from fsm import Room
from tests.builders import JSON
from tests.mimi.plain import PlainRoom

DAY = Path(__file__).parents[2] / "examples" / "day.jsonl"


def test_a_day_of_three_rooms_is_decided_as_by_a_second_reading() -> None:
    events: list[JSON] = [json.loads(line) for line in DAY.read_text("utf-8").splitlines()]
    rooms: dict[str, Room] = {}
    plain: dict[str, PlainRoom] = defaultdict(PlainRoom)
    allowed = 0
    for event in events:
        room_id = event["room_id"]
        decision = rooms.setdefault(room_id, Room(room_id)).send(event)
        assert (decision.allowed, decision.transition) == plain[room_id].send(event), event
        allowed += decision.allowed
    assert (len(events), len(rooms)) == (2400, 3)
    assert 0 < allowed < len(events)
    for room_id, room in rooms.items():
        assert room.participations() == {
            user: state for user, state in plain[room_id].where.items() if state != "leave"
        }
