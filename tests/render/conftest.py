"""The browser of the explorer's tests, for what else only a browser can tell."""

from tests.explorer.conftest import browser

__all__ = ["browser"]
