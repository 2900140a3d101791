"""The matrix, in Markdown and as a page, read back by parsers: cell by cell what the diagram says, hostile words as words."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import Browser

from fsm import MIMI
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import Detail, Diagram, compare, extract, render
from fsm.render.formats.matrix import NOTHING
from fsm.render.words.label import clean
from fsm.render.words.markdown import escaped
from tests.render.policies import BIG, CATALOGUED, CROWDED, DOOR, HOSTILE

DIAGRAMS = [
    *map(extract, CATALOGUED),
    extract(DOOR),
    extract(CROWDED),
    extract(HOSTILE),
    extract(BIG),
    extract(MIMI, {"is_self": True}),
]
BOTH = compare(MIMI, load_policy("mimi-01"))
NAMES = [f"{index}-{diagram.title[:3]}" for index, diagram in enumerate(DIAGRAMS)]
VOID = {"meta", "br"}


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    children: list["Element | str"] = field(default_factory=list)

    def text(self) -> str:
        return "".join(
            "\n" if each == "<br>" else each if isinstance(each, str) else each.text() for each in self.children
        )

    def all(self, tag: str) -> Iterator["Element"]:
        for child in self.children:
            if isinstance(child, Element):
                if child.tag == tag:
                    yield child
                yield from child.all(tag)


class Reader(HTMLParser):
    """HTML as a tree; every element is closed where it has to be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack = [Element("", {})]
        self.feed(text)
        self.close()
        assert len(self.stack) == 1

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.stack[-1].children.append("<br>")
            return
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.stack[-1].children.append(element)
        if tag not in VOID:
            self.stack.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert tag in VOID or self.stack.pop().tag == tag

    def handle_data(self, data: str) -> None:
        self.stack[-1].children.append(data)


def page(diagram: Diagram, fmt: str, detail: Detail = Detail.GUARDS) -> Element:
    text = render(diagram, fmt, detail).decode()
    if fmt == "matrix":
        text = MarkdownIt("commonmark").enable("table").render(text)
    return Reader(text).stack[0]


def words(text: str) -> str:
    return " ".join(text.split())


def check_cells(tree: Element, diagram: Diagram) -> None:
    (table,) = tree.all("table")
    head, *rows = table.all("tr")
    # What has no name is called so where readers could not see it.
    columns = [words(cell.text()).replace("(no name)", "") for cell in head.all("th")][1:]
    assert columns == [words(clean(action)) for action in diagram.actions]
    notes = [words(item.text()) for item in next(tree.all("ol"), Element("", {})).all("li")]
    assert len(rows) == len(diagram.states)
    by_name = {words(clean(state.name)): state for state in diagram.states}
    for row in rows:
        name, *cells = (child for child in row.children if isinstance(child, Element))
        state = by_name[words(name.text()).replace("(no name)", "")]
        assert len(cells) == len(columns)
        for action, cell in zip(diagram.actions, cells, strict=True):
            edges = [edge for edge in diagram.edges if (edge.source, edge.action) == (state.id, action)]
            verbs = [words(each.text()) for each in cell.all("strong")]
            assert verbs == [words(clean(edge.transition)) for edge in edges]
            entries = [entry.text() for entry in cell.all("li")] or cell.text().split("\n")
            for edge, entry in zip(edges, entries, strict=False):
                numbers = re.search(r"\(([\d, condition]+)\)(?: §.*)?$", words(entry))
                asked = {notes[int(each) - 1] for each in re.findall(r"\d+", numbers[1])} if numbers else set()
                assert asked == {words(clean(guard.words)).replace("`", "") for guard in edge.conditions}
                assert f"by {edge.actor.value}" in words(entry)
                assert ("not reached" in words(entry)) is not edge.reached
            assert edges or NOTHING in cell.text()


@pytest.mark.parametrize("fmt", ["matrix", "html"])
@pytest.mark.parametrize("diagram", DIAGRAMS, ids=NAMES)
def test_every_cell_says_what_is_possible_there(diagram: Diagram, fmt: str) -> None:
    check_cells(page(diagram, fmt), diagram)


@pytest.mark.parametrize("fmt", ["matrix", "html"])
def test_hostile_words_stay_words(fmt: str) -> None:
    tree = page(extract(HOSTILE), fmt)
    assert not list(tree.all("script"))
    assert not list(tree.all("b"))
    assert not list(tree.all("i"))
    assert words(next(tree.all("h1")).text()) == words(clean(HOSTILE.title))


@pytest.mark.parametrize("fmt", ["matrix", "html"])
def test_details(fmt: str) -> None:
    diagram = extract(MIMI)
    assert not list(page(diagram, fmt, Detail.VERBS).all("ol"))
    assert "§" not in page(diagram, fmt, Detail.GUARDS).text()
    assert page(diagram, fmt, Detail.CLAUSES).text().count("§") == len(diagram.edges) + len(diagram.others)


@pytest.mark.parametrize("fmt", ["matrix", "html"])
@pytest.mark.parametrize("name", ["mimi", "matrix-11", "matrix-12"])
def test_rules_beside_the_table_are_listed_with_all_that_they_ask(name: str, fmt: str) -> None:
    policy = load_policy(name)
    tree = page(extract(policy), fmt, Detail.CLAUSES)
    listed = [words(item.text()) for item in list(tree.all("ul"))[-1].all("li")]
    assert listed == [
        f"{rule.id}, {kind} events, § {rule.clause}: {'; '.join(guard.holds for guard in rule.guards)}".replace("`", "")
        for kind, rules in policy.rules_beside.items()
        for rule in rules
    ]
    assert "Rules beside the table" not in page(extract(policy, {"is_self": True}), fmt).text()


@pytest.mark.parametrize("fmt", ["matrix", "html"])
def test_what_is_given_is_said(fmt: str) -> None:
    assert "What is left given is_self = true" in page(extract(MIMI, {"is_self": True}), fmt).text()


@pytest.mark.parametrize("fmt", ["matrix", "html"])
def test_two_policies_are_told_apart_in_words(fmt: str) -> None:
    tree = page(BOTH, fmt)
    changes = [each.text() for each in tree.all("em")]
    assert sorted(set(changes)) == ["changed", "only in mimi", "only in mimi-01"]
    assert changes.count("only in mimi") == 2
    assert changes.count("only in mimi-01") == 1
    notes = tree.text()
    assert "in mimi the sender outranks the target for banning" in notes
    assert "in mimi-01 the sender is anyone" in notes


def test_the_page_can_be_read_by_a_screen_reader() -> None:
    tree = page(extract(MIMI), "html")
    (root,), (title,), (caption,) = tree.all("html"), tree.all("title"), tree.all("caption")
    assert root.attributes["lang"] == "en"
    assert title.text() == MIMI.title
    assert caption.text()
    assert {cell.attributes["scope"] for cell in tree.all("th")} == {"col", "row"}
    assert all(cell.text().strip() for cell in (*tree.all("th"), *tree.all("td")))
    ids = [
        element.attributes["id"]
        for tag in ("li", "caption", "h2")
        for element in tree.all(tag)
        if "id" in element.attributes
    ]
    assert len(set(ids)) == len(ids)
    links = [link.attributes["href"] for link in tree.all("a")]
    assert links
    assert {link.removeprefix("#") for link in links} <= set(ids)


def test_the_page_needs_nothing_else() -> None:
    text = render(extract(MIMI), "html").decode()
    assert not re.search(r"<script|<link|<img|src=|https?:|url\(", text)


@pytest.mark.parametrize(
    "policy", [load_policy("matrix-12"), pytest.param(BIG, marks=pytest.mark.long)], ids=lambda policy: policy.id
)
def test_on_a_phone_the_table_scrolls_and_not_the_page(policy: AnyPolicy, browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_content(render(extract(policy), "html").decode())
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert page.evaluate("document.querySelector('.wide').scrollWidth") > 390
    page.close()


# fmt: off
ESCAPED = [
    ("plain words", "plain words"), ("the sender's server", "the sender's server"), ("5.2", "5.2"), ("a-b", "a-b"),
    ("the rule is `knock` here", "the rule is <code>knock</code> here"), ("a ` b", "a ` b"), ("`a|b`", "`a|b`"),
    ("1. one", "1. one"), ("- item", "- item"), ("+ item", "+ item"), ("# head", "# head"), ("> quote", "&gt; quote"),
    ("**bold** _em_", "**bold** _em_"), ("[a](b)", "[a](b)"), ("<b>", "&lt;b&gt;"), ("&amp;", "&amp;amp;"), ("a\\b", "a\\b"),
    ("~~gone~~", "~~gone~~"), ("---", "---"), ("{: #id}", "{: #id}"), ("$x$", "$x$"), ("שלום", "שלום"), ("|", "|"),
    ("http://a.example", "http://a.example"), ("`<b>`", "<code>&lt;b&gt;</code>"),
]
# fmt: on


@pytest.mark.parametrize(("text", "expected"), ESCAPED)
def test_words_in_markdown(text: str, expected: str) -> None:
    rendered = MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(escaped(text))
    assert rendered == f"<p>{expected}</p>\n"
    in_a_cell = MarkdownIt("commonmark").enable("table").render(f"| a |\n|---|\n| {escaped(text)} |\n")
    assert f"<td>{expected}</td>" in in_a_cell
    assert html.unescape(expected)
