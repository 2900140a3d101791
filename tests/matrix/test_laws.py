"""The laws of Matrix rooms: kept by the room versions, broken by planted faults."""

from dataclasses import replace
from itertools import takewhile
from typing import Any

import pytest

from fsm.matrix.laws import LAWS, membership_is_kept_apart, power_is_not_made, powers_of
from fsm.matrix.policies import MATRIX_1, MATRIX_12, MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.matrix.scenario import ALICE, BOB, CAROL
from fsm.participation.guards import sender_is_joined, sender_outranks_for_ban, sender_outranks_for_kick
from fsm.policies import laws_of
from fsm.review.laws.room_laws import RoomLaw, Step, View
from fsm.review.search.rooms import search_of
from tests.builders import JOIN, LEAVE


def without(policy: MatrixPolicy, *guards: Any) -> MatrixPolicy:
    """The policy whose rows do not ask for these."""
    rows = [replace(row, guards=tuple(each for each in row.guards if each not in guards)) for row in policy.transitions]
    return policy.evolve("planted", replace=rows)


# fmt: off
PLANTED: list[tuple[MatrixPolicy, str]] = [
    (without(MATRIX_12, sender_outranks_for_kick, sender_outranks_for_ban), "power-is-needed-to-remove"),
    (without(MATRIX_12, sender_is_joined),                                  "only-the-joined-act-on-others"),
]
# fmt: on


@pytest.mark.walk
@pytest.mark.parametrize("policy", [MATRIX_1, MATRIX_12], ids=lambda policy: policy.id)
def test_room_versions_keep_them(policy: MatrixPolicy) -> None:
    search = search_of(policy)
    assert search is not None
    assert sum(1 for _ in search.run(30)) == 30
    assert list(search.breaches()) == []


@pytest.mark.parametrize(("policy", "law"), PLANTED, ids=[law for _, law in PLANTED])
def test_a_planted_fault_is_found(policy: MatrixPolicy, law: str) -> None:
    search = search_of(policy)
    assert search is not None
    for _ in takewhile(lambda _: law not in {each.id for each in search._broken}, search.run(60)):
        pass
    assert law in {breach.law.id for breach in search.breaches()}


def view(states: dict[str, Any], powers: dict[str, int]) -> View:
    return View(states, LEAVE, seen={ALICE: 100, BOB: 50, CAROL: 0, **powers})


LEVELS = {"type": "m.room.power_levels", "sender": BOB, "state_key": "", "content": {}}
ALLOWED = MatrixRoom.create("!room:a.example", ALICE).decide_action("invite", ALICE, BOB)


SET, MOVED = replace(ALLOWED, before=None, after=None), {**LEVELS, "state_key": CAROL}
# fmt: off
STEPS: list[tuple[RoomLaw, Step, bool]] = [
    (power_is_not_made,        Step(LEVELS, SET, view({}, {}), view({}, {CAROL: 50})), True),
    (power_is_not_made,        Step(LEVELS, SET, view({}, {}), view({}, {CAROL: 51})), False),
    (membership_is_kept_apart, Step(LEVELS, SET, view({}, {}), view({BOB: JOIN}, {})), False),
    (membership_is_kept_apart, Step(MOVED, ALLOWED, view({}, {}), view({CAROL: JOIN}, {})), True),
    (membership_is_kept_apart, Step(MOVED, ALLOWED, view({}, {}), view({BOB: JOIN}, {})), False),
    (membership_is_kept_apart, Step(MOVED, ALLOWED, view({}, {}), view({}, {BOB: 51})), False),
]
# fmt: on


@pytest.mark.parametrize(("law", "step", "keeps"), STEPS)
def test_steps(law: RoomLaw, step: Step, keeps: bool) -> None:
    assert law.test(step) is keeps


def test_what_they_look_at() -> None:
    assert powers_of(MatrixRoom.create("!room:a.example", ALICE, policy=MATRIX_1), {}) == {ALICE: 100, BOB: 0, CAROL: 0}
    assert laws_of(MATRIX_12)[-len(LAWS) :] == LAWS
