"""Reading events: from any JSON value to checked fields, or an error that names the place.

An event comes from a stranger. Nothing here trusts a type or a length, and
nothing is changed by reading. The events that we write ourselves are state.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

from fsm.errors import HALF_PAIR, EventError, shorten

MAX_TEXT = 65_535
"""The longest identifier or reason that is read, in characters."""

MAX_PARTS = 2**22
"""The most parts of an event that has to be copied."""

W = TypeVar("W", bound=StrEnum)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Event:
    """The fields that every event has. Without a `state_key` it is a message."""

    type: str
    sender: str
    content: Mapping[str, Any]
    state_key: str | None = None
    event_id: str | None = None
    room_id: str | None = None

    def as_json(self) -> dict[str, Any]:
        """The event, without what it does not have."""
        told = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in told.items() if value is not None}


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


def is_surely_plain(value: Mapping[str, Any]) -> bool:
    """Whether a plain dictionary holds ASCII and numbers only: a quick look, after which `plain` need not be asked.

    Raises `RecursionError` for what is nested too deeply for that.
    """
    for key, part in value.items():
        if type(key) is not str or not key.isascii():
            return False
        kind = type(part)
        if kind is str:
            if not part.isascii():
                return False
        elif kind is dict:
            if not is_surely_plain(part):
                return False
        elif kind is list:
            if not all(type(each) is str and each.isascii() for each in part):
                return False
        elif kind not in _ATOMS:
            return False
    return True


_ATOMS = frozenset((int, float, bool, type(None)))


def own_copy(value: object) -> Any:
    """The same JSON value, of which nothing is shared with anybody. Raises as `plain` does."""
    try:
        return _copied(value)
    except EventError:
        raise
    except Exception as problem:  # noqa: BLE001 - as above
        raise EventError("", f"cannot be read: {shorten(type(problem).__name__)}") from None


def _is_plain(value: object) -> bool:
    """Whether there is nothing but JSON's own types in a value. An object that is found twice is looked at once.

    Raises `EventError` for a text that is no Unicode.
    """
    seen: set[int] = set()
    rest = [value]
    while rest:
        part = rest.pop()
        kind = type(part)
        if kind is str:
            _expect_unicode(part)  # type: ignore[arg-type]
        elif kind is dict or kind is list:
            if id(part) in seen:
                continue
            seen.add(id(part))
            if kind is dict:
                rest += part  # type: ignore[arg-type]
                rest += part.values()  # type: ignore[attr-defined]
            else:
                rest += part  # type: ignore[arg-type]
        elif isinstance(part, str | list | Mapping):
            return False
    return True


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
            copy: Any = list(part) if isinstance(part, list) else {_plain_key(key): part[key] for key in part}
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
    event: dict[str, Any] = value
    return Event(
        type=name(event, "type"),
        sender=name(event, "sender"),
        content=mapping(_required(event, "content"), "content"),
        state_key=_optional(event, "state_key", text),
        event_id=_optional(event, "event_id", name),
        room_id=_optional(event, "room_id", name),
    )


def write_state(event_type: str, sender: str, content: Mapping[str, Any], state_key: str = "") -> dict[str, Any]:
    """A state event, as JSON."""
    return {"type": event_type, "sender": sender, "state_key": state_key, "content": content}


def mapping(value: object, field: str) -> dict[str, Any]:
    """A JSON object."""
    if type(value) is not dict:
        raise EventError(field, f"must be an object, not {describe(value)}")
    return value


def sequence(value: object, field: str) -> list[Any]:
    """A JSON array."""
    if type(value) is not list:
        raise EventError(field, f"must be an array, not {describe(value)}")
    return value


def checked_text(value: object, field: str) -> str:
    """A string of bearable length."""
    if not isinstance(value, str):
        raise EventError(field, f"must be a string, not {describe(value)}")
    if len(value) > MAX_TEXT:
        raise EventError(field, f"is {len(value)} characters long, {MAX_TEXT} is the most")
    return value


def checked_name(value: object, field: str) -> str:
    """A string of bearable length that is not empty."""
    if not checked_text(value, field):
        raise EventError(field, "must not be empty")
    return value  # type: ignore[return-value]  # checked_text has just looked


def is_name(value: object) -> bool:
    """Whether this can be the name of something in a plain event."""
    return type(value) is str and 0 < len(value) <= MAX_TEXT and is_unicode(value)


def checked_flag(value: object, field: str) -> bool:
    """True or false, and not a number that could stand for it."""
    if type(value) is not bool:
        raise EventError(field, f"must be true or false, not {describe(value)}")
    return value


def text(parent: Mapping[str, Any], key: str, within: str = "") -> str:
    """The string under `key`; `within` is the path of the parent."""
    field = join(within, key)
    return checked_text(_required(parent, key, field), field)


def name(parent: Mapping[str, Any], key: str, within: str = "") -> str:
    """The string under `key`, which must not be empty."""
    field = join(within, key)
    return checked_name(_required(parent, key, field), field)


def checked_word(value: object, field: str, words: Sequence[W]) -> W:
    """One of `words`."""
    given = checked_text(value, field)
    for known in words:
        if given == known:
            return known
    raise EventError(field, f"`{shorten(given)}` is not one of {', '.join(words)}")


def word(parent: Mapping[str, Any], key: str, words: Sequence[W], within: str = "") -> W:
    """The word under `key`, one of `words`."""
    field = join(within, key)
    return checked_word(_required(parent, key, field), field, words)


def whole_number(parent: Mapping[str, Any], key: str, within: str, limit: int) -> int:
    """The whole number under `key`, from 0 up to but not including `limit`."""
    field = join(within, key)
    value = _required(parent, key, field)
    if type(value) is not int:
        raise EventError(field, f"must be a whole number, not {describe(value)}")
    if not 0 <= value < limit:
        raise EventError(field, f"must be from 0 to {limit - 1}")
    return value


def join(within: str, key: str) -> str:
    """The path of `key` inside `within`."""
    return f"{within}.{shorten(key)}" if within else shorten(key)


def describe(value: object) -> str:
    """What kind of JSON value this is, in JSON's words."""
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "true or false", type(None): "null"}
    return kinds.get(type(value), "a number" if isinstance(value, int | float) else type(value).__name__)


def _required(parent: Mapping[str, Any], key: str, field: str | None = None) -> object:
    if key not in parent:
        raise EventError(field or key, "is missing")
    return parent[key]


def _optional(parent: Mapping[str, Any], key: str, read: Callable[[Mapping[str, Any], str], T]) -> T | None:
    return read(parent, key) if key in parent else None
