"""The cells that two policies have in common, whatever else each of them knows.

Theory of operation. Facts are shared by name and values by their spelling. A fact that
only one policy has is taken as its plain value, which is "no" or "nothing of the kind".
What can come together in both policies is walked at once, in words (see `fsm.walk`),
telling apart only what the rows of either look at; so each cell says how many it stands
for.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

from fsm.errors import DefinitionError
from fsm.facts import Value, spell
from fsm.family import AnyPolicy
from fsm.review.cases.conditions import Table, Words
from fsm.review.cases.grid import Cells, Grid, numbers
from fsm.walk import Constraint, walk

Spelled: TypeAlias = Mapping[str, str]
"""The values of the shared facts, as words."""

Records: TypeAlias = tuple[Any, Any]
"""The facts of a cell, as each policy knows them."""


@dataclass(frozen=True, eq=False)
class Shared:
    """The cells of one action that two policies share, under the same numbers in both.

    `counts` says how many each stands for, `alike` gives the facts of all of those.
    """

    old: Grid[Any]
    new: Grid[Any]
    table: Table
    words: Words
    counts: Sequence[int]
    alike: Callable[[int], Iterator[Records]]
    plain: Mapping[str, Value]

    def count(self, cells: Cells) -> int:
        """How many cells a set stands for."""
        return sum(self.counts[number] for number in numbers(cells))

    @property
    def size(self) -> int:
        """How many cells there are."""
        return sum(self.counts)

    def records(self, number: int) -> Records:
        """The facts of one cell."""
        return self.old.records[number], self.new.records[number]

    def example(self, records: Records) -> dict[str, Value]:
        """The shared facts of a cell, by name."""
        order = sorted(self.table.names, key=lambda name: name != "target")
        return {name: getattr(records[0], name) for name in order}

    def plainness(self, number: int) -> tuple[int, int]:
        """Sorts first what differs in the fewest facts from the plain case; then as the facts are defined."""
        return sum(self.table.at(name, number) is not value for name, value in self.plain.items()), number


class Sharing:
    """What two policies share, action by action, and what each has for itself.

    Raises `DefinitionError` when a given fact does not exist, or is not shared and has no such value.
    """

    def __init__(self, old: AnyPolicy, new: AnyPolicy, given: Mapping[str, Value]) -> None:
        for name, value in given.items():
            choices = [policy.domain.values[name] for policy in (old, new) if name in policy.domain.values]
            if not choices or any(value not in values for values in choices):
                raise DefinitionError(f"`{name}` = {spell(value)} is no fact of `{old.id}` or `{new.id}`")
        # The same order whichever policy comes first, so that comparing is symmetric.
        first, second = sorted((old, new), key=lambda policy: policy.id)
        self.names = [name for name in first.domain.values if name in second.domain.values]
        self._sides = _Side(old, self.names, given), _Side(new, self.names, given)
        self._first = next(side for side in self._sides if side.policy is first)
        self._known: dict[str, Shared] = {}
        self._compared: dict[str, int] = {}

    def cells(self, action: str) -> Shared:
        """The cells of one action that both policies know."""
        if action not in self._known:
            self._known[action] = shared = self._align(action)
            # Actions of which events can tell the same facts are compared over the same records.
            self._compared[repr([side.carried(action) for side in self._sides])] = shared.size
            for side in self._sides:
                side.note(action)
        return self._known[action]

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not compared, in words, as far as cells have been asked for."""
        compared = sum(self._compared.values())
        one, other = self._sides
        texts = (*one.left_out(other, compared), *other.left_out(one, compared))
        return tuple(dict.fromkeys(texts))

    def _align(self, action: str) -> Shared:
        old, new = self._sides
        looked_at = old.policy.reads(action) | new.policy.reads(action)
        found = list(self._walk(action, looked_at))
        spelled = [words for words, _ in found]
        facts = {name: [self._first.values[name][words[name]] for words in spelled] for name in self.names}
        table = Table(facts)
        grids = Grid(map(old.record, spelled)), Grid(map(new.record, spelled))
        told = zip(self._sides, grids, strict=True)
        words = Words(table, ((guard, grid.where(guard)) for side, grid in told for guard in side.policy.guards))

        def alike(number: int) -> Iterator[Records]:
            known = {name: word for name, word in spelled[number].items() if name in looked_at}
            for each, _ in self._walk(action, self.names, known):
                yield old.record(each), new.record(each)

        plain = {name: self._first.policy.domain.plain[name] for name in self.names}
        return Shared(*grids, table, words, [count for _, count in found], alike, plain)

    def _walk(
        self, action: str, reads: Collection[str], known: Spelled | None = None
    ) -> Iterator[tuple[dict[str, str], int]]:
        """What can come together in both policies, in words."""
        one, other = (side.choices(action) for side in (self._first, *(s for s in self._sides if s is not self._first)))
        choices = {
            name: [word for word in words if word in other[name] and word == (known or {}).get(name, word)]
            for name, words in one.items()
        }
        for name, words in choices.items():
            if name not in reads:
                plain = spell(self._first.policy.domain.plain[name])
                words.sort(key=lambda word, plain=plain: word != plain)  # type: ignore[misc]
        return walk(choices, [tie for side in self._sides for tie in side.constraints], reads)


class _Side:
    """One of the policies: its values of the shared facts by word, and its own facts, which are fixed."""

    def __init__(self, policy: AnyPolicy, names: Sequence[str], given: Mapping[str, Value]) -> None:
        self.policy = policy
        known = {name: value for name, value in given.items() if name in policy.domain.values}
        self._own = {name: value for name, value in (policy.domain.plain | known).items() if name not in names}
        self._fixed = self._own | known
        self.values = {name: {spell(value): value for value in policy.domain.values[name]} for name in names}
        self._occurring: dict[str, set[str]] = {name: set() for name in names}
        self._records: dict[str, int] = {}

    def carried(self, action: str) -> Mapping[str, tuple[Value, ...]]:
        """What an event of this action can tell."""
        return self.policy.carries.get(action, {})  # type: ignore[call-overload, no-any-return]  # a word will do

    def choices(self, action: str) -> dict[str, list[str]]:
        """The words that each shared fact can have."""
        limits = self._limits(action)
        return {
            name: [word for word, value in values.items() if value in limits.get(name, (value,))]
            for name, values in self.values.items()
        }

    def record(self, spelled: Spelled) -> Any:
        """The facts as this policy knows them."""
        return self.policy.domain.record(**self._facts(spelled))

    @cached_property
    def constraints(self) -> list[Constraint]:
        """What cannot come together here, in terms of the shared facts."""
        return [self._in_words(tie) for tie in self.policy.domain.constraints]

    def note(self, action: str) -> None:
        """Remember what this policy can meet where an action is asked for."""
        domain, limits = self.policy.domain, self._limits(action)
        key = repr(self.carried(action))
        if key not in self._records:
            self._records[key] = domain.count(limits)
            for name, words in self._occurring.items():
                words.update(spell(getattr(facts, name)) for facts, _ in domain.walk({name}, limits))

    def left_out(self, other: "_Side", compared: int) -> Iterator[str]:
        """What of this policy the other has no equal for."""
        for name, value in self._own.items():
            yield f"`{name}` is a fact of `{self.policy.id}` only: taken as {spell(value)}"
        for name, occurring in self._occurring.items():
            theirs = other._occurring[name]  # noqa: SLF001 - of the same class
            only = [word for word in self.values[name] if word in occurring and word not in theirs]
            if only:
                yield f"`{name}` = {', '.join(only)}: of `{self.policy.id}` only"
        total = sum(self._records.values())
        if total > compared:
            yield f"{total - compared} of {total} records of facts of `{self.policy.id}` have no equal"

    def _limits(self, action: str) -> dict[str, tuple[Value, ...]]:
        limits = {**self.carried(action)}
        for name, value in self._fixed.items():
            limits[name] = tuple(each for each in limits.get(name, (value,)) if each is value)
        return limits

    def _facts(self, spelled: Spelled) -> dict[str, Value]:
        return self._own | {name: self.values[name][word] for name, word in spelled.items()}

    def _in_words(self, tie: Constraint) -> Constraint:
        reads = [name for name in tie.reads if name in self.values]
        return Constraint(reads, lambda words: tie.holds(self._facts(words)))
