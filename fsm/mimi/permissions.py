"""Permissions and role maps as events hold them: flags, read and written.

A permission is a *flag*: a name and, where the permission is a list, the item. `("kick", "")`,
`("events", "m.room.name")` and `("roles", "moderator")` are flags. A role sets flags to true or false.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, NamedTuple, TypeAlias

from fsm.errors import EventError, shorten
from fsm.event import (
    Place,
    checked_flag,
    checked_name,
    checked_text,
    fault,
    is_name,
    mapping,
    name,
    sequence,
    whole_number,
)

Flag: TypeAlias = tuple[str, str]
Permissions: TypeAlias = Mapping[Flag, bool]

Gather: TypeAlias = AbstractContextManager[object]
"""What becomes of a fault in a part: it ends the reading, or is noted while the reading goes on."""

AT_ONCE: Gather = nullcontext()

INVITE: Flag = ("invite", "")
KICK: Flag = ("kick", "")
BAN: Flag = ("ban", "")
REDACT: Flag = ("redact", "")
SEND_MESSAGES: Flag = ("sendMessages", "")

ACTS = (INVITE, KICK, BAN)
"""The permissions that participation changes take."""

_SIMPLE = {"invite": INVITE, "add": INVITE, "kick": KICK, "ban": BAN, "redact": REDACT, "sendMessages": SEND_MESSAGES}

MAX_ROLES = 2**14
"""The most roles that a room defines, and the most that its role map assigns."""


MAX_HOLDERS = 2**20
"""The most users that a role map names, each as often as they have roles."""

ORDER_LIMIT = 2**32
"""Orders are `uint32`. Spec: "Permissions" (-00 5)"""


def events(event_type: str) -> Flag:
    """The permission to send state events of a type."""
    return ("events", event_type)


def roles(role_id: str) -> Flag:
    """The permission to change a role."""
    return ("roles", role_id)


class Assignment(NamedTuple):
    """One entry of the role map: who has the role, and the role's order."""

    role_id: str
    order: int
    users: frozenset[str]


def read_permissions(content: Mapping[str, Any]) -> Permissions:
    """Read the content of `m.room.role`. Raises `EventError`.

    Spec: "List of Permissions" (-00 5.3, -01 4.3)
    """
    if "permissions" not in content:
        raise fault("content.permissions", "is missing")
    return parse_permissions(content["permissions"], "content.permissions")


def parse_permissions(value: object, place: Place, faults: Gather = AT_ONCE) -> Permissions:
    """Read the permissions of one role, which stand at `place`. Raises `EventError`."""
    flags: dict[Flag, bool] = {}
    for key, given in mapping(value, place).items():
        kind = type(given)
        if kind is bool and key in _SIMPLE and flags.setdefault(_SIMPLE[key], given) is given:
            continue
        if kind is dict and key == "events":
            for event_type, granted in given.items():
                if type(granted) is bool and is_name(event_type):
                    flags["events", event_type] = granted
                    continue
                with faults:
                    within = (place, "events")
                    checked_name(event_type, within)
                    flags[events(event_type)] = checked_flag(granted, (within, event_type))
        elif kind is list and key == "roles":
            for index, role_id in enumerate(given):
                if is_name(role_id):
                    flags["roles", role_id] = True
                    continue
                with faults:
                    flags[roles(checked_text(role_id, ((place, "roles"), index)))] = True
        else:
            with faults:
                raise _fault_of_permission(key, given, place)
    return flags


def _fault_of_permission(key: object, given: object, place: Place) -> EventError:
    """What is wrong with a permission that cannot be read."""
    name = checked_text(key, place)
    within = (place, name)
    if name in _SIMPLE:
        checked_flag(given, within)
        return fault(within, "contradicts its other name, `invite`")
    if name == "events":
        mapping(given, within)
    elif name == "roles":
        sequence(given, within)
    return fault(place, f"there is no permission `{shorten(name)}`")


def write_permissions(permissions: Permissions) -> dict[str, Any]:
    """The permissions of one role as JSON, in an order of their own: equal ones are written alike.

    Roles to change are listed; there is no way to write one that is set, but not granted.
    """
    simple = {flag[0]: permissions[flag] for flag in dict.fromkeys(_SIMPLE.values()) if flag in permissions}
    by_type = {item: granted for (kind, item), granted in sorted(permissions.items()) if kind == "events"}
    by_role = [item for (kind, item), granted in sorted(permissions.items()) if kind == "roles" and granted]
    lists = {"events": by_type, "roles": by_role}
    return {**simple, **{kind: items for kind, items in lists.items() if items}}


def read_role_map(content: Mapping[str, Any]) -> tuple[Assignment, ...]:
    """Read the content of `m.room.role_map`. Raises `EventError`.

    Ids and orders may still repeat; that is judged, not misread.

    Spec: "Permissions" (-00 5)
    """
    if "roles" not in content:
        raise fault("content.roles", "is missing")
    return parse_role_map(content["roles"], "content.roles")


def parse_role_map(value: object, place: Place, faults: Gather = AT_ONCE) -> tuple[Assignment, ...]:
    """Read the entries of a role map, which stand at `place`. Raises `EventError`."""
    entries = sequence(value, place)
    if len(entries) > MAX_ROLES:
        raise fault(place, f"has {len(entries)} roles, {MAX_ROLES} is the most")
    assigned: list[Assignment] = []
    for index, entry in enumerate(entries):
        with faults:
            assigned.append(_read_assignment(entry, (place, index), faults))
    count = sum(len(entry.users) for entry in assigned)
    if count > MAX_HOLDERS:
        raise fault(place, f"names {count} users, {MAX_HOLDERS} is the most")
    return tuple(assigned)


def write_role_map(assigned: Iterable[Assignment]) -> list[dict[str, Any]]:
    """The entries of a role map as JSON."""
    return [{"role_id": entry.role_id, "order": entry.order, "user_ids": sorted(entry.users)} for entry in assigned]


def _read_assignment(value: object, place: Place, faults: Gather) -> Assignment:
    entry = mapping(value, place)
    role_id, order, users = entry.get("role_id"), entry.get("order"), entry.get("user_ids")
    if is_name(role_id) and type(order) is int and 0 <= order < ORDER_LIMIT and _are_names(users):
        return Assignment(role_id, order, frozenset(users))  # type: ignore[arg-type]  # all is what it has to be
    # Where faults are gathered, what cannot be read is left as nothing that can be.
    role_id, order, users = "", -1, frozenset[str]()
    with faults:
        role_id = name(entry, "role_id", place)
    with faults:
        order = whole_number(entry, "order", place, ORDER_LIMIT)
    with faults:
        users = _read_users(entry, place, faults)
    return Assignment(role_id, order, users)


def _are_names(value: object) -> bool:
    return type(value) is list and all(map(is_name, value))


def _read_users(entry: Mapping[str, Any], parent: Place, faults: Gather) -> frozenset[str]:
    place = (parent, "user_ids")
    if "user_ids" not in entry:
        raise fault(place, "is missing")
    users = set()
    for index, user in enumerate(sequence(entry["user_ids"], place)):
        with faults:
            users.add(checked_name(user, (place, index)))
    return frozenset(users)
