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
from typing import Any

from benchmarks.clock import in_fresh_process, sized
from benchmarks.machines import Model, stock_machine
from benchmarks.works import matrix, matrix_levels, mimi, mimi_half, mimi_roles, users_of
from fsm import Room

PAIRS = sized(1_000_000)
SIZES = (5, 50, 2_000)
BOUNDS = (100, 50, 30)
"""The most bytes of a pair in a plain MIMI room, by size."""

_LESS = {"mimi-roles": 5, "mimi-half": 5, "matrix-levels": 5}
"""A fifth of the pairs tells as much, where to set up the rooms takes long."""

_FEW = 2_000
"""So many machines are enough to know what one takes."""

_EVENTS, _ROOMS = sized(500_000), sized(100_000)
"""Events with ids in one room, and rooms with one such event."""


HALF = "MIMI room, half with roles"


@dataclass(frozen=True)
class Footprint:
    """Bytes per pair, by the size of the room."""

    name: str
    bytes: tuple[float, ...]


def footprints() -> list[Footprint]:
    """All kinds of rooms in all sizes, each in a process of its own."""
    kinds = {
        "MIMI room": "mimi",
        "MIMI room, two with roles": "mimi-roles",
        HALF: "mimi-half",
        "Matrix room": "matrix",
        "Matrix room with power levels": "matrix-levels",
    }
    rooms = [
        Footprint(name, tuple(in_fresh_process("memory", kind, size, PAIRS // _LESS.get(kind, 1)) for size in SIZES))
        for name, kind in kinds.items()
    ]
    pair = in_fresh_process("memory", "transitions", 1, _FEW)
    return [*rooms, Footprint("`transitions`, a machine per pair", (pair,) * len(SIZES))]


@dataclass(frozen=True)
class Past:
    """What is kept of events that carry ids: bytes for each event of a long past, and for a room with one."""

    event: float
    room: float


def past() -> Past:
    """Both, each in a process of its own. The texts of the ids do not count: they are the host's."""
    return Past(in_fresh_process("memory", "event", 1, _EVENTS), in_fresh_process("memory", "room", 1, _ROOMS))


def machine(_: int, __: list[str]) -> Model:
    """A stock machine for one pair."""
    model = Model()
    stock_machine(model, "join")
    return model


KINDS: dict[str, Callable[[int, list[str]], Any]] = {
    "mimi": mimi,
    "mimi-roles": mimi_roles,
    "mimi-half": mimi_half,
    "matrix": matrix,
    "matrix-levels": matrix_levels,
    "transitions": machine,
}


def resident() -> int:
    """The bytes of memory that the process has now."""
    gc.collect()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def event(number: int, ids: list[str], room: Room) -> None:
    """Somebody joins the public room, or joins it again, by an event with an id."""
    user = "@user:host.example"
    room.send({"type": "m.room.user", "sender": user, "state_key": user, "content": {"participation": "join"},
               "event_id": ids[number]})  # fmt: skip


def kept(kind: str, count: int) -> float:
    """Bytes for each event of one room, or for each room of one event; ids are made before."""
    ids = [f"${number}" for number in range(count)]
    users = users_of(1)
    rooms: list[Any] = [None] * count
    long = mimi(0, users)
    event(0, ids, mimi(0, users))
    before = resident()
    for number in range(count):
        if kind == "room":
            rooms[number] = mimi(number, users)
        event(number, ids, rooms[number] or long)
    return (resident() - before) / count


def main() -> None:
    """Measure one kind of room, or what is kept of events."""
    kind, size, pairs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    if kind not in KINDS:
        print(kept(kind, pairs))
        return
    users = users_of(size)
    make = KINDS[kind]
    make(0, users)  # what is loaded or made once is no part of it
    rooms: list[Any] = [None] * (pairs // size)
    before = resident()
    for number in range(len(rooms)):
        rooms[number] = make(number, users)
    print((resident() - before) / (len(rooms) * size))


if __name__ == "__main__":
    main()
