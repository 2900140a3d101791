"""The facts are finite: a domain can be walked, numbered and read from words."""

from dataclasses import FrozenInstanceError, dataclass, fields
from enum import Enum, StrEnum
from itertools import product
from typing import Any

import pytest

from fsm import DefinitionError, Domain, Facts, JoinRule, Participation, Visibility, about
from fsm.facts import PairFacts, Subject, Value, spell
from fsm.matrix.facts import MatrixFacts
from fsm.mimi.policies import DOMAIN
from tests.builders import BAN, JOIN, LEAVE, STAFF, facts, is_one_line, one_line


def test_words_of_the_draft() -> None:
    # In the order of the drafts' lists, from which the numbers on the wire follow.
    assert list(Participation) == ["invite", "join", "leave", "ban", "knock"]
    assert list(Visibility) == ["invited", "joined", "shared", "world"]
    assert list(JoinRule)[:3] == ["invite", "knock", "public"]
    assert [str(rule) for rule in JoinRule][3:] == ["restricted", "knock_restricted", "private"]


@pytest.mark.parametrize("field", [field.name for field in fields(Facts)])
def test_facts_cannot_be_changed(field: str) -> None:
    with pytest.raises(FrozenInstanceError):
        setattr(facts(), field, True)


def test_facts_hold_nothing_but_facts() -> None:
    assert not hasattr(facts(), "__dict__")
    assert [field.name for field in fields(Facts)] == [
        "sender",
        "target",
        "is_self",
        "join_rule",
        "may_invite",
        "may_kick",
        "may_ban",
        "outranks_for_kick",
        "outranks_for_ban",
    ]


def test_domain_holds_every_possible_record_once() -> None:
    others = 5 * 5 * 3 * 2**5
    selves = 5 * 3 * 2**5
    records = list(DOMAIN)
    assert DOMAIN.size == len(records) == len(set(records)) == others + selves


def test_nobody_stands_in_two_states_at_once() -> None:
    assert all(each.sender is each.target for each in DOMAIN if each.is_self)
    assert {(each.sender, each.target) for each in DOMAIN if not each.is_self} == set(product(Participation, repeat=2))


def test_domain_is_always_walked_in_the_same_order() -> None:
    assert list(DOMAIN) == list(DOMAIN) == list(Domain(Facts, DOMAIN.limits))


def test_values_are_all_of_the_type_unless_limited() -> None:
    assert DOMAIN.values["join_rule"] == (JoinRule.INVITE, JoinRule.KNOCK, JoinRule.PUBLIC)
    assert Domain(Facts).values["join_rule"] == tuple(JoinRule)
    assert DOMAIN.values["target"] == tuple(Participation)
    assert DOMAIN.values["may_ban"] == (False, True)


def test_given_is_the_part_where_the_facts_are_so() -> None:
    part = DOMAIN.given(join_rule=JoinRule.PUBLIC, is_self=True)
    assert list(part) == [each for each in DOMAIN if each.is_self and each.join_rule is JoinRule.PUBLIC]
    assert part.given(target=BAN).size == 2**5
    assert DOMAIN.size == 2880, "the whole is as it was"


def test_a_domain_leaves_out_what_is_impossible() -> None:
    def nobody_outranks_themselves(each: Facts) -> bool:
        return not (each.is_self and (each.outranks_for_kick or each.outranks_for_ban))

    ranked = Domain(Facts, DOMAIN.limits, (nobody_outranks_themselves,))
    assert list(ranked) == [each for each in DOMAIN if nobody_outranks_themselves(each)]
    assert ranked.records == tuple(ranked)
    assert ranked.size == len(ranked.records) < DOMAIN.size
    assert ranked.given(is_self=True, outranks_for_ban=True).size == 0


# fmt: off
BAD_LIMITS: list[tuple[str, tuple[Any, ...], str]] = [
    ("colour",    (True,),                "unknown fact `colour`: the facts are "),
    ("join_rule", (),                     "fact `join_rule` cannot be limited to "),
    ("join_rule", (Visibility.WORLD,),    "fact `join_rule` cannot be limited to "),
    ("join_rule", ("open",),              "fact `join_rule` cannot be limited to "),
    # A bare word equals its enum member but is not it, and guards compare with `is`.
    ("join_rule", ("public",),            "fact `join_rule` cannot be limited to "),
    ("is_self",   (1,),                   "fact `is_self` cannot be limited to "),
    ("is_self",   (JoinRule.PUBLIC,),     "fact `is_self` cannot be limited to "),
]
# fmt: on


@pytest.mark.parametrize(("fact", "values", "message"), BAD_LIMITS)
def test_limits_must_be_values_of_facts(fact: str, values: tuple[Any, ...], message: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(message)):
        Domain(Facts, {fact: values})


def test_given_knows_no_other_facts() -> None:
    with pytest.raises(DefinitionError, match=one_line("unknown fact `colour`")):
        DOMAIN.given(colour=True)


# fmt: off
SPELLINGS: list[tuple[str, str, Value]] = [
    ("join_rule", "public", JoinRule.PUBLIC),
    ("target",    "ban",    BAN),
    ("sender",    "join",   JOIN),
    ("is_self",   "true",   True),
    ("may_kick",  "false",  False),
]
# fmt: on


@pytest.mark.parametrize(("fact", "word", "value"), SPELLINGS)
def test_values_are_read_from_the_words_they_are_spelt_with(fact: str, word: str, value: Value) -> None:
    assert DOMAIN.parse(fact, word) is value
    assert spell(value) == word


# fmt: off
BAD_WORDS = [
    ("colour",    "red",        "unknown fact `colour`: the facts are sender, target, "),
    ("join_rule", "restricted", "`restricted` is no value of `join_rule`: choose from invite, knock, public"),
    ("is_self",   "True",       "`True` is no value of `is_self`: choose from false, true"),
    ("is_self",   "1",          "`1` is no value of `is_self`: choose from false, true"),
    ("target",    "",           "`` is no value of `target`: choose from invite, join, leave, ban, knock"),
]
# fmt: on


@pytest.mark.parametrize(("fact", "word", "message"), BAD_WORDS)
def test_other_words_are_refused_with_the_choice(fact: str, word: str, message: str) -> None:
    with pytest.raises(DefinitionError, match=one_line(message)):
        DOMAIN.parse(fact, word)


@dataclass(frozen=True, kw_only=True)
class Counting(Facts):
    age: int


class Tea(Enum):
    GREEN = 1
    BLACK = 2


@dataclass(frozen=True, kw_only=True)
class WithTea(Facts):
    tea: Tea


def test_a_fact_must_be_finite() -> None:
    with pytest.raises(DefinitionError, match=one_line("fact `age` is not finite")):
        list(Domain(Counting))


def test_a_family_may_add_facts_of_its_own() -> None:
    domain = Domain(WithTea, DOMAIN.limits)
    assert domain.size == 2 * DOMAIN.size
    assert domain.parse("tea", "1") is Tea.GREEN
    assert {each.tea for each in domain} == set(Tea)


@pytest.mark.parametrize("domain", [DOMAIN, Domain(Facts), Domain(WithTea), DOMAIN.given(is_self=False)])
def test_every_record_has_a_number_and_every_number_a_record(domain: Domain[Any]) -> None:
    numbers = set()
    for each in domain:
        code = sum(weights[getattr(each, fact)] for fact, weights in domain.weights.items())
        assert domain.unpack(code, target=each.target, sender=each.sender) == each
        numbers.add((code, each.target, each.sender))
    assert len(numbers) == domain.size


def test_the_two_states_carry_no_weight() -> None:
    assert DOMAIN.weights.keys() == DOMAIN.values.keys() - {"target", "sender"}
    assert DOMAIN.unpack(0, target=LEAVE, sender=JOIN) == facts(target=LEAVE)


def test_spelling() -> None:
    class Shout(StrEnum):
        LOUD = "LOUD"

    assert [spell(True), spell(False), spell(Shout.LOUD), spell(JoinRule.KNOCK_RESTRICTED)] == [
        "true",
        "false",
        "loud",
        "knock_restricted",
    ]


# What a record says of its facts.


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared(PairFacts[Participation]):
    may_paint: bool = about(Subject.SENDER, plain=False)
    is_silent: bool = about(Subject.SENDER, plain=True)
    is_older: bool = about(Subject.PAIR, plain=False)
    is_kin: bool = about(Subject.PAIR, plain=False, strong=False)
    wall: Colour = about(Subject.ROOM, plain=Colour.BLUE)
    brush: Colour = about(Subject.SENDER, plain=Colour.RED, strong=Colour.BLUE)
    is_urgent: bool = about(Subject.EVENT, plain=False)
    shelf: Colour


DECLARED = Domain(Declared)


def test_a_generic_record_knows_its_states() -> None:
    assert DECLARED.values["target"] == DECLARED.values["sender"] == tuple(Participation)


def test_the_plain_case_is_what_is_declared() -> None:
    first = next(iter(Participation))
    assert DECLARED.plain == {
        "sender": first, "target": first, "is_self": False, "may_paint": False, "is_silent": True, "is_older": False,
        "is_kin": False, "wall": Colour.BLUE, "brush": Colour.RED, "is_urgent": False, "shelf": Colour.RED,
    }  # fmt: skip
    assert DECLARED.given(wall=Colour.RED).plain["wall"] is Colour.RED, "the declared one is left out"
    assert DECLARED.ranked("wall") == (Colour.BLUE, Colour.RED)


def test_the_strong_case_is_that_of_a_sender_who_can_do_most() -> None:
    privileges = {"may_paint": True, "is_silent": False, "is_older": True, "brush": Colour.BLUE}
    assert DECLARED.privileges == privileges
    assert DECLARED.strong == DECLARED.plain | privileges
    assert DECLARED.given(may_paint=False).privileges == {n: v for n, v in privileges.items() if n != "may_paint"}


def test_of_a_fact_that_declares_nothing_the_room_is_the_subject() -> None:
    assert DECLARED.about["shelf"].subject is Subject.ROOM


@pytest.mark.parametrize("record", [Facts, MatrixFacts])
def test_privileges_are_permissions_and_ranks(record: type[Facts]) -> None:
    assert Domain(record).privileges == dict.fromkeys(STAFF, True)


def test_the_plain_case_of_participation() -> None:
    assert facts() == Facts(**Domain(Facts).plain)  # type: ignore[arg-type]


# fmt: off
WORDS: list[tuple[dict[str, Any], str, Value]] = [
    ({"join_rule": "public"},        "join_rule", JoinRule.PUBLIC),
    ({"target": "ban"},              "target",    BAN),
    ({"sender": "leave"},            "sender",    LEAVE),
    ({"may_kick": "true"},           "may_kick",  True),
]
NO_VALUES: list[dict[str, Any]] = [
    {"join_rule": "open"}, {"join_rule": Visibility.SHARED}, {"join_rule": None}, {"join_rule": True}, {"join_rule": []},
    {"target": JoinRule.INVITE}, {"target": "x" * 10_000}, {"may_kick": 1}, {"may_kick": "yes"}, {"may_kick": None},
]
# fmt: on


@pytest.mark.parametrize(("given_words", "fact", "value"), WORDS)
def test_a_word_is_read_and_never_taken_for_something_else(
    given_words: dict[str, Any], fact: str, value: Value
) -> None:
    assert getattr(facts(**given_words), fact) is value


@pytest.mark.parametrize("wrong", NO_VALUES, ids=lambda wrong: ascii(wrong)[:40])
def test_what_is_no_value_of_a_fact_is_refused(wrong: dict[str, Any]) -> None:
    (fact,) = wrong
    with pytest.raises(DefinitionError) as caught:
        facts(**wrong)
    assert f"is no value of `{fact}`: choose from " in str(caught.value)
    assert is_one_line(str(caught.value))
