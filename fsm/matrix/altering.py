"""What an `m.room.power_levels` event alters, and what of that is above its sender.

Spec: "If type is `m.room.power_levels`" (authorisation rules)
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from fsm.decision import DeniedChange
from fsm.matrix.ids import is_user_id
from fsm.matrix.level_permits import (
    event_levels_are_in_reach,
    event_levels_were_in_reach,
    named_levels_are_in_reach,
    named_levels_were_in_reach,
    notification_levels_are_in_reach,
    notification_levels_were_in_reach,
    users_are_in_reach,
    users_were_below,
)
from fsm.matrix.levels import LISTED, NAMED, Alteration, Levels, Power, alterations, is_unknown
from fsm.matrix.rows import EventGuard, Row
from fsm.record import Record


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Asked(Record):
    """New levels that a sender asks for, in place of those in force; None where there are none.

    `power` is the sender's level. One that is not known is too low for everything or, with
    `favourable`, high enough.
    """

    sender: str
    power: Power
    before: Levels | None
    after: Levels
    favourable: bool = False

    def is_above(self, level: Power | None) -> bool:
        """Whether a level is there, and above the sender's. What is no number is above nothing."""
        if level is None or is_unknown(level):
            return False
        return not self.favourable if is_unknown(self.power) else level > self.power

    def is_below(self, level: Power | None) -> bool:
        """Whether a level is not there, or below the sender's."""
        if level is None or is_unknown(level):
            return True
        return self.favourable if is_unknown(self.power) else level < self.power


Test: TypeAlias = Callable[[Asked, Alteration], bool]


def _was_in_reach(asked: Asked, alteration: Alteration) -> bool:
    return not asked.is_above(alteration.before)


def _is_in_reach(asked: Asked, alteration: Alteration) -> bool:
    return not asked.is_above(alteration.after)


def _was_below(asked: Asked, alteration: Alteration) -> bool:
    return alteration.path[-1] == asked.sender or asked.is_below(alteration.before)


# By list of levels, None being those that have names: the fact that each test finds, and the guard that reads it.
_TESTS: Mapping[str | None, tuple[tuple[Test, str, EventGuard], ...]] = MappingProxyType(
    {
        None: (
            (_was_in_reach, "were_names_in_reach", named_levels_were_in_reach),
            (_is_in_reach, "are_names_in_reach", named_levels_are_in_reach),
        ),
        "events": (
            (_was_in_reach, "were_events_in_reach", event_levels_were_in_reach),
            (_is_in_reach, "are_events_in_reach", event_levels_are_in_reach),
        ),
        "notifications": (
            (_was_in_reach, "were_notifications_in_reach", notification_levels_were_in_reach),
            (_is_in_reach, "are_notifications_in_reach", notification_levels_are_in_reach),
        ),
        "users": (
            (_was_below, "were_users_below", users_were_below),
            (_is_in_reach, "are_users_in_reach", users_are_in_reach),
        ),
    }
)


REACHES = tuple(name for tests in _TESTS.values() for _, name, _ in tests)
"""The names of the facts about what is altered."""

_NOTHING_ALTERED = dict.fromkeys(REACHES, True)


def facts_of_form(levels: Levels, creators: tuple[str, ...]) -> dict[str, bool]:
    """The facts about what is in a content, whatever was before."""
    faulty = {path[0] for path in levels.faults}
    return {
        "is_every_name_whole": faulty.isdisjoint(NAMED),
        "is_every_list_whole": faulty.isdisjoint(("events", "notifications")),
        "is_every_user_whole": "users" not in faulty and all(map(is_user_id, levels.users)),
        "is_no_creator_listed": not any(creator in levels.users for creator in creators),
    }


def facts_of_reach(asked: Asked) -> Mapping[str, bool]:
    """The facts about what is altered."""
    if asked.before is None:
        return _NOTHING_ALTERED
    failed = {name for listed in _TESTS for _, found in _altered(asked, listed) for name, _ in found}
    return {name: name not in failed for name in REACHES}


def denied(asked: Asked, row: Row) -> Iterator[DeniedChange]:
    """The entries that may not be altered so, each with the numbers of the rules in this row that forbid it."""
    for listed in (None, *LISTED):
        for alteration, failed in _altered(asked, listed):
            guards = [each for _, each in failed if each in row.guards]
            if guards:
                assert asked.before is not None
                yield DeniedChange(
                    field=".".join(alteration.path),
                    before=asked.before.said(alteration.path, alteration.before),
                    after=asked.after.said(alteration.path, alteration.after),
                    clause=row.clause_of(guards),
                )


def _altered(asked: Asked, listed: str | None) -> Iterator[tuple[Alteration, list[tuple[str, EventGuard]]]]:
    """What is altered, with the facts and guards that fail for it."""
    if asked.before is None:
        return
    for alteration in alterations(asked.before, asked.after, listed):
        yield alteration, [(name, each) for test, name, each in _TESTS[listed] if not test(asked, alteration)]
