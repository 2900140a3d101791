"""The rooms of a store in memory: opened from a checkpoint and the changes since, and kept while they are in use.

A room in memory is at some revision. Others may have led the room on since: then the
changes between are read and followed. It is reached through its `Slot` only, which is
locked while anybody judges in it or leads it on; what is handed out to a host is another
room, opened for it alone.
"""
# ruff: noqa: SLF001 - rooms are led on from here as they do it themselves

import json
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import Lock
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from fsm import change as kinds
from fsm import snapshot
from fsm.change import ALL, Change, Kind, Outcome
from fsm.decision import permit
from fsm.errors import EventError, PolicyError, StoreError, shorten
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.observers import Attached
from fsm.own_facts import Provider
from fsm.participant import Participant, check_hooks
from fsm.past import GIVEN, Entry, Past
from fsm.policies import Rules, family_of, known_rules, policy_of
from fsm.policy import Policy
from fsm.room.judging import UNREADABLE
from fsm.store.databases import Database
from fsm.store.past import StoredPast
from fsm.store.rows import decision_of, is_kept, state_of
from fsm.store.schema import CHANGES, CHECKPOINTS, ROOMS

CHECKPOINT_EVERY, PART = 500, 4
"""A checkpoint comes after so many changes, or the so-manieth part of all who were in the last one if that is more."""

_IDS_AT_ONCE = 500
_SIMPLE = (kinds.CHANGE, kinds.NONE)
"""Changes that move nobody but their target."""


def _checked(room_id: object) -> str:
    """What may be the id of a room. Raises `KeyError`."""
    if type(room_id) is not str or not is_kept(room_id):
        raise KeyError(room_id)
    return room_id


class Known:
    """The policies by which rooms of a store can be run: those of the catalogue, and those that the host allows."""

    def __init__(
        self, policies: Iterable[AnyPolicy], provider: Provider | None, participant: type[Participant]
    ) -> None:
        self.allowed: dict[str, Rules] = {policy.id: policy for policy in policies}
        self.provider = provider
        self.participant = participant

    def rules(self, named: str | AnyPolicy) -> Rules:
        """What a name stands for. A policy itself is allowed from then on. Raises `DefinitionError`."""
        if isinstance(named, Policy):
            self.allowed.setdefault(named.id, named)
            named = named.id
        return known_rules(named, self.allowed)

    def policy(self, policy_id: str, fingerprint: str | None = None) -> AnyPolicy | None:
        """The policy of this id, and of this fingerprint if one is told; None where it is not at hand."""
        try:
            found = policy_of(known_rules(policy_id, self.allowed))
        except PolicyError:
            return None
        return found if found is not None and fingerprint in (None, found.fingerprint) else None

    def kind(self, rules: Rules) -> Any:
        """The class of rooms that are run so. Raises `DefinitionError`."""
        family = family_of(rules)
        if family is None:
            raise StoreError(f"policy `{rules.id}`: there is no family `{shorten(rules.family)}`")
        return family.room

    def new_room(self, rules: Rules, room_id: str) -> Any:
        """A room that nobody has created yet."""
        room = self.kind(rules)(room_id, policy=policy_of(rules), facts=self.provider)
        self.check_hooks(room)
        room._past = StoredPast()
        return room

    def check_hooks(self, room: Any) -> None:
        """Raise `DefinitionError` for hooks that are named for nothing in a room."""
        check_hooks(self.participant, room._is_hook, f"policy `{room.policy.id}`")


class Events:
    """The accepted events of a room up to a revision, as its past asks for them."""

    def __init__(self, database: Database, room: Any, revision: int) -> None:
        self._database = database
        self._room = room
        self._before = (CHANGES.c.room_id == room.id) & (CHANGES.c.revision <= revision)
        self.connection: Connection | None = None
        """The transaction in which the room is led on, if it is."""

    def find(self, event_ids: Iterable[str]) -> list[Entry]:
        """Those of these ids that have been accepted."""
        asked, found = [*event_ids], list[Entry]()
        for start in range(0, len(asked), _IDS_AT_ONCE):
            found += self._read(CHANGES.c.event_id.in_(asked[start : start + _IDS_AT_ONCE]))
        return found

    def read_all(self) -> list[Entry]:
        """All that a room remembers: what has an id, or is of the state."""
        return [each for each in self._read() if each.event_id is not None or each.state_key is not None]

    def _read(self, *conditions: Any) -> list[Entry]:
        query = select(CHANGES).where(self._before, *conditions).order_by(CHANGES.c.revision)
        if self.connection is not None:
            return [entry_of(self._room, row) for row in self.connection.execute(query)]
        with self._database.reading() as connection:
            return [entry_of(self._room, row) for row in connection.execute(query)]


def entry_of(room: Any, row: Any) -> Entry:
    """What a room remembers of an event that it has accepted."""
    before, after = (None if text is None else state_of(text, room.policy) for text in (row.before, row.after))
    if row.event is None:  # erased
        answer = GIVEN if row.target is None else decision_of(row, room.policy, before, after)
        return Entry(row.event_id, "", row.type, row.target, answer)
    value = json.loads(row.event)
    if row.outcome == Outcome.TAKEN:
        past, room._past = room._past, Past()
        try:
            room._remember_given(room._read(value), value)
            return next(iter(room._past))  # type: ignore[no-any-return]  # of whatever family
        finally:
            room._past = past
    event = room._read(value)
    answer = decision_of(row, room.policy, before, after)
    for rule in room._rules_beside if row.rule is not None else ():
        if rule.id == row.rule:
            answer = room._permission(rule)
    return Entry(row.event_id, event.sender, event.type, event.state_key, answer, room._read_if_kept(event, value))


class Slot:
    """A place for a room in memory, and for those who observe it. All but `attached` is for whoever has the lock."""

    def __init__(self, room_id: str) -> None:
        self.id = room_id
        self.lock = Lock()
        self.attached = Attached()
        self.users = 0
        self.host: Any = None
        """The room as participants act in it."""
        self.room: Any = None
        """The room; None where it is to be read."""
        self.events: Events | None = None
        self.erasures = 0
        self._checkpoint = self._size = 0
        """The revision of the last checkpoint, and about how many users are in it."""
        self._rules_by_answer: tuple[Any, dict[Any, str]] = (None, {})

    @property
    def revision(self) -> int:
        """How many events the room in memory has accepted."""
        revision: int = self.room.revision
        return revision

    @property
    def past(self) -> StoredPast:
        """What the room in memory has accepted."""
        past: StoredPast = self.room._past
        return past

    def hold(self, room: Any, events: Events | None, row: Any) -> None:
        """Have this room here."""
        self.room, self.events = room, events
        self.erasures = row.erasures
        self.note_checkpoint(row.checkpoint)

    def note_checkpoint(self, revision: int) -> None:
        """Know when there was a checkpoint."""
        if revision != self._checkpoint:
            self._checkpoint, self._size = revision, len(self.room._states)

    def drop(self) -> None:
        """Have no room here: what is in memory may not be what is stored."""
        self.room = self.events = None

    def judge(self, value: dict[str, Any], facts: Mapping[str, Value] | None) -> Change:
        """The answer of the room as it is. Raises `EventError`."""
        try:
            change: Change = self.room._quick(value, ALL, is_sent=False)
        except UNREADABLE:
            return self.judge_carefully(value, facts)
        return change

    def judge_carefully(self, value: dict[str, Any], facts: Mapping[str, Value] | None) -> Change:
        """The same, of an event that the quick way cannot judge."""
        change: Change = self.room._judged(value, facts)[1]
        return change

    def enter_quickly(self, value: dict[str, Any]) -> Change | None:
        """Judge an event, and lead the room on if it is allowed; None, and nothing, for one that needs more care.

        What is answered moves nobody but its target.
        """
        change: Change | None = _entered_quickly(self.room, value, ALL)
        return change

    def enter(self, change: Change) -> None:
        """Lead the room on by a change that it has judged."""
        if _entered_quickly(self.room, change.event) is None:
            self.room._enter_judged(change.event, change.decision)

    def take(self, value: dict[str, Any]) -> Change | None:
        """Take a state event as it stands; None for one that has come before."""
        change: Change | None = self.room._taken(value, Attached())[0]
        return change

    def rule_of(self, change: Change) -> str | None:
        """The id of the rule beside the table that permitted an event, if one did."""
        answer = change.decision
        if answer.transition is not None or not answer.judged or not answer.clause:
            return None
        policy, known = self._rules_by_answer
        if policy is not self.room.policy:
            known = {(rule.clause, permit(rule).guards): rule.id for rule in reversed([*self.room._rules_beside])}
            self._rules_by_answer = self.room.policy, known
        return known.get((answer.clause, answer.guards))

    def is_simple(self, change: Change) -> bool:
        """Whether a change moves nobody but its target, and no checkpoint is due."""
        return change.kinds in _SIMPLE and not self.is_due(change.revision)

    def is_due(self, revision: int) -> bool:
        """Whether a checkpoint is due at a revision."""
        done = revision - self._checkpoint
        return done >= CHECKPOINT_EVERY and done >= self._size // PART


class RoomRow(NamedTuple):
    """What a store tells of a room without opening it."""

    id: str
    policy: str
    revision: int
    participants: int


class Rooms:
    """The rooms in memory: those in use, and of the others the ones that were used last."""

    def __init__(self, database: Database, known: Known, most: int) -> None:
        self._database = database
        self.known = known
        self._most = most
        self._lock = Lock()
        self._slots: OrderedDict[str, Slot] = OrderedDict()

    @contextmanager
    def using(self, room_ids: Iterable[str]) -> Iterator[list[Slot]]:
        """The slots of some rooms, which stay meanwhile; they are in the order in which they are to be locked."""
        ids = sorted({_checked(each) for each in room_ids})
        with self._lock:
            slots = [self._slots.setdefault(each, Slot(each)) for each in ids]
            for slot in slots:
                slot.users += 1
                self._slots.move_to_end(slot.id)
        try:
            yield slots
        finally:
            with self._lock:
                for slot in slots:
                    slot.users -= 1
                self._make_room()

    def _make_room(self) -> None:
        if len(self._slots) <= self._most:
            return
        idle = [slot for slot in self._slots.values() if not slot.users and not slot.attached.is_telling]
        for slot in idle[: len(self._slots) - self._most]:
            del self._slots[slot.id]

    def read(self, slot: Slot) -> None:
        """Have the room in its slot, if it is not there; it need not be the last one. Raises `KeyError`."""
        if slot.room is None:
            with self._database.reading() as connection:
                self.catch_up(connection, slot, self.row(connection, slot.id))

    def opened(self, room_id: str) -> Any:
        """A room as it is stored, for a host alone. Raises `KeyError`."""
        slot = Slot(_checked(room_id))
        self.read(slot)
        return slot.room

    @staticmethod
    def row(connection: Connection, room_id: str) -> Any:
        """What is known of a room. Raises `KeyError`."""
        row = connection.execute(select(ROOMS).where(ROOMS.c.id == _checked(room_id))).first()
        if row is None:
            raise KeyError(room_id)
        return row

    def catch_up(self, connection: Connection, slot: Slot, row: Any) -> None:
        """Lead a room in memory on to where it is stored to be."""
        room = slot.room
        if room is None or slot.erasures != row.erasures or slot.revision > row.revision:
            self._load(connection, slot, row)
        elif slot.revision < row.revision:
            deltas = self._deltas(connection, room)
            if not deltas or deltas[0].revision != room.revision + 1:  # they have been deleted meanwhile
                self._load(connection, slot, row)
            else:
                follow(room, deltas)
        slot.note_checkpoint(row.checkpoint)

    def _load(self, connection: Connection, slot: Slot, row: Any) -> None:
        given = json.loads(
            connection.scalar(select(CHECKPOINTS.c.snapshot).where(CHECKPOINTS.c.room_id == slot.id)) or "{}"
        )
        rules = self.known.rules(row.rules)
        kind = self.known.kind(rules)
        try:
            room = kind(slot.id, policy=kind._policy_in(given, policy_of(rules)), facts=self.known.provider)
            room._restore(given)
        except (EventError, KeyError) as problem:
            raise StoreError(f"room `{shorten(slot.id)}` cannot be opened: {problem}") from problem
        self.known.check_hooks(room)
        events = Events(self._database, room, room.revision) if room.revision else None  # of a new room there are none
        room._past = StoredPast(events)
        follow(room, self._deltas(connection, room))
        slot.hold(room, events, row)

    @staticmethod
    def _deltas(connection: Connection, room: Any) -> list[Any]:
        query = select(CHANGES.c.revision, CHANGES.c.outcome, CHANGES.c.event, CHANGES.c.facts)
        since = query.where(CHANGES.c.room_id == room.id, CHANGES.c.revision > room.revision)
        return [*connection.execute(since.order_by(CHANGES.c.revision))]


def provided_by(room: Any, value: dict[str, Any]) -> Mapping[str, Value] | None:
    """What the host's provider tells of a change in a room, if it has one."""
    facts: Mapping[str, Value] | None = room._provided(value)
    return facts


def _entered_quickly(room: Any, value: Mapping[str, Any], asked: Container[frozenset[Kind]] = ()) -> Any:
    """What the quick way answers, having applied what is allowed; None, and nothing applied, where more care is needed.

    Where changes of some kinds are `asked` for, it is the change if it is of one of them, else the decision.
    """
    try:
        return room._quick(value, asked)
    except UNREADABLE:
        return None


def follow(room: Any, rows: Sequence[Any]) -> None:
    """Lead a room on by what is stored. Raises `StoreError` where the room does not accept it any more."""
    past = room._past
    past.is_following = True
    try:
        events = json.loads(f"[{','.join(row.event for row in rows)}]")  # in half the time of each by itself
        for event, (revision, outcome, _, told) in zip(events, rows, strict=True):
            is_sent = outcome == Outcome.SENT
            decision = _entered_quickly(room, event) if is_sent and told is None else None
            if decision is None:
                facts = None if told is None else snapshot.read_facts(room, json.loads(told), "facts")
                decision = room._follow(event, facts, is_sent=is_sent)
            if not decision or room.revision != revision:
                raise StoreError(
                    f"room `{shorten(room.id)}` cannot be opened: the change of revision {revision} does not follow"
                )
    except EventError as problem:
        raise StoreError(f"room `{shorten(room.id)}` cannot be opened: {problem}") from problem
    finally:
        past.is_following = False


def checkpoint_of(room: Any) -> str:
    """What a checkpoint holds: all that a room knows but for its past."""
    try:
        return snapshot.present_as_text(room)
    except (ValueError, RecursionError):
        raise EventError("", "cannot be kept: it is nested too deeply") from None
