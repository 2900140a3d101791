"""What a guard may know of a membership change in a Matrix room, beside the common facts.

Matrix has one power level for everything, so whoever outranks a user for kicking
outranks them for banning, and nobody outranks themselves.
"""

from dataclasses import dataclass
from enum import StrEnum

from fsm.domain import Domain
from fsm.facts import EVENT, about
from fsm.participation.facts import Facts
from fsm.participation.terms import Participation


class Warrant(StrEnum):
    """What an event is besides an ordinary one: a creator's first join, or a third-party invite.

    The last five are third-party invites with a fault, named for the first fault in
    the order in which the rules look.

    Spec: "Authorisation rules", `membership` is `join`, `membership` is `invite`
    """

    NONE = "none"
    FIRST_JOIN = "first_join"
    THIRD_PARTY = "third_party"
    THIRD_PARTY_UNREADABLE = "third_party_unreadable"
    THIRD_PARTY_FOR_ANOTHER = "third_party_for_another"
    THIRD_PARTY_UNKNOWN = "third_party_unknown"
    THIRD_PARTY_OF_ANOTHER = "third_party_of_another"
    THIRD_PARTY_UNSIGNED = "third_party_unsigned"

    @property
    def is_third_party(self) -> bool:
        """Whether the event is a third-party invite, good or faulty."""
        return self not in WARRANTS_OF_JOINS


WARRANTS_OF_JOINS = (Warrant.NONE, Warrant.FIRST_JOIN)
WARRANTS_OF_INVITES = (Warrant.NONE, *(warrant for warrant in Warrant if warrant.is_third_party))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class MatrixFacts(Facts):
    """The common facts, what the event is besides an ordinary one, and whether a member authorises a join.

    `is_authorised`: a join names a user as its authoriser who is joined and may invite.
    A join rule that is missing reads as `invite`, and one that the specification
    does not know as `private`, which lets nobody join.
    """

    warrant: Warrant = about(EVENT, plain=Warrant.NONE)
    is_authorised: bool = about(EVENT, plain=False)


def power_is_one(facts: Facts) -> bool:
    """There is one power level, not one for each permission."""
    return facts.outranks_for_kick is facts.outranks_for_ban


def nobody_outranks_themselves(facts: Facts) -> bool:
    """A power level is never above itself."""
    return not (facts.is_self and facts.outranks_for_kick)


def only_joins_are_authorised(facts: MatrixFacts) -> bool:
    """A third-party invite is no join."""
    return not (facts.is_authorised and facts.warrant.is_third_party)


def first_join_comes_first(facts: MatrixFacts) -> bool:
    """In order, nothing but the creation comes before a creator's first join, so that nobody stands anywhere yet.

    A later join that names the creation alone as what came before it counts as first, too: an event out of order.
    """
    return facts.warrant is not Warrant.FIRST_JOIN or facts.target is facts.sender is Participation.LEAVE


DOMAIN = Domain(MatrixFacts, possible=(power_is_one, nobody_outranks_themselves, only_joins_are_authorised))
"""The same for all room versions, so that what one of them does not know shows as refused."""
