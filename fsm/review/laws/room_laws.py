"""The laws of whole rooms: what no sequence of events may lead to.

A room law looks at one *step*: what the room was, the event, the decision, and
what the room then is. The rooms are played through by `fsm.review.search.rooms`. What a
room is, beside where everybody stands and what it is set to, its family says: the
`view` of its `Scenario`. A family's laws are in its part `laws`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.errors import shorten
from fsm.family import AnyRoom
from fsm.review.errors import ReviewError
from fsm.review.laws.kinds import Severity
from fsm.review.laws.source import Source, source_of
from fsm.scenario import Log, Settings

Attempt: TypeAlias = tuple[str, str, str]
"""An action, the sender, the target."""


@dataclass(frozen=True)
class View:
    """What matters of a room at one time. `seen` is what the family's scenario has a `view` for."""

    states: Mapping[str, Any]
    initial: Any = None
    settings: Settings = field(default_factory=dict)
    seen: Any = None

    def state(self, user: str) -> Any:
        """Where a user stands."""
        return self.states.get(user, self.initial)


@dataclass(frozen=True, slots=True)
class Step:
    """One event in a room. `after` is `before` when the event is rejected."""

    event: Mapping[str, Any]
    decision: Decision
    before: View
    after: View

    @property
    def sender(self) -> str:
        """Who acts."""
        return str(self.event["sender"])

    @property
    def is_change(self) -> bool:
        """Whether the event is about where somebody stands."""
        return self.decision.before is not None


@dataclass(frozen=True, slots=True)
class RoomLaw:
    """A sentence that every step of every room keeps."""

    id: str
    sentence: str
    severity: Severity
    source: Source
    test: Callable[[Step], bool]
    shows: Callable[[Step], Attempt | None] = lambda _: None
    """What is to be tried after a step that breaks it, for everybody to see."""
    is_of_refusals: bool = True
    """Whether a refused event, which changes nothing, can break it."""

    def try_room(self, room: AnyRoom, log: Log, initial: Any, view: Callable[[Any, Settings], Any] | None) -> None:
        """Hold it against every step of a log. Raises whatever goes wrong in a law that does not fit such rooms."""
        settings: dict[tuple[str, str], Mapping[str, Any]] = {}

        def seen() -> View:
            shown = None if view is None else view(room, settings)
            return View({**room.participations()}, initial, {**settings}, shown)

        before = seen()
        for event in log:
            decision = room.send(event)
            if decision and decision.before is None and event.get("state_key") is not None:
                settings[event["type"], event["state_key"]] = event["content"]
            step = Step(event, decision, before, seen())
            answer = self.test(step)
            if not isinstance(answer, bool):
                raise ReviewError(f"law `{self.id}` answers {shorten(repr(answer))}, not true or false")
            before = step.after

    @property
    def clause(self) -> str:
        """The title of the section that it comes from; of a law that is ours, of the one that comes closest."""
        return self.source.title


def room_law(
    sentence: str,
    severity: Severity = Severity.HIGH,
    *,
    source: Source | str,
    shows: Callable[[Step], Attempt | None] = lambda _: None,
    is_of_refusals: bool = True,
) -> Callable[[Callable[[Step], bool]], RoomLaw]:
    """Make a room law of a function that tells whether a step keeps it.

    Where a refused event, which changes nothing, cannot break it, `is_of_refusals=False` spares the question.
    """
    return lambda test: RoomLaw(
        test.__name__.replace("_", "-"), sentence, severity, source_of(source), test, shows, is_of_refusals
    )


BEGINS = RoomLaw(
    id="fresh-room-lives",
    sentence="A room can begin as the scenario of its family says",
    severity=Severity.HIGH,
    source=source_of(""),
    test=lambda step: step.decision.allowed,
)
"""Held against the openings, and against nothing else. A family's own law of this id takes its place."""
