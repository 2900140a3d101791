"""Facts of a policy that no room of its family works out: who embeds the room provides them.

A provider is a function of sender and target that answers the facts by name, as values or
as words. It is asked before a room is locked.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from fsm.errors import DefinitionError, PolicyError, shorten
from fsm.facts import Value, about_of
from fsm.table import Table

Provider: TypeAlias = Callable[[str, str], Mapping[str, object]]
"""By sender and target: the facts that are the host's own, by name."""


def provided(policy: Table[Any], provider: Provider, sender: str, target: str) -> dict[str, Value]:
    """What a provider tells of a change.

    Raises `DefinitionError`, in one line, for a provider that fails, that leaves a fact out
    which nobody else supplies, or tells one that the room works out, and for what is no value.
    """
    place = f"policy `{shorten(policy.id)}`: the provider of facts"
    try:
        told = dict(provider(sender, target))
    except PolicyError:
        raise
    except Exception as problem:  # it is the host's: anything may be wrong in it
        summary = shorten(" ".join(f"{type(problem).__name__}: {problem}".split()), 200)
        raise DefinitionError(f"{place} fails: {summary}") from problem
    for name in policy.unsupplied:
        if name not in told:
            raise DefinitionError(f"{place} does not tell `{name}`")
    for name in about_of(policy.supplied or policy.domain.record):
        if name in told:
            raise DefinitionError(f"{place} tells `{name}`, which the room works out")
    return {name: policy.domain.parse(name, value) for name, value in told.items()}


def weight_of(policy: Table[Any], facts: Mapping[str, Value] | None) -> int:
    """What facts add to the code of a question (see `fsm.domain.Domain.weights`)."""
    return sum(policy.domain.weights[name][value] for name, value in facts.items()) if facts else 0
