"""Power levels: from the content of `m.room.power_levels` to who may do what.

Only what membership needs is read: `users`, `users_default`, `invite`, `kick` and
`ban`. What a room version would have rejected when it was sent is no power level,
and cannot be read. Where a room is given as it stands, such a level is not known,
which only concerns the questions that turn on it.

Spec: "`m.room.power_levels`" (Client-Server API)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, auto
from math import isfinite, nan
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

_NO_USERS: Mapping[str, Power] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Levels:
    """The power levels of a room. The defaults are those of an event that lacks the keys.

    `fault` is why a level is not known, if any is not.
    """

    users: Mapping[str, Power] = field(default_factory=lambda: _NO_USERS)
    users_default: Power = 0
    invite: Power = 0
    kick: Power = 50
    ban: Power = 50
    fault: EventError | None = None


def read_levels(content: Mapping[str, Any], numbers: Numbers) -> Levels:
    """Read the content of `m.room.power_levels`. Raises `EventError`."""
    levels = read_what_is_known(content, numbers)
    if levels.fault:
        raise levels.fault
    return levels


def read_what_is_known(content: Mapping[str, Any], numbers: Numbers) -> Levels:
    """The same, where a level that cannot be read is not known."""
    faults: list[EventError] = []

    def read(value: object, field: str) -> Power:
        try:
            return _read_level(value, field, numbers)
        except EventError as fault:
            faults.append(fault)
            return nan

    def read_key(key: str, usual: Power) -> Power:
        return read(content[key], f"content.{key}") if key in content else usual

    try:
        listed = mapping(content.get("users", {}), "content.users")
    except EventError as fault:
        # Anybody might stand in it, with any level.
        faults.append(fault)
        listed, content = {}, {**content, "users_default": None}
    usual = Levels()
    levels = Levels(
        users={user: read(level, join("content.users", user)) for user, level in listed.items()},
        users_default=read_key("users_default", usual.users_default),
        invite=read_key("invite", usual.invite),
        kick=read_key("kick", usual.kick),
        ban=read_key("ban", usual.ban),
    )
    return replace(levels, fault=faults[0]) if faults else levels


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
