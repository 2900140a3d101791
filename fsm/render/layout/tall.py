"""Where everything stands on a narrow page: the pattern of `fsm.render.layout.plan`, turned on its side.

The ground is a bar on the left, the other states stand under each other beside it,
from asking to come in at the top to being shut out at the bottom:

- between the ground and a state: level lines in a channel, the label around the line;
- between neighbours: upright lines in the gap, the label to the right;
- between others: around the right side, each in a lane of its own, the longer the
  further out. The label stands around the piece that leaves the state.

So the width depends on the longest label, and not on how many there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from fsm.render.diagram import Diagram, Edge, State
from fsm.render.layout.plan import (
    AIR,
    BOX_WIDTH,
    HAIR,
    INSET,
    OVER,
    START,
    UNDER,
    Place,
    Plan,
    Way,
    around_line,
    between,
    far_of,
    natural_order,
)
from fsm.render.layout.style import NAME, SMALL, row_of, width_of
from fsm.render.words.label import Label

_BAR = 74.0  # how wide the ground is at least
_CHANNEL = 90.0  # how wide the channel is at least
_GAP = 40.0  # between neighbours, at least
_BESIDE = 8.0  # from an upright line to its label: arrow heads come near
_LANE = 14.0  # between lanes, and between arrows that end on a side


def tall_plan_of(diagram: Diagram, labels: Mapping[str, Label]) -> Plan | None:
    """The plan of a diagram, or None when a state has no natural place."""
    natural = natural_order(diagram)
    return _Tall(diagram, labels, *natural).plan if natural else None


@dataclass(frozen=True)
class _Tall:
    diagram: Diagram
    labels: Mapping[str, Label]
    ground: State
    column: Sequence[State]

    @property
    def plan(self) -> Plan:
        ways: dict[str, Way] = {}
        for state in self.column:
            ways |= self._level(state)
        for pair in pairwise(self.column):
            ways |= self._upright(*pair)
        ways |= self._around()
        middle = self._bar / 2
        return Plan(self.places, ways, ((middle, START), (middle, 0.0)))

    @cached_property
    def places(self) -> dict[str, Place]:
        left = self._bar + self._channel
        places: dict[str, Place] = {}
        top = 0.0
        for index, state in enumerate(self.column):
            if index:
                top -= self._gap(self.column[index - 1], state)
            height = max(self._text_height(state), self._channel_height(state), self._side_height(state))
            places[state.id] = Place(left + self._width / 2, top - height / 2, self._width, height)
            top -= height
        places[self.ground.id] = Place(self._bar / 2, top / 2, self._bar, -top)
        return places

    # How much each part needs.

    @cached_property
    def _bar(self) -> float:
        return max(_BAR, self._text_width(self.ground))

    @cached_property
    def _channel(self) -> float:
        ways = [edge for state in self.column for edge in between(self.diagram, state, self.ground)]
        return max([_CHANNEL, *(self._compact_width(edge) + 2 * INSET for edge in ways)])

    @cached_property
    def _width(self) -> float:
        """The width of a state: of its own text, and of all but the last label of those that leave it upright."""
        uprights = [between(self.diagram, *pair) for pair in pairwise(self.column)]
        return max(
            BOX_WIDTH,
            *(self._text_width(state) for state in self.column),
            *(2 * INSET + sum(self._step(edge) for edge in edges[:-1]) for edges in uprights),
        )

    @cached_property
    def _first_lane(self) -> float:
        """Where the innermost lane runs: to the right of all labels."""
        right = self._bar + self._channel + self._width
        beside = [foot + self._step(edge) for pair in pairwise(self.column) for edge, foot in self._feet(*pair)]
        return max([right + 2 * AIR, *beside, *(right + self.labels[edge.id].width + 2 * AIR for edge in self._far)])

    def _text_width(self, state: State) -> float:
        repeats = [self.labels[edge.id].width for edge in self.diagram.repeats(state)]
        return max(width_of(state.name, NAME, bold=True), *repeats, 0) + 2 * AIR

    def _text_height(self, state: State) -> float:
        lines = sum(1 + len(self.labels[edge.id].stacked) for edge in self.diagram.repeats(state))
        return row_of(NAME) + row_of(SMALL) * lines + 2 * AIR

    def _channel_height(self, state: State) -> float:
        return sum(self._level_height(edge) for edge in between(self.diagram, state, self.ground)) + AIR / 2

    def _level_height(self, edge: Edge) -> float:
        return OVER + HAIR + UNDER * len(self.labels[edge.id].compact) + AIR / 2

    def _side_height(self, state: State) -> float:
        return sum(self._stub_height(edge, state) for edge in self._stubs(state)) + AIR / 2

    def _stub_height(self, edge: Edge, state: State) -> float:
        return (
            OVER + HAIR + UNDER * len(self.labels[edge.id].stacked) + AIR / 2 if edge.source == state.id else 2 * _LANE
        )

    def _gap(self, above: State, below: State) -> float:
        labels = [self.labels[edge.id] for edge in between(self.diagram, above, below)]
        return max([_GAP, *(row_of(SMALL) * len(label.compact) + OVER + 2 * AIR for label in labels)])

    def _compact_width(self, edge: Edge) -> float:
        label = self.labels[edge.id]
        return max([label.verb_width, *(width_of(line, SMALL) for line in label.compact)])

    def _step(self, edge: Edge) -> float:
        return _BESIDE + self._compact_width(edge) + AIR

    # Where each way runs.

    def _level(self, state: State) -> dict[str, Way]:
        """The ways between a state and the ground."""
        box, edges = self.places[state.id], between(self.diagram, state, self.ground)
        spare = box.height - sum(self._level_height(edge) for edge in edges)
        stretch = (self._bar, box.left)
        ways = {}
        y = box.top - spare / 2
        for edge in edges:
            line = y - OVER
            ends = ((stretch[0], line), (stretch[1], line))
            corners = ends if edge.dest == state.id else ends[::-1]
            ways[edge.id] = around_line(corners, stretch, line, self.labels[edge.id].compact)
            y -= self._level_height(edge)
        return ways

    def _feet(self, above: State, below: State) -> list[tuple[Edge, float]]:
        """Where the ways between neighbours run: a single one in the middle, several from the left on."""
        edges = between(self.diagram, above, below)
        left = self._bar + self._channel
        if len(edges) == 1:
            return [(edges[0], left + self._width / 2)]
        feet = []
        x = left + INSET
        for edge in edges:
            feet.append((edge, x))
            x += self._step(edge)
        return feet

    def _upright(self, above: State, below: State) -> dict[str, Way]:
        ways = {}
        top, bottom = self.places[above.id].bottom, self.places[below.id].top
        for edge, x in self._feet(above, below):
            small, width = self.labels[edge.id].compact, self._compact_width(edge)
            height = OVER + UNDER * len(small)
            ends = ((x, top), (x, bottom))
            place = Place(x + _BESIDE + width / 2, (top + bottom) / 2, width, height)
            ways[edge.id] = Way(ends if edge.dest == below.id else ends[::-1], place, beside=True, small=small)
        return ways

    @cached_property
    def _far(self) -> list[Edge]:
        return far_of(self.diagram, self.column)

    def _stubs(self, state: State) -> list[Edge]:
        return stubs_of(self._far, self.column, state)

    def _around(self) -> dict[str, Way]:
        ends: dict[tuple[str, str], float] = {}
        for state in self.column:
            box, stubs = self.places[state.id], self._stubs(state)
            y = box.top - (box.height - sum(self._stub_height(edge, state) for edge in stubs)) / 2
            for edge in stubs:
                leaves = edge.source == state.id
                ends[edge.id, state.id] = y - (OVER if leaves else _LANE)
                y -= self._stub_height(edge, state)
        ways = {}
        for number, edge in enumerate(self._far):
            lane, right = self._first_lane + _LANE * number, self.places[edge.source].right
            start, end = ends[edge.id, edge.source], ends[edge.id, edge.dest]
            corners = ((right, start), (lane, start), (lane, end), (right, end))
            ways[edge.id] = around_line(corners, (right, self._first_lane), start, self.labels[edge.id].stacked)
        return ways


def stubs_of(far: Sequence[Edge], column: Sequence[State], state: State) -> list[Edge]:
    """The ways around that touch a state, from the top down, so that none crosses another at the state.

    What comes from above or leads there is at the top, the inner before the outer;
    what comes from below or leads there is under it, the outer before the inner.
    """
    place = {each.id: index for index, each in enumerate(column)}
    up: list[Edge] = []
    down: list[Edge] = []
    for edge in far:
        if state.id in (edge.source, edge.dest):
            other = edge.dest if edge.source == state.id else edge.source
            (up if place[other] < place[state.id] else down).append(edge)
    return [*up, *reversed(down)]
