"""The picture as a part of the page: without title and legend, in colours that follow the reader's taste.

What can be pointed at keeps its id as `data-id`, so that no state or edge of a
policy can take the name of something else on the page.
"""

import re
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from fsm.render.diagram import Detail, Diagram
from fsm.render.formats.svg import to_svg
from fsm.render.layout.plan import natural_order
from fsm.render.layout.style import ANYONE, BARRED, BOXES, FAINT, FONTS, INK, OTHER, OWN, PAPER, PLAIN
from fsm.state import Tone

_SVG = "http://www.w3.org/2000/svg"
_GROUP = f"{{{_SVG}}}g"

DARK: Mapping[str, str] = {
    INK: "#e6edf3",
    FAINT: "#9198a1",
    PAPER: "#0d1117",
    PLAIN.fill: "#0d1117",
    PLAIN.border: "#9198a1",
    OWN.colour: "#79b8ff",
    OTHER.colour: "#b6bec8",
    ANYONE.colour: "#c3cad3",
    BARRED.colour: "#ff8f84",
    BOXES[Tone.MEMBER].fill: "#10301b",
    BOXES[Tone.MEMBER].border: "#4ac26b",
    BOXES[Tone.MEMBER].ink: "#aef2bf",
    BOXES[Tone.BARRED].fill: "#3b1614",
    BOXES[Tone.BARRED].ink: "#ffc1ba",
    BOXES[Tone.OUTSIDE].fill: "#1c2129",
}
"""The colours of the style table on a dark page; any other stays as it is."""


def pictures(diagram: Diagram) -> str:
    """The diagram as elements of an HTML page: for a wide page and, where it has a form of its own, a narrow one."""
    looks = [("wide", False), ("tall", True)] if natural_order(diagram) else [("only", False)]
    ET.register_namespace("", _SVG)
    return "\n".join(ET.tostring(_picture(diagram, name, tall=tall), encoding="unicode") for name, tall in looks)


def _picture(diagram: Diagram, name: str, *, tall: bool) -> ET.Element:
    root = ET.fromstring(to_svg(diagram, Detail.VERBS, tall=tall))  # noqa: S314 - what we have just drawn
    (graph,) = (group for group in root.iter(_GROUP) if group.get("class") == "graph")
    for child in list(graph):
        if not {"state", "edge", "start"} & set(child.get("class", "").split()):
            graph.remove(child)
    _unnest(graph)
    for title in root.findall(f"{{{_SVG}}}title"):
        root.remove(title)
    for element in root.iter():
        _adapt(element)
    for size in ("width", "height"):
        root.attrib.pop(size, None)
    root.set("font-family", FONTS)
    root.set("class", name)
    return root


def variable(colour: str) -> str:
    """A colour of the style table, as a style sheet refers to it."""
    return f"var({_name(colour)},{colour})" if colour in DARK else colour


def dark_colours() -> str:
    """The declarations that make a page dark."""
    return "".join(f"{_name(colour)}:{dark};" for colour, dark in DARK.items())


def _name(colour: str) -> str:
    return f"--on-{colour.removeprefix('#')}"


def _adapt(element: ET.Element) -> None:
    id_ = element.attrib.pop("id", None)
    if id_ is not None:
        element.set("data-id", id_)
    element.attrib.pop("font-family", None)
    for attribute in ("fill", "stroke"):
        if attribute in element.attrib:
            element.set(attribute, variable(element.attrib[attribute]))
    for text in (element.text, element.tail):
        if text and not text.strip():
            element.tail = None


def _unnest(graph: ET.Element) -> None:
    """Put the repeats, which stand inside their states, after them: a button cannot hold a button."""
    for state in list(graph):
        for repeat in _repeats(state):
            state.remove(repeat)
            graph.append(repeat)


def _repeats(state: ET.Element) -> Iterator[ET.Element]:
    yield from [child for child in state if re.search(r"\brepeat\b", child.get("class", ""))]
