"""The wire format of rooms with roles: golden bytes, everything there and back, and bytes that are none."""

import json
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsm import DecodeError, EventError
from fsm.presentation import Boolean, Enumerated, Form, Number, Optional, Selection, Struct, Text, Vector
from fsm.room_policy.capabilities import NAMES
from fsm.room_policy.codec import STRUCTS, decode, encode
from fsm.room_policy.codec.structs import Capability
from fsm.room_policy.policies import EXAMPLES
from tests.cli.runner import fsm

GOLDEN: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "tls-golden.json").read_text(encoding="utf-8"))
EXAMPLE_HASHES = GOLDEN.pop("examples")

few = settings(derandomize=True, max_examples=20, deadline=None)


@pytest.mark.parametrize("struct", GOLDEN)
def test_golden_bytes(struct: str) -> None:
    value, data = GOLDEN[struct]["json"], bytes.fromhex(GOLDEN[struct]["hex"])
    assert encode(struct, value) == data
    assert decode(struct, data) == value


@pytest.mark.parametrize("example", EXAMPLE_HASHES)
def test_the_examples_of_the_text(example: str) -> None:
    data = encode("RoleData", EXAMPLES[example]["roles_list"])
    assert {"bytes": len(data), "sha256": sha256(data).hexdigest()} == EXAMPLE_HASHES[example]
    assert encode("RoleData", decode("RoleData", data)) == data


def values(form: Form) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a table
    """Any value that a form carries."""
    match form:
        case Number(width):
            return st.integers(0, 2 ** (8 * width) - 1)
        case Boolean():
            return st.booleans()
        case Text():
            return st.text(max_size=5)
        case Enumerated(numbers):
            return st.sampled_from(sorted(numbers))
        case Vector(item):
            return st.lists(values(item), max_size=3)
        case Optional(item):
            return st.none() | values(item)
        case Struct(fields):
            return st.fixed_dictionaries({name: values(each) for name, each in fields.items()})
        case Selection(fields, select, cases):
            return st.sampled_from(sorted(cases)).flatmap(
                lambda word: st.fixed_dictionaries(
                    {name: values(each) for name, each in {**fields, **cases[word]}.items()} | {select: st.just(word)}
                )
            )
        case Capability():
            return st.sampled_from([*NAMES.values(), 60_000])
    raise AssertionError(form)


@pytest.mark.parametrize("struct", STRUCTS)
@few
@given(data=st.data())
def test_every_struct_goes_there_and_back(struct: str, data: st.DataObject) -> None:
    value = data.draw(values(STRUCTS[struct]))
    encoded = encode(struct, value)
    assert decode(struct, encoded) == value
    for end in range(len(encoded)):
        with pytest.raises(DecodeError):
            decode(struct, encoded[:end])


# fmt: off
BAD_VALUES = [
    ("RoleData",      {"roles": [{}]},                                    "roles[0].role_index"),
    ("Role",          {**GOLDEN["RoleData"]["json"]["roles"][0], "role_capabilities": ["canRevokeVoice"]}, "role_capabilities[0]"),
    ("PreAuthData",   {"preauthorized_entries": [{"claimset": [], "target_role": 2}]}, "preauthorized_entries[0].target_role"),
    ("BaseRoomPolicy", {"max_users": -1},                                 "max_users"),
    ("LoggingPolicy", {"logging": "mandatory"},                           "logging"),
    ("LoggingPolicy", {},                                                 "logging"),
    ("LoggingPolicy", {"logging": "forbidden", "logging_clients": []},    "logging_clients"),
]
BAD_BYTES = [
    ("BaseRoomPolicy", "02", 0), ("BaseRoomPolicy", "00000001" + "02", 4), ("StatusNotificationPolicy", "0003", 1),
    ("JoinLink", "0261", 0), ("JoinLink", "01ff", 1), ("RoleData", "7fffffff", 0), ("RoleData", "0000", 1),
]
# fmt: on


@pytest.mark.parametrize(("struct", "value", "field"), BAD_VALUES)
def test_what_a_struct_cannot_carry(struct: str, value: Any, field: str) -> None:
    with pytest.raises(EventError) as caught:
        encode(struct, value)
    assert caught.value.field == field


@pytest.mark.parametrize(("struct", "data", "offset"), BAD_BYTES)
def test_bytes_that_are_none(struct: str, data: str, offset: int) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(struct, bytes.fromhex(data))
    assert caught.value.offset == offset


@pytest.mark.parametrize("policy", ["room-policy", "room-policy-strict"])
def test_on_the_command_line(policy: str) -> None:
    golden = GOLDEN["ParticipantListUpdate"]
    run = fsm("wire", "encode", "ParticipantListUpdate", json.dumps(golden["json"]), "--policy", policy)
    assert run.out.strip() == golden["hex"]
    run = fsm("wire", "decode", "ParticipantListUpdate", golden["hex"], "--policy", policy)
    assert json.loads(run.out) == golden["json"]
