"""Everybody's powers, as small numbers."""

import numpy as np

from fsm.bulk.decide.arrays import Codes, Ranks

AS_OTHERS = 0
"""In place of the standing of somebody who has none of their own, but that of all others in the room."""


class Standings:
    """All powers that came up. A *standing* is the number of its powers.

    `may` holds, by standing, what it adds to the code as a sender, and `ranks`
    one row for each rank that is compared.
    """

    def __init__(self, ranks: int) -> None:
        self.may: Codes = np.zeros(16, np.int32)
        self.ranks: Ranks = np.zeros((ranks, 16), np.int64)
        self._numbers: dict[tuple[int, ...], int] = {}

    def number(self, powers: tuple[int, ...]) -> int:
        """The standing that has these powers."""
        number = self._numbers.get(powers)
        if number is not None:
            return number
        number = self._numbers[powers] = len(self._numbers) + 1
        if number == len(self.may):
            self.may = np.concatenate([self.may, np.zeros_like(self.may)])
            self.ranks = np.concatenate([self.ranks, np.zeros_like(self.ranks)], axis=1)
        self.may[number], *self.ranks[:, number] = powers
        return number
