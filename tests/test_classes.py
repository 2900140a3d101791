"""Classes of users: tables of decisions equal the machine on every cell, and rooms keep them up to date."""

from collections.abc import Callable
from itertools import compress, product
from typing import Any

import pytest

from fsm import Action, EventError, MatrixRoom, Participant, Room, classes
from fsm.classes import Outside, Peers
from fsm.machine import Machine
from fsm.matrix.facts import Warrant
from fsm.matrix.policies import VERSIONS
from fsm.matrix.rules import OTHERS, Rule, peers_of
from fsm.matrix.rules import rules_of as matrix_rules
from fsm.mimi.permissions import BAN, INVITE, KICK
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01, MimiPolicy
from fsm.mimi.roles import NOBODY, Standing
from fsm.mimi.rules import rules_of as mimi_rules
from fsm.participation.terms import JoinRule, Participation
from tests.builders import ALICE, BOB, CAROL, DAN, change, create, join_rule, joined, role, role_map, room
from tests.matrix import builders as m

NONE: frozenset[Any] = frozenset()


@pytest.mark.parametrize("policy", [MIMI, MIMI_00, MIMI_01], ids=lambda policy: policy.id)
def test_every_cell_of_mimi(policy: MimiPolicy) -> None:
    rules, machine, count = mimi_rules(policy), Machine(policy), 0
    target = Standing(NONE, NONE, {KICK: 1, BAN: 1}, 1)
    standings: dict[tuple[bool, ...], Standing] = {}
    for action, facts in policy.cells():
        if facts.is_self and (facts.outranks_for_kick or facts.outranks_for_ban):
            continue  # nobody outranks themselves
        told = facts.may_invite, facts.may_kick, facts.may_ban, facts.outranks_for_kick, facts.outranks_for_ban
        if told not in standings:
            granted = frozenset(compress((INVITE, KICK, BAN), told))
            standings[told] = Standing(granted, NONE, {KICK: 1 + told[3], BAN: 1 + told[4]}, 2)
        by = standings[told].users[facts.sender]
        to = by if facts.is_self else target.users[facts.target]
        answer = rules.table(facts.join_rule).decide(action.value, by, to, is_self=facts.is_self)
        assert answer == machine.decide(action, facts)
        count += 1
    assert count > 1_000


@pytest.mark.parametrize("version", VERSIONS)
def test_every_cell_of_matrix(version: str) -> None:
    policy = VERSIONS[version]
    rules, machine, count = matrix_rules(policy), Machine(policy), 0
    for action, facts in policy.cells():
        outranks = facts.outranks_for_kick
        is_first = facts.warrant is Warrant.FIRST_JOIN
        if (
            not (facts.warrant is Warrant.NONE or (is_first and action == "join" and not outranks))
            or facts.is_authorised or outranks is not facts.outranks_for_ban or (facts.is_self and outranks)
        ):  # fmt: skip
            continue  # there is one level for both, and what else an event may say takes the careful way
        invite, kick, ban = (5 if may else 6 for may in (facts.may_invite, facts.may_kick, facts.may_ban))
        by = (OTHERS if is_first and not facts.is_self else peers_of(5))[facts.sender]
        to = by if facts.is_self else (OTHERS if outranks else peers_of(5))[facts.target]
        table = rules.table(Rule(facts.join_rule, 5 if is_first else 4, invite, kick, ban, is_first=is_first))
        assert table.is_passing is is_first
        assert table.decide(action.value, by, to, is_self=facts.is_self) == machine.decide(action, facts)
        count += 1
    assert count > 1_000


def mimi() -> Any:
    staff = [role("mod", {"kick": True, "ban": True}), role_map(("mod", 5, [ALICE, BOB]))]
    return room(*joined(BOB, CAROL), join_rule("knock"), change("knock", DAN), *staff)


def matrix() -> Any:
    return m.room(*m.members(join=[ALICE, BOB, CAROL], knock=[DAN]), m.levels(users={BOB: 60}), version="11")


def closed() -> Any:
    creation = m.create("11", {"m.federate": False})
    return m.room(*m.members(join=[ALICE, BOB, CAROL], knock=[DAN]), creation=creation, version="11")


@pytest.mark.parametrize("make", [mimi, matrix, closed])
def test_whom_somebody_may_act_on(make: Callable[[], Any]) -> None:
    here = make()
    for action, sender in product(Action, (ALICE, BOB, CAROL, DAN)):
        asked = {user: here.decide_action(action, sender, user).transition for user in here._states}
        assert here.targets(action, sender) == {user: row for user, row in asked.items() if row}
        assert all(here.actions(sender, user)[action] == row for user, row in here.targets(action, sender).items())
    faults: list[tuple[str, Any]] = [("dance", ALICE), ("ban", ""), ("ban", None)]
    for word, sender in faults:
        with pytest.raises(EventError):
            here.targets(word, sender)


def test_who_was_only_given_a_role_is_nobody_to_act_on() -> None:
    here = room(role("mod", {"invite": True}), role_map(("mod", 5, [ALICE, DAN])))
    assert DAN not in here.targets("invite", ALICE)
    assert list(here.participations()) == [ALICE]
    assert here.send(change("invite", ALICE, BOB))
    assert here.send(change("invite", ALICE, DAN))
    assert list(here.participations()) == [ALICE, BOB, DAN]
    assert here.standing(DAN).may(INVITE)


def test_powers_come_and_go() -> None:
    here = room(*joined(BOB), role("mod", {"ban": True, "roles": ["mod"], "events": {"m.room.role_map": True}}))
    assert here.send(role_map(("mod", 5, [ALICE, BOB]), ("dull", 1, [DAN])))
    known = dict(here._members)
    assert known[BOB].peers is known[ALICE].peers is not NOBODY.users
    assert here.decide(change("ban", BOB, CAROL))
    here.take(role_map(("mod", 5, [ALICE])))
    assert not here.decide(change("ban", BOB, CAROL))
    assert DAN not in here._members
    assert here._members[BOB] is NOBODY.users[Participation.JOIN]


def test_users_alike_are_one_class_in_all_rooms() -> None:
    one, other = (Room.create(f"!{name}:x", ALICE) for name in "ab")
    assert one._members[ALICE] is other._members[ALICE]
    assert one._table is other._table
    rooms = [MatrixRoom.create(None, ALICE) for _ in range(2)]
    assert rooms[0]._members[ALICE] is rooms[1]._members[ALICE]


def test_tables_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(classes, "MAX_DECISIONS", 5)
    monkeypatch.setattr(classes, "MAX_RULES", 3)
    rules = mimi_rules(MIMI.evolve("mimi-small"))
    table = rules.table(JoinRule.INVITE)
    for level in range(20):
        users = Standing(frozenset({BAN}), NONE, {BAN: level}, level).users
        assert table.decide("ban", users[Participation.JOIN], NOBODY.users[Participation.JOIN], is_self=False)
        assert sum(len(answers) for answers in table.others["ban"].values()) <= table.held <= 5
    bounded = matrix_rules(VERSIONS["11"].evolve("matrix-small"))
    for level in range(20):
        assert bounded.table(Rule(JoinRule.INVITE, 0, level, 0, 0)).rule.invite == level
        assert len(bounded._tables) <= 3


def test_states_that_are_kept_elsewhere() -> None:
    states: dict[str, Participation] = {BOB: Participation.JOIN}
    members = Outside(states, NOBODY.users)
    staff: Peers[Standing] = Standing(frozenset({BAN}), NONE, {}, 1).users
    assert members[BOB] is NOBODY.users[Participation.JOIN]
    assert ALICE not in members
    members[ALICE] = staff.unknown
    members[BOB] = staff[Participation.BAN]
    assert states == {BOB: Participation.BAN}
    assert members[ALICE] is staff.unknown
    assert [*members] == [BOB, ALICE]
    assert len(members) == len((ALICE, BOB))
    del members[ALICE]
    members[BOB] = NOBODY.users[Participation.BAN]
    assert dict(members) == {BOB: NOBODY.users[Participation.BAN]}


@pytest.mark.parametrize("kind", [Room, MatrixRoom])
def test_a_room_in_a_state_has_the_participants_that_it_is_given(kind: Any) -> None:

    class Mine(Participant):
        pass

    creation = create() if kind is Room else m.create("11")
    assert type(kind.from_state([creation], participant=Mine).participant(ALICE)) is Mine
