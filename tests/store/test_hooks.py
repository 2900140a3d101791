"""Hooks of participants in stored rooms: called once a change is durable, and what they do is stored as well."""

import asyncio
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from fsm import Change, DefinitionError, ObserverError, Participant
from fsm.store import AsyncStore, Store
from tests.builders import ALICE, BAN, BOB, CAROL, INVITE, JOIN, change, join_rule

TEA = "!room:a.example"
HEARD: list[tuple[str, int, str]] = []


class Guest(Participant):
    __slots__ = ()

    def on_enter_join(self, told: Change) -> None:
        HEARD.append((self.user, told.revision, str(self.state)))

    def after_ban(self, _: Change) -> None:
        """Who is banned is taken back at once."""
        with Store(URL[0]) as other:
            assert other.who(TEA)[self.user] == "ban", "it is durable"
        assert self.may("leave", by=ALICE)
        assert self.trigger("leave", by=ALICE).transition == "unban"

    def after_kick(self, _: Change) -> None:
        raise KeyError(self.user)


URL: list[str] = []


@pytest.fixture
def guests(url: str) -> Iterator[Store]:
    HEARD.clear()
    URL[:] = [url]
    with Store(url, participant=Guest) as store:
        store.create(TEA, ALICE)
        store.send(TEA, join_rule("public"))
        yield store


def test_hooks_are_called_when_a_change_is_durable(guests: Store) -> None:
    guests.send(TEA, change(JOIN, BOB))
    guests.send_many([(TEA, change(INVITE, ALICE, CAROL)), (TEA, change(JOIN, CAROL)), (TEA, change(JOIN, CAROL))])
    assert HEARD == [(ALICE, 1, "join"), (BOB, 3, "join"), (CAROL, 5, "join")]
    assert guests.send(TEA, change(BAN, ALICE, BOB)).transition == "ban"
    assert guests.who(TEA) == {ALICE: "join", CAROL: "join"}
    assert [each.transition for _, each in guests.changes()][-2:] == ["ban", "unban"]
    with pytest.raises(ObserverError, match=CAROL) as caught:
        guests.send(TEA, change("leave", ALICE, CAROL))
    assert caught.value.decision.transition == "kick", "the change stands"
    assert CAROL not in guests.who(TEA)


class Lost(Participant):
    __slots__ = ()

    def on_enter_nowhere(self, _: Change) -> None: ...


class Waiting(Participant):
    __slots__ = ()

    async def on_enter_join(self, told: Change) -> None:
        await asyncio.sleep(0)
        HEARD.append((self.user, told.revision, str(self.state)))


def test_hooks_that_cannot_be_called_are_refused_before_anything_is_judged(guests: Store, url: str) -> None:
    joined: dict[str, Any] = change(JOIN, BOB)
    for kind, problem in ((Lost, "is named for nothing that policy `mimi` has"), (Waiting, "has to be awaited")):
        with Store(url, participant=kind) as store:
            with pytest.raises(DefinitionError, match=problem):
                store.send(TEA, joined)
            with pytest.raises(DefinitionError, match=problem):
                store.create("!new", ALICE)
    guests.observe(Waiting(guests.room(TEA), BOB).on_enter_join)
    with pytest.raises(DefinitionError, match="use `AsyncStore`"):
        guests.send(TEA, joined)
    assert guests.room(TEA).revision == 2


def test_hooks_are_awaited(sqlite: str) -> None:
    HEARD.clear()

    async def main() -> None:
        async with AsyncStore(sqlite, participant=Waiting) as store:
            await store.create(TEA, ALICE)
            await store.send_many([(TEA, join_rule("public")), (TEA, change(JOIN, BOB))])

    thread = Thread(target=lambda: asyncio.run(main()))
    thread.start()
    thread.join()
    assert HEARD == [(ALICE, 1, "join"), (BOB, 3, "join")]
