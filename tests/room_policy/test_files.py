"""Role definitions in files, as policies of every command that takes one."""

import json
from pathlib import Path
from typing import Any

import pytest

from fsm import DefinitionError, load_policy
from fsm.policies import load_policies, load_several
from fsm.room_policy.codec import encode
from fsm.room_policy.policies import EXAMPLES, STRICT, RolePolicy, policy_of
from tests.cli.runner import fsm

ROLES: dict[str, Any] = EXAMPLES["strict"]["roles_list"]

# fmt: off
SHAPES = [
    ("roles.json", json.dumps(ROLES).encode()),
    ("roles.json", json.dumps({"roles_list": ROLES, "preauth_list": {"preauthorized_entries": []}, "base_room_policy": {}}).encode()),
    ("roles.tls",  encode("RoleData", ROLES)),
]
FAULTS = [
    ("roles.json", b'{"roles": 3}',                                              "`roles`: must be an array"),
    ("roles.json", b'{"roles_list": {}}',                                        "`roles`: is missing"),
    ("roles.json", b'{"roles": [], "preauth_list": []}',                         "`preauth_list`: must be an object"),
    ("roles.json", b'{"roles": [], "base_room_policy": {"max_users": "many"}}',  "`base_room_policy.max_users`: must be a whole number"),
    ("roles.json", b"[]",                                                        "expected the roles of a room"),
    ("roles.tls",  b"\x40",                                                      "byte 0: `roles`"),
]
# fmt: on


@pytest.mark.parametrize(("name", "data"), SHAPES)
def test_a_file_of_roles_is_a_policy(tmp_path: Path, name: str, data: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    policy = load_policy(str(file))
    assert isinstance(policy, RolePolicy)
    assert (policy.id, policy.roles) == ("roles", policy_of(ROLES).roles)
    assert (policy.fingerprint == STRICT.fingerprint) is (policy.preauthorizations == () and policy.base is None)
    run = fsm("draw", str(file), "--format", "mermaid")
    assert run.status == 0
    assert "group_admin" in run.out


@pytest.mark.parametrize(("name", "data", "problem"), FAULTS)
def test_a_faulty_file_is_one_line(tmp_path: Path, name: str, data: bytes, problem: str) -> None:
    file = tmp_path / name
    file.write_bytes(data)
    with pytest.raises(DefinitionError) as caught:
        load_policy(str(file))
    assert problem in str(caught.value)
    assert "\n" not in str(caught.value)


def test_rooms_begin_with_what_else_a_file_says(tmp_path: Path) -> None:
    file, other = tmp_path / "meeting.json", tmp_path / "tea-time.json"
    entries = {"preauthorized_entries": [{"claimset": [], "target_role": 4}]}
    data = {"roles_list": ROLES, "preauth_list": entries, "base_room_policy": {"fixed_membership": True}}
    file.write_text(json.dumps(data), encoding="utf-8")
    other.write_text(json.dumps({"roles_list": ROLES, "preauth_list": entries}), encoding="utf-8")
    event = {"type": "participant", "sender": "a", "state_key": "a", "content": {"action": "add", "role_index": 4}}
    roles = {"type": "roles_list", "sender": "hub", "content": ROLES}
    allowed = []
    for policy, state in ((file, []), (other, []), (other, [roles])):
        run = fsm("decide", "--policy", str(policy), given=json.dumps({"state": state, "event": event}).encode())
        allowed.append(json.loads(run.out)["transition"])
    assert allowed == [None, "preauthorized_join", None]
    assert [load_policy(str(each)).id for each in (file, other)] == ["meeting", "tea-time"]


def test_the_roles_of_a_state_win_over_those_of_a_policy(tmp_path: Path) -> None:
    file = tmp_path / "roles.json"
    file.write_text(json.dumps(ROLES), encoding="utf-8")
    listed = {
        "type": "participant_list",
        "sender": "hub",
        "content": {"participants": [{"user": "a", "role_index": 4}]},
    }
    other = {"type": "roles_list", "sender": "hub", "content": {"roles": []}}
    event = {"type": "participant", "sender": "a", "state_key": "a", "content": {"action": "remove"}}
    lines = [json.dumps({"state": state, "event": event}) for state in ([listed], [listed, other], [other])]
    run = fsm("decide", "--policy", str(file), given="\n".join(lines).encode())
    first, second, third = map(json.loads, run.out.splitlines())
    assert first["transition"] == "leave"
    assert "no role has the index 4" in second["error"]["message"]
    assert (third["allowed"], third["refusals"]) == (False, [])


def several(tmp_path: Path) -> list[str]:
    """Three files of one name, with different roles."""
    files = [tmp_path / folder / "roles.json" for folder in ("x/old", "y/old", "new")]
    for number, file in enumerate(files):
        file.parent.mkdir(parents=True)
        role = {**ROLES["roles"][2], "maximum_participants_constraint": number}
        file.write_text(json.dumps({"roles": [*ROLES["roles"][:2], role]}), encoding="utf-8")
    return [str(file) for file in files]


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    names = several(tmp_path)
    one, other, third = load_policies(names)
    assert (one.id, other.id, third.id) == ("x-old-roles", "y-old-roles", f"{tmp_path.name}-new-roles")
    assert [policy.id for policy in load_policies(names[1:])] == ["old-roles", "new-roles"]
    assert [policy.id for policy in load_policies([names[0], "room-policy-strict", names[0]])] == [
        "roles", "room-policy-strict", "roles",
    ]  # fmt: skip
    assert [rules.id for rules in load_several(["room-policy", *names[1:]])] == [
        "room-policy",
        "old-roles",
        "new-roles",
    ]
    run = fsm("diff", *names[1:])
    assert run.out.startswith("old-roles → new-roles: what changes")


@pytest.mark.long
def test_vectors_of_files_of_one_name(tmp_path: Path) -> None:
    names = several(tmp_path)[1:]
    into = ("vectors", "--into", str(tmp_path / "vectors"), *names)
    assert fsm(*into).status == 0
    assert {file.name.partition(".")[0] for file in (tmp_path / "vectors").iterdir()} == {"old-roles", "new-roles"}
    assert fsm(*into, "--check").status == 0


def test_vectors_of_policies_of_one_name_are_not_written(tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text("from fsm import MIMI\nOTHER = MIMI.evolve('mimi', drop=['kick'])\n", encoding="utf-8")
    run = fsm("vectors", "--into", str(tmp_path / "vectors"), "mimi", f"{other}:OTHER")
    assert (run.status, run.err) == (2, "fsm: two policies are called `mimi`: their files would have one name\n")
    assert not (tmp_path / "vectors").exists()
