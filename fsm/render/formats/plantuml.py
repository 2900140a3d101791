"""Diagram to PlantUML, as a state diagram.

Lines and boxes look as in the other pictures. Repeats are lines inside the box of
their state.
"""

import re

from fsm.render.diagram import Detail, Diagram, Edge
from fsm.render.layout.style import BOXES, Line, line_of, lines_of
from fsm.render.words.ids import names_of
from fsm.render.words.label import (
    SEPARATOR,
    Notes,
    caption_of,
    clean,
    conditions_of,
    left_out_of,
    legend_of,
    notes_if_crowded,
)
from fsm.state import Tone

# Words that mean something else at the beginning of a line.
_TAKEN = {"end", "hide", "left", "legend", "note", "right", "skinparam", "state", "title", "top"}
_BREAK = "\\n"
_THICK = 2.0


def to_plantuml(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The diagram as PlantUML text."""
    diagram = diagram.drawn
    names = names_of((state.id for state in diagram.states), _TAKEN)
    notes = notes_if_crowded(diagram, detail)
    lines = ["@startuml", f"title {_text(caption_of(diagram))}", "hide empty description"]
    for state in diagram.ordered:
        name, fill = names[state.id], "" if state.tone is Tone.PLAIN else f" {BOXES[state.tone].fill}"
        lines.append(f'state "{_text(state.name)}" as {name}{fill}')
        lines += [f"{name} : {_label(diagram, edge, detail, notes, SEPARATOR)}" for edge in diagram.repeats(state)]
    lines.append(f"[*] --> {names[diagram.initial]}")
    for edge in diagram.moves:
        line = line_of(diagram, edge)
        way = f"{names[edge.source]} -[{','.join([line.colour, *_style(line)])}]-> {names[edge.dest]}"
        lines.append(f"{way} : {_label(diagram, edge, detail, notes, _BREAK)}")
    entries = [
        f"<color:{line.colour}>{' '.join(_style(line)) or 'plain'} line</color>: {_text(words)}"
        for line, words in lines_of(diagram)
    ]
    entries += map(_text, [*legend_of(notes), *left_out_of(diagram)])
    if entries:
        lines += ["legend left", *entries, "end legend"]
    return "\n".join([*lines, "@enduml"]) + "\n"


def _style(line: Line) -> list[str]:
    if line.stroke != "solid":
        return [line.stroke]
    return ["bold"] if line.width >= _THICK else []


def _label(diagram: Diagram, edge: Edge, detail: Detail, notes: Notes | None, break_: str) -> str:
    return break_.join(map(_text, [edge.transition, *conditions_of(diagram, edge, detail, notes, lines=False)]))


def _text(words: str) -> str:
    """The words with every character that could be taken for syntax as its number."""
    return re.sub(r"[^\w .,·§()-]|--|__", lambda other: "".join(map(_number, other[0])), clean(words)) or "<U+00A0>"


def _number(letter: str) -> str:
    return f"<U+{ord(letter):04X}>"
