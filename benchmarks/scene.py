"""What everybody is asked: the same events in the same rooms, and our own verdicts on them."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

from fsm import Facts, Room
from fsm.matrix.events import MEMBER
from fsm.matrix.room import MatrixRoom

Event: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[[Event], bool]

LOG = Path(__file__).parent.parent / "examples" / "day.jsonl"
VERSION = "11"
"""The room version of the Matrix room."""

_LEVELS = {"@tow00:south.example": 100, "@tow01:south.example": 50, "@tow02:hub.example": 50}


@dataclass(frozen=True)
class Scene:
    """A MIMI room at the end of a day, and the participation changes that were asked for that day."""

    room: Room
    events: list[Event]

    @cached_property
    def verdicts(self) -> list[bool]:
        """Our own answers, which all others are held against."""
        return [self.room.decide(event).allowed for event in self.events]

    @cached_property
    def facts(self) -> Mapping[tuple[str, str], Facts]:
        """The facts of every pair of sender and target, so that a peer's time is that of its engine alone."""
        pairs = {(event["sender"], event["state_key"]) for event in self.events}
        return {pair: self.room.facts(*pair) for pair in pairs}

    def of(self, event: Event) -> Facts:
        """The facts of an event."""
        return self.facts[event["sender"], event["state_key"]]

    def ask(self, event: Event) -> bool:
        """Our own way."""
        return self.room.decide(event).allowed


@dataclass(frozen=True)
class MatrixScene:
    """The same day in a Matrix room: who stands where, and who asks for what of whom."""

    room: MatrixRoom
    state: list[Event]
    events: list[Event]

    @cached_property
    def verdicts(self) -> list[bool]:
        """Our own answers."""
        return [self.room.decide(event).allowed for event in self.events]

    def ask(self, event: Event) -> bool:
        """Our own way."""
        return self.room.decide(event).allowed


def mimi_scene() -> Scene:
    """The public room of the example day."""
    events = [json.loads(line) for line in LOG.open(encoding="utf-8")]
    room_id = events[0]["room_id"]
    room = Room(room_id)
    mine = [event for event in events if event["room_id"] == room_id]
    for event in mine:
        room.send(event)
    return Scene(room, [event for event in mine if event["type"] == "m.user"])


def matrix_scene(scene: Scene) -> MatrixScene:
    """A public Matrix room with the people of the MIMI room, who ask for the same things."""
    room_id, creator = "!town-square:hub.example", next(iter(_LEVELS))
    common = {"room_id": room_id, "sender": creator}

    def state(event_type: str, content: Event, state_key: str = "") -> Event:
        return {**common, "type": event_type, "state_key": state_key, "content": content}

    def member(sender: str, target: str, word: str) -> Event:
        return {**common, "type": MEMBER, "sender": sender, "state_key": target, "content": {"membership": word}}

    states = {**scene.room.participations(), **dict.fromkeys(_LEVELS, "join")}
    given = [
        state("m.room.create", {"room_version": VERSION}),
        state("m.room.power_levels", {"users": _LEVELS, "invite": 0, "kick": 50, "ban": 50}),
        state("m.room.join_rules", {"join_rule": "public"}),
        *(member(user, user, str(word)) for user, word in states.items()),
    ]
    asked = [member(each["sender"], each["state_key"], each["content"]["participation"]) for each in scene.events]
    return MatrixScene(MatrixRoom.from_state(given), given, asked)
