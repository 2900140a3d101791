"""The `dataclass` of the standard library, for frozen classes, that writes no method before it is needed.

The standard one writes six methods for each class and compiles them when the class is made. That was most of the
time that it took to import this package, and most classes of a process are never compared, hashed or shown. What
is made here is the same: for `fields`, `replace` and `asdict`, for `pickle`, for classes that are derived from it in
either way, and for type checkers, which are told of the standard one.
"""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, FrozenInstanceError, fields
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - the same name, for whoever imports it from here
else:

    def dataclass(*, frozen: bool, init: bool = True, repr: bool = True, eq: bool = True, **more: bool) -> Any:  # noqa: A002 - the standard names
        """As `dataclasses.dataclass` does, for a class that is `frozen`."""
        assert frozen

        def make(cls: type[T]) -> type[T]:
            own = {**vars(cls)}
            is_derived = any(dataclasses.is_dataclass(base) for base in cls.__bases__)
            made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, frozen=is_derived, **more)
            wanted = {"__init__": init, "__repr__": repr, "__eq__": eq, "__hash__": eq}
            for name, write in _WRITERS.items():
                if wanted[name] and own.get(name) is None:
                    setattr(made, name, _Unwritten(made, name, write))
            if not is_derived:
                _freeze(made, own, has_slots=more.get("slots", False))
            return made

        return make


class _Unwritten:
    """A method of a class that is written when it is first looked up."""

    def __init__(self, made: type, name: str, write: Callable[[type], Any]) -> None:
        self.made = made
        self.name = name
        self.write = write

    def __get__(self, instance: object, owner: type | None = None) -> Any:
        method = self.write(self.made)
        method.__name__ = self.name
        method.__qualname__ = f"{self.made.__qualname__}.{self.name}"
        method.__module__ = self.made.__module__
        setattr(self.made, self.name, method)
        return method.__get__(instance, owner)


class _Factory:
    def __repr__(self) -> str:
        return "<factory>"


_FACTORY = _Factory()
"""In place of a default that is made anew each time."""


def _write_init(made: type) -> Any:
    names: dict[str, Any] = {"_put": object.__setattr__, "_FACTORY": _FACTORY}
    places: dict[bool, list[str]] = {False: [], True: []}
    lines = ["pass"]
    for each in fields(made):
        name, default, value = each.name, f"_default_{each.name}", each.name
        if each.default is not MISSING:
            names[default] = each.default
        elif each.default_factory is not MISSING:
            names[f"_make_{name}"], names[default] = each.default_factory, _FACTORY
            value = f"_make_{name}() if {name} is _FACTORY else {name}"
        if each.init:
            places[bool(each.kw_only)].append(f"{name}={default}" if default in names else name)
        elif default in names:
            lines.append(f"{name} = {default}")
        else:
            continue  # for `__post_init__` to say
        lines.append(f"_put(self, {name!r}, {value})")
    if hasattr(made, "__post_init__"):
        lines.append("self.__post_init__()")
    by_name = ["*", *places[True]] if places[True] else []
    body = "\n ".join(lines)
    exec(f"def __init__({', '.join(['self', *places[False], *by_name])}):\n {body}", names)  # noqa: S102 - of names of fields only
    written = names["__init__"]
    written.__annotations__ = {each.name: each.type for each in fields(made) if each.init} | {"return": None}
    return written


def _write_repr(made: type) -> Any:
    names = [each.name for each in fields(made) if each.repr]

    @recursive_repr("...")
    def shown(self: Any) -> str:
        return f"{self.__class__.__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in names)})"

    return shown


def _write_eq(made: type) -> Any:
    key = _key(made)

    def equals(self: Any, other: object) -> Any:
        return key(self) == key(other) if other.__class__ is self.__class__ else NotImplemented

    return equals


def _write_hash(made: type) -> Any:
    key = _key(made)

    def hashed(self: Any) -> int:
        return hash(key(self))

    return hashed


_WRITERS: dict[str, Callable[[type], Any]] = {
    "__init__": _write_init,
    "__repr__": _write_repr,
    "__eq__": _write_eq,
    "__hash__": _write_hash,
}


def _key(made: type) -> Callable[[Any], tuple[Any, ...]]:
    """What is compared of a value."""
    names = [each.name for each in fields(made) if each.compare]
    get: Callable[[Any], Any] = attrgetter(*names) if names else lambda _: ()
    return get if len(names) != 1 else lambda value: (get(value),)


def _freeze(made: Any, own: Mapping[str, Any], *, has_slots: bool) -> None:
    """Refuse assignments, which the standard library does for what is derived from a frozen class."""
    known = made.__dataclass_fields__

    def refuse_to_set(self: object, name: str, value: object) -> None:
        if type(self) is made or name in known:
            raise FrozenInstanceError(f"cannot assign to field {name!r}")
        super(made, self).__setattr__(name, value)

    def refuse_to_delete(self: object, name: str) -> None:
        if type(self) is made or name in known:
            raise FrozenInstanceError(f"cannot delete field {name!r}")
        super(made, self).__delattr__(name)

    made.__dataclass_params__.frozen = True
    made.__setattr__, made.__delattr__ = refuse_to_set, refuse_to_delete
    if has_slots and "__getstate__" not in own:
        made.__getstate__, made.__setstate__ = _state, _set_state


def _state(self: Any) -> list[Any]:
    return [getattr(self, each.name) for each in fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for each, value in zip(fields(self), state, strict=True):
        object.__setattr__(self, each.name, value)
