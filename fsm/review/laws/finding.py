"""What a verification found: findings, and the review that they make up.

A finding holds nothing but words and numbers, so that it can be passed between
processes and written as JSON.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from fsm.family import AnyPolicy
from fsm.review.laws.kinds import Severity
from fsm.scenario import Log
from fsm.state import State


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What would mend a policy: the changes, and what may happen then, or no longer; or why none can."""

    changes: tuple[str, ...] = ()
    gained: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    cannot: str = ""


@dataclass(frozen=True, slots=True)
class Example:
    """One decision in words: what was asked under which facts, and the answer."""

    action: str
    facts: Mapping[str, str]
    allowed: bool
    transition: str | None
    after: str
    reason: str
    unusual: tuple[str, ...]
    """The facts that are not plain, but for the two states."""

    def question(self, policy: AnyPolicy) -> str:
        """What was asked, in the fewest words."""
        told = {name: _told(policy, name, word) for name, word in self.facts.items()}
        states = (f"{name}={told[name]}" for name in ("target", "sender"))
        others = (name if self.facts[name] == "true" else f"{name}={told[name]}" for name in self.unusual)
        return f"{self.action}, {', '.join([*states, *others])}"

    @property
    def answer(self) -> str:
        """What was decided, and why."""
        return f"allowed as {self.transition}" if self.allowed else f"rejected: {self.reason}"


@dataclass(frozen=True, slots=True)
class Finding:
    """A law that a policy breaks.

    `clause` is the title of the section that the law comes from, `says` what the draft
    says there, and `is_ours` whether the law is ours, where the draft is silent. `rows` are the
    transitions concerned, each with the number of its section. `cells` or `rooms`
    says how many show it. `example` is the smallest of the cells, counted from the strong
    case where `is_from_strong`, else from the plain one. `witness` is the
    shortest log whose last event shows the fault by its `answer`; it is None when no
    room can come to it, or when the policy's family offers no rooms to look in: then
    `is_reachable` is None, too. Where only a comparison shows the fault, `contrast` is the
    other cell, and `contrast_witness` a log with the other answer. `accepted` is the
    reason why nothing is to be done about it, and `suggestion` what would mend it, if that was asked for.
    """

    policy: str
    law: str
    sentence: str
    severity: Severity
    clause: str = ""
    says: tuple[str, ...] = ()
    is_ours: bool = False
    subject: str = ""
    rows: tuple[tuple[str, str], ...] = ()
    cells: int | None = None
    rooms: int | None = None
    answer: str = ""
    example: Example | None = None
    is_from_strong: bool = False
    witness: Log | None = None
    is_reachable: bool | None = None
    contrast: Example | None = None
    contrast_witness: Log | None = None
    accepted: str | None = None
    suggestion: Suggestion | None = None

    def as_json(self) -> dict[str, Any]:
        """The finding as JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Review:
    """What came of holding one policy against the laws.

    `matrix` says by state and action which transitions there are; it is empty for a policy whose rows are those
    of its whole family. `not_applied` names the laws that speak of facts or states which the policy does not
    have, and `not_searched` those that are held against smaller ones only.
    """

    policy: str
    title: str
    source: str
    cells: int
    rooms: int | None
    laws: int
    matrix: Mapping[str, Mapping[str, tuple[str, ...]]]
    not_applied: tuple[str, ...]
    findings: tuple[Finding, ...]
    not_searched: tuple[str, ...] = ()

    @property
    def open(self) -> tuple[Finding, ...]:
        """The findings that nobody has accepted."""
        return tuple(finding for finding in self.findings if finding.accepted is None)

    @property
    def no_row(self) -> dict[str, tuple[str, ...]]:
        """By state: the actions for which there is no transition."""
        return {state: tuple(action for action, rows in row.items() if not rows) for state, row in self.matrix.items()}

    def as_json(self) -> dict[str, Any]:
        """The review as JSON."""
        return {**asdict(self), "no_row": self.no_row, "holds": not self.open}


def _told(policy: AnyPolicy, name: str, word: str) -> str:
    """A value of a fact, told by its word, as text names it."""
    value = policy.domain.parse(name, word)
    return policy.called(value) if isinstance(value, State) else word
