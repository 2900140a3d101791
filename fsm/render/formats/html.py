"""Diagram to a page with its matrix: state by action, for readers and for screen readers."""

import re
from collections.abc import Iterable, Iterator
from html import escape

from fsm.render.diagram import Detail, Diagram
from fsm.render.formats.matrix import NOT_REACHED, NOTHING
from fsm.render.grid import UNREACHED, Entry, Grid
from fsm.render.words.label import about_of, clean, start_of

_STYLE = """\
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif; }
body { background: Canvas; color: CanvasText; margin: 2rem auto; max-width: 72rem; padding: 0 1rem; }
.wide { overflow-x: auto; position: relative; }
table { border-collapse: collapse; }
caption { padding-bottom: .5rem; text-align: start; }
th, td { border: 1px solid GrayText; padding: .4rem .7rem; text-align: start; vertical-align: top; }
thead th { border-bottom-width: 2px; }
td ul { list-style: none; margin: 0; padding: 0; }
.unseen { clip-path: inset(50%); height: 1px; overflow: hidden; position: absolute; white-space: nowrap; width: 1px; }
li:target { outline: 2px solid; outline-offset: 2px; }
"""
_NUMBERS = " A number is a condition that must hold, and leads to its words below the table."


def to_html(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The matrix as a page of its own: plain markup, no scripts, nothing to load."""
    grid = Grid(diagram, detail)
    title = _text(clean(diagram.title) or clean(diagram.id))
    lines = [
        "<!DOCTYPE html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>\n{_STYLE}</style>",
        "</head>",
        "<body>",
        "<main>",
        f'<h1 dir="auto">{title}</h1>',
        *(f'<p dir="auto">{_text(line)}</p>' for line in about_of(diagram)),
        f'<p dir="auto">{_text(start_of(diagram))}</p>',
        f"<p>What is not in the table is rejected.{_NUMBERS if grid.notes else ''}</p>",
        *_table(grid),
        *([f"<p><em>{UNREACHED}</em>: {NOT_REACHED}</p>"] if grid.marks_unreached else []),
        *_notes(grid),
        *_others(grid),
        "</main>",
        "</body>",
        "</html>",
    ]
    return "\n".join(lines) + "\n"


def _table(grid: Grid) -> Iterator[str]:
    yield '<div class="wide" role="region" aria-labelledby="caption" tabindex="0">'
    yield "<table>"
    yield '<caption id="caption">What is possible, by state and action</caption>'
    columns = "".join(f'<th scope="col" dir="auto">{_text(clean(action))}</th>' for action in grid.actions)
    yield f'<thead><tr><th scope="col">the target is in</th>{columns}</tr></thead>'
    yield "<tbody>"
    for state in grid.states:
        cells = "".join(f"<td>{_cell(grid.cell(state, action))}</td>" for action in grid.actions)
        yield f'<tr><th scope="row" dir="auto">{_text(grid.name(state))}</th>{cells}</tr>'
    yield "</tbody>"
    yield "</table>"
    yield "</div>"


def _cell(entries: Iterable[Entry]) -> str:
    items = "".join(f'<li dir="auto">{_entry(entry)}</li>' for entry in entries)
    return (
        f"<ul>{items}</ul>"
        if items
        else f'<span aria-hidden="true">{NOTHING}</span><span class="unseen">rejected</span>'
    )


def _entry(entry: Entry) -> str:
    parts = [f"<strong>{_text(entry.transition)}</strong>"]
    if entry.dest:
        parts.append(f'<span aria-hidden="true">→</span><span class="unseen">to</span> {_text(entry.dest)}')
    parts += [f"<em>{_text(mark)}</em>" for mark in (entry.change, "" if entry.reached else UNREACHED) if mark]
    if entry.by:
        parts.append(f"by {entry.by}")
    if entry.notes:
        links = ", ".join(
            f'<a href="#note-{number}"><span class="unseen">condition </span>{number}</a>' for number in entry.notes
        )
        parts.append(f"({links})")
    if entry.clause:
        parts.append(f"§\u00a0{_text(entry.clause)}")
    return " ".join(parts)


def _notes(grid: Grid) -> Iterator[str]:
    if grid.notes:
        yield '<h2 id="conditions">Conditions</h2>'
        yield '<ol aria-labelledby="conditions">'
        yield from (f'<li id="note-{number}" dir="auto">{_text(words)}</li>' for words, number in grid.notes.items())
        yield "</ol>"


def _others(grid: Grid) -> Iterator[str]:
    if grid.diagram.others:
        yield '<h2 id="others">Rules beside the table</h2>'
        yield "<p>By kind of event, each met if all that it asks holds.</p>"
        yield '<ul aria-labelledby="others">'
        yield from (
            f'<li dir="auto"><strong>{_text(clean(other.rule))}</strong>, {_text(words)}</li>'
            for other, words in grid.others
        )
        yield "</ul>"


def _text(words: str) -> str:
    """Words as markup; `quoted` ones as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(words)) or "(no name)"
