"""The files of vectors that are published: for each policy its cases, its paths, and its events."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from fsm import atomic
from fsm.family import AnyPolicy
from fsm.review.vectors.events import event_vectors
from fsm.review.vectors.suite import Vector, Walk, covering_vectors, paths, to_lines


def update_files(directory: Path, policies: Iterable[AnyPolicy], *, check: bool) -> list[str]:
    """Write the files of vectors of policies to a directory; with `check`, write nothing.

    Returns the names of those that were not up to date. Raises OSError and `PolicyError`.
    """
    if not check:
        directory.mkdir(parents=True, exist_ok=True)
    stale = []
    for policy in policies:
        name = policy.id
        for ending, items in _contents(policy):
            file = f"{name}.{ending}"
            place, text = directory / file, "".join(to_lines(items)).encode()
            if place.exists() and place.read_bytes() == text:
                continue
            stale.append(file)
            if not check:
                atomic.write(place, text)
    return stale


def _contents(policy: AnyPolicy) -> Iterator[tuple[str, Iterable[Vector | Walk]]]:
    """By ending: what a file holds. A policy without rules beside its table has no file of events."""
    yield "jsonl", covering_vectors(policy)[0]
    yield "paths.jsonl", paths(policy)
    events, _ = event_vectors(policy)
    if events:
        yield "events.jsonl", events
