"""Events of all kinds that show what each rule beside the table asks.

Alice is the head of the room. Bob is a moderator, and so is Carol, who has left the room; Dan is a member. In each
room one thing is out of the ordinary.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from fsm.mimi.events import write_participation
from fsm.mimi.permits import Kind
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.scenario import ALICE, BOB, CAROL, DAN, MESSAGE, role_map, state_event
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.participation.terms import Action
from fsm.scenario import EventCase, Log

JSON: TypeAlias = dict[str, Any]

_HEAD, _MODERATOR, _MEMBER = _NAMES = ("head", "moderator", "member")
_EVENTS = dict.fromkeys((ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY, REDACTION, MESSAGE), True)
_MAY: JSON = {"invite": True, "kick": True, "redact": True, "roles": list(_NAMES), "events": _EVENTS}
_ROLES: Mapping[str, JSON] = {_HEAD: {**_MAY, "ban": True}, _MODERATOR: _MAY, _MEMBER: {"events": {MESSAGE: True}}}
_MAP = ((_HEAD, 4, [ALICE]), (_MODERATOR, 2, [BOB, CAROL]), (_MEMBER, 1, [DAN]))
_BY_BOB, _BY_CAROL, _BY_DAN = "$by-bob", "$by-carol", "$by-dan"


def event_cases(policy: MimiPolicy) -> Mapping[str, tuple[EventCase, ...]]:
    """The cases of a policy, by kind of event."""
    return {kind: tuple(_CASES[Kind(kind)](policy)) for kind in policy.rules_beside}


def _state(policy: MimiPolicy, entries: tuple[tuple[str, int, list[str]], ...] = _MAP, **roles: JSON) -> Log:
    """The state, where these roles permit something else."""
    members = (
        write_participation(policy.participation_event, action, user, user)
        for user, action in ((BOB, Action.JOIN), (CAROL, Action.LEAVE), (DAN, Action.JOIN))
    )
    ids = (_BY_BOB, _BY_CAROL, _BY_DAN)
    return (
        state_event(CREATE, {}),
        *({**member, "event_id": event_id} for member, event_id in zip(members, ids, strict=True)),
        *(state_event(ROLE, {"permissions": permits}, name) for name, permits in {**_ROLES, **roles}.items()),
        role_map(entries),
    )


def _of_senders(policy: MimiPolicy, event: JSON) -> Iterator[EventCase]:
    """What is asked of senders: whether they are in the room, and what they may send."""
    event_type = event["type"]
    yield EventCase("plain", _state(policy), event)
    yield EventCase("sender has left the room", _state(policy), {**event, "sender": CAROL})
    rest = {name: granted for name, granted in _EVENTS.items() if name != event_type}
    for words, granted in (("is not granted", rest), ("is denied", {**rest, event_type: False})):
        moderator = {**_MAY, "events": granted}
        yield EventCase(f"type {words}", _state(policy, moderator=moderator), event)
    muted = {**_MAY, "sendMessages": False}
    yield EventCase("sender may not send messages", _state(policy, moderator=muted), event)


def _on_create(policy: MimiPolicy) -> Iterator[EventCase]:
    creation = state_event(CREATE, {})
    yield EventCase("plain", (), creation)
    yield EventCase("the room is there", _state(policy), creation)


def _of_roles(policy: MimiPolicy, event: JSON) -> Iterator[EventCase]:
    """What is asked of every change of the role of members: that it may be touched."""
    yield from _of_senders(policy, event)
    listing = {**_MAY, "roles": [_HEAD, _MODERATOR]}
    yield EventCase("touches what is not listed", _state(policy, moderator=listing), event)
    alone = ((_MODERATOR, 1, [BOB, CAROL]), (_MEMBER, 2, [DAN]))
    yield EventCase("touches what stands above", _state(policy, alone), event)


_ADMINISTRATOR = ((_HEAD, 4, [BOB]), (_MODERATOR, 2, [BOB]))
"""Bob is the only one who may change roles, by a role that stands below another one of his."""


def _on_role(policy: MimiPolicy) -> Iterator[EventCase]:
    def defined(name: str, permissions: JSON) -> JSON:
        return state_event(ROLE, {"permissions": permissions}, name, BOB)

    yield from _of_roles(policy, defined(_MEMBER, {"invite": True}))
    yield EventCase("touches the sender's own", _state(policy), defined(_MODERATOR, {**_MAY, "kick": False}))
    yield EventCase("changes nothing of the sender's own", _state(policy), defined(_MODERATOR, _MAY))
    yield EventCase("grants what the sender lacks", _state(policy), defined(_MEMBER, {"ban": True}))
    state = _state(policy, _ADMINISTRATOR, head={})
    yield EventCase("leaves nobody to change roles", state, defined(_MODERATOR, {"invite": True}))


def _on_role_map(policy: MimiPolicy) -> Iterator[EventCase]:
    def dealt(words: str, *entries: tuple[str, int, list[str]], state: Log | None = None) -> EventCase:
        return EventCase(words, state or _state(policy), role_map(entries, BOB))

    above = _MAP[:2]
    yield from _of_roles(policy, role_map(above, BOB))
    yield dealt("repeats an id", *_MAP, (_MEMBER, 0, [DAN]))
    yield dealt(
        "repeats an order",
        *above,
        (_MEMBER, 1, [DAN]),
        ("guest", 1, []),
        state=_state(policy, moderator={**_MAY, "roles": [*_NAMES, "guest"]}),
    )
    yield dealt("touches the sender's own", _MAP[0], (_MODERATOR, 2, [BOB]), _MAP[2])
    yield dealt("steps out of the sender's own", _MAP[0], (_MODERATOR, 2, [CAROL]), _MAP[2])
    state = _state(policy, member={"ban": True})
    yield dealt("grants what the sender lacks", *above, (_MEMBER, 1, [DAN, CAROL]), state=state)
    yield dealt("leaves nobody to change roles", _ADMINISTRATOR[0], state=_state(policy, _ADMINISTRATOR, head={}))


def _on_state(policy: MimiPolicy) -> Iterator[EventCase]:
    yield from _of_senders(policy, state_event(JOIN_RULES, {"rule": "public"}, sender=BOB))
    other = state_event("org.example.tea", {}, sender=BOB)
    yield EventCase("type is unknown", _state(policy), other)


def _on_redaction(policy: MimiPolicy) -> Iterator[EventCase]:
    def redacts(words: str, sender: str, event_id: str, **roles: JSON) -> EventCase:
        redaction = {"type": REDACTION, "sender": sender, "content": {"redacts": event_id}}
        return EventCase(words, _state(policy, _MAP, **roles), redaction)

    yield redacts("redacts one's own", DAN, _BY_DAN)
    yield redacts("redacts one's own, who has left the room", CAROL, _BY_CAROL)
    yield redacts("redacts another's", BOB, _BY_DAN)
    yield redacts("redacts another's, who may not redact", DAN, _BY_BOB)
    yield redacts("redacts another's, who may not send the type", BOB, _BY_DAN, moderator={**_MAY, "events": {}})
    granted = {"events": _EVENTS}
    yield redacts("redacts another's by a type that is granted", DAN, _BY_BOB, member=granted)
    yield redacts("redacts what nobody knows", DAN, "$unknown")


def _on_message(policy: MimiPolicy) -> Iterator[EventCase]:
    yield from _of_senders(policy, {"type": MESSAGE, "sender": BOB, "content": {"body": "tea"}})


_CASES: Mapping[Kind, Callable[[MimiPolicy], Iterator[EventCase]]] = {
    Kind.CREATE: _on_create,
    Kind.ROLE: _on_role,
    Kind.ROLE_MAP: _on_role_map,
    Kind.STATE: _on_state,
    Kind.REDACTION: _on_redaction,
    Kind.MESSAGE: _on_message,
}
