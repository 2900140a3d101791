"""Faults of a policy envelope: all of them at once, and the schema finds the same."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from fsm import EventError
from fsm.mimi.envelope import MOST_FAULTS, Envelope, EnvelopeError, schema
from tests.builders import (
    BOB,
    JSON,
    drop_at,
    error_of,
    is_one_line,
    set_at,
)
from tests.mimi.envelopes import FULL, VALIDATOR, VALUE, Path, documents, is_distinct

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
    ("entries",     {"policy": "mimi", "assignments": [0] * 10_000}),
    ("users",       {"policy": "mimi", "assignments": [{"role_id": "a", "order": 1, "user_ids": [0] * 100_000}]}),
    ("repeats",     {"policy": "mimi", "assignments": [{"role_id": "a", "order": 1, "user_ids": []}] * 10_000}),
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
