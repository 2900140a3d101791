"""What the MIMI draft says, quoted: where laws come from.

Cross-references and bullets are left out of the quotations. A sentence stands in both
revisions, -00 and -01, unless its quotation names the only one.
"""

from fsm.review.laws.source import Quote


def _said(section: str, sentence: str, revision: str = "") -> Quote:
    return Quote(f"MIMI draft {revision}".rstrip(), section, sentence)


STATES = _said("User Participation", 'ban, // "Banned" state.')
BANNED = _said(
    "Participation Definitions",
    "The target is kicked and cannot be invited, joined, or knock on the room until unbanned.",
)
VOLUNTARY = _said("Voluntary", "The user MUST be in the invited, joined, or knocking state.")
UNBAN = _said(
    "Kicks",
    "If the target user is in the banned state, the sender requires permission to ban users instead (as to "
    "ban means to unban as well).",
)
OWN_JOIN = _said("Join Conditions", "The target and sender of a join MUST be the same.")
OWN_KNOCK = _said("Knock Conditions", "The target and sender of a knock MUST be the same.")
INVITE_SENDER = _said("Invite Conditions", "The sender for an invite MUST: Already be in the joined state.")
BAN_SENDER = _said("Ban Conditions", "The sender for a ban MUST: Already be in the joined state.")
KICK_SENDER = _said("Kicks", "The sender for a kick MUST: Already be in the joined state.")
BAN_IMPLIES_KICK = _said("Ban Conditions", "Note that a ban implies kick.")
MAY_INVITE = _said("Invite Conditions", "Have permission to invite users.")
MAY_KICK = _said("Kicks", "Have permission to kick users.")
MAY_BAN = _said("Ban Conditions", "Have permission to ban users.")
KICK_RANK = _said(
    "Kicks",
    "Have a higher (and NOT equal to) effective power level with respect to the kick permission than the target user.",
)
UNBAN_RANK = _said("Kicks", "This additionally extends to the effective power level check.")
INVITE_TARGET = _said(
    "Invite Conditions",
    "The target user for an invite MUST: NOT already be in the banned state. NOT already be in the joined state.",
)
KNOCK_RULE = _said(
    "Knock Conditions",
    "If the current join rule for the room is `knock`, the user MUST NOT already be in the banned or joined "
    "state. Otherwise, reject.",
)
INVITED = _said(
    "Participation Definitions",
    "The target is given the choice to accept the invite (join the room) or decline (leave the room).",
)
KICK_TARGET = _said("Kicks", "The target user for a kick MUST: Already be in the joined state.")
JOIN_RULE = _said(
    "Join Conditions",
    "If the join rule is `invite` or `knock`, the user MUST already be in the joined or invite state.",
)
PUBLIC_RULE = _said(
    "Join Conditions", "If the join rule is `public`, the user MUST NOT already be in the banned state."
)
PERMISSIONS_DEFINE = _said(
    "Calculating Permissions",
    "These permissions are then used to define whether a user can perform the action.",
    "-01",
)
JOIN_RULES = _said("Join Conditions", "Whether a user can join without invite is dependent on the join rules.")
PERMISSION_TO_KICK = _said("List of Permissions", "Whether other users can be kicked from the room by the role.")
VOLUNTARY_LEAVES = _said(
    "Leave Conditions", "Voluntary leaves are when the user no longer wishes to be an active participant in the room."
)
KNOCKING = _said("Participation Definitions", "They can either be welcomed in (invited) or declined (kicked).")
KICK = _said("Leave Conditions", "A kick is done to remove a user forcefully.")
BAN_CONDITIONS = _said(
    "Ban Conditions",
    "The sender for a ban MUST: Already be in the joined state. Have permission to ban users. Otherwise, reject.",
)
SENDER_IS_JOINED = _said(
    "Event Sending Permissions", "The `sender` MUST also be in the joined state to send such events.", "-00"
)
SENDING_TAKES_PERMISSION = _said(
    "Event Sending Permissions",
    "The `sender` for an event MUST have permission to send that event type, unless the event type is `m.room.user`.",
    "-00",
)
ROLES_NEED_WORDS = _said(
    "Role Changes", "I believe we need words to describe how to use the role permissions described above."
)
CREATOR_NEEDS_WORDS = _said(
    "Role Changes",
    "We also need to specify that the creator has superuser permissions until a role is defined/assigned.",
)
POWER_LEVEL = _said(
    "Effective Power Level",
    "The power level of a user is the highest `order` role they are assigned with the desired permission set, "
    "regardless of value for that permission.",
)
JOINED = _said("Participation Definitions", "The target is capable of engaging with the room.")
KEPT_APART = _said(
    "Introduction",
    "The concepts of permissions and participation state for a user are deliberately separated in this policy "
    "document.",
    "-00",
)
DISTINCT_ROLES = _said(
    "Permissions",
    "Each role ID MUST only appear once in `MRoomRoleMapEventContent.roles`. Each `RoleConfig.order` MUST be "
    "distinct from all other entries.",
    "-00",
)
