"""Every transition of `mimi` by its id, in both outcomes; and the whole policy against a second reading."""

from dataclasses import replace

import pytest

from fsm import MIMI, Actor, Decision, Facts, JoinRule, Machine, Participation, Refusal, Transition
from fsm.mimi.policies import MIMI_00, MIMI_01, MimiPolicy
from fsm.mimi.roles import Power
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, STAFF, Given, facts, label
from tests.mimi import plain

MACHINE = Machine(MIMI)
ROWS: dict[str, Transition[Facts]] = {row.id: row for row in MIMI.transitions}

PUBLIC, KNOCKABLE = JoinRule.PUBLIC, JoinRule.KNOCK
SELF: Given = {"is_self": True}
INVITING: Given = {"may_invite": True}
KICKING: Given = {"may_kick": True, "outranks_for_kick": True}
BANNING: Given = {"may_ban": True, "outranks_for_ban": True}

# Every row: its id, the action, from, to, who can do it, and the section.
# fmt: off
MOVES: list[tuple[str, str, set[str], str, Actor, str]] = [
    ("invite",   INVITE, {LEAVE},                      INVITE, Actor.ANOTHER, "5.2"),
    ("reinvite", INVITE, {INVITE},                     INVITE, Actor.ANOTHER, "5.2"),
    ("welcome",  INVITE, {KNOCK},                      INVITE, Actor.ANOTHER, "5.2"),
    ("accept",   JOIN,   {INVITE},                     JOIN,   Actor.TARGET,  "5.3"),
    ("join",     JOIN,   {LEAVE, KNOCK},               JOIN,   Actor.TARGET,  "5.3"),
    ("rejoin",   JOIN,   {JOIN},                       JOIN,   Actor.TARGET,  "5.3"),
    ("knock",    KNOCK,  {LEAVE},                      KNOCK,  Actor.TARGET,  "5.4"),
    ("reknock",  KNOCK,  {KNOCK},                      KNOCK,  Actor.TARGET,  "5.4"),
    ("decline",  LEAVE,  {INVITE},                     LEAVE,  Actor.TARGET,  "5.6.1"),
    ("leave",    LEAVE,  {JOIN},                       LEAVE,  Actor.TARGET,  "5.6.1"),
    ("withdraw", LEAVE,  {KNOCK},                      LEAVE,  Actor.TARGET,  "5.6.1"),
    ("revoke",   LEAVE,  {INVITE},                     LEAVE,  Actor.ANOTHER, "5.6.2"),
    ("kick",     LEAVE,  {JOIN},                       LEAVE,  Actor.ANOTHER, "5.6.2"),
    ("deny",     LEAVE,  {KNOCK},                      LEAVE,  Actor.ANOTHER, "5.6.2"),
    ("unban",    LEAVE,  {BAN},                        LEAVE,  Actor.ANOTHER, "5.6.2"),
    ("ban",      BAN,    {LEAVE, INVITE, JOIN, KNOCK}, BAN,    Actor.ANOTHER, "5.5"),
    ("reban",    BAN,    {BAN},                        BAN,    Actor.ANOTHER, "5.5"),
]

# A row, what is given besides a plain room, and which of its guards fail: none, when it permits.
CASES: list[tuple[str, Given, tuple[str, ...]]] = [
    ("invite",   {"target": LEAVE, **INVITING},                                 ()),
    ("invite",   {"target": LEAVE, **INVITING, "join_rule": PUBLIC},            ()),
    ("invite",   {"target": LEAVE, **STAFF, "may_invite": False},               ("sender_may_invite",)),
    ("invite",   {"target": LEAVE, **STAFF, "sender": INVITE},                  ("sender_is_joined",)),
    ("invite",   {"target": LEAVE, **INVITING, **SELF},                         ("sender_is_joined",)),
    ("invite",   {"target": LEAVE, "sender": KNOCK},                            ("sender_is_joined", "sender_may_invite")),

    ("reinvite", {"target": INVITE, **INVITING},                                ()),
    ("reinvite", {"target": INVITE, **STAFF, "may_invite": False},              ("sender_may_invite",)),
    ("reinvite", {"target": INVITE, **STAFF, "sender": LEAVE},                  ("sender_is_joined",)),
    ("reinvite", {"target": INVITE, "sender": LEAVE},                           ("sender_is_joined", "sender_may_invite")),

    ("welcome",  {"target": KNOCK, **INVITING},                                 ()),
    ("welcome",  {"target": KNOCK, **STAFF, "may_invite": False},               ("sender_may_invite",)),
    ("welcome",  {"target": KNOCK, **INVITING, **SELF},                         ("sender_is_joined",)),
    ("welcome",  {"target": KNOCK, "sender": LEAVE},                            ("sender_is_joined", "sender_may_invite")),

    ("accept",   {"target": INVITE, **SELF},                                    ()),
    ("accept",   {"target": INVITE, **SELF, "join_rule": KNOCKABLE},            ()),
    ("accept",   {"target": INVITE, **SELF, "join_rule": PUBLIC},               ()),
    ("accept",   {"target": INVITE, **STAFF},                                   ("sender_is_target",)),
    ("accept",   {"target": INVITE, "sender": INVITE},                          ("sender_is_target",)),

    ("join",     {"target": LEAVE, **SELF, "join_rule": PUBLIC},                ()),
    ("join",     {"target": KNOCK, **SELF, "join_rule": PUBLIC},                ()),
    ("join",     {"target": LEAVE, **STAFF, "join_rule": PUBLIC},               ("sender_is_target",)),
    ("join",     {"target": LEAVE, **SELF},                                     ("room_is_public",)),
    ("join",     {"target": KNOCK, **SELF, "join_rule": KNOCKABLE},             ("room_is_public",)),
    ("join",     {"target": LEAVE, **STAFF},                                    ("sender_is_target", "room_is_public")),

    ("rejoin",   {"target": JOIN, **SELF},                                      ()),
    ("rejoin",   {"target": JOIN, **STAFF, "join_rule": PUBLIC},                ("sender_is_target",)),

    ("knock",    {"target": LEAVE, **SELF, "join_rule": KNOCKABLE},             ()),
    ("knock",    {"target": LEAVE, **SELF},                                     ("room_takes_knocks",)),
    ("knock",    {"target": LEAVE, **SELF, "join_rule": PUBLIC},                ("room_takes_knocks",)),
    ("knock",    {"target": LEAVE, **STAFF, "join_rule": KNOCKABLE},            ("sender_is_target",)),
    ("knock",    {"target": LEAVE},                                             ("sender_is_target", "room_takes_knocks")),

    ("reknock",  {"target": KNOCK, **SELF, "join_rule": KNOCKABLE},             ()),
    ("reknock",  {"target": KNOCK, **SELF},                                     ("room_takes_knocks",)),
    ("reknock",  {"target": KNOCK, **STAFF, "join_rule": KNOCKABLE},            ("sender_is_target",)),
    ("reknock",  {"target": KNOCK},                                             ("sender_is_target", "room_takes_knocks")),

    ("decline",  {"target": INVITE, **SELF},                                    ()),
    ("decline",  {"target": INVITE},                                            ("sender_is_target",)),
    ("leave",    {"target": JOIN, **SELF},                                      ()),
    ("leave",    {"target": JOIN},                                              ("sender_is_target",)),
    ("withdraw", {"target": KNOCK, **SELF, "join_rule": KNOCKABLE},             ()),
    ("withdraw", {"target": KNOCK},                                             ("sender_is_target",)),

    ("revoke",   {"target": INVITE, **KICKING},                                 ()),
    ("revoke",   {"target": INVITE, **STAFF, "sender": BAN},                    ("sender_is_joined",)),
    ("revoke",   {"target": INVITE, **STAFF, "may_kick": False},                ("sender_may_kick",)),
    ("revoke",   {"target": INVITE, **STAFF, "outranks_for_kick": False},       ("sender_outranks_for_kick",)),
    ("revoke",   {"target": INVITE, **BANNING},                                 ("sender_may_kick", "sender_outranks_for_kick")),
    ("revoke",   {"target": INVITE, "sender": LEAVE},
     ("sender_is_joined", "sender_may_kick", "sender_outranks_for_kick")),

    ("kick",     {"target": JOIN, **KICKING},                                   ()),
    ("kick",     {"target": JOIN, **STAFF, **SELF},                             ("sender_is_another",)),
    ("kick",     {"target": JOIN, **STAFF, "sender": LEAVE},                    ("sender_is_joined",)),
    ("kick",     {"target": JOIN, **STAFF, "may_kick": False},                  ("sender_may_kick",)),
    ("kick",     {"target": JOIN, **STAFF, "outranks_for_kick": False},         ("sender_outranks_for_kick",)),
    ("kick",     {"target": JOIN, "sender": LEAVE, "may_kick": True},           ("sender_is_joined", "sender_outranks_for_kick")),
    ("kick",     {"target": JOIN, **SELF}, ("sender_is_another", "sender_may_kick", "sender_outranks_for_kick")),
    ("kick",     {"target": JOIN, "sender": BAN},
     ("sender_is_joined", "sender_may_kick", "sender_outranks_for_kick")),

    ("deny",     {"target": KNOCK, **KICKING},                                  ()),
    ("deny",     {"target": KNOCK, **STAFF, "sender": KNOCK},                   ("sender_is_joined",)),
    ("deny",     {"target": KNOCK, **STAFF, "may_kick": False},                 ("sender_may_kick",)),
    ("deny",     {"target": KNOCK, **STAFF, "outranks_for_kick": False},        ("sender_outranks_for_kick",)),
    ("deny",     {"target": KNOCK, "sender": BAN},
     ("sender_is_joined", "sender_may_kick", "sender_outranks_for_kick")),

    ("unban",    {"target": BAN, **BANNING},                                    ()),
    ("unban",    {"target": BAN, **STAFF, "sender": INVITE},                    ("sender_is_joined",)),
    ("unban",    {"target": BAN, **STAFF, **SELF},                              ("sender_is_joined",)),
    ("unban",    {"target": BAN, **STAFF, "may_ban": False},                    ("sender_may_ban",)),
    ("unban",    {"target": BAN, **STAFF, "outranks_for_ban": False},           ("sender_outranks_for_ban",)),
    ("unban",    {"target": BAN, **KICKING},                                    ("sender_may_ban", "sender_outranks_for_ban")),
    ("unban",    {"target": BAN, **SELF},
     ("sender_is_joined", "sender_may_ban", "sender_outranks_for_ban")),

    ("ban",      {"target": LEAVE, **BANNING},                                  ()),
    ("ban",      {"target": INVITE, **BANNING},                                 ()),
    ("ban",      {"target": JOIN, **BANNING},                                   ()),
    ("ban",      {"target": KNOCK, **BANNING},                                  ()),
    ("ban",      {"target": JOIN, **STAFF, **SELF},                             ("sender_is_another",)),
    ("ban",      {"target": LEAVE, **STAFF, "sender": LEAVE},                   ("sender_is_joined",)),
    ("ban",      {"target": INVITE, **STAFF, "may_ban": False},                 ("sender_may_ban",)),
    ("ban",      {"target": KNOCK, **STAFF, "outranks_for_ban": False},         ("sender_outranks_for_ban",)),
    ("ban",      {"target": LEAVE, **SELF},                                     ("sender_is_another", "sender_is_joined",
                                                                                 "sender_may_ban", "sender_outranks_for_ban")),

    ("reban",    {"target": BAN, **BANNING},                                    ()),
    ("reban",    {"target": BAN, **STAFF, "sender": KNOCK},                     ("sender_is_joined",)),
    ("reban",    {"target": BAN, **STAFF, "may_ban": False},                    ("sender_may_ban",)),
    ("reban",    {"target": BAN, **STAFF, "outranks_for_ban": False},           ("sender_outranks_for_ban",)),
    ("reban",    {"target": BAN, **SELF},
     ("sender_is_joined", "sender_may_ban", "sender_outranks_for_ban")),
]
# fmt: on


@pytest.mark.parametrize(("row", "given", "failed"), CASES, ids=label)
def test_transition(row: str, given: Given, failed: tuple[str, ...]) -> None:
    transition = ROWS[row]
    situation = facts(**given)
    decision = MACHINE.decide(transition.trigger, situation)
    assert situation.target in transition.source
    if failed:
        assert decision.transition != row
        assert tuple(guard.name for guard in transition.guards if not guard(situation)) == failed
        assert decision.allowed or Refusal(row, failed, transition.clause) in decision.refusals
    else:
        assert decision == Decision(
            allowed=True,
            transition=row,
            before=situation.target,
            after=transition.leads_to(situation),
            refusals=(),
            reason="",
        )


@pytest.mark.parametrize("row", ROWS)
def test_every_transition_has_a_case_from_every_state_and_for_every_guard(row: str) -> None:
    permitted = [given["target"] for tested, given, failed in CASES if tested == row and not failed]
    refused = [failed for tested, _, failed in CASES if tested == row and failed]
    assert set(permitted) == ROWS[row].source
    assert {(guard.name,) for guard in ROWS[row].guards} <= set(refused), "each guard fails on its own somewhere"


def test_the_rows_are_these() -> None:
    assert [
        (row.id, row.trigger, row.source, row.dest, MIMI.actors[row.id], row.clause) for row in MIMI.transitions
    ] == MOVES


def test_the_policy_says_what_it_reads() -> None:
    assert MIMI.id == "mimi"
    assert MIMI.family == "fsm.mimi"
    assert MIMI.initial is LEAVE
    assert MIMI.domain.limits == {"join_rule": (JoinRule.INVITE, KNOCKABLE, PUBLIC)}
    assert MIMI.participation_events == {"m.user", "m.room.user"}
    assert MIMI.participation_event == "m.user"
    assert MIMI.power is Power.GRANTED
    assert MIMI.triggers == (INVITE, JOIN, KNOCK, LEAVE, BAN)
    assert set(MIMI.triggers) == set(MIMI.states) == set(Participation)


@pytest.mark.walk
def test_every_cell_is_decided_as_by_a_second_reading() -> None:
    differences = []
    for action, given in MIMI.cells():
        decision = MACHINE.decide(action, given)
        expected = plain.transition(action, given)
        after = given.target if expected is None else plain.destination(action)
        if (decision.transition, decision.before, decision.after) != (expected, given.target, after):
            differences.append((action, given, decision, expected))
        assert decision.allowed is (decision.transition is not None)
    assert differences == []


def test_both_readings_know_the_same_transitions() -> None:
    assert {plain.transition(action, given) for action, given in MIMI.cells()} - {None} == ROWS.keys()


@pytest.mark.parametrize("policy", [MIMI, MIMI_01, MIMI_00], ids=label)
def test_every_row_and_every_guard_decides_somewhere(policy: MimiPolicy) -> None:
    permitting: set[str] = set()
    decisive: set[tuple[str, str]] = set()
    for given in policy.domain:
        for row in policy.transitions:
            if given.target in row.source:
                failed = [guard.name for guard in row.guards if not guard(given)]
                if not failed:
                    permitting.add(row.id)
                elif len(failed) == 1:
                    decisive.add((row.id, failed[0]))
    assert permitting == {row.id for row in policy.transitions}
    assert decisive == {(row.id, guard.name) for row in policy.transitions for guard in row.guards}


# Laws in words, over every cell.

CELLS = [(action, given, MACHINE.decide(action, given)) for action, given in MIMI.cells()]
ALLOWED = [(action, given, decision) for action, given, decision in CELLS if decision]


def test_a_banned_user_gets_no_further_than_unbanned() -> None:
    assert {(decision.transition, decision.after) for _, given, decision in ALLOWED if given.target is BAN} == {
        ("unban", LEAVE),
        ("reban", BAN),
    }


def test_nobody_joins_or_knocks_for_another() -> None:
    assert all(given.is_self for action, given, _ in ALLOWED if action in (JOIN, KNOCK))


def test_nobody_invites_bans_or_unbans_themselves() -> None:
    assert not any(given.is_self for action, given, _ in ALLOWED if action in (INVITE, BAN))
    assert not any(given.is_self for _, given, decision in ALLOWED if decision.transition == "unban")


def test_who_is_not_joined_changes_nobody_else() -> None:
    assert all(given.is_self or given.sender is JOIN for _, given, _ in ALLOWED)


def test_nobody_removes_whom_they_do_not_outrank() -> None:
    for action, given, decision in ALLOWED:
        if given.is_self or action not in (LEAVE, BAN):
            continue
        by_ban = action is BAN or decision.transition == "unban"
        assert given.outranks_for_ban if by_ban else given.outranks_for_kick


def test_whoever_may_leave_can_leave_whatever_the_room_is_set_to() -> None:
    for action, given, decision in CELLS:
        if action is LEAVE and given.is_self:
            assert decision.allowed is (given.target in (INVITE, JOIN, KNOCK))


def test_repeats_change_nothing() -> None:
    repeats = {decision.transition for _, _, decision in ALLOWED if decision.before is decision.after}
    assert repeats == {"reinvite", "rejoin", "reknock", "reban"} == {row.id for row in ROWS.values() if row.repeats}


def test_a_permission_never_hurts() -> None:
    for action, given, decision in ALLOWED:
        assert MACHINE.decide(action, replace(given, **STAFF)).transition == decision.transition
