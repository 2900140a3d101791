"""What a room is made of, and what a family says of its rooms."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Generic, TypeAlias, TypedDict, cast

from fsm.classes import Rules, UserClass
from fsm.classes import Table as Decisions
from fsm.decision import Decision, permit
from fsm.errors import HALF_PAIR, DefinitionError, EventError, shorten
from fsm.event import Event, Place, checked_name, is_name
from fsm.facts import Value
from fsm.memory import Memory
from fsm.observers import Attached
from fsm.own_facts import Provider
from fsm.participant import Participant, Who
from fsm.past import Entry, Past, Read
from fsm.rule import Rule
from fsm.table import Table

JSON: TypeAlias = dict[str, Any]


class Attachments(TypedDict, total=False):
    """What a host may attach to a room of any family when it is made, beside the class of its participants."""

    facts: Provider | None
    keep: int | None


class RoomContract(Generic[Who]):
    """The fields of a room, and the questions that its family answers."""

    __slots__ = (
        "_attached", "_members", "_past", "_revision", "_rules", "_settings", "_table", "id", "participant_type",
    )  # fmt: skip

    policy: Any

    _rules: Rules[Any, Any]

    _settings: Any

    creator_state: ClassVar[Any]
    """Where the sender of the creation stands from then on."""

    keeps_past: ClassVar[bool] = True
    """Whether events with an id are kept."""

    snapshot_format: ClassVar[str]
    """What kind of snapshots those of such rooms are."""

    changes_policy: ClassVar[bool] = False
    """Whether a room may get another policy while it goes on."""

    _parts: ClassVar[Mapping[str, Any]] = {}
    """By the name that it has in a snapshot: the type of what the room knows beside where everybody stands."""

    _plain_participant: ClassVar[type[Participant]] = Participant
    """The class of participants where none is told."""

    def __init__(self, room_id: str | None, participant: type[Who] | None, facts: Provider | None = None) -> None:
        if room_id is not None and not is_name(room_id):
            checked_name(room_id, "room_id")
            raise EventError("room_id", HALF_PAIR)
        if participant is not None and not (isinstance(participant, type) and issubclass(participant, Participant)):
            raise DefinitionError(f"`participant` is a class of participants, not {shorten(repr(participant))}")
        if facts is not None and not callable(facts):
            raise DefinitionError(f"`facts` is a function of sender and target, not {shorten(repr(facts))}")
        self.id = room_id
        self.participant_type: type[Who] = participant or cast("type[Who]", self._plain_participant)
        """The class of the participants that the room hands out."""
        self._attached: Attached | None = None
        if facts is not None:
            self._attached = Attached()
            self._attached.provider = facts
        self._revision = 0
        self._past: Past | None = None
        self._members: dict[str, UserClass] = {}
        """Everybody who was ever heard of, or has powers of their own."""
        self._table: Decisions[Any, Any] | None = None
        """The decisions on ordinary changes; None where every change takes the careful way."""

    @property
    def revision(self) -> int:
        """How many events the room has accepted."""
        return self._revision

    @property
    def _has_provider(self) -> bool:
        """Whether facts are provided that rooms of the family do not work out."""
        return self._attached is not None and self._attached.provider is not None

    @property
    def _memory(self) -> Memory[Any]:
        """The decisions of the policy."""
        return self._rules.memory

    @property
    def _rule(self) -> Any:
        """What the settings say of decisions on ordinary changes, beside the powers of users."""
        raise NotImplementedError

    @property
    def _rules_beside(self) -> Iterable[Rule[Any]]:
        """The rules by which events are judged that move nobody."""
        return ()

    def _permission(self, rule: Any) -> Decision:
        """The decision in which one of them permits."""
        return permit(rule)

    @property
    def _hookable(self) -> Iterable[Table[Any]]:
        """The policies by whose states and transitions hooks may be named."""
        return (self.policy,)

    @staticmethod
    def _is_user(value: object) -> bool:
        """Whether a value can be the id of a user."""
        raise NotImplementedError

    def _is_ordinary(self, event: Mapping[str, Any], action: str | None) -> bool:
        """Whether the fields of an event besides those that every event has raise no question."""
        raise NotImplementedError

    def _read_quickly(self, content: JSON) -> Read:
        """What is read of a plain, ordinary content beside the action. Raises `KeyError` or `TypeError` for others."""
        raise NotImplementedError

    def _is_change(self, event_type: str) -> bool:
        """Whether events of a type are participation changes."""
        return event_type in self._rules.types

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> JSON:
        """A participation change as an event."""
        raise NotImplementedError

    def _read(self, value: JSON) -> Event:
        """Read an event of this room. Raises `EventError`."""
        raise NotImplementedError

    def _read_state(self, value: JSON) -> Event:
        """Read a state event of this room. Raises `EventError`."""
        raise NotImplementedError

    def _understood(self, event: Event) -> Event:
        """The same event with what its content says, where that is read by itself. Raises `EventError`."""
        return event

    def _read_of(self, event: Event, value: JSON) -> Read:
        """What the room reads of an event's content, beside the action. Raises `EventError`."""
        raise NotImplementedError

    def _asked(self, event: Event) -> str | None:
        """The action that an event asks for; None for one that is no participation change."""
        raise NotImplementedError

    def _state_named(self, action: str) -> Any:
        """The state in which an event that asks for this leaves its target, if it is taken as it stands."""
        raise NotImplementedError

    def _founder(self, event: Event) -> tuple[str, Any] | None:  # noqa: ARG002 - for others
        """Whom a creation puts where; None for other events, and where it puts nobody."""
        return None

    def _reason_of(self, event: Event, value: JSON) -> str | None:  # noqa: ARG002 - for others
        """The reason that an event gives."""
        return reason_in(event.content)

    def _policy_for(self, event: Event) -> Table[Any]:  # noqa: ARG002 - for others
        """The policy that judges an event."""
        policy: Table[Any] = self.policy
        return policy

    def policy_for(self, event: Mapping[str, Any]) -> Any:  # noqa: ARG002 - for families whose creations choose one
        """The policy by which an event is judged that the room has read."""
        return self.policy

    def _facts_of(self, event: Event, value: JSON) -> Any:
        """The facts by which a participation change is judged."""
        raise NotImplementedError

    def _judge(self, event: Event, value: JSON, facts: Mapping[str, Value] | None = None) -> tuple[Decision, Any]:
        """The decision on an event that is new to the room, and what follows if it is accepted (see `_after`).

        `facts` are what is provided. Raises `EventError`.
        """
        raise NotImplementedError

    def _after(self, event: Event) -> Any:  # noqa: ARG002 - for others
        """What the room is set to once an event is accepted, in the family's own terms. Raises `EventError`."""
        return None

    def first_events(self, creator: str) -> list[JSON]:
        """The events with which somebody creates a room."""
        raise NotImplementedError

    def _accept(self, event: Event, value: JSON, decision: Decision, after: Any) -> None:
        """Apply an event that is allowed, `after` which the room is set to this, and remember it."""
        raise NotImplementedError

    def _refuse(self, event: Event, value: JSON) -> None:
        """Take note of an event that was sent and refused, for families to which that matters."""

    def _take(self, event: Event, value: JSON) -> None:
        """Apply a state event as it stands, and remember it. Raises `EventError`, and changes nothing then."""
        raise NotImplementedError

    def _check_entry(self, entry: Entry, place: Place) -> None:
        """Raise `EventError` for an entry of the past that cannot be."""

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: Any) -> Any:
        """The policy of the room that a snapshot is of, where one may have been told. Raises `EventError`."""
        raise NotImplementedError

    def _write_parts(self) -> JSON:
        """What the room knows beside where everybody stands."""
        from fsm.typed_json import write  # noqa: PLC0415 - takes long to load, and few need it

        return {name: write(getattr(self, f"_{name}"), kind) for name, kind in self._parts.items()}

    def _parts_of_another(self, given: Mapping[str, Any]) -> JSON:
        """The parts of a snapshot of a room under another policy, as this room reads them. Raises `EventError`."""
        return {name: given[name] for name in self._parts}

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, Any]) -> None:
        """Take what a snapshot tells: this, and where everybody stands. Raises `EventError`."""
        raise NotImplementedError


def reason_in(content: Mapping[str, Any]) -> str | None:
    """The reason that a content gives."""
    reason = content.get("reason")
    return reason if type(reason) is str else None
