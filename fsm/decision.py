"""The answer to "may this event happen, and if not, why?"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, NamedTuple

from fsm.facts import F
from fsm.guards import Guard
from fsm.record import Record
from fsm.rule import Rule
from fsm.state import AnyState
from fsm.table import Table
from fsm.transition import Actor, Transition


class Code(StrEnum):
    """What an answer rests on, in one word."""

    ALLOWED = "allowed"
    """A row permits."""
    GUARD_FAILED = "guard_failed"
    """Rows for the action lead from the target's state, and guards of all of them failed."""
    NO_ROW = "no_row"
    """No row for the action leads from the target's state."""
    NOT_JUDGED = "not_judged"
    """Taken as it is: the family does not judge such events."""


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Refusal(Record):
    """Why one row did not permit: all of its guards that failed, and its section."""

    transition: str
    failed: tuple[str, ...]
    clause: str

    def as_json(self) -> dict[str, Any]:
        """The refusal as answers have it."""
        return {"transition": self.transition, "failed": list(self.failed), "clause": self.clause}


class DeniedChange(NamedTuple):
    """An entry that an event may not set as it does: its path, what stands there and what would, and the rule.

    What is absent is None.
    """

    field: str
    before: int | str | None
    after: int | str | None
    clause: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Decision(Record):
    """One answer. A value: equal when equal, the same every time, true when allowed.

    `transition` is the id of the row that permitted, `before` and `after` the
    target's states (equal when rejected), which are None for an event that
    changes nobody's participation. `refusals` holds one entry for every row
    that could have permitted; there is none when no row leads from this state
    by this action. `reason` is one line in plain words, empty when allowed: about the row
    that came nearest, of those for the kind of event that was asked for. Where none of
    that kind leads from the state, it says that the action is not possible there.
    `clause` and `guards` are the section of the row that permitted and the guards that
    held, empty when rejected; they follow from the row, and take no part in comparisons.
    `changes` are the entries that a rejected event may not set, where a family tells them.

    Only a family that takes some events as they are has decisions that are not
    `judged`: such an event is allowed, and the reason says why nobody asked.
    """

    allowed: bool
    transition: str | None = None
    before: AnyState | None = None
    after: AnyState | None = None
    refusals: tuple[Refusal, ...] = ()
    reason: str = ""
    judged: bool = True
    clause: str = field(default="", compare=False)
    guards: tuple[str, ...] = field(default=(), compare=False)
    changes: tuple[DeniedChange, ...] = ()

    @property
    def code(self) -> Code:
        """What the answer rests on."""
        if not self.judged:
            return Code.NOT_JUDGED
        if self.allowed:
            return Code.ALLOWED
        return Code.GUARD_FAILED if self.refusals else Code.NO_ROW

    def __bool__(self) -> bool:
        # Without this every Decision is truthy, and `if decision:` would let everyone in.
        return self.allowed

    def as_json(self, policy: str) -> dict[str, Any]:
        """The answer in the shape of `fsm decide`; `policy` is the policy's id."""
        answer: dict[str, Any] = {
            "allowed": self.allowed,
            "transition": self.transition,
            "before": None if self.before is None else self.before.value,
            "after": None if self.after is None else self.after.value,
            "policy": policy,
        }
        if not self.judged:
            answer["judged"] = False
        if self.reason:
            answer["reason"] = self.reason
        answer["refusals"] = [refusal.as_json() for refusal in self.refusals]
        if self.changes:
            answer["changes"] = [change._asdict() for change in self.changes]
        return answer


def allow(row: Transition[F], facts: F) -> Decision:
    """The decision in which `row` permits under these facts."""
    return allowed_by(row, facts.target, row.leads_to(facts))  # type: ignore[attr-defined]


def allowed_by(row: Transition[Any], before: AnyState, after: AnyState) -> Decision:
    """The decision in which `row` permits, and leads from one state to another."""
    return Decision(
        allowed=True, transition=row.id, before=before, after=after, clause=row.clause, guards=_names(row.guards)
    )


def refuse(policy: Table[F], action: StrEnum, facts: F) -> Decision:
    """The decision in which no row of the policy permits."""
    from fsm.kinds import meant  # noqa: PLC0415 - not every process needs it

    before: AnyState = facts.target  # type: ignore[attr-defined]
    rows = meant(policy, action, facts)
    return Decision(
        allowed=False,
        before=before,
        after=before,
        refusals=refusals(policy.rows_for(action, facts), facts),
        reason=explain(rows, facts) if rows else _impossible(policy, action, facts),
    )


def _impossible(policy: Table[F], action: StrEnum, facts: F) -> str:
    """One line for where no row leads on by what was asked for; others may be able to do what the sender is not."""
    from fsm.kinds import kinds_of  # noqa: PLC0415 - not every process needs it

    state, is_self = facts.target, facts.is_self  # type: ignore[attr-defined]
    by_row = kinds_of(policy, action).by_row
    selves = {kind.is_self for row in policy.candidates(action, state) for kind in by_row[row.id]}
    others = ", except by " + (Actor.ANOTHER if is_self else Actor.TARGET) if selves == {not is_self} else ""
    where = {policy.called(row.leads_to(facts)) for row in policy.candidates(action, state) if not row.leads(facts)}
    if len(where) == 1 and not policy.rows_for(action, facts):
        return f"no transition: `{action}` does not lead to `{where.pop()}` from `{policy.called(state)}`"
    return f"no transition: `{action}` is not possible while the target is in `{policy.called(state)}`{others}"


def judge(rules: Sequence[Rule[F]], facts: F) -> Decision:
    """Allowed by any of the rules, or refused by all; nobody's participation changes."""
    for rule in rules:
        if rule.permits(facts):
            return permit(rule)
    return refuse_by(rules, facts)


def refuse_by(rules: Sequence[Rule[F]], facts: F) -> Decision:
    """The decision in which none of the rules permits. The reason is in those for such an event, if there are any."""
    if not rules:
        return Decision(allowed=False, reason="nobody may send such an event")
    meant_by = [rule for rule in rules if all(guard(facts) for guard in rule.guards if guard.tells_kind)]
    return Decision(allowed=False, refusals=refusals(rules, facts), reason=explain(meant_by or rules, facts))


def permit(rule: Rule[F]) -> Decision:
    """The decision in which `rule` permits an event that moves nobody."""
    return Decision(allowed=True, clause=rule.clause, guards=_names(rule.guards))


def refusals(rules: Iterable[Rule[F]], facts: F) -> tuple[Refusal, ...]:
    """One refusal for each rule, naming all of its guards that fail."""
    return tuple(
        Refusal(rule.id, _names(failing), rule.clause_of(failing))
        for rule in rules
        for failing in [rule.failing(facts)]
    )


def explain(rules: Sequence[Rule[F]], facts: F) -> str:
    """One line about the rule of whose guards the smallest part failed, the first of equals."""
    rule = min(rules, key=lambda rule: len(rule.failing(facts)) / len(rule.guards))
    return f"{rule.id}: {', and '.join(guard.fails for guard in rule.failing(facts))}"


def _names(guards: Iterable[Guard[F]]) -> tuple[str, ...]:
    return tuple(guard.name for guard in guards)
