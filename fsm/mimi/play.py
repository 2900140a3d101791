"""Small MIMI rooms to try policies in: who plays, what they may do, how roles are dealt.

Theory of operation. The tools build rooms, and know nothing of MIMI: a `Play` gives
them the events. They use it in two ways.

To find the shortest log that brings about given facts, they need to know that facts
fall into two parts that do not influence each other. *Turns*, one event each, decide
where everybody stands and which join rule is in force. A *casting* deals roles, as
often as needed in several events, and decides what everybody may do and whom they
outrank.

To find what no sequence of events may lead to, they play on *boards*: from an opening,
every deed in every order.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

from fsm.facts import Facts
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import BAN, INVITE, KICK, REDACT, SEND_MESSAGES, Flag, events, roles
from fsm.mimi.room import Room
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULE_WORDS, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.terms import Action

JSON: TypeAlias = dict[str, Any]
Log: TypeAlias = tuple[JSON, ...]
Settings: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""The latest contents of settings, by event type and state key."""

ALICE, BOB, CAROL = "@alice:a.example", "@bob:b.example", "@carol:c.example"
"""Alice creates the room. Three users suffice: a sender, a target, and somebody who set the scene."""


class Play:
    """The events that rooms of a policy are built from."""

    users = (ALICE, BOB, CAROL)

    standing = frozenset({"may_invite", "may_kick", "may_ban", "outranks_for_kick", "outranks_for_ban"})
    """The facts that castings decide, and turns leave alone."""

    def __init__(self, policy: MimiPolicy) -> None:
        self._participation_event = max(policy.participation_events)

    # Towards given facts.

    @cached_property
    def openings(self) -> tuple[Log, ...]:
        """The ways in which a room begins."""
        return ((_state(CREATE, {}),),)

    @cached_property
    def turns(self) -> Log:
        """Every event that moves somebody, and the creator's choices of a join rule."""
        moves = (
            self._move(action, sender, target) for sender, target in product(self.users, repeat=2) for action in Action
        )
        rules = (_state(JOIN_RULES, {"rule": rule.value}) for rule in JOIN_RULE_WORDS)
        return (*moves, *rules)

    @cached_property
    def castings(self) -> tuple[Log, ...]:
        """The ways to deal roles by which a sender and a target come to stand to each other as wanted.

        Shortest first. Each is sent by the creator, and ends the time in which they may all.
        """
        pairs = ((ALICE, BOB), (BOB, ALICE), (BOB, CAROL))
        return tuple(sorted((casting for pair in pairs for casting in _deal(*pair)), key=len))

    def questions(self, action: str) -> Log:
        """Every form in which the action can be asked for, each by one event."""
        return tuple(self._move(action, sender, target) for sender, target in product(self.users, repeat=2))

    def facts(self, room: Room, question: Mapping[str, Any]) -> Facts:
        """The facts under which the room would judge a question."""
        return room.facts(question["sender"], question["state_key"])

    # On boards.

    @cached_property
    def boards(self) -> tuple[tuple[Log, Log, Log], ...]:
        """Each an opening, the deeds that are done from there in every order, and what is only tried."""
        fresh = self.openings[0]
        company = (*fresh, *(event for user in (BOB, CAROL) for event in self._bring(user)))
        staff = (*company, *(_state(ROLE, {"permissions": role}, name) for name, role in _STAFF.items()), _START)
        deeds = tuple(deed for sender in (ALICE, BOB) for deed in _role_changes(sender))
        tries = tuple(each for user in self.users for each in _tries(user))
        own = _redaction(BOB, _BY_BOB)
        told = tuple({**event, "event_id": _BY_BOB} if event["sender"] == BOB else event for event in staff)
        # When somebody leaves, their roles stay.
        gone = (*told, self._move(Action.LEAVE, BOB, BOB))
        return (
            (told, (), (own, _redaction(ALICE, _BY_BOB), _redaction(CAROL, _BY_BOB))),
            (gone, (), (own, *_role_changes(BOB), *_tries(BOB))),
            (fresh, self.turns, tries),
            (staff, deeds, tries),
        )

    def permissions(self, room: Room, user: str) -> frozenset[str]:
        """What the user's roles allow, as words; whether they are joined is not asked."""
        standing = room.standing(user)
        granted = (name for name, flag in _FLAGS.items() if standing.may(flag))
        return frozenset((*granted, *(_name(flag) for flag in _SPEECH if not standing.is_denied(flag))))

    def grants(self, settings: Settings, user: str) -> frozenset[str]:
        """What any of the user's roles grants, also where a higher role takes it back."""
        held = [entry["role_id"] for entry in _entries(settings) if user in entry["user_ids"]]
        roles_held = [settings.get((ROLE, name), {"permissions": {}})["permissions"] for name in held]
        return frozenset(name for permissions in roles_held for name, granted in permissions.items() if granted)

    def rank(self, room: Room, user: str) -> int:
        """The highest order of the user's roles."""
        return room.standing(user).order

    def can_be_mended(self, room: Room) -> bool:
        """Whether roles are assigned, and somebody holds the permission to change one."""
        return any(room.standing(user).may(roles(role)) for user in self.users for role in _STAFF) and not any(
            room.standing(user).may(_UNHEARD_OF) for user in self.users
        )

    def needs(self, event: Mapping[str, Any], settings: Settings) -> frozenset[str]:
        """The permissions that an event takes.

        Those for participation are not among them: they are facts, which every policy judges itself.
        """
        if event["type"] in (self._participation_event, CREATE):
            return frozenset()
        if event["type"] == REDACTION:
            is_own = event["sender"] == BOB and event["content"].get("redacts") == _BY_BOB
            return frozenset() if is_own else frozenset({_name(REDACT)})
        if "state_key" not in event:
            return frozenset(map(_name, _SPEECH))
        touched = _touched(event, settings)
        return frozenset(map(_name, [events(event["type"]), *map(roles, touched)]))

    def height(self, event: Mapping[str, Any], settings: Settings) -> int | None:
        """The highest order, old or new, of the roles that an event changes; None for roles without order, too."""
        touched = set(_touched(event, settings))
        entries = [*_entries(settings), *(event["content"]["roles"] if event["type"] == ROLE_MAP else ())]
        return max((entry["order"] for entry in entries if entry["role_id"] in touched), default=None)

    def is_simple(self, event: Mapping[str, Any]) -> bool:
        """Whether permission is all that an event takes of who is joined: other rules concern roles only."""
        return event["type"] not in (self._participation_event, CREATE, ROLE, ROLE_MAP)

    def contradicts(self, event: Mapping[str, Any], settings: Settings) -> bool:
        """Whether a room contradicts itself if it takes this event: created again, or roles that are one."""
        if event["type"] == ROLE_MAP:
            entries = event["content"]["roles"]
            return any(len({entry[key] for entry in entries}) < len(entries) for key in ("role_id", "order"))
        return event["type"] == CREATE and (CREATE, "") in settings

    def _bring(self, user: str) -> Log:
        return (self._move(Action.INVITE, ALICE, user), self._move(Action.JOIN, user, user))

    def _move(self, action: str, sender: str, target: str) -> JSON:
        return {
            "type": self._participation_event,
            "sender": sender,
            "state_key": target,
            "content": {"participation": str(action)},
        }


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


def _cast(sender: str, target: str, moderator: JSON, member: JSON) -> Log:
    dealt = {"moderator": (moderator, [sender]), "member": (member, [sender, target])}
    # To end the creator's reign takes no more than a role that is nowhere defined.
    dealt = {name: role for name, role in dealt.items() if role[0]} or {"guest": ({}, [sender])}
    defined = {name: permissions for name, (permissions, _) in dealt.items() if permissions}
    return (
        *(_state(ROLE, {"permissions": permissions}, name) for name, permissions in defined.items()),
        _role_map((name, order, users) for order, (name, (_, users)) in enumerate(dealt.items(), start=1)),
    )


def _state(event_type: str, content: JSON, state_key: str = "", sender: str = ALICE) -> JSON:
    return {"type": event_type, "sender": sender, "state_key": state_key, "content": content}


def _role_map(entries: Iterable[tuple[str, int, list[str]]], sender: str = ALICE) -> JSON:
    listed = [{"role_id": name, "user_ids": users, "order": order} for name, order, users in entries]
    return _state(ROLE_MAP, {"roles": listed}, sender=sender)


# The roles on boards. A moderator may change all roles, as far as the policy leaves it at
# that, and holds little else: whatever a policy forgets to ask, they can make use of.

_MESSAGE = "m.message"
_EVENT_TYPES = (ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY)
_CHANGES = {"roles": ["owner", "muted", "moderator", "member"], "events": dict.fromkeys(_EVENT_TYPES, True)}
_OWNER = {"invite": True, "kick": True, "ban": True, "redact": True, **_CHANGES}
_MODERATOR = {"invite": True, **_CHANGES}
_MUTED = {"kick": False, "ban": False, "sendMessages": False}
_STAFF: Mapping[str, JSON] = {"owner": _OWNER, "muted": _MUTED, "moderator": _MODERATOR, "member": {}}
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
_START = _role_map(_START_ENTRIES)


def _role_changes(sender: str) -> Iterator[JSON]:
    definitions: tuple[tuple[str, JSON], ...] = (
        ("owner", _OWNER),
        ("owner", {}),
        ("moderator", _MODERATOR),
        ("moderator", {**_MODERATOR, "kick": True}),
        ("moderator", {}),
        ("member", {}),
        ("member", {"kick": True, "events": {_MESSAGE: False}}),
    )
    for name, permissions in definitions:
        yield _state(ROLE, {"permissions": permissions}, name, sender)
    for hands in product(*_HANDS.values()):
        yield _role_map(_assign(dict(zip(_HANDS, hands, strict=True))), sender)


def _tries(sender: str) -> Iterator[JSON]:
    """What everybody tries everywhere, and does not get far with."""
    yield _state(JOIN_RULES, {"rule": "public"}, sender=sender)
    yield _state(HISTORY_VISIBILITY, {"visibility": "world"}, sender=sender)
    yield _state(ROLE, {"permissions": {"invite": True}}, "guest", sender)
    yield _role_map([("guest", 1, [sender])], sender)
    yield _role_map([("member", 1, [CAROL]), ("member", 2, [BOB])], sender)
    yield _role_map([("member", 1, [CAROL]), ("guest", 1, [BOB])], sender)
    yield _state(CREATE, {}, sender=sender)
    yield _role_map([("guest", 0, [CAROL]), *_START_ENTRIES], sender)
    yield _speech(sender)
    yield _redaction(sender, "$somebody-elses")


_BY_BOB = "$by-bob"


def _speech(sender: str) -> JSON:
    return {"type": _MESSAGE, "sender": sender, "content": {"body": "hello"}}


def _redaction(sender: str, event_id: str) -> JSON:
    return {"type": REDACTION, "sender": sender, "content": {"redacts": event_id}}


def _name(flag: Flag) -> str:
    """A permission as people read it: `kick`, `events m.room.role`."""
    return " ".join(part for part in flag if part)


_FLAGS: Mapping[str, Flag] = {
    _name(flag): flag
    for flag in (
        *(INVITE, KICK, BAN, REDACT),
        *map(events, _EVENT_TYPES),
        *map(roles, (*_STAFF, "guest")),
    )
}

_SPEECH = (SEND_MESSAGES, events(_MESSAGE))
"""What it takes to speak, and everybody has who is not denied it."""

_UNHEARD_OF = roles("unheard of")
"""Only a creator who still reigns may change a role that nobody has thought of."""


def _entries(settings: Settings) -> list[JSON]:
    """The entries of the role map in force."""
    entries: list[JSON] = settings.get((ROLE_MAP, ""), {"roles": []})["roles"]
    return entries


def _touched(event: Mapping[str, Any], settings: Settings) -> Iterator[str]:
    """The roles that an event changes, but for those that the sender only steps out of."""
    if event["type"] == ROLE and settings.get((ROLE, event["state_key"])) != event["content"]:
        yield event["state_key"]
    if event["type"] != ROLE_MAP:
        return
    old, new = (
        {entry["role_id"]: (entry["order"], set(entry["user_ids"])) for entry in entries}
        for entries in (_entries(settings), event["content"]["roles"])
    )
    for name in {**old, **new}:
        order, users = old.get(name, (None, set[str]()))
        left = (order, users - {event["sender"]})
        if new.get(name, (order, set())) not in ((order, users), left):
            yield name
