"""The answer to "may this event happen, and if not, why?"."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from fsm.facts import F
from fsm.guards import Guard
from fsm.policy import Policy, Transition


class Row(Protocol[F]):  # type: ignore[misc]  # F is read and never written
    """What a refusal needs to know about the row that refused."""

    @property
    def id(self) -> str:
        """The verb by which people know it."""

    @property
    def guards(self) -> tuple[Guard[F], ...]:
        """The conditions, all of which must hold."""

    @property
    def clause(self) -> str:
        """The section it implements."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one row did not permit: all of its guards that failed, and its section."""

    transition: str
    failed: tuple[str, ...]
    clause: str


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer. A value: equal when equal, the same every time, true when allowed.

    `transition` is the id of the row that permitted, `before` and `after` the
    target's states (equal when rejected); all three are None for an event that
    changes nobody's participation. `refusals` holds one entry for every row
    that could have permitted; there is none when no row leads from this state
    by this action. `reason` is one line in plain words about the row that came
    nearest, empty when allowed.

    Only a family that takes some events as they are has decisions that are not
    `judged`: such an event is allowed, and the reason says why nobody asked.
    """

    allowed: bool
    transition: str | None = None
    before: StrEnum | None = None
    after: StrEnum | None = None
    refusals: tuple[Refusal, ...] = ()
    reason: str = ""
    judged: bool = True

    def __bool__(self) -> bool:
        # Without this every Decision is truthy, and `if decision:` would let everyone in.
        return self.allowed

    def as_json(self, policy: str) -> dict[str, Any]:
        """The answer in the shape of `fsm decide`; `policy` is the policy's id."""
        answer: dict[str, Any] = {
            "allowed": self.allowed,
            "transition": self.transition,
            "before": self.before,
            "after": self.after,
            "policy": policy,
        }
        if not self.judged:
            answer["judged"] = False
        if self.reason:
            answer["reason"] = self.reason
        answer["refusals"] = [
            {"transition": refusal.transition, "failed": list(refusal.failed), "clause": refusal.clause}
            for refusal in self.refusals
        ]
        return answer


def allow(row: Transition[F], before: StrEnum) -> Decision:
    """The decision in which `row` permits."""
    return Decision(allowed=True, transition=row.id, before=before, after=row.dest)


def refuse(policy: Policy[F], action: StrEnum, facts: F) -> Decision:
    """The decision in which no row of the policy permits."""
    before: StrEnum = facts.target  # type: ignore[attr-defined]
    rows = policy.candidates(action, before)
    if not rows:
        reason = f"no transition: `{action}` is not possible while the target is in `{before}`"
        return Decision(allowed=False, before=before, after=before, reason=reason)
    # A row for events of another kind is not what was asked for, however few of its guards failed.
    near = [row for row in rows if all(guard(facts) for guard in row.guards if guard.tells_kind)]
    return Decision(
        allowed=False,
        before=before,
        after=before,
        refusals=refusals(rows, facts),
        reason=explain(near or rows, facts),
    )


def judge(rows: Sequence[Row[F]], facts: F) -> Decision:
    """Allowed by any of the rows, or refused by all; nobody's participation changes."""
    if any(all(guard(facts) for guard in row.guards) for row in rows):
        return Decision(allowed=True)
    if not rows:
        return Decision(allowed=False, reason="nobody may send such an event")
    return Decision(allowed=False, refusals=refusals(rows, facts), reason=explain(rows, facts))


def refusals(rows: Iterable[Row[F]], facts: F) -> tuple[Refusal, ...]:
    """One refusal for each row, naming all of its guards that fail."""
    return tuple(Refusal(row.id, tuple(guard.name for guard in _failed(row, facts)), row.clause) for row in rows)


def explain(rows: Sequence[Row[F]], facts: F) -> str:
    """One line about the row of whose guards the smallest part failed, the first of equals."""
    row = min(rows, key=lambda row: len(_failed(row, facts)) / len(row.guards))
    return f"{row.id}: {', and '.join(guard.fails for guard in _failed(row, facts))}"


def _failed(row: Row[F], facts: F) -> list[Guard[F]]:
    return [guard for guard in row.guards if not guard(facts)]
