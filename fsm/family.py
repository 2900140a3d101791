"""What a family of policies offers to the tools.

A family is a package with a module `policies` and a class `Room` in a module `room`; the
other modules that are named here are there if it has something for that tool. The tools
reach all of them through the catalogue only (`fsm.policies`).
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple, Protocol, TypeAlias

from fsm.decision import Decision
from fsm.policy import Policy
from fsm.terms import Participation

AnyPolicy: TypeAlias = Policy[Any]

Log: TypeAlias = tuple[dict[str, Any], ...]
"""Events, in the order in which they are sent."""

Settings: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""The latest contents of a room's settings, by event type and state key."""


class AnyRoom(Protocol):
    """What the tools ask of a room, whatever its family."""

    @property
    def policy(self) -> AnyPolicy:
        """The policy that judges its events."""

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why."""

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands."""

    def view(self, event: str | int, user: str) -> Decision:
        """Whether the user may be shown the event, named by its id or its position, and if not, why."""

    def remember(self) -> None:
        """Keep events without an id, too, each by its position."""

    @property
    def kept(self) -> int:
        """The number of events kept, which is the position of the next one."""

    def participations(self) -> dict[str, Participation]:
        """Everybody who is not in `leave`."""


class AnyPlay(Protocol):
    """The events from which the tools build small rooms, whatever the family (see `fsm.mimi.play`)."""

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who takes part."""

    @property
    def goes_on(self) -> bool:
        """Whether turns after a casting may lead to what no turn before it leads to."""

    @property
    def openings(self) -> tuple[Log, ...]:
        """The ways in which a room begins."""

    @property
    def gatherings(self) -> tuple[Log, ...]:
        """Other rooms to compare facts in; no search begins with them."""

    @property
    def turns(self) -> Log:
        """Every single event that moves somebody or changes who may join."""

    @property
    def castings(self) -> tuple[Log, ...]:
        """Events that decide the privileges (see `fsm.facts.Domain`), which turns leave alone; shortest first."""

    @property
    def riddles(self) -> tuple[Log, ...]:
        """Whole logs to rooms in which it is easily misread what everybody may do and whom they outrank."""

    def questions(self, action: str) -> Log:
        """Every form in which an action can be asked for, each by one event."""

    def facts(self, room: Any, question: Mapping[str, Any]) -> Any:
        """The facts under which the room would judge a question."""


class Opening(NamedTuple):
    """A way in which a room begins that people play in: the events, and who is then what, in words."""

    log: Log
    roles: Mapping[str, str]


class AnyStage(Protocol):
    """A room to play in, whatever the family (see `fsm.mimi.stage`)."""

    @property
    def people(self) -> Mapping[str, str]:
        """What those are called who take part, by user id."""

    @property
    def strangers(self) -> tuple[str, str]:
        """Two users who stand for everybody not named."""

    @property
    def stranger_role(self) -> str:
        """What everybody is who has no role, in words."""

    @property
    def users(self) -> tuple[str, int]:
        """What a user id looks like, as a pattern that Python and JavaScript know, and the most bytes that it has."""

    @property
    def openings(self) -> Mapping[str, Opening]:
        """The ways in which the room begins, by what they are called."""

    @property
    def extras(self) -> Mapping[str, str]:
        """By path, what an event may hold beyond its shape and still be the same question.

        `text`: a string; `name`: one that is not empty; `never`: it is another question then.
        Other things make no difference, at the top of an event and in its content.
        """

    @property
    def decisive(self) -> frozenset[str]:
        """The event types after which anybody may do something else than the opening says."""

    def changes(self, action: str, sender: str, target: str) -> Log:
        """A participation change in every way in which it can be written, the one to write first."""

    def settings(self, sender: str) -> Mapping[str, dict[str, Any]]:
        """What somebody can set the room to, by what that is called."""

    def facts(self, room: Any, change: dict[str, Any]) -> Any:
        """The facts under which the room would judge a participation change."""


class AnyBoards(Protocol):
    """The rooms that the tools play through, whatever the family (see `fsm.mimi.boards`)."""

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who takes part."""

    @property
    def all(self) -> tuple[tuple[Log, Log, Log], ...]:
        """Each an opening, the deeds that are done from there in every order, and what is only tried."""

    def permissions(self, room: Any, user: str) -> frozenset[str]:
        """What the user holds permissions for, as words."""

    def rank(self, room: Any, user: str) -> int:
        """How high the user stands."""

    def can_be_mended(self, room: Any) -> bool:
        """Whether permissions are dealt, and somebody can deal them anew."""

    def grants(self, settings: Settings, user: str) -> frozenset[str]:
        """What the user has been granted, also where something stronger takes it back."""

    def needs(self, event: Mapping[str, Any], settings: Settings) -> frozenset[str]:
        """The permissions that an event takes."""

    def height(self, event: Mapping[str, Any], settings: Settings) -> int | None:
        """The highest rank that an event changes something about, if any."""

    def is_simple(self, event: Mapping[str, Any]) -> bool:
        """Whether permission is all that an event takes of who is joined."""

    def contradicts(self, event: Mapping[str, Any], settings: Settings) -> bool:
        """Whether a room contradicts itself if it takes this event."""

    def removal(self, action: str, sender: str, target: str) -> dict[str, Any]:
        """The event by which somebody tries to remove somebody."""


class AnyColumnRoom(Protocol):
    """A room whose participation is kept in columns, outside of it."""

    @property
    def rule(self) -> int:
        """What its settings add to the code of every change; below 0 when it has to be asked itself."""

    @property
    def others(self) -> tuple[int, ...]:
        """The powers of everybody who has none of their own."""

    def hear(self, event: Callable[[], Any], fields: Mapping[str, Any] | None = None) -> Decision:
        """Decide, and apply the event when it is allowed.

        `event` reads it; `fields`, if at hand, are its fields as a history holds them, the content as text.
        Its sender, room and id have then been found sound.
        """

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands."""

    def new_powers(self) -> Mapping[str, tuple[int, ...] | None]:
        """The powers that have changed since this was last asked, by user; None for who has none of their own now.

        Powers are what somebody adds to the code as a sender, and the ranks to compare.
        """


class AnyColumns(Protocol):
    """A family's events and settings as columnar replay needs them (see `fsm.mimi.columns`).

    The code of a change, by which its decision is looked up, is the sum of the
    weights of its facts: what the room's `rule` and the sender's powers add,
    `is_self` for a change of oneself, and each of `ranks` where the sender's
    power at that place is above the target's.
    """

    @property
    def types(self) -> frozenset[str]:
        """The event types of participation."""

    @property
    def initial(self) -> Participation:
        """Where somebody stands of whom nothing is known."""

    @property
    def is_self(self) -> int:
        """The weight of a change of oneself."""

    @property
    def ranks(self) -> tuple[int, ...]:
        """The weights of outranking the target, in the order of the powers."""

    @property
    def past_words(self) -> tuple[bytes, ...]:
        """One of these stands in the text of every event that `looks_back`."""

    @property
    def is_user(self) -> Callable[[str], bool] | None:
        """Whether a text can be the id of a user; None where any can."""

    @property
    def join_rules(self) -> tuple[str, ...]:
        """The join rules that a room can be opened with."""

    def room(self, room_id: str | None, states: MutableMapping[str, Participation]) -> AnyColumnRoom:
        """A room that nobody has created yet, and that keeps participation in `states`."""

    def read(self, event: Mapping[str, Any]) -> tuple[str, str, str] | None:
        """Sender, target and action of a change that takes no more than a look-up, None for other events."""

    def write(self, sender: str | None, target: str | None, action: str) -> dict[str, Any]:
        """The event that asks for a change."""

    def looks_back(self, event: Mapping[str, Any]) -> bool:
        """Whether the decision depends on single events of the past, so that a room has to remember them."""

    def opening(self, creator: str, moderators: Iterable[str], join_rule: str) -> list[dict[str, Any]]:
        """The events with which a room begins."""

    def appoint(self, creator: str, moderators: Iterable[str]) -> dict[str, Any]:
        """The event by which a room's moderators become these."""

    def change_rule(self, creator: str, join_rule: str) -> dict[str, Any]:
        """The event that sets a room's join rule."""


class Codec(Protocol):
    """What the tools ask of a family's wire format."""

    def encode(self, struct: str, value: object) -> bytes:
        """The bytes of a value. Raises `EventError`, `DefinitionError`."""

    def decode(self, struct: str, data: bytes) -> Any:
        """The value of these bytes. Raises `DecodeError`, `DefinitionError`."""
