"""What can be done without an engine: a look-up in a table, and conditions written out by hand.

Both work on plain words and numbers that are at hand when the question comes, check
nothing, and give no reasons. The look-up is as quick as we can write it: it stands in
the loop that goes through the events, calls no function of its own, and all that is
known of a user is numbers to add up.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from benchmarks.workload import Event, MimiWorkload
from fsm import MIMI, Machine, Room
from fsm.matrix.room import MatrixRoom
from fsm.matrix.settings import POWER_LEVELS
from fsm.mimi.permissions import BAN, INVITE, KICK

_NOBODY = (False, False, False, -1, -1)

_STATES = [state.value for state in MIMI.states]
_ACTS = ("may_invite", "may_kick", "may_ban")
_SENDER = len(_STATES)
_MAY = _SENDER * len(_STATES)
_SELF = _MAY << len(_ACTS)
_KICK = _SELF * 2
_BAN = _KICK * 2


class Known(NamedTuple):
    """What is known of a user: their shares in the number of a question, as its target and its sender, and powers."""

    as_target: int
    as_sender: int
    kick: int
    ban: int


def known(state: str, may: Sequence[bool], kick: float, ban: float) -> Known:
    """What is known of a user in this state, who may do these of `_ACTS` and has these powers."""
    place = _STATES.index(state)
    acts = sum(held << bit for bit, held in enumerate(may))
    return Known(place, _SENDER * place + _MAY * acts, kick, ban)  # type: ignore[arg-type]  # levels may be infinite


def table(policy: Any, counts: Callable[[Any], bool]) -> Mapping[str, Sequence[str | None]]:
    """By action: for the number of each question that `counts`, where an allowed one leads."""
    machine = Machine(policy)
    made: dict[str, list[str | None]] = {action.value: [None] * (2 * _BAN) for action in policy.triggers}
    for action, facts in policy.cells():
        if counts(facts):
            sender = known(facts.sender.value, [getattr(facts, name) for name in _ACTS], 0, 0)
            number = known(facts.target.value, (), 0, 0).as_target + sender.as_sender + _SELF * facts.is_self
            number += _KICK * facts.outranks_for_kick + _BAN * facts.outranks_for_ban
            decision = machine.decide(action, facts)
            made[action.value][number] = str(decision.after) if decision.allowed else None
    return made


@dataclass(frozen=True)
class LookUp:
    """A look-up in a room: `loop` says where the last of its events leads, None when it is refused."""

    loop: Callable[[Sequence[Event]], str | None]
    users: dict[str, Known]
    nobody: Known

    def follows(self, event: Event) -> bool:
        """Whether the event is allowed, which then moves its target."""
        after, user = self.loop([event]), event["state_key"]
        if after is None:
            return False
        moved, before = _STATES.index(after), self.users.get(user, self.nobody)
        as_sender = before.as_sender + _SENDER * (moved - before.as_target)
        self.users[user] = before._replace(as_target=moved, as_sender=as_sender)
        return True


def mimi_look_up(room: Room, events: Iterable[Event]) -> LookUp:
    """The least that plain Python can do for these events in this room."""
    rows = table(MIMI, lambda facts: facts.join_rule is room.facts("", "").join_rule)
    states, powers, _ = _known(room, events)
    users = {
        user: known(states.get(user, "leave"), (invite, kick, ban), kicks, bans)
        for user, (invite, kick, ban, kicks, bans) in powers.items()
    }
    nobody = known("leave", (), -1, -1)

    def loop(
        events: Sequence[Event], get: Any = users.get, own: int = _SELF, kicks: int = _KICK, bans: int = _BAN
    ) -> str | None:
        after = None
        for event in events:
            sender, target = event["sender"], event["state_key"]
            at, by, kick, ban = get(sender, nobody)
            if sender == target:
                after = rows[event["content"]["participation"]][at + by + own]
            else:
                at, _, other_kick, other_ban = get(target, nobody)
                number = at + by + kicks * (kick > other_kick) + bans * (ban > other_ban)
                after = rows[event["content"]["participation"]][number]
        return after

    return LookUp(loop, users, nobody)


def matrix_look_up(room: MatrixRoom, state: Iterable[Event], events: Iterable[Event]) -> LookUp:
    """The same for ordinary events in a Matrix room of which this is the state."""
    rule = room.facts("", "").join_rule
    rows = table(
        room.policy, lambda facts: facts.join_rule is rule and facts.warrant == "none" and not facts.is_authorised
    )
    levels = next(event["content"] for event in state if event["type"] == POWER_LEVELS)
    states = {user: state.value for user, state in room.participations().items()}

    def of(user: str) -> Known:
        power = room.power(user)
        may = [power >= levels[name] for name in ("invite", "kick", "ban")]
        return known(states.get(user, "leave"), may, power, power)

    users = {user: of(user) for event in events for user in (event["sender"], event["state_key"])}
    nobody = of("@nobody:hub.example")

    def loop(
        events: Sequence[Event], get: Any = users.get, own: int = _SELF, outranks: int = _KICK + _BAN
    ) -> str | None:
        after = None
        for event in events:
            sender, target = event["sender"], event["state_key"]
            at, by, power, _ = get(sender, nobody)
            if sender == target:
                after = rows[event["content"]["membership"]][at + by + own]
            else:
                at, _, other, _ = get(target, nobody)
                after = rows[event["content"]["membership"]][at + by + outranks * (power > other)]
        return after

    return LookUp(loop, users, nobody)


def written_by_hand(workload: MimiWorkload) -> Callable[[Event], bool]:
    """The rules as conditions, the way that servers have them."""
    states, powers, join_rule = _known(workload.room, workload.events)

    def may_act(sender: str, event: Event, state: str, action: str) -> bool:
        """Whether somebody may do this to another."""
        if states.get(sender, "leave") != "join":
            return False
        may_invite, may_kick, may_ban, kick, ban = powers.get(sender, _NOBODY)
        _, _, _, target_kick, target_ban = powers.get(event["state_key"], _NOBODY)
        if action == "invite":
            return may_invite and state not in ("ban", "join")
        if action == "ban" or (action == "leave" and state == "ban"):
            return may_ban and ban > target_ban
        return action == "leave" and state != "leave" and may_kick and kick > target_kick

    def ask(event: Event) -> bool:
        sender, target, action = event["sender"], event["state_key"], event["content"]["participation"]
        state = states.get(target, "leave")
        if sender != target:
            return may_act(sender, event, state, action)
        if action == "join":
            return state in ("invite", "join") or (state != "ban" and join_rule == "public")
        if action == "leave":
            return state not in ("leave", "ban")
        return action == "knock" and join_rule == "knock" and state in ("leave", "knock")

    return ask


def _known(
    room: Room, events: Iterable[Event]
) -> tuple[dict[str, str], dict[str, tuple[bool, bool, bool, int, int]], str]:
    """Where users stand, what they may do and how high they stand, and the join rule."""
    states = {user: state.value for user, state in room.participations().items()}
    powers = {}
    for user in {user for event in events for user in (event["sender"], event["state_key"])}:
        held = room.standing(user)
        powers[user] = (held.may(INVITE), held.may(KICK), held.may(BAN), held.power(KICK), held.power(BAN))
    return states, powers, room.facts("", "").join_rule.value
