"""Counting verdicts: of one policy, and of two beside each other."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from fsm.bulk.decide.answers import failed_guards
from fsm.bulk.decide.arrays import Codes, Growing, Mask
from fsm.bulk.decide.book import Book
from fsm.bulk.decide.coding import Coded, Coder
from fsm.bulk.decide.run import FAULT, Verdicts
from fsm.bulk.decide.versions import Decisions
from fsm.bulk.read import layout
from fsm.decision import Decision
from fsm.log import UNFOUNDED

K = TypeVar("K", str, tuple[str, str])


class Tally:
    """How often each decision of a book was made."""

    def __init__(self, book: Book | Decisions) -> None:
        self._book = book
        self._counts = Growing(np.int64, 0)  # at first the rows that hold no event

    def add(self, verdicts: Verdicts) -> None:
        """Count some more verdicts, those on events that come again but once."""
        counts = np.bincount(np.delete(verdicts.numbers, verdicts.repeats) - FAULT)
        self._counts.reach(len(counts))[: len(counts)] += counts

    def as_json(self) -> dict[str, Any]:
        """The counts: in all, by transition, and by guard that failed; a refusal counts for each of its guards."""
        errors, *counts = self._counts.array.tolist()
        summary = {"events": errors + sum(counts), "allowed": 0, "rejected": 0, "errors": errors}
        others = {"allowed": 0, "rejected": 0}
        transitions, failed, dead_ends, unfounded = Counter[str](), Counter[str](), 0, 0
        for decision, count in zip(self._book.decisions, counts, strict=False):
            if not count:  # the book knows decisions of other histories
                continue
            verdict = "allowed" if decision.allowed else "rejected"
            if not decision.judged:
                verdict = "not_judged"
            summary[verdict] = summary.get(verdict, 0) + count
            if decision.before is None:
                others[verdict] = others.get(verdict, 0) + count
            if decision == UNFOUNDED:
                unfounded += count
            if decision.transition:
                transitions[decision.transition] += count
            elif not decision.allowed and not decision.refusals:
                dead_ends += count
            failed.update(dict.fromkeys(failed_guards(decision), count))
        return {
            "summary": summary,
            "transitions": falling(transitions),
            "failed": falling(failed),
            "no_transition": dead_ends,
            "no_participation_change": others,
            **({"without_creation": unfounded} if unfounded else {}),
        }


class Differences:
    """The rows on which two policies differ: in the verdict, the transition, or where it leads."""

    def __init__(self, coder: Coder, books: tuple[Book | Decisions, Book | Decisions]) -> None:
        self._coder = coder
        self._books = books
        self._results: dict[object, int] = {}
        self._known: tuple[list[int], list[int]] = ([], [])
        self._counts = Counter[tuple[int, int]]()
        self._first: dict[int, _Divergence] = {}
        self._rows = 0

    def add(self, coded: Coded, verdicts: tuple[Verdicts, Verdicts]) -> Mask:
        """Compare the verdicts on the next rows; tells which differ."""
        ours, theirs = verdicts[0].numbers, verdicts[1].numbers
        differs: Mask = self._results_of(0, ours) != self._results_of(1, theirs)
        places = np.flatnonzero(differs)
        (kinds, other_kinds), counts = np.unique([ours[places], theirs[places]], axis=1, return_counts=True)
        for kind, other, count in zip(kinds.tolist(), other_kinds.tolist(), counts.tolist(), strict=True):
            self._counts[kind, other] += count
        rooms, firsts = np.unique(coded.rooms[places], return_index=True)
        new = [place for room, place in zip(rooms, places[firsts].tolist(), strict=True) if room not in self._first]
        for place, row in zip(new, layout.read_rows(coded.table, new), strict=True):
            what = {name: row[name] for name in _SHOWN if name in row}
            self._first[int(coded.rooms[place])] = _Divergence(
                self._row_number(coded, place), what, int(ours[place]), int(theirs[place])
            )
        self._rows += len(coded)
        return differs

    def as_json(self) -> dict[str, Any]:
        """How many events and rooms differ, in which ways, and where each room parts first."""
        ways = Counter[tuple[str, str]]()
        for (ours, theirs), count in self._counts.items():
            ways[self._word(0, ours), self._word(1, theirs)] += count
        return {
            "events": self._counts.total(),
            "rooms": len(self._first),
            "ways": [
                {"policy": ours, "against": theirs, "events": count} for (ours, theirs), count in falling(ways).items()
            ],
            "first": list(self._first_as_json()),
        }

    def _first_as_json(self) -> Iterator[dict[str, Any]]:
        for room, first in sorted(self._first.items(), key=lambda item: item[1].row):
            yield {
                "room_id": None if room < 0 else self._coder.room_id(room),
                "row": first.row,
                **first.what,
                "policy": self._answer(0, first.ours),
                "against": self._answer(1, first.theirs),
            }

    def _row_number(self, coded: Coded, place: int) -> int:
        if layout.ROW in coded.table.column_names:
            return int(coded.table.column(layout.ROW)[place].as_py())
        return self._rows + place + 1

    def _results_of(self, side: int, numbers: Codes) -> Codes:
        """What the verdicts come down to, so that those of two policies can be compared."""
        known, decisions = self._known[side], self._books[side].decisions
        for decision in decisions[len(known) :]:
            result = (decision.transition, decision.after) if decision.allowed else None
            known.append(self._results.setdefault(result, len(self._results)))
        # The last place is that of `FAULT`.
        results: Codes = np.array([*known, FAULT], np.int32)[numbers]
        return results

    def _decision(self, side: int, number: int) -> Decision | None:
        return None if number == FAULT else self._books[side].decisions[number]

    def _word(self, side: int, number: int) -> str:
        decision = self._decision(side, number)
        if decision is None:
            return "error"
        return (decision.transition or "allowed") if decision.allowed else "rejected"

    def _answer(self, side: int, number: int) -> dict[str, Any] | None:
        decision = self._decision(side, number)
        return None if decision is None else decision.as_json(self._books[side].policy.id)


_SHOWN = (layout.SENDER, layout.TARGET, layout.ACTION, layout.TYPE, layout.STATE_KEY)


@dataclass(frozen=True, slots=True)
class _Divergence:
    """The first row on which two policies differ in a room."""

    row: int
    what: dict[str, str]
    ours: int
    theirs: int


def falling(counts: Mapping[K, int]) -> dict[K, int]:
    """The same counts, the largest first; of equal ones the first by name. Those of 0 are left out."""
    return {key: count for key, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if count}
