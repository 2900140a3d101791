"""Where everything stands when the states have natural places.

Theory of operation. The ground is a bar at the bottom, the other states stand
in a row above it, each in its column. Between any two states there is one kind
of way, and all ways run level or upright:

- between the ground and a column: side by side, straight up or down, the label
  to the right of the line;
- between neighbours in the row: straight across, the label around the line;
- between others in the row: overhead, each at a level of its own, the longer
  the higher. Of these, and so in the whole picture, only ways that must cross do.

Columns are as wide as their labels need. This is arithmetic on a fixed pattern,
not a search for a layout: policies with other states are left to Graphviz.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fsm.render.diagram import Diagram, Edge, State
from fsm.render.layout.curve import Point
from fsm.render.layout.style import NAME, SMALL, VERB, row_of, width_of
from fsm.render.words.label import Label

AIR = 11.0  # between a label and what is next to it
BESIDE = 5.0  # from an upright line to its label
INSET = 16.0  # from the side of a box to its first line
HAIR = 2  # between a level line and the small type under it
DOT, START = 8.0, 24.0  # the dot where all begins, and how far it is from the ground
OVER, UNDER = row_of(VERB), row_of(SMALL)
_GROUND_HEIGHT, _BOX_HEIGHT, BOX_WIDTH = 36.0, 50.0, 110.0
_TURN = 22.0  # what a way overhead needs above a box, for an arrow's head and a corner
_MOST = 5  # states in the row: more would need more ways overhead than one can follow
_SLOT = 34.0  # between ways that leave the top of a box


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle by its centre. All measures are points, y points up."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left side."""
        return self.x - self.width / 2

    @property
    def right(self) -> float:
        """Its right side."""
        return self.x + self.width / 2

    @property
    def top(self) -> float:
        """Its upper side."""
        return self.y + self.height / 2

    @property
    def bottom(self) -> float:
        """Its lower side."""
        return self.y - self.height / 2


@dataclass(frozen=True, slots=True)
class Way:
    """How an edge runs, from corner to corner, and where its label stands.

    A label `beside` its line begins at the upper left of its place. Any other is
    around its line: the verb over the middle of the place, the small type under it.
    `small` is the small type as it fits there.
    """

    corners: tuple[Point, ...]
    place: Place
    beside: bool
    small: tuple[str, ...]

    @property
    def frame(self) -> Place:
        """The rectangle around the label and the corners."""
        xs, ys = zip(*self.corners, strict=True)
        top = self.place.top if self.beside else self.place.y + OVER
        left, right = min(self.place.left, *xs), max(self.place.right, *xs)
        top, bottom = max(top, *ys), min(self.place.bottom, *ys)
        return Place((left + right) / 2, (top + bottom) / 2, right - left, top - bottom)


@dataclass(frozen=True, slots=True)
class Plan:
    """The places of the states and the ways of the moves, by id; and the arrow that leads to where everybody begins."""

    places: Mapping[str, Place]
    ways: Mapping[str, Way]
    start: tuple[Point, Point]

    @property
    def frame(self) -> Place:
        """The rectangle around all."""
        places = [*self.places.values(), *(way.frame for way in self.ways.values())]
        x, y = self.start[0]
        left = min(x - DOT / 2, *(place.left for place in places))
        right = max(place.right for place in places)
        top = max(y + DOT / 2, *(place.top for place in places))
        bottom = min(place.bottom for place in places)
        return Place((left + right) / 2, (top + bottom) / 2, right - left, top - bottom)


def plan_of(diagram: Diagram, labels: Mapping[str, Label]) -> Plan | None:
    """The plan of a diagram, or None when a state has no natural place."""
    natural = natural_order(diagram)
    if natural is None:
        return None
    ground, row = natural
    places = _places(diagram, row, ground, labels)
    ways: dict[str, Way] = {}
    for index, state in enumerate(row):
        ways |= _upright(between(diagram, state, ground), state.id, places[state.id], places[ground.id], labels)
        if index:
            ways |= _across(between(diagram, row[index - 1], state), places, labels)
    ways |= _overhead(diagram, row, places, labels)
    bar = places[ground.id]
    return Plan(places, ways, ((bar.left - START, bar.y), (bar.left, bar.y)))


def natural_order(diagram: Diagram) -> tuple[State, Sequence[State]] | None:
    """The ground, where all begins, and the other states in a row.

    None when the policy does not declare an order of all its states, or has too few or too many of them for a row.
    """
    ground, *row = sorted(diagram.ordered, key=lambda state: state.id != diagram.initial)
    if any(state.place is None for state in diagram.states) or not 1 <= len(row) <= _MOST:
        return None
    return ground, row


def far_of(diagram: Diagram, row: Sequence[State]) -> list[Edge]:
    """The moves between states of the row that are no neighbours, the nearest first."""
    column = {state.id: index for index, state in enumerate(row)}
    spans = {
        edge.id: sorted((column[edge.source], column[edge.dest]))
        for edge in diagram.moves
        if edge.source in column and edge.dest in column
    }
    far = [edge for edge in diagram.moves if edge.id in spans and spans[edge.id][1] - spans[edge.id][0] > 1]
    return sorted(far, key=lambda edge: (spans[edge.id][1] - spans[edge.id][0], spans[edge.id]))


def between(diagram: Diagram, one: State, other: State) -> list[Edge]:
    """The moves from the second state to the first, and then those back."""
    ends = {one.id, other.id}
    return sorted((edge for edge in diagram.moves if {edge.source, edge.dest} == ends), key=lambda e: e.dest != one.id)


def _places(diagram: Diagram, row: Sequence[State], ground: State, labels: Mapping[str, Label]) -> dict[str, Place]:
    inside = {state.id: [labels[edge.id] for edge in diagram.repeats(state)] for state in diagram.states}
    uprights = {state.id: [labels[edge.id] for edge in between(diagram, state, ground)] for state in row}
    crossing = [[labels[edge.id] for edge in between(diagram, *pair)] for pair in pairwise(row)]
    height = max(
        _BOX_HEIGHT,
        *(row_of(NAME) + UNDER * len(repeats) + AIR for repeats in inside.values()),
        *(sum(label.height for label in ways) + AIR * (len(ways) - 1) for ways in crossing),
    )
    tall = max((label.height for labels_ in uprights.values() for label in labels_), default=0) + 2 * AIR
    y = _GROUND_HEIGHT + tall + height / 2
    places: dict[str, Place] = {}
    x = 0.0
    for index, state in enumerate(row):
        if index:
            x += max([label.width for label in crossing[index - 1]], default=0) + 2 * AIR
        width = max(
            BOX_WIDTH,
            2 * INSET - AIR + sum(BESIDE + label.width + AIR for label in uprights[state.id]),
            *(width_of(f"{label.verb}\u2003{label.inline}", SMALL) + INSET for label in inside[state.id]),
            width_of(state.name, NAME, bold=True) + AIR,
        )
        places[state.id] = Place(x + width / 2, y, width, height)
        x += width
    ground_height = max(_GROUND_HEIGHT, row_of(NAME) + UNDER * len(inside[ground.id]) + AIR)
    places[ground.id] = Place(x / 2, _GROUND_HEIGHT - ground_height / 2, x, ground_height)
    return places


def _upright(
    edges: Sequence[Edge], up: str, above: Place, ground: Place, labels: Mapping[str, Label]
) -> dict[str, Way]:
    ways = {}
    # The lines share what the box is wider than its labels.
    spare = above.width - 2 * INSET + AIR - sum(BESIDE + labels[edge.id].width + AIR for edge in edges)
    x = above.left + INSET + spare / (len(edges) + 1)
    for edge in edges:
        label = labels[edge.id]
        ends = ((x, ground.top), (x, above.bottom))
        corners = ends if edge.dest == up else ends[::-1]
        place = Place(x + BESIDE + label.width / 2, above.bottom - AIR - label.height / 2, label.width, label.height)
        ways[edge.id] = Way(corners, place, beside=True, small=label.stacked)
        x += BESIDE + label.width + AIR + spare / (len(edges) + 1)
    return ways


def _across(edges: Sequence[Edge], places: Mapping[str, Place], labels: Mapping[str, Label]) -> dict[str, Way]:
    ways = {}
    # A single way runs through the middle; several share the height with their labels.
    total = sum(labels[edge.id].height + AIR for edge in edges) - AIR
    rise = 0.0 if len(edges) == 1 else total / 2 - OVER
    for edge in edges:
        label, source, dest = labels[edge.id], places[edge.source], places[edge.dest]
        left, right = sorted((source, dest), key=lambda place: place.x)
        ends = ((left.right, source.y + rise), (right.left, source.y + rise))
        corners = ends if source is left else ends[::-1]
        ways[edge.id] = _level(corners, (left.right, right.left), label.stacked)
        rise -= label.height + AIR
    return ways


def _overhead(
    diagram: Diagram, row: Sequence[State], places: Mapping[str, Place], labels: Mapping[str, Label]
) -> dict[str, Way]:
    column = {state.id: index for index, state in enumerate(row)}
    far = far_of(diagram, row)
    feet = {state.id: _feet(state.id, far, column, places) for state in row}
    ways: dict[str, Way] = {}
    floor = places[row[0].id].top + _TURN
    for number, edge in enumerate(far):
        start, end = feet[edge.source][edge.id], feet[edge.dest][edge.id]
        rising = [foot[other.id] for other in far[number + 1 :] for foot in feet.values() if other.id in foot]
        stretch = _widest(min(start, end), max(start, end), rising)
        small = labels[edge.id].within(stretch[1] - stretch[0])
        y = floor + HAIR + UNDER * len(small)
        top = places[edge.source].top
        ways[edge.id] = _level(((start, top), (start, y), (end, y), (end, top)), stretch, small)
        floor = y + OVER + AIR / 2
    return ways


def _feet(state: str, far: Sequence[Edge], column: Mapping[str, int], places: Mapping[str, Place]) -> dict[str, float]:
    """Where the ways overhead stand on a box: those to the left on its left, and nested, so that they do not cross."""
    left: list[str] = []
    right: list[str] = []
    for edge in far:
        if state in (edge.source, edge.dest):
            other = edge.dest if edge.source == state else edge.source
            (left if column[other] < column[state] else right).append(edge.id)
    order = [*left, *reversed(right)]
    first = places[state].x - _SLOT * (len(order) - 1) / 2
    return {edge: first + _SLOT * index for index, edge in enumerate(order)}


def _widest(left: float, right: float, cuts: Sequence[float]) -> tuple[float, float]:
    """The widest stretch between two points that no cut divides."""
    ends = [left, *sorted(cut for cut in cuts if left < cut < right), right]
    return max(pairwise(ends), key=lambda stretch: stretch[1] - stretch[0])


def _level(corners: tuple[Point, ...], stretch: tuple[float, float], small: tuple[str, ...]) -> Way:
    """A way whose label stands around a stretch of its highest, level part."""
    return around_line(corners, stretch, max(y for _, y in corners), small)


def around_line(corners: tuple[Point, ...], stretch: tuple[float, float], y: float, small: tuple[str, ...]) -> Way:
    """A way whose label stands around a stretch of it that is level at this height."""
    half = max(OVER, HAIR + UNDER * len(small))
    return Way(corners, Place(sum(stretch) / 2, y, stretch[1] - stretch[0], 2 * half), beside=False, small=small)
