"""The participation policies of the MIMI drafts: data only.

`MIMI`, the default, is the seed draft with what its authors added in the two
published revisions, read so that it is complete and has no holes. Its section
numbers are those of the latest revision, draft-ralston-mimi-policy-01, unless they
say otherwise. `MIMI_00` and `MIMI_01`, the two revisions to the letter, are in
`fsm.mimi.revisions`, and made when one of them is asked for.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fsm.domain import Domain
from fsm.mimi.permits import (
    EventFacts,
    Kind,
    administrator_remains,
    event_is_own,
    granted_permissions_are_held,
    message_is_not_denied,
    role_ids_are_distinct,
    role_orders_are_distinct,
    room_is_new,
    sender_may_redact,
    touched_roles_are_below,
    touched_roles_are_listed,
    type_is_granted,
    type_is_not_denied,
)
from fsm.mimi.roles import Power
from fsm.participation.facts import Facts
from fsm.participation.guards import (
    room_is_public,
    room_takes_knocks,
    sender_is_another,
    sender_is_joined,
    sender_is_target,
    sender_may_ban,
    sender_may_invite,
    sender_may_kick,
    sender_outranks_for_ban,
    sender_outranks_for_kick,
)
from fsm.participation.terms import DISPLAYS, JoinRule, Participation
from fsm.participation.views import VIEWS
from fsm.policy import Policy, Transition
from fsm.rule import Rule

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation


@dataclass(frozen=True, eq=False, repr=False)
class MimiPolicy(Policy[Facts]):
    """A participation policy with the rest of what a MIMI room needs.

    `participation_events` are the event types that carry participation,
    `permits` the rules for all other events, by their kind, `power` how effective power is read.
    """

    supplied = Facts
    facts_beside = EventFacts

    participation_events: frozenset[str]
    permits: Mapping[Kind, tuple[Rule[EventFacts], ...]]
    power: Power

    def own_rules(self) -> Iterable[object]:
        """What a room needs beside the table."""
        from fsm.fingerprint import tables  # noqa: PLC0415 - few need it

        domain = Domain(EventFacts)
        yield sorted(self.participation_events)
        yield self.power.name
        for kind, rules in sorted(self.permits.items()):
            permits = ([rule.id, rule.clause, *sorted(tables(rule.guards, domain))] for rule in rules)
            yield [kind, *sorted(permits, key=str)]

    @property
    def rules_beside(self) -> Mapping[str, tuple[Rule[EventFacts], ...]]:
        """The rules for all other events."""
        return {kind.value: rules for kind, rules in self.permits.items()}

    @property
    def all_permits(self) -> tuple[Rule[EventFacts], ...]:
        """The permits of all kinds."""
        return tuple(rule for rules in self.permits.values() for rule in rules)

    @property
    def participation_event(self) -> str:
        """Of the event types that carry participation, the one that we write."""
        return max(self.participation_events)


DOMAIN = Domain(Facts, {"join_rule": (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.PUBLIC)})

# Only a joined user can meet themselves as joined: the rows that ask for a joined
# sender and lead from another state need not ask as well that the sender is another.
# fmt: off
TRANSITIONS = (
    # Inviting an invited user again changes nothing; a knock is answered by an invite.
    Transition("invite",   INVITE, {LEAVE},  INVITE, (sender_is_joined, sender_may_invite), clause="5.2"),
    Transition("reinvite", INVITE, {INVITE}, INVITE, (sender_is_joined, sender_may_invite), clause="5.2"),
    Transition("welcome",  INVITE, {KNOCK},  INVITE, (sender_is_joined, sender_may_invite), clause="5.2"),

    Transition("accept", JOIN, {INVITE},       JOIN, (sender_is_target,),                clause="5.3"),
    Transition("join",   JOIN, {LEAVE, KNOCK}, JOIN, (sender_is_target, room_is_public), clause="5.3"),
    Transition("rejoin", JOIN, {JOIN},         JOIN, (sender_is_target,),                clause="5.3"),

    # The text lets an invited user knock. We do not: they have the choice to join already.
    Transition("knock",   KNOCK, {LEAVE}, KNOCK, (sender_is_target, room_takes_knocks), clause="5.4"),
    Transition("reknock", KNOCK, {KNOCK}, KNOCK, (sender_is_target, room_takes_knocks), clause="5.4"),

    Transition("decline",  LEAVE, {INVITE}, LEAVE, (sender_is_target,), clause="5.6.1"),
    Transition("leave",    LEAVE, {JOIN},   LEAVE, (sender_is_target,), clause="5.6.1"),
    Transition("withdraw", LEAVE, {KNOCK},  LEAVE, (sender_is_target,), clause="5.6.1"),

    # The text has kicks of joined users only, but defines that a knock can be declined
    # (kicked). We let an invite be revoked in the same way.
    Transition("revoke", LEAVE, {INVITE}, LEAVE,
               (sender_is_joined, sender_may_kick, sender_outranks_for_kick), clause="5.6.2"),
    Transition("kick",   LEAVE, {JOIN},   LEAVE,
               (sender_is_another, sender_is_joined, sender_may_kick, sender_outranks_for_kick), clause="5.6.2"),
    Transition("deny",   LEAVE, {KNOCK},  LEAVE,
               (sender_is_joined, sender_may_kick, sender_outranks_for_kick), clause="5.6.2"),
    # An unban travels as a leave, and is decided by the permission to ban.
    Transition("unban",  LEAVE, {BAN},    LEAVE,
               (sender_is_joined, sender_may_ban, sender_outranks_for_ban), clause="5.6.2"),

    # The text puts no condition on the target. A ban implies a kick, so we ask for the same.
    Transition("ban",   BAN, {LEAVE, INVITE, JOIN, KNOCK}, BAN,
               (sender_is_another, sender_is_joined, sender_may_ban, sender_outranks_for_ban), clause="5.5"),
    Transition("reban", BAN, {BAN}, BAN,
               (sender_is_joined, sender_may_ban, sender_outranks_for_ban), clause="5.5"),
)

_CHANGES_ROLES = (
    sender_is_joined, type_is_granted, touched_roles_are_listed, touched_roles_are_below,
    granted_permissions_are_held, administrator_remains,
)
DISTINCT = (role_ids_are_distinct, role_orders_are_distinct)
PERMITS: Mapping[Kind, tuple[Rule[EventFacts], ...]] = {
    Kind.CREATE:    (Rule("create", (room_is_new,), clause="-00 3.1"),),
    Kind.ROLE:      (Rule("role", _CHANGES_ROLES, clause="4.4"),),
    Kind.ROLE_MAP:  (Rule("role_map", (*DISTINCT, *_CHANGES_ROLES), clause="4.4"),),
    Kind.STATE:     (Rule("state", (sender_is_joined, type_is_granted), clause="-00 5.4"),),
    Kind.REDACTION: (Rule("redact_own", (sender_is_joined, event_is_own), clause="4.3"),
                     Rule("redact", (sender_is_joined, sender_may_redact), clause="4.3")),
    Kind.MESSAGE:   (Rule("message", (sender_is_joined, message_is_not_denied, type_is_not_denied), clause="4.3"),),
}
# fmt: on

MIMI = MimiPolicy(
    id="mimi",
    title="MIMI Policy Envelope, completed",
    source="draft-ralston-mimi-policy, first text, with sections 4 and 5 of revision 01",
    domain=DOMAIN,
    transitions=TRANSITIONS,
    family="fsm.mimi",
    initial=LEAVE,
    displays=DISPLAYS,
    views=VIEWS,
    participation_events=frozenset({"m.user", "m.room.user"}),
    permits=PERMITS,
    power=Power.GRANTED,
)


if TYPE_CHECKING:
    from fsm.mimi.revisions import MIMI_00 as MIMI_00  # noqa: PLC0414 - it stands here, too
    from fsm.mimi.revisions import MIMI_01 as MIMI_01  # noqa: PLC0414 - as above
else:

    def __getattr__(name: str) -> MimiPolicy:
        if name not in {"MIMI_00", "MIMI_01"}:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from fsm.mimi import revisions  # noqa: PLC0415 - most rooms do not need them

        return getattr(revisions, name)
