"""A log that is run into a store: what a run accepts is stored, many events at a time."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from fsm.change import Change
from fsm.decision import Decision
from fsm.errors import StoreError, shorten
from fsm.family import AnyRoom
from fsm.json_lines import Line
from fsm.log import Outcome, Replay
from fsm.policies import Rules
from fsm.store.outbox import Cursor
from fsm.store.store import Store

_AT_ONCE = 1000
_ERASED: Mapping[str, Any] = {}


class Filling(Replay):
    """A run whose rooms are those of a store: they go on where they are, and new ones are added.

    What stands in the log as given is stored as taken; messages that nobody judged are not stored. A log can be run
    again, also one whose run was interrupted: a room whose first event is the log's is run from there, and what it
    has accepted is not stored twice. Other rooms go on: an event with an id that was accepted is not stored twice, and
    what was refused is judged anew. Raises `StoreError` for rooms without an id, for a room that went on otherwise
    than the log says, and where others send to the same rooms meanwhile.
    """

    def __init__(self, rules: Rules, store: Store) -> None:
        super().__init__(rules)
        self._store = store
        self._waiting: list[tuple[str, Mapping[str, Any], bool]] = []
        self._stored: dict[str | None, tuple[int, Iterator[Change]]] = {}
        """Of rooms that are run from their beginning: their stored revision, and the changes that are still to come."""

    def run(self, lines: Iterable[Line]) -> Iterator[Outcome]:
        """Send the events, in order, each to its room; what is accepted is stored in the end."""
        yield from super().run(lines)
        self._flush()

    def _send(self, line: Line) -> Outcome:
        room_id = self._room_of(line.value) if type(line.value) is dict else None
        if room_id is not None and room_id not in self.rooms:
            self._begin(room_id, line.value)
        return super()._send(line)

    def _begin(self, room_id: str, event: Mapping[str, Any]) -> None:
        """Have the room here, if it is stored and not empty."""
        try:
            room = self._store.room(room_id)
        except KeyError:
            return
        if not room.revision:
            return
        stored = self._changes(room_id)
        first = next(stored, None)
        if first is not None and first.revision == 1 and first.event == event:
            self._stored[room_id] = room.revision, chain((first,), stored)
        else:
            self.rooms[room_id] = room
            self._creations.know(room_id)

    def _changes(self, room_id: str) -> Iterator[Change]:
        after: Cursor | None = None
        while some := self._store.changes(after, room_id=room_id):
            yield from (change for _, change in some)
            after = some[-1][0]

    def _new_room(self, room_id: str | None) -> AnyRoom:
        if room_id is None:
            raise StoreError("a room without an id cannot be stored: the events have to name their `room_id`")
        return super()._new_room(room_id)

    def _answer(self, room: Any, room_id: str | None, line: Line) -> Decision:
        revision = room.revision
        decision = super()._answer(room, room_id, line)
        if room_id in self._stored and (room.revision == revision or self._is_stored(room, room_id, line.value)):
            return decision
        is_state = line.value.get("state_key") is not None
        if decision.allowed and (decision.judged or is_state):
            self._waiting.append((room_id or "", line.value, decision.judged))
            if len(self._waiting) >= _AT_ONCE:
                self._flush()
        return decision

    def _is_stored(self, room: Any, room_id: str | None, event: Mapping[str, Any]) -> bool:
        """Whether what a room has just accepted is stored. Raises `StoreError` where something else is."""
        revision, changes = self._stored[room_id]
        if room.revision > revision:
            del self._stored[room_id]
            return False
        change, name = next(changes, None), f"room `{shorten(str(room_id))}`"
        if change is None:
            raise StoreError(f"{name} cannot be read to its end yet: a transaction is open in the database")
        if change.event not in (event, _ERASED):
            raise StoreError(f"{name} went on otherwise than the log says: see revision {room.revision}")
        return True

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for room_id, decision in self._store.fill(waiting, self.rules):
            if not decision:
                raise StoreError(f"room `{shorten(room_id)}` has changed meanwhile: {decision.reason}")
