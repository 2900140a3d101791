"""The laws of role sets: the draft's examples have their known holes, a sound set has none, and each planted one is found."""

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from fsm import RoleRoom, load_policy
from fsm.policy_law import Remedy
from fsm.room_policy.lint.differences import changes
from fsm.room_policy.lint.edits import edited
from fsm.room_policy.lint.laws import LAWS
from fsm.room_policy.lint.repair import LOW, faults, remedy, repaired
from fsm.room_policy.policies import RolePolicy, data_of, policy_of, policy_of_data
from tests.cli.runner import fsm
from tests.room_policy.lint_sets import OWN, added, bounded, holding, lacking, leading, named, role, sound, with_changes
from tests.room_policy.questions import Questions

JSON = dict[str, Any]
EXAMPLES = ("cooperative", "strict", "moderated", "organizations")

# fmt: off
HOLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cooperative": (
        ("the-last-holder-is-not-locked-in",   "the only `group_admin` is kept by its minimum from `ban` by `super_admin`"),
        ("kicks-know-rank",                    "`group_admin` kicks `super_admin`"),
        ("roles-are-reached-and-left",         "nobody can be seated as `policy_enforcer`"),
        ("roles-are-reached-and-left",         "`policy_enforcer` cannot be left"),
        ("the-banned-stay-out",                "they are back by `add`, which `ordinary_user` may"),
        ("powers-are-not-lost",                "when the last `super_admin` goes, 10 capabilities are lost"),
        ("who-writes-the-rules-lacks-nothing", "`super_admin` has canChangePreauthorizedUserList, and lacks"),
        ("equals-do-not-ban-each-other",       "any `group_admin` can ban all others"),
        ("everybody-can-step-down",            "`group_admin`, `super_admin`, `policy_enforcer` cannot step down"),
        ("first-rooms-can-meet-minima",        "comes to have the `policy_enforcer` that it must have"),
        ("nothing-is-dead",                    "`policy_enforcer` can never use canUnBan"),
    ),
    "strict": (
        ("the-last-holder-is-not-locked-in", "the only `group_admin`"),
        ("kicks-know-rank",                  "`group_admin` kicks `super_admin`"),
        ("the-banned-stay-out",              "they are back by `code_join`"),
        ("powers-are-not-lost",              "when the last `super_admin` goes, 20 capabilities are lost"),
        ("demotion-and-removal-hold",        "`super_admin` removes `group_admin`; they are back by preauthorization"),
        ("demotion-and-removal-hold",        "`group_admin` demotes `group_admin` to `ordinary_user`; they are back"),
        ("nothing-is-dead",                  "`ordinary_user` can never use its changes 0 → 2"),
    ),
    "moderated": (
        ("the-last-holder-is-not-locked-in", "the only `moderator`"),
        ("kicks-know-rank",                  "`moderator` kicks `super_admin`"),
        ("powers-are-not-lost",              "when the last `super_admin` goes"),
        ("everybody-gets-a-client",          "`guest` without a client gets none"),
        ("nobody-is-put-above",              "a second account of `guest` comes in as `attendee`"),
        ("the-banned-stay-out",              "they are back by `code_join`"),
    ),
    "organizations": (
        ("the-last-holder-is-not-locked-in", "the only `org_b_admin`"),
        ("the-last-holder-is-not-locked-in", "the only `org_c_admin`"),
        ("the-last-holder-is-not-locked-in", "the only `super_admin`"),
        ("kicks-know-rank", "`org_b_admin` kicks `org_a_user`, `org_c_user`, `org_a_admin`, `org_c_admin`, `super_admin`"),
        ("reach-has-no-gap", "`policy_enforcer` may ban everybody but `org_a_user`"),
        ("reach-has-no-gap", "`policy_enforcer` may remove everybody but `org_a_user`"),
        ("demotion-and-removal-hold", "`org_a_admin` removes `org_a_user`; they are back by preauthorization"),
    ),
}
# fmt: on


# fmt: off
PLANTED = [
    ("bounds-are-sound",                   [bounded(2, "minimum_participants", 2), bounded(2, "maximum_participants", 1)]),
    ("open-join-is-for-outsiders",         [holding(2, "canOpenJoin")]),
    ("role-one-is-for-the-banned",         [named(1, "Banned")]),
    ("role-one-is-for-the-banned",         [holding(1, "canSendMessage")]),
    ("role-one-is-for-the-banned",         [bounded(1, "maximum_active_participants", 1)]),
    ("the-last-holder-is-not-locked-in",   [bounded(2, "minimum_participants", 1)]),
    ("the-last-holder-is-not-locked-in",   [bounded(2, "minimum_active_participants", 1)]),
    ("kicks-know-rank",                    [holding(2, "canKick")]),
    ("powers-are-not-lost",                [leading(3, 3, 0)]),
    ("powers-are-not-lost",                [holding(2, "canBan"), leading(2, 3, 1)]),
    ("who-writes-the-rules-lacks-nothing", [holding(2, "canChangePreauthorizedUserList")]),
    ("who-writes-the-rules-lacks-nothing", [holding(2, "canChangeRoleDefinitions")]),
    ("nobody-is-put-above",                [holding(2, "canAddParticipant"), leading(2, 0, 3)]),
    ("nobody-is-put-above",                [holding(2, "canChangeUserRole"), leading(2, 2, 3)]),
    ("nobody-is-put-above",                [holding(0, "canUseJoinCode"), leading(0, 0, 3)]),
    ("nobody-is-put-above",                [holding(0, "canOpenJoin"), leading(0, 0, 3)]),
    ("roles-are-reached-and-left",         [with_changes(3, {0: [1, 3], 1: [3], 2: [0, 1, 3]})]),
    ("roles-are-reached-and-left",         [added(role(4, "watcher"))]),
    ("the-banned-stay-out",                [holding(2, "canRemoveParticipant"), leading(2, 1, 0), holding(0, "canOpenJoin"), leading(0, 0, 2)]),
    ("the-banned-stay-out",                [holding(2, "canRemoveParticipant", "canAddParticipant"), leading(2, 1, 0), leading(2, 0, 2)]),
    ("demotion-and-removal-hold",          [holding(2, "canChangeOwnRole")]),
    ("demotion-and-removal-hold",          [holding(2, "canJoinIfPreauthorized")]),
    ("everybody-gets-a-client",            [lacking(2, "canAddOwnClient")]),
    ("bans-take-their-capability",         [lacking(3, "canBan")]),
    ("bans-take-their-capability",         [lacking(3, "canUnBan")]),
    ("first-rooms-can-meet-minima",        [added(role(4, "watcher", minimum_participants_constraint=1))]),
    ("equals-do-not-ban-each-other",       [leading(3, 3, 1)]),
    ("nothing-is-dead",                    [leading(2, 0, 2)]),
    ("nothing-is-dead",                    [leading(2, 0, 9)]),
    ("nothing-is-dead",                    [leading(2, 2, 0)]),
    ("nothing-is-dead",                    [holding(2, "canBan")]),
    ("expected-pairs-are-whole",           [lacking(3, "canKick")]),
]
# fmt: on


def serious(policy: RolePolicy) -> set[tuple[str, object]]:
    return {(law.id, fault.key) for law, fault in faults(policy) if law.severity != LOW}


@cache
def example(name: str) -> RolePolicy:
    policy = load_policy(f"room-policy-{name}")
    assert isinstance(policy, RolePolicy)
    return policy


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_known_holes_of_an_example_are_found(name: str) -> None:
    found = [(law.id, fault.subject) for law, fault in faults(example(name))]
    for law, words in HOLES[name]:
        assert any(law == each and words in subject for each, subject in found), (law, words)


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_said_not_to_be_there_is_not(name: str) -> None:
    found = {law.id for law, _ in faults(example(name))}
    absent = {
        "bounds-are-sound",
        "open-join-is-for-outsiders",
        "role-one-is-for-the-banned",
        "bans-take-their-capability",
    }
    assert not found & (absent | ({"nobody-is-put-above"} if name != "moderated" else set()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_log_can_be_played(name: str) -> None:
    for _, fault in faults(example(name)):
        plays(fault.log)


def plays(log: tuple[JSON, ...]) -> None:
    room = RoleRoom()
    *before, last = json.loads(json.dumps(log))
    assert all(room.send(event) for event in before)
    room.send(last)


def test_a_sound_set_has_no_serious_fault() -> None:
    policy = policy_of([*sound().values()])
    assert serious(policy) == set()
    assert {law.id for law, _ in faults(policy)} == {"everybody-can-step-down", "nothing-is-dead"}
    preauthorized = policy_of_data({
        "roles": [*sound().values()],
        "preauth_list": {"preauthorized_entries": [{"claimset": [], "target_role": 2}]},
    })  # fmt: skip
    assert preauthorized is not None
    assert "everybody-can-step-down" not in {law.id for law, _ in faults(preauthorized)}


@pytest.mark.parametrize(("law", "plants"), PLANTED)
def test_a_planted_hole_is_found_and_mended(law: str, plants: list[Callable[[dict[int, JSON]], None]]) -> None:
    roles = sound()
    before = {(each.id, fault.subject) for each, fault in faults(policy_of([*roles.values()]))}
    for plant in plants:
        plant(roles)
    policy = policy_of([*roles.values()], id="planted")
    found = [(each, fault) for each, fault in faults(policy) if each.id == law and (law, fault.subject) not in before]
    assert found
    for each, fault in found:
        plays(fault.log)
        suggestion = remedy(policy, each, fault)
        assert isinstance(suggestion, Remedy)
        assert suggestion.changes
    mended, _ = repaired(policy)
    assert serious(mended) == set()


def test_every_law_but_those_of_whole_rooms_is_planted() -> None:
    assert {law.id for law in LAWS} - {law for law, _ in PLANTED} == {
        "everybody-can-step-down", "reach-has-no-gap", "fixed-rooms-let-nobody-add",
    }  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES[:3])
def test_a_repaired_example_has_no_serious_fault(name: str) -> None:
    mended, done = repaired(example(name))
    assert serious(mended) == set()
    assert done
    again = policy_of_data(json.loads(json.dumps(data_of(mended))), mended.id)
    assert again is not None
    assert again.roles == mended.roles
    gained, lost = changes(example(name), mended)
    assert gained
    assert lost


@pytest.mark.parametrize("seed", range(12))
def test_repairs_of_random_sets_make_nothing_worse(seed: int) -> None:
    roles = [role for role in Questions(seed).roles() if role["role_index"] < 5]
    policy = policy_of(roles)
    for _, fault in faults(policy):
        plays(fault.log)
    mended, done = repaired(policy)
    assert serious(mended) <= serious(policy)
    assert (serious(mended) < serious(policy)) or not any("minimum" in words for words in done)


def test_a_change_of_nothing_is_none() -> None:
    policy = policy_of([*sound().values()])
    assert edited(policy, ()) is policy
    assert changes(policy, policy) == ((), ())


def test_the_command_mends(tmp_path: Path) -> None:
    roles = sound()
    bounded(2, "minimum_participants", 1)(roles)
    file, mended = tmp_path / "club.json", tmp_path / "mended.json"
    file.write_text(json.dumps({"roles": [*roles.values()]}), encoding="utf-8")
    run = fsm("verify", str(file), "--witnesses", str(tmp_path / "logs"))
    assert run.status == 1
    assert "HIGH  Whoever can be banned" in run.out
    assert "mended if `member` has minimum_participants_constraint 0" in run.out
    log = next((tmp_path / "logs").glob("club.01.*.jsonl"))
    assert "rejected" in fsm("replay", str(log), "--policy", "room-policy").out
    assert fsm("verify", str(file), "--repair", "-o", str(mended)).status == 0
    assert "HIGH" not in fsm("verify", str(mended)).out
    assert fsm("verify", str(file), "--repair").status == 2
    assert fsm("verify", "mimi", "--repair", "-o", str(mended)).status == 2


def test_large_sets_are_held_against_fewer_laws(tmp_path: Path) -> None:
    file = tmp_path / "many.json"
    many = [*sound().values(), *(role(index, f"role {index}", OWN, {index: [0]}) for index in range(4, 300))]
    file.write_text(json.dumps({"roles": many}), encoding="utf-8")
    review = json.loads(fsm("verify", str(file), "--json").out)[0]
    assert "powers-are-not-lost" in review["not_searched"]
    assert {finding["law"] for finding in review["findings"]} <= {law.id for law in LAWS if law.limit is None}


def test_absurd_sizes_are_one_line(tmp_path: Path) -> None:
    file = tmp_path / "absurd.json"
    file.write_text(json.dumps({"roles": [role(index, f"role {index}") for index in range(400)]}), encoding="utf-8")
    for arguments in (["draw", str(file), "--format", "svg"], ["draw", str(file), "--format", "matrix"],
                      ["diff", str(file), "room-policy-strict"]):  # fmt: skip
        run = fsm(*arguments)
        assert run.status == 2
        assert "is the most" in run.err
        assert run.err.count("\n") == 1
