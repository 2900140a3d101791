"""What columnar replay needs of MIMI: its events as words, its rooms' settings as numbers.

Theory of operation. In columnar replay, where users stand is kept in arrays outside
of any room, and a participation change is a look-up in a table. What else happens
goes to a room, which sees the arrays as if they were its own states, and says in
numbers what its settings mean for the look-ups. A room is no more than a setup, shared
with all rooms that are set up alike, and its people (`fsm.mimi.setups`).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from fsm.decision import Decision
from fsm.event import is_name
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.rules import Powers, rules_of
from fsm.mimi.settings import CREATE, HISTORY_VISIBILITY, JOIN_RULE_WORDS, JOIN_RULES, REDACTION, ROLE, ROLE_MAP
from fsm.mimi.setups import People, RoleMap, Said, SetRoom, Setups, rename
from fsm.participation.habits import ACTS, ENTRY, HABITS
from fsm.participation.terms import Participation

JSON: TypeAlias = dict[str, Any]

_ACTIONS = frozenset(action.value for action in Participation)
_SPEAKING = (CREATE, ROLE, JOIN_RULES, HISTORY_VISIBILITY)
"""The types whose content decides, and names no user."""

_STRANGER = "stranger"
"""A sender whom the settings do not name."""


class ColumnRoom:
    """A room whose participation is kept in columns."""

    __slots__ = ("_people", "_policy", "_setup", "_setups", "_states", "_told", "id")

    def __init__(
        self, room_id: str | None, policy: MimiPolicy, setups: Setups, states: MutableMapping[str, Participation]
    ) -> None:
        self.id = room_id
        self._policy = policy
        self._setups = setups
        self._setup = setups.new
        self._people: People = ()
        self._states = states
        self._told: tuple[People, Sequence[Powers | None]] = ((), ())

    @property
    def rule(self) -> int:
        """What the join rule adds to the code of every change."""
        return self._setup.rule

    @property
    def others(self) -> Powers:
        """The powers of everybody who has no standing of their own."""
        return self._setups.nobody

    def judge(self, event: Callable[[], Any], fields: Mapping[str, Any] | None = None) -> Decision:
        """Decide, and apply the event when it is allowed. Raises `EventError` when it is malformed.

        `event` reads it; `fields`, if at hand, are its fields as a history holds them, the content as text.
        """
        heard = self._listen(event, fields)
        if heard is None:
            with self._unfolded() as room:
                return room.send(event())
        said, sender, people = heard
        state = self._states.get(sender)
        place = str(people.index(sender)) if sender in people else _STRANGER
        answer = self._setups.answer(self._setup, said, place, state or Participation.LEAVE)
        if answer.decision.allowed:
            self._setup, self._people = answer.setup, tuple([people[place] for place in answer.stay])
            if state is None and said.type == CREATE:
                self._states[sender] = Participation.JOIN  # joined from the start
        return answer.decision

    def _listen(self, event: Callable[[], Any], fields: Mapping[str, Any] | None) -> "_Heard | None":
        """Put places for users; None for what cannot be answered for all rooms that are set up alike."""
        if fields is not None:  # many events are written in the same words
            said = self._setups.said((fields.get("type", ""), fields.get("state_key"), fields.get("content")))
            if said is not None:
                return self._heard(said, fields["sender"])
        given: Any = event()
        if not _is_plain(given, self._policy):
            return None
        event_type, state_key, content = given["type"], given.get("state_key"), given["content"]
        if event_type == ROLE_MAP:
            return _read_roles(state_key, content.get("roles"), given["sender"], self._people)
        text = None
        if event_type not in _SPEAKING:
            content = {}
        else:
            text = json.dumps(content) if fields is None else fields.get("content")
        kept = self._setups.keep((event_type, state_key, text), content)
        return None if kept is None else self._heard(kept, given["sender"])

    def _heard(self, said: Said, sender: str) -> "_Heard":
        people = self._people
        return _Heard(said, sender, (*people, sender) if said.type == CREATE and sender not in people else people)

    def take(self, event: Mapping[str, Any]) -> None:
        """Apply a state event as it stands. Raises `EventError`."""
        with self._unfolded() as room:
            room.take(event)

    def note(self, event: Mapping[str, Any]) -> None:
        """Find what is wrong with a message that nobody judged. Raises `EventError`."""
        with self._unfolded() as room:
            room.note(event)

    def new_powers(self) -> Mapping[str, Powers | None]:
        """The powers that have changed since this was last asked; None for who has no standing now."""
        people, powers = self._told
        if powers == self._setup.powers and people == self._people:
            return {}
        self._told = self._people, self._setup.powers
        before, now = dict(zip(people, powers, strict=True)), dict(zip(*self._told, strict=True))
        return {user: now.get(user) for user in {**before, **now} if before.get(user) != now.get(user)}

    @contextmanager
    def _unfolded(self) -> Iterator[SetRoom]:
        """The room as others are, for what cannot be answered for all rooms of a setup."""
        names = {str(place): user for place, user in enumerate(self._people)}
        room = SetRoom(self.id, self._policy, rename(self._setup.settings, names), self._states)
        yield room
        self._setup, self._people = self._setups.find(room.settings)


class _Heard(NamedTuple):
    """What is asked for in terms of places, by whom, and all people whom the event and the settings name."""

    said: Said | RoleMap
    sender: str
    people: People


def _is_plain(event: Any, policy: MimiPolicy) -> bool:
    """Whether an event is sound, but for its content, and can be answered for all rooms that are set up alike."""
    return (
        type(event) is dict
        and is_name(event_type := event.get("type"))
        and event_type not in policy.participation_events
        and event_type != REDACTION
        and type(event.get("content")) is dict
        and (event.get("state_key", "") == "" or is_name(event["state_key"]))
        and is_name(event.get("sender"))
        and is_name(event.get("event_id", "$"))
        and is_name(event.get("room_id", "!"))
        and "authEvents" not in event
    )


def _read_roles(state_key: str | None, entries: Any, sender: str, people: People) -> _Heard | None:
    """Put places for users in the entries of a role map; None where that cannot be done."""
    if type(entries) is not list or not all(map(_is_entry, entries)):
        return None
    people = _joined(people, chain.from_iterable([entry["user_ids"] for entry in entries]))
    places = {user: str(place) for place, user in enumerate(people)}
    roles = [
        (entry["role_id"], entry["order"], tuple([places[user] for user in entry["user_ids"]])) for entry in entries
    ]
    return _Heard(RoleMap(state_key, tuple(roles)), sender, people)


def _is_entry(entry: Any) -> bool:
    """Whether nothing but its numbers and names tells an entry of a role map from others."""
    return (
        type(entry) is dict
        and entry.keys() == _ENTRY
        and is_name(entry["role_id"])
        and type(entry["order"]) is int
        and type(entry["user_ids"]) is list
        and all(map(is_name, entry["user_ids"]))
    )


_ENTRY = {"role_id", "order", "user_ids"}


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

    rules = tuple(rule.value for rule in JOIN_RULE_WORDS)
    """The join rules that a room can be opened with."""

    habits, entry, acts = HABITS, ENTRY, ACTS

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

    def write(self, sender: str | None, target: str | None, action: str, destination: str | None = None) -> JSON:  # noqa: ARG002 - the action says it
        """The event that asks for a change."""
        content = {"participation": action}
        return {"type": max(self.types), "sender": sender, "state_key": target, "content": content}

    def looks_back(self, event: Mapping[str, Any]) -> bool:
        """Whether the decision depends on single events of the past, so that a room has to remember them."""
        return "authEvents" in event or (event.get("type") == REDACTION and "state_key" not in event)

    def says_more(self, event: Mapping[str, Any]) -> bool:
        """Whether a change says more than takes a look-up that tells it from other events of its id."""
        return "reason" in event["content"]

    def opening(self, creator: str, moderators: Iterable[str], rule: str) -> list[JSON]:
        """The events with which a room begins. Without moderators it has no roles, and the creator reigns."""
        events = [_state(CREATE, creator, {})]
        if rule != self.rules[0]:
            events.append(self.change_rule(creator, rule))
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

    def change_rule(self, creator: str, rule: str) -> JSON:
        """The event that sets a room's join rule."""
        return _state(JOIN_RULES, creator, {"rule": rule})


_STAFF = {"invite": True, "kick": True, "ban": True, "redact": True}
_GRANTED = (ROLE, ROLE_MAP, JOIN_RULES, HISTORY_VISIBILITY, "m.room.name")


def _state(event_type: str, sender: str, content: JSON, state_key: str = "") -> JSON:
    return {"type": event_type, "sender": sender, "state_key": state_key, "content": content}
