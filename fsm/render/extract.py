"""From policy to diagram: the only place that knows both.

Nothing is drawn because the table says so; an edge is drawn because some facts
fire it. So what is impossible does not show, in the whole policy or in the part
of it that is left when some facts are given. What is possible, but to no history
whose events come in order, is in the diagram and marked.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import product
from typing import Any, Generic

from fsm.domain import Domain
from fsm.facts import F, Value, spell
from fsm.guards import Guard
from fsm.policy import Actor, Asked, Policy, Transition
from fsm.render.diagram import Condition, Diagram, Edge, Other, State
from fsm.render.words.ids import plain, unique
from fsm.state import PLAIN, AnyState


def extract(policy: Policy[F], given: Mapping[str, Value] | None = None) -> Diagram:
    """The diagram of a policy, or of what is left of it when the `given` facts are known.

    Raises `DefinitionError` when a given fact or value does not exist.
    """
    known = given or {}
    cells = cells_of(policy, known)
    reached = policy.derived(_reached)
    in_order = cells_of(policy.derived(_in_order), known) if policy.orderly else cells
    ways = ways_of(policy)
    # An impossible edge takes its id all the same: what an edge is called does not depend on what is given.
    ids = unique([*(plain(str(state)) for state in policy.states), *map(_id, ways)])
    places = {state: place for place, state in enumerate(policy.displays)}
    states = {
        state: State(
            ids.pop(0),
            policy.labels[state],
            str(state.value),
            policy.displays.get(state, PLAIN).tone,
            places.get(state),
            reached=state in reached,
            noun=policy.displays.get(state, PLAIN).noun,
        )
        for state in policy.states
    }
    edges = (
        replace(edge, reached=way.source in reached and any(map(way.permits, in_order[way.row.trigger, way.source])))
        for id_, way in zip(ids, ways, strict=True)
        if (edge := _edge(id_, way, states, cells[way.row.trigger, way.source]))
    )
    return Diagram(
        id=policy.id,
        title=policy.title,
        document=policy.source,
        given=tuple((name, spell(value)) for name, value in known.items()),
        states=tuple(states.values()),
        actions=tuple(action.value for action in policy.triggers),
        edges=tuple(edges),
        initial=states[policy.initial].id,
        others=() if known else tuple(_others(policy)),
        conditions=policy.derived(_conditions) if known else (),
    )


def _conditions(policy: Policy[Any]) -> tuple[str, ...]:
    """The conditions of the policy as a whole, in the order in which a picture of it numbers them."""
    edges = extract(policy).edges
    return tuple(dict.fromkeys(condition.words for edge in edges for condition in edge.conditions))


def _in_order(policy: Policy[Any]) -> Policy[Any]:
    """The policy, asked only what comes up in a history whose events come in order."""
    domain = policy.domain
    return replace(policy, domain=Domain(domain.record, domain.limits, (*domain.possible, *policy.orderly)))


def _reached(policy: Policy[Any]) -> frozenset[AnyState]:
    """The states that somebody can come to from where everybody begins, in a history in order."""
    cells, ways = cells_of(policy.derived(_in_order) if policy.orderly else policy, {}), ways_of(policy)
    possible = [way for way in ways if any(map(way.permits, cells[way.row.trigger, way.source]))]
    reached, waiting = {policy.initial}, [policy.initial]
    while waiting:
        state = waiting.pop()
        new = {way.dest for way in possible if way.source == state} - reached
        reached |= new
        waiting += new
    return frozenset(reached)


def _others(policy: Policy[F]) -> Iterator[Other]:
    for kind, rules in policy.rules_beside.items():
        for rule in rules:
            yield Other(kind, rule.id, tuple(guard.holds for guard in rule.guards), rule.clause)


@dataclass(frozen=True, slots=True)
class Way(Generic[F]):
    """A row from one of its states to one of its destinations."""

    row: Transition[F]
    source: AnyState
    dest: AnyState

    def permits(self, facts: F) -> bool:
        """Whether the row permits and leads there; the source state is not looked at."""
        return self.row.leads_to(facts) == self.dest and self.row.permits(facts)


def ways_of(policy: Policy[F]) -> list[Way[F]]:
    """Every way that the table has, whether it is possible or not."""
    return [
        Way(row, state, dest)
        for row in policy.transitions
        for state in policy.states
        if state in row.source
        for dest in policy.destinations(row)
    ]


def _id(way: Way[Any]) -> str:
    """What an edge is called: by its destination too where its row has several."""
    ends = [way.source, way.dest] if isinstance(way.row.dest, Asked) else [way.source]
    return "-".join(map(plain, [way.row.id, *map(str, ends)]))


def cells_of(
    policy: Policy[F], known: Mapping[str, Value], reads: Callable[[str], Iterable[str]] = lambda _: ()
) -> Mapping[tuple[StrEnum, AnyState], Sequence[Any]]:
    """The facts that each action can meet in each state, as far as they agree with what is known.

    Of those that differ in nothing that the action's rows look at, or that `reads` names for it, there is one.
    """
    policy.domain.given(**known)  # refuses a fact or a value that does not exist
    limits = {name: (value,) for name, value in known.items()}
    cells: dict[tuple[StrEnum, AnyState], list[Any]] = {each: [] for each in product(policy.triggers, policy.states)}
    for action in policy.triggers:
        for facts, _ in policy.walk(action, reads(action), limits):
            cells[action, facts.target].append(facts)  # type: ignore[attr-defined]
    return cells


def _edge(id_: str, way: Way[F], states: Mapping[AnyState, State], cells: Sequence[Any]) -> Edge | None:
    row, cells = way.row, [facts for facts in cells if way.row.leads_to(facts) == way.dest]
    selves = {facts.is_self for facts in cells if row.permits(facts)}
    if not selves:
        return None
    actor = Actor.ANYONE if len(selves) > 1 else Actor.TARGET if True in selves else Actor.ANOTHER
    actors_cells = [facts for facts in cells if facts.is_self in selves]
    open_guards = [guard for guard in row.guards if not _certain(guard, cells)]
    shorts = [shorten(guard.holds) for guard in open_guards]
    return Edge(
        id=id_,
        transition=row.id,
        action=row.trigger.value,
        source=states[way.source].id,
        dest=states[way.dest].id,
        actor=actor,
        guards=tuple(
            # Two guards of one edge must not read the same.
            Condition(guard.name, guard.holds, short if shorts.count(short) == 1 else guard.holds, told)
            for guard, short in zip(open_guards, shorts, strict=True)
            for told in [_certain(guard, actors_cells)]
        ),
        clause=row.clause,
    )


def _certain(guard: Guard[F], cells: Iterable[F]) -> bool:
    return all(guard(facts) for facts in cells)


def shorten(words: str) -> str:
    """A guard's words without what goes without saying: that the sender does something to the target.

    >>> shorten("the sender outranks the target for kicking")
    'outranks'
    >>> shorten("the room is public")
    'room is public'
    """
    if not words.startswith("the sender "):
        return words.removeprefix("the ")
    short = re.sub(r"^the sender (is )?", "", words)
    return re.sub(r"(?<=\w) the target\b.*", "", short)
