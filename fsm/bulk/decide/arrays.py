"""The arrays of columnar replay: their types, and arrays that grow."""

from typing import Any, Generic, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Indexes: TypeAlias = npt.NDArray[np.uint32]
"""Numbers of rooms, users or pairs. They are unsigned so that the compiled loop needs no check for negative ones."""

Codes: TypeAlias = npt.NDArray[np.int32]
"""Numbers of words, decisions and the like, or a negative number that says why there is none."""

Numbers: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
"""What is known of pairs (see `fsm.bulk.decide.people`): a byte will do for each pair of most histories."""

Small: TypeAlias = npt.NDArray[np.int8]
States: TypeAlias = npt.NDArray[np.unsignedinteger[Any]]
"""Numbers of states: a byte for each, but where a policy has very many."""
Mask: TypeAlias = npt.NDArray[np.bool_]
Ranks: TypeAlias = npt.NDArray[np.int64]
Counts: TypeAlias = npt.NDArray[np.int64]

Keys: TypeAlias = npt.NDArray[np.uint64]
"""Pairs as their table holds them (see `fsm.bulk.decide.pairs`)."""

Places: TypeAlias = npt.NDArray[np.uint64]
"""Slots of that table."""

N = TypeVar("N", bound=np.generic)


class Growing(Generic[N]):
    """A one-dimensional array that grows at its end; new places hold `fill`."""

    __slots__ = ("_fill", "_most", "array")

    def __init__(self, dtype: type[N], fill: Any) -> None:
        self._fill = fill
        self._most = _most(np.dtype(dtype))
        self.array: npt.NDArray[N] = np.full(16, fill, dtype)

    def reach(self, size: int) -> npt.NDArray[N]:
        """The array, grown to hold at least `size` places."""
        if size > len(self.array):
            # Memory that is all zeros costs nothing until it is used.
            grown = np.zeros(max(size, len(self.array) * 3 // 2), self.array.dtype)
            grown[: len(self.array)] = self.array
            if self._fill:
                grown[len(self.array) :] = self._fill
            self.array = grown
        return self.array

    def admit(self, number: int) -> npt.NDArray[N]:
        """The array, of a type that can hold this number: the smaller the type, the more of it is close at hand."""
        if number > self._most:
            self.array = self.array.astype(np.min_scalar_type(number))
            self._most = _most(self.array.dtype)
        return self.array


def _most(kind: np.dtype[Any]) -> int:
    """The largest number that an array of this type can hold."""
    return int(np.iinfo(kind).max)
