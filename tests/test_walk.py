"""Walks that tell apart what somebody looks at: held against all combinations, one by one."""

from collections.abc import Mapping
from dataclasses import make_dataclass
from enum import StrEnum
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import MIMI, DefinitionError, Domain, Guard, JoinRule, Policy, Transition
from fsm.domain import MOST_RECORDS
from fsm.facts import PairFacts, Subject, about
from fsm.matrix.facts import DOMAIN as MATRIX
from fsm.policies import load_policy
from fsm.render.extract import extract
from fsm.review.compare.diff import diff
from fsm.review.laws.verify import verify
from fsm.walk import Constraint, walk
from tests.builders import is_one_line

NAMES = "abcde"


@st.composite
def worlds(draw: st.DrawFn) -> tuple[dict[str, list[int]], list[tuple[str, set[tuple[int, ...]]]], set[str]]:
    """Facts with their values, what cannot come together, and which facts are varied."""
    choices = {
        name: list(range(draw(st.sampled_from([1, 2, 3, 3, 2, 0])))) for name in NAMES[: draw(st.integers(1, 5))]
    }
    forbidden = []
    for _ in range(draw(st.integers(0, 3))):
        reads = "".join(draw(st.lists(st.sampled_from(list(choices)), max_size=3, unique=True)))
        combinations = list(product(*(choices[name] for name in reads)))
        forbidden.append((reads, draw(st.sets(st.sampled_from(combinations))) if combinations else set()))
    return choices, forbidden, draw(st.sets(st.sampled_from(list(choices))))


def constraint(reads: str, forbidden: set[tuple[int, ...]]) -> Constraint:
    return Constraint(reads, lambda facts: tuple(facts[name] for name in reads) not in forbidden)


@given(worlds())
def test_a_walk_counts_all_and_is_as_near_as_can_be(
    world: tuple[dict[str, list[int]], list[tuple[str, set[tuple[int, ...]]]], set[str]],
) -> None:
    choices, forbidden, varied = world
    possible = [
        facts
        for values in product(*choices.values())
        for facts in [dict(zip(choices, values, strict=True))]
        if all(tuple(facts[name] for name in reads) not in never for reads, never in forbidden)
    ]
    alike: dict[tuple[int, ...], list[dict[str, int]]] = {}
    for facts in possible:
        alike.setdefault(tuple(facts[name] for name in choices if name in varied), []).append(facts)

    def steps(facts: Mapping[str, Any]) -> int:
        return sum(value != 0 for name, value in facts.items() if name not in varied)

    found = list(walk(choices, [constraint(*each) for each in forbidden], varied))
    assert [tuple(facts[name] for name in choices if name in varied) for facts, _ in found] == sorted(alike)
    for facts, count in found:
        same = alike[tuple(facts[name] for name in choices if name in varied)]
        assert count == len(same)
        assert facts in same
        assert steps(facts) == min(map(steps, same))
        assert list(facts) == list(choices)


@pytest.mark.parametrize("domain", [MIMI.domain, MATRIX, MATRIX.given(is_self=True)], ids=["mimi", "matrix", "self"])
def test_every_record_is_walked_once_in_the_order_of_the_facts(domain: Domain[Any]) -> None:
    everything = [
        record
        for values in product(*domain.values.values())
        for record in [domain.record(**dict(zip(domain.values, values, strict=True)))]
        if (not record.is_self or record.sender is record.target) and all(test(record) for test in domain.possible)
    ]
    assert list(domain) == everything
    assert domain.size == len(everything)
    assert all(map(domain.allows, everything))


def test_allows_says_what_is_possible() -> None:
    record: Any = MATRIX.record
    records = [record(**dict(zip(MATRIX.values, v, strict=True))) for v in product(*MATRIX.values.values())]
    assert {each for each in records[::97] if MATRIX.allows(each)} == set(records[::97]) & set(MATRIX.records)


@pytest.mark.parametrize("name", ["mimi", "matrix-1", "matrix-12"])
def test_the_cells_of_an_action_stand_for_all(name: str) -> None:
    policy = load_policy(name)
    assert policy.size == sum(1 for _ in policy.cells())
    for action in policy.triggers:
        every, told = list(policy.asked(action)), list(policy.walk(action))
        assert sum(count for _, count in told) == len(every)
        assert {facts for facts, _ in told} <= set(every)
        keys = policy.reads(action)
        assert len(told) == len({tuple(getattr(facts, fact) for fact in sorted(keys)) for facts in every})


def test_a_walk_can_be_limited_and_drawn_near() -> None:
    ((facts, count),) = MATRIX.walk((), {"is_self": (True,), "join_rule": (JoinRule.KNOCK,)}, MATRIX.strong)
    assert (facts.is_self, facts.join_rule, facts.may_ban) == (True, JoinRule.KNOCK, True)
    assert (facts.outranks_for_kick, facts.outranks_for_ban) == (False, False), "nobody outranks themselves"
    assert count == sum(1 for each in MATRIX.records if each.is_self and each.join_rule is JoinRule.KNOCK)


@pytest.mark.parametrize("name", ["mimi", "matrix-12", "examples/muc/policies.py:AFFILIATIONS"])
def test_the_nearest_record_is_that_of_a_walk(name: str) -> None:
    domain = load_policy(name).domain
    for to in (domain.plain, domain.strong):
        for fact, values in domain.values.items():
            for value in values:
                for limits in ({fact: (value,)}, {fact: (value,), "is_self": (True,)}):
                    for nearest, _ in domain.walk((), limits, to):
                        assert domain.nearest(to, limits) == nearest


def test_walks_that_are_kept_are_those_that_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.domain._MOST_WALKED", 100)
    domain = Domain(MIMI.domain.record)
    for _ in range(2):
        for limits in ({}, {"is_self": (True,)}, {"is_self": (False,)}):
            for reads in ({"target"}, {"target", "sender", "is_self"}, {"may_kick"}, {*domain.values}):
                assert domain.walked(frozenset(reads), limits) == tuple(domain.walk(reads, limits))
    assert domain.walked(frozenset({"may_kick"}), {}) is domain.walked(frozenset({"may_kick"}), {})


def test_a_test_that_fails_on_what_is_impossible_is_still_read() -> None:
    def brittle(facts: Any) -> bool:
        if facts.may_kick and not facts.may_ban:
            raise ValueError
        return bool(facts.may_invite)

    assert MIMI.domain.reads(brittle) == {"may_kick", "may_ban", "may_invite"}


# A domain that nobody could walk record by record.


class Place(StrEnum):
    IN = "in"
    OUT = "out"
    GONE = "gone"


FLAGS = [f"flag_{number}" for number in range(24)]
Many: Any = make_dataclass(
    "Many",
    [
        ("target", Place, about(Subject.TARGET, plain=Place.IN)),
        ("sender", Place, about(Subject.SENDER, plain=Place.IN)),
        *((name, bool, about(Subject.SENDER, plain=False)) for name in FLAGS),
    ],
    bases=(PairFacts,),
    frozen=True,
    kw_only=True,
)


def flag(number: int) -> Guard[Any]:
    def test(facts: Any) -> bool:
        return bool(getattr(facts, FLAGS[number]))

    test.__name__ = f"has_flag_{number}"
    return Guard(test, f"the sender has flag {number}", f"the sender has no flag {number}")


def never_two_flags(facts: Any) -> bool:
    return not (facts.flag_2 and facts.flag_3)


IN, OUT, GONE = Place
MANY: Policy[Any] = Policy(
    "many",
    "Many flags",
    "nowhere",
    Domain(Many, possible=(never_two_flags,)),
    (
        Transition("enter", IN, {OUT}, IN, tuple(map(flag, range(8))), "1"),
        Transition("exit", OUT, {IN}, OUT, (flag(2), flag(9)), "2"),
        Transition("vanish", GONE, {OUT, IN}, GONE, (flag(3), flag(10)), "3"),
        Transition("appear", OUT, {GONE}, OUT, (), "4"),
    ),
    family="nowhere",
)


def test_what_nobody_looks_at_costs_nothing() -> None:
    records = (3 * 3 + 3) * 2**22 * 3
    assert MANY.domain.size == records > 10**8
    assert MANY.size == 3 * records
    reviewed = verify(MANY)
    assert reviewed.cells == 3 * records
    # It takes two flags that exclude each other.
    assert [each.subject for each in reviewed.findings if each.law == "every-row-fires"] == ["`enter`"]
    assert {edge.transition for edge in extract(MANY).edges} == {"exit", "vanish", "appear"}
    fewer = MANY.evolve("fewer", replace=[Transition("exit", OUT, {IN}, OUT, (flag(9),), "2")])
    found = diff(MANY, fewer)
    # The target is in, the sender anywhere or the same; flag 9 is given, flag 2 is not, flag 3 is free.
    assert (found.compared, found.differing) == (3 * records, (3 + 1) * 2 * 2**21)
    assert [each.cells for each in found.groups] == [found.differing]


def test_to_look_at_each_record_has_a_limit() -> None:
    with pytest.raises(DefinitionError) as caught:
        list(MANY.cells())
    assert str(caught.value) == (
        f"the facts can come together in {MANY.domain.size} ways: to look at each takes at most {MOST_RECORDS}"
    )
    assert is_one_line(str(caught.value))
