"""The words of the draft: participation states, join rules and visibilities.

The draft uses one list of words twice: `ban` names the action of banning and
the state of being banned. So does this module.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from fsm.state import Display, Tone


class Participation(StrEnum):
    """A state of a (room, target) pair, and the action that asks for it.

    The members stand in the order in which the draft lists them, which is also
    the order of their numbers on the wire.

    Spec: "User Participation" (seed 3, -00 6, -01 5)
    """

    INVITE = "invite"
    JOIN = "join"
    LEAVE = "leave"
    BAN = "ban"
    KNOCK = "knock"


DISPLAYS: Mapping[Participation, Display] = {
    Participation.LEAVE: Display(tone=Tone.OUTSIDE, prose="left"),
    Participation.KNOCK: Display(prose="knocking"),
    Participation.INVITE: Display(prose="invited"),
    Participation.JOIN: Display(tone=Tone.MEMBER, prose="joined"),
    Participation.BAN: Display(tone=Tone.BARRED, prose="banned", noun="a ban"),
}
"""How people see the states: from outside, and asking to come in, to being shut out."""

Action: TypeAlias = Participation
"""A participation word used as a verb: what the sender does to the target."""


class JoinRule(StrEnum):
    """Who may join a room without being invited.

    The first three are the draft's; the others exist in Matrix only.

    Spec: "`m.room.join_rules`" (-00 6.7), "Join Rules" (-01 5.7)
    """

    INVITE = "invite"
    KNOCK = "knock"
    PUBLIC = "public"
    RESTRICTED = "restricted"
    KNOCK_RESTRICTED = "knock_restricted"
    PRIVATE = "private"


class Visibility(StrEnum):
    """Who may see messages of a room's past.

    Spec: "`m.room.history_visibility`" (-00 7.1)
    """

    INVITED = "invited"
    JOINED = "joined"
    SHARED = "shared"
    WORLD = "world"
