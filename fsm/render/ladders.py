"""Who may do what to whom, as ladders: one for each state of who acts.

Theory of operation. The rungs are the states, the highest at the top; where everybody begins, and those
who are barred, stand apart at the foot. Beside them is a column for each verb and each state that it leads to: a
dot at every rung that somebody can be taken from, and an arrowhead at the rung where they
come. So nothing crosses anything, however many states there are. Sizes are pixels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from fsm.policy import Policy
from fsm.render.formats.pdf import dated
from fsm.render.layout.engine import RenderError, draw
from fsm.render.layout.sheet import Box, Dot, Group, Head, Shape, Sheet, Stem, Text, to_dot, to_svg
from fsm.render.layout.style import FAINT, INK, width_of
from fsm.state import PLAIN, AnyState, Tone

MOST = 24
"""So many states, beside where everybody begins, are drawn; for more there are tables."""

WIDEST = 1400

HIGHEST = 32_767
"""So many pixels an image of points may be high: Graphviz makes larger ones smaller, and their words with them."""

_RUNG, _NAME, _LANE, _GAP, _HEAD, _TITLE = 26, 170, 22, 16, 44, 40
_SMALL = 11
_LONGEST = 200
_PALE = {"#eef7f0": "#f5faf6", "#fbe3e0": "#fdf1ef", "#f1f3f5": "#f7f8f9"}

_COLOURS = {"into": "#1a7f37", "out": "#b42318", "own": "#0a5ab4", "move": "#4a5058"}


@dataclass(frozen=True, slots=True)
class Lane:
    """A column: a verb and where it leads; None where the target stays."""

    verb: str
    dest: AnyState | None
    sources: tuple[AnyState, ...]
    colour: str
    is_self: bool


def to_ladders(
    policy: Policy[Any], by: Iterable[AnyState] | None = None, fmt: str = "svg", *, only_self: bool = False
) -> bytes:
    """A ladder for each state of who acts, or for these: as `svg`, `png`, `pdf` or `dot`.

    Raises `RenderError` for a policy that does not say who may do what to whom, or has too many states,
    and where Graphviz is needed and missing.
    """
    sheet = sheet_of(policy, by, only_self=only_self)
    if fmt == "svg":
        return to_svg(sheet)
    if fmt == "dot":
        return to_dot(sheet).encode()
    if fmt == "png" and sheet.height > HIGHEST:
        raise RenderError(f"this picture is {sheet.height} pixels high, {HIGHEST} is the most for png: draw it as svg")
    picture = draw(to_dot(sheet), fmt)
    return dated(picture) if fmt == "pdf" else picture


def panels_of(
    policy: Policy[Any], by: Iterable[AnyState] | None = None, *, only_self: bool = False
) -> list[tuple[AnyState, list[Lane]]]:
    """Who acts, from the top, and the columns of each. Raises `RenderError` as `to_ladders` does."""
    if policy.has_stock_rows and len(policy.states) > MOST + 1:
        raise RenderError(f"policy `{policy.id}` has {len(policy.states)} states, {MOST + 1} is the most for a picture")
    if not policy.reach:
        raise RenderError(f"policy `{policy.id}` does not say who may do what to whom")
    rungs, among = rungs_of(policy), None if by is None else {*by}
    wanted = [state for state in reversed(rungs) if among is None or state in among]
    return [(state, lanes) for state in wanted if (lanes := _lanes(policy, rungs, state, only_self=only_self))]


def sheet_of(
    policy: Policy[Any], by: Iterable[AnyState] | None = None, *, only_self: bool = False, widest: int = WIDEST
) -> Sheet:
    """The ladders as shapes, so many pixels wide at most.

    What does not fit beside the rest stands in another ladder.
    """
    rungs = rungs_of(policy)
    panels = [
        (state, part) for state, lanes in panels_of(policy, by, only_self=only_self) for part in _parts(lanes, widest)
    ]
    each = max((_panel_width(lanes) for _, lanes in panels), default=400.0) + 24
    columns = max(1, min(len(panels), int(widest // each)))
    panel_height = _TITLE + _HEAD + _RUNG * len(rungs) + 20
    width, height = columns * each, ceil(len(panels) / columns) * panel_height + 56
    key = (
        "\N{BLACK CIRCLE} whom it is done to   \N{BLACK LEFT-POINTING TRIANGLE} where they come; "
        "without it they stay in their role"
    )
    title = _shown(policy.title, max(width, 400) - 24, 16)
    head = (Text(12, 24, title, 16, INK, bold=True), Text(12, 42, key, _SMALL, FAINT))
    width = max(width, *(24 + width_of(text.words, text.size, bold=text.bold) for text in head))
    drawn = (
        _panel(policy, rungs, panel, place % columns * each, 56 + place // columns * panel_height)
        for place, panel in enumerate(panels)
    )
    return Sheet(policy.title, round(width), height, (*head, *drawn))


def rungs_of(policy: Policy[Any]) -> tuple[AnyState, ...]:
    """The states from the top to the foot."""
    apart = {Tone.OUTSIDE: 1, Tone.BARRED: 2}
    tones = {state: policy.displays.get(state, PLAIN).tone for state in policy.states}
    place = {state: number for number, state in enumerate(policy.ordered)}
    return tuple(sorted(policy.ordered, key=lambda state: (apart.get(tones[state], 0), -place[state])))


def _lanes(policy: Policy[Any], rungs: Sequence[AnyState], by: AnyState, *, only_self: bool) -> list[Lane]:
    found: dict[tuple[str, AnyState | None, bool], list[AnyState]] = {}
    for each in policy.reach:
        if each.by == by and (each.is_self or not only_self):
            dest = None if each.dest == each.source else each.dest
            found.setdefault((each.verb, dest, each.is_self), []).append(each.source)
    order = [row.id for row in policy.transitions]
    place = {state: number for number, state in enumerate(reversed(rungs))}
    return [
        Lane(verb, dest, tuple(sources), _colour(policy, dest, sources, is_self=is_self), is_self)
        for (verb, dest, is_self), sources in sorted(
            found.items(), key=lambda item: (order.index(item[0][0]), -1 if item[0][1] is None else place[item[0][1]])
        )
    ]


def _colour(policy: Policy[Any], dest: AnyState | None, sources: Sequence[AnyState], *, is_self: bool) -> str:
    tone = policy.displays.get(dest, PLAIN).tone if dest is not None else None
    if is_self:
        return _COLOURS["own"]
    if tone in (Tone.OUTSIDE, Tone.BARRED):
        return _COLOURS["out"]
    return _COLOURS["into"] if policy.initial in sources else _COLOURS["move"]


def _parts(lanes: Sequence[Lane], widest: int) -> Iterator[list[Lane]]:
    """The columns, as many beside each other as fit."""
    part: list[Lane] = []
    for each in lanes:
        if part and _panel_width([*part, each]) > widest - 24:
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


def _panel(
    policy: Policy[Any], rungs: Sequence[AnyState], panel: tuple[AnyState, list[Lane]], left: float, top: float
) -> Group:
    """One ladder: who acts and what they can do, from its upper left corner on."""
    by, lanes = panel
    first = top + _TITLE + _HEAD
    who = "outsiders" if by == policy.initial else policy.labels[by]
    shapes: list[Shape | Group] = [Text(left + 12, top + 22, f"What {_short(who)} can do", 14, INK, bold=True)]
    width = _panel_width(lanes)
    middle = {state: first + _RUNG * (number + 0.5) for number, state in enumerate(rungs)}
    for number, state in enumerate(rungs):
        shapes += _rung(policy, state, left, first + _RUNG * number, width, acts=state == by)
    x = left + 12 + _NAME + 14
    for verb, some in _groups(lanes):
        words = verb.split("_")
        shapes += (
            Text(x, first - 8 - 13 * (len(words) - 1 - line), word, _SMALL, INK) for line, word in enumerate(words)
        )
        shapes += (_drawn(policy, each, x + _LANE * (number + 0.5), middle) for number, each in enumerate(some))
        x += _group_width(verb, len(some))
    return Group(tuple(shapes), name="ladder")


def _rung(  # noqa: PLR0913 - its place, and what it shows
    policy: Policy[Any], state: AnyState, x: float, y: float, width: float, *, acts: bool
) -> Iterator[Shape]:
    tone = policy.displays.get(state, PLAIN).tone
    fill = {Tone.MEMBER: "#eef7f0", Tone.BARRED: "#fbe3e0"}.get(tone, "#f1f3f5")
    yield Box(x + 12 + _NAME, y + 2, width - 12 - _NAME, _RUNG - 4, _PALE.get(fill, fill))
    yield Box(x + 12, y + 2, _NAME, _RUNG - 4, fill, INK if acts else None)
    yield Text(x + 20, y + _RUNG / 2 + 4, _short(policy.labels[state]), 12, INK, bold=acts)


def _drawn(policy: Policy[Any], lane: Lane, x: float, middle: dict[AnyState, float]) -> Group:
    shapes: list[Shape] = []
    if lane.dest is not None:
        ends = [middle[state] for state in (*lane.sources, lane.dest)]
        shapes = [Stem(x, min(ends), max(ends), lane.colour), Head(x, middle[lane.dest], lane.colour)]
    shapes += (Dot(x, middle[state], lane.colour) for state in lane.sources)
    return Group(tuple(shapes), words=words_of(policy, lane))


def words_of(policy: Policy[Any], lane: Lane) -> str:
    """What a column says."""
    sources = ", ".join(policy.labels[state] for state in lane.sources)
    return f"{lane.verb}: {sources}" + (
        "" if lane.dest is None else f" \N{RIGHTWARDS ARROW} {policy.labels[lane.dest]}"
    )


def _short(name: str) -> str:
    return _shown(name, _NAME - 16, 12)


def _shown(words: str, most: float, size: int) -> str:
    """The words, cut off where they would be wider than that; what is not printable is told."""
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in words[:_LONGEST])
    while width_of(shown, size, bold=True) > most:
        shown = f"{shown[:-2]}…"
    return shown
