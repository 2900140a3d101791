"""The policy envelope: JSON and bytes, there and back; all faults at once; rooms that start with one."""

import json
from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fsm import Domain, EventError, JoinRule, Room, Visibility
from fsm.errors import DecodeError
from fsm.mimi.envelope import ENVELOPE, MOST_FAULTS, Envelope, EnvelopeError, schema
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.mimi.roles import ORDER_LIMIT, Assignment, events, roles
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
    LEAVE,
    ROOM_ID,
    change,
    create,
    drop_at,
    error_of,
    inside,
    is_one_line,
    join_rule,
    label,
    message,
    name_of_room,
    role,
    role_map,
    room,
    set_at,
    visibility,
)
from tests.mimi.histories import DEFINITIONS, MAPS, USERS, histories

Path = tuple[str | int, ...]

MODERATION: JSON = {"invite": True, "kick": True, "events": {"m.room.name": True, "m.poll": False}, "roles": ["guest"]}

FULL: JSON = {
    "policy": "mimi",
    "join_rule": "knock",
    "visibility": "world",
    "roles": {"mod": MODERATION, "mute": {"sendMessages": False}},
    "assignments": [
        {"role_id": "mod", "order": 50, "user_ids": [BOB, CAROL]},
        {"role_id": "mute", "order": 10, "user_ids": []},
    ],
}

VALUE = Envelope(
    "mimi",
    JoinRule.KNOCK,
    Visibility.WORLD,
    {
        "mod": {
            ("invite", ""): True,
            ("kick", ""): True,
            events("m.room.name"): True,
            events("m.poll"): False,
            roles("guest"): True,
        },
        "mute": {("sendMessages", ""): False},
    },
    (Assignment("mod", 50, frozenset({BOB, CAROL})), Assignment("mute", 10, frozenset())),
)

VALIDATOR = Draft202012Validator(schema())


# There and back.


def test_json_and_value() -> None:
    assert Envelope.from_json(FULL) == VALUE
    assert VALUE.as_json() == FULL


def test_what_is_left_out_is_as_in_a_new_room() -> None:
    least = Envelope.from_json({"policy": "mimi"})
    assert least == Envelope("mimi") == room().envelope()
    assert least.as_json() == {
        "policy": "mimi",
        "join_rule": "invite",
        "visibility": "shared",
        "roles": {},
        "assignments": [],
    }


def test_the_bytes() -> None:
    small: JSON = {
        "policy": "mimi",
        "join_rule": "public",
        "visibility": "world",
        "roles": {"m": {"kick": True, "events": {"t": False}, "roles": ["g"], "sendMessages": True}},
        "assignments": [{"role_id": "m", "order": 258, "user_ids": ["@a"]}],
    }
    # fmt: off
    expected = bytes.fromhex(
        "04 6d696d69"              # policy: mimi
        "03" "04"                  # public, world
        "10"                       # roles: 16 bytes
          "01 6d" "0d"             #   m, which sets 13 bytes of permissions
            "02 01"                #     kick: true
            "07 01"                #     sendMessages: true
            "05 03" "01 74" "00"   #     events, 3 bytes: t: false
            "06 02" "01 67"        #     roles, 2 bytes: g
        "0a"                       # assignments: 10 bytes
          "01 6d" "03" "02 4061" "00000102"  # m, 3 bytes of users, order 258
    )
    # fmt: on
    envelope = Envelope.from_json(small)
    assert envelope.as_bytes() == expected
    assert Envelope.from_bytes(expected) == envelope


permissions = st.fixed_dictionaries(
    {},
    optional={
        **dict.fromkeys(("invite", "kick", "ban", "redact", "sendMessages"), st.booleans()),
        "events": st.dictionaries(st.text(min_size=1, max_size=5), st.booleans(), max_size=3),
        "roles": st.lists(st.text(max_size=5), max_size=3),
    },
)
assignments = st.lists(
    st.fixed_dictionaries(
        {
            "role_id": st.text(min_size=1, max_size=5),
            "order": st.integers(0, 9) | st.integers(0, ORDER_LIMIT - 1),
            "user_ids": st.lists(st.text(min_size=1, max_size=5), max_size=3),
        }
    ),
    max_size=4,
)
documents = st.fixed_dictionaries(
    {"policy": st.sampled_from(["mimi", "mimi-00", "my.own"])},
    optional={
        "join_rule": st.sampled_from(["invite", "knock", "public"]),
        "visibility": st.sampled_from(list(Visibility)).map(str),
        "roles": st.dictionaries(st.text(min_size=1, max_size=5), permissions, max_size=3),
        "assignments": assignments,
    },
)


def is_distinct(document: JSON) -> bool:
    """Whether ids and orders are distinct, which no schema can say."""
    entries = document.get("assignments", [])
    return all(len({entry[key] for entry in entries}) == len(entries) for key in ("role_id", "order"))


envelopes = documents.filter(is_distinct).map(Envelope.from_json)


@given(envelope=envelopes)
def test_every_envelope_comes_back(envelope: Envelope) -> None:
    written = json.loads(json.dumps(envelope.as_json()))
    VALIDATOR.validate(written)
    assert Envelope.from_json(written) == envelope
    assert Envelope.from_bytes(envelope.as_bytes()) == envelope


@given(envelope=envelopes, seed=st.integers())
def test_equal_envelopes_are_written_alike(envelope: Envelope, seed: int) -> None:
    shuffled = Envelope.from_json(_shuffled(envelope.as_json(), Random(seed)))  # noqa: S311 - no secret
    assert shuffled == envelope
    assert json.dumps(shuffled.as_json()) == json.dumps(envelope.as_json())
    assert shuffled.as_bytes() == envelope.as_bytes()


def _shuffled(value: Any, random: Random) -> Any:
    """The same with the members of every object in another order."""
    if isinstance(value, dict):
        return {key: _shuffled(value[key], random) for key in random.sample(list(value), len(value))}
    return [_shuffled(each, random) for each in value] if isinstance(value, list) else value


def test_an_envelope_cannot_be_changed() -> None:
    mine = {"mod": {("kick", ""): True}}
    envelope = Envelope("mimi", roles=mine)
    mine["mod"]["ban", ""] = True
    mine["spy"] = {}
    assert envelope.as_json()["roles"] == {"mod": {"kick": True}}
    with pytest.raises(AttributeError):
        envelope.policy = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        envelope.roles["spy"] = {}  # type: ignore[index]
    with pytest.raises(TypeError):
        envelope.roles["mod"]["ban", ""] = True  # type: ignore[index]


def test_a_text_without_bytes() -> None:
    with pytest.raises(EventError) as caught:
        Envelope("mimi", roles={"\ud800": {}}).as_bytes()
    assert caught.value.field == "roles"


# Faults: where in a full envelope, what stands there instead, and the field and the start of the fault.
LONG = "x" * 65_536
# fmt: off
FAULTS: list[tuple[Path, Any, str, str]] = [
    (("policy",),                            7,             "policy",                       "must be a string, not a number"),
    (("policy",),                            "",            "policy",                       "must not be empty"),
    (("policy",),                            LONG,          "policy",                       "is 65536 characters long"),
    (("join_rule",),                         "open",        "join_rule",                    "`open` is not one of invite, knock, public"),
    (("join_rule",),                         "restricted",  "join_rule",                    "`restricted` is not one of"),
    (("join_rule",),                         None,          "join_rule",                    "must be a string, not null"),
    (("visibility",),                        "nobody",      "visibility",                   "`nobody` is not one of invited, joined"),
    (("visibility",),                        [],            "visibility",                   "must be a string, not an array"),
    (("roles",),                             [],            "roles",                        "must be an object, not an array"),
    (("roles", ""),                          {},            "roles.",                       "must not be empty"),
    (("roles", LONG),                        {},            f"roles.{'x' * 60}…",           "is 65536 characters long"),
    (("roles", "mod"),                       True,          "roles.mod",                    "must be an object, not true or false"),
    (("roles", "mod", "kick"),               1,             "roles.mod.kick",               "must be true or false, not a number"),
    (("roles", "mod", "add"),                False,         "roles.mod.add",                "contradicts its other name, `invite`"),
    (("roles", "mod", "fly"),                True,          "roles.mod",                    "there is no permission `fly`"),
    (("roles", "mod", "events"),             [],            "roles.mod.events",             "must be an object, not an array"),
    (("roles", "mod", "events", ""),         True,          "roles.mod.events",             "must not be empty"),
    (("roles", "mod", "events", "m.poll"),   "no",          "roles.mod.events.m.poll",      "must be true or false, not a string"),
    (("roles", "mod", "roles"),              "guest",       "roles.mod.roles",              "must be an array, not a string"),
    (("roles", "mod", "roles", 0),           None,          "roles.mod.roles[0]",           "must be a string, not null"),
    (("assignments",),                       {},            "assignments",                  "must be an array, not an object"),
    (("assignments", 1),                     "mute",        "assignments[1]",               "must be an object, not a string"),
    (("assignments", 1, "role_id"),          "",            "assignments[1].role_id",       "must not be empty"),
    (("assignments", 1, "role_id"),          "mod",         "assignments[1].role_id",       "`mod` is there already"),
    (("assignments", 1, "order"),            50,            "assignments[1].order",         "`50` is there already"),
    (("assignments", 1, "order"),            50.0,          "assignments[1].order",         "must be a whole number, not a number"),
    (("assignments", 1, "order"),            True,          "assignments[1].order",         "must be a whole number, not true or false"),
    (("assignments", 1, "order"),            -1,            "assignments[1].order",         "must be from 0 to 4294967295"),
    (("assignments", 1, "order"),            2**32,         "assignments[1].order",         "must be from 0 to 4294967295"),
    (("assignments", 1, "order"),            10**4000,      "assignments[1].order",         "must be from 0 to 4294967295"),
    (("assignments", 0, "user_ids"),         BOB,           "assignments[0].user_ids",      "must be an array, not a string"),
    (("assignments", 0, "user_ids", 1),      "",            "assignments[0].user_ids[1]",   "must not be empty"),
    (("joinrule",),                          "public",      "",                             "there is no `joinrule` in an envelope"),
    (("\nroles\x1b[2J",),                    {},            "",                             "there is no `\\nroles\\x1b[2J` in an envelope"),
]
MISSING: list[tuple[Path, str]] = [
    (("policy",),                    "policy"),
    (("assignments", 0, "role_id"),  "assignments[0].role_id"),
    (("assignments", 0, "order"),    "assignments[0].order"),
    (("assignments", 0, "user_ids"), "assignments[0].user_ids"),
]
# fmt: on
NAMES = [f"{field[:30]}: {problem[:30]}" for _, _, field, problem in FAULTS]


def faults_of(value: object) -> tuple[EventError, ...]:
    with pytest.raises(EnvelopeError) as caught:
        Envelope.from_json(value)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 5000
    return caught.value.faults


@pytest.mark.parametrize(("path", "value", "field", "problem"), FAULTS, ids=NAMES)
def test_a_fault_is_named(path: Path, value: Any, field: str, problem: str) -> None:
    (fault,) = faults_of(set_at(FULL, path, value))
    assert fault.field == field
    assert fault.problem.startswith(problem)
    assert is_one_line(str(fault))


@pytest.mark.parametrize(("path", "field"), MISSING)
def test_what_is_missing_is_named(path: Path, field: str) -> None:
    (fault,) = faults_of(drop_at(FULL, path))
    assert (fault.field, fault.problem) == (field, "is missing")


def test_a_single_fault_is_the_error() -> None:
    with pytest.raises(EnvelopeError) as caught:
        Envelope.from_json(set_at(FULL, ("join_rule",), "open"))
    assert caught.value.field == "join_rule"
    assert str(caught.value) == "`join_rule`: `open` is not one of invite, knock, public"


def test_all_faults_are_listed_at_once() -> None:
    value: JSON = {
        "visibility": "all",
        "colour": "red",
        "roles": {
            "a": {"kick": 1, "fly": True, "events": {"x": 1, "y": None, "z": True}, "roles": [1, "b", 2]},
            "b": 5,
        },
        "assignments": [
            {"role_id": "a", "order": 1, "user_ids": [BOB, 3, ""]},
            {"role_id": "a", "order": 1, "user_ids": [BOB]},
            {"role_id": "", "order": -1, "user_ids": "all"},
            {"role_id": "", "order": -1},
            [],
        ],
        "join_rule": 7,
    }
    faults = faults_of(value)
    assert [fault.field for fault in faults] == [
        "policy",
        "visibility",
        "",
        "roles.a.kick",
        "roles.a",
        "roles.a.events.x",
        "roles.a.events.y",
        "roles.a.roles[0]",
        "roles.a.roles[2]",
        "roles.b",
        "assignments[0].user_ids[1]",
        "assignments[0].user_ids[2]",
        "assignments[2].role_id",
        "assignments[2].order",
        "assignments[2].user_ids",
        "assignments[3].role_id",
        "assignments[3].order",
        "assignments[3].user_ids",
        "assignments[4]",
        "join_rule",
        "assignments[1].role_id",
        "assignments[1].order",
    ]
    error = EnvelopeError(faults)
    assert error.field == ""
    assert str(error).startswith("22 faults: `policy`: is missing; `visibility`: `all` is not one of invited, joined, ")
    assert str(error).endswith("; `roles.b`: must be an object, not a number; and 12 more")


@pytest.mark.parametrize("value", [None, True, 7, "mimi", [], [("policy", "mimi")]], ids=repr)
def test_what_is_no_object_is_no_envelope(value: object) -> None:
    (fault,) = faults_of(value)
    assert fault.field == ""
    assert fault.problem.startswith("an envelope must be an object, not ")


# fmt: off
FLOODS: list[tuple[str, JSON]] = [
    ("entries",     {"policy": "mimi", "assignments": [0] * 100_000}),
    ("users",       {"policy": "mimi", "assignments": [{"role_id": "a", "order": 1, "user_ids": [0] * 100_000}]}),
    ("repeats",     {"policy": "mimi", "assignments": [{"role_id": "a", "order": 1, "user_ids": []}] * 100_000}),
    ("permissions", {"policy": "mimi", "roles": {"a": {f"p{n}": True for n in range(10_000)}}}),
    ("parts",       {"policy": "mimi", **{f"p{n}": True for n in range(10_000)}}),
]
# fmt: on


@pytest.mark.parametrize("flood", [flood for _, flood in FLOODS], ids=[name for name, _ in FLOODS])
def test_of_a_flood_of_faults_the_first_are_listed(flood: JSON) -> None:
    assert len(faults_of(flood)) == MOST_FAULTS


def test_deep_nesting_is_not_entered() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    for path in (
        ("roles",),
        ("roles", "mod"),
        ("assignments",),
        ("assignments", 0),
        ("x",),
        ("assignments", 0, "order"),
    ):
        assert len(faults_of({**FULL, path[0]: deep} if len(path) == 1 else _with(path, deep))) == 1


def _with(path: Path, value: Any) -> JSON:
    """A full envelope with a value at a place, which is not copied."""
    document = set_at(FULL, path, None)
    holder: Any = document
    for key in path[:-1]:
        holder = holder[key]
    holder[path[-1]] = value
    return document


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=()))
anything = st.recursive(scalars, lambda part: st.lists(part) | st.dictionaries(st.text(), part), max_leaves=8)


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every part of a document."""
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from paths(part, (*path, key))


@st.composite
def accidents(draw: st.DrawFn) -> Any:
    """A document in which some places have been lost, or hold something else."""
    document = draw(documents)
    for _ in range(draw(st.integers(0, 3))):
        path = draw(st.sampled_from(list(paths(document))))
        if not path:
            return draw(anything)
        document = drop_at(document, path) if draw(st.booleans()) else set_at(document, path, draw(anything))
    return document


@given(value=accidents())
def test_reader_and_schema_agree(value: Any) -> None:
    error = error_of(lambda: Envelope.from_json(value))
    if error is None:
        VALIDATOR.validate(value)
        VALIDATOR.validate(Envelope.from_json(value).as_json())
    else:
        assert type(error) is EnvelopeError
        assert str(error).isprintable()
        # To a schema, 2.0 is a whole number.
        is_float = "must be a whole number, not a number" in str(error)
        assert is_float or not VALIDATOR.is_valid(value) or not is_distinct(value)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    VALIDATOR.validate(FULL)
    assert set(schema()["properties"]) == set(VALUE.as_json())


@pytest.mark.parametrize(("path", "value"), [fault[:2] for fault in FAULTS], ids=NAMES)
def test_the_schema_finds_each_fault(path: Path, value: Any) -> None:
    document = set_at(FULL, path, value)
    is_beyond = value in (50, "mod")  # repeats, and 50.0
    assert VALIDATOR.is_valid(document) is is_beyond


# Bytes that are none.


def read_bytes(data: bytes) -> Envelope | None:
    """The envelope, or None where the bytes end in an error that says so."""
    try:
        return Envelope.from_bytes(data)
    except (DecodeError, EnvelopeError) as error:
        return None if str(error).isprintable() else pytest.fail(repr(error))


@given(envelope=envelopes, data=st.data())
def test_accidents_to_the_bytes(envelope: Envelope, data: st.DataObject) -> None:
    written = bytearray(envelope.as_bytes())
    start = data.draw(st.integers(0, len(written)))
    written[start : start + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    again = read_bytes(bytes(written))
    if again is not None:
        assert Envelope.from_bytes(again.as_bytes()) == again


@given(data=st.binary(max_size=60))
def test_any_bytes(data: bytes) -> None:
    read_bytes(data)


def test_every_cut_is_found() -> None:
    whole = VALUE.as_bytes()
    for end in range(len(whole)):
        with pytest.raises(DecodeError):
            Envelope.from_bytes(whole[:end])
    with pytest.raises(DecodeError):
        Envelope.from_bytes(whole + b"\0")


def test_bytes_of_an_envelope_with_faults() -> None:
    twice = {**FULL, "assignments": [{"role_id": "a", "order": 1, "user_ids": []}] * 2}
    with pytest.raises(EnvelopeError) as caught:
        Envelope.from_bytes(ENVELOPE.encode(twice))
    assert [fault.field for fault in caught.value.faults] == ["assignments[1].role_id", "assignments[1].order"]


# Rooms.


@pytest.mark.parametrize("policy", [MIMI, MIMI_00, MIMI_01], ids=label)
@given(data=st.data())
def test_a_room_has_the_envelope_that_it_starts_with(policy: MimiPolicy, data: st.DataObject) -> None:
    envelope = Envelope.from_json({**data.draw(envelopes).as_json(), "policy": policy.id})
    tea = Room.create(ROOM_ID, ALICE, policy=policy, envelope=envelope)
    assert tea.envelope() == envelope
    assert tea.participations() == {ALICE: JOIN}
    is_anybody_assigned = any(entry.users for entry in envelope.assignments)
    assert tea.actions(ALICE, BOB).keys() >= ({INVITE, BAN} if not is_anybody_assigned else set())


@given(history=histories())
def test_a_room_tells_its_envelope(history: list[JSON]) -> None:
    tea = Room.create(ROOM_ID, ALICE)
    for event in history:
        try:
            tea.send(event)
        except EventError:
            continue
    envelope = tea.envelope()
    assert Envelope.from_json(envelope.as_json()) == envelope
    assert Room.create(ROOM_ID, ALICE, envelope=envelope).envelope() == envelope


@given(
    definitions=st.lists(st.sampled_from(DEFINITIONS), max_size=3),
    entries=st.sampled_from([*MAPS[:9], []]),
    rule=st.sampled_from(["invite", "knock", "public"]),
    view=st.sampled_from(list(Visibility)),
)
def test_an_envelope_does_what_events_do(
    definitions: list[tuple[str, JSON]], entries: list[tuple[str, int, list[str]]], rule: str, view: Visibility
) -> None:
    built = room(join_rule(rule), visibility(view), *(role(*each) for each in definitions), role_map(*entries))
    started = Room.create(ROOM_ID, ALICE, envelope=built.envelope())
    assert inside(started) == inside(built)
    for sender, target in product(USERS, USERS):
        assert started.actions(sender, target) == built.actions(sender, target)


# fmt: off
REIGNS: list[tuple[str, list[JSON], bool]] = [
    ("nothing",            [],                                                                         True),
    ("nobody assigned",    [{"role_id": "mod", "order": 5, "user_ids": []}],                           True),
    ("somebody assigned",  [{"role_id": "mod", "order": 5, "user_ids": [BOB]}],                        False),
    ("an unknown role",    [{"role_id": "spy", "order": 5, "user_ids": [BOB]}],                        False),
]
# fmt: on


@pytest.mark.parametrize(("entries", "reigns"), [case[1:] for case in REIGNS], ids=[case[0] for case in REIGNS])
def test_the_first_assignment_ends_the_reign(entries: list[JSON], reigns: bool) -> None:
    tea = Room.create(ROOM_ID, ALICE, envelope=Envelope.from_json({**FULL, "assignments": entries}))
    assert tea.decide(change(BAN, ALICE, BOB)).allowed is reigns
    assert tea.decide(name_of_room()).allowed is reigns


def test_a_creator_has_the_powers_of_their_roles() -> None:
    entries = [{"role_id": "owner", "order": 100, "user_ids": [ALICE]}]
    tea = Room.create(
        ROOM_ID, ALICE, envelope=Envelope.from_json({**FULL, "roles": {"owner": ALL_POWERS}, "assignments": entries})
    )
    assert tea.send(change(INVITE, ALICE, DAN))
    assert tea.send(role("member", {"invite": True}))
    assert tea.decide(role("spy", {})).refusals[0].failed == ("touched_roles_are_listed",)


def test_settings_of_an_envelope_are_in_force() -> None:
    tea = Room.create(ROOM_ID, ALICE, envelope=Envelope.from_json(set_at(FULL, ("join_rule",), "public")))
    assert tea.decide(change(JOIN, DAN)).transition == "join"
    assert tea.send({**message(ALICE), "event_id": "$1"})
    assert tea.visible("$1", DAN)


@pytest.mark.parametrize("policy", [MIMI_00, MIMI_01], ids=label)
def test_the_envelope_of_another_policy_is_refused(policy: MimiPolicy) -> None:
    with pytest.raises(EventError, match=rf"^`policy`: `mimi` is another policy than `{policy.id}`$"):
        Room.create(ROOM_ID, ALICE, policy=policy, envelope=VALUE)


def test_a_join_rule_that_the_policy_has_not() -> None:
    narrow = MIMI.evolve("mimi", domain=Domain(MIMI.domain.record, {"join_rule": (JoinRule.INVITE,)}))
    for act in (
        lambda: Room.create(ROOM_ID, ALICE, policy=narrow, envelope=Envelope("mimi", JoinRule.PUBLIC)),
        lambda: Room.restore(room(join_rule("public")).snapshot(), policy=narrow),
    ):
        error = error_of(act)
        assert error is not None
        assert error.field.endswith("join_rule")
        assert error.problem == "`public` is no join rule of policy `mimi`"


def test_an_envelope_made_by_hand_is_checked() -> None:
    entry = Assignment("mod", 2**32, frozenset({""}))
    with pytest.raises(EnvelopeError) as caught:
        Room.create(ROOM_ID, ALICE, envelope=Envelope("mimi", JoinRule.PRIVATE, assignments=(entry, entry)))
    assert [fault.field for fault in caught.value.faults] == [
        "join_rule",
        "assignments[0].order",
        "assignments[0].user_ids[0]",
        "assignments[1].order",
        "assignments[1].user_ids[0]",
        "assignments[1].role_id",
    ]


def test_a_room_taken_as_it_stands_tells_what_cannot_be_shared() -> None:
    tea = Room.from_state([create(), role_map(("a", 1, []), ("a", 1, [BOB]))])
    with pytest.raises(EnvelopeError):
        Envelope.from_json(tea.envelope().as_json())
    assert Envelope.as_it_stands(tea.envelope().as_json()) == tea.envelope()


def test_the_envelope_of_a_room_stays_as_it_is() -> None:
    tea = Room.create(ROOM_ID, ALICE, envelope=Envelope("mimi", roles={"mod": {("kick", ""): True}}))
    before = tea.envelope()
    assert tea.send(role("mod", {"ban": True}))
    assert tea.send(join_rule("public"))
    assert before.as_json()["roles"] == {"mod": {"kick": True}}
    assert tea.envelope().as_json()["roles"] == {"mod": {"ban": True}}
    assert tea.send(change(LEAVE, ALICE))
