"""What the tests build facts, events and rooms from. Nothing here decides anything."""

import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from io import BytesIO
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias

from fsm import Decision, EventError, Guard, JoinRule, Participant, Participation, Policy, Room
from fsm.event import plain
from fsm.mimi.permits import EventFacts
from fsm.mimi.policies import MIMI, MimiPolicy
from fsm.participation.facts import Facts
from fsm.policies import CATALOGUE

MEMBERSHIP = tuple(name for name, where in CATALOGUE.items() if not where.startswith("fsm.room_policy."))
"""The policies of the catalogue that are walked cell by cell; those of rooms with roles are, in `tests/room_policy`."""

INVITE, JOIN, LEAVE, BAN, KNOCK = Participation

ALICE, BOB, CAROL, DAN = "@alice:a.example", "@bob:b.example", "@carol:a.example", "@dan:c.example"
"""Alice is the creator of every room that is built here."""

ROOM_ID = "!room:a.example"

JSON: TypeAlias = dict[str, Any]
Given: TypeAlias = Mapping[str, Any]

STAFF: Given = {
    "may_invite": True,
    "may_kick": True,
    "may_ban": True,
    "outranks_for_kick": True,
    "outranks_for_ban": True,
}
"""Facts of a sender who may all and outranks the target."""

ALL_POWERS: JSON = {
    "invite": True,
    "kick": True,
    "ban": True,
    "redact": True,
    "roles": ["owner", "moderator", "member", "guest"],
    "events": {
        "m.room.role": True,
        "m.room.role_map": True,
        "m.room.join_rules": True,
        "m.room.history_visibility": True,
        "m.room.name": True,
    },
}
"""The permissions of an owner."""


class Text(str):
    """A text that is not plain."""

    __slots__ = ()


def facts(**given: Any) -> Facts:
    """What differs from a plain room: two joined users without any permission; only invited users may join."""
    plain: JSON = {
        "target": JOIN,
        "sender": JOIN,
        "is_self": False,
        "join_rule": JoinRule.INVITE,
        **dict.fromkeys(STAFF, False),
    }
    if given.get("is_self") and "target" in given:
        plain["sender"] = given["target"]
    return Facts(**{**plain, **given})


def event_facts(**given: Any) -> EventFacts:
    """What differs from an event against which nothing speaks, sent by a joined user."""
    return EventFacts(**{"sender": JOIN, **given})


def create(creator: str = ALICE) -> JSON:
    return {"type": "m.room.create", "sender": creator, "state_key": "", "content": {}}


def change(action: str, sender: str, target: str | None = None, **more: Any) -> JSON:
    """A participation event: `sender` does `action` to `target`, or to themselves."""
    return {
        "type": "m.user",
        "sender": sender,
        "state_key": sender if target is None else target,
        "content": {"participation": str(action)},
        **more,
    }


def role(role_id: str, permissions: Given, sender: str = ALICE) -> JSON:
    return {"type": "m.room.role", "sender": sender, "state_key": role_id, "content": {"permissions": permissions}}


def role_map(*entries: tuple[str, int, Iterable[str]], sender: str = ALICE) -> JSON:
    """A role map from entries of role id, order and users."""
    roles = [{"role_id": role_id, "order": order, "user_ids": list(users)} for role_id, order, users in entries]
    return {"type": "m.room.role_map", "sender": sender, "state_key": "", "content": {"roles": roles}}


def join_rule(rule: str, sender: str = ALICE) -> JSON:
    return {"type": "m.room.join_rules", "sender": sender, "state_key": "", "content": {"rule": rule}}


def visibility(word: str, sender: str = ALICE) -> JSON:
    return {
        "type": "m.room.history_visibility",
        "sender": sender,
        "state_key": "",
        "content": {"visibility": word},
    }


def name_of_room(sender: str = ALICE) -> JSON:
    """A state event that the engine knows nothing about."""
    return {"type": "m.room.name", "sender": sender, "state_key": "", "content": {"name": "Tea"}}


def message(sender: str, event_type: str = "m.message") -> JSON:
    return {"type": event_type, "sender": sender, "content": {"body": "hello"}}


def joined(*users: str, inviter: str = ALICE) -> list[JSON]:
    """Each user is invited and accepts."""
    return [event for user in users for event in (change(INVITE, inviter, user), change(JOIN, user))]


def room(
    *events: Given, policy: MimiPolicy = MIMI, participant: type[Participant] = Participant, room_id: str = ROOM_ID
) -> Room:
    """A room that Alice created, in which all these events were allowed."""
    built = Room.create(room_id, ALICE, policy=policy, participant=participant)
    for event in events:
        decision = built.send(event)
        assert decision, f"{event} was refused: {decision.reason}"
    return built


def inside(of: Room) -> tuple[object, ...]:
    """A copy of all that a room knows: equal copies, equal rooms."""
    past = None if of._past is None else (of._past.keeps_all, list(of._past))
    return (of.id, of._settings, {user: (its.state, its.peers.powers) for user, its in of._members.items()}, past)


def careful(of: Any, event: Given) -> Decision:
    """What a room decides when it takes its time: neither the quick way nor what is known of the event's id."""
    value = plain(event)
    decision: Decision = of._judge(of._understood(of._read(value)), value)[0]
    return decision


def guards_in(place: ModuleType) -> list[Guard[Any]]:
    """Every guard that a module defines, or the modules inside a package."""
    assert place.__file__ is not None
    root, names = Path(place.__file__), [place.__name__]
    if root.name == "__init__.py":
        # Only modules that define guards are imported: others may need libraries that are not there.
        files = sorted(path for path in root.parent.rglob("*.py") if "@guard(" in path.read_text("utf-8"))
        names = [".".join((place.__name__, *path.relative_to(root.parent).with_suffix("").parts)) for path in files]
    return [
        each
        for name in names
        for each in vars(import_module(name)).values()
        if isinstance(each, Guard) and each.test.__module__ == name
    ]


def label(value: object) -> str | None:
    """How a value of a case table reads in the name of its test."""
    if isinstance(value, Mapping):
        is_staff = value.keys() >= STAFF.keys()
        words = [f"{key}={each}" for key, each in value.items() if not is_staff or STAFF.get(key) != each]
        return ",".join(["staff", *words] if is_staff else words) or "plain"
    if isinstance(value, tuple):
        return "+".join(map(str, value)) or "none"
    return value.name if isinstance(value, Guard) else value.id if isinstance(value, Policy) else None


def error_of(act: Callable[[], object]) -> EventError | None:
    """The error with which reading an event ends, if it does."""
    try:
        act()
    except EventError as error:
        return error
    return None


def is_one_line(text: str) -> bool:
    """Whether a message fits on one line of a terminal, whatever it quotes."""
    return bool(text) and text.isprintable() and len(text) < 400


def one_line(start: str) -> str:
    """A pattern for `pytest.raises`: the message starts so, and is a single line."""
    return rf"\A{re.escape(start)}[^\n\r]*\Z"


def set_at(document: JSON, path: tuple[str | int, ...], value: object) -> JSON:
    """A copy of a JSON document in which one place holds another value."""
    return _at(document, path, lambda holder, key: holder.__setitem__(key, value))


def drop_at(document: JSON, path: tuple[str | int, ...]) -> JSON:
    """A copy of a JSON document that lacks one place."""
    return _at(document, path, lambda holder, key: holder.__delitem__(key))


def _at(document: JSON, path: tuple[str | int, ...], act: Callable[[Any, str | int], None]) -> JSON:
    copy: Any = _copy(document)
    holder = copy
    for key in path[:-1]:
        holder = holder[key]
    act(holder, path[-1])
    result: JSON = copy
    return result


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_copy(each) for each in value]
    return value


class InPieces(BytesIO):
    """Gives out what it holds in pieces of other sizes than it is asked for, as pipes do."""

    def __init__(self, text: bytes, size: int) -> None:
        super().__init__(text)
        self.size = size

    def read1(self, size: int | None = -1, /) -> bytes:
        assert size is not None
        return super().read1(min(size, self.size))
