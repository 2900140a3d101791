"""A room for every case: rooms with roles can begin with any participants, so that two events lead to any facts.

The first event creates the room, the second is the question. How many others are in the
roles concerned, and what the room is set to, follows from which bounds hold.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any

from fsm.errors import EventError
from fsm.room_policy.events import CREATE, PARTICIPANT
from fsm.room_policy.facts import Clients, Move, RoleFacts
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import BANNED, OUTSIDE, Role
from fsm.room_policy.room import RoleRoom
from fsm.room_policy.syntax import CODE
from fsm.state import State

JSON = dict[str, Any]

SENDER, TARGET = "ann", "bob"

MOST = 64
"""So many others are in a room at most: what takes more is not shown."""


@dataclass(frozen=True, slots=True)
class _Try:
    """How many others are in the roles left and entered, whether these are active, and the target is."""

    left: int
    entered: int
    left_are_active: bool
    entered_are_active: bool
    is_active: bool


def log_to(policy: RolePolicy, action: str, facts: RoleFacts) -> tuple[JSON, ...] | None:
    """Two events, of which the second asks for an action in these facts; None where no room has them.

    Facts that no row for the action looks at may differ.
    """
    move = Move(action)
    for each in _tries(policy, move, facts):
        log = _create(policy, facts, move, each), _question(facts, move)
        room = RoleRoom(policy=policy)
        try:
            if room.send(log[0]) and _agree(room.facts_of(log[1]), facts, policy.reads(move)):
                return log
        except EventError:
            continue
    return None


def _agree(one: RoleFacts, other: RoleFacts, names: Iterable[str]) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in names)


def _tries(policy: RolePolicy, move: Move, facts: RoleFacts) -> Iterator[_Try]:
    by_index = policy.roles.by_index
    left, entered = by_index.get(facts.target.word), by_index.get(facts.wanted.word)  # type: ignore[arg-type]
    some_left, some_entered = sorted(_numbers(left)), sorted(_numbers(entered))
    has_clients: tuple[bool, ...] = (False, True)
    if facts.clients is Clients.GO or (facts.clients is Clients.STAY and move is Move.CHANGE_ROLE):
        has_clients = (True,)
    if facts.clients is Clients.NONE and move in (Move.CHANGE_ROLE, Move.ADD):
        has_clients = (False,)
    for one, other in product(some_left, some_entered):
        for first, second, active in product((False, True), (False, True), has_clients):
            if (one or not first) and (other or not second):
                yield _Try(one, other, first, second, active)


def _numbers(role: Role | None) -> set[int]:
    """How many others in a role tell its bounds apart."""
    if role is None:
        return {0}
    bounds = (role.participants.minimum, role.active.minimum, role.participants.maximum, role.active.maximum)
    numbers = {0} | {number + more for number in bounds if number for more in (-1, 0)}
    return {number for number in numbers if number <= MOST}


def _create(policy: RolePolicy, facts: RoleFacts, move: Move, tried: _Try) -> JSON:
    target = SENDER if facts.is_self else TARGET
    listed = {user: state for user, state in ((target, facts.target), (SENDER, facts.sender)) if state.word != OUTSIDE}
    if facts.wanted.word == BANNED and not facts.max_users_holds:
        # The banned are no users: somebody else is one too many.
        users = [state for state in policy.states if isinstance(state, State) and state.word not in (OUTSIDE, BANNED)]
        listed |= dict(zip(["another"], users, strict=False))
    members = [(target, f"{target}/1")] if tried.is_active else []
    for name, state, number, active in (
        ("left", facts.target, tried.left, tried.left_are_active),
        ("entered", facts.wanted, tried.entered, tried.entered_are_active),
    ):
        for place in range(number if state.word != OUTSIDE else 0):
            listed[f"{name}-{place + 1}"] = state
            members += [(f"{name}-{place + 1}", f"{name}-{place + 1}/1")] if active else []
    content: JSON = {
        "participant_list": {
            "participants": [{"user": user, "role_index": state.value} for user, state in listed.items()]
        },
        "mls_group": {"members": [{"user": user, "client": client} for user, client in members]},
        "preauth_list": {
            "preauthorized_entries": [{"claimset": [], "target_role": role} for role in _entries(facts, move)]
        },
        "base_room_policy": {
            "fixed_membership": not facts.membership_is_not_fixed,
            "max_users": None if facts.max_users_holds else 0,
            "max_clients": None if facts.max_clients_holds else 0,
            "multi_device": facts.one_client_holds,
        },
    }
    if facts.join_code_is_valid:
        content["join_links"] = {"join_links": [{"join_link": CODE, "target_role_index": facts.wanted.value}]}
    return {"type": CREATE, "sender": SENDER, "state_key": "", "content": content}


def _entries(facts: RoleFacts, move: Move) -> list[Any]:
    """Who anybody is preauthorized for: the role in which an outsider acts comes first."""
    entries = [] if facts.sender.word != OUTSIDE else [facts.acting.value]
    if facts.preauthorized_for_role and (move is Move.CHANGE_ROLE or facts.sender.word != OUTSIDE):
        entries.append(facts.wanted.value)
    return entries


def _question(facts: RoleFacts, move: Move) -> JSON:
    target = SENDER if facts.is_self else TARGET
    content: JSON = {"action": move.value}
    if move in (Move.ADD, Move.CHANGE_ROLE):
        content["role_index"] = facts.wanted.value
    if move is Move.ADD_CLIENTS or (move is Move.ADD and facts.clients is Clients.STAY):
        content["clients"] = [f"{target}/2", *([] if facts.one_client_holds else [f"{target}/3"])]
    if move is Move.REMOVE_CLIENTS and facts.clients is Clients.STAY:
        content["clients"] = [f"{target}/unknown"]
    if move is Move.CHANGE_ROLE and facts.clients is Clients.GO:
        content["remove_clients"] = True
    if facts.join_code_is_valid:
        content["join_link"] = CODE
    return {"type": PARTICIPANT, "sender": SENDER, "state_key": target, "content": content}
