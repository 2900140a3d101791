"""The kinds of laws, each with where it is broken (see `fsm.review.laws`)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Any, TypeAlias

from fsm.decision import Decision
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.review.cases.cells import Cell, Cells
from fsm.review.errors import ReviewError
from fsm.review.laws.source import Source

_TRIED = 200
"""About so many cases of an action a law is asked to see whether it fits."""


class Severity(StrEnum):
    """How much a broken law matters."""

    HIGH = "high"
    """Somebody can do what they must not, or is kept from what they must always be able to do."""
    MEDIUM = "medium"
    """Something useful is impossible, or depends on what it should not."""
    LOW = "low"
    """Odd, and harmless by itself."""


@dataclass(frozen=True, slots=True)
class Breach:
    """A cell in which a law is broken; `contrast` is the cell that it should agree with."""

    cell: Cell
    contrast: Cell | None = None


@dataclass(frozen=True, slots=True)
class Law(ABC):
    """A sentence that can be held against all cells of a policy."""

    id: str
    sentence: str
    severity: Severity
    source: Source
    reads: tuple[str, ...]
    test: Callable[..., Any]
    ordinary: "Ordinary | None" = None
    """What else has to be so where something is asked for, if anything."""

    def __post_init__(self) -> None:
        """Refuse what would go wrong only later, or unnoticed: a text is read as the names of its letters."""
        if not isinstance(self.severity, Severity):
            raise ReviewError(f"law `{self.id}`: its severity is {self.severity!r}, not one of `Severity`")
        if not all(name.isidentifier() and len(name) > 1 for name in self.reads):
            raise ReviewError(f"law `{self.id}`: `reads` must be a list of the names of facts")

    @property
    def clause(self) -> str:
        """The title of the section that it comes from; of a law that is ours, of the one that comes closest."""
        return self.source.title

    @property
    def looks_for_strength(self) -> bool:
        """Whether a breach is the plainer, the more the sender may do."""
        return False

    def applies_to(self, cells: Cells) -> bool:
        """Whether the policy has all facts that this law is about."""
        return cells.policy.domain.values.keys() >= set(self.reads)

    def _answer(self, *question: Any) -> bool:
        """What the function says, which has to be true or false: one that forgets to answer is no law."""
        answer = self.test(*question)
        if not isinstance(answer, bool):
            raise ReviewError(f"law `{self.id}` answers {answer!r}, not true or false")
        return answer

    def is_ordinary(self, cells: Cells, cell: Cell) -> bool:
        """Whether nothing is the case that only some policies know of.

        The policy knows what the question is about; what else the event tells is plain, unless the
        law is about it; and nothing else is the case that the law leaves out.
        """
        return (
            cells.is_known(cell)
            and all(getattr(cell.facts, name) is cells.plain[name] for name in cells.told - {*self.reads})
            and (self.ordinary is None or self.ordinary(cells, cell))
        )

    def try_cases(self, policy: AnyPolicy) -> None:
        """Ask about some cases of a policy. Raises whatever goes wrong in a law that does not fit it."""
        if policy.domain.values.keys() >= set(self.reads):
            for action in policy.triggers:
                for facts, _ in islice(policy.walk(action, self.reads), _TRIED):
                    self._try(action, facts, policy.decide(action, facts))

    @abstractmethod
    def _try(self, action: Any, facts: Any, decision: Decision) -> None:
        """Ask about one case."""

    @abstractmethod
    def breaches(self, cells: Cells) -> Iterator[Breach]:
        """Every cell in which the law is broken."""


class Always(Law):
    """A law that every decision keeps or breaks by itself."""

    __slots__ = ()

    def _try(self, action: Any, facts: Any, decision: Decision) -> None:
        self._answer(action, facts, decision)

    def breaches(self, cells: Cells) -> Iterator[Breach]:
        """The decisions that break it."""
        for cell in cells.walk(self.reads):
            if not self._answer(cell.action, cell.facts, cell.decision):
                yield Breach(cell)


class Right(Law):
    """A law that asks for something to be allowed to everybody, wherever nothing extraordinary is the case."""

    __slots__ = ()

    def _try(self, action: Any, facts: Any, decision: Decision) -> None:  # noqa: ARG002 - it asks for one
        self._answer(action, facts)

    def breaches(self, cells: Cells) -> Iterator[Breach]:
        """The rejections of what it asks for."""
        for cell in cells.walk(self.reads):
            if not cell.decision and self._answer(cell.action, cell.facts) and self.is_ordinary(cells, cell):
                yield Breach(cell)


class Comparison(Law):
    """A law that forbids to reject what is allowed under certain other facts."""

    __slots__ = ()

    def _try(self, action: Any, facts: Any, decision: Decision) -> None:  # noqa: ARG002 - it compares two
        tuple(self.test(action, facts))

    def breaches(self, cells: Cells) -> Iterator[Breach]:
        """The rejections for which such facts exist."""
        for cell in cells.walk(self.reads):
            if cell.decision:
                continue
            varied = (cells.varied(cell, changes) for changes in self.test(cell.action, cell.facts))
            contrast = next((other for other in varied if other and other.decision), None)
            if contrast and self.is_ordinary(cells, cell):
                yield Breach(cell, contrast)


class Possibility(Law):
    """A law that asks for something to be allowed to somebody."""

    __slots__ = ()

    def _try(self, action: Any, facts: Any, decision: Decision) -> None:  # noqa: ARG002 - it asks for one
        self.test(action, facts)

    @property
    def looks_for_strength(self) -> bool:
        """What not even the strongest may do shows most."""
        return True

    def breaches(self, cells: Cells) -> Iterator[Breach]:
        """All cells in which it would be done, if it is allowed in none."""
        named: dict[object, list[Cell]] = {}
        for cell in cells.walk(self.reads):
            name = self.test(cell.action, cell.facts)
            if name is not None and name is not False and cells.is_known(cell):
                named.setdefault(name, []).append(cell)
        for alike in named.values():
            if not any(cell.decision for cell in alike):
                yield from map(Breach, alike)


Test: TypeAlias = Callable[[Any, Any, Decision], bool]
Variations: TypeAlias = Callable[[Any, Any], Iterable[Mapping[str, Value]]]
Claim: TypeAlias = Callable[[Any, Any], bool]
Purpose: TypeAlias = Callable[[Any, Any], object]
Ordinary: TypeAlias = Callable[[Cells, Cell], bool]
