"""`fsm diff`: what two policies decide differently."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

from rich.console import Console

from fsm import atomic
from fsm.cli.arguments import Argument, Option
from fsm.cli.terminal import GivenOption, JsonOption, PolicyArgument, parse_given, safe
from fsm.policies import load_policy
from fsm.render import compare as draw_both
from fsm.render import render
from fsm.review.diff import Diff, Group, spelled
from fsm.review.diff import diff as compare
from fsm.review.diff_report import save


def diff(  # noqa: PLR0913 - one option for each output
    old: PolicyArgument,
    new: Annotated[str, Argument(help="The policy to compare it with.")],
    *,
    given: GivenOption = None,
    as_json: JsonOption = False,
    report: Annotated[Path | None, Option(help="Write a report too: FILE.md or FILE.html.")] = None,
    logs: Annotated[Path | None, Option(help="Write the logs to this directory, for `fsm replay`.")] = None,
) -> int:
    """Say in the fewest conditions what policy NEW decides otherwise than policy OLD."""
    policies = load_policy(old), load_policy(new)
    known = parse_given(given, *policies)
    found = compare(*policies, known)
    if report:
        save(report, found, render(draw_both(*policies, known), "svg"))
    if logs:
        _save_logs(logs, found)
    if as_json:
        print(json.dumps(found.as_json()))
    else:
        output = Console(highlight=False, markup=False, emoji=False, soft_wrap=True)
        for line in _lines(found):
            output.print(safe(line), style="bold" if line and not line.startswith(" ") else None)
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
    if found.reasons:
        yield from ("", "rejected by both, for other reasons")
        yield from (f"  {each.sentence} ({_cells(each.cells)})" for each in found.reasons)
    if found.clauses:
        yield from ("", "rows under another section")
        yield from (f"  {row}: {old or 'none'} → {new or 'none'}" for row, old, new in found.clauses)


def _group(number: int, group: Group) -> Iterator[str]:
    yield f"{number}. {group.sentence}"
    yield f"  {_cells(group.cells)}, for example {spelled(group.example)}"
    if group.log is None:
        yield f"  {group.unshown}"
        return
    yield f"  log under {' and '.join(group.plays_under)}:"
    yield from (f"    {_event(event)}" for event in group.log)


def _event(event: Mapping[str, Any]) -> str:
    target = event.get("state_key", "")
    parties = event["sender"] if target in ("", event["sender"]) else f"{event['sender']} → {target}"
    return f"{parties}  {event['type']}  {json.dumps(event['content'])}"


def _cells(count: int) -> str:
    return f"{count} cell{'' if count == 1 else 's'}"
