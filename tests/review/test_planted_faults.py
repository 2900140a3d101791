"""Faults planted in policies: each is found by the law that speaks of it, with a log that shows it."""

import json
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from itertools import takewhile
from typing import Any

import pytest

from fsm.guards import guard
from fsm.log import Outcome, Replay
from fsm.mimi.laws import FRESH, Standings, participation_is_kept_apart
from fsm.mimi.laws import LAWS as ROOM_LAWS
from fsm.mimi.permits import (
    Kind,
    administrator_remains,
    event_is_own,
    granted_permissions_are_held,
    message_is_not_denied,
    role_ids_are_distinct,
    role_orders_are_distinct,
    room_is_new,
    sender_may_redact,
    touched_roles_are_below,
    touched_roles_are_listed,
    type_is_granted,
    type_is_not_denied,
)
from fsm.mimi.policies import MIMI, MimiPolicy
from fsm.mimi.roles import Power
from fsm.participation.facts import Facts
from fsm.participation.guards import (
    room_is_public,
    room_takes_knocks,
    sender_is_another,
    sender_is_joined,
    sender_is_target,
    sender_may_ban,
    sender_may_invite,
    sender_may_kick,
    sender_outranks_for_ban,
    sender_outranks_for_kick,
)
from fsm.participation.laws import LAWS
from fsm.participation.terms import JoinRule
from fsm.policy import Transition
from fsm.review.laws.finding import Finding
from fsm.review.laws.room_laws import RoomLaw, Step, View
from fsm.review.laws.structure import TABLE_LAWS
from fsm.review.laws.verify import verify
from fsm.review.search.rooms import RoomBreach, search_of
from fsm.review.vectors.slips import negated
from fsm.scenario import Log
from tests.builders import ALICE, BAN, BOB, INVITE, JOIN, KNOCK, LEAVE, change, join_rule
from tests.logs import read_lines

ROWS = {row.id: row for row in MIMI.transitions}


def swapped(row_id: str, old: Any, new: Any) -> MimiPolicy:
    """`mimi` in which a row asks for one condition in the place of another, or of none."""
    row = ROWS[row_id]
    guards = [*({old: new}.get(each, each) for each in row.guards), *([new] if old is None else [])]
    return MIMI.evolve("planted", replace=[replace(row, guards=tuple(each for each in guards if each))])


def moved(row_id: str, **changes: Any) -> MimiPolicy:
    """`mimi` in which a row has other fields."""
    return MIMI.evolve("planted", replace=[replace(ROWS[row_id], **changes)])


def more(action: Any, source: Any, dest: Any, *guards: Any) -> MimiPolicy:
    """`mimi` and a row too many."""
    return MIMI.evolve("planted", add=[Transition("more", action, {source}, dest, guards)])


@guard("the room is closed", fails="the room is not closed")
def room_is_closed(given: Facts) -> bool:
    return given.join_rule is JoinRule.INVITE


@guard("the sender may not invite", fails="the sender may invite")
def sender_is_modest(given: Facts) -> bool:
    return not given.may_invite


# What is planted, the law that finds it, and what becomes of the last event of its log.
# fmt: off
PLANTED: list[tuple[str, MimiPolicy, str, str]] = [
    # A row too many.
    ("the banned join",             more(JOIN, BAN, JOIN, sender_is_target),                          "ban-keeps-out",             "more"),
    ("the banned unban themselves", more(LEAVE, BAN, LEAVE, sender_is_target),                        "ban-ends-by-unban",         "more"),
    ("friends bring friends",       more(JOIN, LEAVE, JOIN, sender_is_another, sender_is_joined),     "join-is-own",               "more"),
    ("a joined user is invited",    more(INVITE, JOIN, INVITE, sender_is_another, sender_is_joined, sender_may_invite), "joined-are-in", "more"),
    ("two rows for one cell",       more(BAN, JOIN, BAN, sender_is_another, sender_is_joined, sender_may_ban, sender_outranks_for_ban), "one-row-per-cell", "ban"),
    # A guard forgotten.
    ("anybody kicks",               swapped("kick", sender_may_kick, None),                           "kick-takes-permission",     "kick"),
    ("kicked by a peer",            swapped("kick", sender_outranks_for_kick, None),                  "kick-takes-rank",           "kick"),
    ("kicked from outside",         swapped("kick", sender_is_joined, None),                          "others-are-for-the-joined", "kick"),
    ("invited from outside",        swapped("invite", sender_is_joined, None),                        "others-are-for-the-joined", "invite"),
    ("banned by a peer",            swapped("ban", sender_outranks_for_ban, None),                    "ban-takes-rank",            "ban"),
    ("unbanned by anybody",         swapped("unban", sender_may_ban, None),                           "unban-takes-permission",    "unban"),
    ("joined by another",           swapped("accept", sender_is_target, None),                        "join-is-own",               "accept"),
    ("knocked for by another",      swapped("knock", sender_is_target, None),                         "knock-is-own",              "knock"),
    ("every room is public",        swapped("join", room_is_public, None),                            "join-keeps-join-rule",      "join"),
    ("every room takes knocks",     swapped("knock", room_takes_knocks, None),                        "knock-keeps-join-rule",     "knock"),
    ("banned again by a peer",      swapped("reban", sender_outranks_for_ban, None),                  "ban-takes-rank",            "reban"),
    ("denied by a peer",            swapped("deny", sender_outranks_for_kick, None),                  "kick-takes-rank",           "deny"),
    # A guard turned round.
    ("kicked by who may not",       swapped("kick", sender_may_kick, negated(sender_may_kick)),       "kick-takes-permission",     "kick"),
    ("kicked by inferiors",         swapped("kick", sender_outranks_for_kick, negated(sender_outranks_for_kick)), "kick-takes-rank", "kick"),
    ("knocking where none is taken", swapped("knock", room_takes_knocks, negated(room_takes_knocks)), "knock-keeps-join-rule",     "knock"),
    # A guard swapped.
    ("kicked by who may invite",    swapped("kick", sender_may_kick, sender_may_invite),              "kick-takes-permission",     "kick"),
    ("banned by who may kick",      swapped("ban", sender_may_ban, sender_may_kick),                  "ban-takes-permission",      "ban"),
    ("rank for the wrong thing",    swapped("deny", sender_outranks_for_kick, sender_outranks_for_ban), "kick-takes-rank",         "deny"),
    ("knocking at public rooms",    swapped("knock", room_takes_knocks, room_is_public),              "knocks-are-taken",          ""),
    # A guard too many.
    ("bans take a kick",            swapped("ban", None, sender_may_kick),                            "permission-is-for-its-action", ""),
    ("kicks in closed rooms only",  swapped("kick", None, room_is_closed),                            "join-rule-is-for-strangers", ""),
    ("the modest kick",             swapped("kick", None, sender_is_modest),                          "more-is-never-less",        ""),
    ("to leave takes permission",   swapped("leave", None, sender_may_kick),                          "everybody-may-leave",       ""),
    # A ban forgotten.
    ("the banned are invited",      moved("invite", source={LEAVE, BAN}),                             "ban-keeps-out",             "invite"),
    ("the banned join as public",   moved("join", source={LEAVE, KNOCK, BAN}),                        "ban-keeps-out",             "join"),
    ("the banned knock",            moved("knock", source={LEAVE, BAN}),                              "ban-keeps-out",             "knock"),
    ("the joined are not banned",   moved("ban", source={LEAVE, INVITE, KNOCK}),                      "everybody-can-be-banned",   ""),
    # A state too few or too many.
    ("knocks go unknown",           MIMI.evolve("planted", drop=["welcome"]),                         "knock-can-be-welcomed",     ""),
    ("no way out of a ban",         MIMI.evolve("planted", drop=["unban"]),                           "every-state-is-left",       ""),
    ("nobody knocks",               MIMI.evolve("planted", drop=["knock", "reknock"]),                "every-state-is-reached",    ""),
    ("to leave is to be banned",    moved("leave", dest=BAN),                                         "action-names-state",        "leave"),
    # A row that never fires.
    ("no kick fires",               swapped("kick", None, sender_is_target),                          "every-row-fires",           ""),
]
# fmt: on


def replayed(policy: MimiPolicy, log: Log) -> list[Outcome]:
    """What `fsm replay` makes of a log."""
    text = "".join(f"{json.dumps(event)}\n" for event in log)
    return list(Replay(policy).run(read_lines(BytesIO(text.encode()))))


def last_of(policy: MimiPolicy, log: Log | None) -> Any:
    """The decision on the last event of a log in which all others are allowed."""
    assert log is not None
    *before, last = replayed(policy, log)
    assert all(outcome.decision for outcome in before)
    return last.decision


@pytest.mark.parametrize(
    ("policy", "law", "transition"), [row[1:] for row in PLANTED], ids=[row[0].replace(" ", "-") for row in PLANTED]
)
def test_a_planted_fault_is_found_and_shown(policy: MimiPolicy, law: str, transition: str) -> None:
    review = verify(policy, rooms=0)
    finding = next(each for each in review.findings if each.law == law)
    assert review.open == review.findings
    decision = last_of(policy, finding.witness)
    assert (decision.transition or "") == transition
    assert (decision.allowed, decision.transition, decision.reason) == answer(finding)
    if finding.contrast_witness:
        assert last_of(policy, finding.contrast_witness).allowed is not decision.allowed


def answer(finding: Finding) -> tuple[bool, str | None, str]:
    assert finding.example is not None
    return finding.example.allowed, finding.example.transition, finding.example.reason


def test_a_fault_that_no_room_can_show_is_found_all_the_same() -> None:
    # Nobody outranks themselves, so nobody kicks themselves even where nothing forbids it.
    review = verify(swapped("kick", sender_is_another, None), rooms=0)
    assert [(finding.law, finding.subject) for finding in review.findings] == [
        ("one-row-per-cell", "`leave` and `kick`")
    ]
    assert [(finding.cells, finding.witness, finding.is_reachable) for finding in review.findings] == [
        (24, None, False)
    ]


def test_a_log_is_short_where_facts_have_no_say() -> None:
    # The counterexample is of somebody who may only ban; the creator, who may all, shows it sooner.
    policy = swapped("ban", sender_outranks_for_ban, None)
    policy = policy.evolve(
        "planted", replace=[replace(policy.transitions[-2], guards=(sender_is_joined, sender_may_ban))]
    )
    finding = next(each for each in verify(policy, rooms=0).findings if each.law == "no-ban-of-oneself")
    assert finding.example is not None
    assert finding.example.question(MIMI) == "ban, target=join, sender=join, is_self, may_ban"
    assert finding.witness is not None
    assert [event["type"] for event in finding.witness] == ["m.room.create", "m.user"]


def test_the_smallest_counterexample() -> None:
    (finding,) = verify(swapped("kick", sender_outranks_for_kick, None), rooms=0).findings
    assert finding.example is not None
    assert finding.example.question(MIMI) == "leave, target=join, sender=join, may_kick"
    assert finding.example.answer == finding.answer == "allowed as kick"
    assert finding.cells == 3 * 2**3
    assert finding.rows == (("kick", "5.6.2"),)


def test_what_nobody_can_do_is_shown_by_whoever_may_all() -> None:
    (finding,) = verify(MIMI.evolve("planted", drop=["deny"]), rooms=0).findings
    assert finding.example is not None
    assert finding.example.unusual == (
        "may_invite", "may_kick", "may_ban", "outranks_for_kick", "outranks_for_ban",
    )  # fmt: skip
    assert finding.witness is not None
    assert finding.witness[-1]["sender"] == ALICE


# Faults of what is around participation, found in whole rooms.


def permitting(kind: Kind, gone: Any = None, row_id: str | None = None) -> MimiPolicy:
    """`mimi` in which the permits for one kind of event lack a guard, or are not there."""
    rules = (
        replace(rule, guards=tuple(each for each in rule.guards if each is not gone))
        if row_id in (None, rule.id)
        else rule
        for rule in MIMI.permits[kind]
    )
    return MIMI.evolve("planted", permits={**MIMI.permits, kind: tuple(rules) if gone else ()})


# What is planted, the law, and how long the log that shows it is at most.
# fmt: off
IN_ROOMS: list[tuple[str, MimiPolicy, str, int]] = [
    ("no room is created",           permitting(Kind.CREATE),                                    "fresh-room-lives",              1),
    ("no role is dealt",             permitting(Kind.ROLE_MAP),                                  "fresh-room-lives",              10),
    ("nobody is let in",             MIMI.evolve("planted", drop=["invite"]),                    "fresh-room-lives",              2),
    ("rooms are created again",      permitting(Kind.CREATE, room_is_new),                       "contradictions-are-rejected",   2),
    ("one role twice",               permitting(Kind.ROLE_MAP, role_ids_are_distinct),           "contradictions-are-rejected",   2),
    ("two roles of one order",       permitting(Kind.ROLE_MAP, role_orders_are_distinct),        "contradictions-are-rejected",   2),
    ("roles changed from outside",   permitting(Kind.ROLE, sender_is_joined),                    "only-the-joined-send",          5),
    ("maps changed from outside",    permitting(Kind.ROLE_MAP, sender_is_joined),                "only-the-joined-send",          5),
    ("settings from outside",        permitting(Kind.STATE, sender_is_joined),                   "only-the-joined-send",          4),
    ("words from outside",           permitting(Kind.MESSAGE, sender_is_joined),                 "only-the-joined-send",          2),
    ("redacted from outside",        permitting(Kind.REDACTION, sender_is_joined, "redact_own"), "only-the-joined-send",          5),
    ("roles without permission",     permitting(Kind.ROLE, type_is_granted),                     "deeds-take-permission",         5),
    ("roles that are not listed",    permitting(Kind.ROLE, touched_roles_are_listed),            "deeds-take-permission",         4),
    ("maps without permission",      permitting(Kind.ROLE_MAP, type_is_granted),                 "deeds-take-permission",         5),
    ("maps of roles not listed",     permitting(Kind.ROLE_MAP, touched_roles_are_listed),        "deeds-take-permission",         4),
    ("settings without permission",  permitting(Kind.STATE, type_is_granted),                    "deeds-take-permission",         4),
    ("others' words redacted",       permitting(Kind.REDACTION, sender_may_redact),              "deeds-take-permission",         4),
    ("anybody's words are one's own", permitting(Kind.REDACTION, event_is_own),                  "deeds-take-permission",         4),
    ("the mute speak",               permitting(Kind.MESSAGE, message_is_not_denied),            "deeds-take-permission",         6),
    ("a word that is denied",        permitting(Kind.MESSAGE, type_is_not_denied),               "deeds-take-permission",         7),
    ("nobody speaks",                permitting(Kind.MESSAGE),                                   "permission-suffices",           2),
    ("nothing is redacted",          permitting(Kind.REDACTION),                                 "permission-suffices",           4),
    ("nothing is set",               permitting(Kind.STATE),                                     "permission-suffices",           2),
    ("higher roles are defined",     permitting(Kind.ROLE, touched_roles_are_below),             "higher-roles-are-out-of-reach", 5),
    ("higher roles are dealt",       permitting(Kind.ROLE_MAP, touched_roles_are_below),         "higher-roles-are-out-of-reach", 4),
    ("given what is not held",       permitting(Kind.ROLE, granted_permissions_are_held),        "grants-are-held",               6),
    ("dealt what is not held",       permitting(Kind.ROLE_MAP, granted_permissions_are_held),    "grants-are-held",               7),
    ("the last one is undone",       permitting(Kind.ROLE, administrator_remains),               "nobody-is-locked-out",          6),
    ("the last one steps down",      permitting(Kind.ROLE_MAP, administrator_remains),           "nobody-is-locked-out",          4),
    ("a no that protects",           MIMI.evolve("planted", power=Power.SET),                    "no-protects-nobody",            10),
]
# fmt: on


def breach(policy: MimiPolicy, law: str) -> RoomBreach:
    """Play rooms until the law is broken."""
    search = search_of(policy)
    assert search is not None
    for _ in takewhile(lambda _: law not in {each.id for each in search._broken}, search.run(40)):
        pass
    return next(each for each in search.breaches() if each.law.id == law)


@pytest.mark.parametrize(
    ("policy", "law", "length"), [row[1:] for row in IN_ROOMS], ids=[row[0].replace(" ", "-") for row in IN_ROOMS]
)
def test_a_fault_in_rooms_is_found_and_shown(policy: MimiPolicy, law: str, length: int) -> None:
    found = breach(policy, law)
    assert len(found.log) <= length
    decision = last_of(policy, found.log)
    assert decision == found.decision
    assert decision.allowed is (law not in ("fresh-room-lives", "permission-suffices", "no-protects-nobody"))
    if found.contrast:
        assert last_of(policy, found.contrast).allowed is not decision.allowed


def test_every_law_finds_something() -> None:
    found = {row[2] for row in [*PLANTED, *IN_ROOMS]} | {participation_is_kept_apart.id}
    laws: list[Any] = [*ROOM_LAWS, FRESH]
    assert found >= {each.id for each in laws}
    known: list[Any] = [*laws, *LAWS, *TABLE_LAWS]
    assert found <= {each.id for each in known}


# No table of rows can mix participation and permissions: the law is for rooms that do.


def view(states: dict[str, Any], permissions: Iterable[str]) -> View:
    seen = Standings({BOB: frozenset(permissions)}, {}, {BOB: 0}, frozenset(), can_be_mended=True)
    return View(states, LEAVE, seen=seen)


@pytest.mark.parametrize(
    ("event", "before", "after", "keeps"),
    [
        (change(JOIN, BOB), view({BOB: INVITE}, ["kick"]), view({BOB: JOIN}, ["kick"]), True),
        (change(JOIN, BOB), view({BOB: INVITE}, []), view({BOB: JOIN}, ["kick"]), False),
        (join_rule("public"), view({BOB: KNOCK}, []), view({BOB: KNOCK}, []), True),
        (join_rule("public"), view({BOB: KNOCK}, []), view({BOB: JOIN}, []), False),
    ],
)
def test_participation_and_permissions_are_kept_apart(event: Any, before: View, after: View, keeps: bool) -> None:
    decision = replayed(MIMI, ({"type": "m.room.create", "sender": BOB, "state_key": "", "content": {}},))[0].decision
    assert decision is not None
    if event["type"] == "m.user":
        decision = replace(decision, before=INVITE, after=JOIN)
    step = Step(event, decision, before, after)
    law: RoomLaw = participation_is_kept_apart
    assert law.test(step) is keeps
