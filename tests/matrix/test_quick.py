"""Messages, settings and other state take the quick way: it answers as the careful one, or leaves the event to that."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import product
from typing import Any

import pytest

from fsm import Change, EventError
from fsm.change import ALL, Kind
from fsm.event import MAX_TEXT
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.judging import MatrixJudging
from fsm.matrix.policies import VERSIONS, MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.participation.guards import sender_is_target
from fsm.participation.terms import Action, Participation
from fsm.policy import Transition
from fsm.room.judging import UNREADABLE

ALICE, BOB, EVE = "@alice:a.example", "@bob:b.example", "@eve:e.example"
ROOM = "!r:a.example"

TYPES = [
    "m.room.message",
    "m.room.topic",
    "m.room.name",
    "m.room.aliases",
    "m.room.redaction",
    "",
    "ü",
    "x" * (MAX_TEXT + 1),
    5,
]
SENDERS = [ALICE, BOB, EVE, "bob", "", "@bü:b.example", None]
KEYS: list[dict[str, Any]] = [
    {},
    *({"state_key": key} for key in ("", "word", BOB, EVE, "@", "ü", "x" * (MAX_TEXT + 1), 5, None)),
]
CONTENTS: list[Any] = [{}, {"body": "tea"}, {"n": 5, "list": ["a"]}, {"body": "ü"}, {5: "a"}, {"body": "\ud800"}, "tea"]
BESIDE: list[dict[str, Any]] = [
    {},
    {"event_id": "$new", "room_id": ROOM},
    {"event_id": ""},
    {"event_id": "$known"},
    {"event_id": 5},
    {"event_id": None},
    {"event_id": "$new", "room_id": None},
    {"event_id": "x" * (MAX_TEXT + 1), "room_id": ROOM},
    {"event_id": "$new", "unsigned": {"redacted_because": {}}},
    {"event_id": "$new", "unsigned": {}},
    {"room_id": "!other:a.example"},
    {"room_id": 5},
    {"auth_events": []},
    {"origin_server_ts": 5, "hashes": {"sha256": "A"}},
    {"more": "\ud800"},
]
LEVELS: list[dict[str, Any] | None] = [
    None,
    {"users": {ALICE: 100, BOB: 50}, "events": {"m.room.name": 75, "m.room.message": 25}},
    {"users": {ALICE: 100}, "users_default": 25, "state_default": 25, "events_default": 26},
    {"events": "many"},
]

JOIN_RULES: list[Any] = [
    *({"join_rule": rule} for rule in ("public", "invite", "knock", "tea", 5)),
    {},
    {"join_rule": "restricted", "allow": [{"room_id": "!o:x", "type": "m.room_membership"}]},
    {"join_rule": "public", "more": "\ud800"},
]
SETTINGS: list[tuple[str, list[Any]]] = [
    ("m.room.join_rules", JOIN_RULES),
    (
        "m.room.power_levels",
        [
            {"users": {ALICE: 100, BOB: 50}},
            {"users": {ALICE: 100, BOB: 100}, "invite": 50, "kick": 0},
            {"users": {BOB: 50}, "users_default": 60},
            {"users": {"bob": 5}},
            {"users": [], "events": {"m.room.name": 101}},
            {"ban": "50", "events": {"m.room.join_rules": 75}, "notifications": {"room": 20}},
            {"ban": "many"},
            {"ban": 1e300, "more": [{"\u00fc": None}]},
            {"state_default": 0, "more": "\ud800"},
            {},
        ],
    ),
]


def settings() -> Iterator[dict[str, Any]]:
    for event_type, contents in SETTINGS:
        for content, sender, key, beside in product(contents, SENDERS, KEYS, BESIDE):
            parts: tuple[bool, ...] = (sender is ALICE, key == {"state_key": ""}, not beside)
            if sum(parts) == len(parts) or (sum(parts) == len(parts) - 1 and content in contents[:2]):
                yield {"type": event_type, "sender": sender, "content": content, **key, **beside}


def creations(version: str) -> Iterator[dict[str, Any]]:
    whole = {"room_version": version, "creator": ALICE}
    contents: list[Any] = [
        whole,
        {**whole, "m.federate": False},
        {**whole, "more": "\ud800"},
        {"room_version": version},
    ]
    contents += ({**whole, "room_version": each} for each in ("tea", 5, "12", "1"))
    contents += ({**whole, "additional_creators": each} for each in ([BOB], ["bob"], "bob"))
    beside = [*BESIDE, {"prev_events": []}, {"prev_events": ["$a"]}, {"room_id": "!r:b.example"}]
    for content, sender, key, more in product(contents, SENDERS, KEYS, beside):
        if sum((content is whole, sender is ALICE, key == {"state_key": ""}, not more)) > 2:
            yield {"type": "m.room.create", "sender": sender, "content": content, **key, **more}


def changes() -> Iterator[dict[str, Any]]:
    for action, sender, target in product(("join", "invite", "ban", "leave", "tea"), SENDERS[:3], SENDERS[:3]):
        event = {"type": "m.room.member", "sender": sender, "state_key": target, "content": {"membership": action}}
        yield event
        if action == "join":
            yield {**event, "prev_events": []}


JOINS = [event for event in changes() if event["content"] == {"membership": "join"} and "prev_events" not in event][
    :5:4
]
IDLE: Transition[MatrixFacts] = Transition(
    "idle", Action.LEAVE, {Participation.LEAVE}, Participation.LEAVE, (sender_is_target,), clause="0"
)


def taken(before: dict[str, Any] | None, policy: MatrixPolicy) -> MatrixRoom:
    """A room that nobody has created yet, and of which this may be known."""
    room = MatrixRoom(ROOM, policy=policy)
    if before is not None:
        room.take(before)
    return room


def created(
    policy: MatrixPolicy,
    creator: str = ALICE,
    before: dict[str, Any] | None = None,
    *,
    federates: bool = True,
    **more: Any,
) -> MatrixRoom:
    """A room of which nothing else is known than its creation, and what it was set to before."""
    room = taken(before, policy)
    content = {"room_version": policy.version, "creator": creator, "m.federate": federates, **more}
    event = {"type": "m.room.create", "sender": ALICE, "state_key": "", "content": content}
    assert room.send(event if policy.version == "12" else {**event, "room_id": ROOM})
    return room


def new_rooms(version: str) -> list[Callable[[], MatrixRoom]]:
    """Makers of rooms that have just been created, some of which nobody may join first."""
    policy, state = VERSIONS[version], {"sender": ALICE, "state_key": ""}
    before: list[dict[str, Any]] = [
        {"type": "m.room.power_levels", "content": {"users": {BOB: 100}}, **state},
        {"type": "m.room.join_rules", "content": {"join_rule": "public"}, **state},
        {"type": "m.room.member", "content": {"membership": "join"}, **state, "state_key": BOB},
    ]
    return [
        partial(created, policy),
        partial(created, policy.evolve("idle", add=(IDLE,))),
        partial(created, policy, additional_creators=[BOB]),
        partial(created, policy, "nobody"),
        partial(created, policy, BOB),
        *(partial(created, policy, before=event) for event in before),
        partial(created, policy, federates=False),
        *(partial(taken, event, policy) for event in (None, *before)),
        MatrixRoom,
        partial(MatrixRoom, policy=policy),
    ]


def rooms(version: str) -> Iterator[MatrixRoom]:
    for levels, federates in product(LEVELS, (True, False)):
        founder = {"creator": ALICE} if int(version) <= 10 else {}
        content = {"room_version": version, "m.federate": federates, **founder}
        state = [
            {"type": "m.room.create", "sender": ALICE, "state_key": "", "content": content, "room_id": ROOM},
            *(
                {"type": "m.room.member", "sender": user, "state_key": user, "content": {"membership": "join"}}
                for user in (ALICE, BOB)
            ),
            *(
                []
                if levels is None
                else [{"type": "m.room.power_levels", "sender": ALICE, "state_key": "", "content": levels}]
            ),
        ]
        room = MatrixRoom.from_state(state, policy=VERSIONS[version])
        with suppress(EventError):  # where it turns on what cannot be read
            room.send({"type": "m.room.message", "sender": ALICE, "content": {}, "event_id": "$known"})
        yield room


def answer(decide: Any, *asked: Any) -> object:
    try:
        return decide(*asked)
    except EventError as problem:
        return str(problem).replace("`event`: ", "").replace("`event.", "`")


def plain(event_type: Any, sender: Any, key: dict[str, Any], content: Any, beside: dict[str, Any]) -> bool:
    """Whether nothing but one part of the event is out of the ordinary: all together would be too many."""
    parts: tuple[bool, ...] = (
        event_type in TYPES[:2],
        sender in SENDERS[:2],
        not key or key["state_key"] == "",
        content == CONTENTS[1],
        not beside,
    )
    return sum(parts) >= len(parts) - 2


@pytest.mark.parametrize("version", ["1", "11"])
def test_both_ways_answer_alike(version: str) -> None:
    asked = [parts for parts in product(TYPES, SENDERS, KEYS, CONTENTS, BESIDE) if plain(*parts)]
    events = [
        {"type": event_type, "sender": sender, "content": content, **key, **beside}
        for event_type, sender, key, content, beside in asked
    ]
    for room in rooms(version):
        for event in (*events, *settings()):
            careful = answer(partial(MatrixJudging.decide_citing, room), event, ())
            assert answer(room.decide_citing, event, ()) == careful, event
            if "auth_events" not in event:
                assert answer(room.decide, event) == careful, event
            with suppress(EventError, *UNREADABLE):
                quick = room._quick(event, ALL, is_sent=False)
                assert answer(room.prepare, event) == quick, event


def test_what_is_known_of_messages_is_bounded_and_shared() -> None:
    first, second = (next(rooms("11")) for _ in range(2))
    for number in range(600):
        message = {"type": f"m.{number}", "sender": ALICE, "content": {}}
        assert first.decide(message) is second.decide(message)
    assert not first.decide({"type": "m" * 300, "sender": EVE, "content": {}})
    assert first._senders is not None
    assert second._senders is not None
    of_messages, _ = first._senders[1]
    assert of_messages is second._senders[1][0]
    assert 0 < len(of_messages) <= 256


@pytest.mark.parametrize("version", ["1", "11"])
def test_both_ways_lead_to_the_same_room(version: str) -> None:
    named = [{"event_id": "$new", "room_id": ROOM}, {"event_id": "$known"}, {"event_id": "$own", "more": "\u00fc"}]
    for sent, stepped in zip(rooms(version), rooms(version), strict=True):
        told: tuple[list[Change], list[Change]] = [], []
        if version == "11":
            for room, heard in zip((sent, stepped), told, strict=True):
                room.remember()
                room.observe(heard.append, of=Kind)
        for event_type, sender, key, extra in product(TYPES[:5], SENDERS[:3], KEYS[:4], [{}, *named]):
            event = {"type": event_type, "sender": sender, "content": CONTENTS[1], **key, **extra}
            prepared = answer(stepped.prepare, event)
            applied = answer(stepped.apply, prepared) if isinstance(prepared, Change) else prepared
            assert answer(sent.send, event) == applied, event
        assert sent.snapshot() == stepped.snapshot()
        assert sent.revision == stepped.revision
        assert told[0] == told[1]
        assert bool(told[0]) is (version == "11")


@pytest.mark.parametrize("version", ["1", "12"])
def test_new_rooms_go_on_alike_both_ways(version: str) -> None:
    asked = [
        *changes(),
        *creations(version),
        *(event for event in settings() if event["sender"] is ALICE and len(event) == len(JOINS[0])),
    ]
    asked += [{"type": event_type, "sender": ALICE, "content": {}, **KEYS[1]} for event_type in TYPES[:3]]
    quick = 0
    for make, event in product(new_rooms(version), asked):
        sent, stepped = make(), make()
        assert answer(sent.decide, event) == answer(partial(MatrixJudging.decide_citing, stepped), event, ()), event
        with suppress(EventError, *UNREADABLE):
            assert sent._quick(event, ALL, is_sent=False) == answer(stepped.prepare, event), event
            quick += 1
        for each in (event, *JOINS):
            prepared = answer(stepped.prepare, each)
            applied = answer(stepped.apply, prepared) if isinstance(prepared, Change) else prepared
            assert answer(sent.send, each) == applied, each
        assert sent.snapshot() == stepped.snapshot(), event
    assert quick > 300


@pytest.mark.parametrize("version", ["1", "12"])
def test_new_rooms_say_upon_whom_somebody_may_act(version: str) -> None:
    known = 0
    for make, action, sender in product(new_rooms(version), ("join", "invite"), (ALICE, BOB)):
        room = make()
        decisions = {user: room.decide_action(action, sender, user) for user in room.participations()}
        targets = {user: decision.transition for user, decision in decisions.items() if decision.transition}
        assert room.targets(action, sender) == targets
        known += len(decisions)
    assert known > 0


class Lying(str):
    """A text that is never what it is."""

    __slots__ = ()

    def __eq__(self, _: object) -> bool:
        return False

    def __ne__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


class Failing(Lying):
    """A text that cannot be looked up."""

    __slots__ = ()

    def __hash__(self) -> int:
        raise RuntimeError


CONTENTS_OF_OWN = {
    "m.room.power_levels": {"users": {ALICE: 100, BOB: 100}},
    "m.room.join_rules": {"join_rule": "public"},
    "m.room.member": {"membership": "ban"},
    "m.room.create": {},
    "m.room.topic": {},
}


@pytest.mark.parametrize("kind", [Lying, Failing])
@pytest.mark.parametrize("event_type", CONTENTS_OF_OWN)
def test_types_that_are_no_plain_texts_are_what_they_say(event_type: str, kind: type[str]) -> None:
    for sender, key in product((ALICE, BOB, EVE), ("", BOB)):
        asked = {"type": event_type, "sender": sender, "state_key": key, "content": CONTENTS_OF_OWN[event_type]}
        told: list[list[object]] = []
        for event in (asked, {**asked, "type": kind(event_type)}):
            room = next(rooms("11"))
            told.append([answer(room.decide, event), answer(room.send, event), room.snapshot()])
        assert told[0] == told[1]
