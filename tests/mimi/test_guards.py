"""Every guard on the other events of a room holds and fails where it should, and looks at nothing else."""

from collections.abc import Callable, Iterable
from dataclasses import fields
from itertools import product
from typing import Any

import pytest

import fsm.mimi
from fsm.facts import Value
from fsm.guards import Guard
from fsm.mimi import auth_events as a
from fsm.mimi import enforcement as e
from fsm.mimi import permits as p
from fsm.mimi import visibility as v
from fsm.mimi.auth_events import BackingFacts
from fsm.mimi.enforcement import TransportFacts
from fsm.mimi.visibility import ViewFacts
from fsm.participation.terms import Participation, Visibility
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, Given, event_facts, guards_in, label

GUARDS = guards_in(fsm.mimi)


def view_facts(**given: Any) -> ViewFacts:
    """What differs from a stranger looking at a message in a room whose past is for the joined."""
    plain = {"is_state": False, "visibility": Visibility.JOINED, "viewer": LEAVE, "joined_later": False}
    return ViewFacts(**{**plain, **given})


def backing_facts(**given: Any) -> BackingFacts:
    """What differs from an event that names exactly the events that must back it."""
    return BackingFacts(**{**{field.name: False for field in fields(BackingFacts)}, **given})


# What is given, besides the plain facts, and whether the guard holds.
# fmt: off
EVENTS: list[tuple[Guard[Any], Given, bool]] = [
    (p.room_is_new,                  {"is_created": False},                    True),
    (p.room_is_new,                  {"is_created": False, "sender": LEAVE},   True),
    (p.room_is_new,                  {},                                       False),

    (p.message_is_not_denied,        {},                                       True),
    (p.message_is_not_denied,        {"is_type_denied": True},                 True),
    (p.message_is_not_denied,        {"is_message_denied": True},              False),

    (p.type_is_not_denied,           {},                                       True),
    (p.type_is_not_denied,           {"is_message_denied": True, "is_type_granted": False}, True),
    (p.type_is_not_denied,           {"is_type_denied": True},                 False),

    (p.event_is_own,                 {},                                       True),
    (p.event_is_own,                 {"may_redact": False},                    True),
    (p.event_is_own,                 {"is_own_event": False},                  False),

    (p.sender_may_redact,            {},                                       True),
    (p.sender_may_redact,            {"is_own_event": False},                  True),
    (p.sender_may_redact,            {"may_redact": False},                    False),

    (p.type_is_granted,              {},                                       True),
    (p.type_is_granted,              {"is_type_denied": True},                 True),
    (p.type_is_granted,              {"is_type_granted": False},               False),

    (p.role_ids_are_distinct,        {},                                       True),
    (p.role_ids_are_distinct,        {"are_role_orders_distinct": False},      True),
    (p.role_ids_are_distinct,        {"are_role_ids_distinct": False},         False),

    (p.role_orders_are_distinct,     {},                                       True),
    (p.role_orders_are_distinct,     {"are_role_ids_distinct": False},         True),
    (p.role_orders_are_distinct,     {"are_role_orders_distinct": False},      False),

    (p.touched_roles_are_listed,     {},                                       True),
    (p.touched_roles_are_listed,     {"is_every_role_below": False},           True),
    (p.touched_roles_are_listed,     {"is_every_role_listed": False},          False),

    (p.touched_roles_are_below,      {},                                       True),
    (p.touched_roles_are_below,      {"is_every_role_listed": False},          True),
    (p.touched_roles_are_below,      {"is_every_role_below": False},           False),

    (p.granted_permissions_are_held, {},                                       True),
    (p.granted_permissions_are_held, {"is_administrator_left": False},         True),
    (p.granted_permissions_are_held, {"is_every_grant_held": False},           False),

    (p.administrator_remains,        {},                                       True),
    (p.administrator_remains,        {"is_every_grant_held": False},           True),
    (p.administrator_remains,        {"is_administrator_left": False},         False),
]

VIEWS: list[tuple[Guard[Any], Given, bool]] = [
    (v.event_is_state,         {"is_state": True},                             True),
    (v.event_is_state,         {"viewer": JOIN, "joined_later": True},         False),

    (v.history_is_for_world,   {"visibility": Visibility.WORLD},               True),
    (v.history_is_for_world,   {"visibility": Visibility.SHARED},              False),
    (v.history_is_for_world,   {"visibility": Visibility.INVITED},             False),
    (v.history_is_for_world,   {},                                             False),

    (v.history_is_shared,      {"visibility": Visibility.SHARED},              True),
    (v.history_is_shared,      {"visibility": Visibility.WORLD},               False),
    (v.history_is_shared,      {"visibility": Visibility.INVITED},             False),
    (v.history_is_shared,      {},                                             False),

    (v.history_is_for_invited, {"visibility": Visibility.INVITED},             True),
    (v.history_is_for_invited, {"visibility": Visibility.WORLD},               False),
    (v.history_is_for_invited, {"visibility": Visibility.SHARED},              False),
    (v.history_is_for_invited, {},                                             False),

    (v.viewer_was_joined,      {"viewer": JOIN},                               True),
    (v.viewer_was_joined,      {"viewer": INVITE},                             False),
    (v.viewer_was_joined,      {"viewer": LEAVE, "joined_later": True},        False),

    (v.viewer_was_invited,     {"viewer": INVITE},                             True),
    (v.viewer_was_invited,     {"viewer": JOIN},                               False),
    (v.viewer_was_invited,     {"viewer": KNOCK},                              False),
    (v.viewer_was_invited,     {"viewer": BAN},                                False),

    (v.viewer_joined_later,    {"joined_later": True},                         True),
    (v.viewer_joined_later,    {"viewer": JOIN},                               False),
]

BACKING: list[tuple[Guard[Any], Given, bool]] = [
    (a.auth_events_are_complete, {},                                           True),
    (a.auth_events_are_complete, {"is_any_surplus": True},                     True),
    (a.auth_events_are_complete, {"is_any_missing": True},                     False),
    (a.auth_events_are_selected, {},                                           True),
    (a.auth_events_are_selected, {"is_any_missing": True},                     True),
    (a.auth_events_are_selected, {"is_any_surplus": True},                     False),
    (a.auth_events_are_known,    {},                                           True),
    (a.auth_events_are_known,    {"is_any_outdated": True},                    True),
    (a.auth_events_are_known,    {"is_any_unknown": True},                     False),
    (a.auth_events_are_current,  {},                                           True),
    (a.auth_events_are_current,  {"is_any_unknown": True},                     True),
    (a.auth_events_are_current,  {"is_any_outdated": True},                    False),
]

TRANSPORT: list[tuple[Guard[Any], Given, bool]] = [
    (e.event_is_authentic,       {"is_decrypted": False},                      True),
    (e.event_is_authentic,       {"is_authentic": False},                      False),
    (e.event_is_decrypted,       {"is_authentic": False},                      True),
    (e.event_is_decrypted,       {"is_decrypted": False},                      False),
]

# The one fact that each guard looks at, and the value for which it holds.
READS: list[tuple[Guard[Any], str, Value]] = [
    (p.room_is_new,                  "is_created",               False),
    (p.message_is_not_denied,        "is_message_denied",        False),
    (p.type_is_not_denied,           "is_type_denied",           False),
    (p.event_is_own,                 "is_own_event",             True),
    (p.sender_may_redact,            "may_redact",               True),
    (p.type_is_granted,              "is_type_granted",          True),
    (p.role_ids_are_distinct,        "are_role_ids_distinct",    True),
    (p.role_orders_are_distinct,     "are_role_orders_distinct", True),
    (p.touched_roles_are_listed,     "is_every_role_listed",     True),
    (p.touched_roles_are_below,      "is_every_role_below",      True),
    (p.granted_permissions_are_held, "is_every_grant_held",      True),
    (p.administrator_remains,        "is_administrator_left",    True),
    (v.event_is_state,               "is_state",                 True),
    (v.history_is_for_world,         "visibility",               Visibility.WORLD),
    (v.history_is_shared,            "visibility",               Visibility.SHARED),
    (v.history_is_for_invited,       "visibility",               Visibility.INVITED),
    (v.viewer_was_joined,            "viewer",                   JOIN),
    (v.viewer_was_invited,           "viewer",                   INVITE),
    (v.viewer_joined_later,          "joined_later",             True),
    (a.auth_events_are_complete,     "is_any_missing",           False),
    (a.auth_events_are_selected,     "is_any_surplus",           False),
    (a.auth_events_are_known,        "is_any_unknown",           False),
    (a.auth_events_are_current,      "is_any_outdated",          False),
    (e.event_is_authentic,           "is_authentic",             True),
    (e.event_is_decrypted,           "is_decrypted",             True),
]
# fmt: on

VALUES: dict[str, Iterable[Value]] = {"sender": Participation, "viewer": Participation, "visibility": Visibility}


def all_records(build: Callable[..., Any]) -> list[Any]:
    """Every record that a builder can build."""
    names = [field.name for field in fields(build())]
    combinations = product(*(VALUES.get(name, (False, True)) for name in names))
    return [build(**dict(zip(names, combination, strict=True))) for combination in combinations]


BUILDERS: list[tuple[Callable[..., Any], list[tuple[Guard[Any], Given, bool]]]] = [
    (event_facts, EVENTS),
    (view_facts, VIEWS),
    (backing_facts, BACKING),
    (TransportFacts, TRANSPORT),
]
CASES = [(guard, build(**given), given, holds) for build, table in BUILDERS for guard, given, holds in table]
RECORDS = {build().__class__: all_records(build) for build, _ in BUILDERS}


@pytest.mark.parametrize(("guard", "facts", "given", "holds"), CASES, ids=label)
def test_guard(guard: Guard[Any], facts: Any, given: Given, holds: bool) -> None:
    assert guard(facts) is holds, given


@pytest.mark.parametrize("guard", GUARDS, ids=repr)
def test_every_guard_has_a_true_and_a_false_case(guard: Guard[Any]) -> None:
    assert {holds for tested, _, _, holds in CASES if tested is guard} == {True, False}


@pytest.mark.parametrize(("guard", "fact", "value"), READS, ids=label)
def test_guard_depends_on_one_fact_only(guard: Guard[Any], fact: str, value: Value) -> None:
    kind = next(type(facts) for tested, facts, _, _ in CASES if tested is guard)
    assert len(RECORDS[kind]) > 1
    for facts in RECORDS[kind]:
        assert guard(facts) is (getattr(facts, fact) is value)


def test_every_guard_is_read_for_its_fact() -> None:
    assert {guard.name for guard, _, _ in READS} == {guard.name for guard in GUARDS}
