"""Events of all kinds that show what each rule beside the table asks, for every room version.

Alice has created the room, Bob is in it, and so is Dan. Bob and Carol have a level of 50, but Carol is not in the
room. In each room one thing is out of the ordinary.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

from fsm.event import write_state
from fsm.matrix.citing import AUTH_EVENTS
from fsm.matrix.events import AUTHORISER, MEMBER
from fsm.matrix.levels import LISTED, NAMED, Numbers
from fsm.matrix.permits import (
    authoriser_is_user,
    creation_names_no_room,
    creator_is_named,
    creators_are_not_listed,
    creators_are_users,
    levels_are_altered,
    room_is_created,
    room_is_of_senders_server,
    sender_is_admitted,
    state_key_is_given,
)
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.rows import Kind
from fsm.matrix.scenario import ALICE, BOB, CAROL, DAN
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE, Founder, Reign
from fsm.scenario import EventCase, Log

JSON: TypeAlias = dict[str, Any]

_ROOM, _OTHER = "!create:a.example", "!other:a.example"
_ID_PAIRS = ("1", "2")
"""The versions in which events are cited with their hashes."""

_HASHES = {"sha256": "A" * 43}
_TOPIC, _MESSAGE, _ALIASES, _REDACTION = "m.room.topic", "m.room.message", "m.room.aliases", "m.room.redaction"
_LEVELS: JSON = {
    "users": {BOB: 50, CAROL: 50, DAN: 25},
    "invite": 25,
    "ban": 75,
    "redact": 50,
    "kick": 25,
    "events": {"m.room.name": 75, _TOPIC: 50, "m.room.avatar": 25},
    "notifications": {"room": 75, "mention": 25},
}
"""Levels in force, but for Alice's. Bob's is 50."""


def event_cases(policy: MatrixPolicy) -> Mapping[str, tuple[EventCase, ...]]:
    """The cases of a room version, by kind of event."""
    return {kind: tuple(_CASES[Kind(kind)](_Room(policy))) for kind in policy.rules_beside}


def never_alone(policy: MatrixPolicy) -> Mapping[tuple[str, str], str]:
    """The guards that decide no event alone, by row and name, with the reason."""
    found = {("levels", levels_are_altered): "where there are no levels yet, `first_levels` asks for less, and permits"}
    if Kind.ALIASES in policy.permits:
        found["aliases", state_key_is_given] = "what is missing is not the sender's server either"
    if policy.founder is Founder.SENDER:
        if policy.reign is Reign.BY_DEFAULT:
            found["first_levels", sender_is_admitted] = (
                "only the creator reaches the level before there are levels, and the creator's server may take part"
            )
        else:
            found["first_levels", room_is_created] = (
                "without a creation there is no creator, and nobody else reaches the level before there are levels"
            )
    return {(row, guard.name): reason for (row, guard), reason in found.items()}


class _Room:
    """A room of a version, and what is asked in it."""

    def __init__(self, policy: MatrixPolicy) -> None:
        self.policy = policy
        self.rows = policy.permits
        self.guards = {guard for rows in policy.rules_beside.values() for row in rows for guard in row.guards}

    def state(
        self,
        *more: JSON,
        levels: JSON | None = _LEVELS,
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
        event: JSON = {"type": event_type, "room_id": _ROOM, "sender": sender, "content": content}
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


def _of_any(room: _Room, event: JSON, **state: Any) -> Iterator[EventCase]:
    """What is asked of every event: of one that is allowed otherwise, in a room in this state."""
    sender = event["sender"]
    own, now = _id_of(sender), room.state(**state)
    rest = ("$create",) if room.selects_creation else ()

    def citing(words: str, *ids: str, given: Iterable[JSON] = ()) -> EventCase:
        return EventCase(words, now, {**event, **room.cites(*ids)}, tuple(given))

    def joined(event_id: str, **fields: Any) -> JSON:
        return room.event(MEMBER, sender, {"membership": "join"}, sender, id=event_id, **fields)

    topic = room.event(_TOPIC, ALICE, {"topic": "tea"}, "", id="$topic")
    yield EventCase("plain", now, event)
    yield citing("cites what it must", *rest, own)
    yield citing("cites as little as it may", *rest)
    yield citing("cites an event twice", *rest, own, own)
    yield citing("cites two of one type and key", *rest, own, "$before", given=(joined("$before"),))
    yield citing("cites what is not selected", *rest, own, "$topic", given=(topic,))
    rejected = {**joined("$rejected"), "rejected": True}
    yield citing("cites a rejected event", *rest, "$rejected", given=(rejected,))
    elsewhere = joined("$elsewhere", room_id=_OTHER)
    yield citing("cites an event of another room", *rest, "$elsewhere", given=(elsewhere,))
    if room.selects_creation:
        yield citing("cites no creation", own)
    yield EventCase("is of another room", now, {**event, "room_id": _OTHER})
    yield EventCase("the room has no creation", now[1:], event)
    closed = {**state, "creation": {**state.get("creation", {}), "m.federate": False}}
    yield EventCase("the room is closed to other servers", room.state(**closed), event)


def _of_senders(room: _Room, event: JSON, event_type: str) -> Iterator[EventCase]:
    """What is asked of every event of who is in the room and reaches the level of its type."""
    yield EventCase("sender is not in the room", room.state(), {**event, "sender": CAROL})
    yield EventCase("sender was never heard of", room.state(), {**event, "sender": "@eve:b.example"})
    events = _LEVELS["events"]
    for words, level in (("above", 51), ("at", 50)):
        levels = {**_LEVELS, "events": {**events, event_type: level}}
        yield EventCase(f"level of the type is {words} the sender", room.state(levels=levels), event)


def _on_member(room: _Room) -> Iterator[EventCase]:
    leaves = room.event(MEMBER, BOB, {"membership": "leave"}, BOB)
    yield from _of_any(room, leaves)
    nobody = room.event(MEMBER, BOB, {"membership": "leave"})
    yield EventCase("names no target", room.state(), nobody)
    yield EventCase("has no membership", room.state(), {**leaves, "content": {}})
    for words, word in (
        ("dance", "dance"),
        ("Leave", "Leave"),
        ("knock", "knock"),
        ("null", None),
        ("a list", ["leave"]),
    ):
        yield EventCase(f"membership is {words}", room.state(), {**leaves, "content": {"membership": word}})
    if authoriser_is_user in room.guards:
        rule = room.event(JOIN_RULES, ALICE, {"join_rule": "public"}, "")
        for words, user in (("a user", ALICE), ("a user outside", CAROL), ("no user", "alice"), ("no text", 5)):
            join = room.event(MEMBER, DAN, {"membership": "join", AUTHORISER: user}, DAN)
            yield EventCase(f"join is authorised by {words}", room.state(rule, users=(ALICE, BOB)), join)


def _on_create(room: _Room) -> Iterator[EventCase]:
    def case(words: str, content: JSON | None = None, **fields: Any) -> EventCase:
        return EventCase(words, (), room.created(content or {}, **fields))

    yield case("plain", prev_events=[])
    yield case("has previous events", prev_events=["$before"])
    yield case("version is unknown", {"room_version": "no such version"})
    yield case("version is a number", {"room_version": 1})
    yield EventCase("has no content", (), {**room.created({}), "content": {}})
    if room_is_of_senders_server in room.guards:
        yield case("room is of another server", room_id="!create:b.example")
    if creation_names_no_room in room.guards:
        yield case("names its room", prev_events=[], room_id=_ROOM)
    creation = room.created({})
    content = creation["content"]
    named = {key: value for key, value in content.items() if key != "creator"}
    yield EventCase("names no creator", (), {**creation, "content": named})
    if creator_is_named in room.guards:
        yield case("names a creator who is no user", {"creator": 5})
    if creators_are_users in room.guards:
        for words, users in (("a user", [BOB]), ("nobody", []), ("no user", ["bob"]), ("no list", BOB), ("null", None)):
            yield case(f"additional creators are {words}", {"additional_creators": users})


def _on_aliases(room: _Room) -> Iterator[EventCase]:
    aliases = room.event(_ALIASES, BOB, {"aliases": ["#tea:b.example"]}, "b.example")
    yield from _of_any(room, aliases)
    yield EventCase("sender is not in the room", room.state(), {**aliases, "sender": "@eve:b.example"})
    yield EventCase("have no state key", room.state(), room.event(_ALIASES, BOB, {}))
    for key in ("a.example", "", BOB):
        yield EventCase(f"state key is {key or 'empty'}", room.state(), {**aliases, "state_key": key})


def _on_promise(room: _Room) -> Iterator[EventCase]:
    promise = room.event(THIRD_PARTY_INVITE, BOB, {"display_name": "Eve"}, "token")
    yield from _of_any(room, promise)
    yield EventCase("sender is not in the room", room.state(), {**promise, "sender": CAROL})
    for words, level in (("above", 51), ("at", 50)):
        levels = {**_LEVELS, "invite": level, "state_default": 100}
        yield EventCase(f"invite level is {words} the sender", room.state(levels=levels), promise)


def _on_state(room: _Room) -> Iterator[EventCase]:
    topic = room.event(_TOPIC, BOB, {"topic": "tea"}, "")
    yield from _of_any(room, topic)
    yield from _of_senders(room, topic, _TOPIC)
    levels = {"users": _LEVELS["users"]}
    for words, sender in (("at", BOB), ("above", DAN)):
        other = room.event("org.example.tea", sender, {}, "")
        yield EventCase(f"level of state is {words} the sender", room.state(levels=levels), other)
    for words, key in (("the sender", BOB), ("another user", CAROL), ("no user", "@"), ("a word", "bob")):
        yield EventCase(f"state key is {words}", room.state(), {**topic, "state_key": key})


def _on_message(room: _Room) -> Iterator[EventCase]:
    message = room.event(_MESSAGE, BOB, {"body": "tea"})
    yield from _of_any(room, message)
    yield from _of_senders(room, message, _MESSAGE)
    closed = room.state(creation={"m.federate": False})
    yield EventCase("sender is of the room's own server", closed, {**message, "sender": ALICE})
    open_to_all = room.state(creation={"m.federate": "no"})
    yield EventCase("the room is closed by a word", open_to_all, message)
    levels = {**_LEVELS, "events_default": 26}
    yield EventCase("level of messages is above the sender", room.state(levels=levels), {**message, "sender": DAN})
    if Kind.REDACTION not in room.rows:
        redaction = room.event(_REDACTION, DAN, {"redacts": "$1"}, redacts="$1")
        yield EventCase("redacts somebody else's", room.state(), redaction)


def _on_redaction(room: _Room) -> Iterator[EventCase]:
    redaction = room.event(_REDACTION, BOB, {}, id="$two:b.example", redacts="$one:b.example")
    yield from _of_any(room, redaction)
    yield from _of_senders(room, redaction, _REDACTION)
    for words, sender, redacted in (
        ("at the redact level, another server's", BOB, "$one:c.example"),
        ("below the redact level, another server's", DAN, "$one:c.example"),
        ("below the redact level, the same server's", DAN, "$one:b.example"),
        ("below the redact level, nothing", DAN, None),
    ):
        event = {**redaction, "sender": sender, "redacts": redacted}
        yield EventCase(f"redacts {words}", room.state(), {k: v for k, v in event.items() if v is not None})
    for words, key in (("the sender", BOB), ("another user", CAROL)):
        yield EventCase(f"state key is {words}", room.state(), {**redaction, "state_key": key})


def _on_levels(room: _Room) -> Iterator[EventCase]:
    yield from _on_first_levels(room)
    yield from _on_later_levels(room)


def _on_first_levels(room: _Room) -> Iterator[EventCase]:
    """Levels in a room that has none, by Bob where he can be a creator: else nobody but Alice has the power."""
    policy = room.policy
    creation: JSON = {"creator": BOB} if policy.founder is Founder.CONTENT else {}
    if policy.reign is Reign.SUPREME:
        creation = {"additional_creators": [BOB]}
    sender = BOB if creation else ALICE
    first = room.event(POWER_LEVELS, sender, {"users": {DAN: 100}, "ban": 100}, "")
    for case in _of_any(room, first, levels=None, creation=creation):
        yield EventCase(f"first, {case.words}", case.state, case.event, case.events)
    now = room.state(levels=None, creation=creation)

    def with_content(words: str, content: JSON) -> EventCase:
        return EventCase(f"first, {words}", now, {**first, "content": content})

    yield EventCase("first, state key is another user", now, {**first, "state_key": CAROL})
    yield EventCase("first, sender is no creator", now, {**first, "sender": DAN})
    empty = room.state(levels=None, creation=creation, users=(DAN,))
    yield EventCase("first, sender is not in the room", empty, first)
    yield with_content("a level is a text", {"ban": "50"})
    yield with_content("a level of an event is a text", {"events": {_TOPIC: "50"}})
    yield from (with_content(words, {"users": users}) for words, users in _malformed_users(policy))
    if creators_are_not_listed in room.guards:
        yield with_content("a creator is listed", {"users": {ALICE: 100}})
        yield with_content("an additional creator is listed", {"users": {BOB: 100}})


def _on_later_levels(room: _Room) -> Iterator[EventCase]:
    """Levels in a room that has some."""
    raised = room.event(POWER_LEVELS, BOB, room.with_alice({**_LEVELS, "users": {**_LEVELS["users"], DAN: 30}}), "")
    yield from _of_any(room, raised)
    yield from _of_senders(room, raised, POWER_LEVELS)
    yield EventCase("state key is another user", room.state(), {**raised, "state_key": CAROL})

    def asks(words: str, content: JSON, sender: str = BOB, before: JSON = _LEVELS) -> EventCase:
        event = room.event(POWER_LEVELS, sender, room.with_alice(content), "")
        return EventCase(words, room.state(levels=before), event)

    yield asks("changes nothing", _LEVELS)
    yield asks("changes nothing, by a sender below the level of the type", _LEVELS, DAN)
    yield from _named_levels(asks)
    for listed in LISTED[1:]:
        yield from _listed_levels(asks, listed)
    yield from _users(asks)
    for words, users in _malformed_users(room.policy):
        yield asks(words, {**_LEVELS, "users": {**_LEVELS["users"], **users} if type(users) is dict else users})
    yield from _numbers(asks)
    yield EventCase("is by the creator", room.state(), {**raised, "sender": ALICE, "content": room.with_alice({})})
    if creators_are_not_listed in room.guards:
        yield asks("a creator is listed", {**_LEVELS, "users": {**_LEVELS["users"], ALICE: 1}})
    else:
        yield EventCase("lowers the creator", room.state(), {**raised, "content": _LEVELS})


def _named_levels(asks: Callable[..., EventCase]) -> Iterator[EventCase]:
    """Each level that has a name: set above the sender, to the sender's, down from above, and from the sender's."""
    for name in NAMED:
        plain = {**_LEVELS, "state_default": 50}
        plain.pop(name, None)
        set_to = {level: {**plain, name: level} for level in (25, 50, 75)}
        yield asks(f"{name} would be above the sender", set_to[75], before=set_to[25])
        yield asks(f"{name} would be at the sender", set_to[50], before=set_to[25])
        yield asks(f"{name} would be set above the sender", set_to[75], before=plain)
        # Whoever is below the level of all state cannot ask: there the type has a level of its own.
        own = {"events": {**_LEVELS["events"], POWER_LEVELS: 50}}
        was = {level: {**content, **own} for level, content in set_to.items()}
        if name != "users_default":
            yield asks(f"{name} was above the sender", was[25], before=was[75])
            yield asks(f"{name} was above the sender, and would be gone", {**plain, **own}, before=was[75])
        yield asks(f"{name} was at the sender", was[25], before=was[50])


def _listed_levels(asks: Callable[..., EventCase], listed: str) -> Iterator[EventCase]:
    """The levels of one list of those that are not users'."""
    for words, level, becomes in (
        ("was above the sender", 75, 25),
        ("was above the sender, and would be gone", 75, None),
        ("was at the sender", 50, 25),
        ("was at the sender, and would be gone", 50, None),
        ("would be above the sender", 25, 75),
        ("would be at the sender", 25, 50),
        ("would be set above the sender", None, 75),
        ("would be set to the sender's", None, 50),
        ("stays above the sender", 75, 75),
    ):
        before, after = (
            {**_LEVELS, listed: {**_LEVELS[listed], **({} if each is None else {"tea": each})}}
            for each in (level, becomes)
        )
        yield asks(f"a level of {listed} {words}", after, before=before)
    yield asks(f"{listed} would be gone", {key: value for key, value in _LEVELS.items() if key != listed})


def _users(asks: Callable[..., EventCase]) -> Iterator[EventCase]:
    """The levels of users."""
    eve = "@eve:e.example"
    for words, user, becomes in (
        ("below would be above the sender", DAN, 51),
        ("below would be at the sender", DAN, 50),
        ("below would be gone", DAN, None),
        ("at the sender would be below", CAROL, 49),
        ("at the sender would be above", CAROL, 51),
        ("at the sender would be gone", CAROL, None),
        ("without a level would be at the sender", eve, 50),
        ("without a level would be above the sender", eve, 51),
        ("who is the sender would be below", BOB, 49),
        ("who is the sender would be above", BOB, 51),
        ("who is the sender would be gone", BOB, None),
    ):
        users = {**_LEVELS["users"], user: becomes}
        kept = {each: level for each, level in users.items() if level is not None}
        yield asks(f"a user {words}", {**_LEVELS, "users": kept})
    above = {**_LEVELS, "users": {**_LEVELS["users"], eve: 75}}
    yield asks("a user above the sender would be below", {**above, "users": {**above["users"], eve: 25}}, before=above)
    yield asks("a user above the sender would be gone", _LEVELS, before=above)


def _malformed_users(policy: MatrixPolicy) -> Iterator[tuple[str, Any]]:
    """What gives users no levels, or does in some versions."""
    yield from (
        ("users are a list", []),
        ("users are null", None),
        ("a user is no user", {"dan": 5}),
        ("a user has no server", {"@dan": 5}),
        ("a user's level is a word", {DAN: "five"}),
        ("a user's level is null", {DAN: None}),
        ("a user's level is a truth value", {DAN: True}),
        ("a user's level is a text", {DAN: " +5 "}),
    )
    if policy.numbers is Numbers.FLOATS:
        yield "a user's level is a fraction", {DAN: 5.9}


def _numbers(asks: Callable[..., EventCase]) -> Iterator[EventCase]:
    """What stands for a level, in which version."""
    for words, name, level in (
        ("a text of a number", "ban", "75"),
        ("a text of a number and a space", "ban", " 75"),
        ("a word", "kick", "kicks"),
        ("a truth value", "kick", True),
        ("null", "kick", None),
    ):
        yield asks(f"{name} would be {words}", {**_LEVELS, name: level})
    for listed in LISTED[1:]:
        yield asks(f"{listed} would be a list", {**_LEVELS, listed: []})
        tea = {**_LEVELS, listed: {**_LEVELS[listed], "tea": "tea"}}
        yield asks(f"a level of {listed} would be a word", tea)


_CASES: Mapping[Kind, Callable[[_Room], Iterator[EventCase]]] = {
    Kind.MEMBER: _on_member,
    Kind.CREATE: _on_create,
    Kind.ALIASES: _on_aliases,
    Kind.PROMISE: _on_promise,
    Kind.LEVELS: _on_levels,
    Kind.REDACTION: _on_redaction,
    Kind.STATE: _on_state,
    Kind.MESSAGE: _on_message,
}
