"""Who may do what to whom, as tables in Markdown: who acts by row, to whom by column."""

from collections.abc import Iterator
from typing import Any

from fsm.policy import Policy
from fsm.reach import Reach
from fsm.render.formats.matrix import NOTHING
from fsm.render.ladders import rungs_of
from fsm.render.words.label import clean
from fsm.render.words.markdown import escaped
from fsm.state import AnyState


def to_tables(policy: Policy[Any]) -> str:
    """The tables under a heading: what is done to others, and what to oneself."""
    return "\n".join([f"# {escaped(clean(policy.title))}", "", *tables_of(policy), ""])


def tables_of(policy: Policy[Any]) -> Iterator[str]:
    """The lines of both tables."""
    rungs = [*reversed(rungs_of(policy))]
    acting = [state for state in rungs if any(each.by == state for each in policy.reach)]
    others = [each for each in policy.reach if not each.is_self]
    targets = [state for state in rungs if any(each.source == state for each in others)]
    yield "What holders of a role (by row) may do to others, by the role that these have:"
    yield ""
    yield f"| | {' | '.join(_name(policy, state) for state in targets)} |"
    yield f"| --- |{' --- |' * len(targets)}"
    for by in acting:
        cells = [_cell(policy, [each for each in others if (each.by, each.source) == (by, state)]) for state in targets]
        if any(cells):
            yield f"| **{_name(policy, by)}** | {' | '.join(cell or NOTHING for cell in cells)} |"
    yield ""
    yield "What they may do to themselves:"
    yield ""
    yield "| | |"
    yield "| --- | --- |"
    for by in acting:
        own = _cell(policy, [each for each in policy.reach if each.is_self and each.by == by])
        if own:
            yield f"| **{'outsiders' if by == policy.initial else _name(policy, by)}** | {own} |"


def _cell(policy: Policy[Any], some: list[Reach]) -> str:
    verbs: dict[str, list[AnyState]] = {}
    for each in some:
        verbs.setdefault(each.verb, []).append(each.dest)
    moving = {each.verb for each in some if each.dest != each.source}
    fixed = {
        verb
        for verb in verbs
        if len({each.dest for each in policy.reach if each.verb == verb}) == 1 or verb not in moving
    }
    return "<br>".join(
        _code(verb) if verb in fixed else f"{_code(verb)} → {', '.join(_name(policy, dest) for dest in dests)}"
        for verb, dests in verbs.items()
    )


def _name(policy: Policy[Any], state: AnyState) -> str:
    return _code(policy.labels[state])


def _code(words: str) -> str:
    return escaped(f"`{clean(words)}`")
