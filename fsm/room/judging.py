"""From an event to its decision, and to the `Change` that it would make: nothing is applied here."""

from collections.abc import Mapping, Sequence
from typing import Any

from fsm import change as kinds
from fsm.change import Change, Outcome
from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import MAX_TEXT, Event, checked_word, own_copy, plain
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.own_facts import provided
from fsm.participant import Who
from fsm.room.contract import JSON, reason_in
from fsm.room.event_ids import RoomPast

_new = tuple.__new__

_SENT, _CHANGE, _REFUSAL = Outcome.SENT, kinds.CHANGE, kinds.REFUSAL

_LEAST_FIELDS = len(("type", "sender", "state_key", "content"))

UNREADABLE = (KeyError, TypeError, AttributeError, RecursionError)
"""What the quick way meets in an event that it cannot read."""


class RoomJudging(RoomPast[Who]):
    """Rooms that decide on events."""

    __slots__ = ()

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event cannot be read.
        """
        try:
            return self._quick(event)
        except UNREADABLE:
            # Another kind of event, or a fault that the careful way finds the words for.
            return self._decide_carefully(event)

    def decide_citing(self, event: Mapping[str, Any], others: Sequence[object]) -> Decision:  # noqa: ARG002 - for families that cite
        """The same; `others` are events that this one may cite beside those of the state, if the family has it so.

        What cannot be read is named from `event` or `events` on.
        """
        try:
            return self.decide(event)
        except EventError as problem:
            raise problem.within("event") from None

    def prepare(self, event: Mapping[str, Any]) -> Change:
        """Decide, and say what would change; nothing changes yet.

        The change is false when the event is rejected. Raises `EventError` when the event cannot be read.
        """
        value = own_copy(event)
        facts = self._provided(value)
        with lock_of(self):
            return self._judged(value, facts)[1]

    def answered(self, event: Mapping[str, Any]) -> Decision | None:
        """What the room answered to this very event when it accepted it; None for an event that is new to it.

        Raises `EventError` when the event cannot be read, or is another one than that of its id.
        """
        value = plain(event)
        with lock_of(self):
            return self._known_answer(self._read(value), value)

    def actions(self, sender: str, target: str) -> dict[Any, str]:
        """What `sender` may do to `target` now: for each action allowed, the transition's id."""
        decisions = {action: self.decide_action(action, sender, target) for action in self.policy.actions}
        return {action: decision.transition for action, decision in decisions.items() if decision.transition}

    def targets(self, action: str, sender: str) -> dict[str, str]:
        """On whom of those whom the room knows `sender` may do this now: for each, the transition's id.

        Raises `EventError` for an unknown action, and for a sender that is no user id.
        """
        checked_word(action, "action", self.policy.actions)
        self.decide_action(action, sender, sender)
        with lock_of(self):
            known = {user: its for user, its in self._members.items() if its is not its.peers.unknown}
            table, by = self._table, self._class_of(sender)
        if table is None:
            decisions = [self.decide_action(action, sender, user) for user in known]
        else:
            decisions = [table.decide(action, by, its, is_self=user == sender) for user, its in known.items()]
        answers = zip(known, decisions, strict=True)
        return {user: decision.transition for user, decision in answers if decision.transition}

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(checked_word(action, "action", self.policy.actions), sender, target, None))

    def facts_of(self, event: Mapping[str, Any]) -> Any:
        """The facts by which a change is judged. Raises `EventError` for an event that is none, or cannot be read."""
        value = plain(event)
        read = self._read(value)
        if read.state_key is None or self._asked(read) is None:
            raise EventError("type", f"`{shorten(read.type)}` is no change")
        return self._facts_of(read, value)

    def _quick(self, event: Mapping[str, Any]) -> Decision:  # noqa: C901, PLR0912 - a call takes longer than a check
        """Read and look up a sound and ordinary change. Raises one of `UNREADABLE` for any other event."""
        # What is no plain dictionary may answer otherwise when it is read again.
        if type(event) is not dict:
            raise TypeError
        settings = self._settings
        members = self._members
        table: Any = self._table  # where there is none, it has no `word`
        content = event["content"]
        if type(content) is not dict:
            raise TypeError
        event_type = event["type"]
        sender = event["sender"]
        target = event["state_key"]
        action = content[table.word]
        if type(event_type) is not str or type(sender) is not str or type(target) is not str or type(action) is not str:
            raise TypeError
        if event_type not in table.types:
            raise KeyError(event_type)
        size = len(event)
        if size != _LEAST_FIELDS:
            if "event_id" in event:
                event_id = event["event_id"]
                if type(event_id) is not str or not event_id or len(event_id) > MAX_TEXT or not event_id.isascii():
                    raise KeyError(event_id)
                past = self._past
                if past is not None and event_id in past.words:
                    raise KeyError(event_id)
                size -= 1
            if "room_id" in event:
                room_id = event["room_id"]
                if type(room_id) is not str or room_id != self.id:
                    raise KeyError(room_id)
                size -= 1
            if size != _LEAST_FIELDS and not (self._is_ordinary(event, action) and plain(event) is event):
                raise KeyError(event_type)
        if len(content) != 1:
            if plain(content) is not content:
                raise TypeError
            self._read_quickly(content)
        to = members.get(target) or self._stranger(target)
        if sender == target:
            decision: Decision = table.own[action][to]
        else:
            decision = table.others[action][members.get(sender) or self._stranger(sender)][to]
        if self._settings is not settings:
            raise KeyError(event_type)
        return decision

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read, known = self._met(value)
            return self._judge(read, value, facts) if known is None else known

    def _judged(self, value: JSON, facts: Mapping[str, Value] | None) -> tuple[Event, Change]:
        """An event as it is read, and the change that it makes; the room is locked."""
        read, known = self._met(value)
        decision = self._judge(read, value, facts) if known is None else known
        return read, self._record(read, value, decision, facts, is_repeated=known is not None)

    def _record(
        self,
        read: Event,
        value: JSON,
        decision: Decision,
        facts: Mapping[str, Value] | None = None,
        *,
        is_repeated: bool = False,
    ) -> Change:
        """What an answer to an event means; the room is locked, and the event not yet applied."""
        asked, target, before, after = self._asked(read), None, None, None
        kind = kinds.NONE if read.state_key is None else kinds.SETTING
        if isinstance(asked, str) and read.state_key is not None:
            target, before, after, kind = read.state_key, decision.before, decision.after, kinds.CHANGE
        elif decision.allowed and not is_repeated and (founder := self._founder(read)) is not None:
            (target, after), kind = founder, kinds.CREATION
            before = self.participation(target)
        if is_repeated:
            kind = kinds.NONE
        elif not decision.allowed:
            kind = kinds.REFUSAL
        return Change(
            self.id or read.room_id, self._revision + (decision.allowed and not is_repeated), read.event_id,
            read.type, read.sender, target, str(asked) if isinstance(asked, str) else None, before, after,
            self._reason_of(read, value), decision, self._policy_for(read), Outcome.SENT, kind, value, facts,
            is_repeated,
        )  # fmt: skip

    def _ordinary(self, event: Mapping[str, Any], decision: Decision) -> Change:
        """The change that the quick way has looked up."""
        content, is_allowed = event["content"], decision.allowed
        # As `Change(…)` does, in a third of the time.
        return _new(Change, (
            self.id or event.get("room_id"), self._revision + is_allowed, event.get("event_id"), event["type"],
            event["sender"], event["state_key"], content[self._rules.word], decision.before, decision.after,
            reason_in(content) if len(content) > 1 else None, decision, self.policy, _SENT,
            _CHANGE if is_allowed else _REFUSAL, event, None, False,
        ))  # fmt: skip

    def _provided(self, value: JSON) -> dict[str, Value] | None:
        """The facts that the host tells of a change; None where it is not asked."""
        attached = self._attached
        if attached is None or attached.provider is None or not self.policy.unsupplied:
            return None
        parties = self._parties(value) if type(value) is dict else None
        return None if parties is None else provided(self.policy, attached.provider, *parties)

    def _parties(self, value: JSON) -> tuple[str, str] | None:
        """Sender and target of what is a change, if it is sound."""
        event_type, sender, target = value.get("type"), value.get("sender"), value.get("state_key")
        is_change = type(event_type) is str and event_type in self._rules.types
        return (sender, target) if is_change and type(sender) is str and type(target) is str else None
