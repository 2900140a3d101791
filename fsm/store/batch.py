"""Several events in one transaction: the rooms are locked, so that what is judged holds when it is stored."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, delete, exists, select, tuple_, update

from fsm import change as kinds
from fsm.change import Change
from fsm.facts import Value
from fsm.store.databases import Database
from fsm.store.rooms import Rooms, checkpoint_of
from fsm.store.rows import Row, row_of, text_of
from fsm.store.schema import CHANGES, CONSUMERS, ROOMS
from fsm.store.slot import Slot

_ROOMS_AT_ONCE = 500


class Batch:
    """What is to be stored together. The rooms in memory are led on meanwhile: they are dropped if that fails."""

    def __init__(self, connection: Connection, database: Database, rooms: Rooms, slots: list[Slot]) -> None:
        self.connection = connection
        self._database = database
        self._slots = slots
        self._rows: list[Row] = []
        self._places: dict[tuple[str, str], str | None] = {}
        """Where those are who have moved, by room and user: the text of the state, None for the initial one."""
        self._before: dict[str, dict[str, Any]] = {}
        """Who was where in the rooms that have been set to something."""
        self._stored: dict[str, Any] = {}
        for start in range(0, len(slots), _ROOMS_AT_ONCE):
            ids = [slot.id for slot in slots[start : start + _ROOMS_AT_ONCE]]
            query = select(ROOMS).where(ROOMS.c.id.in_(ids)).order_by(ROOMS.c.id).with_for_update()
            self._stored.update({row.id: row for row in connection.execute(query)})
        for slot in slots:
            if slot.id not in self._stored:
                raise KeyError(slot.id)
            rooms.catch_up(connection, slot, self._stored[slot.id])
            if slot.events is not None:
                slot.events.connection = connection

    def send(self, slot: Slot, value: dict[str, Any], facts: Mapping[str, Value] | None) -> Change:
        """Judge an event, and store what is accepted. Raises `EventError`."""
        change = slot.enter_quickly(value)
        if change is not None:
            if change:
                self._add(slot, change, slot.rule_of(change))
            return change
        change = slot.judge_carefully(value, facts)
        if change and not change.is_repeated:
            rule = slot.rule_of(change)
            if change.kinds not in (kinds.CHANGE, kinds.NONE):
                self._note(slot)
            slot.enter(change)
            self._add(slot, change, rule)
        return change

    def take(self, slot: Slot, value: dict[str, Any]) -> Change | None:
        """Take a state event as it stands; None for one that has come before. Raises `EventError`."""
        self._note(slot)
        change = slot.take(value)
        if change is not None:
            self._add(slot, change, None)
        return change

    def _add(self, slot: Slot, change: Change, rule: str | None) -> None:
        """Have a change stored. Raises `EventError` for one that no database keeps."""
        self._rows.append(row_of(slot.id, change, rule))
        if change.kinds == kinds.CHANGE and change.target is not None:
            is_gone = change.after == slot.room.policy.initial
            self._places[slot.id, change.target] = None if is_gone else text_of(change.after)

    def _note(self, slot: Slot) -> None:
        """Note who is where in a room before something is done that may move many."""
        if slot.id not in self._before:
            self._before[slot.id] = slot.room.participations()

    def finish(self, *, keep: int | None) -> None:
        """Store it all."""
        if self._rows:
            self._database.add_all(self.connection, self._rows)
        self._place()
        moved = [slot for slot in self._slots if slot.revision != self._stored[slot.id].revision]
        for slot in moved:
            self._database.move.run(self.connection, move_of(slot, self._stored[slot.id].revision, slot.revision))
            if slot.is_due(slot.revision):
                self.checkpoint(slot, keep=keep)
        for slot in self._slots:
            if slot.events is not None:
                slot.events.connection = None

    def _place(self) -> None:
        """Store where those are who have moved."""
        for slot in self._slots:
            if slot.id in self._before:
                before, after = self._before[slot.id], slot.room.participations()
                for user in {**before, **after}:
                    if before.get(user) != after.get(user):
                        self._places[slot.id, user] = text_of(after.get(user))
        self._database.place_all(self.connection, [(*place, state) for place, state in self._places.items()])

    def checkpoint(self, slot: Slot, *, keep: int | None) -> None:
        """Store all that a room knows, and delete changes that are older than is kept, and dealt with."""
        self.connection.execute(self._database.checkpoint, {"room_id": slot.id, "snapshot": checkpoint_of(slot.room)})
        self.connection.execute(update(ROOMS).where(ROOMS.c.id == slot.id).values(checkpoint=slot.revision))
        slot.note_checkpoint(slot.revision)
        if keep is not None:
            self.connection.execute(_delete_old(slot.id, slot.revision - keep))


def move_of(slot: Slot, expected: int, revision: int) -> dict[str, Any]:
    """What leads a room on from the revision that is expected."""
    policy = slot.room.policy
    return {
        "room": slot.id,
        "expected": expected,
        "known_erasures": slot.erasures,
        "revision_after": revision,
        "policy_after": policy.id,
        "fingerprint_after": policy.fingerprint,
    }


def _delete_old(room_id: str, revision: int) -> Any:
    """Delete the changes of a room up to a revision, but for those that a consumer has not dealt with."""
    consumer, change = CONSUMERS.c, CHANGES.c
    is_behind = tuple_(consumer.transaction, consumer.number) < tuple_(change.transaction, change.number)
    needed = exists(select(CONSUMERS.c.name).where(is_behind))
    return delete(CHANGES).where(change.room_id == room_id, change.revision <= revision, ~needed)
