"""A picture as plain shapes at places, and such a picture as SVG or as DOT, from which Graphviz draws the others.

Sizes are pixels, and y grows downwards.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape

from fsm.render.layout.style import FONTS, PAPER, width_of

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}" font-family="{fonts}">'
)
_POINTS = 0.75
"""Of a pixel."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that begin at `x` and stand on `y`."""

    x: float
    y: float
    words: str
    size: int
    colour: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float
    fill: str
    border: str | None = None


@dataclass(frozen=True, slots=True)
class Stem:
    """A vertical line."""

    x: float
    top: float
    foot: float
    colour: str
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Dot:
    """A filled circle; with the mark `+` or a minus, an empty one around it."""

    x: float
    y: float
    colour: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """An arrowhead that points to the left."""

    x: float
    y: float
    colour: str


Shape = Text | Box | Stem | Dot | Head


@dataclass(frozen=True, slots=True)
class Group:
    """Shapes that belong together, and what they say in words."""

    shapes: tuple["Shape | Group", ...]
    words: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole picture."""

    title: str
    width: int
    height: int
    shapes: tuple[Shape | Group, ...]


RADIUS, RING = 4, 6
"""Of a filled circle, and of one around a mark."""

_STROKE = 3.5
"""Half as long is a stroke of a mark."""


def in_ink(sheet: Sheet) -> Sheet:
    """The picture in black on white."""
    return replace(sheet, shapes=tuple(map(_inked, sheet.shapes)))


def _inked(shape: Shape | Group) -> Shape | Group:
    match shape:
        case Group():
            return replace(shape, shapes=tuple(map(_inked, shape.shapes)))
        case Box():
            return replace(shape, fill=_WHITE, border=_BLACK)
    return replace(shape, colour=_BLACK)


_BLACK, _WHITE = "#000000", "#ffffff"


def to_svg(sheet: Sheet) -> bytes:
    """The picture as an SVG document."""
    lines = [
        _SVG.format(width=sheet.width, height=sheet.height, fonts=escape(FONTS)),
        f"<title>{escape(sheet.title)}</title>",
        f'<rect width="100%" height="100%" fill="{PAPER}"/>',
        *(line for shape in sheet.shapes for line in _tags(shape)),
        "</svg>",
    ]
    return "\n".join([*lines, ""]).encode()


def _tags(shape: Shape | Group) -> Iterator[str]:
    match shape:
        case Group(shapes, words, name):
            yield f'<g class="{name}">' if name else "<g>"
            if words is not None:
                yield f"<title>{escape(words)}</title>"
            for each in shapes:
                yield from _tags(each)
            yield "</g>"
        case Text(x, y, words, size, colour, bold):
            weight = ' font-weight="bold"' if bold else ""
            yield f'<text x="{x:g}" y="{y:g}" font-size="{size}"{weight} fill="{colour}">{escape(words)}</text>'
        case Box(x, y, width, height, fill, border):
            line = f' stroke="{border}" stroke-width="2"' if border else ""
            yield f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" fill="{fill}"{line}/>'
        case Stem(x, top, foot, colour, dashed):
            line = f'stroke="{colour}" stroke-width="1.5"' + (' stroke-dasharray="4,3"' if dashed else "")
            yield f'<line x1="{x:g}" x2="{x:g}" y1="{top:g}" y2="{foot:g}" {line}/>'
        case Dot(x, y, colour, mark) if mark:
            line = f'stroke="{colour}" stroke-width="1.5"'
            yield f'<circle cx="{x:g}" cy="{y:g}" r="{RING}" fill="{PAPER}" {line}/>'
            yield f'<path d="{_strokes(x, y, mark)}" {line}/>'
        case Dot(x, y, colour):
            yield f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="{colour}"/>'
        case Head(x, y, colour):
            yield f'<path d="M{x - 5:g},{y:g} l8,-5 v10 z" fill="{colour}"/>'


def _strokes(x: float, y: float, mark: str) -> str:
    across = f"M{x - _STROKE:g},{y:g} h{2 * _STROKE:g}"
    return f"{across} M{x:g},{y - _STROKE:g} v{2 * _STROKE:g}" if mark == "+" else across


def to_dot(sheet: Sheet) -> str:
    """The picture as DOT, in which everything has its place: words as nodes, all else behind them."""
    shapes = [*flat(sheet.shapes)]
    nodes = (_node(sheet, shape, number) for number, shape in enumerate(shapes) if isinstance(shape, Text))
    # Graphviz reads no text of more than some thousand letters, but joins as many as there are.
    behind = " + ".join(f'"{step} "' for shape in shapes for step in _steps(sheet, shape)) or '""'
    width, height = sheet.width * _POINTS, sheet.height * _POINTS
    head = (
        f'layout=nop2; dpi=96; pad=0; bgcolor="{PAPER}"; outputorder=nodesfirst; bb="0,0,{width:g},{height:g}"; '
        f'_background={behind}; node [shape=box, style=invis, label="", margin=0, fixedsize=true];'
    )
    # Graphviz fits the page around the nodes: one is as large as the page.
    page = f'page [pos="{width / 2:g},{height / 2:g}", width={width / 72:.4f}, height={height / 72:.4f}];'
    return "\n".join(["digraph {", head, page, *nodes, "}", ""])


def flat(shapes: tuple[Shape | Group, ...]) -> Iterator[Shape]:
    """The shapes without their groups, in the order in which they are painted."""
    for shape in shapes:
        if isinstance(shape, Group):
            yield from flat(shape.shapes)
        else:
            yield shape


def _node(sheet: Sheet, text: Text, number: int) -> str:
    # Words stand at the left of a node that is wider than any font needs, so that they begin where they should.
    width = min(1.4 * width_of(text.words, text.size, bold=text.bold), sheet.width - text.x)
    x, y = (text.x + width / 2) * _POINTS, (sheet.height - text.y + text.size * 0.35) * _POINTS
    words = text.words.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
    font = "Open Sans Bold" if text.bold else "Open Sans"
    return (
        f'n{number} [pos="{x:g},{y:g}", style="", color=transparent, width={width * _POINTS / 72:.4f}, '
        f'height={text.size / 72:.4f}, label="{words}\\l", fontsize={text.size * _POINTS:g}, '
        f'fontname="{font}", fontcolor="{text.colour}"];'
    )


def _steps(sheet: Sheet, shape: Shape) -> Iterator[str]:
    """What Graphviz paints for a shape, in its language of strokes."""

    def at(x: float, y: float) -> str:
        return f"{x * _POINTS:.4g} {(sheet.height - y) * _POINTS:.6g}"

    match shape:
        case Box(x, y, width, height, fill, border):
            right, foot = x + width, y + height
            corners = f"4 {at(x, y)} {at(right, y)} {at(right, foot)} {at(x, foot)}"
            yield f"c 7 -{border or fill} C 7 -{fill} P {corners}"
        case Stem(x, top, foot, colour, dashed):
            line = f"c 7 -{colour} L 2 {at(x, top)} {at(x, foot)}"
            yield f"S 6 -dashed {line} S 5 -solid" if dashed else line
        case Dot(x, y, colour, mark) if mark:
            radius = RING * _POINTS
            yield f"c 7 -{colour} C 7 -{PAPER} E {at(x, y)} {radius} {radius}"
            yield f"c 7 -{colour} L 2 {at(x - _STROKE, y)} {at(x + _STROKE, y)}"
            if mark == "+":
                yield f"c 7 -{colour} L 2 {at(x, y - _STROKE)} {at(x, y + _STROKE)}"
        case Dot(x, y, colour):
            yield f"c 7 -{colour} C 7 -{colour} E {at(x, y)} {RADIUS * _POINTS} {RADIUS * _POINTS}"
        case Head(x, y, colour):
            yield f"c 7 -{colour} C 7 -{colour} P 3 {at(x - 5, y)} {at(x + 3, y - 5)} {at(x + 3, y + 5)}"
