"""What a verification found, as a report: Markdown or a page, with a picture of each policy."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from fsm.review import report
from fsm.review.finding import Example, Finding, Review
from fsm.review.report import file_name, picture_name
from fsm.scenario import Log

TITLE = "Participation policies, verified"


def save(file: Path, reviews: Sequence[Review], pictures: Mapping[str, bytes]) -> None:
    """Write a report: a page with the pictures in it, or Markdown with the pictures beside it.

    `pictures` are SVG documents by policy. Raises OSError, and `ReviewError` for a
    file of another kind.
    """
    names = {policy: picture_name(file, policy) for policy in pictures}
    report.save(
        file, TITLE, to_markdown(reviews, names), {names[policy]: picture for policy, picture in pictures.items()}
    )


def to_markdown(reviews: Sequence[Review], pictures: Mapping[str, str]) -> str:
    """The report; `pictures` are the names of files, by policy."""
    parts = (_overview(reviews), *(_review(review, pictures.get(review.policy)) for review in reviews))
    return "\n".join([f"# {TITLE}", *(line for part in parts for line in part), ""])


def _overview(reviews: Sequence[Review]) -> Iterator[str]:
    yield ""
    yield from _table(
        ("policy", "cells", "rooms", "laws", "findings", "accepted"),
        (
            (
                f"`{review.policy}`",
                str(review.cells or "-"),
                "not searched" if review.rooms is None else str(review.rooms),
                str(review.laws),
                str(len(review.open)),
                str(len(review.findings) - len(review.open)),
            )
            for review in reviews
        ),
    )


def _review(review: Review, picture: str | None) -> Iterator[str]:
    yield f"\n## {review.policy}: {review.title}\n\n{review.source}\n"
    if picture:
        yield f"![{review.policy}]({picture})\n"
    if review.matrix:
        yield from _matrix(review)
    if review.not_searched:
        laws = ", ".join(f"`{law}`" for law in review.not_searched)
        yield f"\nLaws that are held against smaller policies only: {laws}."
    if review.not_applied:
        laws = ", ".join(f"`{law}`" for law in review.not_applied)
        yield f"\nLaws about what this policy does not have: {laws}."
    if not review.findings:
        yield "\nEvery law is kept."
    for number, finding in enumerate(review.findings, start=1):
        yield from _finding(number, finding)


def _matrix(review: Review) -> Iterator[str]:
    yield "Transitions by state and action; where there is none, the action is rejected whatever the facts.\n"
    actions = list(next(iter(review.matrix.values()), {}))
    yield from _table(
        ("", *actions),
        (
            (f"**{state}**", *(", ".join(f"`{each}`" for each in rows[action]) or "-" for action in actions))
            for state, rows in review.matrix.items()
        ),
    )


def told_suggestion(finding: Finding) -> Iterator[str]:
    """What would mend a finding, a line each."""
    if finding.suggestion is None:
        return
    if finding.suggestion.cannot:
        yield f"not mended: {finding.suggestion.cannot}"
        return
    yield f"mended if {', and '.join(finding.suggestion.changes)}"
    yield from (f"then {line}" for line in (*finding.suggestion.gained, *finding.suggestion.lost))


def _finding(number: int, finding: Finding) -> Iterator[str]:
    subject = f": {finding.subject}" if finding.subject else ""
    yield f"\n### {number}. {finding.sentence}{subject}\n"
    yield f"- law `{finding.law}`, severity {finding.severity}{told_clause(finding)}"
    yield from (f"- {quote}" for quote in finding.says)
    if finding.accepted is not None:
        yield f"- **accepted**: {finding.accepted}"
    if finding.cells is not None:
        yield f"- cells: {finding.cells}"
    if finding.rooms is not None:
        yield f"- rooms: {finding.rooms}"
    yield from _example(told_example(finding), finding.example)
    yield from _example("to compare with", finding.contrast)
    yield from (f"- {line}" for line in told_suggestion(finding))
    if finding.witness:
        yield f"- log, the last event being {finding.answer}:"
        yield from _log(finding.witness)
    elif finding.is_reachable is False:
        yield "- no room can come to this"
    if finding.contrast_witness:
        yield "- log of the case to compare with:"
        yield from _log(finding.contrast_witness)


def witness_files(review: Review) -> Iterator[tuple[str, Log]]:
    """The logs of a review, each under the name of a file: policy, number of the finding, law."""
    for number, finding in enumerate(review.findings, start=1):
        name = file_name(f"{review.policy}.{number:02}.{finding.law}")
        if finding.witness:
            yield f"{name}.jsonl", finding.witness
        if finding.contrast_witness:
            yield f"{name}.contrast.jsonl", finding.contrast_witness


def told_clause(finding: Finding) -> str:
    """Whose law it is or where it comes from, and the sections of the rows concerned."""
    rows = ", ".join(f"{row} {section}".strip() for row, section in finding.rows)
    title = f', from "{finding.clause}"' if finding.clause else ""
    if finding.is_ours:
        title = ", ours: the MIMI draft does not say so"
    return f"{title}, rows {rows}" if rows else title


def told_example(finding: Finding) -> str:
    """Which of the cells that break the law the example is."""
    return "the nearest to a sender who may all" if finding.is_from_strong else "the smallest"


def _example(name: str, example: Example | None) -> Iterator[str]:
    if example:
        yield f"- {name}: `{example.question}`: {example.answer}"


def _log(log: Log) -> Iterator[str]:
    yield "\n  ```json"
    yield from (f"  {json.dumps(event)}" for event in log)
    yield "  ```\n"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
