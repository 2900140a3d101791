"""What rooms make of roles, kept for other rooms: as much as there can be memory for, whatever events say."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

V = TypeVar("V")

MOST_KEPT = 2**10
"""So many values of a kind are kept: then they begin anew."""

MOST_PARTS, MOST_LETTERS = 2**6, 2**12
"""What is made of more flags, roles and users than that, or of more letters, is not kept."""


def is_small(parts: int, texts: Iterable[str]) -> bool:
    """Whether what is made of so many parts, and of these texts, is kept."""
    return parts <= MOST_PARTS and sum(map(len, texts)) <= MOST_LETTERS


class Kept(dict[Any, V]):
    """Values, by all that they are made of: each is made when first asked for, and kept if `are_small` says so."""

    __slots__ = ("_are_small", "_make")

    def __init__(self, make: Callable[..., V], are_small: Callable[..., bool]) -> None:
        super().__init__()
        self._make = make
        self._are_small = are_small

    def __missing__(self, made_of: tuple[Any, ...]) -> V:
        value = self._make(*made_of)
        if not self._are_small(*made_of):
            return value
        if len(self) >= MOST_KEPT:
            self.clear()
        return self.setdefault(made_of, value)
