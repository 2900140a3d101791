"""The way of an event through `decide`: how often it comes into another module, and back up the layers."""

import sys
from collections.abc import Callable, Mapping
from types import FrameType, MappingProxyType
from typing import Any

import pytest

from tests.builders import ALICE, BOB, CAROL, change, join_rule, joined, role, role_map, room
from tests.matrix import builders as m
from tests.test_imports import FILES, height

NEW = "@new:hub.example"

MOST_VISITS, MOST_BACK_UP = 10, 2


def mimi() -> Any:
    staff = [role("mod", {"kick": True}), role_map(("mod", 5, [ALICE, BOB]))]
    here = room(*joined(BOB, CAROL), *staff)
    for number in range(9):
        assert here.send({"type": "m.message", "sender": BOB, "content": {}, "event_id": f"${number}"})
    return here


def matrix() -> Any:
    here = m.room(*m.members(join=[ALICE, BOB, CAROL]), m.levels(users={ALICE: 100, BOB: 50}), version="11")
    for number in range(9):
        assert here.send({"type": "m.message", "sender": BOB, "content": {}, "event_id": f"${number}"})
    return here


def member(sender: str, target: str, word: str, **more: Any) -> dict[str, Any]:
    content = {"membership": word, **more}
    return {"type": "m.room.member", "sender": sender, "state_key": target, "content": content}


def message(sender: str) -> dict[str, Any]:
    return {"type": "m.message", "sender": sender, "content": {"body": "x"}}


# fmt: off
CASES: list[tuple[Callable[[], Any], dict[str, Any]]] = [
    (mimi,   change("leave", BOB, CAROL)),
    (mimi,   {**change("leave", BOB, CAROL), "event_id": "$new"}),
    (mimi,   {**change("leave", BOB, CAROL), "event_id": "$new", "origin_server_ts": 7}),
    (mimi,   {**change("leave", BOB, CAROL), "content": {"participation": "leave", "reason": "été"}}),
    (mimi,   change("invite", ALICE, NEW)),
    (mimi,   change("join", NEW, NEW)),
    (mimi,   message(BOB)),
    (matrix, member(BOB, CAROL, "leave")),
    (matrix, {**member(BOB, CAROL, "leave"), "event_id": "$new"}),
    (matrix, member(BOB, CAROL, "leave", reason="spam")),
    (matrix, member(ALICE, NEW, "invite")),
    (matrix, message(BOB)),
    (matrix, {**message(BOB), "event_id": "$new"}),
]
# fmt: on


def entered(ask: Callable[[], object]) -> list[tuple[str, str, str]]:
    """Each call from one module of the package into another: from where, into which, and what is called."""
    calls: list[tuple[str, str, str]] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        module, before = frame.f_globals.get("__name__"), frame.f_back
        while before is not None and before.f_globals.get("__name__") not in FILES:
            before = before.f_back
        caller = "" if before is None else before.f_globals["__name__"]
        if event == "call" and module in FILES and module != caller:
            calls.append((caller, module, frame.f_code.co_name))

    sys.setprofile(note)
    try:
        ask()
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize(("make", "event"), CASES)
def test_a_decision_visits_few_modules(make: Callable[[], Any], event: Mapping[str, Any]) -> None:
    here = make()
    here.decide(event)  # what is decided for the first time is asked of the machine
    calls = entered(lambda: here.decide(event))
    assert 1 <= len(calls) <= MOST_VISITS, calls
    back_up = [call for call in calls if call[0] and height(call[1]) > height(call[0])]
    assert len(back_up) <= MOST_BACK_UP, back_up


@pytest.mark.parametrize(
    "event",
    [
        join_rule("public"),
        role_map(("mod", 5, [ALICE])),
        {**join_rule("public"), "event_id": "$new"},
        MappingProxyType(join_rule("public")),
    ],
)
def test_what_kind_of_event_it_is_is_asked_once(event: Mapping[str, Any]) -> None:
    here = mimi()
    called = [name for _, _, name in entered(lambda: here.decide(event))]
    assert called.count("kind_of") == 1
    assert called.count("read_event") == (type(event) is not dict)
