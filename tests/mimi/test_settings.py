"""What a room is set to: which event changes what, and what guards are told about it."""

from typing import Any

import pytest

from fsm import MIMI, EventError, JoinRule, Room, Visibility
from fsm.event import Event, read_event
from fsm.mimi.events import kind_of, understood
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.roles import NOBODY, Power, Roles
from fsm.mimi.settings import Settings
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BAN,
    BOB,
    CAROL,
    DAN,
    JOIN,
    JSON,
    LEAVE,
    Given,
    change,
    create,
    inside,
    join_rule,
    joined,
    label,
    message,
    name_of_room,
    role,
    role_map,
    room,
    visibility,
)

NEW = Settings(Roles(Power.GRANTED))


def read(event: JSON) -> Event:
    """The event as it is read, with what its content says."""
    return understood(read_event(event), MIMI.participation_events)


def redaction(sender: str, redacts: str) -> JSON:
    return {"type": "m.room.redaction", "sender": sender, "content": {"redacts": redacts}}


def test_a_new_room_is_closed_and_shares_its_past() -> None:
    assert (NEW.creator, NEW.join_rule, NEW.visibility) == (None, JoinRule.INVITE, Visibility.SHARED)
    with pytest.raises(AttributeError):
        NEW.creator = ALICE  # type: ignore[misc]


# An event, and the one setting that it changes.
# fmt: off
CHANGES: list[tuple[JSON, str, Any]] = [
    (create(BOB),            "creator",    BOB),
    (join_rule("invite"),    "join_rule",  JoinRule.INVITE),
    (join_rule("knock"),     "join_rule",  JoinRule.KNOCK),
    (join_rule("public"),    "join_rule",  JoinRule.PUBLIC),
    (visibility("invited"),  "visibility", Visibility.INVITED),
    (visibility("joined"),   "visibility", Visibility.JOINED),
    (visibility("shared"),   "visibility", Visibility.SHARED),
    (visibility("world"),    "visibility", Visibility.WORLD),
]
UNCHANGED: list[JSON] = [message(ALICE), name_of_room(), change("join", ALICE), redaction(ALICE, "$1")]
# fmt: on


@pytest.mark.parametrize(("event", "setting", "value"), CHANGES, ids=label)
def test_an_event_changes_one_setting(event: JSON, setting: str, value: Any) -> None:
    after = NEW.after(read(event))
    assert getattr(after, setting) is value
    untouched = {"creator", "join_rule", "visibility"} - {setting}
    assert {name: getattr(after, name) for name in untouched} == {name: getattr(NEW, name) for name in untouched}


@pytest.mark.parametrize("event", UNCHANGED, ids=label)
def test_other_events_change_no_setting(event: JSON) -> None:
    assert NEW.after(read(event)) is NEW


def test_a_role_is_defined_by_its_state_key() -> None:
    after = NEW.after(read(role("host", {"kick": True}))).after(read(role("guest", {})))
    assert {role_id: dict(permissions) for role_id, permissions in after.roles.defined.items()} == {
        "host": {("kick", ""): True},
        "guest": {},
    }
    assert NEW.roles.defined == {}


# Which rules an event falls under is a matter of its type and of having a state key.
# fmt: off
KINDS: list[tuple[JSON, Kind]] = [
    (create(),                                     Kind.CREATE),
    (role("host", {}),                             Kind.ROLE),
    (role_map(),                                   Kind.ROLE_MAP),
    (join_rule("public"),                          Kind.STATE),
    (visibility("world"),                          Kind.STATE),
    (name_of_room(),                               Kind.STATE),
    ({**message(BOB), "state_key": ""},            Kind.STATE),
    ({**redaction(BOB, "$1"), "state_key": ""},    Kind.STATE),
    (redaction(BOB, "$1"),                         Kind.REDACTION),
    (message(BOB),                                 Kind.MESSAGE),
    (message(BOB, "m.room.name"),                  Kind.MESSAGE),
]
# fmt: on


@pytest.mark.parametrize(("event", "kind"), KINDS, ids=label)
def test_kinds_of_events(event: JSON, kind: Kind) -> None:
    assert kind_of(read_event(event)) is kind


# fmt: off
KEYS: list[tuple[JSON, str]] = [
    ({**create(), "state_key": "x"},               "must be empty for `m.room.create`"),
    ({**role_map(), "state_key": "x"},             "must be empty for `m.room.role_map`"),
    ({**join_rule("public"), "state_key": ALICE},  "must be empty for `m.room.join_rules`"),
    ({**visibility("world"), "state_key": "x"},    "must be empty for `m.room.history_visibility`"),
    (role("", {}),                                 "must not be empty: it is the role's id"),
]
# fmt: on


@pytest.mark.parametrize(("event", "problem"), KEYS)
def test_state_keys_are_empty_but_for_roles(event: JSON, problem: str) -> None:
    with pytest.raises(EventError) as caught:
        NEW.after(read(event))
    assert (caught.value.field, caught.value.problem) == ("state_key", problem)


@pytest.mark.parametrize("event", [create(), role("host", {}), role_map(), join_rule("public"), visibility("world")])
def test_settings_need_a_state_key(event: JSON) -> None:
    keyless = {key: value for key, value in event.items() if key != "state_key"}
    with pytest.raises(EventError) as caught:
        NEW.after(read(keyless))
    assert (caught.value.field, caught.value.problem) == ("state_key", "is missing")


# What guards are told. Bob hosts, Carol is muted, Alice has no role any more.

HOST: JSON = {"redact": True, "roles": ["host", "mute"], "events": {"m.room.name": True, "m.room.role_map": True}}
MUTE: JSON = {"sendMessages": False, "events": {"m.sticker": False}}


@pytest.fixture
def hosted() -> Room:
    return room(
        *joined(BOB, CAROL), role("host", HOST), role("mute", MUTE), role_map(("host", 9, [BOB]), ("mute", 1, [CAROL]))
    )


PLAIN: Given = {
    "is_created": True,
    "is_message_denied": False,
    "is_type_denied": False,
    "is_type_granted": False,
    "is_own_event": False,
    "may_redact": False,
}
# fmt: off
TOLD: list[tuple[JSON, Given]] = [
    (message(ALICE),                  {}),
    (message(BOB),                    {"may_redact": True}),
    (message(CAROL),                  {"is_message_denied": True}),
    (message(CAROL, "m.sticker"),     {"is_message_denied": True, "is_type_denied": True}),
    (name_of_room(BOB),               {"may_redact": True, "is_type_granted": True}),
    (name_of_room(CAROL),             {"is_message_denied": True}),
    (role_map(("host", 9, [BOB]), ("mute", 1, [CAROL]), sender=BOB), {"may_redact": True, "is_type_granted": True}),
    (role_map(("host", 9, [BOB]), ("host", 9, [])), {
        "are_role_ids_distinct": False, "are_role_orders_distinct": False,
        "is_every_role_listed": False, "is_every_role_below": False}),
    (role_map(("host", 9, [ALICE, BOB]), ("mute", 1, [CAROL])), {
        "is_every_role_listed": False, "is_every_role_below": False, "is_every_grant_held": False}),
    (role_map(("mute", 1, [CAROL])), {
        "is_every_role_listed": False, "is_every_role_below": False, "is_administrator_left": False}),
]
# fmt: on


@pytest.mark.parametrize(("event", "given"), TOLD, ids=label)
def test_guards_are_told(hosted: Room, event: JSON, given: Given) -> None:
    settings, asked = hosted._settings, read(event)
    for stands in (JOIN, LEAVE, BAN):
        for is_own in (False, True):
            standing = hosted.standing(asked.sender)
            told = settings.facts(asked, stands, standing, settings.after(asked), is_own_event=is_own)
            assert EventFacts.of(told) == EventFacts(**{**PLAIN, "sender": stands, **given, "is_own_event": is_own})


def test_a_room_without_a_creation_is_not_created() -> None:
    event = read(create())
    after = NEW.after(event)
    assert not EventFacts.of(NEW.facts(event, LEAVE, NOBODY, after, is_own_event=False)).is_created
    assert EventFacts.of(after.facts(event, JOIN, NOBODY, after, is_own_event=False)).is_created


# The same, through a room. Each line: the event, and the guards of its one permit that fail.
# fmt: off
SENT: list[tuple[JSON, tuple[str, ...]]] = [
    (message(ALICE),                    ()),
    (message(BOB, "m.sticker"),         ()),
    (message(CAROL),                    ("message_is_not_denied",)),
    (message(CAROL, "m.sticker"),       ("message_is_not_denied", "type_is_not_denied")),
    (message(DAN),         ("sender_is_joined",)),
    (name_of_room(BOB),                 ()),
    (name_of_room(ALICE),               ("type_is_granted",)),
    (name_of_room(DAN),    ("sender_is_joined", "type_is_granted")),
    (join_rule("public", BOB),          ("type_is_granted",)),
    (visibility("world", BOB),          ("type_is_granted",)),
    (create(BOB),                       ("room_is_new",)),
    (create(ALICE),                     ("room_is_new",)),
]
# fmt: on


@pytest.mark.parametrize(("event", "failed"), SENT, ids=label)
def test_a_room_judges_other_events(hosted: Room, event: JSON, failed: tuple[str, ...]) -> None:
    before = inside(hosted)
    decision = hosted.send(event)
    assert [refusal.failed for refusal in decision.refusals] == ([failed] if failed else [])
    assert decision.allowed is (not failed)
    assert (decision.transition, decision.before, decision.after) == (None, None, None)
    assert inside(hosted) == before


def test_a_setting_applies_from_the_next_event_on() -> None:
    tea = room(role("owner", ALL_POWERS), role_map(("owner", 9, [ALICE])))
    assert not tea.decide(change("join", BOB))
    assert tea.send(join_rule("public"))
    assert tea.send(change("join", BOB)).transition == "join"
    assert tea.send(join_rule("knock"))
    assert not tea.decide(change("join", CAROL))
    assert tea.send(change("knock", CAROL)).transition == "knock"
    assert tea.participation(BOB) is JOIN, "who is in stays in"


def test_an_event_is_what_its_fields_say() -> None:
    assert kind_of(Event("m.room.create", ALICE, {})) is Kind.MESSAGE
