"""Every guard holds and fails where it should, and looks at nothing else."""

import pickle
import re
from importlib import import_module
from typing import Any

import pytest

from fsm.domain import Domain
from fsm.facts import Value
from fsm.guards import Guard, guard
from fsm.participation import guards as g
from fsm.participation.facts import Facts
from fsm.participation.terms import JoinRule
from fsm.policies import CATALOGUE, load_policy
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, STAFF, Given, facts, guards_in, label

ANY_DOMAIN = Domain(Facts)  # all join rules there are, those of other families among them

# What is given, besides a plain room, and whether the guard holds.
# fmt: off
CASES: list[tuple[Guard[Facts], Given, bool]] = [
    (g.sender_is_target,        {"is_self": True},                             True),
    (g.sender_is_target,        {},                                            False),
    (g.sender_is_target,        {**STAFF, "target": LEAVE, "sender": LEAVE},   False),

    (g.sender_is_another,       {},                                            True),
    (g.sender_is_another,       {"target": BAN, "sender": BAN},                True),
    (g.sender_is_another,       {**STAFF, "is_self": True},                    False),

    (g.sender_is_joined,        {},                                            True),
    (g.sender_is_joined,        {"target": BAN},                               True),
    (g.sender_is_joined,        {**STAFF, "sender": INVITE},                   False),
    (g.sender_is_joined,        {**STAFF, "sender": LEAVE},                    False),
    (g.sender_is_joined,        {**STAFF, "sender": BAN},                      False),
    (g.sender_is_joined,        {**STAFF, "sender": KNOCK},                    False),

    (g.sender_may_invite,       {"may_invite": True},                          True),
    (g.sender_may_invite,       {"may_invite": True, "sender": LEAVE},         True),
    (g.sender_may_invite,       {},                                            False),
    (g.sender_may_invite,       {**STAFF, "may_invite": False},                False),

    (g.sender_may_kick,         {"may_kick": True},                            True),
    (g.sender_may_kick,         {},                                            False),
    (g.sender_may_kick,         {**STAFF, "may_kick": False},                  False),

    (g.sender_may_ban,          {"may_ban": True},                             True),
    (g.sender_may_ban,          {},                                            False),
    (g.sender_may_ban,          {**STAFF, "may_ban": False},                   False),

    (g.sender_outranks_for_kick, {"outranks_for_kick": True},                  True),
    (g.sender_outranks_for_kick, {},                                           False),
    (g.sender_outranks_for_kick, {**STAFF, "outranks_for_kick": False},        False),

    (g.sender_outranks_for_ban, {"outranks_for_ban": True},                    True),
    (g.sender_outranks_for_ban, {},                                            False),
    (g.sender_outranks_for_ban, {**STAFF, "outranks_for_ban": False},          False),

    (g.room_is_public,          {"join_rule": JoinRule.PUBLIC},                True),
    (g.room_is_public,          {},                                            False),
    (g.room_is_public,          {"join_rule": JoinRule.KNOCK},                 False),
    (g.room_is_public,          {"join_rule": JoinRule.RESTRICTED},            False),
    (g.room_is_public,          {"join_rule": JoinRule.KNOCK_RESTRICTED},      False),
    (g.room_is_public,          {"join_rule": JoinRule.PRIVATE},               False),

    (g.room_takes_knocks,       {"join_rule": JoinRule.KNOCK},                 True),
    (g.room_takes_knocks,       {},                                            False),
    (g.room_takes_knocks,       {"join_rule": JoinRule.PUBLIC},                False),
    (g.room_takes_knocks,       {"join_rule": JoinRule.RESTRICTED},            False),
    (g.room_takes_knocks,       {"join_rule": JoinRule.KNOCK_RESTRICTED},      False),
    (g.room_takes_knocks,       {"join_rule": JoinRule.PRIVATE},               False),
]

# The one fact that each guard looks at, and the value for which it holds.
READS: list[tuple[Guard[Facts], str, Value]] = [
    (g.sender_is_target,             "is_self",                  True),
    (g.sender_is_another,            "is_self",                  False),
    (g.sender_is_joined,             "sender",                   JOIN),
    (g.sender_may_invite,            "may_invite",               True),
    (g.sender_may_kick,              "may_kick",                 True),
    (g.sender_may_ban,               "may_ban",                  True),
    (g.sender_outranks_for_kick,     "outranks_for_kick",        True),
    (g.sender_outranks_for_ban,      "outranks_for_ban",         True),
    (g.room_is_public,               "join_rule",                JoinRule.PUBLIC),
    (g.room_takes_knocks,            "join_rule",                JoinRule.KNOCK),
]
# fmt: on

GUARDS = guards_in(g)
FAMILIES = sorted({load_policy(name).family for name in CATALOGUE})
EVERYWHERE = [each for place in (g, *map(import_module, FAMILIES)) for each in guards_in(place)]


@pytest.mark.parametrize(("guard", "given", "holds"), CASES, ids=label)
def test_guard(guard: Guard[Facts], given: Given, holds: bool) -> None:
    assert guard(facts(**given)) is holds


@pytest.mark.parametrize("guard", GUARDS, ids=repr)
def test_every_guard_has_a_true_and_a_false_case(guard: Guard[Facts]) -> None:
    assert {holds for tested, _, holds in CASES if tested is guard} == {True, False}


@pytest.mark.parametrize(("guard", "fact", "value"), READS, ids=label)
def test_guard_depends_on_one_fact_only(guard: Guard[Facts], fact: str, value: Value) -> None:
    for given in ANY_DOMAIN:
        assert guard(given) is (getattr(given, fact) is value)


def test_every_guard_is_read_for_its_fact() -> None:
    assert [guard for guard, _, _ in READS] == GUARDS


def test_names_and_words_tell_guards_apart() -> None:
    assert len({each.name for each in EVERYWHERE}) == len(EVERYWHERE)
    assert len({each.fails for each in EVERYWHERE}) == len(EVERYWHERE)


@pytest.mark.parametrize("guard", EVERYWHERE, ids=repr)
def test_guard_has_words_for_both_outcomes(guard: Guard[Any]) -> None:
    assert guard.holds != guard.fails
    for words in (guard.holds, guard.fails):
        assert re.fullmatch(r"[a-z`][^\n]*[^.\n]", words), "they complete a sentence"


def test_guard_goes_by_the_name_of_its_function() -> None:
    @guard("the kettle is on", fails="the kettle is off")
    def kettle_is_on(facts: Facts) -> bool:
        return facts.may_kick

    assert kettle_is_on.name == repr(kettle_is_on) == "kettle_is_on"
    assert kettle_is_on.tells_kind is False
    assert (kettle_is_on.holds, kettle_is_on.fails) == ("the kettle is on", "the kettle is off")
    assert kettle_is_on(facts(may_kick=True)) is True
    assert kettle_is_on(facts()) is False


def is_anything(_: Facts) -> bool:
    return True


@pytest.mark.parametrize("guard", EVERYWHERE, ids=repr)
def test_guard_is_pickled_by_its_name(guard: Guard[Any]) -> None:
    assert pickle.loads(pickle.dumps(guard)) is guard  # noqa: S301 - our own


def test_guard_without_a_name_of_its_own_is_pickled_whole() -> None:
    own = Guard(is_anything, "it is", "it is not")
    assert own.tells_kind is False
    assert pickle.loads(pickle.dumps(own)) == own  # noqa: S301 - our own
    assert pickle.loads(pickle.dumps(own)) is not own  # noqa: S301 - our own
