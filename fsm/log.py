"""Reading event logs, and running them through rooms.

A log is JSON lines, or one JSON document, of events of one room or of many, in any of
the shapes in which events come (see `fsm.shapes`). A line that cannot be read is named
and passed over; it changes nothing and stops nothing.
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
from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import Rules, new_room, room_of
from fsm.shapes import unfold

MAX_LINE = 16 * 2**20
"""The longest line that is read, in bytes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a log: its number, counted from 1, and what was read from it.

    In a JSON document of many events, the number counts the events. `is_state` tells
    that the event is given as part of a state, and not to be judged.
    """

    number: int
    value: Any = None
    error: ReplayError | None = None
    is_state: bool = False


def _refuse_constant(constant: str) -> None:
    raise ValueError(constant)


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)


def read_json(text: bytes) -> Any:
    """Read one JSON value from UTF-8. Raises ValueError with one line of explanation."""
    try:
        return _JSON.decode(text.decode())
    except UnicodeDecodeError as problem:
        raise ValueError(f"not UTF-8 at byte {problem.start + 1}") from None
    except json.JSONDecodeError as problem:
        raise ValueError(f"not JSON: {problem.msg.lower()} at character {problem.pos + 1}") from None
    except RecursionError:
        raise ValueError("not readable: nested too deeply") from None
    except ValueError:
        raise ValueError("not readable: a number has too many digits, or is NaN or Infinity") from None


def read_lines(source: BinaryIO) -> Iterator[Line]:
    """Read line by line, or the elements of a JSON array one by one."""
    whole, lines = _open(source, b"[")
    if isinstance(whole, list):
        yield from (Line(index, element) for index, element in enumerate(whole, start=1))
    else:
        yield from lines


def read_events(source: BinaryIO) -> Iterator[Line]:
    """Read a log of events, in whatever shape they come."""
    whole, lines = _open(source, b"[{")
    for line in lines if whole is None else (Line(1, whole),):
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


def _open(source: BinaryIO, starts: bytes) -> tuple[Any | None, Iterator[Line]]:
    """The one JSON value that the source is, if it is one that can go over many lines, else its lines.

    `starts` are the characters that such a value can begin with.
    """
    number, text = 1, source.readline(MAX_LINE + 1).removeprefix(BOM_UTF8)
    while text.isspace():
        number, text = number + 1, source.readline(MAX_LINE + 1)
    if text[:1] and text[:1] in starts and (text[:1] == b"[" or _is_cut_off(text)):
        whole = text + source.read()
        try:
            return read_json(whole), iter(())
        except ValueError as problem:
            if text[:1] == b"[" and (text.rstrip() == b"[" or text.rstrip().endswith(b",")):
                return None, iter((Line(number, error=ReplayError(number, str(problem))),))
            # The first line is no start of a document but a line of its own that is at fault.
            source = BytesIO(whole)
            text = source.readline(MAX_LINE + 1)
    return None, _read_lines(source, number, text)


def _is_cut_off(text: bytes) -> bool:
    """Whether a line ends where a JSON document goes on."""
    return text.rstrip()[-1:] in (b"[", b"{", b",")


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
