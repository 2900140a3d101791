"""Counting what rooms answer, for a host that exports such numbers: an observer, and no more."""

from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol

from fsm.change import Change, Kind
from fsm.observers import Observer


class Observed(Protocol):
    """What can be observed: a room of any family."""

    def observe(self, observer: Observer, *, of: Any) -> Callable[[], None]:
        """Have a function called with each change."""


class Counters:
    """The answers of the rooms that are watched, counted; they may be shared by threads.

        counters = Counters()
        counters.watch(room)
        counters.as_json()

    An event that comes again is not counted again, nor is a question (`decide`).
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._decisions: Counter[str] = Counter()
        self._changes: Counter[str] = Counter()
        self._refusals: Counter[str] = Counter()

    def watch(self, room: Observed) -> Callable[[], None]:
        """Count what a room answers from now on. Returns a function that ends it."""
        return room.observe(self, of=tuple(Kind))

    def __call__(self, change: Change) -> None:
        """Count a change."""
        with self._lock:
            self._decisions[change.code] += 1
            if change.allowed and change.target is not None:
                self._changes[change.transition or change.outcome.value] += 1
            self._refusals.update({guard for refusal in change.decision.refusals for guard in refusal.failed})

    def as_json(self) -> dict[str, dict[str, int]]:
        """The counts: of decisions by code, of changes by transition, and of refusals by each guard that failed."""
        with self._lock:
            counts = {"decisions": self._decisions, "changes": self._changes, "refusals": self._refusals}
            return {name: dict(sorted(counter.items())) for name, counter in counts.items()}
