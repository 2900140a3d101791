"""Plain text: never too wide, all that the diagram knows, and a drawing whose lines lead where the edges lead."""

import re

import pytest

from fsm import MIMI
from fsm.policies import load_policy
from fsm.render import Detail, Diagram, compare, extract
from fsm.render.diagram import Change
from fsm.render.formats.text import COLUMNS, to_text
from fsm.render.layout.typewriter import START, STROKES, drawing_of
from fsm.render.words.columns import padded, width, wrapped
from fsm.render.words.label import clean
from tests.builders import BAN, JOIN
from tests.render.policies import BIG, CATALOGUED, CROWDED, DOOR, HOSTILE

POLICIES = CATALOGUED
BOTH = compare(MIMI, load_policy("mimi-01"))
NATURAL = [
    *(extract(policy).drawn for policy in POLICIES),
    extract(CROWDED),
    BOTH,
    extract(MIMI, {"is_self": True}),
    extract(MIMI, {"is_self": False, "sender": JOIN, "may_kick": False}),
]
ALL = [*NATURAL, extract(DOOR), extract(HOSTILE), extract(BIG)]


def names(diagrams: list[Diagram]) -> list[str]:
    return [f"{index}-{diagram.title[:3]}" for index, diagram in enumerate(diagrams)]


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("diagram", ALL, ids=names(ALL))
def test_no_line_is_too_wide(diagram: Diagram, detail: Detail) -> None:
    for line in to_text(diagram, detail).splitlines():
        assert width(line) <= COLUMNS <= 72
        assert line == line.rstrip()


@pytest.mark.parametrize("diagram", ALL, ids=names(ALL))
def test_the_list_has_every_edge(diagram: Diagram) -> None:
    text = " ".join(to_text(diagram, Detail.CLAUSES).split())
    for edge in diagram.edges:
        assert " ".join(clean(edge.transition).split()) in text
        for guard in edge.conditions:
            if not diagram.sides:
                assert " ".join(clean(guard.short).split()) in text
        if edge.clause and (not diagram.sides or edge.change is not Change.NONE):
            assert f"section {clean(edge.clause)}" in text


def test_who_acts_is_told_of_every_edge() -> None:
    lines = to_text(extract(MIMI)).split("In brackets", 1)[1].splitlines()
    rows = [line for line in lines if line.startswith("   ")]
    assert len(rows) == len(extract(MIMI).edges)
    assert all(" by the target itself" in row or " by another user" in row for row in rows)


Way = tuple[str, str, str]
"""Verb, source and destination."""


class Page:
    """A drawing, read back: whoever follows a line from an arrow's head comes to the state that it leads from."""

    def __init__(self, diagram: Diagram) -> None:
        lines = drawing_of(diagram, COLUMNS)
        assert lines is not None
        start, below = lines[: len(START)], lines[len(START) :]
        assert [line.strip() for line in start] == list(START)
        self.start = start[-1].index(START[-1])
        self.rows = [line.ljust(COLUMNS + 2) for line in [*below, ""]]
        self.boxes = {state.id: self._box(state.name) for state in diagram.states}

    def _box(self, name: str) -> tuple[int, int, int, int]:
        """First and last row, first and last column."""
        spans = (
            (match.start(), match.end() - 1, row)
            for row, line in enumerate(self.rows)
            for match in re.finditer(rf"\| *{name} *\|", line)
        )
        left, right, row = next(spans)
        top, bottom = (
            next(each for each in rows if self.rows[each][left] == "+")
            for rows in (range(row, -1, -1), range(row, len(self.rows)))
        )
        return top, bottom, left, right

    def state(self, row: int, column: int) -> str | None:
        """The state whose box has this cell."""
        for state, (top, bottom, left, right) in self.boxes.items():
            if top <= row <= bottom and left <= column <= right:
                return state
        return None

    def ways(self) -> set[Way]:
        steps = {"<": (0, -1), ">": (0, 1), "^": (-1, 0), "v": (1, 0)}
        found = set()
        for row, line in enumerate(self.rows):
            for column, letter in enumerate(line):
                down, right = steps.get(letter, (0, 0))
                dest = self.state(row + down, column + right)
                if dest and not self.state(row, column):
                    follow = self._upright if down else self._level
                    found.add((*follow(row, column, -(down or right)), dest))
        return found

    def _upright(self, row: int, column: int, step: int) -> tuple[str, str]:
        """The way of an arrow between neighbours: the verb stands beside its upper end."""
        source = self.state(row + 2 * step, column)
        assert source
        return self.rows[min(row, row + step)][column + 2 :].split()[0], source

    def _level(self, row: int, column: int, step: int) -> tuple[str, str]:
        """The way of an arrow in the channel, or around the right side."""
        verb = ""
        while not (source := self.state(row, column + step)):
            column += step
            letter = self.rows[row][column]
            if letter == "+":  # a lane: to its other end, and back
                row, step = self._other_end(row, column), -1
            elif letter.isalpha():
                verb = verb + letter if step > 0 else letter + verb
        return verb, source

    def _other_end(self, row: int, column: int) -> int:
        upright = {pair[1] for pair in STROKES.values()}
        step = 1 if self.rows[row + 1][column] in upright else -1
        row += step
        while self.rows[row][column] != "+":
            row += step
        return row


@pytest.mark.parametrize("diagram", NATURAL, ids=names(NATURAL))
def test_every_line_of_the_drawing_leads_where_its_edge_leads(diagram: Diagram) -> None:
    page = Page(diagram)
    assert page.state(0, page.start) == diagram.initial
    assert page.ways() == {(edge.transition, edge.source, edge.dest) for edge in diagram.moves}
    text = "\n".join(page.rows)
    for state in diagram.states:
        for edge in diagram.repeats(state):
            assert f"({edge.transition})" in text


def test_a_drawing_that_does_not_fit_is_left_out() -> None:
    assert drawing_of(extract(MIMI), 40) is None
    assert drawing_of(extract(DOOR), 1000) is None


def test_verbs_alone_are_the_drawing() -> None:
    text = to_text(extract(MIMI), Detail.VERBS)
    assert "leave:" not in text
    assert "--- the target itself" in text


def test_nothing_possible_is_said() -> None:
    assert "Nothing is possible here.\n" in to_text(extract(MIMI, {"sender": BAN, "is_self": False}))


def test_what_is_given_is_at_the_head() -> None:
    assert "What is left given is_self = true\n" in to_text(extract(MIMI, {"is_self": True}))


def test_two_policies_are_told_apart_in_words_and_by_lines() -> None:
    text = to_text(BOTH)
    assert "... only in mimi, === only in mimi-01, ~~~ in both," in text
    for line in (
        "   deny     ..> leave   only in mimi, by another user, joined, may",
        "   ban      ~~> ban     changed, in mimi: outranks",
        "   knock    ==> knock   only in mimi-01, by the target itself, room",
        "   kick     --> leave",
    ):
        assert f"\n{line}\n" in text


# fmt: off
WIDTHS = [
    ("", 0), ("abc", 3), ("日本語", 6), ("e\u0301", 1), ("\u202eabc", 3), ("😀", 2), ("a\u0308日", 3),
]
WRAPPED = [
    ("one two three", 7, "",   ["one two", "three"]),
    ("one two three", 7, "  ", ["one two", "  three"]),
    ("onetwothree",   5, "",   ["onetw", "othre", "e"]),
    ("日本語",        4, "",   ["日本", "語"]),
    ("日本語",        3, "",   ["日", "本", "語"]),
    ("",              5, "",   [""]),
    ("a bbbbbbbb",    5, " ",  ["a", " bbbb", " bbbb"]),
]
# fmt: on


@pytest.mark.parametrize(("text", "columns"), WIDTHS)
def test_columns_of_a_text(text: str, columns: int) -> None:
    assert width(text) == columns
    assert width(padded(text, 10)) == 10


@pytest.mark.parametrize(("text", "columns", "indent", "lines"), WRAPPED)
def test_wrapping(text: str, columns: int, indent: str, lines: list[str]) -> None:
    assert wrapped(text, columns, indent) == lines
