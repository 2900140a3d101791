"""A state that is given to a new room: its events are taken as they stand, all of them at once.

Theory of operation. Nearly all events of a state say where somebody stands. One loop reads and places those that are
sound and ordinary, as `fsm.room.judging` decides on such events. It reads other sound events as well, whose meaning
is the family's matter. What it cannot read, it leaves to the careful way, which finds the words for what is wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeAlias

from fsm.classes import UserClass
from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import MAX_TEXT, Event, expect_plain, is_name, plain
from fsm.participant import Who
from fsm.room.contract import JSON
from fsm.room.judging import UNREADABLE, ids_in
from fsm.room.sending import RoomSending

_new = tuple.__new__

_ALONE = len(("type", "sender", "content", "state_key"))
_WITH_IDS = _ALONE + len(("event_id", "room_id"))

Take: TypeAlias = Callable[[int, Event, JSON], None]
"""What takes an event of a state as it stands, told its number, the event as it is read, and its JSON."""


class RoomGivenState(RoomSending[Who]):
    """Rooms that begin with a state."""

    __slots__ = ()

    def _given_places(self) -> Mapping[str, tuple[UserClass, Decision]]:
        """By the action that a change asks for: the class of whom it puts there, and what is kept as the answer."""
        raise NotImplementedError

    def _is_hidden(self, event: JSON) -> bool:  # noqa: ARG002 - for others
        """Whether the fields of an event besides those that every event has say that its content is not whole."""
        return False

    def _take_all(  # noqa: C901, PLR0912, PLR0915 - a call takes longer than a check
        self, state: Iterable[tuple[int, object]], take: Take
    ) -> None:
        """Take the events of a state, each with its number; `take` is for all but ordinary changes.

        Raises `EventError` for an event that cannot be read or taken, or is given twice.
        """
        members, places, types, word = self._members, self._given_places(), self._rules.types, self._rules.word
        usual, is_user, room_id, past, known_sender = types[0], self._is_user, self.id, self._past, None
        taken: set[tuple[str, str]] = set()
        ids: set[str] = set()
        for number, given in state:
            event, event_id, its_room = None, None, None
            try:
                if type(given) is not dict:
                    raise TypeError
                event_type, sender, key, content = given["type"], given["sender"], given["state_key"], given["content"]
                if type(event_type) is not str or type(sender) is not str or type(key) is not str:
                    raise TypeError
                if sender != known_sender:
                    if not is_name(sender):
                        raise KeyError(sender)
                    known_sender = sender
                if len(given) != _ALONE:
                    event_id, its_room = given.get("event_id"), given.get("room_id")
                    if type(event_id) is not str or type(its_room) is not str or len(given) != _WITH_IDS:
                        self._expect_given(given)
                    if event_id is not None and (
                        event_id in ids or not 0 < len(event_id) <= MAX_TEXT or not event_id.isascii()
                    ):
                        raise KeyError(event_id)
                    if its_room != room_id and its_room is not None:
                        if room_id is not None or not is_name(its_room):
                            raise KeyError(its_room)
                        self.id = room_id = its_room
                if event_type == usual or event_type in types:
                    if type(content) is not dict or type(action := content[word]) is not str:
                        raise TypeError
                    if key in members or not is_user(key):
                        raise KeyError(key)
                    user_class, answer = places[action]
                    read = None if len(content) == 1 else self._read_quickly(content)
                    members[key] = user_class
                    if event_id is not None or past is not None:
                        if event_id is None:
                            read = None
                        else:
                            ids.add(event_id)
                        if past is None or past.bound is not None:
                            self._remember(event_id, sender, event_type, key, answer, read)
                            past = self._past
                        else:
                            past.add(event_id, sender, event_type, key, answer if read is None else (answer, read))
                    continue
                place = event_type, key
                if place in taken or not is_name(event_type) or len(key) > MAX_TEXT or not key.isascii():
                    raise KeyError(key)
                if type(content) is not dict:
                    raise TypeError
                expect_plain(content)
                taken.add(place)
                event = _new(Event, (event_type, sender, content, key, event_id, its_room, None))
            except (EventError, *UNREADABLE):
                pass
            try:
                if event is None:
                    value = plain(given)
                    event = self._read_given(value, taken)
                else:
                    value = given
                if event.event_id is not None:
                    ids.add(event.event_id)
                take(number, event, value)
            except EventError as problem:
                raise problem.within(f"state[{number}]") from None
            room_id, past = self.id, self._past

    def _expect_given(self, event: JSON) -> None:
        """Raise one of `UNREADABLE` unless ids are texts, and what an event has besides hides nothing."""
        if len(event) > _ALONE + ids_in(event):
            if self._is_hidden(event):
                raise KeyError(event)
            expect_plain(event)

    def _read_given(self, value: JSON, taken: set[tuple[str, str]]) -> Event:
        """Read an event of a state with care; others, at these places, have been taken. Raises `EventError`."""
        event = self._read_state(value)
        assert event.state_key is not None
        place = event.type, event.state_key
        if event.state_key in self._members if event.type in self._rules.types else place in taken:
            raise second(event)
        taken.add(place)
        if self._may_know(event.event_id):
            self._known_answer(event, value)
        self._note_id(event)
        return event


def second(event: Event) -> EventError:
    """That another event of a state is at the place of this one."""
    return EventError("", f"is a second `{shorten(event.type)}` for `{shorten(event.state_key or '')}`")
