"""`fsm conform`: whether an implementation decides as a policy says."""

import json
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import click

from fsm import atomic
from fsm.cli.options import FILE, Number, json_option, policy_argument
from fsm.cli.terminal import console, expect_console, interruptible, progress, safe
from fsm.cli.vectors import all_option, cover_option, events_option, paths_option
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.review.errors import ReviewError
from fsm.review.testing.conform import Conformance, to_junit
from fsm.review.vectors.events import event_vectors
from fsm.review.vectors.suite import Vector, covering_vectors, every_vector, paths

_MOST = 50  # rows of the table; the other outputs hold all


@click.command()
@policy_argument
@click.argument(
    "command", metavar="COMMAND...", nargs=-1, required=True, help="The implementation and its arguments, after `--`."
)
@all_option
@cover_option
@paths_option
@events_option
@click.option("--strict", is_flag=True, help="A rejection must name the right guards, too.")
@click.option(
    "--timeout", type=Number(min=0.01), default=10.0, show_default=True, help="Seconds that one answer may take."
)
@click.option("--junit", type=FILE, help="Write a JUnit XML file, too.")
@json_option
def conform(  # noqa: PLR0913 - one option for each choice
    policy: str,
    command: tuple[str, ...],
    *,
    every: bool,
    cover: bool,
    walks: bool,
    events: bool,
    strict: bool,
    timeout: float,
    junit: Path | None,
    as_json: bool,
) -> int:
    """Run another implementation over test vectors.

    COMMAND takes the questions of `fsm decide` as JSON lines, and answers them
    one for one; a question holds an `id` as well, which an answer may repeat. By default it
    is asked the vectors of `--cover` and those of `--events`.
    """
    expect_console("conform", as_json=as_json)
    rules = load_policy(policy)
    size, vectors = _chosen(rules, every=every, cover=cover, walks=walks, events=events)
    run = Conformance(rules.id, command, strict)
    with interruptible(), progress("asking", size) as tell:
        run.run(vectors, timeout=timeout, watch=lambda: tell(len(run.answers), ""))
    if junit:
        atomic.write(junit, to_junit(run))
    if as_json:
        print(json.dumps(run.as_json()))
    else:
        _show(run)
    return 0 if run else 1


def _chosen(rules: AnyPolicy, *, every: bool, cover: bool, walks: bool, events: bool) -> tuple[int, Iterator[Vector]]:
    """The vectors asked for, by default those of the table and those beside it, and about how many they are."""
    if every + cover + walks + events > 1:
        raise ReviewError("choose one of --all, --cover, --paths and --events")
    if every:
        return rules.size, every_vector(rules)
    vectors: list[Vector] = []
    if walks:
        vectors += (step for walk in paths(rules) for step in walk.vectors())
    if not walks and not events:
        vectors += covering_vectors(rules)[0]
    if not walks and not cover:
        vectors += event_vectors(rules)[0]
    return len(vectors), iter(vectors)


def _show(run: Conformance) -> None:
    output = console()
    disagreements = run.disagreements
    if disagreements:
        from rich.table import Table  # noqa: PLC0415 - takes long to load

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
