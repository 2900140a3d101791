"""The conditions that MIMI and Matrix share, one function each.

Section numbers moved between the revisions: the number that holds stands in the
policy's row; the title, and how we read it, stand here.
"""

from fsm.facts import PAIR, ROOM, SENDER, SenderFacts
from fsm.guards import Norm, guard
from fsm.participation import draft
from fsm.participation.facts import Facts
from fsm.participation.terms import JoinRule, Participation


@guard(
    "the sender is the target",
    fails="the sender is not the target",
    norm=Norm(PAIR, "be the same"),
    says=[draft.OWN_JOIN, draft.OWN_KNOCK, draft.VOLUNTARY_LEAVE],
)
def sender_is_target(facts: Facts) -> bool:
    """Users act here for themselves only."""
    return facts.is_self


@guard(
    "the sender is another user",
    fails="the sender is the target",
    norm=Norm(PAIR, "NOT be the same"),
    says=[draft.KICKED, draft.BAN_IMPLIES_KICK],
)
def sender_is_another(facts: Facts) -> bool:
    """A kick is an involuntary leave: sender and target are not the same user.

    Spec: "Participation Definitions". We read a ban the same way, since it
    implies a kick ("Ban Conditions").
    """
    return not facts.is_self


@guard(
    "the sender is joined",
    fails="the sender is not joined",
    norm=Norm(SENDER, "already be in the joined state"),
    says=[draft.INVITE_SENDER, draft.BAN_SENDER, draft.KICK_SENDER, draft.SENDER_IS_JOINED],
)
def sender_is_joined(facts: SenderFacts[Participation]) -> bool:
    """The sender is already in the joined state."""
    return facts.sender is Participation.JOIN


@guard(
    "the sender may invite",
    fails="the sender may not invite",
    norm=Norm(SENDER, "have permission to invite users"),
    says=[draft.MAY_INVITE],
)
def sender_may_invite(facts: Facts) -> bool:
    """The sender has permission to invite users."""
    return facts.may_invite


@guard(
    "the sender may kick",
    fails="the sender may not kick",
    norm=Norm(SENDER, "have permission to kick users"),
    says=[draft.MAY_KICK],
)
def sender_may_kick(facts: Facts) -> bool:
    """The sender has permission to kick users."""
    return facts.may_kick


@guard(
    "the sender may ban",
    fails="the sender may not ban",
    norm=Norm(SENDER, "have permission to ban users"),
    says=[draft.MAY_BAN, draft.UNBAN],
)
def sender_may_ban(facts: Facts) -> bool:
    """The sender has permission to ban users, which is also that to unban them."""
    return facts.may_ban


@guard(
    "the sender outranks the target for kicking",
    fails="the sender does not outrank the target for kicking",
    norm=Norm(
        SENDER,
        "have a higher (and NOT equal to) effective power level with respect to the kick permission "
        "than the target user",
    ),
    says=[draft.KICK_RANK],
)
def sender_outranks_for_kick(facts: Facts) -> bool:
    """The sender's effective power to kick is higher than, not equal to, the target's."""
    return facts.outranks_for_kick


@guard(
    "the sender outranks the target for banning",
    fails="the sender does not outrank the target for banning",
    norm=Norm(
        SENDER,
        "have a higher (and NOT equal to) effective power level with respect to the ban permission "
        "than the target user",
    ),
    says=[draft.UNBAN_RANK, draft.BAN_IMPLIES_KICK],
)
def sender_outranks_for_ban(facts: Facts) -> bool:
    """The sender's effective power to ban is higher than, not equal to, the target's.

    Spec: "Kicks", which asks it of an unban. We ask it of every ban, since a ban
    implies a kick ("Ban Conditions").
    """
    return facts.outranks_for_ban


@guard(
    "the room is public",
    fails="the room is not public",
    norm=Norm(ROOM, "have the join rule `public`"),
    says=[draft.JOIN_RULE, draft.PUBLIC_RULE],
)
def room_is_public(facts: Facts) -> bool:
    """Anybody may join without an invite."""
    return facts.join_rule is JoinRule.PUBLIC


@guard(
    "the room takes knocks",
    fails="the room takes no knocks",
    norm=Norm(ROOM, "have the join rule `knock`"),
    says=[draft.KNOCK_RULE],
)
def room_takes_knocks(facts: Facts) -> bool:
    """The join rule is `knock`.

    Spec: "Knock Conditions". Its "otherwise, reject" covers other join rules.
    """
    return facts.join_rule is JoinRule.KNOCK
