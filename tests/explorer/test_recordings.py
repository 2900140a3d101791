"""A log that was judged when the page was made: the page tells what Python said of it."""

from io import BytesIO
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from fsm.family import AnyPolicy
from fsm.log import Outcome, Replay
from fsm.log_reader import read_events
from fsm.matrix.events import MEMBER
from fsm.matrix.policies import MATRIX_12
from fsm.mimi.policies import MIMI
from fsm.mimi.scenario import ALICE, BOB, DAN, EVE
from fsm.render.explorer import to_page
from fsm.render.explorer.stage import stage_of
from tests.builders import change, create, message, role, role_map
from tests.cli.runner import fsm
from tests.explorer.conftest import DESK
from tests.explorer.test_rooms import board, events, written

DAY = Path("examples/day.jsonl").read_text(encoding="utf-8")

MARKUP = "<img src=x onerror=alert(1)>"
ODD = (
    written(
        create(ALICE), message(EVE), role("king", {"ban": True, "kick": True}, ALICE), change("invite", ALICE, MARKUP)
    )
    + "not JSON\n"
    + written(
        role_map(("king", 1, [BOB]), sender=ALICE),
        change("invite", ALICE, EVE),
        change("dance", EVE),
        change("join", MARKUP),
        change("ban", BOB, EVE),
    )
)
"""Roles dealt on the way, and lines that are no change, not readable, or refused."""
TOLD = [
    "line 1: @alice:a.example, m.room.create: allowed",
    "line 2: @eve:e.example, m.message: rejected: message: the sender is not joined",
    "line 3: @alice:a.example, m.room.role: allowed",
    "line 5: not JSON: expecting value at character 1",
    "line 6: @alice:a.example, m.room.role_map: allowed",
    "line 8: `content.participation`: `dance` is not one of invite, join, leave, ban, knock",
]
"""What is told of them in words."""


def of_matrix() -> str:
    """The first joins of creators, third-party invites, authorised joins, and power that changes hands."""
    stage = stage_of(MATRIX_12)
    assert stage
    (opening, *_) = stage.scenario.shown.values()
    joins = {
        **stage.changes("join", EVE, EVE)[0],
        "content": {"membership": "join", "join_authorised_via_users_server": BOB},
    }
    restricted = next(event for words, event in stage.settings(ALICE).items() if words.endswith("rule: restricted"))
    invite = {**stage.changes("invite", BOB, EVE)[0], "content": {"membership": "invite", "third_party_invite": {}}}
    levels = {
        "type": "m.room.power_levels",
        "sender": ALICE,
        "state_key": "",
        "content": {"users": {DAN: 75}, "kick": 60},
    }
    kicks = [*stage.changes("leave", DAN, BOB), *stage.changes("leave", BOB, DAN)]
    no_target = {"type": MEMBER, "sender": EVE, "content": {"membership": "join"}}
    return written(*opening.log, joins, restricted, joins, invite, levels, *kicks, no_target)


LOGS: dict[str, tuple[AnyPolicy, str]] = {
    "day": (MIMI, DAY), "odd": (MIMI, ODD), "matrix": (MATRIX_12, of_matrix())
}  # fmt: skip


@pytest.fixture(params=["day", "odd", pytest.param("matrix", marks=pytest.mark.long)])
def log(request: pytest.FixtureRequest) -> tuple[AnyPolicy, str]:
    return LOGS[request.param]


def visited(browser: Browser, path: Path, policy: AnyPolicy, log: str) -> Page:
    page_text = to_page(policy, name="log", log=read_events(BytesIO(log.encode()), policy))
    assert len(page_text.encode()) < 500_000
    path.write_text(page_text, encoding="utf-8")
    page = browser.new_page(viewport=DESK, reduced_motion="reduce")
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(path.as_uri())
    return page


def moves_somebody(outcome: Outcome) -> bool:
    """Whether an event is a change of participation by some row of the table."""
    decision = outcome.decision
    return decision is not None and decision.transition is not None and decision.before is not None


def test_it_says_what_python_says(log: tuple[AnyPolicy, str], browser: Browser, tmp_path: Path) -> None:
    policy, text = log
    run = Replay(policy)
    outcomes = list(run.run(read_events(BytesIO(text.encode()), run.rules)))
    page = visited(browser, tmp_path / "log.html", policy, text)
    rooms = list(run.rooms)
    begun = page.locator("#opening option").count() - len(rooms)
    changes = 0
    for place, room in enumerate(rooms):
        said = page.evaluate("(place) => window.explorer.begun(place)", begun + place)
        expected = [each for each in outcomes if each.room_id == room]
        for outcome, told in zip(expected, said["outcomes"], strict=True):
            if "note" in told:
                assert not moves_somebody(outcome), outcome
            else:
                assert outcome.decision is not None
                assert told == {
                    "allowed": outcome.decision.allowed,
                    "reason": outcome.decision.reason,
                    "transition": outcome.decision.transition,
                }
                changes += 1
        staying = {user: state for user, state in said["participation"].items() if state != "leave"}
        assert staying == run.participation()[room or ""]
    assert changes >= sum(map(moves_somebody, outcomes))
    page.close()


# fmt: off
UNPLAYABLE = [
    ("",                        "nobody takes part in any room of the log"),
    ("hello",                   "line 1: not JSON: expecting value at character 1"),
    (written(message(EVE)),     "nobody takes part in any room of the log"),
]
# fmt: on


@pytest.mark.parametrize(("log", "problem"), UNPLAYABLE, ids=["empty", "no JSON", "no room"])
def test_what_cannot_be_played_writes_no_page(log: str, problem: str, tmp_path: Path) -> None:
    (tmp_path / "log").write_text(log)
    run = fsm("explore", "mimi", "-o", str(tmp_path / "page.html"), "--log", str(tmp_path / "log"))
    assert run.status == 2
    assert run.complaint.strip() == f"fsm: {problem}"
    assert not (tmp_path / "page.html").exists()


def test_it_is_played(browser: Browser, tmp_path: Path) -> None:
    page = visited(browser, tmp_path / "odd.html", MIMI, ODD)
    page.get_by_label("A room", exact=True).check()
    page.locator("#opening").select_option("log")
    expect(page.locator("#lead")).to_contain_text("A log that was judged when this page was made")
    expect(page.locator("#people")).to_be_hidden()
    expect(page.get_by_role("button", name="Copy as JSON lines")).to_be_hidden()
    page.get_by_label("Events that have happened").fill("9")
    expect(page.locator("#verdict")).to_contain_text("Allowed as accept")
    assert board(page)["join"] == [ALICE.partition(":")[0], "<img src=x onerror…"]
    page.get_by_role("button", name="Redo").click()
    expect(page.locator("#verdict")).to_contain_text("the sender is not joined")
    assert [words for words in events(page) if words.startswith("line ")] == TOLD
    other = browser.new_page()
    other.goto(page.url)
    assert other.locator("#verdict").inner_text() == page.locator("#verdict").inner_text()
    assert board(other) == board(page)
    other.close()
    page.get_by_role("button", name="Start over").click()
    assert board(page)["join"] == []
    page.locator("#opening").select_option("Only Alice is in")
    expect(page.locator("#people")).to_be_visible()
    assert board(page)["join"] == ["Alice"]
    page.close()
