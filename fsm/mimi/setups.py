"""The settings of many rooms, each way to set up a room held and judged once.

Theory of operation. Most rooms are set up like many others, and differ in who is who.
In a `Setup` users go by *places*, "0", "1" and so on, in the order in which the
settings name them, so that rooms set up alike share one. A room is then a setup and its
people. Whether settings may be changed depends on whether users are the same, never on
what they are called: an answer given for one room of a setup holds for all.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias

from fsm.classes import Outside
from fsm.decision import Decision
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import NOBODY, Roles
from fsm.mimi.room import Room
from fsm.mimi.rules import Powers, rules_of
from fsm.mimi.settings import ROLE_MAP, Settings
from fsm.participation.terms import Participation

People: TypeAlias = tuple[str, ...]
"""By place: who it is."""

Words: TypeAlias = tuple[str, str | None, str | None]
"""An event as a history holds it, but for who sent it: its type, its state key, and its content as text."""

_LIMIT = 2**13
"""So many answers are kept, and so many events in the same words.

Rooms that are set up like no other would else fill the memory.
"""

_SHORT = 2**10
"""An event with longer content is read, and judged by a whole room, each time."""


@dataclass(frozen=True, eq=False, slots=True)
class Said:
    """An event that names nobody but its sender; the same object for all that say it in the same words."""

    type: str
    state_key: str | None
    content: Mapping[str, Any]

    def event(self, sender: str) -> dict[str, Any]:
        """The event, sent by somebody."""
        event = {"type": self.type, "sender": sender, "content": self.content}
        return event if self.state_key is None else {**event, "state_key": self.state_key}


class RoleMap(NamedTuple):
    """A role map in which users go by places: each role's id, order and users."""

    state_key: str | None
    roles: tuple[tuple[str, int, tuple[str, ...]], ...]

    @property
    def type(self) -> str:
        """Its event type."""
        return ROLE_MAP

    def event(self, sender: str) -> dict[str, Any]:
        """The event, sent by somebody."""
        roles = [{"role_id": role_id, "order": order, "user_ids": list(users)} for role_id, order, users in self.roles]
        return Said(ROLE_MAP, self.state_key, {"roles": roles}).event(sender)


@dataclass(frozen=True, eq=False, slots=True)
class Setup:
    """Settings in which users go by places; `powers` are those of each place."""

    settings: Settings
    rule: int
    powers: tuple[Powers | None, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """A decision, the setup that follows, and who of the people that were named stand in it, by place."""

    decision: Decision
    setup: Setup
    stay: tuple[int, ...]


class Setups:
    """The setups that came up under one policy, and the answers to what was asked in each."""

    def __init__(self, policy: MimiPolicy) -> None:
        self._policy = policy
        self._rules = rules_of(policy)
        self.nobody = self._rules.nobody
        self._known: dict[str, Setup] = {}
        self._answers: dict[tuple[object, ...], Answer] = {}
        self._decisions: dict[Decision, Decision] = {}
        self._said: dict[Words, Said] = {}
        self.new, _ = self.find(Settings(Roles(policy.power)))

    def said(self, words: Words) -> Said | None:
        """What events of these words say; None when that was not kept."""
        return self._said.get(words)

    def keep(self, words: Words, content: Mapping[str, Any]) -> Said | None:
        """Keep what events of these words say, so that they need not be read again; None when they are too long."""
        if len(words[2] or "") > _SHORT:
            return None
        said = self._said.get(words)
        if said is None:
            if len(self._said) >= _LIMIT:
                self._said.clear()
            said = self._said[words] = Said(words[0], words[1], content)
        return said

    def find(self, settings: Settings) -> tuple[Setup, People]:
        """The setup of these settings, and the people in it."""
        people = _people(settings)
        placed = rename(settings, {user: str(place) for place, user in enumerate(people)})
        key = repr(placed)
        if key not in self._known:
            standings = placed.standings
            self._known[key] = Setup(
                placed,
                self._rules.join_rule[placed.join_rule],
                tuple(
                    None if (standing := standings.get(str(place), NOBODY)) is NOBODY else self._rules.powers(standing)
                    for place in range(len(people))
                ),
            )
        return self._known[key], people

    def answer(self, setup: Setup, said: Said | RoleMap, sender: str, state: Participation) -> Answer:
        """What comes of an event that is sent by somebody, known by place, who is in `state`. Raises `EventError`."""
        asked = setup, said, sender, state
        answer = self._answers.get(asked)
        if answer is None:
            if len(self._answers) >= _LIMIT:
                self._answers.clear()
                self._known.clear()
            answer = self._answers[asked] = self._judge(setup, said.event(sender), state)
        return answer

    def _judge(self, setup: Setup, event: Mapping[str, Any], state: Participation) -> Answer:
        room = SetRoom(None, self._policy, setup.settings, {event["sender"]: state})
        decision = room.send(event)
        decision = self._decisions.setdefault(decision, decision)
        after, people = self.find(room.settings)
        return Answer(decision, after, tuple(map(int, people)))


class SetRoom(Room):
    """A room with given settings and states, which remembers no past."""

    __slots__ = ()

    keeps_past = False

    def __init__(
        self,
        room_id: str | None,
        policy: MimiPolicy,
        settings: Settings,
        states: MutableMapping[str, Participation],
    ) -> None:
        super().__init__(room_id, policy=policy)
        self._members = Outside(states, self._rules.others)  # type: ignore[assignment]  # it does what a dictionary does
        self._become(settings)

    @property
    def settings(self) -> Settings:
        """What the room is set to now."""
        return self._settings


def rename(settings: Settings, names: Mapping[str, str]) -> Settings:
    """The same settings with other names for users."""
    roles = settings.roles
    assigned = tuple(entry._replace(users=frozenset(map(names.__getitem__, entry.users))) for entry in roles.assigned)
    creator = settings.creator and names[settings.creator]
    return settings._replace(creator=creator, roles=roles.assign(assigned))


def _people(settings: Settings) -> People:
    """Everybody whom the settings name: the creator first, then by role. Places come in their order."""
    people = [] if settings.creator is None else [settings.creator]
    for entry in settings.roles.assigned:
        people += sorted(entry.users, key=lambda user: (len(user), user))  # place 10 comes after place 9
    return tuple(dict.fromkeys(people))
