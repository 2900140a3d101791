"""Random logs of several rooms, and the slow and obvious replay that columnar replay has to equal."""

import json
from collections.abc import Collection, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any, TypeAlias

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from fsm.bulk import Backtest
from fsm.bulk.backtest import Piece
from fsm.bulk.read import layout
from fsm.bulk.read.lines import read_log
from fsm.bulk.read.source import History
from fsm.decision import Decision
from fsm.log import Replay
from fsm.log_reader import read_events
from fsm.policies import Rules
from tests.builders import ALICE, BOB, CAROL, JOIN, JSON, change, create, message
from tests.mimi.histories import MALFORMED, OPENINGS, WELL_FORMED

POLICIES = ["mimi", "mimi-00", "mimi-01"]

LOOPS = [pytest.param(False, id="plain"), pytest.param(True, id="compiled")]

ROOMS = ("!a:a.example", "!b:b.example", None)

LOOKING_BACK: list[JSON] = [
    {**message(BOB, "m.room.redaction"), "content": {"redacts": "$1"}},
    {**message(CAROL, "m.room.redaction"), "content": {"redacts": "$2"}},
    {**message(CAROL, "m.room.redaction"), "content": {}},
    {**change(JOIN, BOB), "authEvents": ["$1", "$2"]},
    {**message(ALICE), "authEvents": []},
    {**message(ALICE), "authEvents": 7},
]
NO_EVENTS: list[Any] = [7, None, "text", [], {"type": "m.user"}, {**change(JOIN, BOB), "room_id": 7}]

Outcome: TypeAlias = tuple[Decision | None, str | None]
"""The decision on an event, or what is wrong with it."""

States: TypeAlias = dict[tuple[str, str], str]
"""By room and user: who is not in `leave`."""


def placed(event: Any, room_id: str | None, event_id: str | None) -> Any:
    """The event, in this room and with this id."""
    if not isinstance(event, dict):
        return event
    places = {"room_id": room_id, "event_id": event_id}
    return {**{name: value for name, value in places.items() if value is not None}, **event}


@st.composite
def logs(draw: st.DrawFn, *, looking_back: bool = False) -> list[Any]:
    """Some rooms, each with an opening, and whatever may happen in them."""
    pool = [*WELL_FORMED, *MALFORMED, *NO_EVENTS, *(LOOKING_BACK * 8 if looking_back else [])]
    ids = st.sampled_from((None, "$", "$", "$", "", "$1", "$2")) if looking_back else st.none()
    openings = [
        (room, event) for room in draw(st.permutations(ROOMS)) for event in [create(), *draw(st.sampled_from(OPENINGS))]
    ]
    skipped = draw(st.integers(0, 3))  # the first room may start in the middle
    events = draw(st.lists(st.tuples(st.sampled_from(ROOMS), st.sampled_from(pool)), max_size=60))
    log = [
        placed(event, room, f"${index}" if (event_id := draw(ids)) == "$" else event_id)
        for index, (room, event) in enumerate([*openings[skipped:], *events])
    ]
    if looking_back and log:
        for index, later in draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 99)), max_size=12)):
            log.insert(len(log) - later % len(log), log[index % len(log)])
    return log


def text_of(log: Sequence[Any]) -> bytes:
    return b"".join(json.dumps(event).encode() + b"\n" for event in log)


def plain_replay(policy: Rules, log: Sequence[Any]) -> tuple[list[Outcome], States]:
    """What rooms say, one event after the other, and who is where at the end."""
    run = Replay(policy)
    outcomes = [
        (outcome.decision, outcome.error.problem if outcome.error else None)
        for outcome in run.run(read_events(BytesIO(text_of(log)), run.rules))
    ]
    return outcomes, {
        (room, user): state for room, users in run.participation().items() for user, state in users.items()
    }


def columnar_replay(
    policies: Sequence[Rules],
    table: pa.Table,
    *,
    batch: int = 10**6,
    compiled: bool = False,
    past: Collection[str | None] = (),
) -> tuple[list[list[Outcome]], States]:
    """The same by columns, in batches, under each policy; the states are those under the first."""
    backtest = Backtest(*policies, remembering=past, compiled=compiled)
    pieces = [backtest.add(table.slice(start, batch)) for start in range(0, max(len(table), 1), batch)]
    outcomes = [[outcome for piece in pieces for outcome in outcomes_of(piece, side)] for side in range(len(policies))]
    return outcomes, states_of(backtest.participation())


def outcomes_of(piece: Piece, side: int = 0) -> list[Outcome]:
    verdicts, decisions = piece.verdicts[side], piece.answers[side].book.decisions
    return [
        (None, verdicts.faults[row]) if number < 0 else (decisions[number], None)
        for row, number in enumerate(verdicts.numbers.tolist())
    ]


def states_of(participation: pa.Table) -> States:
    rows = participation.to_pylist()
    return {(row["room_id"] or "", row["user"]): row["state"] for row in rows if row["state"] != "leave"}


def table_of(policies: Sequence[Rules], log: Sequence[Any]) -> tuple[pa.Table, set[str | None]]:
    """The log as columns, and the rooms that look back."""
    text = text_of(log)
    with NamedTemporaryFile(suffix=".jsonl") as file:
        file.write(text)
        file.flush()
        past = History(Path(file.name)).rooms_that_look_back(policies)
    return pa.concat_tables([*read_log(BytesIO(text), policies)] or [layout.EMPTY]), past


def rows_of(log: Sequence[JSON]) -> pa.Table:
    """Well-formed events as rows of the layout, as somebody would write them who has them in a database."""
    rows = []
    for event in log:
        row = {"room_id": event.get("room_id"), "sender": event["sender"], "event_id": event.get("event_id")}
        if event["type"] in ("m.user", "m.room.user") and event["content"].keys() <= {"participation", "reason"}:
            rows.append({**row, "target": event["state_key"], "action": event["content"]["participation"]})
        else:
            content = json.dumps(event["content"])
            rows.append({**row, "type": event["type"], "state_key": event.get("state_key"), "content": content})
    texts = (*layout.REQUIRED, "type", "state_key", "content", "event_id")
    return pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in texts})
