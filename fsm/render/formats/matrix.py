"""Diagram to a matrix in Markdown: state by action."""

from collections.abc import Iterator

from fsm.render.diagram import Detail, Diagram
from fsm.render.grid import UNREACHED, Entry, Grid
from fsm.render.words.label import about_of, clean, start_of
from fsm.render.words.markdown import escaped

NOTHING = "\N{EN DASH}"
NOT_REACHED = "allowed if it is asked, but no history whose events come in order gets there."


def to_matrix(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The matrix under a heading, with its notes."""
    grid = Grid(diagram, detail)
    about = "  \n".join(map(escaped, about_of(diagram)))
    head = [f"# {escaped(clean(diagram.title))}", "", about, "", escaped(start_of(diagram)), ""]
    return "\n".join([*head, *matrix_of(grid)]) + "\n"


def matrix_of(grid: Grid) -> Iterator[str]:
    """The lines of the matrix, of its notes, and of the rules on other events."""
    yield f"| the target is in | {' | '.join(escaped(clean(action)) for action in grid.actions)} |"
    yield f"| --- |{' --- |' * len(grid.actions)}"
    for state in grid.states:
        cells = ["<br>".join(map(entry_of, grid.cell(state, action))) or NOTHING for action in grid.actions]
        yield f"| **{escaped(grid.name(state))}** | {' | '.join(cells)} |"
    if grid.marks_unreached:
        yield from ("", f"*{UNREACHED}*: {NOT_REACHED}")
    if grid.notes:
        yield from ("", "A number is a condition that must hold; what is not listed is rejected.", "")
        yield from (f"{number}. {escaped(words)}" for words, number in grid.notes.items())
    if grid.diagram.others:
        yield from ("", "Rules beside the table, by kind of event, each met if all that it asks holds:", "")
        yield from (f"- **{escaped(clean(other.rule))}**, {escaped(words)}" for other, words in grid.others)


def entry_of(entry: Entry) -> str:
    """A transition with what else there is to say of it."""
    parts = [f"**{escaped(entry.transition)}**"]
    if entry.dest:
        parts.append(f"→ {escaped(entry.dest)}")
    parts += [f"*{escaped(mark)}*" for mark in (entry.change, "" if entry.reached else UNREACHED) if mark]
    if entry.by:
        parts.append(f"by {entry.by}")
    if entry.notes:
        parts.append(f"({', '.join(map(str, entry.notes))})")
    if entry.clause:
        parts.append(f"§\u00a0{escaped(entry.clause)}")
    return " ".join(parts)
