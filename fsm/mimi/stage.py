"""A MIMI room to play in: who is who, how the room begins, what they can send.

Theory of operation. Whoever shows a room to people needs a cast with names and
roles, and needs to know how events are written and read. A `Stage` tells both, as
data. It decides nothing: what anybody may do comes of the roles that the openings
hand out, and is worked out by a `Room`.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from fsm.event import MAX_TEXT, write_state
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.room import Room
from fsm.mimi.settings import (
    CREATE,
    HISTORY_VISIBILITY,
    JOIN_RULE_WORDS,
    JOIN_RULES,
    ROLE,
    ROLE_MAP,
    write_participation,
)
from fsm.participation.facts import Facts
from fsm.scenario import Log, Opening
from fsm.terms import Action

JSON: TypeAlias = dict[str, Any]


ANN, BEN, CLEO, DAN, EVE = "@ann:a.example", "@ben:b.example", "@cleo:c.example", "@dan:b.example", "@eve:e.example"

_STEWARD = {"invite": True, "kick": True, "ban": True, "redact": True}
_ROLES: Mapping[str, JSON] = {
    "owner": {
        **_STEWARD,
        "roles": ["owner", "moderator", "member"],
        "events": dict.fromkeys((ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY), True),
    },
    "moderator": _STEWARD,
    "member": {"invite": True},
}
# Two moderators, so that peers can meet; Eve has no role.
_DEALT = {"member": (1, [DAN]), "moderator": (2, [BEN, CLEO]), "owner": (3, [ANN])}
_DEALT_TO = {user: role for role, (_, users) in _DEALT.items() for user in users}


class Stage:
    """The room of a policy."""

    people: Mapping[str, str] = {ANN: "Ann", BEN: "Ben", CLEO: "Cleo", DAN: "Dan", EVE: "Eve"}
    """What they are called, by user id."""

    strangers = ("@somebody:x.example", "@somebody.else:x.example")
    """Two of the many who are nobody in particular: what holds for them holds for everybody not named."""

    follows_states = False
    takes_more = True

    stranger_role = "no role"

    users = ("", 4 * MAX_TEXT)
    """What a user id looks like, which is anything, and the most bytes that it has."""

    extras: Mapping[str, str] = {"room_id": "name", "event_id": "name", "content.reason": "text", "authEvents": "never"}
    """What an event may hold beyond its shape: any text, one that is not empty, or never, lest it be something else."""

    decisive = frozenset({CREATE, ROLE, ROLE_MAP})
    """The events after which anybody may do something else than the opening says."""

    def __init__(self, policy: MimiPolicy) -> None:
        policy = MimiPolicy.for_rooms(policy)
        self._types = sorted(policy.participation_events, reverse=True)

    @property
    def openings(self) -> Mapping[str, Opening]:
        """The ways in which the room begins, by what they are called."""
        create = write_state(CREATE, ANN, {})
        roles = [
            write_state(ROLE, ANN, {"permissions": permissions}, role_id) for role_id, permissions in _ROLES.items()
        ]
        role_map = [
            {"role_id": role_id, "order": order, "user_ids": users} for role_id, (order, users) in _DEALT.items()
        ]
        quiet = (create, *roles, write_state(ROLE_MAP, ANN, {"roles": role_map}))
        entries = (
            self.changes(action, sender, user)[0]
            for user in (BEN, CLEO, DAN)
            for action, sender in ((Action.INVITE, ANN), (Action.JOIN, user))
        )
        return {
            "Whoever has a role is in": Opening((*quiet, *entries), _DEALT_TO),
            "Only Ann is in": Opening(quiet, _DEALT_TO),
            "Ann has just created the room": Opening((create,), {ANN: "creator"}),
        }

    def forms(self, action: str) -> tuple[Mapping[str, Any], ...]:  # noqa: ARG002 - as the page asks any family
        """A change says nothing beyond its action."""
        return ({},)

    def placed(self, user: str, state: str) -> JSON:
        """The event which, taken as it stands, puts a user into a state."""
        return self.changes(str(state), user, user)[0]

    def changes(self, action: str, sender: str, target: str, told: Mapping[str, Any] | None = None) -> Log:  # noqa: ARG002
        """A participation change in every way in which it can be written, the one to write first."""
        return tuple(write_participation(event_type, action, sender, target) for event_type in self._types)

    def settings(self, sender: str) -> Mapping[str, JSON]:
        """What somebody can set the room to, by what that is called."""
        return {f"join rule: {rule}": write_state(JOIN_RULES, sender, {"rule": rule.value}) for rule in JOIN_RULE_WORDS}

    def facts(self, room: Room, change: Mapping[str, Any]) -> Facts:
        """The facts under which the room would judge a participation change."""
        return room.facts(change["sender"], change["state_key"])
