"""What a machine can find of what would keep people from using the page: axe's rules, in every look of it."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from fsm.mimi.policies import MIMI
from tests.explorer.conftest import PHONE, Open
from tests.render.policies import DOOR

VIEWS = {
    "first": "",
    "case": "target=join&may_kick=false&case-ask=leave.join.kick",
    "self": "is_self=true&case-ask=join.ban",
    "room": "room-opening=0&room-log=0.invite.4,3.ban.4,4.join.4,1.leave.2&room-at=3",
    "damaged": "nothing=1",
}


def faults(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {node['html'][:120]} {node['failureSummary']}" for fault in found for node in fault["nodes"]
    ]


@pytest.mark.parametrize("view", VIEWS)
def test_axe(view: str, visit: Open) -> None:
    page = visit(MIMI, VIEWS[view])
    assert faults(page) == []
    page.emulate_media(color_scheme="dark")
    page.set_viewport_size(PHONE)
    assert faults(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_axe_while_a_log_is_opened(visit: Open) -> None:
    page = visit(MIMI, "room-opening=0")
    page.get_by_role("button", name="Open a log").click()
    assert faults(page) == []


def test_axe_of_another_policy(visit: Open) -> None:
    assert faults(visit(DOOR, "case-ask=locked.open.lock")) == []


def test_everything_that_can_be_pressed_can_be_reached(visit: Open) -> None:
    page = visit(MIMI, "room-opening=0&room-log=0.invite.4")
    reached = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.closest('[id]')?.id"))
    assert {"modes", "copy-link", "canvas", "opening", "people", "add", "room", "history"} <= reached
