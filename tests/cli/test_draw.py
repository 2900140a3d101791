"""`fsm draw`: files of every format, and what cannot be drawn."""

from pathlib import Path

import pytest

from tests.cli.runner import fsm

# fmt: off
BEGINNINGS = [
    ("mimi.svg",     (),                    b"<?xml"),
    ("mimi.png",     (),                    b"\x89PNG\r\n"),
    ("mimi.pdf",     (),                    b"%PDF-"),
    ("mimi.dot",     (),                    b"digraph"),
    ("mimi.mmd",     (),                    b"---\ntitle:"),
    ("mimi.txt",     ("--format", "dot"),   b"digraph"),
]
# fmt: on


@pytest.mark.parametrize(("name", "options", "beginning"), BEGINNINGS)
def test_a_picture_in_a_file(name: str, options: tuple[str, ...], beginning: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    run = fsm("draw", "mimi", "-o", str(path), *options)
    assert (run.status, run.out, run.err) == (0, "", "")
    assert beginning in path.read_bytes()[:200]


def test_a_picture_on_standard_output() -> None:
    whole = fsm("draw", "mimi", "--format", "mermaid").out
    part = fsm("draw", "mimi", "--format", "mermaid", "--given", "is_self=true").out
    assert "stateDiagram-v2" in whole
    assert "kick" in whole
    assert "kick" not in part
    assert "decline" in part


# fmt: off
UNUSABLE = [
    (("mimi", "-o", "picture.bmp"),                  "`picture.bmp` does not end in a format: choose from .svg"),
    (("mimi", "-o", "picture"),                      "`picture` does not end in a format"),
    (("mimi", "--format", "bmp"),                    "unknown format `bmp`: choose from svg"),
    (("mimi", "-o", "no/such/folder/x.dot"),         "no/such/folder/x.dot: no such file or directory"),
    (("mimi", "--given", "colour=red"),              "unknown fact `colour`: the facts are "),
    (("mimi", "--given", "join_rule=private"),       "`private` is no value of `join_rule`: choose from invite, knock, public"),
    (("mimi", "--detail", "all"),                    "Invalid value for '--detail'"),
    (("nobody", "-o", "x.dot"),                      "unknown policy `nobody`"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_what_cannot_be_drawn(arguments: tuple[str, ...], problem: str) -> None:
    run = fsm("draw", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
