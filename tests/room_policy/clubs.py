"""Sound role sets of any size, names and order, and each kind of hole to plant into them."""

from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from fsm.room_policy.policies import RolePolicy, policy_of_data
from tests.room_policy.lint_sets import added, bounded, holding, lacking, leading, named, role

JSON = dict[str, Any]
Plant = Callable[[dict[int, JSON]], None]

NAMES = (
    "reader", "writer", "helper", "keeper", "warden", "editor", "curator", "captain", "pilot", "chief", "owner", "queen",
)  # fmt: skip
OF_ALL = ("canAddOwnClient", "canRemoveOwnClient", "canSendMessage", "canRemoveSelf")
OF_RANKS = (
    "canUploadImage", "canStartTopic", "canChangeRoomName", "canDeleteOtherMessage", "canEditOtherTopic", "canStartCall",
    "canChangeRoomAvatar", "canChangeRoomMood", "canShareScreen", "canJoinCall", "canSendLink", "canSendAudio",
)  # fmt: skip
OF_ADMINS = ("canAddParticipant", "canRemoveParticipant", "canBan", "canUnBan", "canChangeUserRole")
OF_THE_TOP = (
    "canKick", "canChangeRoleDefinitions", "canChangePreauthorizedUserList", "canDestroyRoom",
    "canChangeRoomMembershipStyle",
)  # fmt: skip


def club(count: int, seed: int) -> tuple[dict[int, JSON], list[int]]:
    """So many roles beside 0 and 1, and their indexes from the lowest to the top: each may what those below it may.

    The uppermost third administers those below; the top also its equals, but nobody takes them off the list.
    """
    random = Random(seed)  # noqa: S311 - no secrets
    indexes = random.sample(range(2, 40), count)
    roles = {0: role(0, "nobody"), 1: role(1, "banned", maximum_active_participants_constraint=0)}
    for rank, (index, name) in enumerate(zip(indexes, random.sample(NAMES, count), strict=True)):
        below, is_top = indexes[:rank], rank == count - 1
        capabilities = [*OF_ALL, *OF_RANKS[:rank]]
        changes: dict[int, list[int]] = {index: [0]}
        if rank >= count - max(1, count // 3):
            capabilities += OF_ADMINS
            changes |= {0: [1, *below, index], 1: below}
            changes |= {each: [0, 1, *(other for other in below if other != each)] for each in below}
        if is_top:
            capabilities += OF_THE_TOP
            capabilities.remove("canRemoveSelf")
            changes |= {1: indexes, index: below} | {each: [*changes[each], index] for each in below}
        roles[index] = role(index, name, " ".join(capabilities), changes)
    shuffled = random.sample([*roles], len(roles))
    return {index: roles[index] for index in shuffled}, indexes


def policy_with(roles: Mapping[int, JSON], **more: Any) -> RolePolicy:
    """The policy of a role set, and of what else a file of it holds."""
    policy = policy_of_data({"roles": [*roles.values()], **more}, "club")
    assert policy is not None
    return policy


def nobody_adds(roles: dict[int, JSON]) -> None:
    for each in roles.values():
        each["role_capabilities"] = [name for name in each["role_capabilities"] if name != "canAddParticipant"]


def may_not_unban(index: int) -> Plant:
    def plant(roles: dict[int, JSON]) -> None:
        held = roles[index]["role_capabilities"]
        roles[index]["role_capabilities"] = [name for name in held if name != "canUnBan"]

    return plant


def with_number(index: int, number: int) -> Plant:
    return lambda roles: roles[index]["role_capabilities"].append(number)


NEW = 77
BY_CODE = (holding(0, "canUseJoinCode"),)


def holes(low: int, mid: int, top: int) -> list[tuple[str, str, tuple[Plant, ...]]]:
    """By the law that it breaks, and a word of what is found: what makes a hole."""
    # fmt: off
    return [
        ("the-last-holder-is-not-locked-in",   "kept by its minimum",  (bounded(mid, "minimum_participants", 1),)),
        ("the-last-holder-is-not-locked-in",   "kept by its minimum",  (bounded(low, "minimum_active_participants", 2),)),
        ("kicks-know-rank",                    "kicks",                (holding(low, "canKick"),)),
        ("powers-are-not-lost",                "when the last",        (holding(top, "canRemoveSelf"), leading(top, top, 0))),
        ("powers-are-not-lost",                "when the last",        (holding(mid, "canBan"), leading(mid, top, 1))),
        ("powers-are-not-lost",                "when the last",        (holding(mid, "canChangeUserRole"), leading(mid, top, low))),
        ("nobody-is-put-above",                "puts others into",     (holding(low, "canAddParticipant"), leading(low, 0, top))),
        ("nobody-is-put-above",                "puts others into",     (holding(low, "canChangeUserRole"), leading(low, low, top))),
        ("nobody-is-put-above",                "puts others into",     (holding(low, "canUnBan"), leading(low, 1, top))),
        ("nobody-is-put-above",                "second account",       (*BY_CODE, leading(0, 0, top))),
        ("nobody-is-put-above",                "second account",       (holding(0, "canOpenJoin"), leading(0, 0, top))),
        ("who-writes-the-rules-lacks-nothing", "and lacks",            (holding(low, "canChangePreauthorizedUserList"),)),
        ("who-writes-the-rules-lacks-nothing", "and lacks",            (holding(mid, "canChangeRoleDefinitions"),)),
        ("roles-are-reached-and-left",         "nobody can be seated", (added(role(NEW, "watcher")),)),
        ("roles-are-reached-and-left",         "nobody can ever come", (nobody_adds,)),
        ("the-banned-stay-out",                "leave the list",       (holding(1, "canRemoveSelf"), leading(1, 1, 0), *BY_CODE, leading(0, 0, low))),
        ("the-banned-stay-out",                "make themselves",      (holding(1, "canChangeOwnRole"),)),
        ("the-banned-stay-out",                "off the list",         (holding(low, "canRemoveParticipant"), leading(low, 1, 0), holding(0, "canOpenJoin"), leading(0, 0, low))),
        ("the-banned-stay-out",                "off the list",         (holding(mid, "canRemoveParticipant"), may_not_unban(mid), leading(mid, 1, 0), *BY_CODE, leading(0, 0, low))),
        ("demotion-and-removal-hold",          "they are back",        (holding(low, "canChangeOwnRole"),)),
        ("demotion-and-removal-hold",          "they are back",        (holding(low, "canJoinIfPreauthorized"),)),
        ("everybody-gets-a-client",            "without a client",     (lacking(low, "canAddOwnClient"),)),
        ("bans-take-their-capability",         "bans without",         (lacking(top, "canBan"),)),
        ("bans-take-their-capability",         "unbans without",       (lacking(top, "canUnBan"),)),
        ("first-rooms-can-meet-minima",        "comes to have",        (added(role(NEW, "watcher", minimum_participants_constraint=1)),)),
        ("first-rooms-can-meet-minima",        "at most in all",       (bounded(mid, "minimum_active_participants", 2), bounded(mid, "maximum_participants", 1))),
        ("bounds-are-sound",                   "below its minimum",    (bounded(mid, "minimum_participants", 3), bounded(mid, "maximum_participants", 2))),
        ("open-join-is-for-outsiders",         "canOpenJoin",          (holding(mid, "canOpenJoin"),)),
        ("role-one-is-for-the-banned",         "is named",             (named(1, "Banned"),)),
        ("role-one-is-for-the-banned",         "hold",                 (holding(1, "canSendMessage"),)),
        ("role-one-is-for-the-banned",         "may have clients",     (bounded(1, "maximum_active_participants", 5),)),
        ("equals-do-not-ban-each-other",       "can ban all others",   (leading(top, top, 1),)),
        ("nothing-is-dead",                    "not defined",          (leading(low, 2000, 3000),)),
        ("nothing-is-dead",                    "no registry",          (with_number(low, 60_000),)),
    ]
    # fmt: on


SOUND: tuple[Callable[[int, int, int], tuple[Plant, ...]], ...] = (
    lambda _, __, top: (holding(top, "canReactToMessage"),),
    lambda low, _, __: (*BY_CODE, leading(0, 0, low)),
    lambda low, _, __: (holding(0, "canOpenJoin"), leading(0, 0, low)),
    lambda low, _, __: (bounded(low, "maximum_participants", 500),),
    lambda _, __, top: (bounded(top, "minimum_participants", 1),),
    lambda _, __, top: (bounded(top, "maximum_participants", 5),),
)  # fmt: skip
"""What makes no hole of weight."""
