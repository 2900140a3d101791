"""Diagram to DOT, the language of Graphviz.

Where the states have natural places, the text pins every state, edge and label
(`layout=nop2`: Graphviz draws what it is told); otherwise Graphviz lays out.
"""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from graphviz import Digraph
from graphviz import escape as quote

from fsm.render.diagram import Change, Detail, Diagram, Edge, State
from fsm.render.formats.markup import (
    Row,
    blank,
    indented,
    joined,
    plain,
    sample,
    spread,
    stack,
    table,
    text,
    under,
)
from fsm.render.layout.curve import position, rounded
from fsm.render.layout.plan import DOT, HAIR, Plan, Way, plan_of
from fsm.render.layout.style import (
    BOXES,
    CHANGES,
    FAINT,
    FONTS,
    INK,
    MARGIN,
    NAME,
    PAGE,
    PAPER,
    SMALL,
    TALL_PAGE,
    TITLE,
    VERB,
    Look,
    line_of,
    lines_of,
    width_of,
)
from fsm.render.layout.tall import tall_plan_of
from fsm.render.words.label import (
    Label,
    Notes,
    about_of,
    clean,
    labels_of,
    left_out_of,
    legend_of,
    notes_if_crowded,
    notes_of,
    sentence,
    start_of,
)

_HEAD = 7.5  # how long an arrow's head is
_ABOVE, _BELOW = 22, 18  # from the picture to its title and its legend
_WRAP = 100  # the most letters in a line of the title; small type has more in a line
_ROOM = 460  # how wide title and legend may always be, however narrow the picture
_SLACK = 1.1  # how much wider large letters may come out in a reader's font
_LEAD = 3  # between the repeats in a state
_GAP = 18  # between the entries of the legend


def to_dot(diagram: Diagram, detail: Detail = Detail.GUARDS, *, tall: bool = False) -> str:
    """The diagram as DOT text; `tall` for a narrow page."""
    return drawn(diagram, detail, Look(tall=tall))


def drawn(diagram: Diagram, detail: Detail, look: Look) -> str:
    """The diagram as DOT text."""
    diagram = diagram.drawn
    plan, labels, notes = _layout(diagram, detail, tall=look.tall)
    font = {"fontname": FONTS, "fontsize": str(VERB), "fontcolor": look.colour(INK)}
    graph = Digraph(
        quote(clean(diagram.id)),
        graph_attr={
            "layout": "nop2" if plan else "dot",
            "bgcolor": PAPER,
            "pad": f"{MARGIN / 72:g}",
            "margin": "0",
            **font,
        },
        node_attr={**font, "shape": "box"},
        edge_attr={**font, "arrowsize": f"{_HEAD / 10:g}"},
    )
    width = max(plan.frame.width, _ROOM) if plan else 0.6 * VERB * _WRAP
    header = _header(diagram, width) if look.titled else []
    legend = _legend(diagram, look, labels, notes, width)
    words = _Words(labels, {state.id: _state(diagram, look, state, labels) for state in diagram.states})
    if plan:
        frame = plan.frame
        _block(graph, "(title)", header, frame.left, frame.top + _ABOVE)
        _pin(graph, diagram, look, plan, words)
        _block(graph, "(legend)", legend, frame.left, frame.bottom - _BELOW - sum(row.height for row in legend))
    else:
        _leave_free(graph, diagram, look, words, [*header, blank(_BELOW // 2), *legend, blank(_BELOW)])
    return str(graph.source)


def _layout(diagram: Diagram, detail: Detail, *, tall: bool) -> tuple[Plan | None, dict[str, Label], Notes | None]:
    """Where everything stands, if it has natural places, and what is written there."""
    find, page = (tall_plan_of, TALL_PAGE) if tall else (plan_of, PAGE)
    notes = notes_if_crowded(diagram, detail)
    labels = labels_of(diagram, detail, notes)
    plan = find(diagram, labels)
    if notes or not plan or detail is Detail.VERBS or plan.frame.width <= page - 2 * MARGIN:
        return plan, labels, notes
    # Too wide for a page: the guards become numbers, explained in the legend.
    notes = notes_of(diagram)
    labels = labels_of(diagram, detail, notes)
    return find(diagram, labels), labels, notes


@dataclass(frozen=True, slots=True)
class _Words:
    """What is written at each edge, and, marked up, in each state."""

    labels: Mapping[str, Label]
    states: Mapping[str, str]


def _begin(graph: Digraph, diagram: Diagram, look: Look, plan: Plan | None = None) -> None:
    """The dot, and its arrow to where everybody begins."""
    colour = look.colour(INK)
    dot, arrow = ({"pos": position(plan.start[0])}, {"pos": rounded(plan.start, _HEAD)}) if plan else ({}, {})
    shape = {"shape": "circle", "style": "filled", "fixedsize": "true", "width": f"{DOT / 72:.4f}"}
    graph.node("(start)", "", **shape, fillcolor=colour, color=colour, **{"class": "start"}, **dot)
    graph.edge("(start)", diagram.initial, color=colour, **{"class": "start"}, **arrow)


def _pin(graph: Digraph, diagram: Diagram, look: Look, plan: Plan, words: _Words) -> None:
    _begin(graph, diagram, look, plan)
    for state in diagram.states:
        place = plan.places[state.id]
        size = {"fixedsize": "true", "width": f"{place.width / 72:.4f}", "height": f"{place.height / 72:.4f}"}
        graph.node(state.id, words.states[state.id], pos=position((place.x, place.y)), **size, **_box(look, state))
    for edge in diagram.moves:
        way = plan.ways[edge.id]
        graph.edge(
            edge.source,
            edge.dest,
            _along(_rows(words.labels[edge.id].verb, way.small), way),
            pos=rounded(way.corners, _HEAD),
            lp=position((way.place.x, way.place.y)),
            **_line(diagram, look, edge),
        )


def _leave_free(graph: Digraph, diagram: Diagram, look: Look, words: _Words, around: Sequence[Row]) -> None:
    block = stack(around, ceil(max(row.width for row in around)), "left")
    graph.attr(label=block, labelloc="t", labeljust="l", nodesep="0.4", ranksep="0.7")
    _begin(graph, diagram, look)
    for state in diagram.states:
        graph.node(state.id, words.states[state.id], margin="0.2,0.1", **_box(look, state))
    for edge in diagram.moves:
        label = words.labels[edge.id]
        rows = _rows(label.verb, label.stacked)
        graph.edge(edge.source, edge.dest, indented(rows), **_line(diagram, look, edge))


def _box(look: Look, state: State) -> dict[str, str]:
    box = look.box(BOXES[state.tone])
    return {
        "id": state.id,
        "class": "state",
        "style": "rounded,filled" if state.change is Change.NONE else "rounded,filled,dashed",
        "fillcolor": box.fill,
        "color": box.border,
        "fontcolor": box.ink,
        "penwidth": f"{box.width:g}",
        "tooltip": quote(clean(state.name)),
    }


def _line(diagram: Diagram, look: Look, edge: Edge) -> dict[str, str]:
    line = look.line(line_of(diagram, edge))
    return {
        "id": edge.id,
        "class": line.name,
        "style": line.stroke,
        "color": line.colour,
        "fontcolor": line.colour,
        "penwidth": f"{line.width:g}",
        "tooltip": quote(sentence(diagram, edge)),
    }


def _state(diagram: Diagram, look: Look, state: State, labels: Mapping[str, Label]) -> str:
    """A state's name and, in small type, its repeats: each a cell that can be addressed as an edge can."""
    rows = [(text(clean(state.name), NAME, bold=True), "")]
    if diagram.sides and state.change is not Change.NONE:
        line = look.line(CHANGES[state.change])
        rows.append((text(clean(line.words.format(*diagram.sides)), SMALL, line.colour), ""))
    for edge in diagram.repeats(state):
        label, colour = labels[edge.id], look.line(line_of(diagram, edge)).colour
        verb = text(label.verb, SMALL, colour, bold=True)
        if look.tall:
            cell = under([blank(_LEAD), verb, *(text(line, SMALL, colour) for line in label.stacked)])
        else:
            cell = joined([verb, *([text(f"\u2003{label.inline}", SMALL, colour)] if label.conditions else [])])
        rows.append((cell, f' id="{edge.id}" title="{plain(sentence(diagram, edge))}"'))
    return table(rows)


def _rows(verb: str, small: Sequence[str]) -> list[Row]:
    """The verb of an edge and, under it, what must hold."""
    return [text(verb, VERB, bold=True), *(text(line, SMALL) for line in small)]


def _along(rows: Sequence[Row], way: Way) -> str:
    if way.beside:
        return stack(rows, way.place.width, "left")
    # The line runs through the middle: the verb stands on it, the rest hangs from it.
    half = round(way.place.height / 2)
    verb, *small = rows
    over, under = half - verb.height, half - HAIR - sum(row.height for row in small)
    return stack([blank(over), verb, blank(HAIR), *small, blank(under)], way.place.width, "center")


def _header(diagram: Diagram, width: float) -> list[Row]:
    about = [words.replace(" = ", "\u00a0=\u00a0") for words in about_of(diagram)]
    title = [text(line, TITLE, bold=True) for line in _wrapped(clean(diagram.title), TITLE, width) or [""]]
    return [
        *(replace(line, width=_SLACK * line.width) for line in title),
        *(text(line, VERB, FAINT) for words in about for line in _wrapped(words, VERB, width)),
    ]


def _legend(diagram: Diagram, look: Look, labels: Mapping[str, Label], notes: Notes | None, width: float) -> list[Row]:
    faint = look.colour(FAINT)
    entries = [
        spread([sample(line), text(clean(words), VERB, line.colour)], 8)
        for line, words in ((look.line(line), words) for line, words in lines_of(diagram))
    ]
    small = []
    if any(label.conditions for label in labels.values()) and not diagram.sides and not notes:
        small.append("Small type: what else must hold, about the sender unless it says otherwise.")
    if any(edge.repeats for edge in diagram.edges):
        small.append("A verb inside a state leaves it as it is.")
    small.append(f"The dot: {start_of(diagram)[:1].lower()}{start_of(diagram)[1:]}")
    if not diagram.edges:
        small.append("Nothing is possible here.")
    small += left_out_of(diagram)
    heading = text("How they differ:" if diagram.sides else "Who acts:", VERB, faint)
    return [
        *(_flowed(heading, entries, width) if entries else []),
        blank(5),
        *(text(line, SMALL, faint) for line in _wrapped(" ".join(small), SMALL, width)),
        *([blank(5), text("What else must hold:", SMALL, faint), *_columns(notes, width, faint)] if notes else []),
    ]


def _columns(notes: Notes, width: float, colour: str) -> list[Row]:
    """The notes in as many columns as there is room for, to be read downwards."""
    entries = [
        text(line if first else f"\u2003{line}", SMALL, colour)
        for note in legend_of(notes)
        for first, line in _flagged(_wrapped(note, SMALL, width))
    ]
    for height in range(1, len(entries) + 1):
        columns = [entries[first : first + height] for first in range(0, len(entries), height)]
        widths = [max(entry.width for entry in column) for column in columns]
        if sum(widths) + _GAP * (len(widths) - 1) <= width or len(columns) == 1:
            break
    cells = [[replace(entry, width=wide) for entry in column] for column, wide in zip(columns, widths, strict=True)]
    return [spread([column[place] for column in cells if place < len(column)], _GAP) for place in range(height)]


def _flagged(lines: Sequence[str]) -> Iterator[tuple[bool, str]]:
    """Each line, and whether it is the first."""
    return ((place == 0, line) for place, line in enumerate(lines))


def _flowed(heading: Row, entries: Sequence[Row], width: float) -> list[Row]:
    """The entries next to each other behind the heading, in as many lines as it takes."""
    lines = [[heading]]
    for entry in entries:
        if len(lines[-1]) > 1 and sum(each.width + _GAP for each in lines[-1]) + entry.width > width:
            lines.append([Row("", heading.width, heading.height)])
        lines[-1].append(entry)
    return [spread(line, _GAP) for line in lines]


def _wrapped(words: str, size: int, width: float) -> list[str]:
    """The words in lines that about fit this width and can be read in one go."""
    fitting = int(len(words) * width / max(width_of(words, size), 1))
    return textwrap.wrap(words, max(1, min(_WRAP if size >= VERB else 2 * _WRAP, fitting)))


def _block(graph: Digraph, name: str, rows: Sequence[Row], left: float, bottom: float) -> None:
    """Lines of text whose lower left corner is pinned."""
    if not rows:
        return
    width, height = ceil(max(row.width for row in rows)), sum(row.height for row in rows)
    middle = (left + width / 2, bottom + height / 2)
    graph.node(name, stack(rows, width, "left"), shape="plain", pos=position(middle))
