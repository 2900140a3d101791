"""A policy's picture with what the tests have not fired marked, as with a highlighter."""

from xml.etree import ElementTree as ET

from fsm.family import AnyPolicy
from fsm.render import extract, render
from fsm.review.coverage.seen import Coverage, shown

_SVG = "{http://www.w3.org/2000/svg}"
_WIDE = {"stroke": "#ffc400", "stroke-width": "8", "stroke-opacity": "0.75", "stroke-dasharray": "none"}
_OUTLINE = {"stroke": "#ffe48a", "stroke-width": "5", "stroke-linejoin": "round", "paint-order": "stroke"}
_INK = "#1f2328"
_LINE = 22  # the height of the line of text under the picture


def draw(policy: AnyPolicy, coverage: Coverage) -> bytes:
    """The policy as SVG. Raises `fsm.render.RenderError` where nothing can be drawn."""
    diagram = extract(policy)
    root = ET.fromstring(render(diagram, "svg"))  # noqa: S314 - our own picture
    unfired = {
        edge.id
        for edge in diagram.edges
        if not coverage.rows[edge.transition].fired.get(diagram.names[edge.source], True)
    }
    for group in root.iter(f"{_SVG}g"):
        if group.get("id") in unfired:
            _mark(group)
    _sign(root, f"{coverage.policy}: {shown(coverage.percent)} % seen by the tests; marked: never fired")
    ET.register_namespace("", _SVG.strip("{}"))
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _mark(group: ET.Element) -> None:
    """Draw a broad line under the edge's line, and around its letters."""
    group.set("class", f"{group.get('class', '')} unfired".strip())
    title = group.find(f"{_SVG}title")
    if title is not None:
        title.text = f"{title.text} - never fired"
    for path in list(group.findall(f"{_SVG}path")):
        group.insert(list(group).index(path), ET.Element(f"{_SVG}path", {**path.attrib, **_WIDE}))
    for letters in group.iter(f"{_SVG}text"):
        letters.attrib |= _OUTLINE


def _sign(root: ET.Element, words: str) -> None:
    """Add a line of text under the picture."""
    left, top, width, height = (float(number) for number in root.attrib["viewBox"].split())
    taller = height + _LINE
    points = float(root.attrib["height"].removesuffix("pt")) * taller / height
    root.set("viewBox", f"{left:g} {top:g} {width:g} {taller:g}")
    root.set("height", f"{points:g}pt")
    text = ET.SubElement(
        root, f"{_SVG}text", {"x": f"{left + 18:g}", "y": f"{top + height + 4:g}", "font-size": "11", "fill": _INK}
    )
    text.set("font-family", "Open Sans,Noto Sans,Segoe UI,DejaVu Sans,Verdana,sans-serif")
    text.text = words
