"""The place of a room in memory: in it events are judged, and by it the room is led on."""

# ruff: noqa: SLF001 - rooms judge here as they do it themselves

from collections.abc import Container, Mapping
from threading import Lock
from typing import Any

from fsm import change as kinds
from fsm.change import ALL, Change, Kind
from fsm.decision import permit
from fsm.facts import Value
from fsm.observers import Attached
from fsm.room.judging import UNREADABLE
from fsm.store.events import Events
from fsm.store.past import StoredPast

CHECKPOINT_EVERY, PART = 500, 4
"""A checkpoint comes after so many changes, or the so-manieth part of all who were in the last one if that is more."""

_SIMPLE = (kinds.CHANGE, kinds.NONE)
"""Changes that move nobody but their target."""


class Slot:
    """A place for a room in memory, and for those who observe it. All but `attached` is for whoever has the lock."""

    def __init__(self, room_id: str) -> None:
        self.id = room_id
        self.lock = Lock()
        self.attached = Attached()
        self.users = 0
        self.host: Any = None
        """The room as participants act in it."""
        self.room: Any = None
        """The room; None where it is to be read."""
        self.events: Events | None = None
        self.erasures = 0
        self._checkpoint = self._size = 0
        """The revision of the last checkpoint, and about how many users are in it."""
        self._rules_by_answer: tuple[Any, dict[Any, str]] = (None, {})

    @property
    def revision(self) -> int:
        """How many events the room in memory has accepted."""
        revision: int = self.room.revision
        return revision

    @property
    def past(self) -> StoredPast:
        """What the room in memory has accepted."""
        past: StoredPast = self.room._past
        return past

    def hold(self, room: Any, events: Events | None, row: Any) -> None:
        """Have this room here."""
        self.room, self.events = room, events
        self.erasures = row.erasures
        self.note_checkpoint(row.checkpoint)

    def note_checkpoint(self, revision: int) -> None:
        """Know when there was a checkpoint."""
        if revision != self._checkpoint:
            self._checkpoint, self._size = revision, len(self.room._states)

    def drop(self) -> None:
        """Have no room here: what is in memory may not be what is stored."""
        self.room = self.events = None

    def judge(self, value: dict[str, Any], facts: Mapping[str, Value] | None) -> Change:
        """The answer of the room as it is. Raises `EventError`."""
        try:
            change: Change = self.room._quick(value, ALL, is_sent=False)
        except UNREADABLE:
            return self.judge_carefully(value, facts)
        return change

    def judge_carefully(self, value: dict[str, Any], facts: Mapping[str, Value] | None) -> Change:
        """The same, of an event that the quick way cannot judge."""
        change: Change = self.room._judged(value, facts)[1]
        return change

    def enter_quickly(self, value: dict[str, Any]) -> Change | None:
        """Judge an event, and lead the room on if it is allowed; None, and nothing, for one that needs more care.

        What is answered moves nobody but its target.
        """
        change: Change | None = entered_quickly(self.room, value, ALL)
        return change

    def enter(self, change: Change) -> None:
        """Lead the room on by a change that it has judged."""
        if entered_quickly(self.room, change.event) is None:
            self.room._enter_judged(change.event, change.decision)

    def take(self, value: dict[str, Any]) -> Change | None:
        """Take a state event as it stands; None for one that has come before."""
        change: Change | None = self.room._taken(value, Attached())[0]
        return change

    def rule_of(self, change: Change) -> str | None:
        """The id of the rule beside the table that permitted an event, if one did."""
        answer = change.decision
        if answer.transition is not None or not answer.judged or not answer.clause:
            return None
        policy, known = self._rules_by_answer
        if policy is not self.room.policy:
            known = {(rule.clause, permit(rule).guards): rule.id for rule in reversed([*self.room._rules_beside])}
            self._rules_by_answer = self.room.policy, known
        return known.get((answer.clause, answer.guards))

    def is_simple(self, change: Change) -> bool:
        """Whether a change moves nobody but its target, and no checkpoint is due."""
        return change.kinds in _SIMPLE and not self.is_due(change.revision)

    def is_due(self, revision: int) -> bool:
        """Whether a checkpoint is due at a revision."""
        done = revision - self._checkpoint
        return done >= CHECKPOINT_EVERY and done >= self._size // PART


def provided_by(room: Any, value: dict[str, Any]) -> Mapping[str, Value] | None:
    """What the host's provider tells of a change in a room, if it has one."""
    facts: Mapping[str, Value] | None = room._provided(value)
    return facts


def entered_quickly(room: Any, value: Mapping[str, Any], asked: Container[frozenset[Kind]] = ()) -> Any:
    """What the quick way answers, having applied what is allowed; None, and nothing applied, where more care is needed.

    Where changes of some kinds are `asked` for, it is the change if it is of one of them, else the decision.
    """
    try:
        return room._quick(value, asked)
    except UNREADABLE:
        return None
