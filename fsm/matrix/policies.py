"""The authorisation rules of Matrix room versions 1 to 12: data only.

Each version is what differs from the one before. Clauses are the numbers of its
"Authorisation rules" (spec.matrix.org, rooms/v1 to rooms/v12, as they are shown there).
`TRANSITIONS` are the rules on membership, `PERMITS` those on all other events. Where
versions differ in nothing that touches these rules, only the number changes.

The rules are read to the letter. What may surprise: a member may kick who has left
already (`rekick`, which changes nothing); an unban takes the power to ban and the
power to kick; a third-party invite needs no power and reaches even a joined target;
the creator's first join may be sent by anybody.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from fsm.domain import Domain
from fsm.matrix.facts import (
    DOMAIN,
    WARRANTS_OF_INVITES,
    WARRANTS_OF_JOINS,
    MatrixFacts,
    Warrant,
    first_join_comes_first,
)
from fsm.matrix.guards import (
    invite_is_direct,
    invite_is_third_party,
    join_is_authorised,
    join_is_first,
    join_is_later,
    room_is_public,
    room_takes_knocks,
    rule_is_invite_knock_or_public,
    rule_is_invite_knock_restricted_or_public,
    rule_is_invite_or_public,
    rule_is_knock_or_knock_restricted,
    rule_is_not_private,
    rule_is_restricted,
    rule_is_restricted_or_knock_restricted,
    sender_is_joined,
    sender_is_target,
    sender_may_ban,
    sender_may_invite,
    sender_may_kick,
    sender_outranks_for_ban,
    sender_outranks_for_kick,
    token_is_for_target,
    token_is_known,
    token_is_of_sender,
    token_is_readable,
    token_is_signed,
)
from fsm.matrix.level_permits import (
    creators_are_not_listed,
    event_levels_are_in_reach,
    event_levels_were_in_reach,
    levels_are_altered,
    levels_are_first,
    listed_levels_are_integers,
    named_levels_are_in_reach,
    named_levels_are_integers,
    named_levels_were_in_reach,
    notification_levels_are_in_reach,
    notification_levels_were_in_reach,
    users_are_in_reach,
    users_have_levels,
    users_were_below,
)
from fsm.matrix.levels import Numbers
from fsm.matrix.permits import (
    authoriser_is_user,
    cited_events_are_accepted,
    cited_events_are_selected,
    creation_is_first,
    creation_names_no_room,
    creator_is_named,
    creators_are_users,
    event_is_of_this_room,
    events_are_cited_once,
    invite_level_is_reached,
    membership_is_known,
    redact_level_is_reached,
    redacted_is_of_same_server,
    required_level_is_reached,
    room_is_created,
    room_is_of_senders_server,
    sender_is_admitted,
    state_key_is_given,
    state_key_is_own,
    state_key_is_senders_server,
    target_is_named,
    version_is_known,
)
from fsm.matrix.rows import EventFacts, EventGuard, Kind, Row, renumber
from fsm.matrix.settings import Founder, Reign
from fsm.participation.terms import DISPLAYS, Participation
from fsm.participation.views import VIEWS
from fsm.policy import Policy, Transition

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation


Permits: TypeAlias = Mapping[Kind, tuple[Row, ...]]


@dataclass(frozen=True, eq=False, repr=False)
class MatrixPolicy(Policy[MatrixFacts]):
    """The rules of a room version: those on membership are its rows, those on all other events its `permits`.

    `premise` is what every membership event needs, `numbers` what may stand for a power
    level, `founder` who the creator is, `reign` how high creators stand,
    `is_room_named_by_creation` whether a room's id is the id of its creation.
    """

    supplied = MatrixFacts
    facts_beside = EventFacts

    version: str = field(compare=False)  # a name, not a rule: a comparison passes over it
    premise: Row
    permits: Permits
    numbers: Numbers
    founder: Founder
    reign: Reign
    is_room_named_by_creation: bool = False

    @property
    def rules_beside(self) -> Mapping[str, tuple[Row, ...]]:
        """What every membership event needs, and the rows on other events."""
        return {Kind.MEMBER.value: (self.premise,), **{kind.value: rows for kind, rows in self.permits.items()}}

    @property
    def all_permits(self) -> tuple[Row, ...]:
        """The rows on other events, of all kinds."""
        return tuple(row for rows in self.permits.values() for row in rows)

    @property
    def has_authorised_joins(self) -> bool:
        """Whether a member may authorise a join, in restricted rooms."""
        return join_is_authorised in self.guards

    def own_rules(self) -> Iterable[object]:
        """What there is beside the table. The version is a name, not a rule."""
        from fsm.fingerprint import tables  # noqa: PLC0415 - few need it

        domain = Domain(EventFacts)
        yield [self.numbers.name, self.founder.name, self.reign.name, self.is_room_named_by_creation]
        for kind, rows in (("premise", (self.premise,)), *sorted(self.permits.items())):
            yield [kind, *sorted([row.id, row.clause, row.numbers, *tables(row.guards, domain)] for row in rows)]


# Nobody outranks themselves, and only a joined user can meet themselves as joined: rows
# with such a guard need not ask as well that the sender is another.
_INVITING = (invite_is_direct, sender_is_joined, sender_may_invite)
_KICKING = (sender_is_joined, sender_may_kick, sender_outranks_for_kick)
_BANNING = (sender_is_joined, sender_may_ban, sender_outranks_for_ban)

# fmt: off
TRANSITIONS: tuple[Transition[MatrixFacts], ...] = (
    Transition("invite",   INVITE, {LEAVE},  INVITE, _INVITING, clause="5.3.4"),
    Transition("reinvite", INVITE, {INVITE}, INVITE, _INVITING, clause="5.3.4"),
    Transition("welcome",  INVITE, {KNOCK},  INVITE, _INVITING, clause="5.3.4"),
    # A third-party invite that proves to be for the target, who may even be joined.
    Transition("redeem",   INVITE, {LEAVE, INVITE, KNOCK, JOIN}, INVITE,
               (invite_is_third_party, token_is_readable, token_is_for_target, token_is_known, token_is_of_sender,
                token_is_signed), clause="5.3.1.7"),

    Transition("accept", JOIN, {INVITE},       JOIN, (join_is_later, sender_is_target, rule_is_invite_or_public),
               clause="5.2.4, 5.2.5"),
    Transition("join",   JOIN, {LEAVE, KNOCK}, JOIN, (join_is_later, sender_is_target, room_is_public), clause="5.2.5"),
    Transition("rejoin", JOIN, {JOIN},         JOIN, (join_is_later, sender_is_target, rule_is_invite_or_public),
               clause="5.2.4, 5.2.5"),
    # The creator's first join founds the room, whatever else its state may say.
    Transition("found",  JOIN, {LEAVE, INVITE, JOIN, BAN, KNOCK}, JOIN, (join_is_first,), clause="5.2.1"),

    Transition("decline", LEAVE, {INVITE}, LEAVE, (sender_is_target,), clause="5.4.1"),
    Transition("leave",   LEAVE, {JOIN},   LEAVE, (sender_is_target,), clause="5.4.1"),

    Transition("revoke", LEAVE, {INVITE}, LEAVE, _KICKING, clause="5.4.4"),
    Transition("kick",   LEAVE, {JOIN},   LEAVE, _KICKING, clause="5.4.4"),
    Transition("deny",   LEAVE, {KNOCK},  LEAVE, _KICKING, clause="5.4.4"),
    Transition("rekick", LEAVE, {LEAVE},  LEAVE, _KICKING, clause="5.4.4"),
    # An unban travels as a leave, and is a kick that needs the power to ban as well.
    Transition("unban",  LEAVE, {BAN},    LEAVE, (sender_may_ban, *_KICKING), clause="5.4.3, 5.4.4"),

    Transition("ban",   BAN, {LEAVE, INVITE, JOIN, KNOCK}, BAN, _BANNING, clause="5.5.2"),
    Transition("reban", BAN, {BAN},                        BAN, _BANNING, clause="5.5.2"),
)
# What is asked of every event but the creation, of every event of who is in the room, and of power levels.
_CITING: Mapping[EventGuard, str] = {
    events_are_cited_once: "2.1", cited_events_are_selected: "2.2", cited_events_are_accepted: "2.3",
    room_is_created: "2.4", event_is_of_this_room: "2.5", sender_is_admitted: "3",
}
_SENDING: Mapping[EventGuard, str] = {**_CITING, sender_is_joined: "6", required_level_is_reached: "8"}
_SETTING: Mapping[EventGuard, str] = {**_SENDING, state_key_is_own: "9"}

PERMITS: Permits = {
    Kind.CREATE: (
        Row.of("create", {creation_is_first: "1.1", room_is_of_senders_server: "1.2", version_is_known: "1.3",
                          creator_is_named: "1.4"}, "1.5"),
    ),
    Kind.ALIASES: (
        Row.of("aliases", {**_CITING, state_key_is_given: "4.1", state_key_is_senders_server: "4.2"}, "4.3"),
    ),
    Kind.PROMISE: (Row.of("promise", {**_CITING, sender_is_joined: "6", invite_level_is_reached: "7.1"}, "7.1"),),
    Kind.LEVELS: (
        Row.of("first_levels", {**_SETTING, users_have_levels: "10.1", levels_are_first: "10.2"}, "10.2"),
        Row.of("levels", {
            **_SETTING, users_have_levels: "10.1", levels_are_altered: "10.2",
            named_levels_were_in_reach: "10.3.1", named_levels_are_in_reach: "10.3.2",
            event_levels_were_in_reach: "10.4.1", event_levels_are_in_reach: "10.5.1",
            users_were_below: "10.6.1", users_are_in_reach: "10.7.1",
        }, "10.8"),
    ),
    Kind.REDACTION: (
        Row.of("redact", {**_SETTING, redact_level_is_reached: "11.1"}, "11.1"),
        Row.of("redact_own", {**_SETTING, redacted_is_of_same_server: "11.2"}, "11.2"),
    ),
    Kind.STATE: (Row.of("state", _SETTING, "12"),),
    Kind.MESSAGE: (Row.of("message", _SENDING, "12"),),
}
# fmt: on


def _version(number: str) -> dict[str, Any]:
    """What the number of a version stands in."""
    title, source = (f"{words} version {number}" for words in ("Matrix room", "Matrix specification, room"))
    return {"title": title, "source": source, "version": number}


MATRIX_1 = MatrixPolicy(
    id="matrix-1",
    domain=DOMAIN,
    transitions=TRANSITIONS,
    family="fsm.matrix",
    initial=LEAVE,
    displays=DISPLAYS,
    views=VIEWS,
    action_key="membership",
    orderly=(first_join_comes_first,),
    carries={
        JOIN: {"warrant": WARRANTS_OF_JOINS},
        INVITE: {"warrant": WARRANTS_OF_INVITES, "is_authorised": (False,)},
        **{action: {"warrant": (Warrant.NONE,), "is_authorised": (False,)} for action in (LEAVE, BAN, KNOCK)},
    },
    **_version("1"),
    premise=Row.of("event", {**_CITING, target_is_named: "5.1", membership_is_known: "5.1, 5.6"}, "5"),
    permits=PERMITS,
    numbers=Numbers.FLOATS,
    founder=Founder.CONTENT,
    reign=Reign.BY_DEFAULT,
)


def _renumbered(policy: MatrixPolicy, numbers: Mapping[str, str]) -> Iterator[Transition[MatrixFacts]]:
    """The rows on membership under the numbers of a later version: `numbers` maps their first parts."""
    return (replace(row, clause=renumber(row.clause, numbers)) for row in policy.transitions)


def _permits(
    policy: MatrixPolicy,
    numbers: Mapping[str, str],
    asks: Mapping[str, Mapping[EventGuard, str]] | None = None,
    *,
    drop: AbstractSet[EventGuard | Kind] = frozenset(),
) -> Permits:
    """The rows on other events as a later version has them.

    `numbers` maps the first parts of their numbers, `asks` is what rows ask for besides, or under
    another number, by id, and `drop` what they no longer ask for, or which kinds of events are no longer rules' own.
    """
    asks = asks or {}
    return {
        kind: tuple(row.renumbered(numbers).asking(asks.get(row.id, {}), drop) for row in rows)
        for kind, rows in policy.permits.items()
        if kind not in drop
    }


# State resolution changes.
MATRIX_2 = MATRIX_1.evolve("matrix-2", **_version("2"))

# Event ids change; redactions are judged where they are applied.
MATRIX_3 = MATRIX_2.evolve("matrix-3", **_version("3"), permits=_permits(MATRIX_2, {"12": "11"}, drop={Kind.REDACTION}))

# Event ids and signing keys change.
MATRIX_4 = MATRIX_3.evolve("matrix-4", **_version("4"))
MATRIX_5 = MATRIX_4.evolve("matrix-5", **_version("5"))

# Rule 4, on aliases, goes; levels of notifications are protected; canonical JSON is enforced, which has no floats.
_OF_6 = {str(number): str(number - 1) for number in range(5, 12)}
MATRIX_6 = MATRIX_5.evolve(
    "matrix-6",
    **_version("6"),
    replace=_renumbered(MATRIX_5, _OF_6),
    premise=MATRIX_5.premise.renumbered(_OF_6),
    permits=_permits(
        MATRIX_5,
        _OF_6,
        {"levels": {notification_levels_were_in_reach: "9.4.1", notification_levels_are_in_reach: "9.5.1"}},
        drop={Kind.ALIASES},
    ),
    numbers=Numbers.STRINGS,
)

# Knocking comes.
# fmt: off
MATRIX_7 = MATRIX_6.evolve(
    "matrix-7",
    **_version("7"),
    replace=(
        Transition("accept", JOIN, {INVITE}, JOIN, (join_is_later, sender_is_target, rule_is_invite_knock_or_public),
                   clause="4.2.4, 4.2.5"),
        Transition("rejoin", JOIN, {JOIN},   JOIN, (join_is_later, sender_is_target, rule_is_invite_knock_or_public),
                   clause="4.2.4, 4.2.5"),
    ),
    add=(
        Transition("knock",    KNOCK, {LEAVE}, KNOCK, (room_takes_knocks, sender_is_target), clause="4.6.3"),
        Transition("reknock",  KNOCK, {KNOCK}, KNOCK, (room_takes_knocks, sender_is_target), clause="4.6.3"),
        Transition("withdraw", LEAVE, {KNOCK}, LEAVE, (sender_is_target,), clause="4.4.1"),
    ),
    premise=MATRIX_6.premise.renumbered({"4.6": "4.7"}),
)

# Restricted rooms come. A new rule 4.2, on the signature of who authorises a join, moves the others.
_OF_8 = {"4.2.5": "4.3.6", "4.2": "4.3", "4.3": "4.4", "4.4": "4.5", "4.5": "4.6", "4.6": "4.7", "4.7": "4.8"}
MATRIX_8 = MATRIX_7.evolve("matrix-8", replace=_renumbered(MATRIX_7, _OF_8)).evolve(
    "matrix-8",
    **_version("8"),
    replace=(
        Transition("accept", JOIN, {INVITE}, JOIN,
                   (join_is_later, sender_is_target, rule_is_invite_knock_restricted_or_public),
                   clause="4.3.4, 4.3.5.1, 4.3.6"),
        Transition("rejoin", JOIN, {JOIN},   JOIN,
                   (join_is_later, sender_is_target, rule_is_invite_knock_restricted_or_public),
                   clause="4.3.4, 4.3.5.1, 4.3.6"),
    ),
    add=(
        Transition("enter", JOIN, {LEAVE, KNOCK}, JOIN,
                   (join_is_later, sender_is_target, rule_is_restricted, join_is_authorised), clause="4.3.5.3"),
    ),
    premise=MATRIX_7.premise.renumbered(_OF_8).asking({authoriser_is_user: "4.2.1"}),
)

# Redactions change; the rules do not.
MATRIX_9 = MATRIX_8.evolve("matrix-9", **_version("9"))

# Restricted rooms that take knocks come, and power levels must be integers.
_INTEGERS = {named_levels_are_integers: "9.1", listed_levels_are_integers: "9.2"}
MATRIX_10 = MATRIX_9.evolve(
    "matrix-10",
    **_version("10"),
    replace=(
        Transition("accept", JOIN, {INVITE}, JOIN, (join_is_later, sender_is_target, rule_is_not_private),
                   clause="4.3.4, 4.3.5.1, 4.3.6"),
        Transition("rejoin", JOIN, {JOIN},   JOIN, (join_is_later, sender_is_target, rule_is_not_private),
                   clause="4.3.4, 4.3.5.1, 4.3.6"),
        Transition("enter",  JOIN, {LEAVE, KNOCK}, JOIN,
                   (join_is_later, sender_is_target, rule_is_restricted_or_knock_restricted, join_is_authorised),
                   clause="4.3.5.3"),
        Transition("knock",   KNOCK, {LEAVE}, KNOCK, (rule_is_knock_or_knock_restricted, sender_is_target),
                   clause="4.7.3"),
        Transition("reknock", KNOCK, {KNOCK}, KNOCK, (rule_is_knock_or_knock_restricted, sender_is_target),
                   clause="4.7.3"),
    ),
    permits=_permits(
        MATRIX_9,
        {f"9.{number}": f"9.{number + 2}" for number in range(1, 9)},
        {"first_levels": _INTEGERS, "levels": _INTEGERS},
    ),
    numbers=Numbers.INTEGERS,
)

# The creator is whoever sent the creation.
MATRIX_11 = MATRIX_10.evolve(
    "matrix-11",
    **_version("11"),
    permits=_permits(MATRIX_10, {"1.5": "1.4"}, drop={creator_is_named}),
    founder=Founder.SENDER,
)

# Creators, of whom there may be several, stand above every level. A new rule 2, on room ids, moves the others.
_OF_12 = {str(number): str(number + 1) for number in range(2, 11)} | {
    f"9.{number}": f"10.{number + 1}" for number in range(4, 11)
}
_NAMED = {room_is_created: "2", event_is_of_this_room: "2, 3.4"}
_UNLISTED = {**_NAMED, creators_are_not_listed: "10.4"}
MATRIX_12 = MATRIX_11.evolve(
    "matrix-12",
    **_version("12"),
    replace=_renumbered(MATRIX_11, _OF_12),
    premise=MATRIX_11.premise.renumbered(_OF_12).asking(_NAMED),
    permits=_permits(
        MATRIX_11,
        {**_OF_12, "1.4": "1.5"},
        {
            "create": {creation_names_no_room: "1.2", creators_are_users: "1.4"},
            "promise": _NAMED, "state": _NAMED, "message": _NAMED, "first_levels": _UNLISTED, "levels": _UNLISTED,
        },
        drop={room_is_of_senders_server},
    ),
    reign=Reign.SUPREME,
    is_room_named_by_creation=True,
)
# fmt: on

VERSIONS = {
    policy.version: policy
    for policy in (
        MATRIX_1, MATRIX_2, MATRIX_3, MATRIX_4, MATRIX_5, MATRIX_6,
        MATRIX_7, MATRIX_8, MATRIX_9, MATRIX_10, MATRIX_11, MATRIX_12,
    )
}  # fmt: skip
"""The policy of each room version, by the word that `room_version` has for it."""
