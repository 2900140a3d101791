"""What a room with roles of its own holds: its policy, who is in which role, clients, and what it is set to.

A component is taken as it stands, and a change that is allowed is applied; nothing is judged here.
"""

import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from fsm.errors import EventError
from fsm.room_policy.components import (
    BasePolicy,
    Components,
    Preauthorizations,
    read_base_policy,
    read_group,
    read_join_links,
    read_metadata,
    read_participants,
    read_preauthorizations,
    write_base_policy,
    write_preauthorizations,
)
from fsm.room_policy.events import Change
from fsm.room_policy.facts import Clients, Move
from fsm.room_policy.policies import RolePolicy, policy_of
from fsm.room_policy.roles import OUTSIDE, Roles, read_roles, write_roles
from fsm.state import State

NO_CLIENTS: frozenset[str] = frozenset()


class Contents:
    """The contents of one room."""

    __slots__ = ("active", "counts", "group", "number_of_clients", "policy", "set_to", "states")

    def __init__(self, policy: RolePolicy) -> None:
        self.policy = policy
        self.states: dict[str, Any] = {}
        """Everybody who is in the participant list."""
        self.group: dict[str, set[str]] = {}
        """The clients that users have in the MLS group."""
        self.number_of_clients = 0
        self.counts: dict[int, int] = {}
        """How many participants each role has."""
        self.active: dict[int, int] = {}
        """How many of them have clients."""
        self.set_to = Components(
            preauthorizations=Preauthorizations.of(policy.preauthorizations), base=policy.base or BasePolicy()
        )

    def copy(self) -> "Contents":
        """The same, of which nothing is shared that changes."""
        copied = Contents(self.policy)
        copied.states, copied.set_to = dict(self.states), self.set_to
        copied.group = {user: set(clients) for user, clients in self.group.items()}
        copied.number_of_clients = self.number_of_clients
        copied.counts, copied.active = dict(self.counts), dict(self.active)
        return copied

    def participation(self, user: str) -> Any:
        """The role of a user, as a state."""
        return self.states.get(user, self.policy.initial)

    def clients(self, user: str) -> AbstractSet[str]:
        """The user's clients in the group."""
        return self.group.get(user, NO_CLIENTS)

    def state(self, index: int | None) -> State:
        """The state of a role; 0 for one that is not defined."""
        known: Mapping[int | None, State] = self.policy.derived(_by_index)
        return known.get(index, known[OUTSIDE])

    def components(self) -> dict[str, dict[str, Any]]:
        """All that the room holds, by component, as JSON: what `take` takes."""
        members = [{"user": user, "client": client} for user, some in self.group.items() for client in sorted(some)]
        listed = [{"user": user, "role_index": state.word} for user, state in self.states.items()]
        set_to = self.set_to
        return {
            "roles_list": write_roles(self.policy.roles),
            "participant_list": {"participants": listed},
            "mls_group": {"members": members},
            "preauth_list": write_preauthorizations(set_to.preauthorizations.entries),
            "join_links": {
                "join_links": [{"join_link": link, "target_role_index": role} for link, role in sorted(set_to.codes)]
            },
            "base_room_policy": write_base_policy(set_to.base),
            "room_metadata": {name: json.loads(text) for name, text in set_to.metadata.items()},
        }

    def take(self, component: str, content: Mapping[str, Any], place: str) -> None:
        """Take a component as it stands. Raises `EventError`, and changes nothing then."""
        if component == "roles_list":
            self._become(read_roles(content, place))
        elif component == "participant_list":
            listed = read_participants(content, self.policy.roles, place)
            self.states = {user: self.state(index) for user, index in listed.items()}
            self._count()
        elif component == "mls_group":
            self.group = read_group(content, place)
            self.number_of_clients = sum(map(len, self.group.values()))
            self._count()
        elif component == "preauth_list":
            entries = Preauthorizations.of(read_preauthorizations(content, place))
            self.set_to = replace(self.set_to, preauthorizations=entries)
        elif component == "join_links":
            self.set_to = replace(self.set_to, codes=read_join_links(content, place))
        elif component == "base_room_policy":
            self.set_to = replace(self.set_to, base=read_base_policy(content, place))
        else:
            self.set_to = replace(self.set_to, metadata=read_metadata(content, place))

    def apply(self, change: Change, target: str) -> None:
        """Let a change happen."""
        mine = self.clients(target)
        after, _ = clients_after(change, mine)
        before = self.participation(target).word
        role = {Move.REMOVE: OUTSIDE, Move.ADD: change.role, Move.CHANGE_ROLE: change.role}.get(change.move, before)
        if before != OUTSIDE:
            self._note(before, -1, is_active=bool(mine))
        if role != OUTSIDE:
            self._note(role, 1, is_active=bool(after))
            self.states[target] = self.state(role)
        else:
            self.states.pop(target, None)
        self.number_of_clients += after - len(mine)
        if not after:
            self.group.pop(target, None)
        elif change.move is Move.REMOVE_CLIENTS:
            assert change.clients is not None  # some of them stay
            self.group[target] -= change.clients
        elif change.clients and change.move in (Move.ADD, Move.ADD_CLIENTS):
            self.group.setdefault(target, set()).update(change.clients)

    def hold(self, states: dict[str, Any], group: dict[str, set[str]], set_to: Components) -> None:
        """Hold what is known to be so."""
        self.states, self.group, self.set_to = states, group, set_to
        self._count()

    def _become(self, roles: Roles) -> None:
        """Be run by these roles from now on. Raises `EventError` where a role in use is missing."""
        if roles == self.policy.roles:
            return
        if self.policy.unsupplied:
            raise EventError("content.roles", f"cannot change: policy `{self.policy.id}` looks at facts of its own")
        for index, count in self.counts.items():
            if count and index not in roles.by_index:
                raise EventError("content.roles", f"lacks role {index}, which is in use")
        self.policy = policy_of(roles)
        self.states = {user: self.state(state.word) for user, state in self.states.items()}

    def _count(self) -> None:
        """Count the participants, and the active ones, of each role."""
        self.counts, self.active = {}, {}
        for user, state in self.states.items():
            self._note(state.word, 1, is_active=bool(self.group.get(user)))

    def _note(self, index: Any, step: int, *, is_active: bool) -> None:
        """One participant more, or fewer."""
        self.counts[index] = self.counts.get(index, 0) + step
        self.active[index] = self.active.get(index, 0) + step * is_active


def clients_after(change: Change, mine: AbstractSet[str]) -> tuple[int, Clients]:
    """How many clients the target has after a change, and what becomes of them."""
    before, named = len(mine), change.clients
    known = before if named is None else sum(client in mine for client in named)
    match change.move:
        case Move.REMOVE:
            return 0, Clients.NONE
        case Move.ADD | Move.ADD_CLIENTS:
            after = before + len(named or ()) - (known if named else 0)
            return after, Clients.STAY if after else Clients.NONE
        case Move.CHANGE_ROLE:
            if not before:
                return 0, Clients.NONE
            return (0, Clients.GO) if change.removes_clients else (before, Clients.STAY)
        case Move.REMOVE_CLIENTS:
            are_there = 0 < known == (before if named is None else len(named))
            return before - known, Clients.GO if are_there else Clients.STAY


def _by_index(policy: RolePolicy) -> Mapping[int | None, State]:
    return {state.word: state for state in policy.states}  # type: ignore[misc,union-attr]
