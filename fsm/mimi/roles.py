"""Roles: who holds which permission, and who outranks whom.

Theory of operation. A permission is a *flag*: a name and, where the permission
is a list, the item. `("kick", "")`, `("events", "m.room.name")` and
`("roles", "moderator")` are flags. A role sets flags to true or false; a user
has the sum of the roles assigned to them, and the role of the highest order that
sets a flag decides it. Lists are thereby summed item by item.

`Roles` is a value. A change makes another one, so that the rules on changing
roles can compare the two.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from functools import cache, lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, TypeAlias

from fsm.classes import Peers
from fsm.errors import EventError, shorten
from fsm.event import checked_flag, checked_name, checked_text, join, mapping, name, sequence, whole_number

Flag: TypeAlias = tuple[str, str]
Permissions: TypeAlias = Mapping[Flag, bool]
_Flags: TypeAlias = tuple[tuple[Flag, bool], ...]

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

_MOST_SHARED = 2**6
"""Definitions of more flags than that are not kept for other rooms."""

ORDER_LIMIT = 2**32
"""Orders are `uint32`. Spec: "Permissions" (-00 5)"""

SUPREME = ORDER_LIMIT
"""The power of a creator who still reigns: above every order."""

POWERLESS = -1
"""The power of a user who has none: below every order."""


def events(event_type: str) -> Flag:
    """The permission to send state events of a type."""
    return ("events", event_type)


def roles(role_id: str) -> Flag:
    """The permission to change a role."""
    return ("roles", role_id)


class Power(Enum):
    """Which of a user's roles counts for their effective power.

    The drafts take the highest order that has the permission *set*, even to
    false; an explicit "no" then protects its holder. We take the highest order
    that *grants* it.

    Spec: "Effective Power Level" (-00 5.2, -01 4.2)
    """

    GRANTED = auto()
    SET = auto()


@dataclass(frozen=True, slots=True)
class Assignment:
    """One entry of the role map: who has the role, and the role's order."""

    role_id: str
    order: int
    users: frozenset[str]


@dataclass(frozen=True, slots=True)
class Standing:
    """What one user may do, and how high they stand, resolved from their roles."""

    permissions: Permissions
    powers: Mapping[Flag, int]
    order: int
    acts: int = field(init=False, repr=False, compare=False)
    """Which of `ACTS` are granted, as bits: what decisions need, ready at hand, as are the two powers."""
    kick: int = field(init=False, repr=False, compare=False)
    ban: int = field(init=False, repr=False, compare=False)
    users: "Peers[Standing]" = field(init=False, repr=False, compare=False)
    """All users of this standing."""

    def __post_init__(self) -> None:
        """Work out what decisions need."""
        object.__setattr__(self, "users", Peers(self))
        object.__setattr__(self, "acts", sum(self.may(flag) << bit for bit, flag in enumerate(ACTS)))
        object.__setattr__(self, "kick", self.power(KICK))
        object.__setattr__(self, "ban", self.power(BAN))

    def may(self, flag: Flag) -> bool:
        """Whether the permission is granted. Not set means no, but for sending messages."""
        return self.permissions.get(flag, flag == SEND_MESSAGES)

    def is_denied(self, flag: Flag) -> bool:
        """Whether the permission is set, and set to false."""
        return not self.permissions.get(flag, True)

    def power(self, flag: Flag) -> int:
        """The effective power level for a permission."""
        return self.powers.get(flag, POWERLESS)


class _Supreme(Standing):
    """A creator who reigns may all, and outranks all."""

    __slots__ = ()

    def may(self, flag: Flag) -> bool:  # noqa: ARG002 - any permission at all
        return True

    def power(self, flag: Flag) -> int:  # noqa: ARG002 - the same for any permission
        return SUPREME


_EMPTY: Mapping[Any, Any] = MappingProxyType({})
NOBODY = Standing(_EMPTY, _EMPTY, POWERLESS)
CREATOR = _Supreme(_EMPTY, _EMPTY, SUPREME)


@dataclass(frozen=True, slots=True, init=False)
class Roles:
    """The roles of a room: what is defined, who is assigned, whether the creator reigns.

    The creator is `reigning` until the first role map that assigns anybody. Who that
    is stands elsewhere, so that all rooms without roles share one value. Rooms share their
    definitions, and all of the role map but its users, which are all that they keep of it.
    """

    power: Power
    reigning: bool
    defined: Mapping[str, Permissions]
    _shape: tuple[tuple[str, int, int], ...]
    """The role map without its users: ids, orders and numbers of users."""
    _users: tuple[str, ...]

    def __init__(
        self,
        power: Power,
        reigning: bool = False,
        defined: Mapping[str, Permissions] = _EMPTY,
        assigned: Sequence[Assignment] = (),
    ) -> None:
        """Rooms with the same definitions share them."""
        definitions = tuple((role_id, tuple(permissions.items())) for role_id, permissions in defined.items())
        if sum(len(permissions) for _, permissions in definitions) <= _MOST_SHARED:
            defined = _shared(definitions)
        shape = tuple((entry.role_id, entry.order, len(entry.users)) for entry in assigned)
        values = {
            "power": power,
            "reigning": reigning,
            "defined": defined,
            "_shape": _shared_shape(shape) if len(shape) <= _MOST_SHARED else shape,
            "_users": tuple(user for entry in assigned for user in sorted(entry.users)),
        }
        for field_name, value in values.items():
            object.__setattr__(self, field_name, value)

    @property
    def assigned(self) -> tuple[Assignment, ...]:
        """The role map: each role that is assigned, and to whom."""
        users = iter(self._users)
        return tuple(
            Assignment(role_id, order, frozenset(islice(users, count))) for role_id, order, count in self._shape
        )

    def with_changes(self, **changes: Any) -> "Roles":
        """These roles with other values for some of what they are made of."""
        same = {"power": self.power, "reigning": self.reigning, "defined": self.defined, "assigned": self.assigned}
        return Roles(**{**same, **changes})

    def reign(self) -> "Roles":
        """These roles with a creator who may all, until the first assignment.

        Spec: "Role Changes" (-00 5.5, -01 4.4)
        """
        if not self.defined and not self._shape:
            return _first_reign(self.power)
        return self.with_changes(reigning=not self._users)

    def define(self, role_id: str, permissions: Permissions) -> "Roles":
        """These roles with one of them defined anew."""
        return self.with_changes(defined={**self.defined, role_id: permissions})

    def assign(self, assigned: tuple[Assignment, ...]) -> "Roles":
        """These roles with another role map; the first that assigns anybody ends the reign."""
        return self.with_changes(assigned=assigned, reigning=self.reigning and not _assigns_anybody(assigned))

    def standing(self, user: str, creator: str | None = None) -> Standing:
        """What this user may do, and how high they stand, in a room of this creator."""
        return self.standings(creator).get(user, NOBODY)

    def standings(self, creator: str | None = None) -> Mapping[str, Standing]:
        """The standing of everybody who has one of their own, in a room of this creator."""
        standings = self._resolve_all()
        if self.reigning and creator is not None:
            standings[creator] = CREATOR
        return standings

    def _resolve_all(self) -> dict[str, Standing]:
        ordered = sorted(self.assigned, key=lambda entry: entry.order)
        held: dict[str, list[int]] = {}
        for place, entry in enumerate(ordered):
            for user in entry.users:
                held.setdefault(user, []).append(place)
        # Most users share their roles with many others.
        standings: dict[tuple[int, ...], Standing] = {}
        for places in map(tuple, held.values()):
            if places not in standings:
                standings[places] = self._resolve([ordered[place] for place in places])
        return {user: standings[tuple(places)] for user, places in held.items()}

    def _resolve(self, entries: Sequence[Assignment]) -> Standing:
        """The standing of whoever has these roles, given in ascending order."""
        rows = tuple((entry.order, tuple(self.defined.get(entry.role_id, _EMPTY).items())) for entry in entries)
        is_small = len(rows) + sum(len(permissions) for _, permissions in rows) <= _MOST_SHARED
        return (_sum_up if is_small else _sum_up.__wrapped__)(self.power, rows)

    @property
    def has_administrator(self) -> bool:
        """Whether anybody may change any role by a role of their own."""
        return any(
            kind == "roles"
            for entry in self.assigned
            if entry.users
            for kind, _ in self.defined.get(entry.role_id, _EMPTY)
        )


@lru_cache(maxsize=2**12)
def _sum_up(power: Power, rows: tuple[tuple[int, _Flags], ...]) -> Standing:
    """Sum up the orders and permissions of roles, so that the highest has the last word.

    Spec: "Calculating Permissions" (-00 5.1, -01 4.1)
    """
    permissions: dict[Flag, bool] = {}
    powers: dict[Flag, int] = {}
    for order, flags in rows:
        for flag, granted in flags:
            permissions[flag] = granted
            if granted or power is Power.SET:
                powers[flag] = order
    highest, _ = rows[-1]
    return Standing(permissions, powers, highest)


@lru_cache(maxsize=2**10)
def _shared(definitions: tuple[tuple[str, _Flags], ...]) -> Mapping[str, Permissions]:
    """The one mapping for all rooms whose roles are defined alike."""
    return MappingProxyType({role_id: MappingProxyType(dict(permissions)) for role_id, permissions in definitions})


@lru_cache(maxsize=2**10)
def _shared_shape(shape: tuple[tuple[str, int, int], ...]) -> tuple[tuple[str, int, int], ...]:
    """The one value for all rooms whose role maps differ in nothing but their users."""
    return shape


@cache
def _first_reign(power: Power) -> Roles:
    """What all rooms that have just been created share."""
    return Roles(power, reigning=True)


@dataclass(frozen=True, slots=True)
class Change:
    """What one user would change in a room's roles: from `before` to `after`.

    `creator` is the room's, who may still reign.

    A role is *touched* when its permissions, its order or its users change,
    but not when all that happens is that the sender steps out of it: removing
    or demoting oneself is always possible.
    """

    sender: str
    creator: str | None
    before: Roles
    after: Roles

    old: Mapping[str, Standing] = field(init=False, repr=False, compare=False)
    new: Mapping[str, Standing] = field(init=False, repr=False, compare=False)
    """The standings of everybody before and after."""

    def __post_init__(self) -> None:
        """Work out the standings."""
        object.__setattr__(self, "old", self.before.standings(self.creator))
        object.__setattr__(self, "new", self.after.standings(self.creator))

    @property
    def _own(self) -> Standing:
        return self.old.get(self.sender, NOBODY)

    @property
    def touched(self) -> Iterator[str]:
        """The ids of the roles that change."""
        redefined = {
            role_id
            for role_id, permissions in self.after.defined.items()
            if self.before.defined.get(role_id) != permissions
        }
        old, new = _by_id(self.before.assigned), _by_id(self.after.assigned)
        for role_id in dict.fromkeys([*redefined, *old, *new]):
            if role_id in redefined or self._reassigns(old.get(role_id), new.get(role_id)):
                yield role_id

    def _reassigns(self, old: Assignment | None, new: Assignment | None) -> bool:
        if old is None or self.sender not in old.users:
            return old != new
        stepped_out = replace(old, users=old.users - {self.sender})
        return new not in (old, stepped_out) and not (new is None and not stepped_out.users)

    def is_listed(self) -> bool:
        """Whether the sender's `roles` permission lists every role touched."""
        standing = self._own
        return all(standing.may(roles(role_id)) for role_id in self.touched)

    def is_below_sender(self) -> bool:
        """Whether every order touched, old and new, is below the sender's own."""
        own = self._own.order
        touched = set(self.touched)
        return all(
            entry.order < own for entry in (*self.before.assigned, *self.after.assigned) if entry.role_id in touched
        )

    def grants_only_held(self) -> bool:
        """Whether the sender holds every permission that somebody or some role gains."""
        standing = self._own
        return all(standing.may(flag) for flag in (*self._granted(), *self._regained())) and not any(
            standing.is_denied(flag) for flag in self._lifted()
        )

    def _granted(self) -> Iterator[Flag]:
        for role_id, permissions in self.after.defined.items():
            old = self.before.defined.get(role_id, _EMPTY)
            yield from (flag for flag, granted in permissions.items() if granted and not old.get(flag))
        users_before = {entry.role_id: entry.users for entry in self.before.assigned}
        for entry in self.after.assigned:
            if entry.users - users_before.get(entry.role_id, frozenset()):
                permissions = self.after.defined.get(entry.role_id, _EMPTY)
                yield from (flag for flag, granted in permissions.items() if granted)

    def _regained(self) -> Iterator[Flag]:
        """What somebody holds now since a "no" is gone, or stands below a "yes": perhaps one they stepped out of."""
        for user in {**self.old, **self.new}:
            before, after = (standings.get(user, NOBODY) for standings in (self.old, self.new))
            for flag in {**before.permissions, **after.permissions}:
                if after.may(flag) and not before.may(flag):
                    yield flag

    def _lifted(self) -> Iterator[Flag]:
        """The types of messages that somebody was denied, and no longer is."""
        for user, before in self.old.items():
            after = self.new.get(user, NOBODY)
            for flag in before.permissions:
                if flag[0] == "events" and before.is_denied(flag) and not after.is_denied(flag):
                    yield flag

    def keeps_administrator(self) -> bool:
        """Whether somebody can still change roles afterwards, if anybody could before."""
        return self.after.has_administrator or not self.before.has_administrator


def read_permissions(content: Mapping[str, Any]) -> Permissions:
    """Read the content of `m.room.role`. Raises `EventError`.

    Spec: "List of Permissions" (-00 5.3, -01 4.3)
    """
    place = "content.permissions"
    if "permissions" not in content:
        raise EventError(place, "is missing")
    return parse_permissions(content["permissions"], place)


def parse_permissions(value: object, place: str, faults: Gather = AT_ONCE) -> Permissions:
    """Read the permissions of one role, which stand at `place`. Raises `EventError`."""
    flags: dict[Flag, bool] = {}
    for key, given in mapping(value, place).items():
        with faults:
            field = join(place, checked_text(key, place))
            if key == "events":
                for event_type, granted in mapping(given, field).items():
                    with faults:
                        checked_name(event_type, field)
                        flags[events(event_type)] = checked_flag(granted, join(field, event_type))
            elif key == "roles":
                for index, role_id in enumerate(sequence(given, field)):
                    with faults:
                        flags[roles(checked_text(role_id, f"{field}[{index}]"))] = True
            elif key in _SIMPLE:
                granted = checked_flag(given, field)
                if flags.setdefault(_SIMPLE[key], granted) is not granted:
                    raise EventError(field, "contradicts its other name, `invite`")
            else:
                raise EventError(place, f"there is no permission `{shorten(key)}`")
    return flags


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
    place = "content.roles"
    if "roles" not in content:
        raise EventError(place, "is missing")
    return parse_role_map(content["roles"], place)


def parse_role_map(value: object, place: str, faults: Gather = AT_ONCE) -> tuple[Assignment, ...]:
    """Read the entries of a role map, which stand at `place`. Raises `EventError`."""
    assigned: list[Assignment] = []
    for index, entry in enumerate(sequence(value, place)):
        with faults:
            assigned.append(_read_assignment(entry, f"{place}[{index}]", faults))
    return tuple(assigned)


def write_role_map(assigned: Iterable[Assignment]) -> list[dict[str, Any]]:
    """The entries of a role map as JSON."""
    return [{"role_id": entry.role_id, "order": entry.order, "user_ids": sorted(entry.users)} for entry in assigned]


def _read_assignment(value: object, place: str, faults: Gather) -> Assignment:
    entry = mapping(value, place)
    # Where faults are gathered, what cannot be read is left as nothing that can be.
    role_id, order, users = "", POWERLESS, set()
    with faults:
        role_id = name(entry, "role_id", place)
    with faults:
        order = whole_number(entry, "order", place, ORDER_LIMIT)
    with faults:
        field = f"{place}.user_ids"
        if "user_ids" not in entry:
            raise EventError(field, "is missing")
        for index, user in enumerate(sequence(entry["user_ids"], field)):
            with faults:
                users.add(checked_name(user, f"{field}[{index}]"))
    return Assignment(role_id, order, frozenset(users))


def _assigns_anybody(assigned: Iterable[Assignment]) -> bool:
    return any(entry.users for entry in assigned)


def _by_id(assigned: Iterable[Assignment]) -> dict[str, Assignment]:
    return {entry.role_id: entry for entry in assigned}
