"""What a picture shows, as plain data: the states, and an edge for every way from one to the next.

No format looks further than this, and nothing here knows how a policy is run or
how a picture is drawn.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from fsm.policy import Actor
from fsm.state import Tone


class Detail(StrEnum):
    """How much an edge says."""

    VERBS = "verbs"
    GUARDS = "guards"
    CLAUSES = "clauses"


class Change(StrEnum):
    """How two policies that are drawn in one picture differ at an edge or a state."""

    NONE = "the same in both"
    FIRST = "only in the first"
    SECOND = "only in the second"
    OTHER = "in both, under other conditions"


@dataclass(frozen=True, slots=True)
class Condition:
    """A guard of an edge that may hold or not.

    `words` completes "possible if …", `short` is what fits under a verb. `told`
    says that the condition is no more than who acts, which the line of the edge
    tells already.
    """

    name: str
    words: str
    short: str
    told: bool


@dataclass(frozen=True, slots=True)
class State:
    """A state by its name; `id` is a plain name for it, unique in the diagram.

    `word` stands for it in data, and `noun` for being in it, in a sentence. `place` counts the
    states in the order in which people look at them; None where the policy does not declare
    one. `reached` as of an edge.
    """

    id: str
    name: str
    word: str = ""
    tone: Tone = Tone.PLAIN
    place: int | None = None
    change: Change = Change.NONE
    reached: bool = True
    noun: str = ""


@dataclass(frozen=True, slots=True)
class Edge:
    """One transition out of one state: a row that leads from three states gives three edges.

    `id` is unique in the diagram and the same for every picture of the policy:
    `kick-join` is the kick of a joined user. `actor` is who can use this edge, here
    and not elsewhere. `source` and `dest` are ids of states. Where the conditions
    of two policies differ, `other` is the edge of the second. `reached` says whether a
    history whose events come in order can come to it (see `fsm.table.Table.orderly`).
    """

    id: str
    transition: str
    action: str
    source: str
    dest: str
    actor: Actor
    guards: tuple[Condition, ...]
    clause: str
    change: Change = Change.NONE
    other: "Edge | None" = None
    reached: bool = True

    @property
    def repeats(self) -> bool:
        """Whether the edge leaves the state as it is."""
        return self.source == self.dest

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What must hold beside who acts."""
        return tuple(guard for guard in self.guards if not guard.told)


@dataclass(frozen=True, slots=True)
class Other:
    """A rule beside the table: `kind` is the kind of event that it is for, `conditions` what it asks, in words."""

    kind: str
    rule: str
    conditions: tuple[str, ...]
    clause: str


@dataclass(frozen=True)
class Diagram:
    """A policy, or what is left of it when some facts are given.

    `given` holds those facts and their values, as people write them; `actions` the
    words for what can be asked, whether it is possible or not. `initial` is the id of
    the state in which everybody starts. `sides` are the names of two policies that are
    drawn in one picture. `others` are the rules beside the table, of a policy as a whole.
    `conditions` are the words of all conditions of the policy, whatever is given: their places
    number them, so that pictures of one policy have one numbering. `left_out` says in words
    what a drawing leaves out.
    """

    id: str
    title: str
    document: str
    given: tuple[tuple[str, str], ...]
    states: tuple[State, ...]
    actions: tuple[str, ...]
    edges: tuple[Edge, ...]
    initial: str
    sides: tuple[str, str] | None = None
    others: tuple[Other, ...] = ()
    conditions: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @cached_property
    def drawn(self) -> "Diagram":
        """What a drawing shows: all that a history in order can come to."""
        states = tuple(state for state in self.states if state.reached or state.id == self.initial)
        kept = {state.id for state in states}
        edges = tuple(edge for edge in self.edges if edge.reached and {edge.source, edge.dest} <= kept)
        if len(states) == len(self.states) and len(edges) == len(self.edges):
            return self
        gone = [edge for edge in self.edges if edge not in edges and {edge.source, edge.dest} <= kept]
        sources = {each: [edge.source for edge in gone if edge.transition == each] for each in _transitions(gone)}
        left_out = [f"the state {state.name}" for state in self.states if state.id not in kept]
        left_out += [
            f"{transition} from {', '.join(dict.fromkeys(self.names[source] for source in some))}"
            for transition, some in sources.items()
        ]
        words = dict.fromkeys(condition.words for edge in self.edges for condition in edge.conditions)
        conditions = self.conditions or (() if self.sides else tuple(words))
        return replace(self, states=states, edges=edges, conditions=conditions, left_out=tuple(left_out))

    @cached_property
    def names(self) -> dict[str, str]:
        """The word of each state, by id."""
        return {state.id: state.name for state in self.states}

    @cached_property
    def words(self) -> dict[str, str]:
        """What stands for each state in data, by id."""
        return {state.id: state.word for state in self.states}

    @cached_property
    def tones(self) -> dict[str, Tone]:
        """The tone of each state, by id."""
        return {state.id: state.tone for state in self.states}

    @cached_property
    def ordered(self) -> tuple[State, ...]:
        """The states in the order in which people look at them; those without a place come last."""
        return tuple(sorted(self.states, key=lambda state: (state.place is None, state.place or 0)))

    @property
    def moves(self) -> tuple[Edge, ...]:
        """The edges that lead to another state."""
        return tuple(edge for edge in self.edges if not edge.repeats)

    def repeats(self, state: State) -> tuple[Edge, ...]:
        """The edges that leave this state as it is."""
        return tuple(edge for edge in self.edges if edge.repeats and edge.source == state.id)


def _transitions(edges: Iterable[Edge]) -> dict[str, None]:
    return dict.fromkeys(edge.transition for edge in edges)
