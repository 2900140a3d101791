"""What all rooms of a policy share: its memory, its permits, and the weights of its facts.

A room adds up the weights of the facts of a question, which gives the number by
which the memory knows the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from fsm.facts import Facts, Value
from fsm.machine import Memory, memory_of
from fsm.mimi.permits import Kind, Permit
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import BAN, INVITE, KICK, NOBODY, Standing

Powers: TypeAlias = tuple[int, int, int]
"""A standing as decisions need it: the weights of what one may do, power to kick, power to ban."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One policy, ready for its rooms."""

    memory: Memory[Facts]
    participation_events: frozenset[str]
    permits: Mapping[Kind, tuple[Permit, ...]]
    weights: Mapping[str, Mapping[Value, int]]
    join_rule: Mapping[Value, int]
    is_self: int
    outranks_for_kick: int
    outranks_for_ban: int
    nobody: Powers

    def powers(self, standings: Mapping[str, Standing]) -> dict[str, Powers]:
        """Boil the standings of users down to what decisions need."""
        # Most users share their standing with many others.
        distinct = {id(standing): _powers(self.weights, standing) for standing in standings.values()}
        return {user: distinct[id(standing)] for user, standing in standings.items()}


@cache
def rules_of(policy: MimiPolicy) -> Rules:
    """The rules of a policy, made once."""
    weights = policy.domain.weights
    return Rules(
        memory=memory_of(policy),
        participation_events=policy.participation_events,
        permits={kind: tuple(row for row in policy.permits if row.kind is kind) for kind in Kind},
        weights=weights,
        join_rule=weights["join_rule"],
        is_self=weights["is_self"][True],
        outranks_for_kick=weights["outranks_for_kick"][True],
        outranks_for_ban=weights["outranks_for_ban"][True],
        nobody=_powers(weights, NOBODY),
    )


def _powers(weights: Mapping[str, Mapping[Value, int]], standing: Standing) -> Powers:
    may = {"may_invite": INVITE, "may_kick": KICK, "may_ban": BAN}
    code = sum(weights[fact][standing.may(flag)] for fact, flag in may.items())
    return code, standing.power(KICK), standing.power(BAN)
