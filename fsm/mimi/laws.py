"""The laws of MIMI rooms: what no sequence of events may lead to, whatever the policy.

They look at what roles allow (`Standings`), and say themselves what an event ought to
take: a second opinion on what `fsm.mimi.permits` and `fsm.mimi.roles` decide.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import permutations
from typing import Any

from fsm.mimi.permissions import BAN, INVITE, KICK, REDACT, SEND_MESSAGES, Flag, events, roles
from fsm.mimi.roles import Standing
from fsm.mimi.room import Room
from fsm.mimi.scenario import BOB, BY_BOB, EVENT_TYPES, JSON, MESSAGE, ROLES, USERS
from fsm.mimi.settings import CREATE, REDACTION, ROLE, ROLE_MAP
from fsm.participation import draft
from fsm.participation.terms import Action, Participation
from fsm.review.laws.kinds import Severity
from fsm.review.laws.room_laws import BEGINS, Attempt, RoomLaw, Step, room_law
from fsm.review.laws.source import ours, stated
from fsm.scenario import Settings


@dataclass(frozen=True)
class Standings:
    """What the laws look at in a room, beside where everybody stands and what it is set to."""

    permissions: Mapping[str, frozenset[str]]
    """By user, as words: what their roles allow; whether they are joined is not asked."""
    grants: Mapping[str, frozenset[str]]
    """By user: what any of their roles grants, also where a higher one takes it back."""
    ranks: Mapping[str, int]
    """By user: the highest order of their roles."""
    exposed: frozenset[Attempt]
    """Who can remove whom."""
    can_be_mended: bool
    """Whether roles are assigned, and somebody holds the permission to change one."""


def standings_of(room: Room, settings: Settings) -> Standings:
    """What the laws look at in a room of the scenario."""
    standing = {user: room.standing(user) for user in USERS}
    return Standings(
        permissions={user: _permissions(each) for user, each in standing.items()},
        grants={user: _grants(settings, user) for user in USERS},
        ranks={user: each.order for user, each in standing.items()},
        exposed=frozenset(
            (action, sender, target)
            for action in (Action.LEAVE, Action.BAN)
            for sender, target in permutations(USERS, 2)
            if room.decide_action(action, sender, target)
        ),
        can_be_mended=any(each.may(roles(role)) for each in standing.values() for role in ROLES)
        and not any(each.may(_UNKNOWN) for each in standing.values()),
    )


def _permissions(standing: Standing) -> frozenset[str]:
    granted = (name for name, flag in _FLAGS.items() if standing.may(flag))
    return frozenset((*granted, *(_name(flag) for flag in _SPEECH if not standing.is_denied(flag))))


def _grants(settings: Settings, user: str) -> frozenset[str]:
    held = [entry["role_id"] for entry in _entries(settings) if user in entry["user_ids"]]
    roles_held = [settings.get((ROLE, name), {"permissions": {}})["permissions"] for name in held]
    return frozenset(name for permissions in roles_held for name, granted in permissions.items() if granted)


_of_accepted = partial(room_law, is_of_refusals=False)


@_of_accepted("Who is not joined sends nothing", source=stated(draft.SENDER_IS_JOINED))
def only_the_joined_send(step: Step) -> bool:
    """Participation has conditions of its own."""
    return not step.decision or step.is_change or step.before.state(step.sender) is Participation.JOIN


@_of_accepted("Nobody does without permission what takes permission", source=stated(draft.SENDING_TAKES_PERMISSION))
def deeds_take_permission(step: Step) -> bool:
    """To change a setting takes the permission to send that event, and to change a role that to change the role."""
    return not step.decision or _needs(step) <= step.before.seen.permissions[step.sender]


@_of_accepted("Nobody gives, or gains, a permission that the giver does not hold", source=ours(draft.ROLES_NEED_WORDS))
def grants_are_held(step: Step) -> bool:
    """No sequence of events lets a member gain what nobody granted."""
    before, after = step.before.seen.permissions, step.after.seen.permissions
    return all(after[user] - had <= before[step.sender] for user, had in before.items())


@_of_accepted("Nobody changes a role as high as their own, or higher", source=ours(draft.ROLES_NEED_WORDS))
def higher_roles_are_out_of_reach(step: Step) -> bool:
    """To step out of a role is everybody's own, and no change of the role."""
    height = _height(step.event, step.before.settings) if step.decision else None
    return height is None or height < step.before.seen.ranks[step.sender]


@_of_accepted("Once roles are assigned, somebody can always change them", source=ours(draft.CREATOR_NEEDS_WORDS))
def nobody_is_locked_out(step: Step) -> bool:
    """A room in which nobody can is never mended."""
    return step.after.seen.can_be_mended or not step.before.seen.can_be_mended


def _newly_protected(step: Step) -> Attempt | None:
    """Who came out of whose reach though they were granted nothing, and the other stayed what they were."""
    before, after = step.before.seen, step.after.seen
    if step.is_change:
        return None
    for action, sender, target in sorted(before.exposed - after.exposed):
        is_same = (
            after.permissions[sender] >= before.permissions[sender] and after.ranks[sender] == before.ranks[sender]
        )
        if is_same and after.grants[target] <= before.grants[target]:
            return action, sender, target
    return None


@_of_accepted(
    'An explicit "no" in a role does not protect its holder',
    Severity.MEDIUM,
    source=ours(draft.POWER_LEVEL),
    shows=_newly_protected,
)
def no_protects_nobody(step: Step) -> bool:
    """Rank is for who was granted something."""
    return _newly_protected(step) is None


@room_law(
    "Who is joined can speak, and do what they hold the permission for",
    Severity.MEDIUM,
    source=stated(draft.JOINED),
)
def permission_suffices(step: Step) -> bool:
    """Spec: "Participation Definitions", *Joined*: capable of engaging with the room."""
    is_joined = step.before.state(step.sender) is Participation.JOIN
    return bool(step.decision) or not (
        _is_simple(step.event) and is_joined and _needs(step) <= step.before.seen.permissions[step.sender]
    )


@_of_accepted("Where users stand and what they may do are kept apart", source=stated(draft.KEPT_APART))
def participation_is_kept_apart(step: Step) -> bool:
    """Spec: "Introduction": a user's permissions do not change their participation."""
    if step.is_change:
        before, after = step.before.seen, step.after.seen
        return before.permissions == after.permissions and before.ranks == after.ranks  # type: ignore[no-any-return]
    return step.before.states == step.after.states


@_of_accepted("A room takes nothing that contradicts itself", Severity.MEDIUM, source=stated(draft.DISTINCT_ROLES))
def contradictions_are_rejected(step: Step) -> bool:
    """It is created once; in its role map, role ids and orders are distinct."""
    return not (step.decision and _contradicts(step.event, step.before.settings))


LAWS: tuple[RoomLaw, ...] = tuple(
    each for each in list(globals().values()) if isinstance(each, RoomLaw) and each is not BEGINS
)
"""Every law above, in that order."""

FRESH = RoomLaw(
    id=BEGINS.id,
    sentence="In a fresh room the creator can let others in, and deal roles",
    severity=Severity.HIGH,
    source=ours(draft.CREATOR_NEEDS_WORDS),
    test=lambda step: step.decision.allowed,
)
"""Held against the steps by which rooms begin, and no others."""


def _needs(step: Step) -> frozenset[str]:
    """The permissions that the event takes.

    Those for participation are not among them: they are facts, which every policy judges itself.
    """
    event, settings = step.event, step.before.settings
    if _is_participation(event) or event["type"] == CREATE:
        return frozenset()
    if event["type"] == REDACTION:
        is_own = event["sender"] == BOB and event["content"].get("redacts") == BY_BOB
        return frozenset() if is_own else frozenset({_name(REDACT)})
    if "state_key" not in event:
        return frozenset(map(_name, _SPEECH))
    touched = _touched(event, settings)
    return frozenset(map(_name, [events(event["type"]), *map(roles, touched)]))


def _height(event: Mapping[str, Any], settings: Settings) -> int | None:
    """The highest order, old or new, of the roles that an event changes; None for roles without order, too."""
    touched = set(_touched(event, settings))
    entries = [*_entries(settings), *(event["content"]["roles"] if event["type"] == ROLE_MAP else ())]
    return max((entry["order"] for entry in entries if entry["role_id"] in touched), default=None)


def _is_simple(event: Mapping[str, Any]) -> bool:
    """Whether permission is all that an event takes of who is joined: other rules concern roles only."""
    return not _is_participation(event) and event["type"] not in (CREATE, ROLE, ROLE_MAP)


def _contradicts(event: Mapping[str, Any], settings: Settings) -> bool:
    """Whether a room contradicts itself if it takes this event: created again, or roles that are one."""
    if event["type"] == ROLE_MAP:
        entries = event["content"]["roles"]
        return any(len({entry[key] for entry in entries}) < len(entries) for key in ("role_id", "order"))
    return event["type"] == CREATE and (CREATE, "") in settings


def _name(flag: Flag) -> str:
    """A permission as people read it: `kick`, `events m.room.role`."""
    return " ".join(part for part in flag if part)


_FLAGS: Mapping[str, Flag] = {
    _name(flag): flag
    for flag in (
        *(INVITE, KICK, BAN, REDACT),
        *map(events, EVENT_TYPES),
        *map(roles, (*ROLES, "guest")),
    )
}

_SPEECH = (SEND_MESSAGES, events(MESSAGE))
"""What it takes to speak, and everybody has who is not denied it."""

_UNKNOWN = roles("no such type")
"""Only a creator who still reigns may change a role that nobody has thought of."""


def _entries(settings: Settings) -> list[JSON]:
    """The entries of the role map in force."""
    entries: list[JSON] = settings.get((ROLE_MAP, ""), {"roles": []})["roles"]
    return entries


def _touched(event: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """The roles that an event changes, but for those that the sender only steps out of."""
    if event["type"] == ROLE and settings.get((ROLE, event["state_key"])) != event["content"]:
        yield event["state_key"]
    if event["type"] != ROLE_MAP:
        return
    old, new = (
        {entry["role_id"]: (entry["order"], set(entry["user_ids"])) for entry in entries}
        for entries in (_entries(settings), event["content"]["roles"])
    )
    for name in {**old, **new}:
        order, users = old.get(name, (None, set[str]()))
        left = (order, users - {event["sender"]})
        if new.get(name, (order, set())) not in ((order, users), left):
            yield name


def _is_participation(event: Mapping[str, Any]) -> bool:
    return "participation" in event["content"]
