"""The section of a draft on legal participation state transitions, written out of a policy.

The text is kramdown-rfc Markdown, to be included where such a section is missing.
Every sentence comes from rows and their guards: which states they lead from, whom each
guard is asked of and what it asks (`fsm.guards.Norm`). The rules beside the table follow,
by the kind of event that they are for.
"""

import re
import textwrap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import unescape
from itertools import combinations
from typing import Any, TypeAlias

from fsm.facts import EVENT, PAIR, ROOM, SENDER, TARGET, Subject
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.render.diagram import Detail, Diagram
from fsm.render.extract import extract
from fsm.render.formats.rfc import figure_of, prefix_of
from fsm.render.grid import Entry, Grid
from fsm.render.layout.engine import RenderError
from fsm.render.words.ids import plain
from fsm.render.words.label import capital, clean
from fsm.render.words.markdown import code, demand, escaped, listed
from fsm.render.words.role_section import role_parts
from fsm.render.words.rules import Case, rules_of
from fsm.rule import Rule
from fsm.state import PLAIN, AnyState

_Names: TypeAlias = Mapping[AnyState, str]
"""What a sentence calls the states, in the order of the policy."""

_LINE = 80
_HEAD = "the target is in"
_WIDE = 7  # the most actions that have a column each
_PAGE = 69  # letters that a line of a draft's text has for a table
_ITEM = re.compile(r"(\*|\d+\.) ")


def to_section(policy: AnyPolicy, *, level: int = 2, prefix: str | None = None, link_base: str | None = None) -> str:
    """The section, its headings beginning at the given level.

    Ids begin with the `prefix`, by default the policy's id; with a `link_base`, the
    edges of the figure link to the sections of that document. Of a policy of roles, it
    says what holders of each role may do. Raises `RenderError`
    for a prefix that is none, and where Graphviz is missing.
    """
    if policy.has_stock_rows:
        if link_base:
            raise RenderError("the section of a policy of roles takes no `link_base`")
        return "\n\n".join(map(_wrapped, role_parts(policy, "#" * level, prefix))) + "\n"
    diagram = extract(policy)
    prefix = prefix_of(diagram.id, prefix)
    figure = figure_of(diagram, Detail.GUARDS, Detail.VERBS, prefix=prefix, link_base=link_base, named=False)
    head = "#" * level
    parts = [
        f"{head} Legal Transitions {{#sec-{prefix}-transitions}}",
        *_overview(policy, diagram, prefix, figure),
    ]
    for action, cases in rules_of(policy).items():
        parts.append(f"{head} {_title(action)} Conditions {{#sec-{prefix}-conditions-{plain(action)}}}")
        parts += _conditions(policy, action, cases, f"{head}# ")
    for kind, rules in policy.rules_beside.items():
        parts.append(f"{head} {_title(kind)} Events {{#sec-{prefix}-events-{plain(kind)}}}")
        parts += _events(kind, rules, f"{head}# ")
    return "\n\n".join(map(_wrapped, parts)) + "\n"


def _wrapped(part: str) -> str:
    """A paragraph, or a list, in lines as long as those of a draft."""
    if part.startswith(("#", "|", "<")):
        return part
    return "\n".join(
        textwrap.fill(line, _LINE, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)
        for line in part.splitlines()
        for indent in [len(_ITEM.match(line)[0]) if _ITEM.match(line) else 0]  # type: ignore[index]
    )


def _overview(policy: AnyPolicy, diagram: Diagram, prefix: str, figure: str) -> Iterator[str]:
    states = listed(list(_names(policy).values()), "and")
    yield (
        f"The target is in one of the following participation states: {states}. {{{{fig-{prefix}}}}} shows how it gets "
        f"from one to another, and {{{{tab-{prefix}}}}} by which transition each action does it. A number in the table "
        "is a condition that MUST hold. What is not in the table MUST be rejected."
    )
    yield figure.rstrip()
    grid = Grid(diagram, Detail.GUARDS)
    yield "\n".join([*_table(grid), f'{{: #tab-{prefix} title="Transitions by state of the target and by action"}}'])
    if grid.notes:
        yield "The conditions are:"
        yield "\n".join(f"{number}. {escaped(words)}" for words, number in grid.notes.items())


def _table(grid: Grid) -> Iterator[str]:
    names = {state: escaped(grid.name(state)) for state in grid.states}
    actions = {action: escaped(clean(action)) for action in grid.actions}
    cells = {
        (state, action): "; ".join(map(_entry, grid.cell(state, action)))
        for state in grid.states
        for action in grid.actions
    }
    columns = [[action, *(cells[state, each] for state in names)] for each, action in actions.items()]
    if len(columns) > _WIDE or _least_width([_HEAD, *names.values()], *columns) > _PAGE:
        # No page takes so many columns: a row for each cell that is not empty.
        yield from (f"| {_HEAD} | action | transitions |", "|---|---|---|")
        yield from (
            f"| {names[state]} | {actions[action]} | {what} |" for (state, action), what in cells.items() if what
        )
        return
    yield f"| {_HEAD} | {' | '.join(actions.values())} |"
    yield f"|---|{'---|' * len(actions)}"
    for state, name in names.items():
        yield f"| {name} | {' | '.join(cells[state, action] or '-' for action in actions)} |"


def _least_width(*columns: Sequence[str]) -> int:
    """How narrow a table can be in the text of a draft, which breaks lines between words only."""
    return 1 + sum(
        3 + max(len(word) for text in column for word in [*unescape(text).split(), ""]) for column in columns
    )


def _entry(entry: Entry) -> str:
    dest = f" to {escaped(entry.dest)}" if entry.dest else ""
    by = f" by {entry.by}" if entry.by else ""
    notes = f" ({', '.join(map(str, entry.notes))})" if entry.notes else ""
    return f"{escaped(entry.transition)}{dest}{by}{notes}"


def _conditions(policy: AnyPolicy, action: str, cases: Sequence[Case], head: str) -> Iterator[str]:
    what = _a(escaped(clean(action)))
    if not cases:
        yield f"{capital(what)} MUST be rejected."
        return
    names = _names(policy)
    dests = list(dict.fromkeys(names[case.dest] for case in cases))
    yield f"{capital(what)} takes the target to {_in_state(listed(dests, 'or'))}."
    if len(dests) == 1 and not any(set(one.sources) & set(other.sources) for one, other in combinations(cases, 2)):
        sources = [state for state in names if any(state in case.sources for case in cases)]
        common = [guard for guard in cases[0].guards if all(guard in case.guards for case in cases)]
        yield from _demands(f" of {what}", _standing(sources, names), common)
        for case in cases:
            yield from _further(case, [guard for guard in case.guards if guard not in common], names)
        yield "Otherwise, reject."
        return
    yield f"{capital(what)} MUST be one of the following. Otherwise, reject."
    for case in cases:
        where = f" to {escaped(policy.labels[case.dest])}" if len(dests) > 1 else ""
        yield f"{head}{listed([_title(each) for each in case.transitions], 'and')}{where}"
        yield from _demands("", _standing(case.sources, names, case), case.guards)


def _events(kind: str, rules: Sequence[Rule[Any]], head: str) -> Iterator[str]:
    """What is asked of a kind of event beside where its target stands."""
    what = f"{_a(escaped(clean(kind)))} event"
    if not rules:
        yield f"{capital(what)} MUST be rejected."
    elif len(rules) == 1:
        yield from _demands(f" of {what}", "", rules[0].guards)
        yield "Otherwise, reject."
    else:
        yield f"{capital(what)} MUST be permitted by one of the following. Otherwise, reject."
        for rule in rules:
            yield f"{head}{_title(rule.id)}"
            yield from _demands("", "", rule.guards)


def _demands(of_what: str, standing: str, guards: Sequence[Guard[Any]]) -> Iterator[str]:
    """What is asked of both, of the target, of the sender, of the room, of the event, and beyond."""
    asked = _by_subject(guards)
    yield from (f"The target and sender{of_what} MUST {words}." for words in asked[PAIR])
    targets = [*([standing] if standing else []), *asked[TARGET]]
    for who, all_words in (
        (f"target{of_what}", targets),
        (f"sender{of_what}", asked[SENDER]),
        ("room", asked[ROOM]),
        ("event", asked[EVENT]),
    ):
        if len(all_words) == 1:
            yield f"The {who} MUST {all_words[0]}."
        elif all_words:
            yield f"The {who} MUST:"
            yield "\n".join(f"* {capital(words)}." for words in all_words)
    others = [escaped(clean(guard.holds)) for guard in guards if guard.norm is None]
    if len(others) == 1:
        yield f"It is REQUIRED that {others[0]}."
    elif others:
        yield "It is REQUIRED that:"
        yield "\n".join(f"* {words};" for words in others[:-1]) + f"\n* {others[-1]}."


def _further(case: Case, guards: Sequence[Guard[Any]], names: _Names) -> Iterator[str]:
    """What is asked beyond what all cases of the action ask."""
    if not guards:
        return
    states = [names[state] for state in names if state in case.sources]
    demands = [*map(demand, guards)]
    condition = f"If the target is in {_in_state(listed(states, 'or'))}"
    if len(demands) == 1:
        yield f"{condition}, {demands[0]}."
    else:
        yield f"{condition}:"
        yield "\n".join(f"* {capital(each)}." for each in demands)


def _by_subject(guards: Iterable[Guard[Any]]) -> Mapping[Subject, list[str]]:
    asked: dict[Subject, list[str]] = {subject: [] for subject in Subject}
    for guard in guards:
        if guard.norm is not None:
            asked[guard.norm.subject].append(guard.norm.do)
    return asked


def _standing(sources: Sequence[AnyState], names: _Names, case: Case | None = None) -> str:
    """Where the target must be: in the fewest words, or with the name of each way of a case."""
    others = [names[state] for state in names if state not in sources]
    if not others:
        return ""
    if case and len(case.transitions) > 1:
        return f"be in {_in_state(listed([_named(case, state, names) for state in sources], 'or'))}"
    if len(others) < len(sources):
        return f"NOT already be in {_in_state(listed(others, 'or'))}"
    return f"already be in {_in_state(listed([names[state] for state in sources], 'or'))}"


def _named(case: Case, state: AnyState, names: _Names) -> str:
    """A state, and what leads from it."""
    transitions = [code(transition) for transition, source in case.ways if source == state]
    return f"{names[state]} ({listed(transitions, 'or')})"


def _in_state(states: str) -> str:
    return f"the {states} state"


def _names(policy: AnyPolicy) -> _Names:
    return {state: policy.displays.get(state, PLAIN).prose or code(policy.labels[state]) for state in policy.states}


def _title(word: str) -> str:
    return escaped(capital(clean(word)))


def _a(word: str) -> str:
    return f"{'an' if word[:1].lower() in 'aeiou' else 'a'} {word}"
