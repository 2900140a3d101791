"""How much of a policy somebody's tests have seen: transitions fired, guards both true and false.

Theory of operation. Rooms look their decisions up in the machine's memory, so most
are computed once and only looked up ever after. What is recorded is therefore the
look-up: while a `Recorder` is on, a memory notes the key before it answers. At any
other time a memory is a plain dict, and costs what a dict costs. What the questions
showed is worked out at the end, from the table.

What a tool asks on its own account, such as a search for a room, is not recorded
(`fsm.unrecorded`).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import floor
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

from fsm.classes import Answers, UserClass
from fsm.decision import Decision
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.machine import Key, Machine, Memory
from fsm.policy import Transition
from fsm.review.vectors.cover import Board
from fsm.unrecorded import is_unrecorded

Parts: TypeAlias = dict[str, bool]
"""The parts of a policy that can be seen, by name, and whether they have been."""


@dataclass(frozen=True, slots=True)
class RowCoverage:
    """One transition: from which states it fired, and which outcomes of its guards were seen.

    Outcomes go by the name of the guard and `true` or `false`. What cannot happen
    is left out.
    """

    fired: Mapping[str, bool]
    outcomes: Mapping[str, bool]

    @property
    def parts(self) -> tuple[bool, ...]:
        """Everything there is to see."""
        return (*self.fired.values(), *self.outcomes.values())

    def merged(self, other: "RowCoverage") -> "RowCoverage":
        """What either of two runs has seen."""
        fired = {state: seen or other.fired[state] for state, seen in self.fired.items()}
        return RowCoverage(fired, {name: seen or other.outcomes[name] for name, seen in self.outcomes.items()})


@dataclass(frozen=True, slots=True)
class Coverage:
    """What has been seen of one policy, by transition."""

    policy: str
    rows: Mapping[str, RowCoverage]

    @property
    def shape(self) -> tuple[object, ...]:
        """What there is to see: the same for two runs of one policy, and not for policies that only share an id."""
        return (self.policy, *((row_id, *row.fired, *row.outcomes) for row_id, row in self.rows.items()))

    @property
    def percent(self) -> float:
        """How much of all that there is to see has been seen."""
        parts = [part for row in self.rows.values() for part in row.parts]
        return 100.0 * sum(parts) / len(parts) if parts else 100.0

    def merged(self, other: "Coverage") -> "Coverage":
        """What either of two runs of one policy has seen."""
        return Coverage(self.policy, {row_id: row.merged(other.rows[row_id]) for row_id, row in self.rows.items()})

    def as_json(self) -> dict[str, Any]:
        """For programs, and for other processes."""
        return {
            "policy": self.policy,
            "rows": {
                row_id: {"fired": dict(row.fired), "outcomes": dict(row.outcomes)} for row_id, row in self.rows.items()
            },
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` has written."""
        rows = {row_id: RowCoverage(row["fired"], row["outcomes"]) for row_id, row in value["rows"].items()}
        return cls(value["policy"], rows)

    def lines(self) -> Iterator[str]:
        """The coverage as a table."""
        width = max(len(row_id) for row_id in (*self.rows, "transition"))
        yield f"{'transition':<{width}}  fired  guards  missing"
        for row_id, row in self.rows.items():
            counts = [f"{sum(each.values())}/{len(each)}" for each in (row.fired, row.outcomes)]
            missing = [f"from {state}" for state, seen in row.fired.items() if not seen]
            missing += [name for name, seen in row.outcomes.items() if not seen]
            what = ", ".join(missing) if any(row.parts) else "all"
            yield f"{row_id:<{width}}  {counts[0]:<5}  {counts[1]:<6}  {what}".rstrip()
        yield f"{self.policy}: {shown(self.percent)} % seen"


def shown(percent: float) -> str:
    """A percentage that says 100 only when it is."""
    return f"{floor(percent * 10) / 10:g}"


class Recorder:
    """Notes every question that any policy is asked while it is on, but for those that a tool asks on its own account.

    It can be on several times, and one inside another.
    """

    def __init__(self) -> None:
        self._keys: dict[AnyPolicy, set[Key]] = {}
        self._asked: dict[AnyPolicy, set[tuple[StrEnum, Any]]] = {}

    def __enter__(self) -> Self:
        keys, asked = self._keys, self._asked
        self._before = vars(Memory).get("__getitem__"), Machine.decide
        look_up, decide = self._before[0] or dict.__getitem__, Machine.decide

        def noted_look_up(memory: Memory[Any], key: Key) -> Decision:
            decision: Decision = look_up(memory, key)
            if not is_unrecorded():
                keys.setdefault(cast("AnyPolicy", memory.machine.policy), set()).add(key)
            return decision

        def noted_decide(machine: Machine[Any], action: StrEnum, facts: Any) -> Decision:
            if not is_unrecorded():
                asked.setdefault(cast("AnyPolicy", machine.policy), set()).add((action, facts))
            return decide(machine, action, facts)

        def noted_by_class(answers: Answers, target: UserClass) -> Decision:
            decision: Decision = dict.__getitem__(answers, target)
            if not is_unrecorded():
                policy = cast("AnyPolicy", answers.table.memory.machine.policy)
                keys.setdefault(policy, set()).add(answers.question(target))
            return decision

        self._by_class = vars(Answers).get("__getitem__")
        Answers.__getitem__ = noted_by_class  # type: ignore[method-assign, assignment]
        Memory.__getitem__ = noted_look_up  # type: ignore[method-assign, assignment]
        Machine.decide = noted_decide  # type: ignore[method-assign, assignment]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        look_up, decide = self._before
        if look_up is None:
            del Memory.__getitem__  # a plain dict again
        else:
            Memory.__getitem__ = look_up  # type: ignore[method-assign]
        Machine.decide = decide  # type: ignore[method-assign]
        if self._by_class is None:
            del Answers.__getitem__
        else:
            Answers.__getitem__ = self._by_class  # type: ignore[method-assign]

    @property
    def policies(self) -> tuple[AnyPolicy, ...]:
        """The policies that have been asked anything."""
        return tuple(dict.fromkeys((*self._keys, *self._asked)))

    def coverage(self, policy: AnyPolicy) -> Coverage:
        """What the questions have shown of a policy."""
        return coverage(policy, self._questions(policy))

    def _questions(self, policy: AnyPolicy) -> set[tuple[StrEnum, Any]]:
        actions = {action.value: action for action in policy.triggers}
        questions = set(self._asked.get(policy, ()))
        for action, target, sender, code in self._keys.get(policy, ()):
            if action in actions:
                facts = policy.domain.unpack(code, target=target, sender=sender)
                questions.add((actions[action], facts))
        return questions


def coverage(policy: AnyPolicy, questions: Iterable[tuple[str, Any]]) -> Coverage:
    """What these questions, each an action and a record of facts, show of a policy."""
    board = Board(policy)
    rows = {row.id: _unseen(board, row) for row in policy.transitions}
    for action, facts in questions:
        candidates = policy.rows_for(action, facts)
        for row in candidates:
            _, outcomes = rows[row.id]
            for guard in row.guards:
                outcomes[_outcome(guard, guard(facts))] = True
        permitting = next((row for row in candidates if row.permits(facts)), None)
        if permitting:
            rows[permitting.id][0][str(facts.target)] = True
    return Coverage(policy.id, {row_id: RowCoverage(*parts) for row_id, parts in rows.items()})


def _unseen(board: Board, row: Transition[Any]) -> tuple[Parts, Parts]:
    """What there is to see of a row: it fires from each state, and each guard holds and fails."""
    grid, fires = board.grid(row.trigger), board.fires(row)
    asked = grid.at(row.source)
    fired = {str(state): False for state in board.policy.states if state in row.source and fires & grid.at([state])}
    outcomes: Parts = {}
    for guard in row.guards:
        for holds, cells in ((True, grid.where(guard)), (False, ~grid.where(guard))):
            if asked & cells:
                outcomes[_outcome(guard, holds)] = False
    return fired, outcomes


def _outcome(guard: Guard[Any], holds: bool) -> str:
    return f"{guard.name} {str(holds).lower()}"
