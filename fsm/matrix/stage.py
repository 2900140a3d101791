"""A Matrix room to play in: who is who, how the room begins, what they can send.

Theory of operation. A `Stage` is data and decides nothing: what anybody may do comes of
the power levels that the openings set, and is worked out by a `MatrixRoom`. Every
opening goes past the creator's first join, since what counts as that depends on what
was sent before, and not only on where people stand.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from fsm.event import write_state
from fsm.facts import spell
from fsm.matrix.events import AUTHORISER, TOKEN, write_member
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.ids import MAX_BYTES
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.matrix.settings import CREATE, JOIN_RULES, POWER_LEVELS, THIRD_PARTY_INVITE, Founder, Reign
from fsm.scenario import Log, Opening
from fsm.terms import Action

JSON: TypeAlias = dict[str, Any]


ANN, BEN, CLEO, DAN, EVE = "@ann:a.example", "@ben:b.example", "@cleo:c.example", "@dan:b.example", "@eve:e.example"

# Two of 50, so that peers can meet; Eve has no power of her own.
_POWERS = {ANN: 100, BEN: 50, CLEO: 50, DAN: 25}
_NEEDED = {"invite": 25, "kick": 50, "ban": 50}


class Stage:
    """The room of a room version."""

    people: Mapping[str, str] = {ANN: "Ann", BEN: "Ben", CLEO: "Cleo", DAN: "Dan", EVE: "Eve"}
    """What they are called, by user id."""

    strangers = ("@somebody:x.example", "@somebody.else:x.example")
    """Two of the many who have no power of their own: what holds for them holds for everybody not named."""

    follows_states = False
    takes_more = True

    stranger_role = "power 0"

    users = (r"^@[^:]*:.", MAX_BYTES)
    """What a user id looks like, and the most bytes that it has."""

    extras: Mapping[str, str] = {
        "room_id": "name",
        "event_id": "name",
        "prev_events": "never",
        f"content.{AUTHORISER}": "never",
        f"content.{TOKEN}": "never",
    }
    """What an event may hold beyond its shape: text that is not empty, or never, lest it be something else."""

    decisive = frozenset({CREATE, POWER_LEVELS, JOIN_RULES, THIRD_PARTY_INVITE})
    """The events after which anybody may do something else than the opening says."""

    def __init__(self, policy: MatrixPolicy) -> None:
        self._policy = MatrixPolicy.for_rooms(policy)

    @property
    def openings(self) -> Mapping[str, Opening]:
        """The ways in which the room begins, by what they are called."""
        creator = {"creator": ANN} if self._policy.founder is Founder.CONTENT else {}
        create = write_state(CREATE, ANN, {"room_version": self._policy.version, **creator})
        created = (create, *self.changes(Action.JOIN, ANN, ANN))
        named = {
            user: power for user, power in _POWERS.items() if user != ANN or self._policy.reign is Reign.BY_DEFAULT
        }
        quiet = (*created, write_state(POWER_LEVELS, ANN, {"users": named, **_NEEDED}))
        entries = (
            event
            for user in (BEN, CLEO, DAN)
            for event in (*self.changes(Action.INVITE, ANN, user), *self.changes(Action.JOIN, user, user))
        )
        powers = {user: f"power {power}" for user, power in named.items()}
        return {
            "Whoever has power is in": Opening((*quiet, *entries), {ANN: "creator", **powers}),
            "Only Ann is in": Opening(quiet, {ANN: "creator", **powers}),
            "Ann has just created the room": Opening(created, {ANN: "creator"}),
        }

    def forms(self, action: str) -> tuple[Mapping[str, Any], ...]:  # noqa: ARG002 - as the page asks any family
        """A change says nothing beyond its action."""
        return ({},)

    def placed(self, user: str, state: str) -> JSON:
        """The event which, taken as it stands, puts a user into a state."""
        return self.changes(str(state), user, user)[0]

    def changes(self, action: str, sender: str, target: str, told: Mapping[str, Any] | None = None) -> Log:  # noqa: ARG002
        """A membership change, in the one way in which it is written."""
        return (write_member(action, sender, target),)

    def settings(self, sender: str) -> Mapping[str, JSON]:
        """What somebody can set the room to, by what that is called."""
        rules = [spell(rule) for rule in self._policy.domain.values["join_rule"]]
        return {
            f"join rule: {rule.replace('_', ' ')}": write_state(JOIN_RULES, sender, {"join_rule": rule})
            for rule in rules
        }

    def facts(self, room: MatrixRoom, change: Mapping[str, Any]) -> MatrixFacts:
        """The facts under which the room would judge a membership change."""
        return room.facts(change["sender"], change["state_key"])
