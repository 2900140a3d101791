"""What a store writes, as statements of SQLAlchemy, compiled once for the dialect of a database."""

from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Insert,
    Select,
    UpdateBase,
    bindparam,
    tuple_,
    update,
)
from sqlalchemy.sql.dml import ReturningInsert

from fsm.store.schema import CHECKPOINTS, CONSUMERS, ROOMS

WAIT = 30.0
"""So many seconds a store waits for a lock, where its URL does not say (`?timeout=` of SQLite)."""

Given = Mapping[str, Any]
"""What a statement is told, by name."""

Place = tuple[str, str, str | None]
"""A room, a user, and the state they are in there; None for the initial one, of which no row is kept."""

MOVE = (
    update(ROOMS)
    .where(
        ROOMS.c.id == bindparam("room"),
        ROOMS.c.revision == bindparam("expected"),
        ROOMS.c.erasures == bindparam("known_erasures"),
    )
    .values(
        revision=bindparam("revision_after"),
        policy=bindparam("policy_after"),
        fingerprint=bindparam("fingerprint_after"),
    )
)


class Prepared:
    """A statement that is compiled once: what is stored again and again need not be looked up each time."""

    def __init__(
        self, statement: UpdateBase | Select[Any], dialect: Dialect, columns: Iterable[str] | None = None
    ) -> None:
        """`columns` of an INSERT or UPDATE are those that are told, if it does not say so itself."""
        compiled: Any = statement.compile(dialect=dialect, column_keys=None if columns is None else [*columns])
        self._text = str(compiled)
        self._given: dict[str, Any] = dict(compiled.params)
        self.order: tuple[str, ...] = tuple(compiled.positiontup)
        """The names of what it is told."""

    def run(self, connection: Connection, given: Given) -> CursorResult[Any]:
        """Run it once, with what is told by name."""
        told = {**self._given, **given}
        return self.run_with(connection, tuple([told[name] for name in self.order]))

    def run_with(self, connection: Connection, given: tuple[Any, ...] | list[tuple[Any, ...]]) -> CursorResult[Any]:
        """Run it with what is told in its order; of a list, with each."""
        return connection.exec_driver_sql(self._text, given)


class Statements:
    """What is stored, in the dialect of a database."""

    def __init__(self, kind: ModuleType, dialect: Dialect) -> None:
        """The dialect is one in which statements are told things by their order."""
        checkpoint, point = map(kind.insert, (CHECKPOINTS, CONSUMERS))
        self.add_room: ReturningInsert[tuple[str]] = kind.insert(ROOMS).on_conflict_do_nothing().returning(ROOMS.c.id)
        """A room, unless it is there; tells its id if it was not."""
        self.checkpoint: Insert = checkpoint.on_conflict_do_update(
            index_elements=["room_id"], set_={"snapshot": checkpoint.excluded.snapshot}
        )
        """A checkpoint, in place of the one before."""
        self.point: Insert = point.on_conflict_do_update(
            index_elements=["name"],
            set_={"transaction": point.excluded.transaction, "number": point.excluded.number},
            where=_is_behind(point.excluded),
        )
        """How far a consumer is, never back."""
        self.move = Prepared(MOVE, dialect, ())
        """A room goes on to another revision, if it is still at the one that is known."""


def _is_behind(excluded: Any) -> ColumnElement[bool]:
    """Whether a consumer is not yet as far."""
    ours, theirs = CONSUMERS.c, excluded
    return tuple_(ours.transaction, ours.number) < tuple_(theirs.transaction, theirs.number)


def putting(put: Any) -> Any:
    """An INSERT of where somebody is, be it new or not."""
    return put.on_conflict_do_update(index_elements=["room_id", "user_id"], set_={"state": put.excluded.state})
