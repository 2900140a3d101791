"""Diagram to a figure of an Internet-Draft: the picture, and the drawing for plain text.

The picture keeps to the SVG of RFC 7996: black and white, one generic font, no style
sheet, and of elements and attributes only what stands below. Who acts is told by the
line and in words.
"""

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote
from xml.etree import ElementTree as ET

from fsm.errors import shorten
from fsm.render.diagram import Detail, Diagram, Edge
from fsm.render.formats.dot import drawn
from fsm.render.formats.svg import picture
from fsm.render.formats.text import body
from fsm.render.ladder_sheet import sheet_of
from fsm.render.ladders import Ladders
from fsm.render.layout.engine import RenderError
from fsm.render.layout.sheet import in_ink, to_svg
from fsm.render.layout.style import Look
from fsm.render.words.ids import plain
from fsm.render.words.label import caption_of, clean
from fsm.render.words.ladders import ladder_lines
from fsm.state import AnyState

_SVG, _XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
_SHAPE = ("fill", "stroke", "stroke-width", "stroke-dasharray")
_KEPT: Mapping[str, tuple[str, ...]] = {
    "svg": ("id", "viewBox"),
    "g": ("id", "transform"),
    "title": (),
    "a": ("xlink:href",),
    "path": ("d", *_SHAPE),
    "polygon": ("points", *_SHAPE),
    "polyline": ("points", *_SHAPE),
    "rect": ("x", "y", "width", "height", *_SHAPE),
    "line": ("x1", "y1", "x2", "y2", *_SHAPE),
    "circle": ("cx", "cy", "r", *_SHAPE),
    "ellipse": ("cx", "cy", "rx", "ry", *_SHAPE),
    "text": ("x", "y", "text-anchor", "font-size", "font-weight", "fill"),
}
_PROFILE = {"version": "1.2", "baseProfile": "tiny", "font-family": "sans-serif"}
_COLOURS = {"black": "#000000", "white": "#ffffff", "transparent": "none"}
_BASE = re.compile(r"(?:https?://[^\s<>\"#\ud800-\udfff]+)?(?:#[^\s<>\"#\ud800-\udfff]*)?")
_PAGE = 660  # pixels that a page of an RFC has for a picture
_PIXEL = 0.75  # points


def to_rfc(
    diagram: Diagram,
    detail: Detail = Detail.GUARDS,
    *,
    prefix: str | None = None,
    link_base: str | None = None,
) -> str:
    """The diagram as a `figure` element of RFC 7991.

    Ids begin with the `prefix`, by default the policy's id, so that several figures
    can stand in one document. With a `link_base`, the address of the document that
    the policy implements, each edge links to its section there. Raises `RenderError`
    for a prefix or an address that is none.
    """
    return figure_of(diagram, detail, detail, prefix=prefix, link_base=link_base)


def figure_of(  # noqa: PLR0913 - the options of two formats
    diagram: Diagram,
    detail: Detail,
    text_detail: Detail,
    *,
    prefix: str | None = None,
    link_base: str | None = None,
    named: bool = True,
) -> str:
    """The figure, with a picture and a drawing that may say more or less than each other.

    If it is not `named`, the parts of the picture have no ids.
    """
    prefix = prefix_of(diagram.id, prefix)
    root = picture(diagram, drawn(diagram, detail, Look(tall=True, titled=False, ink=True)))
    root.set("id", prefix)
    for group in root.iter(f"{{{_SVG}}}g"):
        if "id" in group.attrib:
            group.set("id", f"{prefix}-{group.attrib['id']}")
    if link_base:
        if not _BASE.fullmatch(link_base):
            raise RenderError(f"`{shorten(link_base)}` is no address: it must begin with `https://`, `http://` or `#`")
        _link(root, {f"{prefix}-{edge.id}": _address(link_base, edge) for edge in diagram.edges if edge.clause})
    if not named:
        for element in root.iter():
            element.attrib.pop("id", None)
    return _figure(prefix, caption_of(diagram), root, body(diagram, text_detail))


def ladders_figure(ladders: Ladders, by: Iterable[AnyState] | None, prefix: str | None, *, only_self: bool) -> str:
    """Who may do what to whom as a `figure` element: the ladders, and the same as text. Raises `RenderError`."""
    prefix = prefix_of(ladders.id, prefix)
    sheet = in_ink(sheet_of(ladders, by, only_self=only_self, widest=_PAGE))
    root = ET.fromstring(to_svg(sheet))  # noqa: S314 - written here
    for side in ("width", "height"):
        root.set(side, f"{int(root.attrib[side]) * _PIXEL}pt")
    return _figure(prefix, clean(ladders.title), root, ladder_lines(ladders, by, only_self=only_self))


def _figure(prefix: str, caption: str, root: ET.Element, lines: Iterable[str]) -> str:
    figure = ET.Element("figure", {"anchor": f"fig-{prefix}"})
    ET.SubElement(figure, "name").text = caption
    artset = ET.SubElement(figure, "artset")
    ET.SubElement(artset, "artwork", {"type": "svg"}).append(_profiled(root))
    ET.indent(figure, " ")
    drawing = ET.SubElement(artset, "artwork", {"type": "ascii-art"})
    drawing.text = "\n".join(["", *lines, ""])
    artset[0].tail, drawing.tail = "\n  ", "\n "
    return f"{ET.tostring(figure, encoding='unicode')}\n"


def prefix_of(name: str, prefix: str | None) -> str:
    """What ids begin with: the prefix, or the id of what is drawn. Raises `RenderError` when an id cannot begin so."""
    prefix = plain(clean(name)) if prefix is None else prefix
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.-]*", prefix):
        raise RenderError(
            f"`{shorten(prefix)}` cannot begin an id: it must be a letter, then letters, digits, `-`, `_`"
        )
    return prefix


def _address(base: str, edge: Edge) -> str:
    """The address of the section that an edge implements; of several, of the first."""
    section = quote(clean(edge.clause).partition(",")[0])
    return f"{base}{section}" if "#" in base else f"{base}#section-{section}"


def _link(root: ET.Element, addresses: Mapping[str, str]) -> None:
    for parent in list(root.iter(f"{{{_SVG}}}g")):
        for place, child in enumerate(list(parent)):
            if child.get("id") in addresses:
                link = ET.Element(f"{{{_SVG}}}a", {"xlink:href": addresses[child.attrib["id"]]})
                link.append(child)
                parent[place] = link


def _profiled(element: ET.Element) -> ET.Element:
    """The element with what the profile allows of it, and of what is in it; names are as they are written."""
    name = element.tag.rpartition("}")[2]
    kept = {key: element.attrib[key] for key in _KEPT[name] if key in element.attrib}
    kept |= {key: _COLOURS.get(kept[key], kept[key]) for key in ("fill", "stroke") if key in kept}
    if kept.get("stroke") == "none":
        del kept["stroke"]
    if name == "svg":
        kept = {"xmlns": _SVG, "xmlns:xlink": _XLINK, **_PROFILE, **kept, **_frame(element)}
    copy = ET.Element(name, kept)
    copy.text = element.text
    copy.extend(_profiled(child) for child in element)
    return copy


def _frame(root: ET.Element) -> dict[str, str]:
    """Width and height in pixels, no wider than the page."""
    width, height = (float(root.attrib[name].removesuffix("pt")) / _PIXEL for name in ("width", "height"))
    scale = min(1.0, _PAGE / width)
    return {"width": f"{width * scale:.0f}", "height": f"{height * scale:.0f}"}
