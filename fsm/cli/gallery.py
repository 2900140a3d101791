"""`fsm gallery`: pictures, tables and sections of all policies, in one folder."""

from pathlib import Path

import click

import fsm.gallery as drawn
from fsm.cli.options import FILE


@click.command()
@click.argument("folder", type=FILE, help="Where the pictures go.")
@click.option("--check", is_flag=True, help="Write nothing, and fail when a file is not what the policies say.")
def gallery(folder: Path, *, check: bool) -> int:
    """Draw the gallery of policies into a folder.

    It takes the extra `render`.
    """
    if not check:
        drawn.draw(folder)
        return 0
    problems = drawn.check(folder)
    for problem in problems:
        print(problem)
    return 1 if problems else 0
