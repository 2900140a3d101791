"""Room versions 1 to 12: every transition by its id, in both outcomes; every cell against a second reading."""

from typing import Any

import pytest

from fsm import Actor, Decision, JoinRule, Machine, Policy, Refusal, Transition
from fsm.matrix.facts import DOMAIN, MatrixFacts, Warrant
from fsm.matrix.levels import Numbers
from fsm.matrix.policies import MATRIX_12, VERSIONS, MatrixPolicy
from fsm.matrix.rows import EventFacts
from fsm.matrix.settings import Founder, Reign
from fsm.review.compare.readings import other_fields
from tests.builders import BAN, INVITE, JOIN, KNOCK, LEAVE, label
from tests.matrix import plain
from tests.matrix.builders import BANNING, KICKING, POLICIES, STAFF, Given, before_version, facts, from_version

SELF: Given = {"is_self": True}
INVITING: Given = {"may_invite": True}
UNBANNING: Given = {**KICKING, **BANNING}
PUBLIC, PRIVATE, KNOCKING, RESTRICTED, BOTH = (
    {"join_rule": JoinRule(rule)} for rule in ("public", "private", "knock", "restricted", "knock_restricted")
)
FIRST, THIRD_PARTY = ({"warrant": warrant} for warrant in (Warrant.FIRST_JOIN, Warrant.THIRD_PARTY))
AUTHORISED: Given = {"is_authorised": True}

MACHINE = Machine(MATRIX_12)
ROWS: dict[str, Transition[MatrixFacts]] = {row.id: row for row in MATRIX_12.transitions}

# Every row of the latest version: its id, the action, from, to, who can do it, and the rule.
# fmt: off
MOVES: list[tuple[str, str, set[str], str, Actor, str]] = [
    ("invite",   INVITE, {LEAVE},                            INVITE, Actor.ANOTHER, "5.4.4"),
    ("reinvite", INVITE, {INVITE},                           INVITE, Actor.ANOTHER, "5.4.4"),
    ("welcome",  INVITE, {KNOCK},                            INVITE, Actor.ANOTHER, "5.4.4"),
    ("redeem",   INVITE, {LEAVE, INVITE, KNOCK, JOIN},       INVITE, Actor.ANYONE,  "5.4.1.7"),
    ("accept",   JOIN,   {INVITE},                           JOIN,   Actor.TARGET,  "5.3.4, 5.3.5.1, 5.3.6"),
    ("join",     JOIN,   {LEAVE, KNOCK},                     JOIN,   Actor.TARGET,  "5.3.6"),
    ("rejoin",   JOIN,   {JOIN},                             JOIN,   Actor.TARGET,  "5.3.4, 5.3.5.1, 5.3.6"),
    ("found",    JOIN,   {LEAVE, INVITE, JOIN, BAN, KNOCK},  JOIN,   Actor.ANYONE,  "5.3.1"),
    ("decline",  LEAVE,  {INVITE},                           LEAVE,  Actor.TARGET,  "5.5.1"),
    ("leave",    LEAVE,  {JOIN},                             LEAVE,  Actor.TARGET,  "5.5.1"),
    ("revoke",   LEAVE,  {INVITE},                           LEAVE,  Actor.ANOTHER, "5.5.4"),
    ("kick",     LEAVE,  {JOIN},                             LEAVE,  Actor.ANOTHER, "5.5.4"),
    ("deny",     LEAVE,  {KNOCK},                            LEAVE,  Actor.ANOTHER, "5.5.4"),
    ("rekick",   LEAVE,  {LEAVE},                            LEAVE,  Actor.ANOTHER, "5.5.4"),
    ("unban",    LEAVE,  {BAN},                              LEAVE,  Actor.ANOTHER, "5.5.3, 5.5.4"),
    ("ban",      BAN,    {LEAVE, INVITE, JOIN, KNOCK},       BAN,    Actor.ANOTHER, "5.6.2"),
    ("reban",    BAN,    {BAN},                              BAN,    Actor.ANOTHER, "5.6.2"),
    ("knock",    KNOCK,  {LEAVE},                            KNOCK,  Actor.TARGET,  "5.7.3"),
    ("reknock",  KNOCK,  {KNOCK},                            KNOCK,  Actor.TARGET,  "5.7.3"),
    ("withdraw", LEAVE,  {KNOCK},                            LEAVE,  Actor.TARGET,  "5.5.1"),
    ("enter",    JOIN,   {LEAVE, KNOCK},                     JOIN,   Actor.TARGET,  "5.3.5.3"),
]

# The rule behind each row, version by version where the number moves.
CLAUSES: list[tuple[str, dict[int, str]]] = [
    ("invite",   {1: "5.3.4",        6: "4.3.4",        8: "4.4.4",                12: "5.4.4"}),
    ("redeem",   {1: "5.3.1.7",      6: "4.3.1.7",      8: "4.4.1.7",              12: "5.4.1.7"}),
    ("accept",   {1: "5.2.4, 5.2.5", 6: "4.2.4, 4.2.5", 8: "4.3.4, 4.3.5.1, 4.3.6", 12: "5.3.4, 5.3.5.1, 5.3.6"}),
    ("join",     {1: "5.2.5",        6: "4.2.5",        8: "4.3.6",                12: "5.3.6"}),
    ("found",    {1: "5.2.1",        6: "4.2.1",        8: "4.3.1",                12: "5.3.1"}),
    ("enter",    {                                      8: "4.3.5.3",              12: "5.3.5.3"}),
    ("leave",    {1: "5.4.1",        6: "4.4.1",        8: "4.5.1",                12: "5.5.1"}),
    ("withdraw", {                   7: "4.4.1",        8: "4.5.1",                12: "5.5.1"}),
    ("kick",     {1: "5.4.4",        6: "4.4.4",        8: "4.5.4",                12: "5.5.4"}),
    ("unban",    {1: "5.4.3, 5.4.4", 6: "4.4.3, 4.4.4", 8: "4.5.3, 4.5.4",         12: "5.5.3, 5.5.4"}),
    ("ban",      {1: "5.5.2",        6: "4.5.2",        8: "4.6.2",                12: "5.6.2"}),
    ("knock",    {                   7: "4.6.3",        8: "4.7.3",                12: "5.7.3"}),
]

# A row, what is given besides a plain room, and which of its guards fail: none, when it permits.
CASES: list[tuple[str, Given, tuple[str, ...]]] = [
    ("invite",   {"target": LEAVE, **INVITING},                                    ()),
    ("invite",   {"target": LEAVE, **INVITING, **PRIVATE},                         ()),
    ("invite",   {"target": LEAVE, **STAFF, "may_invite": False},                  ("sender_may_invite",)),
    ("invite",   {"target": LEAVE, **STAFF, "sender": INVITE},                     ("sender_is_joined",)),
    ("invite",   {"target": LEAVE, **INVITING, **THIRD_PARTY},                     ("invite_is_direct",)),
    ("reinvite", {"target": INVITE, **INVITING},                                   ()),
    ("reinvite", {"target": INVITE, **STAFF, "may_invite": False},                 ("sender_may_invite",)),
    ("reinvite", {"target": INVITE, **STAFF, "sender": LEAVE},                     ("sender_is_joined",)),
    ("reinvite", {"target": INVITE, **INVITING, **THIRD_PARTY},                    ("invite_is_direct",)),
    ("welcome",  {"target": KNOCK, **INVITING},                                    ()),
    ("welcome",  {"target": KNOCK, **STAFF, "may_invite": False},                  ("sender_may_invite",)),
    ("welcome",  {"target": KNOCK, **STAFF, "sender": BAN},                        ("sender_is_joined",)),
    ("welcome",  {"target": KNOCK, **INVITING, **THIRD_PARTY},                     ("invite_is_direct",)),

    ("redeem",   {"target": LEAVE, **THIRD_PARTY},                                 ()),
    ("redeem",   {"target": LEAVE, "sender": LEAVE, **THIRD_PARTY},                ()),
    ("redeem",   {"target": INVITE, **THIRD_PARTY},                                ()),
    ("redeem",   {"target": KNOCK, **THIRD_PARTY},                                 ()),
    ("redeem",   {"target": JOIN, **THIRD_PARTY},                                  ()),
    ("redeem",   {"target": LEAVE, **SELF, **THIRD_PARTY},                         ()),
    ("redeem",   {"target": JOIN, **STAFF},                                        ("invite_is_third_party",)),
    ("redeem",   {"target": LEAVE, **STAFF, "warrant": Warrant.THIRD_PARTY_UNREADABLE},  ("token_is_readable",)),
    ("redeem",   {"target": LEAVE, **STAFF, "warrant": Warrant.THIRD_PARTY_FOR_ANOTHER}, ("token_is_for_target",)),
    ("redeem",   {"target": LEAVE, **STAFF, "warrant": Warrant.THIRD_PARTY_UNKNOWN},     ("token_is_known",)),
    ("redeem",   {"target": LEAVE, **STAFF, "warrant": Warrant.THIRD_PARTY_OF_ANOTHER},  ("token_is_of_sender",)),
    ("redeem",   {"target": LEAVE, **STAFF, "warrant": Warrant.THIRD_PARTY_UNSIGNED},    ("token_is_signed",)),

    ("accept",   {"target": INVITE, **SELF},                                       ()),
    ("accept",   {"target": INVITE, **SELF, **PUBLIC},                             ()),
    ("accept",   {"target": INVITE, **SELF, **KNOCKING},                           ()),
    ("accept",   {"target": INVITE, **SELF, **RESTRICTED},                         ()),
    ("accept",   {"target": INVITE, **SELF, **BOTH},                               ()),
    ("accept",   {"target": INVITE, **SELF, **PRIVATE},                            ("rule_is_not_private",)),
    ("accept",   {"target": INVITE, **STAFF},                                      ("sender_is_target",)),
    ("accept",   {"target": INVITE, **SELF, **FIRST},                              ("join_is_later",)),
    ("join",     {"target": LEAVE, **SELF, **PUBLIC},                              ()),
    ("join",     {"target": KNOCK, **SELF, **PUBLIC},                              ()),
    ("join",     {"target": LEAVE, **SELF},                                        ("room_is_public",)),
    ("join",     {"target": LEAVE, **SELF, **BOTH},                                ("room_is_public",)),
    ("join",     {"target": LEAVE, **STAFF, **PUBLIC},                             ("sender_is_target",)),
    ("join",     {"target": LEAVE, **SELF, **PUBLIC, **FIRST},                     ("join_is_later",)),
    ("rejoin",   {"target": JOIN, **SELF},                                         ()),
    ("rejoin",   {"target": JOIN, **SELF, **PRIVATE},                              ("rule_is_not_private",)),
    ("rejoin",   {"target": JOIN, **STAFF, **PUBLIC},                              ("sender_is_target",)),
    ("rejoin",   {"target": JOIN, **SELF, **FIRST},                                ("join_is_later",)),
    ("enter",    {"target": LEAVE, **SELF, **RESTRICTED, **AUTHORISED},            ()),
    ("enter",    {"target": KNOCK, **SELF, **BOTH, **AUTHORISED},                  ()),
    ("enter",    {"target": LEAVE, **SELF, **RESTRICTED},                          ("join_is_authorised",)),
    ("enter",    {"target": LEAVE, **SELF, **KNOCKING, **AUTHORISED},    ("rule_is_restricted_or_knock_restricted",)),
    ("enter",    {"target": LEAVE, **STAFF, **RESTRICTED, **AUTHORISED},           ("sender_is_target",)),
    ("enter",    {"target": LEAVE, **SELF, **RESTRICTED, **AUTHORISED, **FIRST},   ("join_is_later",)),
    ("found",    {"target": LEAVE, **SELF, **FIRST},                               ()),
    ("found",    {"target": LEAVE, "sender": LEAVE, **FIRST},                      ()),
    ("found",    {"target": INVITE, **SELF, **FIRST},                              ()),
    ("found",    {"target": JOIN, **SELF, **FIRST, **PRIVATE},                     ()),
    ("found",    {"target": BAN, **SELF, **FIRST},                                 ()),
    ("found",    {"target": KNOCK, **SELF, **FIRST},                               ()),
    ("found",    {"target": BAN, **SELF},                                          ("join_is_first",)),

    ("knock",    {"target": LEAVE, **SELF, **KNOCKING},                            ()),
    ("knock",    {"target": LEAVE, **SELF, **BOTH},                                ()),
    ("knock",    {"target": LEAVE, **SELF},                                        ("rule_is_knock_or_knock_restricted",)),
    ("knock",    {"target": LEAVE, **SELF, **PUBLIC},                              ("rule_is_knock_or_knock_restricted",)),
    ("knock",    {"target": LEAVE, **STAFF, **KNOCKING},                           ("sender_is_target",)),
    ("reknock",  {"target": KNOCK, **SELF, **KNOCKING},                            ()),
    ("reknock",  {"target": KNOCK, **SELF, **RESTRICTED},                          ("rule_is_knock_or_knock_restricted",)),
    ("reknock",  {"target": KNOCK, **STAFF, **KNOCKING},                           ("sender_is_target",)),

    ("decline",  {"target": INVITE, **SELF},                                       ()),
    ("decline",  {"target": INVITE},                                               ("sender_is_target",)),
    ("leave",    {"target": JOIN, **SELF},                                         ()),
    ("leave",    {"target": JOIN},                                                 ("sender_is_target",)),
    ("withdraw", {"target": KNOCK, **SELF},                                        ()),
    ("withdraw", {"target": KNOCK},                                                ("sender_is_target",)),

    *[(row, {"target": state, **given}, failed)
      for row, state in (("revoke", INVITE), ("kick", JOIN), ("deny", KNOCK), ("rekick", LEAVE))
      for given, failed in (
          (KICKING,                                                                ()),
          ({**STAFF, "sender": INVITE},                                            ("sender_is_joined",)),
          ({**STAFF, "may_kick": False},                                           ("sender_may_kick",)),
          ({"may_kick": True},                                                     ("sender_outranks_for_kick",)),
          (BANNING,                                                                ("sender_may_kick",)),
      )],
    ("unban",    {"target": BAN, **UNBANNING},                                     ()),
    ("unban",    {"target": BAN, **STAFF, "sender": KNOCK},                        ("sender_is_joined",)),
    ("unban",    {"target": BAN, **KICKING},                                       ("sender_may_ban",)),
    ("unban",    {"target": BAN, **BANNING},                                       ("sender_may_kick",)),
    ("unban",    {"target": BAN, "may_kick": True, "may_ban": True},               ("sender_outranks_for_kick",)),

    *[(row, {"target": state, **given}, failed)
      for row, state in (("ban", LEAVE), ("ban", INVITE), ("ban", JOIN), ("ban", KNOCK), ("reban", BAN))
      for given, failed in (
          (BANNING,                                                                ()),
          ({**STAFF, "sender": INVITE},                                            ("sender_is_joined",)),
          (KICKING,                                                                ("sender_may_ban",)),
          ({"may_ban": True, "may_kick": True},                                    ("sender_outranks_for_ban",)),
      )],
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
    actors = MATRIX_12.actors
    assert [
        (row.id, row.trigger, row.source, row.dest, actors[row.id], row.clause) for row in MATRIX_12.transitions
    ] == MOVES


@pytest.mark.parametrize(("row", "clauses"), CLAUSES)
def test_the_rules_keep_their_numbers_until_they_move(row: str, clauses: dict[int, str]) -> None:
    expected: str | None = None
    for number, policy in enumerate(POLICIES, start=1):
        expected = clauses.get(number, expected)
        assert {each.id: each.clause for each in policy.transitions}.get(row) == expected


def test_the_numbers_are_those_of_the_rules_on_membership() -> None:
    for number, policy in enumerate(POLICIES, start=1):
        first = "4." if 6 <= number <= 11 else "5."
        clauses = [clause for row in policy.transitions for clause in row.clause.split(", ")]
        assert all(clause.startswith(first) for clause in clauses)


# fmt: off
DATA: list[tuple[str, list[Any]]] = [
    ("numbers", [Numbers.FLOATS] * 5 + [Numbers.STRINGS] * 4 + [Numbers.INTEGERS] * 3),
    ("founder", [Founder.CONTENT] * 10 + [Founder.SENDER] * 2),
    ("reign",   [Reign.BY_DEFAULT] * 11 + [Reign.SUPREME]),
    ("is_room_named_by_creation", [False] * 11 + [True]),
    ("has_authorised_joins", [False] * 7 + [True] * 5),
    ("initial", [LEAVE] * 12),
    ("version", [str(version) for version in range(1, 13)]),
    ("id",      [f"matrix-{version}" for version in range(1, 13)]),
    ("family",  ["fsm.matrix"] * 12),
    ("domain",  [DOMAIN] * 12),
    ("triggers", [(INVITE, JOIN, LEAVE, BAN)] * 6 + [(INVITE, JOIN, LEAVE, BAN, KNOCK)] * 6),
]
# fmt: on


@pytest.mark.parametrize(("name", "values"), DATA, ids=[name for name, _ in DATA])
def test_what_else_differs(name: str, values: list[Any]) -> None:
    assert [getattr(policy, name) for policy in POLICIES] == values


# What an event of each action can bring along: the warrants, and whether somebody authorises it.
# fmt: off
BROUGHT: list[tuple[Any, set[Warrant], set[bool]]] = [
    (JOIN,   {Warrant.NONE, Warrant.FIRST_JOIN},                                 {True, False}),
    (INVITE, {Warrant.NONE, *(each for each in Warrant if each.is_third_party)}, {False}),
    (LEAVE,  {Warrant.NONE},                                                     {False}),
    (BAN,    {Warrant.NONE},                                                     {False}),
    (KNOCK,  {Warrant.NONE},                                                     {False}),
]
# fmt: on


@pytest.mark.parametrize(("action", "warrants", "authorised"), BROUGHT, ids=label)
def test_what_an_event_brings_along(action: Any, warrants: set[Warrant], authorised: set[bool]) -> None:
    asked = list(MATRIX_12.asked(action))
    assert {given.warrant for given in asked} == warrants
    assert {given.is_authorised for given in asked} == authorised


def test_versions_are_found_by_their_word() -> None:
    assert list(VERSIONS) == [policy.version for policy in POLICIES]
    assert "1" in VERSIONS[next(iter(VERSIONS))].title


# The action, what is given besides a plain room, and the line that the refusal of the latest version says.
# fmt: off
REASONS: list[tuple[str, Given, str]] = [
    (JOIN,   {"target": LEAVE, **SELF},                "join: the room is not public"),
    (JOIN,   {"target": LEAVE, **SELF, **RESTRICTED},  "enter: no member who may invite authorises the join"),
    (JOIN,   {"target": LEAVE},                        "join: the sender is not the target, and the room is not public"),
    (JOIN,   {"target": BAN, **SELF},                  "no transition: `join` is not possible while the target is in `ban`"),
    (JOIN,   {"target": BAN},                          "no transition: `join` is not possible while the target is in `ban`"),
    (JOIN,   {"target": BAN, **SELF, **RESTRICTED, "is_authorised": True}, "no transition: `join` is not possible while the target is in `ban`"),
    (JOIN,   {"target": INVITE, **PRIVATE},            "accept: the sender is not the target, and the join rule lets nobody join"),
    (INVITE, {"target": LEAVE},                        "invite: the sender may not invite"),
    (INVITE, {"target": LEAVE, **SELF},                "invite: the sender is not joined, and the sender may not invite"),
    (INVITE, {"target": LEAVE, "warrant": Warrant.THIRD_PARTY_UNREADABLE}, "redeem: the third-party invite has no `mxid` and `token`"),
    (INVITE, {"target": LEAVE, "warrant": Warrant.THIRD_PARTY_OF_ANOTHER}, "redeem: the third-party invite is another sender's"),
    (INVITE, {"target": BAN, **STAFF},                 "no transition: `invite` is not possible while the target is in `ban`"),
    (INVITE, {"target": JOIN, **STAFF},                "no transition: `invite` is not possible while the target is in `join`"),
    (INVITE, {"target": JOIN, **SELF},                 "no transition: `invite` is not possible while the target is in `join`"),
    (INVITE, {"target": JOIN, "warrant": Warrant.THIRD_PARTY_UNSIGNED}, "redeem: no signature of the third-party invite"),
    (INVITE, {"target": BAN, "warrant": Warrant.THIRD_PARTY}, "no transition: `invite` is not possible while the target is in `ban`"),
    (LEAVE,  {"target": BAN, **KICKING},               "unban: the sender may not ban"),
    (LEAVE,  {"target": LEAVE, **SELF},                "no transition: `leave` is not possible while the target is in `leave`, except by another user"),
    (LEAVE,  {"target": LEAVE},                        "rekick: the sender may not kick"),
    (LEAVE,  {"target": LEAVE, "sender": LEAVE},       "rekick: the sender is not joined, and the sender may not kick"),
    (LEAVE,  {"target": BAN, **SELF},                  "no transition: `leave` is not possible while the target is in `ban`, except by another user"),
    (KNOCK,  {"target": INVITE, **SELF},               "no transition: `knock` is not possible while the target is in `invite`"),
    (BAN,    {**STAFF, **SELF, "outranks_for_ban": False, "outranks_for_kick": False}, "ban: the sender does not outrank the target for banning"),
]
# fmt: on


@pytest.mark.parametrize(("action", "given", "reason"), REASONS, ids=label)
def test_the_reason_is_about_the_row_that_was_meant(action: Any, given: Given, reason: str) -> None:
    decision = MACHINE.decide(action, facts(**given))
    assert not decision
    assert decision.reason.startswith(reason)


# Every cell of every version.


def permitting(policy: Policy[MatrixFacts], action: Any, given: MatrixFacts) -> list[str]:
    return [row.id for row in policy.candidates(action, given.target) if row.permits(given)]


@pytest.mark.parametrize("number", range(1, 13))
def test_every_cell_is_decided_as_by_a_second_reading(number: int) -> None:
    policy = POLICIES[number - 1]
    differences = [
        (action, given)
        for action in (INVITE, JOIN, LEAVE, BAN, KNOCK)
        for given in policy.asked(action)
        if len(permitting(policy, action, given)) != plain.allows(number, action, given)
    ]
    assert differences == []


def changed(before: MatrixPolicy, after: MatrixPolicy, action: Any) -> list[MatrixFacts]:
    """Where two versions differ in what they allow."""
    return [
        given
        for given in before.asked(action)
        if bool(permitting(before, action, given)) is not bool(permitting(after, action, given))
    ]


@pytest.mark.parametrize(("before", "after"), [(1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (8, 9), (10, 11), (11, 12)])
def test_most_versions_change_no_verdict(before: int, after: int) -> None:
    one, other = POLICIES[before - 1], POLICIES[after - 1]
    assert [(row.id, row.guards) for row in one.transitions] == [(row.id, row.guards) for row in other.transitions]


# fmt: off
CHANGES: list[tuple[int, int, Any, Any]] = [
    (6, 7, JOIN,   lambda f: f.join_rule == "knock" and f.target in ("invite", "join")),
    (6, 7, KNOCK,  lambda f: f.join_rule == "knock" and f.target in ("leave", "knock")),
    (6, 7, LEAVE,  lambda f: f.target == "knock"),
    (7, 8, JOIN,   lambda f: f.join_rule == "restricted" and (f.target in ("invite", "join")
                                                              or (f.target != "ban" and f.is_authorised))),
    (9, 10, JOIN,  lambda f: f.join_rule == "knock_restricted" and (f.target in ("invite", "join")
                                                              or (f.target != "ban" and f.is_authorised))),
    (9, 10, KNOCK, lambda f: f.join_rule == "knock_restricted" and f.target in ("leave", "knock")),
]
# fmt: on


@pytest.mark.parametrize(("before", "after", "action", "where"), CHANGES)
def test_what_changes_from_version_to_version(before: int, after: int, action: Any, where: Any) -> None:
    one, other = POLICIES[before - 1], POLICIES[after - 1]
    expected = [
        given for given in one.asked(action) if given.is_self and given.warrant != "first_join" and where(given)
    ]
    assert changed(one, other, action) == expected


@pytest.mark.parametrize(("before", "after"), [(6, 7), (7, 8), (9, 10)])
def test_nothing_else_changes(before: int, after: int) -> None:
    told = [action for old, new, action, _ in CHANGES if (old, new) == (before, after)]
    for action in {INVITE, JOIN, LEAVE, BAN, KNOCK}.difference(told):
        assert changed(POLICIES[before - 1], POLICIES[after - 1], action) == []


# Laws in words, in every version.


@pytest.fixture(params=POLICIES, ids=lambda policy: str(policy.id))
def policy(request: pytest.FixtureRequest) -> MatrixPolicy:
    chosen: MatrixPolicy = request.param
    return chosen


def test_laws(policy: MatrixPolicy) -> None:
    for action, given in policy.cells():
        rows = permitting(policy, action, given)
        if not rows:
            continue
        (row,) = rows
        assert given.target is not BAN or row in ("unban", "reban", "found"), "a ban ends by an unban only"
        assert action is not JOIN or given.is_self or row == "found", "nobody is made to join"
        assert action is not KNOCK or given.is_self, "nobody is made to knock"
        assert action is not BAN or not given.is_self, "nobody bans themselves"
        assert row not in ("kick", "ban", "unban") or given.outranks_for_kick, "nobody moves an equal"
        assert given.sender is not BAN or row in ("redeem", "found"), "who is banned does nothing of their own"


# The classic mistakes.

# fmt: off
MISTAKES: list[tuple[str, list[MatrixPolicy], Any, Given, bool]] = [
    ("a knock where nobody may knock",       from_version(7),   KNOCK, {"target": LEAVE, **SELF},                          False),
    ("a knock in a public room",             from_version(7),   KNOCK, {"target": LEAVE, **SELF, **PUBLIC},                False),
    ("a knock in a restricted room",         from_version(7),   KNOCK, {"target": LEAVE, **SELF, **RESTRICTED},            False),
    ("a knock before there were knocks",     before_version(7), KNOCK, {"target": LEAVE, **SELF, **KNOCKING},              False),
    ("a knock",                              from_version(7),   KNOCK, {"target": LEAVE, **SELF, **KNOCKING},              True),
    ("a knock at a knock_restricted room",   from_version(10),  KNOCK, {"target": LEAVE, **SELF, **BOTH},                  True),
    ("the same, too early",                  before_version(10), KNOCK, {"target": LEAVE, **SELF, **BOTH},                 False),
    ("a knock of one invited",               POLICIES,          KNOCK, {"target": INVITE, **SELF, **KNOCKING},             False),
    ("a knock of one joined",                POLICIES,          KNOCK, {"target": JOIN, **SELF, **KNOCKING},               False),
    ("a knock of one banned",                POLICIES,          KNOCK, {"target": BAN, **SELF, **KNOCKING},                False),
    ("an unban with the power to ban only",  POLICIES,          LEAVE, {"target": BAN, **BANNING},                         False),
    ("an unban with the power to kick only", POLICIES,          LEAVE, {"target": BAN, **KICKING},                         False),
    ("an unban",                             POLICIES,          LEAVE, {"target": BAN, **UNBANNING},                       True),
    ("an unban of oneself",                  POLICIES,          LEAVE, {"target": BAN, **SELF, "may_ban": True, "may_kick": True}, False),
    ("a ban of oneself",                     POLICIES,          BAN,   {"target": JOIN, **SELF, "may_ban": True, "may_kick": True}, False),
    ("a kick of an equal",                   POLICIES,          LEAVE, {"target": JOIN, "may_kick": True, "may_ban": True}, False),
    ("a ban of an equal",                    POLICIES,          BAN,   {"target": JOIN, "may_kick": True, "may_ban": True}, False),
    ("a rejoin under `private`",             POLICIES,          JOIN,  {"target": JOIN, **SELF, **PRIVATE},                False),
    ("an invite accepted under `private`",   POLICIES,          JOIN,  {"target": INVITE, **SELF, **PRIVATE},              False),
    ("a rejoin under `knock`, too early",    before_version(7), JOIN,  {"target": JOIN, **SELF, **KNOCKING},               False),
    ("a rejoin under `restricted`, too early", before_version(8), JOIN, {"target": JOIN, **SELF, **RESTRICTED},            False),
    ("a knock turned into a join",           POLICIES,          JOIN,  {"target": KNOCK, **SELF, **KNOCKING},              False),
    ("an authorised join, too early",        before_version(8), JOIN,  {"target": LEAVE, **SELF, **RESTRICTED, **AUTHORISED}, False),
    ("an authorised join of one banned",     POLICIES,          JOIN,  {"target": BAN, **SELF, **RESTRICTED, **AUTHORISED}, False),
    ("an authorised join by invite only",    POLICIES,          JOIN,  {"target": LEAVE, **SELF, **AUTHORISED},            False),
    ("a leave of one who left",              POLICIES,          LEAVE, {"target": LEAVE, **SELF},                          False),
    ("a withdrawal before there were knocks", before_version(7), LEAVE, {"target": KNOCK, **SELF},                         False),
    ("an invite of one joined",              POLICIES,          INVITE, {"target": JOIN, **STAFF},                         False),
    ("an invite of one banned",              POLICIES,          INVITE, {"target": BAN, **STAFF},                          False),
    ("a third-party invite of one banned",   POLICIES,          INVITE, {"target": BAN, **STAFF, **THIRD_PARTY},           False),
    ("an unsigned one, by who may invite",   POLICIES,          INVITE, {"target": LEAVE, **STAFF, "warrant": Warrant.THIRD_PARTY_UNSIGNED}, False),
]
# fmt: on


@pytest.mark.parametrize(
    ("policies", "action", "given", "allowed"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_classic_mistakes(policies: list[MatrixPolicy], action: Any, given: Given, allowed: bool) -> None:
    for each in policies:
        assert bool(permitting(each, action, facts(**given))) is allowed, each.id


def test_a_version_is_a_name_and_no_difference() -> None:
    assert other_fields(VERSIONS["1"], VERSIONS["2"]) == []
    assert other_fields(VERSIONS["10"], VERSIONS["11"]) == ["permits", "founder"]


def test_the_facts_beside_the_table_are_known() -> None:
    assert VERSIONS["11"].facts_beside is EventFacts
