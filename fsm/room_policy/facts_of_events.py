"""What the policy may know of an event: the facts, in which numbers are compared as they would be afterwards.

Spec: "Role Capabilities" (8), "Preauthorized Users" (4), "Base Room policy" (5)
"""

from typing import Any

from fsm.event import Event
from fsm.facts import EVENT, about_of
from fsm.room_policy.components import METADATA, Claim
from fsm.room_policy.contents import Contents, clients_after
from fsm.room_policy.events import Beside, Change, Update
from fsm.room_policy.facts import Move, RoleFacts
from fsm.room_policy.roles import BANNED, OUTSIDE, RoleList
from fsm.room_policy.rules import UpdateFacts
from fsm.state import State


def _acting(room: Contents, sender: str, claims: frozenset[Claim]) -> State:
    """The role in which a sender acts: that of the list, else the first that it is preauthorized for."""
    if sender in room.states:
        role: State = room.participation(sender)
        return role
    return room.state(room.set_to.preauthorizations.first_match(claims))


def facts_of_change(room: Contents, change: Change, sender: str, target: str) -> RoleFacts:
    """What the policy may know of a change. Numbers are those that there would be afterwards."""
    move, before = change.move, room.participation(target)
    is_self = sender == target
    is_looked_at = sender not in room.states or (move is Move.CHANGE_ROLE and is_self)
    claims = change.claims if is_looked_at else frozenset()
    wanted = before if move is Move.ADD_CLIENTS else room.state(change.role)
    entries, base = room.set_to.preauthorizations, room.set_to.base
    first = entries.first_match(claims, but=OUTSIDE if move is Move.CHANGE_ROLE else None)
    mine = room.clients(target)
    after, clients = clients_after(change, mine)
    adds = change.clients and move in (Move.ADD, Move.ADD_CLIENTS)
    return RoleFacts(
        sender=room.participation(sender),
        target=before,
        is_self=is_self,
        acting=_acting(room, sender, claims),
        wanted=wanted,
        preauthorized_for_role=change.role is not None and first == change.role,
        join_code_is_valid=move is Move.ADD and _is_code(room, change),
        clients=clients,
        membership_is_not_fixed=not base.fixed_membership,
        max_users_holds=_users_hold(room, change, before),
        max_clients_holds=not adds
        or base.max_clients is None
        or room.number_of_clients - len(mine) + after <= base.max_clients,
        one_client_holds=not adds or base.multi_device or after <= 1,
        **_bounds_hold(room, move, before, wanted, was_active=bool(mine), is_active=bool(after)),
    )


def _bounds_hold(  # noqa: PLR0913 - what a bound hangs on
    room: Contents, move: Move, before: Any, wanted: Any, *, was_active: bool, is_active: bool
) -> dict[str, bool]:
    """Whether the bounds of the role that is left, and of the one that is entered, hold afterwards."""
    roles, left, entered = room.policy.roles.by_index, before.word, wanted.word
    stays = before == wanted or move is Move.REMOVE_CLIENTS
    facts = {}
    if left != OUTSIDE and move in (Move.REMOVE, Move.CHANGE_ROLE, Move.REMOVE_CLIENTS):
        role = roles[left]
        facts["minimum_participants_holds"] = role.participants.reached(room.counts[left] - (not stays))
        active = room.active[left] - was_active + (stays and is_active)
        facts["minimum_active_participants_holds"] = role.active.reached(active)
    if entered != OUTSIDE and move in (Move.ADD, Move.CHANGE_ROLE):
        role = roles[entered]
        facts["maximum_participants_holds"] = role.participants.kept(room.counts.get(entered, 0) + (not stays))
    if entered != OUTSIDE and (move in (Move.ADD, Move.CHANGE_ROLE) or not was_active):
        active = room.active.get(entered, 0) - (stays and was_active) + is_active
        facts["maximum_active_participants_holds"] = roles[entered].active.kept(active)
    return {name: facts.get(name, True) for name in _BOUNDS}


def _users_hold(room: Contents, change: Change, before: State) -> bool:
    """Whether there are not too many users afterwards; asked where somebody comes in, or from role 1."""
    most = room.set_to.base.max_users
    comes = change.move is Move.ADD or (change.move is Move.CHANGE_ROLE and before.word == BANNED)
    users = len(room.states) - room.counts.get(BANNED, 0) + (change.role != BANNED)
    return most is None or not comes or users <= most


def _is_code(room: Contents, change: Change) -> bool:
    """Whether the event has a join link that is valid for the role that it asks for."""
    return (change.join_link, change.role) in room.set_to.codes


def facts_of_update(room: Contents, event: Event) -> UpdateFacts:
    """What the policy may know of an event that moves nobody."""
    said = event.said
    assert isinstance(said, Update)
    roles, set_to = room.policy.roles, room.set_to
    facts: dict[str, Any] = {}
    if event.type == "roles_list":
        assert isinstance(said.value, RoleList)
        facts = {
            "roles_are_valid": _are_valid(room, said.value),
            "participants_do_not_change": not said.beside,
        }
    elif event.type == "preauth_list":
        targets = {each.role for each in said.value}  # type: ignore[union-attr]
        facts = {
            "preauthorizations_are_valid": OUTSIDE not in targets and targets <= roles.by_index.keys(),
            "only_removals_beside": said.beside <= {Beside.REMOVE},
        }
    elif event.type == "base_room_policy":
        base: Any = said.value
        is_sound = bool(base.parent_room) == base.parent_dependent
        facts = {"base_policy_is_valid": is_sound and not (base.fixed_membership and roles.may_be_added_to)}
    elif event.type == "room_metadata":
        metadata: Any = said.value
        changes = {key: metadata.get(key) != set_to.metadata.get(key) for key in METADATA}
        facts = {f"{key}_changes": changes[key] for key, capability in METADATA.items() if capability}
        facts |= {"metadata_changes": any(changes.values()), "room_uri_stays": not changes["room_uri"]}
    is_listed = event.sender in room.states
    return UpdateFacts(
        sender=room.participation(event.sender),
        acting=_acting(room, event.sender, said.claims),
        sender_is_participant=is_listed,
        sender_is_active=is_listed and bool(room.group.get(event.sender)),
        **(_PLAIN_UPDATE | facts),
    )


def _are_valid(room: Contents, new: RoleList) -> bool:
    """Whether roles may take the place of the room's.

    Spec: "If the contents of the `update` field are valid" (3), which the text does not define
    """
    used = {index for index, count in room.counts.items() if count}
    return (
        new.twice is None
        and new.roles.are_valid
        and used <= new.roles.by_index.keys()
        and not (room.set_to.base.fixed_membership and new.roles.may_be_added_to)
    )


_PLAIN_UPDATE: dict[str, Any] = {
    name: told.plain for name, told in about_of(UpdateFacts).items() if told.subject is EVENT
}
"""What is the case of an event where it says nothing else."""

_BOUNDS = (
    "minimum_participants_holds",
    "minimum_active_participants_holds",
    "maximum_participants_holds",
    "maximum_active_participants_holds",
)
