"""A diff as a report: Markdown or a page, with a picture of both policies."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from fsm.review import report
from fsm.review.diff import Diff, Group, spelled
from fsm.scenario import Log


def save(file: Path, found: Diff, picture: bytes) -> None:
    """Write a report; `picture` is an SVG document. Raises OSError, `ReviewError` (see `fsm.review.report`)."""
    name = report.picture_name(file, f"{found.old}-{found.new}")
    report.save(file, f"{found.old} → {found.new}", to_markdown(found, name), {name: picture})


def to_markdown(found: Diff, picture: str | None = None) -> str:
    """The diff as a report, in the order of its parts; `picture` is the name of a file."""
    parts = (_header(found, picture), _groups(found), _readings(found), _reasons(found), _clauses(found))
    return "\n".join([*(line for part in parts for line in part), ""])


def _header(found: Diff, picture: str | None) -> Iterator[str]:
    yield f"# {found.old} → {found.new}\n\n{found.summary}."
    if picture:
        yield f"\n![{found.old} and {found.new} in one picture]({picture})"
    if found.left_out:
        yield "\nNot compared:\n"
        yield from (f"- {text}" for text in found.left_out)


def _groups(found: Diff) -> Iterator[str]:
    for action in dict.fromkeys(group.action for group in found.groups):
        yield f"\n## {action}"
        for group in found.groups:
            if group.action == action:
                yield from _group(group)


def _group(group: Group) -> Iterator[str]:
    yield f"\n**{group.old.words} → {group.new.words}** when {group.condition.words}"
    yield f"\n- cells: {group.cells}\n- for example: {spelled(group.example)}"
    if group.log is None:
        yield f"- {group.unshown}"
    else:
        yield f"- log under `{'` and `'.join(group.plays_under)}`, the last event being the question:"
        yield from log_lines(group.log)


def _readings(found: Diff) -> Iterator[str]:
    if found.readings:
        yield "\n## The same room, other facts\n"
    for reading in found.readings:
        yield f"- {reading.sentence}, the last event being the question:"
        yield from log_lines(reading.log)


def _reasons(found: Diff) -> Iterator[str]:
    if found.reasons:
        yield "\n## Rejected by both, for other reasons\n"
        yield from table_lines(
            ("action", "row", "change", "cells", "for example"),
            (
                (each.action, f"`{each.transition}`", ", ".join(each.changes), str(each.cells), spelled(each.example))
                for each in found.reasons
            ),
        )


def _clauses(found: Diff) -> Iterator[str]:
    if found.clauses:
        yield "\n## Rows under another section\n"
        yield from table_lines(
            ("row", found.old, found.new), ((f"`{row}`", old, new) for row, old, new in found.clauses)
        )


def log_lines(log: Log) -> Iterator[str]:
    """A log as JSON lines, inside an item of a list."""
    yield "\n  ```json"
    yield from (f"  {json.dumps(event)}" for event in log)
    yield "  ```\n"


def table_lines(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """A table in Markdown."""
    for cells in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
