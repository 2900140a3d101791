"""A drawing of lines and letters in rows and columns, for text that nobody lays out.

It follows the pattern of `fsm.render.layout.tall`: the ground is a bar on the left, the other
states stand under each other beside it, and ways between those that are no
neighbours run around the right side.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from fsm.render.diagram import Diagram, Edge, State
from fsm.render.layout.plan import between, far_of, natural_order
from fsm.render.layout.style import line_of
from fsm.render.layout.tall import stubs_of
from fsm.render.words.columns import letters, width
from fsm.render.words.label import clean

STROKES: Mapping[str, tuple[str, str]] = {
    "own": ("-", "|"),
    "other": (".", ":"),
    "anyone": ("~", ";"),
    "barred": ("=", "#"),
    "same": ("-", "|"),
    "first": (".", ":"),
    "second": ("=", "#"),
    "changed": ("~", ";"),
}
"""By the name of a line: what it is made of where it is level, and where it is upright."""

START = ("o", "v")
"""The arrow, of letters one under the other, to where everybody begins."""


@dataclass(frozen=True, slots=True)
class _Air:
    """How much room there is: between a box and its text, of a line on both sides of its label, between lanes."""

    pad: int
    dash: int
    step: int


_ROOMY, _DENSE = _Air(2, 2, 3), _Air(1, 1, 2)


@dataclass
class _Page:
    """Rows of cells; a wide letter takes one cell and leaves the next empty."""

    rows: list[dict[int, str]] = field(default_factory=list)

    def put(self, row: int, column: int, text: str) -> None:
        while len(self.rows) <= row:
            self.rows.append({})
        for letter, count in letters(text):
            self.rows[row] |= {column: letter, **dict.fromkeys(range(column + 1, column + count), "")}
            column += count

    def is_free(self, row: int, column: int) -> bool:
        return row >= len(self.rows) or column not in self.rows[row]

    def lines(self) -> list[str]:
        return [
            "".join(row.get(column, " ") for column in range(max(row, default=-1) + 1)).rstrip() for row in self.rows
        ]


def drawing_of(diagram: Diagram, columns: int) -> list[str] | None:
    """The lines of a drawing; None when a state has no natural place, or the page has too few columns."""
    natural = natural_order(diagram)
    if natural:
        for air in (_ROOMY, _DENSE):
            lines = _Drawing(diagram, *natural, air).lines()
            if max(map(width, lines)) <= columns:
                return lines
    return None


@dataclass(frozen=True)
class _Drawing:
    diagram: Diagram
    ground: State
    column: Sequence[State]
    air: _Air

    def lines(self) -> list[str]:
        page = _Page()
        # Lanes first, so that what crosses them can leave them visible.
        for edge, lane in zip(self._far, self._lanes, strict=True):
            self._lane(page, edge, lane)
        for state in self.column:
            self._box(page, state, self._left, self._width, self._tops[state.id], self._heights[state.id])
            self._channel(page, state)
        for pair in pairwise(self.column):
            self._gap(page, *pair)
        bottom = self._tops[self.column[-1].id] + self._heights[self.column[-1].id]
        self._box(page, self.ground, 0, self._bar, 0, bottom)
        return [*(" " * (self._bar // 2) + letter for letter in START), *page.lines()]

    # Measures, in columns and rows.

    @cached_property
    def _far(self) -> list[Edge]:
        return far_of(self.diagram, self.column)

    @cached_property
    def _bar(self) -> int:
        return self._text_width(self.ground)

    @cached_property
    def _left(self) -> int:
        """Where the states begin: behind the bar and the channel."""
        ways = [edge for state in self.column for edge in between(self.diagram, state, self.ground)]
        return self._bar + max((width(_verb(edge)) for edge in ways), default=0) + 2 * self.air.dash + 3

    @cached_property
    def _width(self) -> int:
        uprights = [between(self.diagram, *pair)[:-1] for pair in pairwise(self.column)]
        return max(
            *(self._text_width(state) for state in self.column),
            *(
                2 * self.air.pad + 1 + sum(width(_verb(edge)) + 2 + self.air.pad for edge in edges)
                for edges in uprights
            ),
            0,
        )

    @cached_property
    def _lanes(self) -> list[int]:
        right = self._left + self._width
        stubs = [right + width(_verb(edge)) + 2 * self.air.dash + 2 for edge in self._far]
        beside = [
            column + 2 + width(_verb(edge)) + 1 for pair in pairwise(self.column) for edge, column in self._feet(*pair)
        ]
        first = max([right + 2 * self.air.dash, *stubs, *beside])
        return [first + self.air.step * place for place in range(len(self._far))]

    @cached_property
    def _heights(self) -> Mapping[str, int]:
        return {
            state.id: 2
            + max(
                len(self._texts(state)),
                len(between(self.diagram, state, self.ground)),
                len(stubs_of(self._far, self.column, state)),
            )
            for state in self.column
        }

    @cached_property
    def _tops(self) -> Mapping[str, int]:
        tops, row = {}, 0
        for index, state in enumerate(self.column):
            if index:
                row += 2 if between(self.diagram, self.column[index - 1], state) else 1
            tops[state.id] = row
            row += self._heights[state.id]
        return tops

    def _texts(self, state: State) -> list[str]:
        return [clean(state.name), *(f"({_verb(edge)})" for edge in self.diagram.repeats(state))]

    def _text_width(self, state: State) -> int:
        return max(width(text) for text in self._texts(state)) + 2 * self.air.pad + 2

    # Pieces.

    def _box(self, page: _Page, state: State, left: int, wide: int, top: int, high: int) -> None:  # noqa: PLR0913, PLR0917 - a rectangle
        for row in range(top, top + high):
            edge = row in (top, top + high - 1)
            page.put(row, left, "+" + "-" * (wide - 2) + "+" if edge else "|" + " " * (wide - 2) + "|")
        texts = self._texts(state)
        first = top + (high - len(texts)) // 2
        for row, text in enumerate(texts, first):
            page.put(row, left + (wide - width(text)) // 2, text)

    def _channel(self, page: _Page, state: State) -> None:
        ways = between(self.diagram, state, self.ground)
        first = self._tops[state.id] + 1 + (self._heights[state.id] - 2 - len(ways)) // 2
        for row, edge in enumerate(ways, first):
            stroke = self._stroke(edge)[0]
            self._labelled(page, row, (self._bar, self._left - 1), _verb(edge), stroke)
            head = (self._left - 1, ">") if edge.dest == state.id else (self._bar, "<")
            page.put(row, *head)

    def _feet(self, above: State, below: State) -> list[tuple[Edge, int]]:
        """Where the ways between neighbours run."""
        edges = between(self.diagram, above, below)
        if len(edges) == 1:
            return [(edges[0], self._left + self._width // 2)]
        feet, column = [], self._left + self.air.pad
        for edge in edges:
            feet.append((edge, column))
            column += width(_verb(edge)) + 2 + self.air.pad
        return feet

    def _gap(self, page: _Page, above: State, below: State) -> None:
        row = self._tops[below.id] - 2
        for edge, column in self._feet(above, below):
            line = self._stroke(edge)[1]
            down = edge.dest == below.id
            page.put(row, column, line if down else "^")
            page.put(row + 1, column, "v" if down else line)
            page.put(row, column + 2, _verb(edge))

    def _lane(self, page: _Page, edge: Edge, lane: int) -> None:
        right = self._left + self._width
        level, upright = self._stroke(edge)
        start, end = self._stub(edge, edge.source), self._stub(edge, edge.dest)
        for row in range(min(start, end), max(start, end)):
            if page.is_free(row, lane):
                page.put(row, lane, upright)
        self._labelled(page, start, (right, self._lanes[0] - 1), _verb(edge), level)
        for row, first in ((start, self._lanes[0] - 1), (end, right)):
            for column in range(first, lane):
                if page.is_free(row, column):
                    page.put(row, column, level)
        page.put(start, lane, "+")
        page.put(end, lane, "+")
        page.put(end, right, "<")

    def _stub(self, edge: Edge, state: str) -> int:
        """The row in which a way around touches a state."""
        place = next(each for each in self.column if each.id == state)
        stubs = stubs_of(self._far, self.column, place)
        return self._tops[state] + 1 + (self._heights[state] - 2 - len(stubs)) // 2 + stubs.index(edge)

    def _stroke(self, edge: Edge) -> tuple[str, str]:
        return STROKES[line_of(self.diagram, edge).name]

    def _labelled(self, page: _Page, row: int, span: tuple[int, int], label: str, stroke: str) -> None:
        left, right = span
        page.put(row, left, stroke * (right - left + 1))
        page.put(row, left + (right - left + 1 - width(label) - 2) // 2, f" {label} ")


def _verb(edge: Edge) -> str:
    return clean(edge.transition)
