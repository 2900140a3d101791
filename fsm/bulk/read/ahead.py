"""Reading ahead: while something is used, the next is made by another thread.

What reads columns, and finds the forms of changes in a log, is code of Arrow that other threads need not wait for.
"""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import pyarrow as pa

T = TypeVar("T")


@contextmanager
def ahead(items: Iterator[T]) -> Iterator[Iterator[T]]:
    """The same items. Where Arrow may use several processors, each is begun when the one before is told.

    The first is begun at once, so one more of them is in memory. What they raise is raised where they are asked for.
    """
    if pa.cpu_count() == 1:
        yield items
        return
    with ThreadPoolExecutor(max_workers=1) as other:
        yield _in_turn(other, other.submit(next, items, None), items)


def _in_turn(other: ThreadPoolExecutor, coming: Future[T | None], items: Iterator[T]) -> Iterator[T]:
    while (item := coming.result()) is not None:
        coming = other.submit(next, items, None)
        yield item
