"""The level on which a decision turns, where some power levels are not known.

What is not known may be against the sender of an event or in their favour. The facts in
which these two cases differ are in doubt. The decision turns on a fact in doubt if the
event is refused with that one against the sender, and all others in their favour; and so
on the level that is missing to work it out.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from fsm.errors import EventError
from fsm.matrix.levels import Levels, Path

Needs: TypeAlias = Mapping[tuple[str, ...], Iterable[Path]]
"""By facts that are worked out together: where the levels stand that it takes."""


def level_that_decides(
    facts: tuple[Any, Any], needs: Needs, levels: Levels, allows: Callable[[Any], object]
) -> EventError:
    """Why a level on which the decision turns is not known.

    `facts` are those where what is not known is against the sender, and those where it is in
    their favour; `allows` is whether an event is allowed under facts.
    """
    worst, best = facts
    without = {names: replace(best, **{name: getattr(worst, name) for name in names}) for names in needs}
    in_doubt = [names for names in needs if without[names] != best]
    turning = [names for names in in_doubt if not allows(without[names])]
    # Where it turns on none alone, any that is in doubt will do.
    paths = (path for names in turning or in_doubt for path in needs[names])
    return next(levels.faults[path] for path in paths if path in levels.faults)
