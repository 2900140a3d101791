"""Where the picture is drawn: the engine from pip, else the system's, else one clear line."""

import os
import sys
from importlib.util import find_spec as real_find_spec
from pathlib import Path

import pytest

from fsm import MIMI
from fsm.render import RenderError, extract, render
from fsm.render.layout import engine
from tests.builders import one_line


def missing(*names: str) -> object:
    return lambda name: None if name in names else real_find_spec(name)


@pytest.mark.parametrize("absent", ["pygraphviz", "ttf_opensans"])
def test_without_an_engine_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, absent: str) -> None:
    monkeypatch.setattr(engine, "find_spec", missing(absent))
    monkeypatch.setattr(engine, "which", lambda _: None)
    with pytest.raises(RenderError, match=one_line("to draw `png` needs Graphviz: pip install 'mimi-fsm[render]'")):
        render(extract(MIMI), "png")


def test_text_needs_no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "find_spec", missing("pygraphviz", "ttf_opensans"))
    monkeypatch.setattr(engine, "which", lambda _: None)
    assert render(extract(MIMI), "dot")
    assert render(extract(MIMI), "mermaid")


def program(folder: Path, text: str) -> str:
    path = folder / "dot"
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_else_the_systems_graphviz_draws(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    echo = program(tmp_path, "import sys\nprint(sys.argv[1], sys.stdin.read())")
    monkeypatch.setattr(engine, "find_spec", missing("pygraphviz"))
    monkeypatch.setattr(engine, "which", lambda _: echo)
    assert engine.draw("digraph {}", "pdf") == b"-Tpdf digraph {}\n"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("import sys\nprint('one\\ntwo', file=sys.stderr)\nsys.exit(1)", "graphviz cannot draw this: two"),
        ("import sys\nsys.exit(3)", "graphviz cannot draw this: status 3"),
        ("", "graphviz cannot draw this: status 0"),
        (
            "import sys\nsys.exit('ImportError: libX.so.6: no such file')",
            "graphviz cannot draw this: ImportError: libX.so.6: no such file (Debian: apt-get install libglib2.0-0 libxext6 libxrender1)",
        ),
    ],
)
def test_what_graphviz_says_is_passed_on(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str, problem: str
) -> None:
    path = program(tmp_path, script)
    monkeypatch.setattr(engine, "find_spec", missing("pygraphviz"))
    monkeypatch.setattr(engine, "which", lambda _: path)
    with pytest.raises(RenderError, match=one_line(problem)):
        engine.draw("digraph {}", "svg")


def test_a_program_that_cannot_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(engine, "find_spec", missing("pygraphviz"))
    monkeypatch.setattr(engine, "which", lambda _: str(tmp_path))
    with pytest.raises(RenderError, match=one_line("graphviz cannot be run: ")):
        engine.draw("digraph {}", "svg")


def test_bad_dot_is_an_error_and_not_an_empty_picture() -> None:
    with pytest.raises(RenderError, match=one_line("graphviz cannot draw this: ")):
        engine.draw("digraph {", "svg")


def test_a_machine_without_fonts_draws_the_same(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    diagram = extract(MIMI)
    usual = {fmt: render(diagram, fmt) for fmt in ("svg", "png")}
    bare = tmp_path / "fonts.conf"
    bare.write_text(engine._FONTS.read_text().replace("/etc/fonts/fonts.conf", str(tmp_path / "none")))
    monkeypatch.setattr(engine, "_FONTS", bare)
    assert {fmt: render(diagram, fmt) for fmt in usual} == usual


def test_the_settings_of_the_process_stay_as_they_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("FONTCONFIG_FILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert render(extract(MIMI), "svg")
    assert (os.environ["FONTCONFIG_FILE"], Path.cwd()) == (str(tmp_path), tmp_path)


def test_nothing_is_written_to_the_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    render(extract(MIMI), "png")
    assert capfd.readouterr() == ("", "")
