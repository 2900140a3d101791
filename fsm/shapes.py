"""The shapes in which events come: alone, in an array, or in a response of the Matrix client-server API.

| shape | what is in it |
| --- | --- |
| an object with a `type` | one event |
| an array | a history, oldest or newest first; or, where that can only be so, a state (`/state`) |
| an object with a `chunk` | a history, oldest or newest first (`/messages`) |
| an object with `rooms` | by room, a state and the history that follows it (`/sync`) |

A history is to be judged, oldest event first. A state is not: its events are in no
order, and have been judged before. Anything else is passed on as one event, for whoever
reads events to complain.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fsm.event import mapping, sequence

CREATE = "m.room.create"
"""The type of the first event of any room."""

_SECTIONS = ("join", "leave", "invite", "knock")
_STATES = ("state", "invite_state", "knock_state")


@dataclass(frozen=True, slots=True)
class Piece:
    """An event as it was found, and whether it is part of a state that is given."""

    value: Any
    is_state: bool = False


def unfold(value: object) -> list[Piece]:
    """The events in a JSON value. Raises `EventError` when a response is malformed."""
    if isinstance(value, list):
        return list(_state(value) if _is_state(value) else map(Piece, oldest_first(value)))
    if not isinstance(value, dict) or "type" in value:
        return [Piece(value)]
    if "rooms" in value:
        return list(_sync(mapping(value["rooms"], "rooms")))
    if "chunk" in value:
        return list(map(Piece, oldest_first(sequence(value["chunk"], "chunk"))))
    return [Piece(value)]


def oldest_first(events: list[Any]) -> list[Any]:
    """A history in the order in which it happened: the creation, else the earlier time, tells which end is older."""
    if len(events) < 2 or _type(events[0]) == CREATE:  # noqa: PLR2004 - one event is in order
        return events
    first, last = (_time(event) for event in (events[0], events[-1]))
    is_reversed = _type(events[-1]) == CREATE or (first is not None and last is not None and first > last)
    return events[::-1] if is_reversed else events


def _is_state(events: list[Any]) -> bool:
    """Whether this can be no history, but the state of one room: nothing comes twice, and times are in no order.

    A history begins with the creation, and times then run forwards; or it ends with
    the creation, and they run backwards.
    """
    keys = [(event.get("type"), event["state_key"]) for event in events if type(event) is dict and "state_key" in event]
    places = [place for place, (event_type, _) in enumerate(keys) if event_type == CREATE]
    if len(keys) != len(events) or len(places) != 1 or len(set(map(repr, keys))) != len(keys):
        return False
    times = [time for time in map(_time, events) if time is not None]
    if places == [0]:
        return times != sorted(times)
    return places != [len(events) - 1] or times != sorted(times, reverse=True)


def _sync(rooms: Mapping[str, Any]) -> Iterator[Piece]:
    for section in _SECTIONS:
        for room_id, room in mapping(rooms.get(section, {}), f"rooms.{section}").items():
            place = f"rooms.{section}.{room_id}"
            parts = mapping(room, place)
            for part in _STATES:
                yield from _state(_placed(parts, part, place, room_id))
            yield from map(Piece, _placed(parts, "timeline", place, room_id))


def _placed(room: Mapping[str, Any], part: str, place: str, room_id: str) -> list[Any]:
    """The events of one part of a room, each told which room it is of."""
    inside = mapping(room.get(part, {}), f"{place}.{part}")
    events = sequence(inside.get("events", []), f"{place}.{part}.events")
    return [{"room_id": room_id, **event} if type(event) is dict else event for event in events]


def _state(events: Iterable[Any]) -> list[Piece]:
    """The events of a state, the creation first: it says how the others are to be read."""
    return [Piece(event, is_state=True) for event in sorted(events, key=lambda event: _type(event) != CREATE)]


def _type(event: object) -> object:
    return event.get("type") if type(event) is dict else None


def _time(event: object) -> int | float | None:
    time = event.get("origin_server_ts") if type(event) is dict else None
    return time if type(time) in (int, float) else None
