"""What columnar replay needs of a family: its own columns, or rooms that are asked about every event.

A family that has no `columns` of its own needs none: its rooms judge, and their states are
mirrored in those of columnar replay.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.errors import DefinitionError
from fsm.family import AnyColumns, AnyPolicy, Family
from fsm.policies import Rules, family_of, policies_of

JSON: TypeAlias = dict[str, Any]


def columns_of(rules: Rules) -> AnyColumns:
    """What columnar replay needs of the family. Raises `DefinitionError` when that is not known."""
    family = family_of(rules)
    if family is None:
        raise DefinitionError(f"policy `{rules.id}` has no columnar replay")
    policy = policies_of(rules)[0]
    return family.columns(policy) if family.columns else Columns(family, policy)


_ASK = -1
"""In place of a rule: the room has to be asked itself."""


class ColumnRoom:
    """A room that is asked about every event, and mirrors its states in those of columnar replay."""

    rule = _ASK
    others: tuple[int, ...] = (0,)

    def __init__(self, room: Any, family: Family, states: MutableMapping[str, Any]) -> None:
        self._room = room
        self._syntax = family.syntax_of(room.policy)
        self._states = states

    def judge(self, event: Callable[[], Any], fields: Mapping[str, Any] | None = None) -> Decision:  # noqa: ARG002 - for others
        """Decide, and apply the event when it is allowed. Raises `EventError`."""
        value = event()
        decision: Decision = self._room.send(value)
        if decision.allowed:
            self._mirror(value)
        return decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands. Raises `EventError`."""
        self._room.take(event)
        self._mirror(event)

    def note(self, event: Mapping[str, Any]) -> None:
        """Find what is wrong with a message that nobody judged. Raises `EventError`."""
        self._room.note(event)

    def new_powers(self) -> Mapping[str, tuple[int, ...] | None]:
        """None: the room is asked."""
        return {}

    def _mirror(self, event: Mapping[str, Any]) -> None:
        """Take over where users stand after an event: of a change the target, else everybody."""
        states = self._room.participations()
        target = self._syntax.target_of(event) if event["type"] in self._syntax.changes else None
        initial = self._room.policy.initial
        moved = {target: states.get(target, initial)} if target is not None else states
        for user, state in moved.items():
            if self._states.get(user, initial) != state:
                self._states[user] = state


class Columns:
    """A family's events as columnar replay sees them: none is a look-up, its room judges each."""

    types: frozenset[str] = frozenset()
    past_words: tuple[bytes, ...] = ()
    ranks: tuple[int, ...] = ()
    rules: tuple[str, ...] = ()
    habits: Mapping[str, tuple[float, float]] = {}
    entry = ("", "")
    acts: Any = None

    def __init__(self, family: Family, policy: AnyPolicy) -> None:
        self._family = family
        self._policy = policy
        self._syntax = family.syntax_of(policy)
        self.initial = policy.initial
        self.is_self = policy.domain.weights["is_self"][True]
        self.is_user = self._syntax.is_user

    def room(self, room_id: str | None, states: MutableMapping[str, Any]) -> ColumnRoom:
        """A room that nobody has created yet, and that keeps participation in `states`, too."""
        return ColumnRoom(self._family.room(room_id, policy=self._policy), self._family, states)

    def read(self, event: Mapping[str, Any]) -> None:
        """No event is a look-up."""

    def write(self, sender: str | None, target: str | None, action: str) -> JSON:
        """The event that asks for a change, of which a history names no more than this."""
        event = self._syntax.write(self._policy, action, sender or "", target or "")
        return event | ({"sender": None} if sender is None else {})

    def looks_back(self, event: Mapping[str, Any]) -> bool:  # noqa: ARG002 - as columnar replay asks any family
        """Rooms judge by their state."""
        return False

    def says_more(self, event: Mapping[str, Any]) -> bool:  # noqa: ARG002
        """No event is a look-up."""
        return False

    def opening(self, creator: str, moderators: Iterable[str], rule: str) -> list[JSON]:
        """Not asked: histories of such families are played (`fsm.bulk.decide.played`)."""
        raise NotImplementedError

    def appoint(self, creator: str, moderators: Iterable[str]) -> JSON:
        """Not asked."""
        raise NotImplementedError

    def change_rule(self, creator: str, rule: str) -> JSON:
        """Not asked."""
        raise NotImplementedError
