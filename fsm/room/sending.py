"""How events come into a room: sent, applied after they were prepared, or taken as they stand."""

from collections.abc import Callable, Mapping
from typing import Any, cast
from weakref import WeakValueDictionary

from fsm import change as kinds
from fsm.change import ALL, Change, Outcome
from fsm.classes import UserClass
from fsm.decision import Decision
from fsm.errors import EventError, RevisionError, shorten
from fsm.event import Event, checked_word, plain
from fsm.facts import Value
from fsm.locks import COUNT, LOCKS, let_go, lock_of
from fsm.observers import INFO, LEVELS, Attached, is_logged, tell, tell_async
from fsm.participant import Who
from fsm.past import GIVEN
from fsm.room.contract import JSON
from fsm.room.judging import UNREADABLE
from fsm.room.observing import RoomObserving

_NONE: frozenset[frozenset[kinds.Kind]] = frozenset()

_ANYBODY = "@anybody:anywhere"
"""A user id of every family."""


class RoomSending(RoomObserving[Who]):
    """Rooms that go on by events."""

    __slots__ = ()

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed: `apply(prepare(event))` in one.

        What is rejected is not added to the room. Raises `EventError` when the event
        cannot be read. In both cases the room is then exactly as before. Raises
        `ObserverError` when the event is applied, and somebody fails who is told of it.
        """
        # There may be hooks, or the log, beside observers.
        kind, attached, begins = self.participant_type, self._attached, None
        is_more = kind.has_hooks or (LEVELS.get(INFO) is not False and is_logged(INFO))
        if attached is None:
            if is_more:
                attached = self._ready()
        elif attached.is_async or (is_more and attached.checked is not kind._hooks):  # noqa: SLF001 - as in `_ready`
            self._ready()
        lock = LOCKS[id(self) % COUNT]  # `lock_of`, without the time that a call takes
        try:
            lock.acquire()  # in half the time of `with`
            attached = attached or self._attached  # who has come in the meantime is told
            try:
                answer = self._quick(event, ALL if is_more else _NONE if attached is None else attached.asked)
            except UNREADABLE:
                answer = None
            if attached is not None and type(answer) is Change:
                begins = attached.put(self, answer)
        except BaseException:
            let_go(lock)
            raise
        lock.release()
        if answer is None:
            return self._send_carefully(event, attached)
        if attached is None or begins is None:
            return answer  # type: ignore[no-any-return]  # nobody asked for a change, so it is the decision
        if begins:
            tell(attached, answer)
        return answer.decision  # type: ignore[no-any-return]  # it is the change

    async def asend(self, event: Mapping[str, Any]) -> Decision:
        """What `send` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        change, begins = self._sent(event, attached)
        if begins:
            await tell_async(attached, change)
        return change.decision

    def _begin(self, creator: str, *, is_alike: bool) -> None:
        """Have somebody create the room, by the first events.

        Rooms of a policy that are `is_alike` differ in nothing but the creator then. So where nobody is told, and
        nothing is kept, what these events lead to is found once, in another room. Raises `EventError` for what is no
        user id.
        """
        is_quiet = self._attached is None and self._past is None and not self.participant_type.has_hooks
        if is_alike and is_quiet and self._is_user(creator) and not is_logged(INFO):
            begun = self._rules.begun
            if begun is None:
                other: RoomSending[Who] = type(self)(policy=self.policy)  # type: ignore[call-arg]  # of a family
                begun = self._rules.begun = other._begun()
            settings, its, revision, table = begun
            if its is not None:
                self._settings, self._members[creator] = self._created_by(creator, settings), its
                self._revision, self._table = revision, table
                return
        for event in self.first_events(creator):
            self.send(event)

    def _begun(self) -> tuple[Any, UserClass | None, int, Any]:
        """What the first events lead to: the settings, the class of the creator, the revision, and the table.

        None in place of the class where they do not let the creator in.
        """
        for event in self.first_events(_ANYBODY):
            self.send(event)
        is_in = self.participation(_ANYBODY) is self.creator_state
        return self._settings, self._members[_ANYBODY] if is_in else None, self._revision, self._table

    def _created_by(self, creator: str, settings: Any) -> Any:
        """The settings of a room that another user has created than that of these."""
        raise NotImplementedError

    def apply(self, change: Change) -> Decision:
        """Let a change happen that was prepared for this room, and tell those who observe it.

        One that was refused changes nothing. Raises `RevisionError` where the room has
        changed since it was prepared, and `EventError` for a change of another room.
        """
        attached = self._ready()
        with lock_of(self):
            begins = self._apply_prepared(change, attached)
        if begins:
            tell(attached, change)
        return change.decision

    async def aapply(self, change: Change) -> Decision:
        """What `apply` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        with lock_of(self):
            begins = self._apply_prepared(change, attached)
        if begins:
            await tell_async(attached, change)
        return change.decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands, whether or not it was allowed.

        Raises `EventError` when it cannot be read, or is no state event, and
        `ObserverError` when it is applied, and somebody fails who is told of it.
        """
        attached = self._attached
        if attached is not None or self.participant_type.has_hooks or is_logged(INFO):
            attached = self._ready()
        value = plain(event)
        with lock_of(self):
            attached = attached or self._attached
            change, begins = self._taken(value, attached)
        if begins and attached is not None and change is not None:
            tell(attached, change)

    async def atake(self, event: Mapping[str, Any]) -> None:
        """What `take` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        change, begins = self._taken(event, attached)
        if begins and change is not None:
            await tell_async(attached, change)

    def note(self, event: Mapping[str, Any]) -> None:
        """Keep a message that nobody judged, if it has an id; nothing changes.

        Raises `EventError` when it cannot be read, is a state event, or is another event than that of its id.
        """
        value = plain(event)
        with lock_of(self):
            read = self._read(value)
            if read.state_key is not None:
                raise EventError("state_key", "must not be there: state events are taken")
            if read.event_id is not None and self._known_answer(read, value) is None:
                self._remember_given(read, value)

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None) -> Decision:
        """Write a participation change as an event, and send it.

        Raises `EventError` for an unknown action, and for what is no user id.
        """
        return self.send(self._written(action, sender, target, reason))

    async def asend_action(
        self, action: str, sender: str, target: str, reason: str | None = None, **more: Any
    ) -> Decision:
        """What `send_action` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        return await self.asend(self._written(action, sender, target, reason, **more))

    def _written(self, action: str, sender: str, target: str, reason: str | None) -> JSON:
        """A participation change as an event. Raises `EventError` for an unknown action."""
        return self._write(checked_word(action, "action", self.policy.actions), sender, target, reason)

    def participant(self, user: str) -> Who:
        """The user's participation: where participants have hooks, the same object as long as anybody holds it."""
        kind = self.participant_type
        if not kind.has_hooks or type(user) is not str:
            return kind(self, user)
        with lock_of(self):
            attached = self._attached = self._attached or Attached()
            if attached.participants is None:
                attached.participants = WeakValueDictionary()
            held = attached.participants
        known = held.get(user) or held.setdefault(user, kind(self, user))
        return cast("Who", known)

    def _send_carefully(self, event: Mapping[str, Any], attached: Attached | None) -> Decision:
        if attached is not None:
            change, begins = self._sent(event, attached)
            if begins:
                tell(attached, change)
            return change.decision
        value = plain(event)
        with lock_of(self):
            if self._attached is None:
                read, known = self._met(value)
                if known is not None:
                    return known
                decision, after = self._judge(read, value)
                if decision.allowed:
                    self._enter(read, value, decision, after)
                else:
                    self._refuse(read, value)
                return decision
        return self._send_carefully(event, self._attached)

    def _send_at(self, revision: int, event: Mapping[str, Any], then: Callable[[], object]) -> Decision:
        """What `send` does, in a room that is as it was: what is accepted is followed by `then` at once.

        Nobody else changes the room meanwhile. Raises `RevisionError` where somebody has.
        """
        attached, value = self._ready(), plain(event)
        facts = self._provided(value)
        with lock_of(self):
            if self._revision != revision:
                raise RevisionError(revision, self._revision)
            change, begins = self._applied(value, facts, attached)
            if change and not change.is_repeated:
                then()
        if begins:
            tell(attached, change)
        return change.decision

    def _sent(self, event: Mapping[str, Any], attached: Attached) -> tuple[Change, bool]:
        """Decide and apply; whether there is somebody for the caller to tell."""
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            return self._applied(value, facts, attached)

    def _applied(self, value: JSON, facts: Mapping[str, Value] | None, attached: Attached) -> tuple[Change, bool]:
        """The same; the room is locked."""
        read, change, after = self._judged(value, facts)
        if not change:
            self._refuse(read, value)
        elif not change.is_repeated:
            self._enter(read, value, change.decision, after)
        return change, attached.put(self, change)

    def _apply_prepared(self, change: Change, attached: Attached) -> bool:
        """Apply a change; the room is locked. Whether the caller is to tell."""
        if not isinstance(change, Change):
            raise EventError("change", f"is none that a room has prepared, but {shorten(repr(change))}")
        if self.id is not None and change.room != self.id:
            raise EventError("room_id", f"`{shorten(str(change.room))}` is another room")
        if change.is_repeated:
            return False
        expected = change.revision - change.decision.allowed
        if expected != self._revision:
            raise RevisionError(expected, self._revision)
        value = cast("JSON", change.event)
        if change:
            self._enter_judged(value, change.decision)
        else:
            self._refuse(self._read(value), value)
        return attached.put(self, change)

    def _enter(self, read: Event, value: JSON, decision: Decision, after: Any) -> None:
        """Apply an event that is allowed, and what follows; the room is locked."""
        is_new = read.event_id is None or self._past is None or self._past.find(read.event_id) is None
        self._note_id(read)
        self._accept(read, value, decision, after)
        self._revision += is_new

    def _enter_judged(self, value: JSON, decision: Decision) -> None:
        """Apply an event that was judged before; the room is locked. Raises `EventError`."""
        read = self._understood(self._read(value))
        self._enter(read, value, decision, self._after(read))

    def _taken(self, event: Mapping[str, Any], attached: Attached | None) -> tuple[Change | None, bool]:
        """Take an event; whether the caller is to tell of it."""
        value = plain(event)
        with lock_of(self):
            read = self._read_state(value)
            if self._known_answer(read, value) is not None:
                return None, False
            read = self._understood(read)
            change = None if attached is None else self._record(read, value, GIVEN)
            before = None if change is None or change.target is None else self.participation(change.target)
            self._note_id(read)
            self._take(read, value)
            self._revision += 1
            if attached is None or change is None:
                return None, False
            after = None if change.target is None else self.participation(change.target)
            change = change._replace(before=before, after=after, outcome=Outcome.TAKEN, kinds=kinds.TAKEN)
            return change, attached.put(self, change)

    def _follow(self, value: JSON, facts: Mapping[str, Value] | None, *, is_sent: bool) -> Decision:
        """Go on by an event that was accepted; nobody is told. Raises `EventError`."""
        with lock_of(self):
            if not is_sent:
                self._taken(value, None)
                return GIVEN
            read, change, after = self._judged(value, facts)
            if change and not change.is_repeated:
                self._enter(read, value, change.decision, after)
            return change.decision
