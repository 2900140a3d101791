"""A participant whose verbs are the words of participation."""

from typing import TYPE_CHECKING, TypeVar

from fsm import participant
from fsm.decision import Decision
from fsm.participant import THEMSELVES, Themselves
from fsm.participation.terms import Action


class Participant(participant.Participant):
    """One user's participation in one room (see `fsm.participant`).

    To join and to knock are the user's own acts, and so is to leave, unless `by` says that another user
    removes them.
    """

    __slots__ = ()

    def invite(self, *, by: str, reason: str | None = None) -> Decision:
        """Be invited."""
        return self.trigger(Action.INVITE, by=by, reason=reason)

    def join(self, *, reason: str | None = None) -> Decision:
        """Accept an invite, or come in where the room is public."""
        return self.trigger(Action.JOIN, by=self.user, reason=reason)

    def leave(self, *, by: str | Themselves = THEMSELVES, reason: str | None = None) -> Decision:
        """Leave or, by somebody else, be kicked, declined or unbanned."""
        return self.trigger(Action.LEAVE, by=self.user if isinstance(by, Themselves) else by, reason=reason)

    def ban(self, *, by: str, reason: str | None = None) -> Decision:
        """Be banned."""
        return self.trigger(Action.BAN, by=by, reason=reason)

    def knock(self, *, reason: str | None = None) -> Decision:
        """Ask to be invited."""
        return self.trigger(Action.KNOCK, by=self.user, reason=reason)


if TYPE_CHECKING:
    import typing_extensions

    Member = typing_extensions.TypeVar("Member", bound=Participant, default=Participant)
    """The class of the participants of a room."""
else:
    Member = TypeVar("Member", bound=Participant)

Other = TypeVar("Other", bound=Participant)
"""The class of the participants of a room that is about to be made."""
