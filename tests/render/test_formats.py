"""The front door of the formats: golden files, the same bytes every time, options; and Mermaid's grammar."""

import json
import os
import re
import subprocess
import sys
import unicodedata
from html import unescape
from pathlib import Path

import pytest

from fsm import MIMI
from fsm.gallery import agree
from fsm.policies import load_policy
from fsm.render import ENDINGS, FORMATS, Detail, RenderError, extract, format_of, render
from fsm.render.diagram import Diagram
from fsm.render.formats.mermaid import to_mermaid
from fsm.render.words.label import clean, notes_of
from tests.builders import BAN, one_line
from tests.render.policies import BIG, DRAWN, HOSTILE, NAMES
from tests.render.regenerate import FILES, GOLDEN


@pytest.mark.parametrize("name", FILES)
def test_golden(name: str) -> None:
    # Where things stand in a picture may differ with the version of Graphviz, and nothing else.
    golden = (GOLDEN / name).read_bytes()
    assert agree(name, golden, FILES[name]()), "read, then run tests.render.regenerate"


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


_DIGESTS = """
import hashlib
from fsm import load_policy
from fsm.render import FORMATS, compare, extract, render
from fsm.render.words.section import to_section

mimi, other = load_policy("mimi"), load_policy("mimi-01")
pictures = {"one": extract(mimi), "two": compare(mimi, other)}
for fmt in FORMATS:
    for name, diagram in pictures.items():
        if (fmt, name) != ("scxml", "two"):
            print(fmt, name, hashlib.sha256(render(diagram, fmt)).hexdigest())
print("section", hashlib.sha256(to_section(mimi).encode()).hexdigest())
"""


def test_the_same_bytes_whatever_the_order_of_sets() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", _DIGESTS], stdout=subprocess.PIPE, env={**os.environ, "PYTHONHASHSEED": seed}
        )
        for seed in ("1", "2", "3")
    ]
    outputs = {run.communicate()[0] for run in runs}
    assert len(outputs) == 1
    assert len(outputs.pop().splitlines()) == 2 * len(FORMATS)


# fmt: off
STARTS = [
    ("svg",      b"<?xml"),
    ("png",      b"\x89PNG"),
    ("pdf",      b"%PDF"),
    ("dot",      b"digraph"),
    ("mermaid",  b"---\n"),
    ("plantuml", b"@startuml\n"),
    ("text",     b"MIMI Policy Envelope"),
    ("matrix",   b"# MIMI Policy Envelope"),
    ("html",     b"<!DOCTYPE html>"),
    ("scxml",    b"<?xml"),
    ("rfc",      b"<figure anchor="),
]
# fmt: on


@pytest.mark.parametrize(("fmt", "start"), STARTS)
def test_every_format_by_its_name(fmt: str, start: bytes) -> None:
    assert render(extract(MIMI), fmt).startswith(start)


def test_every_format_has_a_start() -> None:
    assert [fmt for fmt, _ in STARTS] == list(FORMATS)


# fmt: off
OPTIONS_TAKEN = [
    ("dot", {"tall": True}),
    ("rfc", {"prefix": "a", "link_base": "https://example.org/"}),
    ("text", {"tall": False, "prefix": None}),
]
OPTIONS_REFUSED: list[tuple[str, dict[str, str | bool], str]] = [
    ("text", {"tall": True},                "`text` takes no `tall`"),
    ("svg",  {"prefix": "a"},               "`svg` takes no `prefix`"),
    ("html", {"link_base": "https://a"},    "`html` takes no `link_base`"),
    ("rfc",  {"tall": True},                "`rfc` takes no `tall`"),
    ("rfc",  {"colour": "red"},             "`rfc` takes no `colour`"),
]
# fmt: on


@pytest.mark.parametrize(("fmt", "options"), OPTIONS_TAKEN)
def test_options_of_a_format(fmt: str, options: dict[str, str | bool | None]) -> None:
    plain = render(extract(MIMI), fmt)
    assert (render(extract(MIMI), fmt, Detail.GUARDS, **options) == plain) == (not any(options.values()))


@pytest.mark.parametrize(("fmt", "options", "problem"), OPTIONS_REFUSED)
def test_options_that_a_format_does_not_have(fmt: str, options: dict[str, str | bool], problem: str) -> None:
    with pytest.raises(RenderError, match=one_line(problem)):
        render(extract(MIMI), fmt, Detail.GUARDS, **options)


@pytest.fixture(scope="module")
def big() -> Diagram:
    return extract(BIG)


@pytest.mark.parametrize("fmt", FORMATS)
def test_a_policy_of_sixty_states(fmt: str, big: Diagram) -> None:
    content = render(big, fmt)
    assert len(content) > 1000
    if fmt not in ("png", "pdf"):
        assert all(
            f"state-{number}" in content.decode() or f"state_{number}" in content.decode() for number in range(60)
        )


@pytest.mark.parametrize("fmt", [fmt for fmt in FORMATS if fmt not in ("png", "pdf")])
def test_no_name_turns_the_writing_of_what_follows(fmt: str) -> None:
    content = unescape(render(extract(HOSTILE), fmt).decode())
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", content)


@pytest.mark.parametrize("fmt", ["svg", "dot", "mermaid", "plantuml", "text", "rfc"])
def test_a_wall_of_guards_becomes_notes(fmt: str) -> None:
    diagram = extract(load_policy("matrix-10"))
    content = unescape(re.sub(r"<[^<>]*>", " ", render(diagram, fmt).decode()))
    # Mermaid says it once of each verb, the others of each arrow.
    assert content.count("if 4, 5, 6, 7, 8, 9") >= (1 if fmt == "mermaid" else 4)
    assert "if 2, 14, 15, 16" in content
    plain = {words: number for words, number in notes_of(diagram).items() if re.fullmatch("[a-z -]+", words)}
    assert len(plain) > 10
    for words, number in plain.items():
        assert f"({number}) {words}" in content


@pytest.mark.parametrize("fmt", FORMATS)
def test_nothing_possible(fmt: str) -> None:
    nothing = extract(MIMI, {"sender": BAN, "is_self": False})
    assert nothing.edges == ()
    assert render(nothing, fmt)


def test_every_format_has_an_ending() -> None:
    assert set(ENDINGS.values()) == set(FORMATS)
    for ending, fmt in ENDINGS.items():
        assert format_of(f"some/where.v2/picture.{ending}") == format_of(f"picture.{ending.upper()}") == fmt


@pytest.mark.parametrize("name", ["picture", "picture.jpeg", "svg", ".", "", "pic.\n"])
def test_an_unknown_ending_is_refused(name: str) -> None:
    with pytest.raises(RenderError, match=one_line(f"`{name if name.isprintable() else 'pic.'}")):
        format_of(name)


@pytest.mark.parametrize("fmt", ["gif", "", "a\nb"])
def test_an_unknown_format_is_refused(fmt: str) -> None:
    with pytest.raises(RenderError, match=one_line("unknown format `")):
        render(extract(MIMI), fmt)


# The lines that a `stateDiagram-v2` may have here. In text, only a few signs stand for themselves.
_TEXT = r"(?:[\w .,·§()-]|#\d+;)*"
_LINES = [
    rf'    state "{_TEXT}" as \w+',
    rf"    \w+ : {_TEXT}",
    rf"    \w+ --> \w+ : {_TEXT}(?:<br/>{_TEXT})?",
    r"    \[\*\] --> \w+",
    r"    note right of \w+",
    rf"        {_TEXT}",
    "    end note",
    r"    classDef \w+Box fill:#\w{6},stroke:#\w{6},color:#\w{6}",
    r"    class \w+ \w+Box",
]


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("policy", DRAWN, ids=lambda policy: policy.title[:3])
def test_mermaid_keeps_to_its_grammar(policy: type(MIMI), detail: Detail) -> None:  # type: ignore[valid-type]
    diagram = extract(policy)
    first, title, last, kind, *lines, end = to_mermaid(diagram, detail).split("\n")
    assert (first, last, kind, end) == ("---", "---", "stateDiagram-v2", "")
    assert unicodedata.normalize("NFKC", json.loads(title.removeprefix("title: "))) == clean(diagram.title)
    assert not re.search("[<>&{}%]", title)
    for line in lines:
        assert any(re.fullmatch(shape, line) for shape in _LINES), line
        assert "--" not in line.replace(" --> ", "", 1)
    assert sum(" --> " in line for line in lines) == 1 + len(diagram.drawn.moves)


def test_mermaid_spells_out_what_it_could_misread() -> None:
    text = to_mermaid(extract(HOSTILE))
    read = [
        re.sub(r"#(\d+);", lambda number: chr(int(number[1])), name).strip("\xa0")
        for name in re.findall(r'state "(.*)" as', text)
    ]
    assert read == [clean(name) for name in NAMES]


def test_nothing_heavy_comes_along() -> None:
    script = "import fsm.render, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"graphviz", "pygraphviz", "ttf_opensans", "xml.etree"} & set(loaded)


def test_golden_files_name_no_machine() -> None:
    for path in GOLDEN.iterdir():
        assert str(Path.cwd()) not in path.read_text(encoding="utf-8")
