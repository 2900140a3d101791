"""Who may do what to whom, as ladders: one for each state of who acts.

Theory of operation. The rungs are the states, the highest at the top; where everybody begins, and those
who are barred, stand apart at the foot. Beside them is a column for each verb and each state that it leads to: a
dot at every rung that somebody can be taken from, and an arrowhead at the rung where they
come. So nothing crosses anything, however many states there are. Sizes are pixels.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from fsm.policy import Policy
from fsm.render.layout.engine import RenderError
from fsm.render.layout.style import FAINT, FONTS, INK, PAPER, width_of
from fsm.state import PLAIN, AnyState, Tone

MOST = 24
"""So many states, beside where everybody begins, are drawn; for more there are tables."""

WIDEST = 1400

_RUNG, _NAME, _LANE, _GAP, _HEAD, _TITLE = 26, 170, 22, 16, 44, 40
_LETTERS = 26
_SMALL = 11
_LEAST_LANE = 11

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
    'viewBox="0 0 {width} {height}" font-family="{fonts}">'
)
_COLOURS = {"into": "#1a7f37", "out": "#b42318", "own": "#0a5ab4", "move": "#4a5058"}


@dataclass(frozen=True, slots=True)
class _Lane:
    """A column: a verb and where it leads; None where the target stays."""

    verb: str
    dest: AnyState | None
    sources: tuple[AnyState, ...]
    colour: str


def to_ladders(policy: Policy[Any], by: Iterable[AnyState] | None = None, *, only_self: bool = False) -> bytes:
    """A ladder for each state of who acts, or for these, as an SVG document.

    Raises `RenderError` for a policy that does not say who may do what to whom, or has too many states.
    """
    if policy.has_stock_rows and len(policy.states) > MOST + 1:
        raise RenderError(f"policy `{policy.id}` has {len(policy.states)} states, {MOST + 1} is the most for a picture")
    if not policy.reach:
        raise RenderError(f"policy `{policy.id}` does not say who may do what to whom")
    rungs = rungs_of(policy)
    wanted = [state for state in reversed(rungs) if by is None or state in by]
    panels = [(state, lanes) for state in wanted if (lanes := _lanes(policy, rungs, state, only_self=only_self))]
    lane = _lane_width([lanes for _, lanes in panels])
    width = max((_panel_width(lanes, lane) for _, lanes in panels), default=400.0) + 24
    height = len(panels) * (_TITLE + _HEAD + _RUNG * len(rungs) + 20) + 56
    body = [line for place, panel in enumerate(panels) for line in _panel(policy, rungs, panel, lane, place)]
    words = (
        "\N{BLACK CIRCLE} whom it is done to   \N{BLACK LEFT-POINTING TRIANGLE} where they come; "
        "without it they stay in their role"
    )
    return "\n".join(
        [
            _SVG.format(width=f"{width:.0f}", height=height, fonts=escape(FONTS)),
            f"<title>{escape(policy.title)}</title>",
            f'<rect width="100%" height="100%" fill="{PAPER}"/>',
            f'<text x="12" y="24" font-size="16" font-weight="bold" fill="{INK}">{escape(policy.title)}</text>',
            f'<text x="12" y="42" font-size="{_SMALL}" fill="{FAINT}">{escape(words)}</text>',
            *body,
            "</svg>",
            "",
        ]
    ).encode()


def rungs_of(policy: Policy[Any]) -> tuple[AnyState, ...]:
    """The states from the top to the foot."""
    apart = {Tone.OUTSIDE: 1, Tone.BARRED: 2}
    tones = {state: policy.displays.get(state, PLAIN).tone for state in policy.states}
    place = {state: number for number, state in enumerate(policy.ordered)}
    return tuple(sorted(policy.ordered, key=lambda state: (apart.get(tones[state], 0), -place[state])))


def _lanes(policy: Policy[Any], rungs: Sequence[AnyState], by: AnyState, *, only_self: bool) -> list[_Lane]:
    found: dict[tuple[str, AnyState | None, bool], list[AnyState]] = {}
    for each in policy.reach:
        if each.by == by and (each.is_self or not only_self):
            dest = None if each.dest == each.source else each.dest
            found.setdefault((each.verb, dest, each.is_self), []).append(each.source)
    order = [row.id for row in policy.transitions]
    place = {state: number for number, state in enumerate(reversed(rungs))}
    return [
        _Lane(verb, dest, tuple(sources), _colour(policy, dest, sources, is_self=is_self))
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


def _groups(lanes: Sequence[_Lane]) -> Iterator[tuple[str, list[_Lane]]]:
    for verb in dict.fromkeys(lane.verb for lane in lanes):
        yield verb, [lane for lane in lanes if lane.verb == verb]


def _group_width(verb: str, count: int, lane: float) -> float:
    return max(count * lane, *(width_of(word, _SMALL) for word in verb.split("_"))) + _GAP


def _panel_width(lanes: Sequence[_Lane], lane: float) -> float:
    return 12 + _NAME + 14 + sum(_group_width(verb, len(some), lane) for verb, some in _groups(lanes))


def _lane_width(panels: Sequence[Sequence[_Lane]]) -> float:
    """As wide as fits."""
    lane: float = _LANE
    while lane > _LEAST_LANE and any(_panel_width(lanes, lane) > WIDEST - 24 for lanes in panels):
        lane -= 1
    return lane


def _panel(
    policy: Policy[Any], rungs: Sequence[AnyState], panel: tuple[AnyState, list[_Lane]], lane: float, place: int
) -> Iterator[str]:
    by, lanes = panel
    top = 56 + place * (_TITLE + _HEAD + _RUNG * len(rungs) + 20)
    first = top + _TITLE + _HEAD
    who = "outsiders" if by == policy.initial else policy.labels[by]
    yield f'<g class="ladder"><text x="12" y="{top + 22}" font-size="14" font-weight="bold" fill="{INK}">'
    yield f"What {escape(_short(who))} can do</text>"
    width = _panel_width(lanes, lane)
    middle = {state: first + _RUNG * (number + 0.5) for number, state in enumerate(rungs)}
    for number, state in enumerate(rungs):
        yield from _rung(policy, state, first + _RUNG * number, width, acts=state == by)
    x = 12.0 + _NAME + 14
    for verb, some in _groups(lanes):
        for line, word in enumerate(words := verb.split("_")):
            y = first - 8 - 13 * (len(words) - 1 - line)
            yield f'<text x="{x:.1f}" y="{y}" font-size="{_SMALL}" fill="{INK}">{escape(word)}</text>'
        for number, each in enumerate(some):
            yield from _drawn(policy, each, x + lane * (number + 0.5), middle)
        x += _group_width(verb, len(some), lane)
    yield "</g>"


def _rung(policy: Policy[Any], state: AnyState, y: float, width: float, *, acts: bool) -> Iterator[str]:
    tone = policy.displays.get(state, PLAIN).tone
    fill = {Tone.MEMBER: "#eef7f0", Tone.BARRED: "#fbe3e0"}.get(tone, "#f1f3f5")
    border = f' stroke="{INK}" stroke-width="2"' if acts else ""
    yield f'<rect x="12" y="{y + 2}" width="{width - 12:.1f}" height="{_RUNG - 4}" fill="{fill}" opacity="0.6"/>'
    yield f'<rect x="12" y="{y + 2}" width="{_NAME}" height="{_RUNG - 4}" rx="4" fill="{fill}"{border}/>'
    weight = ' font-weight="bold"' if acts else ""
    yield (
        f'<text x="20" y="{y + _RUNG / 2 + 4}" font-size="12"{weight} fill="{INK}">'
        f"{escape(_short(policy.labels[state]))}</text>"
    )


def _drawn(policy: Policy[Any], lane: _Lane, x: float, middle: dict[AnyState, float]) -> Iterator[str]:
    ends = [middle[state] for state in (*lane.sources, *([] if lane.dest is None else [lane.dest]))]
    sources = ", ".join(policy.labels[state] for state in lane.sources)
    words = f"{lane.verb}: {sources}" + ("" if lane.dest is None else f" → {policy.labels[lane.dest]}")
    yield f"<g><title>{escape(words)}</title>"
    if lane.dest is not None:
        yield (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{min(ends)}" y2="{max(ends)}" stroke="{lane.colour}" '
            'stroke-width="1.5"/>'
        )
        y = middle[lane.dest]
        yield f'<path d="M{x - 5:.1f},{y} l8,-5 v10 z" fill="{lane.colour}"/>'
    for state in lane.sources:
        yield f'<circle cx="{x:.1f}" cy="{middle[state]}" r="4" fill="{lane.colour}"/>'
    yield "</g>"


def _short(name: str) -> str:
    shown = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)
    while width_of(shown, 12, bold=True) > _NAME - 16:
        shown = f"{shown[:-2]}…"
    return shown
