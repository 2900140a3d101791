"""The conditions that Matrix has beside those of `fsm.participation.guards`.

Rule numbers moved between the room versions: those that hold stand in the policy's
rows. What is quoted is the text of the "Authorisation rules".
"""

from dataclasses import replace

from fsm.facts import EVENT, ROOM
from fsm.guards import Norm, guard
from fsm.matrix.facts import MatrixFacts, Warrant
from fsm.matrix.text import rule
from fsm.participation import guards as shared
from fsm.participation.terms import JoinRule

# Sentences that more than one of them implements.
_FIRST_JOIN = rule(
    12,
    "If the only previous event is an `m.room.create` and the `state_key` is the sender of the `m.room.create`, allow.",
)
_PUBLIC = rule(12, "If the `join_rule` is `public`, allow.")
_INVITED = rule(12, "If the `join_rule` is `invite` or `knock` then allow if membership state is `invite` or `join`.")
_RESTRICTED = rule(9, "If the `join_rule` is `restricted`:")
_RESTRICTED_EITHER_WAY = rule(12, "If the `join_rule` is `restricted` or `knock_restricted`:")
_THIRD_PARTY = rule(12, "If `content` has a `third_party_invite` property:")
_BAN = rule(
    12,
    "If the `sender`'s power level is greater than or equal to the *ban level*, and the *target user*'s "
    "power level is less than the `sender`'s power level, allow.",
)
_KICK = rule(
    12,
    "If the `sender`'s power level is greater than or equal to the *kick level*, and the *target user*'s "
    "power level is less than the `sender`'s power level, allow.",
)


@guard(
    "the join is the creator's first",
    fails="the join is not the creator's first",
    norm=Norm(EVENT, "be the creator's first join"),
    tells_kind=True,
    says=[_FIRST_JOIN],
)
def join_is_first(facts: MatrixFacts) -> bool:
    """The only previous event is the room's creation, and the target is the creator.

    To the letter, nothing else is asked: not who sends it, nor the join rule.
    """
    return facts.warrant is Warrant.FIRST_JOIN


@guard(
    "the join is no creator's first",
    fails="the creator's first join is a matter of its own",
    norm=Norm(EVENT, "NOT be the creator's first join"),
    tells_kind=True,
    says=[_FIRST_JOIN],
)
def join_is_later(facts: MatrixFacts) -> bool:
    """Any other join: the first rule comes before the others."""
    return facts.warrant is not Warrant.FIRST_JOIN


@guard(
    "a member who may invite authorises the join",
    fails="no member who may invite authorises the join",
    norm=Norm(EVENT, "name a joined user with permission to invite users as the one who authorises the join"),
    says=[
        rule(
            12,
            "If the `join_authorised_via_users_server` key in `content` is not a user with sufficient permission to"
            " invite other users or is not a joined member of the room, reject.",
        ),
    ],
)
def join_is_authorised(facts: MatrixFacts) -> bool:
    """`join_authorised_via_users_server` names a joined user who has the power to invite.

    That the user's server has signed the event is checked where events are received.
    """
    return facts.is_authorised


@guard(
    "the join rule is `invite` or `public`",
    fails="the join rule is neither `invite` nor `public`",
    norm=Norm(ROOM, "have the join rule `invite` or `public`"),
    says=[
        rule(6, "If the `join_rule` is `invite` then allow if membership state is `invite` or `join`."),
        _PUBLIC,
    ],
)
def rule_is_invite_or_public(facts: MatrixFacts) -> bool:
    """The join rule is one by which invited users may join, as of version 1."""
    return facts.join_rule in (JoinRule.INVITE, JoinRule.PUBLIC)


@guard(
    "the join rule is `invite`, `knock` or `public`",
    fails="the join rule is not `invite`, `knock` or `public`",
    norm=Norm(ROOM, "have the join rule `invite`, `knock`, or `public`"),
    says=[
        _INVITED,
        _PUBLIC,
    ],
)
def rule_is_invite_knock_or_public(facts: MatrixFacts) -> bool:
    """The join rule is one by which invited users may join, as of version 7."""
    return facts.join_rule in (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.PUBLIC)


@guard(
    "the join rule is `invite`, `knock`, `restricted` or `public`",
    fails="the join rule is not `invite`, `knock`, `restricted` or `public`",
    norm=Norm(ROOM, "have the join rule `invite`, `knock`, `restricted`, or `public`"),
    says=[
        _INVITED,
        _RESTRICTED,
        _PUBLIC,
    ],
)
def rule_is_invite_knock_restricted_or_public(facts: MatrixFacts) -> bool:
    """The join rule is one by which invited users may join, as of version 8."""
    return facts.join_rule in (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.RESTRICTED, JoinRule.PUBLIC)


@guard(
    "the join rule lets invited users join",
    fails="the join rule lets nobody join",
    norm=Norm(ROOM, "have the join rule `invite`, `knock`, `restricted`, `knock_restricted`, or `public`"),
    says=[
        _INVITED,
        _RESTRICTED_EITHER_WAY,
        _PUBLIC,
    ],
)
def rule_is_not_private(facts: MatrixFacts) -> bool:
    """The join rule is any that the specification knows, as of version 10."""
    return facts.join_rule is not JoinRule.PRIVATE


@guard(
    "the join rule is `restricted`",
    fails="the join rule is not `restricted`",
    norm=Norm(ROOM, "have the join rule `restricted`"),
    says=[_RESTRICTED],
)
def rule_is_restricted(facts: MatrixFacts) -> bool:
    """A member may authorise the join, as of version 8."""
    return facts.join_rule is JoinRule.RESTRICTED


@guard(
    "the join rule is `restricted` or `knock_restricted`",
    fails="the join rule is neither `restricted` nor `knock_restricted`",
    norm=Norm(ROOM, "have the join rule `restricted` or `knock_restricted`"),
    says=[_RESTRICTED_EITHER_WAY],
)
def rule_is_restricted_or_knock_restricted(facts: MatrixFacts) -> bool:
    """A member may authorise the join, as of version 10."""
    return facts.join_rule in (JoinRule.RESTRICTED, JoinRule.KNOCK_RESTRICTED)


@guard(
    "the join rule is `knock` or `knock_restricted`",
    fails="the join rule is neither `knock` nor `knock_restricted`",
    norm=Norm(ROOM, "have the join rule `knock` or `knock_restricted`"),
    says=[rule(12, "If the `join_rule` is anything other than `knock` or `knock_restricted`, reject.")],
)
def rule_is_knock_or_knock_restricted(facts: MatrixFacts) -> bool:
    """The room takes knocks, as of version 10."""
    return facts.join_rule in (JoinRule.KNOCK, JoinRule.KNOCK_RESTRICTED)


@guard(
    "the invite is from user to user",
    fails="the invite is not from user to user",
    norm=Norm(EVENT, "NOT have a `third_party_invite` property"),
    tells_kind=True,
    says=[_THIRD_PARTY],
)
def invite_is_direct(facts: MatrixFacts) -> bool:
    """`content` has no `third_party_invite` property, whatever it holds."""
    return not facts.warrant.is_third_party


@guard(
    "the invite is a third-party one",
    fails="the invite is no third-party one",
    norm=Norm(EVENT, "have a `third_party_invite` property"),
    tells_kind=True,
    says=[_THIRD_PARTY],
)
def invite_is_third_party(facts: MatrixFacts) -> bool:
    """`content` has a `third_party_invite` property."""
    return facts.warrant.is_third_party


@guard(
    "the third-party invite can be read",
    fails="the third-party invite has no `mxid` and `token`",
    norm=Norm(EVENT, "have `mxid` and `token` properties in the `signed` property of its third-party invite"),
    says=[
        rule(12, "If `content.third_party_invite` does not have a `signed` property, reject."),
        rule(12, "If `signed` does not have `mxid` and `token` properties, reject."),
    ],
)
def token_is_readable(facts: MatrixFacts) -> bool:
    """`third_party_invite` has a `signed` property with `mxid` and `token`."""
    return facts.warrant is not Warrant.THIRD_PARTY_UNREADABLE


@guard(
    "the third-party invite is for the target",
    fails="the third-party invite is not for the target",
    norm=Norm(EVENT, "name the target as the `mxid` of its third-party invite"),
    says=[rule(12, "If `mxid` does not match `state_key`, reject.")],
)
def token_is_for_target(facts: MatrixFacts) -> bool:
    """`mxid` is the target."""
    return facts.warrant is not Warrant.THIRD_PARTY_FOR_ANOTHER


@guard(
    "the room knows the third-party invite",
    fails="the room knows no such third-party invite",
    norm=Norm(EVENT, "have the `token` of an `m.room.third_party_invite` in the current room state"),
    says=[
        rule(
            12,
            "If there is no `m.room.third_party_invite` event in the current room state with `state_key` matching "
            "`token`, reject.",
        ),
    ],
)
def token_is_known(facts: MatrixFacts) -> bool:
    """The room's state has an `m.room.third_party_invite` with this token."""
    return facts.warrant is not Warrant.THIRD_PARTY_UNKNOWN


@guard(
    "the third-party invite is the sender's own",
    fails="the third-party invite is another sender's",
    norm=Norm(EVENT, "have the sender of that `m.room.third_party_invite`"),
    says=[rule(12, "If `sender` does not match `sender` of the `m.room.third_party_invite`, reject.")],
)
def token_is_of_sender(facts: MatrixFacts) -> bool:
    """Whoever sent the `m.room.third_party_invite` sends the invite."""
    return facts.warrant is not Warrant.THIRD_PARTY_OF_ANOTHER


@guard(
    "the third-party invite is signed",
    fails="no signature of the third-party invite matches a key of the room's",
    norm=Norm(EVENT, "be signed with a public key of that `m.room.third_party_invite`"),
    says=[
        rule(
            12,
            "If any signature in `signed` matches any public key in the `m.room.third_party_invite` event, allow.",
        ),
    ],
)
def token_is_signed(facts: MatrixFacts) -> bool:
    """One of the signatures is by one of the keys in the `m.room.third_party_invite`."""
    return facts.warrant is not Warrant.THIRD_PARTY_UNSIGNED


# Those that Matrix shares, in its own words.

room_is_public = replace(shared.room_is_public, says=(_PUBLIC,))
room_takes_knocks = replace(
    shared.room_takes_knocks,
    says=(rule(9, "If the `join_rule` is anything other than `knock`, reject."),),
)
sender_is_joined = replace(
    shared.sender_is_joined,
    says=(rule(12, "If the `sender`'s current membership state is not `join`, reject."),),
)
sender_is_target = replace(
    shared.sender_is_target,
    says=(
        rule(12, "If the `sender` does not match `state_key`, reject."),
        rule(
            12,
            "If the `sender` matches `state_key`, allow if and only if that user's current membership state is "
            "`invite`, `join`, or `knock`.",
        ),
    ),
)
sender_may_ban = replace(
    shared.sender_may_ban,
    says=(
        _BAN,
        rule(
            12,
            "If the *target user*'s current membership state is `ban`, and the `sender`'s power level is less than "
            "the *ban level*, reject.",
        ),
    ),
)
sender_may_invite = replace(
    shared.sender_may_invite,
    says=(rule(12, "If the `sender`'s power level is greater than or equal to the *invite level*, allow."),),
)
sender_may_kick = replace(shared.sender_may_kick, says=(_KICK,))
sender_outranks_for_ban = replace(shared.sender_outranks_for_ban, says=(_BAN,))
sender_outranks_for_kick = replace(shared.sender_outranks_for_kick, says=(_KICK,))
