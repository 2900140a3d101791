"""What must hold for any bytes at all; called by Hypothesis, and by a coverage-guided fuzzer."""

from fsm import PolicyError
from fsm.errors import DecodeError
from fsm.mimi.codec import STRUCTS, decode, encode

NAMES = tuple(STRUCTS)


def fuzz_one(data: bytes) -> None:
    """The first byte chooses the struct, the others are to be read."""
    if data:
        check_any_bytes(NAMES[data[0] % len(NAMES)], data[1:])


def check_any_bytes(struct: str, data: bytes) -> bool:
    """Either a fault that is described, or a value that round trips. Whether it was a value."""
    try:
        value = decode(struct, data)
    except PolicyError as problem:
        check_fault(problem, data)
        return False
    again = encode(struct, value)
    assert decode(struct, again) == value
    # Only repeated event types are not kept.
    assert again == data or len(again) < len(data)
    return True


def check_fault(problem: PolicyError, data: bytes) -> None:
    """A `DecodeError`, at a byte that exists or is the first one missing, and one line long."""
    assert type(problem) is DecodeError
    assert 0 <= problem.offset <= len(data)
    assert str(problem).isprintable()
