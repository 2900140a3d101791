"""Figures for drafts: the picture keeps to the profile, and drafts with several of them are built without a warning."""

import re
from functools import cache
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import lxml.etree
import pytest
from svgcheck import log
from svgcheck.checksvg import checkTree

from fsm import MIMI
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Diagram, RenderError, compare, extract, render
from fsm.render.formats.rfc import to_rfc
from fsm.render.formats.text import body
from fsm.render.layout.style import line_of, lines_of
from fsm.render.words.label import clean
from tests.render.draft import draft, publish
from tests.render.policies import BIG, CATALOGUED, CROWDED, DOOR, HOSTILE

_SVG = "{http://www.w3.org/2000/svg}"
_LINK = "{http://www.w3.org/1999/xlink}href"
BASE = "https://example.org/draft.html"
BOTH = compare(MIMI, load_policy("mimi-01"))
POLICIES = [*CATALOGUED, DOOR, CROWDED, HOSTILE, BIG]
VIEWS: list[dict[str, Value]] = [{"is_self": True}, {"sender": MIMI.states[3], "is_self": False}]
DIAGRAMS = [*map(extract, POLICIES), *(extract(MIMI, view) for view in VIEWS), BOTH]
NAMES = [f"{index}-{diagram.title[:3]}" for index, diagram in enumerate(DIAGRAMS)]


drawn = cache(to_rfc)


def figure(diagram: Diagram, prefix: str = "Fig.1_a", link_base: str = BASE) -> ET.Element:
    return ET.fromstring(drawn(diagram, prefix=prefix, link_base=link_base))  # noqa: S314 - our own


def svg_of(element: ET.Element) -> ET.Element:
    return next(element.iter(f"{_SVG}svg"))


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=NAMES)
def test_the_picture_keeps_to_the_profile(diagram: Diagram, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log, "quiet", False)
    complaints: list[str] = []
    for level in ("warn", "error"):
        monkeypatch.setattr(log, level, lambda *words, **_: complaints.append(" ".join(map(str, words))))
    svg = re.search("<svg.*</svg>", drawn(diagram, prefix="Fig.1_a", link_base=BASE), re.DOTALL)
    assert svg
    tree = lxml.etree.parse(BytesIO(svg[0].encode()))
    before = lxml.etree.tostring(tree)
    assert checkTree(tree)
    assert lxml.etree.tostring(tree) == before
    assert complaints == []


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=NAMES)
def test_it_is_black_and_white_in_one_generic_font(diagram: Diagram) -> None:
    svg = svg_of(figure(diagram))
    colours = {element.attrib[name] for element in svg.iter() for name in ("fill", "stroke") if name in element.attrib}
    assert colours <= {"#000000", "#ffffff", "none"}
    assert svg.attrib["font-family"] == "sans-serif"
    assert not [element for element in svg.iter() if {"style", "class", "font-family"} & element.attrib.keys()][1:]
    assert float(svg.attrib["width"]) <= 660


@pytest.mark.parametrize("policy", [*CATALOGUED, DOOR, CROWDED], ids=lambda policy: policy.id)
def test_who_acts_is_told_by_the_line_and_in_words(policy: AnyPolicy) -> None:
    diagram = extract(policy).drawn
    svg = svg_of(figure(diagram))
    groups = {group.attrib["id"]: group for group in svg.iter(f"{_SVG}g") if "id" in group.attrib}
    looks: dict[tuple[str | None, str | None], set[str]] = {}
    for edge in diagram.moves:
        path = groups[f"Fig.1_a-{edge.id}"].find(f"{_SVG}path")
        assert path is not None
        looks.setdefault((path.get("stroke-width"), path.get("stroke-dasharray")), set()).add(
            line_of(diagram, edge).name
        )
    assert all(len(lines) == 1 for lines in looks.values())
    words = " ".join(text.text or "" for text in svg.iter(f"{_SVG}text"))
    told = dict(lines_of(diagram))
    for edge in diagram.moves:
        assert told[line_of(diagram, edge)] in words


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=NAMES)
def test_every_id_has_the_prefix(diagram: Diagram) -> None:
    element = figure(diagram)
    ids = [each.attrib["id"] for each in element.iter() if "id" in each.attrib]
    assert ids[0] == "Fig.1_a"
    assert all(id_.startswith("Fig.1_a-") for id_ in ids[1:])
    assert len(set(ids)) == len(ids) == 1 + len(diagram.drawn.states) + len(diagram.drawn.edges)
    assert element.attrib["anchor"] == "fig-Fig.1_a"


def test_the_prefix_is_by_default_the_policy() -> None:
    assert ' id="mimi" ' in to_rfc(extract(MIMI))
    assert re.search(r' id="[A-Za-z_][\w.-]*" ', to_rfc(extract(HOSTILE)))


@pytest.mark.parametrize("prefix", ["", "1a", "a b", "a:b", "-a", "ä", "a\n", 'a"'])
def test_a_prefix_that_is_none(prefix: str) -> None:
    with pytest.raises(RenderError, match="cannot begin an id"):
        to_rfc(extract(MIMI), prefix=prefix)


# fmt: off
BASES = [
    (BASE,                          MIMI,    "kick-join",       "https://example.org/draft.html#section-5.6.2"),
    ("https://example.org/#rule-",  MIMI,    "kick-join",       "https://example.org/#rule-5.6.2"),
    ("https://example.org/?a=1&b",  DOOR,    "push-shut",       "https://example.org/?a=1&b#section-1"),
    (BASE,                          HOSTILE, None,              "https://example.org/draft.html#section-%3C%22%26%3E"),
]
# fmt: on


@pytest.mark.parametrize(("base", "policy", "edge", "address"), BASES)
def test_every_edge_links_to_its_section(base: str, policy: AnyPolicy, edge: str | None, address: str) -> None:
    diagram = extract(policy)
    svg = svg_of(figure(diagram, "x", base))
    links = {link[0].attrib["id"]: link.attrib[_LINK] for link in svg.iter(f"{_SVG}a")}
    assert links.keys() == {f"x-{each.id}" for each in diagram.edges}
    assert links[f"x-{edge or diagram.edges[0].id}"] == address


def test_several_sections_are_one_link() -> None:
    row = next(row for row in MIMI.transitions if row.id == "kick")
    several = MIMI.evolve(
        "several", replace=[type(row)(row.id, row.trigger, row.source, row.dest, row.guards, "4.1, 4.2")]
    )
    assert f'{BASE}#section-4.1"' in to_rfc(extract(several), link_base=BASE)


def test_without_a_base_there_are_no_links() -> None:
    assert "<a " not in to_rfc(extract(MIMI))


@pytest.mark.parametrize("diagram", DIAGRAMS, ids=NAMES)
def test_the_drawing_is_the_text(diagram: Diagram) -> None:
    element = figure(diagram)
    artworks = list(element.iter("artwork"))
    assert [artwork.attrib["type"] for artwork in artworks] == ["svg", "ascii-art"]
    assert (artworks[1].text or "").strip("\n").splitlines() == body(diagram)
    assert element.findtext("name", "").startswith(clean(diagram.title))


def test_two_figures_in_one_draft(tmp_path: Path) -> None:
    figures = [
        render(extract(MIMI), "rfc", prefix="one", link_base=BASE).decode(),
        render(BOTH, "rfc", prefix="two").decode(),
    ]
    (tmp_path / "draft.xml").write_text(draft(figures), "utf-8")
    text, page = publish(tmp_path, "draft")
    assert "Figure 1: MIMI Policy Envelope, completed" in text
    assert "Figure 2: mimi against mimi-01" in text
    assert "|<- withdraw ---|  (reknock)   |-- join --+     #" in text
    assert page.count("<svg") == 2
    assert f'href="{BASE}#section-5.6.2"' in page


@pytest.mark.long
def test_hostile_and_big_figures_in_one_draft(tmp_path: Path) -> None:
    policies: list[AnyPolicy] = [HOSTILE, BIG, DOOR, CROWDED]
    figures = [to_rfc(extract(policy), link_base=BASE) for policy in policies]
    (tmp_path / "draft.xml").write_text(draft(figures), "utf-8")
    text, page = publish(tmp_path, "draft")
    assert "<script>alert(1)</script>" in text
    assert "<script>alert(1)" not in page
