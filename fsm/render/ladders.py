"""Who may do what to whom, as ladders: one for each state of who acts, of one policy or of what differs between two.

The rungs are the states, the highest at the top; where everybody begins, and those who are barred, stand
apart at the foot. A `Lane` is a column beside them, for a verb and the state that it leads to. How ladders are
drawn stands in `fsm.render.ladder_sheet`, how they are told in `fsm.render.words.ladders`.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from fsm.policy import Policy
from fsm.reach import Reach
from fsm.render.diagram import Change
from fsm.render.layout.engine import RenderError
from fsm.state import PLAIN, AnyState, Tone

MOST = 24
"""So many states, beside where everybody begins, are drawn; for more there are tables."""

MARKS: Mapping[Change, str] = {Change.NONE: "", Change.FIRST: "\N{MINUS SIGN}", Change.SECOND: "+"}
"""How it is told that only the first of two policies has something, or only the second."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A column: a verb and where it leads; None where the target stays.

    Of two policies, each source says which of them has it.
    """

    verb: str
    dest: AnyState | None
    sources: Mapping[AnyState, Change]
    is_self: bool


@dataclass(frozen=True)
class Ladders:
    """Who may do what to whom, state by state.

    `sides` are the titles of two policies that are compared: then what both permit is left out, and `notes` say in
    words what else differs.
    """

    id: str
    title: str
    rungs: tuple[AnyState, ...]
    """From the top to the foot."""
    names: Mapping[AnyState, str]
    tones: Mapping[AnyState, Tone]
    initial: AnyState
    verbs: tuple[str, ...]
    reach: Mapping[Reach, Change]
    rung_changes: Mapping[AnyState, Change]
    sides: tuple[str, str] | None = None
    notes: tuple[str, ...] = ()

    def panels(
        self, by: Iterable[AnyState] | None = None, *, only_self: bool = False, but: Collection[Reach] = ()
    ) -> list[tuple[AnyState, list[Lane]]]:
        """Who acts, from the top, or those of these, and the columns of each, but for some of what they may do.

        Raises `RenderError` for too many.
        """
        if len(self.rungs) > MOST + 1:
            raise RenderError(f"`{self.id}` has {len(self.rungs)} states, {MOST + 1} is the most for a picture")
        among = None if by is None else {state.value for state in by}
        wanted = [state for state in reversed(self.rungs) if among is None or state.value in among]
        return [(state, lanes) for state in wanted if (lanes := [*self._lanes(state, but, only_self=only_self)])]

    @cached_property
    def shared(self) -> Mapping[Reach, str]:
        """What whoever is in may do to themselves, each with its words: a picture of all says it once."""
        inside = [state for state in self.rungs if self.tones[state] not in (Tone.OUTSIDE, Tone.BARRED)]
        told: dict[str, list[Reach]] = {}
        for each in self.reach if self.sides is None else ():
            if each.is_self and each.by in inside:
                words = (
                    each.verb
                    if each.dest == each.source
                    else f"{each.verb} \N{RIGHTWARDS ARROW} {self.names[each.dest]}"
                )
                told.setdefault(words, []).append(each)
        return {each: words for words, some in told.items() if len(some) == len(inside) > 1 for each in some}

    def said_once(self, by: Iterable[AnyState] | None, *, only_self: bool) -> tuple[Mapping[Reach, str], str]:
        """What a picture of all says once, and the sentence that does."""
        shared = self.shared if by is None and not only_self else {}
        words = dict.fromkeys(shared.values())
        return shared, f"Whoever has a role may: {', '.join(words)}" if words else ""

    def who(self, state: AnyState) -> str:
        """What users who act in a state are called."""
        return "outsiders" if state == self.initial else self.names[state]

    def name(self, state: AnyState) -> str:
        """The name of a state, and whether only one of two policies has it."""
        mark = MARKS[self.rung_changes.get(state, Change.NONE)]
        return f"{mark} {self.names[state]}" if mark else self.names[state]

    def words(self, lane: Lane) -> str:
        """What a column says."""
        told = (f"{MARKS[change]}{self.names[state]}" for state, change in lane.sources.items())
        return f"{lane.verb}: {', '.join(told)}" + (
            "" if lane.dest is None else f" \N{RIGHTWARDS ARROW} {self.names[lane.dest]}"
        )

    def _lanes(self, by: AnyState, but: Collection[Reach], *, only_self: bool) -> Iterator[Lane]:
        found: dict[tuple[str, AnyState | None, bool], dict[AnyState, Change]] = {}
        for each, change in self.reach.items():
            if each.by == by and (each.is_self or not only_self) and each not in but:
                dest = None if each.dest == each.source else each.dest
                found.setdefault((each.verb, dest, each.is_self), {})[each.source] = change
        for (verb, dest, is_self), sources in sorted(found.items(), key=self._place):
            if self.sides is None or {*sources.values()} != {Change.NONE}:
                yield Lane(verb, dest, sources, is_self)

    def _place(self, item: tuple[tuple[str, AnyState | None, bool], object]) -> tuple[int, int]:
        (verb, dest, _), _ = item
        return self.verbs.index(verb), -1 if dest is None else self._places[dest]

    @cached_property
    def _places(self) -> dict[AnyState, int]:
        return {state: number for number, state in enumerate(reversed(self.rungs))}


def ladders_of(policy: Policy[Any]) -> Ladders:
    """The ladders of a policy. Raises `RenderError` where it does not say who may do what to whom."""
    ladders = _whole(policy)
    if not ladders.reach:
        raise RenderError(f"policy `{policy.id}` does not say who may do what to whom")
    return ladders


def ladders_between(old: Policy[Any], new: Policy[Any], notes: tuple[str, ...] = ()) -> Ladders:
    """What differs between two policies, state by state; states are the same if they have the same word."""
    first, second = _whole(old), _whole(new)
    known = {state.value: state for state in (*first.rungs, *second.rungs)}

    def shared(ladders: Ladders) -> dict[Reach, None]:
        return dict.fromkeys(
            Reach(known[each.by.value], each.verb, known[each.source.value], known[each.dest.value], each.is_self)
            for each in ladders.reach
        )

    before, after = shared(first), shared(second)
    rungs = _merged([known[state.value] for state in first.rungs], [known[state.value] for state in second.rungs])
    words = [{state.value for state in ladders.rungs} for ladders in (first, second)]
    names = {known[state.value]: name for ladders in (first, second) for state, name in ladders.names.items()}
    tones = {known[state.value]: tone for ladders in (first, second) for state, tone in ladders.tones.items()}
    return replace(
        second,
        id=f"{old.id}-{new.id}",
        title=f"{old.title} \N{RIGHTWARDS ARROW} {new.title}" if old.title != new.title else f"Changes of {new.title}",
        rungs=tuple(rungs),
        names=names,
        tones=tones,
        initial=known[second.initial.value],
        verbs=tuple(_merged(first.verbs, second.verbs)),
        reach={each: _change(each in before, each in after) for each in (*before, *after)},
        rung_changes={state: _change(*(state.value in each for each in words)) for state in rungs},
        sides=(old.id, new.id),
        notes=notes,
    )


def _whole(policy: Policy[Any]) -> Ladders:
    rungs = rungs_of(policy)
    return Ladders(
        id=policy.id,
        title=policy.title,
        rungs=rungs,
        names=policy.labels,
        tones={state: policy.displays.get(state, PLAIN).tone for state in rungs},
        initial=policy.initial,
        verbs=tuple(row.id for row in policy.transitions),
        reach=dict.fromkeys(policy.reach, Change.NONE),
        rung_changes={},
    )


def rungs_of(policy: Policy[Any]) -> tuple[AnyState, ...]:
    """The states from the top to the foot."""
    apart = {Tone.OUTSIDE: 1, Tone.BARRED: 2}
    tones = {state: policy.displays.get(state, PLAIN).tone for state in policy.states}
    place = {state: number for number, state in enumerate(policy.ordered)}
    return tuple(sorted(policy.ordered, key=lambda state: (apart.get(tones[state], 0), -place[state])))


def _change(is_in_first: bool, is_in_second: bool) -> Change:
    return Change.NONE if is_in_first and is_in_second else Change.FIRST if is_in_first else Change.SECOND


def _merged(first: Iterable[Any], second: Iterable[Any]) -> list[Any]:
    """What is in either, in the order of the second; each of the first only stands after the one before it."""
    merged, place = [*second], 0
    for each in first:
        if each not in merged:
            merged.insert(place, each)
        place = merged.index(each) + 1
    return merged
