"""The text formats and the front door: golden files, the same bytes every time, hostile words."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from fsm import MIMI
from fsm.render import ENDINGS, FORMATS, Detail, RenderError, extract, format_of, render
from fsm.render.label import clean
from fsm.render.mermaid import to_mermaid
from tests.builders import one_line
from tests.render.policies import DRAWN, HOSTILE, NAMES
from tests.render.regenerate import FILES, GOLDEN


@pytest.mark.parametrize("name", FILES)
def test_golden(name: str) -> None:
    diagram, fmt, detail = FILES[name]
    assert render(diagram, fmt, detail) == (GOLDEN / name).read_bytes(), "read, then run tests.render.regenerate"


def test_no_golden_file_is_left_over() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == set(FILES)


@pytest.mark.parametrize("fmt", ["dot", "mermaid", "svg"])
def test_the_same_bytes_whatever_the_order_of_sets(fmt: str) -> None:
    script = "import sys; from fsm import MIMI; from fsm.render import *; sys.stdout.buffer.write(render(extract(MIMI), sys.argv[1]))"
    runs = {
        subprocess.run(
            [sys.executable, "-c", script, fmt], capture_output=True, check=True, env={"PYTHONHASHSEED": seed}
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert runs == {render(extract(MIMI), fmt)}


@pytest.mark.parametrize(
    ("fmt", "start"),
    [("svg", b"<?xml"), ("png", b"\x89PNG"), ("pdf", b"%PDF"), ("dot", b"digraph"), ("mermaid", b"---\n")],
)
def test_every_format_by_its_name(fmt: str, start: bytes) -> None:
    assert render(extract(MIMI), fmt).startswith(start)


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
    r"    classDef \w+Box fill:#\w{6},stroke:#\w{6},color:#\w{6}",
    r"    class \w+ \w+Box",
]


@pytest.mark.parametrize("detail", Detail)
@pytest.mark.parametrize("policy", DRAWN, ids=lambda policy: policy.title[:3])
def test_mermaid_keeps_to_its_grammar(policy: type(MIMI), detail: Detail) -> None:  # type: ignore[valid-type]
    diagram = extract(policy)
    first, title, last, kind, *lines, end = to_mermaid(diagram, detail).split("\n")
    assert (first, last, kind, end) == ("---", "---", "stateDiagram-v2", "")
    assert json.loads(title.removeprefix("title: ")) == clean(diagram.title)
    assert not re.search("[<>{}%]", title)
    for line in lines:
        assert any(re.fullmatch(shape, line) for shape in _LINES), line
        assert "--" not in line.replace(" --> ", "", 1)
    assert sum(" --> " in line for line in lines) == len(diagram.moves)


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
