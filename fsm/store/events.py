"""The accepted events of a room, read from the store as the room remembers them."""

# ruff: noqa: SLF001 - rooms read events here as they do it themselves

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from fsm.change import Outcome
from fsm.past import GIVEN, Entry, Past
from fsm.store.databases import Database
from fsm.store.rows import decision_of, state_of
from fsm.store.schema import CHANGES

_IDS_AT_ONCE = 500
"""So many ids one statement is asked for."""


class Events:
    """The accepted events of a room up to a revision, as its past asks for them."""

    def __init__(self, database: Database, room: Any, revision: int) -> None:
        self._database = database
        self._room = room
        self._before = (CHANGES.c.room_id == room.id) & (CHANGES.c.revision <= revision)
        self.connection: Connection | None = None
        """The transaction in which the room is led on, if it is."""

    def find(self, event_ids: Iterable[str]) -> list[Entry]:
        """Those of these ids that have been accepted."""
        asked, found = [*event_ids], list[Entry]()
        for start in range(0, len(asked), _IDS_AT_ONCE):
            found += self._read(CHANGES.c.event_id.in_(asked[start : start + _IDS_AT_ONCE]))
        return found

    def read_all(self) -> list[Entry]:
        """All that a room remembers: what has an id, or is of the state."""
        return [each for each in self._read() if each.event_id is not None or each.state_key is not None]

    def _read(self, *conditions: Any) -> list[Entry]:
        query = select(CHANGES).where(self._before, *conditions).order_by(CHANGES.c.revision)
        if self.connection is not None:
            return [_entry_of(self._room, row) for row in self.connection.execute(query)]
        with self._database.reading() as connection:
            return [_entry_of(self._room, row) for row in connection.execute(query)]


def _entry_of(room: Any, row: Any) -> Entry:
    """What a room remembers of an event that it has accepted."""
    before, after = (None if text is None else state_of(text, room.policy) for text in (row.before, row.after))
    if row.event is None:  # erased
        answer = GIVEN if row.target is None else decision_of(row, room.policy, before, after)
        return Entry(row.event_id, "", row.type, row.target, answer)
    value = json.loads(row.event)
    if row.outcome == Outcome.TAKEN:
        past, room._past = room._past, Past()
        try:
            room._remember_given(room._read(value), value)
            return next(iter(room._past))  # type: ignore[no-any-return]  # of whatever family
        finally:
            room._past = past
    event = room._read(value)
    answer = decision_of(row, room.policy, before, after)
    for rule in room._rules_beside if row.rule is not None else ():
        if rule.id == row.rule:
            answer = room._permission(rule)
    return Entry(row.event_id, event.sender, event.type, event.state_key, answer, room._read_if_kept(event, value))
