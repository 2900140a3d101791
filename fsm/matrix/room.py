"""A Matrix room: events in, decisions out.

Theory of operation. A room keeps two things apart: where every user stands
(`_members`), and what the room is set to (`_settings`: creation, power levels, join
rule, third-party invites). All events are judged, but those of a state that is given
(`from_state`, `take`), which are taken as they are.

What is asked of events stands in `fsm.matrix.judging`, and the quick way of ordinary ones in
`fsm.matrix.quick`; here, how rooms begin, go on, and are read back. The order of work is that of
any room (`fsm.room`).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self, Unpack, overload

from fsm.classes import Table
from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError, shorten
from fsm.event import Event, word, words_of, write_state
from fsm.matrix import citing
from fsm.matrix.events import (
    MEMBER,
    creation_first,
    expect_state,
    id_by_creation,
    is_redacted,
    read_of,
    read_state,
    room_of,
    write_member,
)
from fsm.matrix.ids import is_user_id, read_user_id
from fsm.matrix.membership import NONE_REFUSED
from fsm.matrix.policies import MATRIX_1, MATRIX_12, VERSIONS, MatrixPolicy
from fsm.matrix.quick import MatrixQuick
from fsm.matrix.rules import peers_of, rules_of
from fsm.matrix.settings import CREATE, POWER_LEVELS, Creation, Founder, Settings
from fsm.observers import Observer
from fsm.own_facts import Provider
from fsm.participation.participant import Member, Other, Participant
from fsm.participation.terms import Action, Participation
from fsm.past import HIDDEN, Read
from fsm.room import Attachments, known_in

_MEMBERSHIPS = words_of(Participation)

_NEW = Settings()
"""What rooms are set to that nobody has created yet."""


class MatrixRoom(MatrixQuick[Member]):
    """One room under the policy of one room version.

    Without a `policy`, the room takes that of the version that its creation names.
    `participant` is the class of the participants that the room hands out: a subclass
    of `fsm.Participant` may have hooks for what is to follow. `facts` provides those that
    the policy looks at, and that no room works out: a function of sender and target.
    """

    __slots__ = ()

    _plain_participant = Participant

    snapshot_format = "fsm.matrix.room"
    _parts = {  # noqa: RUF012 - never changed
        "settings": Settings,
        "is_just_created": bool,
        "takes_version": bool,
        "refused": Mapping[str, citing.Cited],
    }

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: MatrixPolicy | None = None,
        participant: type[Member] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> None:
        """A room that nobody has created yet: its first event has to be its creation."""
        super().__init__(room_id, participant, facts)
        self.policy = policy or MATRIX_1  # a creation that names no version is of the first
        self._takes_version = policy is None
        self._is_just_created = False
        self._senders = None
        self._refused = NONE_REFUSED
        self._settings = _NEW
        self._rules = rules_of(self.policy, has_provider=facts is not None)
        self._check_hooks()
        self._keep(keep)
        self._table = self._table_now()

    @overload
    @classmethod
    def create(
        cls: "type[MatrixRoom[Participant]]",
        room_id: str | None,
        creator: str,
        *,
        policy: MatrixPolicy = ...,
        participant: type[Other],
        **more: Unpack[Attachments],
    ) -> "MatrixRoom[Other]": ...
    @overload
    @classmethod
    def create(
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: MatrixPolicy = ...,
        participant: type[Member] | None = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def create(  # noqa: PLR0913 - all but the first two have a meaning only for some
        cls,
        room_id: str | None,
        creator: str,
        *,
        policy: MatrixPolicy = MATRIX_12,
        participant: type[Any] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> "MatrixRoom[Any]":
        """A new room that the creator has joined. Raises `EventError` for a bad user id."""
        room = cls(room_id, policy=policy, participant=participant, facts=facts, keep=keep)
        room._begin(creator, is_alike=cls is MatrixRoom and not room._takes_version)
        return room

    def _created_by(self, creator: str, settings: Settings) -> Settings:
        return Settings(Creation(creator, ()), settings.levels, settings.join_rule, settings.promises)

    def first_events(self, creator: str) -> list[dict[str, Any]]:
        """The events with which somebody creates a room, of the last version where its version is still open."""
        policy = MATRIX_12 if self._takes_version else self.policy
        content = {"room_version": policy.version}
        if policy.founder is Founder.CONTENT:
            content["creator"] = creator
        return [write_state(CREATE, creator, content), self._write(Action.JOIN, creator, creator, None)]

    @overload
    @classmethod
    def from_state(
        cls: "type[MatrixRoom[Participant]]",
        state: Iterable[object],
        *,
        policy: MatrixPolicy | None = ...,
        participant: type[Other],
        **more: Unpack[Attachments],
    ) -> "MatrixRoom[Other]": ...
    @overload
    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: MatrixPolicy | None = ...,
        participant: type[Member] | None = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: MatrixPolicy | None = None,
        participant: type[Any] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> "MatrixRoom[Any]":
        """A room in the state that these events describe, each taken as it stands.

        `state` is the set of current state events, in any order. Raises `EventError`
        for an event that cannot be read, is no state event, of another room than the
        others, or given twice. Those that stand once in a room may lack their
        `state_key`. A power level that cannot be read is an error of the decisions
        that turn on it.
        """
        room = cls(policy=policy, participant=participant, facts=facts, keep=keep)
        room._take_state([*state])
        return room

    def _take_state(self, state: Sequence[object]) -> None:
        new = self._settings

        def take(number: int, event: Event, value: dict[str, Any]) -> None:
            if event.type == MEMBER:
                self._apply(event)
            else:
                self.policy, settings = self._after(event)
                self._settings = settings.placed(f"state[{number}]") if event.type == POWER_LEVELS else settings
            self._remember_given(event, value)

        try:
            self._take_all(creation_first(state), take)
        except EventError:
            expect_state(state)  # what is wrong with events by themselves comes before all else
            raise
        settings, self._settings = self._settings, new
        self._become(settings)
        creation = self._settings.creation
        if self.id is None and creation and creation.event_id and self.policy.is_room_named_by_creation:
            self.id = id_by_creation(creation.event_id)

    def _is_hidden(self, event: Mapping[str, Any]) -> bool:
        return is_redacted(event)

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, as far as it tells, malformed as it may be."""
        return room_of(event)

    def view(self, event: str | int, user: str) -> Decision:  # noqa: ARG002 - as the tools ask any room
        """Whether the user may be shown the event: never answered, since no rule is about that."""
        raise DefinitionError(f"policy `{self.policy.id}` judges who may send events, not who may see them")

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> dict[str, Any]:
        return write_member(action, sender, target, reason)

    def _read_state(self, value: object) -> Event:
        event = read_state(value)
        self._expect_room(event)
        return event

    def _read_of(self, event: Event, value: dict[str, Any]) -> Read:
        return HIDDEN if is_redacted(value) else read_of(event)

    @overload
    @classmethod
    def restore(
        cls: "type[MatrixRoom[Participant]]",
        snapshot: object,
        deltas: Iterable[object] = ...,
        *,
        policy: MatrixPolicy | None = ...,
        participant: type[Other],
        observers: Iterable[Observer] = ...,
        **more: Unpack[Attachments],
    ) -> "MatrixRoom[Other]": ...
    @overload
    @classmethod
    def restore(
        cls,
        snapshot: object,
        deltas: Iterable[object] = ...,
        *,
        policy: MatrixPolicy | None = ...,
        participant: type[Member] | None = ...,
        observers: Iterable[Observer] = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def restore(cls, snapshot: object, deltas: Iterable[object] = (), **attached: Any) -> Any:
        """The room of which this is the `snapshot`: see `fsm.room.BaseRoom.restore`. The policy is of this family."""
        return super().restore(snapshot, deltas, **attached)

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: MatrixPolicy | None) -> MatrixPolicy:
        return policy or known_in(given, VERSIONS.values())

    def _parts_of_another(self, given: Mapping[str, Any]) -> dict[str, Any]:
        versions = {policy.id: policy.version for policy in VERSIONS.values()}
        if versions.get(given["policy"], self.policy.version) != self.policy.version:
            raise EventError("policy", "a room keeps the version that its creation names: an upgrade is another room")
        return super()._parts_of_another(given)

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, Participation]) -> None:
        others = self._rules.others
        for user, state in states.items():
            self._members[read_user_id(user, ("participation", user))] = others[state]
        self._takes_version = parts["takes_version"]
        self._refused = dict(parts["refused"]) or NONE_REFUSED
        self._become(parts["settings"])
        self._created(is_now=parts["is_just_created"])

    def _is_named(self, user: str) -> bool:
        creation = self._settings.creation
        return super()._is_named(user) or (creation is not None and user in creation.creators)

    @property
    def _hookable(self) -> Iterable[MatrixPolicy]:
        return (self.policy, *VERSIONS.values()) if self._takes_version else (self.policy,)

    def _accept(
        self, event: Event, value: dict[str, Any], decision: Decision, after: tuple[MatrixPolicy, Settings]
    ) -> None:
        read = self._read_if_kept(event, value)
        if event.type == MEMBER:
            assert event.state_key is not None
            self._move(event.state_key, self._class_of(event.state_key), decision.after)
            self._created(is_now=False)
        else:
            self._go_on(after)
        if event.event_id is not None:
            self._refused.pop(event.event_id, None)
        self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read)

    def _take(self, event: Event, value: dict[str, Any]) -> None:
        self._apply(event)
        self._created(is_now=False)
        self._remember_given(event, value)

    def _apply(self, event: Event) -> None:
        """Apply an event as it stands. Raises `EventError`, and changes nothing then."""
        if event.type == MEMBER and event.state_key is not None:
            target = read_user_id(event.state_key, "state_key")
            state = word(event.content, "membership", _MEMBERSHIPS, "content")
            self._move(target, self._class_of(target), state)
        else:
            self.policy, settings = self._after(event)
            if settings is not self._settings:
                self._become(settings)

    def _go_on(self, after: tuple[MatrixPolicy, Settings]) -> None:
        """Be judged by this policy from now on, and set to this, once an event has been accepted."""
        before = self._settings
        self.policy, settings = after
        if settings is before:
            self._created(is_now=False)
        else:
            self._is_just_created = before.creation is None and settings.creation is not None
            self._become(settings)

    def _expect_room(self, event: Event) -> None:
        if not self._is_own(event):
            raise EventError("room_id", f"`{shorten(event.room_id or '')}` is another room")

    def _become(self, settings: Settings) -> None:
        before, self._senders = self._settings, None
        if self._rules.policy is not self.policy:
            self._rules = rules_of(self.policy, has_provider=self._has_provider)
        if settings.levels is before.levels and settings.creation is before.creation:
            self._set_up(settings)
        else:
            # Power levels may name what is no user, and what is no user does nothing.
            powers = settings.powers(self.policy).items()
            known = self._members
            peers = {user: peers_of(power) for user, power in powers if user in known or is_user_id(user)}
            self._set_up(settings, peers, were=before.powers(self.policy))

    def _pass(self) -> None:
        self._created(is_now=False)

    def _created(self, *, is_now: bool) -> None:
        if is_now is not self._is_just_created:
            self._is_just_created, self._table = is_now, None  # of which the rule is another one now
            self._table = self._table_now()

    def _table_now(self) -> Table[Any, Any] | None:
        # Ordinary changes take the quick way if nothing else matters in this room than who its users are.
        creation, levels = self._settings.creation, self._settings.levels
        if creation is None:
            is_plain = levels is None and not self._takes_version
        elif self._is_just_created:
            is_plain = creation.federates and levels is None and creation.creator is not None and not creation.others
        else:
            is_plain = creation.federates and (levels is None or not levels.faults)
        return super()._table_now() if is_plain else None


Room = MatrixRoom
"""The name by which the catalogue finds a family's room."""
