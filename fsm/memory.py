"""What a policy's machine has answered.

Facts are finite and guards are pure, so the machine (`fsm.machine`) needs to decide each
distinct question once: a `Memory` asks it and keeps the answer. It is a memory of the
machine, never a second set of rules.
"""

from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeAlias

from fsm.decision import Decision
from fsm.domain import Domain
from fsm.errors import DefinitionError, shorten
from fsm.facts import F
from fsm.table import Table

if TYPE_CHECKING:
    from fsm.machine import Machine

Key: TypeAlias = tuple[str, Any, Any, int]
"""Action, the target's state, the sender's state, and the sum of the other facts' weights."""


class Memory(dict[Key, Decision], Generic[F]):
    """The machine's decisions, each made when first asked for and then shared.

    Looking up an action that the policy does not know raises `KeyError`.
    """

    def __init__(self, policy: Table[F]) -> None:
        super().__init__()
        self._policy = policy
        # A policy may have no row at all for some of the words that it knows.
        self._actions = {action.value: action for action in policy.actions}
        self.action_of: dict[str, str] = {row.id: row.trigger for row in policy.transitions}
        self._domain: Domain[F] = policy.domain

    @cached_property
    def machine(self) -> "Machine[F]":
        """The machine: made when it is asked for the first time."""
        from fsm.machine import Machine  # noqa: PLC0415 - it brings `transitions` along

        return Machine(self._policy)

    def decide(self, action: str, facts: F) -> Decision:
        """The decision on an action under these facts.

        Raises `DefinitionError` for an action that the policy does not know, and for facts that it cannot meet.
        """
        policy = self._policy
        if action not in self._actions:
            raise DefinitionError(f"policy `{policy.id}` has no action `{shorten(str(action))}`")
        if not isinstance(facts, self._domain.record):
            raise DefinitionError(f"the facts of policy `{policy.id}` are `{self._domain.record.__name__}`")
        code = self._domain.pack(facts)
        if not self._domain.allows(facts):
            raise DefinitionError("these facts cannot come together")
        return self[action, facts.target, facts.sender, code]  # type: ignore[attr-defined]

    def __missing__(self, key: Key) -> Decision:
        word, target, sender, code = key
        action = self._actions[word]
        decision = self.machine.decide(action, self._domain.unpack(code, target=target, sender=sender))
        self[action, target, sender, code] = decision
        return decision


def memory_of(policy: Table[F]) -> Memory[F]:
    """The one memory, and so the one machine, that all rooms of a policy share."""
    return policy.derived(Memory)
