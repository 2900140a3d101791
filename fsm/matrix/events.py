"""Events of Matrix rooms: what membership is written in, what a state holds, which room an event is of."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from fsm.errors import EventError
from fsm.event import Event, plain, read_event, write_state
from fsm.matrix.levels import LISTED, NAMED
from fsm.matrix.policies import VERSIONS
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE
from fsm.past import brief
from fsm.room.given_state import second

MEMBER = "m.room.member"
"""The event type of membership."""

AUTHORISER = "join_authorised_via_users_server"
TOKEN = "third_party_invite"  # noqa: S105 - no password but a key of JSON


def read_state(value: object) -> Event:
    """A state event. Those that stand once in a room may lack their `state_key`. Raises `EventError`."""
    event = read_event(value)
    if event.state_key is None:
        if event.type not in (CREATE, POWER_LEVELS, JOIN_RULES):
            raise EventError("state_key", "is missing: this is no state event")
        return event._replace(state_key="")
    return event


def creation_first(state: Sequence[object]) -> Iterable[tuple[int, object]]:
    """A room's state events, each with its number. First the creation: it says how the others are to be read."""
    first = [number for number, event in enumerate(state) if type(event) is not dict or event.get("type") == CREATE]
    if first in ([], [0]):
        return enumerate(state)
    return sorted(enumerate(state), key=lambda each: not _is_creation(each[1]))


def _is_creation(event: object) -> bool:
    try:
        value = plain(event)
    except EventError:
        return False  # its fault is named when it is read
    return type(value) is dict and value.get("type") == CREATE


def expect_state(state: Iterable[object]) -> None:
    """Raise `EventError` for what is no state event, or given twice."""
    places: set[tuple[str, str | None]] = set()
    for number, given in enumerate(state):
        with within(f"state[{number}]"):
            event = read_state(plain(given))
            place = event.type, event.state_key
            if place in places:
                raise second(event)
            places.add(place)


def is_redacted(event: Mapping[str, Any]) -> bool:
    """Whether an event is what redaction has left of it."""
    unsigned = event.get("unsigned")
    return type(unsigned) is dict and "redacted_because" in unsigned


_READ: Mapping[str, tuple[str, ...]] = {
    MEMBER: (AUTHORISER, TOKEN),
    CREATE: ("room_version", "creator", "additional_creators", "m.federate"),
    POWER_LEVELS: (*LISTED, *NAMED),
    JOIN_RULES: ("join_rule",),
    THIRD_PARTY_INVITE: ("public_key", "public_keys"),
}
"""By event type: what a room reads of the content, beside the membership."""


def read_of(event: Event) -> str | None:
    """What a room reads of an event's content beside the membership, as one text; None for nothing.

    Raises `EventError` for content that is nested too deeply to be compared.
    """
    keys = _READ.get(event.type)
    if keys is None:
        return None
    said = {key: event.content[key] for key in keys if key in event.content}
    if not said:
        return None
    import json  # noqa: PLC0415 - takes long to load, and few events need it

    try:
        return brief(json.dumps(said, sort_keys=True))
    except (RecursionError, TypeError, ValueError):
        raise EventError("content", "cannot be compared: it is no JSON, or nested too deeply") from None


@contextmanager
def within(place: str) -> Iterator[None]:
    """Say of an error where in the input it is."""
    try:
        yield
    except EventError as problem:
        raise problem.within(place) from None


def write_member(action: str, sender: str, target: str, reason: str | None = None) -> dict[str, Any]:
    """The event by which `sender` asks for `action` on `target`."""
    content = {"membership": str(action)} if reason is None else {"membership": str(action), "reason": reason}
    return write_state(MEMBER, sender, content, target)


def room_of(event: Mapping[str, Any]) -> str | None:
    """The id of the room that an event is of. A creation need not name it where its own id does."""
    room_id, event_id, content = event.get("room_id"), event.get("event_id"), event.get("content")
    if room_id is None and event.get("type") == CREATE and type(event_id) is str and type(content) is dict:
        version = content.get("room_version")
        policy = VERSIONS.get(version) if type(version) is str else None
        return id_by_creation(event_id) if policy and policy.is_room_named_by_creation else None
    return room_id if type(room_id) is str else None


def id_by_creation(event_id: str) -> str:
    """The id of a room that its creation names.

    Spec: "The room ID is the event ID of the event with sigil `!` instead of `$`" (room version 12)
    """
    return f"!{event_id[1:]}"
