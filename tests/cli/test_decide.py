"""`fsm decide`: one question a line, one answer a line."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fsm.errors import shorten
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


EVIL = "from pathlib import Path\nwith Path(__file__).with_suffix('.ran').open('a') as ran: ran.write('x')\n"
OWN = f"{EVIL}from fsm import MIMI\nTEA = MIMI.evolve('tea')\n"


def test_no_line_runs_a_file(tmp_path: Path) -> None:
    (tmp_path / "tea.py").write_text(OWN)
    name = f"{tmp_path / 'tea.py'}:TEA"
    answers = ask(*({"policy": policy, "event": CREATE} for policy in (name, "this:X", "tests.builders:MIMI", "mimi")))
    assert [answer.get("error", {}).get("code") for answer in answers] == ["bad_policy"] * 3 + [None]
    assert answers[0]["error"]["message"].startswith(f"unknown policy `{shorten(name)}`: choose from ")
    assert not (tmp_path / "tea.ran").exists()


def test_a_line_may_name_what_the_command_line_allows_and_files_run_once(tmp_path: Path) -> None:
    for file in ("tea.py", "milk.py"):
        (tmp_path / file).write_text(OWN.replace("'tea'", f"{file!r}"))
    tea, milk = (f"{tmp_path / file}:TEA" for file in ("tea.py", "milk.py"))
    questions = [
        {"event": CREATE},
        {"policy": tea, "event": CREATE},
        {"policy": milk, "event": CREATE},
        {"policy": "mimi", "event": CREATE},
    ]
    given = "\n".join(map(json.dumps, questions * 3)).encode()
    run = fsm("decide", "--policy", tea, "--allow", milk, "--allow", "matrix", given=given)
    assert run.status == 0
    assert [json.loads(line)["policy"] for line in run.out.splitlines()] == ["tea.py", "tea.py", "milk.py", "mimi"] * 3
    assert {file.name: file.read_text() for file in tmp_path.glob("*.ran")} == {"tea.ran": "x", "milk.ran": "x"}


def test_what_is_allowed_must_be_there() -> None:
    run = fsm("decide", "--allow", "no-such-policy", given=b"{}")
    assert run.status == 2
    assert run.out == ""
    assert run.complaint.startswith("fsm: unknown policy `no-such-policy`")


def test_a_question_is_a_line_and_answered_at_once() -> None:
    command = [sys.executable, "-m", "fsm", "decide"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        for line, start in (
            ("[", "line 1: not JSON"),
            ("[{}]", "a question must be an object, not an array"),
            ("{", "line 3: not JSON"),
            ("5\n\n \n", "a question must be an object, not a number"),
            ("5", "a question must be an object, not a number"),
        ):
            child.stdin.write(f"{line}\n".encode())
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["error"]["message"].startswith(start)
        child.stdin.close()
        assert child.wait(timeout=60) == 2


def test_the_status_tells_of_unreadable_lines() -> None:
    run = fsm("decide", given=b"{\n{\n")
    assert run.status == 2
    assert run.complaint == (
        "fsm: line 1: not JSON: expecting property name enclosed in double quotes at character 2 (and 1 more)"
    )
    assert len(run.out.splitlines()) == 2
