"""The explorer's pages, opened in the browser from disk.

Every page is watched: an error, a line on the console or a request for anything but the page fails the test.
"""

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from playwright.sync_api import Browser, Page, Request, ViewportSize

from fsm.family import AnyPolicy
from fsm.render.explorer import to_page

Open: TypeAlias = Callable[..., Page]

PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 800}


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("explorer")


@pytest.fixture
def visit(browser: Browser, folder: Path) -> Iterator[Open]:
    """Open a policy's page at an address; at the end it must have been quiet."""
    yield from _visits(browser, folder)


@pytest.fixture(scope="module")
def visit_often(browser: Browser, folder: Path) -> Iterator[Open]:
    """The same, for a page that many tests use."""
    yield from _visits(browser, folder)


def _visits(browser: Browser, folder: Path) -> Iterator[Open]:
    contexts = []
    complaints: list[str] = []

    def visit(policy: AnyPolicy, address: str = "", *, viewport: ViewportSize = DESK, dark: bool = False) -> Page:
        url = _written(policy, folder).as_uri()

        def note(request: Request) -> None:
            if request.url.partition("#")[0] != url:
                complaints.append(f"request: {request.url}")

        scheme: Literal["dark", "light"] = "dark" if dark else "light"
        context = browser.new_context(viewport=viewport, color_scheme=scheme, reduced_motion="reduce")
        context.set_default_timeout(8_000)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
        page.on("request", note)
        page.goto(f"{url}#{address}")
        return page

    yield visit
    for context in contexts:
        context.close()
    assert complaints == []


@cache
def _written(policy: AnyPolicy, folder: Path) -> Path:
    path = folder / f"{id(policy)}.html"
    path.write_text(to_page(policy), encoding="utf-8")
    return path


def go(page: Page, address: str) -> None:
    """Follow a link to another state of the page."""
    page.goto(f"{page.url.partition('#')[0]}#{address}")


def opened(page: Page, log: str) -> None:
    """Open a log by pasting it."""
    page.get_by_role("button", name="Open a log").click()
    # Typing millions of letters would test the browser.
    page.get_by_label("A log as JSON lines").evaluate("(area, log) => { area.value = log; }", log)
    page.get_by_role("button", name="Open", exact=True).click()
