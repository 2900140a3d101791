"""Columnar replay of Matrix logs equals the room, event for event."""

import json
from io import BytesIO
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm.bulk import replay
from fsm.bulk.files import backtest
from fsm.bulk.write.synth import as_events, synthesise
from fsm.log import GIVEN, UNFOUNDED, Replay
from fsm.log_reader import read_events
from fsm.matrix.policies import VERSIONS, MatrixPolicy
from fsm.policies import load_policy, load_rules
from tests.bulk.histories import LOOPS, columnar_replay, plain_replay, table_of, text_of
from tests.bulk.matrix_histories import logs
from tests.matrix.builders import ABE, ALICE, BOB, JSON, create, join_rules, levels, member

POLICIES = [VERSIONS[version] for version in ("1", "6", "7", "8", "10", "11", "12")]
"""Those that differ in what membership depends on."""

DATA = Path(__file__).parent.parent / "data" / "matrix"


HISTORIES = st.sampled_from(POLICIES).flatmap(lambda policy: st.tuples(st.just(policy), logs(policy)))


@pytest.mark.parametrize("compiled", LOOPS)
@settings(max_examples=100)
@given(history=HISTORIES, batch=st.integers(1, 40))
def test_random_logs(compiled: bool, history: tuple[MatrixPolicy, list[Any]], batch: int) -> None:
    policy, log = history
    table, past = table_of([policy], log)
    outcomes, states = columnar_replay([policy], table, batch=batch, compiled=compiled, past=past)
    assert (outcomes[0], states) == plain_replay(policy, log)


@pytest.mark.parametrize("other", ["matrix-1", "matrix-12"])
@settings(max_examples=20)
@given(history=HISTORIES)
def test_two_policies_do_not_disturb_each_other(other: str, history: tuple[MatrixPolicy, list[Any]]) -> None:
    policy, log = history
    pair = [policy, load_policy(other)]
    table, past = table_of(pair, log)
    outcomes, _ = columnar_replay(pair, table, past=past)
    assert outcomes == [plain_replay(each, log)[0] for each in pair]


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
def test_rooms_of_several_versions(batch: int) -> None:
    """Of some the creation comes late, or never; of some it is given."""
    family, users = load_rules("matrix"), (ALICE, BOB, ABE)
    chance = Random(batch)  # noqa: S311 - no secret
    log: list[JSON] = []
    for number in range(60):
        version = chance.choice([*VERSIONS, "99"])
        creation = {key: each for key, each in create(version).items() if key != "event_id"}
        events = []
        for _ in range(chance.randint(0, 20)):
            word = chance.choice(["join", "leave", "invite", "ban", "knock"])
            rule, level = chance.choice(["public", "knock", "invite"]), chance.choice([50, "60", 100])
            events.append(
                chance.choice(
                    [
                        member(word, chance.choice(users)),
                        member(word, chance.choice(users), chance.choice(users)),
                        join_rules(rule),
                        levels(users={chance.choice(users): level}),
                    ]
                )
            )
        place = chance.choice([None, 0, 0, 0, chance.randint(0, len(events))])
        if place is not None:
            events[place:place] = [creation, member("join", ALICE)]
        room = f"!{number}:a.example"
        placed = [{**event, "room_id": room} for event in events]
        if place is not None and chance.random() < 0.3:
            given = {"state": {"events": [placed.pop(place)]}}
            placed.insert(place, {"rooms": {"join": {room: given}}})
        log += placed
    table, past = table_of([family], log)
    outcomes, states = columnar_replay([family], table, batch=batch, past=past)
    assert (outcomes[0], states) == plain_replay(family, log)
    reasons = {decision.reason for decision, _ in outcomes[0] if decision}
    assert {GIVEN.reason, UNFOUNDED.reason} < reasons


@pytest.mark.parametrize("batch", [1, 2, 1000])
def test_a_creation_of_version_12_after_other_events_of_its_room(batch: int) -> None:
    creation = {key: each for key, each in create("12").items() if key != "room_id"} | {"event_id": "$made"}
    before = [member("join", BOB, room_id="!made"), levels(users={BOB: 50}, room_id="!made")]
    after = [member("join", ALICE, room_id="!made"), member("ban", BOB, ABE, room_id="!made")]
    family = load_rules("matrix")
    for came in (creation, {"rooms": {"join": {"!made": {"state": {"events": [creation]}}}}}):
        log = [*before, came, *after]
        table, past = table_of([family], log)
        outcomes, states = columnar_replay([family], table, batch=batch, past=past)
        assert (outcomes[0], states) == plain_replay(family, log)
        assert [error for _, error in outcomes[0]] == [None] * 5
        assert states["!made", BOB] == "join"


def test_a_log_of_rooms_of_several_versions_from_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "mixed.jsonl"
    six = [
        {**event, "room_id": "!six:a.example"} for event in (create("6"), member("join", ALICE), member("knock", BOB))
    ]
    ten = [
        {**event, "room_id": "!ten:a.example"} for event in (create("10"), member("join", ALICE), join_rules("knock"))
    ]
    path.write_bytes(text_of([*six, *ten, member("knock", BOB, room_id="!ten:a.example")]))
    report = backtest(path, load_rules("matrix"), load_rules("matrix-10")).as_json()
    assert report["policy"] == "matrix"
    assert report["transitions"] == {"create": 2, "found": 2, "knock": 1, "state": 1}
    assert report["summary"] == {"events": 7, "allowed": 6, "rejected": 1, "errors": 0}
    assert report["participation"] == {"join": 2, "knock": 1}


def test_a_missing_creation_is_said(tmp_path: Path) -> None:
    path = tmp_path / "part.jsonl"
    path.write_bytes(text_of([member("join", ALICE, room_id="!r:x"), member("ban", ALICE, BOB, room_id="!r:x")]))
    notices: list[str] = []
    report = backtest(path, VERSIONS["10"], tell=notices.append).as_json()
    assert report["without_creation"] == report["summary"]["not_judged"] == 2
    assert report["participation"] == {"join": 1, "ban": 1}
    assert notices == ["the creation of room `!r:x` is missing: its events are taken as they stand, and none is judged"]


def test_an_event_on_two_pages_counts_once(tmp_path: Path) -> None:
    path = tmp_path / "pages.jsonl"
    events = [{**event, "room_id": "!r:a.example", "event_id": f"${number}"} for number, event in enumerate([
        create("10"), member("join", ALICE), join_rules("public"), member("join", BOB), member("leave", BOB),
    ])]  # fmt: skip
    pages = [{"chunk": events[:4], "start": "t1", "end": "t4"}, {"chunk": events[3:], "start": "t3", "end": "t5"}]
    path.write_bytes(text_of(pages))
    report = backtest(path, VERSIONS["10"]).as_json()
    run = Replay(VERSIONS["10"])
    list(run.run(read_events(BytesIO(text_of(pages)), run.rules)))
    assert report["summary"] == run.summary() == {"events": 5, "allowed": 5, "rejected": 0, "errors": 0}


@pytest.mark.parametrize("policy", ["matrix-1", "matrix-7", "matrix-10", "matrix-12"])
@pytest.mark.parametrize("compiled", LOOPS)
def test_made_up_logs(policy: str, compiled: bool) -> None:
    rules = load_policy(policy)
    table = pa.concat_tables(synthesise(rules, events=8_000, rooms=30, users=200, seed=2))
    outcomes, states = columnar_replay([rules], table, batch=999, compiled=compiled)
    assert (outcomes[0], states) == plain_replay(rules, list(as_events(table, rules)))
    assert {decision.transition for decision, _ in outcomes[0] if decision} >= {"found", "accept", "kick", "unban"}


@pytest.mark.parametrize("name", ["bootstrap-public-chat", "MSC4297-problem-A-pdus-v11", "MSC4297-problem-A-pdus-v12"])
def test_real_histories(name: str) -> None:
    path = DATA / f"{name}.json"
    for policy in (VERSIONS["11"], VERSIONS["12"]):
        run = Replay(policy)
        list(run.run(read_events(BytesIO(path.read_bytes()), run.rules)))
        counts = backtest(path, policy).counts
        assert counts["summary"] == run.summary()
        states = [state for users in run.participation().values() for state in users.values()]
        assert counts["participation"] == {state: states.count(state) for state in set(states)}


def test_a_state_is_taken_as_it_stands(tmp_path: Path) -> None:
    """Also power levels without the `state_key` that they should have."""
    given: list[JSON] = [create("10"), member("join", ALICE), member("join", BOB), member("join", ABE)]
    given.append({key: each for key, each in levels(users={BOB: 60, ABE: 40}).items() if key != "state_key"})
    after = [member("leave", BOB, ABE), member("leave", ABE, BOB), join_rules("public"), member("join", ABE)]
    path = tmp_path / "sync.json"
    path.write_text(
        json.dumps({"rooms": {"join": {"!r:x": {"state": {"events": given}, "timeline": {"events": after}}}}})
    )
    output = tmp_path / "verdicts.jsonl"
    backtest(path, VERSIONS["10"], output=output)
    rows = [json.loads(line) for line in output.read_text().splitlines()]
    assert [row.get("transition") for row in rows] == [None] * 5 + ["kick", None, None, None]
    assert [row["allowed"] for row in rows] == [True] * 6 + [False, False, False]


def test_power_levels_that_cannot_be_read_in_a_state(tmp_path: Path) -> None:
    given = [create("6"), levels(users={ALICE: 100, BOB: 10, ABE: "x"}, kick="fifty"),
             *(member("join", user) for user in (ALICE, BOB, ABE))]  # fmt: skip
    after = [member(word, ALICE, user) for user in (BOB, ABE) for word in ("leave", "ban")]
    path = tmp_path / "sync.json"
    path.write_text(
        json.dumps({"rooms": {"join": {"!r:x": {"state": {"events": given}, "timeline": {"events": after}}}}})
    )
    output = tmp_path / "verdicts.jsonl"
    report = backtest(path, VERSIONS["6"], output=output)
    assert [fault.split(": ")[1] for fault in report.faults] == [
        "line 1, event 6",
        "line 1, event 8",
        "line 1, event 9",
    ]
    rows = [json.loads(line) for line in output.read_text().splitlines()][len(given) :]
    run = Replay(VERSIONS["6"])
    answers = list(run.run(read_events(BytesIO(path.read_bytes()), run.rules)))[len(given) :]
    assert [row.get("transition") for row in rows] == [None, "ban", None, None]
    assert [row.get("error") for row in rows] == [answer.error and answer.error.problem for answer in answers]
    kick, _, kick_too, ban = [row.get("error") for row in rows]
    assert kick == kick_too == "turns on a power level that cannot be read: `content.kick`: `fifty` is no whole number"
    assert ban == f"turns on a power level that cannot be read: `content.users.{ABE}`: `x` is no whole number"


def test_rows_of_a_database() -> None:
    """Membership as columns, and the creator's first join among them."""
    rows: list[JSON] = [
        {"sender": ALICE, "type": "m.room.create", "state_key": "", "content": '{"room_version": "11"}'},
        {"sender": BOB, "target": BOB, "action": "join"},
        {"sender": ALICE, "target": ALICE, "action": "join"},
        {"sender": ALICE, "target": BOB, "action": "invite", "type": "m.room.member"},
        {"sender": BOB, "target": BOB, "action": "join"},
        {"sender": "bob", "target": "bob", "action": "join"},
        {"sender": BOB, "target": BOB, "action": "dance"},
        {"sender": BOB, "target": BOB, "action": "leave"},
    ]
    names = ["room_id", "sender", "target", "action", "type", "state_key", "content"]
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    answers = replay(table, "matrix-11").to_pylist()
    assert [row["transition"] for row in answers] == ["create", None, "found", "invite", "accept", None, None, "leave"]
    assert answers[5]["error"] == "`sender`: `bob` is no user id, which is `@localpart:server`"
    assert answers[6]["reason"] == "event: the room version knows no such membership"


CITED: list[Any] = [
    [],
    ["$made"],
    ["$made", "$made"],
    ["$refused"],
    ["$unknown"],
    ["$rules", "$joined"],
    ["$own"],
    5,
    [5],
]


@pytest.mark.parametrize("batch", [1, 1000])
@pytest.mark.parametrize("cited", CITED, ids=str)
def test_what_changes_cite_counts_as_in_a_room(cited: Any, batch: int) -> None:
    policy = VERSIONS["10"]
    log = [
        {**create("10"), "event_id": "$made"},
        member("join", ALICE, event_id="$joined"),
        {**join_rules("public"), "event_id": "$rules"},
        member("ban", BOB, ABE, event_id="$refused", auth_events=[]),
        member("join", BOB, event_id="$own", auth_events=cited),
        member("ban", ALICE, BOB, auth_events=cited),
        member("leave", ALICE, BOB),
    ]
    table, past = table_of([policy], log)
    outcomes, states = columnar_replay([policy], table, batch=batch, past=past)
    assert (outcomes[0], states) == plain_replay(policy, log)


def test_one_change_may_cite_or_not(tmp_path: Path) -> None:
    """However a history comes, what an event cites is seen."""
    log = [
        *(
            {**event, "room_id": "!r:a.example"}
            for event in (create("10"), member("join", ALICE), join_rules("public"))
        ),
        member("join", BOB, event_id="$own", auth_events=["$made", "$made"], room_id="!r:a.example"),
    ]
    log[0]["event_id"] = "$made"
    path = tmp_path / "log.jsonl"
    path.write_text("\n".join(map(json.dumps, log)), encoding="utf-8")
    whole = backtest(path, VERSIONS["10"], output=tmp_path / "rows.parquet").counts["summary"]
    assert (whole["allowed"], whole["rejected"]) == (3, 1)
    again = backtest(tmp_path / "rows.parquet", VERSIONS["10"]).counts["summary"]
    assert again == whole
