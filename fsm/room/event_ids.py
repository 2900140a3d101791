"""The events that a room has accepted, as far as it keeps them (`fsm.past`): known ids, bounds, users to forget."""

from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import Event
from fsm.locks import lock_of
from fsm.participant import Who
from fsm.past import GIVEN, HIDDEN, Bound, Entry, Past, Read, given_as, pack
from fsm.room.contract import JSON
from fsm.room.users import RoomUsers


class RoomPast(RoomUsers[Who]):
    """Rooms that know an event again by its id."""

    __slots__ = ()

    @property
    def kept(self) -> int:
        """The number of events kept."""
        return 0 if self._past is None else len(self._past)

    def remember(self) -> None:
        """Keep events without an id from now on, too, each by its position among those kept."""
        with lock_of(self):
            if self._past is None:
                self._past = self._new_past()
            self._past.keeps_all = True

    def forget(self, user: str) -> None:
        """Forget a user who has left: where they stood, and which events they sent or were asked of them.

        Their settings stay, without their name. Raises `EventError` for a user who is in
        the room in any way, or has powers in it, and for one whom the settings name.
        """
        with lock_of(self):
            if self.participation(user) != self.policy.initial or self._is_named(user):
                raise EventError("user", f"`{shorten(user)}` is in the room still, or named by its settings")
            self._drop(user)
            past = self._past
            for position, entry in [] if past is None else [*enumerate(past, past.start)]:
                if user not in (entry.sender, entry.state_key):
                    continue
                is_about = entry.state_key == user or entry.state_key is None
                blank = Entry(None, "", entry.type, None, GIVEN)
                assert past is not None
                past.replace(position, blank if is_about else entry._replace(sender=""))
            self._was_rewritten()

    def _keep(self, keep: int | None) -> None:
        """Keep no more than so many events, if a number is told. Raises `DefinitionError` for what is none."""
        if keep is None:
            return
        if type(keep) is not int or keep < 0:
            raise DefinitionError(f"`keep` is how many events a room keeps, from 0 up: not {shorten(repr(keep))}")
        past = self._past = self._past or self._new_past()
        bound = past.bound
        past.bound = Bound(keep) if bound is None else bound._replace(keep=keep)

    def _forgotten(self, event: object) -> str:
        """Why an event that the room does not know may not be known, in words; empty where nothing is forgotten."""
        past = self._past
        if past is None or past.bound is None or not past.first:
            return ""
        return f"the room keeps its last {past.bound.keep} events, and `{shorten(str(event))}` is not among them"

    def _place_of(self, entry: Entry) -> object:
        """The place in the state that an event has; None for a message."""
        return None if entry.state_key is None else (entry.type, entry.state_key)

    def _was_rewritten(self) -> None:
        """What has been made of the past is to be made anew."""

    def _note_id(self, event: Event) -> None:
        """Learn the room's id from an event that it has accepted."""
        if self.id is None:
            self.id = event.room_id

    def _new_past(self) -> Past:
        """The past of a room that begins to keep events."""
        return Past()

    def _remember(  # noqa: PLR0913, PLR0917 - a call by names would cost more than the rest
        self, event_id: str | None, sender: str, event_type: str, state_key: str | None, answer: Decision, read: Read
    ) -> None:
        """Keep an accepted event. Those without an id are kept where others are, if they are of the state."""
        past = self._past
        if past is None:
            if event_id is None or not self.keeps_past:
                return
            past = self._past = self._new_past()
        if event_id is not None or state_key is not None or past.keeps_all:
            past.add(event_id, sender, event_type, state_key, pack(answer, read))
            if past.bound is not None:
                past.forget(self._place_of)

    def _remember_given(self, event: Event, value: JSON) -> None:
        """Keep an event that was taken as it stands."""
        if event.event_id is None and self._past is None:
            return
        asked = self._asked(event)
        answer = GIVEN if asked is None else given_as(self._state_named(asked))
        self._remember(
            event.event_id, event.sender, event.type, event.state_key, answer, self._read_if_kept(event, value)
        )

    def _read_if_kept(self, event: Event, value: JSON) -> Read:
        """What is kept of the content: what the room reads, if the event has an id to be compared by."""
        return None if event.event_id is None else self._read_of(event, value)

    def _met(self, value: JSON) -> tuple[Event, Decision | None]:
        """An event as it is read, and the first answer to it where it is known by its id. Raises `EventError`."""
        event = self._read(value)
        if self._may_know(event.event_id):
            known = self._known_answer(event, value)
            if known is not None:
                return event, known
        return self._understood(event), None

    def _may_know(self, event_id: str | None) -> bool:
        """Whether an event of this id may be known: nearly all others are not asked any further."""
        past = self._past
        return event_id is not None and past is not None and event_id in past.words

    def _known_answer(self, event: Event, value: JSON) -> Decision | None:
        """The first answer to an event that is known by its id. Raises `EventError` for another event of that id."""
        if event.event_id is None or self._past is None:
            return None
        position = self._past.find(event.event_id)
        if position is None:
            return None
        known = self._past[position]
        is_same = (known.sender, known.type, known.state_key) == (event.sender, event.type, event.state_key)
        if not is_same or self._action_of(known.answer) != self._asked(event):
            raise another(event)
        read = self._read_of(event, value)
        if known.read != read and HIDDEN not in (known.read, read):
            raise another(event)
        return known.answer

    def _action_of(self, answer: Decision) -> str | None:
        """The action that an accepted event asked for; None for one that was no participation change."""
        if answer.transition is None:
            return None if answer.after is None else str(answer.after)  # of what was taken as it stands
        return self._memory.action_of.get(answer.transition)


def another(event: Event) -> EventError:
    """That an event is another one than that of its id."""
    return EventError("event_id", f"`{shorten(event.event_id or '')}` is the id of another event")
