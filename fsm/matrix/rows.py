"""Rows for what is asked of an event besides where its target stands: kinds of events, their facts, and their rows.

Events that move nobody have no state machine, but they are judged in the same way: by rows
of guards over finite facts, any of which may permit. What is asked of every event, and of
every membership event, is such a row as well. Each guard stands in a row with the number of
the rule that it is, so a refusal names the rules that it rests on. Which rows are for which
kind of event is part of a policy (`fsm.matrix.policies`); the guards stand in `fsm.matrix.permits` and, on levels, in
`fsm.matrix.level_permits`.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Self, TypeAlias

from fsm.decision import Decision
from fsm.facts import EVENT, ROOM, SENDER, About, SenderFacts, Subject
from fsm.guards import Guard
from fsm.participation.terms import Participation
from fsm.rule import Rule


class Kind(StrEnum):
    """What an event is to the rules."""

    CREATE = "create"
    ALIASES = "aliases"
    MEMBER = "member"
    PROMISE = "promise"
    LEVELS = "levels"
    REDACTION = "redaction"
    STATE = "state"
    MESSAGE = "message"


_JOIN = Participation.JOIN

KINDS: Mapping[str, Kind] = {
    "m.room.create": Kind.CREATE,
    "m.room.aliases": Kind.ALIASES,
    "m.room.member": Kind.MEMBER,
    "m.room.third_party_invite": Kind.PROMISE,
    "m.room.power_levels": Kind.LEVELS,
    "m.room.redaction": Kind.REDACTION,
}
"""The kinds of events that have a type of their own, where the room version has rules for them."""


def _holds(subject: Subject = EVENT) -> Any:
    """A fact that keeps its value where it does not concern an event."""
    return field(default=True, metadata={About: About(subject, plain=True)})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class EventFacts(SenderFacts[Participation]):
    """All that a guard may know about an event besides where its target stands.

    A fact that does not concern an event keeps its plain value, for which every guard holds.
    """

    sender: Participation = field(default=_JOIN, metadata={About: About(SENDER, plain=_JOIN)})
    # Every event but the creation.
    is_each_cited_once: bool = _holds()
    is_every_cited_selected: bool = _holds()
    is_every_cited_accepted: bool = _holds()
    is_creation_known: bool = _holds(ROOM)
    is_of_this_room: bool = _holds()
    is_admitted: bool = _holds(SENDER)
    # The creation.
    is_first: bool = _holds()
    is_room_of_server: bool = _holds()
    names_no_room: bool = _holds()
    is_version_known: bool = _holds()
    has_creator: bool = _holds()
    is_every_creator_a_user: bool = _holds()
    # Aliases and membership.
    has_state_key: bool = _holds()
    is_key_of_server: bool = _holds()
    is_membership_known: bool = _holds()
    is_authoriser_user: bool = _holds()
    # What it takes to send an event.
    may_invite: bool = _holds(SENDER)
    may_send: bool = _holds(SENDER)
    may_redact: bool = _holds(SENDER)
    is_key_own: bool = _holds()
    is_of_redacted_server: bool = _holds()
    # Power levels.
    is_every_name_whole: bool = _holds()
    is_every_list_whole: bool = _holds()
    is_every_user_whole: bool = _holds()
    is_no_creator_listed: bool = _holds()
    has_levels: bool = _holds(ROOM)
    were_names_in_reach: bool = _holds(SENDER)
    are_names_in_reach: bool = _holds(SENDER)
    were_events_in_reach: bool = _holds(SENDER)
    are_events_in_reach: bool = _holds(SENDER)
    were_notifications_in_reach: bool = _holds(SENDER)
    are_notifications_in_reach: bool = _holds(SENDER)
    were_users_below: bool = _holds(SENDER)
    are_users_in_reach: bool = _holds(SENDER)


EventGuard: TypeAlias = Guard[EventFacts] | Guard[SenderFacts[Participation]]
Numbers: TypeAlias = Mapping[EventGuard, str]
"""The number of the rule that each guard is."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Row(Rule[EventFacts]):
    """A rule whose guards are rules of the specification, each with its number; `clause` is the one that allows."""

    numbers: tuple[str, ...] = field(compare=False)

    @classmethod
    def of(cls, id: str, asks: Numbers, allows: str) -> Self:  # noqa: A002 - the name of the field
        """The row that asks for all of these, and then allows by the rule of this number."""
        return cls(id, tuple(asks), allows, tuple(asks.values()))

    def clause_of(self, guards: Iterable[EventGuard]) -> str:
        """The numbers of some of the guards, each once."""
        numbers = dict(zip(self.guards, self.numbers, strict=True))
        return ", ".join(dict.fromkeys(numbers[each] for each in guards))

    def renumbered(self, numbers: Mapping[str, str]) -> Self:
        """The same under the numbers of another version (see `renumber`)."""
        return replace(
            self,
            clause=renumber(self.clause, numbers),
            numbers=tuple(renumber(number, numbers) for number in self.numbers),
        )

    def asking(self, more: Numbers, drop: AbstractSet[object] = frozenset()) -> Self:
        """The same with these guards besides, or under these numbers, and without those dropped; sorted by number."""
        asks = {**dict(zip(self.guards, self.numbers, strict=True)), **more}
        kept = ((each, number) for each, number in asks.items() if each not in drop)
        return type(self).of(self.id, dict(sorted(kept, key=lambda ask: _in_order(ask[1]))), self.clause)

    @property
    def permission(self) -> Decision:
        """The decision in which the row permits."""
        return Decision(
            allowed=True, transition=self.id, clause=self.clause, guards=tuple(each.name for each in self.guards)
        )


def renumber(clause: str, numbers: Mapping[str, str]) -> str:
    """A clause whose numbers begin otherwise: `numbers` maps whole first parts, of which the longest counts."""
    return ", ".join(_renumber(number, numbers) for number in clause.split(", "))


def _in_order(number: str) -> list[int]:
    return [int(part) for part in number.partition(", ")[0].split(".")]


def _renumber(number: str, numbers: Mapping[str, str]) -> str:
    parts = number.split(".")
    for length in range(len(parts), 0, -1):
        new = numbers.get(".".join(parts[:length]))
        if new is not None:
            return ".".join((new, *parts[length:]))
    return number


# Every event but the creation.
