"""The wire format: the contents of events as bytes, and back.

    >>> encode("MUserContent", {"participation": "ban", "reason": "spam"}).hex(" ")
    '04 04 73 70 61 6d'
    >>> decode("MUserContent", bytes.fromhex("02 00"))
    {'participation': 'join'}

The values are those of the JSON contents. `STRUCTS` names what can be encoded;
the structs are data (`structs`), made of the types of the TLS presentation
language (`presentation`).

Every value has one form on the wire and comes back as it was, but for an empty
`reason`, which JSON leaves out. Bytes come back as they were, unless an event
type was listed more than once in one permission; only the last entry is kept.
"""

from typing import Any

from fsm.errors import DefinitionError, EventError, shorten
from fsm.mimi.codec.presentation import Form
from fsm.mimi.codec.structs import STRUCTS

__all__ = ["STRUCTS", "decode", "encode"]


def encode(struct: str, value: object) -> bytes:
    """The bytes of a value, such as the content of an event.

    Raises `EventError`, naming the field, when the struct cannot carry the
    value, and `DefinitionError` when there is no such struct.
    """
    form = _form(struct)
    try:
        return form.encode(value)
    except EventError as problem:
        if problem.field:
            raise
        raise EventError("", f"`{struct}`: {problem.problem}") from None


def decode(struct: str, data: bytes) -> Any:
    """The value of which these are the bytes, all of them.

    Raises `DecodeError`, with the offset, when they are not, and
    `DefinitionError` when there is no such struct.
    """
    return _form(struct).decode(data)


def _form(struct: str) -> Form:
    if struct in STRUCTS:
        return STRUCTS[struct]
    raise DefinitionError(f"unknown struct `{shorten(struct)}`: choose from {', '.join(STRUCTS)}")
