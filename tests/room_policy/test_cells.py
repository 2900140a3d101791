"""Every cell of the examples, and of random role sets: the machine says what the plain rules say."""

from itertools import islice
from typing import Any

import pytest

from fsm import load_policy
from fsm.domain import watched
from fsm.memory import memory_of
from fsm.room_policy.facts import Clients, RoleFacts
from fsm.room_policy.policies import RolePolicy, policy_of
from fsm.room_policy.roles import write_roles
from tests.room_policy.plain import Move, World
from tests.room_policy.questions import Questions

EXAMPLES = ["cooperative", "strict", "moderated", "organizations"]


class Cell(Move):
    """The plain rules, which are told what the facts say instead of counting."""

    def __init__(self, roles: list[dict[str, Any]], action: str, facts: RoleFacts) -> None:  # not of an event
        world = World([{"type": "roles_list", "content": {"roles": roles}}])
        self.facts, self.world, self.action = facts, world, action
        self.target, self.sender = "target", "target" if facts.is_self else "sender"
        self.before, asked = int(facts.target.word), int(facts.wanted.word)
        self.wanted = asked if action in ("add", "change_role") else None
        for user, state in ((self.target, facts.target), (self.sender, facts.sender)):
            if state.word:
                world.listed[user] = int(state.word)
        self.acting = int(facts.acting.word) or None
        self.link = "link" if facts.join_code_is_valid else None
        world.links = [{"join_link": "link", "target_role_index": asked}]
        world.entries = [{"claimset": [], "target_role": asked}] if facts.preauthorized_for_role else []
        self.claims = []
        self.removes = facts.clients is Clients.GO
        has = facts.clients is not Clients.NONE
        self.mine = {"one"} if has and action not in ("add", "add_clients") else set()
        self.named = {"one"} if action == "add_clients" or self.removes or (has and action == "add") else None
        if facts.clients is Clients.STAY and action == "remove_clients":
            self.named = {"another"}
        world.base = {"fixed_membership": not facts.membership_is_not_fixed}

    def minima(self, a: int, role_after: int | None) -> list[tuple[str, bool]]:  # noqa: ARG002
        return self._told("minimum_participants_holds", "minimum_active_participants_holds")

    def maxima(self, b: int) -> list[tuple[str, bool]]:  # noqa: ARG002
        return self._told("maximum_participants_holds", "maximum_active_participants_holds")

    def base(self, b: int) -> list[tuple[str, bool]]:  # noqa: ARG002
        return self._told("membership_is_not_fixed", "max_users_holds", "max_clients_holds", "one_client_holds")

    def users_hold(self, b: int) -> bool:  # noqa: ARG002
        return self.facts.max_users_holds

    def _told(self, *names: str) -> list[tuple[str, bool]]:
        return [(name, getattr(self.facts, name)) for name in names]


def written(policy: RolePolicy) -> list[dict[str, Any]]:
    """The roles of a policy as the plain rules read them."""
    roles: list[dict[str, Any]] = write_roles(policy.roles)["roles"]
    return roles


def check(policy: RolePolicy, step: int = 1) -> int:
    """Compare every cell, or one of so many."""
    roles, decide, count = written(policy), memory_of(policy).machine.decide, 0
    for action in policy.triggers:
        for facts, _ in islice(policy.walk(action), 0, None, step):
            if action in ("add", "change_role") and not facts.wanted.word:
                assert not decide(action, facts).refusals  # no row leads there
                continue
            decision = decide(action, facts).as_json("")
            wanted = Cell(roles, action, facts).answer()
            assert {key: decision[key] for key in wanted} == wanted, (action, facts)
            count += 1
    return count


@pytest.mark.long
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example(name: str) -> None:
    assert check(example(name)) > 10_000


@pytest.mark.parametrize("name", EXAMPLES[:2])
def test_some_cells_of_an_example(name: str) -> None:
    assert check(example(name), step=97) > 100


def example(name: str) -> RolePolicy:
    policy = load_policy(f"room-policy-{name}")
    assert isinstance(policy, RolePolicy)
    return policy


@pytest.mark.parametrize("seed", range(6))
def test_random_roles(seed: int) -> None:
    roles = [role for role in Questions(seed).roles() if role["role_index"] < 3]
    check(policy_of(roles))


@pytest.mark.parametrize("seed", range(6))
def test_guards_look_at_what_they_declare(seed: int) -> None:
    policy = policy_of([role for role in Questions(seed).roles() if role["role_index"] < 4])
    domain = policy.domain
    tests = [guard.test for guard in policy.guards] + list(domain.possible)
    for test in tests:
        assert watched(test, domain.record, domain.values, domain.plain) <= domain.reads(test)


def test_equal_roles_share_one_policy_whatever_their_order() -> None:
    roles = Questions(3).roles()
    policy = policy_of(roles)
    assert policy_of({"roles": roles[::-1]}) is policy
    assert policy_of([{**role, "role_name": f"{role['role_name']}!"} for role in roles]) is not policy
