"""Guards of rooms with roles say of themselves what they look at: which facts, and what of the role definitions."""

from collections.abc import Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any

import pytest

from fsm import RoleRoom
from fsm.domain import watched
from fsm.guards import Guard
from fsm.room_policy import guards as g
from fsm.room_policy.capabilities import NUMBERS
from fsm.room_policy.facts import Clients
from fsm.room_policy.policies import EXAMPLES, RolePolicy, policy_of
from fsm.room_policy.roles import OUTSIDE, Roles, read_roles, write_roles
from fsm.state import State
from tests.room_policy import test_room

POLICIES = {key: policy_of(example["roles_list"], id=key) for key, example in EXAMPLES.items()}


def guards_of(policy: RolePolicy) -> dict[tuple[str, int], Guard[Any]]:
    """The guards of a policy, by transition and place."""
    return {(row.id, place): guard for row in policy.transitions for place, guard in enumerate(row.guards)}


def facts_for(policy: RolePolicy, names: frozenset[str]) -> Iterator[Any]:
    """The plain case with every value of the facts that are named."""
    record: Any = policy.domain.record
    values = [policy.domain.values[name] for name in sorted(names)]
    for each in product(*values):
        yield record(**{**policy.domain.plain, **dict(zip(sorted(names), each, strict=True))})


@pytest.mark.parametrize("key", POLICIES)
def test_guards_read_the_facts_that_they_name(key: str) -> None:
    domain = POLICIES[key].domain
    for guard in guards_of(POLICIES[key]).values():
        declared: frozenset[str] = guard.test.reads  # type: ignore[attr-defined]
        assert watched(guard, domain.record, domain.values, domain.plain) <= declared


def altered(roles: list[dict[str, Any]]) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """A role, and definitions in which one thing of it is changed: a capability, a change of roles, or the name of the role of the banned."""
    for place, role in enumerate(roles):

        def with_(place: int = place, role: dict[str, Any] = role, **more: Any) -> list[dict[str, Any]]:
            return [*roles[:place], {**role, **more}, *roles[place + 1 :]]

        held = set(role["role_capabilities"])
        for number in NUMBERS.values():
            yield place, with_(role_capabilities=sorted(held ^ {number}))
        entries = role["authorized_role_changes"]
        for number, entry in enumerate(entries):
            yield place, with_(authorized_role_changes=[*entries[:number], *entries[number + 1 :]])
            for dest in entry["target_role_indexes"]:
                fewer = {
                    **entry,
                    "target_role_indexes": [each for each in entry["target_role_indexes"] if each != dest],
                }
                yield place, with_(authorized_role_changes=[*entries[:number], fewer, *entries[number + 1 :]])
        yield place, with_(role_name="banned" if role["role_name"] != "banned" else "else")


def guards_on(roles: Roles) -> list[Any]:
    """A guard of each kind, on these roles."""
    holds = g.Holds(roles, "canKick")
    return [
        holds,
        g.Holds(roles, "canUseJoinCode", "wanted"),
        g.OutsidersHold(roles, "canOpenJoin"),
        g.OutsidersHold(roles, "canUseJoinCode", acting=True),
        g.MayTakeClients(holds),
        g.Leads(roles),
        g.Leads(roles, removes=True),
        g.LeadsIn(roles),
        g.LeadsIn(roles, "canUseJoinCode"),
        g.BannedExists(roles),
    ]


def test_tables_tell_guards_apart_that_answer_otherwise() -> None:
    differing = set[int]()
    for policy in POLICIES.values():
        ours = guards_on(policy.roles)
        facts = [list(facts_for(policy, guard.reads)) for guard in ours]
        answers = [list(map(guard, each)) for guard, each in zip(ours, facts, strict=True)]
        for place, roles in altered(write_roles(policy.roles)["roles"]):
            for number, guard in enumerate(guards_on(read_roles({"roles": roles}))):
                differ = list(map(guard, facts[number])) != answers[number]
                # Of role changes a table may say more than makes a difference, but not of role 0.
                if differ or place == OUTSIDE or not isinstance(guard, g.Leads | g.LeadsIn):
                    assert (guard.table != ours[number].table) is differ, guard
                if differ:
                    differing.add(number)
    assert differing == set(range(len(ours)))


def test_changes_of_metadata_by_who_may_make_them() -> None:
    roles = POLICIES["cooperative"].roles
    names = (
        g.MayChange(g.Holds(roles, name), fact)
        for name in ("canChangeRoomName", "canKick")
        for fact in ("name", "topic")
    )
    assert [guard.reads for guard in names] == [{"acting", "name"}, {"acting", "topic"}] * 2
    tables = [g.MayChange(g.Holds(roles, "canBan"), fact).table for fact in ("name", "topic")]
    assert tables == [["name", g.Holds(roles, "canBan").table], ["topic", g.Holds(roles, "canBan").table]]


def roles_with(**capabilities: list[str]) -> Roles:
    """Roles that hold these, by `role_` and their index; each leads from 0 to itself."""
    return read_roles({"roles": [
        test_room.role(index) | {
            "role_capabilities": held,
            "authorized_role_changes": [{"from_role_index": 0, "target_role_indexes": [index]}],
        }
        for name, held in capabilities.items() if (index := int(name.removeprefix("role_"))) is not None
    ]})  # fmt: skip


ROLES = roles_with(role_0=["canKick", "canOpenJoin"], role_2=["canKick"], role_3=[], role_4=["canKick"])
NO_OUTSIDERS = roles_with(role_2=["canKick"])
# fmt: off
TABLES: list[tuple[Any, list[Any]]] = [
    (g.Holds(ROLES, "canKick"),                           [2, 4]),
    (g.Holds(NO_OUTSIDERS, "canKick"),                    [2]),
    (g.OutsidersHold(ROLES, "canKick"),                   [0]),
    (g.OutsidersHold(ROLES, "canBan"),                    []),
    (g.OutsidersHold(NO_OUTSIDERS, "canKick"),            []),
    (g.OutsidersHold(ROLES, "canKick", acting=True),      [0, 2, 4]),
    (g.MayTakeClients(g.Holds(ROLES, "canKick")),         ["canKick", [2, 4]]),
    (g.MayChange(g.Holds(ROLES, "canKick"), "room_name"), ["room_name", [2, 4]]),
    (g.LeadsIn(ROLES),                                    [[0, [0]]]),
    (g.LeadsIn(NO_OUTSIDERS),                             [[0, []]]),
    (g.LeadsIn(NO_OUTSIDERS, "canKick"),                  [[0, []], [2, [2]]]),
    (g.LeadsIn(NO_OUTSIDERS, "canBan"),                   [[0, []], [2, [2]]]),
    (g.Leads(NO_OUTSIDERS),                               [[2, 0, [2]]]),
    (g.Leads(NO_OUTSIDERS, removes=True),                 [[2, 0, []]]),
    (g.BannedExists(ROLES),                               [False]),
]
# fmt: on


@pytest.mark.parametrize(("guard", "table"), TABLES, ids=range(len(TABLES)))
def test_tables_name_what_they_are_of(guard: Any, table: list[Any]) -> None:
    assert guard.table == table


MOVES = read_roles({"roles": [
    test_room.role(2) | {"authorized_role_changes": [
        {"from_role_index": 2, "target_role_indexes": [3]},
        {"from_role_index": 3, "target_role_indexes": [0]},
    ]},
    test_room.role(3),
]})  # fmt: skip
NAME = g.MayChange(g.Holds(ROLES, "canKick"), "changes")
TAKES = g.MayTakeClients(g.Holds(ROLES, "canKick"))
# fmt: off
ANSWERS: list[tuple[Any, dict[str, Any], bool]] = [
    (NAME,                                  {"changes": True, "acting": 2},            True),
    (NAME,                                  {"changes": True, "acting": 3},            False),
    (NAME,                                  {"changes": True, "acting": 0},            False),
    (NAME,                                  {"changes": False, "acting": 3},           True),
    (TAKES,                                 {"clients": Clients.GO, "acting": 2},      True),
    (TAKES,                                 {"clients": Clients.GO, "acting": 3},      False),
    (TAKES,                                 {"clients": Clients.STAY, "acting": 3},    True),
    (g.Leads(MOVES),                        {"acting": 2, "target": 2, "wanted": 3},   True),
    (g.Leads(MOVES),                        {"acting": 2, "target": 3, "wanted": 2},   False),
    (g.Leads(MOVES),                        {"acting": 3, "target": 2, "wanted": 3},   False),
    (g.Leads(MOVES),                        {"acting": 0, "target": 2, "wanted": 3},   False),
    (g.Leads(MOVES, removes=True),          {"acting": 2, "target": 3, "wanted": 3},   True),
    (g.Leads(MOVES, removes=True),          {"acting": 2, "target": 2, "wanted": 3},   False),
    (g.LeadsIn(ROLES),                      {"acting": 2, "wanted": 0},                True),
    (g.LeadsIn(ROLES),                      {"acting": 2, "wanted": 2},                False),
    (g.LeadsIn(ROLES, "canKick"),           {"acting": 2, "wanted": 2},                True),
    (g.LeadsIn(ROLES, "canKick"),           {"acting": 2, "wanted": 0},                True),
    (g.LeadsIn(ROLES, "canKick"),           {"acting": 3, "wanted": 3},                False),
    (g.LeadsIn(ROLES, "canBan"),            {"acting": 3, "wanted": 3},                True),
]
# fmt: on


@pytest.mark.parametrize(("guard", "given", "holds"), ANSWERS, ids=range(len(ANSWERS)))
def test_a_guard_of_roles(guard: Any, given: dict[str, Any], holds: bool) -> None:
    roles = {name: State(value, "") for name, value in given.items() if type(value) is int}
    assert guard(SimpleNamespace(**{**given, **roles})) is holds


def test_refusals_of_metadata_name_the_capability() -> None:
    room = RoleRoom("r")
    assert room.send(test_room.event("create", "hub", **test_room.PARTS))
    renamed = room.decide(test_room.event("room_metadata", "bob", room_name="tea"))
    assert renamed.reason == "update_metadata: the sender's role lacks canChangeRoomName"


def test_to_act_in_no_role_is_not_to_be_an_outsider() -> None:
    roles = read_roles(
        {
            "roles": [
                {**role, "role_capabilities": [NUMBERS["canOpenJoin"]]}
                for role in write_roles(POLICIES["strict"].roles)["roles"]
            ]
        }
    )
    outside, member = (State(index, "") for index in (OUTSIDE, 2))
    for acting, sender, holds in ((outside, outside, True), (outside, member, False), (member, member, True)):
        facts: Any = SimpleNamespace(acting=acting, sender=sender)
        assert g.OutsidersHold(roles, "canOpenJoin", acting=True)(facts) is holds
        assert g.OutsidersHold(roles, "canOpenJoin")(facts) is (sender is outside)
