"""Rooms that last: in a database, for one process or several.

Theory of operation. A room in memory is what its last checkpoint and the changes since lead
to (`fsm.store.rooms`). To send an event is to judge it by the room in memory, and to store
the change where the room is still at that revision: one statement on PostgreSQL, one short
transaction on SQLite. Where others have led the room on, and for whatever does more than
move one user, its row is locked, what is new is followed, and the event is judged anew
(`fsm.store.batch`); then nobody is ahead, so that no event is judged more than twice. What
is refused, or has come before, is answered when the room in memory is found to be the
last one. Only when the change is durable does the room in memory go on, and are observers told.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Any, NamedTuple, Self, TypeAlias

from sqlalchemy import URL, ColumnElement, Connection, Select, and_, func, or_, select, tuple_, union, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from fsm.change import Change, Kind
from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError, ObserverError, StoreError, shorten
from fsm.event import own_copy
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.locks import lock_of
from fsm.observers import Observer, Watcher, tell
from fsm.own_facts import Provider
from fsm.participant import Participant
from fsm.policies import Rules, policy_of
from fsm.state import AnyState
from fsm.store.batch import Batch, move_of
from fsm.store.databases import is_transient, opened, reported
from fsm.store.migration import Migration, Target, Where, migrated
from fsm.store.migration import store as store_migrated
from fsm.store.rooms import Known, RoomRow, Rooms, Slot, checkpoint_of, provided_by
from fsm.store.rows import change_of, check_name, is_kept, row_of, state_of, text_of
from fsm.store.schema import CHANGES, CHECKPOINTS, CONSUMERS, PARTICIPATION, ROOMS

_MOST_TRIES = 5

JSON: TypeAlias = Mapping[str, Any]

Asked: TypeAlias = tuple[str, dict[str, Any], Mapping[str, Value] | None]
"""The id of a room, an event, and the facts that the host tells of it."""


class Answers(NamedTuple):
    """What became of events, and in which slots it is for the caller to tell, each with the first change told there."""

    changes: list[Change]
    to_tell: list[tuple[Slot, Change]]


class Cursor(NamedTuple):
    """A place in the order of all changes: as JSON a pair of numbers."""

    transaction: int
    number: int


@dataclass(frozen=True, slots=True)
class StoredRoom:
    """A room of a store, as a participant acts in it: what is sent is stored.

    `ask` tells what a function answers of the room as it is known here, and `send` sends to it.
    """

    participant_type: type[Participant]
    ask: Callable[[Callable[[Any], Any]], Any]
    send: Callable[[JSON], Decision]

    @property
    def policy(self) -> Any:
        """The policy of the room now."""
        return self.ask(lambda room: room.policy)

    def participation(self, user: str) -> Any:
        """Where a user is."""
        return self.ask(lambda room: room.participation(user))

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        decision: Decision = self.ask(lambda room: room.decide_action(action, sender, target))
        return decision

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None, **more: Any) -> Decision:
        """Write a change as an event, and send it. Raises `EventError`."""
        return self.send(self.ask(lambda room: room._write(action, sender, target, reason, **more)))  # noqa: SLF001 - as rooms do


class Store:
    """Rooms in a database, by its URL: `sqlite:///rooms.db`, `postgresql://user@host/database`.

    `participant` is a class with hooks, called once a change is durable: what such a participant does is stored.
    `policies` are those of the host's own that rooms may have, beside the catalogue; `facts` provides facts that
    no room works out. `cache` is how many rooms stay in memory, and `keep` of how many changes of a room the store
    keeps at least: all, if it is not told. `must_exist` creates nothing. May be used by all
    threads of a process; each process opens its own. Raises `StoreError`, as all methods do when the database fails.
    """

    def __init__(  # noqa: PLR0913 - what can be told of a store
        self,
        url: str | URL,
        *,
        policies: Iterable[AnyPolicy] = (),
        facts: Provider | None = None,
        participant: type[Participant] = Participant,
        cache: int = 1024,
        keep: int | None = None,
        must_exist: bool = False,
    ) -> None:
        for name, value, least in (("cache", cache, 1), ("keep", 0 if keep is None else keep, 0)):
            if type(value) is not int or value < least:
                raise StoreError(f"`{name}` is a whole number from {least} up, not {shorten(repr(value))}")
        self._database = opened(url, must_exist=must_exist)
        self._known = Known(policies, facts, participant)
        self._rooms = Rooms(self._database, self._known, cache)
        self._keep = keep
        self._watchers: tuple[Watcher, ...] = ()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""
        self._database.close()

    # Rooms.

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
        self._in_batch([room_id], lambda _, __: [], self._found(self._known.new_room(rules, room_id), rules))

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

        return self._in_batch([room_id], begin, self._found(room, rules))

    def _found(self, room: Any, rules: Rules) -> Callable[[Connection], None]:
        """What stores a room that nobody has stored yet."""
        check_name("room_id", room.id)
        row = {"id": room.id, "rules": rules.id, "policy": room.policy.id, "fingerprint": room.policy.fingerprint}
        snapshot = checkpoint_of(room)

        def found(connection: Connection) -> None:
            new = {**row, "revision": 0, "checkpoint": 0, "erasures": 0}
            if connection.execute(self._database.found, new).first() is None:
                raise EventError("room_id", f"`{shorten(room.id)}` is there already")
            connection.execute(self._database.checkpoint, {"room_id": room.id, "snapshot": snapshot})

        return found

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
                    self._found(self._known.new_room(rules, room_id), rules)(connection)

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
                batch.look_up(slots[room_id], event_ids)
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

    def room(self, room_id: str) -> Any:
        """The room as it is stored now, for the caller alone: what is sent to it is not stored.

        Raises `KeyError` for an unknown room.
        """
        with reported():
            return self._rooms.opened(room_id)

    # Who is where.

    def rooms(self, after: str = "", limit: int = 1000) -> list[RoomRow]:
        """The rooms, by their ids; those after one of them."""
        count = select(func.count()).where(PARTICIPATION.c.room_id == ROOMS.c.id).scalar_subquery()
        query = select(ROOMS.c.id, ROOMS.c.policy, ROOMS.c.revision, count).where(ROOMS.c.id > after)
        with reported(), self._database.reading() as connection:
            return [RoomRow(*row) for row in connection.execute(query.order_by(ROOMS.c.id).limit(limit))]

    def who(self, room_id: str) -> dict[str, AnyState]:
        """Everybody in a room who is not in the initial state, by user id. Raises `KeyError` for an unknown room."""
        query = select(PARTICIPATION.c.user_id, PARTICIPATION.c.state).where(PARTICIPATION.c.room_id == room_id)
        query = query.order_by(PARTICIPATION.c.user_id)
        with reported(), self._database.reading() as connection:
            policy = self._known.policy(self._rooms.row(connection, room_id).policy)
            return {user: state_of(state, policy) for user, state in connection.execute(query)}

    def rooms_of(self, user: str) -> dict[str, AnyState]:
        """The rooms in which a user is not in the initial state, each with the state, by room id."""
        query = (
            select(ROOMS.c.id, PARTICIPATION.c.state, ROOMS.c.policy)
            .join_from(PARTICIPATION, ROOMS, ROOMS.c.id == PARTICIPATION.c.room_id)
            .where(PARTICIPATION.c.user_id == user)
            .order_by(ROOMS.c.id)
        )
        with reported(), self._database.reading() as connection:
            rows = connection.execute(query).all()
        policies = {row.policy: self._known.policy(row.policy) for row in rows}
        return {row.id: state_of(row.state, policies[row.policy]) for row in rows}

    def rooms_where(self, action: str, user: str, *, target: str | None = None) -> dict[str, str]:
        """The rooms in which a user may do something now, each with the transition's id, by room id.

        What they do is to themselves, as to join, or to `target`. Each room is opened for it. Raises `EventError` for
        an action that no policy of a room has, and for what is no user.
        """
        found, unknown, is_known = dict[str, str](), None, False
        for row in self._all_rooms():
            try:
                decision = self.room(row.id).decide_action(action, user, user if target is None else target)
            except EventError as problem:
                unknown = problem
                continue
            is_known = True
            if decision.transition:
                found[row.id] = decision.transition
        if unknown is not None and not is_known:
            raise unknown
        return found

    def _all_rooms(self) -> Iterator[RoomRow]:
        after = ""
        while some := self.rooms(after):
            yield from some
            after = some[-1].id

    # Other policies.

    def migrate(
        self,
        policy: str | AnyPolicy,
        where: Where | None = None,
        states: Mapping[Any, Any] = MappingProxyType({}),
        *,
        dry_run: bool = False,
    ) -> Migration:
        """Have rooms run by another policy of their family: all, or those `where` a function of a `RoomRow` says so.

        Who is where stays, but for `states`: by a state, or its word, the one that it becomes. What the rooms are set
        to stays as well, and all that happened; nobody is told. Each room goes over in a transaction of its own; those
        that cannot stay as they are, and are named. With `dry_run`, nothing is stored. Raises `DefinitionError` for an
        unknown policy, and for states that it does not have.
        """
        rules = self._known.rules(policy)
        other = policy_of(rules)
        if other is None:
            raise DefinitionError(f"`{rules.id}` stands for several policies: choose one of them")
        target, moved, refused = Target(other, states, self._known), dict[str, Any](), dict[str, str]()
        for each in self._all_rooms():
            if where is None or where(each):
                try:
                    there = self._migrate(each.id, target, dry_run=dry_run)
                except (EventError, DefinitionError) as problem:
                    refused[each.id] = str(problem)
                else:
                    if there is not None:
                        moved[each.id] = there
        return Migration(other.id, moved, refused, dry_run)

    def _migrate(self, room_id: str, target: Target, *, dry_run: bool) -> dict[str, Any] | None:
        """Migrate one room; None where it has the policy."""
        begun = self._database.reading if dry_run else self._database.writing
        with reported(), self._rooms.using([room_id]) as (slot,), slot.lock, begun() as connection:
            row = connection.execute(select(ROOMS).where(ROOMS.c.id == room_id).with_for_update(read=dry_run)).one()
            if (row.rules, row.fingerprint) == (target.policy.id, target.policy.fingerprint):
                return None
            room, moved = migrated(connection, self._rooms, row, target)
            if not dry_run:
                store_migrated(connection, self._database, row, room, moved)
                slot.drop()
            return moved

    # What has changed.

    def observe(self, observer: Observer, *, of: Iterable[str] = (Kind.CHANGE,)) -> Callable[[], None]:
        """Have a function called with each `Change` of these kinds that is sent here, once it is durable.

        What other processes send is told by `changes` only. Returns a function that ends it.
        """
        watcher = Watcher(observer, of)
        self._watchers = (*self._watchers, watcher)

        def end() -> None:
            watcher.is_on = False
            self._watchers = tuple(each for each in self._watchers if each is not watcher)

        return end

    def _expect_none_async(self) -> None:
        if self._known.participant.has_async_hooks or any(each.is_async for each in self._watchers):
            raise DefinitionError("somebody who is told of changes has to be awaited: use `AsyncStore`")

    def _ask(self, room_id: str, ask: Callable[[Any], Any]) -> Any:
        """What a function answers of a room as it is known here, which it does not change. Raises `KeyError`."""
        with reported(), self._rooms.using([room_id]) as (slot,), slot.lock:
            self._rooms.read(slot)
            return ask(slot.room)

    def _host(self, room_id: str) -> StoredRoom:
        return StoredRoom(self._known.participant, partial(self._ask, room_id), partial(self.send, room_id))

    def _answers(self, changes: list[Change], slots: Mapping[str, Slot]) -> Answers:
        """Have changes told, in the slots of their rooms."""
        by_room: dict[str, list[Change]] = {}
        for change in changes:
            by_room.setdefault(change.room or "", []).append(change)
        first = {room_id: self._put(slots[room_id], some) for room_id, some in by_room.items()}
        return Answers(changes, [(slots[each], change) for each, change in first.items() if change is not None])

    def _put(self, slot: Slot, changes: Iterable[Change]) -> Change | None:
        """Have the changes of a room told; the first of them that is for the caller to tell."""
        with lock_of(slot):
            if slot.attached.watchers is not self._watchers:
                slot.attached.watch(self._watchers)
            slot.host = slot.host or self._host(slot.id)
            begun = [change for change in changes if slot.attached.put(slot.host, change)]
        return begun[0] if begun else None

    def changes(
        self, after: Sequence[int] | None = None, limit: int = 1000, *, room_id: str | None = None
    ) -> list[tuple[Cursor, Change]]:
        """What was accepted after a cursor, in an order to which nothing is added behind the last one told.

        A change whose policy is not at hand has only its id and fingerprint, and states of the same words; of
        one that was erased the event is empty. Raises `StoreError` for what is no cursor.
        """
        query = self._told(room_id).order_by(CHANGES.c.transaction, CHANGES.c.number)
        if after is not None:
            query = query.where(tuple_(CHANGES.c.transaction, CHANGES.c.number) > tuple_(*_cursor(after)))
        return self._read_changes(query, limit)

    def last_changes(self, limit: int = 10, *, room_id: str | None = None) -> list[tuple[Cursor, Change]]:
        """The last of them, oldest first."""
        query = self._told(room_id).order_by(CHANGES.c.transaction.desc(), CHANGES.c.number.desc())
        return self._read_changes(query, limit)[::-1]

    def _told(self, room_id: str | None) -> Select[Any]:
        query = select(CHANGES).where(self._database.visible())
        return query if room_id is None else query.where(CHANGES.c.room_id == room_id)

    def _read_changes(self, query: Select[Any], limit: int) -> list[tuple[Cursor, Change]]:
        if type(limit) is not int or not 0 <= limit < 2**31:
            raise StoreError(f"`limit` is a whole number from 0 up, not {shorten(repr(limit))}")
        with reported(), self._database.reading() as connection:
            rows = connection.execute(query.limit(limit)).all()
        return [(Cursor(row.transaction, row.number), change_of(row, self._known.policy)) for row in rows]

    def acknowledge(self, consumer: str, cursor: Sequence[int]) -> None:
        """Note that a consumer has dealt with all changes up to a cursor. What is noted never goes back.

        Raises `StoreError` for a cursor that no change has been told with.
        """
        place = _cursor(cursor)
        if type(consumer) is not str or not is_kept(consumer):
            raise StoreError(f"a consumer is a name, not {shorten(repr(consumer))}")
        last = self.last_changes(1)
        if last and place > last[0][0]:
            raise StoreError(f"the cursor {list(place)} is beyond the last change, {list(last[0][0])}")
        row = {"name": consumer, "transaction": place.transaction, "number": place.number}
        with reported(), self._database.writing() as connection:
            connection.execute(self._database.point, row)

    def cursor(self, consumer: str) -> Cursor | None:
        """Up to where a consumer has dealt with the changes; None for one who has not begun."""
        query = select(CONSUMERS.c.transaction, CONSUMERS.c.number).where(CONSUMERS.c.name == consumer)
        with reported(), self._database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else Cursor(*row)

    # What is forgotten.

    def forget(self, user: str) -> int:
        """Erase a user who has left: from rooms, checkpoints, changes, and so from what consumers are told.

        The changes stay, without the user's name, and without the events that hold it. Returns how many rooms
        knew them. Raises `EventError` where the user is in a room in any way, or named by its settings; then nothing
        is erased.
        """
        if type(user) is not str or not is_kept(user):
            return 0
        told = select(CHANGES.c.room_id).where(or_(*(condition for condition, _ in _erasures(user))))
        in_checkpoint = CHECKPOINTS.c.snapshot.contains(json.dumps(user), autoescape=True)
        there = select(PARTICIPATION.c.room_id).where(PARTICIPATION.c.user_id == user)
        with reported():
            with self._database.reading() as connection:
                query = union(there, told, select(CHECKPOINTS.c.room_id).where(in_checkpoint))
                rooms = sorted(connection.scalars(query))

            def erase(batch: Batch, slots: Mapping[str, Slot]) -> list[Change | None]:
                for slot in slots.values():
                    self._forget(batch, slot, user)
                return []

            if rooms:
                self._in_batch(rooms, erase)
                self._database.take_off()
        return len(rooms)

    def _forget(self, batch: Batch, slot: Slot, user: str) -> None:
        room = slot.room
        past, room._past = room._past, None  # noqa: SLF001 - what it remembers is erased below, and read anew
        try:
            room.forget(user)
        except EventError as problem:
            raise EventError(problem.field, f"in room `{shorten(slot.id)}`: {problem.problem}") from None
        finally:
            room._past = past  # noqa: SLF001 - as above
        batch.checkpoint(slot, keep=self._keep)
        erasures = ROOMS.c.erasures + 1
        batch.connection.execute(update(ROOMS).where(ROOMS.c.id == slot.id).values(erasures=erasures))
        for condition, columns in _erasures(user):
            blank = update(CHANGES).where(CHANGES.c.room_id == slot.id, condition)
            batch.connection.execute(blank.values(dict.fromkeys(columns)))


def tell_all(answers: Answers) -> None:
    """Tell what is to be told. Raises the first `ObserverError` when all have been told."""
    errors: list[ObserverError] = []
    for slot, change in answers.to_tell:
        try:
            tell(slot.attached, change)
        except ObserverError as error:
            errors.append(error)
    if errors:
        raise errors[0]


def _erasures(user: str) -> tuple[tuple[ColumnElement[bool], tuple[str, ...]], ...]:
    """Which changes hold a user, and what of these is erased.

    What was asked of the user, and messages of theirs, have no id any more either, so that they are nobody's.
    """
    change = CHANGES.c
    of_them = or_(change.target == user, and_(change.sender == user, change.kinds == ""))
    return (
        (of_them, ("sender", "target", "event_id", "reason", "event", "facts")),
        (change.sender == user, ("sender", "reason", "event", "facts")),
        (change.event_id.contains(user, autoescape=True), ("event_id",)),
        (change.event.contains(json.dumps(user)[1:-1], autoescape=True), ("reason", "event", "facts")),
    )


def _cursor(given: Sequence[int]) -> Cursor:
    """A pair of numbers. Raises `StoreError`."""
    pair = [*given] if isinstance(given, list | tuple) else []
    if len(pair) != len(Cursor._fields) or any(type(each) is not int or not 0 <= each < 2**63 for each in pair):
        raise StoreError(f"a cursor is a pair of whole numbers, as `changes` tells them, not {shorten(repr(given))}")
    return Cursor(*pair)


@contextmanager
def _within(done: Sequence[object]) -> Iterator[None]:
    """Say of an error which of several events is at fault: the one after those that are done."""
    try:
        yield
    except EventError as problem:
        raise problem.within(f"events[{len(done)}]") from None
