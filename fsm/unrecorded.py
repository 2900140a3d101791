"""Questions that a tool asks on its own account: they say nothing about what somebody's tests have seen.

A search for a room, a proof or a picture puts thousands of questions to rooms and machines. While
one is at work, the coverage of policies (`fsm.review.coverage.seen`) does not count in this thread.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_BY_A_TOOL = ContextVar("asked by a tool", default=False)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Ask on a tool's own account, in a `with` statement or as a decorator of a function.

    Not for generators: what is asked between two of their values would not be counted either.
    """
    before = _BY_A_TOOL.set(True)
    try:
        yield
    finally:
        _BY_A_TOOL.reset(before)


def is_unrecorded() -> bool:
    """Whether the question in hand is a tool's own."""
    return _BY_A_TOOL.get()
