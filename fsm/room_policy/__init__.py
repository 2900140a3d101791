"""Rooms whose roles are their own: draft-ietf-mimi-room-policy.

A room's role definitions are its state machine. The states are the role indexes, and
`policy_of` makes a policy of a role list. `fsm.RoleRoom` is such a room.
"""

from fsm.room_policy.policies import policy_of

__all__ = ["policy_of"]
