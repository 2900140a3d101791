"""The policy envelope: JSON and bytes, there and back."""

import copy
import json
import pickle
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import EventError
from fsm.errors import DecodeError
from fsm.mimi.envelope import ENVELOPE, Envelope, EnvelopeError
from tests.builders import (
    JSON,
    room,
)
from tests.mimi.envelopes import (
    FULL,
    VALIDATOR,
    VALUE,
    envelopes,
)

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


@given(envelope=envelopes)
def test_every_envelope_comes_back(envelope: Envelope) -> None:
    written = json.loads(json.dumps(envelope.as_json()))
    VALIDATOR.validate(written)
    assert Envelope.from_json(written) == envelope
    assert Envelope.from_bytes(envelope.as_bytes()) == envelope
    assert pickle.loads(pickle.dumps(envelope)) == copy.deepcopy(envelope) == envelope  # noqa: S301 - our own bytes


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
