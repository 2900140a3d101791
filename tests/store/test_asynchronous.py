"""The store for asyncio: the same answers; observers are awaited, and told although a task is cancelled."""

import asyncio
from typing import Any

import pytest

from fsm import Change, ObserverError
from fsm.store import AsyncStore, Cursor, Store, StoreError
from tests.builders import ALICE, BAN, BOB, JOIN, LEAVE, change, join_rule, message
from tests.test_changes import awaited

TEA = "!room:a.example"


def test_all_that_a_store_does_can_be_awaited(url: str) -> None:
    async def day() -> None:
        told = list[Any]()

        async def hear(change: Change) -> None:
            await asyncio.sleep(0)
            told.append(change.revision)

        async with AsyncStore(url) as store:
            end = store.observe(hear)
            assert (await store.create(TEA, ALICE)).revision == 1
            await store.send(TEA, join_rule("public"))
            answers = await asyncio.gather(*(store.send(TEA, change(JOIN, f"@u{number}")) for number in range(9)))
            assert [each.transition for each in answers] == ["join"] * 9
            assert [
                bool(each) for each in await store.send_many([(TEA, change(BAN, ALICE, BOB)), (TEA, message(BOB))])
            ] == [True, False]
            assert sorted(told) == [1, *range(3, 13)]
            end()
            await store.send(TEA, change(LEAVE, ALICE, BOB))
            assert len(told) == 11
            assert (await store.room(TEA)).revision == 13
            assert len(await store.who(TEA)) == 10
            assert await store.rooms_of("@u3") == {TEA: "join"}
            changes = await store.changes(limit=2)
            assert changes == (await store.last_changes(99))[:2]
            await store.acknowledge("mail", changes[0][0])
            assert await store.cursor("mail") == changes[0][0]
            assert isinstance(changes[0][0], Cursor)
            assert await store.forget(BOB) == 1
            assert [each.id for each in await store.rooms()] == [TEA]

    awaited(day())


def test_a_failing_observer_and_a_cancelled_task(sqlite: str) -> None:
    async def day() -> None:
        told = list[int]()
        begun, goes_on = asyncio.Event(), asyncio.Event()

        async def wait(change: Change) -> None:
            begun.set()
            await goes_on.wait()
            told.append(change.revision)

        async with AsyncStore(sqlite) as store:
            await store.create(TEA, ALICE)
            await store.send(TEA, join_rule("public"))
            store.observe(wait)
            task = asyncio.create_task(store.send(TEA, change(JOIN, BOB)))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            goes_on.set()
            await store.send(TEA, change(LEAVE, BOB))
            while len(told) < 2:  # noqa: ASYNC110 - whoever tells says nothing when it is done
                await asyncio.sleep(0)
            assert told == [3, 4]
            store.observe(lambda _: 1 / 0)
            with pytest.raises(ObserverError):
                await store.send(TEA, change(JOIN, BOB))
            assert BOB in await store.who(TEA)

    awaited(day())


def test_a_store_that_cannot_be_opened() -> None:
    async def ask() -> None:
        with pytest.raises(StoreError, match="no URL of a database"):
            await AsyncStore("rooms.db").who(TEA)

    awaited(ask())


def test_nothing_is_left_out() -> None:
    public = {name for name in vars(Store) if not name.startswith("_")} - {"sent", "created", "sent_many", "fill"}
    assert public <= {name for name in vars(AsyncStore) if not name.startswith("_")}
