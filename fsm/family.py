"""A family of policies: all that the tools need to know of a protocol, as one value.

| part | is |
| --- | --- |
| `id` | what the family is called |
| `policies` | its policies, of which the first is tried when the family is loaded |
| `room` | the class of its rooms (see `AnyRoom`, and `fsm.syntax_room` for one that is nearly whole) |
| `syntax` | how changes are written and read (`fsm.syntax`) |
| `scenario` | small rooms to try policies in (`fsm.scenario`) |
| `laws` | what must hold in every case and every room (`fsm.review.laws`, `fsm.review.room_laws`) |
| `words` | by word of the protocol, such as an action: what people call it |
| `codec` | its wire format (`Codec`), if it has one |

A policy names its family as `module:NAME`, or by its id where the family is an entry
point of the group `fsm.families`. The tools reach families through `fsm.policies` only.

Families that come as packages, with a module for each tool, offer the protocols below.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from inspect import signature
from typing import Any, Protocol, TypeAlias

from fsm.decision import Decision
from fsm.errors import DefinitionError, PolicyError, shorten
from fsm.event import read_event
from fsm.policy import Policy
from fsm.scenario import Log, Opening, Scenario
from fsm.syntax import Syntax
from fsm.terms import Participation

AnyPolicy: TypeAlias = Policy[Any]

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

    def note(self, event: Mapping[str, Any]) -> None:
        """Keep a message that nobody judged."""

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

    @property
    def takes_more(self) -> bool:
        """Whether the content of an event may hold more than its shape, and be the same question."""

    @property
    def follows_states(self) -> bool:
        """Whether facts between two users may follow from where these stand, and not only from the opening."""

    def forms(self, action: str) -> Iterable[Mapping[str, Any]]:
        """The facts that a change itself says, in every form in which the action can be asked for."""

    def changes(self, action: str, sender: str, target: str, told: Mapping[str, Any] = ...) -> Log:
        """A participation change in every way in which it can be written, the one to write first."""

    def placed(self, user: str, state: Any) -> dict[str, Any] | None:
        """An event which, taken as it stands, puts a user into a state; None where none does."""

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
    def removals(self) -> tuple[str, ...]:
        """The actions by which somebody may remove somebody."""

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

    def note(self, event: Mapping[str, Any]) -> None:
        """Find what is wrong with a message that nobody judged. Raises `EventError`."""

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

    def says_more(self, event: Mapping[str, Any]) -> bool:
        """Whether a change says more than takes a look-up that tells it from other events of its id."""

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


_PARTS = ("id", "policies", "room", "syntax", "scenario", "laws", "words")

_METHODS: Mapping[str, tuple[str, ...]] = {
    "from_state": ("state", "policy"),
    "room_of": ("event",),
    "decide": ("event",),
    "send": ("event",),
    "take": ("event",),
    "participations": (),
    "facts_of": ("event",),
    "remember": (),
}
"""What a class of rooms has to have, and how it is called: by place, and `policy` by name."""


@dataclass(frozen=True)
class Family:
    """A family of policies (see the module), checked when it is made.

    Raises `DefinitionError`, in one line, for a part that is missing or does not fit.
    """

    id: str = ""
    policies: tuple[AnyPolicy, ...] = ()
    room: Any = None
    syntax: Syntax = field(default=None)  # type: ignore[assignment]  # what is missing is named below
    scenario: Scenario = field(default=None)  # type: ignore[assignment]
    laws: tuple[Any, ...] | None = None
    words: Mapping[str, str] | None = None
    codec: "Codec | None" = None

    def __post_init__(self) -> None:
        """Check every part, and try them together."""
        for problem in self._faults():
            raise DefinitionError(f"family `{shorten(str(self.id))}`: {problem}")

    def _faults(self) -> Iterator[str]:
        for name in _PARTS:
            if getattr(self, name) in (None, "", ()) and name != "laws":
                yield f"the part `{name}` is missing"
        if self.laws is None:
            yield "the part `laws` is missing"
        kinds = {"id": str, "policies": tuple, "syntax": Syntax, "scenario": Scenario, "laws": tuple, "words": Mapping}
        for name, kind in kinds.items():
            if not isinstance(getattr(self, name), kind):
                yield f"the part `{name}` must be a {kind.__name__}, not {type(getattr(self, name)).__name__}"
        policies: tuple[object, ...] = self.policies
        for policy in policies:
            if not isinstance(policy, Policy):
                yield f"`policies` holds {shorten(repr(policy))}, which is no policy"
        yield from self._faults_of_laws()
        yield from self._faults_of_room()
        yield from self._faults_of_syntax()
        yield from self._faults_of_scenario()

    def _faults_of_laws(self) -> Iterator[str]:
        for law in self.laws or ():
            missing = [name for name in ("id", "sentence", "test") if not hasattr(law, name)]
            if missing:
                yield f"`laws` holds {shorten(repr(law))}, which has no `{missing[0]}`"

    def _faults_of_room(self) -> Iterator[str]:
        if not isinstance(self.room, type):
            yield f"the part `room` must be a class, not {type(self.room).__name__}"
        if not _can_be_called(self.room, "room_id", "policy"):
            yield "the class of its rooms cannot be made from a room id and `policy=`"
        if not hasattr(self.room, "policy"):
            yield "the class of its rooms has no `policy`"
        for name, parameters in _METHODS.items():
            method = getattr(self.room, name, None)
            if not callable(method):
                yield f"the class of its rooms has no `{name}`"
            is_bound = name in ("from_state", "room_of")
            if not _can_be_called(method, *(() if is_bound else ("self",)), *parameters):
                taken = ", ".join("policy=" if each == "policy" else each for each in parameters)
                yield f"`{name}` of its rooms does not take ({taken})"

    def _faults_of_syntax(self) -> Iterator[str]:
        policy = self.policies[0]
        for user in (*self.scenario.users, *self.scenario.strangers):
            if not self.syntax.is_user(user):
                yield f"`scenario` has the user `{shorten(user)}`, who is none by `syntax`"
        user, other, *_ = self.scenario.users
        for name in self.syntax.facts:
            if name not in policy.domain.values:
                yield f"`syntax` reads the fact `{shorten(name)}`, which policy `{policy.id}` does not have"
        for action in policy.triggers:
            event = self.syntax.write(policy, action, user, other)
            read_event(event)
            change = self.syntax.read(event, policy)
            if change is None or (change.action, change.sender, change.target) != (action.value, user, other):
                yield f"`syntax` does not read `{action}` as it writes it: two paths are the same"
            elif change.dest is None:
                yield f"`syntax` does not tell where `{action}` leads: it has several destinations"

    def _faults_of_scenario(self) -> Iterator[str]:
        policy = self.policies[0]
        for name, opening in self.scenario.openings.items():
            room = self._tried(f"its rooms fail at opening `{shorten(name)}`", self._play, policy, opening.log)
            if room is None:
                yield f"policy `{policy.id}` refuses an event of opening `{shorten(name)}`"
        first = next(iter(self.scenario.openings.values()))
        for what, logs in (
            ("setting", [(event,) for event in self.scenario.settings.values()]),
            ("assignment", self.scenario.assignments),
        ):
            for place, log in enumerate(logs, start=1):
                if self._tried(f"its rooms fail at {what} {place}", self._play, policy, (*first.log, *log)) is None:
                    yield f"policy `{policy.id}` refuses {what} {place} after the first opening"
        self._tried("its rooms cannot be made of a state", self.room.from_state, [], policy=policy)

    def _play(self, policy: AnyPolicy, log: Log) -> Any:
        """The room after a log; None when an event of it is refused."""
        room = self.room(None, policy=policy)
        for event in log:
            decision = room.send(event)
            if not isinstance(decision, Decision):
                raise DefinitionError(f"family `{self.id}`: `send` of its rooms answers {type(decision).__name__}")
            if not decision:
                return None
        if not isinstance(room.participations(), Mapping) or room.policy is not policy:
            raise DefinitionError(f"family `{self.id}`: its rooms do not tell their `participations` and `policy`")
        return room

    def _tried(self, failure: str, call: Callable[..., Any], *given: Any, **named: Any) -> Any:
        try:
            return call(*given, **named)
        except DefinitionError:
            raise
        except Exception as problem:  # noqa: BLE001 - the family may be the user's: anything may be wrong in it
            summary = str(problem) if isinstance(problem, PolicyError) else f"{type(problem).__name__}: {problem}"
            raise DefinitionError(f"family `{self.id}`: {failure}: {shorten(summary, 200)}") from None


def _can_be_called(function: Any, *parameters: str) -> bool:
    """Whether a function takes these: `policy` by its name, all others by place."""
    by_place = [name for name in parameters if name != "policy"]
    try:
        signature(function).bind(*by_place, **dict.fromkeys({"policy"} & {*parameters}))
    except TypeError:
        return False
    except ValueError:  # it does not say
        return True
    return True
