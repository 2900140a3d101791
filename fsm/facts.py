"""What a guard may look at: a small, finite record for every question asked.

Theory of operation. A policy never sees a room. The room works out a record of
facts (who is where, what the sender may do, who outranks whom) and the policy
judges that record alone. Each fact has a handful of values, so a policy's
`Domain`, the set of all records it can ever meet, can be walked from end to
end. Proofs, comparisons, test vectors and the table behind fast decisions all
come from that walk. Identifiers, clocks and unbounded numbers must never become
facts: ranks, for one, arrive already compared.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import Enum, StrEnum
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar, get_args, get_type_hints

from fsm.errors import DefinitionError, shorten
from fsm.record import Record
from fsm.state import State

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


class About(NamedTuple):
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class SenderFacts(Record, Generic[S_co]):
    """The least that is known about any event: where its sender stands.

    Values may be given as words, such as `public`; `DefinitionError` is raised for what is no value of its fact.
    """

    sender: S_co = about(SENDER)

    def __post_init__(self) -> None:
        """Read words, and refuse what is no value: a guard would take it for something else."""
        for name, kind in finite_kinds(type(self)):
            value = object.__getattribute__(self, name)
            if type(value) is not kind:
                object.__setattr__(self, name, read_value(name, value, all_values(name, kind)))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class PairFacts(SenderFacts[S_co]):
    """What is known about every change: where its target and its sender stand, and whether they are one user.

    A family of policies extends this record with finite facts of its own, each
    declared by `about`.
    """

    target: S_co = about(TARGET)
    is_self: bool = about(PAIR, plain=False, strong=False)


F = TypeVar("F")


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


def kinds_of(record: type) -> Mapping[str, Any]:
    """The type of each fact of a record, in the order of their definition; found once for each record."""
    known: dict[str, Any] | None = record.__dict__.get("_types")
    if known is None:
        hints, told = get_type_hints(record), _arguments(record)
        known = {item.name: told.get(hints[item.name], hints[item.name]) for item in fields(record)}
        type.__setattr__(record, "_types", known)
    return known


def _arguments(record: type) -> dict[Any, Any]:
    """The types that generic records, from which this one is derived, have been given for their variables."""
    told: dict[Any, Any] = {}
    for kind in record.__mro__:
        for base in kind.__dict__.get("__orig_bases__", ()):
            origin = getattr(base, "__origin__", None)
            variables = getattr(origin, "__parameters__", ())
            told |= {var: told.get(arg, arg) for var, arg in zip(variables, get_args(base), strict=False) if var != arg}
    return told


def finite_kinds(record: type) -> tuple[tuple[str, type], ...]:
    """The facts whose values are told by their type, each with its type; found once for each record."""
    known: tuple[tuple[str, type], ...] | None = record.__dict__.get("_kinds")
    if known is None:
        known = tuple((name, kind) for name, kind in kinds_of(record).items() if _is_finite(kind))
        type.__setattr__(record, "_kinds", known)
    return known


def read_value(name: str, word: object, values: tuple[Value, ...]) -> Value:
    """The value of a fact that is given, or that a word spells. Raises `DefinitionError`."""
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


def all_values(name: str, kind: Any) -> tuple[Value, ...]:
    """All values of a type of facts. Raises `DefinitionError` where they are not finite, or not told by the type."""
    if kind is bool:
        return (False, True)
    if _is_finite(kind):
        return tuple(kind)
    if kind is State:
        raise DefinitionError(f"fact `{name}` is not finite: the domain must name its states")
    raise DefinitionError(f"fact `{name}` is not finite: it must be a bool, an Enum or a State")
