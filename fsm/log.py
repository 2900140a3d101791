"""Reading event logs, and running them through rooms.

A log is JSON lines, or one JSON array, of events in the order in which they
were sent, of one room or of many. A line that cannot be read is named and
passed over; it changes nothing and stops nothing.
"""

import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, BinaryIO

from fsm.decision import Decision
from fsm.errors import EventError, ReplayError
from fsm.event import Event, read_event
from fsm.policies import AnyPolicy, AnyRoom, new_room

MAX_LINE = 16 * 2**20
"""The longest line that is read, in bytes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: its number, counted from 1, and what was read from it.

    In a JSON array, the number counts the events.
    """

    number: int
    value: Any = None
    error: ReplayError | None = None


def read_json(text: bytes) -> Any:
    """Read one JSON value from UTF-8. Raises ValueError with one line of explanation."""
    try:
        return json.loads(text.decode(), parse_constant=_refuse_constant)
    except UnicodeDecodeError as problem:
        raise ValueError(f"not UTF-8 at byte {problem.start + 1}") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"not JSON: {problem.msg.lower()} at character {problem.pos + 1}") from None
    except RecursionError:
        raise ValueError("not readable: nested too deeply") from None
    except ValueError:
        raise ValueError("not readable: a number has too many digits, or is NaN or Infinity") from None


def read_lines(source: BinaryIO) -> Iterator[Line]:
    """Read a log line by line, or the elements of a JSON array one by one."""
    number, text = 1, source.readline(MAX_LINE + 1).removeprefix(BOM_UTF8)
    while text.isspace():
        number, text = number + 1, source.readline(MAX_LINE + 1)
    if text.startswith(b"["):
        whole = text + source.read()
        try:
            elements = read_json(whole)
        except ValueError as problem:
            if text.rstrip() == b"[" or text.rstrip().endswith(b","):
                yield Line(number, error=ReplayError(number, str(problem)))
                return
            # The first line is no start of an array but a line of its own that is at fault.
            source = BytesIO(whole)
            text = source.readline(MAX_LINE + 1)
        else:
            yield from (Line(index, element) for index, element in enumerate(elements, start=1))
            return
    yield from _read_lines(source, number, text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one line: a decision on its event, or the error that made it unreadable."""

    line: int
    room_id: str | None = None
    event_id: str | None = None
    event: Event | None = None
    decision: Decision | None = None
    error: ReplayError | None = None

    def as_json(self, policy: str) -> dict[str, Any]:
        """The answer of `fsm decide`, with the place of the event in the log."""
        if self.decision is None:
            answer: dict[str, Any] = {"error": {"code": "bad_event", "message": str(self.error)}}
        else:
            answer = self.decision.as_json(policy)
        if self.event_id is not None:
            answer["event_id"] = self.event_id
        return {**answer, "room_id": self.room_id, "line": self.line}


@dataclass
class Replay:
    """A run of a log under a policy: the rooms it leads to, and the counts so far.

    Events without `room_id` belong to one room, whose id is None.
    """

    policy: AnyPolicy
    rooms: dict[str | None, AnyRoom] = field(default_factory=dict)
    allowed: int = 0
    rejected: int = 0
    errors: int = 0

    def run(self, lines: Iterable[Line]) -> Iterator[Outcome]:
        """Send the events, in order, each to its room."""
        for line in lines:
            outcome = self._send(line)
            if outcome.decision is None:
                self.errors += 1
            elif outcome.decision.allowed:
                self.allowed += 1
            else:
                self.rejected += 1
            yield outcome

    def _send(self, line: Line) -> Outcome:
        if line.error is not None:
            return Outcome(line.number, error=line.error)
        room_id, event_id = _text(line.value, "room_id"), _text(line.value, "event_id")
        try:
            event = read_event(line.value)
            room = self.rooms.get(room_id) or new_room(self.policy, room_id)
            decision = room.send(line.value)
        except EventError as problem:
            return Outcome(line.number, room_id, event_id, error=ReplayError(line.number, str(problem)))
        self.rooms[room_id] = room
        return Outcome(line.number, room_id, event_id, event, decision)

    def summary(self) -> dict[str, int]:
        """How many events there were, and what became of them."""
        total = self.allowed + self.rejected + self.errors
        return {"events": total, "allowed": self.allowed, "rejected": self.rejected, "errors": self.errors}

    def participation(self) -> dict[str, dict[str, str]]:
        """By room: who is not in `leave`. A room without an id goes by the empty text."""
        return {
            room_id or "": {user: state.value for user, state in room.participations().items()}
            for room_id, room in self.rooms.items()
        }


def _text(event: object, key: str) -> str | None:
    """What an event says under `key`, malformed as it may be."""
    value = event.get(key) if type(event) is dict else None
    return value if type(value) is str else None


def _read_lines(source: BinaryIO, number: int, text: bytes) -> Iterator[Line]:
    while text:
        if not text.isspace():
            yield _read_line(number, text)
        while len(text) > MAX_LINE and not text.endswith(b"\n"):
            text = source.readline(MAX_LINE + 1)
        number, text = number + 1, source.readline(MAX_LINE + 1)


def _read_line(number: int, text: bytes) -> Line:
    if len(text) > MAX_LINE:
        return Line(number, error=ReplayError(number, f"is longer than {MAX_LINE} bytes"))
    try:
        return Line(number, read_json(text.rstrip()))
    except ValueError as problem:
        return Line(number, error=ReplayError(number, str(problem)))


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)
