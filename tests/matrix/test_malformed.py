"""Bad input: an `EventError` that names the place, or a rejection; never another exception, never allowed."""

from dataclasses import replace
from functools import partial
from itertools import combinations
from typing import Any

import pytest

from fsm import EventError
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.policies import MATRIX_1, MATRIX_12, VERSIONS
from fsm.matrix.room import MatrixRoom
from fsm.memory import memory_of
from fsm.participation.terms import Action
from tests.builders import error_of, is_one_line, one_line, set_at
from tests.matrix.builders import (
    ABE,
    ALICE,
    BOB,
    CAROL,
    JSON,
    ROOM_ID,
    create,
    inside,
    join_rules,
    levels,
    member,
    members,
    message,
    promise,
    redeem,
    signed,
    state,
)

HUGE = "x" * 70_000

# fmt: off
EVENTS: list[tuple[object, str]] = [
    (None,                                          "an event must be an object, not null"),
    ([],                                            "an event must be an object, not an array"),
    ({},                                            "`type`: is missing"),
    ({**member("join", BOB), "type": 5},            "`type`: must be a string, not a number"),
    ({**member("join", BOB), "content": None},      "`content`: must be an object, not null"),
    ({**member("join", BOB), "content": [1]},       "`content`: must be an object, not an array"),
    ({**member("join", BOB), "content": "join"},    "`content`: must be an object, not a string"),
    ({**member("join", BOB), "sender": None},       "`sender`: must be a string, not null"),
    ({**member("join", BOB), "sender": ""},         "`sender`: must not be empty"),
    ({**member("join", BOB), "sender": "bob"},      "`sender`: `bob` is no user id, which is `@localpart:server`"),
    ({**member("join", BOB), "sender": "@bob"},     "`sender`: `@bob` is no user id"),
    ({**member("join", BOB), "sender": "@bob:"},    "`sender`: `@bob:` is no user id"),
    ({**member("join", BOB), "sender": f"@{HUGE}:x"}, "`sender`: is 70003 characters long, 65535 is the most"),
    ({**member("join", BOB), "sender": f"@{'é' * 127}:x"}, "`sender`: `@éé"),
    (member("invite", ALICE, ""),                   "`state_key`: `` is no user id"),
    (member("invite", ALICE, "bob:b.example"),      "`state_key`: `bob:b.example` is no user id"),
    (member("invite", ALICE, "@bob"),               "`state_key`: `@bob` is no user id"),
    (member("invite", ALICE, f"@{'x' * 253}:x"),    "`state_key`: `@xxx"),
    ({**member("join", BOB), "state_key": None},    "`state_key`: must be a string, not null"),
    ({**member("join", BOB), "state_key": [BOB]},   "`state_key`: must be a string, not an array"),
    ({**member("join", BOB), "event_id": 5},        "`event_id`: must be a string, not a number"),
    ({**member("join", BOB), "event_id": ""},       "`event_id`: must not be empty"),
    ({**member("join", BOB), "room_id": None},      "`room_id`: must be a string, not null"),
    (create("5", creator="alice"),                  "`sender`: `alice` is no user id"),
    ({**message(), "auth_events": {}},              "`auth_events`: must be an array, not an object"),
    ({**message(), "auth_events": ["$a", 5]},       "`auth_events[1]`: must be a string, not a number"),
    ({**message(), "auth_events": [[]]},            "`auth_events[0]`: must be a string, not an array"),
    ({**message(), "auth_events": [[{}]]},          "`auth_events[0]`: must be a string, not an object"),
]
# fmt: on


@pytest.mark.parametrize(("event", "problem"), EVENTS, ids=[problem[:60] for _, problem in EVENTS])
def test_an_event_that_cannot_be_read(event: Any, problem: str) -> None:
    here = MatrixRoom(ROOM_ID)
    before = inside(here)
    for ask in (here.decide, here.send):
        with pytest.raises(EventError, match=one_line(problem)):
            ask(event)
    assert inside(here) == before


# fmt: off
STATES: list[tuple[list[object], str]] = [
    ([5],                                                      "`state[0]`: an event must be an object, not a number"),
    ([create(), message()],                                    "`state[1].state_key`: is missing: this is no state event"),
    ([create(), create()],                                     "`state[1]`: is a second `m.room.create` for ``"),
    ([create(), levels(), levels(kick=5)],                     "`state[2]`: is a second `m.room.power_levels` for ``"),
    ([member("join", BOB), create(), member("ban", BOB)],      f"`state[2]`: is a second `m.room.member` for `{BOB}`"),
    ([create(), state("m.room.name", {}), state("m.room.name", {})], "`state[2]`: is a second `m.room.name` for ``"),
    ([create(), member("joined", BOB)],                        "`state[1].content.membership`: `joined` is not one of invite"),
    ([create(), state("m.room.member", {}, state_key=BOB)],    "`state[1].content.membership`: is missing"),
    ([create(), {**member("join", BOB), "content": {"membership": 5}}], "`state[1].content.membership`: must be a string"),
    ([create(), member("join", BOB, "bob")],                   "`state[1].state_key`: `bob` is no user id"),
    ([create("0")],                                            "`state[0].content.room_version`: `0` is not one of 1"),
    ([create("10", creator="x")],                              "`state[0].sender`: `x` is no user id"),
]
# fmt: on


@pytest.mark.parametrize(("given", "problem"), STATES, ids=[problem[:60] for _, problem in STATES])
def test_a_state_that_cannot_be_read(given: list[object], problem: str) -> None:
    with pytest.raises(EventError, match=one_line(problem)):
        MatrixRoom.from_state(given)


# Where a room is given as it stands, what cannot be read is only an error of the questions that turn on it.


def test_a_creator_that_is_no_user_is_the_creator_of_nothing() -> None:
    creators: list[Any] = ["alice", None, 5, [], {}]
    for creator in creators:
        here = MatrixRoom.from_state([state("m.room.create", {"creator": creator}), *members(join=[ALICE, CAROL])])
        assert here.power(ALICE) == 0
        assert here.decide(member("leave", ALICE))
        assert not here.decide(member("leave", ALICE, CAROL))


@pytest.mark.parametrize("federates", ["false", None, 0, 1, [], {}])
def test_nothing_but_false_closes_a_room(federates: object) -> None:
    given = [join_rules("public"), *members(join=[ALICE])]
    here = MatrixRoom.from_state([create("11", {"m.federate": federates}), *given])
    for event in (member("join", BOB), member("knock", BOB), member("ban", BOB, ALICE), member("x", BOB)):
        assert here.decide(event) == MatrixRoom.from_state([create("11"), *given]).decide(event)


DORA = "@dora:d.example"

BROKEN = [True, None, "", "x", "\x1c50", [50], {"level": 50}, "9" * 1001]

# What is broken, and of what Alice may do to Bob, who is joined, Dora, who has left, or Carol, who is banned,
# what turns on it. Alice has a level of 50, like what is asked for; Bob has 10, and Abe, who is joined, 60.
# fmt: off
TURNS: dict[str, set[str]] = {
    "invite":        {"invite DORA", "authorised DORA"},
    "kick":          {"leave BOB", "leave CAROL", "leave DORA"},
    "ban":           {"leave CAROL", "ban BOB", "ban CAROL", "ban DORA"},
    "users_default": {"leave CAROL", "ban CAROL", "leave DORA", "ban DORA"},
    ALICE:           {"invite DORA", "authorised DORA",
                      "leave BOB", "leave CAROL", "leave DORA", "leave ABE", "ban BOB", "ban CAROL", "ban DORA", "ban ABE"},
    BOB:             {"leave BOB", "ban BOB"},
    ABE:             {"leave ABE", "ban ABE"},
    CAROL:           {"leave CAROL", "ban CAROL"},
}
# fmt: on

PEOPLE = {"ALICE": ALICE, "BOB": BOB, "DORA": DORA, "CAROL": CAROL, "ABE": ABE}
QUESTIONS: dict[str, JSON] = {
    **{f"{word} {name}": member(word, ALICE, user) for word in Action for name, user in PEOPLE.items()},
    **{f"own {word} {name}": member(word, user) for word in Action for name, user in PEOPLE.items()},
    "authorised DORA": member("join", DORA, content={"join_authorised_via_users_server": ALICE}),
}


def ask(changed: JSON, question: str) -> bool | str:
    """Whether what a question asks for is allowed where some levels are changed, or why that cannot be said."""
    content: JSON = {"users": {ALICE: 50, BOB: 10, ABE: 60}, "invite": 50, "kick": 50, "ban": 50, "users_default": 0}
    for place, level in changed.items():
        (content["users"] if place.startswith("@") else content)[place] = level
    given = [create("9"), join_rules("restricted"), levels(content), *members(join=[ALICE, BOB, ABE], ban=[CAROL])]
    try:
        return bool(MatrixRoom.from_state(given).decide(QUESTIONS[question]))
    except EventError as problem:
        return str(problem)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda value: ascii(value)[:12])
@pytest.mark.parametrize("place", TURNS)
def test_a_broken_level_is_an_error_of_what_turns_on_it(place: str, broken: Any) -> None:
    expected = {name: ask({}, name) for name in QUESTIONS}
    found = {name: ask({place: broken}, name) for name in QUESTIONS}
    assert {name for name, answer in found.items() if answer != expected[name]} == TURNS[place]
    for name in TURNS[place]:
        assert str(found[name]).startswith("turns on a power level that cannot be read: `state[2].content.")


@pytest.mark.parametrize(("one", "other"), list(combinations(TURNS, 2)))
def test_of_two_broken_levels_the_one_is_named_on_which_the_decision_turns(one: str, other: str) -> None:
    for name in QUESTIONS:
        answer = ask({one: None, other: None}, name)
        matters = {
            f"`state[2].content.{'users.' if place.startswith('@') else ''}{place}`"
            for place, known in ((one, other), (other, one))
            if any(
                ask({place: -1000, known: level}, name) != ask({place: 1000, known: level}, name)
                for level in (-1000, 1000)
            )
        }
        if matters:
            assert any(place in str(answer) for place in matters), (name, answer, matters)
        else:
            assert answer == ask({}, name)


def test_the_creator_of_a_room_of_version_12_is_above_whatever_is_not_known() -> None:
    creation = {**create("12"), "event_id": "$a"}
    broken = levels(users={BOB: "x"}, users_default="x", invite="x", kick="x", ban="x")
    here = MatrixRoom.from_state([creation, broken, *members(join=[ALICE, BOB])])
    for action in ("leave", "ban"):
        assert here.decide(member(action, ALICE, BOB))
    assert here.decide(member("invite", ALICE, CAROL))
    with pytest.raises(
        EventError, match=one_line("turns on a power level that cannot be read: `state[1].content.users_default`")
    ):
        here.power(CAROL)


def test_users_that_are_none_might_hold_anybody() -> None:
    here = MatrixRoom.from_state([create("9"), levels(users=[]), *members(join=[ALICE, BOB])])
    assert here.decide(member("leave", BOB))
    assert not here.decide(member("join", CAROL))
    for question in (member("invite", ALICE, CAROL), member("leave", ALICE, BOB), member("ban", BOB, CAROL)):
        with pytest.raises(
            EventError,
            match=one_line("turns on a power level that cannot be read: `state[1].content.users`: must be an"),
        ):
            here.decide(question)


def test_a_room_heals_with_its_power_levels() -> None:
    here = MatrixRoom.from_state([create("9"), levels(users={ALICE: 50}, kick=[]), *members(join=[ALICE, BOB])])
    with pytest.raises(EventError, match=one_line("turns on")):
        here.decide(member("leave", ALICE, BOB))
    assert here.send(levels(users={ALICE: 50}))
    assert here.send(member("leave", ALICE, BOB))


GAINS: list[JSON] = [
    {"may_invite": True},
    {"may_kick": True},
    {"may_ban": True},
    {"outranks_for_kick": True, "outranks_for_ban": True},
    {"is_authorised": True},
]


@pytest.mark.long
def test_more_power_never_forbids_what_less_allows() -> None:
    """So the worst and the best that a broken level could say are all that has to be looked at."""
    memory, weights = memory_of(MATRIX_12), MATRIX_12.domain.weights

    def allows(action: Action, facts: MatrixFacts) -> bool:
        code = sum(weight[getattr(facts, name)] for name, weight in weights.items())
        return bool(memory[action, facts.target, facts.sender, code])

    worse = [
        (action, facts, gain)
        for action in Action
        if action in MATRIX_12.triggers
        for facts in MATRIX_12.domain.records
        if allows(action, facts)
        for gain in GAINS
        if not allows(action, replace(facts, **gain))
    ]
    assert worse == []


def test_a_state_key_goes_without_saying_where_there_is_one_only() -> None:
    terse = [
        {key: each for key, each in event.items() if key != "state_key"} for event in (create("10"), levels(ban=0))
    ]
    here = MatrixRoom.from_state([*terse, *members(join=[ALICE])])
    assert here.policy.version == "10"
    assert here.facts(BOB, ALICE).may_ban


NONSENSE: list[Any] = [None, True, False, 0, -1, 1.5, "", "x", "\ud800\n", HUGE, [], [[]], {}, {"a": {}}, [None, 5]]

ORDINARY: list[JSON] = [
    member("join", BOB, prev_events=["$create"], content={"join_authorised_via_users_server": ALICE}),
    member("join", ALICE, prev_events=["$create"]),
    redeem(ALICE, BOB, {"display_name": "b", "signed": signed(BOB, "tok")}),
    member("leave", ALICE, BOB, event_id="$1", room_id=ROOM_ID),
]
SETTING: list[JSON] = [
    create("1"),
    create("12", {"additional_creators": [BOB], "m.federate": False}),
    levels(users={BOB: 1}, users_default=0, invite=0, kick=0, ban=0),
    join_rules("restricted"),
    promise("tok", content={"public_key": "x", "public_keys": [{"public_key": "y"}]}),
    member("ban", ALICE, BOB),
]


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Every place in a JSON document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [each for key, part in inner for each in ((*path, key), *places(part, (*path, key)))]


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: ascii(value)[:12])
def test_nonsense_in_any_place_of_an_event_is_an_error_or_judged(nonsense: Any) -> None:
    for version in ("1", "12"):
        here = MatrixRoom.from_state([create(version), join_rules("restricted"), promise("tok"), *members(join=[BOB])])
        for event in ORDINARY:
            for place in places(event):
                spoilt = set_at(event, place, nonsense)
                before = inside(here)
                error = error_of(partial(here.decide, spoilt))
                assert error is None or is_one_line(str(error)), (spoilt, error)
                assert inside(here) == before


def ask_all(given: list[JSON]) -> None:
    here = MatrixRoom.from_state(given)
    for question in ORDINARY:
        here.decide(question)


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: ascii(value)[:12])
def test_nonsense_in_any_place_of_a_state_is_an_error_or_read(nonsense: Any) -> None:
    for event in SETTING:
        for place in places(event):
            spoilt = set_at(event, place, nonsense)
            others = [] if event["type"] == "m.room.create" else [create("9")]

            error = error_of(partial(ask_all, [*others, spoilt]))
            assert error is None or is_one_line(str(error)), (spoilt, error)


@pytest.mark.parametrize("value", [None, True, "join", 5, [], {}])
def test_a_membership_that_is_nonsense_is_never_allowed(value: Any) -> None:
    for policy in VERSIONS.values():
        here = MatrixRoom.create(ROOM_ID, ALICE, policy=policy)
        event = {**member("join", ALICE), "content": value}
        error = error_of(partial(here.send, event))
        assert error is not None or not here.decide(event)
    assert MatrixRoom.create(ROOM_ID, ALICE, policy=MATRIX_1).participations() == {ALICE: "join"}
