"""What a verification found, as a report: Markdown or a page, with a picture of each policy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from fsm.errors import counted
from fsm.family import AnyPolicy
from fsm.render.words.markdown import escaped
from fsm.review import report
from fsm.review.cases.in_words import Words, log_lines
from fsm.review.laws.finding import Example, Finding, Review
from fsm.review.laws.kinds import Severity
from fsm.review.report import anchor, file_name, picture_name
from fsm.scenario import Log

TITLE = "Participation policies, verified"

_NO_POLICIES: Mapping[str, AnyPolicy] = MappingProxyType({})


def save(
    file: Path,
    reviews: Sequence[Review],
    pictures: Mapping[str, bytes],
    policies: Mapping[str, AnyPolicy] = _NO_POLICIES,
) -> None:
    """Write a report: a page with the pictures in it, or Markdown with the pictures beside it.

    `pictures` are SVG documents by policy; `policies` have the words for events and
    facts. Raises OSError, and `ReviewError` for a file of another kind.
    """
    names = {policy: picture_name(file, policy) for policy in pictures}
    text = to_markdown(reviews, names, policies)
    report.save(file, TITLE, text, {names[policy]: picture for policy, picture in pictures.items()})


def to_markdown(
    reviews: Sequence[Review], pictures: Mapping[str, str], policies: Mapping[str, AnyPolicy] = _NO_POLICIES
) -> str:
    """The report; `pictures` are the names of files, by policy."""
    parts = (
        _overview(reviews),
        *(
            _review(
                review, pictures.get(review.policy), Words(policies.get(review.policy) if review.findings else None)
            )
            for review in reviews
        ),
    )
    return "\n".join([f"# {TITLE}", *(line for part in parts for line in part), ""])


def _overview(reviews: Sequence[Review]) -> Iterator[str]:
    """How much was found, by weight, and each finding that is open with a link to it."""
    yield ""
    yield from _table(
        ("policy", *map(str, Severity), "accepted", "laws", "cells", "rooms"),
        (
            (
                _link(review.policy, _review_heading(review)),
                *(str(_of(review, severity) or "-") for severity in Severity),
                str(len(review.findings) - len(review.open) or "-"),
                str(review.laws),
                f"{review.cells:,}" if review.cells else "-",
                "not searched" if review.rooms is None else f"{review.rooms:,}",
            )
            for review in reviews
        ),
    )
    for severity in Severity:
        found = [
            (review, number, finding)
            for review in reviews
            for number, finding in enumerate(review.findings, start=1)
            if finding.severity is severity and finding.accepted is None
        ]
        if found:
            yield f"\n**{severity}**\n"
        for review, number, finding in found:
            yield f"- {_link(finding.sentence, _finding_heading(review, number, finding))} (`{review.policy}`)"


def _of(review: Review, severity: Severity) -> int:
    return sum(finding.severity is severity for finding in review.open)


def _review_heading(review: Review) -> str:
    return f"{review.policy}: {review.title}"


def _finding_heading(review: Review, number: int, finding: Finding) -> str:
    subject = f": {finding.subject}" if finding.subject else ""
    return f"{review.policy}, {number}: {finding.sentence}{subject}"


def _link(words: str, heading: str) -> str:
    text = words.replace("[", "(").replace("]", ")")
    return f"[{text}](#{anchor(heading.replace('`', ''))})"


def _review(review: Review, picture: str | None, words: Words) -> Iterator[str]:
    yield f"\n## {_review_heading(review)}\n\n{review.source}\n"
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
        yield f"\n### {_finding_heading(review, number, finding)}\n"
        yield from _finding(finding, words)


def _matrix(review: Review) -> Iterator[str]:
    yield "Transitions by state and action; where there is none, the action is rejected whatever the facts.\n"
    actions = list(next(iter(review.matrix.values()), {}))
    yield from _table(
        ("state", *actions),
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


def _finding(finding: Finding, words: Words) -> Iterator[str]:
    yield f"**{finding.severity}**, law `{finding.law}`{told_clause(finding)}."
    yield from (f"\n> {quote}" for quote in finding.says)
    if finding.accepted is not None:
        yield f"\n- **accepted**: {finding.accepted}"
    if finding.rooms is not None:
        yield f"\nBroken in {counted(finding.rooms, 'room')}."
    if finding.example:
        yield f"\nBroken in {counted(finding.cells or 0, 'cell')}, {told_example(finding)}:\n"
        yield from _example("", finding.example, words)
    yield from _example("but ", finding.contrast, words)
    yield from (f"- {line}" for line in told_suggestion(finding))
    if finding.witness:
        yield f"\nThe shortest log; its last event is {escaped(finding.answer)}:"
        yield from log_lines(finding.witness, words)
    elif finding.is_reachable is False:
        yield "\nNo room of the scenario comes to this."
    if finding.contrast_witness:
        yield "\nThe case to compare with:"
        yield from log_lines(finding.contrast_witness, words)


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
        title = ", ours: its source does not say so"
    return f"{title}, rows {rows}" if rows else title


def told_example(finding: Finding) -> str:
    """Which of the cells that break the law the example is."""
    return "the nearest to a sender who may all" if finding.is_from_strong else "the smallest"


def _example(before: str, example: Example | None, words: Words) -> Iterator[str]:
    if example:
        facts = {name: example.facts[name] for name in ("target", "sender", *example.unusual)}
        yield f"- {before}{escaped(words.case(example.action, facts))}: **{escaped(example.answer)}**"


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for cells in (header, ("---",) * len(header), *rows):
        yield f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |"
