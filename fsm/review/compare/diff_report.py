"""A diff as a report: Markdown or a page, with a picture of both policies."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeAlias

from fsm.errors import counted
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.review import report
from fsm.review.cases.in_words import Words
from fsm.review.cases.in_words import log_lines as told_log
from fsm.review.compare.diff import Diff, Group
from fsm.review.report import anchor
from fsm.scenario import Log

Pair: TypeAlias = tuple[Words, Words]
"""The words of both policies."""


def save(file: Path, found: Diff, picture: bytes, policies: tuple[AnyPolicy, AnyPolicy] | None = None) -> None:
    """Write a report; `picture` is an SVG document. Raises OSError, `ReviewError` (see `fsm.review.report`)."""
    name = report.picture_name(file, f"{found.old}-{found.new}")
    report.save(file, f"{found.old} → {found.new}", to_markdown(found, name, policies), {name: picture})


def to_markdown(found: Diff, picture: str | None = None, policies: tuple[AnyPolicy, AnyPolicy] | None = None) -> str:
    """The diff as a report, in the order of its parts; `picture` is the name of a file.

    `policies` are the two, which have the words for events and facts.
    """
    words = Words(policies[0] if policies else None), Words(policies[1] if policies else None)
    parts = (
        _header(found, picture),
        _summary(found),
        _groups(found, words),
        _readings(found, words),
        _rules(found),
        _reasons(found, words),
        _clauses(found),
    )
    return "\n".join([*(line for part in parts for line in part), ""])


def _header(found: Diff, picture: str | None) -> Iterator[str]:
    yield f"# {found.old} → {found.new}\n\n{found.summary}."
    if picture:
        yield f"\n![{found.old} and {found.new} in one picture]({picture})"
    if found.left_out:
        yield "\nNot compared:\n"
        yield from (f"- {text}" for text in found.left_out)


def _summary(found: Diff) -> Iterator[str]:
    """The differences, those of the most cells first, each with a link to it."""
    if found.groups:
        yield "\n## Summary\n"
        rows = sorted(enumerate(found.groups, start=1), key=lambda row: -row[1].cells)
        yield from table_lines(
            ("difference", "from", "to", "cells"),
            (
                (
                    f"[{group.action}](#{anchor(_heading(number, group))})",
                    group.old.words,
                    group.new.words,
                    f"{group.cells:,}",
                )
                for number, group in rows
            ),
        )


def _heading(number: int, group: Group) -> str:
    return f"{number}. {group.action}: {group.old.words} → {group.new.words}"


def _groups(found: Diff, words: Pair) -> Iterator[str]:
    for number, group in enumerate(found.groups, start=1):
        yield f"\n## {_heading(number, group)}\n"
        yield from _group(group, words[found.new in group.plays_under])


def _group(group: Group, words: Words) -> Iterator[str]:
    yield f"When {group.condition.words}.\n"
    yield f"{counted(group.cells, 'cell')}, for example {words.case(group.action, _true(group.example))}."
    if group.log is None:
        yield f"\n{group.unshown}."
    else:
        yield f"\nA log under `{'` and `'.join(group.plays_under)}`, the last event being the question:"
        yield from told_log(group.log, words)


def _true(example: Mapping[str, Value]) -> dict[str, Value]:
    """What is not named is false."""
    return {name: value for name, value in example.items() if value is not False}


def _readings(found: Diff, words: Pair) -> Iterator[str]:
    if found.readings:
        yield "\n## The same room, other facts\n"
    for reading in found.readings:
        one, other = (
            each.fact(reading.fact, value) for each, value in zip(words, (reading.old, reading.new), strict=True)
        )
        yield f"\nIn the same room, under `{found.old}` {one}; under `{found.new}` {other}. The last event asks it:"
        yield from told_log(reading.log, words[0])


def _rules(found: Diff) -> Iterator[str]:
    if found.rules:
        yield "\n## Rules beside the table\n"
        rows = ((each.kind, f"`{each.rule}`", ", and ".join(each.changes)) for each in found.rules)
        yield from table_lines(("events", "rule", "change"), rows)


def _reasons(found: Diff, words: Pair) -> Iterator[str]:
    if found.reasons:
        yield "\n## Rejected by both, for other reasons\n"
        yield from table_lines(
            ("action", "row", "change", "cells", "for example"),
            (
                (
                    each.action,
                    f"`{each.transition}`",
                    ", ".join(each.changes),
                    str(each.cells),
                    words[0].case(each.action, _true(each.example)),
                )
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
