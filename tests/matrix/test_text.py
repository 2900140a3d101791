"""Questions read off the text of the room versions, with the verdict that it gives, through the command line."""

import json
from collections.abc import Iterable
from typing import Any, TypeAlias

import pytest

from tests.cli.runner import fsm

JSON: TypeAlias = dict[str, Any]

ALICE, BOB, CAROL, DAN = "@alice:a.example", "@bob:b.example", "@carol:c.example", "@dan:b.example"
AUTHORISER = "join_authorised_via_users_server"
PROMISE = "m.room.third_party_invite"


def create(version: str, **content: Any) -> JSON:
    founder = {"creator": ALICE} if int(version) <= 10 else {}
    creation = {"type": "m.room.create", "sender": ALICE, "state_key": "", "event_id": "$create"}
    room = {"room_id": "!r:a.example"} if int(version) <= 11 else {}
    return {**creation, **room, "content": {"room_version": version, **founder, **content}}


def event(event_type: str, sender: str, content: JSON, key: str | None = None, **fields: Any) -> JSON:
    state = {} if key is None else {"state_key": key}
    return {"type": event_type, "sender": sender, "content": content, **state, **fields}


def member(sender: str, word: str, target: str | None = None, **content: Any) -> JSON:
    return event("m.room.member", sender, {"membership": word, **content}, target or sender)


def rule(word: str) -> JSON:
    return event("m.room.join_rules", ALICE, {"join_rule": word}, "")


def levels(users: JSON, **content: Any) -> JSON:
    return event("m.room.power_levels", ALICE, {"users": users, **content}, "")


OWNER = {ALICE: 100}
STAFF = {ALICE: 100, BOB: 50}
ENTER = member(CAROL, "join", **{AUTHORISER: ALICE})
BY_BOB = member(CAROL, "join", **{AUTHORISER: BOB})
KNOCK = member(CAROL, "knock")
SAY = event("m.room.message", BOB, {})
CLOSED = {"m.federate": False}
NO_USER: JSON = {AUTHORISER: 5}
CREATORS = {"additional_creators": [BOB]}


def dealt(version: str, level: Any) -> JSON:
    """Levels by Alice, who gives Bob this one."""
    own = OWNER if int(version) <= 11 else {}
    return levels({**own, BOB: level})


def redaction(sender: str, redacted: str, **fields: Any) -> JSON:
    return event("m.room.redaction", sender, {}, redacts=redacted, **fields)


# The room version, the state besides the creation and who is in the room, the event, and whether it is allowed.
# fmt: off
CASES: list[tuple[str, list[JSON], JSON, bool]] = [
    # Restricted joins.
    ("7",  [rule("restricted")],                              ENTER,                                     False),
    ("8",  [rule("restricted")],                              ENTER,                                     True),
    ("8",  [rule("knock_restricted")],                        ENTER,                                     False),
    ("9",  [rule("knock_restricted")],                        ENTER,                                     False),
    ("10", [rule("knock_restricted")],                        ENTER,                                     True),
    ("12", [rule("knock_restricted")],                        ENTER,                                     True),
    ("10", [rule("private")],                                 ENTER,                                     False),
    ("10", [rule("no such rule")],                            ENTER,                                     False),
    ("8",  [rule("restricted")],                              member(CAROL, "join"),                     False),
    ("8",  [rule("restricted")],                              member(CAROL, "join", **{AUTHORISER: DAN}), False),
    ("8",  [rule("restricted"), levels(OWNER, invite=50)],    BY_BOB,                                    False),
    ("8",  [rule("restricted"), levels(STAFF, invite=50)],    BY_BOB,                                    True),
    ("8",  [rule("restricted"), member(ALICE, "invite", CAROL)], member(CAROL, "join"),                  True),
    ("8",  [rule("restricted"), member(ALICE, "ban", CAROL)], ENTER,                                     False),
    ("8",  [rule("restricted"), KNOCK],                       ENTER,                                     True),
    ("8",  [rule("public")],                                  member(CAROL, "join", **{AUTHORISER: "a"}), False),
    ("7",  [rule("public")],                                  member(CAROL, "join", **{AUTHORISER: "a"}), True),
    ("8",  [],                                                member(BOB, "leave", **NO_USER),   False),
    # Knocks.
    ("6",  [rule("knock")],                                   KNOCK,                                     False),
    ("7",  [rule("knock")],                                   KNOCK,                                     True),
    ("7",  [rule("public")],                                  KNOCK,                                     False),
    ("8",  [rule("restricted")],                              KNOCK,                                     False),
    ("9",  [rule("knock_restricted")],                        KNOCK,                                     False),
    ("10", [rule("knock_restricted")],                        KNOCK,                                     True),
    ("10", [rule("invite")],                                  KNOCK,                                     False),
    ("7",  [rule("knock")],                                   member(CAROL, "knock", DAN),               False),
    ("7",  [rule("knock"), member(ALICE, "ban", CAROL)],      KNOCK,                                     False),
    ("7",  [rule("knock"), member(ALICE, "invite", CAROL)],   KNOCK,                                     False),
    ("7",  [rule("knock"), KNOCK],                            KNOCK,                                     True),
    ("7",  [rule("knock")],                                   member(BOB, "knock"),                      False),
    ("7",  [KNOCK],                                           member(CAROL, "leave"),                    True),
    # Joins, invites, leaves and bans.
    ("5",  [rule("public")],                                  member(BOB, "join", CAROL),                False),
    ("6",  [],                                                member(ALICE, "invite", BOB),              False),
    ("6",  [member(ALICE, "ban", CAROL)],                     member(ALICE, "invite", CAROL),            False),
    ("6",  [],                                                member(CAROL, "leave"),                    False),
    ("6",  [member(ALICE, "invite", CAROL)],                  member(CAROL, "leave"),                    True),
    ("6",  [levels(STAFF, ban=75), member(ALICE, "ban", CAROL)], member(BOB, "leave", CAROL),            False),
    ("6",  [levels(STAFF), member(ALICE, "ban", CAROL)],      member(BOB, "leave", CAROL),               True),
    ("6",  [levels({**STAFF, CAROL: 50})],                    member(BOB, "ban", CAROL),                 False),
    ("6",  [],                                                event("m.room.member", BOB, {}, BOB),      False),
    ("6",  [],                                                event("m.room.member", BOB, {"membership": "leave"}), False),
    # Third-party invites.
    ("6",  [],                                                event(PROMISE, BOB, {}, "token"),          True),
    ("6",  [levels(OWNER, invite=50)],                        event(PROMISE, BOB, {}, "token"),          False),
    ("6",  [levels(OWNER, state_default=100, events={PROMISE: 100})], event(PROMISE, BOB, {}, "token"),  True),
    ("6",  [],                                                event(PROMISE, BOB, {}, CAROL),            True),
    ("6",  [],                        member(BOB, "invite", CAROL, third_party_invite={"display_name": "x"}), False),
    ("6",  [],                        member(BOB, "invite", CAROL, third_party_invite="x"),              False),
    # Creators in version 12.
    ("12", [levels({}, state_default=2**53 - 1)],             event("m.room.topic", ALICE, {}, ""),      True),
    ("12", [levels({BOB: 2**53 - 1})],                        member(BOB, "leave", ALICE),               False),
    ("12", [],                                                levels(OWNER),                             False),
    ("12", [levels({}, events={"m.room.tombstone": 150})],    event("m.room.tombstone", ALICE, {}, ""),  True),
    ("12", [],                                                {**SAY, "room_id": "!other"},              False),
    ("12", [],                                                {**SAY, "auth_events": []},                True),
    ("12", [],                                                {**SAY, "auth_events": ["$create"]},       False),
    # What is a level, in which version.
    *((version, [], dealt(version, level), allowed) for version, level, allowed in (
        ("9", "50", True), ("9", " 50 ", True), ("9", "+50", True), ("9", "5 0", False), ("9", "1_000", False),
        ("9", "", False), ("9", "0x10", False), ("9", True, False), ("9", None, False), ("9", [50], False),
        ("9", 50.5, False), ("5", 50.5, True), ("5", "50.5", False), ("6", 2**53, False), ("5", 2**53, True),
        ("10", "50", False), ("10", 50, True), ("12", "50", False),
    )),
    *((version, [], event("m.room.power_levels", ALICE, content, ""), allowed) for version, content, allowed in (
        ("9", {"ban": "fifty"}, True), ("10", {"ban": "fifty"}, False), ("10", {"invite": 50.0}, False),
        ("10", {"invite": True}, False), ("10", {"of one's own": "x"}, True),
        ("9", {"events": []}, True), ("10", {"events": []}, False), ("10", {"notifications": None}, False),
        ("9", {"notifications": {"room": "50"}}, True), ("10", {"notifications": {"room": "50"}}, False),
        ("9", {"users": None}, False), ("9", {"users": []}, False), ("9", {"users": {"@bob": 5}}, False),
        ("10", {"users": {"bob": 5}}, False),
    )),
    # Redactions.
    ("1",  [levels(STAFF, redact=75)], redaction(BOB, "$x:b.example", event_id="$y:b.example"),          True),
    ("1",  [levels(STAFF, redact=75)], redaction(BOB, "$x:a.example", event_id="$y:b.example"),          False),
    ("2",  [levels(STAFF, redact=50)], redaction(BOB, "$x:a.example", event_id="$y:b.example"),          True),
    ("1",  [levels(STAFF, redact=75)], redaction(BOB, "$x:b.example"),                                   False),
    ("1",  [levels(STAFF, events={"m.room.redaction": 51})], redaction(BOB, "$x:b.example", event_id="$y:b.example"), False),
    ("3",  [levels(STAFF, redact=75)], redaction(BOB, "$x"),                                             True),
    ("11", [levels(STAFF, redact=75)], redaction(BOB, "$x"),                                             True),
    # Aliases.
    ("5",  [],                                                event("m.room.aliases", BOB, {}, "b.example"), True),
    ("5",  [],                                                event("m.room.aliases", BOB, {}, "a.example"), False),
    ("5",  [],                                                event("m.room.aliases", DAN, {}, "b.example"), True),
    ("6",  [],                                                event("m.room.aliases", DAN, {}, "b.example"), False),
    # State keys, and levels of types.
    ("6",  [levels(STAFF)],                                   event("m.tea", BOB, {}, BOB),              True),
    ("6",  [levels(STAFF)],                                   event("m.tea", BOB, {}, ALICE),            False),
    ("6",  [levels(STAFF)],                                   event("m.tea", BOB, {}, "@"),              False),
    ("6",  [],                                                SAY,                                       True),
    ("6",  [],                                                event("m.tea", BOB, {}, ""),               False),
    ("6",  [],                                                event("m.tea", ALICE, {}, ""),             True),
    # Events that are cited.
    ("6",  [],                                                {**SAY, "auth_events": ["$create", "$bob"]}, True),
    ("6",  [],                                                {**SAY, "auth_events": ["$create", "$create"]}, False),
    ("6",  [],                                                {**SAY, "auth_events": ["$create", "$alice"]}, False),
    ("6",  [],                                                {**SAY, "auth_events": ["$bob"]},          False),
    ("11", [],                                                {**SAY, "auth_events": []},                False),
    ("1",  [],                                                {**SAY, "auth_events": [["$create", {}], ["$bob", {}]]}, True),
    # Creations.
    ("6",  [],                                                create("6", room_version="99"),            False),
    ("6",  [],                                                create("6", room_version=6),               False),
    ("6",  [],                                                create("6", creator=None),                 True),
    ("6",  [],                                                {**create("6"), "room_id": "!r:b.example"}, False),
    ("6",  [],                                                {**create("6"), "prev_events": ["$x"]},    False),
    ("12", [],                                                create("12", additional_creators=[ALICE, BOB, BOB]), True),
    ("12", [],                                                {**create("12"), "room_id": "!create", "prev_events": []}, False),
]
# Rooms whose creation says something more.
CREATED: list[tuple[str, JSON, list[JSON], JSON, bool]] = [
    ("6",  CLOSED,                     [],                    SAY,                                       False),
    ("6",  {"m.federate": "false"},    [],                    SAY,                                       True),
    ("6",  {"m.federate": 0},          [],                    SAY,                                       True),
    ("6",  CLOSED,                     [],                    {**SAY, "sender": ALICE},                  True),
    ("6",  CLOSED,                     [],                    member(ALICE, "invite", CAROL),            True),
    ("5",  CLOSED,                     [],                    event("m.room.aliases", DAN, {}, "b.example"), False),
    ("10", CLOSED,                     [rule("knock")],       KNOCK,                                     False),
    ("12", CREATORS,                   [],                    member(BOB, "leave", ALICE),               False),
    ("12", CREATORS,                   [],                    member(ALICE, "leave", BOB),               False),
    ("12", CREATORS,                   [],                    levels({BOB: 0}),                          False),
]
# fmt: on


def question(version: str, creation: JSON, more: Iterable[JSON], asked: JSON) -> JSON:
    joined = [{**member(user, "join"), "event_id": f"${user[1:].partition(':')[0]}"} for user in (ALICE, BOB)]
    state = [create(version, **creation), *joined, *more]
    if asked["type"] == "m.room.create":
        state = []  # which is judged by itself
    return {"policy": f"matrix-{version}", "state": state, "event": asked}


ALL = [*((version, {}, more, asked, allowed) for version, more, asked, allowed in CASES), *CREATED]
RUN = fsm("decide", given="\n".join(json.dumps(question(*case[:4])) for case in ALL).encode())
ANSWERS = [json.loads(line) for line in RUN.out.splitlines()]


@pytest.mark.parametrize("number", range(len(ALL)))
def test_the_text_gives_this_verdict(number: int) -> None:
    *_, asked, allowed = ALL[number]
    assert ANSWERS[number].get("allowed") is allowed, (asked, ANSWERS[number])


def test_every_question_has_an_answer() -> None:
    assert (RUN.status, len(ANSWERS)) == (0, len(ALL))
