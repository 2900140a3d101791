"""What the room policy draft says of each condition, in its own words, by the guard's name.

Source: draft-ietf-mimi-room-policy-03, https://datatracker.ietf.org/doc/draft-ietf-mimi-room-policy/03/
"""

from collections.abc import Mapping

from fsm.quotes import Document, Quote

DRAFT = Document(
    "MIMI room policy draft -03", "https://www.ietf.org/archive/id/draft-ietf-mimi-room-policy-03.html#name-{section}"
)


def _said(section: str, *sentences: str) -> tuple[Quote, ...]:
    return tuple(Quote(DRAFT, section, sentence) for sentence in sentences)


_METADATA = _said(
    "Adjust metadata", "The holder of each of the following capabilities is authorized to update the Room metadata"
)
_MAXIMUM = _said(
    "Adding",
    "The action MUST respect both the `maximum_participants_constraint` (if present) and "
    "`maximum_active_participants_constraint` (if present) for the added user's target role.",
)

SAYS: Mapping[str, tuple[Quote, ...]] = {
    "canAddParticipant": _said(
        "Adding",
        "the holder of this capability can add another user, that is not already in the participant list, to the "
        "participant list.",
    ),
    "canAddOwnClient": _said(
        "Adding",
        "a holder of this capability that is in the participant list, can add its own client (via an external "
        "commit or external proposal);",
    ),
    "canOpenJoin": _said(
        "Adding",
        "when this capability appears on role zero, any user who is not already in the participant list can add "
        "itself externally, with certain conditions.",
    ),
    "canJoinIfPreauthorized": _said(
        "Adding",
        "when this capability appears on a non-zero role, a client that is not already in the participant list can "
        "externally join as that target role if authorized for that role as the first matching role in the "
        "Preauthorized users mechanism.",
    ),
    "canUseJoinCode": _said(
        "Adding",
        "the holder of this capability can externally join a room using a join code for that room,",
    ),
    "canRemoveParticipant": _said(
        "Removing",
        "the holder of this capability can propose a) the removal of another user (excluding itself) from the "
        "participant list, and b) removal of all of that user's clients, as a single action.",
    ),
    "canRemoveOwnClient": _said(
        "Removing",
        "the holder of this capability can propose to remove its own client using an MLS Remove or SelfRemove "
        "proposal without changing the Participant list.",
    ),
    "canRemoveSelf": _said(
        "Removing",
        "the holder of this capability can propose to remove itself from (i.e. leave) the participant list;",
    ),
    "canKick": _said(
        "Removing",
        "the holder of this capability can propose removal of another participant's clients, without changing the "
        "Participant List.",
    ),
    "canChangeUserRole": _said(
        "Role Changes",
        "the holder of this capability is authorized to change the role of another participant (but not itself), "
        "according to the holder's `authorized_role_changes` list,",
    ),
    "canChangeOwnRole": _said(
        "Role Changes",
        "the holder of this capability is authorized to change its own role to the first non-zero role it matches "
        "in the Preauthorized users component.",
    ),
    "canBan": _said("Role Changes", 'the holder of this capability can propose to "ban" another user.'),
    "canUnBan": _said("Role Changes", 'the holder of this capability can propose to "unban" another user.'),
    "banned_role_exists": _said(
        "Role Changes",
        'The "banned" role always has `role_index` = 1 and `role_name` = "banned" (without quotes).',
    ),
    "role_change_is_authorized": _said(
        "Role-Based Access Control",
        "The `authorized_role_changes` field is used to provide fine-grained control about which transitions are "
        "allowed when adding and removing participants and when moving participants to new roles, including "
        "banning/unbanning, and promoting/demoting to or from roles with moderator or administrator privileges.",
    ),
    "clients_are_removed": _said(
        "Role Changes",
        'Specifically, a successful ban changes the target user\'s role to a special "banned" role (if it exists), '
        "and removes all the banned user's clients.",
    ),
    "clients_may_be_removed": _said(
        "Role-Based Access Control",
        "If the maximum number of active participants is zero, then no participants are allowed to have clients in "
        "the room's MLS group.",
    )
    + _said(
        "Removing",
        "the holder of this capability can propose removal of another participant's clients, without changing the "
        "Participant List.",
    ),
    "clients_are_in_group": _said(
        "Removing",
        "the holder of this capability can propose removal of another participant's clients, without changing the "
        "Participant List.",
    ),
    "sender_is_another": _said("Adding", "(This capability does not apply to the holder adding itself.)")
    + _said(
        "Removing",
        "the holder of this capability can propose a) the removal of another user (excluding itself) from the "
        "participant list, and b) removal of all of that user's clients, as a single action.",
    )
    + _said(
        "Role Changes",
        "the holder of this capability is authorized to change the role of another participant (but not itself), "
        "according to the holder's `authorized_role_changes` list,",
    ),
    "sender_is_target": _said(
        "Preauthorized Users",
        "separately when an existing participant explicitly tries to change its *own* role.",
    )
    + _said(
        "Removing",
        "the holder of this capability can propose to remove itself from (i.e. leave) the participant list;",
    ),
    "preauthorized_for_role": _said(
        "Preauthorized Users",
        "When the rules in a Preauthorized users struct match multiple roles, the requesting client receives the "
        "first role which matches its claims.",
    ),
    "join_code_is_valid": _said(
        "Adding",
        "provided the join code is valid, the join code refers to a valid target role,",
    ),
    "minimum_participants_holds": _said(
        "Removing",
        "if the `target_role_indexes` for that entry contains zero, and the `minimum_participants_constraint` and "
        "`minimum_active_participants_constraint` are satisfied, the proposal is authorized.",
    ),
    "minimum_active_participants_holds": _said(
        "Removing",
        "If the `minimum_active_participants_constraint` is satisfied, the proposal is authorized.",
    ),
    "maximum_participants_holds": _MAXIMUM,
    "maximum_active_participants_holds": _MAXIMUM,
    "membership_is_not_fixed": _said(
        "Base Room policy component syntax",
        "Rooms with `fixed_membership` set to true (fixed-membership rooms) have the list of participants specified"
        " when they are created.",
    )
    + _said(
        "Base Room policy component syntax",
        "Ordinary users cannot leave or be removed, however a user can remove all its clients from the associated "
        "MLS group.",
    ),
    "max_users_holds": _said(
        "Base Room policy component syntax",
        "Likewise when `max_users` has a value, the room MUST NOT have more non-banned entries in the participant "
        "list than that value.",
    ),
    "max_clients_holds": _said(
        "Base Room policy component syntax",
        "When `max_clients` has a value, the room's associated MLS group MUST NOT have more clients than the "
        "provided value.",
    ),
    "one_client_holds": _said(
        "Base Room policy component syntax",
        "If false only a single client can be an MLS member at one time.",
    ),
    "sender_is_participant": _said(
        "Role Capabilities",
        "has a specific entry in the Participant List struct and a corresponding role",
    ),
    "sender_is_active": _said(
        "Message Capabilities",
        "The Hub can enforce whether a member can send a message.",
    ),
    "roles_are_valid": _said(
        "Role-Based Access Control",
        "If the contents of the `update` field are valid and if the proposer is authorized to generate such an "
        "update, the value of the `update` field completely replaces the value of the `data` field.",
    ),
    "participants_do_not_change": _said(
        "Role-Based Access Control",
        "Changing Role definitions is sufficiently disruptive, that an update to this component is not valid if it "
        "appear in the same commit as any Participant List change.",
    ),
    "preauthorizations_are_valid": _said(
        "Preauthorized Users",
        "If the contents of the `update` field are valid and if the proposer is authorized to generate such an "
        "update, the value of the `update` field completely replaces the value of the `data` field.",
    ),
    "only_removals_beside": _said(
        "Preauthorized Users",
        "Changing Preauthorized user definitions is sufficiently disruptive, that an update to this component is "
        "not valid if it appears in the same commit as any Participant List change, except for user removals.",
    ),
    "base_policy_is_valid": _said(
        "Base Room policy component syntax",
        "If `parent-dependent` is true, the `parent_room` MUST be set with the room ID of the parent.",
    ),
    "metadata_changes": _METADATA,
    "room_uri_stays": _METADATA,
    "canChangeRoomMembershipStyle": _said(
        "Disruptive Policy Changes",
        "the holder is authorized to modify the base room membership style.",
    ),
    "canChangeRoleDefinitions": _said(
        "Disruptive Policy Changes",
        "the holder is authorized to make changes to the definitions of the Roles component.",
    ),
    "canChangePreauthorizedUserList": _said(
        "Disruptive Policy Changes",
        "the holder is authorized to make changes to the Preauthorized Users component.",
    ),
    "canDestroyRoom": _said(
        "Disruptive Policy Changes",
        "the holder is authorized to completely destroy the room.",
    ),
    "canSendMLSReinitProposal": _said(
        "Disruptive Policy Changes",
        "the holder is authorized to send an MLS ReInit proposal.",
    ),
    "canSendMessage": _said("Message Capabilities", "the holder can send instant messages to the room."),
    "canChangeRoomName": _METADATA,
    "canChangeRoomDescription": _METADATA,
    "canChangeRoomAvatar": _METADATA,
    "canChangeRoomSubject": _METADATA,
    "canChangeRoomMood": _METADATA,
}
