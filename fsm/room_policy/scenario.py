"""Small rooms with roles of their own to try role sets in."""

from typing import Any

from fsm.room_policy.cases import log_to
from fsm.room_policy.events import CREATE
from fsm.room_policy.lint.powers import Powers
from fsm.room_policy.policies import RolePolicy
from fsm.room_policy.roles import OUTSIDE
from fsm.room_policy.syntax import CLAIM, CODE
from fsm.scenario import Opening, Scenario

JSON = dict[str, Any]

USERS = {"ann": "Ann", "bob": "Bob", "cat": "Cat", "dan": "Dan", "eve": "Eve"}

BASES: dict[str, JSON] = {
    "a small room": {"max_users": len(USERS) + 2, "max_clients": len(USERS) + 2},
    "one client each": {"multi_device": False},
    "fixed membership": {"fixed_membership": True},
}
"""The base policies of further openings."""

MOST_ROLES = 24
"""Of so many roles holders are in the second opening."""


def scenario_of(policy: RolePolicy) -> Scenario:
    """The scenario of a role set: rooms of a founder in the role with the most capabilities, and of many roles."""
    powers = policy.derived(Powers)
    ranked = sorted(powers.seated, key=lambda index: (-len(powers.of(index)), index))
    several = dict(zip(USERS, ranked[:MOST_ROLES], strict=False))
    openings = {"a founder alone": _opening(powers, dict(zip(USERS, ranked[:1], strict=False)))}
    if len(several) > 1:
        openings["one of each role"] = _opening(powers, several)
        openings |= {name: _opening(powers, several, base) for name, base in BASES.items()}
    return Scenario(
        users=USERS,
        strangers=("fay", "gus"),
        openings=openings,
        attempts=tuple({"type": "message", "sender": user, "content": {}} for user in USERS),
        stranger_role="no role",
        case=lambda action, facts: log_to(policy, action, facts),
    )


def _opening(powers: Powers, listed: dict[str, int], base: JSON | None = None) -> Opening:
    """A room with these users, each with a client, where a code and a claim lead to the least role that they can.

    No page shows it to play in: what is a fact there follows from whole lists, of roles and of clients, and a
    page looks up what two users are to each other.
    """
    content: JSON = {
        "participant_list": {
            "participants": [{"user": user, "role_index": index} for user, index in listed.items()],
        },
        "mls_group": {
            "members": [
                {"user": user, "client": f"{user}/1"} for user, index in listed.items() if powers.is_active(index)
            ]
        },
    }
    if powers.seated:
        by_code, by_claim = (_least(powers, row) for row in ("code_join", "preauthorized_join"))
        content["join_links"] = {"join_links": [{"join_link": CODE, "target_role_index": by_code}]}
        content["preauth_list"] = {"preauthorized_entries": [{"claimset": [CLAIM], "target_role": by_claim}]}
    if base is not None:
        content["base_room_policy"] = base
    create = {"type": CREATE, "sender": "ann", "state_key": "", "content": content}
    roles = {user: powers.policy.labels[powers.states[index]] for user, index in listed.items()}
    return Opening((create,), roles, shown=False)


def _least(powers: Powers, row_id: str) -> int:
    """The role with the fewest capabilities into which a row leads strangers, if it does into any."""
    ranked = sorted(powers.seated, key=lambda index: (len(powers.of(index)), index))
    ways = (index for index in ranked if powers.may_self(row_id, OUTSIDE, index, preauthorized_for_role=True))
    return next(ways, ranked[0])
