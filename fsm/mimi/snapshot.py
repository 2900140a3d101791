"""A room written down as JSON, and read back.

A snapshot holds all that a room knows: its envelope, who created it and still
reigns, where everybody stands, and the past as far as the room remembers it. A
room that is restored from it answers every question as the first one does.

`digest` is the SHA-256 of the rest in canonical JSON (keys sorted by code point, no
white space, all but ASCII escaped). It finds accidents: a snapshot that was cut
off, or edited by hand. It is no signature: whoever can write a snapshot can write
its digest. So every part is checked on top of it, as if a stranger had sent it.

What is wrong with a snapshot is always an `EventError`, whose `field` names the
part: unlike a log, which `ReplayError` is about, a snapshot has no lines.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Any, Self

from fsm.errors import EventError, shorten
from fsm.event import (
    checked_flag,
    checked_name,
    checked_text,
    describe,
    join,
    mapping,
    name,
    sequence,
    text,
    whole_number,
    word,
)
from fsm.mimi.envelope import Envelope
from fsm.mimi.history import History, Record, StateKey
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.settings import Settings
from fsm.terms import Participation, Visibility

FORMAT = "fsm.mimi.room"
VERSION = 1

_PARTS = ("format", "version", "room_id", "envelope", "creator", "reigns", "participation", "history", "digest")
_LENGTH_LIMIT = 2**53
"""Whole numbers below this one survive any reader of JSON."""

_WORDS = tuple(Participation)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that a room knows, at one time."""

    policy: MimiPolicy
    room_id: str | None
    settings: Settings
    states: Mapping[str, Participation]
    history: History | None

    def as_json(self) -> dict[str, Any]:
        """The snapshot as JSON, which shares nothing with the room."""
        value = {
            "format": FORMAT,
            "version": VERSION,
            "room_id": self.room_id,
            "envelope": Envelope.of(self.policy, self.settings).as_json(),
            "creator": self.settings.creator,
            "reigns": self.settings.roles.reigning,
            "participation": {user: state.value for user, state in self.states.items()},
            "history": None if self.history is None else _write_history(self.history),
        }
        return {**value, "digest": _digest(_canonical(value))}

    @classmethod
    def from_json(cls, value: object, policy: MimiPolicy) -> Self:
        """Read a snapshot of a room under this policy. Raises `EventError`."""
        given = _checked(value)
        settings = _read_settings(given, policy)
        states = mapping(given["participation"], "participation")
        room_id = given["room_id"]
        snapshot = cls(
            policy=policy,
            room_id=None if room_id is None else checked_text(room_id, "room_id"),
            settings=settings,
            states={user: _read_state(states, user) for user in states},
            history=None if given["history"] is None else _read_history(mapping(given["history"], "history")),
        )
        if settings.creator is not None and settings.creator not in snapshot.states:
            raise EventError("participation", "lacks the creator")
        return snapshot


def _checked(value: object) -> Mapping[str, Any]:
    """The parts of a whole and unharmed snapshot, none of them read yet."""
    if type(value) is not dict:
        raise EventError("", f"a snapshot must be an object, not {describe(value)}")
    given_format = text(value, "format")
    if given_format != FORMAT:
        raise EventError("format", f"`{shorten(given_format)}` is not `{FORMAT}`: this is no snapshot of a room")
    version = whole_number(value, "version", "", _LENGTH_LIMIT)
    if version != VERSION:
        raise EventError("version", f"`{version}` cannot be read, only {VERSION}")
    for part in _PARTS:
        if part not in value:
            raise EventError(part, "is missing")
    for part in value:
        if part not in _PARTS:
            raise EventError(shorten(str(part)), "is no part of a snapshot")
    canonical = _canonical({part: value[part] for part in _PARTS if part != "digest"})
    if text(value, "digest") != _digest(canonical):
        raise EventError("digest", "does not fit the rest: the snapshot has been cut off or edited")
    # What is read from here on is JSON and nothing else, whatever objects were handed in.
    given: dict[str, Any] = json.loads(canonical)
    return given


def _canonical(value: Mapping[str, Any]) -> str:
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise EventError("", "a snapshot must be JSON: objects, arrays, texts, numbers") from None


def _digest(canonical: str) -> str:
    return sha256(canonical.encode("ascii")).hexdigest()


def _read_settings(given: Mapping[str, Any], policy: MimiPolicy) -> Settings:
    try:
        settings = Envelope.as_it_stands(given["envelope"]).settings(policy)
    except EventError as problem:
        raise problem.within("envelope") from None
    creator = None if given["creator"] is None else checked_name(given["creator"], "creator")
    if not checked_flag(given["reigns"], "reigns"):
        return replace(settings, creator=creator)
    if creator is None:
        raise EventError("reigns", "must be false: there is no creator")
    settings = replace(settings, creator=creator, roles=settings.roles.reign())
    if not settings.roles.reigning:
        raise EventError("reigns", "must be false: roles are assigned")
    return settings


def _read_state(states: Mapping[str, Any], user: str) -> Participation:
    checked_name(user, join("participation", user))
    return word(states, user, _WORDS, "participation")


def _write_history(history: History) -> dict[str, Any]:
    current: dict[str, dict[str, str]] = {}
    for (event_type, state_key), event_id in history.current.items():
        current.setdefault(event_type, {})[state_key] = event_id
    return {
        "length": history.length,
        "events": {event_id: _write_record(record) for event_id, record in history.records.items()},
        "current": current,
        "moves": {
            user: [{"position": position, "participation": state.value} for position, state in moves]
            for user, moves in history.moves.items()
        },
    }


def _write_record(record: Record) -> dict[str, Any]:
    return {
        "position": record.position,
        "sender": record.sender,
        "visibility": record.visibility.value,
        "state": None if record.state is None else {"type": record.state[0], "state_key": record.state[1]},
    }


def _read_history(given: Mapping[str, Any]) -> History:
    length = whole_number(given, "length", "history", _LENGTH_LIMIT)
    events = _members(given, "events", "history")
    records = {event_id: _read_record(record, place, length) for event_id, record, place in events}
    current: dict[StateKey, str] = {}
    for event_type, by_key, place in _members(given, "current", "history"):
        for state_key in mapping(by_key, place):
            event_id = name(by_key, state_key, place)
            if event_id not in records:
                raise EventError(join(place, state_key), f"`{shorten(event_id)}` is not among the events")
            current[event_type, checked_text(state_key, place)] = event_id
    moves = {user: _read_moves(value, place, length) for user, value, place in _members(given, "moves", "history")}
    return History(records, current, moves, length)


def _members(parent: Mapping[str, Any], key: str, within: str) -> list[tuple[str, Any, str]]:
    """The members of the object under `key`: name, value, and path."""
    place = join(within, key)
    if key not in parent:
        raise EventError(place, "is missing")
    return [
        (checked_name(each, join(place, each)), value, join(place, each))
        for each, value in mapping(parent[key], place).items()
    ]


def _read_record(value: object, place: str, length: int) -> Record:
    record = mapping(value, place)
    if "state" not in record:
        raise EventError(join(place, "state"), "is missing")
    return Record(
        position=whole_number(record, "position", place, length + 1),
        sender=name(record, "sender", place),
        visibility=word(record, "visibility", tuple(Visibility), place),
        state=None if record["state"] is None else _read_key(record["state"], join(place, "state")),
    )


def _read_key(value: object, place: str) -> StateKey:
    key = mapping(value, place)
    return name(key, "type", place), text(key, "state_key", place)


def _read_moves(value: object, place: str, length: int) -> list[tuple[int, Participation]]:
    moves = [
        (mapping(move, f"{place}[{index}]"), f"{place}[{index}]") for index, move in enumerate(sequence(value, place))
    ]
    return [
        (whole_number(move, "position", at, length + 1), word(move, "participation", _WORDS, at)) for move, at in moves
    ]
