"""Rooms written down and read back (`fsm.snapshot`), copied and pickled."""

from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from typing import Any, ClassVar, Self, TypeVar, cast

from fsm.errors import EventError, shorten
from fsm.locks import lock_of
from fsm.observers import Attached, Observer
from fsm.own_facts import Provider
from fsm.participant import Participant, Who
from fsm.past import Past
from fsm.room.contract import JSON
from fsm.room.given_state import RoomGivenState
from fsm.table import Table

P = TypeVar("P", bound=Table[Any])
T = TypeVar("T")


def itself(value: T) -> T:
    """A value that never changes: a copy may hold it as well."""
    return value


def _attached_again(attached: Attached | None) -> Attached | None:
    """What a host has attached to a room, but for those who are told."""
    if attached is None or attached.provider is None:
        return None
    again = Attached()
    again.provider = attached.provider
    return again


def _past_again(past: Past | None) -> Past | None:
    return None if past is None else past.copy()


class RoomSaving(RoomGivenState[Who]):
    """Rooms that outlast a process."""

    __slots__ = ()

    copied_fields: ClassVar[Mapping[str, Callable[[Any], Any]]] = {
        **dict.fromkeys(("id", "participant_type", "_revision", "_rules", "_settings", "_table"), itself),
        "_attached": _attached_again,
        "_members": dict,
        "_past": _past_again,
    }
    """By field of the room: what a copy has of it. A field that is not named is copied to its depth."""

    def __copy__(self) -> Self:
        """A room that knows the same, and goes on by itself: nobody observes it."""
        room = object.__new__(type(self))
        with lock_of(self):
            own, fields = cast("tuple[dict[str, Any] | None, dict[str, Any]]", object.__getstate__(self))
            for name, value in {**(own or {}), **fields}.items():
                setattr(room, name, self.copied_fields.get(name, deepcopy)(value))
        return room

    def snapshot(self) -> JSON:
        """All that the room knows, as JSON: see `fsm.snapshot`."""
        from fsm import snapshot  # noqa: PLC0415 - takes long to load, and few need it

        with lock_of(self):
            return snapshot.write(self)

    @classmethod
    def restore(  # noqa: PLR0913 - what can be attached to a room
        cls,
        snapshot: object,
        deltas: Iterable[object] = (),
        *,
        policy: Any = None,
        participant: type[Who] | None = None,
        facts: Provider | None = None,
        observers: Iterable[Observer] = (),
        keep: int | None = None,
    ) -> Self:
        """The room of which this is the `snapshot`, gone on by the `deltas` of the changes since, in their order.

        Nobody is told of what was; `observers` are told of changes from then on. Raises
        `EventError` when the snapshot is none, was cut off or edited, or is of another
        version, kind of room or policy, also where the policy decides otherwise than it did then; and for a
        delta that does not follow.
        """
        from fsm import snapshot as written  # noqa: PLC0415 - takes long to load, and few need it

        if not isinstance(deltas, Iterable):
            raise EventError("deltas", f"are a list, not {shorten(repr(deltas))}")
        given = written.checked(snapshot, cls.snapshot_format, cls._parts)
        room = cls(given["room_id"], policy=cls._policy_in(given, policy), participant=participant, facts=facts)  # type: ignore[call-arg]  # of a family
        room._restore(given)
        room._keep(keep)
        for number, delta in enumerate(deltas):
            written.follow(room, delta, f"deltas[{number}]")
        for observer in observers if isinstance(observers, Iterable) else (observers,):
            room.observe(observer)
        return room

    def __reduce__(self) -> tuple[Any, ...]:
        """Rooms are pickled by value, without those who observe them."""
        provider = None if self._attached is None else self._attached.provider
        return _restored, (type(self), self.snapshot(), self.policy, self.participant_type, provider)

    def _restore(self, given: Mapping[str, Any]) -> None:
        """Become the room that a snapshot is of. Raises `EventError`."""
        from fsm import snapshot  # noqa: PLC0415 - takes long to load, and few need it
        from fsm.typed_json import read  # noqa: PLC0415 - as above

        snapshot.check_policy(given, self.policy)
        states = snapshot.read_states(given, self.policy)
        self._read_parts({name: read(given[name], kind, name) for name, kind in self._parts.items()}, states)
        self._past = snapshot.read_past(given, self)
        self._revision = given["revision"]


def known_in(given: Mapping[str, Any], policies: Iterable[P]) -> P:
    """The policy that a snapshot names, of these. Raises `EventError` where it is none of them."""
    known = {policy.id: policy for policy in policies}
    if given["policy"] not in known:
        words = ", ".join(known)
        raise EventError("policy", f"`{shorten(given['policy'])}` is not one of {words}: name it by `policy`")
    return known[given["policy"]]


def _restored(kind: Any, snapshot: object, policy: Any, participant: type[Participant], facts: Provider | None) -> Any:
    return kind.restore(snapshot, policy=policy, participant=participant, facts=facts)
