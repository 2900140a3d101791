"""Small rooms to try policies in: a `Scenario`.

From it the tools derive all that they do in rooms: the search for the shortest log to a
case, test vectors, the laws of whole rooms, the room of the explorer, random histories.

| field | says | by default |
| --- | --- | --- |
| `users` | by user id: what people call them; three or more, of whom the first creates rooms (see below) | |
| `strangers` | two user ids that stand for everybody who is not named | |
| `openings` | by name: how a room begins (`Opening`), the shortest first | |
| `settings` | by words: an event by which the creator sets the room to something | none |
| `assignments` | logs, each of which decides what a sender may do, and stands alone after the first opening | none |
| `corner_cases` | whole logs, to rooms in which it is easily misread what everybody may do | none |
| `attempts` | other events that are tried in every room, such as messages | none |
| `stranger_role` | what everybody is who has no role, in words | `no role` |

Searches take the first three users, the first opening and those that are `searched`. The
page has them all. Facts with a strong value (`fsm.about`) are those that assignments decide. They must not
depend on where users stand, nor on settings.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fsm.errors import DefinitionError, shorten

Log: TypeAlias = tuple[dict[str, Any], ...]
"""Events, in the order in which they are sent."""

LEAST_USERS = 3
"""A sender, a target, and somebody who has brought about where they stand."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A way in which a room begins: the events, and by user id what they are then, in words."""

    log: Log
    roles: Mapping[str, str] = field(default_factory=dict)
    searched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Small rooms to try policies in (see the module). Raises `DefinitionError` for what is none."""

    users: Mapping[str, str]
    strangers: tuple[str, str]
    openings: Mapping[str, Opening]
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    assignments: tuple[Log, ...] = ()
    corner_cases: tuple[Log, ...] = ()
    attempts: Log = ()
    stranger_role: str = "no role"

    def __post_init__(self) -> None:
        """Refuse what no tool could begin with."""
        if len(self.users) < LEAST_USERS:
            raise DefinitionError(f"scenario: `users` must be at least {LEAST_USERS}, not {len(self.users)}")
        if len({*self.users, *self.strangers}) != len(self.users) + 2:
            raise DefinitionError("scenario: `strangers` must be two users who are not among `users`")
        if not self.openings:
            raise DefinitionError("scenario: there is no way in which a room begins: `openings` is empty")
        for name, opening in self.openings.items():
            if not isinstance(opening, Opening) or not opening.log or opening.roles.keys() - self.users.keys():
                raise DefinitionError(
                    f"scenario: opening `{shorten(name)}` is no `Opening` with events, and roles of its users"
                )
        for words, event in self.settings.items():
            if "state_key" not in event:
                raise DefinitionError(f"scenario: setting `{shorten(words)}` is no state event")
        logs = (*self.assignments, *self.corner_cases)
        if not all(type(log) is tuple and log for log in logs):
            raise DefinitionError("scenario: `assignments` and `corner_cases` are tuples of events, none empty")
