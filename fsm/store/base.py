"""What all parts of a store work with: the database, the policies, the rooms in memory."""

from collections.abc import Iterable
from typing import Self

from sqlalchemy import URL

from fsm.errors import StoreError, shorten
from fsm.family import AnyPolicy
from fsm.observers import Watcher
from fsm.own_facts import Provider
from fsm.participant import Participant
from fsm.store.databases import opened
from fsm.store.known import Known
from fsm.store.rooms import Rooms


class StoreBase:
    """A store that is opened; `Store` says what it is told."""

    def __init__(  # noqa: PLR0913 - what can be told of a store
        self,
        url: str | URL,
        *,
        policies: Iterable[AnyPolicy] = (),
        facts: Provider | None = None,
        participant: type[Participant] = Participant,
        cache: int = 1024,
        keep: int | None = None,
        must_exist: bool = False,
    ) -> None:
        for name, value, least in (("cache", cache, 1), ("keep", 0 if keep is None else keep, 0)):
            if type(value) is not int or value < least:
                raise StoreError(f"`{name}` is a whole number from {least} up, not {shorten(repr(value))}")
        self._database = opened(url, must_exist=must_exist)
        self._known = Known(policies, facts, participant)
        self._rooms = Rooms(self._database, self._known, cache)
        self._keep = keep
        self._watchers: tuple[Watcher, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._database.close()
