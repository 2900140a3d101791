"""Policies of no protocol, to draw: a small one, one with hostile names, a big one, and a crowded one."""

from dataclasses import dataclass, replace
from enum import StrEnum

from fsm import MIMI, Domain, Facts, Policy, Transition, guard
from fsm.family import AnyPolicy
from fsm.participation.guards import sender_is_joined, sender_is_target, sender_may_ban
from fsm.policies import load_policy
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE


class Door(StrEnum):
    OPEN = "open"
    SHUT = "shut"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFacts:
    target: Door
    sender: Door
    is_self: bool
    key: bool


@guard("the sender has the key", fails="the sender has no key")
def sender_has_key(facts: DoorFacts) -> bool:
    return facts.key


@guard("the sender is the target", fails="the sender is not the target")
def door_moves_itself(facts: DoorFacts) -> bool:
    return facts.is_self


@guard("the sender is another", fails="the sender is the target")
def door_is_moved(facts: DoorFacts) -> bool:
    return not facts.is_self


@guard("the wind blows", fails="there is no wind")
def never(facts: DoorFacts) -> bool:
    return facts.key and not facts.key


OPEN, SHUT, LOCKED = Door
DOOR = Policy(
    id="door",
    title="A door",
    source="made up",
    domain=Domain(DoorFacts),
    family="tests.render",
    transitions=(
        Transition("push", OPEN, {SHUT}, OPEN, (), clause="1"),
        Transition("slam", SHUT, {OPEN}, SHUT, (door_moves_itself,), clause="2.1"),
        Transition("close", SHUT, {OPEN}, SHUT, (door_is_moved,), clause="2.2"),
        Transition("lock", LOCKED, {SHUT, OPEN, LOCKED}, LOCKED, (door_is_moved, sender_has_key), clause="3"),
        Transition("blow", OPEN, {LOCKED}, OPEN, (never,), clause="4"),
    ),
)
"""Some rows of each actor, one that repeats in one of its three states, and one that is impossible."""

# fmt: off
NAMES = [
    'a<b>&"c"', "{x|y}\\N\\l", "שלום עולם", "مرحبا", "it's 100%s", "<b>bold</b>", "a:b:n", "end", "state", "x;y#z", "new\nline",
    "日本語", "\x00\x07", "", "--> : [*]", "]]>", "1", "😀", "%%{init}%%", "a-b", "a_2db",
    "*a* _b_", "\u202eturned\u2066",
]
# fmt: on
Hostile = StrEnum("Hostile", [(f"S{index}", name) for index, name in enumerate(NAMES)])  # type: ignore[misc]


@dataclass(frozen=True, slots=True, kw_only=True)
class HostileFacts:
    target: Hostile
    sender: Hostile
    is_self: bool
    flag: bool


@guard('the <"lamp"> & {the} | burns \\N שלום; 100% #1 -- \x01', fails="no")
def flag(facts: HostileFacts) -> bool:
    return facts.flag


_HOSTILE = list(Hostile)
HOSTILE = Policy(
    id='h<i>"&\\',
    title='<T> & "q" {a|b} \\N \\G שלום -- <script>alert(1)</script> ]]>',
    source="two\nlines\x01",
    domain=Domain(HostileFacts),
    family="tests.render",
    transitions=(
        *(
            Transition(f"go {state}", state, {_HOSTILE[index - 1]}, state, (flag,), clause='<"&>')
            for index, state in enumerate(_HOSTILE)
        ),
        Transition('stay <"&\\N>', _HOSTILE[0], {_HOSTILE[0]}, _HOSTILE[0], (flag,), clause="1"),
    ),
)

Many = StrEnum("Many", [(f"S{index}", f"state-{index}") for index in range(60)])  # type: ignore[misc]


@dataclass(frozen=True, slots=True, kw_only=True)
class ManyFacts:
    target: Many
    sender: Many
    is_self: bool


_MANY = list(Many)
BIG = Policy(
    id="big",
    title="Sixty states",
    source="made up",
    domain=Domain(ManyFacts),
    family="tests.render",
    transitions=tuple(
        Transition(f"step-{index}-{width}", _MANY[(index + width) % 60], {state}, _MANY[(index + width) % 60], ())
        for index, state in enumerate(_MANY)
        for width in (1, 7)
    ),
)


@guard("the join is authorised by a joined user who may invite others to this room", fails="it is not")
def join_is_authorised(facts: Facts) -> bool:
    return facts.may_invite


@guard("the user created the room and nobody else is in it", fails="the user did not")
def room_is_own(facts: Facts) -> bool:
    return facts.may_kick


CROWDED = MIMI.evolve(
    "crowded",
    title="More rows than a page takes with all their words",
    replace=[Transition("ban", BAN, {LEAVE, INVITE, JOIN, KNOCK}, BAN, (sender_is_joined, sender_may_ban), clause="5")],
    add=[
        Transition("ask", KNOCK, {INVITE}, KNOCK, (sender_is_target, join_is_authorised), clause="6"),
        Transition("come", JOIN, {LEAVE, INVITE, KNOCK}, JOIN, (sender_is_target, join_is_authorised), clause="7"),
        Transition("found", JOIN, {LEAVE}, JOIN, (sender_is_target, room_is_own), clause="8"),
        Transition("pardon", JOIN, {BAN}, JOIN, (room_is_own,), clause="9"),
        Transition("sulk", BAN, {BAN}, BAN, (sender_is_target, room_is_own), clause="10"),
    ],
)
"""Every kind of way at once: both directions across, several overhead, two repeats in one state."""

WORDY = MIMI.evolve(
    "wordy",
    title="Names that no line can be broken in",
    drop=[row.id for row in MIMI.transitions],
    add=[replace(row, id=f"{row.id}_of_a_participant") for row in MIMI.transitions],
)

CATALOGUED = [load_policy(name) for name in ("mimi", "mimi-01", "matrix-10")]
"""For what takes a while: `mimi-00` is `mimi-01` under other numbers, and `matrix-10` has all that Matrix has."""

DRAWN: list[AnyPolicy] = [MIMI, DOOR, HOSTILE, CROWDED]
