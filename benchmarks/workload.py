"""What everybody is asked: the same events in the same rooms, and our own verdicts on them."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Generic, TypeAlias, TypeVar

from benchmarks.clock import Loop, Stream
from fsm import Change, Facts, Participant, Room
from fsm.matrix.events import MEMBER
from fsm.matrix.room import MatrixRoom
from fsm.observers import Observer

Event: TypeAlias = Mapping[str, Any]
Ask: TypeAlias = Callable[[Event], object]

LOG = Path(__file__).parent.parent / "examples" / "day.jsonl"
VERSION = "11"
"""The room version of the Matrix room."""

_LEVELS = {"@tow00:south.example": 100, "@tow01:south.example": 50, "@tow02:hub.example": 50}
_OWN = ("type", "sender", "state_key", "content")
"""The fields that every change has. Hosts add an id and the room's."""


def asking(ask: Ask) -> Callable[[], Loop]:
    """What asks about one event after the other."""

    def loop(events: Iterable[Event]) -> None:
        for event in events:
            ask(event)

    return lambda: loop


class Hooked(Participant):
    """A participant with a hook for each state that a user comes to."""

    __slots__ = ()

    def on_enter_invite(self, change: Change) -> None:
        """Do nothing, as all of these."""

    on_enter_join = on_enter_leave = on_enter_ban = on_enter_knock = on_enter_invite


def observe(change: Change) -> None:
    """Do nothing with a change."""


R = TypeVar("R", Room, MatrixRoom)


@dataclass(frozen=True)
class Workload(Generic[R]):
    """A room at the end of a day, and the changes that were asked for that day.

    `opened` makes the room as it was before the first of them, with participants of a class;
    without ids, its events have had none either.
    """

    room: R
    events: Sequence[Event]
    opened: Callable[[bool, type[Participant]], R]

    @cached_property
    def verdicts(self) -> list[bool]:
        """Our own answers at the end of the day, which all others are held against."""
        return [self.room.decide(event).allowed for event in self.events]

    def lines(self, *, ids: bool = True) -> list[str]:
        """The events as JSON, as hosts send them, or without ids."""
        return [json.dumps(event if ids else bare(event)) for event in self.events]

    def deciding(self, *, ids: bool = True) -> Stream:
        """All decided on, at the end of the day."""
        return Stream(asking(self.room.decide), self.lines(ids=ids))

    def sending(
        self, *, ids: bool = True, participant: type[Participant] = Participant, observer: Observer | None = None
    ) -> Stream:
        """All sent, from the beginning of the day, to a room with such participants and this observer."""

        def start() -> Loop:
            room = self.opened(ids, participant)
            if observer is not None:
                room.observe(observer, of=("change", "refusal"))
            return asking(room.send)()

        return Stream(start, self.lines(ids=ids))


@dataclass(frozen=True)
class MimiWorkload(Workload[Room]):
    """The public room of the example day."""

    @cached_property
    def facts(self) -> Mapping[tuple[str, str], Facts]:
        """The facts of every pair of sender and target, so that a peer's time is that of its engine alone."""
        pairs = {(event["sender"], event["state_key"]) for event in self.events}
        return {pair: self.room.facts(*pair) for pair in pairs}


@dataclass(frozen=True)
class MatrixWorkload(Workload[MatrixRoom]):
    """The same day in a Matrix room: who stands where, and who asks for what of whom."""

    state: Sequence[Event]


def bare(event: Event) -> Event:
    """An event without what hosts add."""
    return {name: event[name] for name in _OWN if name in event}


def mimi_workload() -> MimiWorkload:
    """The public room of the example day."""
    events = [json.loads(line) for line in LOG.open(encoding="utf-8")]
    room_id = events[0]["room_id"]
    mine = [event for event in events if event["room_id"] == room_id]
    changes = [event for event in mine if event["type"] == "m.user"]
    opening = mine[: mine.index(changes[0])]

    def opened(ids: bool, participant: type[Participant]) -> Room:
        return _sent(Room(room_id, participant=participant), opening if ids else map(bare, opening))

    # An event that the room knows gets its first answer: what is asked at the end of the day are new events.
    asked = [{**event, "event_id": f"{event['event_id']}-again"} for event in changes]
    return MimiWorkload(_sent(Room(room_id), mine), asked, opened)


def matrix_workload(workload: MimiWorkload) -> MatrixWorkload:
    """A public Matrix room with the people of the MIMI room, who ask for the same things."""
    room_id, creator = "!town-square:hub.example", next(iter(_LEVELS))
    common = {"room_id": room_id, "sender": creator}

    def state(event_type: str, content: Event, state_key: str = "") -> Event:
        return {**common, "type": event_type, "state_key": state_key, "content": content}

    def member(sender: str, target: str, word: str) -> Event:
        return {**common, "type": MEMBER, "sender": sender, "state_key": target, "content": {"membership": word}}

    settings = [
        state("m.room.create", {"room_version": VERSION}),
        state("m.room.power_levels", {"users": _LEVELS, "invite": 0, "kick": 50, "ban": 50}),
        state("m.room.join_rules", {"join_rule": "public"}),
    ]
    staff = [member(user, user, "join") for user in _LEVELS]
    states = {**workload.room.participations(), **dict.fromkeys(_LEVELS, "join")}
    given = [*settings, *(member(user, user, str(word)) for user, word in states.items())]
    asked = [
        {
            "event_id": event["event_id"],
            **member(event["sender"], event["state_key"], event["content"]["participation"]),
        }
        for event in workload.events
    ]

    def opened(_: bool, participant: type[Participant]) -> MatrixRoom:
        return MatrixRoom.from_state([*settings, *staff], participant=participant)

    return MatrixWorkload(MatrixRoom.from_state(given), asked, opened, state=given)


def _sent(room: Room, events: Iterable[Event]) -> Room:
    for event in events:
        room.send(event)
    return room
