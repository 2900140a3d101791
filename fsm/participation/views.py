"""What certain people can do: the views of policies in which users join, and are invited and removed."""

from collections.abc import Mapping

from fsm.facts import Value
from fsm.participation.terms import JoinRule, Participation
from fsm.view import View

_OTHERS: Mapping[str, Value] = {"is_self": False, "sender": Participation.JOIN}
_MAY_NOT: Mapping[str, Value] = {"may_kick": False, "may_ban": False}
_MAY: Mapping[str, Value] = {"may_invite": True, "may_kick": True, "may_ban": True}
_ROOMS = {
    JoinRule.PUBLIC: ("a public room", ""),
    JoinRule.KNOCK: ("a knock room", "knock"),
    JoinRule.INVITE: ("an invite room", ""),
    JoinRule.RESTRICTED: ("a restricted room", "enter"),
}
"""Of each rule, what a room with it is called, and the transition that only policies with the rule have."""

VIEWS = (
    *(
        View(f"newcomer-{rule}", f"what a newcomer can do in {room}", {"is_self": True, "join_rule": rule}, row)
        for rule, (room, row) in _ROOMS.items()
    ),
    View("member", "what a member can do to others", {**_OTHERS, **_MAY_NOT}),
    View("moderator", "what a moderator can do to others", {**_OTHERS, **_MAY}),
)
