"""The catalogue: policy id to where it is defined, loaded when asked for.

This is the only place through which the tools reach a family of policies.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module, util
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from fsm.decision import Decision
from fsm.errors import DefinitionError, shorten
from fsm.policy import Policy
from fsm.terms import Participation

AnyPolicy: TypeAlias = Policy[Any]

Log: TypeAlias = tuple[dict[str, Any], ...]
"""Events, in the order in which they are sent."""

Settings: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""The latest contents of a room's settings, by event type and state key."""

CATALOGUE: Mapping[str, str] = {
    "mimi": "fsm.mimi.policies:MIMI",
    "mimi-00": "fsm.mimi.policies:MIMI_00",
    "mimi-01": "fsm.mimi.policies:MIMI_01",
    **{f"matrix-{version}": f"fsm.matrix.policies:MATRIX_{version}" for version in range(1, 13)},
}


@dataclass(frozen=True, slots=True)
class Family:
    """A name that stands for several policies: each room takes the one that its creation tells.

    `family` is the import name of the package, as in a policy.
    """

    id: str
    family: str


FAMILIES: Mapping[str, Family] = {"matrix": Family("matrix", "fsm.matrix")}

Rules: TypeAlias = AnyPolicy | Family
"""What rooms can be run by."""


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

    def view(self, event_id: str, user: str) -> Decision:
        """Whether the user may be shown the event, and if not, why."""

    def participations(self) -> dict[str, Participation]:
        """Everybody who is not in `leave`."""


class AnyPlay(Protocol):
    """The events from which the tools build small rooms, whatever the family (see `fsm.mimi.play`)."""

    @property
    def users(self) -> tuple[str, ...]:
        """Everybody who takes part."""

    @property
    def standing(self) -> frozenset[str]:
        """The facts that castings decide, and turns leave alone."""

    @property
    def goes_on(self) -> bool:
        """Whether turns after a casting may lead to what no turn before it leads to."""

    @property
    def openings(self) -> tuple[Log, ...]:
        """The ways in which a room begins."""

    @property
    def turns(self) -> Log:
        """Every single event that moves somebody or changes who may join."""

    @property
    def castings(self) -> tuple[Log, ...]:
        """Events that decide what everybody may do and whom they outrank, shortest first."""

    def questions(self, action: str) -> Log:
        """Every form in which an action can be asked for, each by one event."""

    def facts(self, room: Any, question: Mapping[str, Any]) -> Any:
        """The facts under which the room would judge a question."""


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

    @property
    def powers(self) -> Mapping[str, tuple[int, ...]]:
        """By user: what they add to the code as a sender, and the ranks to compare."""

    def send(self, event: Mapping[str, Any], content: str | None = None) -> Decision:
        """Decide, and apply the event when it is allowed. `content` is the text of its content, if that is at hand."""

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands."""


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


def load_policy(name: str) -> AnyPolicy:
    """The policy of this id, or a user's own, named `module:NAME` or `path.py:NAME`.

    Raises `DefinitionError` when there is none, or when its definition fails.
    """
    where, _, attribute = CATALOGUE.get(name, name).rpartition(":")
    if name in FAMILIES:
        raise DefinitionError(f"`{name}` stands for several policies: choose one of them, such as `{name}-1`")
    if not where:
        raise DefinitionError(
            f"unknown policy `{shorten(name)}`: choose from {', '.join(CATALOGUE)}, "
            "or name your own as `module:NAME` or `path.py:NAME`"
        )
    try:
        module = _load_file(Path(where)) if where.endswith(".py") else import_module(where)
        policy = getattr(module, attribute)
    except DefinitionError:
        raise
    except Exception as problem:  # the file is the user's: anything may be wrong in it
        summary = " ".join(f"{type(problem).__name__}: {problem}".split())
        raise DefinitionError(f"policy `{shorten(name)}` cannot be loaded: {shorten(summary, 200)}") from problem
    if not isinstance(policy, Policy):
        raise DefinitionError(f"`{shorten(name)}` is not a policy but {type(policy).__name__}")
    return policy


def load_rules(name: str) -> Rules:
    """What rooms are to be run by: a policy, or a name that stands for several. Raises `DefinitionError`."""
    return FAMILIES.get(name) or load_policy(name)


def new_room(rules: Rules, room_id: str | None = None) -> AnyRoom:
    """A room of the family that nobody has created yet."""
    room: AnyRoom = _room_type(rules)(room_id, policy=_policy_of(rules))
    return room


def room_from_state(rules: Rules, state: list[object]) -> AnyRoom:
    """A room of the family in the given state. Raises `EventError`."""
    room: AnyRoom = _room_type(rules).from_state(state, policy=_policy_of(rules))
    return room


def room_of(rules: Rules, event: Mapping[str, Any]) -> str | None:
    """The id of the room that an event is of, as far as it tells, malformed as it may be."""
    room_id: str | None = _room_type(rules).room_of(event)
    return room_id


class Codec(Protocol):
    """What the tools ask of a family's wire format."""

    def encode(self, struct: str, value: object) -> bytes:
        """The bytes of a value. Raises `EventError`, `DefinitionError`."""

    def decode(self, struct: str, data: bytes) -> Any:
        """The value of these bytes. Raises `DecodeError`, `DefinitionError`."""


def codec_of(policy: AnyPolicy) -> Codec:
    """The wire format of the policy's family. Raises `DefinitionError` when it has none."""
    if util.find_spec(f"{policy.family}.codec") is None:
        raise DefinitionError(f"policy `{policy.id}` has no wire format")
    codec: Any = import_module(f"{policy.family}.codec")
    return cast("Codec", codec)


def play_of(policy: AnyPolicy) -> AnyPlay | None:
    """The events from which small rooms of this policy are built; None when its family offers none."""
    module = f"{policy.family}.play"
    if util.find_spec(module) is None:
        return None
    play: AnyPlay = import_module(module).Play(policy)
    return play


@cache
def boards_of(policy: AnyPolicy) -> AnyBoards | None:
    """The rooms of this policy to play through; None when its family offers none."""
    module = f"{policy.family}.boards"
    if util.find_spec(module) is None:
        return None
    boards: AnyBoards = import_module(module).Boards(policy)
    return boards


def columns_of(policy: AnyPolicy) -> AnyColumns:
    """What columnar replay needs of the policy's family. Raises `DefinitionError` when that offers nothing."""
    module = f"{policy.family}.columns"
    if util.find_spec(module) is None:
        raise DefinitionError(f"policy `{policy.id}` has no columnar replay")
    columns: AnyColumns = import_module(module).Columns(policy)
    return columns


def _policy_of(rules: Rules) -> AnyPolicy | None:
    return None if isinstance(rules, Family) else rules


def _room_type(rules: Rules) -> Any:
    return import_module(f"{rules.family}.room").Room


def _load_file(path: Path) -> object:
    spec = util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
