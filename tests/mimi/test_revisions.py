"""The published revisions, read a second time as the texts have it: section by section, as conditions."""

from collections.abc import Callable

import pytest

from fsm import Decision, Refusal
from fsm.memory import memory_of
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.participation.facts import Facts
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JOIN,
    JSON,
    KNOCK,
    LEAVE,
    STAFF,
    Given,
    change,
    facts,
    joined,
    label,
    message,
    name_of_room,
    role,
    role_map,
    room,
)
from tests.mimi.test_policies import CASES, KNOCKABLE, MOVES, SELF

REVISIONS = [MIMI_00, MIMI_01]

# Of the rows of `mimi`, these are not in the revisions, and these are others there. All else is the same.
# fmt: off
ABSENT = {"revoke", "deny"}
OTHER_MOVES: dict[str, tuple[set[str], str]] = {
    "knock": ({LEAVE, INVITE}, KNOCK),
    "ban":   ({LEAVE, INVITE, JOIN, KNOCK}, BAN),
    "reban": ({BAN}, BAN),
}
OTHER_CASES: list[tuple[str, Given, tuple[str, ...]]] = [
    ("knock", {"target": LEAVE, **SELF, "join_rule": KNOCKABLE},                ()),
    ("knock", {"target": INVITE, **SELF, "join_rule": KNOCKABLE},               ()),
    ("knock", {"target": INVITE, **SELF},                                       ("room_takes_knocks",)),
    ("knock", {"target": INVITE, **STAFF, "join_rule": KNOCKABLE},              ("sender_is_target",)),

    ("ban",   {"target": LEAVE, "may_ban": True},                               ()),
    ("ban",   {"target": INVITE, "may_ban": True},                              ()),
    ("ban",   {"target": JOIN, "may_ban": True},                                ()),
    ("ban",   {"target": JOIN, "may_ban": True, **SELF},                        ()),
    ("ban",   {"target": KNOCK, "may_ban": True},                               ()),
    ("ban",   {"target": JOIN, **STAFF, "sender": LEAVE},                       ("sender_is_joined",)),
    ("ban",   {"target": LEAVE, **STAFF, "may_ban": False},                     ("sender_may_ban",)),

    ("reban", {"target": BAN, "may_ban": True},                                 ()),
    ("reban", {"target": BAN, **STAFF, **SELF},                                 ("sender_is_joined",)),
    ("reban", {"target": BAN, **STAFF, "may_ban": False},                       ("sender_may_ban",)),
]
# fmt: on
REVISED_CASES = [*(case for case in CASES if case[0] not in {*ABSENT, *OTHER_MOVES}), *OTHER_CASES]


@pytest.mark.parametrize(("row", "given", "failed"), REVISED_CASES, ids=label)
@pytest.mark.parametrize("policy", REVISIONS, ids=label)
def test_transition(policy: MimiPolicy, row: str, given: Given, failed: tuple[str, ...]) -> None:
    (transition,) = (each for each in policy.transitions if each.id == row)
    situation = facts(**given)
    decision = memory_of(policy).machine.decide(transition.trigger, situation)
    if failed:
        assert decision.allowed or Refusal(row, failed, transition.clause) in decision.refusals
        assert decision.transition != row
    else:
        assert decision == Decision(
            allowed=True, transition=row, before=situation.target, after=transition.leads_to(situation)
        )


@pytest.mark.parametrize("policy", REVISIONS, ids=label)
def test_the_rows_are_these(policy: MimiPolicy) -> None:
    moves = {row: (source, dest) for row, _, source, dest, *_ in MOVES if row not in ABSENT}
    assert {row.id: (row.source, row.dest) for row in policy.transitions} == {**moves, **OTHER_MOVES}


def invite(facts: Facts) -> bool:
    # "The target user for an invite MUST: NOT already be in the banned state. NOT already be in
    # the joined state. The sender … MUST: Already be in the joined state. Have permission …"
    return facts.target not in ("ban", "join") and facts.sender == "join" and facts.may_invite


def join(facts: Facts) -> bool:
    # "The target and sender of a join MUST be the same." "If the join rule is `invite` or `knock`,
    # the user MUST already be in the joined or invite state. If the join rule is `public`, the
    # user MUST NOT already be in the banned state."
    if not facts.is_self:
        return False
    if facts.join_rule in ("invite", "knock"):
        return facts.target in ("join", "invite")
    return facts.target != "ban"


def knock(facts: Facts) -> bool:
    # "The target and sender of a knock MUST be the same. If the current join rule for the room is
    # `knock`, the user MUST NOT already be in the banned or joined state. Otherwise, reject."
    return facts.is_self and facts.join_rule == "knock" and facts.target not in ("ban", "join")


def ban(facts: Facts) -> bool:
    # "The sender for a ban MUST: Already be in the joined state. Have permission to ban users."
    return facts.sender == "join" and facts.may_ban


def leave(facts: Facts) -> bool:
    # "When the target and sender of a leave is the same, it is a voluntary leave."
    if facts.is_self:
        return facts.target in ("invite", "join", "knock")
    if facts.sender != "join":
        return False
    # "If the target user is in the banned state, the sender requires permission to ban users
    # instead. This additionally extends to the effective power level check."
    if facts.target == "ban":
        return facts.may_ban and facts.outranks_for_ban
    # "The target user for a kick MUST: Already be in the joined state."
    return facts.target == "join" and facts.may_kick and facts.outranks_for_kick


CONDITIONS: dict[str, Callable[[Facts], bool]] = {
    "invite": invite, "join": join, "knock": knock, "ban": ban, "leave": leave,
}  # fmt: skip


@pytest.mark.walk
@pytest.mark.parametrize("policy", REVISIONS, ids=lambda policy: policy.id)
def test_every_cell_is_decided_as_the_text_says(policy: MimiPolicy) -> None:
    machine = memory_of(policy).machine
    for action, given in policy.cells():
        decision = machine.decide(action, given)
        allowed = CONDITIONS[action](given)
        assert decision.allowed is allowed, (action, given)
        assert decision.after == (action if allowed else given.target)


@pytest.mark.walk
def test_the_same_move_goes_by_the_same_name() -> None:
    default = memory_of(MIMI).machine
    only_here = set()
    for policy in REVISIONS:
        machine = memory_of(policy).machine
        for action, given in policy.cells():
            decision, other = machine.decide(action, given), default.decide(action, given)
            if decision and other:
                assert decision.transition == other.transition
            elif decision:
                only_here.add(decision.transition)
    assert only_here == {"knock", "ban", "reban"}


def test_each_row_cites_its_own_text() -> None:
    assert [row.clause for row in MIMI_00.transitions] == [
        f"6{row.clause.removeprefix('5')}" for row in MIMI_01.transitions
    ]
    assert {row.clause for row in MIMI_01.transitions} == {"5.2", "5.3", "5.4", "5.5", "5.6.1", "5.6.2"}


def test_a_no_protects_its_holder_in_the_revisions_only() -> None:
    log: list[JSON] = [
        *joined(BOB, CAROL),
        role("kicker", {"kick": True}),
        role("protected", {"kick": False}),
        role_map(("kicker", 1, [ALICE, BOB]), ("protected", 2, [CAROL])),
    ]
    # What the default policy takes as `m.user`, the revisions call `m.room.user`.
    log = [{**event, "type": event["type"].replace("m.user", "m.room.user")} for event in log]
    kick = {**change("leave", BOB, CAROL), "type": "m.room.user"}
    assert [room(*log, policy=policy).decide(kick).transition for policy in (MIMI, MIMI_00, MIMI_01)] == [
        "kick",
        None,
        None,
    ]


REDACTION: JSON = {"type": "m.room.redaction", "sender": BOB, "content": {"redacts": "$1"}}
TYPES = {"m.message": True, "m.room.name": True, "m.room.role": True, "m.room.redaction": True}

# What Bob, who is joined, may send with a role of these permissions: in `mimi`, in -00, in -01.
# fmt: off
OTHERS: list[tuple[JSON, JSON, tuple[bool, bool, bool]]] = [
    (message(BOB),                       {},                                        (True,  False, True)),
    (message(BOB),                       {"events": TYPES},                         (True,  True,  True)),
    (message(BOB),                       {"events": {"m.message": False}},          (False, False, True)),
    (message(BOB),                       {"sendMessages": False},                   (False, False, False)),
    (message(BOB),                       {"sendMessages": False, "events": TYPES},  (False, True,  False)),
    (name_of_room(BOB),                  {},                                        (False, False, True)),
    (name_of_room(BOB),                  {"events": TYPES},                         (True,  True,  True)),
    (name_of_room(BOB),                  {"sendMessages": False},                   (False, False, False)),
    (role("low", {}, BOB),               {"events": TYPES},                         (False, False, False)),
    (role("low", {}, BOB),               {"roles": ["low"]},                        (False, False, True)),
    (role("low", {}, BOB),               {"events": TYPES, "roles": ["low"]},       (True,  True,  True)),
    (REDACTION,                          {},                                        (False, False, False)),
    (REDACTION,                          {"redact": True},                          (True,  False, True)),
    (REDACTION,                          {"redact": True, "events": TYPES},         (True,  True,  True)),
]
# fmt: on


@pytest.mark.parametrize(("event", "permissions", "verdicts"), OTHERS)
def test_other_events(event: JSON, permissions: JSON, verdicts: tuple[bool, bool, bool]) -> None:
    states = [{**change("join", BOB), "type": "m.room.user"}, role("bob", permissions), role_map(("bob", 1, [BOB]))]
    creation = {"type": "m.room.create", "sender": ALICE, "state_key": "", "content": {}}
    for policy, allowed in zip((MIMI, MIMI_00, MIMI_01), verdicts, strict=True):
        built = type(room()).from_state([creation, *states], policy=policy)
        assert built.decide(event).allowed is allowed, policy.id
