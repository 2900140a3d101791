"""Who may do what to whom, as tables in Markdown: who acts by row, to whom by column."""

from collections.abc import Iterator

from fsm.reach import Reach
from fsm.render.diagram import Change
from fsm.render.formats.matrix import NOTHING
from fsm.render.ladders import MARKS, Ladders
from fsm.render.words.label import clean
from fsm.render.words.markdown import escaped
from fsm.state import AnyState


def to_tables(ladders: Ladders) -> str:
    """The tables under a heading: what is done to others, and what to oneself."""
    return "\n".join([f"# {escaped(clean(ladders.title))}", "", *tables_of(ladders), ""])


def tables_of(ladders: Ladders) -> Iterator[str]:
    """The lines of both tables. Of two policies, a plus and a minus tell what only the second permits, or the first."""
    rungs = [*reversed(ladders.rungs)]
    shown = {
        each: change for each, change in ladders.reach.items() if ladders.sides is None or change is not Change.NONE
    }
    acting = [state for state in rungs if any(each.by == state for each in shown)]
    others = [each for each in shown if not each.is_self]
    targets = [state for state in rungs if any(each.source == state for each in others)]
    may = "may" if ladders.sides is None else "may then (+) or no longer (\N{MINUS SIGN})"
    if others:
        yield f"What holders of a role (by row) {may} do to others, by the role that these have:"
        yield ""
        yield f"| | {' | '.join(_name(ladders, state) for state in targets)} |"
        yield f"| --- |{' --- |' * len(targets)}"
        for by in acting:
            cells = [_cell(ladders, [each for each in others if (each.by, each.source) == (by, to)]) for to in targets]
            if any(cells):
                yield f"| **{_name(ladders, by)}** | {' | '.join(cell or NOTHING for cell in cells)} |"
        yield ""
    if len(others) < len(shown):
        yield f"What they {may} do to themselves:"
        yield ""
        yield "| | |"
        yield "| --- | --- |"
        for by in acting:
            own = _cell(ladders, [each for each in shown if each.is_self and each.by == by])
            if own:
                yield f"| **{'outsiders' if by == ladders.initial else _name(ladders, by)}** | {own} |"


def _cell(ladders: Ladders, some: list[Reach]) -> str:
    verbs: dict[tuple[str, str], list[AnyState]] = {}
    for each in some:
        verbs.setdefault((MARKS[ladders.reach[each]], each.verb), []).append(each.dest)
    return "; ".join(
        f"{mark} {_told(ladders, verb, dests)}" if mark else _told(ladders, verb, dests)
        for (mark, verb), dests in verbs.items()
    )


def _told(ladders: Ladders, verb: str, dests: list[AnyState]) -> str:
    """A verb and, where it may lead elsewhere, where it leads."""
    same = [each for each in ladders.reach if each.verb == verb]
    if len({each.dest for each in same}) == 1 or all(each.dest == each.source for each in same):
        return _code(verb)
    return f"{_code(verb)} → {', '.join(_name(ladders, dest) for dest in dests)}"


def _name(ladders: Ladders, state: AnyState) -> str:
    return _code(ladders.names[state])


def _code(words: str) -> str:
    return escaped(f"`{clean(words)}`")
