"""Which kind of event was asked for, and the rows that are for it.

Theory of operation. A refusal has a reason only in the rows that were meant. Who
leaves was not after a kick, and a join by who is banned is no founding of the room.
So every event has a *kind*: whether senders act on themselves, and what those guards
say of the event that tell its kind. A row is for the kinds of all events that meet what
it asks of the two users and of the kind. That is found by asking it, since a row may well
be for others only without asking for it: nobody who is joined can be a target who is not.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple

from fsm.domain import Domain
from fsm.facts import F
from fsm.guards import Guard
from fsm.table import Table
from fsm.transition import Transition
from fsm.walk import walk


class Kind(NamedTuple):
    """The kind of an event: who acts, and what the guards that tell the kind say, in the order of the policy."""

    is_self: bool
    told: tuple[bool, ...]


class Kinds:
    """The kinds of events that each of the rows for one action is `by_row` for, and all that are `known`."""

    def __init__(self, policy: Table[Any], action: StrEnum) -> None:
        rows = [row for row in policy.transitions if row.trigger is action]
        guards = dict.fromkeys(guard for row in rows for guard in row.guards)
        self._telling: tuple[Guard[Any], ...] = tuple(guard for guard in guards if guard.tells_kind)
        self.by_row: dict[str, set[Kind]] = {row.id: set() for row in rows}
        for row in rows:
            self.by_row[row.id].update(self._kinds(policy, row))
        self.known = frozenset[Kind]().union(*self.by_row.values())

    def _kinds(self, policy: Table[Any], row: Transition[Any]) -> Iterator[Kind]:
        """The kinds of events for which a row is."""
        domain = policy.domain
        telling = frozenset[str]().union(*(domain.reads(guard.test) for guard in self._telling))
        tied = _tied_to_self(domain)
        deciding = telling | _WHO | tied
        guards = [guard for guard in row.guards if domain.reads(guard.test) <= deciding]
        names = telling.union(tied, *(domain.reads(guard.test) for guard in guards))
        if not names.isdisjoint(_STATES):
            names |= _WHO
        within = {**domain.values, **policy.carries.get(row.trigger, {}), "target": tuple(row.source)}
        ties = [each for each in domain.constraints if names.issuperset(each.reads)]
        for chosen, _ in walk({name: within[name] for name in domain.values if name in names}, ties, names):
            facts = domain.record(**{**domain.plain, **chosen})
            if all(guard(facts) for guard in guards):
                yield self.of(facts)

    def of(self, facts: Any) -> Kind:
        """The kind of the event that is asked about."""
        return Kind(facts.is_self, tuple(guard(facts) for guard in self._telling))

    def asked(self, facts: Any) -> Kind | None:
        """The kind that was meant, if any row is for it.

        Where no row in any state is for events by this sender, it is the sender who is
        wrong: then what another one would have to ask for is meant.
        """
        kind = self.of(facts)
        return next((each for each in (kind, kind._replace(is_self=not kind.is_self)) if each in self.known), None)


_STATES = frozenset({"target", "sender"})
_WHO = _STATES | {"is_self"}


def _tied_to_self(domain: Domain[Any]) -> frozenset[str]:
    """The facts that are not free where senders act on themselves, by what the domain declares as possible."""
    reads = [domain.reads(test) for test in domain.possible]
    tied, before = frozenset({"is_self"}), frozenset[str]()
    while tied != before:
        before, tied = tied, tied.union(*(each for each in reads if each & tied))
    return tied


def kinds_of(policy: Table[Any], action: StrEnum) -> Kinds:
    """The kinds of events that the rows for an action are for. They are found once for each policy."""
    kinds: dict[StrEnum, Kinds] = policy.derived(_none_yet)
    if action not in kinds:
        kinds[action] = Kinds(policy, action)
    return kinds[action]


def _none_yet(_: Table[Any]) -> dict[StrEnum, Kinds]:
    return {}


def rows_for_kind(policy: Table[F], action: StrEnum, facts: F) -> tuple[Transition[F], ...]:
    """The rows for the kind of event that was asked for, wherever they lead from.

    All rows for the action, where the policy knows no such kind of event at all.
    """
    kinds = kinds_of(policy, action)
    kind = kinds.asked(facts)
    rows = (row for row in policy.transitions if row.trigger is action)
    return tuple(row for row in rows if kind is None or kind in kinds.by_row[row.id])


def meant(policy: Table[F], action: StrEnum, facts: F) -> tuple[Transition[F], ...]:
    """Those of them that lead from the target's state to where the event asks."""
    asked = policy.rows_for(action, facts)
    return tuple(row for row in rows_for_kind(policy, action, facts) if row in asked)
