"""MIMI rooms that are played through: what is done in them, and what it ought to take.

Theory of operation. The tools look for what no sequence of events may lead to, and know
nothing of MIMI: `Boards` give them the events, and say in words what users may do, what
an event takes and what it changes. A *board* is an opening, the deeds that are done from
there in every order, and what is only tried, everywhere.

A moderator, here, may change all roles, as far as the policy leaves it at that, and
holds little else: whatever a policy forgets to ask, they can make use of.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

from fsm.mimi.play import ALICE, BOB, CAROL, JSON, Play, role_map, state_event
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import BAN, INVITE, KICK, REDACT, SEND_MESSAGES, Flag, events, roles
from fsm.mimi.room import Room
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.scenario import Log
from fsm.terms import Action

Settings: TypeAlias = Mapping[tuple[str, str], Mapping[str, Any]]
"""The latest contents of settings, by event type and state key."""


class Boards:
    """All boards of a policy."""

    users = Play.users
    removals = (Action.LEAVE, Action.BAN)

    def __init__(self, policy: MimiPolicy) -> None:
        self._play = Play(policy)

    def removal(self, action: str, sender: str, target: str) -> JSON:
        """The event by which somebody tries to remove somebody."""
        return self._play.move(action, sender, target)

    @cached_property
    def all(self) -> tuple[tuple[Log, Log, Log], ...]:
        """Each an opening, the deeds that are done from there in every order, and what is only tried."""
        fresh = self._play.openings[0]
        company = (*fresh, *(event for user in (BOB, CAROL) for event in self._bring(user)))
        staff = (*company, *(state_event(ROLE, {"permissions": role}, name) for name, role in _STAFF.items()), _START)
        deeds = tuple(deed for sender in (ALICE, BOB) for deed in _role_changes(sender))
        tries = tuple(each for user in self.users for each in _tries(user))
        own = _redaction(BOB, _BY_BOB)
        told = tuple({**event, "event_id": _BY_BOB} if event["sender"] == BOB else event for event in staff)
        # When somebody leaves, their roles stay.
        gone = (*told, self._play.move(Action.LEAVE, BOB, BOB))
        return (
            (told, (), (own, _redaction(ALICE, _BY_BOB), _redaction(CAROL, _BY_BOB))),
            (gone, (), (own, *_role_changes(BOB), *_tries(BOB))),
            (fresh, self._play.turns, tries),
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
        if _is_participation(event) or event["type"] == CREATE:
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
        return not _is_participation(event) and event["type"] not in (CREATE, ROLE, ROLE_MAP)

    def contradicts(self, event: Mapping[str, Any], settings: Settings) -> bool:
        """Whether a room contradicts itself if it takes this event: created again, or roles that are one."""
        if event["type"] == ROLE_MAP:
            entries = event["content"]["roles"]
            return any(len({entry[key] for entry in entries}) < len(entries) for key in ("role_id", "order"))
        return event["type"] == CREATE and (CREATE, "") in settings

    def _bring(self, user: str) -> Log:
        return (self._play.move(Action.INVITE, ALICE, user), self._play.move(Action.JOIN, user, user))


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
_START = role_map(_START_ENTRIES)


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


def _is_participation(event: Mapping[str, Any]) -> bool:
    return "participation" in event["content"]
