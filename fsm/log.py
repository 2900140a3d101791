"""Running logs through rooms.

Theory of operation. Each event of a log goes to its room, which is made when the first
one comes. What is given as state is taken as it stands. The others are judged, if the
room's creation has come before them: without it nothing is known of who may do what, so
that everything is taken as it stands (`Creations`). An event that comes twice, as where
pages overlap or a state repeats what a timeline says, counts once: its room knows it by
its id (`fsm.room`), and accepts it only once.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from fsm.answers import AnswerTexts, quoted
from fsm.decision import Decision
from fsm.errors import EventError, ReplayError, shorten
from fsm.event import Event, read_event
from fsm.family import AnyPolicy, AnyRoom
from fsm.json_lines import Line
from fsm.policies import Rules, action_of, new_room, room_of_by, shapes_of, target_of

_new = tuple.__new__

GIVEN = Decision(allowed=True, judged=False, reason="not judged: given as state")
"""The answer to an event that is given as part of a state."""

UNFOUNDED = Decision(allowed=True, judged=False, reason="not judged: the log has no creation of this room")
"""The answer to an event of a room whose creation is missing."""


class Creations:
    """The rooms of a log whose creation has come, and those that had events before it.

    The latter are judged again once a creation is given as part of their state.
    """

    def __init__(self, rules: Rules) -> None:
        self._type = shapes_of(rules).creation
        self.known: set[str | None] = set()
        """The rooms whose creation has come: all is judged in them that is not given."""
        self._missing: set[str | None] = set()

    def judges(self, room_id: str | None, event: Mapping[str, Any]) -> bool:
        """Whether an event that is not given can be judged: its room's creation has come, or it is that itself."""
        if room_id in self.known or self._type is None:
            return True
        return event.get("type") == self._type and room_id not in self._missing

    def know(self, room_id: str | None) -> None:
        """Take note of a room whose creation came before the log begins."""
        self.known.add(room_id)

    def note(self, room_id: str | None, event: Mapping[str, Any], decision: Decision) -> str | None:
        """Take note of an answer. What there is to say about the room, if anything, once for each thing."""
        is_creation = event.get("type") == self._type
        if decision is UNFOUNDED:
            room = "the room" if room_id is None else f"room `{shorten(room_id)}`"
            if is_creation:
                return f"the creation of {room} comes after other events of it: `--order` says how the events stand"
            if room_id not in self._missing:
                self._missing.add(room_id)
                return f"the creation of {room} is missing: its events are taken as they stand, and none is judged"
        elif is_creation and decision.allowed:
            self.known.add(room_id)
            self._missing.discard(room_id)
        return None


def is_repeated(event_id: str | None, decision: Decision, *, is_kept: bool) -> bool:
    """Whether an answer is that to an event which has been accepted before: a room keeps each once, by its id."""
    return event_id is not None and decision.allowed and not is_kept


def take(room: AnyRoom, event: dict[str, Any]) -> None:
    """Apply an event as it stands: what is no state event changes nothing. Raises `EventError` for a malformed one."""
    try:
        room.take(event)
    except EventError as problem:
        if problem.field != "state_key" or "state_key" in event:
            raise
        room.note(event)


class Outcome(NamedTuple):
    """What became of one event: a policy's decision on it, or the error that made it unreadable.

    `value` is the event as it was read; None where there is an error. `place` says which
    of the events in the line it is, where there may be many. What `is_repeated` has come
    before, and has the answer that it got then. `notice` is what is to be said about the room.
    """

    line: int
    room_id: str | None = None
    event_id: str | None = None
    value: Any = None
    decision: Decision | None = None
    error: ReplayError | None = None
    policy: AnyPolicy | None = None
    place: int | None = None
    is_repeated: bool = False
    notice: str | None = None

    @property
    def event(self) -> Event | None:
        """The fields of the event; None where there is an error."""
        return None if self.decision is None else read_event(self.value)

    @property
    def where(self) -> str:
        """The place of the event in the log, in words."""
        return f"line {self.line}" if self.place is None else f"line {self.line}, event {self.place}"

    @property
    def number(self) -> str:
        """The place of the event in the log, as a number."""
        return f"{self.line}" if self.place is None else f"{self.line}:{self.place}"

    @property
    def asked(self) -> str:
        """What the event asks for: an action, else what type of event it is."""
        event_type: str = self.value["type"]
        if self.decision is None or self.decision.before is None or self.policy is None:
            return event_type
        return str(action_of(self.policy, self.value) or event_type)

    @property
    def target(self) -> str:
        """Whom the event is about; empty where it names nobody."""
        if self.policy is None or self.decision is None or self.decision.before is None:
            return self.value.get("state_key") or ""
        return str(target_of(self.policy, self.value))

    def as_json(self) -> dict[str, Any]:
        """The answer of `fsm decide`, with the place of the event in the log."""
        if self.decision is None or self.policy is None:
            answer: dict[str, Any] = {"error": {"code": "bad_event", "message": str(self.error)}}
        else:
            answer = self.decision.as_json(self.policy.id)
        if self.event_id is not None:
            answer["event_id"] = self.event_id
        if self.is_repeated:
            answer["repeated"] = True
        place = {} if self.place is None else {"event": self.place}
        return {**answer, "room_id": self.room_id, "line": self.line, **place}

    def as_text(self, texts: AnswerTexts) -> str:
        """The same as a line of JSON."""
        line, room_id, event_id, _, decision, _, policy, place, is_repeated, _ = self
        if decision is None or policy is None:
            return json.dumps(self.as_json())
        text = texts.begin(decision, policy.id)
        if event_id is not None:
            text += f', "event_id": {quoted(event_id)}'
        if is_repeated:
            text += ', "repeated": true'
        room = "null" if room_id is None else quoted(room_id)
        event = "" if place is None else f', "event": {place}'
        return f'{text}, "room_id": {room}, "line": {line}{event}}}'


@dataclass
class Replay:
    """A run of a log: the rooms it leads to, and the counts so far.

    Events without `room_id` belong to one room, whose id is None.
    """

    rules: Rules
    keeps_all: bool = False
    """Whether rooms keep events without an id, too, by their positions."""
    rooms: dict[str | None, AnyRoom] = field(default_factory=dict)
    allowed: int = 0
    rejected: int = 0
    errors: int = 0
    not_judged: int = 0

    def __post_init__(self) -> None:
        self._creations = Creations(self.rules)
        self._kept: dict[str | None, int] = {}
        """By room: how many events it had kept after the last one."""
        self.is_incomplete = False
        """Whether there were events that could not be judged, since their room's creation is missing."""

    @cached_property
    def _room_of(self) -> Callable[[Mapping[str, Any]], str | None]:
        return room_of_by(self.rules)

    def run(self, lines: Iterable[Line]) -> Iterator[Outcome]:
        """Send the events, in order, each to its room."""
        send = self._send
        for line in lines:
            outcome = send(line)
            decision = outcome.decision
            if decision is None:
                self.errors += 1
            elif outcome.is_repeated:
                pass  # it has been counted
            elif not decision.judged:
                self.not_judged += 1
            elif decision.allowed:
                self.allowed += 1
            else:
                self.rejected += 1
            yield outcome

    def judges(self, line: Line) -> bool:
        """Whether the event of a line will be judged, if it can be read."""
        event = line.value
        if type(event) is not dict or line.is_state:
            return False
        return self._creations.judges(self._room_of(event), event)

    def _send(self, line: Line) -> Outcome:
        number, value, error, _, place = line
        if error is not None:
            return Outcome(number, error=error, place=place)
        room_id = event_id = None
        try:
            if type(value) is not dict:
                read_event(value)
            room_id, event_id = self._room_of(value), value.get("event_id")
            if type(event_id) is not str:
                event_id = None
            room = self.rooms.get(room_id)
            if room is None:
                read_event(value)
                room = self._new_room(room_id)
            kept = self._kept.get(room_id)
            if kept is None:
                kept = room.kept
            decision = self._answer(room, room_id, line)
        except EventError as problem:
            return Outcome(number, room_id, event_id, error=ReplayError(number, str(problem), place), place=place)
        self.rooms[room_id] = room
        notice = None
        if room_id not in self._creations.known:
            notice = self._creations.note(room_id, value, decision)
            self.is_incomplete |= decision is UNFOUNDED
        self._kept[room_id] = after = room.kept
        repeated = after == kept and is_repeated(event_id, decision, is_kept=False)
        # As `Outcome(…)` does, in half the time.
        return _new(Outcome, (number, room_id, event_id, value, decision, None, room.policy, place, repeated, notice))

    def _answer(self, room: AnyRoom, room_id: str | None, line: Line) -> Decision:
        creations = self._creations
        if not line.is_state and (room_id in creations.known or creations.judges(room_id, line.value)):
            return room.send(line.value)
        take(room, line.value)
        return GIVEN if line.is_state else UNFOUNDED

    def _new_room(self, room_id: str | None) -> AnyRoom:
        room = new_room(self.rules, room_id)
        if self.keeps_all:
            room.remember()
        return room

    def summary(self) -> dict[str, int]:
        """How many events there were, and what became of them."""
        counts = {"allowed": self.allowed, "rejected": self.rejected, "errors": self.errors}
        if self.not_judged:
            counts["not_judged"] = self.not_judged
        return {"events": sum(counts.values()), **counts}

    def participation(self) -> dict[str, dict[str, str]]:
        """By room: who is not in the initial state. A room without an id goes by the empty text."""
        return {
            room_id or "": {user: state.value for user, state in room.participations().items()}
            for room_id, room in self.rooms.items()
        }

    def places(self) -> dict[str, dict[str, str]]:
        """The same, each state as text names it."""
        return {
            room_id or "": {user: room.policy.called(state) for user, state in room.participations().items()}
            for room_id, room in self.rooms.items()
        }


def _text(event: object, key: str) -> str | None:
    """What an event says under `key`, malformed as it may be."""
    value = event.get(key) if type(event) is dict else None
    return value if type(value) is str else None
