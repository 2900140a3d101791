"""What has changed in a store, in an order to which nothing is added behind what has been told."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import Select, select

from fsm.change import Change
from fsm.errors import StoreError, shorten
from fsm.store.base import StoreBase
from fsm.store.databases import reported
from fsm.store.rows import change_of, is_kept
from fsm.store.schema import CHANGES, CONSUMERS


class Cursor(NamedTuple):
    """A place in the order of all changes: as JSON a pair of numbers."""

    transaction: int
    number: int


class StoreOutbox(StoreBase):
    """A store that tells its changes to consumers, who say how far they are."""

    def changes(
        self, after: Sequence[int] | None = None, limit: int = 1000, *, room_id: str | None = None
    ) -> list[tuple[Cursor, Change]]:
        """What was accepted after a cursor, in an order to which nothing is added behind the last one told.

        A change whose policy is not at hand has only its id and fingerprint, and states of the same words; of
        one that was erased the event is empty. Raises `StoreError` for what is no cursor.
        """
        query = self._told(room_id).order_by(*self._database.order)
        if after is not None:
            query = query.where(self._database.is_after(*_cursor(after)))
        return self._read_changes(query, limit)

    def last_changes(self, limit: int = 10, *, room_id: str | None = None) -> list[tuple[Cursor, Change]]:
        """The last of them, oldest first."""
        query = self._told(room_id).order_by(*(column.desc() for column in self._database.order))
        return self._read_changes(query, limit)[::-1]

    def _told(self, room_id: str | None) -> Select[Any]:
        query = select(CHANGES).where(self._database.visible())
        return query if room_id is None else query.where(CHANGES.c.room_id == room_id)

    def _read_changes(self, query: Select[Any], limit: int) -> list[tuple[Cursor, Change]]:
        if type(limit) is not int or not 0 <= limit < 2**31:
            raise StoreError(f"`limit` is a whole number from 0 up, not {shorten(repr(limit))}")
        with reported(), self._database.reading() as connection:
            rows = connection.execute(query.limit(limit)).all()
        return [(Cursor(row.transaction, row.number), change_of(row, self._known.policy)) for row in rows]

    def acknowledge(self, consumer: str, cursor: Sequence[int]) -> None:
        """Note that a consumer has dealt with all changes up to a cursor. What is noted never goes back.

        Raises `StoreError` for a cursor that no change has been told with.
        """
        place = _cursor(cursor)
        if type(consumer) is not str or not is_kept(consumer):
            raise StoreError(f"a consumer is a name, not {shorten(repr(consumer))}")
        last = self.last_changes(1)
        if last and place > last[0][0]:
            raise StoreError(f"the cursor {list(place)} is beyond the last change, {list(last[0][0])}")
        row = {"name": consumer, "transaction": place.transaction, "number": place.number}
        with reported(), self._database.writing() as connection:
            connection.execute(self._database.point, row)

    def cursor(self, consumer: str) -> Cursor | None:
        """Up to where a consumer has dealt with the changes; None for one who has not begun."""
        query = select(CONSUMERS.c.transaction, CONSUMERS.c.number).where(CONSUMERS.c.name == consumer)
        with reported(), self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else Cursor(*row)


def _cursor(given: Sequence[int]) -> Cursor:
    """A pair of numbers. Raises `StoreError`."""
    pair = [*given] if isinstance(given, list | tuple) else []
    if len(pair) != len(Cursor._fields) or any(type(each) is not int or not 0 <= each < 2**63 for each in pair):
        raise StoreError(f"a cursor is a pair of whole numbers, as `changes` tells them, not {shorten(repr(given))}")
    return Cursor(*pair)
