"""Repaired sets are tried by hand: every question is asked of the plain rules, and no law of the package is used."""

import json
from collections.abc import Iterator, Mapping
from itertools import product
from random import Random
from typing import Any

import pytest

from fsm.room_policy.lint.repair import repaired
from fsm.room_policy.policies import data_of
from tests.room_policy.clubs import club, holes, policy_with
from tests.room_policy.plain import answer

JSON = dict[str, Any]
OF_ONESELF = {"canOpenJoin", "canJoinIfPreauthorized", "canRemoveSelf"}
WRITERS = {"canChangePreauthorizedUserList", "canChangeRoleDefinitions"}


class Rooms:
    """Rooms with these roles, in which everybody has a client who may, and there is a code for every role."""

    def __init__(self, data: JSON) -> None:
        self.roles = data["roles_list"]["roles"]
        self.by_index = {role["role_index"]: role for role in self.roles}
        self.seated = [index for index in self.by_index if index > 1]

    def powers(self, index: int) -> set[str]:
        return {name for name in self.by_index[index]["role_capabilities"] if isinstance(name, str)} - OF_ONESELF

    def least(self, index: int) -> int:
        role = self.by_index[index]
        return int(max(role["minimum_participants_constraint"], role["minimum_active_participants_constraint"], 1))

    def ask(self, listed: Mapping[str, int], sender: str, target: str, **content: Any) -> bool:
        active = [
            user for user, role in listed.items() if self.by_index[role]["maximum_active_participants_constraint"] != 0
        ]
        parts = {
            "roles_list": {"roles": self.roles},
            "participant_list": {"participants": [{"user": user, "role_index": role} for user, role in listed.items()]},
            "mls_group": {"members": [{"user": user, "client": f"{user}/1"} for user in active]},
            "join_links": {
                "join_links": [{"join_link": f"to-{role}", "target_role_index": role} for role in self.by_index]
            },
        }
        state = [{"type": name, "content": part} for name, part in parts.items()]
        event = {"type": "participant", "sender": sender, "state_key": target, "content": content}
        return bool(answer({"state": state, "event": event})["allowed"])

    def leaves(self, listed: Mapping[str, int], sender: str) -> Iterator[str]:
        """How the target comes out of its role, by a sender."""
        index = listed["target"]
        if self.ask(listed, sender, "target", action="remove"):
            yield "remove"
        for dest in self.by_index:
            is_lower = dest == 1 or (dest and len(self.powers(dest)) < len(self.powers(index)))
            if is_lower and self.ask(
                listed, sender, "target", action="change_role", role_index=dest, remove_clients=dest == 1
            ):
                yield f"to {dest}"

    def holes(self) -> Iterator[str]:
        yield from self._pairs()
        yield from self._gains()
        yield from self._writers()
        yield from self._returns()

    def _pairs(self) -> Iterator[str]:
        """Who kicks whom they may do nothing else to, and who cannot be moved when alone."""
        for by, index in product(self.seated, self.seated):
            crowd = {f"more-{place}": index for place in range(self.least(index) + 1)}
            many = {"target": index, "sender": by, **crowd}
            ways = {*self.leaves(many, "sender")}
            if self.ask(many, "sender", "target", action="remove_clients") and not ways:
                yield f"kick {by} {index}"
            if by != index and ways != {*self.leaves({"target": index, "sender": by}, "sender")}:
                yield f"alone {by} {index}"

    def _gains(self) -> Iterator[str]:
        """Who seats somebody above themselves."""
        for by, source, dest in product(self.seated, [0, *self.by_index], self.seated):
            if not self.powers(dest) - self.powers(by) or source == dest:
                continue
            crowd = {f"more-{place}": source for place in range(self.least(source))} if source > 1 else {}
            listed = {"sender": by, **crowd, **({"target": source} if source else {})}
            action = "change_role" if source else "add"
            if self.ask(listed, "sender", "target", action=action, role_index=dest):
                yield f"above {by} {source} {dest}"
            if not source and self.powers(by) < self.powers(dest):
                code = {"join_link": f"to-{dest}"}
                if self.ask({"sender": by}, "second", "second", action="add", role_index=dest, **code):
                    yield f"second {by} {dest}"

    def _writers(self) -> Iterator[str]:
        for by, other in product(self.seated, self.seated):
            if WRITERS & self.powers(by) and self.powers(other) - self.powers(by):
                yield f"writes {by} {other}"

    def _returns(self) -> Iterator[str]:
        """Who takes the banned off the list, and may not unban, so that they come in by themselves."""
        for by in self.seated:
            banned = {"sender": by, "target": 1}
            unbans = any(
                self.ask(banned, "sender", "target", action="change_role", role_index=dest) for dest in self.seated
            )
            if unbans or not self.ask(banned, "sender", "target", action="remove"):
                continue
            for dest in self.seated:
                if self.ask({"sender": by}, "target", "target", action="add", role_index=dest, join_link=f"to-{dest}"):
                    yield f"back {by} {dest}"
        if self.ask({"target": 1}, "target", "target", action="remove"):
            for dest in self.seated:
                if self.ask({}, "target", "target", action="add", role_index=dest, join_link=f"to-{dest}"):
                    yield f"back 1 {dest}"


PLAYED = ("kicks-know", "the-last", "nobody-is-put", "who-writes", "the-banned-stay")


def broken(seed: int) -> dict[int, JSON]:
    """A set with three holes."""
    random = Random(seed)  # noqa: S311 - no secrets
    roles, indexes = club(random.randint(3, 5), seed)
    kinds = [each for each in holes(indexes[0], indexes[len(indexes) // 2], indexes[-1]) if each[0].startswith(PLAYED)]
    for _, _, plants in random.sample(kinds, 3):
        for plant in plants:
            plant(roles)
    return roles


def expect_mended(seed: int) -> None:
    policy = policy_with(broken(seed))
    assert [*Rooms(data_of(policy)).holes()]
    mended, _ = repaired(policy)
    assert [*Rooms(json.loads(json.dumps(data_of(mended)))).holes()] == []


def test_a_sound_set_has_no_hole() -> None:
    assert [*Rooms(data_of(policy_with(club(4, 1)[0]))).holes()] == []


@pytest.mark.parametrize("seed", range(2))
def test_a_repair_holds(seed: int) -> None:
    expect_mended(seed)


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 22))
def test_twenty_repairs_hold(seed: int) -> None:
    expect_mended(seed)
