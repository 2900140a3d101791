"""Rooms with roles of their own in columnar replay: it says what rooms say, of role sets of any size."""

import json
from itertools import islice
from typing import Any

import pyarrow as pa
import pytest

from fsm import load_policy
from fsm.bulk import Backtest, replay
from fsm.bulk.write.synth import as_events, synthesise
from fsm.memory import memory_of
from fsm.policies import load_rules
from fsm.review.search.witness import witness
from fsm.room_policy.policies import RolePolicy, policy_of
from fsm.room_policy.roles import write_roles
from tests.bulk.histories import LOOPS, columnar_replay, plain_replay, table_of
from tests.room_policy.questions import Questions
from tests.room_policy.test_scenario import bounded_set

JSON = dict[str, Any]

MUC = "examples/muc/policies.py:AFFILIATIONS"

EXAMPLES = ["cooperative", "strict", "moderated", "organizations"]


def in_room(room_id: str, kind: str, sender: str, content: JSON, target: str = "") -> JSON:
    return {"type": kind, "sender": sender, "state_key": target, "room_id": room_id, "content": content}


def role(index: int, *capabilities: str, leads: list[int] | None = None) -> JSON:
    return {
        "role_index": index, "role_name": f"role {index}", "role_description": "", "role_capabilities": [*capabilities],
        "minimum_participants_constraint": 0, "minimum_active_participants_constraint": 0,
        "authorized_role_changes": [{"from_role_index": 0, "target_role_indexes": leads or []}],
    }  # fmt: skip


def growing(room_id: str, number: int) -> list[JSON]:
    """A room with so many roles that comes to have one more."""
    roles = [role(1, "canAddParticipant", "canChangeRoleDefinitions", leads=[number]), *map(role, range(2, number + 1))]
    first = {"roles_list": {"roles": roles}, "participant_list": {"participants": [{"user": "ann", "role_index": 1}]}}
    more = [{**roles[0], "authorized_role_changes": role(0, leads=[number + 1])["authorized_role_changes"]}]
    return [
        in_room(room_id, "create", "ann", first),
        in_room(room_id, "participant", "ann", {"action": "add", "role_index": number}, "bob"),
        in_room(room_id, "roles_list", "ann", {"roles": [*more, *roles[1:], role(number + 1)]}),
        in_room(room_id, "participant", "ann", {"action": "add", "role_index": number + 1}, "cat"),
        in_room(room_id, "participant", "ann", {"action": "add", "role_index": number}, "dan"),
        in_room(room_id, "participant", "ann", {"action": "add"}, "eve"),
        in_room(room_id, "message", "ann", {}),
    ]


def check(rules: str | RolePolicy, log: list[JSON], **more: Any) -> None:
    """Columnar replay says of a log what rooms say, event for event, and who is where at the end."""
    loaded = load_rules(rules) if isinstance(rules, str) else rules
    table, past = table_of([loaded], log)
    outcomes, states = columnar_replay([loaded], table, past=past, **more)
    assert (outcomes[0], states) == plain_replay(loaded, log)


@pytest.mark.parametrize("name", EXAMPLES)
def test_made_up_histories_of_the_examples(name: str) -> None:
    policy = load_policy(f"room-policy-{name}")
    table = pa.concat_tables(synthesise(policy, events=120, rooms=3, users=40, seed=2))
    log = [*as_events(table, policy)]
    outcomes, states = columnar_replay([policy], table, batch=50)
    assert (outcomes[0], states) == plain_replay(policy, log)
    check("room-policy", [{**event, "content": {**event["content"], **roles_in(policy, event)}} for event in log])


def roles_in(policy: Any, event: JSON) -> JSON:
    """The roles that the creation of a room names, for a history that no policy is given for."""
    return {"roles_list": write_roles(policy.roles)} if event["type"] == "create" else {}


@pytest.mark.parametrize("rules", ["room-policy", "room-policy-strict"])
@pytest.mark.parametrize("compiled", LOOPS)
def test_a_room_comes_to_have_other_roles(rules: str, compiled: bool) -> None:
    log = [event for number, room in ((3, "!a"), (5, "!b")) for event in growing(room, number)]
    check(rules, log, batch=4, compiled=compiled)


@pytest.mark.parametrize("rules", ["room-policy", "room-policy-strict"])
def test_more_roles_than_a_byte_can_tell_apart(rules: str) -> None:
    check(rules, growing("!a", 300))
    check(policy_of([role(index) for index in range(400)]), growing("!a", 300))


def test_more_role_sets_than_a_byte_can_tell_apart() -> None:
    log = [event for number in range(2, 260) for event in growing(f"!{number}", number % 7 + 2)[:2]]
    check("room-policy", log)


def test_roles_that_are_called_otherwise_are_counted_by_their_index() -> None:
    """Role 2 has one name in the one room, and another in the other."""
    other = growing("!b", 2)
    for each in other[0]["content"]["roles_list"]["roles"]:
        each["role_name"] += " here"
    backtest = Backtest(load_rules("room-policy"))
    backtest.add(table_of([load_rules("room-policy")], [*growing("!a", 2)[:2], *other[:2]])[0])
    assert backtest.as_json()["participation"] == {1: 2, 2: 2}


@pytest.mark.parametrize("seed", [0, 1, 3])
def test_cells_of_random_role_sets_are_those_of_the_table(seed: int) -> None:
    questions = Questions(seed)
    questions.is_rich = True
    roles = bounded_set() if seed == 0 else questions.roles()
    policy = policy_of(roles)
    log, wanted, decide = list[JSON](), dict[str, Any](), memory_of(policy).machine.decide
    for action in policy.triggers:
        for facts, _ in islice(policy.walk(action), seed, 4_000, 161):
            shown = witness(policy, action, facts)
            if shown is not None:
                room_id = f"!{len(wanted)}"
                wanted[room_id] = decide(action, facts)
                log += [{**event, "room_id": room_id} for event in shown]
    assert len(wanted) > 2
    table, past = table_of([policy], log)
    outcomes, _ = columnar_replay([policy], table, past=past)
    last = {event["room_id"]: outcome[0] for event, outcome in zip(log, outcomes[0], strict=True)}
    assert last == wanted


ROWS: list[tuple[JSON, bool | None, str]] = [
    ({"sender": "ann", "target": "bob", "action": "add", "destination": "2"}, True, "add"),
    ({"sender": "ann", "target": "cat", "action": "add", "destination": "3"}, False, ""),
    ({"sender": "ann", "target": "cat", "action": "add"}, None, "`content.role_index`: is missing"),
    ({"sender": "ann", "target": "cat", "action": "add", "destination": "two"}, None, "`content.role_index`"),
    ({"sender": "ann", "target": "cat", "action": "add", "destination": "٢"}, None, "`content.role_index`"),
    ({"sender": "ann", "target": "cat", "action": "add", "destination": "9" * 5000}, None, "`content.role_index`"),
    ({"sender": "ann", "target": "cat", "action": "add", "destination": "0"}, None, "must be at least 1"),
    ({"sender": "ann", "target": "cat", "action": "invite", "destination": "2"}, None, "`content.action`"),
    ({"sender": "ann", "action": "add", "destination": "2"}, None, "`state_key`"),
    ({"sender": "ann", "target": "bob", "action": "remove", "destination": "2"}, False, ""),
]


@pytest.mark.parametrize("rules", ["room-policy", "room-policy-strict"])
@pytest.mark.parametrize(("row", "allowed", "answer"), ROWS)
def test_a_column_says_where_a_change_leads(row: JSON, allowed: bool | None, answer: str, rules: str) -> None:
    first, *_ = growing("!a", 2)
    rows = [{**first, "content": json.dumps(first["content"])}, {**row, "room_id": "!a"}]
    names = ("room_id", "sender", "target", "action", "destination", "type", "content")
    table = pa.table({name: pa.array([each.get(name) for each in rows], pa.string()) for name in names})
    told = replay(table, rules).to_pylist()[1]
    assert told["allowed"] is allowed
    assert answer in (told["error"] or told["transition"] or "")


def test_a_column_says_where_changes_of_other_families_lead() -> None:
    """States may be words, too."""
    table = pa.table({
        "room_id": ["r"] * 3,
        "sender": ["ann@a.example"] * 3,
        "target": [None, "bob@b.example", "bob@b.example"],
        "action": [None, "set", "set"],
        "destination": [None, "outcast", "king"],
        "type": ["muc.create", None, None],
        "state_key": ["", None, None],
    })  # fmt: skip
    allowed = [(row["allowed"], row["error"] is None) for row in replay(table, load_policy(MUC)).to_pylist()]
    assert allowed == [(True, True), (True, True), (None, False)]
