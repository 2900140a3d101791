"""Power levels: from the content of `m.room.power_levels` to who may do what.

Only what membership needs is read: `users`, `users_default`, `invite`, `kick` and
`ban`. What a room version would have rejected when it was sent is no power level,
and cannot be read.

Spec: "`m.room.power_levels`" (Client-Server API)
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import isfinite
from types import MappingProxyType
from typing import Any

from fsm.errors import EventError, shorten
from fsm.event import describe, join, mapping

MAX_DIGITS = 1_000
"""The longest number that is read from a string: longer ones mean nothing, and take long."""

CANONICAL = 2**53 - 1
"""The largest integer of canonical JSON, which room versions enforce from 6 on."""


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


_NO_USERS: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Levels:
    """The power levels of a room. The defaults are those of an event that lacks the keys."""

    users: Mapping[str, int] = field(default_factory=lambda: _NO_USERS)
    users_default: int = 0
    invite: int = 0
    kick: int = 50
    ban: int = 50


def read_levels(content: Mapping[str, Any], numbers: Numbers) -> Levels:
    """Read the content of `m.room.power_levels`. Raises `EventError`."""
    users = mapping(content.get("users", {}), "content.users")
    named = {
        key: _read_level(content[key], f"content.{key}", numbers)
        for key in ("users_default", "invite", "kick", "ban")
        if key in content
    }
    return Levels(
        {user: _read_level(level, join("content.users", user), numbers) for user, level in users.items()}, **named
    )


def _read_level(value: object, field: str, numbers: Numbers) -> int:
    if type(value) is int:
        if numbers is not Numbers.FLOATS and not -CANONICAL <= value <= CANONICAL:
            raise EventError(field, f"must be from -{CANONICAL} to {CANONICAL}")
        return value
    if type(value) is float and numbers is Numbers.FLOATS and isfinite(value):
        return int(value)  # truncated, as the specification asks
    if type(value) is str and numbers is not Numbers.INTEGERS:
        if len(value) <= MAX_DIGITS and re.fullmatch(r"\s*[+-]?[0-9]+\s*", value):
            return int(value)
        raise EventError(field, f"`{shorten(value)}` is no whole number")
    raise EventError(field, f"must be a whole number, not {_describe(value)}")


def _describe(value: object) -> str:
    return "a fraction or a number too large" if type(value) is float else describe(value)
