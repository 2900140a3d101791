"""The rules beside the table: what each can decide, found in groups of guards as by asking all facts."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import MIMI
from fsm.family import AnyPolicy
from fsm.guards import Guard, guard
from fsm.matrix.level_permits import (
    levels_are_altered,
    levels_are_first,
)
from fsm.matrix.policies import MATRIX_11
from fsm.matrix.rows import EventFacts, Kind
from fsm.mimi.permits import EventFacts as MimiFacts
from fsm.mimi.permits import Kind as MimiKind
from fsm.mimi.permits import sender_may_redact
from fsm.policies import CATALOGUE, load_policy
from fsm.review.cases.cells import Cells
from fsm.review.compare.beside import RuleCheck, check_rules
from fsm.review.laws.structure import faults
from fsm.review.laws.verify import verify
from fsm.rule import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Four:
    """Facts for rules of any kind."""

    a: bool
    b: bool
    c: bool
    d: bool


class Made:
    """A policy of one rule, as far as its rules beside the table go."""

    facts_beside = Four

    def __init__(self, rule: Rule[Four]) -> None:
        self.rules_beside = {"made": (rule,)}


def _made(name: str, facts: tuple[str, str], table: tuple[bool, ...]) -> Guard[Four]:
    answers = dict(zip(product((False, True), repeat=2), table, strict=True))

    def test(four: Four) -> bool:
        return answers[getattr(four, facts[0]), getattr(four, facts[1])]

    test.__name__ = name
    test.__doc__ = name
    return guard(name, fails=f"not {name}")(cast("Callable[[Four], bool]", test))


GUARDS = st.lists(
    st.tuples(
        st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd")),
        st.tuples(*[st.booleans()] * 4),
    ),
    max_size=5,
)


@given(GUARDS)
def test_groups_of_guards_tell_what_all_facts_tell(told: list[tuple[tuple[str, str], tuple[bool, ...]]]) -> None:
    rule = Rule("made", tuple(_made(f"g{n}", facts, table) for n, (facts, table) in enumerate(told)), "1")
    failing = [rule.failing(Four(a=a, b=b, c=c, d=d)) for a, b, c, d in product((False, True), repeat=4)]
    permits = () in failing
    idle = tuple(each.name for each in rule.guards if (each,) not in failing) if permits else ()
    assert list(check_rules(cast("AnyPolicy", Made(rule)))) == [RuleCheck("made", "made", permits, idle)]


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_rule_of_the_catalogue_permits_and_every_guard_decides(name: str) -> None:
    policy = load_policy(name)
    rules = [(kind, rule.id) for kind, rules in policy.rules_beside.items() for rule in rules]
    assert list(check_rules(policy)) == [RuleCheck(kind, rule, True, ()) for kind, rule in rules]


def faults_of(policy: AnyPolicy) -> list[tuple[str, str]]:
    """What in its table and in the rules beside it breaks a law: the law and the subject."""
    return [(fault.law.id, fault.subject) for fault in faults(Cells(policy))]


def test_a_rule_that_never_permits_is_a_fault() -> None:
    first, levels = MATRIX_11.permits[Kind.LEVELS]
    dead = levels.asking({levels_are_first: "9.4"})
    assert levels_are_altered in dead.guards
    policy = MATRIX_11.evolve("dead", permits={**MATRIX_11.permits, Kind.LEVELS: (first, dead)})
    assert faults_of(policy) == [*faults_of(MATRIX_11), ("every-row-fires", "`levels` for `levels` events")]


@guard("something is asked twice", fails="something is asked twice")
def level_is_asked_again(facts: EventFacts) -> bool:
    """As `required_level_is_reached`."""
    return facts.may_send


def test_a_guard_that_never_decides_is_a_fault() -> None:
    (message,) = MATRIX_11.permits[Kind.MESSAGE]
    twice = message.asking({level_is_asked_again: "7"})
    policy = MATRIX_11.evolve("twice", permits={**MATRIX_11.permits, Kind.MESSAGE: (twice,)})
    assert faults_of(policy) == [
        *faults_of(MATRIX_11),
        ("every-guard-matters", "`required_level_is_reached` in `message` for `message` events"),
        ("every-guard-matters", "`level_is_asked_again` in `message` for `message` events"),
    ]


def test_a_rule_that_never_permits_is_found_in_any_family() -> None:
    @guard("nobody may", fails="nobody may")
    def nobody_may(facts: MimiFacts) -> bool:
        """As `sender_may_redact`, turned round."""
        return not facts.may_redact

    rules = MIMI.permits[MimiKind.REDACTION]
    dead = tuple(
        replace(rule, guards=(*rule.guards, nobody_may)) if sender_may_redact in rule.guards else rule for rule in rules
    )
    review = verify(MIMI.evolve("dead", permits={**MIMI.permits, MimiKind.REDACTION: dead}), rooms=0)
    assert [(each.law, each.subject) for each in review.findings] == [
        ("every-row-fires", "`redact` for `redaction` events")
    ]
