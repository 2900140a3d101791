"""What all rooms of a policy share: its memory, its actions, and the weights of its facts.

A room adds up the weights of the facts of a question, which gives the number by
which the memory knows the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from fsm.errors import DefinitionError
from fsm.facts import Value
from fsm.machine import Memory, memory_of
from fsm.matrix.facts import DOMAIN, MatrixFacts
from fsm.matrix.levels import Levels, Power, reaches
from fsm.matrix.policies import MatrixPolicy

Standing: TypeAlias = tuple[int, Power]
"""A user's power as decisions need it: the weights of what they may do, and the level."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy, ready for its rooms."""

    memory: Memory[MatrixFacts]
    words: frozenset[str]
    may_invite: int
    may_kick: int
    may_ban: int
    outranks: int
    is_self: int
    join_rule: Mapping[Value, int]
    warrant: Mapping[Value, int]
    is_authorised: int

    def may(self, levels: Levels, power: Power, *, hopes: bool = False) -> int:
        """The weights of what a user of this power may do. With `hopes`, what is not known is in their favour."""
        return (
            self.may_invite * reaches(power, levels.invite, hopes=hopes)
            + self.may_kick * reaches(power, levels.kick, hopes=hopes)
            + self.may_ban * reaches(power, levels.ban, hopes=hopes)
        )


def rules_of(policy: MatrixPolicy) -> Rules:
    """The rules of a policy, made once. Raises `DefinitionError` for what rooms cannot be run by."""
    return MatrixPolicy.for_rooms(policy).derived(_rules)


def _rules(policy: MatrixPolicy) -> Rules:
    weights = policy.domain.weights
    for name, whole in DOMAIN.values.items():
        if name in {"join_rule", "warrant"} and len(weights[name]) < len(whole):
            raise DefinitionError(f"policy `{policy.id}`: rooms of `{policy.family}` need all values of `{name}`")
    return Rules(
        memory=memory_of(policy),
        words=frozenset(action.value for action in policy.triggers),
        may_invite=weights["may_invite"][True],
        may_kick=weights["may_kick"][True],
        may_ban=weights["may_ban"][True],
        outranks=weights["outranks_for_kick"][True] + weights["outranks_for_ban"][True],
        is_self=weights["is_self"][True],
        join_rule=weights["join_rule"],
        warrant=weights["warrant"],
        is_authorised=weights["is_authorised"][True],
    )


@lru_cache(maxsize=2**12)
def standing_of(policy: MatrixPolicy, power: Power, invite: Power, kick: Power, ban: Power) -> Standing:
    """The standing of this power where these levels are set; rooms with the same ones share it."""
    return rules_of(policy).may(Levels(invite=invite, kick=kick, ban=ban), power), power
