"""Role definitions, as values: what they say, and how they are read from JSON.

    {"roles": [{"role_index": 2, "role_name": "member", "role_capabilities": ["canRemoveSelf"], …}]}

The values are those of the struct `RoleData`. A role list is one value whatever the
order of its roles, of a role's capabilities and of its changes.

Spec: "Role-Based Access Control" (3)
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from fsm.errors import EventError, shorten
from fsm.event import checked_text, join, mapping, sequence, text, whole_number
from fsm.room_policy.capabilities import NUMBERS, read_capability

OUTSIDE, BANNED = 0, 1
"""The role indexes with a meaning: who is not in the participant list has role 0, who is banned role 1."""

BANNED_NAME = "banned"
"""Role 1 is for the banned only where it has this name (8.1.3)."""

UINT32 = 2**32

MAX_ROLES = 2**14
"""The most roles that a list may define."""

_CAN_ADD, _CAN_OPEN_JOIN = NUMBERS["canAddParticipant"], NUMBERS["canOpenJoin"]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the most participants that a role may have; None for no maximum."""

    minimum: int = 0
    maximum: int | None = None

    def reached(self, count: int) -> bool:
        """Whether the minimum is."""
        return count >= self.minimum

    def kept(self, count: int) -> bool:
        """Whether the maximum is."""
        return self.maximum is None or count <= self.maximum

    @property
    def is_sound(self) -> bool:
        """Whether the maximum is not below the minimum."""
        return self.maximum is None or self.maximum >= self.minimum


@dataclass(frozen=True, slots=True)
class Role:
    """One role: what its holders may do, and how many there may be.

    `changes` are the role changes that its holders may make others undergo, by the role
    that is left: "authorized_role_changes".
    """

    index: int
    name: str
    capabilities: frozenset[int]
    participants: Bounds
    active: Bounds
    changes: Mapping[int, frozenset[int]] = field(hash=False)
    description: str = field(default="", compare=False)
    twice: tuple[int, ...] = ()
    """The roles that several entries of the changes are for: such entries add up."""


@dataclass(frozen=True)
class Roles:
    """The roles of a room, by index, each once.

    Equal role lists are equal; the hash is found once.
    """

    roles: tuple[Role, ...] = ()

    def __hash__(self) -> int:
        return self._hash

    def __getstate__(self) -> dict[str, Any]:
        return {"roles": self.roles}

    @cached_property
    def _hash(self) -> int:
        return hash(self.roles)

    @cached_property
    def by_index(self) -> Mapping[int, Role]:
        """The roles that are defined."""
        return {role.index: role for role in self.roles}

    def has(self, index: int, capability: int) -> bool:
        """Whether a role holds a capability; one that is not defined holds none."""
        role = self.by_index.get(index)
        return role is not None and capability in role.capabilities

    def leads(self, index: int, source: int, dest: int) -> bool:
        """Whether the changes of a role lead from one role to another."""
        role = self.by_index.get(index)
        return role is not None and dest in role.changes.get(source, ())

    @cached_property
    def have_banned(self) -> bool:
        """Whether role 1 is that of the banned."""
        role = self.by_index.get(BANNED)
        return role is not None and role.name == BANNED_NAME

    @cached_property
    def may_be_added_to(self) -> bool:
        """Whether some role but 0 and 1 can add participants, which a room of fixed membership must not have (5)."""
        return any(role.index not in (OUTSIDE, BANNED) and _CAN_ADD in role.capabilities for role in self.roles)

    @cached_property
    def are_valid(self) -> bool:
        """Whether no maximum is below its minimum, and `canOpenJoin` appears in role 0 only."""
        return all(
            role.participants.is_sound
            and role.active.is_sound
            and (role.index == OUTSIDE or _CAN_OPEN_JOIN not in role.capabilities)
            for role in self.roles
        )


@dataclass(frozen=True, slots=True)
class RoleList:
    """A role list as it was sent: one in which an index comes twice is no valid one."""

    roles: Roles
    twice: int | None = None
    """An index that is defined twice, if any."""


def read_role_list(content: Mapping[str, Any], within: str = "") -> RoleList:
    """The roles of a `roles_list`. Raises `EventError` for what is no such thing."""
    place = join(within, "roles")
    if "roles" not in content:
        raise EventError(place, "is missing")
    given = sequence(content["roles"], place)
    if len(given) > MAX_ROLES:
        raise EventError(place, f"has {len(given)} roles, {MAX_ROLES} is the most")
    roles: dict[int, Role] = {}
    twice: int | None = None
    for number, value in enumerate(given):
        role = read_role(value, f"{place}[{number}]")
        if role.index in roles and twice is None:
            twice = role.index
        roles[role.index] = role
    return RoleList(Roles(tuple(roles[index] for index in sorted(roles))), twice)


def read_roles(content: Mapping[str, Any], within: str = "") -> Roles:
    """The same, of which each index must be defined once."""
    read = read_role_list(content, within)
    if read.twice is not None:
        raise EventError(join(within, "roles"), f"two roles have the index {read.twice}")
    return read.roles


def read_role(value: object, place: str) -> Role:
    """One role. Raises `EventError`."""
    role = mapping(value, place)
    where = join(place, "role_capabilities")
    return Role(
        index=index(role, "role_index", place),
        name=text(role, "role_name", place),
        capabilities=frozenset(
            read_capability(each, f"{where}[{number}]")
            for number, each in enumerate(_array(role, "role_capabilities", place))
        ),
        participants=_bounds(role, "participants_constraint", place),
        active=_bounds(role, "active_participants_constraint", place),
        changes=_changes(role, place),
        twice=_sources_twice(role),
        description=checked_text(role.get("role_description", ""), join(place, "role_description")),
    )


def write_roles(roles: Roles) -> dict[str, Any]:
    """A role list as JSON, each capability by its number."""
    return {"roles": [dict(_fields(role)) for role in roles.roles]}


def index(parent: Mapping[str, Any], key: str, within: str) -> int:
    """The uint32 under a key."""
    return whole_number(parent, key, within, UINT32)


def optional_index(parent: Mapping[str, Any], key: str, within: str) -> int | None:
    """The uint32 under a key, or None where that is null or absent."""
    return None if parent.get(key) is None else index(parent, key, within)


def _bounds(role: Mapping[str, Any], what: str, place: str) -> Bounds:
    return Bounds(index(role, f"minimum_{what}", place), optional_index(role, f"maximum_{what}", place))


def _changes(role: Mapping[str, Any], place: str) -> Mapping[int, frozenset[int]]:
    """By the role that is left, the roles to which changes lead; two entries for one add up."""
    changes: dict[int, set[int]] = {}
    for number, value in enumerate(_array(role, "authorized_role_changes", place)):
        where = f"{join(place, 'authorized_role_changes')}[{number}]"
        entry = mapping(value, where)
        targets = _array(entry, "target_role_indexes", where)
        source = index(entry, "from_role_index", where)
        changes.setdefault(source, set()).update(
            checked_index(target, f"{where}.target_role_indexes[{number}]") for number, target in enumerate(targets)
        )
    return {source: frozenset(dests) for source, dests in sorted(changes.items()) if dests}


def _sources_twice(role: Mapping[str, Any]) -> tuple[int, ...]:
    counts = Counter(entry["from_role_index"] for entry in role["authorized_role_changes"])
    return tuple(source for source, count in counts.items() if count > 1)


def checked_index(value: object, place: str) -> int:
    """A uint32."""
    if type(value) is int and 0 <= value < UINT32:
        return value
    given = value if type(value) is int else shorten(repr(value))
    raise EventError(place, f"must be a whole number from 0 to {UINT32 - 1}, not {given}")


def _array(parent: Mapping[str, Any], key: str, within: str) -> list[Any]:
    place = join(within, key)
    if key not in parent:
        raise EventError(place, "is missing")
    return sequence(parent[key], place)


def _fields(role: Role) -> Iterator[tuple[str, Any]]:
    yield "role_index", role.index
    yield "role_name", role.name
    yield "role_description", role.description
    yield "role_capabilities", sorted(role.capabilities)
    yield "minimum_participants_constraint", role.participants.minimum
    yield "maximum_participants_constraint", role.participants.maximum
    yield "minimum_active_participants_constraint", role.active.minimum
    yield "maximum_active_participants_constraint", role.active.maximum
    yield (
        "authorized_role_changes",
        [{"from_role_index": source, "target_role_indexes": sorted(dests)} for source, dests in role.changes.items()],
    )
