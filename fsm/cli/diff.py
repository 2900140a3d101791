"""`fsm diff`: what two policies decide differently."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from fsm import atomic
from fsm.cli.options import FILE, POLICY, given_option, json_option, parse_given
from fsm.cli.pictures import picture_of
from fsm.cli.terminal import console, expect_console, safe, told
from fsm.errors import counted
from fsm.family import AnyPolicy
from fsm.policies import load_policies, repairs_of
from fsm.policy_law import Differences
from fsm.render import format_of
from fsm.render.ladders import MOST
from fsm.review.compare import definitions
from fsm.review.compare.diff import Diff, Group, spelled
from fsm.review.compare.diff import diff as compare
from fsm.review.compare.diff_report import save


@click.command()
@click.argument("old", metavar="OLD", help=POLICY)
@click.argument("new", metavar="NEW", help="The policy to compare it with.")
@given_option
@json_option
@click.option("--report", type=FILE, help="Write a report too: FILE.md or FILE.html.")
@click.option("--picture", type=FILE, help="Draw both in one picture: FILE.svg, FILE.png, FILE.pdf and others.")
@click.option("--logs", type=FILE, help="Write the logs to this folder, for `fsm replay`.")
def diff(  # noqa: PLR0913 - one option for each output
    old: str,
    new: str,
    *,
    given: tuple[str, ...],
    as_json: bool,
    report: Path | None,
    picture: Path | None,
    logs: Path | None,
) -> int:
    """Say what two policies decide differently.

    In the fewest conditions, each with an example and a log. Exit status 1 says that they differ.
    """
    expect_console("diff", as_json=as_json)
    first, second = load_policies([old, new])
    policies = first, second
    known = parse_given(given, *policies)
    repairs = repairs_of(policies[1])
    if repairs and all(policy.has_stock_rows for policy in policies) and not (given or logs):
        return _of_definitions(*policies, repairs.preview(*policies), as_json=as_json, report=report, picture=picture)
    found = compare(*policies, known)
    if report:
        save(report, found, picture_of(*policies, known, tall=True), policies)
    if picture:
        atomic.write(picture, picture_of(*policies, known, format_of(picture.name)))
    if logs:
        _save_logs(logs, found)
    if as_json:
        print(json.dumps(found.as_json()))
    else:
        output = console()
        for line in _lines(found):
            output.print("\n".join(told(safe(line))), style="bold" if line and not line.startswith(" ") else None)
    return 1 if found else 0


def _of_definitions(  # noqa: PLR0913 - one for each output
    old: AnyPolicy, new: AnyPolicy, found: Differences, *, as_json: bool, report: Path | None, picture: Path | None
) -> int:
    """Of policies whose rows are the same: what their definitions change."""
    can_be_drawn = max(len(old.states), len(new.states)) <= MOST + 1
    if report:
        definitions.save(report, old, new, found, picture_of(old, new, tall=True) if can_be_drawn else None)
    if picture:
        atomic.write(picture, picture_of(old, new, fmt=format_of(picture.name)))
    if as_json:
        print(json.dumps(found.as_json()))
    else:
        headline, *others = definitions.lines_of(old, new, found)
        output = console()
        output.print(safe(headline), style="bold")
        for line in others:
            output.print(safe(line))
    return 1 if found else 0


def _save_logs(directory: Path, found: Diff) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    logs = [(group.action, group.log) for group in found.groups] + [(each.fact, each.log) for each in found.readings]
    for number, (name, log) in enumerate(logs, start=1):
        if log:
            text = "".join(f"{json.dumps(event)}\n" for event in log)
            atomic.write(directory / f"{number:02}-{name}.jsonl", text.encode())


def _lines(found: Diff) -> Iterator[str]:
    yield found.summary
    yield from (f"  not compared: {text}" for text in found.left_out)
    for number, group in enumerate(found.groups, start=1):
        yield ""
        yield from _group(number, group)
    for number, reading in enumerate(found.readings, start=len(found.groups) + 1):
        yield from ("", f"{number}. {reading.sentence}", "  log:")
        yield from (f"    {_event(event)}" for event in reading.log)
    if found.rules:
        yield from ("", "rules beside the table that ask otherwise")
        yield from (f"  {each.sentence}" for each in found.rules)
    if found.reasons:
        yield from ("", "rejected by both, for other reasons")
        yield from (f"  {each.sentence} ({counted(each.cells, 'cell')})" for each in found.reasons)
    if found.clauses:
        yield from ("", "rows under another section")
        yield from (f"  {row}: {old or 'none'} → {new or 'none'}" for row, old, new in found.clauses)


def _group(number: int, group: Group) -> Iterator[str]:
    yield f"{number}. {group.sentence}"
    yield f"  {counted(group.cells, 'cell')}, for example {spelled(group.example)}"
    if group.log is None:
        yield f"  {group.unshown}"
        return
    yield f"  log under {' and '.join(group.plays_under)}:"
    yield from (f"    {_event(event)}" for event in group.log)


def _event(event: Mapping[str, Any]) -> str:
    target = event.get("state_key", "")
    parties = event["sender"] if target in ("", event["sender"]) else f"{event['sender']} → {target}"
    return f"{parties}  {event['type']}  {json.dumps(event['content'])}"
