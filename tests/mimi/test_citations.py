"""What the code cites exists: section titles in docstrings, section numbers in docstrings and rows.

`tests/data/titles.json` holds the sections of the three texts: the first ("seed")
and its two revisions.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fsm
import fsm.guards
import fsm.mimi
from fsm.guards import Guard
from fsm.mimi.auth_events import BACKING
from fsm.mimi.laws import FRESH
from fsm.mimi.laws import LAWS as ROOM_LAWS
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.mimi.visibility import VIEWS
from fsm.participation import draft
from fsm.participation.guards import sender_is_target
from fsm.participation.laws import LAWS
from fsm.quotes import Quote
from tests.builders import guards_in, label

TITLES: dict[str, dict[str, str]] = json.loads((Path(__file__).parents[1] / "data" / "titles.json").read_text("utf-8"))
KNOWN = {title for sections in TITLES.values() for title in sections.values()}

PACKAGE = Path(fsm.__file__).parent
FILES = [
    *sorted(PACKAGE.glob("*.py")),
    *sorted((PACKAGE / "participation").glob("*.py")),
    *sorted((PACKAGE / "mimi").rglob("*.py")),
]


def citations(path: Path) -> Iterator[str]:
    """Every passage of a docstring from "Spec:" on, but for those that cite another document."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            _, found, passage = node.value.value.partition("Spec: ")
            if found and not passage.startswith("RFC "):
                yield passage


def titles_in(passage: str) -> list[str]:
    """What is quoted and begins like a title; other quotations begin in the middle of a sentence."""
    return [title for title in re.findall(r'"([^"]+)"', " ".join(passage.split())) if not title[0].islower()]


def numbers_in(passage: str) -> Iterator[tuple[str, str]]:
    """Text and section of references such as `(seed 3, -00 6, -01 5)`."""
    for group in re.findall(r"\(((?:seed|-\d\d) [\d.]+(?:, (?:-\d\d )?[\d.]+)*)\)", passage):
        text = ""
        for reference in group.split(", "):
            text, number = reference.split(" ") if " " in reference else (text, reference)
            yield text, number


CITED = [(path, passage) for path in FILES for passage in citations(path)]


@pytest.mark.parametrize(
    ("path", "passage"), [pytest.param(*case, id=f"{case[0].stem}-{index}") for index, case in enumerate(CITED)]
)
def test_cited_sections_exist(path: Path, passage: str) -> None:
    titles = titles_in(passage)
    assert set(titles) <= KNOWN, path
    for text, number in numbers_in(passage):
        assert TITLES[text][number] in titles, f"section {number} of {text} is not among {titles}"


def test_citations_are_found() -> None:
    assert len(CITED) > 30
    assert {path.stem for path, _ in CITED} >= {"terms", "guards", "permits", "roles"}
    assert sum(1 for _, passage in CITED for _ in numbers_in(passage)) > 10


SECTIONS = json.loads((Path(__file__).parents[1] / "data" / "draft_sections.json").read_text("utf-8"))
"""By revision and title: the sections of the draft that are quoted, without cross-references and bullets."""

GUARDS = [*guards_in(fsm.participation), *guards_in(fsm.mimi)]
QUOTES = {name: each for name, each in vars(draft).items() if isinstance(each, Quote)}
STANDS_IN = {draft.DRAFT: ["-00", "-01"], draft.DRAFT_00: ["-00"], draft.DRAFT_01: ["-01"]}


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
def test_what_is_quoted_stands_in_that_section(quote: Quote) -> None:
    stands_in = [revision for revision, texts in SECTIONS.items() if quote.sentence in texts.get(quote.section, "")]
    assert stands_in == STANDS_IN[quote.document]


@pytest.mark.parametrize("quote", QUOTES.values(), ids=QUOTES)
def test_a_quotation_links_to_its_section_in_the_archive(quote: Quote) -> None:
    parts = re.fullmatch(r"(.+)(-\d\d)\.html#name-([a-z-]+)", quote.url, re.ASCII)
    assert parts
    archive, revision, anchor = parts.groups()
    assert archive == "https://www.ietf.org/archive/id/draft-ralston-mimi-policy"
    assert revision in STANDS_IN[quote.document]
    assert anchor.split("-") == re.findall(r"[a-z]+", quote.section.lower())


@pytest.mark.parametrize("guard", GUARDS, ids=repr)
def test_every_guard_quotes_the_draft(guard: Guard[Any]) -> None:
    assert guard.says
    assert set(guard.says) <= set(QUOTES.values())


def test_every_quotation_serves_a_guard_or_a_law() -> None:
    laws: list[Any] = [*LAWS, *ROOM_LAWS, FRESH]
    used = [quote for guard in GUARDS for quote in guard.says]
    assert {*used, *(quote for law in laws for quote in law.source.quotes)} == set(QUOTES.values())


def section(clause: str, default: str) -> str:
    """The title of the section that a row's clause names; revision `default` unless it says otherwise."""
    text, _, number = clause.rpartition(" ")
    return TITLES[text or default][number]


POLICIES = [(MIMI, "-01"), (MIMI_01, "-01"), (MIMI_00, "-00")]


@pytest.mark.parametrize(("policy", "text"), POLICIES, ids=label)
def test_every_transition_names_its_section(policy: MimiPolicy, text: str) -> None:
    for row in policy.transitions:
        if row.trigger == "leave":
            expected = "Voluntary" if sender_is_target in row.guards else "Kicks"
        else:
            expected = f"{row.trigger.capitalize()} Conditions"
        assert section(row.clause, text) == expected, row.id


# fmt: off
PERMITS: dict[str, tuple[str, str, str]] = {
    # What the row is about, and its section in: the completed policy, revision 01, revision 00.
    "create":     ("Auth Events Selection",     "Role Changes",         "Auth Events Selection"),
    "role":       ("Role Changes",              "List of Permissions",  "Event Sending Permissions"),
    "role_map":   ("Role Changes",              "List of Permissions",  "Event Sending Permissions"),
    "state":      ("Event Sending Permissions", "List of Permissions",  "Event Sending Permissions"),
    "redact_own": ("List of Permissions",       "List of Permissions",  "List of Permissions"),
    "redact":     ("List of Permissions",       "List of Permissions",  "List of Permissions"),
    "message":    ("List of Permissions",       "List of Permissions",  "Event Sending Permissions"),
}
# fmt: on


@pytest.mark.parametrize(
    ("index", "policy", "text"), [(index, *each) for index, each in enumerate(POLICIES)], ids=label
)
def test_every_permit_names_its_section(index: int, policy: MimiPolicy, text: str) -> None:
    assert {permit.id: section(permit.clause, text) for permit in policy.all_permits} == {
        permit: sections[index] for permit, sections in PERMITS.items()
    }


def test_other_rows_name_their_section() -> None:
    assert {section(view.clause, "") for view in VIEWS} == {"Event/History Visibility"}
    assert section(BACKING.clause, "") == "Auth Events Selection"
