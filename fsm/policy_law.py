"""Laws of what a policy was made of, such as the roles of a room: each says where it is broken, and how to mend it.

Laws of cells and of rooms (`fsm.review`) are held against any policy of a family. A
`PolicyLaw` asks a policy as it likes, and answers with `Fault`s: each in words, with the
shortest log whose last event shows it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeAlias

Log: TypeAlias = tuple[dict[str, Any], ...]


class Fault(NamedTuple):
    """Where a policy breaks a law: `subject` says it in words, and the last event of `log` shows it.

    `key` stays the same when other faults are mended. `ways` are changes of what the policy was made of
    that may mend it, the smallest first; each is a tuple that only the family knows to read. Where no change
    can, `cannot` says why.
    """

    key: tuple[Any, ...]
    subject: str
    log: Log
    ways: tuple[tuple[Any, ...], ...] = ()
    cannot: str = ""


@dataclass(frozen=True, slots=True)
class PolicyLaw:
    """A sentence about what a policy was made of; `severity` is `high`, `medium` or `low`.

    `limit` is the most states of a policy that the law is held against.
    """

    id: str
    sentence: str
    severity: str
    clause: str
    test: Callable[[Any], Iterable[Fault]]
    limit: int | None = None

    def is_held_against(self, policy: Any) -> bool:
        """Whether the policy has no more states than the law can be held against."""
        return self.limit is None or len(policy.states) <= self.limit


class Remedy(NamedTuple):
    """A change after which a law holds: in words, and what else may happen then, or no longer may."""

    changes: tuple[str, ...]
    gained: tuple[str, ...]
    lost: tuple[str, ...]


class Differences(Protocol):
    """What one policy changes about another, in words; true if anything."""

    @property
    def gained(self) -> tuple[str, ...]:
        """What may be done then."""

    @property
    def lost(self) -> tuple[str, ...]:
        """What may no longer be done."""

    @property
    def appear(self) -> tuple[str, ...]:
        """The states that there are then."""

    @property
    def go(self) -> tuple[str, ...]:
        """Those that there are no longer."""

    @property
    def bounds(self) -> tuple[str, ...]:
        """What else differs."""

    @property
    def beside(self) -> tuple[str, ...]:
        """What of all this is not about who may do what to whom, each line with its sign."""

    def as_json(self) -> dict[str, Any]:
        """The same as JSON."""


class Repairs(Protocol):
    """What a family offers to mend its policies with."""

    def remedy(self, policy: Any, law: PolicyLaw, fault: Fault) -> Remedy | str:
        """The smallest change found after which the fault is gone, and no worse one has come; or why there is none."""

    def repaired(self, policy: Any) -> tuple[Any, tuple[str, ...]]:
        """The policy after all repairs that could be found, and these in words."""

    def changes(self, old: Any, new: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """In words: what may happen under the new policy only, and what no longer."""

    def preview(self, old: Any, new: Any) -> "Differences":
        """What one policy changes about the other."""

    def data_of(self, policy: Any) -> dict[str, Any]:
        """What the family makes the policy of, as JSON."""
