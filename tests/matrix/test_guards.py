"""Every guard of Matrix holds and fails where it should, and looks at nothing else."""

from dataclasses import fields
from itertools import product
from typing import Any

import pytest

import fsm.matrix
from fsm.facts import Value, about_of
from fsm.guards import Guard
from fsm.matrix import guards as g
from fsm.matrix import level_permits as levels
from fsm.matrix import permits as p
from fsm.matrix.facts import DOMAIN, Warrant
from fsm.matrix.policies import VERSIONS
from fsm.matrix.rows import EventFacts, Row
from fsm.participation.terms import JoinRule
from tests.builders import BAN, LEAVE, guards_in, label
from tests.matrix.builders import STAFF, Given, facts

GUARDS = guards_in(fsm.matrix)
W = Warrant

INVITE, KNOCK, PUBLIC, RESTRICTED, KNOCK_RESTRICTED, PRIVATE = (
    JoinRule.INVITE,
    *(JoinRule(rule) for rule in ("knock", "public", "restricted", "knock_restricted", "private")),
)


def all_but(fault: Warrant) -> list[Value]:
    return [warrant for warrant in Warrant if warrant is not fault]


# What is given, besides a plain room, and whether the guard holds.
# fmt: off
CASES: list[tuple[Guard[Any], Given, bool]] = [

    (g.join_is_first,        {"warrant": W.FIRST_JOIN},                                 True),
    (g.join_is_first,        {"warrant": W.FIRST_JOIN, "target": BAN},                  True),
    (g.join_is_first,        {},                                                        False),
    (g.join_is_first,        {**STAFF, "is_authorised": True},                          False),

    (g.join_is_later,        {},                                                        True),
    (g.join_is_later,        {"is_authorised": True},                                   True),
    (g.join_is_later,        {**STAFF, "warrant": W.FIRST_JOIN},                        False),

    (g.join_is_authorised,   {"is_authorised": True},                                   True),
    (g.join_is_authorised,   {"join_rule": RESTRICTED},                                 False),
    (g.join_is_authorised,   {**STAFF, "warrant": W.FIRST_JOIN},                        False),

    (g.rule_is_invite_or_public, {},                                                    True),
    (g.rule_is_invite_or_public, {"join_rule": PUBLIC},                                 True),
    (g.rule_is_invite_or_public, {"join_rule": KNOCK},                                  False),
    (g.rule_is_invite_or_public, {"join_rule": PRIVATE},                                False),

    (g.rule_is_invite_knock_or_public, {"join_rule": KNOCK},                            True),
    (g.rule_is_invite_knock_or_public, {"join_rule": RESTRICTED},                       False),
    (g.rule_is_invite_knock_or_public, {"join_rule": PRIVATE},                          False),

    (g.rule_is_invite_knock_restricted_or_public, {"join_rule": RESTRICTED},            True),
    (g.rule_is_invite_knock_restricted_or_public, {"join_rule": KNOCK_RESTRICTED},      False),
    (g.rule_is_invite_knock_restricted_or_public, {"join_rule": PRIVATE},               False),

    (g.rule_is_not_private,  {"join_rule": KNOCK_RESTRICTED},                           True),
    (g.rule_is_not_private,  {"join_rule": PRIVATE},                                    False),

    (g.rule_is_restricted,   {"join_rule": RESTRICTED},                                 True),
    (g.rule_is_restricted,   {"join_rule": KNOCK_RESTRICTED},                           False),
    (g.rule_is_restricted,   {"join_rule": PUBLIC},                                     False),

    (g.rule_is_restricted_or_knock_restricted, {"join_rule": KNOCK_RESTRICTED},         True),
    (g.rule_is_restricted_or_knock_restricted, {"join_rule": KNOCK},                    False),

    (g.rule_is_knock_or_knock_restricted, {"join_rule": KNOCK_RESTRICTED},              True),
    (g.rule_is_knock_or_knock_restricted, {"join_rule": RESTRICTED},                    False),
    (g.rule_is_knock_or_knock_restricted, {},                                           False),

    (g.invite_is_direct,     {"target": LEAVE},                                         True),
    (g.invite_is_direct,     {"target": LEAVE, "warrant": W.THIRD_PARTY},               False),
    (g.invite_is_direct,     {"target": LEAVE, "warrant": W.THIRD_PARTY_UNREADABLE},    False),

    (g.invite_is_third_party, {"warrant": W.THIRD_PARTY_UNREADABLE},                    True),
    (g.invite_is_third_party, {},                                                       False),
    (g.invite_is_third_party, {"warrant": W.FIRST_JOIN},                                False),

    (g.token_is_readable,    {"warrant": W.THIRD_PARTY_UNKNOWN},                        True),
    (g.token_is_readable,    {"warrant": W.THIRD_PARTY_UNREADABLE},                     False),
    (g.token_is_readable,    {},                                                        True),

    (g.token_is_for_target,  {"warrant": W.THIRD_PARTY},                                True),
    (g.token_is_for_target,  {"warrant": W.THIRD_PARTY_FOR_ANOTHER},                    False),
    (g.token_is_for_target,  {},                                                        True),

    (g.token_is_known,       {"warrant": W.THIRD_PARTY_UNSIGNED},                       True),
    (g.token_is_known,       {"warrant": W.THIRD_PARTY_UNKNOWN},                        False),
    (g.token_is_known,       {},                                                        True),

    (g.token_is_of_sender,   {"warrant": W.THIRD_PARTY},                                True),
    (g.token_is_of_sender,   {"warrant": W.THIRD_PARTY_OF_ANOTHER},                     False),
    (g.token_is_of_sender,   {},                                                        True),

    (g.token_is_signed,      {"warrant": W.THIRD_PARTY},                                True),
    (g.token_is_signed,      {"warrant": W.THIRD_PARTY_UNSIGNED},                       False),
    (g.token_is_signed,      {},                                                        True),
]

# The one fact that each guard looks at, and the values for which it holds.
READS: list[tuple[Guard[Any], str, list[Value]]] = [
    (g.join_is_first,                             "warrant",     [W.FIRST_JOIN]),
    (g.join_is_later,                             "warrant",     all_but(W.FIRST_JOIN)),
    (g.join_is_authorised,                        "is_authorised", [True]),
    (g.rule_is_invite_or_public,                  "join_rule",   [INVITE, PUBLIC]),
    (g.rule_is_invite_knock_or_public,            "join_rule",   [INVITE, KNOCK, PUBLIC]),
    (g.rule_is_invite_knock_restricted_or_public, "join_rule",   [INVITE, KNOCK, RESTRICTED, PUBLIC]),
    (g.rule_is_not_private,                       "join_rule",   [INVITE, KNOCK, PUBLIC, RESTRICTED, KNOCK_RESTRICTED]),
    (g.rule_is_restricted,                        "join_rule",   [RESTRICTED]),
    (g.rule_is_restricted_or_knock_restricted,    "join_rule",   [RESTRICTED, KNOCK_RESTRICTED]),
    (g.rule_is_knock_or_knock_restricted,         "join_rule",   [KNOCK, KNOCK_RESTRICTED]),
    (g.invite_is_direct,                          "warrant",     [W.NONE, W.FIRST_JOIN]),
    (g.invite_is_third_party,                     "warrant",     [each for each in W if each.startswith("third")]),
    (g.token_is_readable,                         "warrant",     all_but(W.THIRD_PARTY_UNREADABLE)),
    (g.token_is_for_target,                       "warrant",     all_but(W.THIRD_PARTY_FOR_ANOTHER)),
    (g.token_is_known,                            "warrant",     all_but(W.THIRD_PARTY_UNKNOWN)),
    (g.token_is_of_sender,                        "warrant",     all_but(W.THIRD_PARTY_OF_ANOTHER)),
    (g.token_is_signed,                           "warrant",     all_but(W.THIRD_PARTY_UNSIGNED)),
]

PERMITS: list[tuple[Guard[EventFacts], str]] = [
    (p.events_are_cited_once,             "is_each_cited_once"),
    (p.cited_events_are_selected,         "is_every_cited_selected"),
    (p.cited_events_are_accepted,         "is_every_cited_accepted"),
    (p.room_is_created,                   "is_creation_known"),
    (p.event_is_of_this_room,             "is_of_this_room"),
    (p.sender_is_admitted,                "is_admitted"),
    (p.creation_is_first,                 "is_first"),
    (p.room_is_of_senders_server,         "is_room_of_server"),
    (p.creation_names_no_room,            "names_no_room"),
    (p.version_is_known,                  "is_version_known"),
    (p.creator_is_named,                  "has_creator"),
    (p.creators_are_users,                "is_every_creator_a_user"),
    (p.state_key_is_given,                "has_state_key"),
    (p.target_is_named,                   "has_state_key"),
    (p.state_key_is_senders_server,       "is_key_of_server"),
    (p.membership_is_known,               "is_membership_known"),
    (p.authoriser_is_user,                "is_authoriser_user"),
    (p.invite_level_is_reached,           "may_invite"),
    (p.required_level_is_reached,         "may_send"),
    (p.redact_level_is_reached,           "may_redact"),
    (p.state_key_is_own,                  "is_key_own"),
    (p.redacted_is_of_same_server,        "is_of_redacted_server"),
    (levels.named_levels_are_integers,         "is_every_name_whole"),
    (levels.listed_levels_are_integers,        "is_every_list_whole"),
    (levels.users_have_levels,                 "is_every_user_whole"),
    (levels.creators_are_not_listed,           "is_no_creator_listed"),
    (levels.levels_are_altered,                "has_levels"),
    (levels.named_levels_were_in_reach,        "were_names_in_reach"),
    (levels.named_levels_are_in_reach,         "are_names_in_reach"),
    (levels.event_levels_were_in_reach,        "were_events_in_reach"),
    (levels.event_levels_are_in_reach,         "are_events_in_reach"),
    (levels.notification_levels_were_in_reach, "were_notifications_in_reach"),
    (levels.notification_levels_are_in_reach,  "are_notifications_in_reach"),
    (levels.users_were_below,                  "were_users_below"),
    (levels.users_are_in_reach,                "are_users_in_reach"),
]
FLAGS = [field.name for field in fields(EventFacts) if field.type in {"bool", bool}]
# fmt: on


@pytest.mark.parametrize(("guard", "given", "holds"), CASES, ids=label)
def test_guard(guard: Guard[Any], given: Given, holds: bool) -> None:
    assert guard(facts(**given)) is holds


def test_every_guard_has_a_true_and_a_false_case() -> None:
    cases = {(guard, holds) for guard, _, holds in CASES}
    cases |= {(guard, holds) for guard in (*dict(PERMITS), levels.levels_are_first) for holds in (True, False)}
    assert cases == set(product(GUARDS, (True, False)))


@pytest.mark.parametrize(("guard", "fact", "values"), READS, ids=label)
def test_guard_depends_on_one_fact_only(guard: Guard[Any], fact: str, values: list[Value]) -> None:
    for given in DOMAIN.records[::7]:
        assert guard(given) is (getattr(given, fact) in values)


def test_every_guard_is_read_for_its_fact() -> None:
    assert {guard for guard, _, _ in READS} | {*dict(PERMITS), levels.levels_are_first} == set(GUARDS)


@pytest.mark.parametrize(("guard", "fact"), PERMITS, ids=label)
def test_a_guard_on_events_depends_on_one_fact_only(guard: Guard[EventFacts], fact: str) -> None:
    for known in (True, False):
        for value in (True, False):
            flags: dict[str, Any] = {**dict.fromkeys(FLAGS, known), fact: value}
            assert guard(EventFacts(**flags)) is value


def test_levels_are_first_or_not() -> None:
    for has_levels in (True, False):
        given = EventFacts(has_levels=has_levels)
        assert levels.levels_are_first(given) is not levels.levels_are_altered(given)


def test_every_fact_about_events_is_read() -> None:
    assert {fact for _, fact in PERMITS} == set(FLAGS)


def test_every_guard_serves_some_version() -> None:
    served = {
        guard
        for policy in VERSIONS.values()
        for guard in (*policy.guards, *policy.premise.guards, *(g for row in policy.all_permits for g in row.guards))
    }
    assert set(GUARDS) <= served


# Rows beside the table.


def test_rows_are_equal_whatever_their_sections_are() -> None:
    asks = (p.state_key_is_own, p.required_level_is_reached)
    here, there = (Row.of("row", dict(zip(asks, numbers, strict=True)), "9") for numbers in (("1", "2"), ("3", "4")))
    assert here == there
    assert (here.clause_of(asks), there.clause_of(asks)) == ("1, 2", "3, 4")


def test_every_guard_of_a_row_has_a_number() -> None:
    lacking = Row("row", (p.state_key_is_own, p.required_level_is_reached), "9", ("1",))
    for ask in (lambda: lacking.clause_of(()), lambda: lacking.asking({})):
        with pytest.raises(ValueError, match="shorter"):
            ask()


def test_what_does_not_concern_an_event_holds() -> None:
    plain = EventFacts()
    assert {name: about.plain for name, about in about_of(EventFacts).items()} == {
        each.name: getattr(plain, each.name) for each in fields(EventFacts)
    }
