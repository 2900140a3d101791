"""Diagram to DOT, the language of Graphviz.

Where the states have natural places, the text pins every state, edge and label
(`layout=nop2`: Graphviz draws what it is told); otherwise Graphviz lays out.
"""

import textwrap
from collections.abc import Mapping, Sequence
from math import ceil

from graphviz import Digraph
from graphviz import escape as quote

from fsm.render.curve import position, rounded
from fsm.render.diagram import Detail, Diagram, Edge, State
from fsm.render.label import SEPARATOR, Label, Notes, clean, labels_of, notes_of, sentence
from fsm.render.markup import Row, blank, indented, joined, plain, sample, spread, stack, table, text
from fsm.render.plan import HAIR, Plan, Way, plan_of
from fsm.render.style import FAINT, FONTS, INK, LINES, MARGIN, NAME, PAGE, PAPER, SMALL, TITLE, VERB, box_of, line_of

_HEAD = 7.5  # how long an arrow's head is
_ABOVE, _BELOW = 22, 18  # from the picture to its title and its legend
_WRAP = 100  # letters in a line of the title; small type has more in a line


def to_dot(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The diagram as DOT text."""
    labels, notes = labels_of(diagram, detail), None
    plan = plan_of(diagram, labels)
    if plan and detail is not Detail.VERBS and plan.frame.width > PAGE - 2 * MARGIN:
        # Too crowded for a page: the guards become numbers, explained in the legend.
        notes = notes_of(diagram)
        labels = labels_of(diagram, detail, notes)
        plan = plan_of(diagram, labels)
    font = {"fontname": FONTS, "fontsize": str(VERB), "fontcolor": INK}
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
    if plan:
        _pin(graph, diagram, labels, plan, _legend(diagram, labels, notes))
    else:
        _leave_free(graph, diagram, labels, _legend(diagram, labels, notes))
    return str(graph.source)


def _pin(graph: Digraph, diagram: Diagram, labels: Mapping[str, Label], plan: Plan, legend: Sequence[Row]) -> None:
    frame = plan.frame
    _block(graph, "(title)", _header(diagram), frame.left, frame.top + _ABOVE)
    for state in diagram.states:
        place = plan.places[state.id]
        size = {"fixedsize": "true", "width": f"{place.width / 72:.4f}", "height": f"{place.height / 72:.4f}"}
        pos = position((place.x, place.y))
        graph.node(state.id, _state(diagram, state, labels), pos=pos, **size, **_box(state))
    for edge in diagram.moves:
        way = plan.ways[edge.id]
        graph.edge(
            edge.source,
            edge.dest,
            _along(_rows(labels[edge.id].verb, way.small), way),
            pos=rounded(way.corners, _HEAD),
            lp=position((way.place.x, way.place.y)),
            **_line(diagram, edge),
        )
    _block(graph, "(legend)", legend, frame.left, frame.bottom - _BELOW - sum(row.height for row in legend))


def _leave_free(graph: Digraph, diagram: Diagram, labels: Mapping[str, Label], legend: Sequence[Row]) -> None:
    rows = [*_header(diagram), blank(_BELOW // 2), *legend, blank(_BELOW)]
    block = stack(rows, ceil(max(row.width for row in rows)), "left")
    graph.attr(label=block, labelloc="t", labeljust="l", nodesep="0.4", ranksep="0.7")
    for state in diagram.states:
        graph.node(state.id, _state(diagram, state, labels), margin="0.2,0.1", **_box(state))
    for edge in diagram.moves:
        label = labels[edge.id]
        rows = _rows(label.verb, label.stacked)
        graph.edge(edge.source, edge.dest, indented(rows), **_line(diagram, edge))


def _box(state: State) -> dict[str, str]:
    box = box_of(state.name)
    return {
        "id": state.id,
        "class": "state",
        "style": "rounded,filled",
        "fillcolor": box.fill,
        "color": box.border,
        "fontcolor": box.ink,
        "penwidth": f"{box.width:g}",
        "tooltip": quote(clean(state.name)),
    }


def _line(diagram: Diagram, edge: Edge) -> dict[str, str]:
    line = line_of(diagram, edge)
    return {
        "id": edge.id,
        "class": line.name,
        "style": line.stroke,
        "color": line.colour,
        "fontcolor": line.colour,
        "penwidth": f"{line.width:g}",
        "tooltip": quote(sentence(diagram, edge)),
    }


def _state(diagram: Diagram, state: State, labels: Mapping[str, Label]) -> str:
    """A state's name and, in small type, its repeats: each a cell that can be addressed as an edge can."""
    rows = [(text(clean(state.name), NAME, bold=True), "")]
    for edge in diagram.repeats(state):
        label, colour = labels[edge.id], line_of(diagram, edge).colour
        parts = [text(label.verb, SMALL, colour, bold=True)]
        if label.conditions:
            parts.append(text(f"\u2003{label.inline}", SMALL, colour))
        rows.append((joined(parts), f' id="{edge.id}" title="{plain(sentence(diagram, edge))}"'))
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


def _header(diagram: Diagram) -> list[Row]:
    about = SEPARATOR.join(filter(None, [clean(diagram.id), clean(diagram.document)]))
    given = SEPARATOR.join(f"{fact} = {value}" for fact, value in diagram.given)
    return [
        *(text(line, TITLE, bold=True) for line in textwrap.wrap(clean(diagram.title), _WRAP) or [""]),
        *(text(line, VERB, FAINT) for line in textwrap.wrap(about, _WRAP)),
        *(text(line, VERB) for line in textwrap.wrap(f"What is left given {given}", _WRAP) if given),
    ]


def _legend(diagram: Diagram, labels: Mapping[str, Label], notes: Notes | None) -> list[Row]:
    used = {line_of(diagram, edge).name for edge in diagram.edges}
    lines = [spread([sample(line), text(line.words, VERB, line.colour)], 8) for line in LINES if line.name in used]
    small = []
    if notes:
        numbered = "; ".join(f"({number}) {words}" for words, number in notes.items())
        small.append(f"What else must hold: {numbered}.")
    elif any(label.conditions for label in labels.values()):
        small.append("Small type: what else must hold, of the sender unless it names something else.")
    if any(edge.repeats for edge in diagram.edges):
        small.append("A verb inside a state leaves it as it is.")
    if not diagram.edges:
        small.append("Nothing is possible here.")
    return [
        *([spread([text("Who acts:", VERB, FAINT), *lines], 18), blank(5)] if lines else []),
        *(text(line, SMALL, FAINT) for line in textwrap.wrap(clean(" ".join(small)), 2 * _WRAP)),
    ]


def _block(graph: Digraph, name: str, rows: Sequence[Row], left: float, bottom: float) -> None:
    """Lines of text whose lower left corner is pinned."""
    width, height = ceil(max(row.width for row in rows)), sum(row.height for row in rows)
    middle = (left + width / 2, bottom + height / 2)
    graph.node(name, stack(rows, width, "left"), shape="plain", pos=position(middle))
