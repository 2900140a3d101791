"""A Matrix room: from events to facts, to decisions, and back."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from fsm import Change, DefinitionError, EventError, JoinRule, ObserverError, Participant
from fsm.change import ALL
from fsm.family import AnyRoom
from fsm.matrix.facts import Warrant
from fsm.matrix.policies import MATRIX_1, MATRIX_10, VERSIONS, MatrixPolicy
from fsm.matrix.room import MatrixRoom, Room
from fsm.room.judging import UNREADABLE
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, Text, careful
from tests.matrix.builders import (
    ABE,
    ALICE,
    BOB,
    CAROL,
    CREATE_ID,
    JSON,
    POLICIES,
    ROOM_ID,
    before_version,
    create,
    from_version,
    inside,
    join_rules,
    levels,
    member,
    members,
    message,
    promise,
    room,
    state,
)


@pytest.fixture(params=POLICIES, ids=lambda policy: str(policy.id))
def policy(request: pytest.FixtureRequest) -> MatrixPolicy:
    chosen: MatrixPolicy = request.param
    return chosen


def test_the_catalogue_finds_the_room() -> None:
    assert Room is MatrixRoom
    any_room: AnyRoom = MatrixRoom()
    assert any_room.participations() == {}
    assert not hasattr(any_room, "__dict__"), "there may be many"


def test_a_new_room_has_its_creator(policy: MatrixPolicy) -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE, policy=policy)
    assert here.participations() == {ALICE: JOIN}
    assert here.policy is policy
    assert here.id == ROOM_ID
    assert here.participant(BOB).invite(by=ALICE).transition == "invite"
    assert here.participant(BOB).join().transition == "accept"
    assert here.participant(BOB).leave(by=ALICE, reason="late").transition == "kick"
    assert here.participant(BOB).state is LEAVE


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_a_creation_says_what_its_version_asks_for(policy: MatrixPolicy) -> None:
    creation, joining = MatrixRoom(policy=policy).first_events(ALICE)
    says_who = {"creator": ALICE} if policy in before_version(11) else {}
    assert creation["content"] == {"room_version": policy.version, **says_who}
    assert joining == member(JOIN, ALICE)
    assert MatrixRoom().first_events(ALICE) == MatrixRoom(policy=VERSIONS["12"]).first_events(ALICE)


def test_creators_are_not_forgotten() -> None:
    events = members(join=[ALICE, BOB], leave=[CAROL])
    tea = room(*events, creation=create("12", {"additional_creators": [ABE]}))
    tea.take(member(LEAVE, ALICE))
    for creator in (ALICE, ABE):
        with pytest.raises(EventError, match="is in the room still, or named by its settings"):
            tea.forget(creator)
    tea.forget(CAROL)
    MatrixRoom().forget(ALICE)


def test_the_first_event_must_be_the_creation(policy: MatrixPolicy) -> None:
    here = MatrixRoom(ROOM_ID, policy=policy)
    decision = here.send(member("join", ALICE))
    assert (decision.allowed, decision.before, decision.after) == (False, LEAVE, LEAVE)
    assert decision.reason == "event: the room has not been created"
    assert [refusal.failed for refusal in decision.refusals] == [("room_is_created",)]
    assert here.participations() == {}


def test_the_version_is_that_of_the_creation() -> None:
    for version, expected in VERSIONS.items():
        here = MatrixRoom(ROOM_ID)
        assert here.send(create(version))
        assert here.policy is expected
        assert MatrixRoom.from_state([join_rules("knock"), create(version)]).policy is expected
    assert MatrixRoom.from_state([state("m.room.create", {"creator": ALICE})]).policy is MATRIX_1
    assert MatrixRoom.from_state([create("6")], policy=MATRIX_10).policy is MATRIX_10, "whoever asks may ask otherwise"
    assert MatrixRoom.from_state([]).policy is MATRIX_1


def test_power_levels_are_read_by_the_version_whatever_their_place() -> None:
    stringy = levels(users={ALICE: "50"})
    assert MatrixRoom.from_state([stringy, create("9")]).power(ALICE) == 50
    with pytest.raises(EventError, match=r"state\[0\]\.content\.users"):
        MatrixRoom.from_state([stringy, create("10")]).power(ALICE)


# The creator's first join.


def first_join(**more: Any) -> JSON:
    return member("join", ALICE, **more)


# fmt: off
PREVIOUS: list[tuple[object, str | None]] = [
    ([CREATE_ID],                              "found"),
    ([[CREATE_ID, {"sha256": "x"}]],           "found"),
    ([],                                       None),
    (["$other"],                               None),
    ([CREATE_ID, "$other"],                    None),
    ([CREATE_ID, CREATE_ID],                   None),
    ([["$other", {}]],                         None),
    ([[]],                                     None),
    ([[[]]],                                   None),
    ([None],                                   None),
    (None,                                     None),
    (CREATE_ID,                                None),
    ({CREATE_ID: {}},                          None),
]
# fmt: on


@pytest.mark.parametrize(("previous", "row"), PREVIOUS, ids=repr)
def test_the_first_join_follows_the_creation_alone(policy: MatrixPolicy, previous: object, row: str | None) -> None:
    here = room(version=policy.version)
    assert here.decide(first_join(prev_events=previous)).transition == row
    assert not here.decide(member("join", BOB, prev_events=previous))
    if row:
        assert not here.decide(member("leave", ALICE, prev_events=previous))


def test_a_state_does_not_tell_what_came_before(policy: MatrixPolicy) -> None:
    assert not room(version=policy.version).decide(first_join())


def test_to_the_letter_the_first_join_is_a_matter_of_its_own(policy: MatrixPolicy) -> None:
    here = room(*members(ban=[ALICE], join=[BOB]), join_rules("private"), version=policy.version)
    assert here.decide(member("join", BOB, ALICE, prev_events=[CREATE_ID])).transition == "found"
    closed = create(policy.version, {"m.federate": False})
    assert not room(creation=closed, version=policy.version).decide(member("join", BOB, ALICE, prev_events=[CREATE_ID]))


def test_a_room_knows_what_it_was_sent(policy: MatrixPolicy) -> None:
    here = MatrixRoom(ROOM_ID, policy=policy)
    here.send(create(policy.version))
    assert not here.send(member("join", BOB))
    assert here.decide_action(JOIN, ALICE, ALICE).transition == "found"
    assert here.decide(first_join(prev_events=["$other"])).transition is None
    assert here.decide(first_join(prev_events=[CREATE_ID])).transition == "found"
    assert here.send(first_join()).transition == "found"
    assert here.send(first_join()).transition == "rejoin"


ALIASES = state("m.room.aliases", {"aliases": []}, state_key="a.example")


# What is refused is no event; of what is allowed there are only aliases, and creations of nothing.
@pytest.mark.parametrize(
    ("between", "how"),
    [
        (ALIASES, MatrixRoom.send),
        (state("m.room.create", {"creator": ALICE}, state_key="x"), MatrixRoom.send),
        (state("m.room.name", {}), MatrixRoom.take),
        (join_rules("invite"), MatrixRoom.take),
    ],
)
def test_the_first_join_is_the_second_event(between: JSON, how: Callable[[MatrixRoom, JSON], object]) -> None:
    here = MatrixRoom(ROOM_ID)
    here.send(create("5"))
    assert not here.send(message())
    how(here, between)
    assert not here.send(first_join())
    assert here.send(first_join(prev_events=[CREATE_ID])).transition == "found"


@pytest.mark.parametrize(("version", "room_id"), [("11", {}), ("11", {"room_id": ROOM_ID}), ("12", {})])
def test_a_creation_without_an_id_is_known_by_what_is_there(version: str, room_id: JSON) -> None:
    creation = {**create(version), **room_id}
    del creation["event_id"]
    assert room(creation=creation, version=version).decide(first_join(prev_events=["$any"])).transition == "found"
    for more in (members(leave=[BOB]), [levels()], [join_rules("public")], [promise("tok")]):
        # A public room lets the creator in by another row.
        decision = room(*more, creation=creation, version=version).decide(first_join(prev_events=["$any"]))
        assert decision.transition in (None, "join")


def test_a_creation_without_an_id_is_known_by_the_room_that_it_names() -> None:
    creation = create("12")
    del creation["event_id"]
    here = MatrixRoom.from_state([creation, {**join_rules("invite"), "room_id": "!hash"}])
    assert here.decide(first_join(prev_events=["$hash"])).transition == "found"
    assert not here.decide(first_join(prev_events=["$other"]))


def test_the_first_join_is_the_creators_and_not_the_senders() -> None:
    creation = {**create("6", creator=BOB), "sender": ALICE}
    here = room(creation=creation, version="6")
    assert not here.decide(first_join(prev_events=[CREATE_ID]))
    assert here.decide(member("join", BOB, prev_events=[CREATE_ID])).transition == "found"


# Join rules, and who authorises a join.

# fmt: off
RULES: list[tuple[object, JoinRule]] = [
    *[(rule.value, rule) for rule in JoinRule],
    ("open",      JoinRule.PRIVATE),
    ("",          JoinRule.PRIVATE),
    ("PUBLIC",    JoinRule.PRIVATE),
    (None,        JoinRule.PRIVATE),
    (5,           JoinRule.PRIVATE),
    (["public"],  JoinRule.PRIVATE),
    ({"a": 1},    JoinRule.PRIVATE),
]
# fmt: on


@pytest.mark.parametrize(("word", "rule"), RULES, ids=repr)
def test_join_rules(word: object, rule: JoinRule) -> None:
    assert room(join_rules(word)).facts(ALICE, BOB).join_rule is rule


def test_no_join_rule_is_invite() -> None:
    assert room().facts(ALICE, BOB).join_rule is JoinRule.INVITE
    assert room(state("m.room.join_rules", {})).facts(ALICE, BOB).join_rule is JoinRule.INVITE
    assert room(state("m.room.join_rules", {"rule": "public"})).facts(ALICE, BOB).join_rule is JoinRule.INVITE


def test_by_an_unknown_rule_nobody_joins_but_invites_go_out() -> None:
    here = room(join_rules("open"), *members(join=[ALICE], invite=[BOB]))
    assert [bool(here.decide(member("join", user))) for user in (ALICE, BOB, CAROL)] == [False, False, False]
    assert here.decide(member("invite", ALICE, CAROL)).transition == "invite"


# Who authorises, under which levels, and whether that lets Carol in.
# fmt: off
AUTHORISERS: list[tuple[object, JSON, bool]] = [
    (ALICE,      {},                               True),
    (BOB,        {},                               True),
    (BOB,        {"invite": 1},                    False),
    (BOB,        {"invite": 1, "users": {BOB: 1}}, True),
    (ALICE,      {"invite": 10**9},                True),
    (ABE,        {},                               False),
    (CAROL,      {},                               False),
    ("@no:body", {"users": {"@no:body": 100}},     False),
    ("",         {},                               False),
    (None,       {},                               False),
    (5,          {},                               False),
    ([ALICE],    {},                               False),
    ({},         {},                               False),
]
# fmt: on


@pytest.mark.parametrize(("user", "content", "is_in"), AUTHORISERS, ids=repr)
@pytest.mark.parametrize("rule", ["restricted", "knock_restricted"])
def test_who_authorises_a_join(user: object, content: JSON, is_in: bool, rule: str) -> None:
    here = room(join_rules(rule), levels(content), *members(join=[ALICE, BOB], leave=[ABE]))
    join = member("join", CAROL, content={"join_authorised_via_users_server": user})
    decision = here.decide(join)
    assert decision.transition == ("enter" if is_in else None)
    if not is_in:
        is_user = user in (ALICE, BOB, ABE, CAROL, "@no:body")
        words = "enter: no member who may invite authorises" if is_user else "event: who is to authorise"
        assert decision.reason.startswith(f"{words} the join")
    assert not here.decide({**join, "sender": ALICE}), "nobody is made to join"


def test_whoever_is_invited_needs_nobody_else() -> None:
    here = room(join_rules("restricted"), *members(join=[ALICE], invite=[BOB]))
    assert here.decide(member("join", BOB, content={"join_authorised_via_users_server": CAROL})).transition == "accept"
    assert here.decide(member("join", ALICE)).transition == "rejoin"


NO_USERS: list[Any] = [
    None, 5, True, "", "alice", "alice:x", "@alice", "@alice:", "@:", ":", f"@{'x' * 256}:x", [ALICE], {},
]  # fmt: skip


@pytest.mark.parametrize("user", NO_USERS, ids=lambda user: repr(user)[:12])
def test_an_authoriser_who_is_no_user_is_refused(policy: MatrixPolicy, user: object) -> None:
    # Versions before 8 know no authorisers: there the property means nothing.
    here = room(join_rules("public"), *members(join=[ALICE, BOB], invite=[ABE]), version=policy.version)
    clause = "5.2.1" if policy.version == "12" else "4.2.1"
    asked = [member("join", CAROL), member("join", ABE), member("leave", BOB), member("invite", ALICE, CAROL)]
    for event in asked:
        assert here.decide(event)
        event["content"]["join_authorised_via_users_server"] = user
        decision = here.decide(event)
        assert bool(decision) is (int(policy.version) < 8)
        if not decision:
            assert decision.reason == "event: who is to authorise the join is no user"
            assert clause in decision.refusals[0].clause.split(", ")


# Federation.


@pytest.mark.parametrize("federates", [True, False, None])
def test_a_room_that_is_not_federated_shuts_out_other_servers(policy: MatrixPolicy, federates: bool | None) -> None:
    more = {} if federates is None else {"m.federate": federates}
    here = room(
        join_rules("public"),
        *members(join=[ALICE, BOB]),
        creation=create(policy.version, more),
        version=policy.version,
    )
    for event in (member("join", CAROL), member("leave", BOB), member("invite", BOB, CAROL)):
        decision = here.decide(event)
        assert bool(decision) is (federates is not False)
        if not decision:
            assert decision.reason == "event: the room is closed to the sender's server"
            assert decision.before == decision.after == here.participation(event["state_key"])
    # To the letter, the rule is on senders: a target may be of another server.
    assert here.decide(member("leave", ALICE, BOB)).transition == "kick"
    assert here.decide(member("invite", ALICE, CAROL)).transition == "invite"
    assert here.decide(member("join", ABE)).transition == "join"


def test_a_closed_room_is_closed_whatever_else_cannot_be_read() -> None:
    here = room(*members(join=[ALICE, ABE, BOB]), levels(kick="x"), creation=create("12", {"m.federate": False}))
    assert here.decide(member("leave", ABE)).transition == "leave"
    assert here.decide(member("leave", BOB)).reason == "event: the room is closed to the sender's server"


def test_the_server_is_that_of_the_creations_sender() -> None:
    creation = {**create("10", {"m.federate": False}, creator=BOB), "sender": ALICE}
    here = room(join_rules("public"), creation=creation, version="10")
    assert here.decide(member("join", ABE))
    assert not here.decide(member("join", BOB, prev_events=[CREATE_ID]))


def test_a_port_is_part_of_a_server() -> None:
    creation = create("10", {"m.federate": False}, creator="@a:s:1")
    here = room(join_rules("public"), creation=creation, version="10")
    assert here.decide(member("join", "@b:s:1"))
    assert not here.decide(member("join", "@b:s"))
    assert not here.decide(member("join", "@b:s:12"))


# What moves nobody.


@pytest.mark.parametrize("event", [message(BOB), levels(), join_rules("public"), promise("tok", sender=BOB)])
def test_nothing_happens_before_the_creation(event: JSON) -> None:
    here = MatrixRoom(ROOM_ID)
    for decision in (here.decide(event), here.send(event)):
        assert (decision.allowed, decision.judged, decision.transition) == (False, True, None)
        assert (decision.before, decision.after) == (None, None)
        assert {"room_is_created", "sender_is_joined"} <= set(decision.refusals[0].failed)


def test_other_events_are_judged() -> None:
    here = MatrixRoom(ROOM_ID)
    for event in (create("10"), first_join(), join_rules("public"), levels(users={ALICE: 100, BOB: 50})):
        assert here.send(event)
    assert here.send(member("join", BOB)).transition == "join"
    taken = here.send({**levels({"users": {ALICE: 100, BOB: 100}}, kick=0), "sender": BOB})
    assert taken.as_json("matrix-10")["changes"] == [
        {"field": "users.@bob:b.example", "before": 50, "after": 100, "clause": "9.9.1"},
    ]
    assert here.participant(ALICE).leave(by=BOB).transition is None
    assert here.send(levels({"users": {BOB: 100}}, kick=0)).transition == "levels"
    assert here.participant(ALICE).leave(by=BOB).transition == "kick"


def test_state_in_another_place_means_nothing() -> None:
    here = room()
    for event in (levels(kick=0), join_rules("public"), create("1")):
        named = {key: value for key, value in event.items() if key != "event_id"}
        here.send({**named, "state_key": "elsewhere"})
        here.send({key: value for key, value in named.items() if key != "state_key"})
    assert here.facts(BOB, CAROL) == room().facts(BOB, CAROL)


def test_a_member_event_without_a_target_is_rejected() -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE)
    event = member("leave", ALICE)
    del event["state_key"]
    decision = here.send(event)
    assert (decision.allowed, decision.before, decision.after) == (False, None, None)
    assert decision.reason == "event: the event names no target by a `state_key`"


UNKNOWN = {
    policy.id: number
    for policies, number in ((before_version(7), 6), (POLICIES[6:7], 7), (from_version(8), 8))
    for policy in policies
}


@pytest.mark.parametrize("word", ["", "Join", "kick", "joined", "  join", None, 5, True, ["join"], {"join": 1}])
def test_an_unknown_membership_is_rejected(policy: MatrixPolicy, word: object) -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE, policy=policy)
    event = {**member("x", ALICE), "content": {"membership": word}}
    decision = here.send(event)
    assert (decision.allowed, decision.before, decision.after) == (False, JOIN, JOIN)
    assert decision.reason == "event: the room version knows no such membership"
    assert decision.refusals[0].clause == f"{policy.premise.clause}.1, {policy.premise.clause}.{UNKNOWN[policy.id]}"
    assert not here.send({**event, "content": {}})


def test_a_knock_is_an_unknown_membership_at_first() -> None:
    for number, version in enumerate(VERSIONS, start=1):
        reason = room(join_rules("public"), version=version).decide(member("knock", BOB)).reason
        assert ("knows no such membership" in reason) is (number < 7)


def test_an_event_of_another_room_is_rejected() -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE)
    decision = here.send(member("leave", ALICE, room_id="!other:a.example"))
    assert decision.reason == "event: the event is of another room"
    assert here.participation(ALICE) is JOIN
    assert here.send({**message(), "room_id": "!other:a.example"}).reason == "message: the event is of another room"


def test_a_state_tells_which_room_it_is_of() -> None:
    here = MatrixRoom.from_state([create("10"), {**member("join", ALICE), "room_id": ROOM_ID}], policy=MATRIX_10)
    assert here.id == ROOM_ID
    assert here.decide(member("leave", ALICE, room_id=ROOM_ID))
    assert here.decide(member("leave", ALICE))
    assert not here.decide(member("leave", ALICE, room_id="!other:a.example"))
    with pytest.raises(EventError, match=r"`state\[2\]\.room_id`: `!other` is another room"):
        MatrixRoom.from_state(
            [create("10"), {**join_rules("public"), "room_id": ROOM_ID}, {**levels(), "room_id": "!other"}]
        )


def test_a_creation_of_version_12_names_its_room() -> None:
    here = room()
    assert here.id == "!create"
    assert not here.decide(member("invite", ALICE, BOB, room_id="!other"))
    assert room(version="11").id is None
    assert MatrixRoom.room_of(create("12")) == "!create"
    assert MatrixRoom.room_of(create("11")) is None
    assert MatrixRoom.room_of({**create("12"), "room_id": "!said"}) == "!said"
    for odd in ({}, {"room_id": 5}, {"type": "m.room.create", "event_id": "$x", "content": {"room_version": []}}):
        assert MatrixRoom.room_of(odd) is None


# The interface that all rooms share.


def test_decide_and_send_never_differ_and_refusals_change_nothing() -> None:
    here = room(*members(join=[ALICE, ABE], invite=[BOB], ban=[CAROL]), join_rules("knock"))
    users = [ALICE, ABE, BOB, CAROL, "@new:x"]
    for sender in users:
        for target in users:
            for action in (INVITE, JOIN, LEAVE, BAN, KNOCK):
                before = inside(here)
                decision = here.decide(member(action, sender, target))
                assert inside(here) == before
                assert here.decide_action(action, sender, target) == decision
                offered = here.actions(sender, target)
                assert offered.get(action) == decision.transition
                sent = here.send(member(action, sender, target))
                assert sent == decision
                if decision:
                    assert here.participation(target) is decision.after
                    here.take(member(decision.before, target))
                else:
                    assert inside(here) == before


def test_the_quick_way_and_the_careful_way_agree() -> None:
    here = room(*members(join=[ALICE, ABE], invite=[BOB], ban=[CAROL]), join_rules("knock"), levels(users={ABE: 50}))
    for sender in (ALICE, ABE, BOB, CAROL, "@new:x"):
        for target in (ALICE, ABE, BOB, CAROL, "@new:x"):
            for action in (INVITE, JOIN, LEAVE, BAN, KNOCK):
                event = member(action, sender, target, event_id="$1", room_id="!create", unsigned={}, auth_events=[])
                assert here.decide(event) == careful(here, event)


# The quick way: the room, the event, and what it reads of that, or leaves to the careful way (None).

PLAIN = room(*members(join=[ALICE, BOB]))
CLOSED = room(*members(join=[ALICE, BOB]), creation=create("12", {"m.federate": False}))
NEW = MatrixRoom("!create")
NEW.send(create())
INVITED = member("invite", ALICE, CAROL)
FIELDS = ("invite", ALICE, CAROL, "m.room.member", None, None)
# fmt: off
QUICK: list[tuple[MatrixRoom, Any, tuple[str | None, ...] | None]] = [
    (PLAIN,  INVITED,                                     FIELDS),
    (PLAIN,  member("join", BOB),                         ("join", BOB, BOB, "m.room.member", None, None)),
    (PLAIN,  {**INVITED, "room_id": "!create"},           FIELDS),
    (PLAIN,  {**INVITED, "unsigned": {}},                 FIELDS),
    (PLAIN,  {**INVITED, "prev_events": ["$x"]},          FIELDS),
    (PLAIN,  member("invite", ALICE, CAROL, content={"reason": "tea"}), FIELDS),
    (PLAIN,  {**INVITED, "event_id": "$1"},               (*FIELDS[:4], "$1", None)),
    (PLAIN,  member("join", BOB, prev_events=["$x"]),     None),
    (PLAIN,  member("invite", ALICE, CAROL, content={"third_party_invite": {}}), None),
    (PLAIN,  member("join", CAROL, content={"join_authorised_via_users_server": ALICE}), None),
    (PLAIN,  member("dance", ALICE, CAROL),               None),
    (PLAIN,  {**INVITED, "content": {}},                  None),
    (PLAIN,  member("invite", ALICE, CAROL, content={"more": [Text("tea")]}), None),
    (PLAIN,  {**INVITED, "content": {"membership": INVITE}}, None),
    (PLAIN,  {**INVITED, "content": MappingProxyType({"membership": "invite"})}, None),
    (PLAIN,  MappingProxyType(INVITED),                   None),
    (PLAIN,  {**INVITED, "sender": 5},                    None),
    (PLAIN,  {**INVITED, "state_key": None},              None),
    (PLAIN,  {**INVITED, "state_key": Text(CAROL)},       None),
    (PLAIN,  {**INVITED, "type": "m.room.tea"},           None),
    (PLAIN,  {**INVITED, "type": Text("m.room.member")},  None),
    (PLAIN,  {**INVITED, "room_id": "!other"},            None),
    (PLAIN,  {**INVITED, "room_id": Text("!create")},     None),
    (PLAIN,  {**INVITED, "event_id": 5},                  None),
    (PLAIN,  {**INVITED, "event_id": ""},                 None),
    (PLAIN,  {**INVITED, "unsigned": {"redacted_because": {}}}, None),
    (PLAIN,  message(),                                   ("message", ALICE)),
    (CLOSED, INVITED,                                     None),
    (CLOSED, member("join", BOB),                         None),
    (NEW,    INVITED,                                     None),
    (room(*members(join=[ALICE]), levels(kick=7)), INVITED, FIELDS),
    (MatrixRoom("!create"), INVITED,                      None),
    (room(*members(join=[ALICE]), levels(kick="x")),      INVITED, None),
]
# fmt: on


@pytest.mark.parametrize(("here", "event", "fields"), QUICK)
def test_the_quick_way_reads_ordinary_changes_only(
    here: MatrixRoom, event: Any, fields: tuple[str | None, ...] | None
) -> None:
    if fields is not None:
        assert here._quick(event) is careful(here, event)
        assert here._quick(event, ALL, is_sent=False) == here.prepare(event)
    else:
        with pytest.raises(UNREADABLE):
            here._quick(event)


def test_facts_name_everything() -> None:
    here = room(
        *members(join=[ABE, BOB]), levels(users={BOB: 50}, kick=51), join_rules("knock"),
        creation=create("12", {"m.federate": False}),
    )  # fmt: skip
    facts = here.facts(BOB, ABE)
    assert (facts.sender, facts.target, facts.is_self, facts.join_rule) == (JOIN, JOIN, False, JoinRule.KNOCK)
    assert (facts.may_invite, facts.may_kick, facts.may_ban) == (True, False, True)
    assert (facts.outranks_for_kick, facts.outranks_for_ban) == (True, True)
    assert (facts.warrant, facts.is_authorised) == (Warrant.NONE, False)
    assert here.facts(ALICE, ALICE).is_self


def test_before_the_creation_nobody_stands_out() -> None:
    assert [MatrixRoom().power(user) for user in (ALICE, BOB)] == [0, 0]


def test_leaving_is_not_listed() -> None:
    here = room(*members(join=[ALICE], leave=[BOB]))
    assert here.participations() == {ALICE: JOIN}
    assert here.participation(BOB) is here.participation(CAROL) is LEAVE


def test_who_may_see_what_is_no_question_for_it() -> None:
    with pytest.raises(DefinitionError, match="policy `matrix-12` judges who may send events, not who may see them"):
        room().view("$1", ALICE)


def test_state_given_later_is_taken() -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE, policy=MATRIX_10)
    here.take(member("ban", ALICE, BOB))
    here.take(levels(users={CAROL: 100}))
    here.take(member("join", CAROL))
    assert here.participant(BOB).leave(by=CAROL).transition == "unban"
    with pytest.raises(EventError, match="`state_key`: is missing: this is no state event"):
        here.take(message())
    with pytest.raises(EventError, match="`room_id`: `!other` is another room"):
        here.take({**levels(), "room_id": "!other"})


def test_power_levels_given_later_hold_as_far_as_they_can_be_read() -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE, policy=MATRIX_10)
    here.take(member("join", BOB))
    here.take(levels(users={ALICE: 100}, kick="fifty"))
    assert here.decide(member("ban", ALICE, BOB))
    with pytest.raises(EventError, match=r"turns on a power level that cannot be read: `content.kick`: must be"):
        here.decide(member("leave", ALICE, BOB))
    assert here.send(levels(users={ALICE: 100}, kick="fifty")).refusals[0].clause == "9.1, 9.4"


def test_state_that_is_taken_has_its_id() -> None:
    here = room(*members(join=[ALICE]))
    for number, event in enumerate([member("join", BOB), join_rules("public")]):
        named = {**event, "event_id": f"${number}"}
        here.take(named)
        assert here.answered(named) == here.send(named)
        with pytest.raises(EventError, match="is the id of another event"):
            here.take({**named, "sender": CAROL})


@pytest.mark.parametrize("user", [user for user in NO_USERS if isinstance(user, str)])
def test_who_is_no_user_is_nowhere(user: str) -> None:
    here = room(*members(join=[ALICE]), join_rules("public"))
    for event in (member("join", user), member("join", user, BOB), member("invite", ALICE, user)):
        for ask in (here.decide, here.send):
            with pytest.raises(EventError):
                ask(event)


def test_a_room_takes_its_id_from_what_it_accepts() -> None:
    for event in (message(), join_rules("public"), member("join", BOB)):
        here = MatrixRoom.from_state([create("10"), join_rules("public"), *members(join=[ALICE])])
        assert inside(here)[0] is None
        assert here.send({**event, "room_id": ROOM_ID})
        assert here.id == ROOM_ID
        refused = here.decide(member("leave", ALICE, room_id="!other"))
        assert refused.reason == "event: the event is of another room"
        assert not here.send(member("invite", BOB, ABE, room_id="!other"))


def test_the_creation_comes_once() -> None:
    here = MatrixRoom(ROOM_ID)
    here.send(create("10"))
    before = inside(here)
    assert here.send(create("10")) == here.answered(create("10"))
    for another in ({**create("10", creator=BOB)}, {**create("10"), "sender": BOB}, create("11")):
        with pytest.raises(EventError, match=r"`event_id`: `.create` is the id of another event"):
            here.send(another)
    with pytest.raises(EventError, match="the room has been created already"):
        here.send({**create("10"), "event_id": "$another"})
    assert inside(here) == before


# Callbacks.


class Diary(Participant):
    seen: list[str]

    def on_enter_join(self, change: Change) -> None:
        self.seen.append(f"{self.user} joined, {change.transition}")

    def after_found(self, _: Any) -> None:
        self.seen.append("a room is founded")

    def on_exit_join(self, _: Any) -> None:
        self.seen.append(f"{self.user} gone")


def test_callbacks() -> None:
    Diary.seen = []
    here = MatrixRoom.create(ROOM_ID, ALICE, policy=MATRIX_10, participant=Diary)
    here.send(join_rules("restricted"))
    assert not here.participant(BOB).join()
    assert here.send(member("join", BOB, content={"join_authorised_via_users_server": ALICE})).transition == "enter"
    here.participant(BOB).leave(by=ALICE)
    assert Diary.seen == [
        f"{ALICE} joined, found",
        "a room is founded",
        f"{BOB} joined, enter",
        f"{BOB} gone",
    ]
    assert here.participations() == {ALICE: JOIN}


def test_what_concerns_joins_is_no_fact_of_a_leave() -> None:
    here = MatrixRoom.create(ROOM_ID, ALICE)
    content = {"join_authorised_via_users_server": ALICE}
    value = member("leave", ALICE, content=content, prev_events=[CREATE_ID])
    action, target, sender, code = here._key(here._read(value), value, None)
    facts = here.policy.domain.unpack(code, target=target, sender=sender)
    assert (action, facts.is_authorised, facts.warrant) == ("leave", False, Warrant.NONE)


class Clumsy(Participant):
    def after_found(self, _: Any) -> None:
        raise RuntimeError("the door is stuck")


def test_an_error_in_a_callback_leaves_the_change() -> None:
    with pytest.raises(ObserverError, match="the door is stuck"):
        MatrixRoom.create(ROOM_ID, ALICE, participant=Clumsy)
    here = MatrixRoom(ROOM_ID, policy=MATRIX_10, participant=Clumsy)
    here.send(create("10"))
    with pytest.raises(ObserverError, match="the door is stuck"):
        here.send(first_join())
    assert here.participations() == {ALICE: JOIN}
    assert here.decide(first_join()).transition == "rejoin"


def test_in_order_a_first_join_comes_first(policy: MatrixPolicy) -> None:
    """What `orderly` says of questions holds in a room that has seen all, whatever came before the creator's join."""
    assert policy.orderly
    seen = set()
    asked = [member(action, sender, ALICE) for action in (JOIN, LEAVE, BAN, INVITE) for sender in (ALICE, ABE)]
    for first in asked:
        here = MatrixRoom()
        for event in (create(policy.version), first, member(JOIN, ALICE, ALICE)):
            decision = here.send(event)
            if decision.transition == "found":
                seen.add(decision.before)
    assert seen == {LEAVE}


def test_what_a_room_has_refused_is_not_known_to_others() -> None:
    first, second = (MatrixRoom.create(ROOM_ID, ALICE, policy=MATRIX_10) for _ in range(2))
    asked = {**message(ALICE), "auth_events": ["$refused"]}
    refused = {**message(BOB), "event_id": "$refused", "auth_events": []}
    assert "rejected" not in first.decide(asked).reason
    before = first.snapshot()
    change = first.prepare(refused)
    assert not first.decide(refused)
    assert first.snapshot() == before
    third = MatrixRoom.restore(before)
    assert third.apply(change) == first.send(refused)
    assert third.snapshot() == first.snapshot()
    assert "one of its auth events was rejected" in first.decide(asked).reason
    assert "rejected" not in second.decide(asked).reason
