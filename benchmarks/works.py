"""What rooms take, by the public interface alone: `python works.py ROUNDS` prints seconds by round, as JSON.

This module needs nothing but `fsm`, so that the same file measures the release of today
and the first one, each in its own environment. Events are parsed anew for every round.
"""

import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar

from fsm import MatrixRoom, Room

Event: TypeAlias = Mapping[str, Any]
R = TypeVar("R", Room, MatrixRoom)

SMALL, LARGE, MANY = 5, 60, 300
STATE = 67
"""The state events of the larger rooms."""

_STAFF = {"invite": True, "kick": True, "ban": True, "redact": True}
_LISTS = {"roles": ["owner", "moderator"], "events": {"m.room.role_map": True, "m.room.name": True}}
_NAMES = ("owner", "moderator", "helper")


def users_of(size: int) -> list[str]:
    """So many user ids."""
    return [f"@user{number}:host{number % 97}.example" for number in range(size)]


def roles(users: list[str], holders: int) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, state key and content of the events by which so many users hold roles: an owner, and others below."""
    yield "m.room.role", "owner", {"permissions": {**_STAFF, **_LISTS}}
    yield "m.room.role", "moderator", {"permissions": _STAFF}
    yield "m.room.role", "helper", {"permissions": {"invite": True}}
    half = max(holders // 2, 2)
    held = zip(_NAMES, (100, 50, 10), (users[:1], users[1:half], users[half:holders]), strict=True)
    entries = [{"role_id": name, "order": order, "user_ids": holding} for name, order, holding in held if holding]
    yield "m.room.role_map", "", {"roles": entries}


def mimi_state(size: int = LARGE) -> list[Event]:
    """The state of a MIMI room that all have joined, and half of whom hold roles."""
    users = users_of(size)
    settings = (
        ("m.room.create", "", {}),
        ("m.room.join_rules", "", {"rule": "public"}),
        ("m.room.history_visibility", "", {"visibility": "shared"}),
        *roles(users, size // 2),
        *(("m.user", user, {"participation": "join"}) for user in users),
    )
    return list(_events("!room:hub.example", users[0], settings))


def matrix_state(size: int = LARGE) -> list[Event]:
    """The state of a Matrix room that all have joined, and half of whom have a power level."""
    users = users_of(size)
    settings: tuple[tuple[str, str, dict[str, Any]], ...] = (
        ("m.room.create", "", {"room_version": "11"}),
        ("m.room.power_levels", "", {"users": dict.fromkeys(users[: size // 2], 50) | {users[0]: 100}}),
        ("m.room.join_rules", "", {"join_rule": "public"}),
        *((f"m.room.{name}", "", {name: name}) for name in ("name", "topic", "avatar", "pinned_events")),
        *(("m.room.member", user, {"membership": "join"}) for user in users),
    )
    return list(_events("!room:hub.example", users[0], settings))


def changes(event_type: str, key: str, size: int = LARGE, count: int = MANY) -> list[Event]:
    """Changes that are asked for in such a room, half of them of oneself; a third is allowed."""
    users, words = users_of(size), ("invite", "join", "leave", "ban", "join", "leave")
    settings = ((event_type, users[number * 13 % size], {key: words[number % len(words)]}) for number in range(count))
    events = _events("!room:hub.example", "", settings)
    return [
        {
            **event,
            "event_id": f"$c{number}",
            "sender": event["state_key"] if number % 2 else users[number * 7 % size],
        }
        for number, event in enumerate(events)
    ]


def joined(room: R, users: list[str], event_type: str, key: str) -> R:
    """All but the creator join."""
    for user in users[1:]:
        send(room, event_type, user, {key: "join"}, user)
    return room


def mimi(number: int, users: list[str]) -> Room:
    """A public room that all have joined."""
    room = Room.create(f"!room{number}:hub.example", users[0])
    send(room, "m.room.join_rules", users[0], {"rule": "public"})
    return joined(room, users, "m.room.user", "participation")


def mimi_roles(number: int, users: list[str], holders: int = 2) -> Room:
    """The same, and so many hold roles."""
    room = mimi(number, users)
    for event_type, key, content in roles(users, holders):
        send(room, event_type, users[0], content, key)
    return room


def mimi_half(number: int, users: list[str]) -> Room:
    """The same, and half of all, rounded up, hold roles."""
    return mimi_roles(number, users, (len(users) + 1) // 2)


def matrix(number: int, users: list[str]) -> MatrixRoom:
    """A public Matrix room that all have joined."""
    room = MatrixRoom.create(f"!room{number}:hub.example", users[0])
    send(room, "m.room.join_rules", users[0], {"join_rule": "public"})
    return joined(room, users, "m.room.member", "membership")


def matrix_levels(number: int, users: list[str]) -> MatrixRoom:
    """The same with a power level of one user's own."""
    room = matrix(number, users)
    send(room, "m.room.power_levels", users[0], {"users": {users[1]: 50}})
    return room


def send(room: Room | MatrixRoom, event_type: str, sender: str, content: dict[str, Any], key: str = "") -> None:
    """Send a state event, which has to be allowed."""
    if not room.send({"type": event_type, "sender": sender, "state_key": key, "content": content}):
        raise ValueError(event_type)


def works() -> dict[str, Callable[[], float]]:
    """All works, by name: each takes one round, and says how many seconds of the processor one of its kind took."""
    users = users_of(SMALL)
    states: dict[str, tuple[Any, list[Event], list[Event]]] = {
        "MIMI": (Room, mimi_state(), changes("m.user", "participation")),
        "Matrix": (MatrixRoom, matrix_state(), changes("m.room.member", "membership")),
    }
    made: dict[str, Callable[[], float]] = {
        f"a MIMI room of {SMALL}, made": lambda: _repeated(lambda number: mimi(number, users)),
        f"a MIMI room of {SMALL}, half with roles, made": lambda: _repeated(lambda number: mimi_half(number, users)),
        f"a Matrix room of {SMALL}, made": lambda: _repeated(lambda number: matrix(number, users)),
    }
    for name, (kind, state, asked) in states.items():
        made[f"{name}: `from_state` of {STATE} events"] = _from_state(kind, state)
        made[f"{name}: `decide`, half of {LARGE} with roles"] = _asked(kind, state, asked, "decide")
        made[f"{name}: `send`, half of {LARGE} with roles"] = _asked(kind, state, asked, "send")
    return made


def _repeated(make: Callable[[int], object], times: int = 100) -> float:
    started = time.process_time()
    for number in range(times):
        make(number)
    return (time.process_time() - started) / times


def _from_state(kind: Any, state: list[Event], times: int = 20) -> Callable[[], float]:
    text = json.dumps(state)

    def once() -> float:
        given = [json.loads(text) for _ in range(times)]
        started = time.process_time()
        for events in given:
            kind.from_state(events)
        return (time.process_time() - started) / times

    return once


def _asked(kind: Any, state: list[Event], asked: list[Event], how: str) -> Callable[[], float]:
    text = json.dumps(asked)

    def once() -> float:
        ask, events = getattr(kind.from_state(state), how), json.loads(text)
        started = time.process_time()
        for event in events:
            ask(event)
        return (time.process_time() - started) / len(events)

    return once


def _events(room_id: str, sender: str, settings: Iterable[tuple[str, str, dict[str, Any]]]) -> Iterator[Event]:
    for number, (event_type, key, content) in enumerate(settings):
        yield {
            "type": event_type, "sender": sender, "state_key": key, "content": content, "room_id": room_id,
            "event_id": f"$s{number}",
        }  # fmt: skip


def main() -> None:
    """Measure, and print."""
    made = works()
    rounds = [{name: work() for name, work in made.items()} for _ in range(int(sys.argv[1]))]
    print(json.dumps({name: [each[name] for each in rounds] for name in made}))


if __name__ == "__main__":
    main()
