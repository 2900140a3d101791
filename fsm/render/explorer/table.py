"""Everything that a policy decides, as data that a page can look up.

Theory of operation. A page must not judge: it looks up. So every question that
can be asked is asked here, of the machine, and every answer is written down. The
questions are many and most are answered alike, so the answers are folded into
decision diagrams. A node names a fact and has a branch for each of its values; a
leaf is the number of an answer; what is the same whatever the value of a fact
needs no node for it. Following one branch for each fact leads to the answer, and
searching the branches finds the nearest case that has another one.

What no room can have, nobody asks: there a diagram says whatever keeps it small,
and another diagram tells what can be asked. All share their nodes. The target's
state comes first, since every answer depends on it; the other facts follow in the
order of their definition.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar

from fsm.decision import Decision
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.memory import memory_of
from fsm.unrecorded import unrecorded

Node: TypeAlias = int
"""A leaf, from 1 on; or minus the number of a node, which counts from 1 as well."""

UNASKED: Node = 0
"""In place of a leaf: nobody can ask."""

NO, YES = 1, 2
"""The leaves of a diagram that tells what can be asked."""

ACTION, TARGET = "{action}", "{target}"
"""What stands in the reason of a decision for the words of the action and of the target's state."""

Combination: TypeAlias = tuple[Value, ...]
"""A value for each fact, in the order of the diagrams."""

T = TypeVar("T")


class Numbered(dict[T, int], Generic[T]):
    """Distinct values, numbered from 1 on as they come."""

    def __missing__(self, value: T) -> int:
        self[value] = number = len(self) + 1
        return number


class Forest:
    """Decision diagrams over the same facts. Equal nodes are one node."""

    def __init__(self, facts: Mapping[str, tuple[Value, ...]]) -> None:
        self._values = list(facts.values())
        self._numbers: Numbered[tuple[int, ...]] = Numbered()

    @property
    def nodes(self) -> list[tuple[int, ...]]:
        """Every node: the place of the fact it asks for, and the branch for each of its values."""
        return list(self._numbers)

    def levels(self, roots: Iterable[Node]) -> set[int]:
        """The places of all facts for which these diagrams ask."""
        nodes, seen, ahead = self.nodes, set[Node](), {root for root in roots if root < 0}
        while ahead:
            node = ahead.pop()
            seen.add(node)
            ahead |= {branch for branch in nodes[-node - 1][1:] if branch < 0} - seen
        return {nodes[-node - 1][0] for node in seen}

    def fold(self, leaves: Mapping[Combination, Node], rest: Node = UNASKED) -> Node:
        """The diagram with these leaves, and with `rest` wherever there is none: work per leaf and fact, no more."""
        places = [{value: place for place, value in enumerate(values)} for values in self._values]
        row = dict(sorted((tuple(map(dict.__getitem__, places, where)), leaf) for where, leaf in leaves.items()))
        for level, values in reversed(list(enumerate(self._values))):
            parts: dict[tuple[int, ...], list[Node]] = {}
            for (*path, place), node in row.items():
                parts.setdefault(tuple(path), [rest] * len(values))[place] = node
            branches = {part: self._branch(level, part) for part in dict.fromkeys(map(tuple, parts.values()))}
            row = {path: branches[tuple(part)] for path, part in parts.items()}
        return row.get((), rest)

    def _branch(self, level: int, branches: Sequence[Node]) -> Node:
        """The node that asks for the fact at this level, if its value matters."""
        asked = [branch for branch in branches if branch != UNASKED]
        if len(set(asked)) < 2:  # noqa: PLR2004 - there is nothing to tell apart
            return asked[0] if asked else UNASKED
        return -self._numbers[level, *(branch or asked[0] for branch in branches)]


@dataclass(frozen=True, slots=True)
class Table:
    """A policy's answers. Leaves count from 1: `decisions[leaf - 1]`, `failures[leaf - 1]`.

    Decisions are without the state before, and say the state after where they allow.

    The facts that `matter` make a difference to some decision, or to what can be asked.
    `actions` leads to what is decided, and `asked` to whether that can be asked, by
    action; `rows` leads to the guards of one row that fail, by transition. `possible`
    tells what some room can have. `observing` are the facts, but for the target's
    state, under which the most is allowed.
    """

    facts: tuple[str, ...]
    matter: frozenset[str]
    nodes: list[tuple[int, ...]]
    actions: Mapping[StrEnum, Node]
    asked: Mapping[StrEnum, Node]
    rows: Mapping[str, Node]
    possible: Node
    decisions: tuple[Decision, ...]
    failures: tuple[tuple[Guard[Any], ...], ...]
    telling: Mapping[str, Value]


@unrecorded()
def tabulate(policy: AnyPolicy) -> Table:
    """Ask the machine everything."""
    values = policy.domain.values
    facts = {name: values[name] for name in sorted(values, key=lambda name: name != "target")}
    forest = Forest(facts)
    decisions: Numbered[Decision] = Numbered()
    failures: Numbered[tuple[Guard[Any], ...]] = Numbered()
    counts: Counter[Combination] = Counter()
    actions, asked = {}, {}
    decide = memory_of(policy).machine.decide
    for action in policy.triggers:
        answers = {_combined(facts, record): decide(action, record) for record in policy.asked(action)}
        actions[action] = forest.fold(
            {where: decisions[_stateless(answer, action)] for where, answer in answers.items()}
        )
        asked[action] = forest.fold(dict.fromkeys(answers, YES), NO)
        for (_, *others), answer in answers.items():
            counts[tuple(others)] += answer.allowed
    possible = forest.fold({_combined(facts, record): YES for record in policy.domain.records}, NO)
    most = max(counts, key=lambda others: counts[others])
    return Table(
        facts=tuple(facts),
        matter=frozenset(list(facts)[level] for level in forest.levels((*actions.values(), possible))),
        actions=actions,
        asked=asked,
        rows={row: forest.fold(leaves) for row, leaves in _rows(policy, facts, failures)},
        possible=possible,
        nodes=forest.nodes,
        decisions=tuple(decisions),
        failures=tuple(failures),
        telling=dict(zip(list(facts)[1:], most, strict=True)),
    )


def _stateless(decision: Decision, action: str) -> Decision:
    """The decision without what whoever asks knows already, so that those alike are one; it says where it leads."""
    reason = decision.reason.replace(f"`{action}`", f"`{ACTION}`").replace(f"`{decision.before}`", f"`{TARGET}`")
    return replace(decision, before=None, after=decision.after if decision else None, reason=reason)


def _combined(facts: Iterable[str], record: Any) -> Combination:
    return tuple(getattr(record, name) for name in facts)


def _rows(
    policy: AnyPolicy, facts: Iterable[str], failures: Numbered[tuple[Guard[Any], ...]]
) -> Iterator[tuple[str, dict[Combination, Node]]]:
    """The guards that fail, for each row, wherever it leads from."""
    records: dict[Value, list[tuple[Combination, Any]]] = {state: [] for state in policy.states}
    for record in policy.domain.records:
        records[record.target].append((_combined(facts, record), record))
    for row in policy.transitions:
        leaves = {}
        for state in policy.states:
            for where, record in records[state] if state in row.source else ():
                if row.leads(record):
                    leaves[where] = failures[tuple(guard for guard in row.guards if not guard(record))]
        yield row.id, leaves
