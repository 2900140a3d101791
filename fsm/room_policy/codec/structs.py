"""Every struct of the draft's complete syntax, to be held against it line by line.

How we read what does not parse, or contradicts the text:

- `optional uint32` is `optional<uint32>`;
- `Uri parent_room<V>` is one `Uri`, as the text has it, not a vector of them, and so is a link preview proxy;
- `parent_dependant` goes by the name that the text gives it, `parent_dependent`;
- `Component policy_component_ids<V>` is of component ids, each a uint16;
- `case mandatory` is `required`, as the enum has it;
- the two fields of `case random_delay` are those of a struct; the enum has no `extension`, and so no such case;
- `unit64` is `uint64`;
- `opaque join_link` is a vector, as in -04; `JoinLinksData`, a vector outside a struct, is a struct of one field;
- `optional<MediaType> permitted_media_types<V>` is an optional list: "if present, it is a list";
- opaque bytes are UTF-8; a claim that is binary has no JSON form here.

Types of other documents are numbers: those of MLS (RFC 9420) have 16 bits, but for the content type, which has 8. A
`MediaType` (draft-ietf-mls-extensions) is its name and its parameters.

A struct carries values, and does not judge them.

Spec: draft-ietf-mimi-room-policy, "Complete TLS Presentation Language Syntax"; draft-ietf-mimi-protocol,
"Participant List", "Room Metadata"
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fsm.presentation import Boolean, Enumerated, Form, Number, Optional, Selection, Source, Struct, Text, Vector
from fsm.room_policy.capabilities import read_capability, write_capability

OPAQUE = Text()
BOOL = Boolean()
UINT8, UINT16, UINT32, UINT64 = Number(1), Number(2), Number(4), Number(8)
MAYBE_UINT32 = Optional(UINT32)

NOTHING: Mapping[str, Form] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Capability(Form):
    """A capability: a uint16, in JSON its registered name where it has one."""

    def read(self, source: Source, place: str) -> Any:
        """The name, or the number."""
        return write_capability(UINT16.read(source, place))

    def write(self, value: object, place: str) -> bytes:
        """The number as bytes; `canUnban` is `canUnBan`."""
        return UINT16.write(read_capability(value, place), place)


ROLE_CHANGE_TARGETS = Struct({"from_role_index": UINT32, "target_role_indexes": Vector(UINT32)})

ROLE = Struct(
    {
        "role_index": UINT32,
        "role_name": OPAQUE,
        "role_description": OPAQUE,
        "role_capabilities": Vector(Capability()),
        "minimum_participants_constraint": UINT32,
        "maximum_participants_constraint": MAYBE_UINT32,
        "minimum_active_participants_constraint": UINT32,
        "maximum_active_participants_constraint": MAYBE_UINT32,
        "authorized_role_changes": Vector(ROLE_CHANGE_TARGETS),
    },
    absent={
        "role_description": "",
        "maximum_participants_constraint": None,
        "maximum_active_participants_constraint": None,
    },
)

ROLE_DATA = Struct({"roles": Vector(ROLE)})

CLAIM_ID = Struct({"credential_type": UINT16, "id": OPAQUE})
CLAIM = Struct({"claim_id": CLAIM_ID, "claim_value": OPAQUE})
PREAUTH_ROLE_ENTRY = Struct({"claimset": Vector(CLAIM), "target_role": ROLE})
PREAUTH_DATA = Struct({"preauthorized_entries": Vector(PREAUTH_ROLE_ENTRY)})

BASE_ROOM_POLICY = Struct(
    {
        "fixed_membership": BOOL,
        "parent_dependent": BOOL,
        "parent_room": OPAQUE,
        "multi_device": BOOL,
        "max_clients": MAYBE_UINT32,
        "max_users": MAYBE_UINT32,
        "pseudonyms_allowed": BOOL,
        "persistent_room": BOOL,
        "discoverable": BOOL,
        "policy_component_ids": Vector(UINT16),
    },
    absent={
        "fixed_membership": False,
        "parent_dependent": False,
        "parent_room": "",
        "multi_device": True,
        "max_clients": None,
        "max_users": None,
        "pseudonyms_allowed": False,
        "persistent_room": False,
        "discoverable": False,
        "policy_component_ids": [],
    },
)

OPTIONALITY = Enumerated({"optional": 0, "required": 1, "forbidden": 2})

STATUS_NOTIFICATION_POLICY = Struct({"delivery_notifications": OPTIONALITY, "read_receipts": OPTIONALITY})

JOIN_LINK_POLICY = Struct({"on_request": BOOL, "join_link": OPAQUE, "multiuser": BOOL, "expiration": UINT32})
JOIN_LINK = Struct({"join_link": OPAQUE})
JOIN_LINKS_DATA = Struct({"join_links": Vector(JOIN_LINK)})
JOIN_LINKS_UPDATE = Struct({"removedIndices": Vector(UINT32), "added_links": Vector(JOIN_LINK)})


def unless_forbidden(fields: Mapping[str, Form], select: str, case: Mapping[str, Form]) -> Selection:
    """Fields, and others behind them unless the word of one of the former is `forbidden`."""
    return Selection(fields, select, {"optional": case, "required": case, "forbidden": NOTHING})


LINK_PREVIEW_POLICY = unless_forbidden(
    {
        "autodetect_hyperlinks_in_text": OPTIONALITY,
        "send_link_previews": OPTIONALITY,
        "automatic_link_previews": OPTIONALITY,
        "link_preview_proxy_use": OPTIONALITY,
    },
    "link_preview_proxy_use",
    {"link_preview_proxy": OPAQUE},
)

ASSET_UPLOAD_LOCATION = Enumerated({"unspecified": 0, "localProvider": 1, "hub": 2})
PROVIDER_ASSET_UPLOAD_DOMAINS = Struct({"provider": OPAQUE, "asset_upload_destinations": Vector(OPAQUE)})
DOWNLOAD_PRIVACY_TYPE = Enumerated({"direct": 0, "hubProxy": 1, "ohttp": 2})
DOWNLOAD_PRIVACY = Struct(
    {
        "allowed_download_types": Vector(DOWNLOAD_PRIVACY_TYPE),
        "forbidden_download_types": Vector(DOWNLOAD_PRIVACY_TYPE),
        "default_download_type": DOWNLOAD_PRIVACY_TYPE,
    }
)
MEDIA_TYPE = Struct(
    {
        "media_type": OPAQUE,
        "parameters": Vector(Struct({"parameter_name": OPAQUE, "parameter_value": OPAQUE})),
    }
)
ASSET_POLICY = Struct(
    {
        "asset_upload_location": ASSET_UPLOAD_LOCATION,
        "upload_domains": Vector(PROVIDER_ASSET_UPLOAD_DOMAINS),
        "download_privacy": DOWNLOAD_PRIVACY,
        "max_image": UINT64,
        "max_audio": UINT64,
        "max_video": UINT64,
        "max_attachment": UINT64,
        "forbidden_media_types": Vector(MEDIA_TYPE),
        "permitted_media_types": Optional(Vector(MEDIA_TYPE)),
    },
    absent={"permitted_media_types": None},
)

LOGGING_POLICY = unless_forbidden(
    {"logging": OPTIONALITY},
    "logging",
    {"logging_clients": Vector(OPAQUE), "machine_readable_policy": OPAQUE, "human_readable_policy": OPAQUE},
)

HISTORY_POLICY = unless_forbidden(
    {"history_sharing": OPTIONALITY},
    "history_sharing",
    {"roles_that_can_share": Vector(UINT32), "automatically_share": BOOL, "max_time_period": UINT32},
)

BOT = Struct(
    {
        "name": OPAQUE,
        "description": OPAQUE,
        "homepage": OPAQUE,
        "local_client_bot": BOOL,
        "bot_role_index": UINT32,
        "can_target_message_in_group": BOOL,
        "per_user_content": BOOL,
    }
)
BOT_POLICY = Struct({"allowed_bots": Vector(BOT)})

MESSAGE_EXPIRATION = unless_forbidden(
    {"expiring_messages": OPTIONALITY},
    "expiring_messages",
    {
        "min_expiration_duration": UINT32,
        "max_expiration_duration": UINT32,
        "default_expiration_duration": MAYBE_UINT32,
    },
)

EXTENDED_CAPABILITIES = Struct(
    {
        "versions": Vector(UINT16),
        "cipher_suites": Vector(UINT16),
        "extensions": Vector(UINT16),
        "proposals": Vector(UINT16),
        "credentials": Vector(UINT16),
        "wire_formats": Vector(UINT16),
        "component_ids": Vector(UINT16),
        "safe_aad_types": Vector(UINT16),
        "media_types": Vector(MEDIA_TYPE),
        "content_types": Vector(UINT8),
    }
)
PENDING_PROPOSAL_STRATEGY = Enumerated({"unspecified": 0, "immediate_commit": 1, "random_delay": 2})
PENDING_PROPOSAL_POLICY = Selection(
    {"pending_proposal_strategy": PENDING_PROPOSAL_STRATEGY},
    "pending_proposal_strategy",
    {
        "unspecified": NOTHING,
        "immediate_commit": NOTHING,
        "random_delay": {"minimum_delay_ms": UINT64, "maximum_delay_ms": UINT64},
    },
)
MIN_DEFAULT_MAX_TIME = Struct({"minimum_time": UINT64, "default_time": UINT64, "maximum_time": UINT64})
APP_MESSAGE_POLICY = Struct({"epoch_tolerance": UINT8, "pad_to_size": UINT16, "max_generations_skipahead": UINT32})
OPERATIONAL_PARAMETERS = Struct(
    {
        "mandatory_capabilities": EXTENDED_CAPABILITIES,
        "default_capabilities": EXTENDED_CAPABILITIES,
        "forbidden_capabilities": EXTENDED_CAPABILITIES,
        "handshake_formats": Vector(UINT16),
        "external_proposal_allowed": BOOL,
        "external_commit_allowed": BOOL,
        "pending_proposal_policy": PENDING_PROPOSAL_POLICY,
        "LeafNode_update_time": MIN_DEFAULT_MAX_TIME,
        "app_message_policy": APP_MESSAGE_POLICY,
        "max_kp_lifetime": UINT64,
        "max_credential_lifetime": UINT64,
        "resumption_psk_lifetime": UINT64,
        "sender_nonce_keypair_lifetime": MIN_DEFAULT_MAX_TIME,
        "max_keypairs": UINT32,
        "buffer_incoming_message_time": MIN_DEFAULT_MAX_TIME,
        "max_buffered_messages": UINT32,
    }
)

USER_ROLE_PAIR = Struct({"user": OPAQUE, "role_index": UINT32})
PARTICIPANT_LIST_DATA = Struct({"participants": Vector(USER_ROLE_PAIR)})
USERINDEX_ROLE_PAIR = Struct({"user_index": UINT32, "role_index": UINT32})
PARTICIPANT_LIST_UPDATE = Struct(
    {
        "changedRoleParticipants": Vector(USERINDEX_ROLE_PAIR),
        "removedIndices": Vector(UINT32),
        "addedParticipants": Vector(USER_ROLE_PAIR),
    }
)

RICH_DESCRIPTION = Struct({"media_type": OPAQUE, "language_tag": OPAQUE, "description_content": OPAQUE})
ROOM_META_DATA = Struct(
    {
        "room_uri": OPAQUE,
        "room_name": OPAQUE,
        "room_descriptions": Vector(RICH_DESCRIPTION),
        "room_avatar": OPAQUE,
        "room_subject": OPAQUE,
        "room_mood": OPAQUE,
    }
)

STRUCTS: Mapping[str, Form] = {
    "Role": ROLE,
    "SingleSourceRoleChangeTargets": ROLE_CHANGE_TARGETS,
    "RoleData": ROLE_DATA,
    "RoleUpdate": ROLE_DATA,
    "ClaimId": CLAIM_ID,
    "Claim": CLAIM,
    "PreAuthRoleEntry": PREAUTH_ROLE_ENTRY,
    "PreAuthData": PREAUTH_DATA,
    "PreAuthUpdate": PREAUTH_DATA,
    "BaseRoomPolicy": BASE_ROOM_POLICY,
    "BaseRoomData": BASE_ROOM_POLICY,
    "BaseRoomUpdate": BASE_ROOM_POLICY,
    "StatusNotificationPolicy": STATUS_NOTIFICATION_POLICY,
    "JoinLinkPolicy": JOIN_LINK_POLICY,
    "JoinLink": JOIN_LINK,
    "JoinLinksData": JOIN_LINKS_DATA,
    "JoinLinksUpdate": JOIN_LINKS_UPDATE,
    "LinkPreviewPolicy": LINK_PREVIEW_POLICY,
    "ProviderAssetUploadDomains": PROVIDER_ASSET_UPLOAD_DOMAINS,
    "DownloadPrivacy": DOWNLOAD_PRIVACY,
    "MediaType": MEDIA_TYPE,
    "AssetPolicy": ASSET_POLICY,
    "LoggingPolicy": LOGGING_POLICY,
    "HistoryPolicy": HISTORY_POLICY,
    "Bot": BOT,
    "BotPolicy": BOT_POLICY,
    "MessageExpiration": MESSAGE_EXPIRATION,
    "ExtendedCapabilities": EXTENDED_CAPABILITIES,
    "PendingProposalPolicy": PENDING_PROPOSAL_POLICY,
    "MinDefaultMaxTime": MIN_DEFAULT_MAX_TIME,
    "AppMessagePolicy": APP_MESSAGE_POLICY,
    "OperationalParameters": OPERATIONAL_PARAMETERS,
    "UserRolePair": USER_ROLE_PAIR,
    "ParticipantListData": PARTICIPANT_LIST_DATA,
    "UserindexRolePair": USERINDEX_ROLE_PAIR,
    "ParticipantListUpdate": PARTICIPANT_LIST_UPDATE,
    "RichDescription": RICH_DESCRIPTION,
    "RoomMetaData": ROOM_META_DATA,
}
"""By the names that the texts give them."""
