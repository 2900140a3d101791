"""What rooms of all families have in common: the order of work from an event to an answer.

Theory of operation. An event is read, then judged, then applied, each once. Two ways lead
there. Almost all events are sound participation changes, which the *quick way* reads and
looks up (`_quick`), by the classes of its users (`fsm.classes`). Whatever is out of the
ordinary goes the *careful way*: it is made plain (`fsm.event.plain`), read in full, judged,
and finds the words for what is wrong. Both ways give the same answers.

A value that is not plain is copied before a room is locked, and a host's callbacks run
afterwards; between the two nobody else reads or changes the room. `decide` takes the quick
way without a lock: its answer holds when it is given. Whoever changes what a room is set to
takes its table away first (`_set_up`), and whoever has read from both sides of such a change
begins anew.

An event with an id is kept (`fsm.past`): the same event again gets the first answer, and
nothing is applied twice; another event with the same id is an error.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, TypeAlias, cast

from fsm.classes import Peers, Rules, Table, UserClass
from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import MAX_TEXT, Event, checked_word, is_surely_plain, plain
from fsm.locks import LAST, LOCKS, lock_of
from fsm.machine import Memory, Participant
from fsm.past import GIVEN, HIDDEN, Past, Read, given_as, pack
from fsm.terms import Action, Participation

_LEAVE = Participation.LEAVE

_LEAST_FIELDS = len(("type", "sender", "state_key", "content"))

JSON: TypeAlias = dict[str, Any]

_UNREADABLE = (KeyError, TypeError, AttributeError, RecursionError)
"""What the quick way meets in an event that it cannot read."""


class BaseRoom:
    """One room: a family says how its events are read, judged and applied."""

    __slots__ = ("_members", "_participant", "_past", "_rules", "_settings", "_table", "id")

    policy: Any
    _rules: Rules[Any, Any]
    _settings: Any

    keeps_past: ClassVar[bool] = True
    """Whether events with an id are kept."""

    def __init__(self, room_id: str | None, participant: type[Participant]) -> None:
        self.id = room_id
        self._participant = participant
        self._past: Past | None = None
        self._members: dict[str, UserClass] = {}
        """Everybody who was ever heard of, or has powers of their own."""
        self._table: Table[Any, Any] | None = None
        """The decisions on ordinary changes; None where every change takes the careful way."""

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event cannot be read.
        """
        try:
            return self._quick(event)
        except _UNREADABLE:
            # Another kind of event, or a fault that the careful way finds the words for.
            return self._decide_carefully(event)

    def send(self, event: Mapping[str, Any]) -> Decision:
        """Decide, and apply the event when it is allowed.

        What is rejected is not added to the room. Raises `EventError` when the event
        cannot be read. In both cases the room is then exactly as before.
        """
        facts = None
        with LOCKS[id(self) >> 6 & LAST]:  # `lock_of`, without the time that a call takes
            try:
                decision = self._quick(event)
            except _UNREADABLE:
                is_quick = False
            else:
                is_quick = True
                if not decision.allowed:
                    return decision
                target, content, members = event["state_key"], event["content"], self._members
                if self._participant.has_callbacks:
                    facts = self._facts_between(event["sender"], target)
                event_id = event.get("event_id")
                if event_id is not None or self._past is not None:
                    read = self._read_quickly(content) if len(content) > 1 else None
                    self._remember(event_id, event["sender"], event["type"], target, decision, read)
                its = members.get(target)
                if its is None or its is its.peers.unheard:
                    self._move(target, self._class_of(target), decision.after)
                else:
                    members[target] = its.peers[decision.after]  # type: ignore[index]  # it moves somebody
        if not is_quick:
            return self._send_carefully(event)
        if facts is not None:
            self._tell(event["content"][self._rules.word], event["state_key"], decision, facts)
        return decision

    def _quick(self, event: Mapping[str, Any]) -> Decision:
        """Read and look up a sound and ordinary change. Raises one of `_UNREADABLE` for any other event."""
        # What is no plain dictionary may answer otherwise when it is read again.
        if type(event) is not dict or type(content := event["content"]) is not dict:
            raise TypeError
        rules, settings, table = self._rules, self._settings, self._table
        event_type, sender, target, action = event["type"], event["sender"], event["state_key"], content[rules.word]
        if not (
            type(event_type) is type(sender) is type(target) is type(action) is str
            and event_type in rules.types
            and table is not None
        ):
            raise KeyError(event_type)
        if len(event) != _LEAST_FIELDS and not self._is_new(event, action):
            raise KeyError(event_type)
        if len(content) != 1:
            if not is_surely_plain(content) and plain(content) is not content:
                raise TypeError
            self._read_quickly(content)
        members = self._members
        to = members.get(target) or self._stranger(target)
        if sender == target:
            decision = table[action, to]
        else:
            decision = table[action, members.get(sender) or self._stranger(sender), to]
        if self._settings is not settings:
            raise KeyError(event_type)
        return decision

    def _is_new(self, event: Mapping[str, Any], action: str) -> bool:
        """Whether the fields of a change besides those that each has raise no question, and its id has not come up."""
        rest = len(event) - _LEAST_FIELDS
        if "event_id" in event:
            event_id, past, rest = event["event_id"], self._past, rest - 1
            if type(event_id) is not str or not 0 < len(event_id) <= MAX_TEXT or not event_id.isascii():
                return False
            if past is not None and event_id in past.words:
                return False
        if "room_id" in event:
            room_id, rest = event["room_id"], rest - 1
            if type(room_id) is not str or room_id != self.id or not room_id.isascii():
                return False
        return not rest or (self._is_ordinary(event, action) and (is_surely_plain(event) or plain(event) is event))

    def _stranger(self, user: str) -> UserClass:
        """The class of somebody of whom nothing is known. Raises `KeyError` for what is no user id."""
        # Whoever is known has been read with care before, so their ids need no other check.
        if self._is_user(user):
            return self._rules.others.unheard
        raise KeyError(user)

    def _class_of(self, user: str) -> UserClass:
        return self._members.get(user) or self._rules.others.unheard

    def _move(self, user: str, its: UserClass, state: Any) -> None:
        """Put a user, who is of this class, into a state."""
        if its is its.peers.unheard:
            self._members.pop(user, None)  # users stand in the order of first mention
        self._members[user] = its.peers[state]

    def _set_up(
        self, settings: Any, rule: Any, powers: Mapping[str, Peers[Any]] | None = None, *, joined: str | None = None
    ) -> None:
        """Make these the room's settings: its rule, and who has powers of their own, unless that stays as it is.

        Whoever is `joined` by them is so from the start, unless something else is known of them.
        """
        members, others = self._members, self._rules.others
        self._table = None  # nobody decides in the meantime without a lock
        self._settings = settings
        if joined is not None and (its := self._class_of(joined)) is its.peers.unheard:
            self._move(joined, its, Participation.JOIN)
        if powers is not None:
            for user in [user for user, its in members.items() if its.peers is not others and user not in powers]:
                its = others.like(members[user])
                if its is others.unheard:
                    del members[user]
                else:
                    members[user] = its
            for user, peers in powers.items():
                members[user] = peers.like(self._class_of(user))
        self._table = self._rules.table(rule)

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            return self._judge(read, value) if known is None else known

    def _send_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = None
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            if known is not None:
                return known
            decision = self._judge(read, value)
            if not decision.allowed:
                return decision
            if decision.after is not None and self._participant.has_callbacks:
                facts = self._facts_of(read, value)
            self._note_id(read)
            self._accept(read, value, decision)
        if facts is not None:
            assert read.state_key is not None
            self._tell(str(self._asked(read)), read.state_key, decision, facts)
        return decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands, whether or not it was allowed.

        Raises `EventError` when it cannot be read, or is no state event.
        """
        value = plain(event)
        with lock_of(self):
            read = self._read_state(value)
            if self._known_answer(read, value) is None:
                self._note_id(read)
                self._take(read, value)

    def note(self, event: Mapping[str, Any]) -> None:
        """Keep a message that nobody judged, if it has an id; nothing changes.

        Raises `EventError` when it cannot be read, or is another event than that of its id.
        """
        value = plain(event)
        with lock_of(self):
            read = self._read(value)
            if read.event_id is not None and self._known_answer(read, value) is None:
                self._remember_given(read, value)

    def answered(self, event: Mapping[str, Any]) -> Decision | None:
        """What the room answered to this very event when it accepted it; None for an event that is new to it.

        Raises `EventError` when the event cannot be read, or is another one than that of its id.
        """
        value = plain(event)
        with lock_of(self):
            return self._known_answer(self._read(value), value)

    def remember(self) -> None:
        """Keep events without an id from now on, too, each by its position among those kept."""
        with lock_of(self):
            if self._past is None:
                self._past = self._new_past()
            self._past.keeps_all = True

    @property
    def kept(self) -> int:
        """The number of events kept."""
        return 0 if self._past is None else len(self._past)

    def participation(self, user: str) -> Participation:
        """Where a user stands; who was never heard of is in `leave`."""
        return cast("Participation", self._class_of(user).state)

    def participations(self) -> dict[str, Participation]:
        """Everybody who is not in `leave`, by user id, in the order of first mention."""
        with lock_of(self):
            return {user: its.state for user, its in self._members.items() if its.state is not _LEAVE}

    @property
    def _states(self) -> dict[str, Participation]:
        """Where everybody stands who was ever heard of."""
        return {user: its.state for user, its in self._members.items() if its is not its.peers.unheard}

    def participant(self, user: str) -> Participant:
        """The user's participation as a model of the policy's machine."""
        return self._participant(self, user)

    def actions(self, sender: str, target: str) -> dict[Action, str]:
        """What `sender` may do to `target` now: for each action allowed, the transition's id."""
        decisions = {action: self.decide_action(action, sender, target) for action in Action}
        return {action: decision.transition for action, decision in decisions.items() if decision.transition}

    def targets(self, action: str, sender: str) -> dict[str, str]:
        """On whom of those whom the room knows `sender` may do this now: for each, the transition's id.

        Raises `EventError` for an unknown action, and for a sender that is no user id.
        """
        checked_word(action, "action", tuple(Action))
        self.decide_action(action, sender, sender)
        with lock_of(self):
            heard = [user for user, its in self._members.items() if its is not its.peers.unheard]
            table, by = self._table, self._class_of(sender)
            if table is None:
                decisions = [self.decide_action(action, sender, user) for user in heard]
            else:
                classes = map(self._members.__getitem__, heard)
                decisions = [
                    table[action, its] if user == sender else table[action, by, its]
                    for user, its in zip(heard, classes, strict=True)
                ]
        return {
            user: decision.transition for user, decision in zip(heard, decisions, strict=True) if decision.transition
        }

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(checked_word(action, "action", tuple(Action)), sender, target, None))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None) -> Decision:
        """Write a participation change as an event, and send it.

        Raises `EventError` for an unknown action, and for what is no user id.
        """
        return self.send(self._write(checked_word(action, "action", tuple(Action)), sender, target, reason))

    # What a family says.

    @property
    def _memory(self) -> Memory[Any]:
        """The decisions of the policy."""
        return self._rules.memory

    @property
    def _rule(self) -> Any:
        """What the settings say of decisions on ordinary changes, beside the powers of users."""
        raise NotImplementedError

    def _facts_between(self, sender: str, target: str) -> Any:
        """What the policy may know about an ordinary change between these users."""
        rules, by, to = self._rules, self._class_of(sender), self._class_of(target)
        code = rules.code(by.peers.powers, to.peers.powers, self._rule, is_self=sender == target)
        return self.policy.domain.unpack(code, target=to.state, sender=by.state)

    def _is_user(self, user: str) -> bool:
        """Whether a text can be the id of a user."""
        raise NotImplementedError

    def _is_ordinary(self, event: Mapping[str, Any], action: str) -> bool:
        """Whether the fields of a change besides those that every event has raise no question."""
        raise NotImplementedError

    def _read_quickly(self, content: Mapping[str, Any]) -> Read:
        """What is read of an ordinary content beside the action. Raises `KeyError` for any other."""
        raise NotImplementedError

    def _write(self, action: str, sender: str, target: str, reason: str | None) -> JSON:
        """A participation change as an event."""
        raise NotImplementedError

    def _read(self, value: JSON) -> Event:
        """Read an event of this room. Raises `EventError`."""
        raise NotImplementedError

    def _read_state(self, value: JSON) -> Event:
        """Read a state event of this room. Raises `EventError`."""
        raise NotImplementedError

    def _read_of(self, event: Event, value: JSON) -> Read:
        """What the room reads of an event's content, beside the action. Raises `EventError`."""
        raise NotImplementedError

    def _asked(self, event: Event) -> str | None:
        """The action that an event asks for; None for one that is no participation change."""
        raise NotImplementedError

    def _facts_of(self, event: Event, value: JSON) -> Any:
        """The facts by which a participation change was judged."""
        raise NotImplementedError

    def _judge(self, event: Event, value: JSON) -> Decision:
        """The decision on an event that is new to the room. Raises `EventError`."""
        raise NotImplementedError

    def _accept(self, event: Event, value: JSON, decision: Decision) -> None:
        """Apply an event that is allowed, and remember it."""
        raise NotImplementedError

    def _take(self, event: Event, value: JSON) -> None:
        """Apply a state event as it stands, and remember it. Raises `EventError`, and changes nothing then."""
        raise NotImplementedError

    # The ids of rooms and events.

    def _note_id(self, event: Event) -> None:
        """Learn the room's id from an event that it has accepted."""
        if self.id is None:
            self.id = event.room_id

    def _new_past(self) -> Past:
        """The past of a room that begins to keep events."""
        return Past()

    def _remember(  # noqa: PLR0913, PLR0917 - a call by names would cost more than the rest
        self, event_id: str | None, sender: str, event_type: str, state_key: str | None, answer: Decision, read: Read
    ) -> None:
        """Keep an accepted event. Those without an id are kept where others are, if they are of the state."""
        past = self._past
        if past is None:
            if event_id is None or not self.keeps_past:
                return
            past = self._past = self._new_past()
        if event_id is not None or state_key is not None or past.keeps_all:
            past.add(event_id, sender, event_type, state_key, pack(answer, read))

    def _remember_given(self, event: Event, value: JSON) -> None:
        """Keep an event that was taken as it stands."""
        asked = self._asked(event)
        answer = GIVEN if asked is None else given_as(Participation(asked))
        self._remember(
            event.event_id, event.sender, event.type, event.state_key, answer, self._read_if_kept(event, value)
        )

    def _read_if_kept(self, event: Event, value: JSON) -> Read:
        """What is kept of the content: what the room reads, if the event has an id to be compared by."""
        return None if event.event_id is None else self._read_of(event, value)

    def _known_answer(self, event: Event, value: JSON) -> Decision | None:
        """The first answer to an event that is known by its id. Raises `EventError` for another event of that id."""
        if event.event_id is None or self._past is None:
            return None
        position = self._past.find(event.event_id)
        if position is None:
            return None
        known = self._past[position]
        is_same = (known.sender, known.type, known.state_key) == (event.sender, event.type, event.state_key)
        if not is_same or self._action_of(known.answer) != self._asked(event):
            raise another(event)
        read = self._read_of(event, value)
        if known.read != read and HIDDEN not in (known.read, read):
            raise another(event)
        return known.answer

    def _action_of(self, answer: Decision) -> str | None:
        """The action that an accepted event asked for; None for one that was no participation change."""
        if answer.transition is None:
            return None if answer.after is None else str(answer.after)  # of what was taken as it stands
        return self._memory.action_of[answer.transition]

    def _tell(self, action: str, target: str, decision: Decision, facts: Any) -> None:
        """Run the callbacks of a change that has been applied."""
        model = self._participant(self, target, cast("Participation", decision.before))
        self._memory.machine.fire(model, action, facts)


def another(event: Event) -> EventError:
    """That an event is another one than that of its id."""
    return EventError("event_id", f"`{shorten(event.event_id or '')}` is the id of another event")
