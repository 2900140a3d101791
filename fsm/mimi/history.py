"""What follows from a room's past: who sees which event, and which events are the current state.

`Views` reads the events that a room has kept (`fsm.past`) when somebody asks, each once:
rooms of which nobody asks this have nothing to keep for it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from typing import TypeAlias

from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, USER
from fsm.mimi.visibility import ViewFacts
from fsm.participation.terms import Participation, Visibility
from fsm.past import Past

StateKey: TypeAlias = tuple[str, str]
"""Event type and state key: of each pair, one event is current."""


class _Course:
    """What something was, from which position on."""

    __slots__ = ("positions", "values")

    def __init__(self) -> None:
        self.positions: list[int] = []
        self.values: list[str] = []

    def note(self, position: int, value: str) -> None:
        self.positions.append(position)
        self.values.append(value)


class Views:
    """The past of a room, put in order by user and by state."""

    __slots__ = ("_joins", "_length", "_participation_events", "_states", "_visibility", "current", "past", "start")

    def __init__(self, past: Past, participation_events: frozenset[str]) -> None:
        self.past = past
        self.start = past.start
        self.current: dict[StateKey, str] = {}
        """By state key: the id of the event that is current, where it has one."""
        self._participation_events = participation_events
        self._length = 0
        self._states: dict[str, _Course] = {}
        self._joins: dict[str, int] = {}
        self._visibility = _Course()

    def read_on(self) -> None:
        """Take in what has been kept since."""
        for position in range(max(self._length, self.past.start), len(self.past)):
            entry = self.past[position]
            if entry.type in self._participation_events and entry.state_key is not None:
                assert entry.answer.after is not None
                self._note_state(position, entry.state_key, str(entry.answer.after))
            elif entry.type == CREATE and entry.state_key == "":
                self._note_state(position, entry.sender, Participation.JOIN)
            elif entry.type == HISTORY_VISIBILITY and entry.state_key == "" and isinstance(entry.read, str):
                self._visibility.note(position, entry.read)
            state = self.state_at(position)
            if state is not None and entry.event_id is not None:
                self.current[state] = entry.event_id
            elif state is not None:
                self.current.pop(state, None)
        self._length = len(self.past)

    def _note_state(self, position: int, user: str, state: str) -> None:
        self._states.setdefault(user, _Course()).note(position, state)
        if state == Participation.JOIN:
            self._joins[user] = position

    def find(self, event: str | int) -> int | None:
        """The position of an event, given by its id or that; None for one that is not known."""
        if isinstance(event, str):
            return self.past.find(event)
        return event if 0 <= event < len(self.past) else None

    def facts(self, event: str | int, user: str) -> ViewFacts | None:
        """What is known about a user looking at an event; None for an unknown event."""
        position = self.find(event)
        if position is None or position < self.past.first:
            return None
        course = self._states.get(user, _Course())
        before = bisect_right(course.positions, position)
        ruled = bisect_left(self._visibility.positions, position)
        return ViewFacts(
            is_state=self.past[position].state_key is not None,
            # A change of the rule does not reach back, nor does it concern itself.
            visibility=Visibility(self._visibility.values[ruled - 1]) if ruled else Visibility.SHARED,
            viewer=Participation(course.values[before - 1]) if before else Participation.LEAVE,
            joined_later=self._joins.get(user, -1) > position,
        )

    def state_at(self, position: int) -> StateKey | None:
        """Of what an event was the state when it was sent; None for a message. Participation goes by one name."""
        entry = self.past[position]
        if entry.state_key is None:
            return None
        return (USER if entry.type in self._participation_events else entry.type, entry.state_key)

    def current_ids(self, wanted: Iterable[StateKey]) -> list[str]:
        """The ids of the current events among these, in the order asked for."""
        return [self.current[state] for state in wanted if state in self.current]
