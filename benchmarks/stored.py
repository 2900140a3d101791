"""What it takes to store changes durably: `python -m benchmarks.stored` prints events a second.

Users are invited to one room, one after the other; each send is durable when it returns. A batch is of such
events, each with an id, all of them accepted: it is read, judged and stored with participation and the
room's checkpoints. What our process computes for it is time of the processor. The bare INSERT is of the
same rows, without the rest of what a store keeps, through the same engine, with the same durability. What
is waited for is the disk; so all else is time on the wall.
"""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import MetaData, insert, select
from sqlalchemy.sql.elements import quoted_name

from benchmarks.clock import in_fresh_process, least, sized
from fsm.store import Store
from fsm.store.databases import opened
from fsm.store.schema import CHANGES
from tests.store.postgres import running

SENDS, BATCHED, BATCH, MEMBERS = sized(2_000), sized(20_000), 1_000, sized(100_000)
ROUNDS = 3
BOUNDS = 20_000, 8_000
"""Events a second in batches: SQLite, PostgreSQL."""
CREATOR = "@ann:hub.example"


@dataclass(frozen=True)
class Stored:
    """Events that one process stores in a second, on the wall: one by one, as bare INSERTs, and in batches.

    `computing` is the processor's time for an event of a batch, `opening` the time on the wall until a room of
    `MEMBERS` is in memory, both in seconds.
    """

    database: str
    sends: float
    inserts: float
    batched: float
    computing: float
    opening: float


def by_database() -> list[Stored]:
    """All databases, in a process of their own."""
    return [Stored(**each) for each in in_fresh_process("stored")]


def _measured(database: str, url: str) -> Stored:
    """One of them; each round is of a new room."""
    names = count()
    with Store(url) as store:
        works = (
            lambda: _sends(store, f"!{next(names)}"),
            lambda: _batches(store, f"!{next(names)}"),
            lambda: _inserts(url),
        )
        sends, batched, inserts = least(works, ROUNDS)
        room, started = f"!{next(names)}", time.process_time()
        _batches(store, room, MEMBERS)
        computing = (time.process_time() - started) / MEMBERS
    (opening,) = least((lambda: _opening(url, room),), ROUNDS)
    return Stored(database, 1 / sends, 1 / inserts, 1 / batched, computing, opening)


def _invites(number: int) -> list[dict[str, Any]]:
    return [
        {
            "event_id": f"${each}",
            "type": "m.room.user",
            "sender": CREATOR,
            "state_key": f"@user{each}:hub.example",
            "content": {"participation": "invite"},
        }
        for each in range(number)
    ]


def _sends(store: Store, room: str) -> float:
    store.create(room, CREATOR)
    return _seconds(lambda event: store.send(room, event), _invites(SENDS))


def _batches(store: Store, room: str, number: int = BATCHED) -> float:
    store.create(room, CREATOR)
    events = [(room, each) for each in _invites(number)]
    parts = [events[start : start + BATCH] for start in range(0, number, BATCH)]
    return _seconds(store.send_many, parts) * len(parts) / number


def _opening(url: str, room: str) -> float:
    with Store(url) as store:
        return _seconds(store.room, [room])


def _inserts(url: str) -> float:
    """The rows that the store has by now, put into a table of the same columns and keys, each by one statement."""
    engine = opened(url).engine.execution_options(isolation_level="AUTOCOMMIT")
    bare = CHANGES.to_metadata(MetaData(), name="bare_changes")
    for index in bare.indexes:
        index.name = quoted_name(f"bare_{index.name}", quote=None)
    with engine.connect() as connection:
        rows = [row._asdict() for row in connection.execute(select(CHANGES).limit(SENDS))]
        bare.drop(connection, checkfirst=True)
        bare.create(connection)
        connection.commit()

    def put(row: dict[str, Any]) -> None:
        with engine.connect() as connection:
            connection.execute(insert(bare), row)
            connection.commit()  # SQLite's driver begins a transaction, PostgreSQL's does not

    return _seconds(put, rows)


def _seconds(work: Callable[[Any], object], given: Sequence[Any]) -> float:
    started = time.perf_counter()
    for each in given:
        work(each)
    return (time.perf_counter() - started) / len(given)


def main() -> None:
    """Measure SQLite, and a server of PostgreSQL that is started for it."""
    with TemporaryDirectory() as folder, running(is_durable=True) as server:
        urls = {"SQLite": f"sqlite:///{Path(folder, 'rooms.db')}", "PostgreSQL": server.url}
        print(json.dumps([asdict(_measured(name, url)) for name, url in urls.items()]))


if __name__ == "__main__":
    main()
