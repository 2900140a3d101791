"""All the records of facts that a policy can meet, walked from end to end.

Proofs, comparisons, test vectors and the table behind fast decisions all come from that walk (`fsm.walk`), which tells
apart only what somebody looks at. What a fact is stands in `fsm.facts`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from functools import cached_property
from itertools import product
from typing import TYPE_CHECKING, Any, Generic

from fsm.errors import DefinitionError, shorten
from fsm.facts import About, F, Value, about_of, all_values, kinds_of, read_value
from fsm.state import State

if TYPE_CHECKING:
    from fsm.walk import Constraint

MOST_RECORDS = 2**20
"""So many records are looked at one by one. Walks that tell apart what somebody looks at have no such limit."""


@dataclass(frozen=True, eq=False)
class Domain(Generic[F]):
    """Every combination of facts that a policy can meet.

    `record` is the dataclass of the facts. A fact takes every value of its
    type unless `limits` names fewer; one whose type is `State` takes those that
    `limits` names. Three things are impossible: that a user
    stands in two states at once, so `is_self` implies equal states of sender and
    target; what `limits` leaves out; and a record that one of the functions in
    `possible` denies.
    """

    record: type[F]
    limits: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    possible: tuple[Callable[[F], bool], ...] = ()

    def __post_init__(self) -> None:
        """Refuse limits on facts or to values that the record does not have."""
        for name, values in self.limits.items():
            if name not in self._types:
                raise DefinitionError(f"unknown fact `{shorten(name)}`: the facts are {', '.join(self._types)}")
            if self._types[name] is State:
                is_fit = len(set(values)) == len(values) and all(type(value) is State for value in values)
            else:
                known = all_values(name, self._types[name])
                # A bare word equals an enum member, but guards compare with `is`.
                is_fit = all(any(value is each for each in known) for value in values)
            if not values or not is_fit:
                raise DefinitionError(f"fact `{name}` cannot be limited to {shorten(repr(values))}")

    def __getstate__(self) -> dict[str, Any]:
        # What has been found out about the fields can be found out again.
        return {item.name: self.__dict__[item.name] for item in fields(self)}

    @cached_property
    def _types(self) -> Mapping[str, Any]:
        return kinds_of(self.record)

    @cached_property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The values of each fact, by name, in the order of their definition."""
        return {name: self.limits.get(name) or all_values(name, kind) for name, kind in self._types.items()}

    def __iter__(self) -> Iterator[F]:
        """Walk all possible records, always in the same order."""
        return (record for record, _ in self.walk(self.values))

    @cached_property
    def sample(self) -> F:
        """A possible record, to try functions with: the plain case, unless something may speak against it."""
        is_possible = not self.possible and not self.plain.get("is_self")
        return self.record(**self.plain) if is_possible else next(iter(self))

    def walk(
        self,
        reads: Iterable[str],
        limits: Mapping[str, tuple[Value, ...]] | None = None,
        nearest: Mapping[str, Value] | None = None,
    ) -> Iterator[tuple[F, int]]:
        """One possible record for all that differ in none of the facts named, and how many it stands for.

        In the other facts it is as near as can be to `nearest`, by default the plain case.
        `limits` leaves only some of the values of a fact.
        """
        nearest = nearest or self.plain
        varied = set(reads)
        choices = self._choices(limits or {})
        for name, values in choices.items():
            if name not in varied:
                values.sort(key=lambda value, name=name: value is not nearest[name])  # type: ignore[misc]
        from fsm.walk import walk  # noqa: PLC0415 - not every process needs it

        for facts, count in walk(choices, self.constraints, varied):
            yield self.record(**facts), count

    def walked(self, reads: frozenset[str], limits: Mapping[str, tuple[Value, ...]]) -> tuple[tuple[F, int], ...]:
        """What `walk` gives, kept for all who walk the same: policies of one family often share their domain."""
        key = (reads, frozenset(limits.items()))
        walked = self._walks.get(key)
        if walked is None:
            if sum(map(len, [*self._walks.values()])) > _MOST_WALKED:
                self._walks.clear()
            walked = self._walks[key] = tuple(self.walk(reads, limits))
        return walked

    @cached_property
    def _walks(self) -> dict[Any, tuple[tuple[F, int], ...]]:
        return {}

    def nearest(self, to: Mapping[str, Value], limits: Mapping[str, tuple[Value, ...]]) -> F:
        """The possible record within these limits that is as near as can be to these values."""
        facts = {name: to[name] if to[name] in values else values[0] for name, values in self._choices(limits).items()}
        if all(each.holds(facts) for each in self.constraints):
            return self.record(**facts)
        return next(record for record, _ in self.walk((), limits, to))

    def _choices(self, limits: Mapping[str, tuple[Value, ...]]) -> dict[str, list[Value]]:
        """The values of each fact within these limits, in the order of their definition."""
        return {
            name: [value for value in values if value in limits[name]] if name in limits else [*values]
            for name, values in self.values.items()
        }

    def count(self, limits: Mapping[str, tuple[Value, ...]] | None = None) -> int:
        """How many possible records there are within these limits: counted once."""
        within = frozenset((limits or {}).items())
        if within not in self._counted:
            self._counted[within] = sum(count for _, count in self.walk((), limits))
        return self._counted[within]

    def allows(self, facts: F) -> bool:
        """Whether a record is possible."""
        values = {name: getattr(facts, name) for name in self.values}
        return all(each.holds(values) for each in self.constraints)

    def reads(self, test: Callable[[F], object]) -> frozenset[str]:
        """The facts that a function of them looks at: those that its attribute `reads` declares, or found by watching.

        All values of what it has been seen to look at are tried, until it looks at nothing new.
        """
        if test not in self._read:
            told: frozenset[str] | None = getattr(test, "reads", None)
            self._read[test] = watched(test, self.record, self.values, self.plain) if told is None else told
        return self._read[test]

    @cached_property
    def constrained(self) -> frozenset[str]:
        """The facts of which not all combinations are possible."""
        return frozenset(name for each in self.constraints for name in each.reads)

    @cached_property
    def constraints(self) -> "tuple[Constraint, ...]":
        """What cannot come together: who is one user stands in one place, and what `possible` denies."""
        from fsm.walk import Constraint  # noqa: PLC0415 - as above

        pair = [name for name in self.values if name in _PAIR]
        ours = (Constraint(pair, _is_one_user),) if len(pair) == len(_PAIR) else ()
        return (*ours, *(Constraint(sorted(self.reads(test)), self._asked(test)) for test in self.possible))

    def _asked(self, test: Callable[[F], bool]) -> Callable[[Mapping[str, Value]], bool]:
        """A test of records as a test of some of the facts."""
        return lambda facts: bool(
            test(self.record(**{**self.plain, **{n: facts[n] for n in self.values if n in facts}}))
        )

    @cached_property
    def _counted(self) -> dict[frozenset[tuple[str, tuple[Value, ...]]], int]:
        """How many records there are within some limits."""
        return {}

    @cached_property
    def _read(self) -> dict[Callable[[F], object], frozenset[str]]:
        return {}

    @cached_property
    def plain(self) -> dict[str, Value]:
        """The plain case: the plain value of each fact, or the first where that is left out."""
        return {name: plain_among(self.about[name], values) for name, values in self.values.items()}

    @cached_property
    def strong(self) -> dict[str, Value]:
        """The plain case but for a sender who can do most."""
        return self.plain | self.privileges

    @cached_property
    def privileges(self) -> dict[str, Value]:
        """The facts about what a sender may do, and whom they outrank: with which value they can do most."""
        return {
            name: told.strong
            for name, told in self.about.items()
            if told.strong is not None and told.strong is not told.plain and told.strong in self.values[name]
        }

    @cached_property
    def about(self) -> dict[str, About]:
        """What the record says of each fact."""
        return about_of(self.record)

    def ranked(self, name: str) -> tuple[Value, ...]:
        """The values of a fact, the plain one first."""
        plain = self.plain[name]
        return (plain, *(value for value in self.values[name] if value is not plain))

    @cached_property
    def records(self) -> tuple[F, ...]:
        """All possible records, for those who look at each. Raises `DefinitionError` for more than `MOST_RECORDS`."""
        if self.size > MOST_RECORDS:
            raise DefinitionError(
                f"the facts can come together in {self.size} ways: to look at each takes at most {MOST_RECORDS}"
            )
        return tuple(self)

    @cached_property
    def size(self) -> int:
        """How many records there are."""
        return self.count()

    def given(self, **known: Value) -> "Domain[F]":
        """The part of the domain in which the named facts have these values."""
        limits = {**self.limits, **{name: (value,) for name, value in known.items()}}
        return Domain(self.record, limits, self.possible)

    def parse(self, name: str, word: object) -> Value:
        """Read the value of fact `name`, given as it is or as a word such as `public` or `true`.

        Raises `DefinitionError` for an unknown fact or a value it cannot have.
        """
        if name not in self.values:
            raise DefinitionError(f"unknown fact `{shorten(name)}`: the facts are {', '.join(self.values)}")
        return read_value(name, word, self.values[name])

    @cached_property
    def weights(self) -> dict[str, dict[Value, int]]:
        """Number the values of every fact but the two states, in mixed radix.

        Adding up one weight per fact gives a number that stands for all of
        them: the room keeps its share of that sum ready, so that a decision
        costs one look-up (see `fsm.memory`).
        """
        weights: dict[str, dict[Value, int]] = {}
        unit = 1
        for name, values in self.values.items():
            if name not in ("target", "sender"):
                weights[name] = {value: unit * index for index, value in enumerate(values)}
                unit *= len(values)
        return weights

    def pack(self, facts: F) -> int:
        """The sum of `weights` of a record. Raises `DefinitionError` for one that the domain leaves out."""
        for name in self.values:
            read_value(name, getattr(facts, name), self.values[name])
        return sum(weights[getattr(facts, name)] for name, weights in self.weights.items())

    def unpack(self, code: int, *, target: Value, sender: Value) -> F:
        """The record for a sum of `weights` and the two states. Those asked for last are kept."""
        key = (code, target, sender)
        known = self._unpacked.get(key)
        if known is None:
            if len(self._unpacked) >= _MOST_UNPACKED:
                self._unpacked.clear()
            known = self._unpacked[key] = self._unpack(*key)
        return known

    @cached_property
    def _unpacked(self) -> dict[tuple[int, Value, Value], F]:
        return {}

    def _unpack(self, code: int, target: Value, sender: Value) -> F:
        facts: dict[str, Value] = {"target": target, "sender": sender}
        for name, weights in self.weights.items():
            code, digit = divmod(code, len(weights))
            facts[name] = self.values[name][digit]
        return self.record(**facts)


_MOST_UNPACKED = 2**12
_MOST_WALKED = 2**16
"""So many records of walks are kept, and those of the last walk."""


def plain_among(told: About, values: tuple[Value, ...]) -> Value:
    """Of these values of a fact the plain one: the one that is declared, else false, else the first."""
    if told.plain is not None:
        return next((value for value in values if value is told.plain), values[0])
    return False if False in values else values[0]


def watched(
    test: Callable[[Any], object], record: type, values: Mapping[str, tuple[Value, ...]], plain: Mapping[str, Value]
) -> frozenset[str]:
    """The facts of a record that a function of it looks at (see `Domain.reads`)."""
    seen: set[str] = set()

    def watch(self: object, name: str) -> Any:
        if name in values:
            seen.add(name)
        return object.__getattribute__(self, name)

    spied = type(record.__name__, (record,), {"__slots__": (), "__getattribute__": watch})
    tried: set[str] | None = None
    while tried != seen:
        tried = set(seen)
        for combination in product(*(values[name] for name in sorted(tried))):
            facts = spied(**{**plain, **dict(zip(sorted(tried), combination, strict=True))})
            # It may rely on never meeting impossible facts: what it looked at before counts all the same.
            with suppress(Exception):
                test(facts)
    return frozenset(seen)


_PAIR = ("target", "sender", "is_self")


def _is_one_user(facts: Mapping[str, Value]) -> bool:
    """Nobody stands in two states at once."""
    return not facts["is_self"] or facts["sender"] == facts["target"]
