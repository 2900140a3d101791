"""For all tests: one browser, one Hypothesis profile, and no test that is skipped.

The profile has the same examples on every machine, however slow it is. Where a tool is missing, nobody knows whether
what it tests works: a test that asks to be skipped fails.
"""

import os
from collections.abc import Generator, Iterator
from typing import TypeVar

import pytest
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser

from tests.browsers import BROWSERS

settings.register_profile(
    "fixed",
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.load_profile("fixed")


T = TypeVar("T", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return unskipped((yield))


def unskipped(report: T) -> T:
    """The report, as that of a failure where the test would be skipped; expected failures are none of these."""
    if report.outcome == "skipped" and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        reason = report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr
        report.longrepr = f"no test here may be skipped, also where a tool is missing: {reason}"
    return report


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, or what `FSM_BROWSER` names."""
    yield from BROWSERS[os.environ.get("FSM_BROWSER", "chromium")]()
