"""What the README shows is what happens."""

import contextlib
import io
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from fsm.matrix.policies import VERSIONS
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01
from fsm.review.accepted import read_accepted, reason_for
from fsm.review.verify import law_ids
from tests.cli.runner import fsm

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


EXAMPLES = re.findall(r"```python\n(.*?)```\n\nprints\n\n```text\n(.*?)```", README, re.DOTALL)


PRINTING = {code for code, _ in EXAMPLES}
LAW, TESTS = (code for code in re.findall(r"```python\n(.*?)```", README, re.DOTALL) if code not in PRINTING)


@pytest.mark.parametrize(("code", "expected"), EXAMPLES)
def test_an_example_prints_what_it_says(code: str, expected: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "README.md", "exec"), {})  # noqa: S102 - our own text
    assert printed.getvalue() == expected


def test_the_law_is_the_one_in_the_file() -> None:
    _, _, law = (ROOT / "examples" / "review" / "house.py").read_text(encoding="utf-8").partition("\n\n")
    assert law == LAW


def test_the_tests_of_ones_own_policy_pass() -> None:
    known: dict[str, Any] = {}
    exec(compile(TESTS, "README.md", "exec"), known)  # noqa: S102 - our own text
    tests = [value for name, value in known.items() if name.startswith("test_")]
    assert len(tests) == 2
    for test in tests:
        test()


def test_the_file_of_reasons_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
    file = tmp_path / "accepted.toml"
    file.write_text(text, encoding="utf-8")
    reasons = read_accepted(file, law_ids())
    assert reason_for(reasons, MIMI_00, "knock-can-be-declined") == "our hub answers knocks by a message"
    assert reason_for(reasons, MIMI_01, "knock-can-be-declined") is None
    assert reason_for(reasons, MIMI_01, "left-is-left") == "to kick who has left changes nothing"


@pytest.mark.parametrize(("command", "expected"), re.findall(r"```console\n\$ fsm (.*?)\n(.*?)```", README, re.DOTALL))
def test_a_command_prints_what_it_says(command: str, expected: str) -> None:
    assert fsm(*shlex.split(command)).out == expected


def test_the_costs_are_those_that_were_measured() -> None:
    section = README.partition("## What it costs")[2].partition("\n## ")[0]
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"\n\n((?:\|.*\n)+)", section)
    assert quoted.count("\n") > 2
    assert f"\n\n{quoted}\n" in results


def test_the_pictures_can_be_drawn(tmp_path: Path) -> None:
    (block,) = re.findall(r"## Pictures\n.*?```sh\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines():
        command = shlex.split(line.removeprefix("fsm "), comments=True)
        place = command.index("-o") + 1
        command[place] = str(tmp_path / command[place])
        assert fsm(*command).status == 0
        assert Path(command[place]).stat().st_size > 0


def test_every_link_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)", README) if "://" not in link]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def rules_under(heading: str) -> list[list[str]]:
    """The cells of the table of rules under a heading."""
    section = README.partition(f"## {heading}")[2].partition("\n## ")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in section.splitlines() if line.startswith("| ")]
    return rows[2:]


MIMIS = (MIMI, MIMI_00, MIMI_01)
MIMI_ROWS = {row.id for policy in MIMIS for row in policy.transitions} | {
    permit.id for policy in MIMIS for permit in policy.all_permits
}
MATRIX_ROWS = {row.id for policy in VERSIONS.values() for row in policy.transitions}


@pytest.mark.parametrize(
    ("heading", "rows"), [("Where each rule of the drafts lives", MIMI_ROWS), ("Matrix", MATRIX_ROWS)]
)
def test_a_table_of_rules_names_what_exists(heading: str, rows: set[str]) -> None:
    """Every row, permit and function that the table of rules names is there, and no row is left out."""
    rules = rules_under(heading)
    named = {name for *_, where, _ in rules for name in re.findall(r"`([\w.]+)`", where)}
    assert rows <= named
    text = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "fsm").rglob("*.py"))
    for name in named - rows:
        assert re.search(rf"\b{name.rpartition('.')[2]}\b", text), name
    for *_, tests in rules:
        for path in re.findall(r"`([\w/.]+)`", tests):
            assert (ROOT / "tests" / path).exists(), path


def test_the_map_names_every_module_and_folder() -> None:
    """The map of how it is built has each folder and top module of the package once, and nothing that is not there."""
    (drawn,) = re.findall(r"## How it is built\n\n```text\n(.*?)```", README, re.DOTALL)
    rows = [re.split(r" {4,}", line)[0].split() for line in drawn.splitlines()]
    places = [
        f"fsm/{place.removeprefix('fsm/')}" if row[0].startswith("fsm/") else place for row in rows for place in row
    ]
    assert [place for place in places if not (ROOT / place).exists()] == []
    modules = [f"fsm/{path.name}" for path in (ROOT / "fsm").glob("*.py") if not path.name.startswith("_")]
    folders = [f"fsm/{path.parent.name}/" for path in (ROOT / "fsm").glob("*/__init__.py")]
    assert sorted(place for place in places if place.startswith("fsm/")) == sorted([*modules, *folders])
