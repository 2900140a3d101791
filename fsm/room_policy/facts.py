"""What a rule of a room with roles may know.

Two states are about the sender. `sender` is where it stands in the participant list;
`acting` is the role in which it acts: that of the list or, for an outsider, the one
that it is preauthorized for. Role 0 stands for none, with which nobody may anything.
`wanted` is the role that the event asks for, and 0 where no such role is defined.

Numbers arrive compared: whether a minimum holds once the event has happened, not how
many participants there are.

Spec: "Role Capabilities" (8), "Preauthorized Users" (4)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fsm.domain import Domain
from fsm.facts import EVENT, ROOM, SENDER, TARGET, PairFacts, Value, about
from fsm.room_policy.roles import BANNED, OUTSIDE, Roles
from fsm.state import State


class Move(StrEnum):
    """What an event asks for."""

    ADD = "add"
    REMOVE = "remove"
    CHANGE_ROLE = "change_role"
    ADD_CLIENTS = "add_clients"
    REMOVE_CLIENTS = "remove_clients"


class Clients(StrEnum):
    """What becomes of the target's clients."""

    NONE = "none"
    """It has none in the group, and gets none."""
    STAY = "stay"
    """It has some in the group afterwards; or the event removes what is not in the group."""
    GO = "go"
    """Those that the event removes go."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class RoleFacts(PairFacts[State]):
    """All that a rule may know about what happens to a user. The plain case: all bounds hold."""

    sender: State = about(SENDER)
    target: State = about(TARGET)
    acting: State = about(SENDER)
    wanted: State = about(EVENT)
    preauthorized_for_role: bool = about(SENDER, plain=False)
    join_code_is_valid: bool = about(EVENT, plain=False)
    minimum_participants_holds: bool = about(ROOM, plain=True)
    minimum_active_participants_holds: bool = about(ROOM, plain=True)
    maximum_participants_holds: bool = about(ROOM, plain=True)
    maximum_active_participants_holds: bool = about(ROOM, plain=True)
    membership_is_not_fixed: bool = about(ROOM, plain=True)
    max_users_holds: bool = about(ROOM, plain=True)
    max_clients_holds: bool = about(ROOM, plain=True)
    one_client_holds: bool = about(ROOM, plain=True)
    clients: Clients = about(EVENT, plain=Clients.NONE)


@dataclass(frozen=True, slots=True)
class ListedActInTheirRole:
    """Who is in the participant list acts in the role that it has there."""

    reads = frozenset({"sender", "acting"})
    table = "sender is 0 or acting"

    def __call__(self, facts: RoleFacts) -> bool:
        """Whether it holds."""
        return facts.sender.word == OUTSIDE or facts.acting == facts.sender


@dataclass(frozen=True, slots=True)
class BoundMayFail:
    """A bound fails only for a role that has one: the one that the fact `of` says."""

    fact: str
    of: str
    roles: frozenset[int]

    @property
    def reads(self) -> frozenset[str]:
        """The facts that it looks at."""
        return frozenset({self.fact, self.of})

    @property
    def table(self) -> list[Any]:
        """What stands for its truth table."""
        return [self.fact, sorted(self.roles)]

    def __call__(self, facts: RoleFacts) -> bool:
        """Whether it holds."""
        return getattr(facts, self.fact) or getattr(facts, self.of).word in self.roles


@dataclass(frozen=True, slots=True)
class OnlyAddedClientsAreTooMany:
    """The bounds on clients bind what adds clients only."""

    reads = frozenset({"clients", "max_clients_holds", "one_client_holds"})
    table = "both or clients stay"

    def __call__(self, facts: RoleFacts) -> bool:
        """Whether it holds."""
        return (facts.max_clients_holds and facts.one_client_holds) or facts.clients is Clients.STAY


def states_of(roles: Roles) -> tuple[State, ...]:
    """The states of users in a room with these roles: 0, and each role that is defined."""
    names = {OUTSIDE: "", **{role.index: role.name for role in roles.roles}}
    return tuple(State(index, name) for index, name in names.items())


def domain_of(roles: Roles, states: tuple[State, ...]) -> Domain[RoleFacts]:
    """The facts that rooms with these roles can meet."""
    bounds: tuple[tuple[str, str, Callable[[Any], bool]], ...] = (
        ("minimum_participants_holds", "target", lambda role: role.participants.minimum > 0),
        ("minimum_active_participants_holds", "target", lambda role: role.active.minimum > 0),
        ("maximum_participants_holds", "wanted", lambda role: role.participants.maximum is not None),
        # The first client of a listed user makes it active in the role that it has.
        ("maximum_active_participants_holds", "wanted", lambda role: role.active.maximum is not None),
    )
    possible = [
        BoundMayFail(fact, of, frozenset(role.index for role in roles.roles if has(role))) for fact, of, has in bounds
    ]
    # Only who comes in, or from role 1, makes one user more.
    possible.append(BoundMayFail("max_users_holds", "target", frozenset({OUTSIDE, BANNED})))
    return Domain(
        RoleFacts,
        dict.fromkeys(("sender", "target", "acting", "wanted"), states),
        (ListedActInTheirRole(), OnlyAddedClientsAreTooMany(), *possible),
    )


def carried(states: tuple[State, ...]) -> Mapping[StrEnum, Mapping[str, tuple[Value, ...]]]:
    """What events of each action cannot say."""
    nowhere: dict[str, tuple[Value, ...]] = {"wanted": states[:1], "preauthorized_for_role": (False,)}
    no_code: dict[str, tuple[Value, ...]] = {"join_code_is_valid": (False,)}
    no_clients: dict[str, tuple[Value, ...]] = {"max_clients_holds": (True,), "one_client_holds": (True,)}
    # A role that is not defined is none that an event of its own is written for.
    somewhere: dict[str, tuple[Value, ...]] = {"wanted": states[1:] or states}
    return {
        Move.ADD: {**somewhere, "clients": (Clients.NONE, Clients.STAY)},
        Move.REMOVE: {**nowhere, **no_code, **no_clients, "clients": (Clients.NONE,)},
        Move.CHANGE_ROLE: {**somewhere, **no_code, **no_clients},
        Move.ADD_CLIENTS: {**no_code, "preauthorized_for_role": (False,), "clients": (Clients.STAY,)},
        Move.REMOVE_CLIENTS: {**nowhere, **no_code, **no_clients, "clients": (Clients.STAY, Clients.GO)},
    }
