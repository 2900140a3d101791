"""What is left of a question when some facts are known: exact, and with nothing in it that could be left out."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, MetaData, String, Table, create_engine, insert, select

from fsm import MIMI, DefinitionError, load_policy
from fsm.family import AnyPolicy
from fsm.participation.terms import Participation
from fsm.residual import Literal, Residual
from tests.builders import MEMBERSHIP
from tests.test_asked import POLICY as ROLES

POLICIES = [*(load_policy(name) for name in MEMBERSHIP), ROLES]


def holds(terms: Iterable[Iterable[Literal]], facts: Any) -> bool:
    return any(all(getattr(facts, literal.fact) in literal.values for literal in term) for term in terms)


def less(condition: Residual) -> Iterable[list[tuple[Literal, ...]]]:
    """The condition without one of its terms, or of its literals."""
    terms = list(condition.terms)
    for place, term in enumerate(terms):
        yield [*terms[:place], *terms[place + 1 :]]
        for at in range(len(term)):
            yield [*terms[:place], (*term[:at], *term[at + 1 :]), *terms[place + 1 :]]


def known_of(policy: AnyPolicy) -> list[dict[str, Any]]:
    """Nothing is known; where both are; who acts; all that is plain but one fact."""
    start, end = policy.states[0], policy.states[-1]
    plain = policy.domain.plain
    return [
        {},
        {"target": start},
        {"target": start, "sender": end},
        {"is_self": True},
        {"is_self": False, "sender": end},
        *({other: plain[other] for other in plain if other not in {name, "target"}} for name in plain),
    ]


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_the_condition_is_exact_and_needs_all_of_its_parts(policy: AnyPolicy) -> None:
    for action in policy.triggers:
        for known in known_of(policy):
            condition = policy.residual(action, **known)
            limits = {name: (value,) for name, value in known.items()}
            cells = [facts for facts, _ in policy.walk(action, known, limits)]
            allowed = [any(row.permits(facts) for row in policy.candidates(action, facts.target)) for facts in cells]
            assert [holds(condition.terms, facts) for facts in cells] == allowed
            for other in less(condition):
                assert [holds(other, facts) for facts in cells] != allowed, (action, known, other)
            assert not known.keys() & {literal.fact for term in condition.terms for literal in term}


# fmt: off
CASES: list[tuple[str, dict[str, Any], str, list[dict[str, Any]]]] = [
    ("leave", {"sender": "join", "target": "join", "is_self": False, "outranks_for_kick": True}, "may_kick",
     [{"all": [{"fact": "may_kick", "in": [True]}]}]),
    ("join",  {"sender": "invite", "target": "invite", "is_self": True}, "always", [{"all": []}]),
    ("join",  {"target": "ban"}, "never", []),
    ("join",  {"sender": "leave", "target": "leave", "is_self": True}, "join_rule is public",
     [{"all": [{"fact": "join_rule", "in": ["public"]}]}]),
    ("ban",   {"sender": Participation.JOIN, "may_ban": True, "outranks_for_ban": "true"}, "not is_self",
     [{"all": [{"fact": "is_self", "in": [False]}]}]),
    ("leave", {"sender": "join", "target": "join", "may_kick": True},
     "outranks_for_kick or is_self",
     [{"all": [{"fact": "outranks_for_kick", "in": [True]}]}, {"all": [{"fact": "is_self", "in": [True]}]}]),
]
# fmt: on


@pytest.mark.parametrize(("action", "known", "text", "terms"), CASES, ids=[text for *_, text, _ in CASES])
def test_conditions(action: str, known: dict[str, Any], text: str, terms: list[dict[str, Any]]) -> None:
    condition = MIMI.residual(action, **known)
    assert condition.text == text
    assert json.loads(json.dumps(condition.as_json())) == {"any": terms}


def test_words_of_states_that_are_data_are_those_of_json() -> None:
    condition = ROLES.residual("change", sender="3", is_self=False, target="2")
    assert condition.as_json() == {"any": [{"all": [{"fact": "wanted", "in": [1, 2, 3]}]}]}


ROOMS = Table("rooms", MetaData(), Column("room", String), Column("kicks", Boolean), Column("rule", String))


@pytest.mark.parametrize(("action", "known"), [(action, known) for action, known, *_ in CASES])
def test_a_database_finds_the_same_rows(action: str, known: dict[str, Any]) -> None:
    facts = Table(
        "facts",
        MetaData(),
        *(Column(name, Boolean if values[0] is False else String) for name, values in MIMI.domain.values.items()),
    )
    engine = create_engine("sqlite://")
    facts.metadata.create_all(engine)
    words = [
        {name: value if isinstance(value := getattr(each, name), bool) else value.value for name in MIMI.domain.values}
        for each in MIMI.domain.records
    ]
    condition = MIMI.residual(action, **known)
    with engine.begin() as connection:
        connection.execute(insert(facts), words)
        found = connection.execute(select(facts).where(condition.sql(dict(facts.c)))).mappings().all()
        named = connection.execute(select(facts).where(condition.sql({name: name for name in facts.c.keys()})))  # noqa: SIM118
        assert len(named.all()) == len(found)
    assert len(found) == sum(holds(condition.terms, each) for each in MIMI.domain.records)


# fmt: off
FAULTS: list[tuple[str, dict[str, Any], str]] = [
    ("sing",  {},                    "policy `mimi` has no action `sing`"),
    ("join",  {"mood": True},        "unknown fact `mood`"),
    ("join",  {"join_rule": "open"}, "`open` is no value of `join_rule`"),
    ("join",  {"is_self": 1},        "`1` is no value of `is_self`"),
]
# fmt: on


@pytest.mark.parametrize(("action", "facts", "problem"), FAULTS, ids=[problem for *_, problem in FAULTS])
def test_what_cannot_be_asked_is_refused(action: str, facts: dict[str, Any], problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        MIMI.residual(action, **facts)
    with pytest.raises(DefinitionError, match=problem):
        MIMI.decide(action, facts)


def test_a_fact_needs_a_column() -> None:
    with pytest.raises(DefinitionError, match="no column holds the fact `join_rule`"):
        MIMI.residual("join").sql({"is_self": "own", "target": "state"})


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_a_decision_on_facts_is_that_of_the_machine(policy: AnyPolicy) -> None:
    for action in policy.triggers:
        for facts, _ in policy.walk(action):
            rows = [row for row in policy.candidates(action, facts.target) if row.permits(facts)]
            decision = policy.decide(action.value, facts)
            assert decision.transition == (rows[0].id if rows else None)
            assert decision.after == (rows[0].leads_to(facts) if rows else facts.target)


def test_facts_that_are_not_named_are_plain_and_may_be_words() -> None:
    assert MIMI.decide("leave", {"is_self": True}).transition == "leave"
    assert MIMI.decide("leave", {"may_kick": True, "outranks_for_kick": "true"}).transition == "kick"


# fmt: off
IMPOSSIBLE: list[tuple[Any, str]] = [
    ({"is_self": True, "sender": "join", "target": "leave"}, "these facts cannot come together"),
    (7,                                                      "the facts of policy `mimi` are `Facts`"),
]
# fmt: on


@pytest.mark.parametrize(("facts", "problem"), IMPOSSIBLE)
def test_facts_that_no_room_has_are_refused(facts: Any, problem: str) -> None:
    with pytest.raises(DefinitionError, match=problem):
        MIMI.decide("join", facts)
