"""What the README and the documentation show is what happens."""

import contextlib
import io
import re
import runpy
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from fsm.matrix.policies import VERSIONS
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01
from fsm.render import extract, render
from fsm.review.laws.accepted import read_accepted, reason_for
from fsm.review.laws.own_laws import law_ids
from tests.cli.runner import fsm

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
DOCS = ROOT / "docs"
OTHERS = ("ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md")
PAGES = [README, *(ROOT / name for name in OTHERS), *sorted(DOCS.rglob("*.md"))]
TEXTS = {str(page.relative_to(ROOT)): page.read_text(encoding="utf-8") for page in PAGES}


def blocks(kind: str) -> list[tuple[str, str]]:
    """All blocks of code of a kind, each with the page that it stands on."""
    pattern = rf"^```{kind}\n(.*?)^```"
    return [
        (page, code) for page, text in TEXTS.items() for code in re.findall(pattern, text, re.DOTALL | re.MULTILINE)
    ]


EXAMPLES = [
    (page, code, printed)
    for page, text in TEXTS.items()
    for code, printed in re.findall(r"```python\n((?:(?!```).)*)```\n\nprints\n\n```text\n(.*?)```", text, re.DOTALL)
]
PRINTING = {code for _, code, _ in EXAMPLES}
SILENT = [(page, code) for page, code in blocks("python") if code not in PRINTING]
COMMANDS = [
    (page, command, printed)
    for page, code in blocks("console")
    for command, printed in re.findall(r"^\$ fsm (.*?)\n(.*?)(?=^\$ |\Z)", code, re.DOTALL | re.MULTILINE)
]


@pytest.mark.parametrize(("page", "code", "expected"), EXAMPLES)
def test_an_example_prints_what_it_says(page: str, code: str, expected: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, page, "exec"), {})  # noqa: S102 - our own text
    assert printed.getvalue() == expected


@pytest.mark.parametrize(("page", "code"), SILENT)
def test_an_example_runs_and_its_tests_pass(page: str, code: str) -> None:
    known: dict[str, Any] = {"__name__": "example"}
    exec(compile(code, page, "exec"), known)  # noqa: S102 - our own text
    for name, value in known.items():
        if name.startswith("test_"):
            value()


@pytest.mark.parametrize(("page", "command", "expected"), COMMANDS)
def test_a_command_prints_what_it_says(page: str, command: str, expected: str) -> None:
    assert fsm(*shlex.split(command)).out == expected, page


@pytest.mark.parametrize(
    ("page", "file"),
    [("docs/tutorials/review.md", "examples/review/house.py"), ("README.md", "examples/policies/calm.py")],
)
def test_code_that_is_a_file_is_that_file(page: str, file: str) -> None:
    _, _, code = (ROOT / file).read_text(encoding="utf-8").partition('"""\n\n')
    assert f"```python\n{code}```" in TEXTS[page]


def test_the_file_of_reasons_can_be_read(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", TEXTS["docs/tutorials/review.md"], re.DOTALL)
    file = tmp_path / "accepted.toml"
    file.write_text(text, encoding="utf-8")
    reasons = read_accepted(file, law_ids())
    assert reason_for(reasons, MIMI_00, "knock-can-be-declined") == "our hub answers knocks by a message"
    assert reason_for(reasons, MIMI_01, "knock-can-be-declined") is None
    assert reason_for(reasons, MIMI_01, "left-is-left") == "to kick who has left changes nothing"


def test_the_tests_as_data_are_those_of_the_example() -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", TEXTS["docs/tutorials/testing.md"], re.DOTALL)
    assert f"\n{text}\n" in (ROOT / "examples" / "tests" / "mimi.toml").read_text(encoding="utf-8")


def test_the_test_of_the_tutorial_passes(tmp_path: Path) -> None:
    (text,) = re.findall(r"```toml\n(.*?)```", TEXTS["docs/tutorials/own-policy.md"], re.DOTALL)
    file = tmp_path / "calm.toml"
    file.write_text(text, encoding="utf-8")
    assert fsm("test", str(file), "--policy", "examples/policies/calm.py:CALM").status == 0
    assert fsm("test", str(file), "--policy", "mimi").status == 1


def test_the_costs_are_those_that_were_measured() -> None:
    results = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    (quoted,) = re.findall(r"\n\n((?:\|.*\n)+)", TEXTS["docs/reference/costs.md"])
    assert quoted.count("\n") > 2
    assert f"\n\n{quoted}\n" in results


def test_the_pictures_can_be_drawn(tmp_path: Path) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", TEXTS["docs/guides/pictures.md"], re.DOTALL)
    for line in block.splitlines():
        command = shlex.split(line.removeprefix("fsm "), comments=True)
        place = command.index("-o") + 1
        command[place] = str(tmp_path / command[place])
        assert fsm(*command).status == 0
        assert Path(command[place]).stat().st_size > 0


def test_the_readme_is_short_and_shows_the_machine() -> None:
    assert len(README.read_text(encoding="utf-8").splitlines()) <= 200
    _, picture, *_ = render(extract(MIMI), "text").decode().split("\n\n")
    assert f"```text\n{picture}\n```" in TEXTS["README.md"]


def test_the_readme_can_be_read_anywhere() -> None:
    """On a package index, links lead nowhere but to the web: what is in the repository is named by its path."""
    links = re.findall(r"\]\(([^)]+)", TEXTS["README.md"])
    assert links
    assert [link for link in links if not link.startswith("https://")] == []


@pytest.mark.parametrize("page", TEXTS)
def test_every_path_and_link_leads_somewhere(page: str) -> None:
    text = re.sub(r"^```.*?^```", "", TEXTS[page], flags=re.DOTALL | re.MULTILINE)
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []
    paths = re.findall(r"`((?:fsm|docs|examples|tests|vectors|diagrams|benchmarks)/[\w./-]*|[A-Z]+\.md)`", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("page", TEXTS)
def test_addresses_are_well_formed(page: str) -> None:
    for address in re.findall(r"(?:https?|http)://[^\s)>\"'`]+", TEXTS[page]):
        parts = urlsplit(address)
        assert parts.scheme == "https", address
        assert re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", parts.netloc), address


def rules_under(page: str) -> list[list[str]]:
    """The cells of a page's table of rules."""
    rows = [
        [cell.strip() for cell in line.split("|")[1:-1]] for line in TEXTS[page].splitlines() if line.startswith("| ")
    ]
    return rows[2:]


MIMIS = (MIMI, MIMI_00, MIMI_01)
MIMI_ROWS = {row.id for policy in MIMIS for row in policy.transitions} | {
    permit.id for policy in MIMIS for permit in policy.all_permits
}
MATRIX_ROWS = {row.id for policy in VERSIONS.values() for row in policy.transitions}


@pytest.mark.parametrize(
    ("page", "rows"), [("docs/reference/mimi-rules.md", MIMI_ROWS), ("docs/guides/matrix.md", MATRIX_ROWS)]
)
def test_a_table_of_rules_names_what_exists(page: str, rows: set[str]) -> None:
    """Every row, permit and function that the table of rules names is there, and no row is left out."""
    rules = rules_under(page)
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
    (drawn,) = re.findall(r"```text\n(fsm/.*?)```", TEXTS["ARCHITECTURE.md"], re.DOTALL)
    rows = [re.split(r" {4,}", line)[0].split() for line in drawn.splitlines()]
    places = [
        f"{row[0].rstrip('/').rpartition('/')[0]}/{place}" if row[0].startswith("fsm/") and place != row[0] else place
        for row in rows
        for place in row
    ]
    assert [place for place in places if not (ROOT / place).exists()] == []
    modules = [f"fsm/{path.name}" for path in (ROOT / "fsm").glob("*.py") if not path.name.startswith("_")]
    folders = [f"fsm/{path.parent.name}/" for path in (ROOT / "fsm").glob("*/__init__.py")]
    folders += [
        f"{path.parent.relative_to(ROOT)}/"
        for tool in ("render", "review", "bulk")
        for path in (ROOT / "fsm" / tool).glob("*/__init__.py")
    ]
    assert sorted(place for place in places if place.startswith("fsm/")) == sorted([*modules, *folders])


def test_the_drawing_is_made_from_the_imports() -> None:
    """`python docs/house.py` draws it anew."""
    page = TEXTS["ARCHITECTURE.md"]
    assert runpy.run_path(str(DOCS / "house.py"))["with_drawing"](page) == page
