"""What logs of Matrix look like: events, and the responses, files and rows in which people have them.

| value | what is in it |
| --- | --- |
| `/sync` | by room, a state and the timeline that follows it; or a timeline and the state after it |
| sliding sync (MSC3575, MSC4186) | by room, a timeline and the state after it |
| `/messages` | a page of a history, newest or oldest first |
| `/context` | what happened around an event, and the state at the end of it |
| `/members`, `/state`, a server's admin state | a state |
| `/send_join` | the state before a join, and the join |
| transactions, of servers and of application services | a history |
| Element's JSON export | a history |
| rows of Synapse's `event_json` | an event each, as text |

What happened before a state that is known cannot be judged by it, and is applied as it
stands. Account data, receipts, presence and the like are no events of a room.

Spec: "Client-Server API", "Server-Server API", "Application Service API"
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from fsm.errors import EventError, shorten
from fsm.event import mapping, sequence
from fsm.matrix.event_ids import NAMINGS, event_id_of, is_whole
from fsm.matrix.events import MEMBER, room_of
from fsm.matrix.policies import VERSIONS, MatrixPolicy
from fsm.matrix.settings import CREATE, POWER_LEVELS
from fsm.shapes import Order, Part, Shapes, type_of
from fsm.strict_json import read_json

_OLDEST, _NEWEST, _STATE = Order

NAMES = (
    "/sync", "sliding sync", "/messages", "/context", "/members", "/state", "/send_join", "transactions",
    "a server's admin state", "Element's JSON export", "rows of Synapse's event_json",
)  # fmt: skip

_PRIVATE = frozenset(("account_data", "ephemeral", "summary", "unread_notifications", "unread_thread_notifications"))
"""The parts of a room in a `/sync` that hold no events of the room."""

_STATES_BEFORE = ("state", "invite_state", "knock_state")
_STATES_AFTER = ("state_after", "org.matrix.msc4222.state_after")
_STRIPPED = ("invite_state", "knock_state", "stripped_state")


def _unfold(value: object) -> Sequence[Part] | None:
    """The events in a response. None for what is none, such as an event."""
    if type(value) is list:  # the first form of `/send_join`: a status and a body
        return _unfold(value[1]) if len(value) == 2 and value[0] == 200 and type(value[0]) is int else None  # noqa: PLR2004
    if type(value) is not dict:
        return None
    if "json" in value and type(value.get("content")) is not dict:
        return [Part([_row(value)])]
    if "type" in value:
        return None
    return next((list(read(value)) for key, read in _RESPONSES.items() if key in value), None)


def _row(row: Mapping[str, Any]) -> Any:
    """The event in a row of a table. What the row says of its ids, the event need not."""
    try:
        event = read_json(row["json"].encode(errors="surrogatepass")) if type(row["json"]) is str else row["json"]
    except ValueError as problem:
        raise EventError("json", str(problem)) from None
    ids = {key: row[key] for key in ("event_id", "room_id") if type(row.get(key)) is str}
    if type_of(event) == CREATE and "room_id" not in mapping(event, "json"):
        ids.pop("room_id", None)  # since version 12 a creation names no room
    return {**ids, **mapping(event, "json")}


def _sync(response: Mapping[str, Any]) -> Iterator[Part]:
    rooms = mapping(response["rooms"], "rooms")
    if "pos" in response or any(room_id.startswith("!") for room_id in rooms):
        for room_id, room in rooms.items():
            yield from _sliding_room(mapping(room, f"rooms.{shorten(room_id)}"), room_id)
        return
    for section, inside in rooms.items():
        for room_id, room in mapping(inside, f"rooms.{shorten(section)}").items():
            place = f"rooms.{shorten(section)}.{shorten(room_id)}"
            yield from _synced_room(mapping(room, place), place, room_id)


def _synced_room(room: Mapping[str, Any], place: str, room_id: str) -> Iterator[Part]:
    """A room of a `/sync`.

    Spec: "Updates to the state, between the time indicated by the `since` parameter, and the **end** of the
    `timeline`" (`state_after`)
    """
    held = {key: mapping(room[key], f"{place}.{shorten(key)}") for key in room if key not in _PRIVATE}
    events = {
        key: _of_room(sequence(part.get("events", []), f"{place}.{shorten(key)}.events"), room_id)
        for key, part in held.items()
        if "events" in part or key in ("timeline", *_STATES_BEFORE, *_STATES_AFTER)
    }
    for key in _STATES_BEFORE:
        yield from _state(events.pop(key, []))
    timeline = events.pop("timeline", [])
    after = [events.pop(key) for key in _STATES_AFTER if key in events]
    is_cut = held.get("timeline", {}).get("limited") is True or any(map(_has_creation, after))
    yield from _timeline(timeline, is_past=bool(after) and is_cut)
    for state in after:
        yield from _state(state)
    for key, unread in events.items():
        if unread:
            yield Part([], note=f"`{place}.{shorten(key)}` holds {len(unread)} events that are not read")


def _sliding_room(room: Mapping[str, Any], room_id: str) -> Iterator[Part]:
    """A room of a sliding sync: its state is that after the timeline."""
    place = f"rooms.{shorten(room_id)}"
    events = {
        key: _of_room(sequence(room[key], f"{place}.{key}"), room_id)
        for key in ("timeline", "required_state", *_STRIPPED)
        if room.get(key) is not None
    }
    is_cut = room.get("limited") is True or room.get("initial") is True
    for key in _STRIPPED:
        yield from _state(events.get(key, []))
    yield from _timeline(events.get("timeline", []), is_past=is_cut)
    yield from _state(events.get("required_state", []))


def _page(response: Mapping[str, Any]) -> Iterator[Part]:
    events = sequence(response["chunk"], "chunk")
    start, end = (response.get(key) for key in ("start", "end"))
    state = sequence(response.get("state", []), "state")
    if _has_creation(state):
        yield from _state(state)
    elif state:
        yield Part([], note=f"the {len(state)} events of `state`, which say who the senders are, are not read")
    if "start" not in response and "end" not in response and _is_members(events):
        yield Part(events, _STATE, note=f"{len(events)} events of `{MEMBER}` are taken to be a state (`/members`)")
        return
    directions = {"b": _NEWEST, "f": _OLDEST}
    said = response.get("dir")
    order = directions.get(said) if type(said) is str else None
    begins, ends = (mark if type(mark) is str else None for mark in (start, end))
    yield Part(events, order or _compare(begins, ends), usual=_NEWEST, begins=begins, ends=ends)


def _compare(begins: str | None, ends: str | None) -> Order | None:
    """Which way a page goes that begins and ends at these tokens, if they tell.

    A token begins with a position in the history, such as `t47429-4392820_219380`, which
    can be compared where it is of the same kind in both.
    """
    positions = [re.match(r"([a-z]*)([0-9]{1,18})(?:[-~.]([0-9]{1,18}))?", token or "") for token in (begins, ends)]
    first, last = ((each[1], int(each[2]), int(each[3] or 0)) if each else None for each in positions)
    if first is None or last is None or first[0] != last[0] or first == last:
        return None
    return _OLDEST if first < last else _NEWEST


def _context(response: Mapping[str, Any]) -> Iterator[Part]:
    """Spec: "events that happened just before the requested event, in reverse-chronological order"."""
    before, after, state = (sequence(response.get(key, []), key) for key in ("events_before", "events_after", "state"))
    middle = [response["event"]] if "event" in response else []
    yield Part(before, _NEWEST, is_fixed=True, is_past=bool(state))
    yield Part([*middle, *after], _OLDEST, is_fixed=True, is_past=bool(state))
    yield from _state(state)


def _join(response: Mapping[str, Any]) -> Iterator[Part]:
    """Spec: "The resolved current room state prior to the join event" (`/send_join`)."""
    if response.keys().isdisjoint(("state", "pdus", "event")):
        raise EventError("auth_chain", "is no history and no state, and there is nothing else")
    yield from _state(sequence(response.get("state", response.get("pdus", [])), "state"))
    if "event" in response:
        yield from _timeline([response["event"]])
    if chain := sequence(response["auth_chain"], "auth_chain"):
        yield Part([], note=f"the {len(chain)} events of `auth_chain`, which are not of the state, are not read")
    if response.get("members_omitted") is True:
        yield Part([], note="most members are left out of the state (`members_omitted`)")


def _history(key: str, order: Order | None = _OLDEST) -> Callable[[Mapping[str, Any]], Iterator[Part]]:
    """The reader of responses that hold a history under a key."""
    return lambda response: iter([Part(sequence(response[key], key), order)])


def _state(events: Sequence[Any]) -> Iterator[Part]:
    if events:
        yield Part(events, _STATE, is_fixed=True)


def _timeline(events: Sequence[Any], *, is_past: bool = False) -> Iterator[Part]:
    if events:
        yield Part(events, _OLDEST, is_fixed=True, is_past=is_past and not _has_creation(events))


_RESPONSES: Mapping[str, Callable[[Mapping[str, Any]], Iterator[Part]]] = {
    "rooms": _sync,
    "events_before": _context,
    "events_after": _context,
    "chunk": _page,
    "auth_chain": _join,
    "pdus": _history("pdus", None),
    "messages": _history("messages"),
    "events": _history("events"),
    "state": _history("state", _STATE),
    "knock_room_state": _history("knock_room_state", _STATE),
    "event": lambda response: _timeline([response["event"]]),
    # A quiet `/sync` or sliding sync.
    "next_batch": lambda _: iter(()),
    "pos": lambda _: iter(()),
}
"""How a response is read, by a key that tells what it is: the first one that it has."""


def _of_room(events: Sequence[Any], room_id: str) -> list[Any]:
    """The events, each told which room it is of."""
    return [{"room_id": room_id, **event} if type(event) is dict else event for event in events]


def _has_creation(events: Sequence[Any]) -> bool:
    return any(type_of(event) == CREATE for event in events)


def _is_members(events: Sequence[Any]) -> bool:
    """Whether these are the memberships of different users."""
    keys = {repr(event.get("state_key")) for event in events if type_of(event) == MEMBER}
    return 0 < len(events) == len(keys)


def _order_of(events: Sequence[Any]) -> Order | None:
    """The order in which servers say that these events follow one another: by what came before each, else by depth."""
    read = [event for event in events if type(event) is dict]
    if any(type_of(event) == CREATE for event in events[1:-1]):
        return None  # the creation comes before all others, so that this is no history
    places = {event["event_id"]: place for place, event in enumerate(read) if type(event.get("event_id")) is str}
    steps = {
        place - places[cited] > 0
        for place, event in enumerate(read)
        for cited in _cited(event.get("prev_events"))
        if places.get(cited, place) != place
    }
    if not steps:
        depths = [event["depth"] for event in read if type(event.get("depth")) is int]
        if len(depths) == len(events):
            steps = {later > earlier for earlier, later in pairwise(depths) if later != earlier}
    return None if len(steps) != 1 else _OLDEST if steps.pop() else _NEWEST


def _cited(previous: object) -> Iterator[str]:
    """The ids in `prev_events`; in versions 1 and 2 each stands beside hashes."""
    for each in previous if type(previous) is list else ():
        event_id = each[0] if type(each) is list and each else each
        if type(event_id) is str:
            yield event_id


def _naming(policy: MatrixPolicy | None) -> Callable[[Mapping[str, Any]], Mapping[str, Any]]:
    """Compute the ids of the events of a log that lack them, room by room by the version that the creation names.

    Events that name no room are of the one whose creation, which named none either, came last.
    """
    versions: dict[str | None, str] = {}
    unnamed: str | None = None

    def name(event: Mapping[str, Any]) -> Mapping[str, Any]:
        nonlocal unnamed
        if event.get("state_key", "") is None:  # as tables write what is not there
            event = {key: value for key, value in event.items() if key != "state_key"}
        content = event.get("content")
        is_creation = event.get("type") == CREATE and type(content) is dict
        if not is_creation and unnamed is not None and "room_id" not in event:
            event = {"room_id": unnamed, **event}
        if not is_creation and "event_id" in event:
            return event
        version: Any = policy.version if policy else versions.get(room_of(event))
        if is_creation and policy is None:
            version = mapping(content, "content").get("room_version", "1")
        known = VERSIONS.get(version) if type(version) is str else None
        if known is None:
            return event
        if "event_id" not in event and known.version in NAMINGS and is_whole(event):
            event = {**event, "event_id": event_id_of(event, known.version)}
        if is_creation:
            versions[room_of(event)] = known.version
            if "room_id" not in event:
                unnamed = room_of(event)
        return event

    return name


SHAPES = Shapes(
    title="Matrix",
    creation=CREATE,
    types=frozenset((MEMBER, POWER_LEVELS)),
    names=NAMES,
    unfold=_unfold,
    order_of=_order_of,
    naming=_naming,
)
