"""Policies that differ in names only: what is told of one is what a search of its own finds."""

from dataclasses import replace
from typing import Any

import pytest

from fsm.mimi.policies import MIMI_00
from fsm.policies import CATALOGUE, load_policy
from fsm.review.laws import alike
from fsm.review.laws.alike import are_alike, told_of
from fsm.review.laws.verify import verify, verify_all

FEW = 3
"""Rooms to play through: what is told is the same, however many there are."""

_ALIKE = [{"matrix-1", "matrix-2"}, {"matrix-3", "matrix-4", "matrix-5"}, {"matrix-8", "matrix-9"}]


def test_which_policies_differ_in_names_only() -> None:
    policies = [load_policy(name) for name in CATALOGUE]
    for one in policies:
        for other in policies:
            is_told = one is other or any({one.id, other.id} <= names for names in _ALIKE)
            assert are_alike(one, other) is is_told, f"{one.id} and {other.id}"


@pytest.mark.parametrize(
    ("reviewed", "name"),
    [
        ("matrix-8", "matrix-9"),
        *(pytest.param("matrix-4", f"matrix-{each}", marks=pytest.mark.long) for each in (3, 5)),
    ],
)
def test_what_is_told_is_what_is_found(reviewed: str, name: str) -> None:
    one, other = load_policy(reviewed), load_policy(name)
    told = told_of(other, one, verify(one, rooms=FEW))
    assert told == verify(other, rooms=FEW)
    assert told.findings


def test_what_rooms_show_is_told_as_well() -> None:
    named = MIMI_00.evolve("named", title="Another name")
    reviewed = verify(MIMI_00, rooms=FEW)
    told = told_of(named, MIMI_00, reviewed)
    assert told == verify(named, rooms=FEW)
    assert any(finding.rooms for finding in told.findings)


def test_nothing_is_told_of_what_differs(monkeypatch: pytest.MonkeyPatch) -> None:
    reviewed = verify(MIMI_00, rooms=FEW)
    named, other = MIMI_00.evolve("named", title="Another name"), MIMI_00.evolve("other", drop=["knock"])
    assert told_of(other, MIMI_00, reviewed) is None
    assert told_of(named, MIMI_00, reviewed) is not None
    for part, answer in {"laws_of": (), "_known": object(), "scenario_of": None, "new_room": object()}.items():
        with monkeypatch.context() as patched:
            if part in ("_known", "laws_of"):
                patched.setattr(alike, part, lambda policy, *_: (policy.id, answer))  # noqa: B023 - it is called in this turn
            else:
                patched.setattr(alike, part, lambda *_: answer)  # noqa: B023 - as above
            assert told_of(named, MIMI_00, reviewed) is None, part


def test_a_log_that_shows_nothing_is_not_told() -> None:
    reviewed = verify(MIMI_00, rooms=FEW)
    named = MIMI_00.evolve("named", title="Another name")
    for log in ((), ({"type": "m.room.create", "sender": "@somebody:else", "state_key": "", "content": {}},) * 2):
        finding = replace(reviewed.findings[0], witness=log)
        assert told_of(named, MIMI_00, replace(reviewed, findings=(finding,))) is None


def test_reasons_are_those_of_each_policy() -> None:
    policies = [load_policy(name) for name in ("matrix-8", "matrix-9")]
    reasons: dict[str, Any] = {"matrix-9": {"left-is-left": "changes nothing"}}
    one, other = verify_all(policies, rooms=FEW, accepted=reasons)
    assert [each.policy for each in (one, other)] == ["matrix-8", "matrix-9"]
    assert not any(each.accepted for each in one.findings)
    assert [each.law for each in other.findings if each.accepted] == ["left-is-left"]
