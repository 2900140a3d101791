"""Rooms to try role sets in: a log for every case, vectors that the plain rules answer alike, and what updates change."""

import json
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import pytest

from fsm import RoleRoom, load_policy
from fsm.memory import memory_of
from fsm.review.search.witness import witness
from fsm.review.vectors.suite import covering_vectors
from fsm.room_policy.cases import log_to
from fsm.room_policy.facts import Move, RoleFacts
from fsm.room_policy.family import FAMILY
from fsm.room_policy.policies import STRICT, policy_of
from fsm.room_policy.syntax import RoleSyntax
from tests.cli.runner import fsm
from tests.room_policy.lint_sets import bounded, holding, leading, sound
from tests.room_policy.plain import answer
from tests.room_policy.questions import Questions

JSON = dict[str, Any]
KEYS = ("allowed", "transition", "before", "after", "refusals")


def bounded_set() -> list[JSON]:
    """A sound set in which every bound is one, and strangers come in by code, claim and openly."""
    roles = sound()
    for change in (
        bounded(2, "minimum_participants", 1), bounded(2, "minimum_active_participants", 1),
        bounded(2, "maximum_participants", 3), bounded(2, "maximum_active_participants", 2),
        holding(2, "canJoinIfPreauthorized", "canChangeOwnRole"), holding(3, "canJoinIfPreauthorized"),
        holding(0, "canUseJoinCode", "canOpenJoin"), leading(0, 0, 2),
    ):  # fmt: skip
        change(roles)
    return [*roles.values()]


@pytest.mark.parametrize("name", ["cooperative", "strict", "moderated", "organizations"])
def test_the_family_fits_every_example(name: str) -> None:
    FAMILY.check(load_policy(f"room-policy-{name}"))


@pytest.mark.parametrize("step", [1, 2, 3, 5, 7])
def test_the_log_of_a_case_has_its_facts(step: int) -> None:
    policy = policy_of(bounded_set())
    decide, shown = memory_of(policy).machine.decide, 0
    for action in policy.triggers:
        for facts, _ in islice(policy.walk(action), step, 3000, 211 * step):
            log = witness(policy, action, facts)
            if log is None:
                continue
            room = RoleRoom(policy=policy)
            assert all(room.send(event) for event in log[:-1])
            found = room.facts_of(log[-1])
            assert all(getattr(found, name) == getattr(facts, name) for name in policy.reads(action))
            assert room.decide(log[-1]) == decide(action, facts)
            shown += 1
    assert shown


def test_every_row_is_shown() -> None:
    policy = policy_of(bounded_set())
    for row in policy.transitions:
        allowed = (facts for facts, _ in policy.walk(row.trigger) if facts.target in row.source and row.permits(facts))
        assert any(witness(policy, row.trigger, facts) for facts in islice(allowed, 20)), row.id


@pytest.mark.long
def test_vectors_are_answered_alike_by_the_plain_rules() -> None:
    policy = policy_of([*sound().values()])
    vectors, _ = covering_vectors(policy)
    assert {vector.decision.transition for vector in vectors} >= {"add", "ban", "change_role", "leave", "kick"}
    for vector in vectors:
        told = json.loads(json.dumps(vector.as_json()))
        wanted = answer(told)
        assert {key: wanted[key] for key in KEYS} == {key: told["expected"][key] for key in KEYS}


@pytest.mark.parametrize("seed", range(6))
def test_the_state_of_a_room_is_another_such_room(seed: int) -> None:
    questions = Questions(seed)
    for _ in range(10):
        question = questions.question()
        room = RoleRoom.from_state(question["state"])
        again = RoleRoom.from_state(json.loads(json.dumps(room.current_state())))
        assert again.decide(question["event"]) == room.decide(question["event"])
        assert again.participations() == room.participations()


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_is_read_again(seed: int) -> None:
    policy = policy_of(bounded_set())
    syntax = FAMILY.syntax_of(policy)
    assert isinstance(syntax, RoleSyntax)
    random = Random(seed)  # noqa: S311 - no secrets
    for action in policy.triggers:
        for told in random.choices([*syntax.forms(policy, action)], k=2):
            event = syntax.write(policy, action, "ann", "bob", **told)
            change = syntax.read(event, policy)
            assert change is not None
            assert (change.action, change.sender, change.target) == (action.value, "ann", "bob")
            assert RoleRoom.from_state(
                [{"type": "roles_list", "sender": "hub", "state_key": "", "content": {"roles": bounded_set()}}]
            ).facts_of(event)


@pytest.mark.parametrize("by", [0, 1, 3])
def test_a_room_that_is_full_can_be_shown_when_somebody_is_banned(by: int) -> None:
    policy = policy_of([*sound().values()])
    states = {state.value: state for state in policy.states}
    at = {"sender": states[by], "acting": states[by or 3], "target": states[0], "wanted": states[1]}
    facts = RoleFacts(**{**policy.domain.plain, **at, "is_self": False, "max_users_holds": False})  # type: ignore[arg-type]
    log = log_to(policy, Move.ADD, facts)
    assert log is not None
    room = RoleRoom(policy=policy)
    assert room.send(log[0])
    assert not room.facts_of(log[1]).max_users_holds


def test_a_history_can_be_made_and_replayed(tmp_path: Path) -> None:
    roles, log = tmp_path / "club.json", tmp_path / "log.jsonl"
    roles.write_text(json.dumps({"roles": bounded_set()}), encoding="utf-8")
    assert fsm("synth", "--policy", str(roles), "--events", "120", "--rooms", "2", "-o", str(log)).status == 0
    counted = json.loads(fsm("backtest", str(log), "--policy", str(roles), "--json").out)
    assert counted
    assert fsm("replay", str(log), "--policy", str(roles)).status in {0, 1}


def test_a_preview_says_who_would_gain_what() -> None:
    room = RoleRoom.create("r", "ann", policy=STRICT, role=3)
    roles = sound()
    seen = room.preview({"roles": [*roles.values()]})
    assert seen
    assert "`super_admin`" in " ".join(seen.go)
    assert any("`group_admin`" in line for line in seen.lost)
    assert seen.holders == {"`group_admin`": ("ann",)}
    assert room.policy is STRICT
    assert not RoleRoom.create("r", "ann", policy=policy_of([*roles.values()]), role=3).preview([*sound().values()])


def test_the_difference_of_two_files_is_told_by_roles(tmp_path: Path) -> None:
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    roles = sound()
    old.write_text(json.dumps({"roles": [*roles.values()]}), encoding="utf-8")
    holding(2, "canKick")(roles)
    bounded(2, "maximum_participants", 9)(roles)
    roles[4] = {**roles[2], "role_index": 4, "role_name": "guest"}
    new.write_text(json.dumps({"roles": [*roles.values()]}), encoding="utf-8")
    run = fsm("diff", str(old), str(new))
    assert run.status == 1
    assert "old → new: what changes" in run.out
    assert "`guest` appears" in run.out
    assert "+ `member` may use canKick" in run.out
    assert "`member`: participants 0 or more, then 0 to 9" in run.out
    told = json.loads(fsm("diff", str(new), str(old), "--json").out)
    assert told["go"] == ["`guest`"]
    assert fsm("diff", str(old), str(old)).status == 0
