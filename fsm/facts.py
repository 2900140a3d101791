"""What a guard may look at: a small, finite record for every question asked.

Theory of operation. A policy never sees a room. The room works out a record of
facts (who is where, what the sender may do, who outranks whom) and the policy
judges that record alone. Each fact has a handful of values, so a policy's
`Domain`, the set of all records it can ever meet, can be walked from end to
end. Proofs, comparisons, test vectors and the table behind fast decisions all
come from that walk. Identifiers, clocks and unbounded numbers must never become
facts: ranks, for one, arrive already compared.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import Enum
from functools import cached_property
from itertools import product
from typing import Any, Generic, TypeAlias, TypeVar, get_type_hints

from fsm.errors import DefinitionError
from fsm.terms import JoinRule, Participation

Value: TypeAlias = Enum | bool
"""The value of one fact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderFacts:
    """The least that is known about any event: where its sender stands."""

    sender: Participation


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts(SenderFacts):
    """All that a guard may know about one participation change.

    A family of policies may extend this record with finite facts of its own.
    """

    target: Participation
    is_self: bool
    join_rule: JoinRule
    may_invite: bool
    may_kick: bool
    may_ban: bool
    outranks_for_kick: bool
    outranks_for_ban: bool


F = TypeVar("F")


@dataclass(frozen=True, eq=False)
class Domain(Generic[F]):
    """Every combination of facts that a policy can meet.

    `record` is the dataclass of the facts. A fact takes every value of its
    type unless `limits` names fewer. Three things are impossible: that a user
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
                raise DefinitionError(f"unknown fact `{name}`: the facts are {', '.join(self._types)}")
            known = _all_values(name, self._types[name])
            # A bare word equals an enum member, but guards compare with `is`.
            if not values or any(all(value is not each for each in known) for value in values):
                raise DefinitionError(f"fact `{name}` cannot be limited to {values!r}")

    @cached_property
    def _types(self) -> dict[str, Any]:
        hints = get_type_hints(self.record)
        return {item.name: hints[item.name] for item in fields(self.record)}  # type: ignore[arg-type]

    @cached_property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """The values of each fact, by name, in the order of their definition."""
        return {name: self.limits.get(name) or _all_values(name, kind) for name, kind in self._types.items()}

    def __iter__(self) -> Iterator[F]:
        """Walk all possible records, always in the same order."""
        for combination in product(*self.values.values()):
            facts = dict(zip(self.values, combination, strict=True))
            if not facts.get("is_self") or facts["sender"] is facts["target"]:
                record = self.record(**facts)
                if all(test(record) for test in self.possible):
                    yield record

    @cached_property
    def records(self) -> tuple[F, ...]:
        """All possible records, for those who walk them again and again."""
        return tuple(self)

    @cached_property
    def size(self) -> int:
        """How many records there are."""
        return len(self.records)

    def given(self, **known: Value) -> "Domain[F]":
        """The part of the domain in which the named facts have these values."""
        limits = {**self.limits, **{name: (value,) for name, value in known.items()}}
        return Domain(self.record, limits, self.possible)

    def parse(self, name: str, word: str) -> Value:
        """Read the value of fact `name` from a word such as `public` or `true`.

        Raises `DefinitionError` for an unknown fact or a value it cannot have.
        """
        if name not in self.values:
            raise DefinitionError(f"unknown fact `{name}`: the facts are {', '.join(self.values)}")
        words = {spell(value): value for value in self.values[name]}
        if word not in words:
            raise DefinitionError(f"`{word}` is no value of `{name}`: choose from {', '.join(words)}")
        return words[word]

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

    def unpack(self, code: int, **states: Value) -> F:
        """The record for a sum of `weights` and the two states."""
        facts: dict[str, Value] = dict(states)
        for name, weights in self.weights.items():
            code, digit = divmod(code, len(weights))
            facts[name] = self.values[name][digit]
        return self.record(**facts)


def spell(value: Value) -> str:
    """Write a value as people type it: `true`, `public`."""
    return str(value.value if isinstance(value, Enum) else value).lower()


def _all_values(name: str, kind: Any) -> tuple[Value, ...]:
    if kind is bool:
        return (False, True)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return tuple(kind)
    raise DefinitionError(f"fact `{name}` is not finite: it must be a bool or an Enum")
