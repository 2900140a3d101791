"""A guard: one condition of a specification, as a function of the facts.

It is pure, named in the words of its source, and says one thing. It never asks
which policy it serves. A refusal is identified by the name of the guard that did not
hold, so there is no other list of codes.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from typing import Any, Generic, NamedTuple, TypeVar

from fsm.facts import Subject
from fsm.quotes import Quote
from fsm.record import Record

F_contra = TypeVar("F_contra", contravariant=True)


class Norm(NamedTuple):
    """A condition as a specification writes it: what the `subject` MUST `do`."""

    subject: Subject
    do: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Guard(Record, Generic[F_contra]):
    """One named condition, with words for both outcomes.

    `holds` and `fails` complete a sentence: "refused, since …". Where there is no
    `norm`, a specification can only say that `holds` is required. `says` quotes the
    sentences that the guard implements: a guard that two families share is the same guard in the
    words of both. `tells_kind` marks a guard that says what kind of event this is, rather than
    whether it may be: a row for another kind is no reason for a refusal (see `fsm.kinds`).
    Whether senders act on themselves is a matter of kind as well, and needs no mark.
    """

    test: Callable[[F_contra], bool]
    holds: str
    fails: str
    norm: Norm | None = None
    tells_kind: bool = False
    says: tuple[Quote, ...] = field(default=(), compare=False)

    @property
    def name(self) -> str:
        """The name by which refusals, pictures and reports call this guard."""
        return self.test.__name__

    def __call__(self, facts: F_contra) -> bool:
        """Whether the condition holds for these facts."""
        return self.test(facts)

    def __hash__(self) -> int:
        return hash(self.test)

    def __repr__(self) -> str:
        return getattr(self.test, "__name__", repr(self.test))

    def __reduce__(self) -> tuple[Any, ...]:
        # The name of a decorated function is that of its guard: it is pickled by that name.
        test, module = self.test, sys.modules.get(getattr(self.test, "__module__", ""))
        if getattr(module, getattr(test, "__qualname__", ""), None) == self:
            return _named, (test.__module__, test.__qualname__, self.says)
        return type(self), tuple(getattr(self, item.name) for item in fields(self))


def guard(
    holds: str, *, fails: str, norm: Norm | None = None, tells_kind: bool = False, says: Iterable[Quote] = ()
) -> Callable[[Callable[[F_contra], bool]], Guard[F_contra]]:
    """Make a guard out of a function, giving the words for both outcomes, and the sentences that it implements."""
    return lambda test: Guard(test, holds, fails, norm, tells_kind, tuple(says))


def _named(module: str, name: str, says: tuple[Quote, ...]) -> Any:
    found = getattr(import_module(module), name)
    return found if found.says == says else replace(found, says=says)
