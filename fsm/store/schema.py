"""The tables of a store, and how an older store becomes one of today.

| table | a row is |
| --- | --- |
| `fsm_rooms` | a room: what runs it, its policy, at which revision it is, how often users were erased from it |
| `fsm_changes` | an accepted event, and what it did: the audit log, and the outbox |
| `fsm_participation` | who is where in a room; who is in the initial state has none |
| `fsm_checkpoints` | all that a room knew at a revision, but for its past: a room is this and the changes since |
| `fsm_consumers` | how far somebody has dealt with the changes |
| `fsm_schema` | one row: the version of these tables, and what is added to the numbers of transactions |

A store has a version. `MIGRATIONS` lists what leads from each version to the next; a store
that is opened is brought up to the last one, in one transaction, by whoever comes first.
They are statements of SQLAlchemy, a handful of lines each: for six tables that only this
package changes, a tool that compares models and keeps scripts in a folder has nothing to do.
"""

from collections.abc import Callable, Sequence

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    insert,
    inspect,
    select,
    update,
)

from fsm.errors import StoreError

METADATA = MetaData()

_NUMBER = BigInteger().with_variant(Integer, "sqlite")
"""A key that counts up by itself: SQLite does that for its own type only."""

SCHEMA = Table(
    "fsm_schema",
    METADATA,
    Column("version", Integer, nullable=False),
    Column("transactions_from", BigInteger, nullable=False),
)

ROOMS = Table(
    "fsm_rooms",
    METADATA,
    Column("id", Text, primary_key=True),
    Column("rules", Text, nullable=False),  # by which the room was created: a policy's id, or a name for several
    Column("policy", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("checkpoint", BigInteger, nullable=False),  # the revision of the last one
    Column("erasures", BigInteger, nullable=False),
)

CHANGES = Table(
    "fsm_changes",
    METADATA,
    Column("number", _NUMBER, primary_key=True, autoincrement=True),
    Column("transaction", BigInteger, nullable=False),
    Column("room_id", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("event_id", Text),
    Column("type", Text, nullable=False),
    Column("sender", Text),
    Column("target", Text),
    Column("action", Text),
    Column("transition", Text),
    Column("rule", Text),  # the rule beside the table of transitions that permitted
    Column("before", Text),
    Column("after", Text),
    Column("reason", Text),
    Column("policy", Text, nullable=False),
    Column("fingerprint", Text, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("kinds", Text, nullable=False),
    Column("event", Text),  # JSON; null where it has been erased
    Column("facts", Text),  # JSON; those that the host's provider told
    UniqueConstraint("room_id", "revision"),
    Index("fsm_changes_by_event_id", "room_id", "event_id", unique=True),
    Index("fsm_changes_in_order", "transaction", "number").ddl_if(
        dialect="postgresql"
    ),  # elsewhere numbers are in order
    sqlite_autoincrement=True,
)

PARTICIPATION = Table(
    "fsm_participation",
    METADATA,
    Column("room_id", Text, primary_key=True),
    Column("user_id", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Index("fsm_participation_by_user", "user_id", "room_id"),
)

CHECKPOINTS = Table(
    "fsm_checkpoints",
    METADATA,
    Column("room_id", Text, primary_key=True),
    Column("snapshot", Text, nullable=False),  # JSON
)

CONSUMERS = Table(
    "fsm_consumers",
    METADATA,
    Column("name", Text, primary_key=True),
    Column("transaction", BigInteger, nullable=False),
    Column("number", BigInteger, nullable=False),
)


def _create(connection: Connection) -> None:
    METADATA.create_all(connection)
    connection.execute(insert(SCHEMA).values(version=1, transactions_from=0))


MIGRATIONS: Sequence[Callable[[Connection], None]] = (_create,)
"""What leads from nothing to version 1, from there to version 2, and so on."""


def version_of(connection: Connection) -> int:
    """The version of the tables; 0 where there are none. Raises `StoreError` for a later one than is known."""
    if not inspect(connection).has_table(SCHEMA.name):
        return 0
    version = connection.scalar(select(SCHEMA.c.version)) or 0
    if version > len(MIGRATIONS):
        raise StoreError(
            f"the store is of version {version}, and this package knows up to {len(MIGRATIONS)}: update it"
        )
    return version


def migrate(connection: Connection) -> None:
    """Bring the tables up to date; the schema is locked."""
    for version, step in enumerate(MIGRATIONS[version_of(connection) :], version_of(connection) + 1):
        step(connection)
        connection.execute(update(SCHEMA).values(version=version))
