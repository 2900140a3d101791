"""Events that move nobody: a row for each type, judged by the role in which the sender acts.

Spec: "Adjust metadata" (8.2), "Message Capabilities" (8.3), "Disruptive Policy Changes" (8.6), and sections 3, 4 and 5
for when an update is valid
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fsm.facts import EVENT, SENDER, SenderFacts, about
from fsm.guards import Norm
from fsm.room_policy.components import METADATA
from fsm.room_policy.guards import RoleGuard, fact, holds, may_change
from fsm.room_policy.roles import Roles
from fsm.rule import Rule
from fsm.state import State


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class UpdateFacts(SenderFacts[State]):
    """All that a rule may know about an event that moves nobody."""

    acting: State = about(SENDER)
    sender_is_participant: bool = about(SENDER, plain=True)
    sender_is_active: bool = about(SENDER, plain=True)
    roles_are_valid: bool = about(EVENT, plain=True)
    participants_do_not_change: bool = about(EVENT, plain=True)
    preauthorizations_are_valid: bool = about(EVENT, plain=True)
    only_removals_beside: bool = about(EVENT, plain=True)
    base_policy_is_valid: bool = about(EVENT, plain=True)
    metadata_changes: bool = about(EVENT, plain=True)
    room_uri_stays: bool = about(EVENT, plain=True)
    room_name_changes: bool = about(EVENT, plain=False)
    room_descriptions_changes: bool = about(EVENT, plain=False)
    room_avatar_changes: bool = about(EVENT, plain=False)
    room_subject_changes: bool = about(EVENT, plain=False)
    room_mood_changes: bool = about(EVENT, plain=False)


# fmt: off
sender_is_participant = fact("sender_is_participant", "the sender is a participant", "the sender is no participant",
                             Norm(SENDER, "be in the participant list"))
sender_is_active = fact("sender_is_active", "the sender has a client in the group",
                        "the sender has no client in the group", Norm(SENDER, "have a client in the group"))
roles_are_valid = fact("roles_are_valid", "the roles are valid", "the roles are not valid",
                       Norm(EVENT, "define valid roles"))
participants_do_not_change = fact(
    "participants_do_not_change", "the commit changes no participants", "the commit changes participants as well",
    Norm(EVENT, "NOT appear in the same commit as any participant list change"))
preauthorizations_are_valid = fact(
    "preauthorizations_are_valid", "the preauthorizations are valid", "a preauthorization leads to no role",
    Norm(EVENT, "lead to roles that are defined"))
only_removals_beside = fact(
    "only_removals_beside", "the commit changes no participants but by removals",
    "the commit changes participants otherwise than by removals",
    Norm(EVENT, "NOT appear in the same commit as any participant list change, except for removals"))
base_policy_is_valid = fact("base_policy_is_valid", "the base policy is valid", "the base policy is not valid",
                            Norm(EVENT, "set the parent room if and only if the room depends on it"))
metadata_changes = fact("metadata_changes", "the metadata change", "the metadata stay as they are",
                        Norm(EVENT, "change something"))
room_uri_stays = fact("room_uri_stays", "the room's URI stays", "the room's URI would change",
                      Norm(EVENT, "NOT change the room's URI"))
# fmt: on


def rules_of(roles: Roles) -> Mapping[str, Rule[Any]]:
    """The rows of a room with these roles, by event type."""

    def has(capability: str) -> RoleGuard:
        return holds(roles, capability)

    fields = tuple(
        may_change(roles, capability, f"{key}_changes")
        for key, capability in METADATA.items()
        if capability is not None
    )
    # fmt: off
    return {
        "roles_list": Rule("update_roles", (has("canChangeRoleDefinitions"), roles_are_valid,
                                            participants_do_not_change), "3"),
        "preauth_list": Rule("update_preauth", (has("canChangePreauthorizedUserList"), preauthorizations_are_valid,
                                                only_removals_beside), "4"),
        "base_room_policy": Rule("update_base_policy", (has("canChangeRoomMembershipStyle"),
                                                        base_policy_is_valid), "5"),
        "room_metadata": Rule("update_metadata", (metadata_changes, *fields, room_uri_stays), "8.2"),
        "message": Rule("message", (sender_is_participant, sender_is_active, has("canSendMessage")), "8.3"),
        "destroy_room": Rule("destroy_room", (has("canDestroyRoom"),), "8.6"),
        "reinit": Rule("reinit", (has("canSendMLSReinitProposal"),), "8.6"),
    }
    # fmt: on


def tables_of(roles: Roles) -> Iterator[list[Any]]:
    """What of the role definitions makes a difference to these rows."""
    for rule in rules_of(roles).values():
        for guard in rule.guards:
            table = getattr(guard.test, "table", None)
            if table is not None:
                yield [rule.id, guard.name, table]
