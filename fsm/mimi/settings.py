"""What a room is set to, apart from who is in it: creator, roles, join rule, visibility.

`Settings` is a value. An event makes another one, so that judging an event and
applying it are the same computation, and nothing is ever half applied.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from fsm.errors import EventError
from fsm.event import Event, checked_text, word, write_state
from fsm.mimi.permissions import REDACT, SEND_MESSAGES, events, read_permissions, read_role_map
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.role_changes import Change
from fsm.mimi.roles import Roles, Standing
from fsm.participation.terms import Action, JoinRule, Participation, Visibility
from fsm.past import brief

CREATE = "m.room.create"
USER = "m.room.user"
"""Participation, as the later revisions call it."""
ROLE = "m.room.role"
ROLE_MAP = "m.room.role_map"
JOIN_RULES = "m.room.join_rules"
HISTORY_VISIBILITY = "m.room.history_visibility"
REDACTION = "m.room.redaction"

JOIN_RULE_WORDS = (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.PUBLIC)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings of one room at one time."""

    roles: Roles
    creator: str | None = None
    join_rule: JoinRule = JoinRule.INVITE
    visibility: Visibility = Visibility.SHARED

    def after(self, event: Event) -> "Settings":
        """The settings once this event is accepted; whether it may be is not asked here.

        Raises `EventError` when the event is malformed.
        """
        change = _CHANGES.get(event.type)
        if change is None:
            return self
        if event.state_key is None:
            raise EventError("state_key", "is missing")
        if event.type == ROLE and not event.state_key:
            raise EventError("state_key", "must not be empty: it is the role's id")
        if event.type != ROLE and event.state_key:
            raise EventError("state_key", f"must be empty for `{event.type}`")
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
    ) -> EventFacts:
        """What guards may know about an event by which these settings would become `after`.

        `standing` is the sender's, and `is_own_event` tells whether the event redacts one of their own.
        """
        this_type, told = events(event.type), _NOTHING
        if event.type in (ROLE, ROLE_MAP):
            change = Change(event.sender, standing, self.creator, self.roles, after.roles)
            told = {
                "are_role_ids_distinct": change.has_distinct_ids,
                "are_role_orders_distinct": change.has_distinct_orders,
                "is_every_role_listed": change.is_listed(),
                "is_every_role_below": change.is_below_sender(),
                "is_every_grant_held": change.grants_only_held(),
                "is_administrator_left": change.keeps_administrator(),
            }
        return EventFacts(
            sender=sender,
            is_created=self.creator is not None,
            is_message_denied=standing.is_denied(SEND_MESSAGES),
            is_type_denied=standing.is_denied(this_type),
            is_type_granted=standing.may(this_type),
            is_own_event=is_own_event,
            may_redact=standing.may(REDACT),
            **told,
        )


_NOTHING: Mapping[str, bool] = MappingProxyType({})


def read_of(event: Event) -> str | None:
    """What a room reads of the content of a setting, as one text: equal for contents that mean the same.

    Raises `EventError` when the event is malformed.
    """
    read = _READ.get(event.type)
    return None if read is None else read(event.content)


def kind_of(event: Event) -> Kind:
    """Which permits an event needs, by its type and shape."""
    if event.state_key is None:
        return Kind.REDACTION if event.type == REDACTION else Kind.MESSAGE
    return _KINDS.get(event.type, Kind.STATE)


_KINDS = {CREATE: Kind.CREATE, ROLE: Kind.ROLE, ROLE_MAP: Kind.ROLE_MAP}


def _create(before: Settings, event: Event) -> Settings:
    return Settings(before.roles.reign(), event.sender, before.join_rule, before.visibility)


def _define_role(before: Settings, event: Event) -> Settings:
    assert event.state_key
    return before.with_roles(before.roles.define(event.state_key, read_permissions(event.content)))


def _assign_roles(before: Settings, event: Event) -> Settings:
    return before.with_roles(before.roles.assign(read_role_map(event.content)))


def _set_join_rule(before: Settings, event: Event) -> Settings:
    return replace(before, join_rule=word(event.content, "rule", JOIN_RULE_WORDS, "content"))


def _set_visibility(before: Settings, event: Event) -> Settings:
    return replace(before, visibility=word(event.content, "visibility", tuple(Visibility), "content"))


_CHANGES: Mapping[str, Callable[[Settings, Event], Settings]] = {
    CREATE: _create,
    ROLE: _define_role,
    ROLE_MAP: _assign_roles,
    JOIN_RULES: _set_join_rule,
    HISTORY_VISIBILITY: _set_visibility,
}


def _text_of_role(content: Mapping[str, Any]) -> str:
    return brief(repr(sorted(read_permissions(content).items())))


def _text_of_role_map(content: Mapping[str, Any]) -> str:
    return brief(repr(sorted((entry.role_id, entry.order, sorted(entry.users)) for entry in read_role_map(content))))


_READ: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    ROLE: _text_of_role,
    ROLE_MAP: _text_of_role_map,
    JOIN_RULES: lambda content: word(content, "rule", JOIN_RULE_WORDS, "content").value,
    HISTORY_VISIBILITY: lambda content: word(content, "visibility", tuple(Visibility), "content").value,
}


def read_participation(event: Event) -> Action:
    """The action that a participation event asks for. Raises `EventError`.

    Spec: "User Participation" (seed 3, -00 6, -01 5)
    """
    if not event.state_key:
        raise EventError("state_key", "must name the target user")
    if "reason" in event.content:
        checked_text(event.content["reason"], "content.reason")
    return word(event.content, "participation", tuple(Action), "content")


def write_participation(
    event_type: str, action: str, sender: str, target: str, reason: str | None = None
) -> dict[str, Any]:
    """The event by which `sender` asks for `action` on `target`."""
    content = {"participation": str(action)} if reason is None else {"participation": str(action), "reason": reason}
    return write_state(event_type, sender, content, target)
