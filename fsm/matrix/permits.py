"""The conditions of what is asked of an event besides where its target stands, one function each.

The rows in which they stand are those of `fsm.matrix.rows`.
"""

from fsm.facts import ROOM, SENDER
from fsm.guards import Norm, guard
from fsm.matrix.rows import EventFacts
from fsm.matrix.text import rule


@guard(
    "every auth event is cited once",
    fails="two of its auth events are of one type and `state_key`",
    says=[rule(12, "If there are duplicate entries for a given `type` and `state_key` pair, reject.")],
)
def events_are_cited_once(facts: EventFacts) -> bool:
    """No two of the events cited are of one `type` and `state_key`."""
    return facts.is_each_cited_once


@guard(
    "every auth event is one to be selected",
    fails="one of its auth events is not to be selected",
    says=[
        rule(
            12,
            "If there are entries whose `type` and `state_key` don't match those specified by the auth events "
            "selection algorithm described in the server specification, reject.",
        ),
    ],
)
def cited_events_are_selected(facts: EventFacts) -> bool:
    """The events cited are of types and state keys that the selection asks for."""
    return facts.is_every_cited_selected


@guard(
    "every auth event was accepted",
    fails="one of its auth events was rejected",
    says=[
        rule(
            12,
            "If there are entries which were themselves rejected under the checks performed on receipt of a PDU, "
            "reject.",
        ),
    ],
)
def cited_events_are_accepted(facts: EventFacts) -> bool:
    """None of the events cited was rejected."""
    return facts.is_every_cited_accepted


@guard(
    "the room has been created",
    fails="the room has not been created",
    norm=Norm(ROOM, "have an `m.room.create` event, which is among the auth events where the version has it selected"),
    says=[
        rule(11, "If there is no `m.room.create` event among the entries, reject."),
        rule(
            12,
            "If the event's `room_id` is not an event ID for an accepted (not rejected) `m.room.create` event, with"
            " the sigil `!` instead of `$`, reject.",
        ),
    ],
)
def room_is_created(facts: EventFacts) -> bool:
    """The state of the room holds its creation; and so do the events cited, if any are."""
    return facts.is_creation_known


@guard(
    "the event is of this room",
    fails="the event is of another room",
    says=[
        rule(
            12,
            "If any event in `auth_events` has a `room_id` which does not match that of the event being authorised,"
            " reject.",
        ),
    ],
)
def event_is_of_this_room(facts: EventFacts) -> bool:
    """The events of the state, and those cited, have the same `room_id`."""
    return facts.is_of_this_room


@guard(
    "the sender's server may take part",
    fails="the room is closed to the sender's server",
    says=[
        rule(
            12,
            "If the `content` of the `m.room.create` event in the room state has the property `m.federate` set to "
            "`false`, and the `sender` domain of the event does not match the `sender` domain of the create event, "
            "reject.",
        ),
    ],
)
def sender_is_admitted(facts: EventFacts) -> bool:
    """The room is federated, or the sender is of the same server as whoever sent the room's creation.

    To the letter, a value of `m.federate` that is not `false` closes nothing, and the target may be of any
    server. Synapse takes any value but `true` for `false`, and refuses targets of other servers.
    """
    return facts.is_admitted


# The creation.


@guard(
    "nothing came before the event",
    fails="the event has `prev_events`",
    says=[rule(12, "If it has any `prev_events`, reject.")],
)
def creation_is_first(facts: EventFacts) -> bool:
    """A creation has no previous events."""
    return facts.is_first


@guard(
    "the room is of the sender's server",
    fails="the room is not of the sender's server",
    says=[rule(11, "If the domain of the `room_id` does not match the domain of the `sender`, reject.")],
)
def room_is_of_senders_server(facts: EventFacts) -> bool:
    """The server in the room's id is that in the sender's, in versions 1 to 11."""
    return facts.is_room_of_server


@guard(
    "the creation names no room",
    fails="the creation has a `room_id`",
    says=[rule(12, "If the event has a `room_id`, reject.")],
)
def creation_names_no_room(facts: EventFacts) -> bool:
    """The room's id is that of its creation, in version 12.

    The Client-Server API gives every event a `room_id`: it counts for nothing where it is the id
    that the creation makes, and the event is not as federation writes it, with `prev_events`.
    """
    return facts.names_no_room


@guard(
    "the room version is known",
    fails="the room version is not known",
    says=[rule(12, "If `content.room_version` is present and is not a recognised version, reject.")],
)
def version_is_known(facts: EventFacts) -> bool:
    """`room_version` is absent, or one of those that there are."""
    return facts.is_version_known


@guard(
    "the creation names a creator",
    fails="`content` has no `creator`",
    says=[rule(10, "If `content` has no `creator` property, reject.")],
)
def creator_is_named(facts: EventFacts) -> bool:
    """There is a `creator`, whatever it is, in versions 1 to 10."""
    return facts.has_creator


@guard(
    "the additional creators are users",
    fails="`additional_creators` is no list of user ids",
    says=[
        rule(
            12,
            "If `additional_creators` is present in `content` and is not an array of strings where each string "
            "passes the same user ID validation applied to `sender`, reject.",
        ),
    ],
)
def creators_are_users(facts: EventFacts) -> bool:
    """`additional_creators` is absent, or a list of user ids, in version 12."""
    return facts.is_every_creator_a_user


# Aliases and membership.


@guard(
    "the event has a `state_key`",
    fails="the event has no `state_key`",
    says=[rule(5, "If event has no `state_key`, reject.")],
)
def state_key_is_given(facts: EventFacts) -> bool:
    """Aliases are state, in versions 1 to 5."""
    return facts.has_state_key


@guard(
    "the `state_key` is the sender's server",
    fails="the `state_key` is not the sender's server",
    says=[rule(5, "If sender's domain doesn't match `state_key`, reject.")],
)
def state_key_is_senders_server(facts: EventFacts) -> bool:
    """Every server has aliases of its own, in versions 1 to 5."""
    return facts.is_key_of_server


@guard(
    "the event names its target",
    fails="the event names no target by a `state_key`",
    says=[rule(12, "If there is no `state_key` property, or no `membership` property in `content`, reject.")],
)
def target_is_named(facts: EventFacts) -> bool:
    """There is a `state_key`, which is the target."""
    return facts.has_state_key


@guard(
    "the room version knows the membership",
    fails="the room version knows no such membership",
    says=[rule(12, "Otherwise, the membership is unknown. Reject.")],
)
def membership_is_known(facts: EventFacts) -> bool:
    """`content.membership` is there, and one of the words that the room version knows."""
    return facts.is_membership_known


@guard(
    "the authoriser is a user",
    fails="who is to authorise the join is no user",
    says=[rule(12, "If the event is not validly signed by the homeserver of the user ID denoted by the key, reject.")],
)
def authoriser_is_user(facts: EventFacts) -> bool:
    """If `content` names who authorises a join, as of version 8, this is a user, whose server can have signed it.

    Whether it has is checked where events are received.
    """
    return facts.is_authoriser_user


# What it takes to send an event.


@guard(
    "the sender reaches the invite level",
    fails="the sender is below the invite level",
    norm=Norm(SENDER, "have a power level at or above the invite level"),
    says=[
        rule(
            12,
            "Allow if and only if `sender`'s current power level is greater than or equal to the *invite level*.",
        ),
    ],
)
def invite_level_is_reached(facts: EventFacts) -> bool:
    """Whoever may invite may invite by a third party."""
    return facts.may_invite


@guard(
    "the sender reaches the level that the type requires",
    fails="the sender is below the level that the type requires",
    norm=Norm(SENDER, "have a power level at or above the required level of the event's type"),
    says=[rule(12, "If the event type's *required power level* is greater than the `sender`'s power level, reject.")],
)
def required_level_is_reached(facts: EventFacts) -> bool:
    """The level in `events`, else `state_default` or `events_default`."""
    return facts.may_send


@guard(
    "the `state_key` is no other user",
    fails="the `state_key` is another user's",
    says=[rule(12, "If the event has a `state_key` that starts with an `@` and does not match the `sender`, reject.")],
)
def state_key_is_own(facts: EventFacts) -> bool:
    """A `state_key` that starts with an `@` is the sender.

    Spec: "If the event has a `state_key` that starts with an `@` and does not match the `sender`, reject"
    """
    return facts.is_key_own


@guard(
    "the sender reaches the redact level",
    fails="the sender is below the redact level",
    norm=Norm(SENDER, "have a power level at or above the redact level"),
    says=[rule(2, "If the `sender`'s power level is greater than or equal to the *redact level*, allow.")],
)
def redact_level_is_reached(facts: EventFacts) -> bool:
    """Whoever may redact may redact anything, in versions 1 and 2."""
    return facts.may_redact


@guard(
    "the event redacted is of the same server",
    fails="the event redacted is of another server",
    says=[
        rule(
            2,
            "If the domain of the `event_id` of the event being redacted is the same as the domain of the "
            "`event_id` of the `m.room.redaction`, allow.",
        ),
    ],
)
def redacted_is_of_same_server(facts: EventFacts) -> bool:
    """The ids of both events name one server, in versions 1 and 2."""
    return facts.is_of_redacted_server
