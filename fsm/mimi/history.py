"""What a room remembers of its past: which events there were, and who stood where.

Only rooms whose events carry ids have a history. From it follow who sees which
event, which events back a new one, and whose event a redaction is about.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from fsm.event import Event
from fsm.mimi.visibility import ViewFacts
from fsm.terms import Participation, Visibility

StateKey = tuple[str, str]
"""Event type and state key: of each pair, one event is current."""


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of one event."""

    position: int
    sender: str
    visibility: Visibility
    state: StateKey | None


@dataclass(slots=True)
class History:
    """The past of a room, from its first event with an id on."""

    records: dict[str, Record] = field(default_factory=dict)
    current: dict[StateKey, str] = field(default_factory=dict)
    moves: dict[str, list[tuple[int, Participation]]] = field(default_factory=dict)
    length: int = 0

    def note_event(self, event: Event, visibility: Visibility, state: StateKey | None) -> None:
        """Remember an accepted event, sent under this visibility rule.

        Of two events with one id the first is remembered: an id is never reused.
        """
        self.length += 1
        if event.event_id is None:
            self.current.pop(state, None) if state else None
            return
        self.records.setdefault(event.event_id, Record(self.length, event.sender, visibility, state))
        if state is not None:
            self.current[state] = event.event_id

    def note_states(self, states: Mapping[str, Participation]) -> None:
        """Remember where users stand from the next event on."""
        for user, state in states.items():
            self.note_move(user, state)

    def note_move(self, user: str, state: Participation) -> None:
        """Remember that a user stands in `state` from the latest event on."""
        self.moves.setdefault(user, []).append((self.length, state))

    def view(self, event_id: str, user: str) -> ViewFacts | None:
        """What is known about a user looking at an event; None for an unknown event."""
        record = self.records.get(event_id)
        if record is None:
            return None
        moves = self.moves.get(user, [])
        before = [state for position, state in moves if position <= record.position]
        return ViewFacts(
            is_state=record.state is not None,
            visibility=record.visibility,
            viewer=before[-1] if before else Participation.LEAVE,
            joined_later=any(state is Participation.JOIN for position, state in moves if position > record.position),
        )

    def sender_of(self, event_id: str) -> str | None:
        """Who sent an event; None for an unknown event."""
        record = self.records.get(event_id)
        return record.sender if record else None

    def current_ids(self, wanted: Iterable[StateKey]) -> list[str]:
        """The ids of the current events among these, in the order asked for."""
        return [self.current[state] for state in wanted if state in self.current]
