"""All combinations of values that are possible, told apart by no more than somebody looks at.

Theory of operation. Facts have values, and constraints say which values cannot come
together. Most questions look at a few of the facts only. So a walk is told which facts
to vary: for each possible combination of those it gives one combination of all, and
says how many it stands for. What is not varied falls into parts that have nothing to do
with each other: a fact that no constraint looks at, or several that are tied together by
constraints. Each part is counted for itself, once for every combination of the varied
facts that its constraints look at. So a walk takes time for what is looked at, and not
for what there is.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any, TypeAlias

Choices: TypeAlias = Mapping[str, Sequence[Any]]
"""The values of each fact, by name. Of a fact that is not varied, those that come first are taken first."""

Combination: TypeAlias = dict[str, Any]
"""A value for each fact."""


class Constraint:
    """What cannot be: a test of the facts that it `reads`, asked once for every combination of those."""

    def __init__(self, reads: Iterable[str], test: Callable[[Mapping[str, Any]], bool]) -> None:
        self.reads = tuple(reads)
        self._test = test
        self._known: dict[tuple[Any, ...], bool] = {}

    def holds(self, facts: Mapping[str, Any]) -> bool:
        """Whether these facts can come together."""
        key = tuple([facts[name] for name in self.reads])
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = self._test(dict(zip(self.reads, key, strict=True)))
        return known


def walk(
    choices: Choices, constraints: Iterable[Constraint], varied: Iterable[str]
) -> Iterator[tuple[Combination, int]]:
    """For each possible combination of the varied facts one of all facts, and how many it stands for.

    The order is that of the facts, and of the values of each. Of what is not varied, the
    combination is taken that has the most first values.
    """
    wanted = set(varied)
    names = [name for name in choices if name in wanted]
    parts = [_Part(choices, facts, ties, wanted) for facts, ties in _parts(choices, constraints, wanted)]
    # A part is asked as soon as all varied facts that it depends on are chosen.
    due: list[list[_Part]] = [[] for _ in range(len(names) + 1)]
    for part in parts:
        due[max((names.index(name) + 1 for name in part.depends_on), default=0)].append(part)
    facts: Combination = {}
    counts = [_settled(due[0], facts)]  # by how many of the facts are chosen, what each choice makes of it
    ahead: list[Iterator[Any]] = []
    while all(counts):
        if len(ahead) == len(names):
            yield {name: facts[name] for name in choices}, prod(counts)
        else:
            ahead.append(iter(choices[names[len(ahead)]]))
        while ahead and not _choose_next(names, ahead, due, facts, counts):
            ahead.pop()
        if not ahead:
            return


def _choose_next(
    names: Sequence[str],
    ahead: Sequence[Iterator[Any]],
    due: Sequence[Sequence["_Part"]],
    facts: Combination,
    counts: list[int],
) -> bool:
    """Give the fact in hand its next value that is possible, if there is one."""
    place = len(ahead)
    del counts[place:]
    for value in ahead[-1]:
        facts[names[place - 1]] = value
        if count := _settled(due[place], facts):
            counts.append(count)
            return True
    return False


def _settled(parts: Iterable["_Part"], facts: Combination) -> int:
    """How many combinations of these parts are possible beside the facts; one of them is taken."""
    count = 1
    for part in parts:
        times, values = part.given(facts)
        count *= times
        facts |= values
    return count


class _Part:
    """Facts that are not varied and that constraints tie together, and the varied facts that they depend on."""

    def __init__(self, choices: Choices, facts: frozenset[str], ties: Sequence[Constraint], varied: set[str]) -> None:
        self._choices = {name: values for name, values in choices.items() if name in facts}
        self._ties = ties
        self.depends_on = tuple(dict.fromkeys(name for tie in ties for name in tie.reads if name in varied))
        self._known: dict[tuple[Any, ...], tuple[int, Combination]] = {}

    def given(self, chosen: Mapping[str, Any]) -> tuple[int, Combination]:
        """How many combinations are possible, and the one with the most first values."""
        key = tuple([chosen[name] for name in self.depends_on])
        if key not in self._known:
            self._known[key] = self._solve(dict(zip(self.depends_on, key, strict=True)))
        return self._known[key]

    def _solve(self, fixed: Combination) -> tuple[int, Combination]:
        if not self._choices:
            return int(all(tie.holds(fixed) for tie in self._ties)), {}
        if not self._ties:
            ((name, values),) = self._choices.items()
            return len(values), {name: next(iter(values), None)}
        choices = {**{name: (value,) for name, value in fixed.items()}, **self._choices}
        found = [{name: each[name] for name in self._choices} for each, _ in walk(choices, self._ties, choices)]
        return len(found), min(found, key=self._steps, default={})

    def _steps(self, facts: Mapping[str, Any]) -> int:
        return sum(facts[name] is not values[0] for name, values in self._choices.items())


def _parts(
    choices: Choices, constraints: Iterable[Constraint], varied: set[str]
) -> Iterator[tuple[frozenset[str], list[Constraint]]]:
    """The facts that are not varied, in parts that no constraint ties together, each with its constraints."""
    parts: list[tuple[frozenset[str], list[Constraint]]] = [
        (frozenset({name}), []) for name in choices if name not in varied
    ]
    for constraint in constraints:
        tied = frozenset(constraint.reads) - varied
        together = [part for part in parts if part[0] & tied]
        parts = [part for part in parts if not part[0] & tied]
        parts.append(
            (
                frozenset().union(*(facts for facts, _ in together)),
                [*(tie for _, ties in together for tie in ties), constraint],
            )
        )
    yield from parts
