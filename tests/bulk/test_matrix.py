"""Columnar replay of Matrix logs equals the room, event for event."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm.bulk import replay
from fsm.bulk.files import backtest
from fsm.bulk.synth import as_events, synthesise
from fsm.log import Replay
from fsm.log_reader import read_events
from fsm.matrix.policies import VERSIONS, MatrixPolicy
from fsm.policies import load_policy
from tests.bulk.histories import LOOPS, columnar_replay, plain_replay, table_of
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
    assert not past
    outcomes, states = columnar_replay([policy], table, batch=batch, compiled=compiled)
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
        assert counts["summary"] == {"not_judged": 0, **run.summary()}
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
    assert [row.get("transition") for row in rows] == [None] * 5 + ["kick", None, None, "join"]
    assert [row["allowed"] for row in rows] == [True] * 6 + [False, True, True]


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
    assert [row["transition"] for row in answers] == [None, None, "found", "invite", "accept", None, None, "leave"]
    assert answers[5]["error"] == "`sender`: `bob` is no user id, which is `@localpart:server`"
    assert answers[6]["reason"] == "event: the room version knows no such membership"
