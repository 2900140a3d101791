"""The words on a picture: what an edge says at each level of detail."""

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from fsm.render.diagram import Detail, Diagram, Edge
from fsm.render.style import SMALL, VERB, Line, line_of, row_of, width_of

Notes: TypeAlias = Mapping[str, int]

SEPARATOR = " · "
_WRAP = 26  # letters in a line of small type

_SPACES = re.compile(r"[^\S\u00a0]+")
# What XML cannot hold, and what would break a line.
_UNPRINTABLE = re.compile("[^\\x20-\\x7e\\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x80-\x9f]")


@dataclass(frozen=True, slots=True)
class Label:
    """The verb and, under it, what must hold: `conditions` each in one piece."""

    verb: str
    conditions: tuple[str, ...]

    @property
    def stacked(self) -> tuple[str, ...]:
        """The small type, a line for each condition; a long one takes several."""
        return tuple(
            line
            for condition in self.conditions
            for line in textwrap.wrap(condition, _WRAP, subsequent_indent="\u2002", break_on_hyphens=False)
        )

    @property
    def inline(self) -> str:
        """The small type in one line."""
        return SEPARATOR.join(self.conditions)

    def within(self, width: float) -> tuple[str, ...]:
        """The small type in as few lines as fit about this width."""
        return tuple(textwrap.wrap(self.inline, max(_WRAP, int(width / (0.6 * SMALL)))))

    @property
    def width(self) -> int:
        """About how wide the label is when stacked."""
        return ceil(max(width_of(self.verb, VERB, bold=True), *(width_of(line, SMALL) for line in self.stacked), 0))

    @property
    def height(self) -> int:
        """About how high the label is when stacked."""
        return row_of(VERB) + row_of(SMALL) * len(self.stacked)


def labels_of(diagram: Diagram, detail: Detail, notes: Notes | None = None) -> dict[str, Label]:
    """What is written at each edge, by id; with `notes`, a guard is only named by its number."""
    return {
        edge.id: Label(
            clean(edge.transition),
            tuple(clean(words) for words in conditions_of(edge, detail, line_of(diagram, edge), notes)),
        )
        for edge in diagram.edges
    }


def conditions_of(edge: Edge, detail: Detail, line: Line | None = None, notes: Notes | None = None) -> Iterator[str]:
    """The small type of an edge: who acts, if no line tells it, what else must hold, and the section."""
    if detail is not Detail.VERBS:
        if line is None or line.actor is not edge.actor:
            yield f"by {edge.actor.value}"
        guards = [guard for guard in edge.guards if not guard.told]
        if not notes:
            yield from (guard.short for guard in guards)
        elif guards:
            yield f"if {', '.join(str(notes[guard.words]) for guard in guards)}"
    if detail is Detail.CLAUSES and edge.clause:
        yield f"§\u00a0{edge.clause}"


def notes_of(diagram: Diagram) -> Notes:
    """A number for every guard that is not told otherwise, by its words, in the order of first use."""
    words = dict.fromkeys(guard.words for edge in diagram.edges for guard in edge.guards if not guard.told)
    return {each: number for number, each in enumerate(words, 1)}


def sentence(diagram: Diagram, edge: Edge) -> str:
    """All that the picture knows of an edge."""
    names = diagram.names
    way = f"stays in {names[edge.dest]}" if edge.repeats else f"from {names[edge.source]} to {names[edge.dest]}"
    conditions = ", and ".join(guard.words for guard in edge.guards if not guard.told)
    whole = f"{edge.transition}: {way}, by {edge.actor.value}{', if ' if conditions else ''}{conditions}"
    return clean(f"{whole} (section {edge.clause})" if edge.clause else whole)


def clean(text: str) -> str:
    """The text in one line, and without what no format can hold."""
    return _UNPRINTABLE.sub("\ufffd", _SPACES.sub(" ", text).strip())
