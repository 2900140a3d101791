"""MIMI's events: what their contents say, read once for each event, and how changes are written."""

from collections.abc import Callable, Container, Mapping
from typing import Any

from fsm.errors import EventError
from fsm.event import Event, checked_text, name, word, words_of, write_state
from fsm.mimi.kept import Kept, is_small
from fsm.mimi.permissions import Assignment, Flag, Permissions, read_permissions, read_role_map
from fsm.mimi.permits import Kind
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULE_WORDS, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.participation.terms import Action, Visibility
from fsm.past import brief

_ACTIONS = words_of(Action)
_JOIN_RULES = words_of(JOIN_RULE_WORDS)
_VISIBILITIES = words_of(Visibility)

_new = tuple.__new__


def kind_of(event: Event) -> Kind:
    """Which permits an event needs, by its type and shape."""
    if event.state_key is None:
        return Kind.REDACTION if event.type == REDACTION else Kind.MESSAGE
    return _KINDS.get(event.type, Kind.STATE)


_KINDS = {CREATE: Kind.CREATE, ROLE: Kind.ROLE, ROLE_MAP: Kind.ROLE_MAP}


def said_by(event: Event, participation_events: Container[str]) -> Any:
    """What the content of an event says: an action, a setting, or the id of the event that it redacts.

    None for an event whose content has no meaning for the room. Raises `EventError` when it is malformed.
    """
    if event.said is not None:
        return event.said
    if event.type in participation_events:
        return read_participation(event)
    if event.state_key is None:
        return name(event.content, "redacts", "content") if event.type == REDACTION else None
    read = _READ.get(event.type)
    if read is None:
        return None
    if event.type == ROLE and not event.state_key:
        raise EventError("state_key", "must not be empty: it is the role's id")
    if event.type != ROLE and event.state_key:
        raise EventError("state_key", f"must be empty for `{event.type}`")
    return read(event.content)


def understood(event: Event, participation_events: Container[str]) -> Event:
    """The same event with what its content says. Raises `EventError` when it is malformed."""
    return _new(Event, (*event[:-1], said_by(event, participation_events)))


_READ: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    CREATE: lambda _: None,
    ROLE: read_permissions,
    ROLE_MAP: read_role_map,
    JOIN_RULES: lambda content: word(content, "rule", _JOIN_RULES, "content"),
    HISTORY_VISIBILITY: lambda content: word(content, "visibility", _VISIBILITIES, "content"),
}


def text_of(event_type: str, said: Any) -> str | None:
    """What an event that is no change says, as one text: equal for contents that mean the same."""
    return None if said is None else _TEXTS[event_type](said)


def _text_of_role(permissions: Permissions) -> str:
    return _texts_of_flags[*permissions.items(),]


def _text_of_flags(*flags: tuple[Flag, bool]) -> str:
    return brief(repr(sorted(flags)))


_texts_of_flags = Kept(_text_of_flags, lambda *flags: is_small(len(flags), [item for (_, item), _ in flags]))


def _text_of_role_map(assigned: tuple[Assignment, ...]) -> str:
    return brief(repr(sorted((entry.role_id, entry.order, sorted(entry.users)) for entry in assigned)))


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    ROLE: _text_of_role,
    ROLE_MAP: _text_of_role_map,
    JOIN_RULES: str,
    HISTORY_VISIBILITY: str,
    REDACTION: brief,
}


def read_participation(event: Event) -> Action:
    """The action that a participation event asks for. Raises `EventError`.

    Spec: "User Participation" (seed 3, -00 6, -01 5)
    """
    if not event.state_key:
        raise EventError("state_key", "must name the target user")
    if "reason" in event.content:
        checked_text(event.content["reason"], "content.reason")
    return word(event.content, "participation", _ACTIONS, "content")


def write_participation(
    event_type: str, action: str, sender: str, target: str, reason: str | None = None
) -> dict[str, Any]:
    """The event by which `sender` asks for `action` on `target`."""
    content = {"participation": str(action)} if reason is None else {"participation": str(action), "reason": reason}
    return write_state(event_type, sender, content, target)
