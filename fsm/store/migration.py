"""Another policy for stored rooms: where everybody is, and what a room is set to, stay as they are.

A room goes over as it is: it is opened by its policy, written down, and read as a room of the
other one. Where the version of its policy is not at hand by which it was run, as where a host has
changed a table under the same id, its last checkpoint is read so, and the changes since are
applied as they were accepted; what comes of that must be what the store knows of who is where.
"""
# ruff: noqa: SLF001 - rooms are read here as they do it themselves

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from fsm import snapshot
from fsm.change import Outcome
from fsm.errors import DefinitionError, EventError, StoreError, shorten
from fsm.family import AnyPolicy
from fsm.snapshot import states_by_word
from fsm.state import AnyState
from fsm.store.databases import Database
from fsm.store.known import Known
from fsm.store.rooms import RoomRow, Rooms, checkpoint_of
from fsm.store.rows import decision_of, state_of, text_of
from fsm.store.schema import CHANGES, CHECKPOINTS, PARTICIPATION, ROOMS
from fsm.store.slot import Slot

Where = Callable[[RoomRow], object]
"""Whether a room is meant."""


@dataclass(frozen=True, slots=True)
class Migration:
    """What became of each room, or would: true where none was refused.

    `moved` has each room that is run by the policy now, and the users whose state has another word in it, with both
    states; `refused` has those that stay as they were, each with the reason.
    """

    policy: str
    moved: Mapping[str, Mapping[str, tuple[AnyState, AnyState]]]
    refused: Mapping[str, str]
    dry_run: bool = False

    def __bool__(self) -> bool:
        return not self.refused

    def as_json(self) -> dict[str, Any]:
        """The same as JSON; `dry_run` is that nothing was stored."""
        return {
            "policy": self.policy,
            "dry_run": self.dry_run,
            "moved": {
                room: {user: [before.value, after.value] for user, (before, after) in users.items()}
                for room, users in self.moved.items()
            },
            "refused": dict(self.refused),
        }


class Target:
    """The policy that rooms are to have, and what becomes of states that it has not."""

    def __init__(self, policy: AnyPolicy, states: Mapping[Any, Any], known: Known) -> None:
        """Raises `DefinitionError` for states that the policy does not have, and for one without a family."""
        self.policy = policy
        self.kind = known.kind(policy)
        self._provider = known.provider
        self._states = {str(_word(word)): self._state(_word(after)) for word, after in states.items()}

    def _state(self, word: str | int) -> AnyState:
        found = state_of(str(word), self.policy)
        if found not in self.policy.states:
            words = shorten(", ".join(str(state.value) for state in self.policy.states), 200)
            raise DefinitionError(f"`{shorten(str(word))}` is not one of {words}")
        return found

    def becomes(self, text: str) -> AnyState:
        """What a state becomes, by its text. Raises `EventError` where nobody has said it."""
        if text in self._states:
            return self._states[text]
        found = self.policy.derived(states_by_word).get(text) or state_of(text, self.policy)
        if found not in self.policy.states:
            raise EventError("states", f"`{shorten(text)}` is no state of `{self.policy.id}`: say what becomes of it")
        return found

    def room(self, given: Mapping[str, Any]) -> Any:
        """A room by what another one knew. Raises `EventError`, `DefinitionError`."""
        if given.get("format") != self.kind.snapshot_format:
            raise EventError("policy", f"`{self.policy.id}` is for rooms of another family")
        room = self.kind(given["room_id"], policy=self.policy, facts=self._provider)
        participation = {user: self.becomes(str(word)).value for user, word in given["participation"].items()}
        named = {"policy": self.policy.id, "fingerprint": self.policy.fingerprint}
        room._restore({**given, **room._parts_of_another(given), **named, "participation": participation})
        return room


def _word(state: Any) -> str | int:
    word = getattr(state, "value", state)
    if type(word) not in (str, int):
        raise DefinitionError(f"a state is named by its word, not by {shorten(repr(state))}")
    return word  # type: ignore[no-any-return]  # it has just been looked at


def migrated(
    connection: Connection, rooms: Rooms, row: Any, target: Target
) -> tuple[Any, dict[str, tuple[AnyState, AnyState]]]:
    """A stored room as one under another policy, and who has another state in it.

    Raises `PolicyError` where that cannot be.
    """
    query = select(PARTICIPATION.c.user_id, PARTICIPATION.c.state).where(PARTICIPATION.c.room_id == row.id)
    before: dict[str, str] = {user: text for user, text in connection.execute(query)}  # noqa: C416 - rows are no tuples
    after = {user: target.becomes(text) for user, text in before.items()}
    room = _led(connection, rooms, row, target)
    if room.participations() != {user: state for user, state in after.items() if state != target.policy.initial}:
        raise EventError("policy", f"`{target.policy.id}` reads otherwise what has happened: who is where would change")
    old = rooms.known.policy(row.policy, row.fingerprint)
    states = {user: (state_of(text, old), after[user]) for user, text in before.items()}
    return room, {user: pair for user, pair in states.items() if text_of(pair[0]) != text_of(pair[1])}


def _led(connection: Connection, rooms: Rooms, row: Any, target: Target) -> Any:
    """The room at its last revision."""
    if rooms.known.policy(row.policy, row.fingerprint) is not None:
        slot = Slot(row.id)
        try:
            rooms.catch_up(connection, slot, row)
        except StoreError as problem:
            raise EventError("room_id", str(problem)) from None
        if slot.room.changes_policy:
            raise EventError("policy", f"`{shorten(row.policy)}` follows from what happens in the room")
        return target.room(snapshot.write_present(slot.room))
    checkpoint = connection.scalar(select(CHECKPOINTS.c.snapshot).where(CHECKPOINTS.c.room_id == row.id))
    room = target.room(json.loads(checkpoint or "{}"))
    since = select(CHANGES).where(CHANGES.c.room_id == row.id, CHANGES.c.revision > room.revision)
    for change in connection.execute(since.order_by(CHANGES.c.revision)):
        _apply(room, change, target)
    if room.revision != row.revision:
        raise EventError("policy", f"`{shorten(row.policy)}` is not at hand, nor all changes since the last checkpoint")
    return room


def _apply(room: Any, change: Any, target: Target) -> None:
    """Have a room go on by a change as it was accepted: nobody judges it."""
    value = json.loads(change.event)
    if change.outcome == Outcome.TAKEN:
        room._taken(value, None)
        return
    before, after = (None if text is None else target.becomes(text) for text in (change.before, change.after))
    room._enter_judged(value, decision_of(change, target.policy, before, after))


def store(connection: Connection, database: Database, row: Any, room: Any, moved: Iterable[str]) -> None:
    """Store a room as it is under its other policy. All who have it in memory will open it anew."""
    policy = room.policy
    connection.execute(database.checkpoint, {"room_id": row.id, "snapshot": checkpoint_of(room)})
    values = {"rules": policy.id, "policy": policy.id, "fingerprint": policy.fingerprint, "checkpoint": row.revision}
    connection.execute(update(ROOMS).where(ROOMS.c.id == row.id).values(erasures=row.erasures + 1, **values))
    there = room.participations()
    database.place_all(connection, [(row.id, user, text_of(there.get(user))) for user in moved])
