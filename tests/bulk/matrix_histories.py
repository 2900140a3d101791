"""Random logs of Matrix rooms, with whatever makes a membership event more than a look-up."""

from itertools import product
from typing import Any

from hypothesis import strategies as st

from fsm.matrix.policies import MatrixPolicy
from fsm.participation.terms import Action, JoinRule
from tests.bulk.histories import NO_EVENTS, ROOMS, placed
from tests.matrix.builders import (
    ABE,
    ALICE,
    BOB,
    CAROL,
    CREATE_ID,
    JSON,
    create,
    join_rules,
    levels,
    member,
    message,
    promise,
    redeem,
    signed,
    state,
)

USERS = (ALICE, ABE, BOB, CAROL)

CHANGES = [member(action, sender, target) for action, sender, target in product(Action, USERS, USERS)]
ON_THEMSELVES = [member(action, user) for action, user in product(("join", "knock", "leave"), USERS)]
BY_ALICE = [member(action, ALICE, user) for action, user in product(("invite", "leave", "ban"), USERS[1:])]

LEVELS = [
    levels({"users": {ALICE: 100, BOB: 50}}),
    levels({"users": {BOB: 50, ABE: 50, CAROL: 49}, "invite": 50}),
    levels({"users": {ALICE: 0, BOB: 100}, "users_default": 50, "kick": 0, "ban": 100}),
    levels({"users": {CAROL: -1, BOB: "70"}, "ban": 60.5}),
    levels({"users": {CAROL: 50, "": 100, "nobody": 3}}),
    levels({"users": {BOB: 10**30, ABE: 10**30 + 1, "": 5, "nobody": 3}, "kick": 10**29}),
    levels({"users": {BOB: "much"}}),
    levels({"users": [BOB]}),
    state("m.room.power_levels", {"users": {BOB: 100}}, state_key="elsewhere"),
]
PROMISES = [promise("t1"), promise("t2", sender=BOB), promise("t3", content={})]
REDEEMED = [
    redeem(ALICE, BOB, {"signed": signed(BOB, "t1")}),
    redeem(BOB, CAROL, {"signed": signed(CAROL, "t2")}),
    redeem(BOB, CAROL, {"signed": signed(CAROL, "t1")}),
    redeem(ALICE, CAROL, {"signed": signed(CAROL, "t1", by=2)}),
    redeem(ALICE, CAROL, {"signed": signed(BOB, "t1")}),
    redeem(ALICE, CAROL, None),
]
VOUCHED = [
    member("join", user, content={"join_authorised_via_users_server": voucher})
    for user, voucher in product(USERS[1:], (ALICE, BOB, 7))
]
FOLLOWING = [
    member("join", user, content={}, prev_events=previous)
    for user, previous in product((ALICE, BOB), ([CREATE_ID], ["$2"], [CREATE_ID, "$2"], [], [[CREATE_ID, {}]], 7))
]
OTHERS = [
    *LEVELS, *PROMISES,
    *(join_rules(rule) for rule in (*JoinRule, "open", 7)),
    *(message(user) for user in USERS),
    state("m.room.topic", {"topic": "tea"}, sender=BOB),
    member("join", BOB, content={"displayname": "Bob", "reason": 7}),
]  # fmt: skip
MALFORMED: list[Any] = [
    member("dance", ALICE, BOB),
    member("join", "bob"),
    member("invite", ALICE, "bob:b.example"),
    member("invite", ALICE, ""),
    member("join", BOB, room_id="!other:x"),
    member("join", BOB, event_id=7),
    {**member("join", BOB), "content": {}},
    {**member("join", BOB), "content": {"membership": ["join"]}},
    {**member("join", BOB), "content": []},
    {"type": "m.room.member", "sender": BOB, "content": {"membership": "join"}},
    *NO_EVENTS,
]


def creations(version: str) -> list[JSON]:
    """The ways to create a room, and some that fail."""
    named = create(version)
    nameless = {key: value for key, value in named.items() if key != "event_id"}
    return [
        *[nameless] * 6,
        named,
        create(version, {"m.federate": False}),
        create(version, {"additional_creators": [BOB]}),
        create(version, {"creator": BOB}),
        create(version, {"room_version": "99"}),
        create(version, {"m.federate": "no"}),
        create(version, creator="alice"),
    ]


OPENINGS: list[list[JSON]] = [
    [],
    [member("join", ALICE)],
    [member("join", ALICE), join_rules("public"), member("join", BOB)],
    [member("join", ALICE), join_rules("knock_restricted"), member("invite", ALICE, BOB), member("join", BOB)],
    [member("join", ALICE), LEVELS[1], join_rules("restricted"), *PROMISES[:1]],
]


@st.composite
def logs(draw: st.DrawFn, policy: MatrixPolicy) -> list[Any]:
    """Some rooms, each with a creation or two, and whatever may happen in them."""
    kinds = [CHANGES, BY_ALICE, ON_THEMSELVES, ON_THEMSELVES, OTHERS, VOUCHED, FOLLOWING, REDEEMED, MALFORMED]
    events = st.one_of(*map(st.sampled_from, [*kinds, creations(policy.version)]))
    log: list[Any] = []
    for room in draw(st.permutations(ROOMS)):
        beginning = [draw(st.sampled_from(creations(policy.version))), *draw(st.sampled_from(OPENINGS))]
        log += [placed(event, room, None) for event in beginning]
    log = log[draw(st.integers(0, 3)) :]  # the first room may start in the middle
    # Lists left to themselves stay short: draw the length first.
    length = draw(st.integers(0, 60))
    more = draw(st.lists(st.tuples(st.sampled_from(ROOMS), events), min_size=length, max_size=length))
    return [*log, *(placed(event, room, None) for room, event in more)]
