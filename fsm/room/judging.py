"""From an event to its decision, and to the `Change` that it makes. Only the quick way applies what it has read."""

from collections.abc import Container, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from fsm import change as kinds
from fsm.change import Change, Outcome
from fsm.classes import UserClass
from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import MAX_TEXT, Event, checked_word, expect_plain, own_copy, plain
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.own_facts import provided
from fsm.participant import Who
from fsm.past import pack
from fsm.room.contract import JSON, reason_in
from fsm.room.event_ids import RoomPast

_new = tuple.__new__

_SENT, _NONE, _CHANGE, _SETTING, _REFUSAL = Outcome.SENT, kinds.NONE, kinds.CHANGE, kinds.SETTING, kinds.REFUSAL

_WITH_KEY = len(("type", "sender", "content", "state_key"))
_WITHOUT_KEY = _WITH_KEY - 1
_IDS = ("event_id", "room_id")
_BOTH_IDS = len(_IDS)

Senders: TypeAlias = Mapping[str, Mapping[UserClass, Decision]]
"""The decisions on events by their type, and by the class of the sender."""

UNREADABLE = (KeyError, TypeError, AttributeError, RecursionError)
"""What the quick way meets in an event that it cannot read."""


class Reading(NamedTuple):
    """An event that a room has read, for many rooms to judge; `policy` and `room_id` are that room's."""

    value: JSON
    event: Event
    policy: object
    room_id: str | None


class RoomJudging(RoomPast[Who]):
    """Rooms that decide on events."""

    __slots__ = ()

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event cannot be read.
        """
        try:
            return self._quick(event)  # type: ignore[no-any-return]  # where no kinds are asked for, it is the decision
        except UNREADABLE:
            # Another kind of event, or a fault that the careful way finds the words for.
            return self._decide_carefully(event)

    def reading(self, event: Mapping[str, Any]) -> Reading | None:
        """An event as this room reads it, for `decide_read`; it must not change any more.

        None where rooms have to read it themselves: what they do quickly, or by what they have accepted.
        Raises `EventError` when the event cannot be read.
        """
        value = plain(event)
        read = self._read(value)
        if read.event_id is not None or self._is_looked_up(read, value) or type(self).decide is not RoomJudging.decide:
            return None
        return Reading(value, self._understood(read), self.policy, self.id)

    def decide_read(self, reading: Reading) -> Decision:
        """What `decide` answers to an event that this room or another has read."""
        value, read, policy, room_id = reading
        if policy is not self.policy or (read.room_id is not None and room_id != self.id):
            return self.decide(value)
        facts = self._provided(value)
        with lock_of(self):
            return self._judge(read, value, facts)[0]

    def _is_looked_up(self, read: Event, value: JSON) -> bool:
        """Whether the quick way has nothing to read in an event's content that takes long."""
        if self._table is None or read.type in self._table.setting_types:
            return False
        try:
            self._quick(value)
        except UNREADABLE:
            return False
        return True

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
        if table is None or table.is_passing:
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

    def _quick(  # noqa: C901, PLR0912, PLR0915 - a call takes longer than a check
        self, event: Mapping[str, Any], asked: Container[frozenset[kinds.Kind]] | None = None, is_sent: bool = True
    ) -> Any:
        """Read and look up a sound and ordinary event. Raises one of `UNREADABLE` for any other, and changes nothing.

        The answer is the decision. Where changes of some kinds are `asked` for, it is the `Change` if it is of one of
        them, and the event is applied where it `is_sent`; the room is locked then.
        """
        # What is no plain dictionary may answer otherwise when it is read again.
        if type(event) is not dict:
            raise TypeError
        settings = self._settings
        table: Any = self._table  # where there is none, it has no `types`
        event_type, sender, content = event["type"], event["sender"], event["content"]
        if type(event_type) is not str or type(sender) is not str or type(content) is not dict:
            raise TypeError
        by = self._members.get(sender) or self._stranger(sender)
        if event_type == table.usual or event_type in table.types:
            key, action, more = event["state_key"], content[table.word], len(event) - _WITH_KEY
            if type(key) is not str or type(action) is not str:
                raise TypeError
            if len(content) != 1:
                self._read_quickly(content)
            if sender == key:
                effect: Any = by
                decision: Decision = table.own[action][by]
            else:
                effect = self._members.get(key) or self._stranger(key)
                decision = table.others[action][by][effect]
        elif "state_key" in event:
            key, more = event["state_key"], len(event) - _WITH_KEY
            action = effect = None
            if type(key) is not str:
                raise TypeError
            expect_plain(content)
            if event_type in table.setting_types:
                told = (event_type, sender, content, key, event.get("event_id"), event.get("room_id"), None)
                decision, *effect = self._look_up_setting(_new(Event, told), event, by, settings)
                if asked and self._founder(effect[0]) is not None:
                    raise KeyError(event_type)  # others are told more of it than of a setting
            else:
                if key and not self._is_ordinary_key(key, sender):
                    raise KeyError(key)
                decision = self._senders_under(settings)[1][event_type][by]
        else:
            key = action = effect = None
            more = len(event) - _WITHOUT_KEY
            expect_plain(content)
            decision = self._senders_under(settings)[0][event_type][by]
        event_id = None
        if more:
            event_id, room_id = event.get("event_id"), event.get("room_id")
            if type(event_id) is not str or type(room_id) is not str or more != _BOTH_IDS:
                self._expect_ordinary(event, action, more)
            if room_id != self.id and room_id is not None:
                raise KeyError(room_id)
            if event_id is not None:
                if not event_id or len(event_id) > MAX_TEXT or not event_id.isascii():
                    raise KeyError(event_id)
                past = self._past
                if past is not None and event_id in past.words:
                    raise KeyError(event_id)
        if asked is not None:
            return self._carry_out(
                event, event_type, sender, key, content, event_id, action, decision, effect, asked, is_sent
            )  # fmt: skip
        if self._settings is not settings or table.is_passing:
            raise KeyError(event_type)  # it takes a lock
        return decision

    def _carry_out(  # noqa: C901, PLR0912, PLR0913, PLR0917 - as above; a call by names would cost more than the rest
        self,
        event: JSON,
        event_type: str,
        sender: str,
        key: str | None,
        content: JSON,
        event_id: str | None,
        action: str | None,
        decision: Decision,
        effect: Any,
        asked: Container[frozenset[kinds.Kind]],
        is_sent: bool,
    ) -> Any:
        """Apply what the quick way has read, if it is allowed and `is_sent`, and make its `Change`: see `_quick`.

        `effect` is the class of the target; for an event that says what the room is set to, that event and what
        follows; None for any other.
        """
        is_alone = action is not None and len(content) == 1  # with nothing but the action
        if is_sent and decision.allowed:
            self._revision += 1
            past = self._past
            if event_id is not None or (past is not None and (key is not None or past.keeps_all)):
                if action is None:
                    read = effect and self._read_if_kept(effect[0], event)
                else:
                    read = None if is_alone or event_id is None else self._read_quickly(content)
                if past is None or past.bound is not None:
                    self._remember(event_id, sender, event_type, key, decision, read)
                else:
                    past.add(event_id, sender, event_type, key, decision if is_alone else pack(decision, read))
            if action is None and effect is not None:
                self._go_on(effect[1])
            else:
                if action is not None:
                    members: dict[Any, UserClass] = self._members
                    if effect is effect.peers.unknown:
                        members.pop(key, None)  # as `_move` does
                    members[key] = effect.peers[decision.after]
                if self._table.is_passing:  # type: ignore[union-attr]  # it has just been looked up in
                    self._pass()
        if not asked:
            return decision
        is_allowed = decision.allowed
        kind = _REFUSAL if not is_allowed else _CHANGE if action is not None else _NONE if key is None else _SETTING
        if kind not in asked:
            return decision
        # As `Change(…)` does, in a third of the time.
        return _new(Change, (
            self.id or event.get("room_id"), self._revision if is_sent else self._revision + is_allowed, event_id,
            event_type, sender, None if action is None else key, action, decision.before, decision.after,
            None if is_alone else reason_in(content), decision, self.policy, _SENT,
            kind, event, None, False,
        ))  # fmt: skip

    def _senders_under(self, settings: Any) -> tuple[Senders, Senders]:
        """Who may send messages, and who may set state, of types that mean nothing to a room that is set to this.

        Raises one of `UNREADABLE`, as do the mappings for any other type.
        """
        raise KeyError(settings)

    @staticmethod
    def _is_ordinary_key(key: str, sender: str) -> bool:
        """Whether a `state_key` is sound, and raises no question."""
        raise NotImplementedError

    def _look_up_setting(
        self,
        event: Event,
        value: JSON,  # noqa: ARG002 - for others, as are the next
        by: UserClass,  # noqa: ARG002
        settings: Any,  # noqa: ARG002
    ) -> tuple[Decision, Event, Any]:
        """The decision on a sound event of one of the types that say what a room is set to, in one set to `settings`.

        With it the same event with what its content says, and what follows (see `_after`). Its content is plain; its
        ids have not been checked, nor what else is in `value`. Raises one of `UNREADABLE`.
        """
        raise KeyError(event)

    def _pass(self) -> None:
        """Go on by another table: an event has been accepted by one that is passing."""
        raise NotImplementedError

    def _go_on(self, after: Any) -> None:
        """Be set to what follows from an event that has been accepted."""
        raise NotImplementedError

    def _expect_ordinary(self, event: JSON, action: str | None, more: int) -> None:
        """Raise one of `UNREADABLE` unless ids are texts, and `more` fields than every event has raise no question."""
        if more > ids_in(event):
            if not self._is_ordinary(event, action):
                raise KeyError(more)
            expect_plain(event)

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read, known = self._met(value)
            return self._judge(read, value, facts)[0] if known is None else known

    def _judged(self, value: JSON, facts: Mapping[str, Value] | None) -> tuple[Event, Change, Any]:
        """An event as it is read, the change that it makes, and what follows (see `_after`); the room is locked."""
        read, known = self._met(value)
        decision, after = self._judge(read, value, facts) if known is None else (known, None)
        return read, self._record(read, value, decision, facts, is_repeated=known is not None), after

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


def ids_in(event: JSON) -> int:
    """How many ids an event has. Raises `TypeError` for one that is no text."""
    count = 0
    for name in _IDS:
        if name in event:
            if type(event[name]) is not str:
                raise TypeError
            count += 1
    return count
