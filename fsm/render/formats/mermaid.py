"""Diagram to Mermaid, as a `stateDiagram-v2`.

An arrow has a verb, and of two policies how they differ. What else there is to say of
each verb stands in a note at the last state, below. Repeats are lines inside the box of
their state.
"""

import json
import re

from fsm.render.diagram import Change, Detail, Diagram, Edge
from fsm.render.layout.style import BOXES
from fsm.render.words.ids import names_of
from fsm.render.words.label import (
    SEPARATOR,
    caption_of,
    clean,
    conditions_of,
    left_out_of,
    legend_of,
    notes_if_crowded,
)
from fsm.state import Tone

# Words that mean something else at the beginning of a line.
_TAKEN = {"accdescr", "acctitle", "as", "class", "classdef", "click", "default", "direction", "end", "hide", "note"}
_TAKEN |= {"scale", "state", "statediagram", "style"}
_SYNTAX = re.compile(r"[^\w .,·§()-]|--|(?<![^\W_])_|_(?![^\W_])")
_WIDE = {ord(sign): ord(sign) + 0xFEE0 for sign in "&<>"}


def to_mermaid(diagram: Diagram, detail: Detail = Detail.GUARDS) -> str:
    """The diagram as Mermaid text."""
    diagram = diagram.drawn
    names = names_of((state.id for state in diagram.states), _TAKEN)
    lines = ["---", f"title: {_quoted(caption_of(diagram))}", "---", "stateDiagram-v2"]
    # Mermaid lays out from the first state on.
    for state in diagram.ordered:
        name = _text(clean(state.name)) or "#160;"
        lines.append(f'    state "{name}" as {names[state.id]}')
        lines += [f"    {names[state.id]} : {_label(diagram, edge, SEPARATOR)}" for edge in diagram.repeats(state)]
    lines.append(f"    [*] --> {names[diagram.initial]}")
    lines += [
        f"    {names[edge.source]} --> {names[edge.dest]} : {_label(diagram, edge, '<br/>')}" for edge in diagram.moves
    ]
    if below := [*notes_below(diagram, detail), *left_out_of(diagram)]:
        lines.append(f"    note right of {names[diagram.ordered[-1].id]}")
        lines += [f"        {_text(each)}" for each in below]
        lines.append("    end note")
    for state in diagram.states:
        if state.tone is not Tone.PLAIN:
            box, name = BOXES[state.tone], names[state.id]
            lines.append(f"    classDef {name}Box fill:{box.fill},stroke:{box.border},color:{box.ink}")
            lines.append(f"    class {name} {name}Box")
    return "\n".join(lines) + "\n"


def notes_below(diagram: Diagram, detail: Detail) -> list[str]:
    """What there is to say of each verb, in a line, and what the numbers in it stand for.

    Where it is not the same in all states that the verb leads from, each of these has a line.
    """
    notes = notes_if_crowded(diagram, detail)
    said: dict[str, dict[str, list[str]]] = {}
    for edge in diagram.edges:
        words = SEPARATOR.join(conditions_of(diagram, edge, detail, notes, lines=False))
        if words and (not diagram.sides or edge.change is not Change.NONE):
            said.setdefault(edge.transition, {}).setdefault(words, []).append(diagram.names[edge.source])
    lines = [
        SEPARATOR.join([f"{verb} from {', '.join(dict.fromkeys(sources))}" if len(ways) > 1 else verb, words])
        for verb, ways in said.items()
        for words, sources in ways.items()
    ]
    return [clean(line) for line in (*lines, *legend_of(notes))]


def _label(diagram: Diagram, edge: Edge, after_verb: str) -> str:
    how = conditions_of(diagram, edge, Detail.VERBS) if diagram.sides else ()
    return after_verb.join(_text(clean(words)) for words in (edge.transition, *how))


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
