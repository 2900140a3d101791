"""Who is told of what is stored: observers, and the hooks of participants. It is durable by then."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeAlias

from fsm.change import Change, Kind
from fsm.decision import Decision
from fsm.errors import DefinitionError, ObserverError
from fsm.locks import lock_of
from fsm.observers import Observer, Watcher, tell
from fsm.participant import Participant
from fsm.store.base import StoreBase
from fsm.store.databases import reported
from fsm.store.slot import Slot

JSON: TypeAlias = Mapping[str, Any]


class Answers(NamedTuple):
    """What became of events, and in which slots it is for the caller to tell, each with the first change told there."""

    changes: list[Change]
    to_tell: list[tuple[Slot, Change]]


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


class StoreTelling(StoreBase):
    """A store whose changes others are told."""

    @abstractmethod
    def send(self, room_id: str, event: JSON) -> Decision:
        """See `StoreSending`."""

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
