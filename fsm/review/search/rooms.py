"""Playing whole rooms through, to hold them against the room laws.

Theory of operation. Some holes show in no single decision: a permission that
somebody gives to themselves in two steps, a room that nobody can mend. So small
rooms of three users are played through, breadth first, with real rooms of the
family: in each *trial* of its scenario every deed is done in every order, and a room that
is like one seen before is not played again. The trials are finite, and so is the
search; it is the same every time. A scenario says by whose states an event is judged: where these
stand alike, and the settings are the same, it is not judged again.

The shortest log to a step that breaks a law is then shortened further: whatever is
not needed to break it is left out.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from fsm.decision import Decision
from fsm.errors import DefinitionError, EventError, shorten
from fsm.family import AnyPolicy, AnyRoom
from fsm.loading import running
from fsm.policies import laws_of, scenario_of, syntax_of
from fsm.review.errors import ReviewError
from fsm.review.laws.room_laws import BEGINS, RoomLaw, Step, View
from fsm.review.search.play import play_of
from fsm.review.search.played import Played, Questions, Rooms
from fsm.scenario import Log, Scenario, Settings, Trial
from fsm.state import AnyState


@dataclass(frozen=True, slots=True)
class RoomBreach:
    """A law that is broken in `rooms` of the rooms played.

    `log` is the shortest whose last event shows it, `decision` that event's. Where
    it shows only by comparison, `contrast` is a log with the same last event and
    the other answer.
    """

    law: RoomLaw
    rooms: int
    log: Log
    decision: Decision
    contrast: Log | None = None


class _Place(NamedTuple):
    """Where everybody stands, and the number of what a room is set to: rooms of one place answer everything alike."""

    states: frozenset[tuple[str, AnyState]]
    settings: int


@dataclass(frozen=True, slots=True)
class _Node:
    """A room that has been reached."""

    log: Log
    played: Played
    view: View

    @property
    def room(self) -> AnyRoom:
        """The room itself."""
        return self.played.room


_CANDIDATES = 4
"""Of so many logs of each trial that show a fault it is tried which can be made the shortest."""


class Search:
    """The rooms of one policy, played through. `rooms` and `steps` count what has been seen."""

    def __init__(self, policy: AnyPolicy, scenario: Scenario, turns: Log, laws: Iterable[RoomLaw]) -> None:
        self._policy = policy
        self._scenario = scenario
        self._turns = turns
        self._syntax = syntax_of(policy)
        self._rooms = Rooms(policy)
        self._questions = Questions()
        given = {law.id: law for law in laws}
        self._begins = given.pop(BEGINS.id, BEGINS)
        self.laws = tuple(given.values())
        self.rooms = 0
        self.steps = 0
        self._trial = 0
        self._broken: dict[RoomLaw, list[tuple[int, Log]]] = {}
        self._written: dict[int, str] = {}
        self._numbers: dict[frozenset[tuple[tuple[str, str], str]], int] = {}

    def run(self, most: int) -> Iterator[int]:
        """Play all trials, each up to so many rooms; yields the number of rooms seen, room by room."""
        scenario = self._scenario
        for trial in scenario.trials or (Trial(log, None, scenario.attempts) for log in scenario.searched):
            self._trial += 1
            start = self._node(trial.log)
            deeds = self._turns if trial.deeds is None else trial.deeds
            if start is None:
                self._note(self._begins, self._refused(trial.log))
            else:
                yield from islice(self._walk(start, deeds, trial.attempts), most)

    def breaches(self) -> Iterator[RoomBreach]:
        """The laws broken so far, each with its shortest log."""
        for law, logs in self._broken.items():
            shortest, rooms = self._shortest(law, logs), len(logs)
            step = self._step(shortest)
            assert step is not None
            shown = law.shows(step)
            if shown is None:
                yield RoomBreach(law, rooms, shortest, step.decision)
            else:
                attempt = self._syntax.write(self._policy, *shown)
                node = self._node(shortest)
                assert node is not None
                decision = node.room.decide(attempt)
                yield RoomBreach(law, rooms, (*shortest, attempt), decision, (*shortest[:-1], attempt))

    def _walk(self, start: _Node, deeds: Log, tries: Log) -> Iterator[int]:
        begun = _Place(frozenset(start.view.states.items()), self._number(start.view.settings))
        waiting = deque([(begun, start)])
        queued, views = {begun}, {begun: start.view}
        asked = [(event, self._concerned(event)) for event in (*deeds, *tries)]
        decided: dict[object, Decision] = {}
        while waiting:
            place, node = waiting.popleft()
            states, kept = node.view.states, [*self.laws]
            of_refusals = [law for law in kept if law.is_of_refusals]
            for number, (event, concerned) in enumerate(asked):
                stand = place.states if concerned is None else tuple([states.get(user) for user in concerned])
                # A room may tell that it has just begun: what it answers then is of no account to others.
                question = number, place.settings, stand, node is start
                decision = decided.get(question)
                if decision is None:
                    decision = decided[question] = self._questions.decide(node.room, event)
                after = node.view
                if decision:
                    led = self._led(place, node.view, event, decision)
                    is_new = number < len(deeds) and led not in queued
                    if is_new or led not in views:
                        played = node.played.after(event)
                        assert played is not None
                        following = _Node((*node.log, event), played, self._view(played))
                        views[led] = following.view
                        if is_new:
                            queued.add(led)
                            waiting.append((led, following))
                    after = views[led]
                step = Step(event, decision, node.view, after)
                self.steps += 1
                for law in _broken(kept if decision else of_refusals, step):
                    kept.remove(law)
                    if law.is_of_refusals:
                        of_refusals.remove(law)
                    self._note(law, (*node.log, event))
            self.rooms += 1
            yield self.rooms

    def _concerned(self, event: Mapping[str, Any]) -> tuple[str, ...] | None:
        """By whose states an event is judged, with the settings; None for everybody's."""
        concerned = self._scenario.concerned
        return None if concerned is None or "state_key" not in event else tuple(concerned(event))

    def _node(self, log: Log) -> _Node | None:
        """The room after these events; None when one of them is refused."""
        played = self._rooms.after(log)
        return None if played is None else _Node(log, played, self._view(played))

    def _refused(self, log: Log) -> Log:
        """The start of a log up to the first event that is refused."""
        length = next(length for length in range(1, len(log) + 1) if self._rooms.after(log[:length]) is None)
        return log[:length]

    def _view(self, played: Played) -> View:
        room, settings = played
        states, view, seen = room.participations(), self._scenario.view, None
        if view is not None:
            with running(f"policy `{self._policy.id}`: the `view` of its scenario fails", DefinitionError):
                seen = view(room, settings)
        return View(states, self._policy.initial, settings, seen)

    def _number(self, settings: Settings) -> int:
        """One number for all settings of the same contents."""
        written = frozenset([(place, self._write(content)) for place, content in settings.items()])
        return self._numbers.setdefault(written, len(self._numbers))

    def _write(self, content: Mapping[str, Any]) -> str:
        # The contents belong to the deeds of the trials, which live as long as this search.
        known = self._written.get(id(content))
        if known is None:
            known = self._written[id(content)] = json.dumps(content, sort_keys=True)
        return known

    def _led(self, place: _Place, view: View, event: Mapping[str, Any], decision: Decision) -> _Place:
        """Where an event leads that is accepted."""
        if decision.after is not None:
            moved = {**view.states, self._syntax.target_of(event): decision.after}.items()
            return _Place(frozenset([each for each in moved if each[1] != view.initial]), place.settings)
        if "state_key" in event:
            changed = {**view.settings, (event["type"], event["state_key"]): event["content"]}
            return _Place(place.states, self._number(changed))
        return place

    def _note(self, law: RoomLaw, log: Log) -> None:
        self._broken.setdefault(law, []).append((self._trial, log))

    def _shortest(self, law: RoomLaw, found: list[tuple[int, Log]]) -> Log:
        """The shortest log that can be made of these, without a word that the last event does not need."""
        trials = groupby(found, key=itemgetter(0))
        nearest = [log for _, logs in trials for _, log in islice(logs, _CANDIDATES)]
        # How a trial begins is as short as it can be, and each of its events needs those before.
        if law is self._begins:
            return min(nearest, key=len)
        shorter = (self._shorten(law, log, _without_one_event) for log in nearest)
        return self._shorten(law, min(shorter, key=len), _without_one_word)

    def _step(self, log: Log) -> Step | None:
        """The last event of a log as a step; None when one before it is refused, or any cannot be read."""
        try:
            node = self._node(log[:-1])
            if node is None:
                return None
            decision = node.room.decide(log[-1])
        except EventError:
            return None
        following = self._node(log) if decision else node
        assert following is not None
        return Step(log[-1], decision, node.view, following.view)

    def _shorten(self, law: RoomLaw, log: Log, ways: Callable[[Log], Iterator[Log]]) -> Log:
        """Leave something out, again and again, as long as the last event still breaks the law."""
        for shorter in ways(log):
            step = self._step(shorter)
            if step is not None and _broken([law], step):
                return self._shorten(law, shorter, ways)
        return log


def _broken(laws: Iterable[RoomLaw], step: Step) -> list[RoomLaw]:
    """The laws that a step breaks. Raises `ReviewError` for a law that fails, or forgets to answer."""
    broken = []
    for law in laws:
        try:
            answer = law.test(step)
        except Exception as problem:  # the law may be the user's: anything may be wrong in it
            summary = " ".join(f"{type(problem).__name__}: {problem}".split())
            raise ReviewError(f"law `{law.id}` fails: {shorten(summary, 200)}") from problem
        if not isinstance(answer, bool):
            raise ReviewError(f"law `{law.id}` answers {shorten(repr(answer))}, not true or false")
        if not answer:
            broken.append(law)
    return broken


def _without_one_event(log: Log) -> Iterator[Log]:
    """The logs that lack one event, the later the sooner; the first, by which there is a room, and the last stay."""
    for index in range(len(log) - 2, 0, -1):
        yield (*log[:index], *log[index + 1 :])


def _without_one_word(log: Log) -> Iterator[Log]:
    """The logs in which the content of one event lacks one entry somewhere."""
    for index, event in enumerate(log):
        for content in _smaller(event["content"]):
            yield (*log[:index], {**event, "content": content}, *log[index + 1 :])


def _smaller(value: Any) -> Iterator[Any]:
    """The JSON values that lack one entry of this one, at any depth."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield {other: kept for other, kept in value.items() if other != key}
            yield from ({**value, key: less} for less in _smaller(inner))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield [*value[:index], *value[index + 1 :]]
            yield from ([*value[:index], less, *value[index + 1 :]] for less in _smaller(inner))


def search_of(policy: AnyPolicy, own: Iterable[RoomLaw] = ()) -> Search | None:
    """The rooms of a policy, to be held against the laws of its family, and one's own; None when there are no rooms."""
    scenario, play = scenario_of(policy), play_of(policy)
    if scenario is None or play is None:
        return None
    return Search(policy, scenario, play.turns, (*(law for law in laws_of(policy) if isinstance(law, RoomLaw)), *own))
