"""For all tests: one browser, and one Hypothesis profile: the same examples on every machine, however slow it is."""

import os
from collections.abc import Iterator
from shutil import which

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Error, sync_playwright

settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fixed")

# What Chromium would otherwise ask the network for is its own business and not the page's.
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
).split()
NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = os.environ.get("FSM_CHROMIUM") or next(filter(None, map(which, NAMES)), None)
    with sync_playwright() as engine:
        try:
            chromium = engine.chromium.launch(executable_path=found, args=QUIET)
        except Error as problem:
            # Without a browser nobody knows whether the page works: that is no reason to skip.
            pytest.fail(
                "this is tested in Chromium, and there is none: `apt-get install chromium`, "
                f"`playwright install chromium`, or name one in FSM_CHROMIUM ({str(problem).splitlines()[0]})",
                pytrace=False,
            )
        yield chromium
        chromium.close()
