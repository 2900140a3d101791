"""What columnar replay needs of Matrix: its events as words, its rooms' settings as numbers.

Theory of operation. In columnar replay, where users stand is kept in arrays outside of
any room, and a membership change is a look-up in a table. A room here is a Matrix room
like any other, which sees the arrays as if they were its own states; it judges whatever
takes more than a look-up, and says in numbers what its settings mean for the look-ups.

It has to be asked about every event until the first one after its creation, which
alone can be a creator's first join; and where it is closed to other servers, since
then it matters whose user a sender is.
"""

from collections.abc import Callable, Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

from fsm.classes import Outside
from fsm.decision import Decision
from fsm.event import is_name, write_state
from fsm.matrix.citing import AUTH_EVENTS
from fsm.matrix.events import AUTHORISER, MEMBER, TOKEN, write_member
from fsm.matrix.ids import is_user_id
from fsm.matrix.levels import Levels, Power
from fsm.matrix.policies import MatrixPolicy
from fsm.matrix.room import MatrixRoom
from fsm.matrix.settings import CREATE, CREATOR_POWER, JOIN_RULES, POWER_LEVELS, Creation, Founder, Reign
from fsm.memory import memory_of
from fsm.participation.habits import ACTS, ENTRY, HABITS
from fsm.participation.terms import Action, JoinRule, Participation
from fsm.unrecorded import unrecorded

JSON: TypeAlias = dict[str, Any]

_ASK = -1
"""In place of a rule: the room has to be asked itself."""

_WORDS = frozenset(action.value for action in Action)

_PROOFS = (TOKEN, AUTHORISER)
"""What may stand in the content of a change, and decide it."""

_MODERATOR_POWER = 50


class ColumnRoom(MatrixRoom):
    """A room whose participation is kept in columns."""

    __slots__ = ("_basis", "_told")

    keeps_past = False

    def __init__(self, room_id: str | None, policy: MatrixPolicy, states: MutableMapping[str, Participation]) -> None:
        super().__init__(room_id, policy=policy)
        self._basis: tuple[Creation | None, Levels | None] = None, None
        self._told: Mapping[str, tuple[int, int]] = {}
        self._members = Outside(states, self._rules.others)  # type: ignore[assignment]  # it does what a dictionary does

    @property
    def rule(self) -> int:
        """What the join rule adds to the code of every change; below 0 when the room has to be asked itself."""
        creation = self._settings.creation
        is_plain = creation and creation.federates and not self._is_just_created and not self._has_unknown_levels
        return self._rules.join_rule[self._rule.join_rule] if is_plain else _ASK

    @property
    def others(self) -> tuple[int, int]:
        """The powers of everybody who has no level of their own."""
        return self._powers(None, self._heights())

    def judge(self, event: Callable[[], Any], fields: Mapping[str, Any] | None = None) -> Decision:  # noqa: ARG002 - for others
        """Decide, and apply the event when it is allowed. Raises `EventError` when it cannot be read."""
        return self.send(event())

    def new_powers(self) -> Mapping[str, tuple[int, int] | None]:
        """The powers that have changed since this was last asked; None for who has no level of their own now."""
        basis = self._settings.creation, self._settings.levels
        if basis == self._basis:
            return {}
        heights, before = self._heights(), self._told
        # Power levels may name what is no user, and what is no user sends nothing.
        now = {user: self._powers(power, heights) for user, power in self._own.items() if is_user_id(user)}
        self._basis, self._told = basis, now
        return {user: now.get(user) for user in {**before, **now} if before.get(user) != now.get(user)}

    @property
    def _own(self) -> Mapping[str, Power]:
        """The level of everybody who has one of their own."""
        return self._settings.powers(self.policy)

    def _heights(self) -> Mapping[Power, int]:
        """The levels in the room from the lowest up: they can be of any size, and only their order counts."""
        levels = {self._rule.others, *self._own.values()}
        return {level: height for height, level in enumerate(sorted(levels))}

    def _powers(self, own: Power | None, heights: Mapping[Power, int]) -> tuple[int, int]:
        """What somebody may do, and how high they stand."""
        power = self._rule.power(own)
        return self._rules.may(power, self._rule), heights[power]


class Columns:
    """The events and settings of Matrix rooms under one policy, as columnar replay sees them."""

    types = frozenset((MEMBER,))
    """The event types of membership."""

    initial = Participation.LEAVE
    """Where somebody stands of whom nothing is known."""

    past_words = (AUTH_EVENTS.encode(),)
    """One of these stands in the text of every event that `looks_back`."""

    is_user = staticmethod(is_user_id)
    """Whether a text can be the id of a user."""

    habits, entry, acts = HABITS, ENTRY, ACTS

    def __init__(self, policy: MatrixPolicy) -> None:
        policy = MatrixPolicy.for_rooms(policy)
        weights = policy.domain.weights
        self.is_self = weights["is_self"][True]
        # There is one power level for both.
        self.ranks = (weights["outranks_for_kick"][True] + weights["outranks_for_ban"][True],)
        self.rules = tuple(rule.value for rule in JoinRule if _is_known(policy, rule))
        """The join rules that a room can be opened with."""
        self._policy = policy

    def room(self, room_id: str | None, states: MutableMapping[str, Participation]) -> ColumnRoom:
        """A room that nobody has created yet, and that keeps participation in `states`."""
        return ColumnRoom(room_id, self._policy, states)

    def read(self, event: Mapping[str, Any]) -> tuple[str, str, str] | None:
        """Sender, target and action of a change that takes no more than a look-up.

        None for any other event, also for one with a fault: the room has words for it.
        """
        content, sender, target = event.get("content"), event.get("sender"), event.get("state_key")
        if event.get("type") != MEMBER or type(content) is not dict:
            return None
        action = content.get("membership")
        is_plain = (
            is_name(sender)
            and is_name(target)
            and is_name(event.get("event_id", "$"))
            and is_name(action)
            and action in _WORDS
            and AUTH_EVENTS not in event
            and not any(proof in content for proof in _PROOFS)
            # What came before a join tells whether it is a creator's first.
            and (action != Action.JOIN or "prev_events" not in event)
        )
        return (sender, target, action) if is_plain else None  # type: ignore[return-value]  # names are strings

    def write(self, sender: str | None, target: str | None, action: str, destination: str | None = None) -> JSON:  # noqa: ARG002 - the action says it
        """The event that asks for a change."""
        return {"type": MEMBER, "sender": sender, "state_key": target, "content": {"membership": action}}

    def looks_back(self, event: Mapping[str, Any]) -> bool:
        """Whether the decision depends on single events of the past, so that a room has to remember them."""
        return AUTH_EVENTS in event

    def says_more(self, event: Mapping[str, Any]) -> bool:  # noqa: ARG002 - as columnar replay asks any family
        """Whether a change says more than takes a look-up that tells it from other events of its id."""
        return False

    def opening(self, creator: str, moderators: Iterable[str], rule: str) -> list[JSON]:
        """The events with which a room begins. Without moderators it has no power levels."""
        content = {"room_version": self._policy.version}
        if self._policy.founder is Founder.CONTENT:
            content["creator"] = creator
        events = [write_state(CREATE, creator, content), write_member(Action.JOIN, creator, creator)]
        if moderators := list(moderators):
            events.append(self.appoint(creator, moderators))
        if rule != self.rules[0]:
            events.append(self.change_rule(creator, rule))
        return events

    def appoint(self, creator: str, moderators: Iterable[str]) -> JSON:
        """The event by which a room's moderators become these."""
        # Creators who stand above every level are not named among them.
        named = {} if self._policy.reign is Reign.SUPREME else {creator: CREATOR_POWER}
        return write_state(POWER_LEVELS, creator, {"users": {**named, **dict.fromkeys(moderators, _MODERATOR_POWER)}})

    def change_rule(self, creator: str, rule: str) -> JSON:
        """The event that sets a room's join rule."""
        return write_state(JOIN_RULES, creator, {"join_rule": rule})


@unrecorded()
def _is_known(policy: MatrixPolicy, rule: JoinRule) -> bool:
    """Whether the room version has this join rule: by all that it has, whoever is invited may join."""
    weights = policy.domain.weights
    code = weights["join_rule"][rule] + weights["is_self"][True]
    return memory_of(policy)[Action.JOIN, Participation.INVITE, Participation.INVITE, code].allowed
