"""A decision is a value that explains itself."""

import copy
import json
import pickle
from dataclasses import FrozenInstanceError, fields
from typing import Any

import pytest

from fsm import MIMI, Decision, JoinRule, Machine, Refusal
from fsm.decision import Code
from fsm.memory import memory_of
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, STAFF, Given, facts, label

MACHINE = Machine(MIMI)
PUBLIC, KNOCKABLE = JoinRule.PUBLIC, JoinRule.KNOCK
SELF = {"is_self": True}

ALLOWED = Decision(allowed=True, transition="kick", before=JOIN, after=LEAVE)
REFUSED = Decision(
    allowed=False,
    before=BAN,
    after=BAN,
    refusals=(Refusal("unban", ("sender_may_ban", "sender_outranks_for_ban"), "5.6.2"),),
    reason="unban: the sender may not ban",
)


def test_a_decision_is_as_true_as_its_answer() -> None:
    assert bool(ALLOWED) is True
    assert bool(REFUSED) is False
    assert bool(Decision(allowed=True)) is True, "also for an event that changes nobody's participation"


@pytest.mark.parametrize("value", [ALLOWED, REFUSED, *REFUSED.refusals])
def test_decisions_and_refusals_cannot_be_changed(value: Decision | Refusal) -> None:
    assert not hasattr(value, "__dict__")
    for field in fields(value):
        with pytest.raises(FrozenInstanceError):
            setattr(value, field.name, True)


@pytest.mark.parametrize("decision", [ALLOWED, REFUSED])
def test_decisions_are_equal_when_they_say_the_same(decision: Decision) -> None:
    twin = copy.deepcopy(decision)
    assert twin == decision
    assert hash(twin) == hash(decision)
    assert pickle.loads(pickle.dumps(decision)) == decision  # noqa: S301 - pickled on this very line
    assert ALLOWED != REFUSED


def test_decisions_are_made_once_and_shared() -> None:
    memory = memory_of(MIMI)
    key = (LEAVE, JOIN, JOIN, 0)
    assert memory[key] is memory[key]
    assert memory_of(MIMI) is memory


def test_an_allowed_decision_in_json() -> None:
    assert json.loads(json.dumps(ALLOWED.as_json("mimi"))) == {
        "allowed": True,
        "transition": "kick",
        "before": "join",
        "after": "leave",
        "policy": "mimi",
        "refusals": [],
    }


def test_a_refused_decision_in_json() -> None:
    assert json.loads(json.dumps(REFUSED.as_json("mimi"))) == {
        "allowed": False,
        "transition": None,
        "before": "ban",
        "after": "ban",
        "policy": "mimi",
        "reason": "unban: the sender may not ban",
        "refusals": [
            {"transition": "unban", "failed": ["sender_may_ban", "sender_outranks_for_ban"], "clause": "5.6.2"}
        ],
    }


def test_a_decision_on_another_kind_of_event_in_json() -> None:
    assert Decision(allowed=True).as_json("tea") == {
        "allowed": True,
        "transition": None,
        "before": None,
        "after": None,
        "policy": "tea",
        "refusals": [],
    }


# The action, what is given besides a plain room, and the line that the refusal says.
# fmt: off
REASONS: list[tuple[str, Given, str]] = [
    # No row leads from here.
    (INVITE, {**STAFF, "target": JOIN}, "no transition: `invite` is not possible while the target is in `join`"),
    (INVITE, {**STAFF, "target": BAN},  "no transition: `invite` is not possible while the target is in `ban`"),
    (JOIN,   {"target": BAN, **SELF},   "no transition: `join` is not possible while the target is in `ban`"),
    (KNOCK,  {"target": BAN, **SELF},   "no transition: `knock` is not possible while the target is in `ban`"),
    (KNOCK,  {"target": INVITE, **SELF}, "no transition: `knock` is not possible while the target is in `invite`"),
    (LEAVE,  {**STAFF, "target": LEAVE}, "no transition: `leave` is not possible while the target is in `leave`"),
    # One row, one guard; one row, many guards.
    (INVITE, {"target": LEAVE},         "invite: the sender may not invite"),
    (INVITE, {"target": LEAVE, "sender": LEAVE},
     "invite: the sender is not joined, and the sender may not invite"),
    (JOIN,   {"target": LEAVE, **SELF}, "join: the room is not public"),
    (KNOCK,  {"target": LEAVE, **SELF}, "knock: the room takes no knocks"),
    (KNOCK,  {"target": LEAVE, "join_rule": PUBLIC},
     "knock: the sender is not the target, and the room takes no knocks"),
    (BAN,    {**STAFF, **SELF},         "ban: the sender is the target"),
    (LEAVE,  {"target": BAN},
     "unban: the sender may not ban, and the sender does not outrank the target for banning"),
    # Two rows: the one that this sender could ever use, however many of its guards failed.
    (LEAVE,  {**STAFF, "outranks_for_kick": False}, "kick: the sender does not outrank the target for kicking"),
    (LEAVE,  {"sender": KNOCK},
     ("kick: the sender is not joined, and the sender may not kick, "
      "and the sender does not outrank the target for kicking")),
    (LEAVE,  {"target": INVITE, "may_kick": True}, "revoke: the sender does not outrank the target for kicking"),
    (LEAVE,  {"target": KNOCK, "outranks_for_kick": True}, "deny: the sender may not kick"),
    # Rows lead from here, but none by which the target could leave.
    (LEAVE,  {"target": BAN, **SELF},
     "no transition: `leave` is not possible while the target is in `ban`, except by another user"),
    # Rows that only the target could use, tried by another.
    (JOIN,   {**STAFF, "target": INVITE}, "accept: the sender is not the target"),
    (JOIN,   {**STAFF, "target": JOIN},   "rejoin: the sender is not the target"),
    (JOIN,   {**STAFF, "target": KNOCK, "join_rule": PUBLIC}, "join: the sender is not the target"),
]
# fmt: on


@pytest.mark.parametrize(("action", "given", "reason"), REASONS, ids=label)
def test_the_reason_is_about_the_row_that_came_nearest(action: Any, given: Given, reason: str) -> None:
    decision = MACHINE.decide(action, facts(**given))
    assert not decision
    assert decision.reason == reason


def test_a_refusal_names_every_failed_guard_of_every_candidate_row() -> None:
    assert MACHINE.decide(LEAVE, facts(sender=LEAVE, may_kick=True)).refusals == (
        Refusal("leave", ("sender_is_target",), "5.6.1"),
        Refusal("kick", ("sender_is_joined", "sender_outranks_for_kick"), "5.6.2"),
    )


def test_a_missing_row_is_told_from_a_failed_guard() -> None:
    no_row = MACHINE.decide(INVITE, facts(**STAFF, target=BAN))
    failed = MACHINE.decide(INVITE, facts(target=LEAVE))
    assert not no_row
    assert not failed
    assert (no_row.refusals, no_row.code) == ((), Code.NO_ROW)
    assert (failed.refusals, failed.code) == ((Refusal("invite", ("sender_may_invite",), "5.2"),), Code.GUARD_FAILED)


def test_the_refusals_are_of_every_row_also_where_none_was_meant() -> None:
    own = MACHINE.decide(LEAVE, facts(target=BAN, **SELF))
    assert (own.code, [refusal.transition for refusal in own.refusals]) == (Code.GUARD_FAILED, ["unban"])


def test_an_allowed_decision_says_what_happens_and_needs_no_reason() -> None:
    decision = MACHINE.decide(INVITE, facts(**STAFF, target=KNOCK))
    assert decision == Decision(allowed=True, transition="welcome", before=KNOCK, after=INVITE)
    assert (decision.refusals, decision.reason, decision.code) == ((), "", Code.ALLOWED)
    assert (decision.clause, decision.guards) == ("5.2", ("sender_is_joined", "sender_may_invite"))


def test_what_is_not_judged_says_so() -> None:
    given = Decision(allowed=True, judged=False, reason="not judged: given as state")
    assert given.code is Code.NOT_JUDGED
    assert given.as_json("tea") == {
        **Decision(allowed=True).as_json("tea"), "judged": False, "reason": "not judged: given as state",
    }  # fmt: skip


def test_a_knock_answered_by_the_rule() -> None:
    assert MACHINE.decide(KNOCK, facts(target=LEAVE, is_self=True, join_rule=KNOCKABLE)).after is KNOCK
