"""What rooms of MIMI and Matrix share: an action is the word for the state to which it leads."""

from typing import TYPE_CHECKING

from fsm.event import words_of
from fsm.participation.participant import Member
from fsm.participation.terms import Action, Participation
from fsm.room import BaseRoom

_STATES = words_of(Participation)


class ParticipationRoom(BaseRoom[Member]):
    """Rooms whose states are those of the draft."""

    __slots__ = ()

    creator_state = Participation.JOIN

    def _state_named(self, action: str) -> Participation:
        return _STATES[action]

    if TYPE_CHECKING:

        def participation(self, user: str) -> Participation:
            """Where a user stands; who was never heard of is in `leave`."""

        def participations(self) -> dict[str, Participation]:
            """Everybody who is not in `leave`, by user id, in the order of first mention."""

        def actions(self, sender: str, target: str) -> dict[Action, str]:
            """What `sender` may do to `target` now: for each action allowed, the transition's id."""
