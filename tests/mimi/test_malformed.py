"""Events that cannot be read: an error with the exact field, and a room that is as it was."""

from collections.abc import Iterator
from typing import Any

import pytest

from fsm import EventError, Room
from tests.builders import (
    ALICE,
    ALL_POWERS,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JSON,
    change,
    create,
    drop_at,
    error_of,
    inside,
    is_one_line,
    join_rule,
    joined,
    message,
    role,
    role_map,
    room,
    set_at,
    visibility,
)

Path = tuple[str | int, ...]

# One well-formed event of each type, with every optional field; where each would be allowed.
EVENTS: dict[str, JSON] = {
    "create": create(),
    "m.user": change(BAN, ALICE, BOB),
    "m.room.user": change(INVITE, ALICE, CAROL, type="m.room.user"),
    "role": role("host", {**ALL_POWERS, "sendMessages": True, "add": True}),
    "role_map": role_map(("host", 5, [BOB, CAROL]), ("guest", 0, [])),
    "join_rules": join_rule("public"),
    "visibility": visibility("world"),
    "redaction": {"type": "m.room.redaction", "sender": BOB, "content": {"redacts": "$1"}},
    "message": message(BOB),
}
FULL = {name: {**event, "event_id": "$2", "room_id": "!room:a.example"} for name, event in EVENTS.items()}
for name in ("m.user", "m.room.user"):
    FULL[name]["content"]["reason"] = "tea"

KINDS: dict[str, list[Any]] = {
    "object": [{}],
    "array": [["x"]],
    "string": ["x"],
    "number": [0, 1, 1.5],
    "bool": [True, False],
    "null": [None],
}


def fields() -> Iterator[tuple[str, Path, str, str]]:
    """Every field of every event that is read: the event, the path, its written form, and the kind that it takes."""
    for name, event in FULL.items():
        for key, value in event.items():
            yield name, (key,), key, "object" if isinstance(value, dict) else "string"
    for name in ("m.user", "m.room.user"):
        yield name, ("content", "participation"), "content.participation", "string"
        yield name, ("content", "reason"), "content.reason", "string"
    yield "role", ("content", "permissions"), "content.permissions", "object"
    for permission in ("invite", "add", "kick", "ban", "redact", "sendMessages"):
        yield "role", ("content", "permissions", permission), f"content.permissions.{permission}", "bool"
    yield "role", ("content", "permissions", "events"), "content.permissions.events", "object"
    for event_type in ("m.room.role", "m.room.name"):
        place: Path = ("content", "permissions", "events", event_type)
        yield "role", place, f"content.permissions.events.{event_type}", "bool"
    yield "role", ("content", "permissions", "roles"), "content.permissions.roles", "array"
    for index in (0, 2):
        yield "role", ("content", "permissions", "roles", index), f"content.permissions.roles[{index}]", "string"
    yield "role_map", ("content", "roles"), "content.roles", "array"
    for index in (0, 1):
        yield "role_map", ("content", "roles", index), f"content.roles[{index}]", "object"
        for key, kind in (("role_id", "string"), ("order", "number"), ("user_ids", "array")):
            yield "role_map", ("content", "roles", index, key), f"content.roles[{index}].{key}", kind
    yield "role_map", ("content", "roles", 0, "user_ids", 1), "content.roles[0].user_ids[1]", "string"
    yield "join_rules", ("content", "rule"), "content.rule", "string"
    yield "visibility", ("content", "visibility"), "content.visibility", "string"
    yield "redaction", ("content", "redacts"), "content.redacts", "string"


def wrong_types() -> Iterator[tuple[str, Path, str, Any]]:
    for name, path, field, right in fields():
        for kind, values in KINDS.items():
            if kind != right:
                yield from ((name, path, field, value) for value in values)


OPTIONAL = {"state_key", "event_id", "room_id", "reason", "invite", "add", "kick", "ban", "redact", "sendMessages"}
OPTIONAL |= {"events", "m.room.role", "m.room.name"}


def missing() -> Iterator[tuple[str, Path, str]]:
    for name, path, field, _ in fields():
        is_optional = path[-1] in OPTIONAL or isinstance(path[-1], int) or field == "content.permissions.roles"
        if not is_optional or (path == ("state_key",)):
            yield name, path, field


@pytest.fixture
def tea() -> Room:
    return room(*joined(BOB), {**message(ALICE), "event_id": "$1"})


def refuses(tea: Room, event: Any, field: str) -> EventError:
    """The event cannot be read, whoever asks, and nothing has happened."""
    before = inside(tea)
    for ask in (tea.decide, tea.send):
        with pytest.raises(EventError) as caught:
            ask(event)
        assert caught.value.field == field
        assert is_one_line(str(caught.value))
        assert str(caught.value).encode()
    assert inside(tea) == before
    return caught.value


@pytest.mark.parametrize("name", FULL)
def test_the_events_are_well_formed(tea: Room, name: str) -> None:
    assert error_of(lambda: tea.decide(FULL[name])) is None


@pytest.mark.parametrize(
    ("name", "path", "field", "value"),
    [pytest.param(*case, id=f"{case[0]}-{case[2]}-{str(case[3])[:12]!r}") for case in wrong_types()],
)
def test_a_wrong_type_anywhere_is_named(tea: Room, name: str, path: Path, field: str, value: Any) -> None:
    refuses(tea, set_at(FULL[name], path, value), field)


@pytest.mark.parametrize(
    ("name", "path", "field"), [pytest.param(*case, id=f"{case[0]}-{case[2]}") for case in missing()]
)
def test_a_missing_field_is_named(tea: Room, name: str, path: Path, field: str) -> None:
    assert refuses(tea, drop_at(FULL[name], path), field)


LONG = "x" * 1_000_000

# An event, with one place changed; and the field that is named.
# fmt: off
CASES: list[tuple[str, Path, Any, str]] = [
    # Words that nobody knows. A word is written exactly so.
    ("m.user",      ("content", "participation"),  "dance",            "content.participation"),
    ("m.user",      ("content", "participation"),  "",                 "content.participation"),
    ("m.user",      ("content", "participation"),  "BAN",              "content.participation"),
    ("m.user",      ("content", "participation"),  "ban ",             "content.participation"),
    ("m.user",      ("content", "participation"),  "to_join",          "content.participation"),
    ("m.user",      ("content", "participation"),  LONG,               "content.participation"),
    ("join_rules",  ("content", "rule"),           "open",             "content.rule"),
    ("join_rules",  ("content", "rule"),           "",                 "content.rule"),
    ("join_rules",  ("content", "rule"),           "Public",           "content.rule"),
    ("join_rules",  ("content", "rule"),           "restricted",       "content.rule"),
    ("join_rules",  ("content", "rule"),           "private",          "content.rule"),
    ("visibility",  ("content", "visibility"),     "public",           "content.visibility"),
    ("visibility",  ("content", "visibility"),     "",                 "content.visibility"),
    ("role",        ("content", "permissions"),    {"fly": True},      "content.permissions"),
    ("role",        ("content", "permissions"),    {"": True},         "content.permissions"),
    ("role",        ("content", "permissions"),    {"Kick": True},     "content.permissions"),
    ("role",        ("content", "permissions"),    {"kick\n": True},   "content.permissions"),
    ("role",        ("content", "permissions"),    {LONG: True},       "content.permissions"),
    # Two names of one permission that say different things.
    ("role",        ("content", "permissions"),    {"invite": True, "add": False}, "content.permissions.add"),
    ("role",        ("content", "permissions"),    {"add": True, "invite": False}, "content.permissions.invite"),
    # Names that nobody can have, and state keys that fit no event of this type.
    ("m.user",      ("state_key",),                "",                 "state_key"),
    ("m.user",      ("state_key",),                LONG,               "state_key"),
    ("m.user",      ("sender",),                   "",                 "sender"),
    ("m.user",      ("sender",),                   LONG,               "sender"),
    ("m.user",      ("event_id",),                 "",                 "event_id"),
    ("m.user",      ("event_id",),                 LONG,               "event_id"),
    ("m.user",      ("room_id",),                  "",                 "room_id"),
    ("m.user",      ("room_id",),                  LONG,               "room_id"),
    ("m.user",      ("room_id",),                  "!other:x",         "room_id"),
    ("create",      ("state_key",),                "x",                "state_key"),
    ("role",        ("state_key",),                "",                 "state_key"),
    ("role_map",    ("state_key",),                "host",             "state_key"),
    ("join_rules",  ("state_key",),                BOB,                "state_key"),
    ("visibility",  ("state_key",),                "x",                "state_key"),
    ("message",     ("type",),                     "",                 "type"),
    ("message",     ("type",),                     LONG,               "type"),
    ("message",     ("state_key",),                LONG,               "state_key"),
    ("redaction",   ("content", "redacts"),        "",                 "content.redacts"),
    ("role",        ("content", "permissions", "events"), {"": True},   "content.permissions.events"),
    ("role",        ("content", "permissions", "events"), {LONG: True}, "content.permissions.events"),
    ("role",        ("content", "permissions", "roles"), [LONG],       "content.permissions.roles[0]"),
    ("role_map",    ("content", "roles", 1, "role_id"), "",            "content.roles[1].role_id"),
    ("role_map",    ("content", "roles", 1, "role_id"), LONG,          "content.roles[1].role_id"),
    ("role_map",    ("content", "roles", 0, "user_ids", 1), "",        "content.roles[0].user_ids[1]"),
    ("role_map",    ("content", "roles", 0, "user_ids", 1), LONG,      "content.roles[0].user_ids[1]"),
    # Numbers are whole, and fit into 32 bits.
    ("role_map",    ("content", "roles", 0, "order"), -1,              "content.roles[0].order"),
    ("role_map",    ("content", "roles", 0, "order"), 2**32,           "content.roles[0].order"),
    ("role_map",    ("content", "roles", 0, "order"), 10**5000,        "content.roles[0].order"),
    ("role_map",    ("content", "roles", 0, "order"), 1.0,             "content.roles[0].order"),
    ("role_map",    ("content", "roles", 0, "order"), float("nan"),    "content.roles[0].order"),
    # Reasons are for people.
    ("m.user",      ("content", "reason"),         LONG,               "content.reason"),
    ("m.user",      ("content", "reason"),         "x" * 65_536,       "content.reason"),
]
# fmt: on


@pytest.mark.parametrize(
    ("name", "path", "value", "field"),
    [pytest.param(*case, id=f"{case[0]}-{case[3]}-{index}") for index, case in enumerate(CASES)],
)
def test_a_value_that_nobody_understands_is_named(tea: Room, name: str, path: Path, value: Any, field: str) -> None:
    refuses(tea, set_at(FULL[name], path, value), field)
    # The same of somebody of whom the room has never heard.
    if name == "m.user" and path not in (("sender",), ("state_key",)):
        stranger = {**set_at(FULL[name], path, value), "sender": "@eve:x", "state_key": "@mallory:x"}
        refuses(tea, stranger, field)


# fmt: off
NO_EVENTS: list[Any] = [None, True, 0, 1.5, "m.user", [], [change(BAN, ALICE, BOB)], (), b"{}", object()]
# fmt: on


@pytest.mark.parametrize("value", NO_EVENTS, ids=lambda value: type(value).__name__)
def test_what_is_no_object_is_no_event(tea: Room, value: Any) -> None:
    assert "must be an object" in refuses(tea, value, "").problem


def test_a_room_without_a_name_reads_no_less_carefully() -> None:
    nameless = Room.from_state([create(), change("join", BOB)])
    for value in (None, 7, "", LONG):
        refuses(nameless, {**change(BAN, ALICE, BOB), "room_id": value}, "room_id")


def test_the_keys_of_an_object_are_strings(tea: Room) -> None:
    for permissions in ({1: True}, {None: True}, {("kick",): True}):
        refuses(tea, set_at(FULL["role"], ("content", "permissions"), permissions), "content.permissions")
    refuses(tea, set_at(FULL["role"], ("content", "permissions", "events"), {1: True}), "content.permissions.events")


def test_the_longest_reason_is_read(tea: Room) -> None:
    assert tea.decide(set_at(FULL["m.user"], ("content", "reason"), "x" * 65_535))
    assert tea.decide(set_at(FULL["m.user"], ("content", "reason"), ""))
    assert tea.decide(set_at(FULL["m.user"], ("content", "reason"), "\ufffd\n\x00"))


def test_orders_reach_from_nought_to_the_largest(tea: Room) -> None:
    for order in (0, 2**32 - 1):
        assert tea.decide(role_map(("host", order, [BOB])))


def nested(depth: int) -> Any:
    value: Any = []
    for _ in range(depth):
        value = [value]
    return value


DEEP = nested(100_000)


@pytest.mark.parametrize(
    ("name", "path", "field"), [pytest.param(*case[:3], id=f"{case[0]}-{case[2]}") for case in fields()]
)
def test_deep_nesting_is_no_trouble_anywhere(tea: Room, name: str, path: Path, field: str) -> None:
    deep = set_at(FULL[name], path, DEEP)
    found = error_of(lambda: tea.decide(deep))
    assert found is not None
    assert found.field.startswith(field)
    assert is_one_line(str(found))


def test_what_nobody_reads_may_be_anything(tea: Room) -> None:
    assert tea.send({**message(BOB), "content": {"body": DEEP}})
    assert tea.decide({**change(BAN, ALICE, BOB), "unsigned": DEEP})
    assert tea.decide({**join_rule("public"), "content": {"rule": "public", "note": DEEP}})


def test_repeated_roles_are_rejected_and_not_misread(tea: Room) -> None:
    # The draft: "If either of these checks fail [...], the event is rejected."
    # fmt: off
    cases: list[tuple[JSON, tuple[str, ...]]] = [
        (role_map(("a", 1, []), ("a", 2, [])), ("role_ids_are_distinct",)),
        (role_map(("a", 1, []), ("b", 1, [])), ("role_orders_are_distinct",)),
        (role_map(("a", 1, []), ("a", 1, [])), ("role_ids_are_distinct", "role_orders_are_distinct")),
    ]
    # fmt: on
    for event, failed in cases:
        before = inside(tea)
        decision = tea.send(event)
        assert [refusal.failed for refusal in decision.refusals] == [failed]
        assert inside(tea) == before
