"""`fsm wire`: the content of events in the draft's binary form, and back."""

import json
from typing import Annotated

from fsm.cli.arguments import Argument
from fsm.cli.terminal import PolicyOption, opened
from fsm.errors import DecodeError, EventError
from fsm.policies import codec_of, load_rules
from fsm.strict_json import MAX_JSON, read_json

StructArgument = Annotated[str, Argument(metavar="STRUCT", help="A struct's name, such as MUserContent.")]


def encode(
    struct: StructArgument,
    value: Annotated[str, Argument(help="JSON; `-` for standard input.")] = "-",
    *,
    policy: PolicyOption = "mimi",
) -> None:
    """Print the bytes of a JSON value, in hexadecimal."""
    try:
        content = read_json(_given(value))
    except ValueError as problem:
        raise EventError("", str(problem)) from None
    print(codec_of(load_rules(policy)).encode(struct, content).hex())


def decode(
    struct: StructArgument,
    value: Annotated[str, Argument(help="Hexadecimal bytes; `-` for standard input.")] = "-",
    *,
    policy: PolicyOption = "mimi",
) -> None:
    """Print the JSON value of bytes given in hexadecimal."""
    text = _given(value)
    if len(text) > MAX_JSON:
        raise DecodeError(0, "", f"longer than {MAX_JSON} digits")
    try:
        data = bytes.fromhex(text.decode())
    except ValueError:
        raise DecodeError(0, "", "not hexadecimal") from None
    print(json.dumps(codec_of(load_rules(policy)).decode(struct, data)))


def _given(value: str) -> bytes:
    """An argument, or what stands on standard input in its place: so much that it can be seen to be too long."""
    if value != "-":
        return value.encode(errors="surrogateescape")
    with opened("-") as source:
        return source.read(MAX_JSON + 1)


wire = {"encode": lambda: encode, "decode": lambda: decode}
"""The commands that follow `fsm wire`."""
