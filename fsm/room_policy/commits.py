"""Commits: several events that are judged in their order, and applied together or not at all.

Spec: draft-ietf-mimi-room-policy
"""
# ruff: noqa: SLF001 - commits are tried in another room of the class

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, Self

from fsm.change import Change as Told
from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import plain
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.observers import Attached, tell, tell_async
from fsm.participant import Who
from fsm.room_policy.events import (
    Beside,
    Change,
    Update,
)
from fsm.room_policy.facts import Move
from fsm.room_policy.judging import RoleJudging

_OF_THE_LIST: Mapping[Move, Beside] = {
    Move.ADD: Beside.ADD,
    Move.REMOVE: Beside.REMOVE,
    Move.CHANGE_ROLE: Beside.CHANGE_ROLE,
}
"""The moves that change the participant list."""


class RoleCommits(RoleJudging[Who]):
    """Rooms that take commits."""

    __slots__ = ()

    def decide_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """What `send_many` would answer; nothing changes."""
        values = [plain(event) for event in events]
        told = [self._provided(value) for value in values]
        with lock_of(self):
            return tuple(decision for _, decision in self._judge_many(values, told))

    def send_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """Decide on the events of one commit, in their order, and apply them when all are allowed.

        Each is judged by itself, in the room that those allowed before it make. An update of roles or of
        preauthorizations is beside all changes of the participant list that the commit contains. Raises `EventError`
        for an event that cannot be read, and where a commit changes the same entry of the list twice.
        """
        attached = self._ready()
        decisions, change = self._sent_many(events, attached)
        if change is not None:
            tell(attached, change)
        return decisions

    async def asend_many(self, events: Iterable[Mapping[str, Any]]) -> tuple[Decision, ...]:
        """What `send_many` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        decisions, change = self._sent_many(events, attached)
        if change is not None:
            await tell_async(attached, change)
        return decisions

    def _sent_many(
        self, events: Iterable[Mapping[str, Any]], attached: Attached
    ) -> tuple[tuple[Decision, ...], Told | None]:
        """Decide and apply; with the last change, if there is somebody for the caller to tell."""
        values = [plain(event) for event in events]
        told = [self._provided(value) for value in values]
        with lock_of(self):
            judged = self._judge_many(values, told)
            decisions = tuple(decision for _, decision in judged)
            is_sent, begins, changes = all(decisions), False, list[Told]()
            for value, facts, (event, decision) in zip(values, told, judged, strict=True):
                is_known = self._known_answer(event, value) is not None
                if is_known or decision.allowed is not is_sent:
                    continue
                changes.append(self._record(event, value, decision, facts))
                if is_sent:
                    self._enter(event, value, decision, None)
                begins |= attached.put(self, changes[-1])
        return decisions, changes[-1] if begins else None

    def _judge_many(
        self, values: Iterable[dict[str, Any]], told: Iterable[Mapping[str, Value] | None]
    ) -> list[tuple[Any, Decision]]:
        """The events of a commit, each with its decision; `told` is what is provided for each."""
        events, touched = [], dict[str | None, Beside]()
        for number, value in enumerate(values):
            with within(f"events[{number}]"):
                event: Any = self._read(value)
                if isinstance(event.said, Change) and event.said.move in _OF_THE_LIST:
                    # Spec: "operate on (add, remove, or change the role of) the same user […] more than once"
                    if event.state_key in touched:
                        raise EventError("state_key", f"`{shorten(event.state_key)}` changes twice in one commit")
                    touched[event.state_key] = _OF_THE_LIST[event.said.move]
                events.append((event, value))
        room, judged, beside = self._copy(), [], frozenset(touched.values())
        for (event, value), facts in zip(events, told, strict=True):
            decision = self._known_answer(event, value)
            if decision is None:
                if isinstance(event.said, Update):
                    event = event._replace(said=replace(event.said, beside=event.said.beside | beside))  # noqa: PLW2901
                decision = room._decision_on(event, facts)
                if decision:
                    room._accept(event, value, decision, None)
            judged.append((event, decision))
        return judged

    def _copy(self) -> Self:
        """A room in the same state, of which nothing is shared that changes."""
        room = type(self)(self.id)
        room._is_created, room._is_destroyed = self._is_created, self._is_destroyed
        room._contents = self._contents.copy()
        return room


@contextmanager
def within(place: str) -> Iterator[None]:
    """Say of an error where in the input it is."""
    try:
        yield
    except EventError as problem:
        raise problem.within(place) from None
