"""What a book's decisions say, as columns."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from fsm.bulk.decide.arrays import Codes
from fsm.bulk.decide.book import Book
from fsm.bulk.decide.run import FAULT, Verdicts
from fsm.bulk.decide.versions import Decisions
from fsm.decision import Decision

NAMES = ("allowed", "transition", "failed", "reason", "error")
"""The columns: whether it is allowed; by which transition; the guards that failed; in words; why it is no event."""


def failed_guards(decision: Decision) -> list[str]:
    """Every guard that failed in any of the rows that could have permitted, each once."""
    return list(dict.fromkeys(guard for refusal in decision.refusals for guard in refusal.failed))


_WORDS: dict[str, Callable[[Decision], str | None]] = {
    "transition": lambda decision: decision.transition,
    "failed": lambda decision: " ".join(failed_guards(decision)) or None,
    "reason": lambda decision: decision.reason or None,
}


class Answers:
    """The words for the decisions of a book."""

    def __init__(self, book: Book | Decisions) -> None:
        self.book = book
        self._known = 0
        self._words: dict[str, dict[str, int]] = {name: {} for name in _WORDS}
        # The last place stands for no decision.
        self._codes: dict[str, Codes] = {name: np.array([-1], np.int32) for name in _WORDS}
        self._allowed = np.array([False])

    def columns(self, verdicts: Verdicts) -> dict[str, pa.Array]:
        """The columns for these verdicts, by name."""
        self._learn()
        numbers, is_fault = verdicts.numbers, verdicts.numbers == FAULT
        columns = {"allowed": pa.array(self._allowed[numbers], mask=is_fault)}
        for name, words in self._words.items():
            codes = self._codes[name][numbers]
            columns[name] = pa.DictionaryArray.from_arrays(
                pa.array(codes, mask=codes < 0), pa.array(list(words), pa.string())
            )
        errors = np.full(len(numbers), None, object)
        errors[list(verdicts.faults)] = list(verdicts.faults.values())
        columns["error"] = pa.array(errors, pa.string())
        return {name: columns[name] for name in NAMES}

    def _learn(self) -> None:
        new = self.book.decisions[self._known :]
        self._known += len(new)
        self._allowed = np.array([*self._allowed[:-1], *(decision.allowed for decision in new), False])
        for name, word_of in _WORDS.items():
            known = self._words[name]
            words = [word_of(decision) for decision in new]
            codes = [-1 if word is None else known.setdefault(word, len(known)) for word in words]
            self._codes[name] = np.array([*self._codes[name][:-1], *codes, -1], np.int32)
