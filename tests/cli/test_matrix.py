"""The commands on Matrix rooms."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.runner import fsm
from tests.matrix.builders import ALICE, BOB, CAROL, create, join_rules, levels, member, members, message

CHAT = Path(__file__).parent.parent / "data" / "matrix" / "bootstrap-public-chat.json"


def ask(*questions: object, policy: str = "matrix") -> list[dict[str, Any]]:
    run = fsm("decide", "--policy", policy, given="\n".join(map(json.dumps, questions)).encode())
    return [json.loads(line) for line in run.out.splitlines()]


def test_decide() -> None:
    state = [*members(join=[ALICE, BOB]), levels(users={BOB: 50}), join_rules("public"), create("10")]
    assert ask({"state": state, "event": member("join", CAROL)}, policy="matrix-10") == [
        {
            "allowed": True,
            "transition": "join",
            "before": "leave",
            "after": "join",
            "policy": "matrix-10",
            "refusals": [],
        }
    ]
    (refused,) = ask({"state": state, "event": member("leave", CAROL, BOB)})
    assert (refused["allowed"], refused["before"], refused["after"], refused["policy"]) == (
        False,
        "join",
        "join",
        "matrix-10",
    )
    assert [(each["transition"], each["clause"]) for each in refused["refusals"]] == [
        ("leave", "4.5.1"),
        ("kick", "4.5.4"),
    ]


def test_decide_takes_the_version_that_is_asked_for_else_that_of_the_creation() -> None:
    question = {"state": [create("6"), join_rules("knock")], "event": member("knock", BOB)}
    answers = [*ask(question), *ask(question, policy="matrix-7"), *ask({**question, "policy": "matrix-12"})]
    assert [(answer["policy"], answer["allowed"]) for answer in answers] == [
        ("matrix-6", False),
        ("matrix-7", True),
        ("matrix-12", True),
    ]


def test_decide_says_what_is_not_judged() -> None:
    (answer,) = ask({"state": [create("6")], "event": message()})
    assert (answer["allowed"], answer["judged"], answer["reason"]) == (True, False, "not judged: only membership is")


# fmt: off
ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"state": [create("99")], "event": message()},                      "`state[0].content.room_version`: `99` is not one of"),
    ({"state": [create("10"), levels(users={BOB: "50"})], "event": message()}, f"`state[1].content.users.{BOB}`: must be a whole number"),
    ({"state": [create("10"), create("10")], "event": message()},        "`state[1]`: is a second `m.room.create` for ``"),
    ({"state": [create("10")], "event": member("join", "bob")},          "`event.sender`: `bob` is no user id"),
    ({"state": [create("10")], "event": {**message(), "content": 5}},    "`event.content`: must be an object, not a number"),
]
# fmt: on


@pytest.mark.parametrize(("question", "problem"), ERRORS, ids=[problem for _, problem in ERRORS])
def test_decide_names_what_cannot_be_read(question: dict[str, Any], problem: str) -> None:
    (answer,) = ask(question)
    assert answer["error"]["code"] == "bad_event"
    assert answer["error"]["message"].startswith(problem)


def test_replay_takes_the_version_of_the_creation() -> None:
    run = fsm("replay", str(CHAT), "--policy", "matrix")
    assert run.status == 0
    assert "8 events, 2 allowed, 0 rejected, 0 errors, 6 not judged" in run.out.splitlines()
    first, second, *_ = run.out.splitlines()
    assert first.split()[:3] == ["1", "taken", "m.room.create"]
    assert first.endswith("— not judged: only membership is")
    assert second.split()[:6] == ["2", "allowed", "found", "leave", "→", "join"]
    answers = [json.loads(line) for line in fsm("replay", str(CHAT), "--policy", "matrix", "--json").out.splitlines()]
    assert {answer["policy"] for answer in answers[:-1]} == {"matrix-10"}
    assert answers[-1]["summary"] == {"events": 8, "allowed": 2, "rejected": 0, "errors": 0, "not_judged": 6}


def test_replay_says_what_was_asked_when_it_is_rejected() -> None:
    log = "\n".join(map(json.dumps, [create("10"), member("knock", BOB), {**member("x", BOB), "content": {}}]))
    _, knock, nothing, *_ = fsm("replay", "-", "--policy", "matrix", given=log.encode()).out.splitlines()
    assert knock.split()[1:3] == ["rejected", "knock"]
    assert nothing.split()[1:3] == ["rejected", "m.room.member"]


def test_replay_names_a_malformed_response() -> None:
    run = fsm("replay", "-", "--policy", "matrix", given=b'{"rooms": {"join": 5}}')
    assert run.status == 2
    assert run.complaint == "fsm: line 1: `rooms.join`: must be an object, not a number"


def test_explain() -> None:
    run = fsm("explain", "matrix-8", "join", "--self", "--given", "join_rule=restricted")
    assert "rejected — enter: no member who may invite authorises the join" in run.out
    run = fsm(
        "explain", "matrix-8", "join", "--self", "--given", "join_rule=restricted", "--given", "is_authorised=true"
    )
    assert "allowed as `enter`" in run.out


# fmt: off
UNUSABLE = [
    (("explain", "matrix", "join"),                          "`matrix` stands for several policies: choose one of them, such as `matrix-1`"),
    (("replay", str(CHAT), "--policy", "matrix-13"),         "unknown policy `matrix-13`: choose from "),
    (("visible", str(CHAT), "--user", ALICE, "--policy", "matrix-10"), "policy `matrix-10` judges membership only, not who may see what"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[arguments[0] for arguments, _ in UNUSABLE])
def test_unusable(arguments: tuple[str, ...], problem: str) -> None:
    run = fsm(*arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
