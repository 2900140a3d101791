"""A MIMI room: events in, decisions out.

Theory of operation. A room keeps two things apart: where every user stands
(`_states`), and what the room is set to (`_settings`: roles, join rule and so
on). No event changes both, but the creation. `decide` works out the facts of an
event and looks the decision up; `send` does the same and then applies it.

Participation changes are by far the most frequent events, and `decide` has a quick
way for them. It takes well-formed events only. Whatever is out of the ordinary goes
the careful way, `_judge`, which finds the words for what is wrong. Both end in the
same look-up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self, cast

from fsm.decision import Decision, judge
from fsm.errors import EventError, shorten
from fsm.event import MAX_TEXT, Event, checked_word, is_name, name, read_event, write_state
from fsm.machine import Participant
from fsm.mimi.auth_events import BACKING, compare, read_auth_events, select
from fsm.mimi.history import History, StateKey
from fsm.mimi.permits import EventFacts, Kind
from fsm.mimi.policies import MIMI, MimiPolicy
from fsm.mimi.roles import CREATOR, NOBODY, REDACT, SEND_MESSAGES, Standing
from fsm.mimi.rules import rules_of
from fsm.mimi.settings import CREATE, USER, Settings, kind_of, read_participation, write_participation
from fsm.mimi.visibility import VIEWS
from fsm.participation.facts import Facts
from fsm.terms import Action, Participation

if TYPE_CHECKING:
    from fsm.mimi.envelope import Envelope

_JOIN, _LEAVE = Participation.JOIN, Participation.LEAVE

_LEAST_FIELDS = len(("type", "sender", "state_key", "content"))


class Room:
    """One room under one policy.

    A room that was given no id takes it from the first event that names one.
    `participant` is the class of the models that the room hands out: give a
    subclass of `fsm.Participant` with callbacks to hook side effects.
    """

    __slots__ = ("_history", "_participant", "_rule", "_rules", "_settings", "_standings", "_states", "id")

    def __init__(
        self, room_id: str | None = None, *, policy: MimiPolicy = MIMI, participant: type[Participant] = Participant
    ) -> None:
        """A room that nobody has created yet: its first event has to be its creation."""
        self.id = room_id
        self._participant = participant
        self._rules = rules_of(policy)
        self._states: dict[str, Participation] = {}
        self._history: History | None = None
        self._become(self._rules.new)

    @property
    def policy(self) -> MimiPolicy:
        """The policy that judges its events."""
        return self._rules.policy

    @classmethod
    def create(
        cls,
        room_id: str,
        creator: str,
        *,
        policy: MimiPolicy = MIMI,
        participant: type[Participant] = Participant,
        envelope: "Envelope | None" = None,
    ) -> Self:
        """A new room in which the creator is joined. Raises `EventError` for a bad user id.

        It starts with the settings of `envelope`, if one is given: one that assigns
        anybody to a role leaves the creator no powers but those of their roles.
        Raises `EventError` when the envelope has faults or is for another policy.
        """
        room = cls(room_id, policy=policy, participant=participant)
        if envelope is not None:
            # An envelope made by hand has not been checked by anybody.
            room._become(type(envelope).from_json(envelope.as_json()).settings(policy))
        room.send(write_state(CREATE, creator, {}))
        return room

    @classmethod
    def from_state(cls, state: Iterable[object], *, policy: MimiPolicy = MIMI) -> Self:
        """A room in the state that these events describe, each taken as it stands.

        `state` is the set of current state events, in any order. Raises `EventError`
        for an event that is malformed, no state event, of another room than the
        others, or given twice.
        """
        room = cls(policy=policy)
        settings = room._settings
        seen: set[tuple[str, str]] = set()
        for index, value in enumerate(state):
            try:
                event = room._read_state(value, seen)
                room._note_id(event)
                if event.type in policy.participation_events:
                    room._states[event.state_key or ""] = read_participation(event)
                else:
                    settings = room._change(settings, event)
            except EventError as problem:
                raise problem.within(f"state[{index}]") from None
        room._become(settings)
        return room

    @classmethod
    def restore(
        cls, snapshot: object, *, policy: MimiPolicy = MIMI, participant: type[Participant] = Participant
    ) -> Self:
        """The room of which this is the `snapshot`.

        Raises `EventError` when it is none, was cut off or edited, or is of
        another version or policy.
        """
        from fsm.mimi.snapshot import Snapshot  # noqa: PLC0415 - takes long to load, and few need it

        kept = Snapshot.from_json(snapshot, policy)
        room = cls(kept.room_id, policy=policy, participant=participant)
        room._states.update(kept.states)
        room._history = kept.history
        room._become(kept.settings)
        return room

    def snapshot(self) -> dict[str, Any]:
        """All that the room knows, as JSON: see `fsm.mimi.snapshot`."""
        from fsm.mimi.snapshot import Snapshot  # noqa: PLC0415 - takes long to load, and few need it

        return Snapshot(self.policy, self.id, self._settings, self._states, self._history).as_json()

    def envelope(self) -> "Envelope":
        """The room's policy and settings, as one value."""
        from fsm.mimi.envelope import Envelope  # noqa: PLC0415 - takes long to load, and few need it

        return Envelope.of(self.policy, self._settings)

    @staticmethod
    def room_of(event: Mapping[str, Any]) -> str | None:
        """The id of the room that an event is of, malformed as it may be."""
        room_id = event.get("room_id")
        return room_id if type(room_id) is str else None

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event is malformed.
        """
        rules, states = self._rules, self._states
        try:
            content = event["content"]
            if (
                event["type"] in rules.participation_events
                and type(content) is dict
                and (len(content) == 1 or _is_plain(content.get("reason")))
                and (len(event) == _LEAST_FIELDS or self._is_ours(event))
            ):
                sender, target = event["sender"], event["state_key"]
                # Whoever is known has been read with care before, so their ids need no other check.
                before = states[target] if target in states else _stranger(target)
                by = states[sender] if sender in states else _stranger(sender)
                return rules.memory[content["participation"], before, by, self._weigh(sender, target)]
        except (KeyError, TypeError, AttributeError):
            pass  # another kind of event, or a fault that `_judge` finds the words for
        return self._judge(event)

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed.

        What is rejected is not added to the room. Raises `EventError` when the
        event is malformed. In both cases the room is then exactly as before.
        """
        decision = self.decide(event)
        if decision.allowed:
            if self.id is None and "room_id" in event:
                self._note_id(read_event(event))
            if self._history is not None or "event_id" in event:
                self._remember(read_event(event))
            if decision.after is not None:
                self._move(event, decision)
            elif "state_key" in event:
                self._become(self._change(self._settings, read_event(event)))
        return decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands, whether or not it was allowed.

        Raises `EventError` when it is malformed, or no state event.
        """
        state = self._read_state(event, set())
        self._note_id(state)
        if state.type in self.policy.participation_events:
            self._states[state.state_key or ""] = read_participation(state)
        else:
            self._become(self._change(self._settings, state))
        if self._history is not None or state.event_id is not None:
            self._remember(state)

    def send_unread(self, event: Mapping[str, Any]) -> Decision:
        """Decide on a message whose type and content are hidden, and remember it when it is allowed.

        It is rejected when nothing that it may hide could make it legal. Whoever
        can read it has to judge the rest. Raises `EventError` as `send` does.

        Spec: "Introduction" (seed 1, -00 1, -01 1)
        """
        message = self._read(event)
        if message.state_key is not None:
            raise EventError("state_key", "must not be there: state is never hidden")
        standing = self.standing(message.sender)
        # What is hidden keeps its default, and the defaults speak against nothing.
        facts = EventFacts(
            sender=self.participation(message.sender),
            is_message_denied=standing.is_denied(SEND_MESSAGES),
            may_redact=standing.may(REDACT),
        )
        permits = self._rules.permits
        decision = self._backed(event, message, judge([*permits[Kind.MESSAGE], *permits[Kind.REDACTION]], facts))
        if decision.allowed:
            self._note_id(message)
            if self._history is not None or message.event_id is not None:
                self._remember(message)
        return decision

    def participation(self, user: str) -> Participation:
        """Where a user stands; who was never heard of is in `leave`."""
        return self._states.get(user, _LEAVE)

    def participations(self) -> dict[str, Participation]:
        """Everybody who is not in `leave`, by user id, in the order of first mention."""
        return {user: state for user, state in self._states.items() if state is not _LEAVE}

    def participant(self, user: str) -> Participant:
        """The user's participation as a model of the policy's machine."""
        return self._participant(self, user)

    def standing(self, user: str) -> Standing:
        """What the user's roles allow, whatever their participation."""
        return self._settings.standing(user)

    def actions(self, sender: str, target: str) -> dict[Action, str]:
        """What `sender` may do to `target` now: for each action allowed, the transition's id."""
        decisions = {action: self.decide_action(action, sender, target) for action in Action}
        return {action: decision.transition for action, decision in decisions.items() if decision.transition}

    def visible(self, event_id: str, user: str) -> bool:
        """Whether the user may be shown the event; False for an event the room does not know."""
        return self.view(event_id, user).allowed

    def view(self, event_id: str, user: str) -> Decision:
        """Whether the user may be shown the event, and if not, why.

        Needs events with ids: a room remembers its past from the first of them on.

        Spec: "Event/History Visibility" (-00 7)
        """
        facts = self._history.view(event_id, user) if self._history else None
        if facts is None:
            return Decision(allowed=False, reason=f"the room knows no event `{shorten(event_id)}`")
        return judge(VIEWS, facts)

    def auth_events(self, event: Mapping[str, Any]) -> list[str]:
        """The ids of the state events that must back this event, in the draft's order.

        Raises `EventError` when the event is malformed.

        Spec: "Auth Events Selection" (-00 3.1)
        """
        selection = self._select(self._read(event))
        return self._history.current_ids(selection) if self._history else []

    def facts(self, sender: str, target: str) -> Facts:
        """What the policy may know about a participation change between these users."""
        return self.policy.domain.unpack(
            self._weigh(sender, target), target=self.participation(target), sender=self.participation(sender)
        )

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(action, sender, target))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None) -> Decision:
        """Write a participation change as an event, and send it.

        Raises `EventError` for an unknown action, and for what is no user id.
        """
        return self.send(self._write(action, sender, target, reason))

    def _write(self, action: str, sender: str, target: str, reason: str | None = None) -> dict[str, Any]:
        known = checked_word(action, "action", tuple(Action))
        return write_participation(self.policy.participation_event, known, sender, target, reason)

    def _is_ours(self, event: Mapping[str, Any]) -> bool:
        """Whether the fields besides the four that every change has raise no question."""
        room_id = self.id
        return (
            is_name(event.get("event_id", "$"))
            and ("room_id" not in event or (event["room_id"] == room_id and room_id is not None))
            and "authEvents" not in event
        )

    def _judge(self, value: Mapping[str, Any]) -> Decision:
        """The careful way: the decision on any event."""
        event = self._read(value)
        return self._backed(value, event, self._judge_content(event))

    def _backed(self, value: Mapping[str, Any], event: Event, decision: Decision) -> Decision:
        """The same decision, unless the event names other `authEvents` than must back it."""
        if "authEvents" in value:
            given = read_auth_events(value["authEvents"])
            backing = judge((BACKING,), compare(given, self._select(event), self._history or History()))
            if not backing:
                return replace(backing, before=decision.before, after=decision.before)
        return decision

    def _judge_content(self, event: Event) -> Decision:
        if event.type in self.policy.participation_events:
            action, sender, target = read_participation(event), event.sender, event.state_key
            assert target
            before, by = self.participation(target), self.participation(sender)
            return self._rules.memory[action, before, by, self._weigh(sender, target)]
        after = self._change(self._settings, event)
        facts = self._settings.facts(
            event, self.participation(event.sender), after, is_own_event=self._redacts_own(event)
        )
        return judge(self._rules.permits[kind_of(event)], facts)

    def _redacts_own(self, event: Event) -> bool:
        if kind_of(event) is not Kind.REDACTION:
            return False
        redacted = name(event.content, "redacts", "content")
        return self._history is not None and self._history.sender_of(redacted) == event.sender

    def _select(self, event: Event) -> list[StateKey]:
        action = read_participation(event) if event.type in self.policy.participation_events else None
        return select(event, action, self._settings.roles)

    def _remember(self, event: Event) -> None:
        """Write an accepted event into the history, and what it moves."""
        if self._history is None:
            self._history = History()
            self._history.note_states(self._states)
        is_participation = event.type in self.policy.participation_events
        key = None if event.state_key is None else (USER if is_participation else event.type, event.state_key)
        self._history.note_event(event, self._settings.visibility, key)
        if is_participation:
            self._history.note_move(event.state_key or "", read_participation(event))
        elif event.type == CREATE:
            self._history.note_move(event.sender, _JOIN)

    def _read(self, value: object) -> Event:
        event = read_event(value)
        if event.room_id is not None and self.id is not None and event.room_id != self.id:
            raise EventError("room_id", f"`{shorten(event.room_id)}` is another room")
        return event

    def _note_id(self, event: Event) -> None:
        """Learn the room's id from an event that it has accepted."""
        if self.id is None:
            self.id = event.room_id

    def _read_state(self, value: object, seen: set[tuple[str, str]]) -> Event:
        event = self._read(value)
        if event.state_key is None:
            raise EventError("state_key", "is missing: this is no state event")
        key = ("" if event.type in self.policy.participation_events else event.type, event.state_key)
        if key in seen:
            raise EventError("", f"is a second `{shorten(event.type)}` for `{shorten(event.state_key)}`")
        seen.add(key)
        return event

    def _change(self, settings: Settings, event: Event) -> Settings:
        after = settings.after(event)
        if after.join_rule not in self._rules.join_rule:
            raise EventError("content.rule", f"`{after.join_rule}` is no join rule of policy `{self.policy.id}`")
        return after

    def _become(self, settings: Settings) -> None:
        if settings.creator is not None:
            self._states.setdefault(settings.creator, _JOIN)  # joined from the start
        self._settings = settings
        self._rule = self._rules.join_rule[settings.join_rule]
        self._standings = settings.roles.standings

    def _weigh(self, sender: str, target: str) -> int:
        """The facts but the two states, as the sum of their weights in the domain."""
        rules, standings = self._rules, self._standings
        by, to = standings.get(sender, NOBODY), standings.get(target, NOBODY)
        # While the creator reigns, all others are equal: there is no other power to compare theirs with.
        if sender == self._settings.creator and self._settings.roles.reigning:
            by = CREATOR
        code = self._rule + rules.may[by.acts]
        if sender == target:
            return code + rules.is_self
        if by.kick > to.kick:
            code += rules.outranks_for_kick
        if by.ban > to.ban:
            code += rules.outranks_for_ban
        return code

    def _move(self, event: Mapping[str, Any], decision: Decision) -> None:
        """Apply an allowed participation change, and run the callbacks if there are any."""
        target, after = event["state_key"], cast("Participation", decision.after)
        if not self._participant.has_callbacks:
            self._states[target] = after
            return
        action, facts = event["content"]["participation"], self.facts(event["sender"], target)
        is_settled = False

        def settle() -> None:
            # A callback on the way out may have changed the state already: that came later, and stands.
            nonlocal is_settled
            if not is_settled and self.participation(target) is decision.before:
                self._states[target] = after
            is_settled = True

        try:
            self._rules.memory.machine.fire(self._participant(self, target, settle), action, facts)
        finally:
            settle()  # also when a callback has failed before the machine got so far


def _stranger(user: object) -> Participation:
    """Where somebody stands of whom nothing is known, if that is a user id at all."""
    if is_name(user):
        return _LEAVE
    raise KeyError(user)


def _is_plain(reason: object) -> bool:
    return type(reason) is str and len(reason) <= MAX_TEXT
