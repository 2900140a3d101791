"""The shortest way to a cell: a log that brings a room from nothing to exactly these facts.

Theory of operation. Of the scenario of a policy's family a `Play` is made: the events from
which small rooms are built. Rooms are real, and every log that is handed
out has been played from its first event to its last. The search has three steps,
each for what the one before leaves open:

1. Breadth first through all rooms that single events, *turns*, lead to. Whatever
   can be asked in one of them is a cell found.
2. What the sender may do, and whom they outrank (their *standing*), does not depend
   on who stands where. So a scene of the first step is combined with the shortest
   *casting*, the events that give sender and target the standing wanted.
3. Under odd rules some state is reached only once a casting has ended the creator's
   reign: breadth first once more, from there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import count, product
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import new_room, target_of
from fsm.review.play import Play, play_of
from fsm.scenario import Log
from fsm.state import AnyState
from fsm.unrecorded import unrecorded

Part: TypeAlias = tuple[Any, ...]
"""The values of some of the facts, in the order of their definition."""
Settings: TypeAlias = frozenset[tuple[str, str, int]]
"""By event type and state key: the number of the turn that was the last to set it."""


@unrecorded()
def witness(policy: AnyPolicy, action: str, facts: Any) -> Log | None:
    """The shortest log from an empty room whose last event asks for `action` in exactly these facts.

    The events before the last are allowed; the last is the question itself, whatever
    the answer. None when no room that the family can play has these facts: nobody
    outranks themselves, for one. The same log every time. Raises `DefinitionError` where
    a library is missing that the family's events need.
    """
    search = _search_of(policy)
    return search.find(action, facts) if search else None


def can_be_played(policy: AnyPolicy) -> bool:
    """Whether the policy's family offers rooms to look for witnesses in.

    Raises `DefinitionError` where a library is missing without which only some of them can be built. For those who
    want to know it before they begin.
    """
    play = play_of(policy)
    if play is None:
        return False
    for action in policy.triggers:
        play.questions(action)
    return True


@dataclass(frozen=True, slots=True)
class _Scene:
    """A room, how it came about, and which settings were made by which turn."""

    log: Log
    room: AnyRoom
    settings: Settings = frozenset()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What can be asked by one action: the first scene for all facts, for the facts of each part, by form."""

    directly: dict[Any, Log]
    placed: dict[tuple[int, Part], Log]
    cast: dict[tuple[int, Part], list[Log]]


class Search:
    """All scenes of one policy, found once."""

    def __init__(self, policy: AnyPolicy, play: Play) -> None:
        self._policy = policy
        self._play = play
        names = [item.name for item in fields(policy.domain.record)]
        self._standing = [name for name in names if name in policy.domain.privileges]
        self._place = [name for name in names if name not in policy.domain.privileges]
        self._asked: dict[str, _Asked] = {}
        self._sequels: dict[int, tuple[list[_Scene], Iterator[_Scene]]] = {}

    def find(self, action: str, facts: Any) -> Log | None:
        """The shortest log to a cell (see `witness`)."""
        asked = self._asked.get(action) or self._asked.setdefault(action, self._ask(action))
        logs = sorted(self._combined(asked, action, facts), key=len)
        found = next((log for log in logs if self._confirms(log, facts)), None) or self._search_on(action, facts)
        return self._without_idle_events(found, facts) if found else None

    def _without_idle_events(self, log: Log, facts: Any) -> Log:
        """Leave out what a longer opening has, and this question does not need."""
        shortest, *others = self._play.openings
        longest = max((len(each) for each in others if log[: len(each)] == each), default=0)
        for index in reversed(range(len(shortest), longest)):
            shorter = (*log[:index], *log[index + 1 :])
            if self._confirms(shorter, facts):
                log = shorter
        return log

    def _combined(self, asked: _Asked, action: str, facts: Any) -> Iterator[Log]:
        """The logs of the first two steps, one for each form of the question."""
        if facts in asked.directly:
            yield asked.directly[facts]
        place, standing = self._parts(facts)
        for form, question in enumerate(self._play.questions(action)):
            castings, log = asked.cast.get((form, standing)), asked.placed.get((form, place))
            if castings and log:
                yield (*log, *castings[0], question)

    def _ask(self, action: str) -> _Asked:
        """Note what every scene and every casting answers."""
        asked = _Asked({}, {}, {})
        questions, castings = self._play.questions(action), self._play.assignments
        for scene in self._scenes:
            is_castable = bool(castings) and scene.room.decide(castings[0][0]).allowed
            for form, question in enumerate(questions):
                facts = self._play.facts(scene.room, question)
                asked.directly.setdefault(facts, (*scene.log, question))
                if is_castable:
                    asked.placed.setdefault((form, self._parts(facts)[0]), scene.log)
        for casting, scene in self._cast:
            for form, question in enumerate(questions):
                standing = self._parts(self._play.facts(scene.room, question))[1]
                asked.cast.setdefault((form, standing), []).append(casting)
        return asked

    def _search_on(self, action: str, facts: Any) -> Log | None:
        """The last step: scenes that are reached only after a casting."""
        if not self._play.is_assigned_first or (facts.target, facts.sender, facts.is_self) not in self._conceivable:
            return None
        standing = self._parts(facts)[1]
        forms = [
            (form, question)
            for form, question in enumerate(self._play.questions(action))
            if (question["sender"] == target_of(self._policy, question)) is facts.is_self
        ]
        best: Log | None = None
        for form, question in forms:
            for casting in self._asked[action].cast.get((form, standing), ()):
                for scene in self._after(casting):
                    if best is not None and len(scene.log) + 1 >= len(best):
                        break
                    if self._play.facts(scene.room, question) == facts:
                        best = (*scene.log, question)
                        break
        return best

    @cached_property
    def _scenes(self) -> list[_Scene]:
        # Rooms that begin otherwise are never alike.
        openings = ((log, frozenset({("", "", number)})) for number, log in enumerate(self._play.openings))
        return list(self._explore(filter(None, (self._scene(*opening) for opening in openings))))

    @cached_property
    def _cast(self) -> list[tuple[Log, _Scene]]:
        """Every casting that the policy allows, with a scene that shows its effect."""
        scenes = [(casting, self._scene((*self._play.openings[0], *casting))) for casting in self._play.assignments]
        return [(casting, scene) for casting, scene in scenes if scene]

    def _after(self, casting: Log) -> Iterator[_Scene]:
        """All scenes after a casting, nearest first; each is found once, and only if somebody asks for it."""
        if id(casting) not in self._sequels:
            start = (self._scene((*scene.log, *casting), scene.settings) for scene in self._scenes)
            self._sequels[id(casting)] = [], self._explore(filter(None, start))
        found, others = self._sequels[id(casting)]
        yield from found
        for scene in others:
            found.append(scene)
            yield scene

    @cached_property
    def _conceivable(self) -> set[tuple[AnyState, AnyState, bool]]:
        """Where target and sender can stand if everybody had, at any time, whatever standing they need.

        More than any room can reach. What is not even in here needs no search.
        """
        moves: dict[tuple[Any, Any, bool], set[Any]] = {}
        cells = ((action, facts) for action in self._policy.triggers for facts, _ in self._policy.walk(action))
        for action, facts in cells:
            for row in self._policy.candidates(action, facts.target):
                if row.permits(facts):
                    moves.setdefault((facts.target, facts.sender, facts.is_self), set()).add(row.leads_to(facts))
        users = range(len(self._play.users))
        pairs = list(product(users, users))
        waiting = {tuple(self._state(scene, user) for user in self._play.users) for scene in self._scenes}
        reached = set(waiting)
        while waiting:
            states = waiting.pop()
            for sender, target in pairs:
                for dest in moves.get((states[target], states[sender], sender == target), ()):
                    moved = (*states[:target], dest, *states[target + 1 :])
                    if moved not in reached:
                        reached.add(moved)
                        waiting.add(moved)
        return {(states[target], states[sender], sender == target) for states in reached for sender, target in pairs}

    def _explore(self, start: Iterable[_Scene]) -> Iterator[_Scene]:
        """Nearest first from some scenes, through all turns; of scenes that are alike, the first."""
        order = count()
        waiting = [(len(scene.log), next(order), scene.log, _key(scene), scene.settings) for scene in start]
        heapify(waiting)
        seen: set[object] = set()
        while waiting:
            length, _, log, key, settings = heappop(waiting)
            scene = None if key in seen else self._scene(log, settings)
            seen.add(key)
            if scene is None:
                continue
            yield scene
            states = scene.room.participations()
            for number, turn in enumerate(self._play.turns):
                decision = scene.room.decide(turn)
                if decision:
                    key, settings = self._moved(states, scene.settings, number, turn, decision)
                    if key not in seen:
                        heappush(waiting, (length + 1, next(order), (*log, turn), key, settings))

    def _scene(self, log: Log, settings: Settings = frozenset()) -> _Scene | None:
        """The room after these events; None when one of them is refused."""
        room = new_room(self._policy)
        return _Scene(log, room, settings) if all(room.send(event) for event in log) else None

    def _confirms(self, log: Log, facts: Any) -> bool:
        scene = self._scene(log[:-1])
        return scene is not None and self._play.facts(scene.room, log[-1]) == facts

    def _parts(self, facts: Any) -> tuple[Part, Part]:
        """The facts of who stands where, and those of standing."""
        place = tuple(getattr(facts, name) for name in self._place)
        return place, tuple(getattr(facts, name) for name in self._standing)

    def _moved(
        self,
        states: Mapping[str, AnyState],
        settings: Settings,
        number: int,
        turn: Mapping[str, Any],
        decision: Decision,
    ) -> tuple[object, Settings]:
        """The key and the settings of the scene to which a turn leads."""
        if decision.after is None:
            place = (turn["type"], turn["state_key"])
            settings = frozenset({*(each for each in settings if each[:2] != place), (*place, number)})
        elif decision.after != decision.before:
            target = target_of(self._policy, turn)
            states = {**states, target: decision.after}
            if decision.after == self._policy.initial:
                del states[target]
        return (frozenset(states.items()), settings), settings

    def _state(self, scene: _Scene, user: str) -> AnyState:
        state: AnyState = scene.room.participations().get(user, self._policy.initial)
        return state


def _search_of(policy: AnyPolicy) -> Search | None:
    return policy.derived(_search)


def _search(policy: AnyPolicy) -> Search | None:
    play = play_of(policy)
    return Search(policy, play) if play else None


def _key(scene: _Scene) -> object:
    """Scenes with one key answer all questions alike."""
    return frozenset(scene.room.participations().items()), scene.settings
