"""Small MIMI rooms to try policies in: who is who, what they may do, how roles are dealt.

Turns, one event each, decide where everybody stands and which join rule is in force. An
assignment deals roles, as often as needed in several events, and decides what
everybody may do and whom they outrank. It ends the creator's reign.

In the rooms that are tried out a moderator may change all roles, as far as the policy
leaves it at that, and holds little else: whatever a policy forgets to ask, they can make use of.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any, TypeAlias

from fsm.event import write_state
from fsm.mimi.events import write_participation
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULE_WORDS, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.participation.terms import Action
from fsm.scenario import Log, Opening, Scenario, Trial

JSON: TypeAlias = dict[str, Any]

ALICE, BOB, CAROL = USERS = ("@alice:a.example", "@bob:b.example", "@carol:c.example")
"""Alice creates the room. Three users suffice: a sender, a target, and somebody who set the scene."""

DAN, EVE = "@dan:b.example", "@eve:e.example"
PEOPLE: Mapping[str, str] = {ALICE: "Alice", BOB: "Bob", CAROL: "Carol", DAN: "Dan", EVE: "Eve"}
"""What they are called, by user id."""


def scenario_of(policy: MimiPolicy) -> Scenario:
    """The rooms of a policy."""
    return Scenario(
        users=PEOPLE,
        strangers=("@somebody:x.example", "@somebody.else:x.example"),
        openings=_openings(policy.participation_event),
        settings={f"join rule: {rule}": state_event(JOIN_RULES, {"rule": rule.value}) for rule in JOIN_RULE_WORDS},
        assignments=tuple(_assignments()),
        concerned=_concerned,
        corner_cases=tuple(_corner_cases(min(policy.participation_events))),
        trials=tuple(_trials(policy.participation_event)),
        follows_states=False,
    )


def _concerned(event: Mapping[str, Any]) -> tuple[str, str]:
    """The sender and the target; what is set by an event has none."""
    return event["sender"], event["state_key"]


def _bring(event_type: str, user: str) -> Log:
    """The events by which Alice lets somebody in."""
    return (
        write_participation(event_type, Action.INVITE, ALICE, user),
        write_participation(event_type, Action.JOIN, user, user),
    )


# The page.

_STEWARD = {"invite": True, "kick": True, "ban": True, "redact": True}
_PAGE_ROLES: Mapping[str, JSON] = {
    "owner": {
        **_STEWARD,
        "roles": ["owner", "moderator", "member"],
        "events": dict.fromkeys((ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY), True),
    },
    "moderator": _STEWARD,
    "member": {"invite": True},
}
# Two moderators, so that peers can meet; Eve has no role.
_DEALT = {"member": (1, [DAN]), "moderator": (2, [BOB, CAROL]), "owner": (3, [ALICE])}
_DEALT_TO = {user: role for role, (_, users) in _DEALT.items() for user in users}


def _openings(event_type: str) -> Mapping[str, Opening]:
    create = state_event(CREATE, {})
    dealt = [(name, order, users, _PAGE_ROLES[name]) for name, (order, users) in _DEALT.items()]
    quiet = (create, *_dealt_out(dealt))
    entries = (event for user in (BOB, CAROL, DAN) for event in _bring(event_type, user))
    return {
        "Whoever has a role is in": Opening((*quiet, *entries), _DEALT_TO),
        "Only Alice is in": Opening(quiet, _DEALT_TO),
        "Alice has just created the room": Opening((create,), {ALICE: "creator"}, searched=True),
    }


# Searches.


def _assignments() -> Iterator[Log]:
    """The ways to deal roles by which a sender and a target come to stand to each other as wanted."""
    for pair in ((ALICE, BOB), (BOB, ALICE), (BOB, CAROL)):
        yield from _deal(*pair)


def _corner_cases(event_type: str) -> Iterator[Log]:
    """Rooms in which roles are easily misread, with Alice and Bob in them: by the other event, if there are two."""
    company = (state_event(CREATE, {}), *_bring(event_type, BOB))
    return ((*company, *_dealt_out(roles)) for roles in _EASILY_MISREAD)


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


_MAY = {"invite": True, "kick": True, "ban": True}
_DENIED = {"invite": False, "kick": False, "ban": False}
_EASILY_MISREAD: tuple[tuple[tuple[str, int, list[str], JSON], ...], ...] = (
    # What is above is told by the order, a number, and not by the place in the map.
    (("owner", 10, [ALICE], _MAY), ("moderator", 9, [BOB], _MAY)),
    # A "no" in a higher role may protect its holder, or not.
    (("moderator", 1, [BOB], _MAY), ("muted", 2, [ALICE], _DENIED)),
    # Of several roles the highest counts, the lowest does not.
    (("member", 1, [BOB], _MAY), ("moderator", 2, [ALICE], _MAY), ("owner", 3, [BOB], _MAY)),
    # A high role is no power where it permits nothing.
    (("moderator", 1, [BOB], _MAY), ("guest", 2, [ALICE], {})),
    # The lowest order there is stands above no role at all.
    (("moderator", 0, [BOB], _MAY),),
    # What a role permits, a higher one takes back.
    (("moderator", 1, [BOB], _MAY), ("muted", 2, [BOB], _DENIED)),
    # As long as nobody has a role, the creator reigns.
    (("moderator", 1, [], _MAY),),
    # What a role takes back, a higher one gives again, and one that says nothing leaves as it is.
    (("muted", 1, [BOB], _DENIED), ("moderator", 2, [BOB], _MAY), ("guest", 3, [BOB], {})),
    # What a role permits gives power, even where a higher one takes it back.
    (("moderator", 1, [BOB], _MAY), ("member", 2, [ALICE], _MAY), ("muted", 3, [ALICE], _DENIED)),
)
"""Roles, each with its order, its users and what it permits."""


def _dealt_out(roles: Collection[tuple[str, int, list[str], JSON]]) -> Log:
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


# Rooms that are tried out.


def _trials(event_type: str) -> Iterator[Trial]:
    fresh = (state_event(CREATE, {}),)
    company = (*fresh, *(event for user in (BOB, CAROL) for event in _bring(event_type, user)))
    staff = (*company, *(state_event(ROLE, {"permissions": role}, name) for name, role in ROLES.items()), _START)
    deeds = tuple(deed for sender in (ALICE, BOB) for deed in _role_changes(sender))
    tries = tuple(each for user in USERS for each in _tries(user))
    own = _redaction(BOB, BY_BOB)
    told = tuple({**event, "event_id": BY_BOB} if event["sender"] == BOB else event for event in staff)
    # When somebody leaves, their roles stay.
    gone = (*told, write_participation(event_type, Action.LEAVE, BOB, BOB))
    yield Trial(told, (), (own, _redaction(ALICE, BY_BOB), _redaction(CAROL, BY_BOB)))
    yield Trial(gone, (), (own, *_role_changes(BOB), *_tries(BOB)))
    yield Trial(fresh, None, tries)
    yield Trial(staff, deeds, tries)


def state_event(event_type: str, content: JSON, state_key: str = "", sender: str = ALICE) -> JSON:
    """A state event, by Alice if nothing else is said."""
    return write_state(event_type, sender, content, state_key)


def role_map(entries: Iterable[tuple[str, int, list[str]]], sender: str = ALICE) -> JSON:
    """A role map of these roles, orders and users."""
    listed = [{"role_id": name, "user_ids": users, "order": order} for name, order, users in entries]
    return state_event(ROLE_MAP, {"roles": listed}, sender=sender)


MESSAGE = "m.message"
BY_BOB = "$by-bob"
EVENT_TYPES = (ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY)
_CHANGES = {"roles": ["owner", "muted", "moderator", "member"], "events": dict.fromkeys(EVENT_TYPES, True)}
_OWNER = {"invite": True, "kick": True, "ban": True, "redact": True, **_CHANGES}
_CHANGER = {"invite": True, **_CHANGES}
_MUTED = {"kick": False, "ban": False, "sendMessages": False}
ROLES: Mapping[str, JSON] = {"owner": _OWNER, "muted": _MUTED, "moderator": _CHANGER, "member": {}}
_ORDERS = {"owner": 4, "muted": 3, "moderator": 2, "member": 1}
_HANDS: Mapping[str, tuple[list[str], ...]] = {
    ALICE: ([], ["owner"]),
    BOB: ([], ["moderator"], ["moderator", "muted"], ["owner"]),
    CAROL: ([], ["member"], ["member", "muted"], ["moderator"]),
}
"""Who may come to hold which roles."""


def _assign(hands: Mapping[str, Iterable[str]]) -> list[tuple[str, int, list[str]]]:
    """The entries of the role map by which everybody holds these roles."""
    held = {name: [user for user, roles_held in hands.items() if name in roles_held] for name in _ORDERS}
    return [(name, _ORDERS[name], users) for name, users in held.items() if users]


_START_ENTRIES = _assign({ALICE: ["owner"], BOB: ["moderator"], CAROL: ["member"]})
_START = role_map(_START_ENTRIES)


def _role_changes(sender: str) -> Iterator[JSON]:
    definitions: tuple[tuple[str, JSON], ...] = (
        ("owner", _OWNER),
        ("owner", {}),
        ("moderator", _CHANGER),
        ("moderator", {**_CHANGER, "kick": True}),
        ("moderator", {}),
        ("member", {}),
        ("member", {"kick": True, "events": {MESSAGE: False}}),
    )
    for name, permissions in definitions:
        yield state_event(ROLE, {"permissions": permissions}, name, sender)
    for hands in product(*_HANDS.values()):
        yield role_map(_assign(dict(zip(_HANDS, hands, strict=True))), sender)


def _tries(sender: str) -> Iterator[JSON]:
    """What everybody tries everywhere, and does not get far with."""
    yield state_event(JOIN_RULES, {"rule": "public"}, sender=sender)
    yield state_event(HISTORY_VISIBILITY, {"visibility": "world"}, sender=sender)
    yield state_event(ROLE, {"permissions": {"invite": True}}, "guest", sender)
    yield role_map([("guest", 1, [sender])], sender)
    yield role_map([("member", 1, [CAROL]), ("member", 2, [BOB])], sender)
    yield role_map([("member", 1, [CAROL]), ("guest", 1, [BOB])], sender)
    yield state_event(CREATE, {}, sender=sender)
    yield role_map([("guest", 0, [CAROL]), *_START_ENTRIES], sender)
    yield _speech(sender)
    yield _redaction(sender, "$somebody-elses")


def _speech(sender: str) -> JSON:
    return {"type": MESSAGE, "sender": sender, "content": {"body": "hello"}}


def _redaction(sender: str, event_id: str) -> JSON:
    return {"type": REDACTION, "sender": sender, "content": {"redacts": event_id}}
