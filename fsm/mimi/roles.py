"""Roles: who holds which permission, and who outranks whom.

Theory of operation. A role sets permissions (`fsm.mimi.permissions`) to true or false; a user
has the sum of the roles assigned to them, and the role of the highest order that
sets a flag decides it. Lists are thereby summed item by item.

`Roles` is a value. A change makes another one, so that the rules on changing
roles can compare the two (`fsm.mimi.role_changes`).
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache, cached_property, lru_cache
from itertools import accumulate, chain, islice
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

from fsm.classes import Peers
from fsm.event import fault
from fsm.mimi.kept import Kept, is_small
from fsm.mimi.permissions import (
    ACTS,
    BAN,
    KICK,
    MAX_ROLES,
    ORDER_LIMIT,
    SEND_MESSAGES,
    Assignment,
    Flag,
    Permissions,
)
from fsm.participation.terms import Participation
from fsm.record import Record

_Flags: TypeAlias = tuple[tuple[Flag, bool], ...]

MAX_STANDINGS = 2**18
"""The most permissions of roles in a room, counted once for each combination of roles that they are held in."""

SUPREME = ORDER_LIMIT
"""The power of a creator who still reigns: above every order."""

POWERLESS = -1
"""The power of a user who has none: below every order."""


class Power(Enum):
    """Which of a user's roles counts for their effective power.

    The drafts take the highest order that has the permission *set*, even to
    false; an explicit "no" then protects its holder. We take the highest order
    that *grants* it.

    Spec: "Effective Power Level" (-00 5.2, -01 4.2)
    """

    GRANTED = auto()
    SET = auto()


class Row(NamedTuple):
    """One entry of the role map, with the number of its users in place of them."""

    role_id: str
    order: int
    holders: int


Places: TypeAlias = tuple[int, ...]
"""Some roles, by their places in the role map, in ascending order of the roles."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Standing(Record):
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
        flags = (*self.granted, *self.denied)
        is_kept = is_small(len(flags), [item for _, item in flags])
        object.__setattr__(self, "users", Peers(self, Participation.LEAVE, is_kept=is_kept))
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
        return before.lacking(self.granted)

    def lacking(self, flags: frozenset[Flag]) -> frozenset[Flag]:
        """Which of these permissions are not granted."""
        return flags - self.granted

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

    def lacking(self, flags: frozenset[Flag]) -> frozenset[Flag]:  # noqa: ARG002
        return frozenset()

    def power(self, flag: Flag) -> int:  # noqa: ARG002 - the same for any permission
        return SUPREME


_EMPTY: Mapping[Any, Any] = MappingProxyType({})
_BY_DEFAULT = frozenset({SEND_MESSAGES})
NOBODY = Standing(_BY_DEFAULT, frozenset(), _EMPTY, POWERLESS)
CREATOR = _Supreme(_BY_DEFAULT, frozenset(), _EMPTY, SUPREME)


class Defined(dict[str, Permissions]):
    """Roles by their ids: what each permits. It is never changed.

    Rooms whose roles are defined alike share one, unless it is large. It is hashed as the object that it is.
    """

    __slots__ = ("is_small", "size")

    def __init__(self, roles: Mapping[str, Permissions] = _EMPTY) -> None:
        super().__init__(roles)
        self.size = len(self) + sum(map(len, self.values()))
        """How many roles there are, and flags that they set."""
        self.is_small = is_small(self.size, [*self, *[item for flags in self.values() for _, item in flags]])
        """Whether they are kept for other rooms."""

    __hash__ = object.__hash__  # type: ignore[assignment]  # what is shared is one object


_NOTHING = Defined()


class Roles(NamedTuple):
    """The roles of a room: what is defined, who is assigned, whether the creator reigns.

    The creator is `reigning` until the first role map that assigns anybody. Who that
    is stands elsewhere, so that all rooms without roles share one value. Rooms share their
    definitions, and all of the role map but its users, which are all that they keep of it.
    """

    power: Power
    reigning: bool = False
    defined: Defined = _NOTHING
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
        defined = _defined_anew[self.defined, role_id, tuple(permissions.items())]
        return Roles(self.power, self.reigning, defined, self.shape, self.users)

    def redefine(self, defined: Mapping[str, Permissions]) -> "Roles":
        """These roles with other definitions."""
        return Roles(self.power, self.reigning, _shared(Defined(defined)), self.shape, self.users)

    def assign(self, assigned: Sequence[Assignment]) -> "Roles":
        """These roles with another role map; the first that assigns anybody ends the reign."""
        shape, users = _laid_out[*assigned,]
        return Roles(self.power, self.reigning and not users, self.defined, shape, users)

    def standing(self, user: str, creator: str | None = None) -> Standing:
        """What this user may do, and how high they stand, in a room of this creator."""
        return self.standings(creator).get(user, NOBODY)

    def standings(self, creator: str | None = None) -> Mapping[str, Standing]:
        """The standing of everybody who has one of their own, in a room of this creator."""
        return self.with_creator(self.resolved.standings if self.users else _EMPTY, creator)

    def with_creator(self, standings: Mapping[str, Standing], creator: str | None) -> Mapping[str, Standing]:
        """These standings, with that of the creator if they reign."""
        return {**standings, creator: CREATOR} if self.reigning and creator is not None else standings

    @property
    def resolved(self) -> "Resolved":
        """What follows from these roles. It is kept for other rooms unless the roles are large."""
        return _resolved[self]

    @property
    def combined(self) -> "Combined":
        """What follows from these roles, whoever has them. It is kept for other rooms unless the roles are large."""
        return _combined[self.power, self.defined, self.shape]

    def expect_bearable(self) -> None:
        """Raise `EventError` for more roles than a room can define, or more permissions than can be resolved."""
        if len(self.defined) > MAX_ROLES:
            raise fault("", f"would be one of {len(self.defined)} roles, {MAX_ROLES} is the most")
        if len(self.users) * self.defined.size > MAX_STANDINGS:
            self._expect_resolvable(_combinations(self.shape, self.users))

    def _expect_resolvable(self, combinations: Collection[Places]) -> None:
        sizes = [len(self.defined.get(row.role_id, _EMPTY)) for row in self.shape]
        count = sum(sizes[place] for places in combinations for place in places)
        if count > MAX_STANDINGS:
            raise fault("", f"makes {count} permissions of roles that are held together, {MAX_STANDINGS} is the most")

    def by_combination(self, combinations: Collection[Places] | None = None) -> Mapping[Places, Standing]:
        """The standing of each combination of roles that somebody holds. Raises `EventError` for too many of them."""
        combinations = _combinations(self.shape, self.users) if combinations is None else combinations
        if len(self.users) * self.defined.size > MAX_STANDINGS:
            self._expect_resolvable(combinations)
        combined = self.combined
        return {places: combined[places] for places in combinations}

    def resolve(self, entries: Sequence[Row]) -> Standing:
        """The standing of whoever has these roles, given in ascending order."""
        rows = tuple([(entry.order, tuple(self.defined.get(entry.role_id, _EMPTY).items())) for entry in entries])
        return _summed_up[self.power, rows]


class Combined(dict[Places, Standing]):
    """What follows from definitions and a role map, whoever has the roles: standings, by what roles are held together.

    Each is found when it is first asked for.
    """

    __slots__ = ("_roles", "has_administrator", "has_distinct_ids", "has_distinct_orders")

    def __init__(self, roles: Roles) -> None:
        super().__init__()
        shape, defined = roles.shape, roles.defined
        self._roles = roles
        self.has_distinct_ids = len({row.role_id for row in shape}) == len(shape)
        """Whether each role stands in the role map once."""
        self.has_distinct_orders = len({row.order for row in shape}) == len(shape)
        """Whether no two roles of the role map have the same order."""
        held = (defined.get(row.role_id, _EMPTY) for row in shape if row.holders)
        self.has_administrator = any(kind == "roles" for permissions in held for kind, _ in permissions)
        """Whether anybody may change any role by a role of their own."""

    def __missing__(self, places: Places) -> Standing:
        if len(self) >= _MOST_COMBINED:
            self.clear()
        shape = self._roles.shape
        return self.setdefault(places, self._roles.resolve([shape[place] for place in places]))


_MOST_COMBINED = 2**8


_combined: Kept[Combined] = Kept(
    lambda power, defined, shape: Combined(Roles(power, defined=defined, shape=shape)),
    lambda _, *roles: _are_small(*roles),
)


class Resolved:
    """What follows from roles: each is found when it is first asked for."""

    def __init__(self, roles: Roles) -> None:
        self._roles = roles

    @cached_property
    def standings(self) -> Mapping[str, Standing]:
        """The standing of everybody who has a role. Raises `EventError` where they are too many."""
        held = _held(self._roles.shape, self._roles.users)
        standings = self._roles.by_combination(frozenset(held.values()))  # most share their roles with many others
        return MappingProxyType({user: standings[places] for user, places in held.items()})

    @cached_property
    def assigned(self) -> tuple[Assignment, ...]:
        """The role map."""
        return self._roles.assigned

    @cached_property
    def by_id(self) -> Mapping[str, Assignment]:
        """The entries of the role map; of those that have one id, the last."""
        return {entry.role_id: entry for entry in self.assigned}


def _are_small(defined: Defined, shape: tuple[Row, ...], users: tuple[str, ...] = ()) -> bool:
    return defined.is_small and is_small(
        len(users) + len(shape) + defined.size, chain(users, [row.role_id for row in shape])
    )


_resolved: Kept[Resolved] = Kept(lambda *roles: Resolved(Roles(*roles)), lambda _, __, *roles: _are_small(*roles))


def _held(shape: tuple[Row, ...], users: tuple[str, ...]) -> dict[str, Places]:
    """The roles of everybody who has any."""
    starts = [0, *accumulate(row.holders for row in shape)]
    held: dict[str, list[int]] = {}
    for place in sorted(range(len(shape)), key=lambda place: shape[place].order):
        for user in users[starts[place] : starts[place + 1]]:
            held.setdefault(user, []).append(place)
    return {user: tuple(places) for user, places in held.items()}


@lru_cache(maxsize=2)  # those of a room before and after a change: both may be large
def _combinations(shape: tuple[Row, ...], users: tuple[str, ...]) -> frozenset[Places]:
    """The combinations of roles that anybody holds."""
    return frozenset(_held(shape, users).values())


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


def _are_small_rows(_: Power, rows: tuple[tuple[int, _Flags], ...]) -> bool:
    items = [item for _, flags in rows for (_, item), _ in flags]
    return is_small(len(rows) + len(items), items)


_summed_up = Kept(_sum_up, _are_small_rows)


def _define(defined: Defined, role_id: str, flags: _Flags) -> Defined:
    """The same roles with one that sets these flags."""
    return _shared(Defined({**defined, role_id: dict(flags)}))


def _are_small_definitions(defined: Defined, role_id: str, flags: _Flags) -> bool:
    return defined.is_small and is_small(1 + len(flags), [role_id, *[item for (_, item), _ in flags]])


_defined_anew = Kept(_define, _are_small_definitions)


def _shared(defined: Defined) -> Defined:
    """The one object for all rooms whose roles are defined alike, unless it is large."""
    if not defined.is_small:
        return defined
    return _shared_definitions(tuple([(role_id, tuple(flags.items())) for role_id, flags in defined.items()]))


@lru_cache(maxsize=2**10)
def _shared_definitions(definitions: tuple[tuple[str, _Flags], ...]) -> Defined:
    return Defined({role_id: _shared_role(flags) for role_id, flags in definitions})


@lru_cache(maxsize=2**10)
def _shared_role(flags: _Flags) -> Permissions:
    """The one mapping for all roles that permit the same."""
    return MappingProxyType(dict(flags))


def _lay_out(*assigned: Assignment) -> tuple[tuple[Row, ...], tuple[str, ...]]:
    """A role map as roles keep it: its shape, and its users."""
    shape = tuple([Row(entry.role_id, entry.order, len(entry.users)) for entry in assigned])
    users = tuple(chain.from_iterable([sorted(entry.users) for entry in assigned]))
    return _shared_shapes[shape], users


def _are_small_assignments(*assigned: Assignment) -> bool:
    count = len(assigned) + sum(len(entry.users) for entry in assigned)
    return is_small(count, chain.from_iterable([(entry.role_id, *entry.users) for entry in assigned]))


def _is_small_shape(*shape: Row) -> bool:
    return is_small(len(shape), [row.role_id for row in shape])


_laid_out = Kept(_lay_out, _are_small_assignments)
_shared_shapes: Kept[tuple[Row, ...]] = Kept(lambda *shape: shape, _is_small_shape)
"""One value for all rooms whose role maps differ in nothing but their users."""


@cache
def _first_reign(power: Power) -> Roles:
    """What all rooms that have just been created share."""
    return Roles(power, reigning=True)


def _granted_by(permissions: Permissions) -> list[Flag]:
    return [flag for flag, granted in permissions.items() if granted]
