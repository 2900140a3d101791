"""The conditions of the draft, one function each.

A guard is a pure function of the facts, named in the draft's words, that says
one thing. It never asks which policy it serves. A refusal is identified by the
name of the guard that did not hold, so there is no other list of codes.

Section numbers moved between the revisions: the number that holds stands in the
policy's row; the title, and how we read it, stand here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from fsm.facts import Facts, SenderFacts
from fsm.terms import JoinRule, Participation

F_contra = TypeVar("F_contra", contravariant=True)


@dataclass(frozen=True, slots=True)
class Guard(Generic[F_contra]):
    """One named condition, with words for both outcomes.

    `holds` and `fails` complete a sentence: "refused, since …".
    """

    test: Callable[[F_contra], bool]
    holds: str
    fails: str

    @property
    def name(self) -> str:
        """The name by which refusals, pictures and reports call this guard."""
        return self.test.__name__

    def __call__(self, facts: F_contra) -> bool:
        """Whether the condition holds for these facts."""
        return self.test(facts)

    def __repr__(self) -> str:
        return getattr(self.test, "__name__", repr(self.test))


def guard(holds: str, *, fails: str) -> Callable[[Callable[[F_contra], bool]], Guard[F_contra]]:
    """Make a guard out of a function, giving the words for both outcomes."""
    return lambda test: Guard(test, holds, fails)


@guard("the sender is the target", fails="the sender is not the target")
def sender_is_target(facts: Facts) -> bool:
    """Users act here for themselves only.

    Spec: "Join Conditions", "Knock Conditions", "Voluntary"
    """
    return facts.is_self


@guard("the sender is another user", fails="the sender is the target")
def sender_is_another(facts: Facts) -> bool:
    """A kick is an involuntary leave: sender and target are not the same user.

    Spec: "Participation Definitions". We read a ban the same way, since it
    implies a kick ("Ban Conditions").
    """
    return not facts.is_self


@guard("the sender is joined", fails="the sender is not joined")
def sender_is_joined(facts: SenderFacts) -> bool:
    """The sender is already in the joined state.

    Spec: "Invite Conditions", "Ban Conditions", "Kicks", "Event Sending Permissions"
    """
    return facts.sender is Participation.JOIN


@guard("the sender may invite", fails="the sender may not invite")
def sender_may_invite(facts: Facts) -> bool:
    """The sender has permission to invite users.

    Spec: "Invite Conditions"
    """
    return facts.may_invite


@guard("the sender may kick", fails="the sender may not kick")
def sender_may_kick(facts: Facts) -> bool:
    """The sender has permission to kick users.

    Spec: "Kicks"
    """
    return facts.may_kick


@guard("the sender may ban", fails="the sender may not ban")
def sender_may_ban(facts: Facts) -> bool:
    """The sender has permission to ban users, which is also that to unban them.

    Spec: "Ban Conditions", "Kicks"
    """
    return facts.may_ban


@guard(
    "the sender outranks the target for kicking",
    fails="the sender does not outrank the target for kicking",
)
def sender_outranks_for_kick(facts: Facts) -> bool:
    """The sender's effective power to kick is higher than, not equal to, the target's.

    Spec: "Kicks"
    """
    return facts.outranks_for_kick


@guard(
    "the sender outranks the target for banning",
    fails="the sender does not outrank the target for banning",
)
def sender_outranks_for_ban(facts: Facts) -> bool:
    """The sender's effective power to ban is higher than, not equal to, the target's.

    Spec: "Kicks", which asks it of an unban. We ask it of every ban, since a ban
    implies a kick ("Ban Conditions").
    """
    return facts.outranks_for_ban


@guard("the room is public", fails="the room is not public")
def room_is_public(facts: Facts) -> bool:
    """Anybody may join without an invite.

    Spec: "Join Conditions"
    """
    return facts.join_rule is JoinRule.PUBLIC


@guard("the room takes knocks", fails="the room takes no knocks")
def room_takes_knocks(facts: Facts) -> bool:
    """The join rule is `knock`.

    Spec: "Knock Conditions". Its "otherwise, reject" covers other join rules.
    """
    return facts.join_rule is JoinRule.KNOCK
