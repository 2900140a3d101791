"""The published revisions of the MIMI draft to the letter, faults included: what each says otherwise than `MIMI`.

Section numbers are those of each revision.
"""

from dataclasses import replace

from fsm.mimi.permits import (
    Kind,
    event_is_own,
    message_is_not_denied,
    room_is_new,
    sender_may_redact,
    touched_roles_are_listed,
    type_is_granted,
)
from fsm.mimi.policies import BAN, DISTINCT, INVITE, JOIN, KNOCK, LEAVE, MIMI
from fsm.mimi.roles import Power
from fsm.participation.guards import room_takes_knocks, sender_is_joined, sender_is_target, sender_may_ban
from fsm.policy import Transition
from fsm.rule import Rule

# Revision 01 moved state to another protocol: of its permissions, only `roles` and
# `sendMessages` speak of other events.
# fmt: off
MIMI_01 = MIMI.evolve(
    "mimi-01",
    title="MIMI Policy, revision 01 to the letter",
    source="draft-ralston-mimi-policy-01",
    drop=("revoke", "deny"),
    replace=(
        Transition("knock", KNOCK, {LEAVE, INVITE}, KNOCK, (sender_is_target, room_takes_knocks), clause="5.4"),
        Transition("ban",   BAN, {LEAVE, INVITE, JOIN, KNOCK}, BAN, (sender_is_joined, sender_may_ban), clause="5.5"),
        Transition("reban", BAN, {BAN}, BAN, (sender_is_joined, sender_may_ban), clause="5.5"),
    ),
    participation_events=frozenset({"m.room.user"}),
    power=Power.SET,
    permits={
        Kind.CREATE:    (Rule("create", (room_is_new,), clause="4.4"),),
        Kind.ROLE:      (Rule("role", (sender_is_joined, touched_roles_are_listed), clause="4.3"),),
        Kind.ROLE_MAP:  (Rule("role_map", (*DISTINCT, sender_is_joined, touched_roles_are_listed), clause="4.3"),),
        Kind.STATE:     (Rule("state", (sender_is_joined, message_is_not_denied), clause="4.3"),),
        Kind.REDACTION: (Rule("redact_own", (sender_is_joined, event_is_own), clause="4.3"),
                         Rule("redact", (sender_is_joined, sender_may_redact), clause="4.3")),
        Kind.MESSAGE:   (Rule("message", (sender_is_joined, message_is_not_denied), clause="4.3"),),
    },
)

# Section 5 of revision 01 is section 6 of revision 00, with the same text and subsections.
MIMI_00 = MIMI_01.evolve(
    "mimi-00",
    title="MIMI Policy Envelope, revision 00 to the letter",
    source="draft-ralston-mimi-policy-00",
    replace=(replace(row, clause=f"6{row.clause.removeprefix('5')}") for row in MIMI_01.transitions),
    permits={
        Kind.CREATE:    (Rule("create", (room_is_new,), clause="3.1"),),
        Kind.ROLE:      (Rule("role", (sender_is_joined, type_is_granted, touched_roles_are_listed), clause="5.4"),),
        Kind.ROLE_MAP:  (Rule("role_map", (*DISTINCT, sender_is_joined, type_is_granted, touched_roles_are_listed),
                              clause="5.4"),),
        Kind.STATE:     (Rule("state", (sender_is_joined, type_is_granted), clause="5.4"),),
        Kind.REDACTION: (Rule("redact_own", (sender_is_joined, event_is_own), clause="5.3"),
                         Rule("redact", (sender_is_joined, type_is_granted, sender_may_redact), clause="5.3")),
        Kind.MESSAGE:   (Rule("message", (sender_is_joined, type_is_granted), clause="5.4"),),
    },
)
# fmt: on
