"""Power levels: from the content of `m.room.power_levels` to who may do what.

Only what membership needs is read: `users`, `users_default`, `invite`, `kick` and
`ban`. What a room version would have rejected when it was sent is no power level,
and cannot be read. Where a room is given as it stands, such a level is not known,
which only concerns the questions that turn on it.

Spec: "`m.room.power_levels`" (Client-Server API)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf, isfinite, nan
from types import MappingProxyType
from typing import Any, TypeAlias

from fsm.errors import EventError, shorten
from fsm.event import describe, join, mapping

MAX_DIGITS = 1_000
"""The longest number that is read from a string: longer ones mean nothing, and take long."""

CANONICAL = 2**53 - 1
"""The largest integer of canonical JSON, which room versions enforce from 6 on."""


# Separators such as U+001C are white space to Python's patterns, but not to Unicode, nor to `int`.
_INTEGER = re.compile(r"[^\S\x1c-\x1f]*[+-]?[0-9]+[^\S\x1c-\x1f]*")


class Numbers(Enum):
    """What may stand for a power level.

    Spec: "`m.room.power_levels` events accept values as strings", "… as floats",
    "Values in `m.room.power_levels` events must be integers"
    """

    FLOATS = auto()
    """Integers, strings of integers, and floats, which are truncated."""

    STRINGS = auto()
    """Integers of canonical JSON, and strings of integers."""

    INTEGERS = auto()
    """Integers of canonical JSON."""


Power: TypeAlias = int | float
"""A power level, infinity, or `nan` for one that is not known: that is neither above, below nor at any other."""


def reaches(power: Power, level: Power, *, hopes: bool = False) -> bool:
    """Whether a power is at a level or above. With `hopes`, what is not known is as high or low as is needed."""
    return power == inf or (hopes and not power < level) or power >= level


def exceeds(power: Power, other: Power, *, hopes: bool = False) -> bool:
    """Whether a power is above another. With `hopes`, what is not known is as high or low as is needed."""
    return other != inf and (power == inf or (hopes and not power <= other) or power > other)


Path: TypeAlias = tuple[str, ...]
"""The keys that lead to a level, such as `("users", "@bob:b.example")`."""

_NO_USERS: Mapping[str, Power] = MappingProxyType({})
_NO_FAULTS: Mapping[Path, EventError] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Levels:
    """The power levels of a room. The defaults are those of an event that lacks the keys.

    `faults` are why levels are not known, by their paths in the content.
    """

    users: Mapping[str, Power] = field(default_factory=lambda: _NO_USERS)
    users_default: Power = 0
    invite: Power = 0
    kick: Power = 50
    ban: Power = 50
    faults: Mapping[Path, EventError] = field(default_factory=lambda: _NO_FAULTS)

    def fault_of(self, user: str) -> EventError | None:
        """Why the level of a user is not known, if it is not."""
        return self.faults.get(("users", user) if user in self.users else ("users_default",))


def read_levels(content: Mapping[str, Any], numbers: Numbers) -> Levels:
    """Read the content of `m.room.power_levels`. Raises `EventError`."""
    levels = read_what_is_known(content, numbers)
    for fault in levels.faults.values():
        raise fault
    return levels


def read_what_is_known(content: Mapping[str, Any], numbers: Numbers) -> Levels:
    """The same, where a level that cannot be read is not known."""
    faults: dict[Path, EventError] = {}

    def read(holder: Mapping[str, Any], path: Path, usual: Power = 0) -> Power:
        *within, key = path
        try:
            return (
                _read_level(holder[key], join(".".join(["content", *within]), key), numbers) if key in holder else usual
            )
        except EventError as fault:
            faults.setdefault(path, fault)
            return nan

    try:
        listed = mapping(content.get("users", {}), "content.users")
    except EventError as fault:
        # Anybody might stand in it, with any level.
        faults["users_default",] = fault
        listed, content = {}, {**content, "users_default": None}
    usual = Levels()
    return Levels(
        users={user: read(listed, ("users", user)) for user in listed},
        users_default=read(content, ("users_default",), usual.users_default),
        invite=read(content, ("invite",), usual.invite),
        kick=read(content, ("kick",), usual.kick),
        ban=read(content, ("ban",), usual.ban),
        faults=faults or _NO_FAULTS,
    )


def _read_level(value: object, field: str, numbers: Numbers) -> int:
    if type(value) is int:
        if numbers is not Numbers.FLOATS and not -CANONICAL <= value <= CANONICAL:
            raise EventError(field, f"must be from -{CANONICAL} to {CANONICAL}")
        return value
    if type(value) is float and numbers is Numbers.FLOATS and isfinite(value):
        return int(value)  # truncated, as the specification asks
    if type(value) is str and numbers is not Numbers.INTEGERS:
        if len(value) <= MAX_DIGITS and _INTEGER.fullmatch(value):
            return int(value)
        raise EventError(field, f"`{shorten(value)}` is no whole number")
    raise EventError(field, f"must be a whole number, not {_describe(value)}")


def _describe(value: object) -> str:
    return "a fraction or a number too large" if type(value) is float else describe(value)
