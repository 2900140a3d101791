"""How a store forgets a user who has left."""

import json
from collections.abc import Mapping

from sqlalchemy import ColumnElement, and_, or_, select, union, update

from fsm.change import Change
from fsm.errors import EventError, shorten
from fsm.store.batch import Batch
from fsm.store.databases import reported
from fsm.store.rows import is_kept
from fsm.store.schema import CHANGES, CHECKPOINTS, PARTICIPATION, ROOMS
from fsm.store.sending import StoreSending
from fsm.store.slot import Slot


class StoreErasing(StoreSending):
    """A store from which users are erased."""

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
