"""Test vectors in no particular language: whole rooms, whole events, and what has to come of them.

Theory of operation. A vector is a question as `fsm decide` takes it, with the answer
beside it: anybody who reads JSON can run it. Its room comes from the shortest log to
the facts in question (`fsm.review.search.witness`), of which the current state events are
kept. `fsm/review/vectors/vectors.schema.json` says what a line holds.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fsm.decision import Decision
from fsm.facts import Value, spell
from fsm.family import AnyPolicy
from fsm.memory import memory_of
from fsm.policies import new_room, place_of, room_from_state
from fsm.review.cases.cells import Cells as Asked
from fsm.review.cases.grid import numbers
from fsm.review.errors import ReviewError
from fsm.review.search.play import play_of
from fsm.review.search.witness import can_be_played, witness
from fsm.review.vectors.cover import Grids, Question, cover
from fsm.scenario import Log
from fsm.state import AnyState
from fsm.unrecorded import unrecorded

SCHEMA = Path(__file__).with_name("vectors.schema.json")
"""The JSON Schema of a line, published with the package."""

LOOKED_AT = 200
"""Of the cells in which a transition fires, how many of the plainest are tried for a short path."""


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that a vector shows: that a row permits or, beside another vector, that one of its guards decides."""

    transition: str
    guard: str | None = None
    beside: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"transition": self.transition, "guard": self.guard, "beside": self.beside}


@dataclass(frozen=True, slots=True)
class Vector:
    """A room, an event, others that it cites, and the decision that has to come of it."""

    id: str
    state: Log
    event: Mapping[str, Any]
    decision: Decision
    clause: str | None
    facts: Mapping[str, Value]
    shows: tuple[Shown, ...] = ()
    events: Log = ()

    @property
    def question(self) -> dict[str, Any]:
        """What `fsm decide` is asked, with the vector's id."""
        events = {"events": list(self.events)} if self.events else {}
        return {"id": self.id, "state": list(self.state), "event": self.event, **events}

    def as_json(self) -> dict[str, Any]:
        """One line of a file of vectors."""
        return {
            **self.question,
            "expected": expected(self.decision, self.clause),
            "facts": {name: value if isinstance(value, bool) else spell(value) for name, value in self.facts.items()},
            "shows": [each.as_json() for each in self.shows],
        }


@dataclass(frozen=True, slots=True)
class Walk:
    """A log from an empty room in which every event is allowed, with the decisions. A path."""

    id: str
    events: Log
    decisions: tuple[Decision, ...]
    clauses: tuple[str | None, ...]
    policy: AnyPolicy | None = field(default=None, repr=False, compare=False)

    @property
    def transitions(self) -> tuple[str, ...]:
        """The transitions that the path takes, in order."""
        return tuple(decision.transition for decision in self.decisions if decision.transition)

    def as_json(self) -> dict[str, Any]:
        """One line of a file of paths."""
        steps = zip(self.events, self.decisions, self.clauses, strict=True)
        return {
            "id": self.id,
            "transitions": list(self.transitions),
            "steps": [{"event": event, "expected": expected(decision, clause)} for event, decision, clause in steps],
        }

    def vectors(self) -> Iterator[Vector]:
        """The steps, each as a vector of its own."""
        for number, decision in enumerate(self.decisions):
            state, event = state_of(self.events[:number], self.policy), self.events[number]
            yield Vector(f"{self.id}/{number + 1}", state, event, decision, self.clauses[number], {})


def expected(decision: Decision, clause: str | None) -> dict[str, Any]:
    """What has to come of an event."""
    answer = decision.as_json("")
    parts = {part: answer[part] for part in ("allowed", "transition", "before", "after")}
    changes = {"changes": answer["changes"]} if "changes" in answer else {}
    return {**parts, "clause": clause, "refusals": answer["refusals"], **changes}


def every_vector(policy: AnyPolicy) -> Iterator[Vector]:
    """A vector for each cell that a room can reach, one at a time. Raises `ReviewError`, `DefinitionError`."""
    _check(policy)  # here, and not when the first is wanted
    return _every_vector(policy)


def _every_vector(policy: AnyPolicy) -> Iterator[Vector]:
    for action in Asked(policy).actions:
        for number, facts in enumerate(policy.asked(action)):
            log = witness(policy, action, facts)
            if log:
                yield _vector(policy, Question(action, number), facts, log)


def covering_vectors(policy: AnyPolicy) -> tuple[tuple[Vector, ...], tuple[tuple[str, str], ...]]:
    """The smallest practical set that tells the policy from all that is nearly the same.

    Some cells come several times, in rooms that are easily misread. The second part
    names guards of rows that no room can show to decide alone. Raises `ReviewError`, `DefinitionError`.
    """
    return policy.derived(_covering_vectors)


@unrecorded()
def _covering_vectors(policy: AnyPolicy) -> tuple[tuple[Vector, ...], tuple[tuple[str, str], ...]]:
    _check(policy)
    grids, found = Grids(policy), cover(policy)
    shows = _shows(policy, grids, found.questions)
    vectors = []
    for question in found.questions:
        log = grids.log(question)
        assert log is not None
        vectors.append(_vector(policy, question, grids.facts(question), log, tuple(shows[question])))
    return (*vectors, *_corner_cases(policy, grids)), found.gaps


@unrecorded()
def paths(policy: AnyPolicy) -> tuple[Walk, ...]:
    """Logs from an empty room that together take every transition from every state that it leads from.

    Raises `ReviewError`, `DefinitionError`.
    """
    _check(policy)
    grids = Grids(policy)
    logs = [log for row in policy.transitions for state in policy.states for log in _shortest(grids, row, state)]
    walks = [_walk(policy, f"{policy.id}/path/{number:02}", log) for number, log in enumerate(logs, start=1)]
    kept: list[Walk] = []
    taken: set[tuple[str | None, AnyState | None]] = set()
    # A long one often takes what a short one takes, and seldom the reverse.
    for walk in sorted(walks, key=lambda walk: -len(walk.events)):
        ways = {(decision.transition, decision.before) for decision in walk.decisions}
        if not ways <= taken:
            taken |= ways
            kept.append(walk)
    kept.sort(key=lambda walk: walk.id)
    return tuple(_walk(policy, f"{policy.id}/path/{n:02}", walk.events) for n, walk in enumerate(kept, start=1))


def state_of(log: Log, policy: AnyPolicy | None = None) -> Log:
    """The current state events after a log in which every event is allowed."""
    room: Any = None if policy is None else new_room(policy)
    if hasattr(room, "current_state"):
        # What changes is in larger parts than events bring.
        whole: Log = room.current_state() if log and all(room.send(event) for event in log) else ()
        return whole
    current: dict[tuple[str, str | None], dict[str, Any]] = {}
    for event in log:
        place = (event["type"], event.get("state_key")) if policy is None else place_of(policy, event)
        if place is not None and place[1] is not None:
            current.pop(place, None)
            current[place] = event
    return tuple(current.values())


def to_lines(items: Iterable[Vector | Walk]) -> Iterator[str]:
    """Vectors or paths as JSON lines, the same bytes every time."""
    for item in items:
        yield f"{json.dumps(item.as_json())}\n"


def _check(policy: AnyPolicy) -> None:
    if not can_be_played(policy):
        raise ReviewError(f"policy `{policy.id}`: its family `{policy.family}` offers no events to build rooms from")


@unrecorded()
def _vector(policy: AnyPolicy, question: Question, facts: Any, log: Log, shows: tuple[Shown, ...] = ()) -> Vector:
    state, event = state_of(log[:-1], policy), log[-1]
    # A room may reject what no row would be asked, and says why.
    decision = room_from_state(policy, list(state)).decide(event)
    return Vector(
        id=_name(policy, question),
        state=state,
        event=event,
        decision=decision,
        clause=_clause(policy, decision),
        facts={name: getattr(facts, name) for name in policy.domain.values},
        shows=shows,
    )


def _corner_cases(policy: AnyPolicy, grids: Grids) -> Iterator[Vector]:
    """What hinges on the sender's standing, in rooms in which that is easily misread: for each sender both answers."""
    play = play_of(policy)
    assert play is not None
    for number, log in enumerate(play.corner_cases, start=1):
        room = new_room(policy)
        if not all(room.send(event) for event in log):
            continue  # a policy of one's own may let nobody in
        asked: set[object] = set()
        for action in grids.actions:
            for question in play.questions(action):
                facts = play.facts(room, question)
                allowed, *turned = (
                    memory_of(policy).machine.decide(action, each).allowed for each in (facts, *_turned(policy, facts))
                )
                kinds = {(action, question["sender"], allowed), (action, facts)}
                if asked.isdisjoint(kinds) and (not allowed) in turned:
                    asked |= kinds
                    cell = Question(action, grids.grid(action).records.index(facts))
                    vector = _vector(policy, cell, facts, (*log, question))
                    yield replace(vector, id=f"{vector.id}/corner/{number}")


def _turned(policy: AnyPolicy, facts: Any) -> Iterator[Any]:
    """The facts in which one privilege of the sender is given or taken."""
    for name, strong in policy.domain.privileges.items():
        yield replace(facts, **{name: policy.domain.plain[name] if getattr(facts, name) is strong else strong})


def _name(policy: AnyPolicy, question: Question) -> str:
    """The vector's id: the same cell has the same in every set."""
    return f"{policy.id}/{question.action}/{question.number:05}"


def _clause(policy: AnyPolicy, decision: Decision) -> str | None:
    return next((row.clause for row in policy.transitions if row.id == decision.transition), None)


def _shows(policy: AnyPolicy, grids: Grids, questions: tuple[Question, ...]) -> dict[Question, list[Shown]]:
    shows: dict[Question, list[Shown]] = {question: [] for question in questions}
    for row in policy.transitions:
        fires = grids.fires(row)
        firing = [each for each in questions if each.action is row.trigger and fires >> each.number & 1]
        for question in firing:
            shows[question].append(Shown(row.id))
        for place, guard in enumerate(row.guards):
            alone = grids.alone(row, place)
            for question in questions:
                if firing and question.action is row.trigger and alone >> question.number & 1:
                    near = min(firing, key=lambda each: (grids.distance(question, each), each.number))
                    shows[question].append(Shown(row.id, guard.name, _name(policy, near)))
    return shows


def _shortest(grids: Grids, row: Any, state: AnyState) -> Iterator[Log]:
    """The shortest log by which a row fires from a state, if there is one."""
    cells = grids.fires(row) & grids.grid(row.trigger).at([state])
    questions = sorted((Question(row.trigger, number) for number in numbers(cells)), key=grids.plainness)
    logs = [log for question in questions[:LOOKED_AT] if (log := grids.log(question))]
    if logs:
        yield min(logs, key=len)


def _walk(policy: AnyPolicy, name: str, log: Log) -> Walk:
    room = new_room(policy)
    decisions = tuple(room.send(event) for event in log)
    return Walk(name, log, decisions, tuple(_clause(policy, decision) for decision in decisions), policy)


if __name__ == "__main__":
    raise SystemExit("not a program: use `fsm vectors --into FOLDER`")
