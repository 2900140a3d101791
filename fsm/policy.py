"""A policy: a table, and what it answers.

The table is `fsm.table`; the machine that runs it, and the decisions with their reasons,
are derived from it.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from fsm.decision import Decision
from fsm.facts import F
from fsm.table import Table
from fsm.transition import Actor, Asked, Transition

if TYPE_CHECKING:
    from fsm.model import Model
    from fsm.residual import Residual

__all__ = ["Actor", "AnyPolicy", "Asked", "Policy", "Transition"]


class Policy(Table[F]):
    """A named table of transitions, valid by construction, that can be asked.

    For its fields see `fsm.table.Table`. Building one raises `DefinitionError` when the
    table contradicts itself.
    """

    def decide(self, action: str, facts: F | Mapping[str, object]) -> Decision:
        """The decision on an action under these facts: a record, or values by name, words also.

        What is not named is plain. Raises `DefinitionError` for an action, a fact or a value
        that the policy does not have.
        """
        from fsm.memory import memory_of  # noqa: PLC0415 - it brings `transitions` along

        if isinstance(facts, Mapping):
            given = {name: self.value_of(name, value) for name, value in facts.items()}
            facts = self.domain.record(**{**self.domain.plain, **given})
        return memory_of(self).decide(action, facts)

    def move(self, model: "Model", action: str, facts: Mapping[str, object]) -> Decision:
        """Let an action happen to a model, an object of the host's own that holds a user's state (see `fsm.model`).

        Where it is allowed, the model is in the state that follows. Raises `DefinitionError` as `decide` does, also
        for a state of the model; it is then as it was.
        """
        from fsm.model import move  # noqa: PLC0415 - not every process needs it

        return move(self, model, action, facts)

    def residual(self, action: str, **known: object) -> "Residual":
        """The condition on the other facts under which an action is allowed (see `fsm.residual`).

        Values may be given as words. Raises `DefinitionError` for an action, a fact or a
        value that the policy does not have.
        """
        from fsm.residual import residual_of  # noqa: PLC0415 - few need it

        return residual_of(self, action, known)


AnyPolicy: TypeAlias = Policy[Any]
"""A policy over any facts."""
