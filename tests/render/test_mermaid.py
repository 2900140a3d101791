"""Mermaid's own library, in a browser: it takes what we write, and its reader sees what the diagram says."""

import re
import unicodedata
from collections.abc import Iterator
from importlib.resources import as_file, files

import pytest
from playwright.sync_api import Browser, Error, Page

from fsm import MIMI
from fsm.policies import load_policy
from fsm.render import Detail, Diagram, compare, extract
from fsm.render.diagram import Edge
from fsm.render.formats.mermaid import notes_below, to_mermaid
from fsm.render.words.label import caption_of, clean, conditions_of, left_out_of
from tests.builders import BAN
from tests.render.policies import BIG, CROWDED, DOOR, HOSTILE

_DRAW = """async text => {
    mermaid.initialize({startOnLoad: false});
    document.body.innerHTML = (await mermaid.render("drawing", text)).svg;
    const words = all => [...document.querySelectorAll(all)].map(each => each.innerText ?? each.textContent);
    const {db} = await mermaid.mermaidAPI.getDiagramFromText(text.slice(text.indexOf("stateDiagram-v2")));
    const name = id => db.getStates().get(id).descriptions[0] ?? "[*]";
    return {
        title: words(".statediagramTitleText"),
        states: words(".node:not(.statediagram-note)"),
        notes: words(".statediagram-note"),
        edges: words(".edgeLabel > .label").filter(Boolean),
        ends: db.getRelations().map(relation => [name(relation.id1), name(relation.id2)]),
    };
}"""
_NUMBER = re.compile(r"ﬂ°°(\d+)¶ß")  # how its tables hold a letter that is written as its number

_MIMI, _BOTH = extract(MIMI), compare(MIMI, load_policy("mimi-01"))
_NOTHING = extract(MIMI, {"sender": BAN, "is_self": False})
_OTHERS = map(extract, (load_policy("matrix-10"), DOOR, HOSTILE, CROWDED, BIG))
CASES = [
    *((_MIMI, detail) for detail in Detail),
    *((_BOTH, detail) for detail in Detail),
    *((diagram, Detail.GUARDS) for diagram in (_NOTHING, *_OTHERS)),
]


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page()
    with as_file(files("mermaidx") / "assets" / "mermaid.js") as library:
        page.add_script_tag(path=library)
    yield page
    page.close()


def squeezed(*words: str) -> str:
    """The words without spaces: where a line breaks is Mermaid's own business."""
    return re.sub(r"[\s·]", "", clean(" ".join(words)))


@pytest.mark.parametrize(
    ("diagram", "detail"), CASES, ids=lambda value: value if isinstance(value, Detail) else clean(value.title)[:12]
)
def test_its_reader_sees_what_the_diagram_says(page: Page, diagram: Diagram, detail: Detail) -> None:
    def label(edge: Edge) -> str:
        return squeezed(edge.transition, *(conditions_of(diagram, edge, Detail.VERBS) if diagram.sides else ()))

    seen = page.evaluate(_DRAW, to_mermaid(diagram, detail))
    diagram = diagram.drawn
    assert [unicodedata.normalize("NFKC", each) for each in seen["title"]] == [caption_of(diagram)]
    states = [squeezed(state.name, *map(label, diagram.repeats(state))) for state in diagram.states]
    assert sorted(map(squeezed, seen["states"])) == sorted(["", *states])  # the dot has no words
    assert sorted(map(squeezed, seen["edges"])) == sorted(map(label, diagram.moves))
    ends = [[_NUMBER.sub(lambda number: chr(int(number[1])), name) for name in pair] for pair in seen["ends"]]
    names = {state.id: clean(state.name) or "\xa0" for state in diagram.states}
    (start, first), *moves = ends
    assert (start, first) == ("[*]", names[diagram.initial])
    assert moves == [[names[edge.source], names[edge.dest]] for edge in diagram.moves]
    below = [*notes_below(diagram, detail), *left_out_of(diagram)]
    assert list(map(squeezed, seen["notes"])) == ([squeezed(*below)] if below else [])


def test_the_note_says_what_the_arrows_do_not() -> None:
    said = notes_below(_MIMI, Detail.GUARDS)
    for edge in _MIMI.edges:
        (line,) = (line for line in said if line.split(" · ")[0].partition(" from ")[0] == edge.transition)
        assert f"by {edge.actor.value}" in line
        assert all(guard.short in line for guard in edge.conditions)


def test_it_refuses_what_is_not_its_language(page: Page) -> None:
    with pytest.raises(Error, match="Parse error"):
        page.evaluate(_DRAW, to_mermaid(extract(DOOR)).replace("-->", "->", 1))
