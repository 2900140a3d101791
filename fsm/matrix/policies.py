"""The membership policies of Matrix room versions 1 to 12: data only.

Each version is what differs from the one before. Clauses are the numbers of its
"Authorisation rules" (spec.matrix.org, rooms/v1 to rooms/v12). Where versions differ
in nothing that touches membership, only the number changes.

The rules are read to the letter. What may surprise: a member may kick who has left
already (`rekick`, which changes nothing); an unban takes the power to ban and the
power to kick; a third-party invite needs no power and reaches even a joined target;
the creator's first join may be sent by anybody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from fsm.facts import Domain
from fsm.matrix.facts import DOMAIN, WARRANTS_OF_INVITES, WARRANTS_OF_JOINS, MatrixFacts, Warrant
from fsm.matrix.guards import (
    invite_is_direct,
    invite_is_third_party,
    join_is_authorised,
    join_is_first,
    join_is_later,
    rule_is_invite_knock_or_public,
    rule_is_invite_knock_restricted_or_public,
    rule_is_invite_or_public,
    rule_is_knock_or_knock_restricted,
    rule_is_not_private,
    rule_is_restricted,
    rule_is_restricted_or_knock_restricted,
    token_is_for_target,
    token_is_known,
    token_is_of_sender,
    token_is_readable,
    token_is_signed,
)
from fsm.matrix.levels import Numbers
from fsm.matrix.premise import PREMISES, PremiseFacts, authoriser_is_user
from fsm.matrix.settings import Founder, Reign
from fsm.participation.guards import (
    room_is_public,
    room_takes_knocks,
    sender_is_joined,
    sender_is_target,
    sender_may_ban,
    sender_may_invite,
    sender_may_kick,
    sender_outranks_for_ban,
    sender_outranks_for_kick,
)
from fsm.participation.views import VIEWS
from fsm.policy import Policy, Transition
from fsm.rule import Rule
from fsm.terms import DISPLAYS, Participation

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation


@dataclass(frozen=True, eq=False, repr=False)
class MatrixPolicy(Policy[MatrixFacts]):
    """The rules of a room version, with what else of it membership depends on.

    `premise` is the rule that every membership event needs, `numbers` what may stand
    for a power level, `founder` who the creator is, `reign` how high creators stand,
    `is_room_named_by_creation` whether a room's id is the id of its creation.
    """

    supplied = MatrixFacts

    version: str = field(compare=False)  # a name, not a rule: a comparison passes over it
    premise: Rule[PremiseFacts]
    numbers: Numbers
    founder: Founder
    reign: Reign
    is_room_named_by_creation: bool = False

    def own_rules(self) -> Iterable[object]:
        """What else membership depends on. The version is a name, not a rule."""
        from fsm.fingerprint import tables  # noqa: PLC0415 - few need it

        yield [self.numbers.name, self.founder.name, self.reign.name, self.is_room_named_by_creation]
        yield [self.premise.id, self.premise.clause, *sorted(tables(self.premise.guards, Domain(PremiseFacts)))]


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
    carries={
        JOIN: {"warrant": WARRANTS_OF_JOINS},
        INVITE: {"warrant": WARRANTS_OF_INVITES, "is_authorised": (False,)},
        **{action: {"warrant": (Warrant.NONE,), "is_authorised": (False,)} for action in (LEAVE, BAN, KNOCK)},
    },
    **_version("1"),
    premise=Rule("event", PREMISES, clause="2, 3, 5.1, 5.6"),
    numbers=Numbers.FLOATS,
    founder=Founder.CONTENT,
    reign=Reign.BY_DEFAULT,
)


def _renumbered(policy: MatrixPolicy, numbers: dict[str, str]) -> Iterator[Transition[MatrixFacts]]:
    """The rows under the numbers that their rules have in a later version: `numbers` maps the first parts."""
    for row in policy.transitions:
        clauses = (
            next(new + clause.removeprefix(old) for old, new in numbers.items() if clause.startswith(old))
            for clause in row.clause.split(", ")
        )
        yield replace(row, clause=", ".join(clauses))


# State resolution, redactions, event ids and signing keys change; membership does not.
MATRIX_2 = MATRIX_1.evolve("matrix-2", **_version("2"))
MATRIX_3 = MATRIX_2.evolve("matrix-3", **_version("3"))
MATRIX_4 = MATRIX_3.evolve("matrix-4", **_version("4"))
MATRIX_5 = MATRIX_4.evolve("matrix-5", **_version("5"))

# Rule 4, on aliases, goes, and canonical JSON is enforced, which has no floats.
MATRIX_6 = MATRIX_5.evolve(
    "matrix-6",
    **_version("6"),
    replace=_renumbered(MATRIX_5, {"5.": "4."}),
    premise=Rule("event", PREMISES, clause="2, 3, 4.1, 4.6"),
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
    premise=Rule("event", PREMISES, clause="2, 3, 4.1, 4.7"),
)

# Restricted rooms come. A new rule 4.2, on the signature of who authorises a join, moves the others.
_OF_8 = {"4.2.5": "4.3.6", "4.2": "4.3", "4.3": "4.4", "4.4": "4.5", "4.5": "4.6", "4.6": "4.7"}
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
    premise=Rule("event", (*PREMISES, authoriser_is_user), clause="2, 3, 4.1, 4.2.1, 4.8"),
)

# Redactions change; membership does not.
MATRIX_9 = MATRIX_8.evolve("matrix-9", **_version("9"))

# Restricted rooms that take knocks come, and power levels must be integers.
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
    numbers=Numbers.INTEGERS,
)
# fmt: on

# The creator is whoever sent the creation.
MATRIX_11 = MATRIX_10.evolve("matrix-11", **_version("11"), founder=Founder.SENDER)

# Creators, of whom there may be several, stand above every level. A new rule 2, on room ids, moves the others.
MATRIX_12 = MATRIX_11.evolve(
    "matrix-12",
    **_version("12"),
    replace=_renumbered(MATRIX_11, {"4.": "5."}),
    premise=Rule("event", (*PREMISES, authoriser_is_user), clause="2, 3, 4, 5.1, 5.2.1, 5.8"),
    reign=Reign.SUPREME,
    is_room_named_by_creation=True,
)

VERSIONS = {
    policy.version: policy
    for policy in (
        MATRIX_1, MATRIX_2, MATRIX_3, MATRIX_4, MATRIX_5, MATRIX_6,
        MATRIX_7, MATRIX_8, MATRIX_9, MATRIX_10, MATRIX_11, MATRIX_12,
    )
}  # fmt: skip
"""The policy of each room version, by the word that `room_version` has for it."""
