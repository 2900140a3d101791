"""Records are what the standard library's frozen dataclasses are, in all that can be asked of them."""

import copy
import dataclasses
import inspect
import pickle
from dataclasses import FrozenInstanceError, asdict, field, fields, is_dataclass, replace
from typing import Any

import pytest

from fsm import records

OPTIONS: list[dict[str, Any]] = [
    {},
    {"slots": True},
    {"slots": True, "kw_only": True},
    {"eq": False},
    {"repr": False},
    {"init": False},
]


class Plain:
    """Fields of every kind."""

    first: int
    second: str = "two"
    third: list[int] = field(default_factory=list)
    hidden: int = field(default=4, repr=False, compare=False)
    later: int = field(default=5, kw_only=True)
    found: int = field(init=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "found", self.first + 1)


class One:
    """A single field."""

    only: int = 1


class Nothing:
    """No field."""


class Own:  # noqa: PLW1641 - what a class without `__hash__` gets is part of the case
    """Methods of its own."""

    first: int = 1

    def __init__(self) -> None:
        object.__setattr__(self, "first", 7)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self))

    def __repr__(self) -> str:
        return "own"


def both(cls: type, **options: Any) -> tuple[Any, Any]:
    """The same class, made by us and by the standard library."""
    made: list[Any] = []
    for maker in (records.dataclass, dataclasses.dataclass):
        names = {name: value for name, value in vars(cls).items() if name not in {"__dict__", "__weakref__"}}
        copied = {
            name: copy.copy(value) if isinstance(value, dataclasses.Field) else value for name, value in names.items()
        }
        made.append(maker(frozen=True, **options)(type(cls.__name__, (), copied)))
    return made[0], made[1]


def answers(cls: Any, *given: Any, **named: Any) -> list[Any]:
    """What a class answers to everything that dataclasses are asked."""

    def tried(ask: Any) -> Any:
        try:
            return ask()
        except (TypeError, AttributeError) as problem:
            return type(problem), str(problem).replace(f"{cls.__qualname__}.", "")

    def shown(value: object) -> str:
        return repr(value).partition(" object at ")[0]

    value, other = cls(*given, **named), cls(*given, **named)
    return [
        shown(value),
        value == other,
        value == object(),
        tried(lambda: hash(value) == hash(other)),
        *(tried(lambda name=each.name: setattr(value, name, 3)) for each in fields(cls)),
        *(tried(lambda name=each.name: delattr(value, name)) for each in fields(cls)),
        [(each.name, each.type, each.default, each.init, each.kw_only) for each in fields(cls)],
        str(inspect.signature(cls)),
        cls.__match_args__,
        is_dataclass(cls),
        hasattr(value, "__dict__"),
        tried(lambda: asdict(value)),
        tried(lambda: shown(replace(value, first=9))),
        tried(lambda: cls(1, 2, 3, 4, 5, 6)),
        tried(lambda: cls(nothing=1)),
        shown(copy.copy(value)),
        shown(copy.deepcopy(value)),
    ]


CASES = [
    (cls, options)
    for cls in (Plain, One, Nothing, Own)
    for options in OPTIONS
    if cls is not Plain or "init" not in options
]


@pytest.mark.parametrize(("cls", "options"), CASES, ids=str)
def test_records_are_frozen_dataclasses(cls: type, options: dict[str, Any]) -> None:
    ours, theirs = both(cls, **options)
    named = {"first": 1} if cls is Plain else {}
    assert answers(ours, **named) == answers(theirs, **named)


@records.dataclass(frozen=True, slots=True)
class Base:
    """What others are derived from."""

    one: int
    two: list[int] = field(default_factory=list)


@records.dataclass(frozen=True, slots=True)
class Derived(Base):
    """A record of a record."""

    three: int = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Strange(Base):
    """A dataclass of the standard library, as strangers derive theirs."""

    three: int = 3


class Undecorated(Base):
    """A class that adds no field."""


@pytest.mark.parametrize("kind", [Base, Derived, Strange, Undecorated])
def test_what_is_derived_from_a_record(kind: type[Any]) -> None:
    value = kind(1, [2])
    assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)  # noqa: S301 - our own
    assert value == replace(value, one=1)
    assert value != replace(value, one=2)
    assert hash(replace(value, two=())) == hash(kind(1, ()))
    assert repr(value).startswith(f"{kind.__name__}(one=1, two=[2]")
    assert kind(1) != Base(1) or kind is Base
    assert kind(1).two is not kind(1).two
    for name in ("one", "two"):
        with pytest.raises(FrozenInstanceError):
            setattr(value, name, 4)
        with pytest.raises(FrozenInstanceError):
            delattr(value, name)


def test_no_method_is_written_before_it_is_needed() -> None:
    ours, _ = both(One)
    kinds = {name: type(vars(ours)[name]).__name__ for name in ("__init__", "__eq__", "__hash__", "__repr__")}
    assert set(kinds.values()) == {"_Unwritten"}
    value = ours()
    assert (vars(ours)["__init__"].__qualname__, type(vars(ours)["__eq__"]).__name__) == ("One.__init__", "_Unwritten")
    assert value == ours()
    assert type(vars(ours)["__eq__"]).__name__ == "function"


def test_only_frozen_classes_are_made() -> None:
    with pytest.raises(AssertionError):
        records.dataclass(frozen=False)
