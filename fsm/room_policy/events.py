"""Events of rooms with roles: from JSON to checked values, or an error that names the place.

`participant` says what happens to the user in its state key. Four others replace a
component as a whole; three more ask for what the room does not keep. A log begins with
`create`, whose content has the components by their names.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from fsm.errors import EventError, shorten
from fsm.event import Event, checked_flag, checked_text, checked_word, mapping, read_event, sequence, word, words_of
from fsm.room_policy.components import (
    BasePolicy,
    Claim,
    Metadata,
    Preauthorization,
    read_base_policy,
    read_clients,
    read_credential,
    read_metadata,
    read_preauthorizations,
)
from fsm.room_policy.facts import Move
from fsm.room_policy.roles import OUTSIDE, RoleList, index, read_role_list

CREATE, PARTICIPANT = "create", "participant"

COMPONENTS = (
    "roles_list",
    "participant_list",
    "mls_group",
    "preauth_list",
    "join_links",
    "base_room_policy",
    "room_metadata",
)
"""The parts of a room's state; the roles come first, since others are read by them."""

UPDATES = ("roles_list", "preauth_list", "base_room_policy", "room_metadata")
"""The components that an event replaces."""

REQUESTS = ("message", "destroy_room", "reinit")
"""Events that change no component."""

EVENT_TYPES = (PARTICIPANT, *UPDATES, *REQUESTS)

_MOVES = words_of(Move)

Value: TypeAlias = RoleList | tuple[Preauthorization, ...] | BasePolicy | Metadata
"""A component that an event brings along."""


class Beside(StrEnum):
    """What the commit of an update contains as well: which changes of the participant list."""

    ADD = "add"
    REMOVE = "remove"
    CHANGE_ROLE = "change_role"


@dataclass(frozen=True, slots=True)
class Change:
    """What is to happen to a user; `clients` is None where the event does not name them."""

    move: Move
    role: int | None
    clients: frozenset[str] | None
    removes_clients: bool
    join_link: str | None
    claims: frozenset[Claim]


@dataclass(frozen=True, slots=True)
class Update:
    """An event that moves nobody: the component that it brings, if any, and what its commit contains as well."""

    value: Value | None
    beside: frozenset[Beside]
    claims: frozenset[Claim]


def read(value: object) -> Event:
    """Read an event that is to be judged, with the `Change` or `Update` that it says unless it is a creation.

    Raises `EventError`.
    """
    event = read_event(value)
    if event.type == CREATE:
        return event
    if event.type not in EVENT_TYPES:
        raise EventError("type", f"`{shorten(event.type)}` is not one of {', '.join(EVENT_TYPES)}")
    if event.type == PARTICIPANT:
        if not event.state_key:
            raise EventError("state_key", "must name the user")
        return event._replace(said=read_change(event.content))
    if event.state_key or (event.state_key is None and event.type in UPDATES):
        raise EventError("state_key", "must be empty" if event.state_key else "is missing")
    return event._replace(said=_read_update(event))


def read_component(value: object) -> Event:
    """Read an event that is given as state: a component, which the room reads by its roles. Raises `EventError`."""
    event = read_event(value)
    if event.type not in COMPONENTS:
        raise EventError("type", f"`{shorten(event.type)}` is not one of {', '.join(COMPONENTS)}")
    if event.state_key:
        raise EventError("state_key", "must be empty")
    return event


def read_change(content: Mapping[str, Any], within: str = "content") -> Change:
    """What the content of a `participant` event asks for. Raises `EventError`."""
    move = word(content, "action", _MOVES, within)
    role = index(content, "role_index", within) if move in (Move.ADD, Move.CHANGE_ROLE) else None
    if role == OUTSIDE:
        raise EventError(f"{within}.role_index", "must be at least 1: `remove` takes users off the list")
    clients = read_clients(content, within)
    if move is Move.ADD_CLIENTS and not clients:
        raise EventError(f"{within}.clients", "must name a client")
    link = content.get("join_link")
    return Change(
        move,
        role,
        clients,
        checked_flag(content.get("remove_clients", False), f"{within}.remove_clients"),
        None if link is None else checked_text(link, f"{within}.join_link"),
        read_credential(content, within),
    )


def _read_update(event: Event) -> Update:
    content = event.content
    value: Value | None = None
    if event.type == "roles_list":
        value = read_role_list(content, "content")
    elif event.type == "preauth_list":
        value = read_preauthorizations(content, "content")
    elif event.type == "base_room_policy":
        value = read_base_policy(content, "content")
    elif event.type == "room_metadata":
        value = read_metadata(content, "content")
    also = sequence(content.get("also", []), "content.also") if event.type in ("roles_list", "preauth_list") else []
    beside = frozenset(checked_word(each, f"content.also[{place}]", tuple(Beside)) for place, each in enumerate(also))
    return Update(value, beside, read_credential(content, "content"))


def components_of(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The components in the content of a creation, by name, the roles first. Raises `EventError`."""
    return {name: mapping(content[name], f"content.{name}") for name in COMPONENTS if name in content}
