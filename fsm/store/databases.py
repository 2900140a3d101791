"""What a store asks of a database, whichever it is; how it is opened, and what it says when it fails.

Both are asked to have a change on disk when they have said that it is stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from sqlalchemy import URL, ColumnElement, Connection, Engine, Insert, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert

from fsm.errors import StoreError, needs, shorten
from fsm.store import schema
from fsm.store.postgresql import PostgreSQL
from fsm.store.rows import Row
from fsm.store.sqlite import SQLite
from fsm.store.statements import Given, Place, Prepared


class Database(Protocol):
    """What a store asks of a database."""

    engine: Engine
    order: tuple[ColumnElement[int], ...]
    """By this the changes are in the order in which they are told."""
    add_room: ReturningInsert[tuple[str]]
    checkpoint: Insert
    point: Insert
    move: Prepared

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """What is read here is of one moment."""

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction."""

    def lock_schema(self, connection: Connection) -> None:
        """Keep others from changing the tables until the transaction ends."""

    def count_on(self) -> None:
        """See to it that transactions have higher numbers than those that are stored."""

    def visible(self) -> ColumnElement[bool]:
        """Which changes can be told: no earlier one will appear behind them."""

    def is_after(self, transaction: int, number: int) -> ColumnElement[bool]:
        """Which changes are told after this place."""

    def take_off(self) -> None:
        """Have what was deleted off the disk, as far as this can be asked for."""

    def add_all(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Changes, in their order."""

    def place_all(self, connection: Connection, places: Sequence[Place]) -> None:
        """Where many are, be it new or not; each is named once."""

    def write_at_once(self, move: Given, change: Row, place: Place | None) -> bool:
        """Store one change in a transaction of its own; False where the room is not as it is known."""

    def close(self) -> None:
        """Let go of all connections."""


def opened(url: str | URL, *, must_exist: bool = False) -> Database:
    """The database of a URL, its tables up to date. Raises `StoreError`."""
    try:
        parsed = make_url(url)
        kind = _KINDS.get(parsed.drivername)
    except (ArgumentError, ValueError, TypeError, AttributeError):
        raise StoreError(f"`{shorten(str(url))}` is no URL of a database, such as {_EXAMPLES}") from None
    if kind is None:
        raise StoreError(f"`{shorten(parsed.drivername)}` is no database that a store can be in: {_EXAMPLES}")
    try:
        with reported():
            database: Database = kind(parsed, must_exist=must_exist)
            try:
                _bring_up_to_date(database, must_exist=must_exist)
            except BaseException:
                database.close()
                raise
    except ImportError as missing:
        raise StoreError(needs(f"a store on {kind.name}", missing.name or "psycopg", "store")) from None
    return database


def _bring_up_to_date(database: Database, *, must_exist: bool) -> None:
    with database.reading() as connection:
        version = schema.version_of(connection)
    if version == 0 and must_exist:
        raise StoreError(f"there is no store in {shorten(database.engine.url.render_as_string(), 200)}")
    if version < len(schema.MIGRATIONS):
        with database.writing() as connection:
            database.lock_schema(connection)
            schema.migrate(connection)
    database.count_on()


@contextmanager
def reported() -> Iterator[None]:
    """Whatever the database says is wrong becomes one `StoreError`."""
    try:
        yield
    except SQLAlchemyError as problem:
        said = getattr(problem, "orig", None) or problem
        raise StoreError(f"the database says: {shorten(' '.join(str(said).split()), 300)}") from problem


def is_transient(problem: BaseException) -> bool:
    """Whether a transaction failed only for what others did meanwhile, so that it can be tried again."""
    return (
        isinstance(problem, SQLAlchemyError) and getattr(getattr(problem, "orig", None), "sqlstate", "") in _TRANSIENT
    )


_TRANSIENT = ("40001", "40P01")
"""Serialisation failure, deadlock: classes of SQL's standard, and of PostgreSQL."""


_KINDS: Mapping[str, Any] = {
    "sqlite": SQLite,
    "sqlite+pysqlite": SQLite,
    "postgresql": PostgreSQL,
    "postgres": PostgreSQL,
    "postgresql+psycopg": PostgreSQL,
}

_EXAMPLES = "`sqlite:///rooms.db` or `postgresql://user@host/database`"
