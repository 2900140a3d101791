"""What holds when a database fails, is locked, full, cut off, restarted, or of another version; and among hubs."""

import json
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from sqlalchemy import Connection, event, text
from sqlalchemy.exc import OperationalError

from fsm import Change, Room
from fsm.store import Store, StoreError, schema, slot
from fsm.store.postgresql import PostgreSQL
from tests.builders import ALICE, BOB, JOIN, LEAVE, change, join_rule, message
from tests.store.conftest import NUMBERS
from tests.store.postgres import Server, running

TEA, ZOO = "!room:a.example", "!zoo:a.example"


@pytest.fixture
def tea(store: Store) -> Store:
    for room_id in (TEA, ZOO):
        store.create(room_id, ALICE)
        store.send(room_id, join_rule("public"))
    return store


def test_what_is_stored_is_asked_to_be_durable(store: Store) -> None:
    # No test by killing a process would tell, for what the system has taken survives that.
    asks = (
        ["SHOW synchronous_commit"]
        if isinstance(store._database, PostgreSQL)
        else ["PRAGMA synchronous", "PRAGMA journal_mode"]
    )
    expected = ["on"] if isinstance(store._database, PostgreSQL) else [2, "wal"]
    with store._database.writing() as connection:
        assert [connection.exec_driver_sql(each).scalar() for each in asks] == expected


def test_two_hubs_at_once_lose_nothing_and_repeat_nothing(tea: Store, url: str) -> None:
    hubs = [tea, Store(url), Store(url)]
    told = list[tuple[str, int]]()
    for hub in hubs:
        hub.observe(lambda change: told.append((change.room or "", change.revision)))

    def act(number: int) -> None:
        hub, user = hubs[number % 3], f"@u{number % 10}"
        event = change((JOIN, LEAVE)[number // 10 % 2], user, event_id=f"${number}")
        for _ in range(1 + number % 2):
            (hub.send(TEA, event), hub.send_many([(ZOO, event), (TEA, event)]))

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(act, range(60)))
    changes = [each for _, each in tea.changes()]
    for room_id in (TEA, ZOO):
        here = [each for each in changes if each.room == room_id]
        assert [each.revision for each in sorted(here, key=lambda each: each.revision)] == list(range(1, len(here) + 1))
        assert max(Counter(each.event_id for each in here if each.event_id).values()) == 1
        again = Room(room_id)
        for each in sorted(here, key=lambda each: each.revision):
            assert again.send(each.event) == each.decision
        assert again.participations() == tea.who(room_id) == hubs[1].room(room_id).participations()
    assert sorted(told) == sorted((each.room, each.revision) for each in changes if each.revision > 2)
    for hub in hubs[1:]:
        hub.close()


def test_the_outbox_waits_for_transactions_that_are_open(postgresql: str) -> None:
    with Store(postgresql) as early, Store(postgresql) as late:
        for room_id in (TEA, ZOO):
            early.create(room_id, ALICE)
        cursor = early.changes()[-1][0]
        batch = early._in_batch

        def commit_later(connection: Connection) -> None:
            # The transaction has its number; another one commits before it does.
            connection.execute(text("SELECT pg_current_xact_id()"))
            late.send(ZOO, message(ALICE))
            assert late.changes(cursor) == [], "an earlier transaction may still add to what comes before"

        batch([TEA], lambda batch, slots: [batch.send(slots[TEA], message(ALICE), None)], commit_later)
        heard = late.changes(cursor)
        assert [each.room for _, each in heard] == [TEA, ZOO]
        assert late.changes(heard[0][0]) == heard[1:]
        assert [each.number for each, _ in heard] == sorted((each.number for each, _ in heard), reverse=True), (
            "the numbers are in the order in which rows were written, which is another one"
        )


def test_rooms_do_not_block_one_another(postgresql: str) -> None:
    with Store(postgresql) as one, Store(postgresql) as other:
        for room_id in (TEA, ZOO):
            one.create(room_id, ALICE)
        one._in_batch([TEA], lambda *_: [other.send(ZOO, message(ALICE)) and None])
        assert other.room(ZOO).revision == 2


def failing(store: Store, error: Callable[[str], Exception | None]) -> Callable[[], None]:
    """Have statements fail before they are run."""

    def fail(*given: Any) -> None:
        if problem := error(given[2]):
            raise OperationalError(given[2], None, problem)

    event.listen(store._database.engine, "before_cursor_execute", fail)
    return lambda: event.remove(store._database.engine, "before_cursor_execute", fail)


class SerialisationError(Exception):
    sqlstate = "40001"


def test_a_serialisation_failure_is_tried_again(tea: Store) -> None:
    errors = [SerialisationError("could not serialise") for _ in range(3)]
    end = failing(tea, lambda sql: errors.pop() if "fsm_changes" in sql and "INSERT" in sql and errors else None)
    assert tea.send(TEA, change(JOIN, BOB)).allowed
    assert errors == []
    errors += [SerialisationError("could not serialise") for _ in range(99)]
    with pytest.raises(StoreError, match="the database says: could not serialise"):
        tea.send(TEA, change(LEAVE, BOB))
    end()
    assert tea.who(TEA) == {ALICE: "join", BOB: "join"}


@pytest.mark.parametrize("part", ["fsm_changes", "fsm_participation", "UPDATE fsm_rooms", "fsm_checkpoints"])
@pytest.mark.parametrize("batched", [False, True])
def test_a_failure_anywhere_changes_nothing(
    tea: Store, part: str, batched: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slot, "CHECKPOINT_EVERY", 1)
    told = list[Change]()
    tea.observe(told.append)
    joined = change(JOIN, BOB, event_id="$1")
    end = failing(tea, lambda sql: OSError("no space left") if part in sql and not sql.startswith("SELECT") else None)
    with pytest.raises(StoreError, match="the database says: no space left"):
        tea.send_many([(TEA, message(ALICE)), (TEA, joined)]) if batched else tea.send(TEA, joined)
    end()
    assert told == []
    assert (tea.who(TEA), tea.room(TEA).revision) == ({ALICE: "join"}, 2)
    assert tea.send(TEA, joined).transition == "join"
    assert [each.revision for each in told] == [3]


def test_a_full_disk_is_one_line_and_nothing_is_lost(sqlite: str) -> None:
    with Store(sqlite) as store:
        store.create(TEA, ALICE)
        event.listen(store._database.engine, "connect", lambda raw, _: raw.execute("PRAGMA max_page_count = 60"))
        store._database.engine.dispose()
        sent = list[object]()
        with pytest.raises(StoreError, match="the database says: database or disk is full"):
            sent.extend(store.send(TEA, {**message(ALICE), "content": {"body": "x" * 5000}}) for _ in range(1000))
        assert 1 < store.room(TEA).revision == len(store.changes()) < 1000
    with Store(sqlite) as store:
        assert store.send(TEA, message(ALICE)).allowed


def test_a_locked_database_is_one_line(sqlite: str) -> None:
    with Store(f"{sqlite}?timeout=0") as store:
        store.create(TEA, ALICE)
        with sqlite3.connect(sqlite.removeprefix("sqlite:///")) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(StoreError, match="the database says: database is locked"):
                store.send(TEA, message(ALICE))
            assert store.who(TEA) == {ALICE: "join"}, "who reads does not wait"
        assert store.send(TEA, message(ALICE)).allowed


def test_a_cut_connection_is_one_line(postgresql: str, server: Server) -> None:
    with Store(postgresql) as store:
        store.create(TEA, ALICE)

        def cut(_: Connection) -> None:
            with psycopg.connect(server.url, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")

        with pytest.raises(StoreError, match="the database says: terminating connection"):
            store._in_batch([TEA], lambda batch, slots: [batch.send(slots[TEA], message(ALICE), None)], cut)
        assert store.send(TEA, message(ALICE)).allowed
        assert store.room(TEA).revision == 2


def test_a_database_that_comes_back() -> None:
    with running() as server, Store(server.url) as store:
        store.create(TEA, ALICE)
        store.send(TEA, join_rule("public"))
        server.stop("immediate")
        with pytest.raises(StoreError, match="the database says: "):
            store.send(TEA, change(JOIN, BOB))
        server.start()
        assert store.send(TEA, change(JOIN, BOB)).transition == "join"
        restored_in_another_cluster(store)


def restored_in_another_cluster(store: Store) -> None:
    """A backup is restored where transactions are counted anew; the outbox goes on behind what was there."""
    with store._database.writing() as connection:  # as if the first cluster had been in use for long
        connection.execute(schema.CHANGES.update().values(transaction=schema.CHANGES.c.transaction + 10**6))
    assert store.changes() == [], "what is ahead of the server's own count is not told"
    with Store(store._database.engine.url) as later:
        assert [each.revision for _, each in later.changes()] == [1, 2, 3]
        last = later.changes()[-1][0]
        later.send(TEA, message(ALICE))
        assert [each.revision for _, each in later.changes(last)] == [4]


# Backups, as the guide has them.


def vacuumed(url: str, _: Server) -> str:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection:
        connection.execute("VACUUM INTO ?", (f"{url.removeprefix('sqlite:///')}.backup",))
    return f"{url}.backup"


def copied_online(url: str, _: Server) -> str:
    with sqlite3.connect(url.removeprefix("sqlite:///")) as connection, sqlite3.connect(":memory:") as between:
        connection.backup(between)
        with sqlite3.connect(f"{url.removeprefix('sqlite:///')}.copy") as copy:
            between.backup(copy)
    return f"{url}.copy"


def dumped_and_read(url: str, server: Server) -> str:
    name = url.rpartition("/")[2]
    place = ("-h", "127.0.0.1", "-p", str(server.port), "-U", "fsm")
    server.run("pg_dump", *place, "-f", f"{name}.sql", name)
    server.run("createdb", *place, f"{name}_again")
    server.run("psql", *place, "-q", "-v", "ON_ERROR_STOP=1", "-f", f"{name}.sql", f"{name}_again")
    return server.database(f"{name}_again")


def a_database(server: Server) -> str:
    name = f"backed_up_{next(NUMBERS)}"
    with psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return server.database(name)


@pytest.mark.parametrize("back_up", [vacuumed, copied_online, dumped_and_read])
def test_a_backup_is_a_store(back_up: Callable[[str, Server], str], sqlite: str, server: Server) -> None:
    url = a_database(server) if back_up is dumped_and_read else sqlite
    with Store(url) as store:
        store.create(TEA, ALICE)
        store.send_many((TEA, event) for event in [join_rule("public"), change(JOIN, BOB, event_id="$1")])
        store.acknowledge("mail", store.changes()[1][0])
        told = [(cursor, each.as_json()) for cursor, each in store.changes()]
        backup = back_up(url, server)  # while the store is open
        store.send(TEA, change(LEAVE, BOB))
    with Store(backup, must_exist=True) as restored:
        assert [(cursor, each.as_json()) for cursor, each in restored.changes()] == told
        assert restored.who(TEA) == restored.room(TEA).participations() == {ALICE: "join", BOB: "join"}
        assert [each.revision for _, each in restored.changes(restored.cursor("mail"))] == [3]
        assert restored.send(TEA, change(JOIN, BOB, event_id="$1")).transition == "join", "it is known"
        assert restored.send(TEA, message(BOB)).allowed
        assert [each.revision for _, each in restored.changes(told[-1][0])] == [4]


def test_a_store_is_brought_up_to_date_once(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ran = list[str]()

    def add(connection: Connection) -> None:
        ran.append("add")
        connection.execute(text("ALTER TABLE fsm_rooms ADD COLUMN colour TEXT"))

    def fail(connection: Connection) -> None:
        connection.execute(text("ALTER TABLE fsm_rooms ADD COLUMN shape TEXT"))
        raise OperationalError("", None, OSError("no space left"))

    Store(url).close()
    monkeypatch.setattr(schema, "MIGRATIONS", [*schema.MIGRATIONS, fail])
    with pytest.raises(StoreError, match="no space left"):
        Store(url)
    monkeypatch.setattr(schema, "MIGRATIONS", [schema.MIGRATIONS[0], add])
    with ThreadPoolExecutor(3) as threads:
        for each in threads.map(Store, [url] * 3):
            each.close()
    assert ran == ["add"]
    monkeypatch.setattr(schema, "MIGRATIONS", schema.MIGRATIONS[:1])
    with pytest.raises(StoreError, match="the store is of version 2, and this package knows up to 1: update it"):
        Store(url)
    with opened_raw(url) as connection:
        columns = connection.execute(text("SELECT * FROM fsm_rooms")).keys()
        assert ("colour" in columns, "shape" in columns) == (True, False)


def opened_raw(url: str) -> Any:
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415 - only for this

    return create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=NullPool).connect()


def test_a_missing_driver_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r"a store on PostgreSQL needs psycopg: pip install 'mimi-fsm\[store\]'"):
        Store("postgresql://127.0.0.1/x")


def test_a_missing_library_is_one_line() -> None:
    script = "import sys; sys.modules['sqlalchemy'] = None\nfrom fsm.store import StoreError\ntry:\n    from fsm.store import Store\nexcept StoreError as e:\n    print(e)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "a store needs SQLAlchemy: pip install 'mimi-fsm[store]'\n"


# Kills.


SENDER = """
import json, sys
from fsm.store import Store
url, name, rooms = sys.argv[1], sys.argv[2], sys.argv[3].split()
with Store(url) as store:
    for number in range(10**9):
        user = f"@{name}-{number % 7}"
        room, action = rooms[number % len(rooms)], ("join", "leave")[number // 14 % 2]
        event = {"type": "m.user", "sender": user, "state_key": user, "content": {"participation": action}, "event_id": f"${name}-{number}"}
        if number % 5 == 4:
            decisions = store.send_many([(room, event)])
        else:
            decisions = [store.send(room, event)]
        print(json.dumps([room, event["event_id"], decisions[0].transition]), flush=True)
"""


def killed(url: str, kills: int, seed: int) -> list[tuple[str, str, str | None]]:
    """What was acknowledged to processes that were killed at random points."""
    chance, answers = random.Random(seed), list[tuple[str, str, str | None]]()  # noqa: S311 - where to kill need not be secret
    for number in range(0, kills, 2):
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", SENDER, url, f"{seed}-{number + each}", f"{TEA} {ZOO}"],
                stdout=subprocess.PIPE,
                text=True,
            )
            for each in range(2)
        ]
        for process in processes:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 40)):
                answers.append(tuple(json.loads(process.stdout.readline())))
            process.kill()
            rest = process.stdout.read().splitlines()
            answers += [tuple(json.loads(line)) for line in rest if line.endswith("]")]
            process.wait()
            process.stdout.close()
    return answers


def nothing_is_lost(url: str, answers: Sequence[tuple[str, str, str | None]]) -> None:
    """What was acknowledged is there, once, and a replay of what is there leads to the same rooms."""
    with Store(url) as store:
        changes, cursor = list[Change](), None
        while page := store.changes(cursor):
            changes += [each for _, each in page]
            cursor = page[-1][0]
        stored = {(each.room, each.event_id): each.transition for each in changes}
        ids = [(each.room, each.event_id) for each in changes if each.event_id]
        assert len(set(ids)) == len(ids)
        assert [each for each in answers if each[2] is not None and stored.get((each[0], each[1])) != each[2]] == []
        for room_id in (TEA, ZOO):
            here = sorted((each for each in changes if each.room == room_id), key=lambda each: each.revision)
            assert [each.revision for each in here] == list(range(1, len(here) + 1))
            again = Room(room_id)
            for each in here:
                assert again.send(each.event) == each.decision
            room = store.room(room_id)
            assert (room.revision, room.participations()) == (again.revision, again.participations())
            assert store.who(room_id) == again.participations()


@pytest.fixture(params=[4, pytest.param(200, marks=pytest.mark.long)])
def kills(request: pytest.FixtureRequest) -> int:
    count: int = request.param
    return count


def test_what_was_acknowledged_survives_kills(tea: Store, url: str, kills: int) -> None:
    answers = killed(url, kills, kills)
    assert len(answers) > kills
    nothing_is_lost(url, answers)
    assert tea.send(TEA, message(ALICE)).allowed
