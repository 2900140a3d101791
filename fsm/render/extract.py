"""From policy to diagram: the only place that knows both.

Nothing is drawn because the table says so; an edge is drawn because some facts
fire it. So what is impossible does not show, in the whole policy or in the part
of it that is left when some facts are given.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any

from fsm.facts import F, Value, spell
from fsm.guards import Guard
from fsm.policy import Actor, Policy, Transition
from fsm.render.diagram import Condition, Diagram, Edge, State


def extract(policy: Policy[F], given: Mapping[str, Value] | None = None) -> Diagram:
    """The diagram of a policy, or of what is left of it when the `given` facts are known.

    Raises `DefinitionError` when a given fact or value does not exist.
    """
    known = given or {}
    cells: dict[StrEnum, list[Any]] = {state: [] for state in policy.states}
    for facts in policy.domain.given(**known):
        cells[facts.target].append(facts)  # type: ignore[attr-defined]
    ways = [(row, state) for row in policy.transitions for state in policy.states if state in row.source]
    # An impossible edge takes its id all the same: what an edge is called does not depend on what is given.
    ids = _unique([*(_plain(state) for state in policy.states), *(f"{_plain(row.id)}-{_plain(s)}" for row, s in ways)])
    states = {state: State(ids.pop(0), state.value) for state in policy.states}
    edges = (_edge(id_, row, state, states, cells[state]) for id_, (row, state) in zip(ids, ways, strict=True))
    return Diagram(
        id=policy.id,
        title=policy.title,
        document=policy.source,
        given=tuple((name, spell(value)) for name, value in known.items()),
        states=tuple(states.values()),
        edges=tuple(edge for edge in edges if edge is not None),
    )


def _edge(
    id_: str, row: Transition[F], source: StrEnum, states: Mapping[StrEnum, State], cells: Sequence[Any]
) -> Edge | None:
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
        source=states[source].id,
        dest=states[row.dest].id,
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
    short = re.sub(r"^the (sender (is )?)?", "", words)
    return re.sub(r"(?<=\w) the target\b.*", "", short)


def _plain(word: str) -> str:
    """A word as an id that any format takes as it stands."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", lambda other: f"_{ord(other[0]):x}", word)
    return plain if re.match(r"[A-Za-z_]", plain) else f"_{plain}"


def _unique(ids: Iterable[str]) -> list[str]:
    """The same ids, those told apart by a number that would be the same."""
    taken: dict[str, None] = {}
    for each in ids:
        free, number = each, 2
        while free in taken:
            free, number = f"{each}-{number}", number + 1
        taken[free] = None
    return list(taken)
