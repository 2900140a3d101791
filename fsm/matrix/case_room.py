"""Rooms of every version in which cases of events are asked, and the cases that events of all kinds share.

Alice has created the room, Bob is in it, and so is Dan. Bob and Carol have a level of 50, but Carol is not in the
room.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

from fsm.event import write_state
from fsm.matrix.citing import AUTH_EVENTS
from fsm.matrix.events import MEMBER
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.scenario import ALICE, BOB, CAROL, DAN
from fsm.matrix.settings import CREATE, POWER_LEVELS, Founder, Reign
from fsm.scenario import EventCase, Log

JSON: TypeAlias = dict[str, Any]

ROOM, OTHER = "!create:a.example", "!other:a.example"
_ID_PAIRS = ("1", "2")
"""The versions in which events are cited with their hashes."""

_HASHES = {"sha256": "A" * 43}
TOPIC = "m.room.topic"
LEVELS: JSON = {
    "users": {BOB: 50, CAROL: 50, DAN: 25},
    "invite": 25,
    "ban": 75,
    "redact": 50,
    "kick": 25,
    "events": {"m.room.name": 75, TOPIC: 50, "m.room.avatar": 25},
    "notifications": {"room": 75, "mention": 25},
}
"""Levels in force, but for Alice's. Bob's is 50."""


class CaseRoom:
    """A room of a version, and what is asked in it."""

    def __init__(self, policy: MatrixPolicy) -> None:
        self.policy = policy
        self.rows = policy.permits
        self.guards = {guard for rows in policy.rules_beside.values() for row in rows for guard in row.guards}

    def state(
        self,
        *more: JSON,
        levels: JSON | None = LEVELS,
        creation: JSON | None = None,
        users: Iterable[str] = (ALICE, BOB, DAN),
    ) -> Log:
        """The state: the creation, the levels if there are any, who is in the room, and more."""
        members = (self.event(MEMBER, user, {"membership": "join"}, user, id=_id_of(user)) for user in users)
        return (self.created(creation or {}), *members, *(() if levels is None else (self.levels(levels),)), *more)

    def created(self, content: JSON, **fields: Any) -> JSON:
        """The creation, by Alice."""
        founder = {"creator": ALICE} if self.policy.founder is Founder.CONTENT else {}
        content = {"room_version": self.policy.version, **founder, **content}
        creation = self.event(CREATE, ALICE, content, "", id="$create", **fields)
        if self.policy.is_room_named_by_creation and "room_id" not in fields:
            del creation["room_id"]
        return creation

    def levels(self, content: JSON) -> JSON:
        """Levels in force: Alice's is 100, where creators can have one."""
        return self.event(POWER_LEVELS, ALICE, self.with_alice(content), "", id="$levels")

    def with_alice(self, content: JSON) -> JSON:
        """Levels in which Alice has 100, where creators can have one."""
        if self.policy.reign is Reign.SUPREME or type(content.get("users")) is not dict:
            return content
        return {**content, "users": {ALICE: 100, **content["users"]}}

    def event(
        self,
        event_type: str,
        sender: str,
        content: JSON,
        state_key: str | None = None,
        id: str | None = None,  # noqa: A002 - the name of the thing
        **fields: Any,
    ) -> JSON:
        """An event of this room."""
        event: JSON = {"type": event_type, "room_id": ROOM, "sender": sender, "content": content}
        if state_key is not None:
            event = {**event, **write_state(event_type, sender, content, state_key)}
        return {**event, **({} if id is None else {"event_id": id}), **fields}

    def cites(self, *ids: str) -> JSON:
        """What says which events are cited, as the version writes it; the creation is selected in most."""
        return {AUTH_EVENTS: [[each, _HASHES] if self.policy.version in _ID_PAIRS else each for each in ids]}

    @property
    def selects_creation(self) -> bool:
        """Whether the creation is among the events to be cited."""
        return not self.policy.is_room_named_by_creation


def _id_of(user: str) -> str:
    return f"${user[1:].partition(':')[0]}"


def of_any(room: CaseRoom, event: JSON, **state: Any) -> Iterator[EventCase]:
    """What is asked of every event: of one that is allowed otherwise, in a room in this state."""
    sender = event["sender"]
    own, now = _id_of(sender), room.state(**state)
    rest = ("$create",) if room.selects_creation else ()

    def citing(words: str, *ids: str, given: Iterable[JSON] = ()) -> EventCase:
        return EventCase(words, now, {**event, **room.cites(*ids)}, tuple(given))

    def joined(event_id: str, **fields: Any) -> JSON:
        return room.event(MEMBER, sender, {"membership": "join"}, sender, id=event_id, **fields)

    topic = room.event(TOPIC, ALICE, {"topic": "tea"}, "", id="$topic")
    yield EventCase("plain", now, event)
    yield citing("cites what it must", *rest, own)
    yield citing("cites as little as it may", *rest)
    yield citing("cites an event twice", *rest, own, own)
    yield citing("cites two of one type and key", *rest, own, "$before", given=(joined("$before"),))
    yield citing("cites what is not selected", *rest, own, "$topic", given=(topic,))
    rejected = {**joined("$rejected"), "rejected": True}
    yield citing("cites a rejected event", *rest, "$rejected", given=(rejected,))
    elsewhere = joined("$elsewhere", room_id=OTHER)
    yield citing("cites an event of another room", *rest, "$elsewhere", given=(elsewhere,))
    if room.selects_creation:
        yield citing("cites no creation", own)
    yield EventCase("is of another room", now, {**event, "room_id": OTHER})
    yield EventCase("the room has no creation", now[1:], event)
    closed = {**state, "creation": {**state.get("creation", {}), "m.federate": False}}
    yield EventCase("the room is closed to other servers", room.state(**closed), event)


def of_senders(room: CaseRoom, event: JSON, event_type: str) -> Iterator[EventCase]:
    """What is asked of every event of who is in the room and reaches the level of its type."""
    yield EventCase("sender is not in the room", room.state(), {**event, "sender": CAROL})
    yield EventCase("sender was never heard of", room.state(), {**event, "sender": "@eve:b.example"})
    events = LEVELS["events"]
    for words, level in (("above", 51), ("at", 50)):
        levels = {**LEVELS, "events": {**events, event_type: level}}
        yield EventCase(f"level of the type is {words} the sender", room.state(levels=levels), event)
