"""The ids of events that do not carry them.

The golden events are published: `gomatrixserverlib` (matrix-org, `eventversion_test.go`, a creation of
version 5 read as of 3 and as of 4) and `homeserver` (RocketChat, `packages/*/src/events/*.spec.ts`,
recorded from a Synapse, version 10).
"""

import json
from typing import Any

import pytest

from fsm.errors import EventError
from fsm.matrix.event_ids import NAMINGS, event_id_of, is_whole
from fsm.matrix.policies import VERSIONS

FIFTH = {
    "auth_events": [],
    "prev_events": [],
    "type": "m.room.create",
    "room_id": "!uXDCzlYgCTHtiWCkEx:jki.re",
    "sender": "@erikj:jki.re",
    "content": {
        "room_version": "5",
        "predecessor": {
            "room_id": "!gdRMqOrTFdOCYHNwOo:half-shot.uk",
            "event_id": "$LP7ROBc4b+cMc1UE9haIz8q5AK2AIW4eJ90FfKLvyZI",
        },
        "creator": "@erikj:jki.re",
    },
    "depth": 1,
    "prev_state": [],
    "state_key": "",
    "origin": "jki.re",
    "origin_server_ts": 1560284621137,
    "hashes": {"sha256": "IX6zuNiJpJPNf70BLleL3HSCpjKeq9Uhu7uUpyDjBmc"},
    "signatures": {
        "jki.re": {
            "ed25519:auto": "O4IyFfF2PPtGp5uaDm8t57dZbdh8vc8Q64LgCwvzYRVItAMI0uisfiAFaxkVT7MRpzh6N2QNN5NMRXZKmgPYDA"
        }
    },
    "unsigned": {"age": 1321650},
}


def tenth(event_type: str, content: Any, place: tuple[int, int, str], auth: list[str], prev: list[str]) -> Any:
    depth, at, sha256 = place
    return {
        "auth_events": auth,
        "prev_events": prev,
        "type": event_type,
        "room_id": "!uTqsSSWabZzthsSCNf:hs1",
        "sender": "@admin:hs1",
        "content": content,
        "depth": depth,
        "state_key": "@admin:hs1" if event_type == "m.room.member" else "",
        "origin": "hs1",
        "origin_server_ts": 1733107418000 + at,
        "hashes": {"sha256": sha256},
        "signatures": {"hs1": {"ed25519:a_HDhg": "any"}},
        "unsigned": {"age_ts": 1733107418000 + at},
    }


CREATION = "$0AQU5dG_mtjH6qavAxYrQsDC0a_-6T3DHs1yoxf5fz4"
JOINED = "$tZRt2bwceX4sG913Ee67tJiwe-gk859kY2mCeYSncw8"
LEVELS = "$T20EETjD2OuaC1OVyg8iIbJGTNeGBsMiWoAagBOVRNE"
RULES = "$Uxo9MgF-4HQNEZdkkQDzgh9wlZ1yJbDXTMXCh6aZBi4"
VISIBILITY = "$a4hYydlvVc738DgFJA4hDHaIl_umBkHSV_efweAO5PE"
GUESTS = "$gdAY3-3DdjuG-uyFkDn8q5wPS4fbymH__fch9BQmOas"

# fmt: off
GOLDEN: list[tuple[str, str, Any]] = [
    ("3", "$RrGxF28UrHLmoASHndYb9Jb/1SFww2ptmtur9INS438", FIFTH),
    ("4", "$RrGxF28UrHLmoASHndYb9Jb_1SFww2ptmtur9INS438", FIFTH),
    ("5", "$RrGxF28UrHLmoASHndYb9Jb_1SFww2ptmtur9INS438", FIFTH),
    ("10", CREATION, tenth("m.room.create", {"room_version": "10", "creator": "@admin:hs1"}, (1, 648, "XFkxvgXOT9pGz5Hbdo7tLlVN2SmWhQ9ifgsbLio/FEo"), [], [])),
    ("10", JOINED, tenth("m.room.member", {"displayname": "admin", "membership": "join"}, (2, 672, "7qLYbHf6z6nLGkN0DABO89wgDjaeZwq0ma7GsPbhZ8I"), [CREATION], [CREATION])),
    ("10", LEVELS, tenth("m.room.power_levels", {
        "users": {"@admin:hs1": 100, "@asd6:rc1": 100}, "users_default": 0,
        "events": {"m.room.name": 50, "m.room.power_levels": 100, "m.room.history_visibility": 100,
                   "m.room.canonical_alias": 50, "m.room.avatar": 50, "m.room.tombstone": 100,
                   "m.room.server_acl": 100, "m.room.encryption": 100},
        "events_default": 0, "state_default": 50, "ban": 50, "kick": 50, "redact": 50, "invite": 0, "historical": 100,
    }, (3, 713, "7Sv2UTnpNI9qnVO1oXaNoj1SEraxoWTm9uloqm3Oqho"), [CREATION, JOINED], [JOINED])),
    ("10", RULES, tenth("m.room.join_rules", {"join_rule": "invite"}, (4, 719, "d3g1gHQsf/chWvoUMLe9iJlQQoVxEm6ajBW4Wdq9LUQ"), [LEVELS, CREATION, JOINED], [LEVELS])),
    ("10", VISIBILITY, tenth("m.room.history_visibility", {"history_visibility": "shared"}, (5, 720, "H1w6a6qPvdTtb2WKqacazfgiZvVHgK9/Np5DorJIy40"), [LEVELS, CREATION, JOINED], [RULES])),
    ("10", GUESTS, tenth("m.room.guest_access", {"guest_access": "can_join"}, (6, 721, "ArUZZ33x+j5oMNWhWvHDXBH7qrMRMbsqig5XDM5jOac"), [LEVELS, CREATION, JOINED], [VISIBILITY])),
]
# fmt: on


@pytest.mark.parametrize(("version", "expected", "event"), GOLDEN, ids=[f"{each[0]} {each[1]}" for each in GOLDEN])
def test_published_events_have_their_published_ids(version: str, expected: str, event: Any) -> None:
    assert event_id_of(event, version) == expected
    assert is_whole(event)


def test_every_version_without_ids_of_its_own_has_a_naming() -> None:
    assert [*NAMINGS] == [version for version in VERSIONS if version not in ("1", "2")]


KEYS = ("prev_state", "origin", "membership", "depth", "redacts", "unsigned", "age_ts", "replaces_state")
ALL = {"a": 1, "b": {"c": 2}}

# fmt: off
CONTENTS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    ("m.room.member",    {"membership": "join", "reason": "x"},                    {"membership": "join"}, "3-12"),
    ("m.room.member",    {"join_authorised_via_users_server": "@a:x"},             {}, "3-8"),
    ("m.room.member",    {"join_authorised_via_users_server": "@a:x"},     {"join_authorised_via_users_server": "@a:x"}, "9-12"),
    ("m.room.member",    {"third_party_invite": {"signed": {"a": 1}, "x": 1}},     {}, "3-10"),
    ("m.room.member",    {"third_party_invite": {"signed": {"a": 1}, "x": 1}},     {"third_party_invite": {"signed": {"a": 1}}}, "11-12"),
    ("m.room.member",    {"third_party_invite": {}},                               {"third_party_invite": {}}, "11-12"),
    ("m.room.member",    {"third_party_invite": "x"},                              {}, "3-12"),
    ("m.room.create",    {"creator": "@a:x", "room_version": "1"},                 {"creator": "@a:x"}, "3-10"),
    ("m.room.create",    ALL,                                                      ALL, "11-12"),
    ("m.room.join_rules", {"join_rule": "public", "allow": [1], "x": 1},           {"join_rule": "public"}, "3-7"),
    ("m.room.join_rules", {"join_rule": "public", "allow": [1], "x": 1},           {"join_rule": "public", "allow": [1]}, "8-12"),
    ("m.room.power_levels", {"invite": 5, "ban": 5, "notifications": 5},           {"ban": 5}, "3-10"),
    ("m.room.power_levels", {"invite": 5, "ban": 5, "notifications": 5},           {"invite": 5, "ban": 5}, "11-12"),
    ("m.room.aliases",   {"aliases": ["#a:x"]},                                    {"aliases": ["#a:x"]}, "3-5"),
    ("m.room.aliases",   {"aliases": ["#a:x"]},                                    {}, "6-12"),
    ("m.room.history_visibility", {"history_visibility": "x", "y": 1},             {"history_visibility": "x"}, "3-12"),
    ("m.room.redaction", {"redacts": "$a", "reason": "x"},                         {}, "3-10"),
    ("m.room.redaction", {"redacts": "$a", "reason": "x"},                         {"redacts": "$a"}, "11-12"),
    ("m.room.message",   ALL,                                                      {}, "3-12"),
]
# fmt: on


@pytest.mark.parametrize(("event_type", "content", "left", "versions"), CONTENTS)
def test_what_a_redaction_leaves_of_a_content(event_type: str, content: Any, left: Any, versions: str) -> None:
    first, last = map(int, versions.split("-"))
    for version in range(first, last + 1):
        assert NAMINGS[str(version)].redaction.of({"type": event_type, "content": content})["content"] == left


@pytest.mark.parametrize("version", NAMINGS)
def test_what_a_redaction_leaves_of_an_event(version: str) -> None:
    event = {"type": "x", "content": {}, **dict.fromkeys(KEYS, 1)}
    before_eleven = {"prev_state", "origin", "membership"} if int(version) < 11 else set()
    assert NAMINGS[version].redaction.of(event).keys() == {"type", "content", "depth", *before_eleven}


FAULTS: list[tuple[str, dict[str, Any]]] = [
    ("`content`: must be an object, not an array", {"type": "x", "content": []}),
    ("has no canonical JSON, so no id: UnicodeEncodeError", {"type": "x", "sender": "\ud800"}),
    ("has no canonical JSON, so no id: ValueError", {"type": "x", "depth": float("nan")}),
]


@pytest.mark.parametrize(("problem", "event"), FAULTS, ids=[each[0] for each in FAULTS])
def test_what_has_no_id_is_named(problem: str, event: dict[str, Any]) -> None:
    with pytest.raises(EventError) as raised:
        event_id_of(event, "10")
    assert str(raised.value) == problem


def test_depth_is_no_traceback() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(EventError, match="RecursionError"):
        event_id_of({"type": "x", "auth_events": deep}, "10")


@pytest.mark.parametrize("event", [{}, {"prev_events": []}, {"prev_events": [], "auth_events": None}])
def test_what_clients_get_has_no_id_to_compute(event: dict[str, Any]) -> None:
    assert not is_whole(event)


def test_the_order_of_keys_means_nothing() -> None:
    assert event_id_of(json.loads(json.dumps(FIFTH, sort_keys=True)), "5") == event_id_of(FIFTH, "5")
