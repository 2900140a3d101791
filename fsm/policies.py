"""The catalogue: policy id to where it is defined, loaded when asked for.

This is the only place through which the tools reach a family of policies.
"""

from collections.abc import Mapping
from importlib import import_module, util
from pathlib import Path
from typing import Any, Protocol, TypeAlias, cast

from fsm.decision import Decision
from fsm.errors import DefinitionError
from fsm.event import shorten
from fsm.policy import Policy
from fsm.terms import Participation

AnyPolicy: TypeAlias = Policy[Any]

CATALOGUE: Mapping[str, str] = {
    "mimi": "fsm.mimi.policies:MIMI",
    "mimi-00": "fsm.mimi.policies:MIMI_00",
    "mimi-01": "fsm.mimi.policies:MIMI_01",
}


class AnyRoom(Protocol):
    """What the tools ask of a room, whatever its family."""

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why."""

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed."""

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
    def openings(self) -> tuple[tuple[dict[str, Any], ...], ...]:
        """The ways in which a room begins."""

    @property
    def turns(self) -> tuple[dict[str, Any], ...]:
        """Every single event that moves somebody or changes who may join."""

    @property
    def castings(self) -> tuple[tuple[dict[str, Any], ...], ...]:
        """Events that decide what everybody may do and whom they outrank, shortest first."""

    def questions(self, action: str) -> tuple[dict[str, Any], ...]:
        """Every form in which an action can be asked for, each by one event."""

    def facts(self, room: Any, question: Mapping[str, Any]) -> Any:
        """The facts under which the room would judge a question."""


def load_policy(name: str) -> AnyPolicy:
    """The policy of this id, or a user's own, named `module:NAME` or `path.py:NAME`.

    Raises `DefinitionError` when there is none, or when its definition fails.
    """
    where, _, attribute = CATALOGUE.get(name, name).rpartition(":")
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


def new_room(policy: AnyPolicy, room_id: str | None = None) -> AnyRoom:
    """A room of the policy's family that nobody has created yet."""
    room: AnyRoom = _room_type(policy)(room_id, policy=policy)
    return room


def room_from_state(policy: AnyPolicy, state: list[object]) -> AnyRoom:
    """A room of the policy's family in the given state. Raises `EventError`."""
    room: AnyRoom = _room_type(policy).from_state(state, policy=policy)
    return room


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


def _room_type(policy: AnyPolicy) -> Any:
    return import_module(f"{policy.family}.room").Room


def _load_file(path: Path) -> object:
    spec = util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
