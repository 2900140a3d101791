"""Small MIMI rooms to try policies in: who plays, what they may do, how roles are dealt.

Theory of operation. The tools look for the shortest log that brings about given
facts, and know nothing of MIMI: a `Play` gives them the events. Facts fall into two
parts that do not influence each other. *Turns*, one event each, decide where everybody
stands and which join rule is in force. A *casting* deals roles, as often as needed in
several events, and decides what everybody may do and whom they outrank.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

from fsm.event import write_state
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.room import Room
from fsm.mimi.settings import CREATE, JOIN_RULE_WORDS, JOIN_RULES, ROLE, ROLE_MAP, write_participation
from fsm.participation.facts import Facts
from fsm.scenario import Log
from fsm.terms import Action

JSON: TypeAlias = dict[str, Any]

ALICE, BOB, CAROL = "@alice:a.example", "@bob:b.example", "@carol:c.example"
"""Alice creates the room. Three users suffice: a sender, a target, and somebody who set the scene."""


class Play:
    """The events that rooms of a policy are built from."""

    users = (ALICE, BOB, CAROL)

    goes_on = True
    """A casting ends the creator's reign: turns after it may lead to what none before it led to."""

    gatherings: tuple[Log, ...] = ()

    def __init__(self, policy: MimiPolicy) -> None:
        policy = MimiPolicy.for_rooms(policy)
        self._participation_event = policy.participation_event
        self._other_participation_event = min(policy.participation_events)

    @cached_property
    def openings(self) -> tuple[Log, ...]:
        """The ways in which a room begins."""
        return ((state_event(CREATE, {}),),)

    @cached_property
    def turns(self) -> Log:
        """Every event that moves somebody, and the creator's choices of a join rule."""
        moves = (
            self.move(action, sender, target) for sender, target in product(self.users, repeat=2) for action in Action
        )
        rules = (state_event(JOIN_RULES, {"rule": rule.value}) for rule in JOIN_RULE_WORDS)
        return (*moves, *rules)

    @cached_property
    def castings(self) -> tuple[Log, ...]:
        """The ways to deal roles by which a sender and a target come to stand to each other as wanted.

        Shortest first. Each is sent by the creator, and ends the time in which they may all.
        """
        pairs = ((ALICE, BOB), (BOB, ALICE), (BOB, CAROL))
        return tuple(sorted((casting for pair in pairs for casting in _deal(*pair)), key=len))

    @cached_property
    def riddles(self) -> tuple[Log, ...]:
        """Rooms in which roles are easily misread, with Alice and Bob in them: by the other event, if there are two."""
        moves = (self.move(Action.INVITE, ALICE, BOB), self.move(Action.JOIN, BOB, BOB))
        company = (*self.openings[0], *({**move, "type": self._other_participation_event} for move in moves))
        return tuple((*company, *_dealt(roles)) for roles in _RIDDLES)

    def questions(self, action: str) -> Log:
        """Every form in which the action can be asked for, each by one event."""
        return tuple(self.move(action, sender, target) for sender, target in product(self.users, repeat=2))

    def facts(self, room: Room, question: Mapping[str, Any]) -> Facts:
        """The facts under which the room would judge a question."""
        return room.facts(question["sender"], question["state_key"])

    def move(self, action: str, sender: str, target: str) -> JSON:
        """The event by which somebody does something to somebody."""
        return write_participation(self._participation_event, action, sender, target)


def _deal(sender: str, target: str) -> Iterator[Log]:
    """Deal roles so that `sender` may, and outranks `target` for, any subset of the permissions.

    Whoever may and does not outrank shares the role `member` with the target. Whoever
    outranks has the role `moderator` alone. To outrank for what one may not do takes a
    "no": where "no" gives power, in `moderator`; else in `member`, which is the higher.
    """
    for invite, *rest in product((False, True), repeat=5):
        may = {"kick": rest[0], "ban": rest[1]}
        outranks = {"kick": rest[2], "ban": rest[3]}
        shared = {name: True for name in may if may[name] and not outranks[name]}
        denied = {name: False for name in may if outranks[name] and not may[name]}
        above = {name: True for name in may if outranks[name]}
        own = {"invite": True} if invite else {}
        if not above:
            yield _cast(sender, target, {}, {**own, **shared})
            continue
        yield _cast(sender, target, {**own, **above}, {**shared, **denied})
        if denied:
            yield _cast(sender, target, {**own, **above, **denied}, shared)


_STAFF = {"invite": True, "kick": True, "ban": True}
_DENIED = {"invite": False, "kick": False, "ban": False}
_RIDDLES: tuple[tuple[tuple[str, int, list[str], JSON], ...], ...] = (
    # What is above is told by the order, a number, and not by the place in the map.
    (("owner", 10, [ALICE], _STAFF), ("moderator", 9, [BOB], _STAFF)),
    # A "no" in a higher role may protect its holder, or not.
    (("moderator", 1, [BOB], _STAFF), ("muted", 2, [ALICE], _DENIED)),
    # Of several roles the highest counts, the lowest does not.
    (("member", 1, [BOB], _STAFF), ("moderator", 2, [ALICE], _STAFF), ("owner", 3, [BOB], _STAFF)),
    # A high role is no power where it permits nothing.
    (("moderator", 1, [BOB], _STAFF), ("guest", 2, [ALICE], {})),
    # The lowest order there is stands above no role at all.
    (("moderator", 0, [BOB], _STAFF),),
    # What a role permits, a higher one takes back.
    (("moderator", 1, [BOB], _STAFF), ("muted", 2, [BOB], _DENIED)),
    # As long as nobody has a role, the creator reigns.
    (("moderator", 1, [], _STAFF),),
    # What a role takes back, a higher one gives again, and one that says nothing leaves as it is.
    (("muted", 1, [BOB], _DENIED), ("moderator", 2, [BOB], _STAFF), ("guest", 3, [BOB], {})),
    # What a role permits gives power, even where a higher one takes it back.
    (("moderator", 1, [BOB], _STAFF), ("member", 2, [ALICE], _STAFF), ("muted", 3, [ALICE], _DENIED)),
)
"""Roles, each with its order, its users and what it permits."""


def _dealt(roles: Iterable[tuple[str, int, list[str], JSON]]) -> Log:
    """The events that define roles and deal them, by the creator."""
    defined = (state_event(ROLE, {"permissions": permissions}, name) for name, _, _, permissions in roles)
    return (*defined, role_map((name, order, users) for name, order, users, _ in roles))


def _cast(sender: str, target: str, moderator: JSON, member: JSON) -> Log:
    dealt = {"moderator": (moderator, [sender]), "member": (member, [sender, target])}
    # To end the creator's reign takes no more than a role that is nowhere defined.
    dealt = {name: role for name, role in dealt.items() if role[0]} or {"guest": ({}, [sender])}
    defined = {name: permissions for name, (permissions, _) in dealt.items() if permissions}
    return (
        *(state_event(ROLE, {"permissions": permissions}, name) for name, permissions in defined.items()),
        role_map((name, order, users) for order, (name, (_, users)) in enumerate(dealt.items(), start=1)),
    )


def state_event(event_type: str, content: JSON, state_key: str = "", sender: str = ALICE) -> JSON:
    """A state event, by Alice if nothing else is said."""
    return write_state(event_type, sender, content, state_key)


def role_map(entries: Iterable[tuple[str, int, list[str]]], sender: str = ALICE) -> JSON:
    """A role map of these roles, orders and users."""
    listed = [{"role_id": name, "user_ids": users, "order": order} for name, order, users in entries]
    return state_event(ROLE_MAP, {"roles": listed}, sender=sender)
