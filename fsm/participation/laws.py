"""The laws of participation: what must hold in any policy of MIMI or Matrix, each in one plain sentence.

Together they leave no cell open: whichever verdict of `mimi` is turned around, one of
them is broken. A test turns every one. What they ask for is asked where nothing is the
case that only some policies know of: the join rule is one of the draft's.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from fsm.decision import Decision
from fsm.facts import Value, about_of
from fsm.participation import draft
from fsm.participation.facts import Facts
from fsm.participation.terms import JoinRule, Participation
from fsm.review.cases.cells import Cell, Cells
from fsm.review.laws.decorators import comparison, law, possibility, right
from fsm.review.laws.kinds import Law, Severity
from fsm.review.laws.source import ours, stated

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation


def _has_rule_of_the_draft(cells: Cells, cell: Cell) -> bool:
    """Whether the join rule is one of the draft's; that on knocks does not count where nobody can knock."""
    rules = (JoinRule.INVITE, JoinRule.PUBLIC, *((JoinRule.KNOCK,) if KNOCK in cells.reachable else ()))
    return getattr(cell.facts, "join_rule", JoinRule.INVITE) in rules


_right = partial(right, ordinary=_has_rule_of_the_draft)
_comparison = partial(comparison, ordinary=_has_rule_of_the_draft)

# What nobody can do.


@law("An action leads to the state of the same name", clause=stated(draft.STATES))
def action_names_state(action: str, _: Facts, decision: Decision) -> bool:
    """The draft uses one word for both."""
    return not decision or decision.after == action


@law("Who is banned is not invited, does not join and does not knock", clause=stated(draft.BANNED))
def ban_keeps_out(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Participation Definitions", *Banned*."""
    return not (decision and facts.target is BAN and action in (INVITE, JOIN, KNOCK))


@law("A ban ends only by an unban, by somebody else", clause=stated(draft.VOLUNTARY, draft.UNBAN))
def ban_ends_by_unban(action: str, facts: Facts, decision: Decision) -> bool:
    """An unban travels as a leave of another user."""
    if decision and facts.target is BAN and decision.after is not BAN:
        return action == LEAVE and not facts.is_self
    return True


@law("Nobody joins for another", clause=stated(draft.OWN_JOIN))
def join_is_own(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Join Conditions": target and sender must be the same."""
    return not (decision and action == JOIN and not facts.is_self)


@law("Nobody knocks for another", clause=stated(draft.OWN_KNOCK))
def knock_is_own(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Knock Conditions": target and sender must be the same."""
    return not (decision and action == KNOCK and not facts.is_self)


@law("Who is not joined cannot affect others", clause=stated(draft.INVITE_SENDER, draft.BAN_SENDER, draft.KICK_SENDER))
def others_are_for_the_joined(_: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Participation Definitions", *Joined*; the sender's part of all conditions."""
    return not (decision and not facts.is_self and facts.sender is not JOIN)


@law("Nobody bans themselves", Severity.MEDIUM, clause=ours(draft.BAN_IMPLIES_KICK))
def no_ban_of_oneself(action: str, facts: Facts, decision: Decision) -> bool:
    """A ban implies a kick, and a kick is of somebody else."""
    return not (decision and action == BAN and facts.is_self)


@law("Nobody invites themselves", clause=stated(draft.INVITE_TARGET, draft.INVITE_SENDER))
def no_invite_of_oneself(action: str, facts: Facts, decision: Decision) -> bool:
    """The sender is joined, the target is not."""
    return not (decision and action == INVITE and facts.is_self)


@law("Nobody invites without the permission to invite", clause=stated(draft.MAY_INVITE), reads=["may_invite"])
def invite_takes_permission(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Invite Conditions"."""
    return not (decision and action == INVITE and not facts.is_self and not facts.may_invite)


@law("Nobody removes others without the permission to kick", clause=stated(draft.MAY_KICK), reads=["may_kick"])
def kick_takes_permission(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Kicks"."""
    return not (decision and _is_kick(action, facts) and not facts.may_kick)


@law("Nobody bans without the permission to ban", clause=stated(draft.MAY_BAN), reads=["may_ban"])
def ban_takes_permission(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Ban Conditions"."""
    return not (decision and action == BAN and not facts.is_self and not facts.may_ban)


@law("Nobody unbans without the permission to ban", clause=stated(draft.UNBAN), reads=["may_ban"])
def unban_takes_permission(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Kicks": to ban means to unban as well."""
    return not (decision and _is_unban(action, facts) and not facts.may_ban)


@law("Nobody removes a peer or a superior", clause=stated(draft.KICK_RANK), reads=["outranks_for_kick"])
def kick_takes_rank(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Kicks": a higher, and not equal, effective power level."""
    return not (decision and _is_kick(action, facts) and not facts.outranks_for_kick)


@law("Nobody bans a peer or a superior", clause=ours(draft.BAN_IMPLIES_KICK), reads=["outranks_for_ban"])
def ban_takes_rank(action: str, facts: Facts, decision: Decision) -> bool:
    """A ban implies a kick, which takes rank."""
    return not (decision and action == BAN and not facts.is_self and not facts.outranks_for_ban)


@law("Nobody unbans a peer or a superior", clause=stated(draft.UNBAN_RANK), reads=["outranks_for_ban"])
def unban_takes_rank(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Kicks": this additionally extends to the effective power level check."""
    return not (decision and _is_unban(action, facts) and not facts.outranks_for_ban)


@law(
    "Who is joined is not invited, and does not knock",
    Severity.MEDIUM,
    clause=stated(draft.INVITE_TARGET, draft.KNOCK_RULE),
)
def joined_are_in(action: str, facts: Facts, decision: Decision) -> bool:
    """Either would take them out of the room."""
    return not (decision and facts.target is JOIN and action in (INVITE, KNOCK))


@law(
    "Who is invited need not knock: they have the choice to join",
    Severity.LOW,
    clause=ours(draft.KNOCK_RULE, draft.INVITED),
)
def invited_need_not_knock(action: str, facts: Facts, decision: Decision) -> bool:
    """A knock asks for what they have, and would lose it."""
    return not (decision and facts.target is INVITE and action == KNOCK)


@law("Who has left cannot leave, nor be kicked", Severity.LOW, clause=stated(draft.VOLUNTARY, draft.KICK_TARGET))
def left_is_left(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Voluntary", "Kicks": the target is somewhere to leave from."""
    return not (decision and facts.target is LEAVE and action == LEAVE)


_OPEN = (JoinRule.PUBLIC, JoinRule.RESTRICTED, JoinRule.KNOCK_RESTRICTED)
_KNOCKABLE = (JoinRule.KNOCK, JoinRule.KNOCK_RESTRICTED)


@law("A stranger joins only where the join rule lets them", clause=stated(draft.JOIN_RULE), reads=["join_rule"])
def join_keeps_join_rule(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Join Conditions". Who knocks is as much a stranger as who has left."""
    return not (decision and action == JOIN and facts.target in (LEAVE, KNOCK) and facts.join_rule not in _OPEN)


@law("One knocks only where the join rule takes knocks", clause=stated(draft.KNOCK_RULE), reads=["join_rule"])
def knock_keeps_join_rule(action: str, facts: Facts, decision: Decision) -> bool:
    """Spec: "Knock Conditions"."""
    return not (decision and action == KNOCK and facts.join_rule not in _KNOCKABLE)


# What everybody can do.


@_right("Who is invited, joined or knocking can leave", Severity.HIGH, clause=stated(draft.VOLUNTARY))
def everybody_may_leave(action: str, facts: Facts) -> bool:
    """Decline the invite, leave the room, or withdraw the knock."""
    return action == LEAVE and facts.is_self and facts.target in (INVITE, JOIN, KNOCK)


@_right("Who is invited can join", clause=stated(draft.INVITED))
def invited_may_join(action: str, facts: Facts) -> bool:
    """Spec: "Participation Definitions", *Invited*: the choice to accept the invite."""
    return action == JOIN and facts.is_self and facts.target is INVITE


@_right("Everybody who is not banned can join a public room", clause=stated(draft.PUBLIC_RULE), reads=["join_rule"])
def public_room_is_open(action: str, facts: Facts) -> bool:
    """Spec: "Join Conditions". Who is joined has no need to."""
    return action == JOIN and facts.is_self and facts.target not in (BAN, JOIN) and facts.join_rule is JoinRule.PUBLIC


@_right("Where the join rule takes knocks, strangers can knock", clause=stated(draft.KNOCK_RULE), reads=["join_rule"])
def knocks_are_taken(action: str, facts: Facts) -> bool:
    """Spec: "Knock Conditions". To knock again is to be heard again."""
    return action == KNOCK and facts.is_self and facts.target in (LEAVE, KNOCK) and facts.join_rule is JoinRule.KNOCK


# What has a say in what.


@_comparison(
    "More permission or rank never turns allowed into rejected",
    Severity.HIGH,
    clause=ours(draft.PERMISSIONS_DEFINE),
)
def more_is_never_less(_: str, facts: Facts) -> Iterator[Mapping[str, Value]]:
    """What is rejected must be rejected with less permission, too."""
    yield from ({name: False} for name, value in _privileges(facts).items() if value)


@_comparison(
    "The join rule has a say in joining and knocking only",
    clause=ours(draft.JOIN_RULES, draft.KNOCK_RULE),
    reads=["join_rule"],
)
def join_rule_is_for_strangers(action: str, facts: Facts) -> Iterator[Mapping[str, Value]]:
    """It has none either in what invited and joined users do."""
    if action not in (JOIN, KNOCK) or (action == JOIN and facts.target in (INVITE, JOIN)):
        yield from ({"join_rule": rule} for rule in (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.PUBLIC))


@_comparison("A permission has a say only in what it permits", clause=ours(draft.PERMISSION_TO_KICK))
def permission_is_for_its_action(action: str, facts: Facts) -> Iterator[Mapping[str, Value]]:
    """To kick takes the permission to kick and rank for kicking, and no other permission or rank."""
    concern = _concern(action, facts)
    if concern and not facts.is_self:
        for name, value in _privileges(facts).items():
            if name not in concern:
                yield {name: not value}


@_comparison("What one does to oneself takes no permission", clause=ours(draft.VOLUNTARY_LEAVES))
def oneself_takes_no_permission(action: str, facts: Facts) -> Iterator[Mapping[str, Value]]:
    """Joining, knocking and leaving are everybody's own."""
    if facts.is_self and action in (JOIN, KNOCK, LEAVE):
        yield from ({name: not value} for name, value in _privileges(facts).items())


# What somebody can do.


@possibility("Somebody who has left can be invited", clause=stated(draft.INVITE_TARGET))
def stranger_can_be_invited(action: str, facts: Facts) -> object:
    """Somebody has to be able to fill the room."""
    return action == INVITE and facts.target is LEAVE and not facts.is_self


@possibility("A knock can be welcomed", clause=stated(draft.KNOCKING))
def knock_can_be_welcomed(action: str, facts: Facts) -> object:
    """Spec: "Participation Definitions", *Knocking*: welcomed in (invited)."""
    return action == INVITE and facts.target is KNOCK and not facts.is_self


@possibility("A knock can be declined", clause=stated(draft.KNOCKING, draft.KICK_TARGET))
def knock_can_be_declined(action: str, facts: Facts) -> object:
    """Spec: "Participation Definitions", *Knocking*: declined (kicked)."""
    return action == LEAVE and facts.target is KNOCK and not facts.is_self


@possibility("An invite can be withdrawn", clause=ours(draft.KICK_TARGET))
def invite_can_be_withdrawn(action: str, facts: Facts) -> object:
    """Else it stays open until the invited user makes use of it."""
    return action == LEAVE and facts.target is INVITE and not facts.is_self


@possibility("A joined user can be kicked", clause=stated(draft.KICK))
def joined_can_be_kicked(action: str, facts: Facts) -> object:
    """Spec: "Kicks"."""
    return action == LEAVE and facts.target is JOIN and not facts.is_self


@possibility("A ban can be lifted", clause=stated(draft.UNBAN))
def ban_can_be_lifted(action: str, facts: Facts) -> object:
    """Spec: "Kicks": to ban means to unban as well."""
    return action == LEAVE and facts.target is BAN and not facts.is_self


@possibility("Everybody can be banned, wherever they stand", clause=stated(draft.BAN_CONDITIONS))
def everybody_can_be_banned(action: str, facts: Facts) -> object:
    """Whoever could not be banned while they stand elsewhere could wait there."""
    return facts.target if action == BAN and not facts.is_self and facts.target is not BAN else None


@possibility(
    "To ask for what is so already is no offence",
    Severity.LOW,
    clause=stated(draft.INVITE_TARGET, draft.JOIN_RULE, draft.KNOCK_RULE, draft.BAN_CONDITIONS),
)
def repeats_are_harmless(action: str, facts: Facts) -> object:
    """To invite the invited, ban the banned, join or knock again changes nothing."""
    is_own = action in (JOIN, KNOCK)
    return action if action == facts.target and action != LEAVE and facts.is_self is is_own else None


LAWS: tuple[Law, ...] = tuple(each for each in list(globals().values()) if isinstance(each, Law))
"""Every law above, in that order."""


def _privileges(facts: Any) -> dict[str, bool]:
    """What the sender may do, and whether they outrank the target."""
    declared = about_of(type(facts)).items()
    return {name: getattr(facts, name) for name, told in declared if told.strong is True and told.plain is False}


def _concern(action: str, facts: Facts) -> frozenset[str]:
    """The privileges that have a say in what is done to another."""
    if action == LEAVE:
        return _TO_BAN if facts.target is BAN else _TO_KICK
    return _TO_INVITE if action == INVITE else _TO_BAN if action == BAN else frozenset()


_TO_INVITE = frozenset({"may_invite"})
_TO_KICK = frozenset({"may_kick", "outranks_for_kick"})
_TO_BAN = frozenset({"may_ban", "outranks_for_ban"})


def _is_kick(action: str, facts: Facts) -> bool:
    """To kick, decline a knock, or withdraw an invite."""
    return action == LEAVE and not facts.is_self and facts.target is not BAN


def _is_unban(action: str, facts: Facts) -> bool:
    return action == LEAVE and not facts.is_self and facts.target is BAN
