"""What differs between two policies whose rows are the same: in words, and as a report."""

from collections.abc import Iterator
from pathlib import Path

from fsm.family import AnyPolicy
from fsm.policy_law import Differences
from fsm.render.ladders import ladders_between
from fsm.render.words.markdown import escaped
from fsm.render.words.reach import tables_of
from fsm.review import report


def lines_of(old: AnyPolicy, new: AnyPolicy, found: Differences) -> Iterator[str]:
    """The differences line by line, under a headline."""
    yield _headline(old, new, found)
    yield from (f"  {line}" for line in _states(found))
    for sign, lines in (("+", found.gained), ("-", found.lost), (" ", found.bounds)):
        yield from (f"{sign} {line}" for line in lines)


def save(file: Path, old: AnyPolicy, new: AnyPolicy, found: Differences, picture: bytes | None) -> None:
    """Write a report, with a picture if there is one. Raises OSError, `ReviewError` (see `fsm.review.report`)."""
    name = report.picture_name(file, f"{old.id}-{new.id}")
    lines = [*_report(old, new, found, name if picture else None)]
    report.save(file, f"{old.id} → {new.id}", "\n".join([*lines, ""]), {name: picture} if picture else {})


def _report(old: AnyPolicy, new: AnyPolicy, found: Differences, picture: str | None) -> Iterator[str]:
    yield f"# {escaped(old.id)} → {escaped(new.id)}\n"
    if not found:
        yield "Nothing changes."
    if picture:
        yield f"\n![What changes from {escaped(old.id)} to {escaped(new.id)}]({picture})"
    for title, lines in (
        ("Roles", (*_states(found), *found.bounds)),
        ("What may be done then", found.gained),
        ("What may no longer be done", found.lost),
    ):
        if lines:
            yield f"\n## {title}\n"
            yield from (f"- {escaped(line)}" for line in lines)
    tables = [*tables_of(ladders_between(old, new))]
    if tables:
        yield "\n## Who gains or loses what over whom\n"
        yield from tables


def _headline(old: AnyPolicy, new: AnyPolicy, found: Differences) -> str:
    return f"{old.id} → {new.id}: {'what changes' if found else 'nothing changes'}"


def _states(found: Differences) -> tuple[str, ...]:
    return (*(f"{role} appears" for role in found.appear), *(f"{role} goes" for role in found.go))
