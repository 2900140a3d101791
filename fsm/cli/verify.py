"""`fsm verify`: hold policies against the laws of participation."""

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from os import cpu_count
from pathlib import Path
from typing import Any

import click

from fsm import atomic
from fsm.cli.options import FILE, POLICY, expect_unset, json_option
from fsm.cli.pictures import picture_of
from fsm.cli.terminal import console, expect_console, progress, safe, told
from fsm.errors import counted, shorten
from fsm.family import AnyPolicy
from fsm.policies import CATALOGUE, laws_of, load_policy, repairs_of
from fsm.render.ladders import MOST
from fsm.review.errors import ReviewError
from fsm.review.laws.accepted import read_accepted
from fsm.review.laws.alike import are_alike
from fsm.review.laws.finding import Finding, Review
from fsm.review.laws.kinds import Severity
from fsm.review.laws.own_laws import law_ids, load_laws
from fsm.review.laws.verify import MOST_ROOMS, Told
from fsm.review.laws.verify import verify as hold
from fsm.review.laws.verify import verify_all as hold_all
from fsm.review.laws.verify_report import save, told_clause, told_example, told_suggestion, witness_files
from fsm.review.search.witness import can_be_played

_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}
_WIDTH = 150
_TOLD = ("redacts", "prev_events")


@click.command()
@click.argument(
    "policies", metavar="[POLICY]...", nargs=-1, help=f"{POLICY} By default all that come with this package."
)
@click.option(
    "--laws", multiple=True, metavar="FILE", help="Laws of your own, too: a module or `path.py`; may be repeated."
)
@click.option(
    "--rooms",
    type=click.IntRange(min=0),
    default=MOST_ROOMS,
    show_default=True,
    help="How many whole rooms to play through at most, from each beginning.",
)
@click.option("--accept", type=FILE, help="Reasons why findings are accepted, by law: FILE.toml or FILE.json.")
@json_option
@click.option("--report", type=FILE, help="Write a report too: FILE.md or FILE.html.")
@click.option(
    "--repair", is_flag=True, help="Mend the roles of a room as far as that can be found, and write them to `--output`."
)
@click.option("--output", "-o", type=FILE, help="Where `--repair` writes to, as JSON.")
@click.option("--witnesses", type=FILE, help="Write the logs to this folder, for `fsm replay`.")
def verify(  # noqa: PLR0913 - one option for each input and output
    policies: tuple[str, ...],
    *,
    laws: tuple[str, ...],
    rooms: int,
    accept: Path | None,
    as_json: bool,
    report: Path | None,
    repair: bool,
    output: Path | None,
    witnesses: Path | None,
) -> int:
    """Find the laws that a policy breaks, each with a log.

    Laws are proved over every case, and by playing small rooms through. Exit status 1
    says that there are findings which no reason accepts.
    """
    names = list(policies or CATALOGUE)
    if repair or output:
        others = {"laws": laws, "accept": accept, "json": as_json, "report": report, "witnesses": witnesses}
        expect_unset("`--repair`", rooms=rooms != MOST_ROOMS, **others)
        return _repair(names, output if repair else None)
    expect_console("verify", as_json=as_json)
    own = [law for where in laws for law in load_laws(where)]
    rules = [load_policy(name) for name in names]
    reasons = (
        read_accepted(accept, law_ids((*own, *(law for policy in rules for law in laws_of(policy))))) if accept else {}
    )
    for policy in rules:
        if not policy.has_stock_rows:
            can_be_played(policy)  # before anything is done for some of them
    pictures = {policy.id: picture_of(policy, tall=True) for policy in rules if report and _can_be_drawn(policy)}
    reviews = _reviews(rules, names, partial(_review, laws=laws, accepted=reasons, rooms=rooms))
    if report:
        save(report, reviews, pictures, {policy.id: policy for policy in rules})
    if witnesses:
        _save_witnesses(witnesses, reviews)
    if as_json:
        print(json.dumps([review.as_json() for review in reviews]))
    else:
        _print(reviews, rules)
    return 1 if any(review.open for review in reviews) else 0


def _can_be_drawn(policy: AnyPolicy) -> bool:
    return not policy.has_stock_rows or len(policy.states) <= MOST + 1


def _repair(names: Sequence[str], output: Path | None) -> int:
    """Write what a policy was made of, mended. The status says whether any finding of high weight is left."""
    if output is None or len(names) != 1:
        raise ReviewError("to mend is to name one policy, and with --repair --output where to write to")
    policy = load_policy(names[0])
    repairs = repairs_of(policy)
    if repairs is None:
        raise ReviewError(f"policy `{policy.id}` is made of nothing that could be mended")
    mended, changes = repairs.repaired(policy)
    atomic.write(output, f"{json.dumps(repairs.data_of(mended), indent=1)}\n".encode())
    review = hold(mended)
    for change in changes or ("nothing is mended",):
        print(safe(change))
    gained, lost = repairs.changes(policy, mended)
    for line in (*gained, *lost):
        print(safe(f"  then {line}"))
    for finding in review.open:
        print(safe(f"left: {finding.severity}  {finding.sentence}: {finding.subject}"))
    return 1 if any(finding.severity is Severity.HIGH for finding in review.open) else 0


def _reviews(policies: Sequence[AnyPolicy], names: Sequence[str], review: Callable[..., list[Review]]) -> list[Review]:
    """One review for each policy, in order, with a bar on a terminal; several are made at the same time."""
    with progress("verifying", len(names)) as tell:
        if len(names) == 1:
            return review(names, progress=lambda rooms: tell(0, f"{counted(rooms, 'room')} played"))
        groups = _alike(policies)
        made: dict[int, Review] = {}
        # Policies hold functions, which do not travel between processes: each loads what it needs by name.
        # What reviews make they keep: to look for what could be let go takes time, and finds nothing.
        with ProcessPoolExecutor(min(len(groups), cpu_count() or 1), get_context("spawn"), gc.disable) as pool:
            asked = ([names[place] for place in group] for group in groups)
            for group, reviews in zip(groups, pool.map(review, asked), strict=True):
                made |= zip(group, reviews, strict=True)
                tell(len(made), reviews[-1].policy)
        return [made[place] for place in range(len(names))]


def _alike(policies: Sequence[AnyPolicy]) -> list[list[int]]:
    """The places of the policies, in groups of those of which one is searched for all."""
    groups: list[list[int]] = []
    for place, policy in enumerate(policies):
        group = next((group for group in groups if are_alike(policies[group[0]], policy)), None)
        if group is None:
            groups.append([place])
        else:
            group.append(place)
    return groups


def _review(
    names: Iterable[str], laws: Sequence[str], accepted: Mapping[str, Any], rooms: int, progress: Told = lambda _: None
) -> list[Review]:
    own = [law for where in laws for law in load_laws(where)]
    policies = map(load_policy, names)
    return [*hold_all(policies, own, rooms=rooms, accepted=accepted, progress=progress, suggest=True)]


def _save_witnesses(directory: Path, reviews: Iterable[Review]) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    for review in reviews:
        for name, log in witness_files(review):
            text = "".join(f"{json.dumps(event)}\n" for event in log)
            atomic.write(directory / name, text.encode())


def _print(reviews: Iterable[Review], policies: Iterable[AnyPolicy]) -> None:
    output = console()
    for number, (review, policy) in enumerate(zip(reviews, policies, strict=True)):
        if number:
            output.print()
        output.print("\n".join(told(safe(_headline(review)))), style="bold")
        for line in (*_matrix(review, policy), *_remarks(review)):
            output.print("\n".join(told(f"  {safe(line)}")), style="dim")
        for finding in review.findings:
            output.print()
            style = "dim" if finding.accepted is not None else _STYLES[finding.severity]
            headline, *others = _lines(finding, policy)
            output.print("\n".join(told(safe(headline))), style=style)
            for line in others:
                output.print("\n".join(told(f"  {safe(line)}")))


def _headline(review: Review) -> str:
    accepted = len(review.findings) - len(review.open)
    searched = "" if review.rooms is None else f", {review.rooms} rooms"
    parts = (
        f"{review.policy}: {counted(len(review.open), 'finding')}",
        f"{accepted} accepted" if accepted else "",
        f"{review.laws} laws over {review.cells} cells{searched}" if review.cells else f"{review.laws} laws",
    )
    return "; ".join(part for part in parts if part)


def _matrix(review: Review, policy: AnyPolicy) -> Iterator[str]:
    """By state and action: the transitions there are, a dash where there are none."""
    if not review.matrix:
        return
    actions = list(next(iter(review.matrix.values())))
    called = {str(state): policy.called(state) for state in policy.states}
    table = [
        ["", *actions],
        *(
            [called[state], *("/".join(rows[action]) or "-" for action in actions)]
            for state, rows in review.matrix.items()
        ),
    ]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _remarks(review: Review) -> Iterator[str]:
    if review.not_searched:
        yield f"laws that are held against smaller policies only: {', '.join(review.not_searched)}"
    if review.not_applied:
        yield f"laws about what this policy does not have: {', '.join(review.not_applied)}"


def _lines(finding: Finding, policy: AnyPolicy) -> Iterator[str]:
    subject = f": {finding.subject}" if finding.subject else ""
    yield f"{finding.severity.upper()}  {finding.sentence}{subject}"
    yield f"law {finding.law}{told_clause(finding)}"
    if finding.accepted is not None:
        yield f"accepted: {finding.accepted}"
        return
    yield from finding.says
    if finding.rooms is not None:
        yield f"broken in {counted(finding.rooms, 'room')}"
    if finding.example:
        cells, question = counted(finding.cells or 0, "cell"), finding.example.question(policy)
        yield f"broken in {cells}, {told_example(finding)}: {question}"
        yield f"  {finding.example.answer}"
    if finding.contrast:
        yield f"  but {finding.contrast.question(policy)}: {finding.contrast.answer}"
    yield from told_suggestion(finding)
    if finding.witness:
        yield f"shown by the last of {counted(len(finding.witness), 'event')}, {finding.answer.partition(':')[0]}:"
        yield from (f"  {_event(event)}" for event in finding.witness)
    elif finding.is_reachable is False:
        yield "no room of the scenario comes to this"


def _event(event: Mapping[str, Any]) -> str:
    target = event.get("state_key", "")
    parties = event["sender"] if target in ("", event["sender"]) else f"{event['sender']} → {target}"
    # What is told beside the content may be what the finding hangs on.
    told = {name: value for name, value in event.items() if name in _TOLD}
    words = (parties, event["type"], json.dumps(event["content"]), json.dumps(told) if told else "")
    return "  ".join(shorten(word, _WIDTH) for word in words if word)
