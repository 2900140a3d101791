"""Power levels: what may stand for one in which version, defaults, and whose is above whose."""

from math import inf, isnan, nan
from typing import Any

import pytest

from fsm.event import describe
from fsm.matrix.levels import (
    CANONICAL,
    LISTED,
    NAMED,
    Levels,
    Numbers,
    alterations,
    exceeds,
    is_unknown,
    reaches,
    read_levels,
)
from tests.matrix.builders import ABE, ALICE, BOB, CAROL, POLICIES, create, levels, member, members, room

FLOATS, STRINGS, INTEGERS = Numbers
ALL, STRINGY = [FLOATS, STRINGS, INTEGERS], [FLOATS, STRINGS]

# A value, what may read it, and what it then is.
# fmt: off
READABLE: list[tuple[Any, list[Numbers], int]] = [
    (0,                   ALL,      0),
    (-50,                 ALL,      -50),
    (CANONICAL,           ALL,      CANONICAL),
    (-CANONICAL,          ALL,      -CANONICAL),
    (CANONICAL + 1,       [FLOATS], CANONICAL + 1),
    (10**400,             [FLOATS], 10**400),
    ("50",                STRINGY,  50),
    ("00050",             STRINGY,  50),
    ("+50",               STRINGY,  50),
    ("-50",               STRINGY,  -50),
    ("  50\t\n",          STRINGY,  50),
    ("\u00a050\u2003",    STRINGY,  50),
    ("9" * 30,            STRINGY,  int("9" * 30)),
    ("9" * 1000,          STRINGY,  10**1000 - 1),
    (50.0,                [FLOATS], 50),
    (50.99,               [FLOATS], 50),
    (-50.99,              [FLOATS], -50),
    (-0.5,                [FLOATS], 0),
    (5.114698e4,          [FLOATS], 51146),
    (1e300,               [FLOATS], int(1e300)),
]

UNREADABLE: list[tuple[Any, str]] = [
    (True,                "must be a whole number, not true or false"),
    (None,                "must be a whole number, not null"),
    ([50],                "must be a whole number, not an array"),
    ({"level": 50},       "must be a whole number, not an object"),
    ([[[[[[]]]]]],        "must be a whole number, not an array"),
    (float("inf"),        "must be a whole number, not a fraction or a number too large"),
    (float("nan"),        "must be a whole number, not a fraction or a number too large"),
]

UNREADABLE_TEXT = ["", " ", "fifty", "50.0", "5e1", "0x32", "1_000", "- 50", "--50", "+", "50 50", "\x1c50", "50\x1f", "\u200b50", "\u0665\u0660", "∞", "9" * 1001, "\ud800"]
# fmt: on

PLACES = [*NAMED]


@pytest.mark.parametrize(("value", "readers", "level"), READABLE, ids=lambda value: repr(value)[:20])
def test_what_stands_for_a_level(value: Any, readers: list[Numbers], level: int) -> None:
    for numbers in Numbers:
        for place in ("users", *PLACES):
            content: dict[str, Any] = {place: {BOB: value} if place == "users" else value}
            if numbers in readers:
                read = read_levels(content, numbers)
                assert (read.users[BOB] if place == "users" else read.level(place)) == level
                assert not read.faults
            else:
                assert len(read_levels(content, numbers).faults) == 1


@pytest.mark.parametrize(("value", "problem"), UNREADABLE, ids=lambda value: repr(value)[:20])
def test_what_stands_for_none_anywhere(value: Any, problem: str) -> None:
    for numbers in Numbers:
        for place in PLACES:
            assert faults_of({place: value}, numbers) == {(place,): f"`content.{place}`: {problem}"}
        for place in LISTED:
            found = faults_of({place: {BOB: value}}, numbers)
            assert found == {(place, BOB): f"`content.{place}.{BOB}`: {problem}"}


@pytest.mark.parametrize("text", UNREADABLE_TEXT, ids=lambda text: ascii(text)[:12])
def test_what_text_stands_for_none(text: str) -> None:
    for numbers in (FLOATS, STRINGS):
        (fault,) = faults_of({"ban": text}, numbers).values()
        assert fault.endswith("` is no whole number")
        assert fault.isprintable()
    assert faults_of({"ban": text}, INTEGERS) == {("ban",): "`content.ban`: must be a whole number, not a string"}


@pytest.mark.parametrize("value", [CANONICAL + 1, -CANONICAL - 1, 10**400])
def test_canonical_json_has_an_end(value: int) -> None:
    for numbers in (STRINGS, INTEGERS):
        (fault,) = faults_of({"kick": value}, numbers).values()
        assert fault == "`content.kick`: must be from -9007199254740991 to 9007199254740991"


@pytest.mark.parametrize("value", [None, [], "x", 5, True])
@pytest.mark.parametrize("place", LISTED)
def test_lists_must_be_objects(place: str, value: Any) -> None:
    read = read_levels({place: value}, INTEGERS)
    assert [str(fault) for fault in read.faults.values()] == [one_line_of(place, value)]
    # Anybody, and any type, might stand in them.
    assert isnan(read.level("users_default")) is (place == "users")
    assert isnan(read.required("m.room.name", is_state=True)) is (place == "events")
    assert read.path_of_user(BOB) == (("users",) if place == "users" else ("users_default",))
    assert read.path_required("m.x", is_state=False) == (("events",) if place == "events" else ("events_default",))


def one_line_of(place: str, value: object) -> str:
    return f"`content.{place}`: must be an object, not {describe(value)}"


def test_missing_keys_have_defaults() -> None:
    read = read_levels({}, INTEGERS)
    assert read == Levels()
    assert {name: read.level(name) for name in NAMED} == {
        "users_default": 0, "events_default": 0, "state_default": 50, "ban": 50, "redact": 50, "kick": 50, "invite": 0,
    }  # fmt: skip


def test_without_power_levels_the_defaults_hold() -> None:
    assert room().decide({**levels(), "sender": BOB}).refusals[0].failed == (
        "sender_is_joined",
        "required_level_is_reached",
    )
    assert room(*members(join=[BOB])).decide({**levels(), "sender": BOB}).refusals[0].clause == "8"


# A type of event, whether it is state, and the level that it takes.
@pytest.mark.parametrize(
    ("event_type", "is_state", "level"),
    [("m.a", True, 7), ("m.a", False, 7), ("m.b", True, 60), ("m.b", False, 5), ("users", True, 60)],
)
def test_the_level_that_a_type_requires(event_type: str, is_state: bool, level: int) -> None:
    read = read_levels({"events": {"m.a": 7}, "state_default": 60, "events_default": 5, "users": {BOB: 1}}, INTEGERS)
    assert read.required(event_type, is_state=is_state) == level


# What there was, what there is to be, and what differs.
# fmt: off
ALTERATIONS: list[tuple[Any, Any, list[tuple[Any, ...]]]] = [
    ({"ban": 50},     {"ban": 50},     []),
    ({"ban": "050"},  {"ban": 50.9},   []),
    ({},              {"ban": 50},     [(("ban",), None, 50)]),
    ({"ban": 50},     {},              [(("ban",), 50, None)]),
    ({"ban": 50},     {"ban": 51},     [(("ban",), 50, 51)]),
    ({"ban": 50},     {"ban": "x"},    [(("ban",), 50, "x")]),
    ({"ban": "x"},    {"ban": "x"},    [(("ban",), "x", "x")]),
    ({"ban": []},     {"ban": 5},      [(("ban",), None, 5)]),
]
# fmt: on


@pytest.mark.parametrize(("before", "after", "expected"), ALTERATIONS)
def test_what_differs(before: Any, after: Any, expected: list[tuple[Any, ...]]) -> None:
    for listed in (None, *LISTED):
        old, new = (
            read_levels(content if listed is None else {listed: content}, FLOATS) for content in (before, after)
        )
        found = [
            (each.path[-1:], old.said(each.path, each.before), new.said(each.path, each.after))
            for each in alterations(old, new, listed)
        ]
        assert found == expected


def test_what_has_no_meaning_is_not_read() -> None:
    assert read_levels({"x": "y", "user": {BOB: 5}}, INTEGERS) == Levels()


def faults_of(content: dict[str, Any], numbers: Numbers) -> dict[tuple[str, ...], str]:
    return {path: str(fault) for path, fault in read_levels(content, numbers).faults.items()}


# Who has which power, by version.


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.id))
def test_powers_without_power_levels(policy: Any) -> None:
    plain = room(*members(join=[ALICE, BOB]), version=policy.version)
    creator = inf if policy.version == "12" else 100
    assert [plain.power(user) for user in (ALICE, BOB, CAROL)] == [creator, 0, 0]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.id))
def test_powers_with_power_levels(policy: Any) -> None:
    plain = room(levels(users={BOB: 60}, users_default=-1), version=policy.version)
    # Of old, the creator has no more than what is said, and here nothing is.
    creator = inf if policy.version == "12" else -1
    assert [plain.power(user) for user in (ALICE, BOB, CAROL)] == [creator, 60, -1]


def test_creators_of_version_12_cannot_be_listed_down() -> None:
    creation = create("12", {"additional_creators": [BOB, ALICE]})
    plain = room(levels(users={ALICE: -5, BOB: 0, CAROL: 2**53 - 1}), creation=creation)
    assert [plain.power(user) for user in (ALICE, BOB, CAROL)] == [inf, inf, 2**53 - 1]


def test_additional_creators_mean_nothing_before() -> None:
    plain = room(creation=create("11", {"additional_creators": [BOB]}), version="11")
    assert plain.power(BOB) == 0
    assert room(creation=create("11", {"additional_creators": "nonsense"}), version="11").power(BOB) == 0


@pytest.mark.parametrize("version", ["1", "10"])
def test_the_creator_is_whom_the_content_names(version: str) -> None:
    named = room(creation={**create(version, creator=BOB), "sender": ALICE}, version=version)
    assert (named.power(ALICE), named.power(BOB)) == (0, 100)


def test_the_creator_is_who_sent_the_creation() -> None:
    creation = create("11")
    creation["content"]["creator"] = BOB  # of no meaning any more
    named = room(creation=creation, version="11")
    assert (named.power(ALICE), named.power(BOB)) == (100, 0)


# A moderator's power against thresholds and targets: levels, the action, sender and target, and the transition.
# fmt: off
DUELS: list[tuple[dict[str, Any], str, str | None]] = [
    ({"users": {ABE: 50}},                                    "leave",  "kick"),
    ({"users": {ABE: 49}},                                    "leave",  None),
    ({"users": {ABE: 50, BOB: 49}},                           "leave",  "kick"),
    ({"users": {ABE: 50, BOB: 50}},                           "leave",  None),
    ({"users": {ABE: 50, BOB: 51}},                           "leave",  None),
    ({"users": {ABE: 0, BOB: -1}, "kick": 0},                 "leave",  "kick"),
    ({"users": {ABE: -5, BOB: -6}, "kick": -5},               "leave",  "kick"),
    ({"users": {ABE: -6, BOB: -7}, "kick": -5},               "leave",  None),
    ({"users": {ABE: 50}, "users_default": 50},               "leave",  None),
    ({"users": {BOB: 0}, "users_default": 50},                "leave",  "kick"),
    ({"users": {ABE: 50}},                                    "ban",    "ban"),
    ({"users": {ABE: 50}, "ban": 51},                         "ban",    None),
    ({"users": {ABE: 50}, "kick": 51},                        "ban",    "ban"),
    ({"users": {ABE: 50}, "ban": 51},                         "leave",  "kick"),
    ({"users": {ABE: "50", BOB: " 49 "}, "kick": "050"},      "leave",  "kick"),
    ({"users": {ABE: 50.7, BOB: 50.2}},                       "leave",  None),
]
# fmt: on


@pytest.mark.parametrize(("content", "action", "row"), DUELS)
def test_power_decides(content: dict[str, Any], action: str, row: str | None) -> None:
    here = room(levels(content), *members(join=[ALICE, ABE, BOB]), version="5")
    assert here.decide(member(action, ABE, BOB)).transition == row


def test_creators_do_not_outrank_each_other() -> None:
    here = room(*members(join=[ALICE, BOB, CAROL]), creation=create("12", {"additional_creators": [BOB]}))
    assert not here.decide(member("leave", ALICE, BOB))
    assert not here.decide(member("ban", BOB, ALICE))
    assert here.decide(member("ban", BOB, CAROL)).transition == "ban"


def test_no_number_is_above_a_creator() -> None:
    here = room(levels(users={BOB: CANONICAL}), *members(join=[ALICE, BOB]))
    assert here.decide(member("leave", ALICE, BOB)).transition == "kick"
    assert not here.decide(member("leave", BOB, ALICE))


# fmt: off
POWERS = [
    # a power, another, whether it reaches that, and exceeds it
    (50,       49,      True,  True),
    (50,       50,      True,  False),
    (50,       51,      False, False),
    (inf,      10**400, True,  True),
    (inf,      inf,     True,  False),
    (10**400,  inf,     False, False),
    (10**400,  50,      True,  True),
    (-10**400, 50,      False, False),
]
# fmt: on


@pytest.mark.parametrize(("power", "other", "is_reached", "is_exceeded"), POWERS)
def test_whose_power_is_how_high(power: float, other: float, is_reached: bool, is_exceeded: bool) -> None:
    for favourable in (False, True):
        assert reaches(power, other, favourable=favourable) is is_reached
        assert exceeds(power, other, favourable=favourable) is is_exceeded


@pytest.mark.parametrize(("power", "other"), [(nan, 50), (50, nan), (nan, nan), (10**400, nan), (nan, -(10**400))])
def test_what_is_not_known_is_as_high_as_is_hoped(power: float, other: float) -> None:
    assert is_unknown(power) or is_unknown(other)
    assert (reaches(power, other), exceeds(power, other)) == (False, False)
    assert (reaches(power, other, favourable=True), exceeds(power, other, favourable=True)) == (True, True)


def test_no_level_is_beyond_who_is_above_all() -> None:
    assert reaches(inf, nan)
    assert exceeds(inf, nan)
    assert not exceeds(nan, inf, favourable=True)


def test_where_a_level_stands() -> None:
    read = read_levels({"events": {"m.tea": 5}, "users": {BOB: 7}}, FLOATS)
    assert read.path_required("m.tea", is_state=False) == ("events", "m.tea")
    assert read.path_required("m.cake", is_state=True) == ("state_default",)
    assert (read.path_of_user(BOB), read.path_of_user(CAROL)) == (("users", BOB), ("users_default",))


@pytest.mark.parametrize("big", [10**400, -(10**400), "9" * 900], ids=["above", "below", "text"])
@pytest.mark.parametrize("place", ["users", "events", "notifications", "ban"])
def test_levels_that_no_float_holds(place: str, big: Any) -> None:
    plain: dict[str, Any] = {"users": {ALICE: 100, BOB: 50}}
    large = {**plain, place: big if place == "ban" else {**plain.get(place, {}), CAROL: big}}
    for before, after in ((plain, large), (large, plain)):
        tea = room(*members(join=[ALICE, BOB]), levels(before), version="5")
        decision = tea.decide({**levels(after), "sender": BOB})
        assert decision.allowed is (place == "notifications" or str(big).startswith("-"))  # judged from version 6 on
        assert decision.as_json("")["allowed"] is decision.allowed
