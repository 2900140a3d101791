"""Locks for rooms: a fixed table of them, since one for each room would take more memory than many rooms do.

A room is locked while it judges and applies an event, and while all of it is read. A
lock is never held while a host's code runs.
"""

import os
from _thread import RLock  # as `functools` does: the rest of `threading` takes long to load, and is not needed here
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

COUNT = 61  # a prime, so that addresses choose any of them
LOCKS = [RLock() for _ in range(COUNT)]


def lock_of(room: object) -> "AbstractContextManager[bool]":
    """The lock of a room, which it shares with others."""
    return LOCKS[id(room) % COUNT]


def let_go(lock: "RLock") -> None:
    """Release a lock after an interruption, which may have come while it was waited for."""
    with suppress(RuntimeError):  # it was not yet held
        lock.release()


def _renew() -> None:
    """Nobody holds the locks of a process that has just been forked, whatever its parent's threads did."""
    LOCKS[:] = [RLock() for _ in range(COUNT)]


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
