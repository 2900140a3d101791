"""How people behave in rooms of MIMI and Matrix, for histories that are made up."""

from collections.abc import Mapping

from fsm.participation.terms import Action, Participation

HABITS: Mapping[str, tuple[float, float]] = {
    Action.JOIN: (6.0, 6.0),
    Action.INVITE: (4.0, 4.0),
    Action.KNOCK: (3.0, 3.0),
    Action.LEAVE: (1.5, 0.3),
    Action.BAN: (0.03, 0.03),
}
"""By action: how often people do it of themselves, and to others, where they may."""

ENTRY = (Action.INVITE, Action.JOIN)
"""By which actions moderators come in: of the creator, and of their own."""

ACTS = Participation.JOIN
"""Where moderators are when they act."""
