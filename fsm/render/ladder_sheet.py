"""Ladders as a picture: rungs, and beside them a column for each verb and each state that it leads to.

Theory of operation. A column has a dot at every rung that somebody can be taken from, and an
arrowhead at the rung where they come. So nothing crosses anything, however many states there are.
Of two policies, a plus stands for what only the second permits, and a minus for what only the
first does. Sizes are pixels.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil

from fsm.render.diagram import Change
from fsm.render.formats.pdf import dated
from fsm.render.ladders import MARKS, Ladders, Lane
from fsm.render.layout.engine import RenderError, draw
from fsm.render.layout.sheet import Box, Dot, Group, Head, Shape, Sheet, Stem, Text, to_dot, to_svg
from fsm.render.layout.style import CHANGES, FAINT, INK, width_of
from fsm.state import AnyState, Tone

WIDEST = 1400

HIGHEST = 32_767
"""So many pixels an image of points may be high: Graphviz makes larger ones smaller, and their words with them."""

_RUNG, _NAME, _LANE, _GAP, _HEAD, _TITLE, _BETWEEN = 26, 170, 22, 16, 44, 40, 24
_SMALL = 11
_LONGEST = 200
_PALE = {"#eef7f0": "#f5faf6", "#fbe3e0": "#fdf1ef", "#f1f3f5": "#f7f8f9"}

_COLOURS = {"into": "#1a7f37", "out": "#b42318", "own": "#0a5ab4", "move": "#4a5058"}

_KEY = (
    "\N{BLACK CIRCLE} whom it is done to   \N{BLACK LEFT-POINTING TRIANGLE} where they come; "
    "without it they stay in their role"
)
_KEY_OF_TWO = (
    "+ what may be done then   \N{MINUS SIGN} what no longer may   \N{BLACK CIRCLE} what still may   "
    "\N{BLACK LEFT-POINTING TRIANGLE} where they come; without it they stay"
)


def to_ladders(
    ladders: Ladders, by: Iterable[AnyState] | None = None, fmt: str = "svg", *, only_self: bool = False
) -> bytes:
    """A ladder for each state of who acts, or for these: as `svg`, `png`, `pdf` or `dot`.

    Raises `RenderError` where Graphviz is needed and missing, and for a picture that is too high to be one of points.
    """
    sheet = sheet_of(ladders, by, only_self=only_self)
    if fmt == "svg":
        return to_svg(sheet)
    if fmt == "dot":
        return to_dot(sheet).encode()
    if fmt == "png" and sheet.height > HIGHEST:
        raise RenderError(f"this picture is {sheet.height} pixels high, {HIGHEST} is the most for png: draw it as svg")
    picture = draw(to_dot(sheet), fmt)
    return dated(picture) if fmt == "pdf" else picture


def sheet_of(
    ladders: Ladders, by: Iterable[AnyState] | None = None, *, only_self: bool = False, widest: int = WIDEST
) -> Sheet:
    """The ladders as shapes, so many pixels wide at most.

    What does not fit beside the rest stands in another ladder.
    """
    shared, once = ladders.said_once(by, only_self=only_self)
    panels = [
        (state, part)
        for state, lanes in ladders.panels(by, only_self=only_self, but=shared)
        for part in _parts(lanes, widest)
    ]
    widths = [_whole_width(ladders, *panel) for panel in panels]
    places = [*_places(widths, widest)]
    width = max([400.0, *(x + wide for (x, _), wide in zip(places, widths, strict=True))])
    top = [Text(12, 24, _shown(ladders.title, width - 24, 16), 16, INK, bold=True)]
    key = _KEY if ladders.sides is None else _KEY_OF_TWO
    nothing = ladders.sides is not None and not panels and not ladders.notes
    notes = [once, *ladders.notes, "nothing changes" if nothing else ""]
    for words, colour in ((key, FAINT), *((note, INK) for note in notes if note)):
        lines = _wrapped(words, width - 24)
        top += [Text(12, top[-1].y + 18 * number, line, _SMALL, colour) for number, line in enumerate(lines, start=1)]
    under = top[-1].y + 14
    panel_height = _TITLE + _HEAD + _RUNG * len(ladders.rungs) + 20
    drawn = (
        _panel(ladders, panel, x, under + row * panel_height) for (x, row), panel in zip(places, panels, strict=True)
    )
    height = under + panel_height * (places[-1][1] + 1 if places else 0)
    return Sheet(ladders.title, ceil(width), round(height), (*top, *drawn))


def _whole_width(ladders: Ladders, by: AnyState, lanes: Sequence[Lane]) -> float:
    """How wide a panel is, with its title and the space to the next."""
    return max(_panel_width(lanes), 12 + width_of(_title(ladders, by), 14, bold=True)) + _BETWEEN


def _places(widths: Iterable[float], widest: int) -> Iterator[tuple[float, int]]:
    """Where each panel begins, and in which row: as many beside each other as fit."""
    x, row = 0.0, 0
    for width in widths:
        if x and x + width > widest:
            x, row = 0.0, row + 1
        yield x, row
        x += width


def _parts(lanes: Sequence[Lane], widest: int) -> Iterator[list[Lane]]:
    """The columns, as many beside each other as fit."""
    part: list[Lane] = []
    for each in lanes:
        if part and _panel_width([*part, each]) > widest - _BETWEEN:
            yield part
            part = []
        part.append(each)
    yield part


def _groups(lanes: Sequence[Lane]) -> Iterator[tuple[str, list[Lane]]]:
    for verb in dict.fromkeys(lane.verb for lane in lanes):
        yield verb, [lane for lane in lanes if lane.verb == verb]


def _group_width(verb: str, count: int) -> float:
    return max(count * _LANE, *(width_of(word, _SMALL) for word in verb.split("_"))) + _GAP


def _panel_width(lanes: Sequence[Lane]) -> float:
    return 12 + _NAME + 14 + sum(_group_width(verb, len(some)) for verb, some in _groups(lanes))


def _panel(ladders: Ladders, panel: tuple[AnyState, list[Lane]], left: float, top: float) -> Group:
    """One ladder: who acts and what they can do, from its upper left corner on."""
    by, lanes = panel
    first = top + _TITLE + _HEAD
    shapes: list[Shape | Group] = [Text(left + 12, top + 22, _title(ladders, by), 14, INK, bold=True)]
    width = _panel_width(lanes)
    middle = {state: first + _RUNG * (number + 0.5) for number, state in enumerate(ladders.rungs)}
    for number, state in enumerate(ladders.rungs):
        shapes += _rung(ladders, state, left, first + _RUNG * number, width, acts=state == by)
    x = left + 12 + _NAME + 14
    for verb, some in _groups(lanes):
        words = verb.split("_")
        shapes += (
            Text(x, first - 8 - 13 * (len(words) - 1 - line), word, _SMALL, INK) for line, word in enumerate(words)
        )
        shapes += (_drawn(ladders, each, x + _LANE * (number + 0.5), middle) for number, each in enumerate(some))
        x += _group_width(verb, len(some))
    return Group(tuple(shapes), name="ladder")


def _title(ladders: Ladders, by: AnyState) -> str:
    who = _short(ladders.who(by))
    return f"What {who} can do" if ladders.sides is None else f"What changes for {who}"


def _rung(  # noqa: PLR0913 - its place, and what it shows
    ladders: Ladders, state: AnyState, x: float, y: float, width: float, *, acts: bool
) -> Iterator[Shape]:
    fill = {Tone.MEMBER: "#eef7f0", Tone.BARRED: "#fbe3e0"}.get(ladders.tones[state], "#f1f3f5")
    yield Box(x + 12 + _NAME, y + 2, width - 12 - _NAME, _RUNG - 4, _PALE.get(fill, fill))
    yield Box(x + 12, y + 2, _NAME, _RUNG - 4, fill, INK if acts else None)
    yield Text(x + 20, y + _RUNG / 2 + 4, _short(ladders.name(state)), 12, INK, bold=acts)


def _drawn(ladders: Ladders, lane: Lane, x: float, middle: Mapping[AnyState, float]) -> Group:
    colours = {change: _colour(ladders, lane, change) for change in (Change.NONE, *lane.sources.values())}
    shapes: list[Shape] = []
    if lane.dest is not None:
        # What is no longer permitted lies behind what is.
        for is_lost in (True, False):
            some = [change for change in lane.sources.values() if (change is Change.FIRST) == is_lost]
            ends = [middle[state] for state, change in lane.sources.items() if change in some]
            if some:
                ends.append(middle[lane.dest])
                shapes.append(Stem(x, min(ends), max(ends), colours[some[0]], dashed=is_lost))
        shapes.append(Head(x, middle[lane.dest], colours[min(lane.sources.values(), key=_ORDER.index)]))
    shapes += (Dot(x, middle[state], colours[change], MARKS[change]) for state, change in lane.sources.items())
    return Group(tuple(shapes), words=ladders.words(lane))


_ORDER = (Change.NONE, Change.SECOND, Change.FIRST)


def _colour(ladders: Ladders, lane: Lane, change: Change) -> str:
    if ladders.sides is not None:
        return CHANGES[change].colour
    tone = None if lane.dest is None else ladders.tones[lane.dest]
    if lane.is_self:
        return _COLOURS["own"]
    if tone in (Tone.OUTSIDE, Tone.BARRED):
        return _COLOURS["out"]
    return _COLOURS["into"] if ladders.initial in lane.sources else _COLOURS["move"]


def _short(name: str) -> str:
    return _shown(name, _NAME - 16, 12)


def _shown(words: str, most: float, size: int) -> str:
    """The words, cut off where they would be wider than that; what is not printable is told."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words[:_LONGEST])
    while width_of(shown, size, bold=True) > most:
        shown = f"{shown[:-2]}…"
    return shown


def _wrapped(words: str, most: float) -> list[str]:
    """The words in small lines that are no wider."""
    lines = [""]
    for word in words.split(" "):
        joined = f"{lines[-1]} {word}" if lines[-1] else word
        if width_of(joined, _SMALL) <= most:
            lines[-1] = joined
        else:
            lines.append(_shown(word, most, _SMALL))
    return [line for line in lines if line]
