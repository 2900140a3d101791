"""Power levels: from the content of `m.room.power_levels` to who may do what.

What a room version would have rejected when it was sent is no power level, and cannot be
read. Versions 1 to 9 let such values into a room, but for those of `users`: then the level
is not known, which concerns only the questions that turn on it.

Spec: "`m.room.power_levels`" (Client-Server API)
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from math import inf, isfinite, isnan, nan
from types import MappingProxyType
from typing import Any, TypeAlias

from fsm.errors import EventError, shorten
from fsm.event import describe, join, mapping
from fsm.record import Record

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


def is_unknown(power: Power) -> bool:
    """Whether a power is not known. Alone, `isnan` fails for whole numbers that no `float` holds."""
    return isinstance(power, float) and isnan(power)


def reaches(power: Power, level: Power, *, favourable: bool = False) -> bool:
    """Whether a power is at a level or above. With `favourable`, what is not known is as high or low as is needed."""
    return power == inf or (favourable and not power < level) or power >= level


def exceeds(power: Power, other: Power, *, favourable: bool = False) -> bool:
    """Whether a power is above another. With `favourable`, what is not known is as high or low as is needed."""
    return other != inf and (power == inf or (favourable and not power <= other) or power > other)


Path: TypeAlias = tuple[str, ...]
"""The keys that lead to a level, such as `("users", "@bob:b.example")`."""

NAMED: Mapping[str, int] = MappingProxyType(
    {
        "users_default": 0,
        "events_default": 0,
        "state_default": 50,
        "ban": 50,
        "redact": 50,
        "kick": 50,
        "invite": 0,
    }
)
"""The levels that have a name of their own, and what they are where the content lacks them."""

_USERS, _EVENTS, _NOTIFICATIONS = LISTED = ("users", "events", "notifications")
"""The lists of levels."""

_NONE: Mapping[Any, Any] = MappingProxyType({})
"""What all rooms share where nothing is listed."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Levels(Record):
    """The power levels of a room: those that the content names or lists; others have their defaults.

    `faults` are why levels are not known, by their paths in the content, and `texts` what
    stands there, where that is a text.
    """

    users: Mapping[str, Power] = field(default_factory=lambda: _NONE)
    events: Mapping[str, Power] = field(default_factory=lambda: _NONE)
    notifications: Mapping[str, Power] = field(default_factory=lambda: _NONE)
    named: Mapping[str, Power] = field(default_factory=lambda: _NONE)
    faults: Mapping[Path, EventError] = field(default_factory=lambda: _NONE)
    texts: Mapping[Path, str] = field(default_factory=lambda: _NONE)

    def level(self, name: str) -> Power:
        """The level of this name."""
        return self.named.get(name, NAMED[name])

    def path_of_user(self, user: str) -> Path:
        """Where the level of a user stands."""
        if user in self.users:
            return _USERS, user
        return (_USERS,) if (_USERS,) in self.faults else ("users_default",)

    def path_required(self, event_type: str, *, is_state: bool) -> Path:
        """Where the level stands that it takes to send events of this type."""
        if event_type in self.events:
            return _EVENTS, event_type
        return (_EVENTS,) if (_EVENTS,) in self.faults else ("state_default" if is_state else "events_default",)

    def required(self, event_type: str, *, is_state: bool) -> Power:
        """The level that it takes to send events of this type.

        Spec: "required power level" (authorisation rules)
        """
        known = self.events.get(event_type)
        if known is not None:
            return known
        # Any type may stand in a list that cannot be read.
        return nan if (_EVENTS,) in self.faults else self.level("state_default" if is_state else "events_default")

    def entries(self, listed: str) -> Mapping[str, Power]:
        """The levels of one of the lists."""
        entries: Mapping[str, Power] = getattr(self, listed)
        return entries

    def said(self, path: Path, level: Power | None) -> int | str | None:
        """What stands at a path whose level this is, as JSON; None where nothing does, or nothing that can be shown."""
        return self.texts.get(path) if level is None or is_unknown(level) else int(level)


def read_levels(content: Mapping[str, Any], numbers: Numbers) -> Levels:
    """Read the content of `m.room.power_levels`, as far as it can be read."""
    named = {name: content[name] for name in NAMED if name in content}
    users, events, notifications = (content.get(listed, _NONE) for listed in LISTED)
    if _are_whole(named.values()) and all(map(_is_whole_list, (users, events, notifications))):
        return Levels({**users} or _NONE, {**events} or _NONE, {**notifications} or _NONE, named or _NONE)
    return _Reader(content, numbers).levels()


def _is_whole_list(value: object) -> bool:
    return value is _NONE or (type(value) is dict and _are_whole(value.values()))


class _Reader:
    def __init__(self, content: Mapping[str, Any], numbers: Numbers) -> None:
        self._content = content
        self._numbers = numbers
        self._faults: dict[Path, EventError] = {}
        self._texts: dict[Path, str] = {}

    def levels(self) -> Levels:
        lists = {listed: self._listed(listed) for listed in LISTED}
        named = {name: self._level(self._content[name], name) for name in NAMED if name in self._content}
        if (_USERS,) in self._faults:
            # Anybody may stand in it, with any level.
            named["users_default"] = nan
        return Levels(**lists, named=named or _NONE, faults=self._faults or _NONE, texts=self._texts or _NONE)

    def _listed(self, listed: str) -> Mapping[str, Power]:
        given = self._content.get(listed, _NONE)
        if _is_whole_list(given):
            return {**given} or _NONE
        try:
            entries = mapping(given, f"content.{listed}")
        except EventError as fault:
            self._faults[listed,] = fault
            return _NONE
        return {key: self._level(value, listed, key) for key, value in entries.items()}

    def _level(self, value: object, *path: str) -> Power:
        try:
            return _read_level(value, self._numbers)
        except ValueError as problem:
            *within, key = path
            self._faults[path] = EventError(join(".".join(("content", *within)), key), str(problem))
            if type(value) is str:
                self._texts[path] = shorten(value)
            return nan


def _are_whole(values: Iterable[object]) -> bool:
    """Whether these are levels in every room version."""
    return all(type(value) is int and -CANONICAL <= value <= CANONICAL for value in values)


def _read_level(value: object, numbers: Numbers) -> int:
    """The level that a value stands for. Raises `ValueError`."""
    if type(value) is int:
        if numbers is not Numbers.FLOATS and not -CANONICAL <= value <= CANONICAL:
            raise ValueError(f"must be from -{CANONICAL} to {CANONICAL}")
        return value
    if type(value) is float and numbers is Numbers.FLOATS and isfinite(value):
        return int(value)  # truncated, as the specification asks
    if type(value) is str and numbers is not Numbers.INTEGERS:
        if len(value) <= MAX_DIGITS and _INTEGER.fullmatch(value):
            return int(value)
        raise ValueError(f"`{shorten(value)}` is no whole number")
    raise ValueError(f"must be a whole number, not {_describe(value)}")


def _describe(value: object) -> str:
    return "a fraction or a number too large" if type(value) is float else describe(value)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Alteration(Record):
    """A level that one content of `m.room.power_levels` has otherwise than another; None where it is not there."""

    path: Path
    before: Power | None
    after: Power | None


def alterations(before: Levels, after: Levels, listed: str | None = None) -> Iterator[Alteration]:
    """The levels that differ: those of one of the lists, or those with names of their own.

    Two values are the same level if both stand for the same number: `"050"` and 50 do not differ.
    What cannot be read is never the same.
    """
    old, new = (levels.named if listed is None else levels.entries(listed) for levels in (before, after))
    within = () if listed is None else (listed,)
    for key in dict.fromkeys((*old, *new)):
        was, becomes = old.get(key), new.get(key)
        if was != becomes:
            yield Alteration((*within, key), was, becomes)
