"""The capabilities that a role can hold: the registry of the draft.

A capability is a number, as on the wire. JSON names it, or gives the number. Numbers
that are not registered are kept, and grant nothing; so do the reserved ones.

Spec: "New MIMI Role Capabilities registry" (10.2)
"""

from collections.abc import Mapping

from fsm.errors import EventError, shorten
from fsm.event import describe

GRANTING: Mapping[int, str] = {
    0x0000: "canAddParticipant",
    0x0001: "canRemoveParticipant",
    0x0002: "canAddOwnClient",
    0x0003: "canRemoveOwnClient",
    0x0004: "canOpenJoin",
    0x0005: "canJoinIfPreauthorized",
    0x0006: "canRemoveSelf",
    0x0009: "canUseJoinCode",
    0x000A: "canBan",
    0x000B: "canUnBan",
    0x000C: "canKick",
    0x000F: "canChangeUserRole",
    0x0010: "canChangeOwnRole",
    0x0100: "canSendMessage",
    0x0101: "canReceiveMessage",
    0x0102: "canCopyMessage",
    0x0103: "canReportAbuse",
    0x0104: "canReplyToMessage",
    0x0105: "canReactToMessage",
    0x0106: "canEditReaction",
    0x0107: "canDeleteOwnReaction",
    0x0108: "canDeleteOtherReaction",
    0x0109: "canEditOwnMessage",
    0x010A: "canDeleteOwnMessage",
    0x010B: "canDeleteOtherMessage",
    0x010C: "canStartTopic",
    0x010D: "canReplyInTopic",
    0x010E: "canEditOwnTopic",
    0x010F: "canEditOtherTopic",
    0x0200: "canUploadImage",
    0x0201: "canUploadAudio",
    0x0202: "canUploadVideo",
    0x0203: "canUploadAttachment",
    0x0204: "canDownloadImage",
    0x0205: "canDownloadAudio",
    0x0206: "canDownloadVideo",
    0x0207: "canDownloadAttachment",
    0x0208: "canSendLink",
    0x0209: "canSendLinkPreview",
    0x020A: "canFollowLink",
    0x020B: "canCopyLink",
    0x0300: "canChangeRoomName",
    0x0301: "canChangeRoomDescription",
    0x0302: "canChangeRoomAvatar",
    0x0303: "canChangeRoomSubject",
    0x0304: "canChangeRoomMood",
    0x0400: "canStartCall",
    0x0401: "canJoinCall",
    0x0402: "canSendAudio",
    0x0403: "canReceiveAudio",
    0x0404: "canSendVideo",
    0x0405: "canReceiveVideo",
    0x0406: "canShareScreen",
    0x0407: "canViewSharedScreen",
    0x0501: "canDestroyRoom",
    0x0502: "canChangeRoomMembershipStyle",
    0x0503: "canChangeRoleDefinitions",
    0x0504: "canChangePreauthorizedUserList",
    0x0601: "canSendMLSReinitProposal",
}
"""What the text gives a meaning to, by number."""

RESERVED: Mapping[int, str] = {
    0x0007: "canCreateJoinCode",
    0x0008: "canDeleteJoinCode",
    0x000D: "canKnock",
    0x000E: "canAcceptKnock",
    0x0011: "canCreateSubgroup",
    0x0110: "canSendDirectMessage",
    0x0111: "canTargetMessage",
    0x0380: "canChangeOwnName",
    0x0381: "canChangeOwnPresence",
    0x0382: "canChangeOwnMood",
    0x0383: "canChangeOwnAvatar",
    0x0500: "canCreateRoom",
    0x0505: "canChangeOtherPolicyAttribute",
    0x0600: "canChangeMlsOperationalPolicies",
    0x0602: "canSendMLSUpdateProposal",
    0x0603: "canSendMLSPSKProposal",
    0x0604: "canSendMLSExternalProposal",
    0x0605: "canSendMLSExternalCommit",
}
"""What is registered for later use."""

NAMES: Mapping[int, str] = {**GRANTING, **RESERVED}

NUMBERS: Mapping[str, int] = {name: number for number, name in NAMES.items()} | {"canUnban": 0x000B}
"""The number of each name. The text writes `canUnBan` in the registry and `canUnban` elsewhere."""

MOST = 2**16
"""The number of numbers: a uint16."""


def read_capability(value: object, place: str) -> int:
    """The number of a capability, given by its registered name or by a uint16. Raises `EventError`."""
    if type(value) is str:
        number = NUMBERS.get(value)
        if number is None:
            raise EventError(place, f"`{shorten(value)}` is no registered capability")
        return number
    if type(value) is not int:
        raise EventError(place, f"must be the name of a capability or a whole number, not {describe(value)}")
    if not 0 <= value < MOST:
        raise EventError(place, f"must be from 0 to {MOST - 1}")
    return value


def write_capability(number: int) -> str | int:
    """The name of a capability, or its number where it has none."""
    return NAMES.get(number, number)
