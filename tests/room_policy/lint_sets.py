"""Role sets to find holes in: a sound one, and what can be planted into it."""

from collections.abc import Callable, Mapping
from typing import Any

JSON = dict[str, Any]


def role(
    index: int, name: str, capabilities: str = "", changes: Mapping[int, list[int]] | None = None, **more: Any
) -> JSON:
    return {
        "role_index": index,
        "role_name": name,
        "role_capabilities": capabilities.split(),
        "minimum_participants_constraint": 0,
        "minimum_active_participants_constraint": 0,
        "authorized_role_changes": [
            {"from_role_index": source, "target_role_indexes": dests} for source, dests in (changes or {}).items()
        ],
        **more,
    }


OWN = "canAddOwnClient canRemoveOwnClient canSendMessage canRemoveSelf"
ALL = (
    f"{OWN} canAddParticipant canRemoveParticipant canKick canBan canUnBan canChangeUserRole canChangeOwnRole "
    "canUseJoinCode canChangeRoleDefinitions canChangePreauthorizedUserList"
)


def sound() -> dict[int, JSON]:
    """Members whom owners let in and out; no owner goes but by another."""
    return {
        0: role(0, "no_role"),
        1: role(1, "banned", maximum_active_participants_constraint=0),
        2: role(2, "member", OWN, {2: [0]}),
        3: role(3, "owner", ALL, {0: [1, 2, 3], 1: [2, 3], 2: [0, 1, 3], 3: [2]}),
    }


def holding(index: int, *capabilities: str) -> Callable[[dict[int, JSON]], None]:
    return lambda roles: roles[index]["role_capabilities"].extend(capabilities)


def lacking(index: int, capability: str) -> Callable[[dict[int, JSON]], None]:
    return lambda roles: roles[index]["role_capabilities"].remove(capability)


def leading(index: int, source: int, *dests: int) -> Callable[[dict[int, JSON]], None]:
    entry = {"from_role_index": source, "target_role_indexes": [*dests]}
    return lambda roles: roles[index]["authorized_role_changes"].append(entry)


def with_changes(index: int, changes: Mapping[int, list[int]]) -> Callable[[dict[int, JSON]], None]:
    return lambda roles: roles[index].update(role(0, "", "", changes), role_index=index, role_name=roles[index]["role_name"],
                                             role_capabilities=roles[index]["role_capabilities"])  # fmt: skip


def bounded(index: int, name: str, number: int) -> Callable[[dict[int, JSON]], None]:
    return lambda roles: roles[index].update({f"{name}_constraint": number})


def named(index: int, name: str) -> Callable[[dict[int, JSON]], None]:
    return lambda roles: roles[index].update(role_name=name)


def added(new: JSON) -> Callable[[dict[int, JSON]], None]:
    return lambda roles: roles.update({new["role_index"]: new})
