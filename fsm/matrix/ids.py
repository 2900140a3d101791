"""User ids: `@localpart:server`.

The specification's grammar for localparts is not asked for: ids older than it are
still about, and rooms may hold them.

Spec: "User Identifiers" (appendices)
"""

from fsm.errors import shorten
from fsm.event import Place, checked_text, fault, is_unicode

MAX_BYTES = 255
"""The longest user id, in bytes of UTF-8."""


def read_user_id(value: object, place: Place) -> str:
    """A user id. Raises `EventError`."""
    if is_user_id(value):
        return value  # type: ignore[return-value]  # it is a text
    raise fault(place, f"`{shorten(checked_text(value, place))}` is no user id, which is `@localpart:server`")


def is_user_id(value: object) -> bool:
    """Whether a value from JSON is a user id."""
    if type(value) is not str or ":" not in value or value[0] != "@":
        return False
    if value[-1] == ":" and value.find(":") == len(value) - 1:
        return False
    return len(value) <= MAX_BYTES and (value.isascii() or (is_unicode(value) and len(value.encode()) <= MAX_BYTES))


def server_of(user: str) -> str:
    """The name of the server that a user is of; empty for what is no user id."""
    return user.partition(":")[2]
