"""The shortest way to a cell: a log that brings a room from nothing to exactly these facts.

Theory of operation. Of the scenario of a policy's family a `Play` is made: the events from
which small rooms are built. Rooms are real, and every log that is handed
out has been played from its first event to its last. The search has three steps,
each for what the one before leaves open:

1. Breadth first through all rooms that single events, *turns*, lead to. Whatever
   can be asked in one of them is a cell found.
2. What the sender may do, and whom they outrank (their *standing*), does not depend
   on who stands where. So a situation of the first step is combined with the shortest
   *assignment*, the events that give sender and target the standing wanted.
3. Under odd rules some state is reached only once an assignment has ended the creator's
   reign: breadth first once more, from there.

A scenario says by whose states an event is judged. Where these stand alike, and the settings
are the same, nothing is asked again: so most situations are found without a room being built.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from heapq import heapify, heappop, heappush
from itertools import count, product
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple, TypeAlias, cast

from fsm.decision import Decision
from fsm.family import AnyPolicy, AnyRoom
from fsm.policies import scenario_of, target_of
from fsm.review.search.play import Play, play_of
from fsm.review.search.played import Rooms
from fsm.scenario import Log
from fsm.state import AnyState
from fsm.unrecorded import unrecorded

Part: TypeAlias = tuple[Any, ...]
"""The values of some of the facts, in the order of their definition."""
Pair: TypeAlias = tuple[int, int]
"""Sender and target of an event, by their places among the users of the play."""
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
    scenario = scenario_of(policy)
    if scenario is not None and scenario.case is not None:
        return scenario.case(action, facts)
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


@dataclass(slots=True)
class _Situation:
    """How a room comes about, which settings were made by which turn, and where the users of the play stand.

    Situations with one number `alike` differ in nothing but where users stand. The room itself is built when asked for.
    """

    log: Log
    settings: Settings
    states: Part
    alike: int
    room: AnyRoom | None = None


class _Turn(NamedTuple):
    """One of the play's turns. `target` is the place of the target."""

    number: int
    event: dict[str, Any]
    target: int | None


class _Turns(NamedTuple):
    """Turns to which the same matters of where everybody stands.

    `allowed` are those of them that rooms allow, each with the decision: by the number of alike situations, and by
    what matters.
    """

    stand: Callable[[Part], object]
    turns: list[_Turn]
    allowed: dict[tuple[int, object], list[tuple[_Turn, Decision]]]


class _Forms(NamedTuple):
    """Forms of a question between two users to which the same matters of where everybody stands.

    `seen` are the situations in which they have been asked, as far as that matters.
    """

    pair: Pair
    stand: Callable[[Part], object]
    forms: list[tuple[int, dict[str, Any]]]
    seen: set[object]


class _Stand(NamedTuple):
    """Where target and sender of a question stand, and whether they are one: facts of every policy."""

    target: AnyState
    sender: AnyState
    is_self: bool


@dataclass(frozen=True, slots=True)
class _Asked:
    """What can be asked by one action of users who stand so: the first situation by all facts, by form and a part."""

    directly: dict[Any, Log]
    placed: dict[tuple[int, Part], Log]


class Search:
    """All situations of one policy, found once."""

    def __init__(self, policy: AnyPolicy, play: Play) -> None:
        self._policy = policy
        self._play = play
        self._rooms = Rooms(policy)
        names = [item.name for item in fields(policy.domain.record)]
        self._standing = _values_of(name for name in names if name in policy.domain.privileges)
        self._place = _values_of(name for name in names if name not in policy.domain.privileges)
        self._found: dict[tuple[str, Any], Log | None] = {}
        self._asked: dict[tuple[str, _Stand], _Asked] = {}
        self._formed: dict[tuple[str, bool], list[tuple[int, dict[str, Any], Pair]]] = {}
        self._assignments: dict[Pair, dict[Part, list[Log]]] = {}
        self._numbers: dict[object, int] = {}
        self._concerned: dict[int, Callable[[Part], object]] = {}
        self._matters: dict[tuple[int, ...], Callable[[Part], object]] = {}
        self._can_assign: dict[tuple[int, object], Decision] = {}
        self._sequels: dict[int, tuple[list[_Situation], Iterator[_Situation]]] = {}

    def find(self, action: str, facts: Any) -> Log | None:
        """The shortest log to a cell (see `witness`)."""
        if (action, facts) not in self._found:
            self._found[action, facts] = self._find(action, facts)
        return self._found[action, facts]

    def _find(self, action: str, facts: Any) -> Log | None:
        logs = sorted(self._combined(action, facts), key=len)
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

    def _combined(self, action: str, facts: Any) -> Iterator[Log]:
        """The logs of the first two steps, one for each form of the question."""
        stand = _Stand(facts.target, facts.sender, facts.is_self)
        asked = self._asked.get((action, stand)) or self._asked.setdefault((action, stand), self._ask(action, stand))
        if facts in asked.directly:
            yield asked.directly[facts]
        place, standing = self._place(facts), self._standing(facts)
        for form, question, pair in self._forms(action, is_self=stand.is_self):
            log = asked.placed.get((form, place))
            assignments = self._assignments_for(question, pair, standing) if log else ()
            if assignments and log:
                yield (*log, *assignments[0], question)

    def _ask(self, action: str, stand: _Stand) -> _Asked:
        """Note what every situation answers in which target and sender stand so."""
        asked, assignments = _Asked({}, {}), self._play.assignments
        alike: dict[tuple[Pair, object], _Forms] = {}
        for form, question, pair in self._forms(action, is_self=stand.is_self):
            matters = self._stand(question)
            alike.setdefault((pair, matters), _Forms(pair, matters, [], set())).forms.append((form, question))
        for situation, pairs in self._standing_so.get(stand, ()):
            can_assign = bool(assignments) and self._assigns(situation, assignments[0][0])
            new: list[tuple[int, dict[str, Any]]] = []
            for pair, matters, forms, seen in alike.values():
                key = (situation.alike, can_assign, matters(situation.states)) if pair in pairs else None
                if key is not None and key not in seen:
                    seen.add(key)
                    new += forms
            for form, question in sorted(new, key=itemgetter(0)):
                facts = self._facts(situation, question)
                asked.directly.setdefault(facts, (*situation.log, question))
                if can_assign:
                    asked.placed.setdefault((form, self._place(facts)), situation.log)
        return asked

    def _forms(self, action: str, *, is_self: bool) -> list[tuple[int, dict[str, Any], Pair]]:
        """The forms in which an action is asked for on oneself or on another: each numbered among all, and by whom."""
        known = self._formed.get((action, is_self))
        if known is None:
            forms = ((form, each, self._places(each)) for form, each in enumerate(self._play.questions(action)))
            known = [each for each in forms if (each[2][0] == each[2][1]) is is_self]
            self._formed[action, is_self] = known
        return known

    def _assignments_for(self, question: Mapping[str, Any], pair: Pair, standing: Part) -> Sequence[Log]:
        """The assignments by which the sender of a question has this standing over its target, shortest first."""
        # Privileges are those of a sender over a target, in whatever form somebody asks.
        known = self._assignments.get(pair)
        if known is None:
            known = self._assignments[pair] = {}
            for assignment, room in self._assigned:
                known.setdefault(self._standing(self._play.facts(room, question)), []).append(assignment)
        return known.get(standing, ())

    def _stand(self, event: Mapping[str, Any]) -> Callable[[Part], object]:
        """A function that takes, of where everybody stands, what matters to an event."""
        known = self._concerned.get(id(event))  # the events of the play live as long as this
        if known is None:
            concerned = tuple(self._play.concerned(event))
            matters = self._matters.setdefault(concerned, itemgetter(*concerned) if concerned else _nothing)
            known = self._concerned[id(event)] = matters
        return known

    @cached_property
    def _standing_so(self) -> Mapping[_Stand, list[tuple[_Situation, set[Pair]]]]:
        """In which situations some sender and target stand so, and which they are."""
        pairs = list(product(range(len(self._play.users)), repeat=2))
        found: dict[_Stand, list[tuple[_Situation, set[Pair]]]] = {}
        for situation in self._situations:
            by_stand: dict[_Stand, set[Pair]] = {}
            for sender, target in pairs:
                stand = _Stand(situation.states[target], situation.states[sender], sender == target)
                by_stand.setdefault(stand, set()).add((sender, target))
            for stand, standing in by_stand.items():
                found.setdefault(stand, []).append((situation, standing))
        return found

    def _assigns(self, situation: _Situation, event: Mapping[str, Any]) -> bool:
        """Whether an assignment can begin there by its first event."""
        key = (situation.alike, self._stand(event)(situation.states))
        if key not in self._can_assign:
            self._can_assign[key] = self._room_of(situation).decide(event)
        return self._can_assign[key].allowed

    def _facts(self, situation: _Situation, question: Mapping[str, Any]) -> Any:
        return self._play.facts(self._room_of(situation), question)

    def _room_of(self, situation: _Situation) -> AnyRoom:
        if situation.room is None:
            situation.room = self._room(situation.log)
        assert situation.room is not None
        return situation.room

    def _search_on(self, action: str, facts: Any) -> Log | None:
        """The last step: situations that are reached only after an assignment."""
        if not self._play.is_assigned_first or (facts.target, facts.sender, facts.is_self) not in self._conceivable:
            return None
        standing = self._standing(facts)
        best: Log | None = None
        for _, question, pair in self._forms(action, is_self=facts.is_self):
            sender, target = pair
            for assignment in self._assignments_for(question, pair, standing):
                for situation in self._after(assignment):
                    if best is not None and len(situation.log) + 1 >= len(best):
                        break
                    if (situation.states[sender], situation.states[target]) != (facts.sender, facts.target):
                        continue
                    if self._facts(situation, question) == facts:
                        best = (*situation.log, question)
                        break
        return best

    def _places(self, event: Mapping[str, Any]) -> Pair:
        """Where sender and target stand among the users."""
        users = self._play.users
        return users.index(event["sender"]), users.index(target_of(self._policy, event))

    @cached_property
    def _situations(self) -> list[_Situation]:
        # Rooms that begin otherwise are never alike.
        openings = ((log, frozenset({("", "", number)})) for number, log in enumerate(self._play.openings))
        return list(self._explore(filter(None, (self._begun(*opening) for opening in openings))))

    @cached_property
    def _assigned(self) -> list[tuple[Log, AnyRoom]]:
        """Every assignment that the policy allows, with a room that shows its effect."""
        rooms = [
            (assignment, self._room((*self._play.openings[0], *assignment))) for assignment in self._play.assignments
        ]
        return [(assignment, room) for assignment, room in rooms if room]

    def _after(self, assignment: Log) -> Iterator[_Situation]:
        """All situations after an assignment, nearest first; each is found once, and only if somebody asks for it."""
        if id(assignment) not in self._sequels:
            start = (self._begun((*each.log, *assignment), each.settings, assignment) for each in self._situations)
            self._sequels[id(assignment)] = [], self._explore(filter(None, start), assignment)
        found, others = self._sequels[id(assignment)]
        yield from found
        for situation in others:
            found.append(situation)
            yield situation

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
        waiting = {situation.states for situation in self._situations}
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

    def _explore(self, start: Iterable[_Situation], assignment: Log = ()) -> Iterator[_Situation]:
        """Nearest first from some situations, through all turns; of situations that are alike, the first."""
        order = count()
        waiting = [(len(situation.log), next(order), situation) for situation in start]
        heapify(waiting)
        seen, queued = set[object](), set[object]()
        while waiting:
            length, _, situation = heappop(waiting)
            place = (situation.states, situation.settings)
            if place in seen:
                continue
            seen.add(place)
            queued.add(place)
            yield situation
            for turn, decision in self._allowed(situation):
                if (place := self._moved(situation, turn, decision)) not in queued:
                    queued.add(place)  # nearer than whatever else leads there
                    states, settings = place
                    log, alike = (*situation.log, turn.event), self._alike(settings, assignment)
                    if log in self._play.openings:
                        continue  # it is begun with, too
                    heappush(waiting, (length + 1, next(order), _Situation(log, settings, states, alike)))

    def _allowed(self, situation: _Situation) -> list[tuple[_Turn, Decision]]:
        """The turns that are allowed there, each with its decision, in their order."""
        found: list[tuple[_Turn, Decision]] = []
        for stand, turns, allowed in self._turns:
            question = (situation.alike, stand(situation.states))
            known = allowed.get(question)
            if known is None:
                room = self._room_of(situation)
                decisions = [(turn, room.decide(turn.event)) for turn in turns]
                known = allowed[question] = [each for each in decisions if each[1].allowed]
            found += known
        return sorted(found, key=_number)

    @cached_property
    def _turns(self) -> list[_Turns]:
        users, by_stand = self._play.users, dict[Callable[[Part], object], _Turns]()
        for number, event in enumerate(self._play.turns):
            target, stand = target_of(self._policy, event), self._stand(event)
            turn = _Turn(number, event, users.index(target) if target in users else None)
            by_stand.setdefault(stand, _Turns(stand, [], {})).turns.append(turn)
        return [*by_stand.values()]

    def _begun(self, log: Log, settings: Settings, assignment: Log = ()) -> _Situation | None:
        """The situation after these events, in which a search begins; None when one of them is refused."""
        room = self._room(log)
        if room is None:
            return None
        states, initial = room.participations(), self._policy.initial
        stand = tuple([states.get(user, initial) for user in self._play.users])
        return _Situation(log, settings, stand, self._alike(settings, assignment, is_begun=True))

    def _alike(self, settings: Settings, assignment: Log, *, is_begun: bool = False) -> int:
        """One number for all situations of these settings behind an assignment."""
        # A room may tell that it has just begun: what it answers then is of no account to others.
        return self._numbers.setdefault((settings, id(assignment), is_begun), len(self._numbers))

    def _room(self, log: Log) -> AnyRoom | None:
        """The room after these events; None when one of them is refused."""
        played = self._rooms.after(log)
        return played and played.room

    def _confirms(self, log: Log, facts: Any) -> bool:
        room = self._room(log[:-1])
        return room is not None and self._play.facts(room, log[-1]) == facts

    @staticmethod
    def _moved(situation: _Situation, turn: _Turn, decision: Decision) -> tuple[Part, Settings]:
        """Where everybody stands, and the settings, in the situation to which a turn leads."""
        if decision.after is None:
            place = (turn.event["type"], turn.event["state_key"])
            others = (each for each in situation.settings if each[:2] != place)
            return situation.states, frozenset((*others, (*place, turn.number)))
        target = turn.target
        assert target is not None
        return (*situation.states[:target], decision.after, *situation.states[target + 1 :]), situation.settings


def _values_of(names: Iterable[str]) -> Callable[[Any], Part]:
    """A function that takes these facts from a record."""
    # Of one name alone, it would give no tuple; the class is the same for all.
    return cast("Callable[[Any], Part]", attrgetter("__class__", "__class__", *names))


def _nothing(_: Part) -> object:
    return None


def _number(allowed: tuple[_Turn, Decision]) -> int:
    return allowed[0].number


def _search_of(policy: AnyPolicy) -> Search | None:
    return policy.derived(_search)


def _search(policy: AnyPolicy) -> Search | None:
    play = play_of(policy)
    return Search(policy, play) if play else None
