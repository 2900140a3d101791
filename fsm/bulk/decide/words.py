"""Strings as numbers."""

from collections import deque
from collections.abc import Iterable
from itertools import count, repeat
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fsm.bulk.decide.arrays import Codes
from fsm.event import MAX_TEXT

MISSING = -1
"""In place of the number of a word that is not there."""

UNFIT = -2
"""In place of the number of a word that cannot be an identifier."""

_NEW = -3


class Words:
    """Identifiers, numbered in the order of first mention, by any thread."""

    def __init__(self) -> None:
        self._known: list[str] = []
        self._numbers: dict[str, int] = {}
        self._lock = Lock()
        self._latest: deque[tuple[pa.Array, pa.Array]] = deque(maxlen=2)  # senders and targets are both users

    def __len__(self) -> int:
        return len(self._known)

    def __getitem__(self, number: int) -> str:
        return self._known[number]

    def find(self, word: str) -> int:
        """The number of a word, `MISSING` when it was never mentioned."""
        return self._numbers.get(word, MISSING)

    def number(self, word: str) -> int:
        """The number of a word."""
        if word not in self._numbers:
            self._take([word])
        return self._numbers[word]

    def column(self, numbers: Codes) -> pa.Array:
        """The words of these numbers, null for those below 0."""
        words = pa.array(self._known, pa.large_string())
        return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), words)

    def numbers(self, column: pa.ChunkedArray) -> Codes:
        """The numbers of a column of words, not to be changed; `MISSING` where it is null.

        Raises `pa.ArrowException` for a column that is corrupt, or not in UTF-8.
        """
        pieces = [self._coded(chunk) for chunk in column.chunks]
        return pieces[0] if len(pieces) == 1 else np.concatenate([np.empty(0, np.int32), *pieces])

    def _coded(self, chunk: pa.Array) -> Codes:
        if not pa.types.is_dictionary(chunk.type):
            chunk = chunk.dictionary_encode()
        numbers = self._of_dictionary(chunk.dictionary).take(chunk.indices)
        coded: Codes = (numbers.fill_null(MISSING) if numbers.null_count else numbers).to_numpy()
        return coded

    def _of_dictionary(self, dictionary: pa.Array) -> pa.Array:
        """The numbers of the words in a dictionary."""
        # Consecutive pieces of a file often share their dictionary.
        for known, numbers in self._latest:
            if known.equals(dictionary):
                return numbers
        dictionary.validate(full=True)
        numbers = pa.array(self._all_numbers(dictionary.cast(pa.large_string())))
        self._latest.append((dictionary, numbers))
        return numbers

    def _all_numbers(self, words: pa.Array) -> Codes:
        """The numbers of these words."""
        numbers = self._known_numbers(words)
        places = np.flatnonzero(numbers == _NEW)
        new = words.take(pa.array(places)).to_pylist()
        self._take([word for word in new if word is not None])
        numbers[places] = [MISSING if word is None else self._numbers[word] for word in new]
        return numbers

    def _known_numbers(self, words: pa.Array) -> Codes:
        """The numbers of these words, `_NEW` for those that have none or are missing."""
        if 2 * len(words) < len(self._known):  # Arrow would look at all that are known
            return np.fromiter(map(self._numbers.get, words.to_pylist(), repeat(_NEW)), np.int32, len(words))
        known = pa.array(self._known, pa.large_string())
        return np.array(pc.index_in(words, value_set=known).fill_null(_NEW))

    def _take(self, words: Iterable[str]) -> None:
        """Number the words among these that have no number yet."""
        with self._lock:
            new = dict.fromkeys([word for word in words if word not in self._numbers], UNFIT)
            fit = [word for word in new if 0 < len(word) <= MAX_TEXT]
            numbers = new | dict(zip(fit, count(len(self._known)), strict=False))
            self._known += fit
            self._numbers |= numbers  # what has a number can be looked up by it
