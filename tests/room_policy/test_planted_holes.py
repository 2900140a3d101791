"""Each kind of hole is found in sets of other sizes, names and orders; sound ones have none; what is mended stays so."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from fsm import RoleRoom
from fsm.room_policy.lint.repair import HIGH, LOW, faults, preview, repaired
from fsm.room_policy.policies import RolePolicy, data_of, policy_of_data
from tests.room_policy.clubs import SOUND, club, holes, policy_with

JSON = dict[str, Any]
KINDS = range(len(holes(2, 3, 4)))
CLAIM = {"claim_id": {"credential_type": 1, "id": "department"}, "claim_value": "hr"}


def planted(count: int, seed: int, kind: int) -> tuple[RolePolicy, str, str]:
    roles, indexes = club(count, seed)
    law, words, plants = holes(indexes[0], indexes[count // 2 if count > 2 else 0], indexes[-1])[kind]
    for plant in plants:
        plant(roles)
    return policy_with(roles), law, words


def serious(policy: RolePolicy) -> list[tuple[str, str]]:
    return [(law.id, fault.subject) for law, fault in faults(policy) if law.severity != LOW]


def expect_found(count: int, seed: int, kind: int) -> None:
    policy, law, words = planted(count, seed, kind)
    before = {(each.id, fault.subject) for each, fault in faults(policy_with(club(count, seed)[0]))}
    new = [(each.id, fault.subject) for each, fault in faults(policy) if (each.id, fault.subject) not in before]
    assert any(each == law and words in subject for each, subject in new), new


def expect_mended(policy: RolePolicy) -> None:
    mended, _ = repaired(policy)
    again = policy_of_data(json.loads(json.dumps(data_of(mended))), "club")
    assert again is not None
    assert serious(again) == []
    assert repaired(again)[1] == (), "to repair twice is to repair once"


@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_is_found(kind: int) -> None:
    expect_found(3 + kind % 3, kind, kind)


@pytest.mark.long
@pytest.mark.parametrize("count", [6, 9, 12])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_is_found_in_sets_of_every_size(kind: int, count: int) -> None:
    expect_found(count, 100 * count + kind, kind)


@pytest.mark.long
@pytest.mark.parametrize("count", [4, 7])
@pytest.mark.parametrize("kind", KINDS)
def test_a_hole_is_mended(kind: int, count: int) -> None:
    expect_mended(planted(count, kind, kind)[0])


def variations(count: int, seed: int) -> Iterator[RolePolicy]:
    roles, indexes = club(count, seed)
    yield policy_with(roles)
    for entry in ([CLAIM], []):
        entries = [{"claimset": entry, "target_role": indexes[0]}]
        yield policy_with(roles, preauth_list={"preauthorized_entries": entries})
    for vary in SOUND:
        roles, indexes = club(count, seed)
        for plant in vary(indexes[0], indexes[count // 2], indexes[-1]):
            plant(roles)
        yield policy_with(roles)


@pytest.mark.parametrize("count", [3, 4])
def test_sound_variations_have_no_finding_of_weight(count: int) -> None:
    for policy in variations(count, count):
        assert serious(policy) == []


@pytest.mark.long
@pytest.mark.parametrize("count", range(5, 13))
def test_sound_variations_of_every_size_have_none(count: int) -> None:
    for policy in variations(count, count):
        assert serious(policy) == []


@pytest.mark.parametrize(
    ("claims", "joins", "words"),
    [
        ([], True, "a second account of"),
        ([], False, "anybody may act as"),
        ([CLAIM], True, ""),
    ],
)
def test_who_is_preauthorized_into_the_top(*, claims: list[JSON], joins: bool, words: str) -> None:
    roles, indexes = club(4, 1)
    if joins:
        roles[indexes[-1]]["role_capabilities"].append("canJoinIfPreauthorized")
    entries = [{"claimset": claims, "target_role": indexes[-1]}]
    policy = policy_with(roles, preauth_list={"preauthorized_entries": entries})
    found = [fault.subject for law, fault in faults(policy) if law.severity == HIGH]
    assert any(words in subject for subject in found) if words else found == []
    for law, fault in faults(policy):
        if law.severity == HIGH:
            room = RoleRoom()
            assert all(map(room.send, fault.log)), "what should not be is allowed"
    expect_mended(policy)
    if words:
        told = preview(policy, repaired(policy)[0])
        assert not told.bounds or any("preauthorized_entries[0]" in line for line in told.bounds)
        assert told


def test_what_a_base_policy_makes_impossible() -> None:
    roles, indexes = club(3, 2)
    policy = policy_with(roles, base_room_policy={"fixed_membership": True})
    assert "fixed-rooms-let-nobody-add" in {law for law, _ in serious(policy)}
    roles[indexes[0]]["minimum_participants_constraint"] = 3
    crowded = policy_with(roles, base_room_policy={"max_users": 2})
    assert any("max_users is 2" in subject for _, subject in serious(crowded))


def test_an_entry_behind_another_is_dead() -> None:
    roles, indexes = club(3, 3)
    entries = [{"claimset": claims, "target_role": indexes[0]} for claims in ([], [CLAIM])]
    policy = policy_with(roles, preauth_list={"preauthorized_entries": entries})
    assert any("preauthorized_entries[1] never counts" in fault.subject for _, fault in faults(policy))
