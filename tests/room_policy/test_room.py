"""A room with roles of its own, as it goes on: changes, updates of its roles, ids, logs, limits."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fsm import Change, EventError, ObserverError, RoleRoom, load_policy
from fsm.room_policy.components import MAX_PARTICIPANTS, BasePolicy, Preauthorization
from fsm.room_policy.events import COMPONENTS
from fsm.room_policy.facts import Clients
from fsm.room_policy.policies import EXAMPLES, FAMILY, KEPT, STRICT, policy_of
from fsm.room_policy.roles import MAX_ROLES
from tests.cli.runner import fsm
from tests.room_policy.plain import answer
from tests.room_policy.questions import USERS, Questions

ROLES: dict[str, Any] = EXAMPLES["strict"]["roles_list"]
PARTS = {
    "roles_list": ROLES,
    "participant_list": {
        "participants": [
            {"user": "ann", "role_index": 4}, {"user": "bob", "role_index": 2}, {"user": "eve", "role_index": 5},
            {"user": "sue", "role_index": 3},
        ]
    },
    "mls_group": {"members": [{"user": "ann", "client": "ann/1"}, {"user": "bob", "client": "bob/1"}]},
}  # fmt: skip


def event(kind: str, sender: str, state_key: str | None = "", /, **content: Any) -> dict[str, Any]:
    value = {"type": kind, "sender": sender, "content": content}
    return value if state_key is None else value | {"state_key": state_key}


def change(sender: str, target: str, action: str, **content: Any) -> dict[str, Any]:
    return event("participant", sender, target, action=action, **content)


@pytest.fixture
def room() -> RoleRoom:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **PARTS))
    return room


def roles_of(room: RoleRoom) -> dict[str, Any]:
    return {user: state.value for user, state in room.participations().items()}


def state_of(room: RoleRoom, state: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The state of a room that began with this one, of whose components only the participants and clients changed."""
    kept = [each for each in state if each["type"] not in ("participant_list", "mls_group")]
    participants = [{"user": user, "role_index": index} for user, index in roles_of(room).items()]
    users = dict.fromkeys([*USERS, *roles_of(room)])
    members = [{"user": user, "client": client} for user in users for client in sorted(room.clients(user))]
    return [
        *kept,
        event("participant_list", "hub", participants=participants),
        event("mls_group", "hub", members=members),
    ]


def test_a_creation_begins_with_its_components(room: RoleRoom) -> None:
    assert roles_of(room) == {"ann": 4, "bob": 2, "eve": 5, "sue": 3}
    assert room.clients("bob") == {"bob/1"}
    with pytest.raises(EventError, match=r"^`type`: the room has been created before$"):
        room.send(event("create", "hub", **PARTS))


def test_a_ban_takes_the_clients_along(room: RoleRoom) -> None:
    assert not room.send(change("ann", "bob", "change_role", role_index=1))
    decision = room.send(change("ann", "bob", "change_role", role_index=1, remove_clients=True))
    assert (decision.transition, roles_of(room)["bob"], room.clients("bob")) == ("ban", 1, frozenset())
    assert not room.send(change("bob", "bob", "add", role_index=2))
    assert room.send_action("change_role", "ann", "bob", role_index=2).transition == "unban"


def test_who_is_removed_is_off_the_list(room: RoleRoom) -> None:
    before = room.participations()
    assert room.send(change("bob", "bob", "remove")).transition == "leave"
    assert before["bob"].value == 2
    assert "bob" not in roles_of(room)
    assert room.participation("bob").value == 0
    assert room.send(change("ann", "bob", "add", role_index=2, clients=["bob/2"]))
    assert room.clients("bob") == {"bob/2"}


def test_an_update_of_roles_changes_the_policy_in_place() -> None:
    roles = [dict(role) for role in ROLES["roles"]]
    roles[4] = roles[4] | {"role_capabilities": [*roles[4]["role_capabilities"], "canChangeRoleDefinitions"]}
    able = RoleRoom.from_state(
        [event(name, "hub", **(PARTS | {"roles_list": {"roles": roles}})[name]) for name in PARTS]
    )
    lacking = [role for role in roles if role["role_index"] != 2]
    assert able.send(event("roles_list", "ann", roles=lacking)).refusals[0].failed == ("roles_are_valid",)
    assert able.send(change("ann", "bob", "remove"))
    before = able.policy
    assert able.send(event("roles_list", "ann", roles=lacking))
    assert able.policy is policy_of(lacking) is not before
    assert not able.send(change("ann", "bob", "add", role_index=2)).refusals


def test_an_event_with_a_known_id_gets_its_first_answer(room: RoleRoom) -> None:
    first = change("ann", "bob", "change_role", role_index=1, remove_clients=True) | {"event_id": "$1"}
    answered = room.send(first)
    assert room.send(first) is answered
    with pytest.raises(EventError, match="another event"):
        room.send(change("ann", "bob", "change_role", role_index=3) | {"event_id": "$1"})
    for other in ({"sender": "eve"}, {"state_key": "sue"}):
        with pytest.raises(EventError, match="another event"):
            room.send(first | other)
    with pytest.raises(EventError, match="another room"):
        room.send(first | {"room_id": "s"})
    assert room.send(first | {"room_id": "r"}) is answered
    assert room.send(first | {"content": dict(reversed(first["content"].items()))}) is answered


def test_a_room_that_is_destroyed_judges_nothing(room: RoleRoom) -> None:
    assert room.send(event("destroy_room", "ann", None))
    with pytest.raises(EventError, match=r"^the room has been destroyed$"):
        room.send(event("message", "ann", None))
    with pytest.raises(EventError, match="has been destroyed"):
        room.send(event("create", "hub", **PARTS))


def test_the_facts_of_a_change(room: RoleRoom) -> None:
    facts = room.facts_of(change("ann", "bob", "remove"))
    assert (facts.sender.word, facts.target.word, facts.acting.word, facts.wanted.word) == (4, 2, 4, 0)
    assert not facts.preauthorized_for_role
    assert room.facts_of(change("ann", "ann", "add_clients", clients=["ann/2"])).one_client_holds
    with pytest.raises(EventError, match="`type`: `message` is no change of a participant"):
        room.facts_of(event("message", "ann", None))


# A room that is full in every way: what a change is told to exceed, or to fall below.
FULL: dict[str, Any] = {
    "roles_list": {"roles": [
        {
            "role_index": index, "role_name": "", "role_capabilities": [], "authorized_role_changes": [],
            "minimum_participants_constraint": most, "minimum_active_participants_constraint": min(most, 1),
            "maximum_participants_constraint": most, "maximum_active_participants_constraint": min(most, 1),
        } for index, most in {1: 2, 5: 1, 6: 0, 2: 2, 3: 2}.items()
    ]},
    "participant_list": {"participants": [
        {"user": user, "role_index": index}
        for user, index in {"ann": 2, "bob": 2, "eve": 3, "sue": 3, "zoe": 3, "joe": 1, "jim": 1}.items()
    ]},
    "mls_group": {"members": [{"user": client[:3], "client": client} for client in ("ann/1", "eve/1", "sue/1", "sue/2", "zed/1")]},
    "base_room_policy": {"max_users": 5, "max_clients": 1, "multi_device": False},
}  # fmt: skip
BOUNDS = [
    "minimum_participants_holds", "minimum_active_participants_holds", "maximum_participants_holds",
    "maximum_active_participants_holds", "max_users_holds", "max_clients_holds", "one_client_holds",
]  # fmt: skip
# fmt: off
EXCEEDED: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("ann", "remove",         {},                                      BOUNDS[:2]),
    ("bob", "remove",         {},                                      BOUNDS[:1]),
    ("ann", "remove_clients", {},                                      BOUNDS[1:2]),
    ("bob", "remove_clients", {},                                      []),
    ("ann", "change_role",    {"role_index": 2},                       []),
    ("ann", "change_role",    {"role_index": 2, "remove_clients": True}, BOUNDS[1:2]),
    ("ann", "change_role",    {"role_index": 3},                       BOUNDS[:4]),
    ("bob", "change_role",    {"role_index": 3},                       [BOUNDS[0], *BOUNDS[2:4]]),
    ("ann", "change_role",    {"role_index": 1, "clients": ["ann/2", "ann/3"]}, BOUNDS[:3]),
    ("ann", "change_role",    {"role_index": 5},                       BOUNDS[:2]),
    ("ann", "change_role",    {"role_index": 6},                       BOUNDS[:4]),
    ("zed", "add",            {"role_index": 2},                       ["maximum_participants_holds", "maximum_active_participants_holds", "max_users_holds"]),
    ("joe", "change_role",    {"role_index": 2},                       ["minimum_participants_holds", "minimum_active_participants_holds", "maximum_participants_holds", "max_users_holds"]),
    ("tim", "add",            {"role_index": 2},                       ["maximum_participants_holds", "max_users_holds"]),
    ("tim", "add",            {"role_index": 2, "clients": ["t/1"]},   ["maximum_participants_holds", "maximum_active_participants_holds", "max_users_holds", "max_clients_holds"]),
    ("tim", "add",            {"role_index": 1, "clients": ["t/1", "t/2"]}, ["maximum_participants_holds", "max_clients_holds", "one_client_holds"]),
    ("bob", "add_clients",    {"clients": ["bob/1"]},                  ["maximum_active_participants_holds", "max_clients_holds"]),
    ("ann", "add_clients",    {"clients": ["ann/2"]},                  ["max_clients_holds", "one_client_holds"]),
    ("ann", "add_clients",    {"clients": ["ann/1"]},                  ["max_clients_holds"]),
    ("joe", "add_clients",    {"clients": ["joe/1"]},                  ["max_clients_holds"]),
    ("joe", "add",            {"role_index": 1},                       []),
    ("sue", "change_role",    {"role_index": 3},                       BOUNDS[2:4]),
    ("eve", "add_clients",    {"clients": ["eve/2"]},                  ["max_clients_holds", "one_client_holds"]),
    ("zoe", "add_clients",    {"clients": ["zoe/1"]},                  ["maximum_active_participants_holds", "max_clients_holds"]),
]
# fmt: on


@pytest.mark.parametrize(("target", "action", "more", "fails"), EXCEEDED)
def test_what_a_change_of_a_full_room_exceeds(target: str, action: str, more: dict[str, Any], fails: list[str]) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    facts = room.facts_of(change("ann", target, action, **more))
    assert [name for name in BOUNDS if not getattr(facts, name)] == fails


# What becomes of the clients of `sue`, who has two.
# fmt: off
CLIENTS: list[tuple[str, dict[str, Any], Clients, set[str]]] = [
    ("remove",         {},                                             Clients.NONE, set()),
    ("remove",         {"clients": ["sue/1"]},                         Clients.NONE, set()),
    ("change_role",    {"role_index": 2},                              Clients.STAY, {"sue/1", "sue/2"}),
    ("change_role",    {"role_index": 2, "clients": ["sue/3"]},        Clients.STAY, {"sue/1", "sue/2"}),
    ("change_role",    {"role_index": 2, "remove_clients": True},      Clients.GO,   set()),
    ("add_clients",    {"clients": ["sue/2", "sue/3"]},                Clients.STAY, {"sue/1", "sue/2", "sue/3"}),
    ("remove_clients", {},                                             Clients.GO,   set()),
    ("remove_clients", {"clients": ["sue/1"]},                         Clients.GO,   {"sue/2"}),
    ("remove_clients", {"clients": ["sue/1", "ann/1"]},                Clients.STAY, {"sue/2"}),
    ("remove_clients", {"clients": ["ann/1"]},                         Clients.STAY, {"sue/1", "sue/2"}),
    ("remove_clients", {"clients": []},                                Clients.STAY, {"sue/1", "sue/2"}),
]
# fmt: on


@pytest.mark.parametrize(("action", "more", "clients", "after"), CLIENTS)
def test_what_becomes_of_clients(action: str, more: dict[str, Any], clients: Clients, after: set[str]) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    value = change("ann", "sue", action, **more)
    assert room.facts_of(value).clients is clients
    room.take(value)
    assert room.clients("sue") == after
    again = RoleRoom.from_state(room.current_state())
    assert room._contents.number_of_clients == again._contents.number_of_clients == 3 + len(after)
    assert Counter(room._contents.active) == Counter(again._contents.active)
    assert Counter(room._contents.counts) == Counter(again._contents.counts)


@pytest.mark.parametrize(("target", "action", "more", "clients"), [
    ("tim", "add",         {"role_index": 3, "clients": ["t"]}, Clients.STAY),
    ("tim", "add",         {"role_index": 3},                   Clients.NONE),
    ("bob", "change_role", {"role_index": 3},                   Clients.NONE),
    ("bob", "change_role", {"role_index": 3, "remove_clients": True}, Clients.NONE),
    ("bob", "add_clients", {"clients": ["b"]},                  Clients.STAY),
])  # fmt: skip
def test_what_becomes_of_clients_of_who_has_none(
    target: str, action: str, more: dict[str, Any], clients: Clients
) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    assert room.facts_of(change("ann", target, action, **more)).clients is clients


def test_who_comes_and_goes_leaves_no_role_in_use() -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    roles = event("roles_list", "ann", roles=[each for each in ROLES_NOW if each["role_index"] != 5])
    room.take(change("ann", "tim", "add", role_index=5))
    assert "roles_are_valid" in failed(room, [roles])
    room.take(change("ann", "tim", "remove"))
    assert "roles_are_valid" not in failed(room, [roles])
    room.take(roles)
    with pytest.raises(EventError, match=r"`content\.roles`: lacks role 3, which is in use"):
        room.take(event("roles_list", "ann", roles=ROLES_NOW[:-1]))


def test_clients_of_who_comes_are_in_the_group_before() -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    room.take(change("ann", "zed", "add", role_index=5))
    assert room.clients("zed") == {"zed/1"}


def test_a_commit_counts_clients() -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **PARTS, base_room_policy={"max_clients": 2}))
    assert "max_clients_holds" in failed(room, [change("ann", "tim", "add", role_index=2, clients=["tim/1"])])
    assert room.send(change("bob", "bob", "remove"))
    assert failed(room, [change("ann", "tim", "add", role_index=2, clients=["tim/1"])]) == set()
    assert room.decide_many([change("ann", "ann", "add_clients", clients=["ann/2"])])
    assert room.clients("ann") == {"ann/1"}
    empty = RoleRoom("r")
    without = {name: part for name, part in PARTS.items() if name != "mls_group"}
    assert empty.send(event("create", "hub", **without, base_room_policy={"max_clients": 1}))
    holds = [
        empty.facts_of(change("ann", "bob", "add_clients", clients=clients)).max_clients_holds
        for clients in (["bob/1"], ["bob/1", "bob/2"])
    ]
    assert holds == [True, False]


def test_a_state_has_every_component() -> None:
    room = RoleRoom("r")
    links = [{"join_link": "tea", "target_role_index": 3}]
    assert room.send(
        event("create", "hub", **FULL, room_metadata={"room_name": "tea"}, join_links={"join_links": links})
    )
    assert failed(room, [event("room_metadata", "ann", room_name="tea")]) == {"metadata_changes"}
    state = room.current_state()
    assert [each["type"] for each in state] == list(COMPONENTS)
    assert RoleRoom.from_state(state).current_state() == state
    room.take(event("roles_list", "hub", roles=[*ROLES_NOW, ROLES_NOW[0] | {"role_index": 9, "role_name": "x"}]))
    assert room.policy.id == FAMILY
    assert all(state in room.policy.states for state in room.participations().values())
    assert roles_of(room) == {each["user"]: each["role_index"] for each in FULL["participant_list"]["participants"]}


def test_the_most_users_are_those_who_are_not_banned() -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **PARTS, base_room_policy={"max_users": 4}))
    add = change("ann", "tim", "add", role_index=2)
    assert not room.facts_of(add).max_users_holds
    assert room.send(change("ann", "bob", "change_role", role_index=1, remove_clients=True))
    assert room.facts_of(add).max_users_holds
    assert room.facts_of(change("ann", "bob", "change_role", role_index=2)).max_users_holds
    assert room.send(add)
    assert not room.facts_of(change("ann", "bob", "change_role", role_index=2)).max_users_holds


CLAIM = {"claim_id": {"credential_type": 1, "id": "team"}, "claim_value": "tea"}


@pytest.mark.parametrize(("sender", "action", "leads_to", "is_preauthorized"), [
    ("tim", "add", (3, 0), True), ("tim", "add", (0, 3), False),
    ("ann", "add", (3, 0), False), ("ann", "change_role", (0, 3), True),
])  # fmt: skip
def test_a_credential_counts_for_who_comes_or_changes(
    sender: str, action: str, leads_to: tuple[int, int], is_preauthorized: bool
) -> None:
    room = RoleRoom("r")
    entries = [{"claimset": [CLAIM], "target_role": index} for index in leads_to]
    preauthorizations = {"preauthorized_entries": entries}
    assert room.send(event("create", "hub", **FULL, preauth_list=preauthorizations))
    value = change(sender, sender, action, role_index=3, credential={"claims": [CLAIM]})
    facts = room.facts_of(value)
    assert facts.preauthorized_for_role is is_preauthorized
    assert facts.acting.word == (leads_to[0] if sender == "tim" else 2)
    value["state_key"] = "bob"  # of somebody else, a credential says nothing
    assert room.facts_of(value).preauthorized_for_role is (sender == "tim" and is_preauthorized)


def with_role(index: int, **more: Any) -> list[dict[str, Any]]:
    return [each | (more if each["role_index"] == index else {}) for each in FULL["roles_list"]["roles"]]


ROLES_NOW = with_role(0)
# fmt: off
NEW_ROLES: list[tuple[str, bool, list[dict[str, Any]], bool]] = [
    ("the same",                  False, ROLES_NOW,                                                 True),
    ("one more",                  False, [*ROLES_NOW, ROLES_NOW[0] | {"role_index": 9}],            True),
    ("an index twice",            False, [*ROLES_NOW, ROLES_NOW[0]],                                False),
    ("a maximum too low",         False, with_role(2, maximum_participants_constraint=1),           False),
    ("the last in use is missing", False, ROLES_NOW[:-1],                                           False),
    ("the first in use is missing", False, ROLES_NOW[1:],                                           False),
    ("that of the first is missing", False, [each for each in ROLES_NOW if each["role_index"] != 2], False),
    ("one of nobody is missing",  False, [each for each in ROLES_NOW if each["role_index"] != 5],    True),
    ("one that can add",          False, with_role(2, role_capabilities=["canAddParticipant"]),     True),
    ("one that adds, but fixed",  True,  with_role(2, role_capabilities=["canAddParticipant"]),     False),
    ("none that adds, and fixed", True,  ROLES_NOW,                                                 True),
]
# fmt: on


@pytest.mark.parametrize(
    ("is_fixed", "roles", "are_valid"), [case[1:] for case in NEW_ROLES], ids=[case[0] for case in NEW_ROLES]
)
def test_new_roles_are_valid_in_a_room(is_fixed: bool, roles: list[dict[str, Any]], are_valid: bool) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **{**FULL, "base_room_policy": {"fixed_membership": is_fixed}}))
    assert ("roles_are_valid" not in failed(room, [event("roles_list", "ann", roles=roles)])) is are_valid


@pytest.mark.parametrize(("more", "action", "is_valid"), [
    ({"role_index": 3, "join_link": "tea"}, "add", True),
    ({"role_index": 2, "join_link": "tea"}, "add", False),
    ({"role_index": 3, "join_link": "coffee"}, "add", False),
    ({"role_index": 3}, "add", False),
    ({"role_index": 3, "join_link": "tea"}, "change_role", False),
])  # fmt: skip
def test_a_join_link_is_for_one_role(more: dict[str, Any], action: str, is_valid: bool) -> None:
    room = RoleRoom("r")
    links = [{"join_link": "tea", "target_role_index": 3}, {"join_link": "old", "target_role_index": 3, "valid": False}]
    assert room.send(event("create", "hub", **FULL, join_links={"join_links": links}))
    assert room.facts_of(change("tim", "tim", action, **more)).join_code_is_valid is is_valid


@pytest.mark.parametrize(("base", "adds", "is_valid"), [
    ({}, True, True),
    ({"parent_dependent": True}, False, False),
    ({"parent_room": "p"}, False, False),
    ({"parent_dependent": True, "parent_room": "p"}, False, True),
    ({"fixed_membership": True}, False, True),
    ({"fixed_membership": True}, True, False),
])  # fmt: skip
def test_a_new_base_policy_is_valid_in_a_room(base: dict[str, Any], adds: bool, is_valid: bool) -> None:
    room = RoleRoom("r")
    roles = with_role(2, role_capabilities=["canAddParticipant"]) if adds else ROLES_NOW
    assert room.send(event("create", "hub", **{**FULL, "roles_list": {"roles": roles}}))
    assert ("base_policy_is_valid" not in failed(room, [event("base_room_policy", "ann", **base)])) is is_valid


@pytest.mark.parametrize(
    ("leads_to", "are_valid"), [((), True), ((3, 5), True), ((1, 2, 3, 5, 6), True), ((3, 0), False), ((9, 3), False)]
)
def test_new_preauthorizations_lead_to_roles(leads_to: tuple[int, ...], are_valid: bool) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    entries = [{"claimset": [CLAIM], "target_role": index} for index in leads_to]
    update = event("preauth_list", "ann", preauthorized_entries=entries)
    assert ("preauthorizations_are_valid" not in failed(room, [update])) is are_valid


@pytest.mark.parametrize(("sender", "more", "fails"), [
    ("ann", {"room_name": "tea"}, {"metadata_changes"}),
    ("ann", {"room_name": "coffee"}, {"canChangeRoomName"}),
    ("ann", {}, {"canChangeRoomName"}),
    ("ann", {"room_name": "tea", "room_uri": "u"}, {"room_uri_stays"}),
    ("ann", {"room_name": "tea", "room_mood": "fine"}, {"canChangeRoomMood"}),
])  # fmt: skip
def test_new_metadata_change_something(sender: str, more: dict[str, Any], fails: set[str]) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL, room_metadata={"room_name": "tea"}))
    assert failed(room, [event("room_metadata", sender, **more)]) == fails


@pytest.mark.parametrize(("sender", "fails"), [
    ("ann", {"canSendMessage"}),
    ("bob", {"sender_is_active", "canSendMessage"}),
    ("tim", {"sender_is_participant", "sender_is_active", "canSendMessage"}),
    ("zed", {"sender_is_participant", "sender_is_active", "canSendMessage"}),
])  # fmt: skip
def test_who_sends_a_message_is_a_participant_with_a_client(sender: str, fails: set[str]) -> None:
    room = RoleRoom("r")
    assert room.send(event("create", "hub", **FULL))
    assert failed(room, [event("message", sender, None)]) == fails


def test_events_of_a_room_without_an_id_are_its_own() -> None:
    room = RoleRoom()
    assert room.send(event("create", "hub", **PARTS) | {"room_id": "r"})
    assert room.id == "r"
    with pytest.raises(EventError, match="`room_id`: `s` is another room"):
        room.decide(event("message", "ann", None) | {"room_id": "s"})
    assert room.decide(event("message", "ann", None))


def test_a_room_begins_with_what_its_creation_says(room: RoleRoom) -> None:
    with pytest.raises(EventError, match=r"^the room has not been created$"):
        RoleRoom("r").decide(event("message", "ann", None))
    with pytest.raises(EventError, match="the room has not been created"):
        RoleRoom("r", policy=STRICT).decide(change("ann", "ann", "remove"))
    without = {name: part for name, part in PARTS.items() if name != "roles_list"}
    with pytest.raises(EventError, match=r"`content\.roles_list`: is missing"):
        RoleRoom("r").decide(event("create", "hub", **without))
    policy = policy_of(ROLES, base=BasePolicy(max_users=3), preauthorizations=(Preauthorization(frozenset(), 2),))
    with_policy = [RoleRoom("r", policy=policy) for _ in range(2)]
    assert all(
        each.send(event("create", "hub", **parts)) for each, parts in zip(with_policy, (without, PARTS), strict=True)
    )
    bases = [state_by_type(each)["base_room_policy"]["max_users"] for each in (*with_policy, room)]
    assert bases == [3, None, None]
    entries = [state_by_type(each)["preauth_list"]["preauthorized_entries"] for each in (*with_policy, room)]
    assert [len(each) for each in entries] == [1, 0, 0]


def state_by_type(room: RoleRoom) -> dict[str, Any]:
    return {each["type"]: each["content"] for each in room.current_state()}


def test_events_without_an_id_are_not_compared(room: RoleRoom) -> None:
    room.remember()
    assert room.send(event("message", "ann", None))
    assert room.send(change("ann", "tim", "add", role_index=2))
    assert all(room.send_many([change("ann", "bob", "remove")]))
    assert room.kept == 3


def incomparable() -> list[Any]:
    deep: Any = {}
    for _ in range(100_000):
        deep = {"x": deep}
    circle: Any = {}
    circle["x"] = circle
    return [deep, circle, {1}]


@pytest.mark.parametrize("part", incomparable(), ids=["deep", "circle", "set"])
def test_what_is_no_json_is_not_compared(room: RoleRoom, part: Any) -> None:
    for value, place in (
        (
            change("ann", "bob", "remove", note=part) | {"event_id": "$1"},
            "`content`: cannot be compared: it is no JSON",
        ),
        (event("room_metadata", "ann", room_name=part), "`content.room_name`: is no JSON"),
    ):
        with pytest.raises(EventError, match=place):
            room.send(value)
    assert roles_of(room)["bob"] == 2


def test_actions(room: RoleRoom) -> None:
    assert room.actions("ann", "bob")["remove"] == "remove"
    assert room.actions("ann", "bob")["change_role", 3] == "change_role"
    assert set(room.actions("bob", "bob")) >= {"remove", "remove_clients"}


@pytest.mark.parametrize("seed", range(12))
def test_a_history_is_judged_as_each_of_its_states(seed: int) -> None:
    questions = Questions(seed)
    state = questions.question()["state"]
    room = RoleRoom.from_state(state)
    for _ in range(60):
        value = questions.event(state)
        if value["type"] != "participant":
            continue
        wanted = answer({"state": state_of(room, state), "event": value})
        decision = room.send(value)
        assert (decision.allowed, decision.transition) == (wanted["allowed"], wanted["transition"])
        if decision:
            assert room.participation(value["state_key"]).value == wanted["after"]


# Commits.


def test_a_commit_is_all_or_none(room: RoleRoom) -> None:
    before = roles_of(room)
    commit = [change("ann", "tim", "add", role_index=2), change("bob", "tim", "remove_clients")]
    assert [decision.transition for decision in room.decide_many(commit)] == ["add", None]
    assert [decision.allowed for decision in room.send_many(commit)] == [True, False]
    assert roles_of(room) == before
    assert all(room.send_many(commit[:1]))
    assert roles_of(room) == before | {"tim": 2}


def test_an_event_of_a_commit_is_judged_after_those_before_it(room: RoleRoom) -> None:
    # There must be an administrator: the only one goes when another has come.
    replaced = [change("ann", "bob", "change_role", role_index=3), change("ann", "sue", "change_role", role_index=2)]
    assert [decision.allowed for decision in room.decide_many(replaced[::-1])] == [False, True]
    assert all(room.send_many(replaced))
    assert roles_of(room) | {"bob": 3, "sue": 2} == roles_of(room)


def test_a_commit_changes_an_entry_of_the_list_once(room: RoleRoom) -> None:
    with pytest.raises(EventError, match=r"^`events\[1\]\.state_key`: `bob` changes twice"):
        room.send_many([change("ann", "bob", "remove"), change("ann", "bob", "add", role_index=2)])
    assert roles_of(room)["bob"] == 2
    assert all(room.send_many([change("bob", "bob", "remove_clients"), change("ann", "bob", "remove")]))


def test_a_commit_is_told_as_it_was_judged(room: RoleRoom) -> None:
    told: list[tuple[str | None, bool, int]] = []
    room.observe(lambda change: told.append((change.target, change.allowed, change.revision)), of={"change", "refusal"})
    first = change("ann", "tim", "add", role_index=2) | {"event_id": "$1"}
    assert not all(room.send_many([first, change("bob", "sue", "remove_clients")]))
    assert told == [("sue", False, 1)]  # what would have been allowed has not happened, and was not refused
    second = change("ann", "tom", "add", role_index=2) | {"event_id": "$2"}
    assert all(room.send_many([first, second]))
    assert told[1:] == [("tim", True, 2), ("tom", True, 3)]
    assert all(room.send_many([first, change("ann", "kim", "add", role_index=2)]))
    assert told[3:] == [("kim", True, 4)]  # the first is known
    assert room.send_many([first]) == (room.decide(first),)
    assert len(told) == 4


def test_updates_stand_beside_what_their_commit_contains(room: RoleRoom) -> None:
    removal, update = change("ann", "bob", "remove"), event("preauth_list", "ann", preauthorized_entries=[])
    roles = event("roles_list", "eve", roles=ROLES["roles"])
    adding = change("ann", "tim", "add", role_index=2)
    assert "only_removals_beside" not in failed(room, [update])
    assert "only_removals_beside" not in failed(room, [update, removal])
    assert "only_removals_beside" in failed(room, [update, adding])
    assert "participants_do_not_change" in failed(room, [roles, removal])
    assert "participants_do_not_change" not in failed(room, [roles])
    assert "only_removals_beside" in failed(room, [update, change("ann", "bob", "change_role", role_index=3)])
    update["content"]["also"] = ["add"]
    assert "only_removals_beside" in failed(room, [update])


def test_a_commit_that_is_not_told_is_an_error_of_its_last_change(room: RoleRoom) -> None:
    def fail(_: Change) -> None:
        raise LookupError

    room.observe(fail)
    commit = [change("ann", user, "add", role_index=2) for user in ("tim", "tom")]
    with pytest.raises(ObserverError) as caught:
        room.send_many(commit)
    assert (caught.value.change.target, len(caught.value.errors)) == ("tom", 2)
    assert isinstance(room.decide_many(commit), tuple)


def failed(room: RoleRoom, commit: list[dict[str, Any]]) -> set[str]:
    """The conditions that fail in a commit."""
    return {name for decision in room.decide_many(commit) for refusal in decision.refusals for name in refusal.failed}


def role(index: int) -> dict[str, Any]:
    return {
        "role_index": index, "role_name": "\u202e<b>&", "role_capabilities": [], "authorized_role_changes": [],
        "minimum_participants_constraint": 0, "minimum_active_participants_constraint": 0,
    }  # fmt: skip


# fmt: off
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("roles_list",       {"roles": [role(2)] * 2},                                     "two roles have the index 2"),
    ("roles_list",       {"roles": [role(2**32)]},                                     "must be from 0 to 4294967295"),
    ("roles_list",       {"roles": [role(2) | {"role_capabilities": [65536]}]},        "must be from 0 to 65535"),
    ("roles_list",       {"roles": [role(2) | {"role_name": None}]},                   "must be a string"),
    ("roles_list",       {"roles": [role(2) | {"authorized_role_changes": [[0, [2]]]}]}, "must be an object"),
    ("roles_list",       {"roles": [{}] * (MAX_ROLES + 1)},                            f"{MAX_ROLES} is the most"),
    ("participant_list", {"participants": [{"user": "a", "role_index": 0}]},           "users who are not listed"),
    ("participant_list", {"participants": [{"user": "a", "role_index": 2}] * 2},       "lists `a` twice"),
    ("participant_list", {"participants": [0] * (MAX_PARTICIPANTS + 1)},               f"{MAX_PARTICIPANTS} is the most"),
    ("mls_group",        {"members": [{"user": "a", "client": "c"}, {"user": "b", "client": "c"}]}, "in the group twice"),
    ("preauth_list",     {"preauthorized_entries": [{"claimset": [], "target_role": "x"}]}, "must be a whole number"),
    ("join_links",       {"join_links": [{"join_link": "l"}]},                         "target_role_index"),
    ("base_room_policy", {"multi_device": 1},                                          "must be true or false"),
    ("tea_policy",       {},                                                           "`tea_policy` is not one of"),
]
# fmt: on


@pytest.mark.parametrize(("kind", "content", "problem"), FAULTS)
def test_a_faulty_component_is_one_line(kind: str, content: dict[str, Any], problem: str) -> None:
    state = [event(kind, "hub", **content)]
    if kind != "roles_list":
        state.append(event("roles_list", "hub", roles=[role(0), role(2)]))
    with pytest.raises(EventError) as caught:
        RoleRoom.from_state(state)
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_many_roles_are_no_trouble() -> None:
    roles = [role(index) for index in range(4_000)] + [role(2**32 - 1)]
    room = RoleRoom.from_state([event("roles_list", "hub", roles=roles)])
    decision = room.decide(change("ann", "ann", "add", role_index=2**32 - 1))
    assert [refusal.transition for refusal in decision.refusals] == [
        "add",
        "open_join",
        "preauthorized_join",
        "code_join",
    ]


def test_few_policies_are_kept() -> None:
    first = policy_of([role(2)])
    for index in range(KEPT):
        policy_of([role(index + 3)])
    assert policy_of([role(2)]) is not first
    assert policy_of([role(2)]) == first


def test_a_log_is_replayed(tmp_path: Path) -> None:
    lines = [
        event("create", "hub", **PARTS),
        change("ann", "tim", "add", role_index=2),
        change("tim", "tim", "change_role", role_index=3),
        event("message", "ann", None),
    ]
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    run = fsm("replay", str(log), "--policy", "room-policy")
    assert [line.split()[1] for line in run.out.splitlines()[:4]] == ["allowed", "allowed", "rejected", "allowed"]
    without = {name: part for name, part in PARTS.items() if name != "roles_list"}
    log.write_text(f"{json.dumps(event('create', 'hub', **without))}\n", encoding="utf-8")
    assert "roles_list" in fsm("replay", str(log), "--policy", "room-policy").out
    assert fsm("replay", str(log), "--policy", "room-policy-strict").out.split()[1] == "allowed"


def test_the_catalogue_has_the_examples() -> None:
    assert load_policy("room-policy-strict") is STRICT
    assert RoleRoom.create("r", "ann", policy=STRICT, role=4).participation("ann").value == 4
