"""`fsm conform`: whether an implementation decides as a policy says."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fsm import atomic
from fsm.cli.arguments import Argument, Option
from fsm.cli.terminal import JsonOption, PolicyArgument, interruptible, safe
from fsm.cli.vectors import AllOption, CoverOption, PathsOption
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.review.conform import Conformance, to_junit
from fsm.review.errors import ReviewError
from fsm.review.vectors import Vector, covering_vectors, every_vector, paths

_MOST = 50  # rows of the table; the other outputs hold all


def conform(  # noqa: PLR0913 - one option for each choice
    policy: PolicyArgument,
    command: Annotated[list[str], Argument(help="The implementation and its arguments, after `--`.")],
    *,
    every: AllOption = False,
    cover: CoverOption = False,
    walks: PathsOption = False,
    strict: Annotated[bool, Option("--strict", help="A rejection must name the right guards, too.")] = False,
    timeout: Annotated[float, Option(help="Seconds that one answer may take.", min=0.01)] = 10.0,
    junit: Annotated[Path | None, Option(help="Write a JUnit XML file, too.")] = None,
    as_json: JsonOption = False,
) -> int:
    """Run an implementation over test vectors, and list where it disagrees.

    COMMAND takes the questions of `fsm decide` as JSON lines, and answers them
    one for one; a question holds an `id` as well, which an answer may repeat.
    """
    rules = load_policy(policy)
    size, vectors = _chosen(rules, every=every, cover=cover, walks=walks)
    run = Conformance(rules.id, tuple(command), strict)
    with interruptible(), _progress(size) as advance:
        run.run(vectors, timeout=timeout, watch=advance)
    if junit:
        atomic.write(junit, to_junit(run))
    if as_json:
        print(json.dumps(run.as_json()))
    else:
        _show(run)
    return 0 if run else 1


def _chosen(rules: AnyPolicy, *, every: bool, cover: bool, walks: bool) -> tuple[int, Iterator[Vector]]:
    """The vectors asked for, and about how many they are."""
    if every + cover + walks > 1:
        raise ReviewError("choose one of --all, --cover and --paths")
    if every:
        return rules.size, every_vector(rules)
    vectors = [step for walk in paths(rules) for step in walk.vectors()] if walks else covering_vectors(rules)[0]
    return len(vectors), iter(vectors)


@contextmanager
def _progress(size: int) -> Iterator[Callable[[], None]]:
    """A bar on a terminal, and what moves it on."""
    console = Console(stderr=True)
    columns = (TextColumn("asking"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=size)
        yield lambda: progress.advance(task)


def _show(run: Conformance) -> None:
    output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
    disagreements = run.disagreements
    if disagreements:
        table = Table("vector", "expected", "answered", "why", box=None, pad_edge=False)
        for each in islice(disagreements, _MOST):
            why = each.why if each.differing else f"{each.why}; other guards are named"
            table.add_row(*(safe(text) for text in (each.vector.id, each.due, each.words, why)))
        output.print(table)
        if len(disagreements) > _MOST:
            output.print(f"… and {len(disagreements) - _MOST} more")
        output.print()
    if run.fault:
        output.print(safe(str(run.fault)), style="bold red")
    output.print(safe(run.summary), style="green" if run else "red")
