"""The cells that two policies have in common, whatever else each of them knows.

Facts are shared by name and values by their spelling. A fact that only one policy
has is taken as its plain value, which is "no" or "nothing of the kind".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeAlias

from fsm.errors import DefinitionError
from fsm.facts import F, Value, spell
from fsm.family import AnyPolicy
from fsm.policy import Policy
from fsm.review.conditions import Table, Words
from fsm.review.grid import Grid

Key: TypeAlias = tuple[str, ...]
"""The values of the shared facts, spelled."""


@dataclass(frozen=True, eq=False)
class Shared:
    """The cells of one action that two policies share, under the same numbers in both."""

    old: Grid[Any]
    new: Grid[Any]
    table: Table
    words: Words

    def example(self, number: int) -> dict[str, Value]:
        """The facts of one cell."""
        order = sorted(self.table.names, key=lambda name: name != "target")
        return {name: self.table.at(name, number) for name in order}

    def plainness(self, number: int) -> tuple[int, int]:
        """Sorts the plainest cells first: nobody may anything or outranks anybody, the join rule is the first."""
        return self._steps[number], number

    @cached_property
    def _steps(self) -> Sequence[int]:
        """How far each cell is from plain."""
        steps = [0] * self.table.size
        for name in self.table.names:
            if name not in ("target", "sender"):
                distance = {value: index for index, value in enumerate(self.table.values(name))}
                steps = [so_far + distance[self.table.at(name, n)] for n, so_far in enumerate(steps)]
        return steps


class Sharing(Generic[F]):
    """What two policies share, action by action, and what each has for itself.

    Raises `DefinitionError` when a given fact does not exist, or is not shared and has no such value.
    """

    def __init__(self, old: AnyPolicy, new: AnyPolicy, given: Mapping[str, Value]) -> None:
        self._policies = (old, new)
        # The same order whichever policy comes first, so that comparing is symmetric.
        self._first, second = sorted(self._policies, key=lambda policy: policy.id)
        self.names = [name for name in self._first.domain.values if name in second.domain.values]
        self._given = given
        self._known: dict[object, Shared] = {}
        self._values: dict[tuple[str, str], set[str]] = {}
        self._lost: dict[str, list[int]] = {}
        for name, value in given.items():
            choices = [policy.domain.values[name] for policy in self._policies if name in policy.domain.values]
            if not choices or any(value not in values for values in choices):
                raise DefinitionError(f"`{name}` = {spell(value)} is no fact of `{old.id}` or `{new.id}`")

    def cells(self, action: str) -> Shared:
        """The cells of one action that both policies know."""
        limits = repr([policy.carries.get(action) for policy in self._policies])  # type: ignore[call-overload]
        if limits not in self._known:
            self._known[limits] = self._align(action)
        return self._known[limits]

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not compared, in words, as far as cells have been asked for."""
        return tuple(dict.fromkeys(text for policy in self._policies for text in self._left_out(policy)))

    def _align(self, action: str) -> Shared:
        old, new = (self._walk(policy, action) for policy in self._policies)
        keys = [key for key in old if key in new]
        first = old if self._first is self._policies[0] else new
        for policy, records in zip(self._policies, (old, new), strict=True):
            counts = self._lost.setdefault(policy.id, [0, 0])
            counts[0] += len(records) - len(keys)
            counts[1] += len(records)
        table = Table({name: [getattr(first[key], name) for key in keys] for name in self.names})
        grids = Grid(old[key] for key in keys), Grid(new[key] for key in keys)
        sides = zip(self._policies, grids, strict=True)
        words = Words(table, ((guard, grid.where(guard)) for policy, grid in sides for guard in policy.guards))
        return Shared(*grids, table, words)

    def _walk(self, policy: Policy[F], action: str) -> dict[Key, F]:
        """The records of facts in which the policy can be asked for an action, by their shared values."""
        fixed = self._fixed(policy)
        spelled = [(name, {value: spell(value) for value in policy.domain.values[name]}) for name in self.names]
        records = {
            tuple(words[getattr(facts, name)] for name, words in spelled): facts
            for facts in policy.asked(action)  # type: ignore[arg-type]  # a word will do
            if all(getattr(facts, name) is value for name, value in fixed.items())
        }
        for place, name in enumerate(self.names):
            self._values.setdefault((policy.id, name), set()).update({key[place] for key in records})
        return records

    def _fixed(self, policy: AnyPolicy) -> dict[str, Value]:
        """The facts that have one value here: those of this policy only, and those that are given."""
        own = {name: value for name, value in policy.domain.plain.items() if name not in self.names}
        return own | {name: value for name, value in self._given.items() if name in policy.domain.values}

    def _left_out(self, policy: AnyPolicy) -> list[str]:
        texts = [
            f"`{name}` is a fact of `{policy.id}` only: taken as {spell(value)}"
            for name, value in self._fixed(policy).items()
            if name not in self.names
        ]
        other = next((each.id for each in self._policies if each is not policy), policy.id)
        for name in self.names:
            theirs = self._values.get((other, name), set())
            words = [spell(value) for value in policy.domain.values[name]]
            only = [word for word in words if word in self._values.get((policy.id, name), ()) and word not in theirs]
            if only:
                texts.append(f"`{name}` = {', '.join(only)}: of `{policy.id}` only")
        lost, total = self._lost.get(policy.id, (0, 0))
        return [*texts, f"{lost} of {total} records of facts of `{policy.id}` have no equal"] if lost else texts
