"""Rooms after logs: no event is played twice in the same room, since what a log begins with has been played before."""

from collections.abc import Mapping
from copy import copy
from typing import Any, NamedTuple

from fsm.decision import Decision
from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import new_room
from fsm.room.judging import Reading, RoomJudging
from fsm.scenario import Log, Settings


class Played(NamedTuple):
    """A room, and what it is set to. It is not to be changed: other logs begin with it."""

    room: AnyRoom
    settings: Settings

    def after(self, event: Mapping[str, Any]) -> "Played | None":
        """The room after one event more; None when it is refused. Raises `EventError` for one that cannot be read."""
        room = copy(self.room)
        decision = room.send(event)
        if not decision:
            return None
        if decision.after is None and "state_key" in event:
            return Played(room, {**self.settings, (event["type"], event["state_key"]): event["content"]})
        return Played(room, self.settings)


class Questions:
    """Events of which each is asked in many rooms of one policy, and read once. They must not change."""

    def __init__(self) -> None:
        self._read: dict[int, tuple[Mapping[str, Any], Reading | None]] = {}
        """By the event as an object: the event, so that it lives on, and what a room has read."""

    def decide(self, room: AnyRoom, event: Mapping[str, Any]) -> Decision:
        """What a room decides. Raises `EventError` for an event that cannot be read."""
        if not isinstance(room, RoomJudging):
            return room.decide(event)
        known = self._read.get(id(event))
        if known is None:
            known = self._read[id(event)] = event, room.reading(event)
        _, reading = known
        return room.decide(event) if reading is None else room.decide_read(reading)


class Rooms:
    """The rooms of one policy."""

    def __init__(self, policy: AnyPolicy) -> None:
        self._new = Played(new_room(policy), {})
        self._known: dict[tuple[int, ...], tuple[Log, Played | None]] = {}
        """By the events of a log, as objects: the log, so that they live on, and the room after it."""

    def after(self, log: Log) -> Played | None:
        """The room after these events; None when one of them is refused. Raises `EventError` as `Played.after` does."""
        ids = tuple(map(id, log))
        begun = next((length for length in range(len(log), 0, -1) if ids[:length] in self._known), 0)
        played = self._known[ids[:begun]][1] if begun else self._new
        for length in range(begun + 1, len(log) + 1):
            if played is None:
                break
            played = played.after(log[length - 1])
            self._known[ids[:length]] = log[:length], played
        return played
