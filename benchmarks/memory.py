"""What a (room, user) pair takes: `python -m benchmarks.memory KIND SIZE PAIRS` prints bytes per pair.

Rooms are made as a host makes them, by the public interface. What counts is the memory
that the operating system has given to the process, so every measurement has a process
of its own. The ids of users are made before: whoever has a user has their id. All else
counts: rooms, their ids, their settings, and what the memory's own book-keeping wastes.
"""

import gc
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from benchmarks.clock import in_fresh_process
from benchmarks.machines import Model, stock_machine
from fsm import Room
from fsm.matrix.events import MEMBER
from fsm.matrix.room import MatrixRoom

R = TypeVar("R", Room, MatrixRoom)

PAIRS = 1_000_000
SIZES = (5, 50, 2_000)
_LESS = {"mimi-roles": 5, "matrix-levels": 5}
"""A fifth of the pairs tells as much, where to set up the rooms takes long."""

_FEW = 2_000
"""So many machines are enough to know what one takes."""


@dataclass(frozen=True)
class Footprint:
    """Bytes per pair, by the size of the room."""

    name: str
    bytes: tuple[float, ...]


def footprints() -> list[Footprint]:
    """All kinds of rooms in all sizes, each in a process of its own."""
    kinds = {
        "MIMI room": "mimi",
        "MIMI room with roles": "mimi-roles",
        "Matrix room": "matrix",
        "Matrix room with power levels": "matrix-levels",
    }
    rooms = [
        Footprint(name, tuple(in_fresh_process("memory", kind, size, PAIRS // _LESS.get(kind, 1)) for size in SIZES))
        for name, kind in kinds.items()
    ]
    pair = in_fresh_process("memory", "transitions", 1, _FEW)
    return [*rooms, Footprint("`transitions`, a machine per pair", (pair,) * len(SIZES))]


def mimi(number: int, users: list[str]) -> Room:
    """A public room that all have joined."""
    room = Room.create(f"!room{number}:hub.example", users[0])
    send(room, "m.room.join_rules", users[0], {"rule": "public"})
    return joined(room, users, "m.room.user", "participation")


def mimi_roles(number: int, users: list[str]) -> Room:
    """The same with two roles, an owner and a moderator."""
    room = mimi(number, users)
    staff = {"invite": True, "kick": True, "ban": True, "redact": True}
    lists = {"roles": ["owner", "moderator"], "events": {"m.room.role_map": True, "m.room.name": True}}
    send(room, "m.room.role", users[0], {"permissions": {**staff, **lists}}, "owner")
    send(room, "m.room.role", users[0], {"permissions": staff}, "moderator")
    roles = [{"role_id": name, "order": order, "user_ids": [users[place]]}
             for place, (name, order) in enumerate({"owner": 100, "moderator": 50}.items())]  # fmt: skip
    send(room, "m.room.role_map", users[0], {"roles": roles})
    return room


def matrix(number: int, users: list[str]) -> MatrixRoom:
    """A public Matrix room that all have joined."""
    room = MatrixRoom.create(f"!room{number}:hub.example", users[0])
    send(room, "m.room.join_rules", users[0], {"join_rule": "public"})
    return joined(room, users, MEMBER, "membership")


def matrix_levels(number: int, users: list[str]) -> MatrixRoom:
    """The same with a power level of one user's own."""
    room = matrix(number, users)
    send(room, "m.room.power_levels", users[0], {"users": {users[1]: 50}})
    return room


def machine(_: int, __: list[str]) -> Model:
    """A stock machine for one pair."""
    model = Model()
    stock_machine(model, "join")
    return model


KINDS: dict[str, Callable[[int, list[str]], Any]] = {
    "mimi": mimi,
    "mimi-roles": mimi_roles,
    "matrix": matrix,
    "matrix-levels": matrix_levels,
    "transitions": machine,
}


def send(room: Room | MatrixRoom, event_type: str, sender: str, content: dict[str, Any], key: str = "") -> None:
    """Send a state event, which has to be allowed."""
    if not room.send({"type": event_type, "sender": sender, "state_key": key, "content": content}):
        raise ValueError(event_type)


def joined(room: R, users: list[str], event_type: str, key: str) -> R:
    """All but the creator join."""
    for user in users[1:]:
        send(room, event_type, user, {key: "join"}, user)
    return room


def resident() -> int:
    """The bytes of memory that the process has now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measure one kind of room."""
    kind, size, pairs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    users = [f"@user{number}:host{number % 97}.example" for number in range(size)]
    make = KINDS[kind]
    make(0, users)  # what is loaded or made once is no part of it
    rooms: list[Any] = [None] * (pairs // size)
    before = resident()
    for number in range(len(rooms)):
        rooms[number] = make(number, users)
    print((resident() - before) / (len(rooms) * size))


if __name__ == "__main__":
    main()
