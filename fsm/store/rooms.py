"""The rooms of a store in memory: opened from a checkpoint and the changes since, and kept while they are in use.

A room in memory is at some revision. Others may have led the room on since: then the
changes between are read and followed. It is reached through its `Slot` only, which is
locked while anybody judges in it or leads it on; what is handed out to a host is another
room, opened for it alone.
"""
# ruff: noqa: SLF001 - rooms are led on from here as they do it themselves

import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from fsm import snapshot
from fsm.change import Outcome
from fsm.errors import EventError, StoreError, shorten
from fsm.policies import policy_of
from fsm.store.databases import Database
from fsm.store.events import Events
from fsm.store.known import Known
from fsm.store.past import StoredPast
from fsm.store.rows import is_kept
from fsm.store.schema import CHANGES, CHECKPOINTS, ROOMS
from fsm.store.slot import Slot, entered_quickly


def _checked(room_id: object) -> str:
    """What may be the id of a room. Raises `KeyError`."""
    if type(room_id) is not str or not is_kept(room_id):
        raise KeyError(room_id)
    return room_id


class RoomRow(NamedTuple):
    """What a store tells of a room without opening it."""

    id: str
    policy: str
    revision: int
    participants: int


class Rooms:
    """The rooms in memory: those in use, and of the others the ones that were used last."""

    def __init__(self, database: Database, known: Known, most: int) -> None:
        self._database = database
        self.known = known
        self._most = most
        self._lock = Lock()
        self._slots: OrderedDict[str, Slot] = OrderedDict()

    @contextmanager
    def using(self, room_ids: Iterable[str]) -> Iterator[list[Slot]]:
        """The slots of some rooms, which stay meanwhile; they are in the order in which they are to be locked."""
        ids = sorted({_checked(each) for each in room_ids})
        with self._lock:
            slots = [self._slots.setdefault(each, Slot(each)) for each in ids]
            for slot in slots:
                slot.users += 1
                self._slots.move_to_end(slot.id)
        try:
            yield slots
        finally:
            with self._lock:
                for slot in slots:
                    slot.users -= 1
                self._drop_idle()

    def _drop_idle(self) -> None:
        """Drop rooms that nobody uses, the longest unused first, where there are more than stay."""
        if len(self._slots) <= self._most:
            return
        idle = [slot for slot in self._slots.values() if not slot.users and not slot.attached.is_telling]
        for slot in idle[: len(self._slots) - self._most]:
            del self._slots[slot.id]

    def read(self, slot: Slot) -> None:
        """Have the room in its slot, if it is not there; it need not be the last one. Raises `KeyError`."""
        if slot.room is None:
            with self._database.reading() as connection:
                self.catch_up(connection, slot, self.row(connection, slot.id))

    def opened(self, room_id: str) -> Any:
        """A room as it is stored, for a host alone. Raises `KeyError`."""
        slot = Slot(_checked(room_id))
        self.read(slot)
        return slot.room

    @staticmethod
    def row(connection: Connection, room_id: str) -> Any:
        """What is known of a room. Raises `KeyError`."""
        row = connection.execute(select(ROOMS).where(ROOMS.c.id == _checked(room_id))).first()
        if row is None:
            raise KeyError(room_id)
        return row

    def catch_up(self, connection: Connection, slot: Slot, row: Any) -> None:
        """Lead a room in memory on to where it is stored to be."""
        room = slot.room
        if room is None or slot.erasures != row.erasures or slot.revision > row.revision:
            self._load(connection, slot, row)
        elif slot.revision < row.revision:
            deltas = self._deltas(connection, room)
            if not deltas or deltas[0].revision != room.revision + 1:  # they have been deleted meanwhile
                self._load(connection, slot, row)
            else:
                follow(room, deltas)
        slot.note_checkpoint(row.checkpoint)

    def _load(self, connection: Connection, slot: Slot, row: Any) -> None:
        given = json.loads(
            connection.scalar(select(CHECKPOINTS.c.snapshot).where(CHECKPOINTS.c.room_id == slot.id)) or "{}"
        )
        rules = self.known.rules(row.rules)
        kind = self.known.kind(rules)
        try:
            room = kind(slot.id, policy=kind._policy_in(given, policy_of(rules)), facts=self.known.provider)
            room._restore(given)
        except (EventError, KeyError) as problem:
            raise StoreError(f"room `{shorten(slot.id)}` cannot be opened: {problem}") from problem
        self.known.check_hooks(room)
        events = Events(self._database, room, room.revision) if room.revision else None  # of a new room there are none
        room._past = StoredPast(events)
        follow(room, self._deltas(connection, room))
        slot.hold(room, events, row)

    @staticmethod
    def _deltas(connection: Connection, room: Any) -> list[Any]:
        query = select(CHANGES.c.revision, CHANGES.c.outcome, CHANGES.c.event, CHANGES.c.facts)
        since = query.where(CHANGES.c.room_id == room.id, CHANGES.c.revision > room.revision)
        return [*connection.execute(since.order_by(CHANGES.c.revision))]


def follow(room: Any, rows: Sequence[Any]) -> None:
    """Lead a room on by what is stored. Raises `StoreError` where the room does not accept it any more."""
    past = room._past
    past.is_following = True
    try:
        events = json.loads(f"[{','.join(row.event for row in rows)}]")  # in half the time of each by itself
        for event, (revision, outcome, _, told) in zip(events, rows, strict=True):
            is_sent = outcome == Outcome.SENT
            decision = entered_quickly(room, event) if is_sent and told is None else None
            if decision is None:
                facts = None if told is None else snapshot.read_facts(room, json.loads(told), "facts")
                decision = room._follow(event, facts, is_sent=is_sent)
            if not decision or room.revision != revision:
                raise StoreError(
                    f"room `{shorten(room.id)}` cannot be opened: the change of revision {revision} does not follow"
                )
    except EventError as problem:
        raise StoreError(f"room `{shorten(room.id)}` cannot be opened: {problem}") from problem
    finally:
        past.is_following = False


def checkpoint_of(room: Any) -> str:
    """What a checkpoint holds: all that a room knows but for its past."""
    try:
        return snapshot.present_as_text(room)
    except (ValueError, RecursionError):
        raise EventError("", "cannot be kept: it is nested too deeply") from None
