"""The words on a picture: what an edge says at each level of detail."""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeAlias

from fsm.render.diagram import Change, Condition, Detail, Diagram, Edge
from fsm.render.layout.style import SMALL, VERB, row_of, width_of

Notes: TypeAlias = Mapping[str, int]

SEPARATOR = " · "
_WRAP = 26  # letters in a line of small type
_COMPACT = 32  # the same where several conditions share it
_CROWD = 5  # the most lines of small type that are read at a glance

_SPACES = re.compile(r"[^\S\u00a0]+")
# What XML cannot hold, what would break a line, and what would turn the writing of all that follows.
_UNPRINTABLE = re.compile(
    "[^\\x20-\\x7e\\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]|[\x80-\x9f\u2028-\u202e\u2066-\u2069]"
)


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
    def compact(self) -> tuple[str, ...]:
        """The small type in a few short lines, each of them whole conditions; a long one takes several."""
        lines: list[str] = []
        for condition in self.conditions:
            joined = f"{lines[-1]}{SEPARATOR}{condition}" if lines else condition
            if lines and len(joined) <= _COMPACT:
                lines[-1] = joined
            else:
                lines += textwrap.wrap(condition, _COMPACT, break_on_hyphens=False)
        return tuple(lines)

    @property
    def inline(self) -> str:
        """The small type in one line."""
        return SEPARATOR.join(self.conditions)

    def within(self, width: float) -> tuple[str, ...]:
        """The small type in as few lines as fit about this width."""
        return tuple(textwrap.wrap(self.inline, max(_WRAP, int(width / (0.6 * SMALL)))))

    @property
    def verb_width(self) -> float:
        """About how wide the verb is."""
        return width_of(self.verb, VERB, bold=True)

    @property
    def width(self) -> int:
        """About how wide the label is when stacked."""
        return ceil(max(self.verb_width, *(width_of(line, SMALL) for line in self.stacked), 0))

    @property
    def height(self) -> int:
        """About how high the label is when stacked."""
        return row_of(VERB) + row_of(SMALL) * len(self.stacked)


def caption_of(diagram: Diagram) -> str:
    """What the diagram is of, and what is given, in one line."""
    return clean(f"{diagram.title}, given {_given(diagram)}" if diagram.given else diagram.title)


def about_of(diagram: Diagram) -> list[str]:
    """The lines under the title: where the policy comes from, and what is given."""
    names = filter(None, ["" if diagram.sides else diagram.id, diagram.document])
    given = f"What is left given {_given(diagram)}" if diagram.given else ""
    return [clean(line) for line in (": ".join(names), given) if line]


def _given(diagram: Diagram) -> str:
    return ", ".join(f"{fact} = {value}" for fact, value in diagram.given)


def labels_of(diagram: Diagram, detail: Detail, notes: Notes | None = None) -> dict[str, Label]:
    """What is written at each edge, by id; with `notes`, a guard is only named by its number."""
    return {
        edge.id: Label(
            clean(edge.transition),
            tuple(clean(words) for words in conditions_of(diagram, edge, detail, notes)),
        )
        for edge in diagram.edges
    }


def conditions_of(
    diagram: Diagram, edge: Edge, detail: Detail, notes: Notes | None = None, *, lines: bool = True
) -> Iterator[str]:
    """The small type of an edge: who acts, what else must hold, and the section.

    `lines` says whether the format has lines that tell who acts. Of two policies,
    the words say how they differ; what is the same in both needs none.
    """
    if diagram.sides:
        yield from _differences(diagram.sides, edge, detail, notes)
    elif detail is not Detail.VERBS:
        if not lines:
            yield f"by {edge.actor.value}"
        yield from _guards(edge.conditions, notes)
    if detail is Detail.CLAUSES and edge.clause and not (diagram.sides and edge.change is Change.NONE):
        yield f"§\u00a0{edge.clause}"


def _guards(guards: Sequence[Condition], notes: Notes | None) -> Iterator[str]:
    if not notes:
        yield from (guard.short for guard in guards)
    elif guards:
        yield f"if {', '.join(map(str, sorted(notes[guard.words] for guard in guards)))}"


def _differences(sides: tuple[str, str], edge: Edge, detail: Detail, notes: Notes | None) -> Iterator[str]:
    if edge.change is Change.NONE:
        return
    if edge.other is None:
        yield f"only in {sides[edge.change is Change.SECOND]}"
        if detail is not Detail.VERBS:
            yield f"by {edge.actor.value}"
            yield from _guards(edge.conditions, notes)
        return
    yield "changed"
    if detail is not Detail.VERBS:
        old, new = asked(edge)
        for side, one, asks in ((sides[0], edge, old), (sides[1], edge.other, new)):
            if edge.actor is not edge.other.actor:
                yield f"in {side}: by {one.actor.value}"
            yield from (f"in {side}: {words}" for words in _guards(asks, notes))
        if edge.actor is edge.other.actor and not old and not new:
            yield "decided otherwise by the same words"


def asked(edge: Edge) -> tuple[tuple[Condition, ...], tuple[Condition, ...]]:
    """What only the first of two policies asks of an edge that both have, and what only the second asks."""
    assert edge.other is not None
    old, new = edge.conditions, edge.other.conditions
    words = [{(guard.name, guard.words) for guard in each} for each in (old, new)]
    return (
        tuple(guard for guard in old if (guard.name, guard.words) not in words[1]),
        tuple(guard for guard in new if (guard.name, guard.words) not in words[0]),
    )


def notes_if_crowded(diagram: Diagram, detail: Detail) -> Notes | None:
    """The notes that stand in for the guards where these would make a wall of words; None where they do not."""
    labels = labels_of(diagram, detail).values()
    return notes_of(diagram) if any(len(label.stacked) > _CROWD for label in labels) else None


def notes_of(diagram: Diagram) -> Notes:
    """A number for every guard that is not told otherwise, by its words, as the policy as a whole numbers them."""
    shown = dict.fromkeys(guard.words for edge in diagram.edges for guard in _shown(diagram, edge))
    numbers = {each: number for number, each in enumerate(dict.fromkeys((*diagram.conditions, *shown)), 1)}
    return {each: number for each, number in numbers.items() if each in shown}


def _shown(diagram: Diagram, edge: Edge) -> Sequence[Condition]:
    if edge.other:
        old, new = asked(edge)
        return (*old, *new)
    return () if diagram.sides and edge.change is Change.NONE else edge.conditions


def legend_of(notes: Notes | None) -> list[str]:
    """The notes in words, each behind its number."""
    return [f"({number}) {clean(words)}" for words, number in (notes or {}).items()]


def start_of(diagram: Diagram) -> str:
    """Where everybody begins, as a sentence."""
    return clean(f"Everybody begins in {diagram.names[diagram.initial]}.")


def left_out_of(diagram: Diagram) -> list[str]:
    """What a drawing leaves out, as a sentence, if it leaves anything out."""
    if not diagram.left_out:
        return []
    return [clean(f"Not drawn, since no history in order comes to it: {'; '.join(diagram.left_out)}.")]


def sentence(diagram: Diagram, edge: Edge) -> str:
    """All that the picture knows of an edge."""
    names = diagram.names
    way = f"stays in {names[edge.dest]}" if edge.repeats else f"from {names[edge.source]} to {names[edge.dest]}"
    if not diagram.sides:
        return clean(f"{edge.transition}: {way}, {_terms(edge)}")
    first, second = diagram.sides
    if edge.other:
        terms = f"in {first} {_terms(edge)}; in {second} {_terms(edge.other)}"
    else:
        place = (
            edge.change.value
            if edge.change is Change.NONE
            else f"only in {(first, second)[edge.change is Change.SECOND]}"
        )
        terms = f"{place}, {_terms(edge)}"
    return clean(f"{edge.transition}: {way}, {terms}")


def _terms(edge: Edge) -> str:
    conditions = ", and ".join(guard.words for guard in edge.conditions)
    whole = f"by {edge.actor.value}{', if ' if conditions else ''}{conditions}"
    return f"{whole} (section {edge.clause})" if edge.clause else whole


def capital(words: str) -> str:
    """The words as a sentence or a title begins."""
    return words[:1].upper() + words[1:]


def clean(text: str) -> str:
    """The text in one line, and without what no format can hold."""
    return _UNPRINTABLE.sub("\ufffd", _SPACES.sub(" ", text).strip())
