"""How changes come into a store.

Theory of operation. A room in memory is what its last checkpoint and the changes since lead
to (`fsm.store.rooms`). To send an event is to judge it by the room in memory, and to store
the change where the room is still at that revision: one statement on PostgreSQL, one short
transaction on SQLite. Where others have led the room on, and for whatever does more than
move one user, its row is locked, what is new is followed, and the event is judged anew
(`fsm.store.batch`); then nobody is ahead, so that no event is judged more than twice. What
is refused, or has come before, is answered when the room in memory is found to be the
last one. Only when the change is durable does the room in memory go on, and are observers told.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from typing import Any, TypeAlias

from sqlalchemy import Connection, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from fsm.change import Change
from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import own_copy
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.policies import Rules
from fsm.store.batch import Batch, move_of
from fsm.store.databases import is_transient, reported
from fsm.store.rooms import checkpoint_of
from fsm.store.rows import check_name, row_of, text_of
from fsm.store.schema import ROOMS
from fsm.store.slot import Slot, provided_by
from fsm.store.telling import JSON, Answers, StoreTelling, tell_all

_MOST_TRIES = 5

Asked: TypeAlias = tuple[str, dict[str, Any], Mapping[str, Value] | None]
"""The id of a room, an event, and the facts that the host tells of it."""


class StoreSending(StoreTelling):
    """A store to which events are sent."""

    def create(self, room_id: str, creator: str, *, policy: str | AnyPolicy = "mimi", **more: Any) -> Any:
        """A new room, as its family creates one; `more` is what that takes besides. Returns it as `room` does.

        Raises `EventError` for a room that is there already, and for what is no user; `DefinitionError` for an
        unknown policy.
        """
        self._expect_none_async()
        tell_all(self.created(room_id, creator, policy=policy, **more))
        return self.room(room_id)

    def add(self, room_id: str, *, policy: str | AnyPolicy = "mimi") -> None:
        """A room that nobody has created yet: its first event has to be its creation. Raises as `create` does."""
        rules = self._known.rules(policy)
        self._in_batch([room_id], lambda _, __: [], self._adding(self._known.new_room(rules, room_id), rules))

    def created(self, room_id: str, creator: str, *, policy: str | AnyPolicy = "mimi", **more: Any) -> Answers:
        """What `create` does, but for the telling."""
        rules = self._known.rules(policy)
        room = self._known.new_room(rules, room_id)
        events = [own_copy(event) for event in room.first_events(creator, **more)]
        asked = [(event, provided_by(room, event)) for event in events]

        def begin(batch: Batch, slots: Mapping[str, Slot]) -> list[Change | None]:
            changes: list[Change | None] = []
            for event, facts in asked:
                change = batch.send(slots[room_id], event, facts)
                if not change:
                    raise EventError("", f"the room cannot begin so: {change.message}")
                changes.append(change)
            return changes

        return self._in_batch([room_id], begin, self._adding(room, rules))

    def _adding(self, room: Any, rules: Rules) -> Callable[[Connection], None]:
        """What stores a room that nobody has stored yet."""
        check_name("room_id", room.id)
        row = {"id": room.id, "rules": rules.id, "policy": room.policy.id, "fingerprint": room.policy.fingerprint}
        snapshot = checkpoint_of(room)

        def add(connection: Connection) -> None:
            new = {**row, "revision": 0, "checkpoint": 0, "erasures": 0}
            if connection.execute(self._database.add_room, new).first() is None:
                raise EventError("room_id", f"`{shorten(room.id)}` is there already")
            connection.execute(self._database.checkpoint, {"room_id": room.id, "snapshot": snapshot})

        return add

    def room(self, room_id: str) -> Any:
        """The room as it is stored now, for the caller alone: what is sent to it is not stored.

        Raises `KeyError` for an unknown room.
        """
        with reported():
            return self._rooms.opened(room_id)

    def send(self, room_id: str, event: JSON) -> Decision:
        """Decide, and store the event when it is allowed; it is durable when this returns.

        Raises `KeyError` for an unknown room, `EventError` when the event cannot be read or kept, and
        `ObserverError` when it is stored, and somebody fails who is told of it.
        """
        self._expect_none_async()
        answers = self.sent(room_id, event)
        tell_all(answers)
        return answers.changes[0].decision

    def sent(self, room_id: str, event: JSON) -> Answers:
        """What `send` does, but for the telling."""
        value = own_copy(event)
        with reported(), self._rooms.using([room_id]) as (slot,):
            with slot.lock:
                self._rooms.read(slot)
                room = slot.room
            facts = provided_by(room, value)
            with slot.lock:
                change = self._sent_alone(slot, value, facts)
                if change is not None:
                    return self._answers([change], {room_id: slot})
            return self._sent_together([(room_id, value, facts)], [room_id])

    def _sent_alone(self, slot: Slot, value: dict[str, Any], facts: Mapping[str, Value] | None) -> Change | None:
        """The change, if the room in memory is the last one, and it does no more than move one user."""
        self._rooms.read(slot)
        past, event_id = slot.past, value.get("event_id") if type(value) is dict else None
        past.presume(event_id, is_new=True)  # an index finds it if not
        try:
            change = slot.judge(value, facts)
            if not change:
                past.presume(event_id, is_new=False)
                change = slot.judge(value, facts)
        except EventError:
            if self._is_last(slot):
                raise
            return None
        if not change or change.is_repeated:
            return change if self._is_last(slot) else None
        if not slot.is_simple(change):
            past.presume(event_id, is_new=False)
            return None
        row, place = row_of(slot.id, change, slot.rule_of(change)), None
        if change.target is not None:
            is_gone = change.after == slot.room.policy.initial
            place = (slot.id, change.target, None if is_gone else text_of(change.after))
        move = move_of(slot, slot.revision, change.revision)
        try:
            if not self._database.write_at_once(move, row, place):
                return None
        except SQLAlchemyError as problem:
            past.presume(event_id, is_new=False)
            if is_transient(problem) or isinstance(problem, IntegrityError):
                return None
            raise
        slot.enter(change)
        return change

    def _is_last(self, slot: Slot) -> bool:
        with self._database.reading() as connection:
            row = self._rooms.row(connection, slot.id)
        return (row.revision, row.erasures) == (slot.revision, slot.erasures)

    def send_many(self, events: Iterable[tuple[str, JSON]]) -> list[Decision]:
        """The answers to events, each with the id of its room: what is allowed is stored in one transaction.

        Each is judged after those before it. Raises as `send` does; where an event cannot be read, the error names
        its place, and nothing is stored.
        """
        self._expect_none_async()
        answers = self.sent_many(events)
        tell_all(answers)
        return [change.decision for change in answers.changes]

    def sent_many(self, events: Iterable[tuple[str, JSON]]) -> Answers:
        """What `send_many` does, but for the telling."""
        asked: list[Asked] = []
        pairs = [*events]
        with reported(), self._rooms.using(room_id for room_id, _ in pairs) as slots:
            rooms = {}
            for slot in slots:
                with slot.lock:
                    self._rooms.read(slot)
                    rooms[slot.id] = slot.room
            with _within(asked):
                for room_id, event in pairs:
                    value = own_copy(event)
                    asked.append((room_id, value, provided_by(rooms[room_id], value)))
            return self._sent_together(asked, rooms, is_numbered=True)

    def fill(self, events: Sequence[tuple[str, JSON, bool]], rules: Rules) -> list[tuple[str, Decision]]:
        """Store events of a log, each with the id of its room and whether it is to be judged, in one transaction.

        Rooms that are not there are added. Nobody is told. Returns the answers to those that were judged.
        """
        asked = [(room_id, own_copy(event), is_judged) for room_id, event, is_judged in events]

        def add(connection: Connection) -> None:
            for room_id in sorted({room_id for room_id, _, _ in asked}):
                if connection.scalar(select(ROOMS.c.id).where(ROOMS.c.id == room_id)) is None:
                    self._adding(self._known.new_room(rules, room_id), rules)(connection)

        def send(batch: Batch, slots: Mapping[str, Slot]) -> list[Change | None]:
            answers.clear()
            for room_id, value, is_judged in asked:
                slot = slots[room_id]
                if is_judged:
                    change = batch.send(slot, value, provided_by(slot.room, value))
                    answers.append((room_id, change.decision))
                else:
                    batch.take(slot, value)
            return []

        answers: list[tuple[str, Decision]] = []
        if asked:
            self._in_batch([room_id for room_id, _, _ in asked], send, add)
        return answers

    def _sent_together(self, asked: Sequence[Asked], rooms: Iterable[str], *, is_numbered: bool = False) -> Answers:
        ids: dict[str, set[str]] = {}
        for room_id, value, _ in asked:
            if type(value) is dict and type(event_id := value.get("event_id")) is str:
                ids.setdefault(room_id, set()).add(event_id)

        def send(batch: Batch, slots: Mapping[str, Slot]) -> list[Change | None]:
            for room_id, event_ids in ids.items():
                slots[room_id].past.look_up(event_ids)
            changes: list[Change | None] = []
            with _within(changes) if is_numbered else nullcontext():
                for room_id, value, facts in asked:
                    changes.append(batch.send(slots[room_id], value, facts))
            return changes

        return self._in_batch(rooms, send)

    def _in_batch(
        self,
        room_ids: Iterable[str],
        work: Callable[[Batch, Mapping[str, Slot]], list[Change | None]],
        prepare: Callable[[Connection], None] = lambda _: None,
    ) -> Answers:
        """Do some work in rooms, in one transaction. The changes are to be told afterwards, some by the caller.

        The database may ask to do it again, where that could not be done beside what others did.
        """
        with ExitStack() as held, reported():
            slots = {slot.id: slot for slot in held.enter_context(self._rooms.using(room_ids))}
            for slot in slots.values():
                held.enter_context(slot.lock)
            for left in reversed(range(_MOST_TRIES)):
                try:
                    with self._database.writing() as connection:
                        prepare(connection)
                        batch = Batch(connection, self._database, self._rooms, [*slots.values()])
                        changes = work(batch, slots)
                        batch.finish(keep=self._keep)
                except BaseException as problem:
                    for slot in slots.values():
                        slot.drop()
                    if not (left and is_transient(problem)):
                        raise
                else:
                    break
            return self._answers([change for change in changes if change is not None], slots)


@contextmanager
def _within(done: Sequence[object]) -> Iterator[None]:
    """Say of an error which of several events is at fault: the one after those that are done."""
    try:
        yield
    except EventError as problem:
        raise problem.within(f"events[{len(done)}]") from None
