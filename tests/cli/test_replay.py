"""`fsm replay` on good logs and bad ones."""

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import DAY, ROOT, fsm

CREATE = '{"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}\n'


def test_the_day_as_text() -> None:
    run = fsm("replay", str(DAY))
    assert run.status == 0
    lines = run.out.splitlines()
    assert lines[24].split() == (
        "25 rejected join leave @boo28:south.example !book-club:hub.example — join: the room is not public".split()
    )
    assert "2,400 events, 2,076 allowed, 324 rejected, no errors" in lines
    assert "\x1b" not in run.out


def test_the_day_as_json(inside: Inside) -> None:
    run = inside("replay", str(DAY), "--json")
    answers = [json.loads(line) for line in run.out.splitlines()]
    assert len(answers) == 2401
    assert answers[24] == {
        "allowed": False,
        "transition": None,
        "before": "leave",
        "after": "leave",
        "policy": "mimi",
        "reason": "join: the room is not public",
        "refusals": [{"transition": "join", "failed": ["room_is_public"], "clause": "5.3"}],
        "event_id": "$e00024",
        "room_id": "!book-club:hub.example",
        "line": 25,
    }
    assert list(answers[-1]) == ["summary", "participation"]
    assert len(answers[-1]["participation"]) == 3


def test_standard_input_is_read_and_an_array_too() -> None:
    array = json.dumps([json.loads(CREATE), 3]).encode()
    run = fsm("replay", "-", "--json", given=array)
    assert run.status == 2
    guess, problem = run.err.splitlines()
    assert guess.startswith("fsm: line 1: 2 events are taken to be oldest first: the creation comes first")
    assert problem == "fsm: line 1, event 2: an event must be an object, not a number"
    assert json.loads(run.out.splitlines()[-1])["summary"] == {"events": 2, "allowed": 1, "rejected": 0, "errors": 1}


# fmt: off
BAD = [
    ('{"type": "m.user"}',                                                                "line 2: `sender`: is missing"),
    ('{"type": "m.user", "sender": "@a", "state_key": 5, "content": {}}',                 "line 2: `state_key`: must be a string, not a number"),
    ('{"type": "m.user", "sender": "@a", "content": {"participation": "ban"}}',           "line 2: `state_key`: must name the target user"),
    ('{"type": "m.user", "sender": "@a", "state_key": "@b", "content": {}}',              "line 2: `content.participation`: is missing"),
    ('{"type": "m.user", "sender": "@a", "state_key": "@b", "content": {"participation": "dance"}}',
                                                    "line 2: `content.participation`: `dance` is not one of invite, join, leave, ban, knock"),
    ('{"type": "m.user", "sender": "@a", "state_key": "@b", "content": {"participation": "ban", "reason": "' + "x" * 10**6 + '"}}',
                                                    "line 2: `content.reason`: is 1000000 characters long, 65535 is the most"),
    ('{"type": "m\\n\\u001b[2J", "sender": "@a", "state_key": "", "content": 1}',         "line 2: `content`: must be an object, not a number"),
    ("{",                                                                                 "line 2: not JSON: expecting property name enclosed in double quotes at character 2"),
    ('{"a":' * 10**6,                                                                     "line 2: not readable: nested more than 128 levels deep"),
]
# fmt: on


@pytest.mark.parametrize(("line", "problem"), BAD, ids=[problem[:60] for _, problem in BAD])
def test_a_bad_line_is_named_and_stops_nothing(line: str, problem: str) -> None:
    run = fsm("replay", "-", "--json", given=f"{CREATE}{line}\n{CREATE}".encode())
    assert run.status == 2
    assert run.complaint == f"fsm: {problem}"
    *answers, last = map(json.loads, run.out.splitlines())
    assert answers[1]["error"] == {"code": "bad_event", "message": problem}
    assert [answer.get("allowed") for answer in answers] == [True, None, False]
    assert last == {
        "summary": {"events": 3, "allowed": 1, "rejected": 1, "errors": 1},
        "participation": {"": {"@a": "join"}},
    }


# fmt: off
UNUSABLE = [
    (("replay", "no-such-file"),                    "fsm: no-such-file: no such file or directory"),
    (("replay", "."),                               "fsm: .: is a directory"),
    (("replay",),                                   "fsm: missing argument 'LOG'"),
    (("replay", "x", "--colour"),                   "fsm: no such option '--colour'"),
    (("dance",),                                    "fsm: no such command `dance`: choose from policies, replay"),
    (("replay", str(DAY), "--policy", "mimi-99"),   "fsm: unknown policy `mimi-99`: choose from "),
    (("replay", str(DAY), "--policy", "no.such:X"), "fsm: policy `no.such:X` cannot be loaded: ModuleNotFoundError: No module named 'no'"),
    (("replay", str(DAY), "--policy", "fsm:Room"),  "fsm: `fsm:Room` is not a policy but type"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_unusable_input_is_one_line(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside(*arguments)
    assert run.status == 2
    assert run.complaint.startswith(problem)
    assert run.out == ""


def test_hostile_names_are_escaped() -> None:
    create = CREATE.replace("@a", "@\\u202e\\u001b[2J\\n")
    run = fsm("replay", "-", given=create.encode())
    assert run.status == 0
    assert "@\\u202e\\x1b[2J\\n" in run.out


def test_a_closed_pipe_is_quiet() -> None:
    command = f"'{sys.executable}' -m fsm replay '{DAY}' | head -n 1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True, cwd=ROOT)  # noqa: S607
    assert done.stderr == ""
    assert done.stdout.splitlines()[0].split()[:2] == ["1", "allowed"]
    assert done.stdout.splitlines()[1] == "141"


def test_a_users_own_policy(inside: Inside, tmp_path: Path) -> None:
    path = tmp_path / "quiet.py"
    path.write_text('from fsm import MIMI\nQUIET = MIMI.evolve("quiet", drop=["join"])\n')
    run = inside("replay", str(DAY), "--json", "--policy", f"{path}:QUIET")
    assert run.status == 0
    transitions = {json.loads(line).get("transition") for line in run.out.splitlines()}
    assert "accept" in transitions
    assert "join" not in transitions


def test_colours_on_a_terminal() -> None:
    leader, follower = pty.openpty()
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "160"}
    environment.pop("NO_COLOR", None)
    with subprocess.Popen(
        [sys.executable, "-m", "fsm", "replay", "--all", "-"],
        stdin=subprocess.PIPE, stdout=follower, stderr=follower, cwd=ROOT, env=environment,
    ) as process:  # fmt: skip
        process.communicate(f"{CREATE}{{\n".encode(), timeout=60)
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert "\x1b[32mallowed" in shown
    assert shown.count("line 2: not JSON") == 1
    assert process.returncode == 2


WIDTH = 100


def test_a_story_is_short_and_says_what_was_refused_and_why(inside: Inside) -> None:
    run = inside("replay", str(DAY), "--story")
    lines = run.out.splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= WIDTH
    assert "  167 refusals" in lines
    assert any("48  join: the room is not public" in line and line.endswith("first: line 25") for line in lines)
    assert any(line.startswith("  ban             7  @tow43:north.example ") for line in lines)
    assert lines[-1] == "2,400 events, 2,076 allowed, 324 rejected, no errors"


def test_a_terminal_gets_the_story() -> None:
    leader, follower = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "fsm", "replay", "-"], stdin=subprocess.PIPE, stdout=follower, stderr=follower, cwd=ROOT
    ) as process:
        process.communicate(CREATE.encode() * 2, timeout=60)
    os.close(follower)
    shown = os.read(leader, 100_000).decode()
    os.close(leader)
    assert shown.splitlines()[0] == "the room"
    assert "1 refusal\r\n" in shown
    assert shown.endswith("2 events, 1 allowed, 1 rejected, no errors\r\n")


BOOKS = "!book-club:hub.example"
# fmt: off
FILTERS: list[tuple[tuple[str, ...], int]] = [
    ((),                                                        2400),
    (("--rejected",),                                           324),
    (("--room", BOOKS),                                         765),
    (("--room", BOOKS, "--rejected"),                           107),
    (("--user", "@boo28:south.example", "--rejected"),          11),
    (("--user", "@nobody:x"),                                   0),
    (("--summary",),                                            0),
]
# fmt: on


@pytest.mark.parametrize(("options", "count"), FILTERS)
def test_what_is_shown(options: tuple[str, ...], count: int, inside: Inside) -> None:
    plain, told = inside("replay", str(DAY), *options), inside("replay", str(DAY), "--json", *options)
    answers = [json.loads(line) for line in told.out.splitlines()]
    assert len(answers) == count + 1
    assert answers[-1]["summary"]["events"] == 2400
    shown = plain.out.partition("\n2,400 events")[0].splitlines()
    assert len([line for line in shown if line]) == count


def test_one_room_and_one_event_are_in_the_singular(inside: Inside, tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    log.write_text(CREATE + CREATE + "{\n", encoding="utf-8")
    assert "3 events, 1 allowed, 1 rejected, 1 error\n" in inside("replay", str(log)).out


def test_a_story_of_many_rooms_names_some(inside: Inside, tmp_path: Path) -> None:
    create = json.loads(CREATE)
    log = tmp_path / "log.jsonl"
    rooms = [json.dumps({**create, "room_id": f"!{number}:x"}) for number in range(12)]
    log.write_text("\n".join(rooms), encoding="utf-8")
    run = inside("replay", str(log), "--story")
    assert "… and 2 more rooms\n" in run.out
    assert inside("replay", str(log), "--story", "--room", "!11:x").out.splitlines()[0] == "!11:x"
