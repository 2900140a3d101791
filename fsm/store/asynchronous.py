"""The store for asyncio: the same one, whose work is done in threads.

The database's drivers wait, and the judging between their calls takes microseconds; so
threads are all that is needed, and there is one store and not two. Only observers are called
in the loop: those that are coroutines are awaited.
"""

from asyncio import Lock, ensure_future, shield, to_thread
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self, TypeVar

from fsm.change import Change, Kind
from fsm.decision import Decision
from fsm.errors import ObserverError
from fsm.family import AnyPolicy
from fsm.observers import Observer, tell_async
from fsm.state import AnyState
from fsm.store.migration import Migration
from fsm.store.outbox import Cursor
from fsm.store.rooms import RoomRow
from fsm.store.store import Store
from fsm.store.telling import Answers

T = TypeVar("T")


class AsyncStore:
    """What `fsm.store.Store` is, with the same parameters; it is opened when it is first asked for something.

    A task that is cancelled does not keep from being stored what it has sent, nor observers from being told.
    """

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        self._options = options
        self._store: Store | None = None
        self._opening = Lock()
        self._watched: list[tuple[Observer, tuple[str, ...], list[Callable[[], None]]]] = []

    async def __aenter__(self) -> Self:
        await self._opened()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _opened(self) -> Store:
        async with self._opening:
            if self._store is None:
                self._store = await to_thread(Store, self._url, **self._options)
                for observer, kinds, ends in self._watched:
                    ends.append(self._store.observe(observer, of=kinds))
            return self._store

    async def _ask(self, method: Callable[..., T], *given: Any, **named: Any) -> T:
        return await to_thread(method, await self._opened(), *given, **named)

    async def close(self) -> None:
        """Let go of all connections."""
        if self._store is not None:
            await to_thread(self._store.close)

    async def create(self, room_id: str, creator: str, **more: Any) -> Any:
        """See `Store.create`."""
        answers = await shield(ensure_future(self._tell(await self._opened(), Store.created, room_id, creator, **more)))
        return await self._ask(Store.room, answers[0].room)

    async def add(self, room_id: str, **more: Any) -> None:
        """See `Store.add`."""
        await self._ask(Store.add, room_id, **more)

    async def send(self, room_id: str, event: Mapping[str, Any]) -> Decision:
        """See `Store.send`."""
        store = await self._opened()
        return (await shield(ensure_future(self._tell(store, Store.sent, room_id, event))))[0].decision

    async def send_many(self, events: Iterable[tuple[str, Mapping[str, Any]]]) -> list[Decision]:
        """See `Store.send_many`."""
        store = await self._opened()
        changes = await shield(ensure_future(self._tell(store, Store.sent_many, [*events])))
        return [change.decision for change in changes]

    @staticmethod
    async def _tell(store: Store, work: Callable[..., Answers], *given: Any, **named: Any) -> list[Change]:
        """Do what stores changes, and tell them."""
        answers = await to_thread(work, store, *given, **named)
        errors: list[ObserverError] = []
        for slot, change in answers.to_tell:
            try:
                await tell_async(slot.attached, change)
            except ObserverError as error:
                errors.append(error)
        if errors:
            raise errors[0]
        return answers.changes

    def observe(self, observer: Observer, *, of: Iterable[str] = (Kind.CHANGE,)) -> Callable[[], None]:
        """See `Store.observe`; what is called can be a coroutine."""
        watched = (observer, (of,) if isinstance(of, str) else tuple(of), list[Callable[[], None]]())
        self._watched.append(watched)
        if self._store is not None:
            watched[2].append(self._store.observe(observer, of=watched[1]))

        def end() -> None:
            if watched in self._watched:
                self._watched.remove(watched)
            for each in watched[2]:
                each()

        return end

    async def room(self, room_id: str) -> Any:
        """See `Store.room`."""
        return await self._ask(Store.room, room_id)

    async def rooms(self, after: str = "", limit: int = 1000) -> list[RoomRow]:
        """See `Store.rooms`."""
        return await self._ask(Store.rooms, after, limit)

    async def who(self, room_id: str) -> dict[str, AnyState]:
        """See `Store.who`."""
        return await self._ask(Store.who, room_id)

    async def rooms_of(self, user: str) -> dict[str, AnyState]:
        """See `Store.rooms_of`."""
        return await self._ask(Store.rooms_of, user)

    async def rooms_where(self, action: str, user: str, *, target: str | None = None) -> dict[str, str]:
        """See `Store.rooms_where`."""
        return await self._ask(Store.rooms_where, action, user, target=target)

    async def migrate(self, policy: str | AnyPolicy, *given: Any, **named: Any) -> Migration:
        """See `Store.migrate`."""
        return await self._ask(Store.migrate, policy, *given, **named)

    async def changes(
        self, after: Sequence[int] | None = None, limit: int = 1000, *, room_id: str | None = None
    ) -> list[tuple[Cursor, Change]]:
        """See `Store.changes`."""
        return await self._ask(Store.changes, after, limit, room_id=room_id)

    async def last_changes(self, limit: int = 10, *, room_id: str | None = None) -> list[tuple[Cursor, Change]]:
        """See `Store.last_changes`."""
        return await self._ask(Store.last_changes, limit, room_id=room_id)

    async def acknowledge(self, consumer: str, cursor: Sequence[int]) -> None:
        """See `Store.acknowledge`."""
        await self._ask(Store.acknowledge, consumer, cursor)

    async def cursor(self, consumer: str) -> Cursor | None:
        """See `Store.cursor`."""
        return await self._ask(Store.cursor, consumer)

    async def forget(self, user: str) -> int:
        """See `Store.forget`."""
        return await self._ask(Store.forget, user)
