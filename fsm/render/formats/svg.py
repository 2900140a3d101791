"""Diagram to SVG.

Graphviz draws; then every element gets what a page needs to find and to explain
it. An edge is a group with the edge's id, the class `edge`, a class for who
acts, and a title (which browsers show as a tooltip and screen readers read) that
says all the edge knows. A repeat is such a group inside its state. Nothing else
that could be pointed at is left in. The words of states and edges are as wide as they
were laid out for, whatever font a reader's machine has.
"""

import json
from typing import Any
from xml.etree import ElementTree as ET

from fsm.render.diagram import Detail, Diagram
from fsm.render.formats.dot import to_dot
from fsm.render.layout.engine import draw
from fsm.render.layout.style import line_of
from fsm.render.words.label import clean, sentence

_SVG = "http://www.w3.org/2000/svg"
_GROUP, _LINK, _TITLE, _TEXT = (f"{{{_SVG}}}{name}" for name in ("g", "a", "title", "text"))
_END = b"</svg>"


def to_svg(diagram: Diagram, detail: Detail = Detail.GUARDS, *, tall: bool = False) -> bytes:
    """The diagram as an SVG document."""
    root = picture(diagram, to_dot(diagram, detail, tall=tall))
    ET.register_namespace("", _SVG)
    ET.indent(root, " ")
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def picture(diagram: Diagram, dot: str) -> ET.Element:
    """The diagram as an SVG element, drawn from this DOT text."""
    svg, end, layout = draw(dot, "svg", "json").partition(_END)
    # The parser leaves out comments, among them the version of Graphviz.
    root = ET.fromstring(svg + end)  # noqa: S314 - what Graphviz wrote
    _fit(root, json.loads(layout))
    titles = {state.id: clean(state.name) for state in diagram.states}
    titles |= {edge.id: sentence(diagram, edge) for edge in diagram.edges}
    for group in list(root.iter(_GROUP)):
        _unwrap(group)
        for title in group.findall(_TITLE):
            group.remove(title)
        if group.get("id") in titles:
            _entitle(group, titles[group.attrib["id"]])
        else:
            del group.attrib["id"]
    repeats = {edge.id: f"edge repeat {line_of(diagram, edge).name}" for edge in diagram.edges if edge.repeats}
    for group in root.iter(_GROUP):
        if group.get("id") in repeats:
            group.set("class", repeats[group.attrib["id"]])
    _entitle(root, clean(diagram.title))
    return root


def _fit(root: ET.Element, layout: Any) -> None:
    """Make the words of states and edges as wide as they were laid out for, those of states from their middle."""
    parts = [*layout["objects"], *layout.get("edges", ())]
    drawn = {part["id"]: part.get("_ldraw_", ()) for part in parts if "id" in part}
    for group in root.iter(_GROUP):
        widths = [step["width"] for step in drawn.get(group.get("id"), ()) if step["op"] == "T"]
        for text, width in zip(group.iter(_TEXT), widths, strict=False):
            text.set("textLength", f"{width:g}")
            text.set("lengthAdjust", "spacingAndGlyphs")
            if "state" in group.attrib["class"].split():
                text.set("text-anchor", "middle")
                text.set("x", f"{float(text.attrib['x']) + width / 2:.2f}")


def _unwrap(group: ET.Element) -> None:
    """Take out the links that Graphviz puts around what has a tooltip."""
    for place, child in reversed(list(enumerate(group))):
        link = child.find(_LINK)
        if link is None:
            continue
        child[:] = list(link)
        id_ = child.attrib["id"].removeprefix("a_")
        if id_ == group.get("id"):
            group[place : place + 1] = list(child)
            _unwrap(group)
        else:
            child.set("id", id_)


def _entitle(element: ET.Element, words: str) -> None:
    title = ET.Element(_TITLE)
    title.text = words
    element.insert(0, title)
