"""Who may do what to whom, as ladders of letters: one for each state of who acts, with a column for each verb."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fsm.policy import Policy
from fsm.render.ladders import Lane, panels_of, rungs_of, words_of
from fsm.render.words.columns import padded, wrapped
from fsm.render.words.label import clean
from fsm.state import AnyState

_NAME, _COLUMNS, _BESIDE = 20, 69, 14


def to_text(policy: Policy[Any], by: Iterable[AnyState] | None = None, *, only_self: bool = False) -> str:
    """The ladders of all who act, or of these, under the policy's title. Raises `RenderError` as pictures do."""
    lines = ladder_lines(policy, by, only_self=only_self)
    return "\n".join([*wrapped(clean(policy.title), _COLUMNS), "", *lines, ""])


def ladder_lines(
    policy: Policy[Any], by: Iterable[AnyState] | None = None, *, only_self: bool = False
) -> Iterator[str]:
    """The lines of the ladders, none wider than the text of a draft."""
    yield "o: whom it is done to. <: where they come; without it they stay."
    for acting, lanes in panels_of(policy, by, only_self=only_self):
        who = "outsiders" if acting == policy.initial else clean(policy.labels[acting])
        yield ""
        yield from wrapped(f"What {who} can do:", _COLUMNS)
        numbered = [*enumerate(lanes, start=1)]
        for first in range(0, len(numbered), _BESIDE):
            yield ""
            yield from _part(policy, numbered[first : first + _BESIDE])


def _part(policy: Policy[Any], part: Sequence[tuple[int, Lane]]) -> Iterator[str]:
    yield (" " * _NAME + "".join(f"{number:>3}" for number, _ in part)).rstrip()
    for state in rungs_of(policy):
        name = next(iter(wrapped(clean(policy.labels[state]), _NAME - 1)), "")
        yield (padded(name, _NAME) + "".join(f"{_mark(lane, state):>3}" for _, lane in part)).rstrip()
    for number, lane in part:
        yield from wrapped(f"{number}. {clean(words_of(policy, lane))}", _COLUMNS, "   ")


def _mark(lane: Lane, state: AnyState) -> str:
    return "<" if state == lane.dest else "o" if state in lane.sources else ""
