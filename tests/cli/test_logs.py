"""Logs as people have them: what becomes of each event, and what is said about it."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fsm.bulk.files import backtest
from fsm.policies import load_rules
from tests.cli.conftest import Inside

LOGS = Path(__file__).parent.parent / "data" / "logs"
FOREIGN = "matrix-log-under-the-default-policy.jsonl"

# The log, the exit status, what became of each event, who is where in the end, what is said.
# fmt: off
CASES: list[tuple[str, int, str, dict[str, str], list[str]]] = [
    (
        "application-service-transactions.json", 0,
        "1:1 create, 1:2 found, 1:3 first_levels, 41:1 state, 41:2 join, 68:1 again, 68:2 again, 94:1 ban",
        {"!r:x": "@ann:x join @bob:x ban"},
        [],
    ),
    (
        "backtest-of-rooms-of-several-versions.jsonl", 0,
        "1 create, 2 found, 3 first_levels, 4 state, 5 create, 6 found, 7 first_levels, 8 state, 9 knock, 10 welcome, 11 accept",
        {"!six:a.example": "@ann:a.example join", "!hall:a.example": "@ann:a.example join @bob:b.example join"},
        [],
    ),
    (
        "context-response.json", 0,
        "1:1 given, 1:2 given, 1:3 given, 1:4 given, 1:5 given, 1:6 given, 1:7 given",
        {"!hall:a.example": "@ann:a.example join"},
        [],
    ),
    (
        "context-with-few-members.json", 0,
        "1:2 given, 1:1 given, 1:3 given, 1:4 given, 1:5 given, 1:6 given",
        {"!r:x": "@bob:x join @cat:x knock @ann:x join"},
        [],
    ),
    (
        "creation-among-other-events.json", 2,
        "1:1 taken, 1:2 taken, 1:3 taken, 1:4 taken, 1:5 taken, 1:6 taken, 1:7 taken, 1:8 taken",
        {"!r:x": "@q:x join @ann:x join @bob:x join"},
        ["line 1: 8 events are taken to be oldest first: the creation stands among them, and this is how such events mostly come (`--order` says otherwise)",
         "line 1, event 1: the creation of room `!r:x` is missing: its events are taken as they stand, and none is judged",
         "line 1, event 2: the creation of room `!r:x` comes after other events of it: `--order` says how the events stand"],
    ),
    (
        "element-export.json", 0,
        "1:1 create, 1:2 found, 1:3 first_levels, 1:4 state, 1:5 join, 1:6 ban",
        {"!r:x": "@ann:x join @bob:x ban"},
        [],
    ),
    (
        "event-auth.json", 2,
        "1 error",
        {},
        ["line 1: `auth_chain`: is no history and no state, and there is nothing else"],
    ),
    (
        "fast-clock-makes-history-a-state.json", 0,
        "1:1 create, 1:2 found, 1:3 first_levels, 1:4 state, 1:5 rejected, 1:6 invite",
        {"!hall:a.example": "@ann:a.example join @cat:c.example invite"},
        ["line 1: 6 events are taken to be oldest first: the creation comes first (`--order` says otherwise)"],
    ),
    (
        "federation-transaction-newest-first.json", 0,
        "1:5 create, 1:4 found, 1:3 first_levels, 1:2 state, 1:1 join",
        {"!r:x": "@ann:x join @bob:x join"},
        [],
    ),
    (
        "joined-members.json", 2,
        "1 error",
        {},
        ["line 1: is neither an event nor any of what is read besides: arrays, /sync, sliding sync, /messages, /context, /members, /state, /send_join, transactions, a server's admin state, Element's JSON export, rows of Synapse's event_json"],
    ),
    (
        "levels-that-cannot-be-read.json", 2,
        "1:1 given, 1:2 given, 1:3 given, 1:4 given, 1:5 given, 1:6 error, 1:7 ban, 1:8 join",
        {"!r:x": "@ann:x join @bob:x join @cat:x ban @dan:x join"},
        ["line 1, event 6: turns on a power level that cannot be read: `content.kick`: `fifty` is no whole number"],
    ),
    (
        "line-numbers-collide.jsonl", 2,
        "1:1 create, 1:2 found, 1:3 first_levels, 1:4 state, 2:2 message, 2:1 error, 3:1 message",
        {"!hall:a.example": "@ann:a.example join"},
        ["line 1: 4 events are taken to be oldest first: the creation comes first (`--order` says otherwise)", "line 2: 2 events are taken to be newest first: there is no creation, and this is how such events mostly come (`--order` says otherwise)", "line 2, event 1: `state_key`: must be a string, not a number"],
    ),
    (
        "log-without-creation-is-all-rejected.json", 2,
        "1:4 taken, 1:3 taken, 1:2 taken, 1:1 taken",
        {"!hall:a.example": ""},
        ["line 1, event 4: the creation of room `!hall:a.example` is missing: its events are taken as they stand, and none is judged"],
    ),
    (
        "matrix-log-under-the-default-policy.jsonl", 2,
        "",
        {},
        ["line 2: `m.room.member` is an event of Matrix, and the log is to be read with `--policy matrix`"],
    ),
    (
        "members.json", 0,
        "1:1 given, 1:2 given",
        {"!r:x": "@bob:x join @ann:x join"},
        ["line 1: 2 events of `m.room.member` are taken to be a state (`/members`)"],
    ),
    (
        "messages-back-in-time.jsonl", 0,
        "2:4 create, 2:3 found, 2:2 first_levels, 2:1 state, 1:3 join, 1:2 ban, 1:1 unban",
        {"!r:x": "@ann:x join"},
        ["line 1: the 1 events of `state`, which say who the senders are, are not read"],
    ),
    (
        "one-of-two-rooms-without-creation.jsonl", 2,
        "1 taken, 2 taken, 3 create, 4 found, 5 rejected",
        {"!one:x": "@a:x join @b:x ban", "!two:x": "@ann:x join"},
        ["line 1: the creation of room `!one:x` is missing: its events are taken as they stand, and none is judged"],
    ),
    (
        "pages-in-an-array.json", 0,
        "1:7 create, 1:6 found, 1:5 first_levels, 1:4 state, 1:3 join, 1:2 ban, 1:1 unban",
        {"!r:x": "@ann:x join"},
        [],
    ),
    (
        "pretty-printed-stream.json", 0,
        "1 create, 16 found",
        {"!hall:a.example": "@ann:a.example join"},
        [],
    ),
    (
        "quiet-sync.jsonl", 0,
        "1:1 given, 1:2 given, 1:3 given, 1:4 given, 1:5 given",
        {"!hall:a.example": "@ann:a.example join @bob:b.example join"},
        [],
    ),
    (
        "rows-of-event-json.jsonl", 0,
        "1:1 create, 2:1 found, 3:1 first_levels, 4:1 state, 5:1 join",
        {"!r:x": "@ann:x join @bob:x join"},
        [],
    ),
    (
        "rows-without-state-key.json", 0,
        "1:1 create, 1:2 found, 1:3 message, 1:4 rejected",
        {"!r:x": "@ann:x join"},
        ["line 1: 4 events are taken to be oldest first: the creation comes first (`--order` says otherwise)"],
    ),
    (
        "send-join.json", 0,
        "1:4 given, 1:1 given, 1:2 given, 1:3 given, 1:5 join",
        {"!r:x": "@ann:x join @bob:x join"},
        ["line 1: the 2 events of `auth_chain`, which are not of the state, are not read"],
    ),
    (
        "sliding-sync.jsonl", 0,
        "1:1 given, 1:4 given, 1:2 given, 1:3 given, 1:5 given, 2:1 join, 2:2 again",
        {"!r:x": "@ann:x join @bob:x join"},
        [],
    ),
    (
        "state-in-an-array.json", 0,
        "1:3 given, 1:1 given, 1:2 given, 1:4 given, 1:5 given",
        {"!r:x": "@bob:x join @ann:x join"},
        ["line 1: 5 events are taken to be a state: the creation stands among them, and no type and state key comes twice (`--order` says otherwise)"],
    ),
    (
        "sync-of-all-kinds-of-rooms.json", 2,
        "1:1 given, 1:2 given, 1:3 given, 1:4 given, 1:5 join, 1:6 message, 1:7 given, 1:8 given, 1:9 given, 1:10 taken, 1:11 given",
        {"!r:x": "@ann:x join @bob:x join", "!i:x": "@ann:x invite", "!l:x": "", "!k:x": "@ann:x knock"},
        ["line 1, event 10: the creation of room `!l:x` is missing: its events are taken as they stand, and none is judged"],
    ),
    (
        "sync-of-two-versions.json", 0,
        "1:1 create, 1:2 found, 1:3 rejected, 1:4 create, 1:5 found, 1:6 state, 1:7 knock",
        {"!a:x": "@ann:x join", "!b:x": "@ann:x join @bob:x knock"},
        [],
    ),
    (
        "sync-repeats-a-leave-of-its-state.json", 0,
        "1:1 given, 1:2 given, 1:3 given, 1:4 given, 1:5 given, 1:6 again, 1:7 message",
        {"!hall:a.example": "@ann:a.example join"},
        [],
    ),
    (
        "sync-state-after-is-dropped.jsonl", 0,
        "1:1 given, 1:2 given, 1:3 given, 1:4 given, 1:5 given, 2:1 given, 2:2 given",
        {"!hall:a.example": "@ann:a.example join @bob:b.example ban"},
        [],
    ),
    (
        "sync-with-a-gap.jsonl", 0,
        "1:1 create, 1:2 found, 1:3 first_levels, 1:4 state, 1:5 join, 2:1 given, 2:2 unban",
        {"!r:x": "@ann:x join"},
        [],
    ),
    (
        "syncs-in-an-array.json", 0,
        "1:1 create, 1:2 found, 1:3 first_levels, 1:4 state, 1:5 join",
        {"!r:x": "@ann:x join @bob:x join"},
        [],
    ),
    (
        "v12-events-without-ids.jsonl", 0,
        "1 create, 2 found, 3 first_levels, 4 state, 5 invite, 6 accept, 7 kick",
        {"!CJ9BMF6DHwn1uMlGySY9yMd1MRBdVF2Sk0sPGYqY_TY": "@ann:a.example join"},
        [],
    ),
    (
        "v12-events-without-rooms.json", 0,
        "1:1 create, 1:2 found, 1:3 first_levels, 1:4 state, 1:5 invite, 1:6 accept, 1:7 kick",
        {"!CJ9BMF6DHwn1uMlGySY9yMd1MRBdVF2Sk0sPGYqY_TY": "@ann:a.example join"},
        ["line 1: 7 events are taken to be oldest first: the creation comes first (`--order` says otherwise)"],
    ),
    (
        "v12-pages-back-in-time.jsonl", 0,
        "2:4 create, 2:3 found, 2:2 first_levels, 2:1 state, 1:3 invite, 1:2 accept, 1:1 kick",
        {"!CJ9BMF6DHwn1uMlGySY9yMd1MRBdVF2Sk0sPGYqY_TY": "@ann:a.example join"},
        [],
    ),
]
# fmt: on


def test_all_logs_are_tried() -> None:
    assert [case[0] for case in CASES] == sorted(path.name for path in LOGS.iterdir())


def became(answer: dict[str, Any]) -> str:
    """What became of an event, in a word."""
    if "error" in answer:
        return "error"
    if answer.get("repeated"):
        return "again"
    if answer.get("judged") is False:
        return "given" if answer["reason"].endswith("given as state") else "taken"
    return str(answer["transition"] or "rejected")


def place_of(answer: dict[str, Any]) -> str:
    return f"{answer['line']}:{answer['event']}" if "event" in answer else f"{answer['line']}"


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_a_log_is_replayed(inside: Inside, case: tuple[str, int, str, dict[str, str], list[str]]) -> None:
    name, status, verdicts, users, said = case
    run = inside("replay", str(LOGS / name), "--json", *([] if name == FOREIGN else ["--policy", "matrix"]))
    *answers, last = [json.loads(line) for line in run.out.splitlines()] or [{"participation": {}}]
    assert ", ".join(f"{place_of(answer)} {became(answer)}" for answer in answers) == verdicts
    assert {
        room: " ".join(f"{user} {state}" for user, state in states.items())
        for room, states in last["participation"].items()
    } == users
    assert [line.removeprefix("fsm: ") for line in run.err.splitlines()] == said
    assert run.status == status


@pytest.mark.parametrize(("name", "users"), [(case[0], case[3]) for case in CASES if case[0] != FOREIGN])
def test_a_backtest_of_it_comes_to_the_same(inside: Inside, name: str, users: dict[str, str]) -> None:
    run = inside("replay", str(LOGS / name), "--json", "--policy", "matrix")
    report = backtest(LOGS / name, load_rules("matrix")).as_json()
    assert report["summary"] == {**report["summary"], **json.loads(run.out.splitlines()[-1])["summary"]}
    assert report["participation"] == Counter(word for each in users.values() for word in each.split()[1::2])
