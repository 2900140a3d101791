"""Two policies in one picture: what only one of them has, and what both have under other conditions.

An edge of the first policy and one of the second are the same edge when they go by
the same transition id and lead from the same state to the same state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from fsm.errors import DefinitionError, shorten
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.render.diagram import Change, Diagram, Edge, State
from fsm.render.extract import cells_of, extract, ways_of
from fsm.render.words.ids import plain, unique


def compare(first: AnyPolicy, second: AnyPolicy, given: Mapping[str, Value] | None = None) -> Diagram:
    """The diagram of both policies, or of what is left of them when the `given` facts are known.

    A fact that only one of them has is given to that one. Raises `DefinitionError`
    when neither has it.
    """
    known = given or {}
    for name in known:
        if name not in first.domain.values and name not in second.domain.values:
            raise DefinitionError(f"unknown fact `{shorten(name)}`: the facts are {', '.join(first.domain.values)}")
    one, two = (extract(policy, _known(policy, known)) for policy in (first, second))
    states = _states(one, two)
    ids = {state.word: state.id for state in states}
    edges = [
        replace(edge, source=ids[source], dest=ids[dest])
        for edge, source, dest in _edges(one, two, _contradictions(first, second, known))
    ]
    names = [plain(f"{edge.transition}-{edge.source}") for edge in edges]
    return Diagram(
        id=f"{one.id}-{two.id}",
        title=f"{one.id} against {two.id}",
        document=f"{one.title} / {two.title}",
        given=(*one.given, *(each for each in two.given if each not in one.given)),
        states=states,
        actions=tuple(dict.fromkeys((*one.actions, *two.actions))),
        edges=tuple(
            replace(edge, id=id_) for edge, id_ in zip(edges, unique([*ids.values(), *names])[len(ids) :], strict=True)
        ),
        initial=ids[one.words[one.initial]],
        sides=(one.id, two.id) if one.id != two.id else (f"{one.id} (first)", f"{two.id} (second)"),
    )


def _known(policy: AnyPolicy, given: Mapping[str, Value]) -> dict[str, Value]:
    return {name: value for name, value in given.items() if name in policy.domain.values}


def _states(one: Diagram, two: Diagram) -> tuple[State, ...]:
    words = [{state.word for state in diagram.states} for diagram in (one, two)]
    both = {state.word: state for state in (*two.states, *one.states)}
    order = dict.fromkeys(state.word for state in (*one.states, *two.states))
    return tuple(
        replace(
            both[word],
            id=id_,
            change=Change.NONE if all(word in each for each in words) else _ONLY[word in words[1]],
            reached=any(state.reached for state in (*one.states, *two.states) if state.word == word),
        )
        for word, id_ in zip(order, unique(map(plain, order)), strict=True)
    )


_ONLY = (Change.FIRST, Change.SECOND)
_Key = tuple[str, str, str]


def _edges(one: Diagram, two: Diagram, contradictions: frozenset[_Key]) -> Iterable[tuple[Edge, str, str]]:
    """The edges, and the words of the states that each leads from and to."""
    olds, news = ({_key(diagram, edge): edge for edge in diagram.edges} for diagram in (one, two))
    for key in dict.fromkeys((*olds, *news)):
        old, new = olds.get(key), news.get(key)
        edge = old or new
        assert edge is not None
        if not old or not new:
            edge = replace(edge, change=_ONLY[edge is new])
        elif key in contradictions or _conditions(old) != _conditions(new):
            edge = replace(edge, change=Change.OTHER, other=new)
        edge = replace(edge, reached=any(each.reached for each in (old, new) if each))
        yield edge, key[1], key[2]


def _key(diagram: Diagram, edge: Edge) -> _Key:
    return edge.transition, diagram.words[edge.source], diagram.words[edge.dest]


def _conditions(edge: Edge) -> object:
    return edge.actor, {(guard.name, guard.words) for guard in edge.conditions}


def _contradictions(first: AnyPolicy, second: AnyPolicy, given: Mapping[str, Value]) -> frozenset[_Key]:
    """Where the two answer the same question differently by the same row, whatever their guards are called."""
    if first.domain.record is not second.domain.record:
        return frozenset()
    old, new = (
        _permitted(policy, other, _known(policy, given)) for policy, other in ((first, second), (second, first))
    )
    return frozenset(
        key
        for key in old.keys() & new.keys()
        if any(old[key][facts] is not new[key][facts] for facts in old[key].keys() & new[key].keys())
    )


def _permitted(policy: AnyPolicy, other: AnyPolicy, given: Mapping[str, Value]) -> dict[_Key, dict[Any, bool]]:
    """Which facts each row permits, told apart by what either policy looks at."""
    tied = policy.domain.constrained | other.domain.constrained
    cells = cells_of(policy, given, lambda action: other.reads(action) | tied)
    return {
        (way.row.id, str(way.source), str(way.dest)): {
            facts: way.permits(facts) for facts in cells[way.row.trigger, way.source]
        }
        for way in ways_of(policy)
    }
