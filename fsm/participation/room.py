"""What rooms of MIMI and Matrix share: an action is the word for the state to which it leads."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from fsm.classes import UserClass
from fsm.decision import Decision
from fsm.event import words_of
from fsm.participation.participant import Member
from fsm.participation.terms import Action, Participation
from fsm.past import given_as
from fsm.room import BaseRoom

_STATES = words_of(Participation)


class ParticipationRoom(BaseRoom[Member]):
    """Rooms whose states are those of the draft."""

    __slots__ = ()

    creator_state = Participation.JOIN

    def _state_named(self, action: str) -> Participation:
        return _STATES[action]

    def _given_places(self) -> Mapping[str, tuple[UserClass, Decision]]:
        others = self._rules.others
        return {word: (others[state], given_as(state)) for word, state in _STATES.items()}

    if TYPE_CHECKING:

        def participation(self, user: str) -> Participation:
            """Where a user stands; who was never heard of is in `leave`."""

        def participations(self) -> dict[str, Participation]:
            """Everybody who is not in `leave`, by user id, in the order of first mention."""

        def actions(self, sender: str, target: str) -> dict[Action, str]:
            """What `sender` may do to `target` now: for each action allowed, the transition's id."""
