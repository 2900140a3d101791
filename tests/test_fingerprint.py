"""Policies as values: equal when they decide alike, short to read, and able to travel."""

import copy
import gc
import pickle
import weakref
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from itertools import chain
from typing import Any

import pytest

from fsm import MIMI, Guard, load_policy
from fsm.family import AnyPolicy
from fsm.kinds import kinds_of
from fsm.matrix.levels import Numbers
from fsm.matrix.policies import MATRIX_12
from fsm.matrix.settings import Founder, Reign
from fsm.memory import memory_of
from fsm.mimi.permits import Kind
from fsm.mimi.roles import Power
from fsm.mimi.rules import rules_of
from fsm.policies import CATALOGUE
from fsm.policy import Policy
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.rules import rules_of as rules_of_roles

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


# By policy: how its fingerprint begins, and that of its words, in the order in which they are told. What is stored
# or told of a room names the fingerprint, so what changes it is a change that users have to be told of.
# fmt: off
FINGERPRINTS: dict[str, tuple[str, str]] = {
    "mimi": ("dab2252bd4e546f3", "60443f92882fd601"),
    "mimi-00": ("7e6668d74a3c80ac", "a6dfd17a5d8b0dca"),
    "mimi-01": ("da11b53b30b2a7f0", "f917cf40c6fbbcfb"),
    "matrix-1": ("bf28d2cc46637d28", "dbf898f2581be8c3"),
    "matrix-2": ("bf28d2cc46637d28", "bf6f2979ed2bb70c"),
    "matrix-3": ("325568390a106d6d", "422c9d8f0a550f51"),
    "matrix-4": ("325568390a106d6d", "bc4dea0ba2f6f3b4"),
    "matrix-5": ("325568390a106d6d", "5d46dd49b8661baf"),
    "matrix-6": ("20089e2bd7e8d342", "c0a48d658bd3f965"),
    "matrix-7": ("0fd4e8931bc24438", "360b9c7aa746192c"),
    "matrix-8": ("e167f5092dc75ca2", "d406be0c29d8fd43"),
    "matrix-9": ("e167f5092dc75ca2", "40bd825765473909"),
    "matrix-10": ("6716fcfc3a0dbf41", "e5e6e76c53a272f7"),
    "matrix-11": ("279d124c01155ba6", "a44a0171950f0e3b"),
    "matrix-12": ("58fc33d0690dd29c", "fdc700b18038c678"),
    "room-policy-cooperative": ("7eac9fbac3468cb3", "e3287636e1629b80"),
    "room-policy-strict": ("92e3394bb44ecd33", "8cc241b99bf1b7d1"),
    "room-policy-moderated": ("7a8c60f3dd0b0eaa", "922366b0c0960c2a"),
    "room-policy-organizations": ("63c8615309e34535", "a2a0bc6adba61fef"),
}
# fmt: on


def words_of(policy: AnyPolicy) -> Iterator[object]:
    """What people read of a policy: its rows and rules, each with what is said of its guards."""
    yield policy.title, policy.source
    beside = rules_of_roles(policy.roles) if isinstance(policy, RolePolicy) else policy.rules_beside
    rules: list[Any] = [*beside.values()] if isinstance(policy, RolePolicy) else list(chain(*beside.values()))
    for row in (*policy.transitions, *rules):
        yield row.id, row.clause
        yield from ((each.name, each.holds, each.fails, each.norm, each.tells_kind) for each in row.guards)


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_policies_of_the_catalogue_decide_as_ever(policy: AnyPolicy) -> None:
    words = sha256(repr([*words_of(policy)]).encode()).hexdigest()
    assert (policy.fingerprint[:16], words[:16]) == FINGERPRINTS[policy.id]


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
