"""Many rooms, and rooms of many: what is rare in other tests, in numbers."""

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pytest

from fsm.bulk import Backtest, replay
from fsm.policies import load_policy
from tests.bulk.histories import LOOPS

MIMI = load_policy("mimi")
MANY = 10_000


def words(numbers: list[int] | None, start: str) -> pa.Array:
    return pa.array([f"{start}{number}" for number in numbers or []])


@pytest.mark.parametrize("compiled", LOOPS)
def test_many_rooms_with_one_event_each(compiled: bool) -> None:
    every = list(range(MANY))
    nothing = pa.nulls(MANY, pa.string())
    creations = pa.table({
        "room_id": words(every, "!"), "sender": words(every, "@"), "target": nothing, "action": nothing,
        "type": ["m.room.create"] * MANY, "state_key": [""] * MANY,
    })  # fmt: skip
    backtest = Backtest(MIMI, compiled=compiled)
    backtest.add(creations)
    assert backtest.as_json()["summary"] == {"events": MANY, "allowed": MANY, "rejected": 0, "errors": 0}
    assert backtest.as_json()["participation"] == {"join": MANY}
    who = backtest.participation()
    assert who.column("room_id").cast(pa.string()).to_pylist() == [f"!{number}" for number in every]
    assert who.column("user").cast(pa.string()).to_pylist() == [f"@{number}" for number in every]


@pytest.mark.parametrize("compiled", LOOPS)
def test_one_room_of_many(compiled: bool) -> None:
    """The creator invites everybody, everybody comes, and every other one is banned."""
    everybody = np.arange(1, MANY + 1)
    targets = [0, *everybody, *everybody, *everybody[::2]]
    senders = [0, *[0] * MANY, *everybody, *[0] * len(everybody[::2])]
    actions = [None, *["invite"] * MANY, *["join"] * MANY, *["ban"] * len(everybody[::2])]
    events = len(targets)
    table = pa.table({
        "room_id": ["!large"] * events, "sender": words(senders, "@"), "target": words(targets, "@"),
        "action": actions, "type": ["m.room.create", *[None] * (events - 1)], "state_key": ["", *[None] * (events - 1)],
    })  # fmt: skip
    backtest = Backtest(MIMI, compiled=compiled)
    for start in range(0, events, 7_000):
        backtest.add(table.slice(start, 7_000))
    counts = backtest.as_json()
    assert counts["summary"]["rejected"] == 0
    assert counts["transitions"] == {"accept": MANY, "invite": MANY, "ban": MANY // 2}
    assert counts["participation"] == {"join": 1 + MANY // 2, "ban": MANY // 2}


def test_everybody_has_a_role_of_their_own() -> None:
    """Each outranks the one before: all of them kick their left neighbour, and are kicked in turn."""
    people = [f"@{number}" for number in range(300)]
    roles = [{"role_id": f"r{order}", "order": order, "user_ids": [user]} for order, user in enumerate(people)]
    rows = [
        {"sender": "@0", "type": "m.room.create", "state_key": ""},
        *({"sender": "@0", "target": user, "action": "invite"} for user in people[1:]),
        *({"sender": user, "target": user, "action": "join"} for user in people[1:]),
        *(
            {"sender": "@0", "type": "m.room.role", "state_key": f"r{order}",
             "content": '{"permissions": {"kick": true}}'}
            for order in range(300)
        ),
        {"sender": "@0", "type": "m.room.role_map", "state_key": "", "content": str({"roles": roles}).replace("'", '"')},
        *({"sender": after, "target": user, "action": "leave"} for user, after in pairwise(people)),
        {"sender": "@298", "target": "@299", "action": "leave"},
    ]  # fmt: skip
    names = ["room_id", "sender", "target", "action", "type", "state_key", "content"]
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    answers = replay(table).to_pylist()[-300:]
    assert [answer["transition"] for answer in answers[:-1]] == ["kick"] * 299
    assert not answers[-1]["allowed"]
    assert answers[-1]["failed"] == "sender_is_target sender_is_joined sender_outranks_for_kick"


@pytest.mark.parametrize("compiled", LOOPS)
def test_more_standings_than_a_byte_can_tell_apart(compiled: bool) -> None:
    """In each of many rooms, a host of a rank of its own may kick whom the others' hosts may not."""
    rooms = 300
    rows = []
    for number in range(rooms):
        given = {"room_id": f"!{number}", "sender": "@0"}
        roles = {"roles": [{"role_id": "host", "order": number + 1, "user_ids": ["@0", f"@h{number}"]}]}
        rows += [
            {**given, "type": "m.room.create", "state_key": ""},
            *({**given, "target": user, "action": "invite"} for user in (f"@h{number}", "@guest")),
            *({**given, "sender": user, "target": user, "action": "join"} for user in (f"@h{number}", "@guest")),
            {**given, "type": "m.room.role", "state_key": "host", "content": '{"permissions": {"kick": true}}'},
            {**given, "type": "m.room.role_map", "state_key": "", "content": str(roles).replace("'", '"')},
        ]
    hosts = [("@guest", "@0"), ("@h299", "@guest"), ("@h0", "@guest")]
    rows += [
        {"room_id": f"!{number}", "sender": sender, "target": target, "action": "leave"}
        for number in (0, 299)
        for sender, target in hosts
    ]
    names = ["room_id", "sender", "target", "action", "type", "state_key", "content"]
    table = pa.table({name: pa.array([row.get(name) for row in rows], pa.string()) for name in names})
    backtest = Backtest(MIMI, compiled=compiled)
    pieces = [backtest.add(table.slice(start, 500)).as_table() for start in range(0, len(table), 500)]
    allowed = pa.concat_tables(pieces).column("allowed").to_pylist()
    assert all(allowed[: 7 * rooms])
    assert allowed[7 * rooms :] == [False, False, True, False, True, False]
