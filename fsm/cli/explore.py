"""`fsm explore`: a page on which every case of a policy can be tried."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from fsm.policies import load_policy
from fsm.render.explorer import to_page


def explore(
    policy: Annotated[str, typer.Argument(help="A policy's id, `module:NAME` or `path.py:NAME`.")],
    *,
    output: Annotated[str, typer.Option("--output", "-o", help="The file to write; `-` for standard output.")],
) -> None:
    """Write a page that needs nothing else: every case of a policy to try, and a room to play in."""
    page = to_page(load_policy(policy)).encode()
    if output == "-":
        sys.stdout.buffer.write(page)
    else:
        Path(output).write_bytes(page)
