"""Diagram to plain text, in as few columns as the text of an RFC has.

First a drawing, where the states have natural places and the page has room for it;
then a list of arrows by state, which says all the rest.
"""

from collections.abc import Iterator, Sequence

from fsm.render.diagram import Change, Detail, Diagram, Edge, State
from fsm.render.layout.style import line_of, lines_of
from fsm.render.layout.typewriter import STROKES, drawing_of
from fsm.render.words.columns import padded, width, wrapped
from fsm.render.words.label import (
    Notes,
    about_of,
    clean,
    conditions_of,
    left_out_of,
    legend_of,
    notes_if_crowded,
    start_of,
)

COLUMNS = 69  # of the 72 that a line of an RFC has, its text leaves 3 empty
_INDENT = "   "
_LEAST = 20  # columns for conditions that are worth a column of their own


def to_text(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The diagram as plain text, with what it is and what is given at its head."""
    diagram = diagram.drawn
    head = [line for words in (clean(diagram.title), *about_of(diagram)) for line in wrapped(words, COLUMNS)]
    return "\n".join([*head, "", *body(diagram, detail)]) + "\n"


def body(diagram: Diagram, detail: Detail = Detail.GUARDS) -> list[str]:
    """The drawing and the list, without a head."""
    diagram = diagram.drawn
    if not diagram.edges:
        return ["Nothing is possible here."]
    drawing = drawing_of(diagram, COLUMNS)
    if drawing and detail is Detail.VERBS and not diagram.sides:
        return [*drawing, "", *_legend(diagram)]
    return [*([*drawing, ""] if drawing else []), *_legend(diagram), "", *_list(diagram, detail)]


def _legend(diagram: Diagram) -> Iterator[str]:
    entries = [f"{STROKES[line.name][0] * 3} {clean(words)}" for line, words in lines_of(diagram)]
    yield from wrapped(f"{'How they differ' if diagram.sides else 'Who acts'}: {', '.join(entries)}.", COLUMNS, _INDENT)
    if any(edge.repeats for edge in diagram.edges) and drawing_of(diagram, COLUMNS):
        yield "In brackets: what leaves a state as it is."
    for words in (start_of(diagram), *left_out_of(diagram)):
        yield from wrapped(words, COLUMNS, _INDENT)


def _list(diagram: Diagram, detail: Detail) -> Iterator[str]:
    """The edges, under the state that they lead from."""
    rows = {state: [edge for edge in diagram.edges if edge.source == state.id] for state in diagram.ordered}
    notes = notes_if_crowded(diagram, detail)
    cells = {edge.id: _cells(diagram, edge, detail, notes) for edges in rows.values() for edge in edges}
    widths = [max(width(row[place]) for row in cells.values()) for place in range(2)]
    left = len(_INDENT) + sum(widths) + 2
    for state, edges in rows.items():
        if edges:
            yield from wrapped(f"{_name(diagram, state)}:", COLUMNS)
        for edge in edges:
            verb, arrow, terms = cells[edge.id]
            if left + 1 + _LEAST <= COLUMNS:
                first = f"{_INDENT}{padded(verb, widths[0])} {padded(arrow, widths[1])}"
                for line in wrapped(terms, COLUMNS - left - 1):
                    yield f"{first}  {line}".rstrip()
                    first = " " * (left - 1)
            else:
                for part, indent in ((verb, 1), (arrow, 2), (terms, 2)):
                    for line in wrapped(part, COLUMNS - indent * len(_INDENT)):
                        yield f"{_INDENT * indent}{line}".rstrip()
    if notes:
        yield from ("", "What else must hold:")
        yield from (line for note in legend_of(notes) for line in wrapped(note, COLUMNS, _INDENT))


def _name(diagram: Diagram, state: State) -> str:
    word = clean(state.name)
    if diagram.sides and state.change is not Change.NONE:
        return f"{word} (only in {clean(diagram.sides[state.change is Change.SECOND])})"
    return word


def _cells(diagram: Diagram, edge: Edge, detail: Detail, notes: Notes | None) -> Sequence[str]:
    """The verb, the arrow with where it leads, and the rest in words."""
    arrow = STROKES[line_of(diagram, edge).name][0] * 2 + ">"
    terms = map(clean, conditions_of(diagram, edge, detail, notes, lines=False))
    words = [each.replace("§\u00a0", "section ") for each in terms]
    return clean(edge.transition), f"{arrow} {clean(diagram.names[edge.dest])}", ", ".join(words)
