"""`fsm wire`: the content of events in the draft's binary form, and back."""

import json
import sys
from typing import Annotated

import typer

from fsm.cli.terminal import PolicyOption
from fsm.errors import DecodeError, EventError
from fsm.policies import codec_of, load_policy
from fsm.strict_json import MAX_JSON, read_json

wire = typer.Typer(help="Turn the content of an event into the bytes of the draft, or back.")

StructArgument = Annotated[str, typer.Argument(metavar="STRUCT", help="A struct's name, such as MUserContent.")]


@wire.command()
def encode(
    struct: StructArgument,
    value: Annotated[str, typer.Argument(help="JSON; `-` for standard input.")] = "-",
    *,
    policy: PolicyOption = "mimi",
) -> None:
    """Print the bytes of a JSON value, in hexadecimal."""
    text = sys.stdin.buffer.read(MAX_JSON + 1) if value == "-" else value.encode(errors="surrogateescape")
    try:
        content = read_json(text)
    except ValueError as problem:
        raise EventError("", str(problem)) from None
    print(codec_of(load_policy(policy)).encode(struct, content).hex())


@wire.command()
def decode(
    struct: StructArgument,
    value: Annotated[str, typer.Argument(help="Hexadecimal bytes; `-` for standard input.")] = "-",
    *,
    policy: PolicyOption = "mimi",
) -> None:
    """Print the JSON value of bytes given in hexadecimal."""
    text = sys.stdin.read() if value == "-" else value
    try:
        data = bytes.fromhex(text)
    except ValueError:
        raise DecodeError(0, "", "not hexadecimal") from None
    print(json.dumps(codec_of(load_policy(policy)).decode(struct, data)))
