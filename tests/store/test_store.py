"""A store is its rooms: what it answers and keeps is what rooms in memory answer and know."""

import json
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.event import listen

from fsm import Change, DefinitionError, EventError, ObserverError, Room
from fsm.store import Cursor, Store, StoreError, slot
from tests import lab
from tests.builders import ALICE, BAN, BOB, CAROL, INVITE, JOIN, LEAVE, change, is_one_line, join_rule, message
from tests.matrix import builders as m
from tests.store.conftest import schema_of
from tests.store.postgres import Server
from tests.test_changes import ALL, HISTORIES
from tests.test_own_facts import READS

TEA = "!room:a.example"


@pytest.fixture
def tea(store: Store) -> Store:
    """A store with a room that anybody may join."""
    store.create(TEA, ALICE)
    store.send(TEA, join_rule("public"))
    return store


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def shared(request: pytest.FixtureRequest, server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """The same, for tests that change nothing."""
    urls = {"sqlite": f"sqlite:///{tmp_path_factory.mktemp('shared')}/rooms.db", "postgresql": schema_of(server)}
    with Store(urls[request.param]) as store:
        store.create(TEA, ALICE)
        store.send(TEA, join_rule("public"))
        yield store


@pytest.fixture
def other(tea: Store, url: str) -> Iterator[Store]:
    """Another hub on the same database, which has the room in memory as it was."""
    with Store(url) as other:
        assert other.send(TEA, message(BOB)) == tea.send(TEA, message(BOB))
        yield other


# Every family, every history of the tests of changes: what is stored is what a room in memory does.


def begun(name: str) -> Any:
    """A room of the history's kind in a store, and one in memory, before any event."""
    rules: Any = {"mimi": "mimi", "matrix": "matrix", "room-policy": "room-policy-strict", "lab": lab.LAB}[name]
    make, events = HISTORIES[name]
    in_memory = make()
    room_id = "!r:x" if name == "mimi" else in_memory.id or TEA
    in_memory.id = room_id
    return rules, room_id, in_memory, events


@pytest.mark.parametrize("batched", [False, True], ids=["one by one", "in a batch"])
@pytest.mark.parametrize("name", HISTORIES)
def test_a_store_answers_as_rooms_do(url: str, name: str, batched: bool) -> None:
    rules, room_id, in_memory, events = begun(name)
    told: list[Change] = []
    expected: list[Change] = []
    with Store(url, policies=[lab.LAB]) as here, Store(url, policies=[lab.LAB]) as there:
        here.add(room_id, policy=rules)
        here.observe(told.append, of=ALL)
        in_memory.observe(expected.append, of=ALL)
        answers = [in_memory.send(event) for event in events]
        if batched:
            assert here.send_many((room_id, event) for event in events) == answers
        else:
            assert [here.send(room_id, event) for event in events] == answers
        assert [each.as_json() for each in told] == [each.as_json() for each in expected]
        for store in (here, there):
            again = store.room(room_id)
            assert (again.revision, again.policy) == (in_memory.revision, in_memory.policy)
            assert again.participations() == store.who(room_id) == in_memory.participations()
            assert copy(again).snapshot() == again.snapshot()
            assert again.snapshot()["participation"] == in_memory.snapshot()["participation"]
            assert type(again).restore(json.loads(json.dumps(again.snapshot())), policy=again.policy).revision
            changes = [change for _, change in store.changes()]
            assert [each.revision for each in changes] == list(range(1, in_memory.revision + 1))
            known = {each.revision: each for each in expected if each}
            for each in changes:
                if each.revision in known:
                    assert each.as_json() == known[each.revision].as_json()
                    assert each.kinds == known[each.revision].kinds
                    assert each.event == known[each.revision].event
        for user, state in in_memory.participations().items():
            assert there.rooms_of(user) == {room_id: state}
        # Both go on, and come again: nothing happens twice.
        told.clear()
        for event in events:
            if "event_id" in event:
                assert outcome(there.send, room_id, event) == outcome(in_memory.send, event)
        assert told == []


def outcome(send: Callable[..., Any], *given: Any) -> object:
    try:
        return send(*given)
    except EventError as problem:
        return str(problem)


CREATED = {"mimi": {ALICE: "join"}, "matrix": {ALICE: "join"}, "matrix-1": {ALICE: "join"}, "room-policy-strict": {}}


@pytest.mark.parametrize("policy", CREATED)
def test_a_room_is_created_as_its_family_does(store: Store, policy: str) -> None:
    room = store.create(TEA, ALICE, policy=policy)
    assert store.who(TEA) == room.participations() == CREATED[policy]
    assert store.room(TEA).revision == len(store.changes()) == room.revision > 0


def test_more_is_told_to_the_family(store: Store) -> None:
    room = store.create(TEA, ALICE, policy="room-policy-strict", role=1)
    assert {user: state.value for user, state in store.who(TEA).items()} == {ALICE: 1}
    assert store.who(TEA) == room.participations()


# fmt: off
REFUSED: list[tuple[Callable[[Store], object], type[Exception], str]] = [
    (lambda here: here.create(TEA, BOB),                                EventError,      "`room_id`: `!room:a.example` is there already"),
    (lambda here: here.create("!x", 7),                                 EventError,      "`sender`: must be"),  # type: ignore[arg-type]
    (lambda here: here.create("", ALICE),                               EventError,      "`room_id`: must"),
    (lambda here: here.create("!\0", ALICE),                            EventError,      "`room_id`: holds a NUL"),
    (lambda here: here.create("!" * 1001, ALICE),                       EventError,      "`room_id`: `!!!"),
    (lambda here: here.create("!x", ALICE, policy="mimo"),              DefinitionError, "unknown policy `mimo`"),
    (lambda here: here.create("!x", ALICE, policy="room-policy"),       EventError,      "`content.roles_list`: is missing"),
    (lambda here: here.send("!x", message(ALICE)),                      KeyError,        "'!x'"),
    (lambda here: here.send(7, message(ALICE)),                         KeyError,        "7"),  # type: ignore[arg-type]
    (lambda here: here.send("!\ud800", message(ALICE)),                 KeyError,        "'!"),
    (lambda here: here.send_many([(TEA, message(ALICE)), ("!x", {})]),  KeyError,        "'!x'"),
    (lambda here: here.room("!x"),                                      KeyError,        "'!x'"),
    (lambda here: here.who("!\0"),                                      KeyError,        "'!"),
    (lambda here: here.send(TEA, {}),                                   EventError,      "`type`: is missing"),
    (lambda here: here.send(TEA, 7),                                    EventError,      "an event must be an object"),  # type: ignore[arg-type]
    (lambda here: here.send(TEA, change(JOIN, BOB, room_id="!x")),      EventError,      "`room_id`: `!x` is another room"),
    (lambda here: here.send(TEA, change(JOIN, "@\0")),                  EventError,      "`sender`: holds a NUL"),
    (lambda here: here.send(TEA, change(JOIN, "@" * 1001)),             EventError,      "`sender`: `@@@"),
    (lambda here: here.send(TEA, {**message(ALICE), "x": float("nan")}), EventError,     "cannot be kept: it is no JSON"),
    (lambda here: here.send(TEA, {**message(ALICE), "x": 10**5000}),    EventError,      "cannot be kept: it is no JSON"),
    (lambda here: here.send_many([(TEA, message(ALICE)), (TEA, {})]),   EventError,      "`events[1].type`: is missing"),
    (lambda here: here.changes((1,)),                                   StoreError,      "a cursor is a pair of whole numbers"),
    (lambda here: here.changes("ab"),                                   StoreError,      "a cursor is a pair of whole numbers"),  # type: ignore[arg-type]
    (lambda here: here.changes((0, 2**63)),                             StoreError,      "a cursor is a pair of whole numbers"),
    (lambda here: here.changes(limit=-1),                               StoreError,      "`limit` is a whole number from 0 up"),
    (lambda here: here.acknowledge("", (0, 1)),                         StoreError,      "a consumer is a name"),
    (lambda here: here.acknowledge("mail", (2**62, 1)),                 StoreError,      "the cursor [4611686018427387904, 1] is beyond the last change"),
    (lambda here: here.forget(ALICE),                                   EventError,      "`user`: in room `!room:a.example`: `@alice"),
]
# fmt: on


@pytest.mark.parametrize(("act", "kind", "problem"), REFUSED, ids=range(len(REFUSED)))
def test_what_cannot_be_is_one_line_and_changes_nothing(
    shared: Store, act: Callable[[Store], object], kind: type[Exception], problem: str
) -> None:
    tea, told = shared, list[Change]()
    tea.observe(told.append, of=ALL)
    with pytest.raises(kind) as caught:
        act(tea)
    assert str(caught.value).startswith(problem)
    assert is_one_line(str(caught.value))
    assert told == []
    assert [each.id for each in tea.rooms()] == [TEA]
    assert tea.room(TEA).revision == len(tea.changes()) == 2


def test_what_is_handed_out_is_not_stored(tea: Store) -> None:
    room = tea.room(TEA)
    room.send(change(JOIN, BOB))
    assert room.participation(BOB) == "join"
    assert (BOB in tea.who(TEA), tea.rooms_of(BOB)) == (False, {})


def test_who_has_left_is_nowhere(tea: Store) -> None:
    tea.send(TEA, change(JOIN, BOB))
    assert tea.rooms_of(BOB) == {TEA: "join"}
    tea.send(TEA, change(LEAVE, BOB))
    assert (tea.who(TEA), tea.rooms_of(BOB)) == ({ALICE: "join"}, {})
    assert [(each.id, each.policy, each.revision, each.participants) for each in tea.rooms()] == [(TEA, "mimi", 4, 1)]


# Two hubs.


def test_others_are_followed_and_the_event_is_judged_anew(tea: Store, other: Store) -> None:
    assert tea.send(TEA, change(JOIN, BOB)).transition == "join"
    assert other.send(TEA, change(JOIN, BOB)).transition == "rejoin"
    tea.send(TEA, change(BAN, ALICE, BOB))
    assert not other.send(TEA, message(BOB))
    assert not tea.send(TEA, change(JOIN, BOB))
    other.send(TEA, change(LEAVE, ALICE, BOB))
    tea.send(TEA, join_rule("invite"))
    assert not other.send(TEA, change(JOIN, BOB)), "the setting is followed"
    other.send(TEA, join_rule("public"))
    assert all(tea.send_many([(TEA, change(JOIN, BOB)), (TEA, message(BOB))]))
    assert [each.revision for _, each in tea.changes()] == list(range(1, other.room(TEA).revision + 1))


def test_an_event_happens_once_wherever_it_comes(tea: Store, other: Store) -> None:
    told = list[int]()
    for each in (tea, other):
        each.observe(lambda change: told.append(change.revision))
    ban = change(BAN, ALICE, BOB, event_id="$1")
    first = tea.send(TEA, ban)
    tea.send(TEA, change(LEAVE, ALICE, BOB))
    assert other.send(TEA, ban) == tea.send(TEA, ban) == first
    assert other.send_many([(TEA, ban), (TEA, ban)]) == [first, first]
    assert told == [3, 4]
    with pytest.raises(EventError, match="`event_id`: `\\$1` is the id of another event"):
        other.send(TEA, {**ban, "sender": CAROL})
    assert tea.room(TEA).revision == len(tea.changes()) == 4


def test_ids_are_known_after_any_time(url: str, tea: Store) -> None:
    ban = change(BAN, ALICE, BOB, event_id="$1")
    first = tea.send(TEA, ban)
    tea.send(TEA, change(LEAVE, ALICE, BOB))
    for _ in range(2):
        with Store(url) as later:
            assert later.send(TEA, ban) == first
            assert later.send_many([(TEA, ban), (TEA, message(ALICE))])[0] == first
            assert later.room(TEA).decide(ban) == first
            assert later.room(TEA).send({**message(ALICE), "event_id": "$2"}).allowed


def test_what_is_cited_is_found_in_the_store(url: str, tea: Store) -> None:
    tea.send_many([(TEA, change(JOIN, BOB)), (TEA, {**message(BOB), "event_id": "$1"})])
    redaction = {"type": "m.room.redaction", "sender": BOB, "content": {"redacts": "$1"}}
    with Store(url) as later:
        assert later.room(TEA).decide(redaction) == tea.room(TEA).decide(redaction)
        assert later.room(TEA).visible("$1", BOB)
        assert later.send(TEA, redaction) == tea.send(TEA, redaction)


# What follows from a change.


def test_observers_are_told_when_it_is_durable(url: str, tea: Store) -> None:
    seen = list[Any]()
    with Store(url) as other:
        end = tea.observe(lambda change: seen.append((change.revision, other.room(TEA).revision)))
        tea.send(TEA, change(JOIN, BOB))
        tea.send_many([(TEA, change(JOIN, CAROL)), (TEA, change(LEAVE, CAROL))])
        end()
        tea.send(TEA, change(LEAVE, BOB))
    assert seen == [(3, 3), (4, 5), (5, 5)]


def test_what_an_observer_sends_is_told_after_it(tea: Store) -> None:
    told = list[Any]()

    def ban_again(change_told: Change) -> None:
        if change_told.target == BOB and change_told.after == "join":
            assert tea.send(TEA, change(BAN, ALICE, BOB)).allowed
        told.append((change_told.revision, change_told.transition))

    tea.observe(ban_again)
    tea.send(TEA, change(JOIN, BOB))
    assert told == [(3, "join"), (4, "ban")]


def test_a_failing_observer_keeps_nothing_from_being_stored(tea: Store) -> None:
    told = list[int]()
    tea.observe(lambda _: 1 / 0)
    tea.observe(lambda change: told.append(change.revision))
    with pytest.raises(ObserverError) as caught:
        tea.send(TEA, change(JOIN, BOB))
    assert caught.value.change.revision == 3
    with pytest.raises(ObserverError):
        tea.send_many([(TEA, change(JOIN, CAROL)), (TEA, change(LEAVE, BOB))])
    assert told == [3, 4, 5]
    assert tea.who(TEA) == {ALICE: "join", CAROL: "join"}


def test_own_facts_are_kept_with_the_change(url: str) -> None:
    hasty = set[str]()
    with Store(url, policies=[READS], facts=lambda sender, _: {"is_hasty": sender in hasty}) as store:
        store.create(TEA, ALICE, policy="reads")
        store.send(TEA, join_rule("public"))
        assert store.send(TEA, change(JOIN, BOB)).allowed
        hasty |= {BOB, CAROL}
        assert not store.send(TEA, change(JOIN, CAROL))
        with Store(url, policies=[READS], facts=lambda *_: {"is_hasty": True}) as later:
            assert later.room(TEA).participations() == {ALICE: "join", BOB: "join"}
            assert later.changes()[2][1].facts == {"is_hasty": False}
    with Store(url) as unaware, pytest.raises(DefinitionError, match="unknown policy `reads`"):
        unaware.room(TEA)
    with Store(url) as unaware:
        assert {user: state.value for user, state in unaware.who(TEA).items()} == {ALICE: "join", BOB: "join"}
        assert [each.as_json()["policy"] for _, each in unaware.changes()] == ["reads"] * 3


# Checkpoints, retention, memory.


@pytest.mark.parametrize("keep", [None, 0, 4])
def test_checkpoints_change_nothing(url: str, monkeypatch: pytest.MonkeyPatch, keep: int | None) -> None:
    monkeypatch.setattr(slot, "CHECKPOINT_EVERY", 3)
    with Store(url, keep=keep) as here, Store(url, keep=keep) as there:
        room = here.create(TEA, ALICE)
        for number in range(17):
            event = (
                join_rule("public") if number % 5 == 0 else change(JOIN if number % 2 else INVITE, ALICE, f"@u{number}")
            )
            event = change(JOIN, f"@u{number}") if number % 2 else event
            assert (here, there)[number % 3 == 1].send(TEA, event) == room.send(event)
            with Store(url) as fresh:
                again = fresh.room(TEA)
                assert again.revision == room.revision
                assert again.participations() == room.participations() == fresh.who(TEA)
        kept = [each.revision for _, each in here.changes()]
        assert kept == list(range(room.revision + 1 - len(kept), room.revision + 1))
        assert (len(kept) == room.revision) is (keep is None)
        assert len(kept) >= min(room.revision, keep or 0)


def test_a_batch_is_stored_by_few_statements(tea: Store, url: str) -> None:
    joins = [change(JOIN, f"@u{number}", event_id=f"${number}") for number in range(123)]
    others = [change(LEAVE, f"@u{number}", event_id=f"$left {number}") for number in range(0, 123, 2)]
    batch = [*joins, *others, joins[7], *(change(JOIN, f"@u{number}") for number in range(4)), message(BOB)]
    in_memory, statements = tea.room(TEA), list[str]()
    expected = [in_memory.send(each) for each in batch]
    with Store(url) as store:
        store.room(TEA)
        listen(store._database.engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
        assert store.send_many((TEA, each) for each in batch) == expected
        assert len(statements) <= 25, statements
        stored = [each for _, each in store.changes()][2:]
        accepted = [each for each, answer in zip(batch, expected, strict=True) if answer and each is not joins[7]]
        assert [each.event for each in stored] == [*accepted[:7], joins[7], *accepted[7:]]
        assert [each.revision for each in stored] == [*range(3, 3 + len(stored))]
        assert store.who(TEA) == store.room(TEA).participations() == in_memory.participations()


def test_a_send_does_not_count_who_is_in_the_room(tea: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "CHECKPOINT_EVERY", 1)
    monkeypatch.setattr(slot, "PART", 1)
    tea.send_many((TEA, change(JOIN, f"@u{number}")) for number in range(20))
    with monkeypatch.context() as counting:
        counting.setattr(Room, "_states", property(lambda _: pytest.fail("all users were looked at")))
        for number in range(9):
            assert tea.send(TEA, change(LEAVE, f"@u{number}"))
        assert all(tea.send_many((TEA, change(JOIN, f"@u{number}")) for number in range(9)))
    assert len(tea.who(TEA)) == 21


def test_what_a_consumer_has_not_seen_is_kept(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "CHECKPOINT_EVERY", 2)
    with Store(url, keep=0) as store:
        store.create(TEA, ALICE)
        store.acknowledge("mail", store.changes()[0][0])
        for _ in range(6):
            store.send(TEA, message(ALICE))
        assert [each.revision for _, each in store.changes(store.cursor("mail"))] == list(range(2, 8))
        store.acknowledge("mail", store.changes()[4][0])
        store.send_many([(TEA, message(ALICE))] * 2)
        assert store.changes()[0][1].revision == 7


def test_memory_is_bounded(url: str) -> None:
    with Store(url, cache=2) as store:
        for number in range(6):
            store.create(f"!{number}", ALICE)
        for number in (*range(6), *range(6)):
            assert store.send(f"!{number}", message(ALICE))
            assert len(store._rooms._slots) <= 2
        assert all(row.revision == 3 for row in store.rooms())
        assert (
            store.send_many((f"!{number}", message(ALICE)) for number in range(6))
            == [store.send("!0", message(ALICE))] * 6
        )


@pytest.mark.parametrize(("name", "value"), [("cache", 0), ("cache", True), ("keep", -1), ("keep", "1")])
def test_bounds_are_whole_numbers(sqlite: str, name: str, value: Any) -> None:
    with pytest.raises(StoreError, match=f"`{name}` is a whole number from"):
        Store(sqlite, **{name: value})


# The outbox.


def test_a_consumer_hears_everything_once(tea: Store, url: str) -> None:
    heard = list[int]()
    for number in range(5):
        tea.send(TEA, message(ALICE))
        with Store(url) as consumer:
            for cursor, each in consumer.changes(consumer.cursor("mail"), 2):
                heard.append(each.revision)
                consumer.acknowledge("mail", [*json.loads(json.dumps(cursor))])
        assert number < 5
    assert heard == list(range(1, 8))
    last = tea.cursor("mail")
    tea.acknowledge("mail", tea.changes()[0][0])
    assert tea.cursor("mail") == last, "what is dealt with never goes back"
    assert isinstance(last, Cursor)
    assert tea.cursor("push") is None
    assert [each.revision for _, each in tea.last_changes(2, room_id=TEA)] == [6, 7]
    assert tea.changes(room_id="!x") == []


# Erasure.


def test_a_user_is_forgotten(tea: Store, other: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "CHECKPOINT_EVERY", 2)
    rude = change(BAN, ALICE, BOB, event_id="$b", content={"participation": "ban", "reason": f"{BOB} is rude"})
    events = [change(JOIN, BOB, event_id="$j"), {**message(BOB), "content": {"body": "mine"}}, rude]
    of_another = change(
        BAN, ALICE, CAROL, event_id=f"${BOB}/1", content={"participation": "ban", "reason": f"like {BOB}"}
    )
    tea.send_many((TEA, event) for event in [*events, {**message(ALICE), "content": {"to": [BOB]}}, of_another])
    with pytest.raises(EventError, match=r"in room `!room:a\.example`: `@bob:b\.example` is in the room still"):
        tea.forget(BOB)
    assert tea.changes()[2][1].target == BOB, "nothing is erased then"
    other.send(TEA, change(LEAVE, ALICE, BOB))
    assert other.forget(BOB) == 1
    assert other.forget(BOB) == 0
    text = dump(tea)
    assert BOB not in text
    assert ALICE in text
    assert "mine" not in text
    for each in (tea, other):
        each.send(TEA, message(ALICE))
        assert [told.revision for _, told in each.changes()] == list(range(1, each.room(TEA).revision + 1))
        assert each.send(TEA, events[0]).transition in ("join", "rejoin"), "nobody knows the id"
    assert BOB in tea.who(TEA)


def test_who_is_forgotten_is_in_no_file(sqlite: str) -> None:
    with Store(sqlite) as store:
        store.create(TEA, ALICE)
        store.send(TEA, join_rule("public"))
        for number in range(50):
            said = {**message(BOB), "content": {"body": "my own words" * 100}}
            store.send_many(
                (TEA, each) for each in (change(JOIN, BOB, event_id=f"${number}"), said, change(LEAVE, BOB))
            )
        written = Path(sqlite.removeprefix("sqlite:///"))
        assert store.forget(BOB) == 1
        for file in written.parent.iterdir():
            assert not {each for each in (BOB, "my own words") if each.encode() in file.read_bytes()}, file.name
        assert store.send(TEA, change(JOIN, BOB)).allowed


def dump(store: Store) -> str:
    """All that the database holds, as text."""
    from fsm.store.schema import METADATA  # noqa: PLC0415 - only for this

    with store._database.reading() as connection:
        return repr([connection.execute(table.select()).all() for table in METADATA.sorted_tables])


def test_forgetting_nobody(tea: Store) -> None:
    assert [tea.forget(user) for user in ("@nobody", "\0", "")] == [0, 0, 0]


# Matrix: refused events that others cite.


def test_hubs_agree_on_who_cites_a_refused_event(store: Store, url: str) -> None:
    # One room alone refuses whoever cites what it has refused. Hubs do not know of each other's refusals, so none counts.
    room_id = "!r:a.example"
    store.create(room_id, ALICE, policy="matrix-11")
    refused = {**m.member("ban", BOB, ALICE), "event_id": "$refused", "auth_events": []}
    citing = {**m.message(ALICE), "auth_events": ["$refused"]}
    with Store(url) as other:
        assert not store.send(room_id, refused)
        for hub in (other, store, store, other):
            assert hub.send(room_id, citing).allowed
        assert "$refused" not in [each.event_id for _, each in store.changes()]
        with Store(url) as later:
            assert later.send(room_id, citing).allowed
            assert later.room(room_id).revision == store.room(room_id).revision == len(store.changes())
