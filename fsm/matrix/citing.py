"""What an event cites as its `auth_events`: whether it may, and whether that is all that it must.

Spec: "Considering the event's `auth_events`" (authorisation rules), "Auth events selection" (Server-Server API)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from fsm.errors import EventError, shorten
from fsm.event import Event, checked_flag, checked_name, plain, read_event, sequence
from fsm.matrix.events import AUTHORISER, MEMBER, TOKEN, within
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE
from fsm.participation.terms import Action
from fsm.record import Record

AUTH_EVENTS = "auth_events"

Key: TypeAlias = tuple[str, str | None]
"""Event type and state key."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Cited(Record):
    """An event that another one cites, as far as that matters."""

    key: Key
    room_id: str | None
    is_rejected: bool = False


def read_ids(value: Mapping[str, Any]) -> list[str]:
    """The ids of the events cited: in versions 1 and 2, each stands in a pair with its hashes. Raises `EventError`."""
    listed = enumerate(sequence(value[AUTH_EVENTS], AUTH_EVENTS))
    return [
        checked_name(cited[0] if type(cited) is list and cited else cited, f"{AUTH_EVENTS}[{index}]")
        for index, cited in listed
    ]


def read_others(others: Sequence[object]) -> Mapping[str, Cited]:
    """Events that may be cited besides those of the state, by their ids. Raises `EventError`."""
    found = {}
    for index, given in enumerate(others):
        with within(f"events[{index}]"):
            value = plain(given)
            event = read_event(value)
            if event.event_id is None:
                raise EventError("event_id", "is missing")
            if event.event_id in found:
                raise EventError("event_id", f"`{shorten(event.event_id)}` is given twice")
            is_rejected = checked_flag(value.get("rejected", False), "rejected")
            found[event.event_id] = Cited((event.type, event.state_key), event.room_id, is_rejected)
    return found


def selection(event: Event, policy: MatrixPolicy) -> frozenset[Key]:
    """The types and state keys of the events that this one is to cite."""
    content, selected = event.content, {(POWER_LEVELS, ""), (MEMBER, event.sender)}
    if not policy.is_room_named_by_creation:
        selected.add((CREATE, ""))
    if event.type == MEMBER:
        action = content.get("membership")
        if event.state_key is not None:
            selected.add((MEMBER, event.state_key))
        if action in (Action.JOIN, Action.INVITE, Action.KNOCK):
            selected.add((JOIN_RULES, ""))
        if action == Action.INVITE:
            selected.update((THIRD_PARTY_INVITE, token) for token in _token_of(content.get(TOKEN)))
        if action == Action.JOIN and policy.has_authorised_joins and type(content.get(AUTHORISER)) is str:
            selected.add((MEMBER, content[AUTHORISER]))
    return frozenset(selected)


def _token_of(invite: object) -> Iterable[str]:
    """The token of a third-party invite, if it has one."""
    signed = invite.get("signed") if type(invite) is dict else None
    token = signed.get("token") if type(signed) is dict else None
    return (token,) if type(token) is str else ()


def facts_of(event: Event, policy: MatrixPolicy, cited: Sequence[Cited | None]) -> dict[str, bool]:
    """The facts about what an event cites. Of those that are None nothing is known: they are held against nobody."""
    known = [each for each in cited if each is not None]
    keys = [each.key for each in known]
    has_creation = (CREATE, "") in keys or len(known) < len(cited) or policy.is_room_named_by_creation
    rooms = {each.room_id for each in known} - {None, event.room_id}
    return {
        "is_each_cited_once": len(set(keys)) == len(keys),
        "is_every_cited_selected": selection(event, policy).issuperset(keys),
        "is_every_cited_accepted": not any(each.is_rejected for each in known),
        "is_creation_known": has_creation,
        "is_of_this_room": event.room_id is None or not rooms,
    }
