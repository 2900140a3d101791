"""What all rooms of a policy share: its memory, its permits, and the weights of its facts.

A room adds up the weights of the facts of a question, which gives the number by
which the memory knows the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from fsm.errors import DefinitionError
from fsm.facts import Value
from fsm.machine import Memory, memory_of
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import ACTS, NOBODY, Roles, Standing
from fsm.mimi.settings import Settings
from fsm.participation.facts import Facts
from fsm.rule import Rule
from fsm.terms import Action

Powers: TypeAlias = tuple[int, int, int]
"""A standing as decisions need it: the weights of what one may do, power to kick, power to ban."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy, ready for its rooms."""

    policy: MimiPolicy
    new: Settings
    """What rooms are set to that nobody has created yet."""
    memory: Memory[Facts]
    participation_events: frozenset[str]
    words: frozenset[str]
    """The actions, as events have them."""
    permits: Mapping[Kind, tuple[Rule[EventFacts], ...]]
    may: tuple[int, ...]
    """By the acts that a standing grants: their weight."""
    join_rule: Mapping[Value, int]
    is_self: int
    outranks_for_kick: int
    outranks_for_ban: int

    @property
    def nobody(self) -> Powers:
        """The powers of everybody who has no standing of their own."""
        return self.powers(NOBODY)

    def powers(self, standing: Standing) -> Powers:
        """Boil a standing down to what decisions need."""
        return self.may[standing.acts], standing.kick, standing.ban


def rules_of(policy: MimiPolicy) -> Rules:
    """The rules of a policy, made once. Raises `DefinitionError` for what rooms cannot be run by."""
    return MimiPolicy.for_rooms(policy).derived(_rules)


def _rules(policy: MimiPolicy) -> Rules:
    weights = policy.domain.weights
    new = Settings(Roles(policy.power))
    if new.join_rule not in weights["join_rule"]:
        raise DefinitionError(f"policy `{policy.id}`: rooms begin with the join rule `{new.join_rule}`, which it lacks")
    return Rules(
        policy=policy,
        new=new,
        memory=memory_of(policy),
        participation_events=policy.participation_events,
        words=frozenset(action.value for action in Action),
        permits={kind: policy.permits.get(kind, ()) for kind in Kind},
        may=tuple(
            sum(weights[f"may_{name}"][bool(acts >> bit & 1)] for bit, (name, _) in enumerate(ACTS))
            for acts in range(2 ** len(ACTS))
        ),
        join_rule=weights["join_rule"],
        is_self=weights["is_self"][True],
        outranks_for_kick=weights["outranks_for_kick"][True],
        outranks_for_ban=weights["outranks_for_ban"][True],
    )
