"""`fsm wire`: the content of events in the draft's binary form, and back."""

import json

import click

from fsm.cli.options import policy_option
from fsm.cli.terminal import opened
from fsm.errors import DecodeError, EventError
from fsm.policies import codec_of, load_rules
from fsm.strict_json import MAX_JSON, read_json

struct_argument = click.argument("struct", help="A struct's name, such as MUserContent.")


@click.group()
def wire() -> None:
    """Turn the content of events into bytes, and back."""


@wire.command()
@struct_argument
@click.argument("value", metavar="[JSON]", default="-", help="By default it is read from standard input.")
@policy_option
def encode(struct: str, value: str, *, policy: str) -> None:
    """Print the bytes of a JSON value, in hexadecimal."""
    try:
        content = read_json(_given(value))
    except ValueError as problem:
        raise EventError("", str(problem)) from None
    print(codec_of(load_rules(policy)).encode(struct, content).hex())


@wire.command()
@struct_argument
@click.argument("value", metavar="[HEX]", default="-", help="By default it is read from standard input.")
@policy_option
def decode(struct: str, value: str, *, policy: str) -> None:
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
