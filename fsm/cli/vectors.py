"""`fsm vectors`: test vectors in no particular language."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import click

from fsm.cli.options import FILE, POLICY, expect_unset, output_option
from fsm.cli.terminal import complain, output_to, progress
from fsm.family import AnyPolicy
from fsm.policies import CATALOGUE, load_policies, load_policy
from fsm.review.errors import ReviewError
from fsm.review.search.witness import can_be_played
from fsm.review.vectors.events import event_vectors
from fsm.review.vectors.files import update_files
from fsm.review.vectors.suite import Vector, Walk, covering_vectors, every_vector, paths, to_lines

all_option = click.option("--all", "every", is_flag=True, help="A vector for every cell that a room can reach.")
cover_option = click.option(
    "--cover",
    is_flag=True,
    help="The fewest that tell the policy's table from all that is nearly the same. The default.",
)
paths_option = click.option(
    "--paths", "walks", is_flag=True, help="Events from an empty room that take every transition."
)

events_option = click.option(
    "--events",
    is_flag=True,
    help="Events that move nobody, and what is asked of all changes: the rules beside the table.",
)


@click.command()
@click.argument("policies", metavar="[POLICY]...", nargs=-1, help=POLICY)
@all_option
@cover_option
@paths_option
@events_option
@output_option
@click.option(
    "--into",
    type=FILE,
    help="Write the files of these policies, by default of all but role sets, to this folder.",
)
@click.option("--check", is_flag=True, help="With `--into`: write nothing, and fail when a file is not up to date.")
def vectors(  # noqa: PLR0913 - one option for each choice
    policies: tuple[str, ...],
    *,
    every: bool,
    cover: bool,
    walks: bool,
    events: bool,
    output: str,
    into: Path | None,
    check: bool,
) -> int:
    """Write test vectors for other implementations.

    JSON lines: whole events, and what has to come of them. `fsm/review/vectors/vectors.schema.json`
    says what a line holds.
    """
    if every + cover + walks + events > 1:
        raise ReviewError("choose one of --all, --cover, --paths and --events")
    if into is not None:
        expect_unset("`--into`", all=every, cover=cover, paths=walks, events=events, output=output != "-")
        return _write_files(into, policies, check=check)
    if len(policies) != 1:
        raise ReviewError("name one policy, or the folder for the files of several by --into")
    expect_unset("what goes to one file", check=check)
    rules = load_policy(policies[0])
    items = _chosen(rules, every=every, walks=walks, events=events)
    size = rules.size if every else None
    # A bar would come between the lines.
    with output_to(output) as file, progress("writing", size, quiet=output == "-" and sys.stdout.isatty()) as tell:
        for number, line in enumerate(to_lines(items), start=1):
            file.write(line.encode())
            tell(number, "")
    return 0


def _write_files(folder: Path, names: tuple[str, ...], *, check: bool) -> int:
    known = load_policies([*dict.fromkeys(names or CATALOGUE)])
    playable = [each for each in known if can_be_played(each) and (names or not each.has_stock_rows)]
    if twice := [name for name, count in Counter(each.id for each in playable).items() if count > 1]:
        raise ReviewError(f"two policies are called `{twice[0]}`: their files would have one name")
    stale = update_files(folder, playable, check=check)
    if stale:
        complain(f"{'out of date' if check else 'written'}: {', '.join(stale)}")
    return 1 if stale and check else 0


def _chosen(rules: AnyPolicy, *, every: bool, walks: bool, events: bool) -> Iterable[Vector | Walk]:
    if every:
        return every_vector(rules)
    if walks:
        return paths(rules)
    if events:
        return _events(rules)
    vectors, gaps = covering_vectors(rules)
    if gaps:
        named = ", ".join(f"`{guard}` of `{row}`" for row, guard in gaps)
        complain(f"no room can show that these guards decide alone: {named}")
    return vectors


def _events(rules: AnyPolicy) -> Iterable[Vector]:
    vectors, gaps = event_vectors(rules)
    if not vectors:
        raise ReviewError(f"policy `{rules.id}`: there are no cases of events beside its table")
    for gap in gaps:
        reason = f": {gap.reason}" if gap.reason else ""
        complain(f"no event shows that `{gap.guard}` of `{gap.rule}` decides alone{reason}")
    return vectors
