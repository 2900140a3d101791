"""`fsm vectors`: test vectors in no particular language."""

import sys
from collections.abc import Iterable
from typing import Annotated

from rich.console import Console
from rich.progress import track

from fsm.cli.arguments import Option
from fsm.cli.terminal import PolicyArgument, complain, output_to
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.review.errors import ReviewError
from fsm.review.vectors import Vector, Walk, covering_vectors, every_vector, paths, to_lines

AllOption = Annotated[bool, Option("--all", help="A vector for every cell that a room can reach.")]
CoverOption = Annotated[
    bool, Option("--cover", help="The fewest that tell the policy from all that is nearly the same. The default.")
]
PathsOption = Annotated[bool, Option("--paths", help="Events from an empty room that take every transition.")]


def vectors(
    policy: PolicyArgument,
    *,
    every: AllOption = False,
    cover: CoverOption = False,
    walks: PathsOption = False,
    output: Annotated[str, Option("--output", "-o", help="The file to write; `-` for standard output.")] = "-",
) -> None:
    """Write test vectors as JSON lines: whole events, and what has to come of them.

    `fsm/review/vectors.schema.json` says what a line holds.
    """
    rules = load_policy(policy)
    if every + cover + walks > 1:
        raise ReviewError("choose one of --all, --cover and --paths")
    items = _chosen(rules, every=every, walks=walks)
    size = rules.size if every else None
    with output_to(output) as file:
        # A bar would come between the lines.
        bar = Console(stderr=True, quiet=output == "-" and sys.stdout.isatty())
        if size is not None and bar.is_terminal:
            items = track(items, "writing", total=size, console=bar, transient=True)
        for line in to_lines(items):
            file.write(line.encode())


def _chosen(rules: AnyPolicy, *, every: bool, walks: bool) -> Iterable[Vector | Walk]:
    if every:
        return every_vector(rules)
    if walks:
        return paths(rules)
    vectors, gaps = covering_vectors(rules)
    if gaps:
        named = ", ".join(f"`{guard}` of `{row}`" for row, guard in gaps)
        complain(f"no room can show that these guards decide alone: {named}")
    return vectors
