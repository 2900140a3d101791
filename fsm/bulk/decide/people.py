"""Where the users of rooms stand, and by which powers: one number for each (room, user) pair.

Theory of operation. The lower bits of a number are the *state* of the user, the upper
ones their *standing* (`fsm.bulk.decide.standings`). So all that a decision asks of a pair
is at one place in memory, and a byte where there are few of both: it is for places at
random that the inner loop waits.
"""

import numpy as np

from fsm.bulk.decide.arrays import Growing, Mask, Numbers


class People:
    """The states and standings of all pairs. A new pair has the state `unknown`, and no standing of its own."""

    def __init__(self, unknown: int) -> None:
        self._unknown = unknown
        self._have(unknown.bit_length())
        self._numbers = Growing(np.min_scalar_type(unknown).type, unknown)

    @property
    def array(self) -> Numbers:
        """By pair, both as one number."""
        return self._numbers.array

    def __len__(self) -> int:
        """So many pairs have a place."""
        return len(self.array)

    def reach(self, count: int) -> None:
        """Have a place for so many pairs."""
        self._numbers.reach(count)

    def state(self, pair: int) -> int:
        """The state of a pair."""
        number: int = self._numbers.array.item(pair)
        return number & self._mask

    def states(self, count: int) -> Numbers:
        """The states of the first so many pairs."""
        return self.array[:count] & self.array.dtype.type(self._mask)

    def move(self, pair: int, state: int) -> None:
        """Put a pair into a state."""
        if state > self._mask:
            self._widen(state.bit_length())
        self._put(pair, self._numbers.array.item(pair) >> self.bits, state)

    def stand(self, pair: int, standing: int) -> None:
        """Give a pair a standing."""
        self._put(pair, standing, self.state(pair))

    def forget(self, pairs: Mask) -> None:
        """Put pairs, by a mask of the first ones, into the state that new ones have."""
        numbers = self.array[: len(pairs)]
        numbers[pairs] = numbers[pairs] >> self.bits << self.bits | self._unknown

    def _have(self, bits: int) -> None:
        self.bits = bits
        """So many bits has a state."""
        self._mask = (1 << bits) - 1

    def _put(self, pair: int, standing: int, state: int) -> None:
        number = standing << self.bits | state
        self._numbers.admit(number)[pair] = number

    def _widen(self, bits: int) -> None:
        """Have more bits for states."""
        standings, states = self.array >> self.bits, self.states(len(self))
        self._have(bits)
        numbers = self._numbers.admit(int(standings.max()) << bits | self._mask)
        numbers[:] = standings.astype(numbers.dtype) << bits | states
