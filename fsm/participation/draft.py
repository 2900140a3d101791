"""What the MIMI draft says, in its own words: the sentences that guards and laws rest on.

A sentence of `DRAFT` stands in both revisions, -00 and -01.

Source: draft-ralston-mimi-policy, https://datatracker.ietf.org/doc/draft-ralston-mimi-policy/
"""

from fsm.quotes import Document, Quote

_ARCHIVE = "https://www.ietf.org/archive/id/draft-ralston-mimi-policy"
DRAFT = Document("MIMI draft", f"{_ARCHIVE}-01.html#name-{{section}}")
DRAFT_00 = Document("MIMI draft -00", f"{_ARCHIVE}-00.html#name-{{section}}")
DRAFT_01 = Document("MIMI draft -01", f"{_ARCHIVE}-01.html#name-{{section}}")

STATES = Quote(DRAFT, "User Participation", 'ban, // "Banned" state.')
BANNED = Quote(
    DRAFT,
    "Participation Definitions",
    "The target is kicked and cannot be invited, joined, or knock on the room until unbanned.",
)
VOLUNTARY = Quote(DRAFT, "Voluntary", "The user MUST be in the invited, joined, or knocking state.")
UNBAN = Quote(
    DRAFT,
    "Kicks",
    "If the target user is in the banned state, the sender requires permission to ban users instead (as to ban "
    "means to unban as well).",
)
OWN_JOIN = Quote(DRAFT, "Join Conditions", "The target and sender of a join MUST be the same.")
OWN_KNOCK = Quote(DRAFT, "Knock Conditions", "The target and sender of a knock MUST be the same.")
INVITE_SENDER = Quote(DRAFT, "Invite Conditions", "The sender for an invite MUST: Already be in the joined state.")
BAN_SENDER = Quote(DRAFT, "Ban Conditions", "The sender for a ban MUST: Already be in the joined state.")
KICK_SENDER = Quote(DRAFT, "Kicks", "The sender for a kick MUST: Already be in the joined state.")
BAN_IMPLIES_KICK = Quote(DRAFT, "Ban Conditions", "Note that a ban implies kick.")
MAY_INVITE = Quote(DRAFT, "Invite Conditions", "Have permission to invite users.")
MAY_KICK = Quote(DRAFT, "Kicks", "Have permission to kick users.")
MAY_BAN = Quote(DRAFT, "Ban Conditions", "Have permission to ban users.")
KICK_RANK = Quote(
    DRAFT,
    "Kicks",
    "Have a higher (and NOT equal to) effective power level with respect to the kick permission than the target user.",
)
UNBAN_RANK = Quote(DRAFT, "Kicks", "This additionally extends to the effective power level check.")
INVITE_TARGET = Quote(
    DRAFT,
    "Invite Conditions",
    "The target user for an invite MUST: NOT already be in the banned state. NOT already be in the joined state.",
)
KNOCK_RULE = Quote(
    DRAFT,
    "Knock Conditions",
    "If the current join rule for the room is `knock`, the user MUST NOT already be in the banned or joined "
    "state. Otherwise, reject.",
)
INVITED = Quote(
    DRAFT,
    "Participation Definitions",
    "The target is given the choice to accept the invite (join the room) or decline (leave the room).",
)
KICK_TARGET = Quote(DRAFT, "Kicks", "The target user for a kick MUST: Already be in the joined state.")
JOIN_RULE = Quote(
    DRAFT,
    "Join Conditions",
    "If the join rule is `invite` or `knock`, the user MUST already be in the joined or invite state.",
)
PUBLIC_RULE = Quote(
    DRAFT,
    "Join Conditions",
    "If the join rule is `public`, the user MUST NOT already be in the banned state.",
)
PERMISSIONS_DEFINE = Quote(
    DRAFT_01,
    "Calculating Permissions",
    "These permissions are then used to define whether a user can perform the action.",
)
JOIN_RULES = Quote(DRAFT, "Join Conditions", "Whether a user can join without invite is dependent on the join rules.")
PERMISSION_TO_KICK = Quote(DRAFT, "List of Permissions", "Whether other users can be kicked from the room by the role.")
VOLUNTARY_LEAVES = Quote(
    DRAFT,
    "Leave Conditions",
    "Voluntary leaves are when the user no longer wishes to be an active participant in the room.",
)
KNOCKING = Quote(DRAFT, "Participation Definitions", "They can either be welcomed in (invited) or declined (kicked).")
KICK = Quote(DRAFT, "Leave Conditions", "A kick is done to remove a user forcefully.")
BAN_CONDITIONS = Quote(
    DRAFT,
    "Ban Conditions",
    "The sender for a ban MUST: Already be in the joined state. Have permission to ban users. Otherwise, reject.",
)
SENDER_IS_JOINED = Quote(
    DRAFT_00,
    "Event Sending Permissions",
    "The `sender` MUST also be in the joined state to send such events.",
)
SENDING_TAKES_PERMISSION = Quote(
    DRAFT_00,
    "Event Sending Permissions",
    "The `sender` for an event MUST have permission to send that event type, unless the event type is `m.room.user`.",
)
ROLES_NEED_WORDS = Quote(
    DRAFT,
    "Role Changes",
    "I believe we need words to describe how to use the role permissions described above.",
)
CREATOR_NEEDS_WORDS = Quote(
    DRAFT,
    "Role Changes",
    "We also need to specify that the creator has superuser permissions until a role is defined/assigned.",
)
POWER_LEVEL = Quote(
    DRAFT,
    "Effective Power Level",
    "The power level of a user is the highest `order` role they are assigned with the desired permission set, "
    "regardless of value for that permission.",
)
JOINED = Quote(DRAFT, "Participation Definitions", "The target is capable of engaging with the room.")
KEPT_APART = Quote(
    DRAFT_00,
    "Introduction",
    "The concepts of permissions and participation state for a user are deliberately separated in this policy "
    "document.",
)
DISTINCT_ROLES = Quote(
    DRAFT_00,
    "Permissions",
    "Each role ID MUST only appear once in `MRoomRoleMapEventContent.roles`. Each `RoleConfig.order` MUST be "
    "distinct from all other entries.",
)
KICKED = Quote(
    DRAFT,
    "Participation Definitions",
    "*Kicked*: Involuntary leave. The target and sender are not the same user.",
)
VOLUNTARY_LEAVE = Quote(
    DRAFT,
    "Leave Conditions",
    "When the target and sender of a leave is the same, it is a voluntary leave.",
)
EVENTS_SENDING = Quote(DRAFT_00, "List of Permissions", "The event types the role is able to send. Default: None.")
EVENTS_DENIED = Quote(
    DRAFT_00,
    "List of Permissions",
    "When false, the permission to send the event is explicitly not granted.",
)
MESSAGES = Quote(
    DRAFT_01,
    "List of Permissions",
    "Whether the assigned entities can send messages to the room. Default: true.",
)
OWN_EVENTS = Quote(
    DRAFT,
    "List of Permissions",
    "Senders can always redact their own events regardless of this permission.",
)
MAY_REDACT = Quote(DRAFT, "List of Permissions", "Whether another user's events can be redacted by the role.")
ROLES_AFFECTED = Quote(
    DRAFT,
    "List of Permissions",
    "The actions this role can take against roles. For example, adding or removing permissions. Default: None.",
)
POWER_LEVELS_FOR_ROLES = Quote(
    DRAFT,
    "Role Changes",
    'Probably something using effective power levels and talking about what "add", "remove", and "change" '
    "actually mean.",
)
NOTHING_BEFORE_CREATION = Quote(
    DRAFT_00,
    "Auth Events Selection",
    "Note: `m.room.create` MUST always have an empty `authEvents` array.",
)
AUTH_MISSING = Quote(
    DRAFT_00,
    "Auth Events Selection",
    "If an event is missing from `authEvents` but should have been included with the above selection algorithm, "
    "the event is rejected.",
)
AUTH_SURPLUS = Quote(
    DRAFT_00,
    "Auth Events Selection",
    "If events not intended to be selected using the above algorithm above are included in `authEvents`, the "
    "event is rejected.",
)
AUTH_UNKNOWN = Quote(
    DRAFT_00,
    "Auth Events Selection",
    "This extends to events which aren't known or are malformed in `authEvents`.",
)
AUTH_OUTDATED = Quote(
    DRAFT_00,
    "Auth Events Selection",
    "If an event uses non-current events in its `authEvents`, it is rejected.",
)
STATE_IS_VISIBLE = Quote(DRAFT_00, "Event/History Visibility", "State events are always visible to clients.")
SEEN_BY_WORLD = Quote(DRAFT_00, "Event/History Visibility", "If the visibility rule was `world`, show.")
SEEN_BY_JOINED = Quote(DRAFT_00, "Event/History Visibility", "If the user was in the joined state, show.")
SEEN_BY_LATER = Quote(
    DRAFT_00,
    "Event/History Visibility",
    "If the visibility rule was `shared` and the user was in the joined state at any point after the event was "
    "sent, show.",
)
SEEN_BY_INVITED = Quote(
    DRAFT_00,
    "Event/History Visibility",
    "If the user was in the invited state, and the visibility rule was `invited`, show.",
)
SIGNED = Quote(DRAFT_00, "Event Authorization", "The event is correctly signed and hashed.")
CLIENTS_ENFORCE = Quote(DRAFT_01, "Introduction", "Such messages will need to be checked by the clients instead.")
