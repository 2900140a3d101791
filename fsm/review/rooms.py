"""Playing whole rooms through, to hold them against the room laws.

Theory of operation. Some holes show in no single decision: a permission that
somebody gives to themselves in two steps, a room that nobody can mend. So small
rooms of three users are played through, breadth first, with real rooms of the
family: on each of its *boards* every deed is done in every order, and a room that
is like one seen before is not played again. The boards are finite, and so is the
search; it is the same every time.

The shortest log to a step that breaks a law is then shortened further: whatever is
not needed to break it is left out.
"""

import json
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby, islice, permutations
from operator import itemgetter
from typing import Any

from fsm.decision import Decision
from fsm.errors import EventError
from fsm.family import AnyBoards, AnyPolicy, AnyRoom, Settings
from fsm.policies import family_of, new_room, target_of
from fsm.review.room_laws import BEGINS, FRESH, ROOM_LAWS, RoomLaw, Step, View
from fsm.scenario import Log
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


@dataclass(frozen=True, slots=True)
class _Node:
    """A room that has been reached."""

    log: Log
    room: AnyRoom
    settings: Settings
    view: View


_CANDIDATES = 4
"""Of so many logs of each board that show a fault it is tried which can be made the shortest."""


class Search:
    """The rooms of one policy, played through. `rooms` and `steps` count what has been seen."""

    def __init__(self, policy: AnyPolicy, boards: AnyBoards, laws: Iterable[RoomLaw] = ROOM_LAWS) -> None:
        self._policy = policy
        self._boards = boards
        self.laws = tuple(laws)
        self._begins = BEGINS if family_of(policy) else FRESH
        self.rooms = 0
        self.steps = 0
        self._board = 0
        self._broken: dict[RoomLaw, list[tuple[int, Log]]] = {}
        self._written: dict[int, str] = {}

    def run(self, most: int) -> Iterator[int]:
        """Play all boards, each up to so many rooms; yields the number of rooms seen, room by room."""
        for opening, deeds, tries in self._boards.all:
            self._board += 1
            start = self._node(opening)
            if start is None:
                self._note(self._begins, self._refused(opening))
            else:
                yield from islice(self._walk(start, deeds, tries), most)

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
                trial = self._boards.removal(*shown)
                node = self._node(shortest)
                assert node is not None
                yield RoomBreach(law, rooms, (*shortest, trial), node.room.decide(trial), (*shortest[:-1], trial))

    def _walk(self, start: _Node, deeds: Log, tries: Log) -> Iterator[int]:
        waiting = deque([start])
        queued = {self._key(start.view.states, start.settings)}
        views = {self._key(start.view.states, start.settings): start.view}
        while waiting:
            node = waiting.popleft()
            broken: dict[RoomLaw, Log] = {}
            for number, event in enumerate((*deeds, *tries)):
                decision = node.room.decide(event)
                after = node.view
                if decision:
                    key = self._key(*_after(node, event, decision, self._policy))
                    is_new = number < len(deeds) and key not in queued
                    if is_new or key not in views:
                        following = self._node((*node.log, event))
                        assert following is not None
                        views[key] = following.view
                        if is_new:
                            queued.add(key)
                            waiting.append(following)
                    after = views[key]
                step = self._judged(node, event, decision, after)
                self.steps += 1
                for law in self.laws:
                    if law not in broken and not law.test(step):
                        broken[law] = (*node.log, event)
            for law, log in broken.items():
                self._note(law, log)
            self.rooms += 1
            yield self.rooms

    def _judged(self, node: _Node, event: Mapping[str, Any], decision: Decision, after: View) -> Step:
        is_simple = self._boards.is_simple(event)
        # Most of what is tried is rejected, and of no interest to most laws.
        taken = bool(decision)
        return Step(
            event,
            decision,
            node.view,
            after,
            needs=self._boards.needs(event, node.settings) if taken or is_simple else frozenset(),
            height=self._boards.height(event, node.settings) if taken else None,
            is_simple=is_simple,
            contradicts=taken and self._boards.contradicts(event, node.settings),
        )

    def _node(self, log: Log) -> _Node | None:
        """The room after these events; None when one of them is refused."""
        room = new_room(self._policy)
        settings: dict[tuple[str, str], Mapping[str, Any]] = {}
        for event in log:
            decision = room.send(event)
            if not decision:
                return None
            if decision.after is None and "state_key" in event:
                settings[event["type"], event["state_key"]] = event["content"]
        return _Node(log, room, settings, self._view(room, settings))

    def _refused(self, log: Log) -> Log:
        """The start of a log up to the first event that is refused."""
        room = new_room(self._policy)
        length = next(length for length, event in enumerate(log, start=1) if not room.send(event))
        return log[:length]

    def _view(self, room: AnyRoom, settings: Settings) -> View:
        users = self._boards.users
        return View(
            states=room.participations(),
            permissions={user: self._boards.permissions(room, user) for user in users},
            grants={user: self._boards.grants(settings, user) for user in users},
            ranks={user: self._boards.rank(room, user) for user in users},
            exposed=frozenset(
                (action, sender, target)
                for action in self._boards.removals
                for sender, target in permutations(users, 2)
                if room.decide(self._boards.removal(action, sender, target))
            ),
            can_be_mended=self._boards.can_be_mended(room),
        )

    def _key(self, states: Mapping[str, AnyState], settings: Settings) -> object:
        """Rooms with one key answer everything alike."""
        written = ((place, self._write(content)) for place, content in settings.items())
        return frozenset(states.items()), frozenset(written)

    def _write(self, content: Mapping[str, Any]) -> str:
        # The contents belong to the deeds of the boards, which live as long as this search.
        known = self._written.get(id(content))
        if known is None:
            known = self._written[id(content)] = json.dumps(content, sort_keys=True)
        return known

    def _note(self, law: RoomLaw, log: Log) -> None:
        self._broken.setdefault(law, []).append((self._board, log))

    def _shortest(self, law: RoomLaw, found: list[tuple[int, Log]]) -> Log:
        """The shortest log that can be made of these, without a word that the last event does not need."""
        boards = groupby(found, key=itemgetter(0))
        nearest = [log for _, logs in boards for _, log in islice(logs, _CANDIDATES)]
        # How a board is set up is as short as it can be, and each of its events needs those before.
        if law in (BEGINS, FRESH):
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
        return self._judged(node, log[-1], decision, following.view)

    def _shorten(self, law: RoomLaw, log: Log, ways: Callable[[Log], Iterator[Log]]) -> Log:
        """Leave something out, again and again, as long as the last event still breaks the law."""
        for shorter in ways(log):
            step = self._step(shorter)
            if step is not None and not law.test(step):
                return self._shorten(law, shorter, ways)
        return log


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


def _after(
    node: _Node, event: Mapping[str, Any], decision: Decision, policy: AnyPolicy
) -> tuple[Mapping[str, AnyState], Settings]:
    """States and settings once an event is accepted."""
    if decision.after is not None:
        states = {**node.view.states, target_of(policy, event): decision.after}
        return {user: state for user, state in states.items() if state != policy.initial}, node.settings
    if "state_key" in event:
        return node.view.states, {**node.settings, (event["type"], event["state_key"]): event["content"]}
    return node.view.states, node.settings
