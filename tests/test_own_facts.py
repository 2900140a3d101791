"""Policies that rooms cannot run: of another class, or with facts that no room works out. Each is one line."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from fsm import MIMI, DefinitionError, Domain, Facts, JoinRule, MatrixRoom, Policy, Room, Transition, about, guard
from fsm.facts import SENDER
from fsm.family import AnyPolicy
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.policies import MATRIX_12
from fsm.mimi.policies import DOMAIN
from fsm.policies import boards_of, columns_of, new_room, play_of, room_from_state, stage_of
from fsm.review.verify import verify
from tests.builders import JOIN, LEAVE, create, is_one_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Hasty(Facts):
    is_hasty: bool = about(SENDER, plain=False, strong=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class HastyMatrix(MatrixFacts):
    is_hasty: bool = about(SENDER, plain=False, strong=False)


@guard("the sender is not hasty", fails="the sender is hasty")
def sender_is_not_hasty(facts: Any) -> bool:
    return not facts.is_hasty


ROW: Transition[Any] = Transition("join", JOIN, {LEAVE}, JOIN, (sender_is_not_hasty,), "1")
READS = MIMI.evolve("reads", domain=Domain(Hasty, DOMAIN.limits), replace=[ROW])
MATRIX_READS = MATRIX_12.evolve(
    "matrix-reads", domain=Domain(HastyMatrix, {}, MATRIX_12.domain.possible), replace=[ROW]
)
IDLE = MIMI.evolve("idle", domain=Domain(Hasty, DOMAIN.limits))
PLAIN: Policy[Any] = Policy("plain", "", "", MIMI.domain, MIMI.transitions, family="fsm.mimi")
FEWER = MIMI.evolve("fewer", domain=Domain(Facts, {"may_ban": (False,)}))
BEGUN = MIMI.evolve("begun", domain=Domain(Facts, {**DOMAIN.limits, "join_rule": (JoinRule.PUBLIC,)}))
NARROW = MATRIX_12.evolve(
    "narrow", domain=Domain(MatrixFacts, {"join_rule": (JoinRule.INVITE, JoinRule.PUBLIC)}, MATRIX_12.domain.possible)
)
NOWHERE = MIMI.evolve("nowhere", family="no.such.family")

# fmt: off
REFUSED: list[tuple[AnyPolicy, str]] = [
    (READS,        "policy `reads` looks at `is_hasty`, which no room of `fsm.mimi` works out"),
    (MATRIX_READS, "policy `matrix-reads` looks at `is_hasty`, which no room of `fsm.matrix` works out"),
    (PLAIN,        "policy `plain` is no MimiPolicy, which is what such rooms are run by"),
    (FEWER,        "policy `fewer`: rooms of `fsm.mimi` need both values of `may_ban`"),
    (NOWHERE,      "policy `nowhere`: no room of its family `no.such.family` can be made: ModuleNotFoundError: No module named 'no'"),
]
LACKING: list[tuple[AnyPolicy, str]] = [
    (BEGUN,        "policy `begun`: rooms begin with the join rule `invite`, which it lacks"),
    (NARROW,       "policy `narrow`: rooms of `fsm.matrix` need all values of `join_rule`"),
]
USES: list[Callable[[AnyPolicy], object]] = [new_room, lambda policy: room_from_state(policy, []), columns_of]
# fmt: on


@pytest.mark.parametrize("use", USES, ids=["new", "from-state", "columns"])
@pytest.mark.parametrize(("policy", "message"), REFUSED, ids=[policy.id for policy, _ in REFUSED])
def test_what_no_room_can_run_is_refused_in_one_line(
    policy: AnyPolicy, message: str, use: Callable[[AnyPolicy], object]
) -> None:
    with pytest.raises(DefinitionError) as caught:
        use(policy)
    expected = "policy `nowhere` has no columnar replay" if use is columns_of and policy is NOWHERE else message
    assert str(caught.value) == expected
    assert is_one_line(str(caught.value))


@pytest.mark.parametrize("use", USES[:2], ids=["new", "from-state"])
@pytest.mark.parametrize(("policy", "message"), LACKING, ids=[policy.id for policy, _ in LACKING])
def test_a_join_rule_that_rooms_need_is_not_left_out(
    policy: AnyPolicy, message: str, use: Callable[[AnyPolicy], object]
) -> None:
    with pytest.raises(DefinitionError) as caught:
        use(policy)
    assert str(caught.value) == message


# fmt: off
WRONG: list[tuple[type[Any], Any, str]] = [
    (Room,       MATRIX_12, "policy `matrix-12` is no MimiPolicy, which is what such rooms are run by"),
    (MatrixRoom, MIMI,      "policy `mimi` is no MatrixPolicy, which is what such rooms are run by"),
    (Room,       "mimi",    "`'mimi'` is no MimiPolicy, which is what such rooms are run by"),
    (Room,       None,      "`None` is no MimiPolicy, which is what such rooms are run by"),
]
# fmt: on


@pytest.mark.parametrize(("room", "policy", "message"), WRONG, ids=["matrix", "mimi", "word", "none"])
def test_a_room_is_run_by_a_policy_of_its_own_kind(room: type[Any], policy: Any, message: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        room("!room:x", policy=policy)
    assert str(caught.value) == message


def test_a_fact_that_nobody_looks_at_does_no_harm() -> None:
    assert (IDLE.unsupplied, READS.unsupplied) == ((), ("is_hasty",))
    assert new_room(IDLE).send(create())


def test_rules_may_be_fewer() -> None:
    narrow = MIMI.evolve("narrow", domain=Domain(Facts, {"join_rule": (JoinRule.INVITE,)}))
    assert new_room(narrow).send(create())


def test_tools_do_without_rooms_for_facts_that_no_room_works_out() -> None:
    assert (play_of(READS), boards_of(READS), stage_of(READS)) == (None, None, None)
    reviewed = verify(READS)
    assert reviewed.rooms is None
    assert {finding.is_reachable for finding in reviewed.findings} == {None}


def test_tools_that_build_rooms_refuse_a_policy_of_another_class() -> None:
    with pytest.raises(DefinitionError, match="policy `plain` is no MimiPolicy"):
        verify(PLAIN)
