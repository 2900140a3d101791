"""Columnar replay equals the room, event for event."""

import json
from collections import Counter
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from fsm.bulk import replay
from fsm.bulk.decide.columns import columns_of
from fsm.bulk.files import backtest
from fsm.bulk.read import layout
from fsm.log import Replay
from fsm.log_reader import read_events
from fsm.mimi import columns, setups
from fsm.policies import load_policy
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BAN,
    BOB,
    CAROL,
    DAN,
    INVITE,
    JOIN,
    JSON,
    LEAVE,
    change,
    create,
    join_rule,
    message,
    role,
    role_map,
    visibility,
)
from tests.bulk.histories import (
    LOOPS,
    POLICIES,
    ROOMS,
    columnar_replay,
    logs,
    placed,
    plain_replay,
    rows_of,
    states_of,
    table_of,
    text_of,
)
from tests.mimi.histories import OPENINGS, WELL_FORMED

EVE, FAY = "@eve:e.example", "@fay:e.example"

DAY = Path(__file__).parent.parent.parent / "examples" / "day.jsonl"

HISTORIES = st.tuples(
    st.sampled_from(OPENINGS), st.lists(st.tuples(st.sampled_from(ROOMS), st.sampled_from(WELL_FORMED)), max_size=80)
)


def rooms_with_an_id_twice(log: list[Any]) -> set[str]:
    """The rooms in which the id of an event comes more than once."""
    named = [event for event in log if isinstance(event, dict) and isinstance(event.get("event_id"), str)]
    times = Counter((event["room_id"], event["event_id"]) for event in named)
    return {room for (room, _), count in times.items() if count > 1}


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=40)
@given(log=logs(), batch=st.integers(1, 40))
@example(log=[{**change(INVITE, BOB, DAN), "room_id": ROOMS[0], "event_id": "$1"}] * 2, batch=1)
def test_random_logs(policy: str, compiled: bool, log: list[Any], batch: int) -> None:
    rules = load_policy(policy)
    table, past = table_of([rules], log)
    assert past == rooms_with_an_id_twice(log)
    outcomes, states = columnar_replay([rules], table, batch=batch, compiled=compiled, past=past)
    assert (outcomes[0], states) == plain_replay(rules, log)


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=30)
@given(log=logs(looking_back=True), batch=st.integers(1, 40))
def test_random_logs_that_look_back(policy: str, log: list[Any], batch: int) -> None:
    rules = load_policy(policy)
    table, past = table_of([rules], log)
    outcomes, states = columnar_replay([rules], table, batch=batch, past=past)
    assert (outcomes[0], states) == plain_replay(rules, log)


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("policies", [("mimi", "mimi-01"), ("mimi-01", "mimi"), ("mimi-00", "mimi-01")])
@settings(max_examples=20)
@given(log=logs(looking_back=True))
def test_two_policies_do_not_disturb_each_other(policies: tuple[str, str], compiled: bool, log: list[Any]) -> None:
    rules = [load_policy(policy) for policy in policies]
    table, past = table_of(rules, log)
    outcomes, _ = columnar_replay(rules, table, compiled=compiled, past=past)
    assert outcomes == [plain_replay(each, log)[0] for each in rules]


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=40)
@given(history=HISTORIES)
def test_columns_say_the_same_to_every_policy(
    policy: str, history: tuple[list[JSON], list[tuple[str | None, JSON]]]
) -> None:
    rules = load_policy(policy)
    opening, events = history
    log = [placed(event, room, None) for room in ROOMS for event in opening]
    log += [placed(event, room, None) for room, event in events]
    # To columns a change is a change. As an event it has to be of a type that the policy knows.
    log = [{**event, "type": "m.room.user"} if event["type"] == "m.user" else event for event in log]
    outcomes, states = columnar_replay([rules], rows_of(log))
    assert (outcomes[0], states) == plain_replay(rules, log)


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("batch", [13, 500, 10_000])
def test_the_day(batch: int, compiled: bool) -> None:
    rules = load_policy("mimi")
    log = [json.loads(line) for line in DAY.read_text().splitlines()]
    table, past = table_of([rules], log)
    outcomes, states = columnar_replay([rules], table, batch=batch, compiled=compiled, past=past)
    assert (outcomes[0], states) == plain_replay(rules, log)
    assert (outcomes[0], states) == (
        columnar_replay([rules], rows_of(log), batch=batch, compiled=compiled)[0][0],
        states,
    )


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("before", [[], [change(JOIN, CAROL)]], ids=["first", "later"])
def test_who_was_only_named_so_far_is_known_as_a_sender(before: list[JSON], compiled: bool) -> None:
    rules = load_policy("mimi")
    named = [role("chief", {"ban": True, "kick": True}), role_map(("chief", 9, [ALICE, BOB]))]
    log = [create(), *before, *named, change(BAN, BOB, CAROL)]
    outcomes, states = columnar_replay([rules], rows_of(log), compiled=compiled)
    assert (outcomes[0], states) == plain_replay(rules, log)
    refused, _ = outcomes[0][-1]
    assert refused is not None
    assert [refusal.failed for refusal in refused.refusals] == [("sender_is_joined",)]


STAFF = {"ban": True, "kick": True}
OWNER = "owner", 100, [ALICE]
BEGINNING = [
    create(),
    join_rule("public"),
    *(change(JOIN, user) for user in (BOB, CAROL, DAN)),
    role("owner", {**ALL_POWERS, "roles": ["owner", "chief", "chef"]}),
    role("chief", STAFF),
]
CHANGED_SETTINGS: dict[str, list[tuple[JSON, bool | None]]] = {
    "who holds a role": [
        (role_map(OWNER, ("chief", 9, [BOB])), True),
        (change(BAN, CAROL, BOB), False),
        (role_map(OWNER, ("chief", 9, [CAROL])), True),
        (change(BAN, BOB, DAN), False),
        (change(BAN, CAROL, BOB), True),
    ],
    "what a role may do": [
        (role_map(OWNER, ("chief", 9, [BOB])), True),
        (role("chief", {"ban": False}), True),
        (change(BAN, BOB, DAN), False),
        (role("chief", STAFF), True),
        (change(BAN, BOB, DAN), True),
    ],
    "how high a role stands": [
        (role("chef", STAFF), True),
        (role_map(OWNER, ("chief", 9, [BOB]), ("chef", 8, [CAROL])), True),
        (change(BAN, CAROL, BOB), False),
        (role_map(OWNER, ("chief", 7, [BOB]), ("chef", 8, [CAROL])), True),
        (change(BAN, CAROL, BOB), True),
    ],
    "which role is meant by the same words": [
        (role("chef", STAFF), True),
        (role("chief", {}), True),
        (role_map(OWNER, ("chief", 9, [BOB]), ("chef", 8, [CAROL])), True),
        (change(BAN, BOB, DAN), False),
        (change(BAN, CAROL, DAN), True),
    ],
    "the same words as a message": [
        ({name: value for name, value in join_rule("invite").items() if name != "state_key"}, None),
        (change(JOIN, EVE), True),
        (join_rule("invite"), True),
        (change(JOIN, FAY), False),
    ],
    "the same words with a faulty id": [
        (join_rule("invite"), True),
        ({**join_rule("invite"), "event_id": ""}, None),
    ],
}


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("batch", [1, 100])
@pytest.mark.parametrize("case", CHANGED_SETTINGS)
def test_settings_that_change(case: str, batch: int, compiled: bool) -> None:
    rules = load_policy("mimi")
    events, allowed = zip(*CHANGED_SETTINGS[case], strict=True)
    log = [placed(event, room, None) for room in ROOMS for event in [*BEGINNING, *events]]
    outcomes, states = columnar_replay([rules], rows_of(log), batch=batch, compiled=compiled)
    assert (outcomes[0], states) == plain_replay(rules, log)
    seen = [None if decision is None else decision.allowed for decision, _ in outcomes[0]]
    assert seen == [*[True] * len(BEGINNING), *allowed] * len(ROOMS)


@pytest.mark.parametrize("compiled", LOOPS)
@pytest.mark.parametrize("room_id", ["", "!" * 70_000])
def test_rows_with_a_room_id_that_is_none_are_no_events(room_id: str, compiled: bool) -> None:
    rules = load_policy("mimi")
    log = [{**event, "room_id": room_id} for event in (create(), change(JOIN, BOB))]
    log = [event for pair in zip(log, [create(), change(JOIN, BOB)], strict=True) for event in pair]
    outcomes, states = columnar_replay([rules], rows_of(log), compiled=compiled)
    assert (outcomes[0], states) == plain_replay(rules, log)
    assert [bool(problem) for _, problem in outcomes[0]] == [True, False, True, False]


@pytest.mark.parametrize("limit", ["_LIMIT", "_SHORT"])
def test_what_is_kept_of_settings_is_bounded(limit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rules, kept = load_policy("mimi"), list[int]()
    monkeypatch.setattr(setups, limit, 5)

    class Watched(setups.Setups):
        def keep(self, words: setups.Words, content: Mapping[str, Any]) -> setups.Said | None:
            said = super().keep(words, content)
            kept.append(len(self._said))
            return said

    monkeypatch.setattr(columns, "Setups", Watched)
    visible = [{**visibility("joined"), "content": {"visibility": "joined", "m.note": number}} for number in range(30)]
    log = [create(), join_rule("public"), *visible, change(JOIN, BOB)]
    outcomes, states = columnar_replay([rules], rows_of(log))
    assert (outcomes[0], states) == plain_replay(rules, log)
    assert max(kept) <= 5


def test_what_a_row_says_of_a_room_whose_id_is_none_is_no_event() -> None:
    rules = load_policy("mimi")
    told = {"room_id": "", "sender": ALICE, "event_json": json.dumps(create())}
    table = pa.Table.from_pylist([told], pa.schema([(name, pa.string()) for name in layout.TEXTS]))
    outcomes, states = columnar_replay([rules], table)
    assert (outcomes[0], states) == ([(None, "`room_id`: is no id of a room")], {})


def test_a_change_with_the_type_of_a_setting_is_no_setting() -> None:
    rows = [
        {"sender": ALICE, "type": "m.room.create"},
        {"sender": ALICE, "target": ALICE, "action": "join", "type": "m.room.create"},
        {"sender": ALICE, "type": "m.room.join_rules", "content": json.dumps({"rule": "invite"}), "action": "join"},
    ]
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in layout.TEXTS]))
    rules = load_policy("mimi")
    log = [layout.event_of(row, columns_of(rules)) for row in rows]
    outcomes, states = columnar_replay([rules], table)
    assert (outcomes[0], states) == plain_replay(rules, log)


@pytest.mark.parametrize("compiled", LOOPS)
def test_rooms_do_not_wait_for_each_other_and_do_for_themselves(compiled: bool) -> None:
    rules = load_policy("mimi")
    closing = join_rule("invite")
    log = [
        placed(event, room, None)
        for event in (create(), change(JOIN, BOB), closing, change(JOIN, CAROL), role_map())
        for room in ROOMS
    ]
    outcomes, states = columnar_replay([rules], rows_of(log), compiled=compiled)
    assert (outcomes[0], states) == plain_replay(rules, log)


@pytest.mark.parametrize("policy", POLICIES)
@settings(max_examples=30)
@given(log=logs(looking_back=True), parts=st.integers(1, 3))
def test_what_comes_again_counts_once(policy: str, log: list[Any], parts: int, tmp_path_factory: Any) -> None:
    rules, folder = load_policy(policy), tmp_path_factory.mktemp("history")
    for part in range(parts):  # a repeated id may stand in another file
        lines = log[len(log) * part // parts : len(log) * (part + 1) // parts]
        (folder / f"{part}.jsonl").write_bytes(text_of(lines))
    run = Replay(rules)
    for _ in run.run(read_events(BytesIO(text_of(log)), rules)):
        pass
    counts = backtest(folder, rules).counts["summary"]
    assert {name: count for name, count in counts.items() if count} == {
        name: count for name, count in run.summary().items() if count
    }


REPEATED = {**change(JOIN, BOB), "event_id": "$1"}
REPEATS: dict[str, list[JSON]] = {
    "the same": [REPEATED, change(LEAVE, BOB), REPEATED],
    "another": [REPEATED, {**change(LEAVE, BOB), "event_id": "$1"}],
    "another one by its reason": [REPEATED, {**REPEATED, "content": {"participation": "join", "reason": "tea"}}],
    "in other rooms": [{**REPEATED, "room_id": room} for room in ROOMS[:2]],
    "a message": [{**message(ALICE), "event_id": "$1"}, {**message(ALICE), "event_id": "$1"}],
    "of what was refused": [{**change(JOIN, BOB), "event_id": "$1"}, join_rule("public"), REPEATED, REPEATED],
}


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("shape", ["lines", "an array", "escaped", "rows", "rows with the whole event"])
@pytest.mark.parametrize("case", REPEATS)
def test_an_id_that_comes_twice(case: str, shape: str, policy: str, tmp_path: Path) -> None:
    rules: Any = load_policy(policy)
    if shape == "rows" and case == "another one by its reason":
        return  # such rows hold no reasons
    beginning = [create(), *([] if case == "of what was refused" else [join_rule("public")])]
    log = [*beginning, *REPEATS[case]]
    log = [{**event, "type": max(rules.participation_events)} if "user" in event["type"] else event for event in log]
    file, texts = tmp_path / "log", [json.dumps(event) for event in log]
    if shape.startswith("rows"):
        table = rows_of(log)
        if shape != "rows":
            cells = {"room_id": [event.get("room_id") for event in log], "event_json": texts}
            nothing = [None] * len(log)
            cells = {**dict.fromkeys(layout.TEXTS, nothing), **cells, "sender": [event["sender"] for event in log]}
            table = pa.table({name: pa.array(values, pa.string()) for name, values in cells.items()})
        pq.write_table(table, file)
        assert replay(table, rules).num_rows == len(log)
    elif shape == "an array":
        file.write_text(f"[{','.join(texts)}]")
    else:
        file.write_text("\n".join(texts).replace("event_id", "event\\u005fid" if shape == "escaped" else "event_id"))
    run = Replay(rules)
    for _ in run.run(read_events(BytesIO(text_of(log)), rules)):
        pass
    report = backtest(file, rules, participation=tmp_path / "where.parquet")
    assert {k: v for k, v in report.counts["summary"].items() if v} == {k: v for k, v in run.summary().items() if v}
    assert states_of(pq.read_table(tmp_path / "where.parquet")) == {
        (room, user): state for room, users in run.participation().items() for user, state in users.items()
    }


@settings(max_examples=30)
@given(log=logs(looking_back=True), split=st.lists(st.integers(0, 2), min_size=3, max_size=3))
def test_any_split_of_rooms_over_partitions(log: list[Any], split: list[int]) -> None:
    rules = load_policy("mimi")
    table, past = table_of([rules], log)
    whole, states = columnar_replay([rules], table, past=past)
    rooms = table.column("room_id").to_pylist()
    places = {room: place for place, room in enumerate(dict.fromkeys(rooms))}
    numbers = [split[places[room] % len(split)] for room in rooms]
    together: dict[int, Any] = {}
    all_states: dict[tuple[str, str], str] = {}
    for partition in set(numbers):
        rows = [row for row, number in enumerate(numbers) if number == partition]
        outcomes, its_states = columnar_replay([rules], table.take(pa.array(rows)), past=past)
        together |= dict(zip(rows, outcomes[0], strict=True))
        all_states |= its_states
    assert [together[row] for row in range(len(table))] == whole[0]
    assert all_states == states


@settings(max_examples=30)
@given(log=logs(looking_back=True))
def test_the_function_on_tables_says_the_same_in_words(log: list[Any]) -> None:
    rules = load_policy("mimi")
    table, _ = table_of([rules], log)
    numbered = table.append_column("sent", pa.array(range(len(table))))
    shuffled = numbered.take(pa.array(sorted(range(len(table)), key=lambda row: row * 7919 % 101)))
    rows = replay(shuffled, "mimi", order="sent").to_pylist()
    expected, _ = plain_replay(rules, log)
    assert [row["sent"] for row in rows] == list(range(len(log)))
    for row, (decision, error) in zip(rows, expected, strict=True):
        assert row["error"] == error
        assert row["allowed"] is (None if decision is None else decision.allowed)
        if decision is not None:
            assert row["transition"] == decision.transition
            assert row["reason"] == (decision.reason or None)
            assert set((row["failed"] or "").split()) == {each for it in decision.refusals for each in it.failed}
