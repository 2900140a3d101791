"""What columnar replay needs of MIMI: its events as words, its rooms' settings as numbers.

Theory of operation. In columnar replay, where users stand is kept in arrays outside
of any room, and a participation change is a look-up in a table. What else happens
goes to a room, which sees the arrays as if they were its own states, and says in
numbers what its settings mean for the look-ups. A room is no more than a setup, shared
with all rooms that are set up alike, and its people (`fsm.mimi.setups`).
"""

import json
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.errors import EventError
from fsm.event import Event, is_name, read_event
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import read_role_map
from fsm.mimi.rules import Powers, rules_of
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULE_WORDS, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.mimi.setups import People, SetRoom, Setups, rename
from fsm.terms import Participation

JSON: TypeAlias = dict[str, Any]

_ACTIONS = frozenset(action.value for action in Participation)
_SPEAKING = (CREATE, ROLE, JOIN_RULES, HISTORY_VISIBILITY)
"""The types whose content decides, and names no user."""

_STRANGER = "stranger"
"""A sender whom the settings do not name."""


class ColumnRoom:
    """A room whose participation is kept in columns."""

    __slots__ = ("_people", "_policy", "_setup", "_setups", "_states", "id")

    def __init__(
        self, room_id: str | None, policy: MimiPolicy, setups: Setups, states: MutableMapping[str, Participation]
    ) -> None:
        self.id = room_id
        self._policy = policy
        self._setups = setups
        self._setup = setups.new
        self._people: People = ()
        self._states = states

    @property
    def rule(self) -> int:
        """What the join rule adds to the code of every change."""
        return self._setup.rule

    @property
    def others(self) -> Powers:
        """The powers of everybody who has no standing of their own."""
        return rules_of(self._policy).nobody

    @property
    def powers(self) -> Mapping[str, Powers]:
        """The powers of everybody who has a standing."""
        powers = zip(self._people, self._setup.powers, strict=True)
        return {user: each for user, each in powers if each is not None}

    def send(self, event: Mapping[str, Any], content: str | None = None) -> Decision:
        """Decide, and apply the event when it is allowed. `content` is the text of its content, if that is at hand.

        Raises `EventError` when the event is malformed.
        """
        read = _read(event)
        is_special = read.type in self._policy.participation_events or read.type == REDACTION or "authEvents" in event
        placed = None if is_special else _place(read, self._people, content)
        if placed is None:
            with self._unfolded() as room:
                return room.send(event)
        state = self._states.get(read.sender, Participation.LEAVE)
        answer = self._setups.answer(self._setup, placed.key, placed.event, state)
        if answer.decision.allowed:
            self._setup, self._people = answer.setup, tuple(placed.people[place] for place in answer.stay)
            if read.type == CREATE:
                self._states.setdefault(read.sender, Participation.JOIN)  # joined from the start
        return answer.decision

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands. Raises `EventError`."""
        with self._unfolded() as room:
            room.take(event)

    @contextmanager
    def _unfolded(self) -> Iterator[SetRoom]:
        """The room as others are, for what cannot be answered for all rooms of a setup."""
        names = {str(place): user for place, user in enumerate(self._people)}
        room = SetRoom(self.id, self._policy, rename(self._setup.settings, names), self._states)
        yield room
        self._setup, self._people = self._setups.find(room.settings)


@dataclass(frozen=True, slots=True)
class _Placed:
    """An event in which users go by places, all people whom it and the settings name, and a key that stands for it."""

    event: JSON
    people: People
    key: tuple[object, ...]


def _read(event: Mapping[str, Any]) -> Event:
    """The event, checked. Raises `EventError`."""
    if type(event) is not dict:
        return read_event(event)
    event_type, sender, content = event.get("type"), event.get("sender"), event.get("content")
    state_key, event_id, room_id = event.get("state_key", ""), event.get("event_id", "$"), event.get("room_id", "!")
    names = (event_type, sender, event_id, room_id)
    if all(map(is_name, names)) and type(content) is dict and (state_key == "" or is_name(state_key)):
        return Event(event_type, sender, content, event.get("state_key"))  # type: ignore[arg-type]  # just looked
    return read_event(event)


def _place(read: Event, people: People, content: str | None) -> _Placed | None:
    """Put places for users; None when the event is malformed. `content` is the text of its content, if at hand."""
    said: object = None
    placed: Mapping[str, Any] = {}
    if read.type == CREATE:
        people = _joined(people, [read.sender])
    if read.type in _SPEAKING:
        said, placed = content or json.dumps(read.content), read.content
    elif read.type == ROLE_MAP:
        try:
            entries = read_role_map(read.content)
        except EventError:
            return None
        users = [entry["user_ids"] for entry in read.content["roles"]]
        people = _joined(people, chain.from_iterable(users))
        numbers = {user: str(place) for place, user in enumerate(people)}
        said = tuple(
            (entry.role_id, entry.order, tuple(map(numbers.__getitem__, named)))
            for entry, named in zip(entries, users, strict=True)
        )
        fields = ("role_id", "order", "user_ids")
        placed = {"roles": [dict(zip(fields, (*entry[:2], list(entry[2])), strict=True)) for entry in said]}
    sender = str(people.index(read.sender)) if read.sender in people else _STRANGER
    event = {"type": read.type, "sender": sender, "content": placed}
    if read.state_key is not None:
        event["state_key"] = read.state_key
    return _Placed(event, people, (read.type, read.state_key, said, sender))


def _joined(people: People, named: Iterable[str]) -> People:
    return tuple(dict.fromkeys((*people, *named)))


class Columns:
    """The events and settings of MIMI rooms under one policy, as columnar replay sees them."""

    initial = Participation.LEAVE
    """Where somebody stands of whom nothing is known."""

    past_words = (b"authEvents", REDACTION.encode())
    """One of these stands in the text of every event that `looks_back`."""

    is_user = None
    """Any text can be the id of a user."""

    join_rules = tuple(rule.value for rule in JOIN_RULE_WORDS)
    """The join rules that a room can be opened with."""

    def __init__(self, policy: MimiPolicy) -> None:
        rules = rules_of(policy)
        self.types = policy.participation_events
        self.is_self = rules.is_self
        self.ranks = (rules.outranks_for_kick, rules.outranks_for_ban)
        self._policy = policy
        self._setups = Setups(policy)

    def room(self, room_id: str | None, states: MutableMapping[str, Participation]) -> ColumnRoom:
        """A room that nobody has created yet, and that keeps participation in `states`."""
        return ColumnRoom(room_id, self._policy, self._setups, states)

    def read(self, event: Mapping[str, Any]) -> tuple[str, str, str] | None:
        """Sender, target and action of a change that takes no more than a look-up.

        None for any other event, also for one with a fault: the room has words for it.
        """
        content, sender, target = event.get("content"), event.get("sender"), event.get("state_key")
        if type(content) is not dict or not is_name(event.get("type")) or event["type"] not in self.types:
            return None
        action, reason = content.get("participation"), content.get("reason", "")
        is_plain = (
            is_name(sender)
            and is_name(target)
            and is_name(event.get("event_id", "$"))
            and is_name(action)
            and action in _ACTIONS
            and (reason == "" or is_name(reason))
            and "authEvents" not in event
        )
        return (sender, target, action) if is_plain else None  # type: ignore[return-value]  # names are strings

    def write(self, sender: str | None, target: str | None, action: str) -> JSON:
        """The event that asks for a change."""
        content = {"participation": action}
        return {"type": max(self.types), "sender": sender, "state_key": target, "content": content}

    def looks_back(self, event: Mapping[str, Any]) -> bool:
        """Whether the decision depends on single events of the past, so that a room has to remember them."""
        return "authEvents" in event or (event.get("type") == REDACTION and "state_key" not in event)

    def opening(self, creator: str, moderators: Iterable[str], join_rule: str) -> list[JSON]:
        """The events with which a room begins. Without moderators it has no roles, and the creator reigns."""
        events = [_state(CREATE, creator, {})]
        if join_rule != self.join_rules[0]:
            events.append(self.change_rule(creator, join_rule))
        if moderators := list(moderators):
            lists = {"roles": ["owner", "moderator", "member"], "events": dict.fromkeys(_GRANTED, True)}
            events += [
                _state(ROLE, creator, {"permissions": {**_STAFF, **lists}}, "owner"),
                _state(ROLE, creator, {"permissions": _STAFF}, "moderator"),
                self.appoint(creator, moderators),
            ]
        return events

    def appoint(self, creator: str, moderators: Iterable[str]) -> JSON:
        """The event by which a room's moderators become these."""
        roles = [
            {"role_id": "owner", "user_ids": [creator], "order": 100},
            {"role_id": "moderator", "user_ids": list(moderators), "order": 50},
        ]
        return _state(ROLE_MAP, creator, {"roles": roles})

    def change_rule(self, creator: str, join_rule: str) -> JSON:
        """The event that sets a room's join rule."""
        return _state(JOIN_RULES, creator, {"rule": join_rule})


_STAFF = {"invite": True, "kick": True, "ban": True, "redact": True}
_GRANTED = (ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY, "m.room.name")


def _state(event_type: str, sender: str, content: JSON, state_key: str = "") -> JSON:
    return {"type": event_type, "sender": sender, "state_key": state_key, "content": content}
