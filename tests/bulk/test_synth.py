"""Logs that are made up, and believable."""

from collections import Counter
from io import BytesIO
from itertools import pairwise

import pyarrow as pa
import pytest

from fsm import MIMI
from fsm.bulk import Backtest, replay
from fsm.bulk.write.synth import TIME, as_events, synthesise
from fsm.errors import DefinitionError
from fsm.log import Replay
from fsm.log_reader import read_events
from fsm.policies import load_policy
from tests.bulk.histories import POLICIES, text_of

NEVER = ("redeem", "enter", "welcome")
"""Moves that take a proof, and one that needs knocks, which the first room versions do not have."""


OTHER_ROLE_SETS = ["cooperative", "moderated", "organizations"]


def synth(policy: str = "mimi", *, events: int = 6_000, rooms: int = 12, users: int = 300, seed: int = 1) -> pa.Table:
    return pa.concat_tables(synthesise(load_policy(policy), events=events, rooms=rooms, users=users, seed=seed))


@pytest.mark.parametrize("policy", [*POLICIES, "matrix-1", "matrix-7", "matrix-12"])
def test_the_log_is_believable(policy: str) -> None:
    table = synth(policy)
    assert len(table) == 6_000
    backtest = Backtest(load_policy(policy))
    backtest.add(table)
    report = backtest.as_json()
    assert 0.03 < report["summary"]["rejected"] / 6_000 < 0.15
    assert report["summary"]["errors"] == 0
    transitions = {row.id for row in load_policy(policy).transitions}
    assert transitions - report["transitions"].keys() <= {"reban", "deny", "ban", "unban", *NEVER}
    times = table.column(TIME).to_pylist()
    assert all(before <= after for before, after in pairwise(times))
    assert len(set(table.column("room_id").to_pylist())) == 12
    types = Counter(table.column("type").to_pylist())
    assert types["m.room.create"] == 12
    assert types["m.room.role_map"] + types["m.room.power_levels"] > 5
    sizes = Counter(table.column("room_id").to_pylist()).most_common()
    assert sizes[0][1] > 5 * sizes[-1][1]


@pytest.mark.parametrize("name", ["strict", *(pytest.param(name, marks=pytest.mark.long) for name in OTHER_ROLE_SETS)])
def test_the_log_of_a_role_set_is_believable(name: str) -> None:
    backtest = Backtest(load_policy(f"room-policy-{name}"))
    backtest.add(synth(f"room-policy-{name}", events=600 if name == "strict" else 3_000, rooms=6, users=60))
    report = backtest.as_json()
    assert report["summary"]["allowed"] > 0.6 * report["summary"]["events"]
    assert report["transitions"].keys() >= {"add", "leave", "change_role", "ban", "unban", "kick", "add_own_client"}
    assert len(report["failed"]) > 15
    assert len(report["participation"]) > 3


def test_rooms_are_created_once_and_first() -> None:
    seen: set[str] = set()
    for row in synth().to_pylist():
        assert (row["type"] == "m.room.create") is (row["room_id"] not in seen)
        seen.add(row["room_id"])


def test_the_seed_decides() -> None:
    assert synth(seed=4).equals(synth(seed=4))
    assert not synth(seed=4).equals(synth(seed=5))


@pytest.mark.parametrize(("events", "rooms", "users"), [(10, 1, 2), (1_000, 100, 2), (1_000, 1, 1_000), (77, 3, 3)])
def test_any_size(events: int, rooms: int, users: int) -> None:
    table = synth(events=events, rooms=rooms, users=users)
    assert len(table) == events
    assert len(replay(table)) == events


def test_long_logs_come_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.bulk.write.synth._BLOCK", 1_000)
    pieces = list(synthesise(MIMI, events=4_500, rooms=9, users=50))
    assert len(pieces) == 5
    assert sum(map(len, pieces)) == 4_500
    rooms = [set(piece.column("room_id").to_pylist()) for piece in pieces]
    assert sum(map(len, rooms)) == len(set().union(*rooms)) == 9
    times = [time for piece in pieces for time in piece.column(TIME).to_pylist()]
    assert times == sorted(times)


@pytest.mark.parametrize(("events", "rooms", "users"), [(0, 1, 2), (9, 1, 2), (100, 0, 2), (100, 1, 1), (100, 11, 2)])
def test_sizes_that_do_not_fit(events: int, rooms: int, users: int) -> None:
    with pytest.raises(DefinitionError, match="a history takes a room, two users, and ten events for each room"):
        synth(events=events, rooms=rooms, users=users)


def test_its_events_are_events_for_everybody() -> None:
    table = synth(events=1_000)
    events = list(as_events(table, MIMI))
    run = Replay(MIMI)
    decisions = [outcome.decision for outcome in run.run(read_events(BytesIO(text_of(events)), run.rules))]
    assert [bool(decision) for decision in decisions] == replay(table).column("allowed").to_pylist()


def test_a_policy_of_ones_own() -> None:
    policy = MIMI.evolve("calm", drop=("ban", "reban", "unban", "knock", "reknock", "deny", "welcome", "withdraw"))
    table = pa.concat_tables(synthesise(policy, events=2_000, rooms=5, users=50))
    assert set(table.column("action").to_pylist()) <= {None, "invite", "join", "leave"}
