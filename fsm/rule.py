"""A rule: what it permits is allowed if all of its guards hold.

Rules only ever permit. Whatever no rule permits is refused, and the refusal names every
guard that failed. A row of a policy's table is a rule that moves the target (see
`fsm.transition.Transition`); what else a family judges, it judges by rules alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Generic

from fsm.errors import DefinitionError, shorten
from fsm.facts import F
from fsm.guards import Guard
from fsm.record import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Rule(Record, Generic[F]):
    """One rule: `id` is the word by which people know it, `clause` the section that it implements.

    Rules are equal whatever section they stand in. Raises `DefinitionError` for what is no rule.
    """

    id: str
    guards: tuple[Guard[F], ...]
    clause: str = field(compare=False)

    def __post_init__(self) -> None:
        """Refuse what is no rule, so that a slip shows where it was made."""
        if not self.id:
            raise DefinitionError(f"{self.place} needs an id")
        if not isinstance(self.guards, tuple):
            raise DefinitionError(f"{self.place}: its guards must be a tuple")
        for guard in self.guards:
            if not isinstance(guard, Guard) or not hasattr(guard.test, "__name__"):
                raise DefinitionError(f"{self.place}: {guard!r} is not a guard")

    @property
    def place(self) -> str:
        """The rule as messages name it."""
        return f"{type(self).__name__.lower()} `{shorten(self.id)}`"

    def permits(self, facts: F) -> bool:
        """Whether every guard holds."""
        return all(guard(facts) for guard in self.guards)

    def failing(self, facts: F) -> tuple[Guard[F], ...]:
        """The guards that do not hold."""
        return tuple(guard for guard in self.guards if not guard(facts))

    def clause_of(self, guards: Iterable[Guard[F]]) -> str:  # noqa: ARG002 - there are rules whose guards have sections
        """The section that asks for some of its guards."""
        return self.clause
