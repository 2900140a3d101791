"""What policies would have done to a history.

`Backtest` takes a history piece by piece, and needs memory for its pairs, not its
events. `replay` is a pure function of a table that holds all events of some rooms:
any engine that hands out tables room by room can call it.
"""

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import pyarrow as pa

from fsm.bulk.decide.answers import Answers
from fsm.bulk.decide.arrays import Mask
from fsm.bulk.decide.coding import Coded, Coder
from fsm.bulk.decide.run import Run, Verdicts
from fsm.bulk.decide.tally import Differences, Tally
from fsm.bulk.decide.versions import VersionsRun
from fsm.bulk.read import layout
from fsm.bulk.read.source import rooms_that_look_back
from fsm.errors import ReplayError, shorten
from fsm.policies import Family, Rules, load_rules

_PIECE = 2**20

WORTH_COMPILING = 2**18
"""About so many events make up for the time that it takes to load the compiled loops."""


def can_compile() -> bool:
    """Whether the libraries of the compiled loops can be had."""
    try:
        import fsm.bulk.decide.compiled  # noqa: F401, PLC0415 - what it needs may not be installed

        return find_spec("numba") is not None
    except (ImportError, OSError):
        return False


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a history, and the verdicts on them under each policy."""

    table: pa.Table
    verdicts: tuple[Verdicts, ...]
    differs: Mask | None
    answers: tuple[Answers, ...]

    def as_table(self) -> pa.Table:
        """The rows with the verdicts beside them (see `fsm.bulk.decide.answers`). Raises `ReplayError`.

        Those of the second policy go by the same names after `against_`; `differs` tells the two apart.
        """
        columns: dict[str, Any] = {}
        for prefix, words, verdicts in zip(("", "against_"), self.answers, self.verdicts, strict=False):
            columns |= {f"{prefix}{name}": column for name, column in words.columns(verdicts).items()}
        if self.differs is not None:
            columns["differs"] = pa.array(self.differs)
        table = self.table
        for name, column in columns.items():
            if name in table.column_names:
                raise ReplayError(0, f"there is a column `{name}` already, which is to hold verdicts: rename it")
            table = table.append_column(name, column)
        return table


class Backtest:
    """A history under one policy, or under two beside each other.

    `remembering` names the rooms in which decisions depend on single events of the
    past (see `fsm.bulk.read.source`); `compiled` chooses the inner loop.
    """

    def __init__(
        self,
        policy: Rules,
        against: Rules | None = None,
        *,
        remembering: Collection[str | None] = (),
        compiled: bool = False,
    ) -> None:
        self.policies = (policy,) if against is None else (policy, against)
        self.events = 0
        self.seconds: dict[str, float] = {}
        """How long each kind of work took."""
        with self.timed("starting"):
            self._coder = Coder(compiled=compiled, remembering=remembering)
            # The loops that number pairs are loaded when first used; those left come with the first rows.
            self._coder.code(layout.EMPTY)
        self._runs = tuple(_run(each, self._coder, compiled=compiled) for each in self.policies)
        self._answers = tuple(Answers(run.book) for run in self._runs)
        self._tallies = tuple(Tally(run.book) for run in self._runs)
        self._differences: Differences | None = None
        if against is not None:
            self._differences = Differences(self._coder, (self._runs[0].book, self._runs[1].book))

    def add(self, table: pa.Table) -> Piece:
        """Replay the next rows of the history. Raises `ReplayError` when they are none."""
        return self.play(self.code(table))

    def code(self, table: pa.Table) -> Coded:
        """Number the next rows, also while those before them are played. Raises `ReplayError` when they are none."""
        with self.timed("coding"):
            return self._coder.code(table)

    def play(self, coded: Coded) -> Piece:
        """Replay the next rows, once they are numbered."""
        with self.timed("replay"):
            verdicts = tuple(run.play(coded) for run in self._runs)
        with self.timed("counting"):
            for tally, each in zip(self._tallies, verdicts, strict=True):
                tally.add(each)
            differs = self._differences.add(coded, (verdicts[0], verdicts[1])) if self._differences else None
        self.events += len(coded)
        return Piece(coded.table, verdicts, differs, self._answers)

    @property
    def notices(self) -> list[str]:
        """What is to be said about rooms, such as that their creation is missing."""
        return list(dict.fromkeys(notice for run in self._runs for notice in run.notices))

    def participation(self) -> pa.Table:
        """Everybody who is not where a stranger is, under any policy: `room_id`, `user`, `state` (`against_state`)."""
        for run in self._runs:
            run.gather()  # which may bring up new pairs, that all have to know
        states = [run.states() for run in self._runs]
        is_here = np.logical_or.reduce([each != run.initial for each, run in zip(states, self._runs, strict=True)])
        pairs = self._coder.sorted(np.flatnonzero(is_here).astype(np.uint32))
        columns = self._coder.names_of(pairs)
        for name, each, run in zip(("state", "against_state"), states, self._runs, strict=False):
            # Each word once: Parquet keeps no other dictionary, and those of several files are to be the same.
            words = pa.array([state.value for state in run.book.states]).dictionary_encode()
            columns[name] = pa.DictionaryArray.from_arrays(words.indices.take(pa.array(each[pairs])), words.dictionary)
        return pa.table(columns)

    def as_json(self) -> dict[str, Any]:
        """The counts of verdicts, and of states at the end; the same for the second policy, and the differences."""
        reports = [
            {"policy": run.policy.id, **tally.as_json(), "participation": _count_states(run)}
            for run, tally in zip(self._runs, self._tallies, strict=True)
        ]
        if self._differences is None:
            return reports[0]
        return {**reports[0], "against": reports[1], "differences": self._differences.as_json()}

    @contextmanager
    def timed(self, work: str) -> Iterator[None]:
        """Add the time that the body takes to `seconds`."""
        started = time.perf_counter()
        yield
        self.seconds[work] = self.seconds.get(work, 0) + time.perf_counter() - started


def _run(rules: Rules, coder: Coder, *, compiled: bool) -> Run | VersionsRun:
    kind = VersionsRun if isinstance(rules, Family) else Run
    return kind(rules, coder, compiled=compiled)  # type: ignore[arg-type]  # each takes its own


def _count_states(run: Run | VersionsRun) -> dict[str | int, int]:
    """How many users stand in each state but the one of strangers."""
    counts = np.bincount(run.states(), minlength=len(run.book.states)).tolist()
    counts[run.initial] = 0
    return {state.value: count for state, count in zip(run.book.states, counts, strict=True) if count}


def replay(
    table: pa.Table,
    policy: Rules | str = "mimi",
    against: Rules | str | None = None,
    *,
    order: str | None = None,
) -> pa.Table:
    """The table with the verdicts beside its rows: it must hold all events of its rooms, in stream order.

    `order` names a column to sort by first, for engines that lose the order. The
    columns are those of `fsm.bulk.read.layout`, and any others; those of the verdicts
    (`fsm.bulk.decide.answers.NAMES`) are text, but for `allowed`, which is true or false.
    With a second policy, its verdicts stand under the same names after `against_`, and
    `differs` tells them apart. Raises `ReplayError` when the table is no history.
    """
    policies = [load_rules(each) if isinstance(each, str) else each for each in (policy, against) if each is not None]
    if order is not None:
        table = _sorted(table, order)
    checked = layout.checked(table)
    backtest = Backtest(
        *policies,
        remembering=rooms_that_look_back(checked, policies),
        compiled=len(table) >= WORTH_COMPILING and can_compile(),
    )
    pieces = [backtest.add(table.slice(start, _PIECE)).as_table() for start in range(0, max(len(table), 1), _PIECE)]
    result = pa.concat_tables(pieces)
    return result.cast(layout.without_dictionaries(result.schema, keep=table.column_names))


def _sorted(table: pa.Table, order: str) -> pa.Table:
    try:
        return table.sort_by(order)
    except (pa.ArrowException, TypeError, ValueError) as problem:
        reason = shorten(" ".join(str(problem).split()), 200)
        raise ReplayError(0, f"cannot be sorted by `{shorten(str(order))}`: {reason}") from None
