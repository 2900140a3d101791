"""A transition: one row of a policy's table, with its guards and its destination."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from fsm.errors import DefinitionError
from fsm.facts import F
from fsm.guards import Guard
from fsm.rule import Rule
from fsm.state import AnyState


class Actor(StrEnum):
    """Who can make a transition happen."""

    TARGET = "the target itself"
    ANOTHER = "another user"
    ANYONE = "anyone"
    NOBODY = "nobody"


class Asked(NamedTuple):
    """The destination of a row that leads where the event asks: `fact` holds the state, one of `among` if that is told.

    Events that ask for another state are not what the row is for: it takes no part in their answers.
    """

    fact: str
    among: AbstractSet[Any] | None = None


@dataclass(frozen=True, slots=True, init=False, eq=False, repr=False)
class Transition(Rule[F]):
    """One row: `trigger` leads from any state of `source` to `dest` if all guards hold.

    `dest` is a state, or `Asked(fact)` where the event names the state. `id` is the
    verb that people use (kick, decline, unban); `clause` the number of the section
    that the row implements. Raises `DefinitionError` for what is no row.
    """

    trigger: StrEnum
    source: AbstractSet[Any]
    dest: AnyState | Asked
    clause: str  # a row that has moved to another section is another row

    def __init__(  # noqa: PLR0913, PLR0917 - in the order in which a row is read
        self,
        id: str,  # noqa: A002 - the name of the field
        trigger: StrEnum,
        source: AbstractSet[Any],
        dest: AnyState | Asked,
        guards: tuple[Guard[F], ...],
        clause: str = "",
    ) -> None:
        Rule.__init__(self, id, guards, clause)
        if isinstance(dest, Asked) and dest.among is not None:
            dest = Asked(dest.fact, frozenset(dest.among))
        for name, value in (("trigger", trigger), ("source", frozenset(source)), ("dest", dest)):
            object.__setattr__(self, name, value)
        if not self.source:
            raise DefinitionError(f"{self.place} needs at least one source state")
        if not isinstance(trigger, StrEnum):
            raise DefinitionError(f"{self.place}: {trigger!r} is not an action")

    @property
    def repeats(self) -> bool:
        """Whether the row leaves the state as it is, whatever the event asks."""
        return self.source == {self.dest}

    def leads_to(self, facts: F) -> AnyState:
        """Where the row leads under these facts."""
        dest: AnyState = getattr(facts, self.dest.fact) if isinstance(self.dest, Asked) else self.dest
        return dest

    def leads(self, facts: F) -> bool:
        """Whether the row leads where the event asks; the source state is not looked at."""
        dest = self.dest
        return not isinstance(dest, Asked) or dest.among is None or getattr(facts, dest.fact) in dest.among

    def permits(self, facts: F) -> bool:
        """Whether the row leads there and every guard holds; the source state is not looked at."""
        return self.leads(facts) and Rule.permits(self, facts)


ALWAYS = frozenset({"target", "sender", "is_self"})
"""The facts that every row looks at."""


ACTORS = {
    frozenset({True}): Actor.TARGET,
    frozenset({False}): Actor.ANOTHER,
    frozenset({True, False}): Actor.ANYONE,
    frozenset[bool](): Actor.NOBODY,
}
"""Who can act, by what `is_self` can be."""
