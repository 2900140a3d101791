"""XMPP multi-user chat as a family of its own: who has which affiliation with a room (XEP-0045).

The affiliation of a user is the state. What the user is in the room at the time, the
role, is a fact. The one value `MUC` tells the tools all that they need::

    fsm explain examples/muc/policies.py:AFFILIATIONS set --target member --sender admin --given wanted=outcast

Source: https://xmpp.org/extensions/xep-0045.html
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fsm import (
    EVENT,
    ROOM,
    SENDER,
    TARGET,
    Asked,
    Decision,
    Display,
    Domain,
    Family,
    Opening,
    PairFacts,
    Policy,
    Scenario,
    Step,
    Syntax,
    SyntaxRoom,
    Tone,
    Transition,
    about,
    guard,
    law,
    room_law,
)

Affiliation = StrEnum("Affiliation", ["OWNER", "ADMIN", "MEMBER", "NONE", "OUTCAST"])
Role = StrEnum("Role", ["MODERATOR", "PARTICIPANT", "VISITOR", "NONE"])
Action = StrEnum("Action", ["SET", "REGISTER", "INVITE"])
OWNER, ADMIN, MEMBER, NONE, OUTCAST = Affiliation


@dataclass(frozen=True, slots=True, kw_only=True)
class MucFacts(PairFacts[Affiliation]):
    """All that a guard may know of a change."""

    sender: Affiliation = about(SENDER, plain=MEMBER)
    target: Affiliation = about(TARGET, plain=NONE)
    wanted: Affiliation = about(EVENT, plain=MEMBER)
    role: Role = about(SENDER, plain=Role.PARTICIPANT, strong=Role.MODERATOR)
    members_invite: bool = about(ROOM, plain=False)
    takes_registrations: bool = about(ROOM, plain=False)


@guard("the sender is an admin or owner", fails="the sender is neither admin nor owner")
def sender_is_admin(facts: MucFacts) -> bool:
    """Spec: "Edit Member List", "Ban Members and Unaffiliated Users" (5.2.1)."""
    return facts.sender in {ADMIN, OWNER}


@guard("the sender is an owner", fails="the sender is no owner")
def sender_is_owner(facts: MucFacts) -> bool:
    """Spec: "Edit Admin List", "Edit Owner List" (5.2.1)."""
    return facts.sender is OWNER


@guard("the sender is a member, admin or owner", fails="the sender is no member")
def sender_is_member(facts: MucFacts) -> bool:
    """Spec: "an admin can do anything a member can do" (5.2.1)."""
    return facts.sender in {MEMBER, ADMIN, OWNER}


@guard("the sender is in the room", fails="the sender is not in the room")
def sender_is_occupant(facts: MucFacts) -> bool:
    """A mediated invitation is sent by an occupant (7.8.2)."""
    return facts.role is not Role.NONE


@guard("the sender is the target", fails="the sender is another user")
def sender_is_target(facts: MucFacts) -> bool:
    """Spec: "user registers as member (if allowed)" (5.2.2)."""
    return facts.is_self


@guard("the sender is another user", fails="the sender is the target")
def sender_is_another(facts: MucFacts) -> bool:
    """Nobody bans themselves (9.1), and no owner steps down: "Every room MUST have at least one owner" (10)."""
    return not facts.is_self


@guard("a ban is asked for", fails="no ban is asked for", tells_kind=True)
def ban_is_asked(facts: MucFacts) -> bool:
    """Spec: "an admin MUST change the user's affiliation to "outcast"" (9.1)."""
    return facts.wanted is OUTCAST


@guard("another affiliation than a ban is asked for", fails="a ban is asked for", tells_kind=True)
def no_ban_is_asked(facts: MucFacts) -> bool:
    """Whatever list the user is to be on, or none."""
    return facts.wanted is not OUTCAST


@guard(
    "to be a member, or none, is asked for", fails="to be on the list of admins or owners is asked for", tells_kind=True
)
def membership_is_asked(facts: MucFacts) -> bool:
    """Spec: "normally set to a value of "member" or "none"" (9.5)."""
    return facts.wanted in {MEMBER, NONE}


@guard("to be an admin or owner is asked for", fails="to be neither admin nor owner is asked for", tells_kind=True)
def office_is_asked(facts: MucFacts) -> bool:
    """Spec: "Owner adds user to admin list", "Owner adds user to owner list" (5.2.2)."""
    return facts.wanted in {ADMIN, OWNER}


@guard("the room takes registrations", fails="the room takes no registrations")
def room_takes_registrations(facts: MucFacts) -> bool:
    """Spec: "An implementation MAY allow an unaffiliated user … to register with a room" (7.10)."""
    return facts.takes_registrations


@guard("members may invite", fails="members may not invite")
def members_may_invite(facts: MucFacts) -> bool:
    """Spec: "an option that opens invitation privileges to any member of a members-only room" (9.5)."""
    return facts.members_invite


WANTED, LISTED = Asked("wanted"), {MEMBER, NONE, OUTCAST}
SENDER_IS_ANOTHER_OWNER = sender_is_owner, sender_is_another
# fmt: off
ROWS = (
    Transition("ban",       Action.SET, LISTED,         OUTCAST, (ban_is_asked, sender_is_admin), "9.1"),
    Transition("ban_staff", Action.SET, {ADMIN, OWNER}, OUTCAST, (ban_is_asked, *SENDER_IS_ANOTHER_OWNER), "9.1"),
    Transition("list",      Action.SET, LISTED,         WANTED,  (membership_is_asked, sender_is_admin), "9.5"),
    Transition("appoint",   Action.SET, LISTED,         WANTED,  (office_is_asked, sender_is_owner), "10.3"),
    Transition("reappoint", Action.SET, {ADMIN},        WANTED,  (no_ban_is_asked, sender_is_owner), "10.7"),
    Transition("depose",    Action.SET, {OWNER},        WANTED,  (no_ban_is_asked, *SENDER_IS_ANOTHER_OWNER), "10.4"),
    Transition("register",  Action.REGISTER, {NONE}, MEMBER, (sender_is_target, room_takes_registrations), "7.10"),
    Transition("invite",    Action.INVITE, {NONE}, MEMBER,
               (sender_is_member, sender_is_occupant, members_may_invite), "9.5"),
)
# fmt: on

AFFILIATIONS = Policy(
    "muc",
    "Affiliations of multi-user chat",
    "XEP-0045",
    Domain(MucFacts),
    ROWS,
    family=f"{__name__}:MUC",
    action_key="action",
    initial=NONE,
    carries={action: {"wanted": (MEMBER,)} for action in (Action.REGISTER, Action.INVITE)},
    displays={
        NONE: Display("unaffiliated", Tone.OUTSIDE), MEMBER: Display(tone=Tone.MEMBER),
        ADMIN: Display(tone=Tone.MEMBER), OWNER: Display(tone=Tone.MEMBER),
        OUTCAST: Display(tone=Tone.BARRED, noun="a ban"),
    },
)  # fmt: skip

CHANGE, ROLE, CONFIG, CREATE = "muc.affiliation", "muc.role", "muc.config", "muc.create"


class MucRoom(SyntaxRoom):
    """One room of a service."""

    __slots__ = ()

    syntax = Syntax(title="XMPP", changes=(CHANGE,), destination="content.affiliation", creation=CREATE)
    creator_state = OWNER

    def facts_between(self, sender: str, target: str) -> dict[str, Any]:  # noqa: ARG002 - no fact compares users
        """The role of the sender, and how the room is configured."""
        config = self.settings.get((CONFIG, ""), {})
        told = self.settings.get((ROLE, sender), {}).get("role")
        default = Role.MODERATOR if self.participation(sender) is OWNER else Role.NONE
        return {
            "role": next((role for role in Role if role.value == told), default),
            "members_invite": config.get("membersonly") is True and config.get("allowinvites") is True,
            "takes_registrations": config.get("register") is True,
        }

    def refusal(self, event: Any) -> str:
        """Owners configure; users come in and go, which admins can decide for them."""
        affiliation = self.participation(event.sender)
        if event.type == CONFIG:
            return "" if affiliation is OWNER else "config: the sender is no owner"
        if event.type == ROLE and event.content.get("role") in list(Role):
            is_free = event.sender == event.state_key and affiliation is not OUTCAST
            return "" if is_free or affiliation in {ADMIN, OWNER} else "role: the sender is no admin"
        return "" if event.state_key is None and affiliation is not OUTCAST else "nobody may send such an event"


def _event(kind: str, sender: str, key: str = "", **content: object) -> dict[str, object]:
    return {"type": kind, "sender": sender, "state_key": key, "content": content}


ROMEO, JULIET, NURSE = USERS = ("romeo@montague.example", "juliet@capulet.example", "nurse@capulet.example")
BEGUN = (_event(CREATE, ROMEO),)
MEMBERS = (
    _event(CHANGE, ROMEO, JULIET, action="set", affiliation="admin"),
    _event(ROLE, JULIET, JULIET, role="moderator"),
)


@law("Nobody is banned but by an admin or owner", clause="9.1")
def bans_take_office(_: str, facts: MucFacts, decision: Decision) -> bool:
    """Whatever the role."""
    return facts.sender in {ADMIN, OWNER} or not (decision.allowed and decision.after is OUTCAST)


@room_law("Every room has an owner", source="10")
def an_owner_remains(step: Step) -> bool:
    """From its creation on."""
    return OWNER in step.after.states.values() or OWNER not in step.before.states.values()


MUC = Family(
    id="muc",
    policies=(AFFILIATIONS,),
    room=MucRoom,
    syntax=MucRoom.syntax,
    scenario=Scenario(
        users={ROMEO: "Romeo", JULIET: "Juliet", NURSE: "Nurse"},
        strangers=("tybalt@capulet.example", "paris@verona.example"),
        openings={
            "Romeo has created the room": Opening(BEGUN, {ROMEO: "owner"}),
            "Juliet is admin": Opening(BEGUN + MEMBERS, {ROMEO: "owner", JULIET: "admin, moderator"}),
        },
        settings={
            "open": _event(CONFIG, ROMEO, register=True),
            "closed": _event(CONFIG, ROMEO, membersonly=True),
            "members invite": _event(CONFIG, ROMEO, membersonly=True, allowinvites=True),
            "members invite, and others register": _event(
                CONFIG, ROMEO, membersonly=True, allowinvites=True, register=True
            ),
        },
        assignments=tuple((_event(ROLE, ROMEO, user, role=role.value),) for user in USERS for role in Role),
        stranger_role="not in the room",
    ),
    laws=(bans_take_office, an_owner_remains),
    words={str(action): str(action) for action in Action},
)
