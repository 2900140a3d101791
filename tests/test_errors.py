"""Errors travel: between processes, and through copies, with all that they say."""

import copy
import pickle
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest

import fsm
from fsm import DecodeError, EventError, ObserverError, PolicyError, ReplayError, RevisionError, Room
from fsm.mimi.envelope import EnvelopeError
from tests.builders import BOB, change

ARGUMENTS: dict[type[PolicyError], tuple[Any, ...]] = {
    EventError: ("content.reason", "is missing"),
    DecodeError: (3, "roles[2].order", "is cut off"),
    ReplayError: (7, "not JSON"),
    RevisionError: (3, 4),
    # Of one kind only: in what order a set of more is written depends on how it was made.
    ObserverError: (Room().prepare(change("join", BOB)), (ValueError("no tea"),)),
    EnvelopeError: ([EventError("roles", "is missing"), EventError("policy", "is missing")],),
}
"""What the errors take that take more than a message; their subclasses take the same."""


def kinds(parent: type[PolicyError] = PolicyError) -> Iterator[type[PolicyError]]:
    yield parent
    for child in parent.__subclasses__():
        yield from kinds(child)


for module in pkgutil.walk_packages(fsm.__path__, "fsm."):
    if module.name != "fsm.__main__":
        import_module(module.name)

KINDS = sorted({kind for kind in kinds() if kind.__module__.startswith("fsm.")}, key=lambda kind: kind.__name__)


def an_error(kind: type[PolicyError]) -> PolicyError:
    arguments = next((ARGUMENTS[parent] for parent in kind.__mro__ if parent in ARGUMENTS), ("a kettle is no policy",))
    error = kind(*arguments)
    error.add_note("as of today")
    return error


def pickled(error: PolicyError) -> Any:
    return pickle.loads(pickle.dumps(error))  # noqa: S301 - pickled on this very line


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("through", [pickled, copy.copy, copy.deepcopy])
def test_an_error_stays_what_it_is(kind: type[PolicyError], through: Any) -> None:
    error = an_error(kind)
    twin = through(error)
    assert twin is not error
    assert type(twin) is kind
    assert (str(twin), twin.args, repr(vars(twin))) == (str(error), error.args, repr(vars(error)))
