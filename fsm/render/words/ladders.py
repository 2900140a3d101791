"""Who may do what to whom, as ladders of letters: one for each state of who acts, with a column for each verb."""

from collections.abc import Iterable, Iterator, Sequence

from fsm.render.ladders import MARKS, Ladders, Lane
from fsm.render.words.columns import padded, wrapped
from fsm.render.words.label import clean
from fsm.state import AnyState

_NAME, _COLUMNS, _BESIDE = 20, 69, 14


def to_text(ladders: Ladders, by: Iterable[AnyState] | None = None, *, only_self: bool = False) -> str:
    """The ladders of all who act, or of these, under their title."""
    lines = ladder_lines(ladders, by, only_self=only_self)
    return "\n".join([*wrapped(clean(ladders.title), _COLUMNS), "", *lines, ""])


def ladder_lines(ladders: Ladders, by: Iterable[AnyState] | None = None, *, only_self: bool = False) -> Iterator[str]:
    """The lines of the ladders, none wider than the text of a draft."""
    if ladders.sides is None:
        yield "o: whom it is done to. <: where they come; without it they stay."
    else:
        yield "+: what may be done then. -: what no longer may. o: what still may."
        yield "<: where they come; without it they stay."
    shared, once = ladders.said_once(by, only_self=only_self)
    for note in (*([once] if once else ()), *ladders.notes):
        yield from wrapped(clean(_typed(note)), _COLUMNS, "  ")
    for acting, lanes in ladders.panels(by, only_self=only_self, but=shared):
        who = clean(ladders.who(acting))
        yield ""
        yield from wrapped(f"What {who} can do:" if ladders.sides is None else f"What changes for {who}:", _COLUMNS)
        numbered = [*enumerate(lanes, start=1)]
        for first in range(0, len(numbered), _BESIDE):
            yield ""
            yield from _part(ladders, numbered[first : first + _BESIDE])


def _part(ladders: Ladders, part: Sequence[tuple[int, Lane]]) -> Iterator[str]:
    yield (" " * _NAME + "".join(f"{number:>3}" for number, _ in part)).rstrip()
    for state in ladders.rungs:
        name = next(iter(wrapped(clean(_typed(ladders.name(state))), _NAME - 1)), "")
        yield (padded(name, _NAME) + "".join(f"{_mark(lane, state):>3}" for _, lane in part)).rstrip()
    for number, lane in part:
        yield from wrapped(f"{number}. {clean(_typed(ladders.words(lane)))}", _COLUMNS, "   ")


def _mark(lane: Lane, state: AnyState) -> str:
    if state == lane.dest:
        return "<"
    return _typed(MARKS[lane.sources[state]]) or "o" if state in lane.sources else ""


def _typed(words: str) -> str:
    """The words with a minus that a typewriter has."""
    return words.replace("\N{MINUS SIGN}", "-")
