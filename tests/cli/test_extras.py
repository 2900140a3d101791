"""What is missing is said before anything is done: no command gives less than all, and none says that it is done."""

import builtins
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from fsm.cli import terminal
from fsm.render.layout import engine
from tests.cli.conftest import Inside

# A library that is not there, the extra that brings it, and what asks for it. `FILE` stands for a file to write.
# fmt: off
NEEDING: list[tuple[str, str, str]] = [
    ("signedjson", "matrix", "vectors matrix-12"),
    ("signedjson", "matrix", "vectors matrix-12 -o FILE"),
    ("signedjson", "matrix", "vectors matrix-1 --all -o FILE"),
    ("signedjson", "matrix", "vectors matrix-7 --paths -o FILE"),
    ("signedjson", "matrix", "verify matrix-12"),
    ("signedjson", "matrix", "verify mimi matrix-12 --rooms 0 --report FILE.html --witnesses FILE"),
    ("signedjson", "matrix", "verify --json"),
    ("signedjson", "matrix", "diff matrix-11 matrix-12 --report FILE.md --logs FILE"),
    ("signedjson", "matrix", "diff mimi matrix-1"),
    ("signedjson", "matrix", "conform matrix-12 --junit FILE -- cat"),
    ("pygraphviz", "render", "draw mimi -o FILE.svg"),
    ("pygraphviz", "render", "draw mimi -o FILE.png"),
    ("pygraphviz", "render", "explore mimi -o FILE"),
    ("pygraphviz", "render", "verify mimi --rooms 0 --report FILE.md"),
    ("pygraphviz", "render", "diff mimi mimi-01 --report FILE.html"),
    ("markdown_it", "cli",   "diff mimi mimi-01 --report FILE.html"),
    ("rich",        "cli",   "diff mimi mimi-01 --report FILE.md --logs FILE"),
    ("rich",        "cli",   "verify mimi --rooms 0 --report FILE.md --witnesses FILE"),
    ("rich",        "cli",   "conform mimi-00 --junit FILE -- cat"),
]
# fmt: on


@pytest.fixture
def without(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Have a library not be there."""

    def take(library: str) -> None:
        real: Callable[..., Any] = builtins.__import__

        def refusing(name: str, *arguments: Any, **more: Any) -> Any:
            if name.partition(".")[0] == library:
                raise ModuleNotFoundError(f"No module named '{library}'", name=library)
            return real(name, *arguments, **more)

        monkeypatch.setattr(builtins, "__import__", refusing)
        for module in (engine, terminal):
            monkeypatch.setattr(module, "find_spec", lambda name: None if name == library else find_spec(name))
        monkeypatch.setattr(engine, "which", lambda _: None)

    return take


@pytest.mark.parametrize(("library", "extra", "command"), NEEDING, ids=[command for *_, command in NEEDING])
def test_what_needs_an_extra_does_nothing_without(  # noqa: PLR0913, PLR0917 - a case and three fixtures
    library: str, extra: str, command: str, inside: Inside, tmp_path: Path, without: Callable[[str], None]
) -> None:
    without(library)
    run = inside(*command.replace("FILE", str(tmp_path / "file")).split())
    assert (run.status, run.out) == (2, "")
    assert run.complaint.endswith(f"pip install 'mimi-fsm[{extra}]'")
    assert list(tmp_path.iterdir()) == []


def test_nor_are_the_files_of_vectors_written_in_part(
    inside: Inside, tmp_path: Path, without: Callable[[str], None]
) -> None:
    without("signedjson")
    run = inside("vectors", "--into", str(tmp_path / "vectors"), "mimi-00", "matrix-1")
    assert run.status == 2
    assert run.complaint == (
        "fsm: a third-party invite of a Matrix room needs signedjson: pip install 'mimi-fsm[matrix]'"
    )
    assert list(tmp_path.iterdir()) == []
