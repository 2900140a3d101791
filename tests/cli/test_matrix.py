"""The commands on Matrix rooms."""

import json
from contextlib import redirect_stderr, redirect_stdout
from io import BytesIO, StringIO, TextIOWrapper
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm.cli.decide import decide
from fsm.matrix.policies import VERSIONS
from tests.cli.conftest import Inside
from tests.cli.runner import fsm
from tests.matrix.builders import ABE, ALICE, BOB, CAROL, create, join_rules, levels, member, members, message, promise

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


def test_decide_judges_every_event() -> None:
    (answer,) = ask({"state": [create("6")], "event": message()})
    assert answer == {
        "allowed": False, "transition": None, "before": None, "after": None, "policy": "matrix-6",
        "reason": "message: the sender is not joined",
        "refusals": [{"transition": "message", "failed": ["sender_is_joined"], "clause": "5"}],
    }  # fmt: skip


def test_decide_judges_a_creation_by_itself() -> None:
    other = [{**create("4"), "room_id": "!other:x", "sender": BOB}, member("join", BOB)]
    states: list[list[Any]] = [[], [create("6")], other]
    for state in states:
        (answer,) = ask({"state": state, "event": {**create("9"), "event_id": "$new"}})
        assert (answer["allowed"], answer["transition"], answer["policy"]) == (True, "create", "matrix-9")


def test_decide_names_the_levels_that_may_not_change() -> None:
    state: list[Any] = [
        create("12"),
        *members(join=[ALICE, BOB]),
        levels(users={BOB: 50, ABE: 50}, ban=60, events={"m.x": 70}),
    ]
    new = levels(users={BOB: 51}, ban="60", kick=55, events={"m.y": 50})
    (answer,) = ask({"state": [*state[:3], {**state[3], "sender": ALICE}], "event": {**new, "sender": BOB}})
    failed = answer["refusals"][1]["failed"]
    assert failed == [
        "named_levels_are_integers", "named_levels_were_in_reach", "named_levels_are_in_reach",
        "event_levels_were_in_reach", "users_were_below", "users_are_in_reach",
    ]  # fmt: skip
    assert answer["changes"] == [
        {"field": "ban", "before": 60, "after": "60", "clause": "10.6.1"},
        {"field": "kick", "before": None, "after": 55, "clause": "10.6.2"},
        {"field": f"users.{BOB}", "before": 50, "after": 51, "clause": "10.10.1"},
        {"field": f"users.{ABE}", "before": 50, "after": None, "clause": "10.9.1"},
        {"field": "events.m.x", "before": 70, "after": None, "clause": "10.7.1"},
    ]


CITED: list[Any] = [
    create("11"),
    *({**each, "event_id": f"${each['state_key']}"} for each in members(join=[ALICE, BOB])),
]


def test_an_event_that_is_nowhere_given() -> None:
    cites = {**message(), "auth_events": ["$create", f"${ALICE}", "$old"]}
    (answer,) = ask({"state": CITED, "event": cites})
    assert answer == {
        "error": {
            "code": "missing_event",
            "event_id": "$old",
            "message": "`event.auth_events[2]`: `$old` is nowhere given",
        }
    }


OLD = {**member("join", ALICE), "event_id": "$old"}


# What is cited, what else is given, and the rules that are broken.
# fmt: off
CITATIONS: list[tuple[Any, list[Any], str | None]] = [
    (["$create", f"${ALICE}"],           [],                                   None),
    ([["$create", {}], [f"${ALICE}", {}]], [],                                 None),
    (["$create", "$old"],                [OLD],                                None),
    (["$create", f"${ALICE}", "$old"],   [OLD],                                "2.1"),
    (["$create", "$create"],             [],                                   "2.1"),
    (["$create", f"${BOB}"],             [],                                   "2.2"),
    (["$create", "$old"],                [{**message(), "event_id": "$old"}],  "2.2"),
    (["$create", "$old"],                [{**OLD, "rejected": True}],          "2.3"),
    ([f"${ALICE}"],                      [],                                   "2.4"),
    ([],                                 [],                                   "2.4"),
    (["$create", "$old"],                [{**OLD, "room_id": "!other:x"}],     "2.5"),
]
# fmt: on


@pytest.mark.parametrize(("cited", "others", "clause"), CITATIONS)
def test_what_an_event_cites(cited: Any, others: list[Any], clause: str | None) -> None:
    event = {**message(), "auth_events": cited, "room_id": "!r:a.example"}
    (answer,) = ask({"state": CITED, "event": event, "events": others})
    assert answer["allowed"] is (clause is None)
    assert clause is None or answer["refusals"][0]["clause"] == clause


@pytest.mark.parametrize(
    ("others", "problem"),
    [
        ({}, "`events`: must be an array, not an object"),
        ([5], "`events[0]`: an event must be an object, not a number"),
        ([message()], "`events[0].event_id`: is missing"),
        ([OLD, OLD], "`events[1].event_id`: `$old` is given twice"),
        ([{**OLD, "rejected": 1}], "`events[0].rejected`: must be true or false, not a number"),
    ],
)
def test_others_that_cannot_be_read(others: Any, problem: str) -> None:
    (answer,) = ask({"state": CITED, "event": message(), "events": others})
    assert answer["error"]["message"] == problem


# fmt: off
ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"state": [create("99")], "event": message()},                      "`state[0].content.room_version`: `99` is not one of"),
    ({"state": [create("10"), *members(join=[ALICE, BOB]), levels(users={BOB: "50"})], "event": member("ban", BOB, ALICE)},
     f"`event`: turns on a power level that cannot be read: `state[3].content.users.{BOB}`: must be a whole number"),
    ({"state": [create("9"), *members(join=[ALICE, BOB]), levels(users={BOB: 50}, ban="\x1c50")], "event": member("ban", BOB, ALICE)},
     "`event`: turns on a power level that cannot be read: `state[3].content.ban`: `\\x1c50` is no whole number"),
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


# Questions of any shape: mostly such as could be asked, with any value in any place.
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
WORDS = st.sampled_from([ALICE, BOB, "bob", "", "$create", "!create", "join", "invite", "leave", "ban", "knock", "10"])
VALUE = st.one_of(WORDS, ANY)
CONTENT = st.one_of(
    st.dictionaries(
        st.sampled_from(["membership", "join_rule", "users", "kick", "creator", "third_party_invite", "room_version"]),
        VALUE,
    ),
    st.builds(lambda users: {"users": users}, st.dictionaries(WORDS, VALUE, max_size=2)),
)
FIELDS = st.sampled_from(["type", "sender", "state_key", "content", "room_id", "event_id", "prev_events", "unsigned"])
GOOD = st.sampled_from(
    [create("6"), create("12"), levels(users={BOB: 50}), join_rules("public"), promise("tok"), member("join", ALICE)]
)
EVENT = st.one_of(
    GOOD,
    st.builds(lambda event, content: {**event, "content": content}, GOOD, CONTENT),
    st.builds(lambda event, key, value: {**event, key: value}, GOOD, FIELDS, VALUE),
    ANY,
)
QUESTION = st.one_of(
    st.fixed_dictionaries({"state": st.lists(EVENT, max_size=4), "event": EVENT}),
    st.dictionaries(st.sampled_from(["policy", "state", "event"]), VALUE),
    ANY.filter(lambda value: not isinstance(value, list)),  # an array would be taken for all the questions
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([*(f"matrix-{version}" for version in VERSIONS), "matrix"]), st.lists(QUESTION, min_size=1))
def test_whatever_is_asked_is_answered(policy: str, questions: list[object]) -> None:
    assert decide.callback is not None
    text = "".join(f"{json.dumps(each)}\n" for each in questions)
    with (
        patch("sys.stdin", TextIOWrapper(BytesIO(text.encode()))),
        redirect_stdout(StringIO()) as out,
        redirect_stderr(StringIO()),
    ):
        status = decide.callback(policy=policy, allow=())
    answers = [json.loads(line) for line in out.getvalue().splitlines()]
    assert len(answers) == len(questions)
    assert status == (2 if any("error" in answer for answer in answers) else 0)
    for question, answer in zip(questions, answers, strict=True):
        if "error" in answer:
            assert answer["error"]["message"].isprintable()
            continue
        assert isinstance(question, dict)
        is_member = question["event"]["type"] == "m.room.member"
        assert answer["allowed"] is (answer["transition"] is not None)
        assert "judged" not in answer
        assert is_member or answer["before"] is answer["after"] is None


def test_replay_takes_the_version_of_the_creation() -> None:
    run = fsm("replay", str(CHAT), "--policy", "matrix")
    assert run.status == 0
    assert "8 events, 8 allowed, 0 rejected, no errors" in run.out.splitlines()
    first, second, *_ = run.out.splitlines()
    assert first.split()[:4] == ["1:1", "allowed", "create", "@alice:example.com"]
    assert second.split()[:6] == ["1:2", "allowed", "found", "leave", "→", "join"]
    answers = [json.loads(line) for line in fsm("replay", str(CHAT), "--policy", "matrix", "--json").out.splitlines()]
    assert {answer["policy"] for answer in answers[:-1]} == {"matrix-10"}
    assert answers[-1]["summary"] == {"events": 8, "allowed": 8, "rejected": 0, "errors": 0}


def test_replay_says_what_was_asked_when_it_is_rejected() -> None:
    log = "\n".join(map(json.dumps, [create("10"), member("knock", BOB), {**member("x", BOB), "content": {}}]))
    _, knock, nothing, *_ = fsm("replay", "-", "--policy", "matrix", given=log.encode()).out.splitlines()
    assert knock.split()[1:3] == ["rejected", "knock"]
    assert nothing.split()[1:3] == ["rejected", "m.room.member"]


def test_replay_names_a_malformed_response() -> None:
    run = fsm("replay", "-", "--policy", "matrix", given=b'{"rooms": {"join": 5}}')
    assert run.status == 2
    assert run.complaint == "fsm: line 1: `rooms.join`: must be an object, not a number"


def test_explain(inside: Inside) -> None:
    run = inside("explain", "matrix-8", "join", "--self", "--given", "join_rule=restricted")
    assert run.status == 1
    assert "rejected — enter: no member who may invite authorises the join" in run.out
    run = inside(
        "explain", "matrix-8", "join", "--self", "--given", "join_rule=restricted", "--given", "is_authorised=true"
    )
    assert run.status == 0
    assert "allowed as `enter`" in run.out


# fmt: off
UNUSABLE = [
    (("explain", "matrix", "join"),                          "`matrix` stands for several policies: choose one of them, such as `matrix-1`"),
    (("replay", str(CHAT), "--policy", "matrix-13"),         "unknown policy `matrix-13`: choose from "),
    (("visible", str(CHAT), "--user", ALICE, "--policy", "matrix-10"), "policy `matrix-10` judges who may send events, not who may see them"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[arguments[0] for arguments, _ in UNUSABLE])
def test_unusable(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside(*arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
