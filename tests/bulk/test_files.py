"""Results are there whole, or not at all."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather

from fsm.bulk import Backtest, replay
from fsm.bulk.files import backtest
from fsm.bulk.write.synth import synthesise
from fsm.errors import ReplayError
from fsm.policies import load_policy
from tests.builders import one_line

MIMI, MIMI_01 = load_policy("mimi"), load_policy("mimi-01")
EVENTS = 2_000


@pytest.fixture(scope="module")
def table() -> pa.Table:
    return pa.concat_tables(synthesise(MIMI, events=EVENTS, rooms=10, users=60, seed=2))


@pytest.fixture
def history(table: pa.Table, tmp_path: Path) -> Path:
    path = tmp_path / "history" / "events.parquet"
    path.parent.mkdir()
    pq.write_table(table, path, row_group_size=500)
    return path


@pytest.fixture
def piecewise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.bulk.read.source._ENOUGH", 500)


def read(path: Path) -> pa.Table:
    if path.suffix == ".parquet":
        return pq.read_table(path)
    if path.suffix == ".jsonl":
        rows = [json.loads(line) for line in path.read_text().splitlines()]
        return pa.table({name: [row.get(name) for row in rows] for name in {name for row in rows for name in row}})
    return feather.read_table(path)


def without_nulls(table: pa.Table) -> list[dict[str, Any]]:
    return [{name: cell for name, cell in row.items() if cell is not None} for row in table.to_pylist()]


def results(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name != "history")


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".feather", ".jsonl"])
def test_verdicts_stand_beside_the_events(ending: str, history: Path, table: pa.Table, tmp_path: Path) -> None:
    output = tmp_path / f"verdicts{ending}"
    backtest(history, MIMI, MIMI_01, output=output)
    expected = replay(table, MIMI, MIMI_01)
    names = ["room_id", "sender", "allowed", "transition", "failed", "against_allowed", "against_reason", "differs"]
    assert without_nulls(read(output).select(names)) == without_nulls(expected.select(names))
    assert results(tmp_path) == [output.name]
    if ending != ".jsonl":
        assert read(output).column_names == expected.column_names
        assert read(output).column("time").equals(table.column("time"))


@pytest.mark.usefixtures("piecewise")
@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".jsonl"])
def test_words_may_come_up_late(ending: str, history: Path, table: pa.Table, tmp_path: Path) -> None:
    """Each piece brings its own dictionary, also of columns that are carried through."""
    moods = table.append_column("mood", pa.array([f"m{row // 500}" for row in range(EVENTS)]).dictionary_encode())
    pq.write_table(moods, history, row_group_size=500)
    output = tmp_path / f"verdicts{ending}"
    backtest(history, MIMI, output=output)
    names = ["mood", "allowed", "transition", "reason"]
    assert without_nulls(read(output).select(names)) == without_nulls(replay(moods).select(names))


def test_a_column_that_cannot_be_written(history: Path, table: pa.Table, tmp_path: Path) -> None:
    """Arrow has types that Parquet lacks."""
    spans = pa.array([None] * EVENTS, pa.month_day_nano_interval())
    feather.write_feather(table.append_column("span", spans), str(history))
    output = tmp_path / "verdicts.parquet"
    with pytest.raises(
        ReplayError, match=rf"\A{output}: .*: stopped after {EVENTS} events, and {output} not written\Z"
    ):
        backtest(history, MIMI, output=output)
    assert results(tmp_path) == []


def test_who_is_where_at_the_end(history: Path, tmp_path: Path) -> None:
    output = tmp_path / "states.parquet"
    report = backtest(history, MIMI, MIMI_01, participation=output)
    rows = read(output).to_pylist()
    for name, column in (("participation", "state"), ("against", "against_state")):
        counts = report.counts[name] if name == "participation" else report.counts[name]["participation"]
        assert counts == {state: sum(row[column] == state for row in rows) for state in counts}
    assert {row["state"] for row in rows if row["against_state"] == "leave"} <= {"invite", "join", "ban", "knock"}


def test_words_for_states_are_the_same_in_all_files(history: Path, tmp_path: Path) -> None:
    output = tmp_path / "states.parquet"
    backtest(history, MIMI, MIMI_01, participation=output)
    for column in ("state", "against_state"):
        (chunk,) = pq.read_table(output).column(column).chunks
        assert chunk.dictionary.to_pylist() == [state.value for state in MIMI.states]


def test_an_empty_history_has_an_empty_result(tmp_path: Path) -> None:
    (tmp_path / "day.jsonl").write_text("")
    backtest(tmp_path / "day.jsonl", MIMI, output=tmp_path / "verdicts.parquet", participation=tmp_path / "who.parquet")
    assert read(tmp_path / "verdicts.parquet").num_rows == 0
    assert read(tmp_path / "who.parquet").column_names == ["room_id", "user", "state"]


@pytest.mark.usefixtures("piecewise")
@pytest.mark.parametrize("stop_at", [1, 3])
def test_an_interruption_leaves_nothing(stop_at: int, history: Path, tmp_path: Path) -> None:
    def stop(events: int, share: float) -> None:
        assert share == pytest.approx(events / EVENTS, abs=0.01)
        if events == stop_at * 500:
            raise KeyboardInterrupt

    output, states = tmp_path / "verdicts.parquet", tmp_path / "who.parquet"
    message = rf"\Ainterrupted: stopped after {stop_at * 500} events, and {output} and {states} not written\Z"
    with pytest.raises(KeyboardInterrupt, match=message):
        backtest(history, MIMI, output=output, participation=states, on_progress=stop)
    assert results(tmp_path) == []


@pytest.mark.usefixtures("piecewise")
def test_a_corrupt_row_group_leaves_nothing(history: Path, tmp_path: Path) -> None:
    place = pq.read_metadata(history).row_group(2).column(1).dictionary_page_offset
    data = bytearray(history.read_bytes())
    data[place : place + 300] = bytes(300)
    history.write_bytes(data)
    output = tmp_path / "verdicts.parquet"
    message = rf"\A{history}: cannot be read beyond row 1000: .*: stopped after 1000 events, and {output} not written\Z"
    with pytest.raises(ReplayError, match=message):
        backtest(history, MIMI, output=output)
    assert results(tmp_path) == []


@pytest.mark.usefixtures("piecewise")
def test_what_was_there_before_stays_until_all_is_done(history: Path, tmp_path: Path) -> None:
    output = tmp_path / "verdicts.jsonl"
    output.write_text("the last run")

    def look(_: int, __: float) -> None:
        assert output.read_text() == "the last run"

    backtest(history, MIMI, output=output, on_progress=look)
    assert len(output.read_text().splitlines()) == EVENTS


@pytest.mark.parametrize("ending", [".parquet", ".arrow", ".jsonl"])
def test_a_place_that_cannot_be_written_to(ending: str, history: Path, tmp_path: Path) -> None:
    output = tmp_path / "no folder" / f"verdicts{ending}"
    with pytest.raises(ReplayError, match=one_line(f"{output}: no such file or directory: stopped after 0 events")):
        backtest(history, MIMI, output=output)


def test_names_that_will_not_do(history: Path, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=one_line(f"{tmp_path / 'it.csv'}: the name must end in .parquet, .arrow")):
        backtest(history, MIMI, output=tmp_path / "it.csv")
    (tmp_path / "same.parquet").symlink_to(history)
    with pytest.raises(ReplayError, match=one_line(f"{tmp_path / 'same.parquet'}: is part of the history")):
        backtest(history.parent, MIMI, participation=tmp_path / "same.parquet")
    (tmp_path / "folder.parquet").mkdir()
    with pytest.raises(ReplayError, match=one_line(f"{tmp_path / 'folder.parquet'}: is a directory: stopped after 0")):
        backtest(history, MIMI, output=tmp_path / "folder.parquet")


def test_files_that_do_not_fit_into_one_result(history: Path, tmp_path: Path) -> None:
    (history.parent / "later.jsonl").write_text('{"type": "m.text", "sender": "@a", "content": {}}\n')
    assert backtest(history.parent, MIMI).counts["summary"]["events"] == EVENTS + 1
    with pytest.raises(ReplayError, match=r"different columns.*: stopped after 2001 events, and .* not written\Z"):
        backtest(history.parent, MIMI, output=tmp_path / "verdicts.parquet")
    assert results(tmp_path) == []


def test_the_loops_report_alike(history: Path) -> None:
    reports = [backtest(history, MIMI, MIMI_01, compiled=compiled).counts for compiled in (False, True)]
    assert reports[0] == reports[1]


def test_the_report_adds_up(history: Path) -> None:
    report = backtest(history, MIMI, MIMI_01).as_json()
    for each in (report, report["against"]):
        summary, others = each["summary"], each["no_participation_change"]
        assert summary["events"] == EVENTS == summary["allowed"] + summary["rejected"]
        assert sum(each["transitions"].values()) + others["allowed"] == summary["allowed"]
        assert max(each["failed"].values()) <= summary["rejected"]
    differences = report["differences"]
    assert sum(way["events"] for way in differences["ways"]) == differences["events"]
    assert len(differences["first"]) == differences["rooms"]
    assert [first["row"] for first in differences["first"]] == sorted(first["row"] for first in differences["first"])
    assert set(report["seconds"]) == {"reading", "starting", "coding", "replay", "counting"}


def test_the_first_divergence_is_the_first(history: Path, table: pa.Table) -> None:
    rows = replay(table, MIMI, MIMI_01).to_pylist()
    first: dict[str, Any] = {}
    for number, row in enumerate(rows, start=1):
        if row["differs"] and row["room_id"] not in first:
            first[row["room_id"]] = (number, row["sender"], row["allowed"], row["against_reason"])
    told = backtest(history, MIMI, MIMI_01).counts["differences"]["first"]
    assert first
    assert {
        it["room_id"]: (it["row"], it["sender"], it["policy"]["allowed"], it["against"].get("reason")) for it in told
    } == first


def test_results_do_not_stand_in_the_history(history: Path, tmp_path: Path) -> None:
    with pytest.raises(ReplayError, match=r"/verdicts\.parquet: is part of the history, and cannot be written to"):
        backtest(history.parent, MIMI, output=history.parent / "verdicts.parquet")
    assert [path.name for path in history.parent.iterdir()] == [history.name]
    assert results(tmp_path) == []


def test_one_file_holds_one_result(history: Path, tmp_path: Path) -> None:
    path = tmp_path / "results.parquet"
    with pytest.raises(ReplayError, match=r"/results\.parquet: cannot hold two results"):
        backtest(history, MIMI, output=path, participation=tmp_path / "history" / ".." / "results.parquet")
    assert results(tmp_path) == []


@pytest.mark.parametrize("names", ["ab", "ba"])
def test_files_with_other_columns_do_not_fit(names: str, table: pa.Table, tmp_path: Path) -> None:
    folder = tmp_path / "history"
    folder.mkdir()
    more = table.append_column("more", pa.array(range(len(table))))
    for name, each in zip(names, (table, more), strict=True):
        pq.write_table(each, folder / f"{name}.parquet", row_group_size=len(each))
    with pytest.raises(ReplayError, match="the files have different columns"):
        backtest(folder, MIMI, output=tmp_path / "verdicts.parquet")
    assert results(tmp_path) == []


def test_what_python_cannot_write_as_json_is_told(table: pa.Table, tmp_path: Path) -> None:
    far = table.append_column("day", pa.array([2**31 - 1] * len(table), pa.date32()))
    pq.write_table(far, tmp_path / "history")
    with pytest.raises(ReplayError, match=r"/verdicts\.jsonl: cannot be written as json"):
        backtest(tmp_path / "history", MIMI, output=tmp_path / "verdicts.jsonl")
    assert results(tmp_path) == []


@pytest.mark.parametrize("order", ["nope", ["sender"]])
def test_a_table_is_sorted_by_a_column_that_is_there(order: Any, table: pa.Table) -> None:
    with pytest.raises(ReplayError, match="cannot be sorted by"):
        replay(table, order=order)


def test_what_came_up_in_another_history_is_not_counted() -> None:
    rows = {
        "room_id": ["!r"],
        "sender": ["@a"],
        "target": [None],
        "action": [None],
        "type": ["m.room.create"],
        "state_key": [""],
    }
    given = pa.table({**rows, "is_state": [True]})
    for table, expected in ((given, {"not_judged": 1}), (given.drop(["is_state"]), {})):
        run = Backtest(MIMI)
        run.add(table)
        summary = run.as_json()["summary"]
        assert {name: count for name, count in summary.items() if name == "not_judged"} == expected
