"""Texts of a class of their own that compare as other texts do: rooms go by what is written in them."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

import pytest

from fsm import EventError
from tests.builders import ALICE, BOB, CAROL, ROOM_ID, change, joined, message, role, role_map, room
from tests.matrix import builders as m

OTHER_ID, NEW, KNOWN = "!other:hub.example", "$new", "$known"


class Pretending(str):
    """A text that compares, and is found, as another one is."""

    __slots__ = ("claims",)

    claims: str

    def __new__(cls, text: str, claims: str) -> Self:
        made = super().__new__(cls, text)
        made.claims = claims
        return made

    def __eq__(self, other: object) -> bool:
        return self.claims == other

    def __ne__(self, other: object) -> bool:
        return self.claims != other

    def __hash__(self) -> int:
        return hash(self.claims)

    def isascii(self) -> bool:
        return True

    def __len__(self) -> int:
        return len(self.claims)


IDS = {"event_id": NEW, "room_id": ROOM_ID}
CLAIMS = (ALICE, BOB, CAROL, "join", "ban", "m.user", "m.room.member", "m.message", ROOM_ID, OTHER_ID, NEW, KNOWN, "")


def mimi() -> Any:
    staff = [role("mod", {"kick": True, "ban": True}), role_map(("mod", 5, [ALICE]))]
    here = room(*joined(BOB, CAROL), *staff)
    assert here.send({**message(BOB), "event_id": KNOWN, "room_id": ROOM_ID})
    return here


def matrix() -> Any:
    here = m.room(*m.members(join=[ALICE, BOB, CAROL]), m.levels(users={ALICE: 100}), version="11")
    assert here.send({"type": "m.message", "sender": BOB, "content": {}, "event_id": KNOWN, "room_id": ROOM_ID})
    return here


def member(word: str, sender: str, target: str) -> dict[str, Any]:
    return {"type": "m.room.member", "sender": sender, "state_key": target, "content": {"membership": word}}


# fmt: off
EVENTS: list[tuple[Callable[[], Any], dict[str, Any]]] = [
    (mimi,   change("leave", ALICE, BOB)),
    (mimi,   change("leave", BOB, ALICE)),
    (mimi,   {**change("leave", BOB, BOB), **IDS}),
    (mimi,   {**change("ban", BOB, CAROL), "event_id": KNOWN, "room_id": ROOM_ID}),
    (mimi,   {**change("ban", ALICE, CAROL), "event_id": NEW, "room_id": OTHER_ID}),
    (mimi,   {**message(BOB), **IDS}),
    (matrix, member("leave", ALICE, BOB)),
    (matrix, member("leave", BOB, ALICE)),
    (matrix, {**member("leave", BOB, BOB), **IDS}),
    (matrix, {**member("ban", ALICE, CAROL), "event_id": NEW, "room_id": OTHER_ID}),
    (matrix, {"type": "m.message", "sender": BOB, "content": {"body": "tea"}, **IDS}),
    (matrix, {"type": "m.room.topic", "sender": BOB, "state_key": "", "content": {}, **IDS}),
]
# fmt: on


def pretending(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The event with one of its texts as one that claims to be another text."""
    for claim in CLAIMS:
        for name, value in event.items():
            if isinstance(value, str):
                yield {**event, name: Pretending(value, claim)}
            else:
                yield from ({**event, name: {**value, part: Pretending(value[part], claim)}} for part in value)


def answer(ask: Callable[[Any], object], event: Mapping[str, Any]) -> object:
    try:
        return ask(event)
    except EventError as problem:
        return str(problem)


@pytest.mark.parametrize(("make", "event"), EVENTS)
def test_a_text_is_what_is_written_in_it(make: Callable[[], Any], event: dict[str, Any]) -> None:
    here, sent = make(), make()
    decided, answered = answer(here.decide, event), answer(sent.send, event)
    for asked in pretending(event):
        assert answer(here.decide, asked) == decided, asked
        another = make()
        assert answer(another.send, asked) == answered, asked
        assert another.snapshot() == sent.snapshot(), asked
