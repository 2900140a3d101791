"""Reports of `fsm verify` and `fsm diff`: what people read, in Markdown and as pages."""

import re
from itertools import product
from pathlib import Path
from typing import Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser

from fsm.family import AnyPolicy
from fsm.mimi.policies import MIMI, MIMI_01
from fsm.policies import load_policy
from fsm.review.cases.in_words import Words
from fsm.review.compare import diff_report
from fsm.review.compare.diff import diff
from fsm.review.laws import verify_report
from fsm.review.laws.verify import verify
from fsm.review.report import anchor, save
from tests.cli.runner import ROOT

MUC = load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS")
REPORTS = {
    "verify": verify_report.to_markdown([verify(MIMI_01, rooms=0)], {}, {MIMI_01.id: MIMI_01}),
    "diff": diff_report.to_markdown(diff(MIMI, MIMI_01), None, (MIMI, MIMI_01)),
}


def prose(text: str) -> str:
    """A report without its blocks of JSON, and what stands in code."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```json.*?^```", "", text, flags=re.DOTALL | re.MULTILINE))


@pytest.mark.parametrize("name", REPORTS)
def test_no_names_of_facts_stand_in_prose(name: str) -> None:
    facts = [each for each in MIMI.domain.values if "_" in each]
    assert [fact for fact in facts if fact in prose(REPORTS[name])] == []


@pytest.mark.parametrize("name", REPORTS)
def test_every_link_leads_to_a_heading(name: str) -> None:
    text = REPORTS[name]
    headings = {anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}
    links = re.findall(r"\]\(#([^)]*)\)", text)
    assert links
    assert set(links) <= headings
    assert len(re.findall(r"^#+ ", text, re.MULTILINE)) == len(headings)


def test_the_summary_is_by_weight() -> None:
    text = REPORTS["verify"]
    places = [text.index(f"**{severity}**\n\n- [") for severity in ("high", "medium", "low")]
    assert places == sorted(places)
    assert "(#mimi-01-1-nobody-bans-a-peer-or-a-superior) (`mimi-01`)" in text


def test_logs_are_as_people_read_them() -> None:
    for text in REPORTS.values():
        assert "2. `@alice:a.example → @bob:b.example: invite`\n" in text
        assert '"content": {"participation": "invite"}' in text


# fmt: off
EVENTS: list[tuple[AnyPolicy | None, dict[str, object], str]] = [
    (MIMI, {"type": "m.user", "sender": "@a:x", "state_key": "@b:x", "content": {"participation": "ban"}}, "@a:x → @b:x: ban"),
    (MIMI, {"type": "m.user", "sender": "@a:x", "state_key": "@a:x", "content": {"participation": "leave"}}, "@a:x: leave"),
    (MIMI, {"type": "m.user", "sender": "@a:x", "state_key": "@a:x", "content": {}}, "@a:x: m.user {}"),
    (MIMI, {"type": "m.room.role", "sender": "@a:x", "state_key": "mod", "content": {}}, "@a:x: m.room.role mod {}"),
    (MIMI, {"type": "m", "sender": "@a:x", "content": {"b": 1}, "redacts": "$1"}, '@a:x: m {"b": 1} {"redacts": "$1"}'),
    (None, {"type": "m.user", "sender": "@a:x", "state_key": "@b:x", "content": {}}, "@a:x: m.user @b:x {}"),
    (MUC,  {"type": "muc.affiliation", "sender": "r@m", "state_key": "j@c", "content": {"action": "set", "affiliation": "admin"}},
     "r@m → j@c: set wanted admin"),
]
# fmt: on


@pytest.mark.parametrize(("policy", "event", "told"), EVENTS)
def test_an_event_in_words(policy: AnyPolicy | None, event: dict[str, object], told: str) -> None:
    assert Words(policy).event(event) == told


def test_a_case_in_words() -> None:
    facts = {"target": "join", "sender": "join", "may_ban": "true", "join_rule": "public"}
    assert Words(MIMI).case("ban", facts) == (
        "ban: the target in join, the sender in join, the sender may ban, the room is public"
    )
    assert Words().case("ban", {"may_ban": "true"}) == "ban: may ban: true"


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    for name, text in REPORTS.items():
        save(folder / f"{name}.html", name, text, {})
    return {name: folder / f"{name}.html" for name in REPORTS}


@pytest.mark.parametrize(("width", "scheme"), list(product((390, 768, 1280), ("light", "dark"))))
@pytest.mark.parametrize("name", REPORTS)
def test_a_page_can_be_used(
    name: str, width: int, scheme: Literal["light", "dark"], pages: dict[str, Path], browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(pages[name].as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    assert [fault["id"] for fault in Axe().run(page).response["violations"]] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.locator("details pre").count() == REPORTS[name].count("```json")
    assert set(asked) <= {pages[name].as_uri()}  # not every browser tells of files
    context.close()


def test_markdown_folds_its_json(tmp_path: Path) -> None:
    save(tmp_path / "report.md", "a", REPORTS["diff"], {})
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert text.count("<details>") == text.count("\n\n```json\n") == REPORTS["diff"].count("```json")
