"""Rows are for the kinds of events that they permit, and reasons are about rows for the kind that was asked for."""

from dataclasses import dataclass
from typing import Any

import pytest

from fsm import MIMI, Domain, Policy, Transition, load_policy
from fsm.guards import guard
from fsm.kinds import kinds_of, meant
from fsm.machine import Machine
from fsm.participation.facts import Facts
from fsm.participation.guards import sender_is_joined, sender_is_target
from fsm.policies import CATALOGUE
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE

POLICIES = [load_policy(name) for name in ("mimi", "mimi-01", "matrix-1", "matrix-7", "matrix-10")]
"""One of each table: the other policies differ from these in titles and clauses."""


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: str(policy.id))
def test_the_kinds_of_rows_are_those_of_all_that_they_permit(policy: Policy[Any]) -> None:
    for action in policy.triggers:
        kinds = kinds_of(policy, action)
        found: dict[str, set[Any]] = {row.id: set() for row in policy.transitions if row.trigger is action}
        for facts in policy.asked(action):
            for row in policy.candidates(action, facts.target):
                if row.permits(facts):
                    found[row.id].add(kinds.of(facts))
        assert kinds.by_row == found


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(policy, marks=[pytest.mark.long] * policy.has_stock_rows, id=name)
        for name, policy in zip(CATALOGUE, map(load_policy, CATALOGUE), strict=True)
    ],
)
def test_whatever_permits_was_meant(policy: Policy[Any]) -> None:
    for row in policy.transitions:
        asked = (facts for facts, _ in policy.walk(row.trigger) if facts.target in row.source)
        permitted = next(filter(row.permits, asked), None)
        # Role sets have the same rows, whether any role may use them or not.
        assert policy.has_stock_rows if permitted is None else row in meant(policy, row.trigger, permitted)


# A policy of one's own, with a kind of its own.


@dataclass(frozen=True, slots=True, kw_only=True)
class TeaFacts(Facts):
    is_party: bool


@guard("it is a party", fails="it is no party", tells_kind=True)
def it_is_a_party(facts: TeaFacts) -> bool:
    return facts.is_party


@guard("it is no party", fails="it is a party", tells_kind=True)
def it_is_no_party(facts: TeaFacts) -> bool:
    return not facts.is_party


TEA = Policy(
    id="tea",
    title="Tea",
    source="nowhere",
    domain=Domain(TeaFacts),
    transitions=(
        Transition("sip", JOIN, {LEAVE}, JOIN, (it_is_no_party, sender_is_target)),
        Transition("crowd", JOIN, {KNOCK, INVITE}, JOIN, (it_is_a_party, sender_is_joined)),
        Transition("never", BAN, {JOIN}, BAN, (it_is_a_party, it_is_no_party)),
    ),
    family="fsm.mimi",
)

# fmt: off
MEANT: list[tuple[Any, dict[str, Any], str]] = [
    (JOIN, {"target": LEAVE, "sender": JOIN},                         "sip: the sender is not the target"),
    (JOIN, {"target": LEAVE, "sender": LEAVE, "is_party": True},      "no transition: `join` is not possible while the target is in `leave`, except by the target itself"),
    (JOIN, {"target": KNOCK, "sender": LEAVE, "is_party": True},      "crowd: the sender is not joined"),
    (JOIN, {"target": KNOCK, "sender": KNOCK, "is_self": True, "is_party": True}, "crowd: the sender is not joined"),
    (JOIN, {"target": KNOCK, "sender": KNOCK, "is_self": True},       "no transition: `join` is not possible while the target is in `knock`, except by another user"),
    (JOIN, {"target": INVITE, "sender": LEAVE},                       "no transition: `join` is not possible while the target is in `invite`"),
    # Nothing ever fires: there is no kind to go by.
    (BAN,  {"target": JOIN, "sender": JOIN},                          "never: it is no party"),
]
# fmt: on


@pytest.mark.parametrize(("action", "given", "reason"), MEANT)
def test_a_kind_that_is_declared_counts_like_any(action: Any, given: dict[str, Any], reason: str) -> None:
    plain = dict.fromkeys(name for name, values in TEA.domain.values.items() if False in values)
    facts = TeaFacts(**{**dict.fromkeys(plain, False), "join_rule": "invite", **given})
    assert Machine(TEA).decide(action, facts).reason == reason


def test_kinds_are_found_once() -> None:
    assert kinds_of(MIMI, JOIN) is kinds_of(MIMI, JOIN)
