"""What a room is set to, apart from who is in it: creator, roles, join rule, visibility.

`Settings` is a value. An event makes another one, so that judging an event and
applying it are the same computation, and nothing is ever half applied.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from fsm.errors import EventError
from fsm.event import Event
from fsm.mimi.permissions import REDACT, SEND_MESSAGES, events
from fsm.mimi.permits import Told
from fsm.mimi.roles import Roles, Standing
from fsm.participation.terms import JoinRule, Participation, Visibility

CREATE = "m.room.create"
USER = "m.room.user"
"""Participation, as the later revisions call it."""
ROLE = "m.room.role"
ROLE_MAP = "m.room.role_map"
JOIN_RULES = "m.room.join_rules"
HISTORY_VISIBILITY = "m.room.history_visibility"
REDACTION = "m.room.redaction"

JOIN_RULE_WORDS = (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.PUBLIC)


class Settings(NamedTuple):
    """The settings of one room at one time."""

    roles: Roles
    creator: str | None = None
    join_rule: JoinRule = JoinRule.INVITE
    visibility: Visibility = Visibility.SHARED

    def after(self, event: Event) -> "Settings":
        """The settings once this event, whose content has been read, is accepted; whether it may be is not asked here.

        Raises `EventError` for an event that is no state event, and for more roles than there can be.
        """
        change = _CHANGES.get(event.type)
        if change is None:
            return self
        if event.state_key is None:
            raise EventError("state_key", "is missing")
        return change(self, event)

    def with_roles(self, roles: Roles) -> "Settings":
        """These settings with other roles. Raises `EventError` for more than there can be."""
        roles.expect_bearable()
        return Settings(roles, self.creator, self.join_rule, self.visibility)

    @property
    def standings(self) -> Mapping[str, Standing]:
        """The standing of everybody who has one of their own."""
        return self.roles.standings(self.creator)

    def facts(
        self, event: Event, sender: Participation, standing: Standing, after: "Settings", *, is_own_event: bool
    ) -> Told:
        """What guards may know about an event by which these settings would become `after`.

        `standing` is the sender's, and `is_own_event` tells whether the event redacts one of their own.
        """
        of_event = facts_of_any(
            event.type, sender, standing, is_created=self.creator is not None, is_own_event=is_own_event
        )
        if event.type not in _OF_ROLES:
            return of_event
        from fsm.mimi.role_changes import facts_of  # noqa: PLC0415 - takes long to load, and few rooms need it

        return of_event + facts_of(event.sender, standing, self.creator, self.roles, after.roles)


def facts_of_any(
    event_type: str, sender: Participation, standing: Standing, *, is_created: bool, is_own_event: bool = False
) -> Told:
    """What guards may know about any event that moves nobody: the first of the facts."""
    this_type = events(event_type)
    return (
        sender,
        is_created,
        standing.is_denied(SEND_MESSAGES),
        standing.is_denied(this_type),
        standing.may(this_type),
        is_own_event,
        standing.may(REDACT),
    )


_OF_ROLES = frozenset((ROLE, ROLE_MAP))


def _create(before: Settings, event: Event) -> Settings:
    return Settings(before.roles.reign(), event.sender, before.join_rule, before.visibility)


def _define_role(before: Settings, event: Event) -> Settings:
    assert event.state_key
    return before.with_roles(before.roles.define(event.state_key, event.said))


def _assign_roles(before: Settings, event: Event) -> Settings:
    return before.with_roles(before.roles.assign(event.said))


def _set_join_rule(before: Settings, event: Event) -> Settings:
    return Settings(before.roles, before.creator, event.said, before.visibility)


def _set_visibility(before: Settings, event: Event) -> Settings:
    return Settings(before.roles, before.creator, before.join_rule, event.said)


_CHANGES: Mapping[str, Callable[[Settings, Event], Settings]] = {
    CREATE: _create,
    ROLE: _define_role,
    ROLE_MAP: _assign_roles,
    JOIN_RULES: _set_join_rule,
    HISTORY_VISIBILITY: _set_visibility,
}

TYPES = frozenset(_CHANGES)
"""The event types that set a room."""

OWN_TYPES = TYPES | {REDACTION}
"""The event types whose contents mean something to the room, beside those of changes."""
