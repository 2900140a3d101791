"""Reading event logs, and running them through rooms.

A log is JSON lines, or one JSON document, of events of one room or of many, in any of
the shapes in which events come (see `fsm.shapes`). A line that cannot be read is named
and passed over; it changes nothing and stops nothing.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BufferedIOBase
from itertools import islice, starmap
from typing import Any

from fsm.decision import Decision
from fsm.errors import EventError, ReplayError
from fsm.event import Event, read_event
from fsm.family import AnyPolicy, AnyRoom
from fsm.json_lines import Line, Lines, read_line
from fsm.policies import Rules, new_room, room_of
from fsm.shapes import unfold
from fsm.strict_json import MAX_JSON


def read_events(source: BufferedIOBase) -> Iterator[Line]:
    """Read a log of events, in whatever shape they come."""
    for line in _values(source):
        if line.error is not None:
            yield line
            continue
        try:
            pieces = unfold(line.value)
        except EventError as problem:
            yield Line(line.number, error=ReplayError(line.number, str(problem)))
            continue
        for number, piece in enumerate(pieces, start=line.number):
            yield Line(number, piece.value, is_state=piece.is_state)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line: a policy's decision on its event, or the error that made it unreadable."""

    line: int
    room_id: str | None = None
    event_id: str | None = None
    event: Event | None = None
    decision: Decision | None = None
    error: ReplayError | None = None
    policy: AnyPolicy | None = None

    @property
    def asked(self) -> str:
        """What the event asks for: an action, else what type of event it is."""
        assert self.event is not None
        if self.decision is None or self.decision.before is None or self.policy is None:
            return self.event.type
        return str(self.event.content.get(self.policy.action_key, self.event.type))

    def as_json(self) -> dict[str, Any]:
        """The answer of `fsm decide`, with the place of the event in the log."""
        if self.decision is None or self.policy is None:
            answer: dict[str, Any] = {"error": {"code": "bad_event", "message": str(self.error)}}
        else:
            answer = self.decision.as_json(self.policy.id)
        if self.event_id is not None:
            answer["event_id"] = self.event_id
        return {**answer, "room_id": self.room_id, "line": self.line}


@dataclass
class Replay:
    """A run of a log: the rooms it leads to, and the counts so far.

    Events without `room_id` belong to one room, whose id is None.
    """

    rules: Rules
    rooms: dict[str | None, AnyRoom] = field(default_factory=dict)
    allowed: int = 0
    rejected: int = 0
    errors: int = 0
    not_judged: int = 0

    def run(self, lines: Iterable[Line]) -> Iterator[Outcome]:
        """Send the events, in order, each to its room."""
        for line in lines:
            outcome = self._send(line)
            if outcome.decision is None:
                self.errors += 1
            elif not outcome.decision.judged:
                self.not_judged += 1
            elif outcome.decision.allowed:
                self.allowed += 1
            else:
                self.rejected += 1
            yield outcome

    def _send(self, line: Line) -> Outcome:
        if line.error is not None:
            return Outcome(line.number, error=line.error)
        room_id = room_of(self.rules, line.value) if type(line.value) is dict else None
        event_id = _text(line.value, "event_id")
        try:
            event = read_event(line.value)
            room = self.rooms.get(room_id) or new_room(self.rules, room_id)
            decision = _take(room, line.value) if line.is_state else room.send(line.value)
        except EventError as problem:
            return Outcome(line.number, room_id, event_id, error=ReplayError(line.number, str(problem)))
        self.rooms[room_id] = room
        return Outcome(line.number, room_id, event_id, event, decision, policy=room.policy)

    def summary(self) -> dict[str, int]:
        """How many events there were, and what became of them."""
        counts = {"allowed": self.allowed, "rejected": self.rejected, "errors": self.errors}
        if self.not_judged:
            counts["not_judged"] = self.not_judged
        return {"events": sum(counts.values()), **counts}

    def participation(self) -> dict[str, dict[str, str]]:
        """By room: who is not in `leave`. A room without an id goes by the empty text."""
        return {
            room_id or "": {user: state.value for user, state in room.participations().items()}
            for room_id, room in self.rooms.items()
        }


_GIVEN = Decision(allowed=True, judged=False, reason="not judged: given as state")


def _take(room: AnyRoom, event: dict[str, Any]) -> Decision:
    room.take(event)
    return _GIVEN


def _values(source: BufferedIOBase) -> Iterator[Line]:
    """The values of a log: one a line, or a single one that goes over many lines."""
    lines = Lines(source)
    numbered = iter(lines)
    for number, text in islice(numbered, 1):
        line = read_line(number, text)
        if line.error is not None and _may_go_on(text):
            rest = lines.take(MAX_JSON)
            document = read_line(number, text + b"\n" + rest)
            if document.error is None or (text.startswith(b"[") and _is_cut_off(text)):
                yield document
                return
            # This is no start of a document but a line of its own that is at fault.
            lines.put_back(rest)
        yield line
    yield from starmap(read_line, numbered)


def _may_go_on(text: bytes) -> bool:
    """Whether the first line of a log can be the beginning of a document over many lines."""
    return text.startswith(b"[") or (text.startswith(b"{") and _is_cut_off(text))


def _is_cut_off(text: bytes) -> bool:
    """Whether a line ends where a JSON document goes on."""
    return text.rstrip().endswith((b"[", b"{", b","))


def _text(event: object, key: str) -> str | None:
    """What an event says under `key`, malformed as it may be."""
    value = event.get(key) if type(event) is dict else None
    return value if type(value) is str else None
