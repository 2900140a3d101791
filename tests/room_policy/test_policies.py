"""Role definitions as a policy: what it is called, what its states look like, and as what data it is written."""

import gc
from typing import Any
from weakref import ref

import pytest

from fsm import RoleRoom, load_policy
from fsm.memory import memory_of
from fsm.room_policy.policies import EXAMPLES, KEPT, STRICT, RolePolicy, data_of, policy_of, policy_of_data
from fsm.state import Tone

ROLES: list[dict[str, Any]] = EXAMPLES["strict"]["roles_list"]["roles"]
ENTRIES = {
    "preauthorized_entries": [
        {"claimset": [{"claim_id": {"credential_type": 1, "id": "org"}, "claim_value": "a"}], "target_role": 2}
    ]
}
BASE = {"fixed_membership": True, "max_users": 3}


def named(index: int, name: str) -> list[dict[str, Any]]:
    """The roles, one of them by another name."""
    return [{**role, "role_name": name} if role["role_index"] == index else role for role in ROLES]


@pytest.mark.parametrize(
    ("roles", "tone", "label"),
    [
        (ROLES, Tone.BARRED, "no_role"),
        (named(1, "Banned"), Tone.MEMBER, "no_role"),
        (named(0, ""), Tone.BARRED, "no role"),
        (ROLES[1:], Tone.BARRED, "no role"),
    ],
)
def test_what_states_look_like(roles: list[dict[str, Any]], tone: Tone, label: str) -> None:
    policy = policy_of(roles)
    tones = {state.value: policy.displays[state].tone for state in policy.states}
    assert tones == {0: Tone.OUTSIDE, 1: tone} | dict.fromkeys((2, 3, 4, 5), Tone.MEMBER)
    labels = {state.value: policy.labels[state] for state in policy.states}
    assert labels == {0: label} | {role["role_index"]: role["role_name"] for role in roles if role["role_index"]}
    assert policy.initial.value == 0


@pytest.mark.parametrize(
    ("word", "key", "section"),
    [
        ("cooperative", "cooperative", "A.1"), ("strict", "strict", "A.2"), ("moderated", "moderated", "A.3"),
        ("organizations", "multi_organization", "A.4"),
    ],
)  # fmt: skip
def test_the_examples_of_the_text(word: str, key: str, section: str) -> None:
    policy = load_policy(f"room-policy-{word}")
    assert (policy.id, policy.title) == (f"room-policy-{word}", EXAMPLES[key]["title"])
    assert policy.source == f"draft-ietf-mimi-room-policy, {EXAMPLES[key]['section']}"
    assert section in policy.source
    assert isinstance(policy, RolePolicy)
    assert policy.roles == policy_of(EXAMPLES[key]["roles_list"]).roles


def test_what_policies_are_called() -> None:
    policy = policy_of(ROLES)
    assert (policy.id, policy.title, policy.source) == (
        "room-policy", "Room with roles of its own", "draft-ietf-mimi-room-policy",
    )  # fmt: skip
    assert (policy.family, policy.action_key, policy.precedence) == ("fsm.room_policy", "action", True)


@pytest.mark.parametrize(
    ("name", "given", "called", "title"),
    [
        ("club", {}, "club", "Roles of club"),
        ("", {}, "room-policy", "Roles of a room"),
        ("a b/ü\u202e-1_2.x", {}, "ab-1_2.x", "Roles of ab-1_2.x"),
        ("x" * 70, {}, "x" * 60, "Roles of " + "x" * 60),
        ("club", {"title": "The club"}, "club", "The club"),
        ("club", {"title": "The\nclub"}, "club", "Roles of club"),
        ("club", {"title": 7}, "club", "Roles of club"),
    ],
)
def test_what_policies_of_data_are_called(name: str, given: dict[str, Any], called: str, title: str) -> None:
    policy = policy_of_data({"roles": ROLES, **given}, name)
    assert policy is not None
    assert (policy.id, policy.title) == (called, title)


@pytest.mark.parametrize("value", [None, [], 7, {}, {"role": []}, {"preauth_list": ENTRIES}])
def test_what_defines_no_roles(value: object) -> None:
    assert policy_of_data(value) is None


@pytest.mark.parametrize(
    "more",
    [{}, {"preauth_list": ENTRIES}, {"base_room_policy": BASE}, {"preauth_list": ENTRIES, "base_room_policy": BASE}],
)
def test_a_policy_is_that_of_its_data(more: dict[str, Any]) -> None:
    policy = policy_of_data({"title": "The club", "roles_list": {"roles": ROLES}, **more}, "club")
    assert policy is not None
    data = data_of(policy)
    assert data.keys() == {"title", "roles_list", *more}
    assert data["title"] == "The club"
    capabilities = {each for role in data["roles_list"]["roles"] for each in role["role_capabilities"]}
    assert all(type(each) is str for each in capabilities)
    assert policy_of_data(data, "club") is policy
    assert (policy.fingerprint == STRICT.fingerprint) is (not more)
    assert data_of(policy_of([{**ROLES[2], "role_capabilities": [0, 60_000]}]))["roles_list"]["roles"][0][
        "role_capabilities"
    ] == ["canAddParticipant", 60_000]


def test_what_makes_a_difference_beside_the_table() -> None:
    """A bound, a list that is not valid, a row for what moves nobody: each makes another fingerprint."""
    others = [
        [{**role, **({change: value} if role["role_index"] == 2 else {})} for role in ROLES]
        for change, value in (
            ("minimum_participants_constraint", 7), ("maximum_participants_constraint", 9),
            ("minimum_active_participants_constraint", 7), ("maximum_active_participants_constraint", 9),
            ("role_capabilities", [*ROLES[2]["role_capabilities"], "canDestroyRoom"]),
            ("role_capabilities", [*ROLES[2]["role_capabilities"], "canOpenJoin"]),
        )
    ]  # fmt: skip
    prints = {policy_of(roles).fingerprint for roles in [ROLES, *others]}
    assert len(prints) == len(others) + 1


def test_policies_go_with_all_that_is_made_of_them_when_others_come() -> None:
    made = []
    for number in range(KEPT + 20):
        policy = policy_of([{**role, "role_name": f"{role['role_name']} of {number}"} for role in ROLES[:3]])
        room = RoleRoom("!room", policy=policy)
        made += [ref(each) for each in (policy, policy.domain, memory_of(policy).machine)]
    del policy, room
    gc.collect()
    assert sum(each() is not None for each in made) <= 3 * KEPT
