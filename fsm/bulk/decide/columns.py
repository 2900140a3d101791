"""What columnar replay needs of a family: its own columns, or rooms that are asked about every event.

A family that has no `columns` of its own needs none: its rooms judge each event as any room does, and theirs are the
states that count.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

from fsm.columns import AnyColumnRoom, AnyColumns
from fsm.errors import DefinitionError
from fsm.family import AnyPolicy, Family
from fsm.policies import Rules, family_of, policies_of

JSON: TypeAlias = dict[str, Any]


def columns_of(rules: Rules) -> AnyColumns:
    """What columnar replay needs of the family. Raises `DefinitionError` when that is not known."""
    family = family_of(rules)
    if family is None:
        raise DefinitionError(f"policy `{rules.id}` has no columnar replay")
    policy = policies_of(rules)[0]
    return family.columns(policy) if family.columns else Columns(family, policy)


def looks_up(rules: Rules) -> bool:
    """Whether changes are looked up, as the family has columns of its own; else a room is asked about each."""
    family = family_of(rules)
    return family is not None and family.columns is not None


_MOST_DIGITS = 20
"""So many digits has a number that may be a state."""


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
        self._policy = policy
        self._syntax = family.syntax_of(policy)
        self.initial = policy.initial
        self.is_self = policy.domain.weights["is_self"][True]
        self.is_user = self._syntax.is_user

    def room(self, room_id: str | None, states: MutableMapping[str, Any]) -> AnyColumnRoom:
        """Not asked: the rooms are those of the family."""
        raise NotImplementedError

    def read(self, event: Mapping[str, Any]) -> None:
        """No event is a look-up."""

    def write(self, sender: str | None, target: str | None, action: str, destination: str | None = None) -> JSON:
        """The event that asks for a change, of which a history names no more than this.

        Rooms may come to have other states than the policy, so that any word is written.
        """
        event = self._syntax.write(self._policy, action, sender or "", target or "")
        if self._syntax.destination != self._syntax.action:
            self._syntax.lead(event, None if destination is None else self._word(destination))
        return event | ({"sender": None} if sender is None else {})

    def _word(self, destination: str) -> str | int:
        """The word for a state, which is a number where those of states are."""
        is_number = destination.isascii() and destination.isdecimal() and len(destination) <= _MOST_DIGITS
        return int(destination) if is_number and type(self.initial.value) is int else destination

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
