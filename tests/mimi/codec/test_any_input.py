from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import DefinitionError, EventError
from fsm.mimi.codec import STRUCTS, decode, encode

from . import fuzz
from .fuzz import check_any_bytes
from .strategies import cases, misfits, mutants, values


@pytest.mark.parametrize("struct", STRUCTS)
@given(data=st.data())
def test_values_come_back(struct: str, data: st.DataObject) -> None:
    value = data.draw(values(STRUCTS[struct]))
    assert decode(struct, encode(struct, value)) == value


@pytest.mark.parametrize("struct", STRUCTS)
@given(data=st.binary(max_size=40))
def test_any_bytes(struct: str, data: bytes) -> None:
    check_any_bytes(struct, data)


@given(case=mutants())
def test_mutated_bytes(case: tuple[str, bytes]) -> None:
    check_any_bytes(*case)


@given(case=cases())
def test_valid_bytes_are_accepted(case: tuple[str, Any]) -> None:
    struct, value = case
    assert check_any_bytes(struct, encode(struct, value))


@given(case=misfits())
def test_any_value(case: tuple[str, Any]) -> None:
    assert is_carried_or_described(*case)


def is_carried_or_described(struct: str, value: object) -> bool:
    try:
        data = encode(struct, value)
    except EventError as problem:
        return str(problem).isprintable()
    return encode(struct, decode(struct, data)) == data


@pytest.mark.parametrize("struct", [None, 5, b"MUserContent", [], "x" * 10**6, "\n"], ids=range(6))
def test_what_names_no_struct(struct: Any) -> None:
    for work in (lambda: encode(struct, {}), lambda: decode(struct, b"")):
        with pytest.raises(DefinitionError, match="unknown struct `") as caught:
            work()
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 1000


@given(data=st.binary(max_size=40))
def test_the_harness_takes_any_bytes(data: bytes) -> None:
    fuzz.fuzz_one(data)


def test_the_harness_reaches_every_struct(monkeypatch: pytest.MonkeyPatch) -> None:
    reached = []
    monkeypatch.setattr(fuzz, "check_any_bytes", lambda struct, data: reached.append((struct, data)))
    for index in range(len(STRUCTS)):
        fuzz.fuzz_one(bytes([index, 7]))
    assert sorted(reached) == sorted((struct, b"\7") for struct in STRUCTS)
