"""`fsm draw`: a picture of a policy."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fsm.cli.terminal import GivenOption, parse_given
from fsm.policies import load_policy
from fsm.render import FORMATS, Detail, extract, format_of, render


def draw(
    policy: Annotated[str, typer.Argument(help="A policy's id, `module:NAME` or `path.py:NAME`.")],
    *,
    output: Annotated[str, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")] = "-",
    fmt: Annotated[
        str | None,
        typer.Option("--format", help=f"By default told by the file's ending: {', '.join(FORMATS)}."),
    ] = None,
    detail: Annotated[Detail, typer.Option(help="How much an edge says.")] = Detail.GUARDS,
    given: GivenOption = None,
) -> None:
    """Draw a policy, or what is left of it when some facts are given."""
    rules = load_policy(policy)
    known = parse_given(rules, given)
    wanted = fmt or (format_of(output) if output != "-" else "mermaid")
    picture = render(extract(rules, known), wanted, detail)
    if output == "-":
        sys.stdout.buffer.write(picture)
    else:
        Path(output).write_bytes(picture)
