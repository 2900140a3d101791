"""Roles: who holds which permission, and who outranks whom.

Theory of operation. A permission is a *flag*: a name and, where the permission
is a list, the item. `("kick", "")`, `("events", "m.room.name")` and
`("roles", "moderator")` are flags. A role sets flags to true or false; a user
has the sum of the roles assigned to them, and the role of the highest order that
sets a flag decides it. Lists are thereby summed item by item.

`Roles` is a value. A change makes another one, so that the rules on changing
roles can compare the two.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import field
from enum import Enum, auto
from functools import cache, cached_property, lru_cache
from itertools import accumulate, chain, islice
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from fsm.classes import Peers
from fsm.errors import shorten
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
from fsm.participation.terms import Participation
from fsm.records import dataclass

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

MAX_ROLES = 2**14
"""The most roles that a room defines, and the most that its role map assigns."""

MAX_HOLDERS = 2**20
"""The most users that a role map names, each as often as they have roles."""

MAX_STANDINGS = 2**18
"""The most permissions of roles in a room, counted once for each combination of roles that they are held in."""

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


class Assignment(NamedTuple):
    """One entry of the role map: who has the role, and the role's order."""

    role_id: str
    order: int
    users: frozenset[str]


class Row(NamedTuple):
    """One entry of the role map, with the number of its users in place of them."""

    role_id: str
    order: int
    holders: int


Places: TypeAlias = tuple[int, ...]
"""Some roles, by their places in the role map, in ascending order of the roles."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What one user may do, and how high they stand, resolved from their roles."""

    granted: frozenset[Flag]
    """What one may do. To send messages is granted unless it is denied."""
    denied: frozenset[Flag]
    powers: Mapping[Flag, int]
    order: int
    acts: int = field(init=False, repr=False)
    """Which of `ACTS` are granted, as bits: what decisions need, ready at hand, as are the two powers."""
    kick: int = field(init=False, repr=False)
    ban: int = field(init=False, repr=False)
    users: "Peers[Standing]" = field(init=False, repr=False, compare=False)
    """All users of this standing."""

    def __post_init__(self) -> None:
        """Work out what decisions need."""
        object.__setattr__(self, "users", Peers(self, Participation.LEAVE))
        object.__setattr__(self, "acts", sum(self.may(flag) << bit for bit, flag in enumerate(ACTS)))
        object.__setattr__(self, "kick", self.power(KICK))
        object.__setattr__(self, "ban", self.power(BAN))

    def may(self, flag: Flag) -> bool:
        """Whether the permission is granted."""
        return flag in self.granted

    def holds(self, flags: frozenset[Flag]) -> bool:
        """Whether all of these permissions are granted."""
        return flags <= self.granted

    def is_denied(self, flag: Flag) -> bool:
        """Whether the permission is set, and set to false."""
        return flag in self.denied

    def gains(self, before: "Standing") -> frozenset[Flag]:
        """What is granted to this standing, and was not to one before."""
        return frozenset(flag for flag in self.granted - before.granted if not before.may(flag))

    def power(self, flag: Flag) -> int:
        """The effective power level for a permission."""
        return self.powers.get(flag, POWERLESS)


class _Supreme(Standing):
    """A creator who reigns may all, and outranks all."""

    __slots__ = ()

    def may(self, flag: Flag) -> bool:  # noqa: ARG002 - any permission at all
        return True

    def holds(self, flags: frozenset[Flag]) -> bool:  # noqa: ARG002
        return True

    def power(self, flag: Flag) -> int:  # noqa: ARG002 - the same for any permission
        return SUPREME


_EMPTY: Mapping[Any, Any] = MappingProxyType({})
_NO_USERS: frozenset[str] = frozenset()
_BY_DEFAULT = frozenset({SEND_MESSAGES})
NOBODY = Standing(_BY_DEFAULT, frozenset(), _EMPTY, POWERLESS)
CREATOR = _Supreme(_BY_DEFAULT, frozenset(), _EMPTY, SUPREME)


class Roles(NamedTuple):
    """The roles of a room: what is defined, who is assigned, whether the creator reigns.

    The creator is `reigning` until the first role map that assigns anybody. Who that
    is stands elsewhere, so that all rooms without roles share one value. Rooms share their
    definitions, and all of the role map but its users, which are all that they keep of it.
    """

    power: Power
    reigning: bool = False
    defined: Mapping[str, Permissions] = _EMPTY
    shape: tuple[Row, ...] = ()
    """The role map without its users."""
    users: tuple[str, ...] = ()
    """The users of all entries of the role map, one entry after the other."""

    def __hash__(self) -> int:
        return hash((self.shape, self.users))

    @property
    def assigned(self) -> tuple[Assignment, ...]:
        """The role map: each role that is assigned, and to whom."""
        users = iter(self.users)
        return tuple(
            [Assignment(role_id, order, frozenset(islice(users, count))) for role_id, order, count in self.shape]
        )

    def reign(self) -> "Roles":
        """These roles with a creator who may all, until the first assignment.

        Spec: "Role Changes" (-00 5.5, -01 4.4)
        """
        if not self.defined and not self.shape:
            return _first_reign(self.power)
        return Roles(self.power, not self.users, self.defined, self.shape, self.users)

    def define(self, role_id: str, permissions: Permissions) -> "Roles":
        """These roles with one of them defined anew."""
        return self.redefine({**self.defined, role_id: permissions})

    def redefine(self, defined: Mapping[str, Permissions]) -> "Roles":
        """These roles with other definitions, which rooms share unless they are many."""
        if _size_of(defined) <= _MOST_SHARED:
            definitions = [(role_id, tuple(permissions.items())) for role_id, permissions in defined.items()]
            defined = _shared(tuple(definitions))
        return Roles(self.power, self.reigning, defined, self.shape, self.users)

    def assign(self, assigned: Sequence[Assignment]) -> "Roles":
        """These roles with another role map; the first that assigns anybody ends the reign."""
        shape = tuple([Row(entry.role_id, entry.order, len(entry.users)) for entry in assigned])
        users = tuple(chain.from_iterable([sorted(entry.users) for entry in assigned]))
        shape = _shared_shape(shape) if len(shape) <= _MOST_SHARED else shape
        return Roles(self.power, self.reigning and not users, self.defined, shape, users)

    def standing(self, user: str, creator: str | None = None) -> Standing:
        """What this user may do, and how high they stand, in a room of this creator."""
        return self.standings(creator).get(user, NOBODY)

    def standings(self, creator: str | None = None) -> Mapping[str, Standing]:
        """The standing of everybody who has one of their own, in a room of this creator."""
        return self.with_creator(self.resolved.standings, creator)

    def with_creator(self, standings: Mapping[str, Standing], creator: str | None) -> Mapping[str, Standing]:
        """These standings, with that of the creator if they reign."""
        return {**standings, creator: CREATOR} if self.reigning and creator is not None else standings

    @property
    def resolved(self) -> "Resolved":
        """What follows from these roles. It is kept for other rooms unless the roles are large."""
        is_small = len(self.users) + len(self.shape) + _size_of(self.defined) <= _MOST_SHARED
        return (_resolved if is_small else _resolved.__wrapped__)(self)

    def expect_bearable(self) -> None:
        """Raise `EventError` for more roles than a room can define, or more permissions than can be resolved."""
        if len(self.defined) > MAX_ROLES:
            raise fault("", f"would be one of {len(self.defined)} roles, {MAX_ROLES} is the most")
        self._expect_resolvable(_combinations(self.shape, self.users))

    def _expect_resolvable(self, combinations: Collection[Places]) -> None:
        sizes = [len(self.defined.get(row.role_id, _EMPTY)) for row in self.shape]
        count = sum(sizes[place] for places in combinations for place in places)
        if count > MAX_STANDINGS:
            raise fault("", f"makes {count} permissions of roles that are held together, {MAX_STANDINGS} is the most")

    def by_combination(self, combinations: Collection[Places] | None = None) -> Mapping[Places, Standing]:
        """The standing of each combination of roles that somebody holds. Raises `EventError` for too many of them."""
        combinations = _combinations(self.shape, self.users) if combinations is None else combinations
        self._expect_resolvable(combinations)
        return {places: self.resolve([self.shape[place] for place in places]) for places in combinations}

    @property
    def has_administrator(self) -> bool:
        """Whether anybody may change any role by a role of their own."""
        held = (self.defined.get(row.role_id, _EMPTY) for row in self.shape if row.holders)
        return any(kind == "roles" for permissions in held for kind, _ in permissions)

    def resolve(self, entries: Sequence[Row]) -> Standing:
        """The standing of whoever has these roles, given in ascending order."""
        rows = tuple([(entry.order, tuple(self.defined.get(entry.role_id, _EMPTY).items())) for entry in entries])
        is_small = len(rows) + sum(len(permissions) for _, permissions in rows) <= _MOST_SHARED
        return (_sum_up if is_small else _sum_up.__wrapped__)(self.power, rows)


class Resolved(NamedTuple):
    """What follows from roles: the role map, and the standing of everybody who has a role."""

    assigned: tuple[Assignment, ...]
    standings: Mapping[str, Standing]


def _size_of(defined: Mapping[str, Permissions]) -> int:
    """How many roles there are, and flags that they set."""
    return len(defined) + sum(map(len, defined.values()))


@lru_cache(maxsize=2**10)
def _resolved(roles: Roles) -> Resolved:
    held = _held(roles.shape, roles.users)
    standings = roles.by_combination(frozenset(held.values()))  # most users share their roles with many others
    return Resolved(roles.assigned, MappingProxyType({user: standings[places] for user, places in held.items()}))


def _held(shape: tuple[Row, ...], users: tuple[str, ...]) -> dict[str, Places]:
    """The roles of everybody who has any."""
    starts = [0, *accumulate(row.holders for row in shape)]
    held: dict[str, list[int]] = {}
    for place in sorted(range(len(shape)), key=lambda place: shape[place].order):
        for user in users[starts[place] : starts[place + 1]]:
            held.setdefault(user, []).append(place)
    return {user: tuple(places) for user, places in held.items()}


@lru_cache(maxsize=2**6)
def _combinations(shape: tuple[Row, ...], users: tuple[str, ...]) -> frozenset[Places]:
    """The combinations of roles that anybody holds."""
    return frozenset(_held(shape, users).values())


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
    held = frozenset(_granted_by(permissions))
    denied = frozenset(permissions) - held
    highest, _ = rows[-1]
    return Standing(held | (_BY_DEFAULT - denied), denied, powers, highest)


@lru_cache(maxsize=2**10)
def _shared(definitions: tuple[tuple[str, _Flags], ...]) -> Mapping[str, Permissions]:
    """The one mapping for all rooms whose roles are defined alike."""
    return MappingProxyType({role_id: _shared_role(permissions) for role_id, permissions in definitions})


@lru_cache(maxsize=2**10)
def _shared_role(flags: _Flags) -> Permissions:
    """The one mapping for all roles that permit the same."""
    return MappingProxyType(dict(flags))


@lru_cache(maxsize=2**10)
def _shared_shape(shape: tuple[Row, ...]) -> tuple[Row, ...]:
    """The one value for all rooms whose role maps differ in nothing but their users."""
    return shape


@cache
def _first_reign(power: Power) -> Roles:
    """What all rooms that have just been created share."""
    return Roles(power, reigning=True)


class Change:
    """What one user would change in a room's roles: from `before` to `after`.

    `own` is where the sender stands before, and `creator` is the room's, who may still reign.

    A role is *touched* when its permissions, its order or its users change,
    but not when all that happens is that the sender steps out of it: removing
    or demoting oneself is always possible.
    """

    def __init__(self, sender: str, own: Standing, creator: str | None, before: Roles, after: Roles) -> None:
        self.sender = sender
        self.own = own
        self.creator = creator
        self.before = before
        self.after = after
        self._is_same_map = after.shape is before.shape and after.users is before.users

    @cached_property
    def _redefined(self) -> list[str]:
        old, new = self.before.defined, self.after.defined
        return [] if new is old else [role_id for role_id, given in new.items() if _differ(old.get(role_id), given)]

    @cached_property
    def touched(self) -> frozenset[str]:
        """The ids of the roles that change."""
        touched = self._redefined
        if not self._is_same_map:
            old, new = _by_id(self.before.resolved.assigned), _by_id(self.after.resolved.assigned)
            touched = touched + [
                role_id for role_id in {**old, **new} if self._reassigns(old.get(role_id), new.get(role_id))
            ]
        return frozenset(touched)

    def _reassigns(self, old: Assignment | None, new: Assignment | None) -> bool:
        if old == new:
            return False
        if old is None or self.sender not in old.users:
            return True
        stepped_out = old._replace(users=old.users - {self.sender})
        return new != stepped_out and not (new is None and not stepped_out.users)

    @property
    def has_distinct_ids(self) -> bool:
        """Whether each role stands in the role map once."""
        return len({row.role_id for row in self.after.shape}) == len(self.after.shape)

    @property
    def has_distinct_orders(self) -> bool:
        """Whether no two roles of the role map have the same order."""
        return len({row.order for row in self.after.shape}) == len(self.after.shape)

    def is_listed(self) -> bool:
        """Whether the sender's `roles` permission lists every role touched."""
        return self.own.holds(frozenset(map(roles, self.touched)))

    def is_below_sender(self) -> bool:
        """Whether every order touched, old and new, is below the sender's own."""
        own, touched = self.own.order, self.touched
        return not any(row.role_id in touched and row.order >= own for row in (*self.before.shape, *self.after.shape))

    def grants_only_held(self) -> bool:
        """Whether the sender holds every permission that somebody or some role gains."""
        own = self.own
        return own.holds(self._granted()) and all(
            # What somebody holds now since a "no" is gone, or stands below a "yes": perhaps one they stepped out of.
            own.holds(after.gains(before)) and own.denied.isdisjoint(self._lifted(before, after))
            for before, after in self._moved
        )

    def _granted(self) -> frozenset[Flag]:
        """What roles grant that did not, or grant to users who are new to them."""
        granted: list[Flag] = []
        for role_id in self._redefined:
            old = self.before.defined.get(role_id, _EMPTY)
            granted += [flag for flag in _granted_by(self.after.defined[role_id]) if not old.get(flag)]
        if not (self._is_same_map and self.has_distinct_ids):
            users_before = {entry.role_id: entry.users for entry in self.before.resolved.assigned}
            for entry in self.after.resolved.assigned:
                if not entry.users <= users_before.get(entry.role_id, _NO_USERS):
                    granted += _granted_by(self.after.defined.get(entry.role_id, _EMPTY))
        return frozenset(granted)

    @property
    def _moved(self) -> Collection[tuple[Standing, Standing]]:
        """The standings, before and after, of everybody who may have another one, each pair once."""
        old: Mapping[Any, Standing]
        new: Mapping[Any, Standing]
        if self._is_same_map:
            old, new = self.before.by_combination(), self.after.by_combination()
        else:
            old, new = self.before.standings(self.creator), self.after.standings(self.creator)
        # Of who has had no role `_granted` tells all that they gain.
        pairs = ((was, new.get(each, NOBODY)) for each, was in old.items())  # type: ignore[arg-type]  # keys of one kind
        return {(id(was), id(becomes)): (was, becomes) for was, becomes in pairs if was is not becomes}.values()

    @staticmethod
    def _lifted(before: Standing, after: Standing) -> list[Flag]:
        """The types of messages that somebody was denied, and no longer is."""
        return [flag for flag in before.denied - after.denied if flag[0] == "events"]

    def keeps_administrator(self) -> bool:
        """Whether somebody can still change roles afterwards, if anybody could before."""
        return self.after.has_administrator or not self.before.has_administrator


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
        with faults:
            within = (place, checked_text(key, place))
            if key in _SIMPLE:
                granted = checked_flag(given, within)
                if flags.setdefault(_SIMPLE[key], granted) is not granted:
                    raise fault(within, "contradicts its other name, `invite`")
            elif key == "events":
                for event_type, granted in mapping(given, within).items():
                    with faults:
                        checked_name(event_type, within)
                        flags[events(event_type)] = checked_flag(granted, (within, event_type))
            elif key == "roles":
                for index, role_id in enumerate(sequence(given, within)):
                    with faults:
                        flags[roles(checked_text(role_id, (within, index)))] = True
            else:
                raise fault(place, f"there is no permission `{shorten(key)}`")
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
    # Where faults are gathered, what cannot be read is left as nothing that can be.
    role_id, order, users = "", POWERLESS, _NO_USERS
    with faults:
        role_id = name(entry, "role_id", place)
    with faults:
        order = whole_number(entry, "order", place, ORDER_LIMIT)
    with faults:
        users = _read_users(entry, place, faults)
    return Assignment(role_id, order, users)


def _read_users(entry: Mapping[str, Any], parent: Place, faults: Gather) -> frozenset[str]:
    place = (parent, "user_ids")
    if "user_ids" not in entry:
        raise fault(place, "is missing")
    listed = sequence(entry["user_ids"], place)
    if all(map(is_name, listed)):
        return frozenset(listed)
    users = set()
    for index, user in enumerate(listed):
        with faults:
            users.add(checked_name(user, (place, index)))
    return frozenset(users)


def _granted_by(permissions: Permissions) -> list[Flag]:
    return [flag for flag, granted in permissions.items() if granted]


def _differ(old: Permissions | None, new: Permissions) -> bool:
    """Whether a role permits something else, or is new. Most are the one mapping that all such roles share."""
    return old is not new and old != new


def _by_id(assigned: Iterable[Assignment]) -> dict[str, Assignment]:
    return {entry.role_id: entry for entry in assigned}
