"""The browsers that pages are tested in.

A missing one fails the tests: without it nobody knows whether the pages work, which is no reason to skip.
"""

import os
from collections.abc import Callable, Iterator
from functools import cache, partial
from shutil import which
from typing import Any, Literal, cast

import pytest
from playwright.sync_api import Browser, BrowserContext, BrowserType, Error, Page, sync_playwright

# What Chromium would otherwise ask the network for is its own business and not the page's.
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()


def chromium() -> Iterator[Browser]:
    """Chromium, as it is installed or as `FSM_CHROMIUM` names it."""
    found = os.environ.get("FSM_CHROMIUM") or _found("chromium", "chromium-browser", "google-chrome")
    with sync_playwright() as engine:
        started = _launch(engine.chromium, "chromium", executable_path=found, args=QUIET)
        yield started
        started.close()


def firefox() -> Iterator[Browser]:
    """Firefox as systems ship it; the driver speaks WebDriver BiDi with it."""
    found = os.environ.get("FSM_FIREFOX") or _found("firefox-esr", "firefox")
    with sync_playwright() as engine:
        both = _Firefoxes(partial(_launch, engine.firefox, "firefox", channel="moz-firefox", executable_path=found))
        yield cast(Browser, both)
        both.close()


class _Firefoxes:
    """A Firefox for each colour scheme, for it is told by a preference, where Chromium is told for each context."""

    def __init__(self, launch: Callable[..., Browser]) -> None:
        self._launch = launch
        self._launched = cache(self._for_scheme)
        self._all: list[Browser] = []

    def _for_scheme(self, scheme: Literal["light", "dark"]) -> Browser:
        number = {"dark": 0, "light": 1}[scheme]
        preferences = {
            "layout.css.prefers-color-scheme.content-override": number,
            "ui.prefersReducedMotion": 1,
            "ui.useOverlayScrollbars": 1,
        }
        self._all.append(self._launch(firefox_user_prefs=preferences))
        return self._all[-1]

    def new_context(self, *, color_scheme: Literal["light", "dark"] = "light", **options: Any) -> BrowserContext:
        return self._launched(color_scheme).new_context(**options)

    def new_page(self, **options: Any) -> Page:
        return self.new_context(**options).new_page()

    def close(self) -> None:
        for each in self._all:
            each.close()


def _found(*names: str) -> str | None:
    return next(filter(None, map(which, names)), None)


def _launch(kind: BrowserType, name: str, **options: Any) -> Browser:
    try:
        return kind.launch(**options)
    except Error as problem:
        pytest.fail(
            f"this is tested in {name}, and it does not start: install it with the system's packages,"
            f" or name one in FSM_{name.upper()} ({str(problem).splitlines()[0]})",
            pytrace=False,
        )


BROWSERS: dict[str, Callable[[], Iterator[Browser]]] = {"chromium": chromium, "firefox": firefox}
