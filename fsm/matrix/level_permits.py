"""The conditions of what is asked of power levels, one function each.

What the event has otherwise than the room is an alteration; what is no level is above nobody.
"""

from fsm.guards import guard
from fsm.matrix.rows import EventFacts
from fsm.matrix.text import rule

# Sentences that more than one of them implements.
_FIRST_LEVELS = rule(12, "If there is no previous `m.room.power_levels` event in the room, allow.")
_LISTED_BEFORE = rule(
    12,
    "For each entry being changed in, or removed from, the `events` or `notifications` properties: If the "
    "current value is greater than the `sender`'s current power level, reject.",
)
_LISTED_AFTER = rule(
    12,
    "For each entry being added to, or changed in, the `events` or `notifications` properties: If the new "
    "value is greater than the `sender`'s current power level, reject.",
)


@guard(
    "the named levels are integers",
    fails="a named level is no integer",
    says=[
        rule(
            12,
            "If any of the properties `users_default`, `events_default`, `state_default`, `ban`, `redact`, `kick`, "
            "or `invite` in `content` are present and not an integer, reject.",
        ),
    ],
)
def named_levels_are_integers(facts: EventFacts) -> bool:
    """Those such as `ban` and `users_default`, as of version 10."""
    return facts.is_every_name_whole


@guard(
    "the levels of events are integers",
    fails="a level of `events` or `notifications` is no integer",
    says=[
        rule(
            12,
            "If either of the properties `events` or `notifications` in `content` are present and not an object "
            "with values that are integers, reject.",
        ),
    ],
)
def listed_levels_are_integers(facts: EventFacts) -> bool:
    """Both are objects with values that are integers, as of version 10."""
    return facts.is_every_list_whole


@guard(
    "`users` gives users levels",
    fails="`users` does not give users levels",
    says=[
        rule(
            12,
            "If the `users` property in `content` is not an object with keys that are valid user IDs with values "
            "that are integers, reject.",
        ),
    ],
)
def users_have_levels(facts: EventFacts) -> bool:
    """It is absent, or an object whose keys are user ids and whose values are levels as the version has them.

    Synapse takes more for a level than the text does (`1_000`), and more for a user id (`@bob:`).
    """
    return facts.is_every_user_whole


@guard(
    "no creator is in `users`",
    fails="`users` lists a creator",
    says=[
        rule(
            12,
            "If the `users` property in `content` contains the `sender` of the `m.room.create` event or any of the "
            "`additional_creators` array (if present) from the `content` of the `m.room.create` event, reject.",
        ),
    ],
)
def creators_are_not_listed(facts: EventFacts) -> bool:
    """Creators stand above every level, in version 12."""
    return facts.is_no_creator_listed


@guard(
    "the room has no power levels",
    fails="the room has power levels already",
    tells_kind=True,
    says=[_FIRST_LEVELS],
)
def levels_are_first(facts: EventFacts) -> bool:
    """To the letter, an event with another `state_key` is held against the levels in force.

    To Synapse it is a first.
    """
    return not facts.has_levels


@guard(
    "the room has power levels",
    fails="the room has no power levels yet",
    tells_kind=True,
    says=[_FIRST_LEVELS],
)
def levels_are_altered(facts: EventFacts) -> bool:
    """There are levels to be held against."""
    return facts.has_levels


@guard(
    "no named level altered is above the sender",
    fails="a named level that is above the sender would change",
    says=[rule(12, "If the current value is higher than the `sender`'s current power level, reject.")],
)
def named_levels_were_in_reach(facts: EventFacts) -> bool:
    """What is no number is not higher than one. Synapse fails on it."""
    return facts.were_names_in_reach


@guard(
    "no named level would be above the sender",
    fails="a named level would be above the sender",
    says=[rule(12, "If the new value is higher than the `sender`'s current power level, reject.")],
)
def named_levels_are_in_reach(facts: EventFacts) -> bool:
    """Nobody asks for more than they have."""
    return facts.are_names_in_reach


@guard(
    "no level altered in `events` is above the sender",
    fails="a level in `events` that is above the sender would change",
    says=[_LISTED_BEFORE],
)
def event_levels_were_in_reach(facts: EventFacts) -> bool:
    """Of each entry that is changed or removed."""
    return facts.were_events_in_reach


@guard(
    "no level in `events` would be above the sender",
    fails="a level in `events` would be above the sender",
    says=[_LISTED_AFTER],
)
def event_levels_are_in_reach(facts: EventFacts) -> bool:
    """Of each entry that is added or changed."""
    return facts.are_events_in_reach


@guard(
    "no level altered in `notifications` is above the sender",
    fails="a level in `notifications` that is above the sender would change",
    says=[_LISTED_BEFORE],
)
def notification_levels_were_in_reach(facts: EventFacts) -> bool:
    """Of each entry that is changed or removed, as of version 6."""
    return facts.were_notifications_in_reach


@guard(
    "no level in `notifications` would be above the sender",
    fails="a level in `notifications` would be above the sender",
    says=[_LISTED_AFTER],
)
def notification_levels_are_in_reach(facts: EventFacts) -> bool:
    """Of each entry that is added or changed, as of version 6."""
    return facts.are_notifications_in_reach


@guard(
    "no other user altered is at the sender's level or above",
    fails="a user at the sender's level or above would change",
    says=[
        rule(
            12,
            "For each entry being changed in, or removed from, the `users` property, other than the `sender`'s own "
            "entry: If the current value is greater than or equal to the `sender`'s current power level, reject.",
        ),
    ],
)
def users_were_below(facts: EventFacts) -> bool:
    """Of each entry that is changed or removed, but the sender's own."""
    return facts.were_users_below


@guard(
    "no user would be above the sender",
    fails="a user would be above the sender",
    says=[
        rule(
            12,
            "For each entry being added to, or changed in, the `users` property: If the new value is greater than "
            "the `sender`'s current power level, reject.",
        ),
    ],
)
def users_are_in_reach(facts: EventFacts) -> bool:
    """Of each entry that is added or changed."""
    return facts.are_users_in_reach
