"""Pieces may be numbered while rooms judge those before them: all stays as if one came after the other."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fsm.bulk import Backtest
from fsm.bulk.decide.run import Run
from fsm.bulk.files import backtest
from fsm.bulk.write.synth import synthesise
from fsm.policies import load_policy
from tests.builders import ALICE, BAN, BOB, CAROL, DAN, JOIN, change, create, join_rule, role, role_map
from tests.bulk.histories import LOOPS, rows_of

EVENTS = 1_000
NAMED = [
    create(),
    join_rule("public"),
    role("chief", {"ban": True, "kick": True}),
    role_map(("chief", 9, [ALICE, BOB])),  # of whom nobody has heard yet
    change(JOIN, DAN),
    change(BAN, BOB, CAROL),
    change(JOIN, BOB),
    change(BAN, BOB, CAROL),
]
POLICIES = ["mimi", "mimi-01", "matrix-11"]


def pieces(policy: str, size: int) -> list[pa.Table]:
    whole = pa.concat_tables(synthesise(load_policy(policy), events=EVENTS, rooms=9, users=70, seed=3))
    return [whole.slice(start, size) for start in range(0, len(whole), size)]


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("size", [10, 100])
def test_all_pieces_can_be_numbered_before_the_first_is_played(policy: str, size: int, compiled: bool) -> None:
    check(policy, pieces(policy, size), compiled=compiled)


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("size", range(1, len(NAMED)))
def test_users_whom_only_a_room_has_named(size: int, compiled: bool) -> None:
    table = rows_of(NAMED)
    check("mimi", [table.slice(start, size) for start in range(0, len(table), size)], compiled=compiled)


@pytest.mark.parametrize("compiled", LOOPS)
def test_pairs_that_come_up_while_a_room_judges(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    *joins, last = (change(JOIN, f"@user{number}:a.example") for number in range(200))
    strangers = [change(BAN, BOB, CAROL), change(BAN, last["sender"], CAROL)]
    tables = [rows_of([*NAMED[:4], *strangers]), rows_of([*NAMED[4:], *joins, last])]
    in_turn, ahead = (Backtest(load_policy("mimi"), compiled=compiled) for _ in range(2))
    expected = [in_turn.add(table).as_table().to_pylist() for table in tables]
    coded, settle = [ahead.code(tables[0])], Run._settle

    def meanwhile(run: Run) -> None:
        if len(coded) == 1:
            coded.append(ahead.code(tables[1]))
        settle(run)

    monkeypatch.setattr(Run, "_settle", meanwhile)
    assert [ahead.play(coded[place]).as_table().to_pylist() for place in range(2)] == expected
    assert ahead.participation().to_pylist() == in_turn.participation().to_pylist()


def check(policy: str, tables: list[pa.Table], *, compiled: bool) -> None:
    """Replay pieces in turn, and with all of them numbered before."""
    in_turn, ahead = (Backtest(load_policy(policy), compiled=compiled) for _ in range(2))
    expected = [in_turn.add(table).as_table().to_pylist() for table in tables]
    coded = [ahead.code(table) for table in tables]
    assert [ahead.play(each).as_table().to_pylist() for each in coded] == expected
    assert ahead.as_json() == in_turn.as_json()
    assert ahead.participation().to_pylist() == in_turn.participation().to_pylist()


@pytest.mark.parametrize("policy", POLICIES)
def test_one_processor_or_two(policy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.bulk.read.source._ENOUGH", 20)
    history = tmp_path / "history.parquet"
    pq.write_table(pa.concat_tables(pieces(policy, EVENTS)), history, row_group_size=20)
    told = []
    for processors in (1, 2):
        monkeypatch.setattr(pa, "cpu_count", lambda count=processors: count)
        files = [tmp_path / f"{name}-{processors}.parquet" for name in ("verdicts", "who")]
        report = backtest(history, load_policy(policy), load_policy("mimi"), output=files[0], participation=files[1])
        told.append((report.counts, *(pq.read_table(file).to_pylist() for file in files)))
    assert told[0] == told[1]
