"""The level on which a decision turns, where some power levels are not known.

What is not known may be against the sender of an event or in their favour. The facts in
which these two cases differ are in doubt. The decision turns on a fact in doubt if the
event is refused with that one against the sender, and all others in their favour; and so
on the level that is missing to work it out.
"""

from dataclasses import replace

from fsm.errors import EventError
from fsm.matrix.facts import MatrixFacts
from fsm.matrix.levels import Levels
from fsm.matrix.policies import MatrixPolicy


def level_that_decides(
    policy: MatrixPolicy,
    action: str,
    facts: tuple[MatrixFacts, MatrixFacts],
    levels: Levels,
    people: tuple[str, str, str | None],
) -> EventError:
    """Why a level on which the decision turns is not known.

    `facts` are those where what is not known is against the sender, and those where it is in
    their favour; `people` are the sender, the target and whoever authorises a join.
    """
    worst, best = facts
    sender, target, authoriser = (None if user is None else levels.fault_of(user) for user in people)
    invite, kick, ban = (levels.faults.get((key,)) for key in ("invite", "kick", "ban"))
    needed = {
        ("may_invite",): (sender, invite),
        ("may_kick",): (sender, kick),
        ("may_ban",): (sender, ban),
        ("outranks_for_kick", "outranks_for_ban"): (sender, target),
        ("is_authorised",): (authoriser, invite),
    }
    without = {names: replace(best, **{name: getattr(worst, name) for name in names}) for names in needed}
    in_doubt = [names for names in needed if without[names] != best]
    turning = [names for names in in_doubt if not policy.decide(action, without[names])]
    # Where it turns on none alone, any that is in doubt will do.
    return next(fault for names in turning or in_doubt for fault in needed[names] if fault is not None)
