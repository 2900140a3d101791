"""A log that is run into a store: what a run accepts is stored, many events at a time."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from fsm.decision import Decision
from fsm.errors import StoreError, shorten
from fsm.family import AnyRoom
from fsm.json_lines import Line
from fsm.log import Outcome, Replay
from fsm.policies import Rules
from fsm.store.store import Store

_AT_ONCE = 1000


class Filling(Replay):
    """A run whose rooms are those of a store: they go on where they are, and new ones are added.

    What stands in the log as given is stored as taken; messages that nobody judged are not stored. A log can be run
    again: an event with an id that was accepted is not stored twice, and what was refused is judged anew. Raises
    `StoreError` for rooms without an id, and where others send to the same rooms meanwhile.
    """

    def __init__(self, rules: Rules, store: Store) -> None:
        super().__init__(rules)
        self._store = store
        self._waiting: list[tuple[str, Mapping[str, Any], bool]] = []

    def run(self, lines: Iterable[Line]) -> Iterator[Outcome]:
        """Send the events, in order, each to its room; what is accepted is stored in the end."""
        yield from super().run(lines)
        self._flush()

    def _new_room(self, room_id: str | None) -> AnyRoom:
        if room_id is None:
            raise StoreError("a room without an id cannot be stored: the events have to name their `room_id`")
        try:
            room = self._store.room(room_id)
        except KeyError:
            return super()._new_room(room_id)
        if room.revision:
            self._creations.know(room_id)
        return cast("AnyRoom", room)

    def _answer(self, room: AnyRoom, room_id: str | None, line: Line) -> Decision:
        decision = super()._answer(room, room_id, line)
        is_state = line.value.get("state_key") is not None
        if decision.allowed and (decision.judged or is_state):
            self._waiting.append((room_id or "", line.value, decision.judged))
            if len(self._waiting) >= _AT_ONCE:
                self._flush()
        return decision

    def _flush(self) -> None:
        waiting, self._waiting = self._waiting, []
        for room_id, decision in self._store.fill(waiting, self.rules):
            if not decision:
                raise StoreError(f"room `{shorten(room_id)}` has changed meanwhile: {decision.reason}")
