"""Small rooms as logs: a creation that says who is in which role, and events, of which the last shows a fault."""

import re
from collections.abc import Callable, Iterable
from itertools import combinations
from typing import Any

from fsm.room_policy.capabilities import write_capability
from fsm.room_policy.components import write_base_policy, write_preauthorizations
from fsm.room_policy.lint.powers import Powers
from fsm.room_policy.roles import write_roles
from fsm.room_policy.room import RoleRoom

JSON = dict[str, Any]
Log = tuple[JSON, ...]

NEWCOMER = "newcomer"
CODE = "code"

CLAIM: JSON = {"claim_id": {"credential_type": 1, "id": "department"}, "claim_value": "hr"}
"""What somebody proves who is preauthorized."""

_PLAIN = re.compile(r"[A-Za-z0-9_-]{1,40}")


class Cast:
    """Users with telling ids: by the roles that they have at first."""

    def __init__(self, powers: Powers, roles: Iterable[int]) -> None:
        self.powers = powers
        self.users: list[tuple[str, int]] = []
        names = [role.name for role in powers.roles.roles]
        for index in roles:
            role = powers.by_index[index]
            is_telling = _PLAIN.fullmatch(role.name) and names.count(role.name) == 1 and role.name != NEWCOMER
            word = role.name if is_telling else f"role-{index}"
            known = sum(user.rpartition("-")[0] == word for user, _ in self.users)
            self.users.append((f"{word}-{known + 1}", index))

    def __getitem__(self, place: int) -> str:
        return self.users[place][0]

    def create(self, *, clients: bool = True, preauthorized: int | None = None, code: int | None = None) -> JSON:
        """The creation of a room in which they are; each has a client, where the role may have any.

        With `preauthorized`, or a `code`, for a role.
        """
        policy = self.powers.policy
        members = [{"user": user, "client": f"{user}/1"} for user, index in self.users if self.powers.is_active(index)]
        content: JSON = {
            "roles_list": {"roles": [_named(role) for role in write_roles(policy.roles)["roles"]]},
            "participant_list": {"participants": [{"user": user, "role_index": role} for user, role in self.users]},
            "mls_group": {"members": members if clients else []},
        }
        if policy.preauthorizations:
            content["preauth_list"] = write_preauthorizations(policy.preauthorizations)
        elif preauthorized is not None:
            content["preauth_list"] = {"preauthorized_entries": [{"claimset": [CLAIM], "target_role": preauthorized}]}
        if policy.base is not None:
            content["base_room_policy"] = write_base_policy(policy.base)
        if code is not None:
            content["join_links"] = {"join_links": [{"join_link": CODE, "target_role_index": code}]}
        return {"type": "create", "sender": "hub", "state_key": "", "content": content}

    def credential(self, role: int) -> JSON:
        """What proves that somebody is preauthorized for a role."""
        entries = write_preauthorizations(self.powers.policy.preauthorizations)["preauthorized_entries"]
        claims = next((entry["claimset"] for entry in entries if entry["target_role"] == role), [CLAIM])
        return {"credential": {"claims": claims}}


def _named(role: JSON) -> JSON:
    return {**role, "role_capabilities": [write_capability(number) for number in role["role_capabilities"]]}


MOST_SHOWN = 8
"""So many holders of a role are in a log at most."""


def all_allowed(powers: Powers, build: Callable[[tuple[int, ...]], tuple[JSON, ...]], *left: int) -> Log | None:
    """The smallest of some logs whose events are all allowed, if there is one.

    `build` makes it with further users in these roles: as many as those that are left must have.
    """
    minima = {index: powers.by_index[index].participants for index in left}
    active = {index: powers.by_index[index].active for index in left}
    for some in (
        combination for size in range(len(left) + 1) for combination in combinations(dict.fromkeys(left), size)
    ):
        more = tuple(
            index for index in some for _ in range(min(max(minima[index].minimum, active[index].minimum), MOST_SHOWN))
        )
        log = build(more)
        room = RoleRoom()
        if all(room.send(each) for each in log):
            return log
    return None


def event(sender: str, target: str, action: str, **content: object) -> JSON:
    """What is to happen to somebody."""
    return {"type": "participant", "sender": sender, "state_key": target, "content": {"action": action, **content}}


def ban(sender: str, target: str) -> JSON:
    """A ban of somebody in the list."""
    return event(sender, target, "change_role", role_index=1, remove_clients=True)


def moved(row: str, sender: str, target: str, dest: int) -> JSON:
    """The event that one of the rows by which somebody is seated is to allow."""
    if row in ("add", "open_join", "preauthorized_join"):
        return event(sender, target, "add", role_index=dest)
    if row == "code_join":
        return event(sender, target, "add", role_index=dest, join_link=CODE)
    return event(sender, target, "change_role", role_index=dest)
