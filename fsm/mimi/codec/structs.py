"""Every struct that the drafts declare, to be held against them line by line.

How we read what they leave open:

- `opaque x;` and every `[]` is a vector, and opaque bytes are UTF-8;
- values to which the text gives no numbers count from 1 in order of appearance;
- `reason` is always on the wire, and empty when there is none;
- a permission listed twice in one role is an error: only for event types does
  the text say which entry counts;
- where -01 says `int order`, it is -00's `uint32`: the language has no `int`;
- where -01 says `case invite`, it is `add`: its enum has no `invite`.

A struct carries values, and does not judge them: whether ids are distinct, or
may be empty, is asked by whoever reads the event.
"""

from collections.abc import Mapping

from fsm.mimi.settings import JOIN_RULE_WORDS
from fsm.participation.terms import Participation, Visibility
from fsm.presentation import Boolean, Enumerated, Form, Number, Object, Pair, Struct, Text, Variant, Vector

OPAQUE = Text()
UINT32 = Number(4)

PARTICIPATION_STATE = Enumerated.counted(Participation)

USER = Struct({"participation": PARTICIPATION_STATE, "reason": OPAQUE}, defaults={"reason": ""})
"""The content of `m.user`, and of `m.room.user` as well.

Spec: "User Participation" (seed 3, -00 6, -01 5)
"""

BOOLEAN_PERMISSION = Boolean()

EVENT_TYPE_PERMISSION_RECORD = Pair(OPAQUE, Boolean())

EVENT_TYPE_PERMISSION = Object(EVENT_TYPE_PERMISSION_RECORD, last_wins=True)
"""The permission by event type: "the lastmost entry takes priority".

Spec: "List of Permissions" (-00 5.3)
"""

ROLE_PERMISSION = Vector(OPAQUE)

PERMISSION_00 = Enumerated({"invite": 1, "kick": 2, "ban": 3, "redact": 4, "events": 5, "roles": 6})

PERMISSION_VALUE_00 = Variant(
    PERMISSION_00,
    {
        "invite": BOOLEAN_PERMISSION,
        "kick": BOOLEAN_PERMISSION,
        "ban": BOOLEAN_PERMISSION,
        "redact": BOOLEAN_PERMISSION,
        "events": EVENT_TYPE_PERMISSION,
        "roles": ROLE_PERMISSION,
    },
)
"""One permission of a role. Spec: "List of Permissions" (-00 5.3)"""

PERMISSION_01 = Enumerated({"add": 1, "kick": 2, "ban": 3, "redact": 4, "roles": 5, "sendMessages": 6})

PERMISSION_VALUE_01 = Variant(
    PERMISSION_01,
    {
        "add": BOOLEAN_PERMISSION,
        "kick": BOOLEAN_PERMISSION,
        "ban": BOOLEAN_PERMISSION,
        "redact": BOOLEAN_PERMISSION,
        "roles": ROLE_PERMISSION,
        "sendMessages": BOOLEAN_PERMISSION,
    },
)
"""One permission of a role. Spec: "List of Permissions" (-01 4.3)"""

ROLE_EVENT_00 = Struct({"permissions": Object(PERMISSION_VALUE_00)})
"""The content of `m.room.role`. Spec: "Permissions" (-00 5)"""

ROLE_EVENT_01 = Struct({"permissions": Object(PERMISSION_VALUE_01)})
"""The content of `m.room.role` with the permissions of -01, which declares no struct for it."""

ROLE_CONFIG = Struct({"role_id": OPAQUE, "user_ids": Vector(OPAQUE), "order": UINT32})

ROLE_MAP = Struct({"roles": Vector(ROLE_CONFIG)})
"""The content of `m.room.role_map`. Spec: "Permissions" (-00 5)"""

IDENTIFIER_URI = OPAQUE
"""Spec: draft-ralston-mimi-protocol 5.2: a struct whose one field is opaque"""

ROLE = Struct({"permissions": Object(PERMISSION_VALUE_01), "assignees": Vector(IDENTIFIER_URI), "order": UINT32})
"""A role with those who have it, "notionally". Spec: "Permissions" (-01 4)"""

JOIN_RULE = Enumerated.counted(JOIN_RULE_WORDS)

JOIN_RULES = Struct({"rule": JOIN_RULE})
"""The content of `m.room.join_rules`.

Spec: "`m.room.join_rules`" (-00 6.7), "Join Rules" (-01 5.7)
"""

VISIBILITY = Enumerated.counted(Visibility)

HISTORY_VISIBILITY = Struct({"visibility": VISIBILITY})
"""The content of `m.room.history_visibility`. Spec: "`m.room.history_visibility`" (-00 7.1)"""

STRUCTS: Mapping[str, Form] = {
    "MUserContent": USER,
    "MRoomUserEventContent": USER,
    "MRoomRoleEventContent": ROLE_EVENT_00,
    "MRoomRoleEventContent-01": ROLE_EVENT_01,
    "MRoomRoleMapEventContent": ROLE_MAP,
    "MRoomJoinRulesEventContent": JOIN_RULES,
    "MRoomHistoryVisibilityEventContent": HISTORY_VISIBILITY,
    "PolicyJoinRule": JOIN_RULES,
    "Role": ROLE,
    "RoleConfig": ROLE_CONFIG,
    "PermissionValue": PERMISSION_VALUE_00,
    "PermissionValue-01": PERMISSION_VALUE_01,
    "BooleanPermission": BOOLEAN_PERMISSION,
    "EventTypePermissionRecord": EVENT_TYPE_PERMISSION_RECORD,
    "EventTypePermission": EVENT_TYPE_PERMISSION,
    "RolePermission": ROLE_PERMISSION,
    "IdentifierUri": IDENTIFIER_URI,
}
"""By the names that the texts give them; `-01` marks the forms with the permissions of -01."""
