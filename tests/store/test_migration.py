"""Another policy for stored rooms: who is where stays, and all that is sent from then on is judged by the other policy."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from fsm import DefinitionError, Domain, EventError
from fsm.cli import run
from fsm.mimi.policies import MIMI
from fsm.store import Migration, Store, StoreError, slot
from tests import lab
from tests.builders import ALICE, BAN, BOB, CAROL, INVITE, JOIN, LEAVE, change, is_one_line, join_rule, message
from tests.store.test_store import dump
from tests.test_changes import HISTORIES

TEA, ZOO, LAB = "!room:a.example", "!zoo:a.example", "!lab"
EVENTS = [join_rule("public"), change(JOIN, BOB, event_id="$1"), change(INVITE, ALICE, CAROL), message(BOB)]

CLUB = MIMI.evolve("club", drop=["reban"])
QUIET = MIMI.evolve("mimi", drop=["reban"])
"""The same policy after its host has changed it."""

TOWN = lab.LAB.evolve(
    "town",
    domain=Domain(lab.LabFacts, dict.fromkeys(("target", "sender", "to"), (*lab.LADDER[:2], lab.BOSS))),
    drop=["move"],
    replace=[replace(row, source=row.source - {lab.STAFF}) for row in lab.LAB.transitions if row.id == "exit"],
)
"""The lab without staff."""


@pytest.fixture
def tea(store: Store) -> Store:
    store.create(TEA, ALICE)
    store.send_many((TEA, event) for event in EVENTS)
    return store


@pytest.mark.parametrize("every", [2, 500], ids=["with checkpoints", "from the first event"])
@pytest.mark.parametrize("policy", [CLUB, QUIET], ids=["another policy", "another version"])
def test_a_room_goes_over_as_it_is(url: str, policy: Any, every: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slot, "CHECKPOINT_EVERY", every)
    with Store(url) as before, Store(url, policies=[policy]) as store:
        before.create(TEA, ALICE)
        for event in EVENTS:
            before.send(TEA, event)
        there, past = store.who(TEA), [each.as_json() for _, each in before.changes()]
        if policy is QUIET:
            with pytest.raises(StoreError, match="cannot be opened"):
                store.room(TEA)
        tables = dump(store)
        assert store.migrate(policy, dry_run=True).moved == {TEA: {}}
        assert dump(store) == tables, "a trial stores nothing"
        done = store.migrate(policy)
        assert (done, bool(done)) == (Migration(policy.id, {TEA: {}}, {}), True)
        assert store.migrate(policy).moved == {}, "it has the policy"
        room = store.room(TEA)
        assert (room.policy, room.revision) == (policy, len(EVENTS) + 1)
        assert room.participations() == there == store.who(TEA)
        assert [each.as_json() for _, each in store.changes()] == past
        again = [EVENTS[1], change(BAN, ALICE, BOB), change(BAN, ALICE, BOB), EVENTS[1], message(BOB)]
        assert [store.send(TEA, event).transition for event in again] == ["join", "ban", None, "join", None]


def test_other_hubs_notice(tea: Store, url: str) -> None:
    with Store(url, policies=[CLUB]) as other:
        assert other.send(TEA, change(JOIN, BOB)).transition == "rejoin"
        assert tea.migrate(CLUB)
        assert other.send(TEA, change(BAN, ALICE, BOB)).allowed
        assert not other.send(TEA, change(BAN, ALICE, BOB))
        assert other.changes()[-1][1].policy == CLUB
        assert other.send(TEA, EVENTS[1]).transition == "join", "what came before is known"
        assert tea.room(TEA).participations() == other.who(TEA) == {ALICE: "join", BOB: "ban", CAROL: "invite"}


@pytest.fixture
def town(url: str) -> Iterator[Store]:
    with Store(url, policies=[lab.LAB, TOWN]) as store:
        _, events = HISTORIES["lab"]
        store.add(LAB, policy=lab.LAB)
        store.send_many((LAB, event) for event in events)
        staff = lab.LabRoom.syntax.write(lab.LAB, "move", lab.A, lab.B, to=lab.STAFF)
        assert store.send(LAB, staff).allowed
        yield store


def test_states_become_others_where_that_is_said(town: Store, url: str) -> None:
    refused = town.migrate(TOWN)
    assert refused.refused == {LAB: "`states`: `2` is no state of `town`: say what becomes of it"}
    assert (bool(refused), refused.moved) == (False, {})
    for states in ({2: 1}, {"2": "1"}, {lab.STAFF: lab.GUEST}):
        assert town.migrate(TOWN, None, states, dry_run=True).moved == {LAB: {lab.B: (lab.STAFF, lab.GUEST)}}
    assert town.migrate(TOWN, lambda row: row.id != LAB).moved == {}
    done = town.migrate("town", lambda row: row.policy == "lab", {2: 0})
    assert json.loads(json.dumps(done.as_json()))["moved"] == {LAB: {lab.B: [2, 0]}}
    for store in (town, Store(url, policies=[TOWN])):
        assert store.who(LAB) == store.room(LAB).participations() == {lab.A: lab.GUEST}
        assert store.rooms_of(lab.B) == {}
        store.close()


def test_what_has_been_dropped_is_no_obstacle(town: Store, url: str) -> None:
    with Store(url, policies=[TOWN]) as store:
        assert store.migrate("town", states={2: 1}).moved == {LAB: {lab.B: (lab.STAFF, lab.GUEST)}}
        assert store.who(LAB) == town.who(LAB) == {lab.A: lab.GUEST, lab.B: lab.GUEST}


# fmt: off
STAYS: list[tuple[dict[str, Any], Any, str]] = [
    ({"policy": "mimi"},                         "matrix-11", "`policy`: `matrix-11` is for rooms of another family"),
    ({"policy": "matrix"},                       "matrix-11", "`policy`: a room keeps the version that its creation names: an upgrade is another room"),
    ({"policy": "room-policy-strict", "role": 1}, "room-policy-moderated", "`policy`: `room-policy-strict` follows from what happens in the room"),
]
# fmt: on


@pytest.mark.parametrize(("created", "policy", "reason"), STAYS, ids=range(len(STAYS)))
def test_what_cannot_go_over_stays_and_is_named(sqlite: str, created: dict[str, Any], policy: str, reason: str) -> None:
    with Store(sqlite) as store:
        store.create(TEA, ALICE, **created)
        store.create(ZOO, ALICE)
        tables = dump(store)
        done = store.migrate(policy, where=lambda row: row.id == TEA)
        assert (done.refused, bool(done)) == ({TEA: reason}, False)
        assert dump(store) == tables


WRONG: list[tuple[Callable[[Store], object], str]] = [
    (lambda here: here.migrate("mimo"), "unknown policy `mimo`"),
    (lambda here: here.migrate("matrix"), "`matrix` stands for several policies"),
    (lambda here: here.migrate("mimi-01", states={"knock": "home"}), "`home` is not one of"),
    (lambda here: here.migrate("mimi-01", states={"knock": None}), "a state is named by its word"),
]


@pytest.mark.parametrize(("act", "problem"), WRONG, ids=range(len(WRONG)))
def test_what_is_asked_wrongly_is_one_line(sqlite: str, act: Callable[[Store], object], problem: str) -> None:
    with Store(sqlite) as store:
        store.create(TEA, ALICE)
        tables = dump(store)
        with pytest.raises(DefinitionError, match=problem) as caught:
            act(store)
        assert is_one_line(str(caught.value))
        assert dump(store) == tables


def test_rooms_in_which_a_user_may_do_something(tea: Store) -> None:
    tea.create(ZOO, ALICE)
    assert tea.rooms_where(JOIN, "@new:x") == {TEA: "join"}
    assert tea.rooms_where(JOIN, CAROL) == {TEA: "accept"}
    assert tea.rooms_where(LEAVE, ALICE) == {TEA: "leave", ZOO: "leave"}
    assert tea.rooms_where(LEAVE, ALICE, target=BOB) == {TEA: "kick"}
    assert tea.rooms_where(BAN, BOB, target=ALICE) == {}
    with pytest.raises(EventError, match="dance"):
        tea.rooms_where("dance", ALICE)


# The command.


def test_the_command_line(sqlite: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(sqlite) as store:
        store.create(TEA, ALICE)
        store.create(ZOO, ALICE, policy="matrix-11")

    def told(*arguments: str) -> tuple[int, list[str]]:
        return run(["migrate", sqlite, *arguments]), capsys.readouterr().out.splitlines()

    trial = ["dry run: 1 room would go over to mimi-01", f"  {TEA}"]
    assert told("--policy", "mimi-01", "--room", TEA, "--dry-run") == (0, trial)
    stays = ["1 room stays as it was", f"  {ZOO}  `policy`: `mimi-01` is for rooms of another family"]
    assert told("--policy", "mimi-01") == (1, ["1 room went over to mimi-01", f"  {TEA}", *stays])
    assert told("--policy", "mimi-01", "--from", "mimi-01") == (0, ["no rooms went over to mimi-01"])
    status, lines = told("--policy", "mimi", "--json", "--from", "mimi-01")
    assert (status, json.loads(lines[0])) == (
        0,
        {"policy": "mimi", "dry_run": False, "moved": {TEA: {}}, "refused": {}},
    )


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["--policy", "mimo"], "unknown policy `mimo`"),
        (["--policy", "mimi", "--room", "!x"], "there is no room `!x` in the store"),
        (["--policy", "mimi", "--state", "knock"], "`--state` is OLD=NEW, not `knock`"),
        (["--policy", "mimi", "--state", "knock=x"], "`x` is not one of invite, join, leave, ban, knock"),
        ([], "missing option '--policy'"),
    ],
)
def test_a_command_that_cannot_be_is_one_line(
    sqlite: str, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Store(sqlite).close()
    assert run(["migrate", sqlite, *arguments]) == 2
    assert capsys.readouterr().err.startswith(f"fsm: {problem}")
