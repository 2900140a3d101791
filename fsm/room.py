"""What rooms of all families have in common: the order of work from an event to an answer.

Theory of operation. An event is read, then judged, then applied, each once. Two ways lead
there. Almost all events are sound participation changes, which the *quick way* reads and
looks up (`_quick`), by the classes of its users (`fsm.classes`). Whatever is out of the
ordinary goes the *careful way*: it is made plain (`fsm.event.plain`), read in full, judged,
and finds the words for what is wrong. Both ways give the same answers.

A value that is not plain is copied, and a host's own facts are asked for, before a room is
locked, and its observers are told afterwards (`fsm.observers`); between the two nobody else
reads or changes the room. `decide` takes the quick way without a lock: its answer holds when
it is given. Whoever changes what a room is set to takes its table away first (`_set_up`), and
whoever has read from both sides of such a change begins anew.

To send an event is to prepare a `Change` and to apply it. A host that stores what happens
takes the two steps itself, and stores the change between them. The number of events that a
room has accepted is its *revision*, by which it knows whether a change is still for the room
as it is. Where nobody is told, no change is made.

An event with an id is kept (`fsm.past`): the same event again gets the first answer, and
nothing is applied or told twice; another event with the same id is an error.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Self, TypeAlias, TypeVar, cast
from weakref import WeakValueDictionary

from fsm import change as kinds
from fsm.change import Change, Outcome
from fsm.classes import Key, Peers, Rules, UserClass
from fsm.classes import Table as Decisions
from fsm.decision import Decision, permit
from fsm.errors import HALF_PAIR, DefinitionError, EventError, RevisionError, shorten
from fsm.event import MAX_TEXT, Event, checked_name, checked_word, is_name, is_surely_plain, own_copy, plain
from fsm.facts import Value
from fsm.locks import LAST, LOCKS, lock_of
from fsm.machine import Memory
from fsm.observers import Attached, Observer, Watcher, is_logged, tell, tell_async
from fsm.own_facts import Provider, provided, weight_of
from fsm.participant import PLAIN, Participant, Who, check_hooks, hook_names, hooks_in
from fsm.past import GIVEN, HIDDEN, Bound, Entry, Past, Read, given_as, pack
from fsm.rule import Rule
from fsm.table import Table
from fsm.terms import Action, Participation

_new = tuple.__new__

P = TypeVar("P", bound=Table[Any])

_LEAVE = Participation.LEAVE

_LEAST_FIELDS = len(("type", "sender", "state_key", "content"))

JSON: TypeAlias = dict[str, Any]

_UNREADABLE = (KeyError, TypeError, AttributeError, RecursionError)
"""What the quick way meets in an event that it cannot read."""


class BaseRoom(Generic[Who]):
    """One room: a family says how its events are read, judged and applied."""

    __slots__ = ("_attached", "_members", "_participant", "_past", "_revision", "_rules", "_settings", "_table", "id")

    policy: Any
    _rules: Rules[Any, Any]
    _settings: Any

    keeps_past: ClassVar[bool] = True
    """Whether events with an id are kept."""

    def __init__(self, room_id: str | None, participant: type[Who] = PLAIN, facts: Provider | None = None) -> None:
        if room_id is not None and not is_name(room_id):
            checked_name(room_id, "room_id")
            raise EventError("room_id", HALF_PAIR)
        self.id = room_id
        self._participant = participant
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

    def decide(self, event: Mapping[str, Any]) -> Decision:
        """Whether the event may happen, and if not, why. Nothing changes.

        Raises `EventError` when the event cannot be read.
        """
        try:
            return self._quick(event)
        except _UNREADABLE:
            # Another kind of event, or a fault that the careful way finds the words for.
            return self._decide_carefully(event)

    def decide_citing(self, event: Mapping[str, Any], others: Sequence[object]) -> Decision:  # noqa: ARG002 - for families that cite
        """The same; `others` are events that this one may cite beside those of the state, if the family has it so."""
        return self.decide(event)

    def policy_for(self, event: Mapping[str, Any]) -> Any:  # noqa: ARG002 - for families whose creations choose one
        """The policy by which an event is judged that the room has read."""
        return self.policy

    def send(self, event: Mapping[str, Any]) -> Decision:  # noqa: C901 - a call would cost more than what it does
        """Decide, and apply the event when it is allowed: `apply(prepare(event))` in one.

        What is rejected is not added to the room. Raises `EventError` when the event
        cannot be read. In both cases the room is then exactly as before. Raises
        `ObserverError` when the event is applied, and somebody fails who is told of it.
        """
        attached, begins = self._attached, False
        if self._participant.has_hooks or (is_logged(logging.INFO) if attached is None else attached.is_async):
            attached = self._ready()
        with LOCKS[id(self) >> 6 & LAST]:  # `lock_of`, without the time that a call takes
            try:
                decision = self._quick(event)
            except _UNREADABLE:
                is_quick = False
            else:
                is_quick = True
                if attached is not None and (attached.watchers or self._is_wanted(decision)):
                    change = self._ordinary(event, decision)
                    begins = attached.put(self, change)
                elif not decision.allowed:
                    return decision
                if decision.allowed:
                    self._revision += 1
                    target, content, members = event["state_key"], event["content"], self._members
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
            return self._send_carefully(event, attached)
        if begins and attached is not None:
            tell(self, attached, change)
        return decision

    async def asend(self, event: Mapping[str, Any]) -> Decision:
        """What `send` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        change, begins = self._sent(event, attached)
        if begins:
            await tell_async(self, attached, change)
        return change.decision

    def prepare(self, event: Mapping[str, Any]) -> Change:
        """Decide, and say what would change; nothing changes yet.

        The change is false when the event is rejected. Raises `EventError` when the event cannot be read.
        """
        value = own_copy(event)
        facts = self._provided(value)
        with lock_of(self):
            return self._judged(value, facts)[1]

    def apply(self, change: Change) -> Decision:
        """Let a change happen that was prepared for this room, and tell those who observe it.

        One that was refused changes nothing. Raises `RevisionError` where the room has
        changed since it was prepared, and `EventError` for a change of another room.
        """
        attached = self._ready()
        with lock_of(self):
            begins = self._apply_prepared(change, attached)
        if begins:
            tell(self, attached, change)
        return change.decision

    async def aapply(self, change: Change) -> Decision:
        """What `apply` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        with lock_of(self):
            begins = self._apply_prepared(change, attached)
        if begins:
            await tell_async(self, attached, change)
        return change.decision

    def observe(self, observer: Observer, *, of: Iterable[str] = (kinds.Kind.CHANGE,)) -> Callable[[], None]:
        """Have a function called with each `Change` of these kinds, once it is applied.

        The kinds are `change`, `refusal`, `setting` and `taken` (see `fsm.change.Kind`). What is
        called can be a coroutine, which `asend` awaits. Returns a function that ends it.
        Raises `DefinitionError` for what is no function, and for an unknown kind.
        """
        watcher = Watcher(observer, of)
        with lock_of(self):
            attached = self._attached = self._attached or Attached()
            attached.watch((*attached.watchers, watcher))

        def end() -> None:
            watcher.is_on = False
            with lock_of(self):
                attached.watch(tuple(each for each in attached.watchers if each is not watcher))

        return end

    @property
    def revision(self) -> int:
        """How many events the room has accepted."""
        return self._revision

    snapshot_format: ClassVar[str]
    """What kind of snapshots those of such rooms are."""

    changes_policy: ClassVar[bool] = False
    """Whether a room may get another policy while it goes on."""

    _parts: ClassVar[Mapping[str, Any]] = {}
    """By the name that it has in a snapshot: the type of what the room knows beside where everybody stands."""

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
        participant: type[Who] = PLAIN,
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

        given = written.checked(snapshot, cls.snapshot_format, cls._parts)
        room = cls(given["room_id"], policy=cls._policy_in(given, policy), participant=participant, facts=facts)  # type: ignore[call-arg]  # of a family
        room._restore(given)
        room._keep(keep)
        for number, delta in enumerate(deltas):
            written.follow(room, delta, f"deltas[{number}]")
        for observer in observers:
            room.observe(observer)
        return room

    def __reduce__(self) -> tuple[Any, ...]:
        """Rooms are copied and pickled by value, without those who observe them."""
        provider = None if self._attached is None else self._attached.provider
        return _restored, (type(self), self.snapshot(), self.policy, self._participant, provider)

    @classmethod
    def _policy_in(cls, given: Mapping[str, Any], policy: Any) -> Any:
        """The policy of the room that a snapshot is of, where one may have been told. Raises `EventError`."""
        raise NotImplementedError

    def _restore(self, given: Mapping[str, Any]) -> None:
        """Become the room that a snapshot is of. Raises `EventError`."""
        from fsm import snapshot  # noqa: PLC0415 - takes long to load, and few need it
        from fsm.typed_json import read  # noqa: PLC0415 - as above

        snapshot.check_policy(given, self.policy)
        states = snapshot.read_states(given, self.policy)
        self._read_parts({name: read(given[name], kind, name) for name, kind in self._parts.items()}, states)
        self._past = snapshot.read_past(given, self)
        self._revision = given["revision"]

    def _write_parts(self) -> JSON:
        """What the room knows beside where everybody stands."""
        from fsm.typed_json import write  # noqa: PLC0415 - takes long to load, and few need it

        return {name: write(getattr(self, f"_{name}"), kind) for name, kind in self._parts.items()}

    def _read_parts(self, parts: Mapping[str, Any], states: Mapping[str, Any]) -> None:
        """Take what a snapshot tells: this, and where everybody stands. Raises `EventError`."""
        raise NotImplementedError

    @property
    def _rules_beside(self) -> Iterable[Rule[Any]]:
        """The rules by which events are judged that move nobody."""
        return ()

    def _permission(self, rule: Any) -> Decision:
        """The decision in which one of them permits."""
        return permit(rule)

    def _is_change(self, event_type: str) -> bool:
        """Whether events of a type are participation changes."""
        return event_type in self._rules.types

    def _check_entry(self, entry: Entry, place: str) -> None:
        """Raise `EventError` for an entry of the past that cannot be."""

    def _follow(self, value: JSON, facts: Mapping[str, Value] | None, *, is_sent: bool) -> Decision:
        """Go on by an event that was accepted; nobody is told. Raises `EventError`."""
        with lock_of(self):
            if not is_sent:
                self._taken(value, None)
                return GIVEN
            read, change = self._judged(value, facts)
            if change and not change.is_repeated:
                self._enter(read, value, change.decision)
            return change.decision

    def _ready(self, *, is_async: bool = False) -> Attached:
        """What is attached, once it is sure that all who are to be told can be.

        Raises `DefinitionError` for hooks that are named for nothing, and where somebody has to be awaited.
        """
        attached, kind = self._attached, self._participant
        if attached is None:
            with lock_of(self):
                attached = self._attached = self._attached or Attached()
        if kind.has_hooks and attached.checked is not (hooks := hooks_in(kind)):
            self._check_hooks()
            attached.checked = hooks
        if not is_async and (attached.is_async or kind.has_async_hooks):
            raise DefinitionError("somebody who is told of changes has to be awaited: use `asend`")
        return attached

    def _check_hooks(self) -> None:
        """Raise `DefinitionError` for hooks of participants that are named for nothing."""
        if self._participant.has_hooks:
            check_hooks(self._participant, self._is_hook, f"policy `{self.policy.id}`")

    def _is_hook(self, name: str) -> bool:
        """Whether a hook of this name may be called."""
        return name in hook_names(self._hookable)

    @property
    def _hookable(self) -> Iterable[Table[Any]]:
        """The policies by whose states and transitions hooks may be named."""
        return (self.policy,)

    def _is_wanted(self, decision: Decision) -> bool:
        """Whether hooks or the log are to be told of a participation change that is answered so."""
        is_hooked = self._participant.has_hooks and decision.allowed
        return is_hooked or is_logged(logging.INFO if decision.allowed else logging.DEBUG)

    def _ordinary(self, event: Mapping[str, Any], decision: Decision) -> Change:
        """The change that the quick way has looked up."""
        content, is_allowed = event["content"], decision.allowed
        # As `Change(…)` does, in a third of the time.
        return _new(Change, (
            self.id or event.get("room_id"), self._revision + is_allowed, event.get("event_id"), event["type"],
            event["sender"], event["state_key"], content[self._rules.word], decision.before, decision.after,
            _reason_in(content) if len(content) > 1 else None, decision, self.policy, Outcome.SENT,
            kinds.CHANGE if is_allowed else kinds.REFUSAL, event, None, False,
        ))  # fmt: skip

    def _judged(self, value: JSON, facts: Mapping[str, Value] | None) -> tuple[Event, Change]:
        """An event as it is read, and the change that it makes; the room is locked."""
        read = self._read(value)
        known = self._known_answer(read, value)
        decision = self._judge(read, value, facts) if known is None else known
        return read, self._record(read, value, decision, facts, is_repeated=known is not None)

    def _record(
        self,
        read: Event,
        value: JSON,
        decision: Decision,
        facts: Mapping[str, Value] | None = None,
        *,
        is_repeated: bool = False,
    ) -> Change:
        """What an answer to an event means; the room is locked, and the event not yet applied."""
        asked, target, before, after = self._asked(read), None, None, None
        kind = kinds.NONE if read.state_key is None else kinds.SETTING
        if isinstance(asked, str) and read.state_key is not None:
            target, before, after, kind = read.state_key, decision.before, decision.after, kinds.CHANGE
        elif decision.allowed and not is_repeated and (founder := self._founder(read)) is not None:
            (target, after), kind = founder, kinds.CREATION
            before = self.participation(target)
        if is_repeated:
            kind = kinds.NONE
        elif not decision.allowed:
            kind = kinds.REFUSAL
        return Change(
            self.id or read.room_id, self._revision + (decision.allowed and not is_repeated), read.event_id,
            read.type, read.sender, target, str(asked) if isinstance(asked, str) else None, before, after,
            self._reason_of(read, value), decision, self._policy_for(read), Outcome.SENT, kind, value, facts,
            is_repeated,
        )  # fmt: skip

    def _sent(self, event: Mapping[str, Any], attached: Attached) -> tuple[Change, bool]:
        """Decide and apply; whether the caller is to tell."""
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read, change = self._judged(value, facts)
            if change and not change.is_repeated:
                self._enter(read, value, change.decision)
            return change, attached.put(self, change)

    def _apply_prepared(self, change: Change, attached: Attached) -> bool:
        """Apply a change; the room is locked. Whether the caller is to tell."""
        if self.id is not None and change.room != self.id:
            raise EventError("room_id", f"`{shorten(str(change.room))}` is another room")
        if change.is_repeated:
            return False
        expected = change.revision - change.decision.allowed
        if expected != self._revision:
            raise RevisionError(expected, self._revision)
        if change:
            value = cast("JSON", change.event)
            self._enter(self._read(value), value, change.decision)
        return attached.put(self, change)

    def _enter(self, read: Event, value: JSON, decision: Decision) -> None:
        """Apply an event that is allowed; the room is locked."""
        is_new = read.event_id is None or self._past is None or self._past.find(read.event_id) is None
        self._note_id(read)
        self._accept(read, value, decision)
        self._revision += is_new

    def _provided(self, value: JSON) -> dict[str, Value] | None:
        """The facts that the host tells of a change; None where it is not asked."""
        attached = self._attached
        if attached is None or attached.provider is None or not self.policy.unsupplied:
            return None
        parties = self._parties(value) if type(value) is dict else None
        return None if parties is None else provided(self.policy, attached.provider, *parties)

    def _parties(self, value: JSON) -> tuple[str, str] | None:
        """Sender and target of what is a change, if it is sound."""
        event_type, sender, target = value.get("type"), value.get("sender"), value.get("state_key")
        is_change = type(event_type) is str and event_type in self._rules.types
        return (sender, target) if is_change and type(sender) is str and type(target) is str else None

    @property
    def _has_provider(self) -> bool:
        """Whether facts are provided that rooms of the family do not work out."""
        return self._attached is not None and self._attached.provider is not None

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
        self,
        settings: Any,
        rule: Any,
        powers: Mapping[str, Peers[Any]] | None = None,
        *,
        were: Iterable[str] = (),
        joined: str | None = None,
    ) -> None:
        """Make these the room's settings: its rule, and who has powers of their own, unless that stays as it is.

        All who had powers of their own are among those who `were`.
        Whoever is `joined` by them is so from the start, unless something else is known of them.
        """
        members, others = self._members, self._rules.others
        self._table = None  # nobody decides in the meantime without a lock
        self._settings = settings
        if joined is not None and (its := self._class_of(joined)) is its.peers.unheard:
            self._move(joined, its, Participation.JOIN)
        if powers is not None:
            for user in were:
                if user in powers or (had := members.get(user)) is None or had.peers is others:
                    continue
                its = others.like(had)
                if its is others.unheard:
                    del members[user]
                else:
                    members[user] = its
            for user, peers in powers.items():
                members[user] = peers.like(self._class_of(user))
        self._table = None if self._has_provider and self.policy.unsupplied else self._rules.table(rule)

    def _decide_carefully(self, event: Mapping[str, Any]) -> Decision:
        value = plain(event)
        facts = self._provided(value)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            return self._judge(read, value, facts) if known is None else known

    def _send_carefully(self, event: Mapping[str, Any], attached: Attached | None) -> Decision:
        if attached is not None:
            change, begins = self._sent(event, attached)
            if begins:
                tell(self, attached, change)
            return change.decision
        value = plain(event)
        with lock_of(self):
            read = self._read(value)
            known = self._known_answer(read, value)
            if known is not None:
                return known
            decision = self._judge(read, value)
            if decision.allowed:
                self._enter(read, value, decision)
            return decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands, whether or not it was allowed.

        Raises `EventError` when it cannot be read, or is no state event, and
        `ObserverError` when it is applied, and somebody fails who is told of it.
        """
        attached = self._attached
        if attached is not None or self._participant.has_hooks or is_logged(logging.INFO):
            attached = self._ready()
        change, begins = self._taken(event, attached)
        if begins and attached is not None and change is not None:
            tell(self, attached, change)

    async def atake(self, event: Mapping[str, Any]) -> None:
        """What `take` does; observers and hooks that have to be awaited are. No lock is held meanwhile."""
        attached = self._ready(is_async=True)
        change, begins = self._taken(event, attached)
        if begins and change is not None:
            await tell_async(self, attached, change)

    def _taken(self, event: Mapping[str, Any], attached: Attached | None) -> tuple[Change | None, bool]:
        """Take an event; whether the caller is to tell of it."""
        value = plain(event)
        with lock_of(self):
            read = self._read_state(value)
            if self._known_answer(read, value) is not None:
                return None, False
            change = None if attached is None else self._record(read, value, GIVEN)
            before = None if change is None or change.target is None else self.participation(change.target)
            self._note_id(read)
            self._take(read, value)
            self._revision += 1
            if attached is None or change is None:
                return None, False
            after = None if change.target is None else self.participation(change.target)
            change = change._replace(before=before, after=after, outcome=Outcome.TAKEN, kinds=kinds.TAKEN)
            return change, attached.put(self, change)

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

    def forget(self, user: str) -> None:
        """Forget a user who has left: where they stood, and which events they sent or were asked of them.

        Their settings stay, without their name. Raises `EventError` for a user who is in
        the room in any way, or has powers in it, and for one whom the settings name.
        """
        with lock_of(self):
            if self.participation(user) != self.policy.initial or self._is_named(user):
                raise EventError("user", f"`{shorten(user)}` is in the room still, or named by its settings")
            self._drop(user)
            past = self._past
            for position, entry in [] if past is None else [*enumerate(past, past.start)]:
                if user not in (entry.sender, entry.state_key):
                    continue
                is_about = entry.state_key == user or entry.state_key is None
                blank = Entry(None, "", entry.type, None, GIVEN)
                assert past is not None
                past.replace(position, blank if is_about else entry._replace(sender=""))
            self._was_rewritten()

    def _is_named(self, user: str) -> bool:
        """Whether the settings name a user."""
        its = self._members.get(user)
        return its is not None and its.peers is not self._rules.others

    def _drop(self, user: str) -> None:
        self._members.pop(user, None)

    def _was_rewritten(self) -> None:
        """What has been made of the past is to be made anew."""

    def _keep(self, keep: int | None) -> None:
        """Keep no more than so many events, if a number is told. Raises `DefinitionError` for what is none."""
        if keep is None:
            return
        if type(keep) is not int or keep < 0:
            raise DefinitionError(f"`keep` is how many events a room keeps, from 0 up: not {shorten(repr(keep))}")
        past = self._past = self._past or self._new_past()
        bound = past.bound
        past.bound = Bound(keep) if bound is None else bound._replace(keep=keep)

    def _place_of(self, entry: Entry) -> object:
        """The place in the state that an event has; None for a message."""
        return None if entry.state_key is None else (entry.type, entry.state_key)

    def _forgotten(self, event: object) -> str:
        """Why an event that the room does not know may not be known, in words; empty where nothing is forgotten."""
        past = self._past
        if past is None or past.bound is None or not past.first:
            return ""
        return f"the room keeps its last {past.bound.keep} events, and `{shorten(str(event))}` is not among them"

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

    @property
    def participant_type(self) -> type[Who]:
        """The class of the participants that the room hands out."""
        return self._participant

    def participant(self, user: str) -> Who:
        """The user's participation: where participants have hooks, the same object as long as anybody holds it."""
        kind = self._participant
        if not kind.has_hooks or type(user) is not str:
            return kind(self, user)
        with lock_of(self):
            attached = self._attached = self._attached or Attached()
            if attached.participants is None:
                attached.participants = WeakValueDictionary()
            held = attached.participants
        known = held.get(user) or held.setdefault(user, kind(self, user))
        return cast("Who", known)

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
            known = {user: its for user, its in self._members.items() if its is not its.peers.unheard}
            table, by = self._table, self._class_of(sender)
        if table is None:
            decisions = [self.decide_action(action, sender, user) for user in known]
        else:
            decisions = [
                table[action, its] if user == sender else table[action, by, its] for user, its in known.items()
            ]
        answers = zip(known, decisions, strict=True)
        return {user: decision.transition for user, decision in answers if decision.transition}

    def decide_action(self, action: str, sender: str, target: str) -> Decision:
        """What `send_action` would answer; nothing changes."""
        return self.decide(self._write(checked_word(action, "action", tuple(Action)), sender, target, None))

    def send_action(self, action: str, sender: str, target: str, reason: str | None = None) -> Decision:
        """Write a participation change as an event, and send it.

        Raises `EventError` for an unknown action, and for what is no user id.
        """
        return self.send(self._write(checked_word(action, "action", tuple(Action)), sender, target, reason))

    def _looked_up(self, table: Decisions[Any, Any], key: Key, facts: Mapping[str, Value] | None) -> Decision:
        """The decision on an ordinary change; facts may be provided."""
        if facts is None:
            return table[key]
        action, target, sender, code = table.question(key)
        return self._memory[action, target, sender, code + weight_of(self.policy, facts)]

    def facts_of(self, event: Mapping[str, Any]) -> Any:
        """The facts by which a change is judged. Raises `EventError` for an event that is none, or cannot be read."""
        value = plain(event)
        read = self._read(value)
        if read.state_key is None or self._asked(read) is None:
            raise EventError("type", f"`{shorten(read.type)}` is no change")
        return self._facts_of(read, value)

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
        if self._attached is not None and self._attached.provider is not None and self.policy.unsupplied:
            code += weight_of(self.policy, provided(self.policy, self._attached.provider, sender, target))
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

    def _founder(self, event: Event) -> tuple[str, Any] | None:  # noqa: ARG002 - for others
        """Whom a creation puts where; None for other events, and where it puts nobody."""
        return None

    def _reason_of(self, event: Event, value: JSON) -> str | None:  # noqa: ARG002 - for others
        """The reason that an event gives."""
        return _reason_in(event.content)

    def _policy_for(self, event: Event) -> Table[Any]:  # noqa: ARG002 - for others
        """The policy that judges an event."""
        policy: Table[Any] = self.policy
        return policy

    def _facts_of(self, event: Event, value: JSON) -> Any:
        """The facts by which a participation change is judged."""
        raise NotImplementedError

    def _judge(self, event: Event, value: JSON, facts: Mapping[str, Value] | None = None) -> Decision:
        """The decision on an event that is new to the room; `facts` are what is provided. Raises `EventError`."""
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
            if past.bound is not None:
                past.forget(self._place_of)

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
        return self._memory.action_of.get(answer.transition)


def known_in(given: Mapping[str, Any], policies: Iterable[P]) -> P:
    """The policy that a snapshot names, of these. Raises `EventError` where it is none of them."""
    known = {policy.id: policy for policy in policies}
    if given["policy"] not in known:
        words = ", ".join(known)
        raise EventError("policy", f"`{shorten(given['policy'])}` is not one of {words}: name it by `policy`")
    return known[given["policy"]]


def _restored(kind: Any, snapshot: object, policy: Any, participant: type[Participant], facts: Provider | None) -> Any:
    return kind.restore(snapshot, policy=policy, participant=participant, facts=facts)


def _reason_in(content: Mapping[str, Any]) -> str | None:
    reason = content.get("reason")
    return reason if type(reason) is str else None


def another(event: Event) -> EventError:
    """That an event is another one than that of its id."""
    return EventError("event_id", f"`{shorten(event.event_id or '')}` is the id of another event")
