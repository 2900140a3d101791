"""What rooms keep for others holds no large content alive, however many of them come."""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from enum import StrEnum
from typing import Any

import pytest

from fsm import MatrixRoom, Room
from fsm.participation.terms import Participation
from fsm.past import given_as

ANN, BOB, ID = "@ann:a.example", "@bob:b.example", "!tea:a.example"
ROOMS, LETTERS = 8, 2**19

JSON = dict[str, Any]


def long(number: int, count: int) -> list[str]:
    """So many texts, that together have as many letters as a content is to have."""
    return [f"{number}.{each}.".ljust(LETTERS // count, "x") for each in range(count)]


def role(role_id: str, permissions: JSON) -> JSON:
    return {"type": "m.room.role", "sender": ANN, "state_key": role_id, "content": {"permissions": permissions}}


def role_map(*roles: JSON) -> JSON:
    return {"type": "m.room.role_map", "sender": ANN, "state_key": "", "content": {"roles": [*roles]}}


def levels(content: JSON) -> JSON:
    return {"type": "m.room.power_levels", "sender": ANN, "state_key": "", "content": content}


def roles_of(permissions: JSON, role_id: str = "host", users: list[str] | None = None) -> list[JSON]:
    """A role for somebody, and what somebody asks by it."""
    entry = {"role_id": role_id, "order": 5, "user_ids": [ANN, *(users or ())]}
    return [role(role_id, permissions), role_map(entry)]


CONTENTS: dict[str, tuple[Any, Callable[[int], list[JSON]]]] = {
    "many flags": (Room, lambda n: roles_of({"invite": True, "events": dict.fromkeys(long(n, 2**12), True)})),
    "long flags": (Room, lambda n: roles_of({"invite": True, "events": dict.fromkeys(long(n, 2**4), True)})),
    "many flags denied": (Room, lambda n: roles_of({"invite": True, "events": dict.fromkeys(long(n, 2**12), False)})),
    "roles to change": (Room, lambda n: roles_of({"invite": True, "roles": long(n, 2**4)})),
    "many users": (Room, lambda n: roles_of({"invite": True}, users=long(n, 2**12))),
    "long users": (Room, lambda n: roles_of({"invite": True}, users=long(n, 2**4))),
    "long ids": (Room, lambda n: roles_of({"invite": True}, long(n, 2**4)[0])),
    "levels of users": (
        MatrixRoom,
        lambda n: [levels({"users": {f"@{user}:b": 1 for user in long(n, 2**12)}, "events": {f"m.{n}": 3}})],
    ),
    "levels of many events": (MatrixRoom, lambda n: [levels({"events": dict.fromkeys(long(n, 2**12), 3)})]),
    "levels of long events": (MatrixRoom, lambda n: [levels({"events": dict.fromkeys(long(n, 2**4), 3)})]),
    "long types": (MatrixRoom, lambda n: [{"type": each, "sender": ANN, "content": {}} for each in long(n, 2**4)]),
}


def asked(room: Any) -> Iterator[JSON]:
    """Ordinary events, which rooms look up."""
    yield {"type": "m.tea", "sender": ANN, "content": {}}
    yield {"type": "m.tea", "sender": ANN, "content": {}, "state_key": ""}
    yield room._write("invite", ANN, BOB, None)
    yield room._write("knock", ANN, ANN, None)
    yield room._write("leave", BOB, ANN, None)


def play(kind: Any, events: list[JSON]) -> None:
    room = kind.create(ID, ANN)
    for event in events:
        assert room.send(event), event
        for other in asked(room):
            room.decide(other)


@pytest.mark.parametrize(("kind", "events"), CONTENTS.values(), ids=CONTENTS)
def test_no_large_content_is_kept_for_others(kind: Any, events: Callable[[int], list[JSON]]) -> None:
    play(kind, events(0))
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(1, 1 + ROOMS):
            play(kind, events(number))
        gc.collect()
        grown, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert grown < LETTERS // 4


def test_of_states_given_in_snapshots_few_are_kept() -> None:
    # A room with roles has its own states, and a snapshot says of what events they are the answers.
    assert all(given_as(state) is given_as(state) for state in Participation)
    for state in StrEnum("Many", [f"role_{number}" for number in range(1000)]):
        assert given_as(state).after is state
    assert given_as.cache_info().currsize < 100
