"""A MIMI room: events in, decisions out.

Theory of operation. A room keeps two things apart: where every user stands
(`_members`), and what the room is set to (`_settings`: roles, join rule and so
on). No event changes both, but the creation.

How events are read and judged stands in `fsm.mimi.judging`; here, how rooms begin, go on, and
are read back. The order of work is that of any room (`fsm.room`).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, Self, Unpack, overload

from fsm.decision import Decision
from fsm.errors import EventError, RevisionError
from fsm.event import Event, Place, checked_word, plain, write_state
from fsm.locks import lock_of
from fsm.mimi.events import understood
from fsm.mimi.judging import MimiJudging
from fsm.mimi.permissions import REDACT, SEND_MESSAGES, Permissions
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.policies import MIMI, MimiPolicy
from fsm.mimi.rules import rules_of
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, ROLE, USER, Settings
from fsm.observers import Observer
from fsm.own_facts import Provider
from fsm.participation.participant import Member, Other, Participant
from fsm.participation.terms import Participation, Visibility
from fsm.past import GIVEN, HIDDEN, Entry, Past, Read, given_as, pack
from fsm.room import Attachments, another, known_in
from fsm.rule import Rule

if TYPE_CHECKING:
    from fsm.mimi.envelope import Envelope


class Room(MimiJudging[Member]):
    """One room under one policy.

    A room that was given no id takes it from the first event that names one.
    `participant` is the class of the participants that the room hands out: a subclass
    of `fsm.Participant` may have hooks for what is to follow. `facts` provides those that
    the policy looks at, and that no room works out: a function of sender and target, which answers them by name.
    """

    __slots__ = ()

    _plain_participant = Participant

    snapshot_format = "fsm.mimi.room"
    _parts = {"envelope": Any, "creator": str | None, "reigns": bool}  # noqa: RUF012 - never changed

    def __init__(
        self,
        room_id: str | None = None,
        *,
        policy: MimiPolicy = MIMI,
        participant: type[Member] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> None:
        """A room that nobody has created yet: its first event has to be its creation."""
        super().__init__(room_id, participant, facts)
        self._rules = rules_of(policy, has_provider=facts is not None)
        self._check_hooks()
        self._settings = self._rules.new
        self._table = self._table_now()
        self._views = None
        self._keep(keep)

    @overload
    @classmethod
    def create(
        cls: "type[Room[Participant]]",
        room_id: str,
        creator: str,
        *,
        policy: MimiPolicy = ...,
        envelope: "Envelope | None" = ...,
        participant: type[Other],
        **more: Unpack[Attachments],
    ) -> "Room[Other]": ...
    @overload
    @classmethod
    def create(
        cls,
        room_id: str,
        creator: str,
        *,
        policy: MimiPolicy = ...,
        envelope: "Envelope | None" = ...,
        participant: type[Member] | None = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def create(  # noqa: PLR0913 - all but the first two have a meaning only for some
        cls,
        room_id: str,
        creator: str,
        *,
        policy: MimiPolicy = MIMI,
        participant: type[Any] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
        envelope: "Envelope | None" = None,
    ) -> "Room[Any]":
        """A new room in which the creator is joined. Raises `EventError` for a bad user id.

        It starts with the settings of `envelope`, if one is given: one that assigns
        anybody to a role leaves the creator no powers but those of their roles.
        Raises `EventError` when the envelope has faults or is for another policy.
        """
        room = cls(room_id, policy=policy, participant=participant, facts=facts, keep=keep)
        if envelope is not None:
            # An envelope made by hand has not been checked by anybody.
            room._become(type(envelope).from_json(envelope.as_json()).settings(policy))
            room._past = None  # what it begins with is otherwise now
            room._keep(keep)
        room._begin(creator, is_alike=cls is Room and envelope is None)
        return room

    def _created_by(self, creator: str, settings: Settings) -> Settings:
        return Settings(settings.roles, creator, settings.join_rule, settings.visibility)

    def first_events(self, creator: str) -> list[dict[str, Any]]:
        """The events with which somebody creates a room."""
        return [write_state(CREATE, creator, {})]

    @overload
    @classmethod
    def from_state(
        cls: "type[Room[Participant]]",
        state: Iterable[object],
        *,
        policy: MimiPolicy = ...,
        participant: type[Other],
        **more: Unpack[Attachments],
    ) -> "Room[Other]": ...
    @overload
    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: MimiPolicy = ...,
        participant: type[Member] | None = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def from_state(
        cls,
        state: Iterable[object],
        *,
        policy: MimiPolicy = MIMI,
        participant: type[Any] | None = None,
        facts: Provider | None = None,
        keep: int | None = None,
    ) -> "Room[Any]":
        """A room in the state that these events describe, each taken as it stands.

        `state` is the set of current state events, in any order. Raises `EventError`
        for an event that is malformed, no state event, of another room than the
        others, or given twice.
        """
        room = cls(policy=policy, participant=participant, facts=facts, keep=keep)
        room._take_state(state)
        return room

    @overload
    @classmethod
    def restore(
        cls: "type[Room[Participant]]",
        snapshot: object,
        deltas: Iterable[object] = ...,
        *,
        policy: MimiPolicy | None = ...,
        participant: type[Other],
        observers: Iterable[Observer] = ...,
        **more: Unpack[Attachments],
    ) -> "Room[Other]": ...
    @overload
    @classmethod
    def restore(
        cls,
        snapshot: object,
        deltas: Iterable[object] = ...,
        *,
        policy: MimiPolicy | None = ...,
        participant: type[Member] | None = ...,
        observers: Iterable[Observer] = ...,
        **more: Unpack[Attachments],
    ) -> Self: ...
    @classmethod
    def restore(cls, snapshot: object, deltas: Iterable[object] = (), **attached: Any) -> Any:
        """The room of which this is the `snapshot`: see `fsm.room.BaseRoom.restore`. The policy is of this family."""
        return super().restore(snapshot, deltas, **attached)

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: MimiPolicy | None) -> MimiPolicy:
        from fsm.mimi.revisions import MIMI_00, MIMI_01  # noqa: PLC0415 - takes long to load, and few need it

        return policy or known_in(given, (MIMI, MIMI_00, MIMI_01))

    def _write_parts(self) -> dict[str, Any]:
        roles = self._settings.roles
        return {"envelope": self.envelope().as_json(), "creator": self._settings.creator, "reigns": roles.reigning}

    def _parts_of_another(self, given: Mapping[str, Any]) -> dict[str, Any]:
        return {**super()._parts_of_another(given), "envelope": {**given["envelope"], "policy": self.policy.id}}

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, Participation]) -> None:
        from fsm.mimi.snapshot import read_settings  # noqa: PLC0415 - takes long to load, and few need it

        settings = read_settings(parts, self.policy)
        if settings.creator is not None and settings.creator not in states:
            raise EventError("participation", "lacks the creator")
        others = self._rules.others
        self._members.update({user: others[state] for user, state in states.items()})
        self._become(settings)

    @property
    def _rules_beside(self) -> Iterable[Rule[Any]]:
        return self.policy.all_permits

    def _check_entry(self, entry: Entry, place: Place) -> None:
        if entry.type == HISTORY_VISIBILITY and entry.state_key == "":
            checked_word(entry.read, (place, "read"), tuple(Visibility))

    def envelope(self) -> "Envelope":
        """The room's policy and settings, as one value."""
        from fsm.mimi.envelope import Envelope  # noqa: PLC0415 - takes long to load, and few need it

        return Envelope.of(self.policy, self._settings)

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, malformed as it may be."""
        room_id = event.get("room_id")
        return room_id if type(room_id) is str else None

    def send_unread(self, event: Mapping[str, Any]) -> Decision:
        """Decide on a message whose type and content are hidden, and remember it when it is allowed.

        It is rejected when nothing that it may hide could make it legal. Whoever
        can read it has to judge the rest. Raises `EventError` as `send` does.

        Spec: "Introduction" (seed 1, -00 1, -01 1)
        """
        value = plain(event)
        with lock_of(self):
            message = self._read(value)
            if message.state_key is not None:
                raise EventError("state_key", "must not be there: state is never hidden")
            known = self._entry(message.event_id)
            if known is not None:
                if (known.sender, known.state_key) != (message.sender, None):
                    raise another(message)
                return known.answer
            standing = self.standing(message.sender)
            # What is hidden keeps its default, and the defaults speak against nothing.
            facts = EventFacts(
                sender=self.participation(message.sender),
                is_message_denied=standing.is_denied(SEND_MESSAGES),
                may_redact=standing.may(REDACT),
            )
            permits = self._rules.permits
            decision = self._rules.judge_beside([*permits[Kind.MESSAGE], *permits[Kind.REDACTION]], facts)
            decision = self._backed(value, message, decision)
            if decision.allowed:
                self._note_id(message)
                self._remember(message.event_id, message.sender, message.type, None, decision, HIDDEN)
                self._revision += 1
            return decision

    def _send_unread_at(self, revision: int, event: Mapping[str, Any], then: Callable[[], object]) -> Decision:
        """What `send_unread` does, in a room that is as it was: see `_send_at`."""
        with lock_of(self):
            if self._revision != revision:
                raise RevisionError(revision, self._revision)
            decision = self.send_unread(event)
            if decision:
                then()
            return decision

    def _take_state(self, state: Iterable[object]) -> None:
        settings, types, others = self._settings, self._rules.types, self._rules.others
        defined: dict[str, Permissions] = {}

        def take(_: int, event: Event, value: dict[str, Any]) -> None:
            nonlocal settings
            event = understood(event, types)
            assert event.state_key is not None
            if event.type in types:
                self._members[event.state_key] = others[event.said]
            elif event.type == ROLE:
                defined[event.state_key] = event.said
            else:
                settings = self._change(settings, event)
            self._remember_given(event, value)

        self._take_all(enumerate(state), take)
        try:
            self._become(settings.with_roles(settings.roles.redefine(defined)) if defined else settings)
        except EventError as problem:
            raise problem.within("state") from None

    def _accept(self, event: Event, value: dict[str, Any], decision: Decision, after: Settings) -> None:
        known = self._entry(event.event_id)
        read = self._read_if_kept(event, value)
        if known is None:
            self._remember(event.event_id, event.sender, event.type, event.state_key, decision, read)
        else:  # kept unread, and now it can be read
            self._keep_read(event, decision, read)
        self._apply(event, after)

    def _take(self, event: Event, value: dict[str, Any]) -> None:
        after = self._after(event)  # a fault is found before anything is kept
        self._remember_given(event, value)
        self._apply(event, after)

    def _apply(self, event: Event, after: Settings) -> None:
        action = self._asked(event)
        if action is not None:
            assert event.state_key is not None
            self._move(event.state_key, self._class_of(event.state_key), action)
        elif after is not self._settings:
            self._become(after)

    def _keep_read(self, event: Event, decision: Decision, read: Read) -> None:
        assert self._past is not None
        assert event.event_id is not None
        position = self._past.find(event.event_id)
        assert position is not None
        self._past.replace(position, Entry(event.event_id, event.sender, event.type, None, decision, read))

    def _new_past(self) -> Past:
        """Where everybody stands and who sees what is kept first: it is known, but not by which events."""
        past = Past()
        past.add(None, "", HISTORY_VISIBILITY, "", _seen_by(self._settings.visibility))
        for user, state in self._states.items():
            past.append(Entry(None, user, USER, user, given_as(state)))
        return past

    def _place_of(self, entry: Entry) -> object:
        is_change = entry.state_key is not None and entry.type in self._rules.types
        return ("", entry.state_key) if is_change else super()._place_of(entry)

    def _is_named(self, user: str) -> bool:
        return user == self._settings.creator or super()._is_named(user)

    def _was_rewritten(self) -> None:
        self._views = None

    def _become(self, settings: Settings) -> None:
        before = self._settings
        old, new = before.roles, settings.roles
        is_new_creator = settings.creator != before.creator
        if not is_new_creator and (new is old or not (new.users or old.users or new.reigning is not old.reigning)):
            self._set_up(settings)  # everybody stands where they stood
            return
        powers = {user: standing.users for user, standing in settings.standings.items()}
        were = old.users if before.creator is None else (*old.users, before.creator)
        # The creator is joined from the start.
        self._set_up(settings, powers, were=were, creator=settings.creator if is_new_creator else None)

    def _go_on(self, after: Settings) -> None:
        self._become(after)


@cache
def _seen_by(visibility: Visibility) -> object:
    """What a past says of the visibility that it begins with, once for all rooms."""
    return pack(GIVEN, visibility.value)
