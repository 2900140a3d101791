"""Stores on a server of PostgreSQL, with `synchronous_commit=on`: what is stored is on disk."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import (
    URL,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Delete,
    Insert,
    Text,
    bindparam,
    cast,
    column,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import JSONB

from fsm.store.rows import Row
from fsm.store.schema import CHANGES, PARTICIPATION, ROOMS, SCHEMA
from fsm.store.statements import MOVE, WAIT, Given, Place, Prepared, Statements, putting

_SCHEMA_LOCK = 0x66736D  # any number: it stands for the tables of stores


class PostgreSQL(Statements):
    """A server: rooms do not block one another."""

    name = "PostgreSQL"
    order: tuple[ColumnElement[int], ...] = (CHANGES.c.transaction, CHANGES.c.number)

    def __init__(self, url: URL, *, must_exist: bool) -> None:  # noqa: ARG002 - there is always a database
        arguments = {} if "connect_timeout" in url.query else {"connect_timeout": int(WAIT)}
        self.engine = create_engine(
            url.set(drivername="postgresql+psycopg"),
            connect_args=arguments,
            paramstyle="format",
            pool_pre_ping=True,
            pool_size=16,
        )
        event.listen(self.engine, "connect", _set_up_postgresql)
        self._at_once = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._reads = self.engine.execution_options(isolation_level="REPEATABLE READ")
        transaction = _number(func.pg_current_xact_id()) + select(SCHEMA.c.transactions_from).scalar_subquery()
        dialect = self.engine.dialect
        super().__init__(postgresql, dialect)
        self._add_all = Prepared(_add_all(transaction), dialect)
        self._put_all = Prepared(_put_all(), dialect)
        self._leave_all = Prepared(_leave_all(), dialect)
        self._statements = {
            kind: Prepared(_write_at_once(transaction, kind), dialect) for kind in ("put", "leave", None)
        }

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """What is read in one transaction is of one moment."""
        with self._reads.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that sees what others have committed, also since it began."""
        with self.engine.begin() as connection:
            yield connection

    def lock_schema(self, connection: Connection) -> None:
        """By a lock that stands for the tables."""
        connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))

    def count_on(self) -> None:
        """Where a backup has been restored on another server, the numbers of transactions there may be lower."""
        last = select(func.coalesce(func.max(CHANGES.c.transaction), 0)).scalar_subquery()
        next_one = _number(func.pg_snapshot_xmax(func.pg_current_snapshot())) + SCHEMA.c.transactions_from
        with self.writing() as connection:
            if connection.scalar(select(last >= next_one)):
                self.lock_schema(connection)
                connection.execute(update(SCHEMA).where(last >= next_one).values(transactions_from=last))

    def visible(self) -> ColumnElement[bool]:
        """The changes of transactions before the oldest that is running."""
        oldest = _number(func.pg_snapshot_xmin(func.pg_current_snapshot()))
        return CHANGES.c.transaction < oldest + select(SCHEMA.c.transactions_from).scalar_subquery()

    def is_after(self, transaction: int, number: int) -> ColumnElement[bool]:
        """Those of later transactions, and of the same one those of higher numbers."""
        return tuple_(*self.order) > tuple_(transaction, number)

    def take_off(self) -> None:
        """The server vacuums its tables by itself."""

    def add_all(self, connection: Connection, rows: Sequence[Row]) -> None:
        """By one statement for all."""
        self._add_all.run(connection, {"rows": _encode(rows)})

    def place_all(self, connection: Connection, places: Sequence[Place]) -> None:
        """By one statement for all who are there, and one for all who leave."""
        if gone := [place[:-1] for place in places if place[-1] is None]:
            self._leave_all.run(connection, {"rows": _encode(gone)})
        if there := [place for place in places if place[-1] is not None]:
            self._put_all.run(connection, {"rows": _encode(there)})

    def write_at_once(self, move: Given, change: Row, place: Place | None) -> bool:
        """Store a change by one statement."""
        _, user, state = place or (None, None, None)
        kind = None if place is None else "leave" if state is None else "put"
        given = {**move, **dict(zip(_NEW, change, strict=True)), "user": user, "state": state}
        with self._at_once.connect() as connection:
            return self._statements[kind].run(connection, given).first() is not None

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def _set_up_postgresql(connection: Any, _: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        cursor.execute("SET default_transaction_isolation = 'read committed'")
        cursor.execute(f"SET lock_timeout = '{int(WAIT)}s'")
    connection.commit()


def _number(expression: Any) -> ColumnElement[int]:
    """The number of a transaction, which PostgreSQL turns into no other type than text."""
    return cast(cast(expression, Text), BigInteger)


_NEW = tuple(f"new_{name}" for name in Row._fields)
"""By these names the statement below is told a row."""


_encode = json.JSONEncoder(separators=(",", ":")).encode


def _told(columns: Sequence[Column[Any]]) -> tuple[list[ColumnElement[Any]], ColumnElement[int]]:
    """What a statement is told as one JSON array of rows: these columns, and the place of each row.

    The server takes that in half the time of a statement for each row.
    """
    given = func.jsonb_array_elements(cast(bindparam("rows"), JSONB))
    rows = given.table_valued(column("row", JSONB), with_ordinality="place").render_derived()
    cells = [rows.c.row.op("->>")(literal_column(str(number))) for number in range(len(columns))]
    return [cast(cell, each.type).label(each.name) for cell, each in zip(cells, columns, strict=True)], rows.c.place


def _add_all(transaction: ColumnElement[int]) -> Insert:
    """The statement that stores many changes, numbered in their order."""
    told, place = _told([CHANGES.c[name] for name in Row._fields])
    return insert(CHANGES).from_select(["transaction", *Row._fields], select(transaction, *told).order_by(place))


def _put_all() -> Insert:
    """The statement that stores where many are."""
    told, _ = _told([*PARTICIPATION.c])
    put: Insert = putting(postgresql.insert(PARTICIPATION).from_select(PARTICIPATION.c.keys(), select(*told)))
    return put


def _leave_all() -> Delete:
    """The statement that stores that many are in the initial state."""
    key = PARTICIPATION.c.room_id, PARTICIPATION.c.user_id
    return delete(PARTICIPATION).where(tuple_(*key).in_(select(*_told(key)[0])))


def _write_at_once(transaction: ColumnElement[int], kind: str | None) -> Any:
    """The statement that stores a change, if the room is as it is known, and answers with the room's id then."""
    moved = MOVE.returning(ROOMS.c.id).cte("moved")
    values = [cast(bindparam(new), CHANGES.c[name].type) for new, name in zip(_NEW, Row._fields, strict=True)]
    row = select(transaction, *values).select_from(moved)
    added = insert(CHANGES).from_select(["transaction", *Row._fields], row).cte("added")
    statement = select(moved.c.id).add_cte(added)
    user, state = cast(bindparam("user"), Text), cast(bindparam("state"), Text)
    if kind == "put":
        put = postgresql.insert(PARTICIPATION).from_select(
            ["room_id", "user_id", "state"], select(moved.c.id, user, state)
        )
        return statement.add_cte(putting(put).cte("placed"))
    if kind == "leave":
        gone = delete(PARTICIPATION).where(
            PARTICIPATION.c.room_id.in_(select(moved.c.id)), PARTICIPATION.c.user_id == user
        )
        return statement.add_cte(gone.cte("placed"))
    return statement
