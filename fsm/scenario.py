"""Small rooms to try policies in: a `Scenario`.

From it the tools derive all that they do in rooms: the search for the shortest log to a
case, test vectors, the laws of whole rooms, the room of the explorer, random histories.

| field | says | by default |
| --- | --- | --- |
| `users` | by user id: what people call them; three or more, of whom the first creates rooms (see below) | |
| `strangers` | two user ids that stand for everybody who is not named | |
| `openings` | by name: how a room begins (`Opening`) | |
| `settings` | by words: an event by which the creator sets the room to something | none |
| `assignments` | logs, each of which decides what a sender may do, and stands alone after the first opening | none |
| `corner_cases` | whole logs, to rooms in which it is easily misread what everybody may do | none |
| `attempts` | other events that are tried in every room, such as messages | none |
| `stranger_role` | what everybody is who has no role, in words | `no role` |
| `follows_states` | whether facts between two users may follow from where these stand | yes |
| `moves` | events that move somebody and that the syntax cannot write | none |
| `variants` | a function of an action and the plain events that ask for it: further events that do | none |
| `room_id` | the id of the room that changes and settings name in searches | they name none |
| `compared` | whole logs, to rooms in which policies are compared and no search begins | none |
| `is_assigned_first` | whether moves after an assignment may lead where none before it leads | yes |
| `concerned` | a function of an event: the users by whose states it is judged, with the settings | everybody |
| `trials` | rooms that are tried out (`Trial`), to hold them against the laws of rooms | each opening searched |
| `case` | a function of an action and facts: the shortest log to that case, or None | it is searched for |
| `view` | a function of a room and its settings: what else the laws of rooms look at | nothing |
| `counted` | how facts follow from how many users stand where (`Counted`), for the page | they do not |
| `events` | by kind of event (`Policy.rules_beside`): cases of what each rule beside the table asks | none |
| `never_alone` | by id of a rule beside the table and name of its guard: why that guard decides no event alone | none |

Searches take the first three users, and the openings that are `searched` (else the first); the
page has all users, and the openings that are `shown`. Facts with a strong value (`fsm.about`) are
those that assignments decide. They must not depend on where users stand, nor on settings.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
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
    shown: bool = True


@dataclass(frozen=True, slots=True)
class Trial:
    """A room that is tried out: what has happened, what is done from there in every order, what is only attempted.

    What is done are all changes and settings of the first three users, unless `deeds` says otherwise.
    """

    log: Log
    deeds: Log | None = None
    attempts: Log = ()


@dataclass(frozen=True, slots=True)
class EventCase:
    """An event that moves nobody, or a change as the rules for all changes see it: the room, the event, others cited.

    `words` say what is the case, briefly; no two of one kind have the same. `state` is the room's state.
    """

    words: str
    state: Log
    event: Mapping[str, Any]
    events: Log = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """The rooms of the page where facts follow from how many users stand where, and not from two users alone.

    `openings` and `settings` are as those of a scenario. `state` gives the events of the state of a room in which
    users are in these states, after some settings. `forms` are the ways in which an action is asked for: each in
    words, and with what the event says. `follows` says of facts what they hang on, out of `form`, `sender`,
    `target`, `self`, a setting's event type, and counts of users but the target: `left` are those in its state,
    `entered` those in the state that the event names, and `members` those in the states of this name. `numbers` are
    the counts at which some fact may change.
    """

    openings: Mapping[str, Opening]
    settings: Mapping[str, Mapping[str, Any]]
    state: Callable[[Mapping[str, Any], Iterable[Mapping[str, Any]]], list[dict[str, Any]]]
    forms: Callable[[Any], Iterable[tuple[str, Mapping[str, Any]]]]
    follows: Mapping[str, tuple[str, ...]]
    numbers: tuple[int, ...]
    members: tuple[Any, ...]


Settings: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""The latest contents of a room's settings, by event type and state key."""


_KINDS: Mapping[str, type] = {
    "users": Mapping,
    "strangers": tuple,
    "openings": Mapping,
    "settings": Mapping,
    "events": Mapping,
    "never_alone": Mapping,
    **dict.fromkeys(("assignments", "corner_cases", "attempts", "moves", "compared", "trials"), tuple),
    "stranger_role": str,
    "follows_states": bool,
    "is_assigned_first": bool,
}
"""What the parts of a scenario are."""


def _is_log(log: object) -> bool:
    """Whether this is a log with events in it."""
    return type(log) is tuple and bool(log) and all(isinstance(event, Mapping) for event in log)


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
    follows_states: bool = True
    moves: Log = ()
    variants: Callable[[str, Log], Log] | None = None
    room_id: str | None = None
    compared: tuple[Log, ...] = ()
    is_assigned_first: bool = True
    concerned: Callable[[Mapping[str, Any]], Iterable[str]] | None = None
    trials: tuple[Trial, ...] = ()
    case: Callable[[str, Any], Log | None] | None = None
    view: Callable[[Any, Settings], Any] | None = None
    events: Mapping[str, tuple[EventCase, ...]] = field(default_factory=dict)
    never_alone: Mapping[tuple[str, str], str] = field(default_factory=dict)
    counted: Counted | None = None

    def __post_init__(self) -> None:
        """Refuse what no tool could begin with."""
        for problem in self._faults():
            raise DefinitionError(f"scenario: {problem}")

    def _faults(self) -> Iterator[str]:
        for part, kind in _KINDS.items():
            if not isinstance(getattr(self, part), kind):
                yield f"`{part}` must be a {kind.__name__}, not {type(getattr(self, part)).__name__}"
        if self.room_id is not None and type(self.room_id) is not str:
            yield f"`room_id` must be a str, not {type(self.room_id).__name__}"
        if not all(type(text) is str for text in (*self.users, *self.users.values(), *self.strangers)):
            yield "`users` and `strangers` must be texts"
        if len(self.users) < LEAST_USERS:
            yield f"`users` must be at least {LEAST_USERS}, not {len(self.users)}"
        if len({*self.users, *self.strangers}) != len(self.users) + 2:
            yield "`strangers` must be two users who are not among `users`"
        if not self.openings:
            yield "there is no way in which a room begins: `openings` is empty"
        for name, opening in self.openings.items():
            if not isinstance(opening, Opening) or not _is_log(opening.log) or {*opening.roles} - {*self.users}:
                yield f"opening `{shorten(name)}` is no `Opening` with events, and roles of its users"
        yield from self._faults_of_logs()
        yield from self._faults_of_events()

    def _faults_of_logs(self) -> Iterator[str]:
        for words, event in self.settings.items():
            if not isinstance(event, Mapping) or "state_key" not in event:
                yield f"setting `{shorten(words)}` is no state event"
        for part in ("assignments", "corner_cases", "compared"):
            if not all(map(_is_log, getattr(self, part))):
                yield f"`{part}` are tuples of events, none empty"
        for part in ("attempts", "moves"):
            if getattr(self, part) and not _is_log(getattr(self, part)):
                yield f"`{part}` must be a tuple of events"
        if not all(isinstance(trial, Trial) and _is_log(trial.log) for trial in self.trials):
            yield "`trials` must be a tuple of `Trial`, each with events"
        for part in ("variants", "concerned", "case", "view"):
            if getattr(self, part) is not None and not callable(getattr(self, part)):
                yield f"`{part}` is no function"

    def _faults_of_events(self) -> Iterator[str]:
        for kind, cases in self.events.items():
            if type(cases) is not tuple or not all(isinstance(case, EventCase) for case in cases):
                yield f"`events` of kind `{shorten(kind)}` must be a tuple of `EventCase`"
            elif len({case.words for case in cases}) != len(cases):
                yield f"two `events` of kind `{shorten(kind)}` have the same words"

    def logs(self, part: str) -> tuple[Log, ...]:
        """The logs of a part, each of which can be played: single events come after the first opening."""
        given = getattr(self, part)
        if part in ("attempts", "moves"):
            return tuple((*self.searched[0], event) for event in given)
        if part == "trials":
            return tuple((*trial.log, *(trial.deeds or ()), *trial.attempts) for trial in given)
        return tuple(given)

    @property
    def searched(self) -> tuple[Log, ...]:
        """The openings with which searches begin."""
        found = tuple(opening.log for opening in self.openings.values() if opening.searched)
        return found or (next(iter(self.openings.values())).log,)

    @property
    def shown(self) -> Mapping[str, Opening]:
        """The openings of the page."""
        return {name: opening for name, opening in self.openings.items() if opening.shown}
