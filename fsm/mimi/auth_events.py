"""Which state events must back an event, and whether the ones it names do.

Spec: "Event Authorization", "Auth Events Selection" (-00 3, 3.1)
"""

from collections.abc import Sequence
from dataclasses import dataclass

from fsm.event import Event, checked_name, sequence
from fsm.guards import guard
from fsm.mimi.history import StateKey, Views
from fsm.mimi.roles import Roles
from fsm.mimi.settings import CREATE, JOIN_RULES, ROLE, ROLE_MAP, USER
from fsm.participation import draft
from fsm.participation.terms import Action
from fsm.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingFacts:
    """How the `authEvents` of an event compare with those it should have."""

    is_any_missing: bool
    is_any_surplus: bool
    is_any_unknown: bool
    is_any_outdated: bool


@guard(
    "every event to be selected is there",
    fails="an event that should be selected is missing",
    says=[draft.AUTH_MISSING],
)
def auth_events_are_complete(facts: BackingFacts) -> bool:
    """An event that should have been included is not missing."""
    return not facts.is_any_missing


@guard("no other event is there", fails="an event is included that should not be selected", says=[draft.AUTH_SURPLUS])
def auth_events_are_selected(facts: BackingFacts) -> bool:
    """No event is included, nor any twice, that the selection does not name."""
    return not facts.is_any_surplus


@guard("every event is known", fails="an event is included that is not known", says=[draft.AUTH_UNKNOWN])
def auth_events_are_known(facts: BackingFacts) -> bool:
    """Every event included is one of the room's."""
    return not facts.is_any_unknown


@guard("every event is current", fails="an event is included that is not current any more", says=[draft.AUTH_OUTDATED])
def auth_events_are_current(facts: BackingFacts) -> bool:
    """No event included has been replaced by a later one."""
    return not facts.is_any_outdated


BACKING = Rule(
    "auth_events",
    (auth_events_are_known, auth_events_are_current, auth_events_are_complete, auth_events_are_selected),
    clause="-00 3.1",
)
"""What every event with `authEvents` needs besides its own rule."""


def select(event: Event, action: Action | None, roles: Roles) -> list[StateKey]:
    """Which state events back an event, by type and state key; `action` is that of a participation event.

    Spec: "Auth Events Selection" (-00 3.1)
    """
    if event.type == CREATE:
        return []
    held = [entry.role_id for entry in roles.assigned if event.sender in entry.users]
    selection = [(CREATE, ""), (USER, event.sender), (ROLE_MAP, ""), *((ROLE, role_id) for role_id in held)]
    if action is not None:
        selection.append((USER, event.state_key or ""))
        if action in (Action.JOIN, Action.INVITE):
            selection.append((JOIN_RULES, ""))
    return list(dict.fromkeys(selection))


def read_auth_events(value: object) -> list[str]:
    """Read the ids that an event names as its `authEvents`. Raises `EventError`."""
    ids = sequence(value, "authEvents")
    return [checked_name(event_id, f"authEvents[{index}]") for index, event_id in enumerate(ids)]


def compare(given: Sequence[str], selected: Sequence[StateKey], views: Views) -> BackingFacts:
    """Compare the ids that an event names with the events that are selected for it.

    An outdated event stands for the current one: it is outdated, and the current
    one is not also called missing.
    """
    positions = {event_id: views.find(event_id) for event_id in given}
    states = {each: views.state_at(position) for each, position in positions.items() if position is not None}
    named = set(states.values())
    wanted = {state for state in selected if state in views.current}
    return BackingFacts(
        is_any_unknown=len(states) < len(positions),
        is_any_outdated=any(
            state in wanted and views.current[state] != event_id
            for event_id, state in states.items()
            if state is not None
        ),
        is_any_missing=not wanted <= named,
        is_any_surplus=len(positions) < len(given) or any(state not in wanted for state in states.values()),
    )
