"""What a guard may look at: a small, finite record for every question asked.

Theory of operation. A policy never sees a room. The room works out a record of
facts (who is where, what the sender may do, who outranks whom) and the policy
judges that record alone. Each fact has a handful of values, so a policy's
`Domain`, the set of all records it can ever meet, can be walked from end to
end. Proofs, comparisons, test vectors and the table behind fast decisions all
come from that walk. Identifiers, clocks and unbounded numbers must never become
facts: ranks, for one, arrive already compared.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from functools import cached_property
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar, get_args, get_type_hints

from fsm.errors import DefinitionError, shorten
from fsm.state import State
from fsm.walk import Constraint, walk

Value: TypeAlias = Enum | bool | State
"""The value of one fact."""

S_co = TypeVar("S_co", covariant=True)


class Subject(StrEnum):
    """Whom a fact is about, and of whom a condition is asked."""

    PAIR = "target and sender"
    TARGET = "target"
    SENDER = "sender"
    ROOM = "room"
    EVENT = "event"


PAIR, TARGET, SENDER, ROOM, EVENT = Subject


@dataclass(frozen=True, slots=True)
class About:
    """What a record says of one of its facts (see `about`)."""

    subject: Subject = ROOM
    plain: Value | None = None
    strong: Value | None = None


def about(subject: Subject, *, plain: Value | None = None, strong: Value | None = None) -> Any:
    """Declare a field of a record of facts: whom it is about, and its value in the plain case.

    The plain case is the one that needs no mention: two ordinary users, nobody may
    anything in particular, nothing unusual is the case. `strong` is the value with which
    a sender can do most; a bool about the sender, or about how they stand to the target,
    is strong when it is not plain. A fact that is about nobody else is about the room,
    and its plain value is false, or the first that it has.
    """
    if strong is None and subject in (SENDER, PAIR) and isinstance(plain, bool):
        strong = not plain
    return field(metadata={About: About(Subject(subject), plain, strong)})


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFacts(Generic[S_co]):
    """The least that is known about any event: where its sender stands.

    Values may be given as words, such as `public`; `DefinitionError` is raised for what is no value of its fact.
    """

    sender: S_co = about(SENDER)

    def __post_init__(self) -> None:
        """Read words, and refuse what is no value: a guard would take it for something else."""
        for name, kind in _checked(type(self)):
            value = object.__getattribute__(self, name)
            if type(value) is not kind:
                object.__setattr__(self, name, _read(name, value, _all_values(name, kind)))


@dataclass(frozen=True, slots=True, kw_only=True)
class PairFacts(SenderFacts[S_co]):
    """What is known about every change: where its target and its sender stand, and whether they are one user.

    A family of policies extends this record with finite facts of its own, each
    declared by `about`.
    """

    target: S_co = about(TARGET)
    is_self: bool = about(PAIR, plain=False, strong=False)


F = TypeVar("F")

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
                known = _all_values(name, self._types[name])
                # A bare word equals an enum member, but guards compare with `is`.
                is_fit = all(any(value is each for each in known) for value in values)
            if not values or not is_fit:
                raise DefinitionError(f"fact `{name}` cannot be limited to {shorten(repr(values))}")

    def __getstate__(self) -> dict[str, Any]:
        # What has been found out about the fields can be found out again.
        return {item.name: self.__dict__[item.name] for item in fields(self)}

    @cached_property
    def _types(self) -> dict[str, Any]:
        return kinds_of(self.record)

    @cached_property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The values of each fact, by name, in the order of their definition."""
        return {name: self.limits.get(name) or _all_values(name, kind) for name, kind in self._types.items()}

    def __iter__(self) -> Iterator[F]:
        """Walk all possible records, always in the same order."""
        return (record for record, _ in self.walk(self.values))

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
        limits, nearest = limits or {}, nearest or self.plain
        varied = set(reads)
        choices = {
            name: [value for value in values if name not in limits or value in limits[name]]
            for name, values in self.values.items()
        }
        for name, values in choices.items():
            if name not in varied:
                values.sort(key=lambda value, name=name: value is not nearest[name])  # type: ignore[misc]
        for facts, count in walk(choices, self.constraints, varied):
            yield self.record(**facts), count

    def count(self, limits: Mapping[str, tuple[Value, ...]] | None = None) -> int:
        """How many possible records there are within these limits."""
        return sum(count for _, count in self.walk((), limits))

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
    def constraints(self) -> tuple[Constraint, ...]:
        """What cannot come together: who is one user stands in one place, and what `possible` denies."""
        pair = [name for name in self.values if name in _PAIR]
        ours = (Constraint(pair, _is_one_user),) if len(pair) == len(_PAIR) else ()
        return (*ours, *(Constraint(sorted(self.reads(test)), self._asked(test)) for test in self.possible))

    def _asked(self, test: Callable[[F], bool]) -> Callable[[Mapping[str, Value]], bool]:
        """A test of records as a test of some of the facts."""
        return lambda facts: bool(
            test(self.record(**{**self.plain, **{n: facts[n] for n in self.values if n in facts}}))
        )

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
        return _read(name, word, self.values[name])

    @cached_property
    def weights(self) -> dict[str, dict[Value, int]]:
        """Number the values of every fact but the two states, in mixed radix.

        Adding up one weight per fact gives a number that stands for all of
        them: the room keeps its share of that sum ready, so that a decision
        costs one look-up (see `fsm.machine.Memory`).
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
            _read(name, getattr(facts, name), self.values[name])
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


def spell(value: Value) -> str:
    """Write a value as people type it: `true`, `public`, `3`."""
    return str(value) if isinstance(value, State) else str(value.value if isinstance(value, Enum) else value).lower()


def tell(value: Value) -> str:
    """Name a value in text: as `spell`, but a state whose word is a number by its label, if it has one."""
    is_number = isinstance(value, State) and type(value.word) is int
    return value.label if is_number and value.label else spell(value)  # type: ignore[union-attr]  # it is a state


def about_of(record: type) -> dict[str, About]:
    """What a record says of each of its facts, in the order of their definition."""
    return {item.name: item.metadata.get(About, About()) for item in fields(record)}


def kinds_of(record: type) -> dict[str, Any]:
    """The type of each fact of a record, in the order of their definition."""
    hints, told = get_type_hints(record), _arguments(record)
    return {item.name: told.get(hints[item.name], hints[item.name]) for item in fields(record)}


def plain_among(told: About, values: tuple[Value, ...]) -> Value:
    """Of these values of a fact the plain one: the one that is declared, else false, else the first."""
    if told.plain is not None:
        return next((value for value in values if value is told.plain), values[0])
    return False if False in values else values[0]


def _arguments(record: type) -> dict[Any, Any]:
    """The types that generic records, from which this one is derived, have been given for their variables."""
    told: dict[Any, Any] = {}
    for kind in record.__mro__:
        for base in kind.__dict__.get("__orig_bases__", ()):
            origin = getattr(base, "__origin__", None)
            variables = getattr(origin, "__parameters__", ())
            told |= {var: told.get(arg, arg) for var, arg in zip(variables, get_args(base), strict=False) if var != arg}
    return told


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


def _checked(record: type) -> tuple[tuple[str, type], ...]:
    """The facts whose values are told by their type, each with its type; found once for each record."""
    known: tuple[tuple[str, type], ...] | None = record.__dict__.get("_kinds")
    if known is None:
        kinds = kinds_of(record).items()
        known = tuple((name, kind) for name, kind in kinds if _is_finite(kind))
        type.__setattr__(record, "_kinds", known)
    return known


def _read(name: str, word: object, values: tuple[Value, ...]) -> Value:
    for value in values:
        if word is value:
            return value
    words = {spell(value): value for value in values}
    is_word = isinstance(word, str) and not isinstance(word, Enum)
    if not is_word or word not in words:
        given = str(word) if is_word else repr(word)
        raise DefinitionError(f"`{shorten(given)}` is no value of `{name}`: choose from {', '.join(words)}")
    return words[str(word)]


def _is_finite(kind: Any) -> bool:
    return kind is bool or (isinstance(kind, type) and issubclass(kind, Enum))


def _all_values(name: str, kind: Any) -> tuple[Value, ...]:
    if kind is bool:
        return (False, True)
    if _is_finite(kind):
        return tuple(kind)
    if kind is State:
        raise DefinitionError(f"fact `{name}` is not finite: the domain must name its states")
    raise DefinitionError(f"fact `{name}` is not finite: it must be a bool, an Enum or a State")
