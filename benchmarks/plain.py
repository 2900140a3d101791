"""What can be done without an engine: a look-up in a table, and conditions written out by hand.

Both work on plain words and numbers that are at hand when the question comes, check
nothing, and give no reasons.
"""

from benchmarks.scene import Ask, Event, MatrixScene, Scene
from fsm import MIMI, Machine
from fsm.matrix.settings import POWER_LEVELS
from fsm.mimi.roles import BAN, INVITE, KICK
from fsm.policies import load_policy

_NOBODY = (False, False, False, -1, -1)


def table_look_up(scene: Scene) -> Ask:
    """The least that plain Python can do: work out the facts and look them up."""
    machine = Machine(MIMI)
    table = {
        (
            action.value, facts.target.value, facts.sender.value, facts.is_self, facts.join_rule.value,
            facts.may_invite, facts.may_kick, facts.may_ban, facts.outranks_for_kick, facts.outranks_for_ban,
        ): machine.decide(action, facts).allowed
        for action, facts in MIMI.cells()
    }  # fmt: skip
    states, powers, join_rule = _known(scene)

    def ask(event: Event) -> bool:
        sender, target = event["sender"], event["state_key"]
        may_invite, may_kick, may_ban, kick, ban = powers.get(sender, _NOBODY)
        _, _, _, target_kick, target_ban = powers.get(target, _NOBODY)
        return table[
            event["content"]["participation"], states.get(target, "leave"), states.get(sender, "leave"),
            sender == target, join_rule, may_invite, may_kick, may_ban, kick > target_kick, ban > target_ban,
        ]  # fmt: skip

    return ask


def written_by_hand(scene: Scene) -> Ask:
    """The rules as conditions, the way that servers have them."""
    states, powers, join_rule = _known(scene)

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


def matrix_look_up(scene: MatrixScene) -> Ask:
    """The same look-up for an ordinary event in a Matrix room."""
    room = scene.room
    policy = load_policy(room.policy.id)
    machine = Machine(policy)
    table = {
        (
            action.value, facts.target.value, facts.sender.value, facts.is_self, facts.join_rule.value,
            facts.may_invite, facts.may_kick, facts.may_ban, facts.outranks_for_kick,
        ): machine.decide(action, facts).allowed
        for action, facts in policy.cells() if facts.warrant == "none" and not facts.is_authorised
    }  # fmt: skip
    users = {user for event in (*scene.events, *scene.state) for user in (event["sender"], event["state_key"])}
    states = {user: state.value for user, state in room.participations().items()}
    powers = {user: room.power(user) for user in users}
    levels = next(event["content"] for event in scene.state if event["type"] == POWER_LEVELS)
    invite, kick, ban = levels["invite"], levels["kick"], levels["ban"]
    join_rule = room.facts("", "").join_rule.value

    def ask(event: Event) -> bool:
        sender, target = event["sender"], event["state_key"]
        power, other = powers.get(sender, 0), powers.get(target, 0)
        return table[
            event["content"]["membership"], states.get(target, "leave"), states.get(sender, "leave"),
            sender == target, join_rule, power >= invite, power >= kick, power >= ban, power > other,
        ]  # fmt: skip

    return ask


def _known(scene: Scene) -> tuple[dict[str, str], dict[str, tuple[bool, bool, bool, int, int]], str]:
    """Where users stand, what they may do and how high they stand, and the join rule."""
    room = scene.room
    states = {user: state.value for user, state in room.participations().items()}
    powers = {}
    for user in {user for event in scene.events for user in (event["sender"], event["state_key"])}:
        held = room.standing(user)
        powers[user] = (held.may(INVITE), held.may(KICK), held.may(BAN), held.power(KICK), held.power(BAN))
    return states, powers, room.facts("", "").join_rule.value
