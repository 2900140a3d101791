"""Logs that lead to a cell: they replay, they end in the question, and there are none that are shorter."""

import json
from dataclasses import replace
from io import BytesIO
from itertools import product, takewhile
from typing import Any

import pytest

from fsm.guards import guard
from fsm.json_lines import Line
from fsm.log import Replay
from fsm.memory import memory_of
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.mimi.roles import Power
from fsm.participation.facts import Facts
from fsm.participation.terms import Participation
from fsm.policies import load_policy, new_room
from fsm.review.search.play import play_of
from fsm.review.search.played import Rooms
from fsm.review.search.witness import Search, witness
from fsm.scenario import Log
from tests.builders import ALICE, BAN, BOB, INVITE, JOIN, KNOCK, LEAVE, STAFF, facts
from tests.logs import read_lines

POLICIES = (MIMI, MIMI_00, MIMI_01)


def cells(policy: MimiPolicy, step: int) -> list[tuple[Any, Facts]]:
    """Every so-manieth cell, each action and each state among them."""
    return list(policy.cells())[::step]


def shows(policy: MimiPolicy, action: Participation, given: Facts, log: Log) -> None:
    """The log plays, and its last event is the question in exactly these facts."""
    *before, question = log
    room: Any = new_room(policy)
    for event in before:
        decision = room.send(event)
        assert decision, f"{event} is refused: {decision.reason}"
    assert room.facts(question["sender"], question["state_key"]) == given
    assert question["content"] == {"participation": str(action)}
    assert room.decide(question) == memory_of(policy).machine.decide(action, given)


@pytest.mark.parametrize("name", ["mimi", "matrix-1", "matrix-12", "examples/muc/policies.py:AFFILIATIONS"])
def test_a_room_that_is_led_on_is_that_of_its_whole_log(name: str) -> None:
    policy = load_policy(name)
    play, rooms = play_of(policy), Rooms(policy)
    assert play
    for opening, first, second in product(play.openings, play.turns[::5], play.turns[::7]):
        log = (*opening, first, second)
        alone: Any = new_room(policy)
        answers = list(takewhile(bool, map(alone.send, log)))
        led_on: Any = rooms.after(log)
        assert (led_on is not None) is (len(answers) == len(log))
        if led_on:
            assert led_on.room.snapshot() == alone.snapshot()
            set_by = [event for event, answer in zip(log, answers, strict=True) if answer.after is None]
            assert led_on.settings == {(each["type"], each["state_key"]): each["content"] for each in set_by}


# The step is prime to the sizes of the facts, so that all their values come up.
@pytest.mark.parametrize(
    ("policy", "step"), [(MIMI, 7), (MIMI_00, 23), (MIMI_01, 29)], ids=["mimi", "mimi-00", "mimi-01"]
)
def test_a_witness_for_every_cell_that_a_room_can_come_to(policy: MimiPolicy, step: int) -> None:
    for action, given in cells(policy, step):
        log = witness(policy, action, given)
        if log is None:
            assert given.is_self
            assert given.outranks_for_kick or given.outranks_for_ban
        else:
            shows(policy, action, given, log)


def test_nobody_outranks_themselves() -> None:
    assert witness(MIMI, BAN, facts(is_self=True, may_ban=True, outranks_for_ban=True)) is None


def test_a_witness_is_a_log_as_people_write_it() -> None:
    log = witness(MIMI, LEAVE, facts(target=KNOCK, **STAFF))
    assert log is not None
    text = "".join(f"{json.dumps(event)}\n" for event in log)
    outcomes = list(Replay(MIMI).run(read_lines(BytesIO(text.encode()))))
    assert [bool(outcome.decision) for outcome in outcomes] == [True] * len(log)
    assert outcomes[-1].decision is not None
    assert outcomes[-1].decision.transition == "deny"
    assert {event["sender"] for event in log} <= {ALICE, BOB}


# fmt: off
SHORT: list[tuple[str, dict[str, Any], int]] = [
    # An empty room is created, and nobody is anything.
    ("join",   {"target": LEAVE, "sender": LEAVE, "is_self": True},                          2),
    ("leave",  {"target": JOIN, "sender": JOIN, "is_self": True, "may_invite": True, "may_kick": True, "may_ban": True}, 2),
    ("invite", {"target": LEAVE, **STAFF},                                                   2),
    ("leave",  {"target": BAN, **STAFF},                                                     3),
    # One role, dealt: the creator may no longer all.
    ("invite", {"target": LEAVE, "may_invite": True},                                        4),
    ("invite", {"target": LEAVE},                                                            3),
]
# fmt: on


@pytest.mark.parametrize(("action", "given", "length"), SHORT)
def test_the_shortest(action: str, given: dict[str, Any], length: int) -> None:
    log = witness(MIMI, action, facts(**given))
    assert log is not None
    assert len(log) == length


def test_no_log_of_the_same_events_is_shorter() -> None:
    # All logs of two events after the creation, with a question behind: what they show takes no more.
    play = play_of(MIMI)
    assert play is not None
    events = [
        *play.turns,
        *{json.dumps(event): event for assignment in play.assignments for event in assignment}.values(),
    ]
    questions = play.questions(INVITE)
    known: dict[Facts, int] = {}
    for second, third in product(events, repeat=2):
        room: Any = new_room(MIMI)
        for length, event in enumerate((*play.openings[0], second, third), start=2):
            if not room.send(event):
                break
            for question in questions:
                known.setdefault(room.facts(question["sender"], question["state_key"]), length)
    assert len(known) > 100
    for given, length in known.items():
        log = witness(MIMI, INVITE, given)
        assert log is not None
        assert len(log) <= length


def test_the_same_log_every_time() -> None:
    play = play_of(MIMI)
    assert play is not None
    afresh = Search(MIMI, play)
    for action, given in cells(MIMI, 997):
        assert afresh.find(action, given) == witness(MIMI, action, given)


# Another family, whose events may bring something along that is a fact.


@pytest.mark.parametrize("version", [12, *(pytest.param(version, marks=pytest.mark.long) for version in (1, 10))])
def test_a_witness_for_matrix(version: int) -> None:
    policy = load_policy(f"fsm.matrix.policies:MATRIX_{version}")
    machine = memory_of(policy).machine
    found = 0
    for action, given in list(policy.cells())[::311]:
        log = witness(policy, action, given)
        if log is None:
            continue
        found += 1
        lines = [Line(number, event) for number, event in enumerate(log, start=1)]
        *before, last = Replay(policy).run(lines)
        assert all(outcome.decision for outcome in before)
        assert last.decision == machine.decide(action, given)
    # Version 1 knows no knocking: no room comes to such facts.
    assert found > (60 if version == 1 else 100)


# Odd policies.

ROWS = {row.id: row for row in MIMI.transitions}


def test_a_state_that_nobody_reaches_has_no_witness() -> None:
    policy = MIMI.evolve("no-knocks", drop=["knock", "reknock"])
    for action in (LEAVE, INVITE, JOIN, KNOCK, BAN):
        assert witness(policy, action, facts(target=KNOCK, **STAFF)) is None
    assert witness(policy, KNOCK, facts(target=LEAVE, sender=LEAVE, is_self=True)) is not None


@guard("the sender is not above the target", fails="the sender is above the target")
def sender_is_not_above(given: Facts) -> bool:
    return not given.outranks_for_ban


def test_a_state_that_only_the_powerless_bring_about() -> None:
    # The creator outranks everybody, so that nobody is banned before roles are dealt.
    row = replace(ROWS["ban"], guards=(*ROWS["ban"].guards[:-1], sender_is_not_above))
    policy = MIMI.evolve("backward", replace=[row])
    given = facts(target=BAN, may_ban=True)
    log = witness(policy, LEAVE, given)
    assert log is not None
    shows(policy, LEAVE, given, log)
    assert "m.room.role_map" in [event["type"] for event in log]


def test_power_by_an_explicit_no() -> None:
    for policy in (MIMI, MIMI_01):
        given = facts(target=LEAVE, outranks_for_ban=True)
        log = witness(policy, BAN, given)
        assert log is not None
        shows(policy, BAN, given, log)
    assert (MIMI.power, MIMI_01.power) == (Power.GRANTED, Power.SET)


def test_a_family_that_plays_nothing_has_no_witness() -> None:
    policy = MIMI.evolve("alone", family="tests.review")
    assert play_of(policy) is None
    assert witness(policy, JOIN, facts()) is None


@pytest.mark.parametrize(("name", "step"), [("mimi", 3), ("matrix-11", 29)])
def test_questions_hang_on_no_other_users_than_the_scenario_says(name: str, step: int) -> None:
    policy = load_policy(name)
    play = play_of(policy)
    assert play is not None
    search, known = Search(policy, play), dict[object, Any]()
    situations = search._situations[::step]
    for action in policy.triggers:
        for question in play.questions(action):
            for situation in situations:
                states = tuple(situation.states[place] for place in play.concerned(question))
                given = play.facts(search._room_of(situation), question)
                assert known.setdefault((id(question), situation.alike, states), given) == given
    assert len(known) < len(situations) * sum(len(play.questions(action)) for action in policy.triggers)
