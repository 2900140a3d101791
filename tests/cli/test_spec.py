"""`fsm spec`: the section of a draft, and what cannot be written."""

from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import fsm


def test_the_section_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "section.md"
    run = fsm("spec", "mimi-01", "-o", str(path))
    assert (run.status, run.out, run.err) == (0, "", "")
    text = path.read_text("utf-8")
    assert text.startswith("## Legal Transitions {#sec-mimi-01-transitions}\n")
    assert "The target of an invite MUST NOT already be in the joined or banned state." in text


def test_the_section_on_standard_output(inside: Inside) -> None:
    run = inside("spec", "mimi", "--level", "1", "--prefix", "p", "--link-base", "https://example.org/d.html")
    assert run.status == 0
    assert run.out.startswith("# Legal Transitions {#sec-p-transitions}\n")
    assert 'href="https://example.org/d.html#section-5.2"' in run.out


# fmt: off
UNUSABLE = [
    (("nobody",),                          "unknown policy `nobody`"),
    (("mimi", "--prefix", "1 2"),          "`1 2` cannot begin an id: "),
    (("mimi", "--level", "9"),             "invalid value for '--level': 9 is not in the range 1<=x<=5"),
    (("mimi", "-o", "no/such/folder/x.md"), "no/such/folder/x.md: no such file or directory"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[" ".join(row[0]) for row in UNUSABLE])
def test_what_cannot_be_written(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("spec", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {problem}")
