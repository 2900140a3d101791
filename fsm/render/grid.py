"""The matrix of a policy as plain data: state by action, in each cell what is possible, with numbered notes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from fsm.policy import Actor
from fsm.render.diagram import Change, Detail, Diagram, Edge, Other, State
from fsm.render.words.label import asked, clean

_WHO: Mapping[Actor, str] = {
    Actor.TARGET: "the sender is the target",
    Actor.ANOTHER: "the sender is another user",
    Actor.ANYONE: "the sender is anyone",
}

UNREACHED = "not reached"
"""How an entry is marked that no history in order comes to."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A transition in a cell.

    `dest` is where it leads, unless its action says that; `by` who acts; `change` how two policies
    differ; `reached` whether a history in order comes to it.
    """

    transition: str
    dest: str
    by: str
    change: str
    notes: tuple[int, ...]
    clause: str
    reached: bool


@dataclass(frozen=True)
class Grid:
    """The matrix of a diagram."""

    diagram: Diagram
    detail: Detail

    @property
    def actions(self) -> Sequence[str]:
        """The columns."""
        return self.diagram.actions

    @property
    def states(self) -> Sequence[State]:
        """The rows, in the order in which people look at them."""
        return self.diagram.ordered

    def name(self, state: State) -> str:
        """The word of a state, and whether only one of two policies has it."""
        change = self._change(state.change)
        return f"{clean(state.name)} ({change})" if change else clean(state.name)

    def cell(self, state: State, action: str) -> tuple[Entry, ...]:
        """What is possible when somebody asks for the action and the target is in the state."""
        return tuple(
            self._entry(edge) for edge in self.diagram.edges if edge.source == state.id and edge.action == action
        )

    @cached_property
    def notes(self) -> Mapping[str, int]:
        """The number of each note, by its words: those that a drawing of the diagram has."""
        words = dict.fromkeys(note for edge in self.diagram.edges for note in self._notes(edge))
        return {each: number for number, each in enumerate(words, 1)}

    @property
    def marks_unreached(self) -> bool:
        """Whether an entry is marked as not reached."""
        return not all(edge.reached for edge in self.diagram.edges)

    @property
    def others(self) -> Iterator[tuple[Other, str]]:
        """The rules beside the table, each with what there is to say of it beside its name."""
        for other in self.diagram.others:
            clause = f", §\u00a0{clean(other.clause)}" if self.detail is Detail.CLAUSES and other.clause else ""
            asked = "" if self.detail is Detail.VERBS else f": {'; '.join(map(clean, other.conditions))}"
            yield other, f"`{clean(other.kind)}` events{clause}{asked}"

    def _entry(self, edge: Edge) -> Entry:
        dest = clean(self.diagram.names[edge.dest])
        return Entry(
            transition=clean(edge.transition),
            dest="" if dest == clean(edge.action) else dest,
            by="" if self.detail is Detail.VERBS or _differs(edge) else edge.actor.value,
            change=self._change(edge.change),
            notes=tuple(sorted(self.notes[note] for note in self._notes(edge))),
            clause=clean(edge.clause) if self.detail is Detail.CLAUSES else "",
            reached=edge.reached,
        )

    def _change(self, change: Change) -> str:
        if not self.diagram.sides or change is Change.NONE:
            return ""
        if change is Change.OTHER:
            return "changed"
        return clean(f"only in {self.diagram.sides[change is Change.SECOND]}")

    def _notes(self, edge: Edge) -> Iterator[str]:
        if self.detail is Detail.VERBS:
            return
        if not edge.other or not self.diagram.sides:
            yield from (clean(guard.words) for guard in edge.conditions)
            return
        old, new = asked(edge)
        both = [guard.words for guard in edge.conditions if guard not in old]
        yield from map(clean, both)
        for side, one, guards in zip(self.diagram.sides, (edge, edge.other), (old, new), strict=True):
            if _differs(edge):
                yield clean(f"in {side} {_WHO[one.actor]}")
            yield from (clean(f"in {side} {guard.words}") for guard in guards)


def _differs(edge: Edge) -> bool:
    """Whether two policies let others act."""
    return edge.other is not None and edge.actor is not edge.other.actor
