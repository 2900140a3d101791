"""`fsm decide`: one question a line, one answer a line."""

import json
from typing import Any

import pytest

from tests.cli.runner import fsm

CREATE = {"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}


def change(sender: str, target: str, participation: str) -> dict[str, Any]:
    return {"type": "m.user", "sender": sender, "state_key": target, "content": {"participation": participation}}


def ask(*questions: object) -> list[dict[str, Any]]:
    run = fsm("decide", given="\n".join(map(json.dumps, questions)).encode())
    return [json.loads(line) for line in run.out.splitlines()]


def test_an_answer_that_is_yes() -> None:
    question = {"state": [CREATE, change("@b", "@b", "join")], "event": change("@a", "@b", "leave")}
    assert ask(question) == [
        {"allowed": True, "transition": "kick", "before": "join", "after": "leave", "policy": "mimi", "refusals": []}
    ]


def test_an_answer_that_is_no() -> None:
    roles = [
        {"type": "m.room.role", "sender": "@a", "state_key": role, "content": {"permissions": {"ban": granted}}}
        for role, granted in (("low", True), ("high", False))
    ]
    role_map = {
        "type": "m.room.role_map",
        "sender": "@a",
        "state_key": "",
        "content": {
            "roles": [
                {"role_id": "low", "user_ids": ["@a"], "order": 1},
                {"role_id": "high", "user_ids": ["@a"], "order": 2},
            ]
        },
    }
    question = {"state": [role_map, change("@c", "@b", "ban"), *roles, CREATE], "event": change("@a", "@b", "leave")}
    assert ask(question) == [
        {
            "allowed": False,
            "transition": None,
            "before": "ban",
            "after": "ban",
            "policy": "mimi",
            "reason": "unban: the sender may not ban",
            "refusals": [{"transition": "unban", "failed": ["sender_may_ban"], "clause": "5.6.2"}],
        }
    ]


def test_an_event_that_is_no_participation_change() -> None:
    message = {"type": "m.message", "sender": "@a", "content": {}}
    assert ask({"state": [CREATE], "event": message}) == [
        {"allowed": True, "transition": None, "before": None, "after": None, "policy": "mimi", "refusals": []}
    ]


# fmt: off
ERRORS: list[tuple[object, str, str]] = [
    (3,                                                      "bad_event",  "a question must be an object, not a number"),
    ({},                                                     "bad_event",  "`event`: is missing"),
    ({"event": 5},                                           "bad_event",  "`event`: must be an object, not a number"),
    ({"event": {"type": "m.user"}},                          "bad_event",  "`event.sender`: is missing"),
    ({"event": CREATE, "state": {}},                         "bad_event",  "`state`: must be an array, not an object"),
    ({"event": CREATE, "state": [CREATE, 1]},                "bad_event",  "`state[1]`: an event must be an object, not a number"),
    ({"event": CREATE, "state": [CREATE, CREATE]},           "bad_event",  "`state[1]`: is a second `m.room.create` for ``"),
    ({"event": CREATE, "state": [change("@a", "@b", "x")]},  "bad_event",  "`state[0].content.participation`: `x` is not one of invite, join, leave, ban, knock"),
    ({"event": CREATE, "policy": 1},                         "bad_event",  "`policy`: must be a string, not a number"),
    ({"event": CREATE, "policy": "zzz"},                     "bad_policy", "unknown policy `zzz`: choose from "),
]
# fmt: on


@pytest.mark.parametrize(("question", "code", "message"), ERRORS, ids=[row[2][:50] for row in ERRORS])
def test_a_question_that_cannot_be_read(question: object, code: str, message: str) -> None:
    bad, good = ask(question, {"event": CREATE})
    assert bad["error"]["code"] == code
    assert bad["error"]["message"].startswith(message)
    assert "allowed" not in bad
    assert good["allowed"] is True


def test_the_status_tells_of_unreadable_lines() -> None:
    run = fsm("decide", given=b"{\n{\n")
    assert run.status == 2
    assert run.complaint == (
        "fsm: line 1: not JSON: expecting property name enclosed in double quotes at character 2 (and 1 more)"
    )
    assert len(run.out.splitlines()) == 2
