"""What a guard may know about a participation change, whatever the protocol."""

from dataclasses import dataclass

from fsm.facts import PAIR, ROOM, SENDER, TARGET, PairFacts, about
from fsm.participation.terms import JoinRule, Participation


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Facts(PairFacts[Participation]):
    """All that a guard may know about one participation change.

    The plain case: two joined users of whom the sender may nothing and outranks nobody,
    in a room that takes invited users only.
    """

    sender: Participation = about(SENDER, plain=Participation.JOIN)
    target: Participation = about(TARGET, plain=Participation.JOIN)
    join_rule: JoinRule = about(ROOM, plain=JoinRule.INVITE)
    may_invite: bool = about(SENDER, plain=False)
    may_kick: bool = about(SENDER, plain=False)
    may_ban: bool = about(SENDER, plain=False)
    outranks_for_kick: bool = about(PAIR, plain=False)
    outranks_for_ban: bool = about(PAIR, plain=False)
