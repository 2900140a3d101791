"""Participation that is kept by a host itself: an attribute of its own object, or a column of its table.

The object is a *model*: it has one user's state in one room under `state`, as its word,
and nothing else is asked of it. The host works out the facts, and the policy decides.
"""

from collections.abc import Mapping
from typing import Any, Protocol

from fsm.decision import Decision
from fsm.domain import Domain
from fsm.errors import DefinitionError, shorten


class Model(Protocol):
    """What holds a user's state: its word can be read, and set."""

    state: Any


class Deciding(Protocol):
    """What decides: a policy."""

    @property
    def domain(self) -> Domain[Any]:
        """Its facts."""

    def decide(self, action: str, facts: Any) -> Decision:
        """The decision on an action."""


def move(policy: Deciding, model: Model, action: str, facts: Mapping[str, object]) -> Decision:
    """Let an action happen to a model, if the policy allows it: the model is then in the state that follows.

    `facts` are those but the model's own state, by name, as values or as words; what is
    not named is plain. Who acts on themselves (`is_self`) stands where the model does.
    Raises `DefinitionError` for an action, a fact or a value that the policy does not have, also for a
    state of the model. The model is then as it was.
    """
    if not hasattr(model, "state"):
        raise DefinitionError(f"a model has its state under `state`, and {shorten(repr(model))} has none")
    if not isinstance(facts, Mapping):
        raise DefinitionError(f"facts are told by their names, not by {shorten(repr(facts))}")
    given: dict[str, object] = {**facts, "target": model.state}
    if "sender" not in given and policy.domain.parse("is_self", given.get("is_self", False)) is True:
        given["sender"] = model.state
    decision = policy.decide(action, given)
    if decision.allowed and decision.after is not None and decision.after != decision.before:
        model.state = decision.after.value
    return decision
