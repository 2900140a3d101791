"""Diagram to Mermaid, as a `stateDiagram-v2`.

Mermaid cannot colour an edge, so who acts is said in words. Repeats are lines
inside the box of their state.
"""

import json
import re

from fsm.render.diagram import Detail, Diagram, Edge
from fsm.render.layout.style import BOXES
from fsm.render.words.ids import names_of
from fsm.render.words.label import SEPARATOR, Notes, caption_of, clean, conditions_of, legend_of, notes_if_crowded
from fsm.state import Tone

# Words that mean something else at the beginning of a line.
_TAKEN = {"accdescr", "acctitle", "as", "class", "classdef", "click", "default", "direction", "end", "hide", "note"}
_TAKEN |= {"scale", "state", "statediagram", "style"}
_SYNTAX = re.compile(r"[^\w .,·§()-]|--|(?<![^\W_])_|_(?![^\W_])")
_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in "&<>"}


def to_mermaid(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The diagram as Mermaid text."""
    names = names_of((state.id for state in diagram.states), _TAKEN)
    notes = notes_if_crowded(diagram, detail)
    lines = ["---", f"title: {_quoted(caption_of(diagram))}", "---", "stateDiagram-v2"]
    # Mermaid lays out from the first state on.
    for state in diagram.ordered:
        name = _text(clean(state.name)) or "#160;"
        lines.append(f'    state "{name}" as {names[state.id]}')
        lines += [
            f"    {names[state.id]} : {_label(diagram, edge, detail, notes, SEPARATOR)}"
            for edge in diagram.repeats(state)
        ]
    lines += [
        f"    {names[edge.source]} --> {names[edge.dest]} : {_label(diagram, edge, detail, notes, '<br/>')}"
        for edge in diagram.moves
    ]
    if notes:
        lines += [
            f"    note right of {names[diagram.ordered[0].id]}",
            *(f"        {_text(each)}" for each in legend_of(notes)),
        ]
        lines.append("    end note")
    for state in diagram.states:
        if state.tone is not Tone.PLAIN:
            box, name = BOXES[state.tone], names[state.id]
            lines.append(f"    classDef {name}Box fill:{box.fill},stroke:{box.border},color:{box.ink}")
            lines.append(f"    class {name} {name}Box")
    return "\n".join(lines) + "\n"


def _label(diagram: Diagram, edge: Edge, detail: Detail, notes: Notes | None, after_verb: str) -> str:
    small = _text(clean(SEPARATOR.join(conditions_of(diagram, edge, detail, notes, lines=False))))
    return _text(clean(edge.transition)) + (f"{after_verb}{small}" if small else "")


def _text(words: str) -> str:
    """The words with every character that could be taken for syntax as its number."""
    return _SYNTAX.sub(lambda other: "".join(f"#{ord(letter)};" for letter in other[0]), words)


def _quoted(words: str) -> str:
    """The words as a YAML string.

    Mermaid looks for directives before it reads YAML. It cannot show a `&` or a tag in a
    title: these get the wide forms that the same signs have among East Asian letters.
    """
    wide = words.translate(_WIDE)
    return re.sub("[%{}]", lambda other: f"\\u{ord(other[0]):04x}", json.dumps(wide, ensure_ascii=False))
