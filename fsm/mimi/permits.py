"""Events that change nobody's participation: their kinds, their facts and their guards.

These events have no state machine, but they are judged the same way: by rules over
finite facts, any of which may permit. Which rules are for which kind of event is part
of a policy (`fsm.mimi.policies.PERMITS`).
"""

from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Self, TypeAlias

from fsm.facts import SenderFacts
from fsm.guards import guard
from fsm.participation import draft
from fsm.participation.terms import Participation


class Kind(StrEnum):
    """What an event is to the rules on sending it."""

    CREATE = "create"
    ROLE = "role"
    ROLE_MAP = "role_map"
    STATE = "state"
    REDACTION = "redaction"
    MESSAGE = "message"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EventFacts(SenderFacts[Participation]):
    """All that a guard may know about an event that is no participation change.

    A fact that does not concern an event keeps its default.
    """

    is_created: bool = True
    is_message_denied: bool = False
    is_type_denied: bool = False
    is_type_granted: bool = True
    is_own_event: bool = True
    may_redact: bool = True
    are_role_ids_distinct: bool = True
    are_role_orders_distinct: bool = True
    is_every_role_listed: bool = True
    is_every_role_below: bool = True
    is_every_grant_held: bool = True
    is_administrator_left: bool = True

    @classmethod
    def of(cls, told: "Told") -> Self:
        """The facts of these values."""
        values: dict[str, Any] = dict(zip((field.name for field in fields(cls)), told, strict=False))
        return cls(**values)


Told: TypeAlias = tuple[Participation | bool, ...]
"""Values of `EventFacts` in the order of its fields; those that are left out keep their defaults."""


@guard("the room is new", fails="the room exists already", says=[draft.NOTHING_BEFORE_CREATION])
def room_is_new(facts: EventFacts) -> bool:
    """A room is created once.

    Spec: "Auth Events Selection": the creation has nothing before it.
    """
    return not facts.is_created


@guard(
    "the sender is not denied to send messages", fails="the sender is denied to send messages", says=[draft.MESSAGES]
)
def message_is_not_denied(facts: EventFacts) -> bool:
    """The sender's `sendMessages` permission is not false; by default it is true."""
    return not facts.is_message_denied


@guard(
    "the sender is not denied this type of event",
    fails="the sender is denied this type of event",
    says=[draft.EVENTS_DENIED],
)
def type_is_not_denied(facts: EventFacts) -> bool:
    """The sender's `events` permission does not set this type to false."""
    return not facts.is_type_denied


@guard(
    "the sender redacts an event of their own",
    fails="the event redacted is not the sender's own",
    says=[draft.OWN_EVENTS],
)
def event_is_own(facts: EventFacts) -> bool:
    """Senders can always redact their own events.

    Spec: "List of Permissions": `redact`
    """
    return facts.is_own_event


@guard("the sender may redact", fails="the sender may not redact", says=[draft.MAY_REDACT])
def sender_may_redact(facts: EventFacts) -> bool:
    """The sender may redact other users' events.

    Spec: "List of Permissions": `redact`
    """
    return facts.may_redact


@guard(
    "the sender may send this type of event",
    fails="the sender may not send this type of event",
    says=[draft.SENDING_TAKES_PERMISSION, draft.EVENTS_SENDING],
)
def type_is_granted(facts: EventFacts) -> bool:
    """The sender's `events` permission grants this type; by default it grants none."""
    return facts.is_type_granted


@guard("every role id is distinct", fails="`content.roles` repeats a role id", says=[draft.DISTINCT_ROLES])
def role_ids_are_distinct(facts: EventFacts) -> bool:
    """Each role id appears only once in a role map."""
    return facts.are_role_ids_distinct


@guard("every role order is distinct", fails="`content.roles` repeats an order", says=[draft.DISTINCT_ROLES])
def role_orders_are_distinct(facts: EventFacts) -> bool:
    """Each order is distinct from all others in a role map."""
    return facts.are_role_orders_distinct


@guard(
    "the sender may change every role touched",
    fails="the sender may not change every role touched",
    says=[draft.ROLES_AFFECTED, draft.ROLES_NEED_WORDS],
)
def touched_roles_are_listed(facts: EventFacts) -> bool:
    """The sender's `roles` permission lists every role that is added, removed or changed.

    Spec: "Role Changes", which is left open; "List of Permissions": `roles`
    """
    return facts.is_every_role_listed


@guard(
    "every role touched is below the sender's own order",
    fails="a role touched is at or above the sender's own order",
    says=[draft.POWER_LEVELS_FOR_ROLES],
)
def touched_roles_are_below(facts: EventFacts) -> bool:
    """Nobody changes a role at or above the highest order they hold themselves.

    Spec: "Role Changes", which is left open and suggests power levels.
    """
    return facts.is_every_role_below


@guard(
    "the sender holds every permission granted",
    fails="the sender grants a permission they do not hold",
    says=[draft.ROLES_NEED_WORDS],
)
def granted_permissions_are_held(facts: EventFacts) -> bool:
    """Nobody gives away what they do not have.

    Spec: "Role Changes", which is left open.
    """
    return facts.is_every_grant_held


@guard("somebody can still change roles", fails="nobody could change roles any more", says=[draft.CREATOR_NEEDS_WORDS])
def administrator_remains(facts: EventFacts) -> bool:
    """The last user who may change roles cannot be removed.

    We refuse, since a room without such a user could never be mended: nobody
    can grant what nobody holds. Hand over first, then step down. To lock a room
    on purpose, revoke the `events` permission for role events instead.

    Spec: "Role Changes", which is left open.
    """
    return facts.is_administrator_left
