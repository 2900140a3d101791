"""Reading events: from any JSON value to checked fields, or an error that names the place.

An event comes from a stranger. Nothing here trusts a type or a length, and
nothing is changed by reading. The events that we write ourselves are state.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import islice
from typing import Any, NamedTuple, TypeAlias, TypeVar

from fsm.errors import HALF_PAIR, EventError, shorten

MAX_TEXT = 65_535
"""The longest identifier or reason that is read, in characters."""

MAX_PARTS = 2**22
"""The most parts of an event that has to be copied."""

Place: TypeAlias = "str | tuple[Place, str | int]"
"""Where a value stands: a path such as `content.roles`, or a place and what leads on from there.

Of most values nobody asks where they stand, so a path is put together only for a fault (see `path`).
"""

W = TypeVar("W", bound=StrEnum)


class Event(NamedTuple):
    """The fields that every event has. Without a `state_key` it is a message.

    `said` is what the content says, of families that read it together with the event.
    """

    type: str
    sender: str
    content: Mapping[str, Any]
    state_key: str | None = None
    event_id: str | None = None
    room_id: str | None = None
    said: Any = None

    def as_json(self) -> dict[str, Any]:
        """The event, without what it does not have."""
        told = zip(self._fields[:-1], self, strict=False)
        return {name: value for name, value in told if value is not None}


def plain(value: object) -> Any:
    """The same JSON value of plain dictionaries, lists and texts, copied at most once.

    Any `Mapping` is an object of JSON, and subclasses are what they are made of: so it
    does not matter what such a value answers when it is asked again, or how it compares.
    What is plain already is returned as it is. Raises `EventError` for a value that fails
    when it is read, holds half of a surrogate pair (as `fsm.strict_json` does), or has more
    than `MAX_PARTS` parts.
    """
    try:
        return value if _is_plain(value) else _copied(value)
    except EventError:
        raise
    except Exception as problem:  # noqa: BLE001 - the value is the caller's: anything may be wrong in it
        raise EventError("", f"cannot be read: {shorten(type(problem).__name__)}") from None


def expect_plain(content: dict[str, Any]) -> None:
    """Raise `TypeError` for an object that `plain` would copy, and `EventError` for what it raises that for."""
    if not _is_small_and_ascii(content) and plain(content) is not content:
        raise TypeError


def _is_small_and_ascii(value: dict[str, Any], depth: int = 2) -> bool:  # noqa: C901, PLR0911 - as below
    """Whether there is nothing but ASCII, numbers and small objects of them in a small object, so deep: as in most."""
    if len(value) > _SMALL:
        return False
    for key, part in value.items():
        if type(key) is not str or not key.isascii():
            return False
        kind = type(part)
        if kind is str:
            if not part.isascii():
                return False
        elif kind is dict:
            if not depth or not _is_small_and_ascii(part, depth - 1):
                return False
        elif kind is list:
            if len(part) > _SMALL:
                return False
            for each in part:
                if type(each) is not str or not each.isascii():
                    return False
        elif kind not in _ATOMS:
            return False
    return True


def _is_plain(value: object) -> bool:  # noqa: C901 - calls would take longer than the rest
    """Whether there is nothing but JSON's own types in a value. An object that is found twice is looked at once.

    Raises `EventError` for a text that is no Unicode.
    """
    rest: list[Any] = [value if type(value) is dict else [value]]
    seen: set[int] = set()
    for holder in rest:  # which grows
        parts: Iterable[object] = holder
        if type(holder) is dict:
            for key in holder:
                if type(key) is not str:
                    if isinstance(key, str):
                        return False
                elif not key.isascii():
                    _expect_unicode(key)
            parts = holder.values()
        for part in parts:
            kind = type(part)
            if kind is str:
                if not part.isascii():  # type: ignore[attr-defined]  # it is a text
                    _expect_unicode(part)  # type: ignore[arg-type]
            elif kind is dict or kind is list:
                if id(part) not in seen:
                    seen.add(id(part))
                    rest.append(part)
            elif kind not in _ATOMS and isinstance(part, str | list | Mapping):
                return False
    return True


_ATOMS = frozenset((int, float, bool, type(None)))
_SMALL = 32
"""So many parts an object has that is copied quickly."""


def own_copy(value: object) -> Any:
    """The same JSON value, of which nothing is shared with anybody. Raises as `plain` does."""
    try:
        return _copied_quickly(value) or _copied(value)
    except EventError:
        raise
    except Exception as problem:  # noqa: BLE001 - as above
        raise EventError("", f"cannot be read: {shorten(type(problem).__name__)}") from None


def _copied_quickly(value: object, depth: int = 1) -> dict[str, Any] | None:
    """A copy of a small object of ASCII and numbers, in which others may stand so deep; None for any other value."""
    if type(value) is not dict or len(value) > _SMALL:
        return None
    copy = {**value}
    for key, part in copy.items():
        if type(key) is not str or not key.isascii():
            return None
        kind = type(part)
        if kind is str:
            if not part.isascii():
                return None
        elif kind is dict and depth and (inner := _copied_quickly(part, depth - 1)) is not None:
            copy[key] = inner
        elif kind not in _ATOMS:
            return None
    return copy


def _copied(value: object) -> object:
    copies: dict[int, Any] = {}
    kept: list[object] = []  # ids are of objects that are still there
    whole: list[Any] = [value]
    rest: list[tuple[Any, Any]] = [(whole, 0)]
    while rest:
        holder, key = rest.pop()
        part = holder[key]
        if isinstance(part, str):
            holder[key] = _plain_text(part)
        elif id(part) in copies:
            holder[key] = copies[id(part)]
        elif isinstance(part, Mapping | list):
            inside = islice(part, MAX_PARTS + 1)  # it may go on for ever
            copy: Any = [*inside] if isinstance(part, list) else {_plain_key(key): part[key] for key in inside}
            kept.append(part)
            holder[key] = copies[id(part)] = copy
            rest += ((copy, each) for each in (range(len(copy)) if type(copy) is list else copy))
            if len(kept) + len(rest) > MAX_PARTS:
                raise EventError("", f"has more than {MAX_PARTS} parts")
    return whole[0]


def _plain_key(key: object) -> object:
    return _plain_text(key) if isinstance(key, str) else key


def _plain_text(text: str) -> str:
    copy = str.__str__(text)
    _expect_unicode(copy)
    return copy


def _expect_unicode(text: str) -> None:
    if not is_unicode(text):
        raise EventError("", HALF_PAIR)


def is_unicode(text: str) -> bool:
    """Whether a text can be written in UTF-8, which half of a surrogate pair cannot."""
    try:
        return text.isascii() or bool(text.encode())
    except UnicodeEncodeError:
        return False


def read_event(value: object) -> Event:
    """Check the shape of an event; its content is checked by whoever knows its type.

    Raises `EventError` naming the field at fault.
    """
    if type(value) is not dict:
        raise EventError("", f"an event must be an object, not {describe(value)}")
    content = value.get("content")
    return Event(
        name(value, "type"),
        name(value, "sender"),
        content if type(content) is dict else mapping(_required(value, "content"), "content"),
        text(value, "state_key") if "state_key" in value else None,
        name(value, "event_id") if "event_id" in value else None,
        name(value, "room_id") if "room_id" in value else None,
    )


def write_state(event_type: str, sender: str, content: Mapping[str, Any], state_key: str = "") -> dict[str, Any]:
    """A state event, as JSON."""
    return {"type": event_type, "sender": sender, "state_key": state_key, "content": content}


def path(place: Place) -> str:
    """The path of a place, fit to stand in a message."""
    if isinstance(place, str):
        return place
    within, key = place
    if isinstance(key, int):
        return f"{path(within)}[{key}]"
    return join(path(within), key)


def join(within: str, key: str) -> str:
    """The path of `key` inside `within`."""
    return f"{within}.{shorten(key)}" if within else shorten(key)


def fault(place: Place, problem: str) -> EventError:
    """What is wrong with the value at this place."""
    return EventError(path(place), problem)


def mapping(value: object, place: Place) -> dict[str, Any]:
    """A JSON object."""
    if type(value) is not dict:
        raise fault(place, f"must be an object, not {describe(value)}")
    return value


def sequence(value: object, place: Place) -> list[Any]:
    """A JSON array."""
    if type(value) is not list:
        raise fault(place, f"must be an array, not {describe(value)}")
    return value


def checked_text(value: object, place: Place) -> str:
    """A string of bearable length."""
    if not isinstance(value, str):
        raise fault(place, f"must be a string, not {describe(value)}")
    if len(value) > MAX_TEXT:
        raise fault(place, f"is {len(value)} characters long, {MAX_TEXT} is the most")
    return value


def checked_name(value: object, place: Place) -> str:
    """A string of bearable length that is not empty."""
    if not checked_text(value, place):
        raise fault(place, "must not be empty")
    return value  # type: ignore[return-value]  # checked_text has just looked


def is_name(value: object) -> bool:
    """Whether this can be the name of something in a plain event."""
    return type(value) is str and 0 < len(value) <= MAX_TEXT and (value.isascii() or is_unicode(value))


def checked_flag(value: object, place: Place) -> bool:
    """True or false, and not a number that could stand for it."""
    if type(value) is not bool:
        raise fault(place, f"must be true or false, not {describe(value)}")
    return value


def checked_word(value: object, place: Place, words: Sequence[W]) -> W:
    """One of `words`."""
    given = checked_text(value, place)
    for known in words:
        if given == known:
            return known
    raise fault(place, f"`{shorten(given)}` is not one of {', '.join(words)}")


def text(parent: Mapping[str, Any], key: str, within: Place = "") -> str:
    """The string under `key`; `within` is where the parent stands."""
    value = parent.get(key)
    if type(value) is str and len(value) <= MAX_TEXT:
        return value
    return checked_text(_required(parent, key, within), (within, key))


def name(parent: Mapping[str, Any], key: str, within: Place = "") -> str:
    """The string under `key`, which must not be empty."""
    value = parent.get(key)
    if type(value) is str and 0 < len(value) <= MAX_TEXT:
        return value
    return checked_name(_required(parent, key, within), (within, key))


def word(parent: Mapping[str, Any], key: str, words: Mapping[str, W], within: Place = "") -> W:
    """What the word under `key` stands for, one of `words`."""
    value = parent.get(key)
    if type(value) is str and value in words:
        return words[value]
    return checked_word(_required(parent, key, within), (within, key), tuple(words.values()))


def words_of(members: Iterable[W]) -> Mapping[str, W]:
    """Members of an enumeration by their words, as `word` takes them."""
    return {member.value: member for member in members}


def whole_number(parent: Mapping[str, Any], key: str, within: Place, limit: int) -> int:
    """The whole number under `key`, from 0 up to but not including `limit`."""
    value = _required(parent, key, within)
    if type(value) is not int:
        raise fault((within, key), f"must be a whole number, not {describe(value)}")
    if not 0 <= value < limit:
        raise fault((within, key), f"must be from 0 to {limit - 1}")
    return value


def describe(value: object) -> str:
    """What kind of JSON value this is, in JSON's words."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def _required(parent: Mapping[str, Any], key: str, within: Place = "") -> object:
    if key not in parent:
        raise fault((within, key), "is missing")
    return parent[key]
