"""A room: events in, decisions out, and nothing ever half applied."""

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from fsm import MIMI, Action, Change, Decision, Domain, EventError, JoinRule, Participation, Room
from fsm.change import ALL
from fsm.event import MAX_TEXT
from fsm.mimi.permits import Kind, event_is_own
from fsm.room.judging import UNREADABLE
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BAN,
    BOB,
    CAROL,
    DAN,
    INVITE,
    JOIN,
    JSON,
    KNOCK,
    LEAVE,
    ROOM_ID,
    Given,
    Text,
    careful,
    change,
    create,
    facts,
    inside,
    join_rule,
    joined,
    message,
    name_of_room,
    role,
    role_map,
    room,
    visibility,
)

HOST: JSON = {"invite": True, "kick": True}


# Creation.


def test_a_room_begins_with_its_creator() -> None:
    tea = Room.create("!tea:x", ALICE)
    assert (tea.id, tea.policy) == ("!tea:x", MIMI)
    assert not hasattr(tea, "__dict__"), "there may be many"
    assert tea.participations() == {ALICE: JOIN}
    assert tea.participation(BOB) is LEAVE


def test_nothing_happens_before_the_creation() -> None:
    tea = Room("!tea:x")
    before = inside(tea)
    for event in (message(ALICE), name_of_room(), change(JOIN, ALICE), change(INVITE, ALICE, BOB), role("host", HOST)):
        assert not tea.send(event)
    assert inside(tea) == before
    assert tea.send(create())
    assert tea.participations() == {ALICE: JOIN}


def test_a_room_is_created_once() -> None:
    tea = room(*joined(BOB))
    before = inside(tea)
    for creator in (ALICE, BOB, CAROL):
        refused = tea.send(create(creator))
        assert [refusal.failed for refusal in refused.refusals] == [("room_is_new",)]
        assert refused.reason == "create: the room exists already"
    assert inside(tea) == before


@pytest.mark.parametrize("creator", ["", "x" * 65_536, None, 7])
def test_a_creator_needs_a_name(creator: Any) -> None:
    with pytest.raises(EventError) as caught:
        Room.create("!tea:x", creator)
    assert caught.value.field == "sender"


# Decide and send.


def test_decide_says_what_send_would_do_and_does_nothing() -> None:
    tea = room(*joined(BOB))
    for event in (change(LEAVE, BOB), change(BAN, BOB, ALICE), message(BOB), join_rule("public"), create()):
        before = inside(tea)
        foreseen = tea.decide(event)
        assert inside(tea) == before
        assert tea.send(event) == foreseen


def test_a_day_in_a_room() -> None:
    tea = Room.create(ROOM_ID, ALICE)
    # fmt: off
    day: list[tuple[JSON, str | None]] = [
        (change(INVITE, ALICE, BOB),        "invite"),
        (change(INVITE, ALICE, BOB),        "reinvite"),
        (change(JOIN, CAROL, BOB),          None),
        (change(JOIN, BOB),                 "accept"),
        (change(JOIN, BOB),                 "rejoin"),
        (change(INVITE, BOB, CAROL),        None),
        (change(KNOCK, CAROL),              None),
        (change(INVITE, ALICE, CAROL),      "invite"),
        (change(LEAVE, CAROL),              "decline"),
        (change(INVITE, ALICE, CAROL),      "invite"),
        (change(LEAVE, ALICE, CAROL),       "revoke"),
        (change(LEAVE, CAROL),              None),
        (change(LEAVE, BOB, ALICE),         None),
        (change(LEAVE, ALICE, BOB),         "kick"),
        (change(BAN, ALICE, CAROL),         "ban"),
        (change(BAN, ALICE, CAROL),         "reban"),
        (change(INVITE, ALICE, CAROL),      None),
        (change(LEAVE, CAROL),              None),
        (change(LEAVE, ALICE, CAROL),       "unban"),
        (change(BAN, ALICE, ALICE),         None),
        (change(LEAVE, ALICE),              "leave"),
    ]
    # fmt: on
    for event, transition in day:
        assert tea.send(event).transition == transition, event
    assert tea.participations() == {}


@pytest.mark.parametrize("event_type", ["m.user", "m.room.user"])
def test_participation_goes_by_both_names(event_type: str) -> None:
    tea = room()
    assert tea.send(change(INVITE, ALICE, BOB, type=event_type)).transition == "invite"


@pytest.mark.parametrize("target", [BOB, CAROL])
def test_a_word_of_the_enum_will_do(target: str) -> None:
    tea = room(*joined(BOB))
    for action in Action:
        spelt = change(action, ALICE, target)
        meant = {**spelt, "content": {"participation": action}}
        assert tea.decide(meant) == tea.decide(spelt)


def test_a_reason_is_for_reading_only() -> None:
    tea = room()
    with_reason = change(INVITE, ALICE, BOB)
    with_reason["content"]["reason"] = "tea at five"
    with_more = {**with_reason, "content": {**with_reason["content"], "m.emoji": [1, {"x": None}]}}
    plain = tea.decide(change(INVITE, ALICE, BOB))
    assert tea.decide(with_reason) == tea.decide(with_more) == plain


def test_an_event_is_not_kept_nor_changed() -> None:
    event = change(INVITE, ALICE, BOB)
    copy = change(INVITE, ALICE, BOB)
    tea = room(event)
    assert event == copy
    event["content"]["participation"] = "ban"
    assert tea.participation(BOB) is INVITE


def test_a_caller_may_change_an_event_afterwards() -> None:
    definition = role("host", {"kick": True})
    assignment = role_map(("host", 9, [BOB]))
    tea = room(*joined(BOB), definition, assignment)
    definition["content"]["permissions"]["ban"] = True
    assignment["content"]["roles"][0]["user_ids"].append(CAROL)
    assert not tea.standing(BOB).may(("ban", ""))
    assert not tea.standing(CAROL).may(("kick", ""))


# The quick way: what it reads of ordinary changes, and what it leaves to the careful way (None).

TEA = {"participation": "invite", "reason": "tea"}
INVITED = change(INVITE, ALICE, BOB)
# fmt: off
QUICK: list[tuple[Any, tuple[str | None, ...] | None]] = [
    (INVITED,                                  (INVITE, ALICE, BOB, "m.user", None, None)),
    (change(INVITE, ALICE, BOB, type="m.room.user"), (INVITE, ALICE, BOB, "m.room.user", None, None)),
    ({**INVITED, "event_id": "$1"},            (INVITE, ALICE, BOB, "m.user", "$1", None)),
    ({**INVITED, "room_id": ROOM_ID},          (INVITE, ALICE, BOB, "m.user", None, None)),
    ({**INVITED, "event_id": "$1", "room_id": ROOM_ID, "x": 1}, (INVITE, ALICE, BOB, "m.user", "$1", None)),
    ({**INVITED, "content": {**TEA, "x": 1}},  (INVITE, ALICE, BOB, "m.user", None, "tea")),
    ({**INVITED, "content": {"participation": "invite", "x": 1}}, (INVITE, ALICE, BOB, "m.user", None, None)),
    ({**INVITED, "content": {**TEA, "reason": "x" * MAX_TEXT}}, (INVITE, ALICE, BOB, "m.user", None, "x" * MAX_TEXT)),
    ({**INVITED, "content": {**TEA, "reason": "x" * (MAX_TEXT + 1)}}, None),
    ({**INVITED, "content": {**TEA, "reason": 5}}, None),
    ({**INVITED, "content": {**TEA, "reason": "\u00fc"}}, (INVITE, ALICE, BOB, "m.user", None, "\u00fc")),
    ({**INVITED, "content": {**TEA, "reason": Text("tea")}}, None),
    ({**INVITED, "content": {**TEA, "x": Text("tea")}}, None),
    ({**INVITED, "content": MappingProxyType(TEA)}, None),
    (MappingProxyType(INVITED),                None),
    (change("dance", ALICE, BOB),              None),
    ({**INVITED, "content": {"participation": INVITE}}, None),
    ({**INVITED, "content": {}},               None),
    ({**INVITED, "sender": 5},                 None),
    ({**INVITED, "state_key": None},           None),
    ({**INVITED, "state_key": Text(BOB)},      None),
    ({**INVITED, "type": "m.tea"},             ()),
    ({**INVITED, "type": "m.room.create"},     None),
    ({**INVITED, "type": "m.tea", "state_key": "\u00fc"}, None),
    ({**INVITED, "type": Text("m.user")},      None),
    ({**INVITED, "room_id": "!other:x"},       None),
    ({**INVITED, "room_id": Text(ROOM_ID)},    None),
    ({**INVITED, "event_id": 5},               None),
    ({**INVITED, "event_id": ""},              None),
    ({**INVITED, "authEvents": []},            None),
    ({**INVITED, "event_id": None},            None),
    ({**INVITED, "event_id": None, "x": 1},    None),
    ({**INVITED, "event_id": "$1", "room_id": None}, None),
    (message(ALICE),                           ()),
    ({**message(ALICE), "content": {"body": ["\u00fc", 5]}}, ()),
    ({**message(ALICE), "event_id": "$1", "room_id": ROOM_ID}, ()),
    ({**message(ALICE), "event_id": "$1", "more": {}}, ()),
    ({**message(ALICE), "type": "m.room.redaction"}, None),
    ({**message(ALICE), "type": "m.\u00fc"},   None),
    ({**message(ALICE), "type": "x" * 256},    None),
    ({**message(ALICE), "type": ""},           None),
    ({**message(ALICE), "authEvents": []},     None),
    ({**message(ALICE), "content": MappingProxyType({})}, None),
]
# fmt: on


@pytest.mark.parametrize(("event", "fields"), QUICK)
def test_the_quick_way_reads_ordinary_changes_only(event: Any, fields: tuple[str | None, ...] | None) -> None:
    tea = room()
    if fields is not None:
        assert tea._quick(event) is careful(tea, event)
        assert tea._quick(event, ALL, is_sent=False) == tea.prepare(event)
    else:
        with pytest.raises(UNREADABLE):
            tea._quick(event)


# Rooms have names.


@pytest.mark.parametrize(("room_id", "expected"), [(ROOM_ID, ROOM_ID), (5, None), (None, None)])
def test_an_event_names_its_room(room_id: object, expected: str | None) -> None:
    assert Room.room_of({**message(ALICE), "room_id": room_id}) == expected
    assert Room.room_of(message(ALICE)) is None


def test_events_of_another_room_are_an_error() -> None:
    tea = room(*joined(BOB))
    for event in (change(LEAVE, BOB), message(BOB), join_rule("public")):
        assert tea.decide({**event, "room_id": ROOM_ID})
        with pytest.raises(EventError) as caught:
            tea.send({**event, "room_id": "!other:x"})
        assert (caught.value.field, caught.value.problem) == ("room_id", "`!other:x` is another room")
    assert tea.participation(BOB) is JOIN


def test_a_room_takes_its_name_from_the_first_event_that_it_accepts() -> None:
    nameless = Room()
    assert not nameless.send({**change(JOIN, BOB), "room_id": "!other:x"}), "what is refused names nothing"
    assert nameless.send(create())
    assert nameless.decide({**change(INVITE, ALICE, BOB), "room_id": "!other:x"})
    assert nameless.snapshot()["room_id"] is None
    assert nameless.send({**change(INVITE, ALICE, BOB), "room_id": "!one:x"})
    assert nameless.snapshot()["room_id"] == "!one:x"
    assert nameless.send(change(JOIN, BOB))
    for asked in (change(LEAVE, BOB), message(BOB), join_rule("public")):
        foreign = {**asked, "room_id": "!other:x"}
        for ask in (nameless.decide, nameless.send, nameless.take, nameless.auth_events):
            with pytest.raises(EventError, match="is another room"):
                ask(foreign)


def test_every_accepted_event_can_name_a_room() -> None:
    def named(event: JSON) -> JSON:
        return {**event, "room_id": "!one:x"}

    ways: list[Callable[[Room], object]] = [
        lambda here: here.send(named(message(ALICE))),
        lambda here: here.send(named(join_rule("public"))),
        lambda here: here.take(named(join_rule("public"))),
        lambda here: here.take(named(change(BAN, ALICE, BOB))),
        lambda here: here.send_unread(named(message(ALICE))),
    ]
    for way in ways:
        here = Room.from_state([create(), change(JOIN, ALICE)])
        way(here)
        assert here.id == "!one:x"


def test_a_state_is_of_one_room() -> None:
    state = [create(), {**change(JOIN, ALICE), "room_id": "!one:x"}, {**change(JOIN, BOB), "room_id": "!other:x"}]
    with pytest.raises(EventError, match=r"^`state\[2\].room_id`: `!other:x` is another room$"):
        Room.from_state(state)
    here = Room.from_state(state[:2])
    assert here.id == "!one:x"
    for foreign in (change(BAN, ALICE, BOB), message(ALICE)):
        with pytest.raises(EventError, match="is another room"):
            here.decide({**foreign, "room_id": "!other:x"})
        assert here.decide(foreign)


def test_rooms_do_not_mix() -> None:
    one, other = room(*joined(BOB)), room()
    assert one.send(join_rule("public"))
    assert not other.decide(change(JOIN, CAROL))
    assert other.participation(BOB) is LEAVE


# Taken as it stands, and kept before it can be read.


def test_what_is_taken_holds() -> None:
    tea = room(*joined(BOB))
    tea.take(join_rule("public", BOB))
    assert tea.decide(change(JOIN, CAROL)).transition == "join"
    tea.take(change(BAN, BOB, ALICE))
    assert tea.participation(ALICE) is BAN


@pytest.mark.parametrize(
    "fault", [join_rule("dance"), change("dance", ALICE, BOB), visibility("dance"), message(ALICE)]
)
def test_what_cannot_be_taken_leaves_no_trace(fault: JSON) -> None:
    tea = room(*joined(BOB), message(BOB) | {"event_id": "$0"})
    before = inside(tea)
    for event in (fault, {**fault, "event_id": "$1"}):
        with pytest.raises(EventError):
            tea.take(event)
        assert inside(tea) == before


def test_a_message_may_be_kept_before_it_can_be_read() -> None:
    tea = room(*joined(BOB))
    hidden = {**message(BOB), "type": "m.encrypted", "event_id": "$1"}
    read = {**message(BOB), "event_id": "$1"}
    with pytest.raises(EventError, match="`state_key`: must not be there: state is never hidden"):
        tea.send_unread({**hidden, "state_key": ""})
    assert not tea.send_unread({**hidden, "sender": CAROL})
    assert not tea.send_unread({**hidden, "authEvents": ["$nothing"]})
    for _ in range(2):
        assert tea.send_unread(hidden) == Decision(allowed=True)
    assert not tea.send_unread({**message(CAROL), "event_id": "$2"})
    for other in (change(LEAVE, BOB, event_id="$1"), {**hidden, "sender": ALICE}, {**read, "sender": ALICE}):
        with pytest.raises(EventError, match="is the id of another event"):
            tea.send(other)
    assert tea.answered(hidden) == Decision(allowed=True)
    assert tea.answered(read) is None
    for _ in range(2):
        assert tea.send(read) == Decision(allowed=True)
    assert tea.answered(read) == tea.send_unread(hidden) == Decision(allowed=True)
    with pytest.raises(EventError, match="is the id of another event"):
        tea.send({**read, "type": "m.poll"})
    with pytest.raises(EventError, match="is the id of another event"):
        tea.send_unread({**hidden, "sender": ALICE})
    assert tea.visible("$1", ALICE)
    assert not tea.visible("$2", ALICE)


# Who is there, and what they may do.


def test_participations_are_those_who_have_not_left() -> None:
    tea = room(*joined(BOB, CAROL), change(INVITE, ALICE, DAN), change(BAN, ALICE, CAROL), change(LEAVE, BOB))
    assert tea.participations() == {ALICE: JOIN, CAROL: BAN, DAN: INVITE}
    assert [tea.participation(user) for user in (ALICE, BOB, CAROL, DAN)] == [JOIN, LEAVE, BAN, INVITE]
    tea.participations().clear()
    assert tea.participation(ALICE) is JOIN, "what is handed out is a copy"


def hosted() -> Room:
    return room(
        *joined(BOB, CAROL),
        role("moderator", HOST),
        role("owner", ALL_POWERS),
        role_map(("owner", 9, [ALICE]), ("moderator", 5, [BOB])),
    )


# fmt: off
MENUS: list[tuple[str, str, dict[Action, str]]] = [
    (ALICE, BOB,   {LEAVE: "kick", BAN: "ban"}),
    (ALICE, ALICE, {JOIN: "rejoin", LEAVE: "leave"}),
    (ALICE, DAN,   {INVITE: "invite", BAN: "ban"}),
    (BOB,   CAROL, {LEAVE: "kick"}),
    (BOB,   DAN,   {INVITE: "invite"}),
    (BOB,   ALICE, {}),
    (CAROL, BOB,   {}),
    (CAROL, CAROL, {JOIN: "rejoin", LEAVE: "leave"}),
    (DAN,   DAN,   {}),
    (DAN,   ALICE, {}),
]
# fmt: on


@pytest.mark.parametrize(("sender", "target", "menu"), MENUS)
def test_a_menu_offers_what_is_allowed(sender: str, target: str, menu: dict[Action, str]) -> None:
    tea = hosted()
    before = inside(tea)
    assert tea.actions(sender, target) == menu
    assert inside(tea) == before
    for action in Action:
        assert tea.decide(change(action, sender, target)).transition == menu.get(action)


@pytest.mark.parametrize(("events", "moved"), [
    ([create(ALICE)], [(ALICE, LEAVE, JOIN)]),
    ([create(BOB)], [(None, None, None)]),
    ([join_rule("public", CAROL)], [(None, None, None)]),
    ([create(ALICE), create(DAN)], [(ALICE, LEAVE, JOIN), (None, None, None)]),
])  # fmt: skip
def test_a_creation_moves_a_creator_whom_nobody_knew(events: list[JSON], moved: list[Any]) -> None:
    tea, told = Room.from_state([change(JOIN, BOB)]), list[Change]()
    tea.observe(told.append, of={"taken"})
    for event in events:
        tea.take(event)
    assert [(each.target, each.before, each.after) for each in told] == moved


@pytest.mark.parametrize(("permissions", "is_allowed"), [
    ({"sendMessages": True}, True),
    ({"sendMessages": False}, False),
    ({"sendMessages": False, "redact": True}, True),
])  # fmt: skip
def test_what_is_hidden_may_be_a_message_or_a_redaction(permissions: JSON, is_allowed: bool) -> None:
    others = tuple(permit for permit in MIMI.permits[Kind.REDACTION] if event_is_own not in permit.guards)
    policy = MIMI.evolve("mimi-others", permits={**MIMI.permits, Kind.REDACTION: others})
    tea = room(role("host", permissions), *joined(BOB), role_map(("host", 1, [BOB])), policy=policy)
    assert tea.send_unread(message(BOB, "m.hidden")).allowed is is_allowed


def test_what_was_hidden_is_kept_as_it_is_read() -> None:
    tea = room(*joined(BOB))
    read = {**message(BOB), "event_id": "$1"}
    assert tea.send_unread({**read, "type": "m.hidden"})
    answered = tea.send(read)
    assert tea.send(read) == answered
    assert tea._past is not None
    (entry,) = (each for each in tea._past if each.state_key is None)
    assert (entry.event_id, entry.sender, entry.type, entry.answer) == ("$1", BOB, "m.message", answered)


def test_what_is_hidden_is_no_setting_whatever_its_type() -> None:
    tea = room({**visibility("world"), "event_id": "$1"})
    assert tea.send_unread({**message(ALICE, "m.room.history_visibility"), "event_id": "$2"})
    again = Room.restore(tea.snapshot())
    assert again.kept == tea.kept
    assert again.visible("$2", DAN)


def test_what_is_the_state_still_stays_where_few_events_are_kept() -> None:
    tea = Room.create(ROOM_ID, ALICE, keep=1)
    tea.remember()
    for event in (
        join_rule("public"),
        visibility("world"),
        change(JOIN, BOB),
        change(LEAVE, BOB) | {"type": "m.room.user"},
    ):
        assert tea.send(event)
    assert tea.send_unread({**message(ALICE, "m.user"), "event_id": "$1"})
    for _ in range(40):
        assert tea.send(message(ALICE))
    assert tea._past is not None
    kept = [(entry.type, entry.state_key) for entry in tea._past if entry.type != "m.message"]
    assert sorted(kept) == [
        ("m.room.create", ""), ("m.room.history_visibility", ""), ("m.room.join_rules", ""), ("m.room.user", BOB),
    ]  # fmt: skip


def test_the_creator_is_not_forgotten() -> None:
    tea = room(role("host", HOST), *joined(BOB), role_map(("host", 1, [BOB])), change(LEAVE, ALICE))
    with pytest.raises(EventError, match="is in the room still, or named by its settings"):
        tea.forget(ALICE)
    with pytest.raises(EventError, match="is in the room still, or named by its settings"):
        tea.forget(BOB)


def test_who_is_forgotten_has_seen_nothing() -> None:
    tea = room(*joined(BOB, CAROL), message(BOB) | {"event_id": "$1"}, change(LEAVE, CAROL))
    assert tea.visible("$1", CAROL)
    tea.forget(CAROL)
    assert not tea.visible("$1", CAROL)
    assert tea.visible("$1", ALICE)


def test_facts_of_a_change() -> None:
    tea = hosted()
    assert tea.facts(BOB, CAROL) == facts(may_invite=True, may_kick=True, outranks_for_kick=True)
    assert tea.facts(CAROL, BOB) == facts()
    assert tea.facts(DAN, DAN) == facts(target=LEAVE, is_self=True)
    assert tea.facts(ALICE, BOB) == facts(
        may_invite=True, may_kick=True, may_ban=True, outranks_for_kick=True, outranks_for_ban=True
    )
    assert tea.facts_of(change(BAN, BOB, CAROL)) == tea.facts(BOB, CAROL) != tea.facts(CAROL, BOB)
    assert tea.send(join_rule("public"))
    assert tea.facts(BOB, ALICE) == facts(may_invite=True, may_kick=True, join_rule=JoinRule.PUBLIC)


def test_participation_and_permissions_are_separate() -> None:
    tea = hosted()
    standing = tea.standing(BOB)
    for event in (change(LEAVE, BOB), change(INVITE, ALICE, BOB), change(BAN, ALICE, BOB)):
        assert tea.send(event)
        assert tea.standing(BOB) is standing
    # A permission without participation is of no use, and participation changes by participation events only.
    assert not tea.decide(change(INVITE, BOB, DAN))
    assert tea.send(role_map(("owner", 9, [ALICE])))
    assert not tea.standing(BOB).may(("kick", ""))
    assert tea.participation(BOB) is BAN


def test_a_written_action_is_an_event() -> None:
    tea = room()
    assert tea.send_action(INVITE, ALICE, BOB, "tea at five").transition == "invite"
    assert tea.decide_action(JOIN, BOB, BOB).transition == "accept"
    assert tea.participation(BOB) is INVITE
    with pytest.raises(EventError) as caught:
        tea.send_action(INVITE, ALICE, BOB, "x" * 1_000_000)
    assert caught.value.field == "content.reason"


def test_a_room_knows_only_the_join_rules_of_its_policy() -> None:
    narrow = MIMI.evolve("narrow", domain=Domain(MIMI.domain.record, {"join_rule": (JoinRule.INVITE,)}))
    tea = room(policy=narrow)
    before = inside(tea)
    with pytest.raises(EventError) as caught:
        tea.send(join_rule("public"))
    assert caught.value.field == "content.rule"
    assert inside(tea) == before


# Names are taken as they are.

NAMES = [
    "__proto__",
    "constructor",
    "\x00",
    "\n",
    " ",
    "💂",
    "\u202e",
    "{0}%s",
    "a" * 65_535,
    "None",
    "'",
    "`",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:12]))
def test_any_text_may_be_a_name(name: str) -> None:
    tea = room(change(INVITE, ALICE, name), change(JOIN, name))
    assert tea.participations() == {ALICE: JOIN, name: JOIN}
    assert tea.send(role(name, HOST))
    assert tea.send(role_map((name, 1, [name])))
    assert tea.standing(name).may(("kick", ""))
    assert tea.participation(name.upper() + "x") is LEAVE
    refused = tea.decide(change(BAN, name, ALICE))
    assert refused.reason == "ban: the sender may not ban, and the sender does not outrank the target for banning"
    assert tea.decide(message(name))
    assert tea.decide({**message(name), "event_id": name})


# A room out of its current state.

STATE: list[JSON] = [
    create(),
    join_rule("knock"),
    visibility("world"),
    role("owner", ALL_POWERS),
    role("host", HOST),
    role_map(("owner", 9, [ALICE]), ("host", 5, [BOB])),
    change(JOIN, BOB),
    change(INVITE, BOB, CAROL, type="m.room.user"),
    change(BAN, ALICE, DAN),
    name_of_room(),
]


@pytest.mark.parametrize("turn", range(len(STATE)))
@pytest.mark.parametrize("step", [1, -1])
def test_state_events_come_in_any_order(turn: int, step: int) -> None:
    shuffled = (STATE[turn:] + STATE[:turn])[::step]
    tea, other = Room.from_state(STATE), Room.from_state(shuffled)
    assert other.participations() == tea.participations() == {ALICE: JOIN, BOB: JOIN, CAROL: INVITE, DAN: BAN}
    for sender in (ALICE, BOB, CAROL, DAN):
        assert other.standing(sender) == tea.standing(sender)
        for target in (ALICE, BOB, CAROL, DAN):
            assert other.facts(sender, target) == tea.facts(sender, target)
            assert other.actions(sender, target) == tea.actions(sender, target)


def test_state_is_taken_as_it_stands() -> None:
    # No history leads to this room: nobody may have invited or banned anybody, and yet it is so.
    tea = Room.from_state([change(BAN, DAN, BOB), change(JOIN, CAROL), role_map(("ghost", 3, [DAN]))])
    assert tea.participations() == {BOB: BAN, CAROL: JOIN}
    assert tea.standing(DAN).order == 3
    assert not tea.decide(change(JOIN, BOB))


@pytest.mark.parametrize("where", [INVITE, LEAVE, BAN, KNOCK])
@pytest.mark.parametrize("creation_first", [True, False])
def test_a_participation_event_of_the_creator_wins(where: Participation, creation_first: bool) -> None:
    state = [create(), change(where, BOB, ALICE)]
    tea = Room.from_state(state if creation_first else state[::-1])
    assert tea.participation(ALICE) is where


@pytest.mark.parametrize("creation_first", [True, False])
def test_a_rebuilt_creator_reigns_unless_somebody_was_assigned(creation_first: bool) -> None:
    def built(*state: Given) -> Room:
        return Room.from_state(state if creation_first else state[::-1])

    assert built(create()).standing(ALICE).may(("kick", ""))
    assert built(create(), role_map(("host", 5, []))).standing(ALICE).may(("kick", ""))
    assert not built(create(), role_map(("host", 5, [BOB]))).standing(ALICE).may(("kick", ""))


def test_a_room_without_creation_has_no_creator() -> None:
    tea = Room.from_state([change(JOIN, ALICE)])
    assert tea.participations() == {ALICE: JOIN}
    assert not tea.decide(change(INVITE, ALICE, BOB))
    assert Room.from_state([]).participations() == {}


# Where the list is at fault. The rest of the list is sound.
# fmt: off
BAD_STATE: list[tuple[Any, str, str]] = [
    (create(),                                 "state[10]", "is a second `m.room.create` for ``"),
    (join_rule("public"),                      "state[10]", "is a second `m.room.join_rules` for ``"),
    (role("host", {}),                         "state[10]", "is a second `m.room.role` for `host`"),
    (name_of_room(BOB),                        "state[10]", "is a second `m.room.name` for ``"),
    (change(BAN, ALICE, BOB),                  "state[10]", f"is a second `m.user` for `{BOB}`"),
    (change(BAN, ALICE, BOB, type="m.room.user"), "state[10]", f"is a second `m.room.user` for `{BOB}`"),
    (message(ALICE),                           "state[10].state_key", "is missing: this is no state event"),
    ({"type": "m.tea", "sender": ALICE},       "state[10].content", "is missing"),
    ({**name_of_room(), "type": 7},            "state[10].type", "must be a string, not a number"),
    (change("dance", ALICE, "@new:x"),         "state[10].content.participation", "`dance` is not one of "),
    (role("new", {"fly": True}),               "state[10].content.permissions", "there is no permission `fly`"),
    (role("new", {"kick": 1}),                 "state[10].content.permissions.kick", "must be true or false, not a number"),
    (None,                                     "state[10]", "an event must be an object, not null"),
    ("m.room.create",                          "state[10]", "an event must be an object, not a string"),
    ([],                                       "state[10]", "an event must be an object, not an array"),
]
# fmt: on


@pytest.mark.parametrize(("event", "field", "problem"), BAD_STATE)
def test_bad_state_is_named_by_its_place(event: Any, field: str, problem: str) -> None:
    with pytest.raises(EventError) as caught:
        Room.from_state([*STATE, event])
    assert caught.value.field == field
    assert caught.value.problem.startswith(problem)
    with pytest.raises(EventError) as caught:
        Room.from_state([event, event, *STATE])
    assert caught.value.field.startswith("state[")


def test_an_event_type_called_participation_is_none() -> None:
    other = {**name_of_room(), "type": "participation", "state_key": BOB}
    assert Room.from_state([change(JOIN, BOB), other]).participation(BOB) is JOIN
