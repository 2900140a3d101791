"""Stores in a file of SQLite, with a write-ahead log and `synchronous=FULL`: what is stored is on disk."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Dialect,
    Insert,
    bindparam,
    create_engine,
    delete,
    event,
    false,
    insert,
    literal_column,
    true,
)
from sqlalchemy.dialects import sqlite

from fsm.errors import StoreError
from fsm.store.rows import Row
from fsm.store.schema import CHANGES, PARTICIPATION
from fsm.store.statements import WAIT, Given, Place, Prepared, Statements, putting

_ROWS_AT_ONCE = 50
"""So many rows are put in by one statement: a statement for each takes half as much time again."""

_GONE = delete(PARTICIPATION).where(
    PARTICIPATION.c.room_id == bindparam("room"), PARTICIPATION.c.user_id == bindparam("user")
)


class SQLite(Statements):
    """A file, in which one at a time writes: others wait."""

    name = "SQLite"
    order: tuple[ColumnElement[int], ...] = (CHANGES.c.number,)

    def __init__(self, url: URL, *, must_exist: bool) -> None:
        path = url.database
        self._temporary: TemporaryDirectory[str] | None = None
        if must_exist and not (path and Path(path).is_file()):
            raise StoreError(f"{path or 'memory'}: there is no such file")
        if path in {None, "", ":memory:"}:
            self._temporary = TemporaryDirectory(prefix="fsm-store-")
            url = url.set(database=str(Path(self._temporary.name, "rooms.db")))
        waits = {} if "timeout" in url.query else {"timeout": WAIT}
        self.engine = create_engine(url.set(drivername="sqlite"), connect_args={"check_same_thread": False, **waits})
        event.listen(self.engine, "connect", _set_up_sqlite)
        event.listen(self.engine, "begin", _begin_sqlite)
        self._writes = self.engine.execution_options(fsm_writes=True)
        self._lock = Lock()  # in one process they take turns; between processes SQLite asks again and again
        dialect = self.engine.dialect
        super().__init__(sqlite, dialect)
        self._add = _Rows(insert(CHANGES), dialect, Row._fields, transaction=literal_column("0", BigInteger))
        self._put = _Rows(putting(sqlite.insert(PARTICIPATION)), dialect, PARTICIPATION.c.keys())
        self._leave = Prepared(_GONE, dialect)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """What is read in one transaction is of one moment."""
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that nobody else writes in meanwhile."""
        with self._lock, self._writes.begin() as connection:
            yield connection

    def lock_schema(self, connection: Connection) -> None:
        """Nobody else writes while a transaction writes."""

    def count_on(self) -> None:
        """Transactions have no numbers here."""

    def visible(self) -> ColumnElement[bool]:
        """All: who writes first is seen first."""
        return true()

    def is_after(self, transaction: int, number: int) -> ColumnElement[bool]:
        """Those of higher numbers; what has a transaction's number is of no such store, and behind all."""
        return false() if transaction else CHANGES.c.number > number

    def take_off(self) -> None:
        """What is deleted is overwritten in the file (`secure_delete`); its log, which has it still, is emptied."""
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def add_all(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Many by one statement."""
        self._add.run(connection, rows)

    def place_all(self, connection: Connection, places: Sequence[Place]) -> None:
        """Many by one statement; those who leave by one each."""
        if gone := [place[:-1] for place in places if place[-1] is None]:
            self._leave.run_with(connection, gone)
        self._put.run(connection, [place for place in places if place[-1] is not None])

    def write_at_once(self, move: Given, change: Row, place: Place | None) -> bool:
        """Store a change by three statements in one transaction."""
        with self._lock, self._writes.connect() as connection:
            if self.move.run(connection, move).rowcount != 1:
                return False
            self.add_all(connection, [change])
            if place is not None:
                self.place_all(connection, [place])
            connection.commit()
        return True

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()
        if self._temporary is not None:
            self._temporary.cleanup()


class _Rows:
    """An INSERT of rows, of which many are told to one statement."""

    def __init__(self, statement: Insert, dialect: Dialect, columns: Sequence[str], **others: Any) -> None:
        """`columns` are told of each row, in this order; `others` are the same for all."""
        self._statement = statement
        self._dialect = dialect
        self._columns = columns
        self._others = others
        self._one = self._of(1)

    def _of(self, count: int) -> Prepared:
        rows = [
            {**self._others, **{name: bindparam(f"{name}_{number}") for name in self._columns}}
            for number in range(count)
        ]
        return Prepared(self._statement.values(rows), self._dialect)

    @cached_property
    def _many(self) -> Prepared:
        return self._of(_ROWS_AT_ONCE)

    def run(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        """Put rows in, in their order."""
        rest = len(rows) - len(rows) % _ROWS_AT_ONCE
        for start in range(0, rest, _ROWS_AT_ONCE):
            self._many.run_with(connection, tuple(chain.from_iterable(rows[start : start + _ROWS_AT_ONCE])))
        if others := [*rows[rest:]]:
            self._one.run_with(connection, others)


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("fsm_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
