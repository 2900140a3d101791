"""What rooms of all families have in common: the order of work from an event to an answer.

Theory of operation. An event is read, then judged, then applied, each once. Two ways lead
there. Almost all events are sound participation changes, which the *quick way* reads
(`_quick`) and looks up (`_look_up`). Whatever is out of the ordinary goes the *careful way*:
it is made plain (`fsm.event.plain`), read in full, judged, and finds the words for what is
wrong. Both ways give the same answers.

A value that is not plain is copied before a room is locked, and a host's callbacks run
afterwards; between the two nobody else reads or changes the room. `decide` takes the quick way without a lock:
its answer holds when it is given.

An event with an id is kept (`fsm.past`): the same event again gets the first answer, and
nothing is applied twice; another event with the same id is an error.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias, cast

from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import Event, checked_word, plain
from fsm.locks import lock_of
from fsm.machine import Memory, Participant
from fsm.past import GIVEN, HIDDEN, Past, Read, brief, given_as, pack
from fsm.terms import Action, Participation

_LEAVE = Participation.LEAVE

Quick: TypeAlias = tuple[str, str, str, str, str | None, str | None]
"""A participation change: action, sender, target, event type, event id, reason."""

JSON: TypeAlias = dict[str, Any]

_UNREADABLE = (KeyError, TypeError, AttributeError)
"""What the quick way meets in an event that it cannot read."""


class BaseRoom:
    """One room: a family says how its events are read, judged and applied."""

    __slots__ = ("_participant", "_past", "_states", "id")

    keeps_past: ClassVar[bool] = True
    """Whether events with an id are kept."""

    def __init__(self, room_id: str | None, participant: type[Participant]) -> None:
        self.id = room_id
        self._participant = participant
        self._states: dict[str, Participation] = {}
        self._past: Past | None = None

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event cannot be read.
        """
        try:
            action, sender, target, _, event_id, _ = self._quick(event)
            if event_id is None or self._past is None or self._past.find(event_id) is None:
                return self._look_up(action, sender, target)
        except _UNREADABLE:
            pass  # another kind of event, or a fault that the careful way finds the words for
        return self._decide_carefully(event)

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            return self._judge(read, value) if known is None else known

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed.

        What is rejected is not added to the room. Raises `EventError` when the event
        cannot be read. In both cases the room is then exactly as before.
        """
        facts, is_done = None, False
        try:
            action, sender, target, event_type, event_id, reason = self._quick(event)
            with lock_of(self):
                past = self._past
                if event_id is not None and past is not None:
                    past.expect_new(event_id)
                decision = self._look_up(action, sender, target)
                if not decision.allowed:
                    return decision
                if self._participant.has_callbacks:
                    facts = self.facts(sender, target)
                if event_id is not None or past is not None:
                    self._remember(event_id, sender, event_type, target, decision, reason and brief(reason))
                self._states[target] = decision.after  # type: ignore[assignment]  # it moves somebody
                is_done = True
        except _UNREADABLE:
            pass
        if not is_done:
            return self._send_carefully(event)
        if facts is not None:
            self._tell(action, target, decision, facts)
        return decision

    def _send_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = None
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            if known is not None:
                return known
            decision = self._judge(read, value)
            if not decision.allowed:
                return decision
            if decision.after is not None and self._participant.has_callbacks:
                facts = self._facts_of(read, value)
            self._note_id(read)
            self._accept(read, value, decision)
        if facts is not None:
            assert read.state_key is not None
            self._tell(str(self._asked(read)), read.state_key, decision, facts)
        return decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands, whether or not it was allowed.

        Raises `EventError` when it cannot be read, or is no state event.
        """
        value = plain(event)
        with lock_of(self):
            read = self._read_state(value)
            if self._known_answer(read, value) is None:
                self._note_id(read)
                self._take(read, value)

    def note(self, event: Mapping[str, Any]) -> None:
        """Keep a message that nobody judged, if it has an id; nothing changes.

        Raises `EventError` when it cannot be read, or is another event than that of its id.
        """
        value = plain(event)
        with lock_of(self):
            read = self._read(value)
            if read.event_id is not None and self._known_answer(read, value) is None:
                self._remember_given(read, value)

    def answered(self, event: Mapping[str, Any]) -> Decision | None:
        """What the room answered to this very event when it accepted it; None for an event that is new to it.

        Raises `EventError` when the event cannot be read, or is another one than that of its id.
        """
        value = plain(event)
        with lock_of(self):
            return self._known_answer(self._read(value), value)

    def remember(self) -> None:
        """Keep events without an id from now on, too, each by its position among those kept."""
        with lock_of(self):
            if self._past is None:
                self._past = self._new_past()
            self._past.keeps_all = True

    @property
    def kept(self) -> int:
        """The number of events kept."""
        return 0 if self._past is None else len(self._past)

    def participation(self, user: str) -> Participation:
        """Where a user stands; who was never heard of is in `leave`."""
        return self._states.get(user, _LEAVE)

    def participations(self) -> dict[str, Participation]:
        """Everybody who is not in `leave`, by user id, in the order of first mention."""
        with lock_of(self):
            return {user: state for user, state in self._states.items() if state is not _LEAVE}

    def participant(self, user: str) -> Participant:
        """The user's participation as a model of the policy's machine."""
        return self._participant(self, user)

    def actions(self, sender: str, target: str) -> dict[Action, str]:
        """What `sender` may do to `target` now: for each action allowed, the transition's id."""
        decisions = {action: self.decide_action(action, sender, target) for action in Action}
        return {action: decision.transition for action, decision in decisions.items() if decision.transition}

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(checked_word(action, "action", tuple(Action)), sender, target, None))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None) -> Decision:
        """Write a participation change as an event, and send it.

        Raises `EventError` for an unknown action, and for what is no user id.
        """
        return self.send(self._write(checked_word(action, "action", tuple(Action)), sender, target, reason))

    # What a family says.

    @property
    def _memory(self) -> Memory[Any]:
        """The decisions of the policy."""
        raise NotImplementedError

    def facts(self, sender: str, target: str) -> Any:
        """What the policy may know about an ordinary participation change between these users."""
        raise NotImplementedError

    def _quick(self, event: Mapping[str, Any]) -> Quick:
        """The fields of a sound and ordinary participation change. Raises one of `_UNREADABLE` for any other event."""
        raise NotImplementedError

    def _look_up(self, action: str, sender: str, target: str) -> Decision:
        """The decision on an ordinary participation change. Raises `KeyError` for what is no user id."""
        raise NotImplementedError

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> JSON:
        """A participation change as an event."""
        raise NotImplementedError

    def _read(self, value: JSON) -> Event:
        """Read an event of this room. Raises `EventError`."""
        raise NotImplementedError

    def _read_state(self, value: JSON) -> Event:
        """Read a state event of this room. Raises `EventError`."""
        raise NotImplementedError

    def _read_of(self, event: Event, value: JSON) -> Read:
        """What the room reads of an event's content, beside the action. Raises `EventError`."""
        raise NotImplementedError

    def _asked(self, event: Event) -> str | None:
        """The action that an event asks for; None for one that is no participation change."""
        raise NotImplementedError

    def _facts_of(self, event: Event, value: JSON) -> Any:
        """The facts by which a participation change was judged."""
        raise NotImplementedError

    def _judge(self, event: Event, value: JSON) -> Decision:
        """The decision on an event that is new to the room. Raises `EventError`."""
        raise NotImplementedError

    def _accept(self, event: Event, value: JSON, decision: Decision) -> None:
        """Apply an event that is allowed, and remember it."""
        raise NotImplementedError

    def _take(self, event: Event, value: JSON) -> None:
        """Apply a state event as it stands, and remember it. Raises `EventError`, and changes nothing then."""
        raise NotImplementedError

    # The ids of rooms and events.

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

    def _remember_given(self, event: Event, value: JSON) -> None:
        """Keep an event that was taken as it stands."""
        asked = self._asked(event)
        answer = GIVEN if asked is None else given_as(Participation(asked))
        self._remember(
            event.event_id, event.sender, event.type, event.state_key, answer, self._read_if_kept(event, value)
        )

    def _read_if_kept(self, event: Event, value: JSON) -> Read:
        """What is kept of the content: what the room reads, if the event has an id to be compared by."""
        return None if event.event_id is None else self._read_of(event, value)

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
        return self._memory.action_of[answer.transition]

    def _tell(self, action: str, target: str, decision: Decision, facts: Any) -> None:
        """Run the callbacks of a change that has been applied."""
        model = self._participant(self, target, cast("Participation", decision.before))
        self._memory.machine.fire(model, action, facts)


def another(event: Event) -> EventError:
    """That an event is another one than that of its id."""
    return EventError("event_id", f"`{shorten(event.event_id or '')}` is the id of another event")
