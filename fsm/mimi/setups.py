"""The settings of many rooms, each way to set up a room held and judged once.

Theory of operation. Most rooms are set up like many others, and differ in who is who.
In a `Setup` users go by *places*, "0", "1" and so on, in the order in which the
settings name them, so that rooms set up alike share one. A room is then a setup and its
people. Whether settings may be changed depends on whether users are the same, never on
what they are called: an answer given for one room of a setup holds for all.
"""

from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeAlias

from fsm.decision import Decision
from fsm.event import Event
from fsm.mimi.policies import MimiPolicy
from fsm.mimi.roles import NOBODY, Roles
from fsm.mimi.room import Room
from fsm.mimi.rules import Powers, rules_of
from fsm.mimi.settings import Settings
from fsm.terms import Participation

People: TypeAlias = tuple[str, ...]
"""By place: who it is."""

Question: TypeAlias = tuple[str, str | None, Any, str]
"""What an event asks for, users by places: its type, its state key, what its content says, and the sender."""

Words: TypeAlias = tuple[str | None, str | None, str | None]
"""An event as a history holds it, but for who sent it: its type, its state key, and its content as text."""

_LIMIT = 2**13
"""So many answers are kept. Rooms that are set up like no other would else fill the memory."""

_SHORT = 2**10
"""Longer contents are read each time."""


class Said(NamedTuple):
    """The content of an event, and its text, which is the same for all that say the same."""

    value: Mapping[str, Any]
    text: str


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
        self.said: dict[Words, Said] = {}
        """What sound events of some words say."""
        self.new, _ = self.find(Settings(Roles(policy.power)))

    def keep(self, words: Words, said: Said) -> None:
        """Keep what events of these words say, so that they need not be read again."""
        if len(words[2] or "") <= _SHORT:
            if len(self.said) >= _LIMIT:
                self.said.clear()
            self.said[words] = said

    def find(self, settings: Settings) -> tuple[Setup, People]:
        """The setup of these settings, and the people in it."""
        people = _people(settings)
        placed = rename(settings, {user: str(place) for place, user in enumerate(people)})
        key = repr(placed)
        if key not in self._known:
            standings = [placed.standing(str(place)) for place in range(len(people))]
            self._known[key] = Setup(
                placed,
                self._rules.join_rule[placed.join_rule],
                tuple(None if each is NOBODY else self._rules.powers(each) for each in standings),
            )
        return self._known[key], people

    def answer(
        self, setup: Setup, asked: Question, event: Callable[[], Mapping[str, Any]], state: Participation
    ) -> Answer:
        """What comes of an event in which users go by places, sent by somebody who is in `state`.

        `event` makes the event when it was never asked before. Raises `EventError`.
        """
        answer = self._answers.get((setup, asked, state))
        if answer is None:
            if len(self._answers) >= _LIMIT:
                self._answers.clear()
                self._known.clear()
            answer = self._answers[setup, asked, state] = self._judge(setup, event(), state)
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

    def __init__(
        self,
        room_id: str | None,
        policy: MimiPolicy,
        settings: Settings,
        states: MutableMapping[str, Participation],
    ) -> None:
        super().__init__(room_id, policy=policy)
        self._states = states  # type: ignore[assignment]  # a room does with it what any mapping can do
        self._become(settings)

    @property
    def settings(self) -> Settings:
        """What the room is set to now."""
        return self._settings

    def _remember(self, event: Event) -> None:
        """Nothing."""


def rename(settings: Settings, names: Mapping[str, str]) -> Settings:
    """The same settings with other names for users."""
    roles = settings.roles
    assigned = tuple(replace(entry, users=frozenset(map(names.__getitem__, entry.users))) for entry in roles.assigned)
    creator = settings.creator and names[settings.creator]
    return replace(settings, creator=creator, roles=replace(roles, assigned=assigned))


def _people(settings: Settings) -> People:
    """Everybody whom the settings name: the creator first, then by role. Places come in their order."""
    people = [] if settings.creator is None else [settings.creator]
    for entry in settings.roles.assigned:
        people += sorted(entry.users, key=lambda user: (len(user), user))
    return tuple(dict.fromkeys(people))
