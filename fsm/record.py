"""What many dataclasses have in common, written once.

A dataclass that is told `eq=False, repr=False` and derived from `Record` behaves as one that is not, without
methods of its own for that. To make those takes most of the time in which such a class is defined, and there are
dozens of classes that are loaded with a room.
"""

from dataclasses import fields
from operator import attrgetter
from typing import Any


class Record:
    """Equal to another of its class in which all fields that are compared are equal; shown with its fields."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(_compared(self))

    def __repr__(self) -> str:
        seen: Any = self
        told = ", ".join(f"{item.name}={getattr(self, item.name)!r}" for item in fields(seen) if item.repr)
        return f"{type(self).__qualname__}({told})"


def _compared(record: Any) -> object:
    """The fields by which a record is told apart; how they are read is found once for each class."""
    kind = type(record)
    read = kind.__dict__.get("_read_compared")
    if read is None:
        read = attrgetter(*(item.name for item in fields(kind) if item.compare))
        type.__setattr__(kind, "_read_compared", read)
    return read(record)
