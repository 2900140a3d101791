"""Values as JSON and back, by their types: dataclasses, enumerations, sets, mappings, numbers.

What a room is set to is such a value. A mapping whose keys are no texts is an array of
pairs, a set an array in the order of its JSON, a number that is not finite a text. Reading
checks everything, as if a stranger had written it.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from math import inf, isfinite, nan
from types import NoneType, UnionType
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from fsm.errors import EventError, shorten
from fsm.event import checked_flag, describe, mapping, own_copy, sequence
from fsm.state import State

_NOT_FINITE = {"inf": inf, "-inf": -inf, "nan": nan}


def write(value: Any, kind: Any) -> Any:  # noqa: C901, PLR0911 - one for each sort of type
    """A value of a type as JSON, which shares nothing with it."""
    base: Any = get_origin(kind) or kind
    arguments = get_args(kind)
    if base in (Union, UnionType):
        (one, *others) = [each for each in arguments if each is not NoneType]
        return None if value is None else write(value, float if others else one)  # numbers of both sorts
    if base is Any:
        return own_copy(value)
    if base is float:
        return value if isfinite(value) else str(value)
    if base is EventError:
        return {"field": value.field, "problem": value.problem}
    if base is State:
        return {"word": value.word, "label": value.label}
    if issubclass(base, Enum):
        return value.name
    if is_dataclass(base):
        return {name: write(getattr(value, name), hint) for name, hint in _hints(cast("Any", base)).items()}
    if issubclass(base, Mapping):
        key, each = arguments
        if key is str:
            return {name: write(part, each) for name, part in value.items()}
        return [[write(name, key), write(part, each)] for name, part in value.items()]
    if issubclass(base, tuple) and arguments[-1] is not ...:
        return [write(part, hint) for part, hint in zip(value, arguments, strict=True)]
    if issubclass(base, tuple):
        return [write(part, arguments[0]) for part in value]
    if issubclass(base, set | frozenset):
        return sorted((write(part, arguments[0]) for part in value), key=json.dumps)
    return value


def read(value: Any, kind: Any, place: str) -> Any:
    """The value of a type that JSON stands for. Raises `EventError` for JSON that stands for none."""
    base: Any = get_origin(kind) or kind
    arguments = get_args(kind)
    if base in (Union, UnionType):
        (one, *others) = [each for each in arguments if each is not NoneType]
        if value is None and NoneType in arguments:
            return None
        return read(value, float if others else one, place)
    if base is Any:
        return value
    for sort, reader in _READERS:
        if issubclass(base, sort):
            return reader(value, base, arguments, place)
    if is_dataclass(base):
        return _read_record(value, cast("Any", base), place)
    raise EventError(place, f"cannot be read: there is no JSON for {base.__name__}")


def _read_text(value: Any, _: type, __: tuple[Any, ...], place: str) -> str:
    if type(value) is not str:
        raise EventError(place, f"must be a string, not {describe(value)}")
    return value


def _read_flag(value: Any, _: type, __: tuple[Any, ...], place: str) -> bool:
    return checked_flag(value, place)


def _read_number(value: Any, base: type, _: tuple[Any, ...], place: str) -> int | float:
    if base is float and type(value) is str and value in _NOT_FINITE:
        return _NOT_FINITE[value]
    if type(value) is int or (base is float and type(value) is float):
        return value
    raise EventError(place, f"must be a number, not {describe(value)}")


def _read_enum(value: Any, base: Any, _: tuple[Any, ...], place: str) -> Any:
    names = base.__members__
    if type(value) is not str or value not in names:
        raise EventError(place, f"`{shorten(str(value))}` is not one of {', '.join(names)}")
    return names[value]


def _read_error(value: Any, _: type, __: tuple[Any, ...], place: str) -> EventError:
    given = _parts(value, {"field": str, "problem": str}, place)
    return EventError(given["field"], given["problem"])


def _read_mapping(value: Any, _: type, arguments: tuple[Any, ...], place: str) -> dict[Any, Any]:
    key, each = arguments
    if key is str:
        return {name: read(part, each, f"{place}.{shorten(name)}") for name, part in mapping(value, place).items()}
    return dict(
        _read_tuple(part, tuple, (key, each), f"{place}[{index}]") for index, part in enumerate(sequence(value, place))
    )


def _read_tuple(value: Any, _: type, arguments: tuple[Any, ...], place: str) -> tuple[Any, ...]:
    given = sequence(value, place)
    kinds = [arguments[0]] * len(given) if arguments[-1] is ... else arguments
    if len(given) != len(kinds):
        raise EventError(place, f"must have {len(kinds)} parts, not {len(given)}")
    return tuple(read(part, hint, f"{place}[{n}]") for n, (part, hint) in enumerate(zip(given, kinds, strict=True)))


def _read_set(value: Any, base: Any, arguments: tuple[Any, ...], place: str) -> Any:
    given = [read(part, arguments[0], f"{place}[{index}]") for index, part in enumerate(sequence(value, place))]
    if len({*given}) != len(given):
        raise EventError(place, "has something twice")
    return base(given)


def _read_record(value: Any, base: type, place: str) -> Any:
    return base(**_parts(value, _hints(base), place))


def _parts(value: Any, hints: Mapping[str, Any], place: str) -> dict[str, Any]:
    given = mapping(value, place)
    for name in given:
        if name not in hints:
            raise EventError(f"{place}.{shorten(name)}", "is not known here")
    for name in hints:
        if name not in given:
            raise EventError(f"{place}.{name}", "is missing")
    return {name: read(given[name], hint, f"{place}.{name}") for name, hint in hints.items()}


_READERS: tuple[tuple[Any, Callable[[Any, Any, tuple[Any, ...], str], Any]], ...] = (
    (Enum, _read_enum),
    (str, _read_text),
    (bool, _read_flag),
    (int | float, _read_number),
    (EventError, _read_error),
    (Mapping, _read_mapping),
    (tuple, _read_tuple),
    (set | frozenset, _read_set),
)


@cache
def _hints(record: Any) -> dict[str, Any]:
    hints = get_type_hints(record)
    return {item.name: hints[item.name] for item in fields(record) if item.init}
