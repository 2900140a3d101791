"""How laws are written: decorators that make a law of a function (see `fsm.review.laws`)."""

from collections.abc import Callable, Iterable
from typing import Any

from fsm.review.laws.kinds import (
    Always,
    Claim,
    Comparison,
    Ordinary,
    Possibility,
    Purpose,
    Right,
    Severity,
    Test,
    Variations,
)
from fsm.review.laws.source import Source, source_of


def law(
    sentence: str,
    severity: Severity = Severity.HIGH,
    *,
    clause: str | Source,
    reads: Iterable[str] = (),
) -> Callable[[Test], Always]:
    """Make a law of a function that tells whether one decision keeps it."""
    return lambda test: Always(_id(test), sentence, severity, source_of(clause), tuple(reads), test)


def right(
    sentence: str,
    severity: Severity = Severity.MEDIUM,
    *,
    clause: str | Source,
    reads: Iterable[str] = (),
    ordinary: Ordinary | None = None,
) -> Callable[[Claim], Right]:
    """Make a law of a function that tells whether an action must be allowed."""
    return lambda test: Right(_id(test), sentence, severity, source_of(clause), tuple(reads), test, ordinary)


def comparison(
    sentence: str,
    severity: Severity = Severity.MEDIUM,
    *,
    clause: str | Source,
    reads: Iterable[str] = (),
    ordinary: Ordinary | None = None,
) -> Callable[[Variations], Comparison]:
    """Make a law of a function that gives the facts under which a decision must not be better."""
    return lambda test: Comparison(_id(test), sentence, severity, source_of(clause), tuple(reads), test, ordinary)


def possibility(
    sentence: str,
    severity: Severity = Severity.MEDIUM,
    *,
    clause: str | Source,
    reads: Iterable[str] = (),
) -> Callable[[Purpose], Possibility]:
    """Make a law of a function that names what a question is for."""
    return lambda test: Possibility(_id(test), sentence, severity, source_of(clause), tuple(reads), test)


def _id(test: Callable[..., Any]) -> str:
    return test.__name__.replace("_", "-")
