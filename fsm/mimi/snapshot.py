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

from fsm.decision import Decision, allow, permit
from fsm.errors import EventError, shorten
from fsm.event import (
    checked_flag,
    checked_name,
    checked_text,
    describe,
    join,
    mapping,
    name,
    plain,
    sequence,
    text,
    whole_number,
    word,
)
from fsm.mimi.envelope import Envelope
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.settings import HISTORY_VISIBILITY, Settings
from fsm.past import GIVEN, HIDDEN, Entry, Past, given_as
from fsm.policy import Transition
from fsm.rule import Rule
from fsm.terms import Participation, Visibility

FORMAT = "fsm.mimi.room"
VERSION = 2

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
    past: Past | None

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
            "history": None if self.past is None else _write_past(self.past, self.policy),
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
            past=None if given["history"] is None else _read_past(mapping(given["history"], "history"), policy),
        )
        if settings.creator is not None and settings.creator not in snapshot.states:
            raise EventError("participation", "lacks the creator")
        return snapshot


def _checked(value: object) -> Mapping[str, Any]:
    """The parts of a whole and unharmed snapshot, none of them read yet."""
    value = plain(value)
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


def _write_past(past: Past, policy: MimiPolicy) -> dict[str, Any]:
    permits = {(row.clause, permit(row).guards): row.id for row in reversed(policy.all_permits)}
    return {"keeps_all": past.keeps_all, "events": [_write_entry(entry, permits) for entry in past]}


def _write_entry(entry: Entry, permits: Mapping[tuple[str, tuple[str, ...]], str]) -> dict[str, Any]:
    answer = entry.answer
    # What was given as it stands has no row.
    row = answer.transition or (permits[answer.clause, answer.guards] if answer.judged else None)
    return {
        "event_id": entry.event_id,
        "sender": entry.sender,
        "type": entry.type,
        "state_key": entry.state_key,
        "answer": {"row": row, "before": answer.before},
        "read": None if entry.read is HIDDEN else entry.read,
        "hidden": entry.read is HIDDEN,
    }


def _read_past(given: Mapping[str, Any], policy: MimiPolicy) -> Past:
    if "keeps_all" not in given:
        raise EventError("history.keeps_all", "is missing")
    past = Past(keeps_all=checked_flag(given["keeps_all"], "history.keeps_all"))
    if "events" not in given:
        raise EventError("history.events", "is missing")
    for index, value in enumerate(sequence(given["events"], "history.events")):
        place = f"history.events[{index}]"
        entry = _read_entry(mapping(value, place), place, policy)
        if entry.event_id is not None and past.find(entry.event_id) is not None:
            raise EventError(f"{place}.event_id", f"`{shorten(entry.event_id)}` is there twice")
        past.append(entry)
    return past


def _read_entry(given: Mapping[str, Any], place: str, policy: MimiPolicy) -> Entry:
    for key in Entry._fields:
        if key not in given:
            raise EventError(join(place, key), "is missing")
    event_type, state_key = name(given, "type", place), _or_none(given, "state_key", place)
    moves = event_type in policy.participation_events and state_key is not None
    read = _or_none(given, "read", place)
    if event_type == HISTORY_VISIBILITY and state_key == "":
        word(given, "read", tuple(Visibility), place)
    if "hidden" not in given:
        raise EventError(join(place, "hidden"), "is missing")
    return Entry(
        event_id=None if given["event_id"] is None else name(given, "event_id", place),
        sender=text(given, "sender", place),
        type=event_type,
        state_key=state_key,
        answer=_read_answer(
            mapping(given["answer"], join(place, "answer")), join(place, "answer"), policy, moves=moves
        ),
        read=HIDDEN if checked_flag(given["hidden"], join(place, "hidden")) else read,
    )


def _read_answer(given: Mapping[str, Any], place: str, policy: MimiPolicy, *, moves: bool) -> Decision:
    """The answer to an event that `moves` somebody or does not."""
    for key in ("row", "before"):
        if key not in given:
            raise EventError(join(place, key), "is missing")
    before = word(given, "before", _WORDS, place) if moves else None
    if given["row"] is None:
        return GIVEN if before is None else given_as(before)
    row_id = name(given, "row", place)
    for row in policy.all_permits if before is None else policy.transitions:
        if row.id == row_id:
            return _answer_of(policy, row, before, place)
    raise EventError(join(place, "row"), f"`{shorten(row_id)}` is no row of policy `{policy.id}` for such an event")


def _answer_of(policy: MimiPolicy, row: Rule[Any], before: Participation | None, place: str) -> Decision:
    if before is None or not isinstance(row, Transition):
        return permit(row)
    if before not in row.source:
        raise EventError(join(place, "before"), f"`{row.id}` does not lead from `{before}`")
    # Where a row of MIMI leads does not depend on other facts.
    return allow(row, policy.domain.unpack(0, target=before, sender=before))


def _or_none(given: Mapping[str, Any], key: str, place: str) -> str | None:
    return None if given[key] is None else text(given, key, place)
