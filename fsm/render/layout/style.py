"""How things look: the one table of colours, lines, sizes and places.

Sizes are points; a browser shows 3 points as 4 pixels, so that a page of 1,400
pixels is 1,050 points wide. Who acts is told twice, by colour and by line, for
readers and printers without colours. The colours keep apart for the colour-blind
and are dark enough to be read as text on white.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import ceil

from fsm.policy import Actor
from fsm.render.diagram import Change, Diagram, Edge
from fsm.state import Tone

# The first is what pictures are laid out with (see `fsm.render.layout.engine`); the
# others are what a reader's machine may have, the nearest in width first.
FONTS = "Open Sans,Noto Sans,Segoe UI,DejaVu Sans,Verdana,sans-serif"

TITLE, NAME, VERB, SMALL = 16, 15, 11, 8
PAGE = 1050  # the widest that a picture should be
TALL_PAGE = 540  # the same of a tall one: a column of text in a browser is 720 pixels wide or more
MARGIN = 18  # around it

# About how wide letters are, as parts of the size, with room for the wider fonts
# that a reader's machine may have instead.
_WIDTHS = {letter: width for width, letters in ((0.33, " .,:;·|!'()[]fijlrtI"), (0.94, "mwMW")) for letter in letters}
_LETTER, _IDEOGRAPH, _BOLD = 0.6, 1.0, 1.07

INK, FAINT, PAPER = "#1f2328", "#59636e", "#ffffff"


@dataclass(frozen=True, slots=True)
class Line:
    """How an edge is drawn. `actor` is whom the line tells of, if anybody; `words` explain it in the legend."""

    name: str
    colour: str
    stroke: str
    width: float
    actor: Actor | None
    words: str


OWN = Line("own", "#0a5ab4", "solid", 1.3, Actor.TARGET, "the target itself")
OTHER = Line("other", "#4a5058", "dashed", 1.3, Actor.ANOTHER, "another user")
ANYONE = Line("anyone", "#4d5560", "dotted", 1.6, Actor.ANYONE, "anyone: the target or another user")
BARRED = Line("barred", "#b42318", "solid", 2.0, Actor.ANOTHER, "another user: into or out of {barred}")
LINES = (OWN, OTHER, ANYONE, BARRED)

_BY_ACTOR = {line.actor: line for line in (OWN, OTHER, ANYONE)}

# Two policies in one picture: the line tells how they differ, and words who acts. In the
# words, the policies are {0} and {1}, and {barred} is what those states are called in which people are barred.
CHANGES: Mapping[Change, Line] = {
    Change.FIRST: Line("first", "#974800", "dashed", 2.2, None, "only in {0}"),
    Change.SECOND: Line("second", "#0a5ab4", "solid", 2.2, None, "only in {1}"),
    Change.OTHER: Line("changed", "#8527a8", "dotted", 2.4, None, "in both, changed"),
    Change.NONE: Line("same", "#68727d", "solid", 0.9, None, "the same in both"),
}


@dataclass(frozen=True, slots=True)
class Box:
    """How a state is drawn. A `marked` state lends its line to those that lead in or out, if it tells who acts."""

    fill: str
    border: str
    width: float
    ink: str = INK
    marked: Line | None = None


PLAIN = Box("#ffffff", "#59636e", 1.1)
BOXES: Mapping[Tone, Box] = {
    Tone.PLAIN: PLAIN,
    Tone.MEMBER: Box("#d9f2e0", "#1a7f37", 2.4, "#0f5323"),
    Tone.BARRED: Box("#fbe3e0", BARRED.colour, 2.4, "#8c1a12", BARRED),
    Tone.OUTSIDE: Box("#f1f3f5", "#59636e", 1.1),
}


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is to look.

    `tall` for a narrow page, `titled` where no caption says what it is, `ink` without colours.
    """

    tall: bool = False
    titled: bool = True
    ink: bool = False

    def line(self, line: Line) -> Line:
        """How a line is drawn. Without colours, thick lines are thicker."""
        return (
            replace(line, colour=_BLACK, width=line.width * (1.5 if line.width >= _THICK else 1)) if self.ink else line
        )

    def box(self, box: Box) -> Box:
        """How a box is drawn."""
        return replace(box, fill=_WHITE, border=_BLACK, ink=_BLACK) if self.ink else box

    def colour(self, colour: str) -> str:
        """In which colour text stands."""
        return _BLACK if self.ink else colour


_BLACK, _WHITE, _THICK = "#000000", "#ffffff", 2.0


def line_of(diagram: Diagram, edge: Edge) -> Line:
    """How this edge is drawn."""
    if diagram.sides:
        return CHANGES[edge.change]
    ends = (BOXES[diagram.tones[end]].marked for end in (edge.dest, edge.source))
    return next((line for line in ends if line and line.actor is edge.actor), _BY_ACTOR[edge.actor])


def lines_of(diagram: Diagram) -> list[tuple[Line, str]]:
    """The lines that the picture has, each with its words for the legend."""
    used = {line_of(diagram, edge).name for edge in diagram.edges}
    known = CHANGES.values() if diagram.sides else LINES
    barred = (state.noun or state.name for state in diagram.states if state.tone is Tone.BARRED)
    told = " or ".join(dict.fromkeys(barred))
    return [(line, line.words.format(*diagram.sides or (), barred=told)) for line in known if line.name in used]


def row_of(size: int) -> int:
    """How high a line of text of this size is."""
    return ceil(1.4 * size)


def width_of(text: str, size: int, *, bold: bool = False) -> float:
    """About how wide a text is, on the safe side."""
    widths = (_WIDTHS.get(letter, _LETTER if letter < "\u1100" else _IDEOGRAPH) for letter in text)
    return sum(widths) * size * (_BOLD if bold else 1)
