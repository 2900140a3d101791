"""What differs between SQLite and PostgreSQL: how they are opened, locked, and written to in one go.

Both are asked to have a change on disk when they have said that it is stored: SQLite with
`synchronous=FULL` and a write-ahead log, PostgreSQL with `synchronous_commit=on`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Lock
from types import ModuleType
from typing import Any, Protocol

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    CursorResult,
    Dialect,
    Engine,
    Insert,
    Select,
    Text,
    UpdateBase,
    bindparam,
    cast,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal_column,
    make_url,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import ArgumentError, SQLAlchemyError
from sqlalchemy.sql.dml import ReturningInsert

from fsm.errors import StoreError, needs, shorten
from fsm.store import schema
from fsm.store.rows import Row
from fsm.store.schema import CHANGES, CHECKPOINTS, CONSUMERS, PARTICIPATION, ROOMS, SCHEMA

WAIT = 30.0
"""So many seconds a store waits for a lock, where its URL does not say (`?timeout=` of SQLite)."""

_SCHEMA_LOCK = 0x66736D  # any number: it stands for the tables of stores

Given = Mapping[str, Any]
"""What a statement is told, by name."""

Place = tuple[str, str, str]
"""A room, a user, and the state they are in there."""

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
LEAVE = delete(PARTICIPATION).where(
    PARTICIPATION.c.room_id == bindparam("room"), PARTICIPATION.c.user_id == bindparam("user")
)


class Database(Protocol):
    """What a store asks of a database."""

    engine: Engine
    found: ReturningInsert[tuple[str]]
    checkpoint: Insert
    point: Insert
    move: "Prepared"
    add: "Prepared"
    put: "Prepared"
    leave: "Prepared"

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

    def take_off(self) -> None:
        """Have what was deleted off the disk, as far as this can be asked for."""

    def put_all(self, connection: Connection, places: Sequence[Place]) -> None:
        """Where many are, be it new or not; each is named once."""

    def write_at_once(self, move: Given, change: Row, place: Given | None) -> bool:
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


class _Statements:
    """What is stored, in the dialect of a database."""

    def __init__(self, kind: ModuleType, dialect: Dialect, transaction: ColumnElement[int]) -> None:
        """The dialect is one in which statements are told things by their order."""
        put, checkpoint, point = map(kind.insert, (PARTICIPATION, CHECKPOINTS, CONSUMERS))
        self.found: ReturningInsert[tuple[str]] = kind.insert(ROOMS).on_conflict_do_nothing().returning(ROOMS.c.id)
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
        self.add = Prepared(insert(CHANGES).values(transaction=transaction), dialect, ("transaction", *Row._fields))
        """A row of changes."""
        put = put.values(room_id=bindparam("room"), user_id=bindparam("user"), state=bindparam("state"))
        updated = put.on_conflict_do_update(index_elements=["room_id", "user_id"], set_={"state": put.excluded.state})
        self.put = Prepared(updated, dialect)
        """Where somebody is, be it new or not."""
        self.leave = Prepared(LEAVE, dialect)
        """Somebody is in the initial state."""


class SQLite(_Statements):
    """A file, in which one at a time writes: others wait."""

    name = "SQLite"

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
        super().__init__(sqlite, self.engine.dialect, literal_column("0", BigInteger))

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
        """Nobody else writes."""

    def count_on(self) -> None:
        """They have none here."""

    def visible(self) -> ColumnElement[bool]:
        """All: who writes first is seen first."""
        return true()

    def take_off(self) -> None:
        """What is deleted is overwritten in the file (`secure_delete`); its log, which has it still, is emptied."""
        connection = self.engine.raw_connection()
        try:
            connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            connection.close()

    def put_all(self, connection: Connection, places: Sequence[Place]) -> None:
        """By one statement for each."""
        self.put.run_with(connection, [*places])

    def write_at_once(self, move: Given, change: Row, place: Given | None) -> bool:
        """Store a change by three statements in one transaction."""
        with self._lock, self._writes.connect() as connection:
            if self.move.run(connection, move).rowcount != 1:
                return False
            self.add.run_with(connection, change)
            if place is not None:
                (self.leave if place["state"] is None else self.put).run(connection, place)
            connection.commit()
        return True

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()
        if self._temporary is not None:
            self._temporary.cleanup()


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # transactions begin where `_begin_sqlite` says
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA secure_delete=ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("fsm_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class PostgreSQL(_Statements):
    """A server: rooms do not block one another."""

    name = "PostgreSQL"

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
        super().__init__(postgresql, dialect, transaction)
        self._put_all = Prepared(_put_all(), dialect)
        self._statements = {kind: Prepared(_at_once(transaction, kind), dialect) for kind in ("put", "leave", None)}

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
        """Where a backup has been restored on another server, that one counts from below."""
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

    def take_off(self) -> None:
        """It vacuums its tables when it finds the time."""

    def put_all(self, connection: Connection, places: Sequence[Place]) -> None:
        """By one statement for all."""
        self._put_all.run_with(connection, tuple(map(list, zip(*places, strict=True))))

    def write_at_once(self, move: Given, change: Row, place: Given | None) -> bool:
        """Store a change by one statement."""
        kind = None if place is None else "leave" if place["state"] is None else "put"
        given = {**move, **dict(zip(_NEW, change, strict=True)), **(place or {})}
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


def _put_all() -> Insert:
    """The statement that stores where many are: three arrays of the same length."""
    names = ("rooms", "users", "states")
    told = func.unnest(*(cast(bindparam(name), ARRAY(Text)) for name in names)).table_valued(*names).render_derived()
    put = postgresql.insert(PARTICIPATION).from_select(["room_id", "user_id", "state"], select(*told.c))
    return put.on_conflict_do_update(index_elements=["room_id", "user_id"], set_={"state": put.excluded.state})


def _at_once(transaction: ColumnElement[int], kind: str | None) -> Any:
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
        updated = put.on_conflict_do_update(index_elements=["room_id", "user_id"], set_={"state": put.excluded.state})
        return statement.add_cte(updated.cte("placed"))
    if kind == "leave":
        gone = delete(PARTICIPATION).where(
            PARTICIPATION.c.room_id.in_(select(moved.c.id)), PARTICIPATION.c.user_id == user
        )
        return statement.add_cte(gone.cte("placed"))
    return statement


def _is_behind(excluded: Any) -> ColumnElement[bool]:
    """Whether a consumer is not yet as far."""
    ours, theirs = CONSUMERS.c, excluded
    return tuple_(ours.transaction, ours.number) < tuple_(theirs.transaction, theirs.number)


_KINDS: Mapping[str, Any] = {
    "sqlite": SQLite,
    "sqlite+pysqlite": SQLite,
    "postgresql": PostgreSQL,
    "postgres": PostgreSQL,
    "postgresql+psycopg": PostgreSQL,
}

_EXAMPLES = "`sqlite:///rooms.db` or `postgresql://user@host/database`"
