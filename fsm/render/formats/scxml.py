"""Diagram to SCXML, a machine that other engines load.

An event is an action; a guard is an item of the data model by the name of the guard,
which is false until the host sets it to what it knows before it sends the event.
Conditions are such names joined by `&&`, no more. A transition logs its id.
"""

import json
import keyword
import re
from collections.abc import Iterable
from typing import Any
from xml.etree import ElementTree as ET

from fsm.render.diagram import Condition, Detail, Diagram, Edge
from fsm.render.layout.engine import RenderError
from fsm.render.words.ids import unique
from fsm.render.words.label import caption_of, clean

_UNREACHED = "no history whose events come in order gets here"
_NAMESPACE = "http://www.w3.org/2005/07/scxml"
_JAVASCRIPT = (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends "
    "false finally for function if implements import in instanceof interface let new null package private protected "
    "public return static super switch this throw true try typeof undefined var void while with yield"
)
_ENGINES = "event event_data machine model sender_data source state target transition"  # theirs in some engines
_TAKEN = {*_JAVASCRIPT.split(), *_ENGINES.split(), *keyword.kwlist}


def to_scxml(diagram: Diagram, detail: Detail = Detail.GUARDS) -> bytes:
    """The diagram as an SCXML document. It is complete at every level of detail."""
    del detail
    if diagram.sides:
        raise RenderError("`scxml` is one machine, and cannot show two policies")
    states = _names(state.id for state in diagram.states)
    actions = _names(diagram.actions)
    guards = _guards(diagram)
    root = ET.Element(
        "scxml",
        {
            "xmlns": _NAMESPACE,
            "version": "1.0",
            "datamodel": "ecmascript",
            "name": _name(diagram.id),
            "initial": states[diagram.initial],
        },
    )
    root.append(_comment(caption_of(diagram)))
    if guards:
        model = ET.SubElement(root, "datamodel")
        for guard, name in guards.items():
            model.append(_comment(guard.words))
            ET.SubElement(model, "data", {"id": name})
    for state in diagram.states:
        element = ET.SubElement(root, "state", {"id": states[state.id]})
        if states[state.id] != state.name:
            element.append(_comment(state.name))
        if not state.reached:
            element.append(_comment(_UNREACHED))
        for edge in diagram.edges:
            if edge.source == state.id:
                conditions = [guards[_key(guard)] for guard in edge.guards]
                _transition(element, edge, actions[edge.action], conditions, states[edge.dest])
    ET.indent(root, "  ")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _transition(state: ET.Element, edge: Edge, event: str, conditions: Iterable[str], dest: str) -> None:
    condition = " && ".join(conditions)
    asks = {"cond": condition} if condition else {}
    if not edge.reached:
        state.append(_comment(_UNREACHED))
    if edge.clause:
        state.append(_comment(f"section {edge.clause}"))
    transition = ET.SubElement(state, "transition", {"event": event, **asks, "target": dest})
    # JSON is a literal in every language that a data model may be in.
    ET.SubElement(transition, "log", {"label": "transition", "expr": json.dumps(edge.transition)})


def _guards(diagram: Diagram) -> dict[Condition, str]:
    """A name for every guard that is used, in the order of first use."""
    used = list(dict.fromkeys(_key(guard) for edge in diagram.edges for guard in edge.guards))
    return dict(zip(used, unique([_name(guard.name) for guard in used], "_"), strict=True))


def _key(guard: Condition) -> Condition:
    """The guard without what differs from edge to edge."""
    return Condition(guard.name, guard.words, "", told=False)


def _names(words: Iterable[str]) -> dict[str, str]:
    known = list(dict.fromkeys(words))
    return dict(zip(known, unique(map(_name, known), "_"), strict=True))


def _name(word: str) -> str:
    """A word as an identifier of any language."""
    name = re.sub(r"[^A-Za-z0-9]", lambda other: "_" if other[0] in "_-" else f"_{ord(other[0]):x}", word)
    return f"x_{name}" if not name[:1].isalpha() or name in _TAKEN else name


def _comment(words: str) -> Any:
    return ET.Comment(f" {clean(words).replace('-' * 2, '- -').rstrip('-')} ")
