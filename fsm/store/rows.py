"""A change as a row of `fsm_changes`, and back.

A row holds what the record of a change says (`fsm.change`), and the event itself. What is
erased has no event any more, nor the names of who is forgotten.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache, lru_cache
from typing import Any, NamedTuple

from fsm.change import Change, Kind, Outcome, word_of
from fsm.decision import Decision, allowed_by
from fsm.errors import EventError, shorten
from fsm.facts import spell
from fsm.family import AnyPolicy
from fsm.past import GIVEN
from fsm.snapshot import states_by_word
from fsm.state import AnyState, State

MAX_NAME = 1000
"""So many bytes an id may have that is kept: a database does not index longer ones."""

_NAMES = ("event_id", "sender", "target")
_TEXTS = ("type", "action", "reason")
_NUL = "holds a NUL, which databases do not keep"
_NUL_IN_JSON = "\\u0000"

PolicyOf = Callable[[str, str], AnyPolicy | None]
"""The policy of an id and a fingerprint; None where it is not at hand."""


class Row(NamedTuple):
    """A row of `fsm_changes`, but for what the database adds: its number, and that of the transaction."""

    room_id: str
    revision: int
    event_id: str | None
    type: str
    sender: str
    target: str | None
    action: str | None
    transition: str | None
    rule: str | None
    before: str | None
    after: str | None
    reason: str | None
    policy: str
    fingerprint: str
    outcome: str
    kinds: str
    event: str
    facts: str | None


class Judge(NamedTuple):
    """A policy that judged, where it is not at hand itself: the roles of a room as they were, or an earlier version."""

    id: str
    fingerprint: str


def row_of(room_id: str, change: Change, rule: str | None) -> Row:
    """The row of a change that is allowed; `rule` is the rule beside the table that permitted, if one did.

    Raises `EventError` for what no database keeps.
    """
    (
        _, revision, event_id, event_type, sender, target, action, before, after, reason, decision, policy, outcome,
        kinds, value, facts, _,
    ) = change  # fmt: skip
    event = to_json(value)
    # As `Row(…)` does, in half the time.
    row = tuple.__new__(Row, (
        room_id, revision, event_id, event_type, sender, target, action, decision.transition, rule, text_of(before),
        text_of(after), reason, policy.id, policy.fingerprint, outcome.value, _words(kinds), event,
        None if facts is None else to_json({name: spell(value) for name, value in facts.items()}),
    ))  # fmt: skip
    if len(event) > MAX_NAME or _NUL_IN_JSON in event or target == "":
        _check(row)
    return row


def _check(row: Row) -> None:
    """Raise `EventError` for what no database keeps; all of it stands in the event."""
    for name in _NAMES:
        check_name(name, getattr(row, name))
    for name in _TEXTS:
        if "\0" in (getattr(row, name) or ""):
            raise EventError(name, _NUL)


@cache
def _words(kinds: frozenset[Kind]) -> str:
    return " ".join(kind for kind in Kind if kind in kinds)


def check_name(field: str, name: str | None) -> None:
    """Raise `EventError` for the id of a room, an event or a user that no database keeps."""
    if name is None or is_kept(name):
        return
    is_long = "\0" not in name
    raise EventError(field, f"`{shorten(name)}` is too long to be kept: {MAX_NAME} bytes at most" if is_long else _NUL)


def is_kept(name: str) -> bool:
    """Whether a database keeps an id."""
    try:
        return "\0" not in name and 0 < len(name) <= MAX_NAME and (name.isascii() or len(name.encode()) <= MAX_NAME)
    except UnicodeEncodeError:
        return False


_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode


def to_json(value: Mapping[str, Any]) -> str:
    """A value as JSON. Raises `EventError` for what JSON cannot say."""
    try:
        return _encode(value)
    except (ValueError, TypeError, RecursionError):
        raise EventError("", "cannot be kept: it is no JSON, or nested too deeply") from None


@lru_cache
def text_of(state: AnyState | None) -> str | None:
    """A state as a row has it: its word, or the digits of its number."""
    word = word_of(state)
    return None if word is None else str(word)


def state_of(text: str, policy: AnyPolicy | None) -> AnyState:
    """A state by its text; one that the policy does not have, or has no more, stands for itself."""
    known = None if policy is None else policy.derived(_states_by_text).get(text)
    return known or State(int(text) if text.isdecimal() else text)


def _states_by_text(policy: Any) -> dict[str, AnyState]:
    return {str(word): state for word, state in states_by_word(policy).items()}


def change_of(row: Any, policy_of: PolicyOf) -> Change:
    """The change that a row is of."""
    policy = policy_of(row.policy, row.fingerprint)
    before, after = (None if text is None else state_of(text, policy) for text in (row.before, row.after))
    outcome = Outcome(row.outcome)
    return Change(
        row.room_id, row.revision, row.event_id, row.type, row.sender or "", row.target, row.action, before, after,
        row.reason, decision_of(row, policy, before, after), policy or Judge(row.policy, row.fingerprint),  # type: ignore[arg-type]
        outcome, frozenset(map(Kind, row.kinds.split())), {} if row.event is None else json.loads(row.event),
        None if row.facts is None else _facts_of(json.loads(row.facts), policy),
    )  # fmt: skip


def _facts_of(words: dict[str, Any], policy: AnyPolicy | None) -> dict[str, Any]:
    """Facts by their words, which stand for themselves where the policy is not at hand."""
    return words if policy is None else {name: policy.domain.parse(name, word) for name, word in words.items()}


def decision_of(row: Any, policy: AnyPolicy | None, before: AnyState | None, after: AnyState | None) -> Decision:
    """The answer to an event that was accepted."""
    if row.outcome == Outcome.TAKEN:
        return GIVEN
    rows: Iterable[Any] = () if policy is None else policy.transitions
    for each in rows:
        if each.id == row.transition and before is not None and after is not None:
            return allowed_by(each, before, after)
    moves = row.transition is not None
    return Decision(
        allowed=True, transition=row.transition, before=before if moves else None, after=after if moves else None
    )
