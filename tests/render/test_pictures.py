"""The drawn picture, read back from the SVG: what it says, where it stands, and that all of it can be read."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest

from fsm import MIMI, Actor
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Detail, Diagram, compare, extract, render
from fsm.render.diagram import Change
from fsm.render.layout.style import PAGE, TALL_PAGE, TITLE, line_of, width_of
from fsm.render.words.label import clean, labels_of, sentence
from tests.builders import JOIN
from tests.render.policies import BIG, CATALOGUED, CROWDED, DOOR, HOSTILE, NAMES

_SVG = "{http://www.w3.org/2000/svg}"
_PIXEL = 0.75  # points

VIEWS: list[dict[str, Value]] = [
    {"is_self": True},
    {"is_self": True, "join_rule": MIMI.domain.parse("join_rule", "public")},
    {"is_self": False, "sender": JOIN, "may_kick": False},
    {"sender": MIMI.domain.parse("sender", "ban")},
]


@dataclass(frozen=True)
class Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box", slack: float = 0) -> bool:
        return (
            self.left + slack < other.right
            and other.left + slack < self.right
            and self.top + slack < other.bottom
            and other.top + slack < self.bottom
        )

    def grown(self, by: float) -> "Box":
        return Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    def holds(self, other: "Box") -> bool:
        return (
            self.left <= other.left and other.right <= self.right
            and self.top <= other.top and other.bottom <= self.bottom
        )  # fmt: skip


class Picture:
    """An SVG of ours, taken apart."""

    def __init__(self, diagram: Diagram, detail: Detail, *, tall: bool = False) -> None:
        self.diagram, self.detail, self.tall = diagram.drawn, detail, tall
        self.root = ET.fromstring(render(diagram, "svg", detail, tall=tall))  # noqa: S314 - our own
        self.groups = {group.attrib["id"]: group for group in self.root.iter(f"{_SVG}g") if "id" in group.attrib}
        page = next(self.root.iter(f"{_SVG}polygon"))
        self.page = box_around(numbers(page.attrib["points"]))

    @property
    def texts(self) -> list[tuple[ET.Element, Box]]:
        return [(text, box_of_text(text)) for text in self.root.iter(f"{_SVG}text")]

    def words(self, id_: str) -> list[str]:
        return ["".join(text.itertext()) for text in self.groups[id_].findall(f"{_SVG}text")]

    def title(self, id_: str) -> str:
        return self.groups[id_].findtext(f"{_SVG}title", "")

    def box(self, state: str) -> Box:
        return box_around(numbers(self.groups[state].find(f"{_SVG}path").attrib["d"]))  # type: ignore[union-attr]

    def line(self, edge: str) -> list[tuple[float, float]]:
        """Points along an edge, from its source to the tip of its arrow."""
        path = self.groups[edge].find(f"{_SVG}path")
        head = self.groups[edge].find(f"{_SVG}polygon")
        assert path is not None
        assert head is not None
        return [*along(numbers(path.attrib["d"])), numbers(head.attrib["points"])[1]]


def numbers(text: str) -> list[tuple[float, float]]:
    found = [float(each) for each in re.findall(r"-?[\d.]+", text)]
    return list(zip(found[::2], found[1::2], strict=True))


def along(points: list[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    for first in range(0, len(points) - 3, 3):
        a, b, c, d = points[first : first + 4]
        for step in range(41):
            t = step / 40
            weights = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
            yield (
                sum(w * p[0] for w, p in zip(weights, (a, b, c, d), strict=True)),
                sum(w * p[1] for w, p in zip(weights, (a, b, c, d), strict=True)),
            )


def box_around(points: list[tuple[float, float]]) -> Box:
    return Box(
        min(x for x, _ in points), min(y for _, y in points), max(x for x, _ in points), max(y for _, y in points)
    )


def box_of_text(text: ET.Element) -> Box:
    """The box of the letters, from under the line up to their height; the width allows for a wide font."""
    size, x, y = (float(text.attrib[name]) for name in ("font-size", "x", "y"))
    words = text.text or ""
    if text.attrib["text-anchor"] == "middle":
        x -= float(text.attrib["textLength"]) / 2
    x += size * words.startswith("\u2003")  # the space between a repeat's verb and its conditions
    width = width_of(words.strip(), round(size), bold=text.get("font-weight") == "bold")
    return Box(x, y - 0.75 * size, x + width, y + 0.2 * size)


def case(policy: AnyPolicy, given: dict[str, Value], detail: Detail, *, tall: bool = False) -> object:
    words = "-".join(f"{fact}={value}" for fact, value in given.items()) or "whole"
    name = f"{policy.id}-{words}-{detail}{'-tall' if tall else ''}"
    return pytest.param((policy, None, tuple(given.items()), detail, tall), id=name)


def pair(one: AnyPolicy, two: AnyPolicy, detail: Detail = Detail.GUARDS, *, tall: bool = False) -> object:
    name = f"{one.id}-{two.id}-{detail}{'-tall' if tall else ''}"
    return pytest.param((one, two, (), detail, tall), id=name)


CASES = [
    *(case(policy, {}, Detail.GUARDS, tall=tall) for policy in CATALOGUED for tall in (False, True)),
    *(case(MIMI, given, Detail.GUARDS, tall=tall) for given in VIEWS for tall in (False, True)),
    *(case(MIMI, {}, detail, tall=tall) for detail in (Detail.VERBS, Detail.CLAUSES) for tall in (False, True)),
    *(case(CROWDED, {}, detail, tall=tall) for detail in Detail for tall in (False, True)),
]
_MIMI_01 = load_policy("mimi-01")
PAIRS = [
    *(pair(MIMI, _MIMI_01, tall=tall) for tall in (False, True)),
    *(pair(_MIMI_01, CROWDED, Detail.CLAUSES, tall=tall) for tall in (False, True)),
]


@cache
def drawn(
    one: AnyPolicy, two: AnyPolicy | None, given: tuple[tuple[str, Value], ...], detail: Detail, tall: bool
) -> Picture:
    return Picture(compare(one, two) if two else extract(one, dict(given)), detail, tall=tall)


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Picture:
    return drawn(*request.param)


# Those with natural places, and some that Graphviz lays out.
pinned = pytest.mark.parametrize("picture", [*CASES, *PAIRS], indirect=True)
one_policy = pytest.mark.parametrize("picture", CASES, indirect=True)
FREE = [case(DOOR, {}, Detail.GUARDS), case(BIG, {}, Detail.GUARDS), pair(MIMI, DOOR)]


@pytest.mark.parametrize("picture", [*CASES, *PAIRS, *FREE], indirect=True)
def test_all_that_is_in_the_diagram_is_in_the_picture(picture: Picture) -> None:
    diagram = picture.diagram
    assert picture.root.findtext(f"{_SVG}title") == diagram.title
    title = [text.text or "" for text, _ in picture.texts if text.attrib["font-size"] == f"{TITLE:.2f}"]
    assert " ".join(title) == diagram.title
    assert picture.groups.keys() == {state.id for state in diagram.states} | {edge.id for edge in diagram.edges}
    for state in diagram.states:
        assert state.name in picture.words(state.id)
    for edge in diagram.edges:
        kind = {"edge", line_of(diagram, edge).name} | ({"repeat"} if edge.repeats else set())
        assert set(picture.groups[edge.id].attrib["class"].split()) == kind
        assert picture.title(edge.id) == sentence(diagram, edge)
        assert picture.words(edge.id)[0] == edge.transition


@one_policy
def test_what_must_hold_is_under_the_verb(picture: Picture) -> None:
    crowded = any((text.text or "").startswith("What else must hold:") for text, _ in picture.texts)
    for edge in picture.diagram.edges:
        small = " ".join(picture.words(edge.id)[1:])
        guards = [guard for guard in edge.guards if not guard.told] if picture.detail is not Detail.VERBS else []
        if crowded:
            assert len(re.findall(r"\d+", small.partition("§")[0])) == len(guards)
        else:
            for guard in guards:
                assert guard.short in " ".join(small.split())
        assert line_of(picture.diagram, edge).actor is edge.actor
        clause = picture.detail is Detail.CLAUSES
        assert (f"§\u00a0{edge.clause}" in small) == clause
        if not guards and not clause:
            assert small == ""


@pytest.mark.parametrize("picture", [*CASES, *PAIRS, *FREE], indirect=True)
def test_words_are_as_wide_as_they_were_laid_out_for(picture: Picture) -> None:
    for edge in picture.diagram.edges:
        assert all("textLength" in text.attrib for text in picture.groups[edge.id].iter(f"{_SVG}text"))
    for state in picture.diagram.states:
        name, *_ = picture.groups[state.id].iter(f"{_SVG}text")
        box, middle, half = picture.box(state.id), float(name.attrib["x"]), float(name.attrib["textLength"]) / 2
        assert name.attrib["text-anchor"] == "middle"
        assert middle == pytest.approx((box.left + box.right) / 2, abs=1)
        assert box.left < middle - half < middle + half < box.right


@pinned
def test_the_ends_of_an_edge_touch_their_states(picture: Picture) -> None:
    for edge in picture.diagram.moves:
        line = picture.line(edge.id)
        for point, state in ((line[0], edge.source), (line[-1], edge.dest)):
            box = picture.box(state)
            assert box.grown(4).holds(Box(*point, *point))
            assert not box.grown(-1).holds(Box(*point, *point))


@pytest.mark.parametrize("picture", [*CASES, *PAIRS, *FREE], indirect=True)
def test_no_text_overlaps_another_or_is_clipped(picture: Picture) -> None:
    for (one, box), (other, place) in combinations(picture.texts, 2):
        assert not box.meets(place, slack=0.5), f"{one.text} overlaps {other.text}"
    for text, box in picture.texts:
        assert picture.page.holds(box), f"{text.text} leaves the page"


@pinned
def test_texts_keep_apart(picture: Picture) -> None:
    for (one, box), (other, place) in combinations(picture.texts, 2):
        assert not box.grown(1).meets(place.grown(1)), f"{one.text} is too near to {other.text}"


@pinned
def test_no_line_runs_through_a_text_or_a_state(picture: Picture) -> None:
    states = {state.id: picture.box(state.id) for state in picture.diagram.states}
    for edge in picture.diagram.moves:
        for x, y in picture.line(edge.id):
            spot = Box(x, y, x + 0.01, y + 0.01)
            for text, box in picture.texts:
                assert not box.meets(spot), f"{edge.id} runs through {text.text}"
            for state, box in states.items():
                assert not box.grown(-1).meets(spot), f"{edge.id} runs through {state}"


@pinned
def test_a_state_holds_its_words(picture: Picture) -> None:
    for state in picture.diagram.states:
        for text in picture.groups[state.id].iter(f"{_SVG}text"):
            assert picture.box(state.id).holds(box_of_text(text))


@pytest.mark.parametrize(
    "picture",
    [case(MIMI, {}, detail, tall=tall) for detail in Detail for tall in (False, True)],
    indirect=True,
)
def test_a_policy_fits_a_page_and_can_be_read(picture: Picture) -> None:
    assert float(picture.root.attrib["width"].removesuffix("pt")) <= (TALL_PAGE if picture.tall else PAGE)
    assert all(float(text.attrib["font-size"]) >= 10 * _PIXEL for text, _ in picture.texts)


@pytest.mark.parametrize("picture", [case(MIMI, {}, Detail.GUARDS, tall=tall) for tall in (False, True)], indirect=True)
def test_the_whole_of_mimi_has_one_crossing(picture: Picture) -> None:
    lines = {edge.id: picture.line(edge.id) for edge in picture.diagram.moves}
    crossings = {(one, other) for one, other in combinations(lines, 2) if cross(lines[one], lines[other])}
    assert {frozenset(pair) for pair in crossings} == {frozenset({"join-knock", "ban-invite"})}


def cross(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> bool:
    def side(a: tuple[float, float], b: tuple[float, float], c: tuple[float, float]) -> bool:
        return (b[0] - a[0]) * (c[1] - a[1]) > (b[1] - a[1]) * (c[0] - a[0])

    return any(
        a != b and c != d and side(a, b, c) != side(a, b, d) and side(c, d, a) != side(c, d, b)
        for a, b in pairwise(one)
        for c, d in pairwise(other)
    )


def test_who_acts_is_told_by_colour_and_by_line() -> None:
    picture = Picture(extract(MIMI), Detail.GUARDS)
    looks: dict[str, set[tuple[str | None, ...]]] = {}
    for edge in picture.diagram.moves:
        path = picture.groups[edge.id].find(f"{_SVG}path")
        assert path is not None
        look = tuple(path.get(name) for name in ("stroke", "stroke-width", "stroke-dasharray"))
        bans = "ban" in (edge.source, edge.dest)
        looks.setdefault("ban" if bans else edge.actor, set()).add(look)
    assert looks.keys() == {Actor.TARGET, Actor.ANOTHER, "ban"}
    own, other, ban = (looks[key].pop() for key in (Actor.TARGET, Actor.ANOTHER, "ban"))
    assert not any(looks.values())
    assert len({own[0], other[0], ban[0]}) == len({own[1:], other[1:], ban[1:]}) == 3


def test_repeats_are_words_and_no_arrows() -> None:
    picture = Picture(extract(MIMI), Detail.GUARDS)
    for edge in picture.diagram.edges:
        assert (picture.groups[edge.id].find(f"{_SVG}path") is None) == edge.repeats


def test_hostile_words_come_out_as_they_went_in() -> None:
    diagram = extract(HOSTILE)
    picture = Picture(diagram, Detail.CLAUSES)
    labels = labels_of(diagram, Detail.CLAUSES)
    assert len(diagram.states) == len(NAMES)
    for state in diagram.states:
        assert picture.title(state.id) == clean(state.name)
        assert (picture.words(state.id) or [""])[0] == clean(state.name)
    for edge in diagram.edges:
        expected = labels[edge.id].inline if edge.repeats else " ".join(labels[edge.id].stacked)
        assert picture.words(edge.id)[0] == labels[edge.id].verb
        assert " ".join(picture.words(edge.id)[1:]).split() == expected.split()
    assert not list(picture.root.iter(f"{_SVG}script"))
    assert not list(picture.root.iter(f"{_SVG}a"))


def test_a_picture_of_dots_is_as_big_as_that_of_lines() -> None:
    png = render(extract(MIMI), "png")
    width, height = struct.unpack(">II", png[16:24])
    svg = Picture(extract(MIMI), Detail.GUARDS).root
    assert width == pytest.approx(float(svg.attrib["width"].removesuffix("pt")) / _PIXEL, abs=2)
    assert height == pytest.approx(float(svg.attrib["height"].removesuffix("pt")) / _PIXEL, abs=2)
    assert width <= 1400


def test_nothing_possible_is_said() -> None:
    picture = Picture(extract(MIMI, {"sender": MIMI.domain.parse("sender", "ban")}), Detail.GUARDS)
    assert "Nothing is possible here." in " ".join(text.text or "" for text, _ in picture.texts)


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("policy", [MIMI, load_policy("matrix-12"), DOOR], ids=lambda policy: policy.id)
def test_an_arrow_from_a_dot_leads_to_where_everybody_begins(policy: AnyPolicy, *, tall: bool) -> None:
    picture = Picture(extract(policy), Detail.GUARDS, tall=tall)
    dot, arrow = (group for group in picture.root.iter(f"{_SVG}g") if group.get("class", "").split()[1:] == ["start"])
    circle, head = dot.find(f"{_SVG}ellipse"), arrow.find(f"{_SVG}polygon")
    assert circle is not None
    assert head is not None
    tip = numbers(head.attrib["points"])[1]
    assert picture.box(picture.diagram.initial).grown(2).holds(Box(*tip, *tip))
    x, y = float(circle.attrib["cx"]), float(circle.attrib["cy"])
    assert not any(picture.box(state.id).holds(Box(x, y, x, y)) for state in picture.diagram.states)


def test_how_two_policies_differ_is_told_by_colour_by_line_and_in_words() -> None:
    picture = Picture(compare(MIMI, _MIMI_01), Detail.GUARDS)
    looks: dict[str, set[tuple[str | None, ...]]] = {}
    for edge in picture.diagram.moves:
        path = picture.groups[edge.id].find(f"{_SVG}path")
        assert path is not None
        look = tuple(path.get(name) for name in ("stroke", "stroke-width", "stroke-dasharray"))
        looks.setdefault(edge.change, set()).add(look)
        small = " ".join(picture.words(edge.id)[1:])
        word = {Change.FIRST: "only in mimi", Change.SECOND: "only in mimi-01", Change.OTHER: "changed"}.get(
            edge.change
        )
        assert small.startswith(word) if word else small == ""
    assert looks.keys() == set(Change)
    assert all(len(each) == 1 for each in looks.values())
    assert len({each[0] for looks_ in looks.values() for each in looks_}) == len(Change)
    assert len({each[1:] for looks_ in looks.values() for each in looks_}) == len(Change)
    legend = [text.text for text, _ in picture.texts]
    assert {"How they differ:", "only in mimi", "only in mimi-01", "in both, changed", "the same in both"} <= set(
        legend
    )


def test_a_state_of_one_policy_says_so() -> None:
    picture = Picture(compare(MIMI, DOOR), Detail.VERBS)
    assert "only in mimi" in picture.words("knock")
    assert "only in door" in picture.words("shut")
    for state in picture.diagram.states:
        path = picture.groups[state.id].find(f"{_SVG}path")
        assert path is not None
        assert path.get("stroke-dasharray")
