"""The laws of Matrix rooms: what no sequence of events may lead to, whatever the room version.

A second opinion: they look at where users stand, and at power levels as `MatrixRoom.power`
tells them, and know nothing of rows. What is said of the power levels themselves binds rooms
that judge such events.

Source: https://spec.matrix.org/latest/rooms/
"""

from collections.abc import Mapping
from functools import partial

from fsm.matrix.levels import Power
from fsm.matrix.room import MatrixRoom
from fsm.matrix.scenario import USERS
from fsm.matrix.settings import POWER_LEVELS
from fsm.participation.terms import Participation
from fsm.review.laws.kinds import Severity
from fsm.review.laws.room_laws import RoomLaw, Step, room_law
from fsm.scenario import Settings

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation
_RULES = "Authorization rules"


def powers_of(room: MatrixRoom, _: Settings) -> Mapping[str, Power]:
    """By user of the scenario: their power level."""
    return {user: room.power(user) for user in USERS}


def _target(step: Step) -> str:
    return str(step.event["state_key"])


_of_accepted = partial(room_law, is_of_refusals=False)


@_of_accepted("Who is not joined does nothing to the membership of others", source=_RULES)
def only_the_joined_act_on_others(step: Step) -> bool:
    """Spec: "If the `sender`'s current membership state is not `join`, reject"."""
    is_own = not step.is_change or step.sender == _target(step)
    return not step.decision or is_own or step.before.state(step.sender) is JOIN


@_of_accepted("Nobody removes a peer or a superior", source=_RULES)
def power_is_needed_to_remove(step: Step) -> bool:
    """Spec: "the *target user*'s power level is less than the `sender`'s power level"."""
    if not (step.decision and step.is_change) or step.sender == _target(step):
        return True
    powers = step.before.seen
    is_removed = step.decision.before is not LEAVE and step.decision.after in (LEAVE, BAN)
    return not is_removed or bool(powers[step.sender] > powers[_target(step)])


@_of_accepted("A ban ends by somebody else only", source=_RULES)
def bans_are_lifted_by_others(step: Step) -> bool:
    """Spec: "If the *target user*'s current membership state is `ban`, and the `sender`'s power level is less …"."""
    is_lifted = step.is_change and step.before.state(_target(step)) is BAN and step.decision.after is not BAN
    return not (step.decision and is_lifted) or step.sender != _target(step)


@_of_accepted("A change of membership moves nobody but its target, and gives nobody power", source=_RULES)
def membership_is_kept_apart(step: Step) -> bool:
    """Membership and power levels stand in events of their own."""
    if not step.is_change:
        return dict(step.before.states) == dict(step.after.states)
    is_alone = all(
        step.before.state(user) == step.after.state(user)
        for user in USERS
        if not step.decision or user != _target(step)
    )
    return is_alone and step.before.seen == step.after.seen


@_of_accepted("Nobody gives more power than they have", Severity.HIGH, source=_RULES)
def power_is_not_made(step: Step) -> bool:
    """Spec: "If the new value is higher than the `sender`'s current power level, reject"."""
    if step.event["type"] != POWER_LEVELS or not (step.decision and step.decision.judged):
        return True
    before, after = step.before.seen, step.after.seen
    return all(after[user] <= max(had, before[step.sender]) for user, had in before.items())


LAWS: tuple[RoomLaw, ...] = tuple(each for each in list(globals().values()) if isinstance(each, RoomLaw))
"""Every law above, in that order."""
