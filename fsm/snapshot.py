"""A room written down as JSON, and read back: one contract for all families.

A snapshot holds all that a room knows: by which policy it is judged, what it is set to,
where everybody stands, and the past as far as the room remembers it. A room that is
restored from it answers every question as the first one does. Behind a snapshot, a host
can keep the deltas of the changes since (`Change.delta`), from which the room goes on.

`fingerprint` is that of the policy: a room is not restored under a table that decides
otherwise. `digest` is the SHA-256 of the rest in canonical JSON (keys sorted by code point,
no white space, all but ASCII escaped). It finds accidents: a snapshot that was cut off, or
edited by hand. It is no signature: whoever can write a snapshot can write its digest. So
every part is checked on top of it, as if a stranger had sent it.

What is wrong with a snapshot is always an `EventError`, whose `field` names the
part: unlike a log, which `ReplayError` is about, a snapshot has no lines.
"""

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any, TypeAlias

from fsm.decision import Decision, allowed_by, permit
from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import (
    Place,
    checked_flag,
    checked_name,
    checked_text,
    describe,
    fault,
    mapping,
    name,
    own_copy,
    plain,
    sequence,
    text,
    whole_number,
)
from fsm.past import GIVEN, HIDDEN, Bound, Entry, Past, given_as
from fsm.state import AnyState
from fsm.table import Table

JSON: TypeAlias = dict[str, Any]

VERSION = 3

_FIRST = ("format", "version", "policy", "fingerprint", "room_id", "revision")
_LAST = ("participation", "history", "digest")

_NUMBER_LIMIT = 2**53
"""Whole numbers below this one survive any reader of JSON."""


def write(room: Any) -> JSON:
    """All that a room knows, as JSON, which shares nothing with the room; the room is locked."""
    history = None if room._past is None else _write_past(room._past, room._rules_beside)  # noqa: SLF001 - they are one piece of machinery
    value = {**write_present(room), "history": history}
    return {**value, "digest": digest(canonical(value))}


def write_present(room: Any) -> JSON:
    """The same but for the past, of which there is none in it; the room is locked."""
    return _present(room, {user: state.value for user, state in room._states.items()})  # noqa: SLF001 - as above


def present_as_text(room: Any) -> str:
    """The same as a text; the room is locked. Raises `ValueError` or `RecursionError` for what JSON cannot say."""
    return _encode(_present(room, room._states))  # noqa: SLF001 - as above


_encode = json.JSONEncoder(
    separators=(",", ":"), allow_nan=False, check_circular=False, default=lambda state: state.value
).encode
"""Of states, those of an enumeration are texts."""


def _present(room: Any, participation: Mapping[str, Any]) -> JSON:
    return {
        "format": room.snapshot_format,
        "version": VERSION,
        "policy": room.policy.id,
        "fingerprint": room.policy.fingerprint,
        "room_id": room.id,
        "revision": room.revision,
        **room._write_parts(),  # noqa: SLF001 - they are one piece of machinery
        "participation": participation,
        "history": None,
    }


def checked(value: object, kind: str, parts: Iterable[str]) -> Mapping[str, Any]:
    """The parts of a whole and unharmed snapshot of rooms of a kind; those of the family are not read yet."""
    if type(value) is not dict:
        raise EventError("", f"a snapshot must be an object, not {describe(value)}")
    plain(value)  # refuses what is no text
    given_format = text(value, "format")
    if given_format != kind:
        raise EventError("format", f"`{shorten(given_format)}` is not `{kind}`: this is no snapshot of such a room")
    version = whole_number(value, "version", "", _NUMBER_LIMIT)
    if version != VERSION:
        raise EventError("version", f"`{version}` cannot be read, only {VERSION}")
    known = (*_FIRST, *parts, *_LAST)
    for part in known:
        if part not in value:
            raise EventError(part, "is missing")
    for part in value:
        if part not in known:
            raise EventError(shorten(str(part)), "is no part of a snapshot")
    canonical_text = canonical({part: value[part] for part in known if part != "digest"})
    if text(value, "digest") != digest(canonical_text):
        raise EventError("digest", "does not fit the rest: the snapshot has been cut off or edited")
    # What is read from here on is JSON and nothing else, whatever objects were handed in.
    given: JSON = json.loads(canonical_text)
    if given["room_id"] is not None:
        checked_text(given["room_id"], "room_id")
    name(given, "policy")
    text(given, "fingerprint")
    whole_number(given, "revision", "", _NUMBER_LIMIT)
    return given


def check_policy(given: Mapping[str, Any], policy: Table[Any]) -> None:
    """Raise `EventError` where a snapshot is of a room under another policy, or another version of it."""
    if given["policy"] != policy.id:
        raise EventError("policy", f"`{shorten(given['policy'])}` is another policy than `{policy.id}`")
    if given["fingerprint"] != policy.fingerprint:
        raise EventError("fingerprint", f"policy `{policy.id}` decides otherwise now than when this was written")


def canonical(value: Mapping[str, Any]) -> str:
    """JSON in the one form of which the digest is taken."""
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise EventError("", "a snapshot must be JSON: objects, arrays, texts, numbers") from None


def digest(canonical_text: str) -> str:
    """The SHA-256 of a text, in hexadecimal."""
    return sha256(canonical_text.encode("ascii")).hexdigest()


def read_states(given: Mapping[str, Any], policy: Table[Any]) -> dict[str, Any]:
    """Where everybody stands."""
    states = mapping(given["participation"], "participation")
    for user in states:
        checked_name(user, ("participation", user))
    known = policy.derived(states_by_word)
    return {user: read_state(known, state, ("participation", user)) for user, state in states.items()}


def read_state(states: Mapping[Any, AnyState], value: object, place: Place) -> AnyState:
    """One of these states by its word."""
    found = states.get(value) if type(value) in (str, int) else None
    if found is None:
        if all(type(word) is str for word in states):
            checked_text(value, place)
        raise fault(place, f"`{shorten(str(value))}` is not one of {shorten(', '.join(map(str, states)), 200)}")
    return found


def states_by_word(policy: Table[Any]) -> dict[Any, AnyState]:
    """The states of a policy by their words."""
    return {state.value: state for state in policy.states}


def _write_past(past: Past, rules: Iterable[Any]) -> JSON:
    known = {(row.clause, permit(row).guards): row.id for row in reversed([*rules])}
    bound = None if past.bound is None else [*past.bound]
    return {"keeps_all": past.keeps_all, "bound": bound, "events": [_write_entry(entry, known) for entry in past]}


def _write_entry(entry: Entry, rules: Mapping[tuple[str, tuple[str, ...]], str]) -> JSON:
    answer = entry.answer
    row = answer.transition or (rules.get((answer.clause, answer.guards)) if answer.judged else None)
    return {
        "event_id": entry.event_id,
        "sender": entry.sender,
        "type": entry.type,
        "state_key": entry.state_key,
        "answer": {
            "row": row,
            "before": None if answer.before is None else answer.before.value,
            "after": None if answer.after is None else answer.after.value,
            "unjudged": None if answer.judged else answer.reason,
        },
        "read": None if entry.read is HIDDEN else entry.read,
        "hidden": entry.read is HIDDEN,
    }


def read_past(given: Mapping[str, Any], room: Any) -> Past | None:
    """The past of a room, whose policy is known."""
    if given["history"] is None:
        return None
    history = mapping(given["history"], "history")
    for part in ("keeps_all", "bound", "events"):
        if part not in history:
            raise fault(("history", part), "is missing")
    events = sequence(history["events"], "history.events")
    bound = _read_bound(history["bound"], len(events))
    past = Past(keeps_all=checked_flag(history["keeps_all"], "history.keeps_all"), bound=bound)
    answers: _Answers = {}
    for index, value in enumerate(events):
        place = ("history.events", index)
        entry = _read_entry(mapping(value, place), place, room, answers)
        if entry.event_id is not None and entry.event_id in past.words and past.find(entry.event_id) is not None:
            raise fault((place, "event_id"), f"`{shorten(entry.event_id)}` is there twice")
        past.append(entry)
    return past


_Answers: TypeAlias = dict[tuple[object, ...], Decision]
"""The answers that have been read: most come again and again."""


def _read_bound(value: object, count: int) -> Bound | None:
    if value is None:
        return None
    numbers = sequence(value, "history.bound")
    if len(numbers) != len(Bound._fields):
        raise EventError("history.bound", f"must have {len(Bound._fields)} numbers")
    for index, number in enumerate(numbers):
        if type(number) is not int or not 0 <= number < _NUMBER_LIMIT:
            raise fault(("history.bound", index), "must be a whole number from 0 up")
    bound = Bound(*numbers)
    if bound.front > count:
        raise EventError("history.bound[2]", f"must be at most {count}: so many events there are")
    return bound


def _read_entry(given: Mapping[str, Any], place: Place, room: Any, answers: _Answers) -> Entry:
    for key in _PARTS_OF_ENTRY:
        if key not in given:
            raise fault((place, key), "is missing")
    event_type, state_key = name(given, "type", place), _or_none(given, "state_key", place)
    entry = Entry(
        event_id=None if given["event_id"] is None else name(given, "event_id", place),
        sender=text(given, "sender", place),
        type=event_type,
        state_key=state_key,
        answer=_read_answer(
            mapping(given["answer"], (place, "answer")),
            (place, "answer"),
            room,
            answers,
            moves=state_key is not None and room._is_change(event_type),  # noqa: SLF001 - they are one piece of machinery
        ),
        read=_or_none(given, "read", place),
    )
    room._check_entry(entry, place)  # noqa: SLF001
    return entry._replace(read=HIDDEN) if checked_flag(given["hidden"], (place, "hidden")) else entry


_PARTS_OF_ENTRY, _PARTS_OF_ANSWER = (*Entry._fields, "hidden"), ("row", "before", "after", "unjudged")


def _read_answer(given: Mapping[str, Any], place: Place, room: Any, answers: _Answers, *, moves: bool) -> Decision:
    """The answer to an event that `moves` somebody or does not."""
    for key in _PARTS_OF_ANSWER:
        if key not in given:
            raise fault((place, key), "is missing")
    told = [given[key] for key in _PARTS_OF_ANSWER]
    asked = (*told, *map(type, told), moves)  # of equal numbers of different types, one may be no state
    try:
        known = answers.get(asked)
    except TypeError:  # what has parts is no part of an answer
        return _read_new_answer(given, place, room, moves=moves)
    if known is None:
        known = answers[asked] = _read_new_answer(given, place, room, moves=moves)
    return known


def _read_new_answer(given: Mapping[str, Any], place: Place, room: Any, *, moves: bool) -> Decision:
    states = room.policy.derived(states_by_word)
    before, after = (None if given[key] is None else read_state(states, given[key], (place, key)) for key in _STATES)
    row_id = None if given["row"] is None else name(given, "row", place)
    reason = _or_none(given, "unjudged", place)
    if reason is not None:
        return _unjudged(row_id, before, after, reason, place)
    return _moved(room, row_id, before, after, place) if moves else _permitted(room, row_id, place)


_STATES = ("before", "after")


def _unjudged(
    row_id: str | None, before: AnyState | None, after: AnyState | None, reason: str, place: Place
) -> Decision:
    if row_id is not None:
        raise fault((place, "row"), "must be null: nobody judged")
    if before != after:
        raise fault((place, "after"), "must be as before: nobody judged")
    if reason != GIVEN.reason:
        return Decision(allowed=True, before=before, after=after, reason=reason, judged=False)
    return GIVEN if before is None else given_as(before)


def _moved(room: Any, row_id: str | None, before: AnyState | None, after: AnyState | None, place: Place) -> Decision:
    for key, state in zip(_STATES, (before, after), strict=True):
        if state is None:
            raise fault((place, key), "must be a state, not null")
    assert before is not None
    assert after is not None
    for row in room.policy.transitions:
        if row.id == row_id:
            if before not in row.source:
                raise fault((place, "before"), f"`{row.id}` does not lead from `{before}`")
            if after not in room.policy.destinations(row):
                raise fault((place, "after"), f"`{row.id}` does not lead to `{after}`")
            return allowed_by(row, before, after)
    if room.changes_policy and row_id is not None:  # it may have been a row of the policy that the room had then
        return Decision(allowed=True, transition=row_id, before=before, after=after)
    raise _no_row(room, row_id, place)


def _permitted(room: Any, row_id: str | None, place: Place) -> Decision:
    for rule in room._rules_beside:  # noqa: SLF001 - they are one piece of machinery
        if rule.id == row_id:
            permitted: Decision = room._permission(rule)  # noqa: SLF001 - they are one piece of machinery
            return permitted
    if row_id is None and (room.changes_policy or not [*room._rules_beside]):  # noqa: SLF001 - as above
        return Decision(allowed=True)
    raise _no_row(room, row_id, place)


def _no_row(room: Any, row_id: str | None, place: Place) -> EventError:
    known = f"`{shorten(str(row_id))}` is no row of policy `{room.policy.id}` for such an event"
    return fault((place, "row"), known if row_id is not None else "must be the id of a row, not null")


def _or_none(given: Mapping[str, Any], key: str, place: Place) -> str | None:
    return None if given[key] is None else text(given, key, place)


def follow(room: Any, delta: object, place: str) -> None:
    """Have a room go on by one delta (see `Change.delta`). Raises `EventError` for one that does not follow."""
    value = mapping(own_copy(delta), place)
    for key in ("revision", "outcome", "event"):
        if key not in value:
            raise EventError(f"{place}.{key}", "is missing")
    for key in value:
        if key not in ("revision", "outcome", "event", "facts"):
            raise EventError(f"{place}.{shorten(key)}", "is no part of a delta")
    revision = whole_number(value, "revision", place, _NUMBER_LIMIT)
    if revision != room.revision + 1:
        raise EventError(f"{place}.revision", f"must be {room.revision + 1}, not {revision}")
    if value["outcome"] not in ("sent", "taken"):
        raise EventError(f"{place}.outcome", f"`{shorten(str(value['outcome']))}` is not one of sent, taken")
    facts = read_facts(room, value.get("facts"), f"{place}.facts")
    try:
        decision = room._follow(value["event"], facts, is_sent=value["outcome"] == "sent")  # noqa: SLF001
    except EventError as problem:
        raise problem.within(f"{place}.event") from None
    if not decision:
        raise EventError(f"{place}.event", f"does not follow: {decision.reason}")
    if room.revision != revision:
        raise EventError(f"{place}.event", "has been accepted before")


def read_facts(room: Any, value: object, place: str) -> dict[str, Any] | None:
    """The facts of a delta that a host's provider told. Raises `EventError`."""
    if value is None:
        return None
    try:
        return {fact: room.policy.domain.parse(fact, word) for fact, word in mapping(value, place).items()}
    except DefinitionError as problem:
        raise EventError(place, str(problem)) from None
