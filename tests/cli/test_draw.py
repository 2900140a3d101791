"""`fsm draw`: files of every format, and what cannot be drawn."""

from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import fsm

# fmt: off
BEGINNINGS = [
    ("mimi.svg",     (),                    b"<?xml"),
    ("mimi.png",     (),                    b"\x89PNG\r\n"),
    ("mimi.pdf",     (),                    b"%PDF-"),
    ("mimi.dot",     (),                    b"digraph"),
    ("mimi.mmd",     (),                    b"---\ntitle:"),
    ("mimi.puml",    (),                    b"@startuml"),
    ("mimi.txt",     (),                    b"MIMI Policy Envelope"),
    ("mimi.md",      (),                    b"# MIMI Policy Envelope"),
    ("mimi.html",    (),                    b"<!DOCTYPE html>"),
    ("mimi.scxml",   (),                    b"<?xml"),
    ("mimi.xml",     (),                    b'<figure anchor="fig-mimi">'),
    ("mimi.txt",     ("--format", "dot"),   b"digraph"),
    ("mimi.svg",     ("--tall",),           b"<?xml"),
    ("mimi.xml",     ("--prefix", "a1"),    b'<figure anchor="fig-a1">'),
    ("mimi.dot",     ("--against", "mimi-01", "--tall"), b'digraph "mimi-mimi-01"'),
]
# fmt: on


@pytest.mark.parametrize(("name", "options", "beginning"), BEGINNINGS)
def test_a_picture_in_a_file(name: str, options: tuple[str, ...], beginning: bytes, tmp_path: Path) -> None:
    path = tmp_path / name
    run = fsm("draw", "mimi", "-o", str(path), *options)
    assert (run.status, run.out, run.err) == (0, "", "")
    assert beginning in path.read_bytes()[:200]


def test_a_picture_on_standard_output(inside: Inside) -> None:
    whole = inside("draw", "mimi", "--format", "mermaid").out
    part = inside("draw", "mimi", "--format", "mermaid", "--given", "is_self=true").out
    assert "stateDiagram-v2" in whole
    assert "kick" in whole
    assert "kick" not in part
    assert "decline" in part


def test_two_policies_in_one_picture(inside: Inside) -> None:
    text = inside("draw", "mimi", "--against", "mimi-01", "--format", "text").out
    assert "only in mimi-01, by the target itself" in text
    part = inside("draw", "mimi", "--against", "mimi-01", "--format", "text", "--given", "join_rule=public").out
    assert "only in mimi-01" not in part
    assert "What is left given join_rule = public" in part


def test_a_fact_of_either_policy(inside: Inside) -> None:
    run = inside("draw", "mimi", "--against", "matrix-10", "--format", "text", "--given", "warrant=none")
    assert run.status == 0
    assert "redeem" not in run.out


def test_links_to_a_draft(inside: Inside) -> None:
    base = "https://example.org/draft.html"
    assert f'href="{base}#section-5.2"' in inside("draw", "mimi", "--format", "rfc", "--link-base", base).out


# fmt: off
UNUSABLE = [
    (("mimi", "-o", "picture.bmp"),                  "`picture.bmp` does not end in a format: choose from .svg"),
    (("mimi", "-o", "picture"),                      "`picture` does not end in a format"),
    (("mimi", "--format", "bmp"),                    "unknown format `bmp`: choose from svg"),
    (("mimi", "-o", "no/such/folder/x.dot"),         "no/such/folder/x.dot: no such file or directory"),
    (("mimi", "--given", "colour=red"),              "unknown fact `colour`: the facts are "),
    (("mimi", "--given", "join_rule=private"),       "`private` is no value of `join_rule`: choose from invite, knock, public"),
    (("mimi", "--detail", "all"),                    "invalid value for '--detail': 'all' is not one of 'verbs', 'guards', 'clauses'"),
    (("nobody", "-o", "x.dot"),                      "unknown policy `nobody`"),
    (("mimi", "--against", "nobody"),                "unknown policy `nobody`"),
    (("mimi", "--against", "mimi-01", "--format", "scxml"), "`scxml` is one machine, and cannot show two policies"),
    (("mimi", "--against", "mimi-01", "--given", "colour=red"), "unknown fact `colour`: the facts are "),
    (("mimi", "--given", "is_self=true", "--given", "is_self=false"), "the fact `is_self` is given twice"),
    (("mimi", "--format", "rfc", "--link-base", "javascript:alert(1)"), "`javascript:alert(1)` is no address: "),
    (("mimi", "--format", "rfc", "--link-base", "https://a/<b>"), "`https://a/<b>` is no address: "),
    (("mimi", "--format", "rfc", "--link-base", "https://a/\udcff"), "`https://a/\\udcff` is no address: "),
    (("mimi", "--format", "text", "--tall"),         "`text` takes no `tall`"),
    (("mimi", "-o", "x.svg", "--prefix", "a"),       "`svg` takes no `prefix`"),
    (("mimi", "--format", "rfc", "--prefix", "1 2"), "`1 2` cannot begin an id: "),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_what_cannot_be_drawn(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("draw", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
