"""How much of a policy somebody's tests have seen: transitions fired, guards both true and false.

Theory of operation. Rooms look their decisions up in the machine's memory, so most
are computed once and only looked up ever after. What is recorded is therefore the
look-up: while a `Recorder` is on, a memory notes the key before it answers. At any
other time a memory is a plain dict, and costs what a dict costs. What the questions
showed is worked out at the end, from the table. The rules beside the table are noted
where they are asked (`fsm.classes.Rules`).

What a tool asks on its own account, such as a search for a room, is not recorded
(`fsm.unrecorded`).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from math import floor
from types import TracebackType
from typing import Any, Self, TypeAlias, cast

from fsm.classes import Answers, Beside, Met, Rules, UserClass
from fsm.decision import Decision
from fsm.domain import Domain
from fsm.family import AnyPolicy
from fsm.guards import Guard
from fsm.machine import Machine
from fsm.memory import Key, Memory
from fsm.policy import Transition
from fsm.review.compare.beside import check_rules
from fsm.review.vectors.cover import Grids
from fsm.rule import Rule
from fsm.unrecorded import is_unrecorded

Parts: TypeAlias = dict[str, bool]
"""The parts of a policy that can be seen, by name, and whether they have been."""

Asked: TypeAlias = tuple[tuple[str, ...], Any]
"""The ids of rules beside the table that were asked together, and the facts."""


@dataclass(frozen=True, slots=True)
class RowCoverage:
    """One transition: from which states it fired, and which outcomes of its guards were seen.

    Of a rule beside the table: whether it has permitted an event of its kind. Outcomes go
    by the name of the guard and `true` or `false`. What cannot happen is left out.
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
    """What has been seen of one policy, by transition, and by rule beside the table (its kind of event and its id)."""

    policy: str
    rows: Mapping[str, RowCoverage]
    rules: Mapping[str, RowCoverage] = field(default_factory=dict)

    @property
    def _all(self) -> Mapping[str, RowCoverage]:
        return {**self.rows, **self.rules}

    @property
    def shape(self) -> tuple[object, ...]:
        """What there is to see: the same for two runs of one policy, and not for policies that only share an id."""
        return (self.policy, *((row_id, *row.fired, *row.outcomes) for row_id, row in self._all.items()))

    @property
    def percent(self) -> float:
        """How much of all that there is to see has been seen."""
        parts = [part for row in self._all.values() for part in row.parts]
        return 100.0 * sum(parts) / len(parts) if parts else 100.0

    def merged(self, other: "Coverage") -> "Coverage":
        """What either of two runs of one policy has seen."""
        ours, theirs = (self.rows, self.rules), (other.rows, other.rules)
        merged = (
            {name: row.merged(more[name]) for name, row in own.items()} for own, more in zip(ours, theirs, strict=True)
        )
        return Coverage(self.policy, *merged)

    def as_json(self) -> dict[str, Any]:
        """For programs, and for other processes."""
        parts = {"rows": self.rows, "rules": self.rules}
        return {"policy": self.policy, **{name: _as_json(rows) for name, rows in parts.items()}}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read what `as_json` has written."""
        rows, rules = (
            {name: RowCoverage(row["fired"], row["outcomes"]) for name, row in value[part].items()}
            for part in ("rows", "rules")
        )
        return cls(value["policy"], rows, rules)

    def lines(self) -> Iterator[str]:
        """The coverage as a table."""
        width = max(len(name) for name in (*self._all, "transition"))
        yield f"{'transition':<{width}}  fired  guards  missing"
        for rows, missed in ((self.rows, "from {}"), (self.rules, "permitting")):
            for name, row in rows.items():
                counts = [f"{sum(each.values())}/{len(each)}" for each in (row.fired, row.outcomes)]
                missing = [missed.format(state) for state, seen in row.fired.items() if not seen]
                missing += [outcome for outcome, seen in row.outcomes.items() if not seen]
                what = ", ".join(missing) if any(row.parts) else "all"
                yield f"{name:<{width}}  {counts[0]:<5}  {counts[1]:<6}  {what}".rstrip()
        yield f"{self.policy}: {shown(self.percent)} % seen"


def _as_json(rows: Mapping[str, RowCoverage]) -> dict[str, Any]:
    return {name: {"fired": dict(row.fired), "outcomes": dict(row.outcomes)} for name, row in rows.items()}


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
        self._beside: dict[AnyPolicy, set[Asked]] = {}

    def __enter__(self) -> Self:
        keys, asked = self._keys, self._asked
        self._before = vars(Memory).get("__getitem__"), Machine.decide
        look_up, decide = self._before[0] or dict.__getitem__, Machine.decide
        self._before_beside = vars(Beside).get("__getitem__"), Rules.judge_beside
        look_up_beside, judge_beside = self._before_beside[0] or dict.__getitem__, Rules.judge_beside

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
                self._note(policy, answers.table.met)
            return decision

        def noted_rules(rules: Rules[Any, Any], some: Sequence[Rule[Any]], facts: Any) -> Decision:
            self._note(rules.memory.machine.policy, (some, facts))
            return judge_beside(rules, some, facts)

        def noted_beside(beside: Beside[Any], key: Any) -> Decision:
            self._note(beside.rules.memory.machine.policy, beside.question(key))
            decision: Decision = look_up_beside(beside, key)
            return decision

        self._by_class = vars(Answers).get("__getitem__")
        Answers.__getitem__ = noted_by_class  # type: ignore[method-assign, assignment]
        Memory.__getitem__ = noted_look_up  # type: ignore[method-assign, assignment]
        Machine.decide = noted_decide  # type: ignore[method-assign, assignment]
        Rules.judge_beside = noted_rules  # type: ignore[method-assign, assignment]
        Beside.__getitem__ = noted_beside  # type: ignore[method-assign, assignment]
        return self

    def _note(self, policy: Any, met: Met) -> None:
        """Note that rules beside the table were asked."""
        if met is not None and not is_unrecorded():
            rules, facts = met
            self._beside.setdefault(policy, set()).add((tuple(rule.id for rule in rules), facts))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        look_up, Machine.decide = self._before  # type: ignore[method-assign]
        beside, Rules.judge_beside = self._before_beside  # type: ignore[method-assign]
        memories: tuple[tuple[Any, Any], ...] = ((Memory, look_up), (Answers, self._by_class), (Beside, beside))
        for memory, before in memories:
            if before is None:
                del memory.__getitem__  # a plain dict again
            else:
                memory.__getitem__ = before

    @property
    def policies(self) -> tuple[AnyPolicy, ...]:
        """The policies that have been asked anything."""
        return tuple(dict.fromkeys((*self._keys, *self._asked, *self._beside)))

    def coverage(self, policy: AnyPolicy) -> Coverage:
        """What the questions have shown of a policy."""
        return coverage(policy, self._questions(policy), self._beside.get(policy, ()))

    def _questions(self, policy: AnyPolicy) -> set[tuple[StrEnum, Any]]:
        actions = {action.value: action for action in policy.triggers}
        questions = set(self._asked.get(policy, ()))
        for action, target, sender, code in self._keys.get(policy, ()):
            if action in actions:
                facts = policy.domain.unpack(code, target=target, sender=sender)
                questions.add((actions[action], facts))
        return questions


def coverage(policy: AnyPolicy, questions: Iterable[tuple[str, Any]], beside: Iterable[Asked] = ()) -> Coverage:
    """What questions show of a policy: each of its table is an action and a record of facts; others are beside it."""
    grids = Grids(policy)
    rows = {row.id: _unseen(grids, row) for row in policy.transitions}
    for action, facts in questions:
        candidates = policy.rows_for(action, facts)
        permitting = _note_outcomes(candidates, facts, rows)
        if permitting:
            rows[permitting][0][str(facts.target)] = True
    rules = {rule.id: (kind, rule) for kind, some in policy.rules_beside.items() for rule in some}
    parts = dict(_unseen_beside(policy))
    for ids, facts in beside:
        permitting = _note_outcomes([rules[rule_id][1] for rule_id in ids], facts, parts)
        if permitting:
            parts[permitting][0][rules[permitting][0]] = True
    named = {f"{rules[rule_id][0]}: {rule_id}": RowCoverage(*part) for rule_id, part in parts.items()}
    return Coverage(policy.id, {row_id: RowCoverage(*part) for row_id, part in rows.items()}, named)


def _note_outcomes(rules: Sequence[Rule[Any]], facts: Any, parts: Mapping[str, tuple[Parts, Parts]]) -> str | None:
    """Note what all guards of some rules say. The id of the rule that permits, the first if there are several."""
    for rule in rules:
        for guard in rule.guards:
            parts[rule.id][1][_outcome(guard, guard(facts))] = True
    return next((rule.id for rule in rules if rule.permits(facts)), None)


def _unseen_beside(policy: AnyPolicy) -> Iterator[tuple[str, tuple[Parts, Parts]]]:
    """By rule beside the table: what there is to see of it."""
    if policy.facts_beside is None:
        return
    domain: Domain[Any] = Domain(policy.facts_beside)
    permits = {(check.kind, check.rule): check.permits for check in check_rules(policy)}
    for kind, rules in policy.rules_beside.items():
        for rule in rules:
            outcomes = {
                _outcome(guard, holds): False
                for guard in rule.guards
                for holds in sorted({guard(facts) for facts, _ in domain.walk(domain.reads(guard.test))}, reverse=True)
            }
            yield rule.id, ({kind: False} if permits[kind, rule.id] else {}, outcomes)


def _unseen(grids: Grids, row: Transition[Any]) -> tuple[Parts, Parts]:
    """What there is to see of a row: it fires from each state, and each guard holds and fails."""
    grid, fires = grids.grid(row.trigger), grids.fires(row)
    asked = grid.at(row.source)
    fired = {str(state): False for state in grids.policy.states if state in row.source and fires & grid.at([state])}
    outcomes: Parts = {}
    for guard in row.guards:
        for holds, cells in ((True, grid.where(guard)), (False, ~grid.where(guard))):
            if asked & cells:
                outcomes[_outcome(guard, holds)] = False
    return fired, outcomes


def _outcome(guard: Guard[Any], holds: bool) -> str:
    return f"{guard.name} {str(holds).lower()}"
