"""Events of all kinds that show what each rule beside the table asks, for every room version.

In each room (`fsm.matrix.case_room`) one thing is out of the ordinary.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fsm.matrix.case_room import JSON, LEVELS, ROOM, TOPIC, CaseRoom, of_any, of_senders
from fsm.matrix.events import AUTHORISER, MEMBER
from fsm.matrix.level_cases import on_levels
from fsm.matrix.level_permits import (
    levels_are_altered,
)
from fsm.matrix.permits import (
    authoriser_is_user,
    creation_names_no_room,
    creator_is_named,
    creators_are_users,
    room_is_created,
    room_is_of_senders_server,
    sender_is_admitted,
    state_key_is_given,
)
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.rows import Kind
from fsm.matrix.scenario import ALICE, BOB, CAROL, DAN
from fsm.matrix.settings import JOIN_RULES, THIRD_PARTY_INVITE, Founder, Reign
from fsm.scenario import EventCase

_MESSAGE, _ALIASES, _REDACTION = "m.room.message", "m.room.aliases", "m.room.redaction"


def event_cases(policy: MatrixPolicy) -> Mapping[str, tuple[EventCase, ...]]:
    """The cases of a room version, by kind of event."""
    return {kind: tuple(_CASES[Kind(kind)](CaseRoom(policy))) for kind in policy.rules_beside}


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


def _on_member(room: CaseRoom) -> Iterator[EventCase]:
    leaves = room.event(MEMBER, BOB, {"membership": "leave"}, BOB)
    yield from of_any(room, leaves)
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


def _on_create(room: CaseRoom) -> Iterator[EventCase]:
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
        yield case("names its room", prev_events=[], room_id=ROOM)
    creation = room.created({})
    content = creation["content"]
    named = {key: value for key, value in content.items() if key != "creator"}
    yield EventCase("names no creator", (), {**creation, "content": named})
    if creator_is_named in room.guards:
        yield case("names a creator who is no user", {"creator": 5})
    if creators_are_users in room.guards:
        for words, users in (("a user", [BOB]), ("nobody", []), ("no user", ["bob"]), ("no list", BOB), ("null", None)):
            yield case(f"additional creators are {words}", {"additional_creators": users})


def _on_aliases(room: CaseRoom) -> Iterator[EventCase]:
    aliases = room.event(_ALIASES, BOB, {"aliases": ["#tea:b.example"]}, "b.example")
    yield from of_any(room, aliases)
    yield EventCase("sender is not in the room", room.state(), {**aliases, "sender": "@eve:b.example"})
    yield EventCase("have no state key", room.state(), room.event(_ALIASES, BOB, {}))
    for key in ("a.example", "", BOB):
        yield EventCase(f"state key is {key or 'empty'}", room.state(), {**aliases, "state_key": key})


def _on_promise(room: CaseRoom) -> Iterator[EventCase]:
    promise = room.event(THIRD_PARTY_INVITE, BOB, {"display_name": "Eve"}, "token")
    yield from of_any(room, promise)
    yield EventCase("sender is not in the room", room.state(), {**promise, "sender": CAROL})
    for words, level in (("above", 51), ("at", 50)):
        levels = {**LEVELS, "invite": level, "state_default": 100}
        yield EventCase(f"invite level is {words} the sender", room.state(levels=levels), promise)


def _on_state(room: CaseRoom) -> Iterator[EventCase]:
    topic = room.event(TOPIC, BOB, {"topic": "tea"}, "")
    yield from of_any(room, topic)
    yield from of_senders(room, topic, TOPIC)
    levels = {"users": LEVELS["users"]}
    for words, sender in (("at", BOB), ("above", DAN)):
        other = room.event("org.example.tea", sender, {}, "")
        yield EventCase(f"level of state is {words} the sender", room.state(levels=levels), other)
    for words, key in (("the sender", BOB), ("another user", CAROL), ("no user", "@"), ("a word", "bob")):
        yield EventCase(f"state key is {words}", room.state(), {**topic, "state_key": key})


def _on_message(room: CaseRoom) -> Iterator[EventCase]:
    message = room.event(_MESSAGE, BOB, {"body": "tea"})
    yield from of_any(room, message)
    yield from of_senders(room, message, _MESSAGE)
    closed = room.state(creation={"m.federate": False})
    yield EventCase("sender is of the room's own server", closed, {**message, "sender": ALICE})
    open_to_all = room.state(creation={"m.federate": "no"})
    yield EventCase("the room is closed by a word", open_to_all, message)
    levels = {**LEVELS, "events_default": 26}
    yield EventCase("level of messages is above the sender", room.state(levels=levels), {**message, "sender": DAN})
    if Kind.REDACTION not in room.rows:
        redaction = room.event(_REDACTION, DAN, {"redacts": "$1"}, redacts="$1")
        yield EventCase("redacts somebody else's", room.state(), redaction)


def _on_redaction(room: CaseRoom) -> Iterator[EventCase]:
    redaction = room.event(_REDACTION, BOB, {}, id="$two:b.example", redacts="$one:b.example")
    yield from of_any(room, redaction)
    yield from of_senders(room, redaction, _REDACTION)
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


_CASES: Mapping[Kind, Callable[[CaseRoom], Iterator[EventCase]]] = {
    Kind.MEMBER: _on_member,
    Kind.CREATE: _on_create,
    Kind.ALIASES: _on_aliases,
    Kind.PROMISE: _on_promise,
    Kind.LEVELS: on_levels,
    Kind.REDACTION: _on_redaction,
    Kind.STATE: _on_state,
    Kind.MESSAGE: _on_message,
}
