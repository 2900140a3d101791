"""Where laws come from: a section, or what the MIMI draft says, quoted.

Cross-references and bullets are left out of the quotations. A sentence stands in both
revisions, -00 and -01, unless its quotation names the only one.
"""

from dataclasses import dataclass
from typing import NamedTuple


class Quote(NamedTuple):
    """A sentence of the draft, and the title of the section in which it stands."""

    section: str
    sentence: str
    revision: str = ""

    def __str__(self) -> str:
        draft = f"MIMI draft {self.revision}".rstrip()
        return f'{draft}, "{self.section}": “{self.sentence}”'


@dataclass(frozen=True, slots=True)
class Source:
    """The section that a law comes from, and its sentences; a law that is ours, these do not state."""

    title: str
    quotes: tuple[Quote, ...] = ()
    is_ours: bool = False


def stated(*quotes: Quote) -> Source:
    """The draft states the law, by these sentences."""
    return Source(quotes[0].section, quotes)


def ours(*quotes: Quote) -> Source:
    """The draft is silent: the law is ours, and these sentences are the closest that it has."""
    return Source(quotes[0].section, quotes, is_ours=True)


def source_of(clause: str | Source) -> Source:
    """The source of a law of one's own, for which the title of a section is enough."""
    return Source(clause) if isinstance(clause, str) else clause


STATES = Quote("User Participation", 'ban, // "Banned" state.')
BANNED = Quote(
    "Participation Definitions",
    "The target is kicked and cannot be invited, joined, or knock on the room until unbanned.",
)
VOLUNTARY = Quote("Voluntary", "The user MUST be in the invited, joined, or knocking state.")
UNBAN = Quote(
    "Kicks",
    "If the target user is in the banned state, the sender requires permission to ban users instead (as to "
    "ban means to unban as well).",
)
OWN_JOIN = Quote("Join Conditions", "The target and sender of a join MUST be the same.")
OWN_KNOCK = Quote("Knock Conditions", "The target and sender of a knock MUST be the same.")
INVITE_SENDER = Quote("Invite Conditions", "The sender for an invite MUST: Already be in the joined state.")
BAN_SENDER = Quote("Ban Conditions", "The sender for a ban MUST: Already be in the joined state.")
KICK_SENDER = Quote("Kicks", "The sender for a kick MUST: Already be in the joined state.")
BAN_IMPLIES_KICK = Quote("Ban Conditions", "Note that a ban implies kick.")
MAY_INVITE = Quote("Invite Conditions", "Have permission to invite users.")
MAY_KICK = Quote("Kicks", "Have permission to kick users.")
MAY_BAN = Quote("Ban Conditions", "Have permission to ban users.")
KICK_RANK = Quote(
    "Kicks",
    "Have a higher (and NOT equal to) effective power level with respect to the kick permission than the target user.",
)
UNBAN_RANK = Quote("Kicks", "This additionally extends to the effective power level check.")
INVITE_TARGET = Quote(
    "Invite Conditions",
    "The target user for an invite MUST: NOT already be in the banned state. NOT already be in the joined state.",
)
KNOCK_RULE = Quote(
    "Knock Conditions",
    "If the current join rule for the room is `knock`, the user MUST NOT already be in the banned or joined "
    "state. Otherwise, reject.",
)
INVITED = Quote(
    "Participation Definitions",
    "The target is given the choice to accept the invite (join the room) or decline (leave the room).",
)
KICK_TARGET = Quote("Kicks", "The target user for a kick MUST: Already be in the joined state.")
JOIN_RULE = Quote(
    "Join Conditions",
    "If the join rule is `invite` or `knock`, the user MUST already be in the joined or invite state.",
)
PUBLIC_RULE = Quote(
    "Join Conditions", "If the join rule is `public`, the user MUST NOT already be in the banned state."
)
PERMISSIONS_DEFINE = Quote(
    "Calculating Permissions",
    "These permissions are then used to define whether a user can perform the action.",
    "-01",
)
JOIN_RULES = Quote("Join Conditions", "Whether a user can join without invite is dependent on the join rules.")
PERMISSION_TO_KICK = Quote("List of Permissions", "Whether other users can be kicked from the room by the role.")
VOLUNTARY_LEAVES = Quote(
    "Leave Conditions", "Voluntary leaves are when the user no longer wishes to be an active participant in the room."
)
KNOCKING = Quote("Participation Definitions", "They can either be welcomed in (invited) or declined (kicked).")
KICK = Quote("Leave Conditions", "A kick is done to remove a user forcefully.")
BAN_CONDITIONS = Quote(
    "Ban Conditions",
    "The sender for a ban MUST: Already be in the joined state. Have permission to ban users. Otherwise, reject.",
)
SENDER_IS_JOINED = Quote(
    "Event Sending Permissions", "The `sender` MUST also be in the joined state to send such events.", "-00"
)
SENDING_TAKES_PERMISSION = Quote(
    "Event Sending Permissions",
    "The `sender` for an event MUST have permission to send that event type, unless the event type is `m.room.user`.",
    "-00",
)
ROLES_NEED_WORDS = Quote(
    "Role Changes", "I believe we need words to describe how to use the role permissions described above."
)
CREATOR_NEEDS_WORDS = Quote(
    "Role Changes",
    "We also need to specify that the creator has superuser permissions until a role is defined/assigned.",
)
POWER_LEVEL = Quote(
    "Effective Power Level",
    "The power level of a user is the highest `order` role they are assigned with the desired permission set, "
    "regardless of value for that permission.",
)
JOINED = Quote("Participation Definitions", "The target is capable of engaging with the room.")
KEPT_APART = Quote(
    "Introduction",
    "The concepts of permissions and participation state for a user are deliberately separated in this policy "
    "document.",
    "-00",
)
DISTINCT_ROLES = Quote(
    "Permissions",
    "Each role ID MUST only appear once in `MRoomRoleMapEventContent.roles`. Each `RoleConfig.order` MUST be "
    "distinct from all other entries.",
    "-00",
)
