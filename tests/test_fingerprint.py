"""Policies as values: equal when they decide alike, short to read, and able to travel."""

import copy
import gc
import pickle
import weakref
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from fsm import MIMI, Guard, load_policy
from fsm.family import AnyPolicy
from fsm.kinds import kinds_of
from fsm.machine import memory_of
from fsm.matrix.levels import Numbers
from fsm.matrix.policies import MATRIX_12
from fsm.matrix.settings import Founder, Reign
from fsm.mimi.permits import Kind
from fsm.mimi.roles import Power
from fsm.mimi.rules import rules_of
from fsm.policies import CATALOGUE
from fsm.policy import Policy

POLICIES = [load_policy(name) for name in CATALOGUE]
BY_ID = {row.id: row for row in MIMI.transitions}


def same(facts: Any) -> bool:
    return bool(facts.is_self)


def twisted(facts: Any) -> bool:
    return not facts.is_self


def renamed(test: Any) -> Guard[Any]:
    test.__name__ = "sender_is_target"
    return Guard(test, "", "")


SAME, TWISTED = renamed(same), renamed(twisted)


def with_guards(row: str, *guards: Guard[Any]) -> AnyPolicy:
    return MIMI.evolve("mimi", replace=[replace(BY_ID[row], guards=guards)])


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_a_policy_travels(policy: AnyPolicy) -> None:
    memory_of(policy)
    kinds_of(policy, policy.triggers[0])
    for again in (pickle.loads(pickle.dumps(policy)), copy.deepcopy(policy), copy.copy(policy)):  # noqa: S301 - our own
        assert again == policy
        assert hash(again) == hash(policy)
        assert again is not policy
        assert [row.guards for row in again.transitions] == [row.guards for row in policy.transitions]
    assert repr(policy) == f"<{type(policy).__name__} {policy.id}>"
    assert len(pickle.dumps(policy)) < 20_000


# By policy: how its fingerprint begins, and that of the order in which refusals are told. What is stored or told
# of a room names the fingerprint, so what changes it is a change that users have to be told of.
# fmt: off
FINGERPRINTS: dict[str, tuple[str, str]] = {
    "mimi": ("dab2252bd4e546f3", "81b844bb8eddd505"),
    "mimi-00": ("7e6668d74a3c80ac", "80a10d8a3b14ecd7"),
    "mimi-01": ("da11b53b30b2a7f0", "853e7a27823a1b15"),
    "matrix-1": ("bf28d2cc46637d28", "942e0358d19d7a53"),
    "matrix-2": ("bf28d2cc46637d28", "942e0358d19d7a53"),
    "matrix-3": ("325568390a106d6d", "eed987e03f08f5ba"),
    "matrix-4": ("325568390a106d6d", "eed987e03f08f5ba"),
    "matrix-5": ("325568390a106d6d", "eed987e03f08f5ba"),
    "matrix-6": ("20089e2bd7e8d342", "252653d9a48eb76f"),
    "matrix-7": ("0fd4e8931bc24438", "9b1febe36910c099"),
    "matrix-8": ("e167f5092dc75ca2", "3e4e2da3da72f0cd"),
    "matrix-9": ("e167f5092dc75ca2", "3e4e2da3da72f0cd"),
    "matrix-10": ("6716fcfc3a0dbf41", "5b837caf5654d0b8"),
    "matrix-11": ("279d124c01155ba6", "e73930ea9e47027b"),
    "matrix-12": ("58fc33d0690dd29c", "604c4b840c86619c"),
    "room-policy-cooperative": ("7eac9fbac3468cb3", "436ad3cbf9243d78"),
    "room-policy-strict": ("92e3394bb44ecd33", "436ad3cbf9243d78"),
    "room-policy-moderated": ("7a8c60f3dd0b0eaa", "436ad3cbf9243d78"),
    "room-policy-organizations": ("63c8615309e34535", "436ad3cbf9243d78"),
}
# fmt: on


def order_of(policy: AnyPolicy) -> str:
    """The rows and rules of a policy, each with its guards."""
    rows = [*policy.transitions, *(rule for rules in policy.rules_beside.values() for rule in rules)]
    return repr([(row.id, [guard.name for guard in row.guards]) for row in rows])


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_policies_of_the_catalogue_decide_as_ever(policy: AnyPolicy) -> None:
    order = sha256(order_of(policy).encode()).hexdigest()
    assert (policy.fingerprint[:16], order[:16]) == FINGERPRINTS[policy.id]


def test_policies_of_the_catalogue_differ() -> None:
    assert len({policy.fingerprint for policy in POLICIES} - {load_policy("matrix-2").fingerprint}) >= 8
    assert len({policy.id for policy in POLICIES}) == len(set(POLICIES)) == len(POLICIES)


# What makes no difference to any decision.
SAME_POLICIES: list[tuple[str, AnyPolicy]] = [
    ("rows turned round", replace(MIMI, transitions=MIMI.transitions[::-1])),
    ("guards turned round", with_guards("kick", *BY_ID["kick"].guards[::-1])),
    ("permits turned round", MIMI.evolve("mimi", permits=dict(reversed([*MIMI.permits.items()])))),
    ("other words", MIMI.evolve("mimi", title="Another title", displays={})),
    ("another function that answers alike", with_guards("accept", SAME)),
    ("states turned round", MIMI.evolve("mimi", domain=replace(MIMI.domain, limits={**MIMI.domain.limits, "target": MIMI.states[::-1]}))),
]  # fmt: skip
OTHER_POLICIES: list[tuple[str, AnyPolicy]] = [
    ("another id", MIMI.evolve("other")),
    ("a row less", MIMI.evolve("mimi", drop=["knock"])),
    ("a guard less", with_guards("kick", *BY_ID["kick"].guards[1:])),
    ("another answer by the same name", with_guards("accept", TWISTED)),
    ("another clause", MIMI.evolve("mimi", replace=[replace(BY_ID["kick"], clause="9")])),
    ("another destination", MIMI.evolve("mimi", replace=[replace(BY_ID["kick"], dest=BY_ID["ban"].dest)])),
    ("another source", MIMI.evolve("mimi", replace=[replace(BY_ID["ban"], source=BY_ID["accept"].source)])),
    ("another beginning", MIMI.evolve("mimi", initial=BY_ID["ban"].dest)),
    ("fewer facts", MIMI.evolve("mimi", domain=MIMI.domain.given(may_kick=True))),
    ("precedence", MIMI.evolve("mimi", precedence=True)),
    ("other event types", MIMI.evolve("mimi", participation_events=frozenset({"m.user"}))),
    ("other permits", MIMI.evolve("mimi", permits={**MIMI.permits, Kind.MESSAGE: ()})),
    ("another reading of power", MIMI.evolve("mimi", power=Power.SET)),
    ("other power levels", MATRIX_12.evolve("matrix-12", numbers=Numbers.FLOATS)),
    ("another creator", MATRIX_12.evolve("matrix-12", founder=Founder.CONTENT)),
    ("creators who stand lower", MATRIX_12.evolve("matrix-12", reign=Reign.BY_DEFAULT)),
    (
        "another premise",
        MATRIX_12.evolve("matrix-12", premise=MATRIX_12.premise.asking({}, {MATRIX_12.premise.guards[-1]})),
    ),
    ("other rows on messages", MATRIX_12.evolve("matrix-12", permits={**MATRIX_12.permits, "message": ()})),
    ("other numbers of rules", MATRIX_12.evolve("matrix-12", premise=MATRIX_12.premise.renumbered({"3": "9"}))),
    ("facts that come with other actions", MATRIX_12.evolve("matrix-12", carries={})),
]


def test_the_order_of_rules_is_none_of_decisions() -> None:
    turned = {kind: rows[::-1] for kind, rows in MATRIX_12.permits.items()}
    assert MATRIX_12.evolve("matrix-12", permits=turned) == MATRIX_12


@pytest.mark.parametrize("policy", [policy for _, policy in SAME_POLICIES], ids=[words for words, _ in SAME_POLICIES])
def test_equal_policies(policy: AnyPolicy) -> None:
    assert policy == MIMI
    assert policy.fingerprint == MIMI.fingerprint


@pytest.mark.parametrize("policy", [policy for _, policy in OTHER_POLICIES], ids=[words for words, _ in OTHER_POLICIES])
def test_different_policies(policy: AnyPolicy) -> None:
    assert policy not in POLICIES


def test_a_policy_is_equal_to_no_other_thing() -> None:
    assert MIMI != "mimi"
    assert MIMI != 7


def test_the_order_of_rows_counts_where_it_decides() -> None:
    first = MIMI.evolve("mimi", precedence=True)
    assert replace(first, transitions=first.transitions[::-1]) != first


def test_what_is_derived_from_a_policy_goes_with_it() -> None:
    policy: Policy[Any] = MIMI.evolve("gone")
    kinds_of(policy, policy.triggers[0])
    rules_of(policy)  # type: ignore[arg-type]
    assert memory_of(policy) is memory_of(policy)
    gone = weakref.ref(policy), weakref.ref(memory_of(policy).machine)
    del policy
    gc.collect()
    assert [each() for each in gone] == [None, None]
