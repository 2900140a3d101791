"""A MIMI room: events in, decisions out.

Theory of operation. A room keeps two things apart: where every user stands
(`_members`), and what the room is set to (`_settings`: roles, join rule and so
on). No event changes both, but the creation. The order of work is that of any room
(`fsm.room`); here stands how MIMI's events are read, judged and applied.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Self, Unpack, cast, overload

from fsm.classes import UserClass
from fsm.decision import Decision, judge
from fsm.errors import EventError, RevisionError, shorten
from fsm.event import MAX_TEXT, Event, Place, checked_word, expect_plain, is_name, plain, read_event, write_state
from fsm.facts import Value
from fsm.locks import lock_of
from fsm.mimi.events import kind_of, said_by, text_of, understood, write_participation
from fsm.mimi.permissions import REDACT, SEND_MESSAGES, Permissions
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.policies import MIMI, MimiPolicy
from fsm.mimi.roles import Standing
from fsm.mimi.rules import MimiRules, Senders, rules_of
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, ROLE, USER, Settings
from fsm.observers import Observer
from fsm.own_facts import Provider, weight_of
from fsm.participation.facts import Facts
from fsm.participation.participant import Member, Other, Participant
from fsm.participation.room import ParticipationRoom
from fsm.participation.terms import Action, JoinRule, Participation, Visibility
from fsm.past import GIVEN, HIDDEN, Entry, Past, Read, brief, given_as, pack
from fsm.room import Attachments, another, known_in
from fsm.rule import Rule

if TYPE_CHECKING:
    from fsm.mimi.envelope import Envelope
    from fsm.mimi.history import StateKey, Views


_WITH_REASON = len(("participation", "reason"))


class Room(ParticipationRoom[Member]):
    """One room under one policy.

    A room that was given no id takes it from the first event that names one.
    `participant` is the class of the participants that the room hands out: a subclass
    of `fsm.Participant` may have hooks for what is to follow. `facts` provides those that
    the policy looks at, and that no room works out: a function of sender and target, which answers them by name.
    """

    __slots__ = ("_views",)

    _rules: MimiRules
    _settings: Settings

    _plain_participant = Participant

    snapshot_format = "fsm.mimi.room"
    _parts = {"envelope": Any, "creator": str | None, "reigns": bool}  # noqa: RUF012 - never changed
    copied_fields = {**ParticipationRoom.copied_fields, "_views": lambda _: None}  # noqa: RUF012 - as above

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
        self._views: Views | None = None
        self._keep(keep)

    @property
    def policy(self) -> MimiPolicy:
        """The policy that judges its events."""
        return self._rules.policy

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

    def standing(self, user: str) -> Standing:
        """What the user's roles allow, whatever their participation."""
        standing: Standing = self._class_of(user).peers.powers
        return standing

    def visible(self, event_id: str, user: str) -> bool:
        """Whether the user may be shown the event; False for an event the room does not know."""
        return self.view(event_id, user).allowed

    def view(self, event: str | int, user: str) -> Decision:
        """Whether the user may be shown the event, and if not, why.

        The event is named by its id, or by its position among the events `kept`. Needs
        events with ids, or `remember`: a room remembers its past from then on.

        Spec: "Event/History Visibility" (-00 7)
        """
        with lock_of(self):
            facts = self._seen().facts(event, user)
        if facts is None:
            unknown = self._forgotten(event) or f"the room knows no event `{shorten(str(event))}`"
            return Decision(allowed=False, reason=unknown)
        from fsm.mimi.visibility import VIEWS  # noqa: PLC0415 - takes long to load, and few need it

        return judge(VIEWS, facts)

    def auth_events(self, event: Mapping[str, Any]) -> list[str]:
        """The ids of the state events that must back this event, in the draft's order.

        Raises `EventError` when the event is malformed.

        Spec: "Auth Events Selection" (-00 3.1)
        """
        value = plain(event)
        with lock_of(self):
            return self._seen().current_ids(self._select(self._read(value)))

    @property
    def _rule(self) -> JoinRule:
        return self._settings.join_rule

    def facts(self, sender: str, target: str) -> Facts:
        """What the policy may know about a participation change between these users."""
        return cast("Facts", self._facts_between(sender, target))

    _is_user = staticmethod(is_name)

    def _is_ordinary(self, event: Mapping[str, Any], action: str | None) -> bool:  # noqa: ARG002 - as any room asks
        return "authEvents" not in event

    def _senders_under(self, settings: Settings) -> tuple[Senders, Senders]:
        return self._rules.senders_of_others[settings.creator is not None]

    @staticmethod
    def _is_ordinary_key(key: str, sender: str) -> bool:  # noqa: ARG004 - as any room is asked
        return len(key) <= MAX_TEXT and key.isascii()

    def _look_up_setting(
        self,
        event: Event,
        value: dict[str, Any],  # noqa: ARG002 - as any room is asked
        by: UserClass,
        settings: Settings,
    ) -> tuple[Decision, Event, Settings]:
        if event.state_key and not self._is_ordinary_key(event.state_key, event.sender):
            raise KeyError(event.state_key)
        try:
            event = self._understood(event)
            after = self._change(settings, event)
        except EventError:
            raise KeyError(event.type) from None
        kind, rules = kind_of(event), self._rules
        if kind is not Kind.ROLE and kind is not Kind.ROLE_MAP:
            return rules.senders[kind][settings.creator is not None][event.type][by], event, after
        told = settings.facts(event, by.state, by.peers.powers, after, is_own_event=False)
        return rules.judge(kind, told), event, after

    def _read_quickly(self, content: dict[str, Any]) -> Read:
        reason = content.get("reason")
        # Most of those that say more than the action give a short reason, and nothing else.
        if type(reason) is not str or not reason.isascii() or len(content) != _WITH_REASON:
            expect_plain(content)
            if "reason" not in content:
                return None
        if type(reason) is not str or len(reason) > MAX_TEXT:
            raise KeyError(reason)
        return brief(reason)

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> dict[str, Any]:
        return write_participation(self.policy.participation_event, action, sender, target, reason)

    def _read(self, value: object) -> Event:
        event = read_event(value)
        if event.room_id is not None and self.id is not None and event.room_id != self.id:
            raise EventError("room_id", f"`{shorten(event.room_id)}` is another room")
        return event

    def _read_state(self, value: object) -> Event:
        event = self._read(value)
        if event.state_key is None:
            raise EventError("state_key", "is missing: this is no state event")
        return event

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

    def _understood(self, event: Event) -> Event:
        return understood(event, self._rules.types)

    def _asked(self, event: Event) -> Action | None:
        types = self._rules.types
        if event.type not in types:
            return None
        action: Action = event.said or said_by(event, types)
        return action

    def _read_of(self, event: Event, value: dict[str, Any]) -> Read:  # noqa: ARG002 - as any room reads
        types = self._rules.types
        if event.type in types:
            return brief(event.content["reason"]) if "reason" in event.content else None
        return text_of(event.type, said_by(event, types))

    def _read_if_kept(self, event: Event, value: dict[str, Any]) -> Read:
        # Who sees what follows from all changes of the rule on it, also those without an id.
        is_needed = event.event_id is not None or event.type == HISTORY_VISIBILITY
        return self._read_of(event, value) if is_needed else None

    def _founder(self, event: Event) -> tuple[str, Participation] | None:
        its = self._class_of(event.sender)
        is_put = event.type == CREATE and self._settings.creator is None and its is its.peers.unknown
        return (event.sender, Participation.JOIN) if is_put else None

    def _facts_of(self, event: Event, value: dict[str, Any]) -> Facts:  # noqa: ARG002 - as any room does
        assert event.state_key
        return self.facts(event.sender, event.state_key)

    def _judge(
        self, event: Event, value: dict[str, Any], facts: Mapping[str, Value] | None = None
    ) -> tuple[Decision, Settings]:
        after = self._after(event)
        return self._backed(value, event, self._judge_content(event, facts, after)), after

    def _after(self, event: Event) -> Settings:
        return self._change(self._settings, event)

    def _backed(self, value: Mapping[str, Any], event: Event, decision: Decision) -> Decision:
        """The same decision, unless the event names other `authEvents` than must back it."""
        if "authEvents" in value:
            from fsm.mimi.auth_events import BACKING, compare, read_auth_events  # noqa: PLC0415 - as above

            given = read_auth_events(value["authEvents"])
            backing = judge((BACKING,), compare(given, self._select(event), self._seen()))
            if not backing:
                return replace(backing, before=decision.before, after=decision.before)
        return decision

    def _judge_content(self, event: Event, facts: Mapping[str, Value] | None, after: Settings) -> Decision:
        action = self._asked(event)
        if action is not None:
            assert event.state_key
            table, by, to = self._rules.table(self._rule), self._class_of(event.sender), self._class_of(event.state_key)
            is_self = event.sender == event.state_key
            if facts is None:
                return table.decide(action, by, to, is_self=is_self)
            *asked, code = table.question(action, by, to, is_self=is_self)
            return self._memory[*asked, code + weight_of(self.policy, facts)]
        kind, its = kind_of(event), self._class_of(event.sender)
        redacted = event.said if kind is Kind.REDACTION else None
        is_own = redacted is not None and self._is_sent_by(event.sender, redacted)
        told = self._settings.facts(event, its.state, its.peers.powers, after, is_own_event=is_own)
        decision = self._rules.judge(kind, told)
        if not decision and redacted is not None and self._is_unknown(redacted):
            return replace(decision, reason=self._forgotten(redacted) or decision.reason)
        return decision

    def _is_sent_by(self, sender: str, event_id: str) -> bool:
        """Whether the room knows an event, and this user has sent it."""
        known = None if self._is_unknown(event_id) else self._entry(event_id)
        return known is not None and known.sender == sender

    def _is_unknown(self, event_id: str) -> bool:
        """Whether the room does not know an event, or has forgotten it."""
        past = self._past
        position = None if past is None else past.find(event_id)
        return position is None or past is None or position < past.first

    def _select(self, event: Event) -> "list[StateKey]":
        from fsm.mimi.auth_events import select  # noqa: PLC0415 - takes long to load, and few need it

        return select(event, self._asked(event), self._settings.roles)

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

    def _entry(self, event_id: str | None) -> Entry | None:
        """What is kept of the event with this id."""
        if event_id is None or self._past is None:
            return None
        position = self._past.find(event_id)
        return None if position is None else self._past[position]

    def _keep_read(self, event: Event, decision: Decision, read: Read) -> None:
        assert self._past is not None
        assert event.event_id is not None
        position = self._past.find(event.event_id)
        assert position is not None
        self._past.replace(position, Entry(event.event_id, event.sender, event.type, None, decision, read))

    def _known_answer(self, event: Event, value: dict[str, Any]) -> Decision | None:
        """As any room does; but a message that could not be read when it came is judged when it can be."""
        known = self._entry(event.event_id)
        if known is None:
            return None
        if known.read is HIDDEN and event.type != known.type:
            if (known.sender, None) != (event.sender, event.state_key):
                raise another(event)
            return None
        return super()._known_answer(event, value)

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

    def _seen(self) -> "Views":
        """The past as questions are asked of it, up to now."""
        past = self._past
        if self._views is None or past is None or self._views.past is not past or self._views.start != past.start:
            from fsm.mimi.history import Views  # noqa: PLC0415 - takes long to load, and few need it

            self._views = Views(past or Past(), self.policy.participation_events)
        self._views.read_on()
        return self._views

    def _change(self, settings: Settings, event: Event) -> Settings:
        after = settings.after(event)
        if after.join_rule not in self._rules.join_rule:
            raise EventError("content.rule", f"`{after.join_rule}` is no join rule of policy `{self.policy.id}`")
        return after

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
