"""A change as a record: what a room answered to an event, and what that did.

A room makes one of each event that it accepts or refuses, if somebody is to be told, or
if it is prepared. It is written as JSON for audits and stores (`change.schema.json`), and
keeps its meaning: its fields are fixed, its codes stable.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

from fsm.decision import Decision
from fsm.facts import Value, spell
from fsm.state import AnyState
from fsm.table import Table


class Kind(StrEnum):
    """What observers ask for."""

    CHANGE = "change"
    """A participation change that is allowed: somebody moves, or is confirmed where they are."""
    REFUSAL = "refusal"
    """An event that is refused."""
    SETTING = "setting"
    """A state event that is allowed, and asks nobody to move."""
    TAKEN = "taken"
    """A state event that was taken as it stands."""


class Outcome(StrEnum):
    """How an event came."""

    SENT = "sent"
    """It was judged."""
    TAKEN = "taken"
    """It was taken as it stands."""


NONE: frozenset[Kind] = frozenset()
REFUSAL = frozenset((Kind.REFUSAL,))
SETTING = frozenset((Kind.SETTING,))
CHANGE = frozenset((Kind.CHANGE,))
CREATION = CHANGE | SETTING
"""A setting that puts its sender somewhere."""
TAKEN = frozenset((Kind.TAKEN,))

ALL = frozenset((NONE, REFUSAL, SETTING, CHANGE, CREATION, TAKEN))
"""The kinds that changes have."""


class Change(NamedTuple):
    """What a room answered to one event: true when it is allowed.

    `revision` is the number of events that the room has accepted with it; one that is
    refused leaves the number as it is. `target` is whom the event moves, or confirms where they are, from
    `before` to `after`; all three are None for other events. `reason` is the event's own,
    `message` our line on it. `event` is the event, and not to be changed; `facts` are those
    that the room's provider told, if it has one. What `is_repeated` was accepted before,
    and happens no second time. All else is that of the `decision`.
    """

    room: str | None
    revision: int
    event_id: str | None
    type: str
    sender: str
    target: str | None
    action: str | None
    before: AnyState | None
    after: AnyState | None
    reason: str | None
    decision: Decision
    policy: Table[Any]
    outcome: Outcome
    kinds: frozenset[Kind]
    event: Mapping[str, Any]
    facts: Mapping[str, Value] | None = None
    is_repeated: bool = False

    def __bool__(self) -> bool:
        return self.decision.allowed

    @property
    def allowed(self) -> bool:
        """Whether the event may happen."""
        return self.decision.allowed

    @property
    def transition(self) -> str | None:
        """The id of the row that permits."""
        return self.decision.transition

    @property
    def moves(self) -> bool:
        """Whether the target is somewhere else afterwards, as opposed to confirmed where they are."""
        return self.before != self.after

    @property
    def code(self) -> str:
        """What the answer rests on, in one word."""
        return self.decision.code.value

    @property
    def message(self) -> str:
        """Why not, in one line; empty when allowed."""
        return self.decision.reason

    @property
    def fingerprint(self) -> str:
        """That of the policy."""
        return self.policy.fingerprint

    def as_json(self) -> dict[str, Any]:
        """The record, by `change.schema.json`."""
        decision = self.decision
        return {
            "room": self.room,
            "revision": self.revision,
            "event_id": self.event_id,
            "type": self.type,
            "sender": self.sender,
            "target": self.target,
            "action": self.action,
            "allowed": decision.allowed,
            "transition": decision.transition,
            "before": word_of(self.before),
            "after": word_of(self.after),
            "refusals": [refusal.as_json() for refusal in decision.refusals],
            "code": self.code,
            "message": decision.reason,
            "reason": self.reason,
            "policy": self.policy.id,
            "fingerprint": self.fingerprint,
            "outcome": self.outcome.value,
        }

    def delta(self) -> dict[str, Any]:
        """What brings a room from the revision before to this one: an entry behind a snapshot, for `restore`."""
        told = {} if self.facts is None else {"facts": {name: spell(value) for name, value in self.facts.items()}}
        return {"revision": self.revision, "outcome": self.outcome.value, "event": self.event, **told}


def word_of(state: AnyState | None) -> str | int | None:
    """A state as JSON has it."""
    return None if state is None else state.value
