"""Policies out of data files: a toy family whose states are data, through every tool that needs no room."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib import resources
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fsm import DefinitionError, EventError, policies
from fsm.cli import run
from fsm.memory import memory_of
from fsm.policies import known_rules, load_policy, load_rules, new_room
from fsm.policy import Policy
from fsm.render import ENDINGS
from fsm.room_policy import policies as roles
from fsm.strict_json import MAX_DEPTH, MAX_JSON
from tests import houses
from tests.builders import is_one_line
from tests.houses import COTTAGE, DOORS, HOUSE, HouseFacts

WIDE = {**COTTAGE, "house": "wide", "doors": {**DOORS, "garden": ["hall", "kitchen"]}}


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[object], str]:
    """Writes a data file, beside a catalogue that knows the toy family; answers its path."""
    monkeypatch.setattr(policies, "CATALOGUE", {**policies.CATALOGUE, "cottage": "tests.houses:HOUSE"})

    def write(value: object) -> str:
        path = tmp_path / f"{len([*tmp_path.iterdir()])}.json"
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return str(path)

    return write


def test_a_family_makes_a_policy_of_a_data_file(file: Callable[[object], str]) -> None:
    policy = load_policy(file(COTTAGE))
    assert policy == load_rules(file(COTTAGE)) == HOUSE
    assert policy != load_policy(file(WIDE))
    for action, facts in policy.cells():
        decision = memory_of(policy).decide(action, facts)
        assert (decision.transition, str(decision.after)) == plain(action, facts)


def plain(action: str, facts: HouseFacts) -> tuple[str | None, str]:
    """What the owner of the cottage says, read by hand."""
    here, there = str(facts.target), str(facts.wanted)
    if action == "go" and facts.is_self and there in DOORS[here]:
        return "go", there
    if action == "show_out" and facts.is_owner and here != "garden":
        return "show_out", "garden"
    return None, here


EXPECTED = f"no policy can be made of this data: expected {roles.DATA}, or {houses.DATA}"

# fmt: off
FAULTS: list[tuple[object, str]] = [
    (7,                                          EXPECTED),
    ([],                                         EXPECTED),
    ({},                                         EXPECTED),
    ({"house": "h"},                             "a house has a name, and two rooms or more under `doors`"),
    ({"house": "", "doors": DOORS},   "a house has a name, and two rooms or more under `doors`"),
    ({"house": "h", "doors": {"a": ["b"], "b": ["c"]}}, "`doors.b` is no list of rooms of the house"),
    ({"house": "h", "doors": {"a": "b", "b": []}},      "`doors.a` is no list of rooms of the house"),
    ({"roles": 7},                               "no roles: `roles`: must be an array, not a number"),
    ({"roles": [{}]},                            "no roles: `roles[0].role_index`: is missing"),
    (b"",                                        "not JSON: "),
    (b"{",                                       "not JSON: "),
    (b"\xff",                                    "not UTF-8 at byte 1"),
    (b'{"house": "a", "house": "b"}',            "not readable: "),
    (b"[" * 10**6,                               f"nested more than {MAX_DEPTH} levels deep"),
    (b" " * (MAX_JSON + 1),                      f"longer than {MAX_JSON} bytes"),
]
# fmt: on


@pytest.mark.parametrize(("value", "problem"), FAULTS, ids=lambda value: ascii(value)[:24])
def test_what_no_policy_can_be_made_of_is_one_line(
    value: object, problem: str, file: Callable[[object], str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = file(value)
    with pytest.raises(DefinitionError) as caught:
        load_policy(path)
    assert str(caught.value).startswith(f"policy `{path}"[:40])
    assert problem in str(caught.value)
    assert is_one_line(str(caught.value))
    assert run(["draw", path]) == 2
    assert capsys.readouterr().err == f"fsm: {caught.value}\n"


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "folder.json").mkdir()
    for name, problem in (("none.json", "no such file or directory"), ("folder.json", "is a directory")):
        with pytest.raises(DefinitionError, match=problem) as caught:
            load_policy(str(tmp_path / name))
        assert is_one_line(str(caught.value))


@pytest.mark.parametrize("error", [EventError("doors", "is missing"), DefinitionError("`doors`: is missing")])
def test_whatever_a_family_finds_wrong_names_the_file(
    error: Exception, file: Callable[[object], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, __: str) -> Policy[Any]:
        raise error

    monkeypatch.setattr(houses, "policy_of_data", fail)
    with pytest.raises(DefinitionError, match=r"^policy `.*`: `doors`: is missing$"):
        load_policy(file(COTTAGE))


def test_without_a_family_for_data_there_is_no_policy(
    file: Callable[[object], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = file(COTTAGE)
    monkeypatch.setattr(policies, "CATALOGUE", {"mimi": "fsm.mimi.policies:MIMI"})
    monkeypatch.setattr(policies, "FAMILIES", {})
    with pytest.raises(DefinitionError, match="no family makes policies of data"):
        load_policy(path)


def test_data_names_no_file(file: Callable[[object], str]) -> None:
    path = file(COTTAGE)
    with pytest.raises(DefinitionError, match="unknown policy"):
        known_rules(path)
    assert known_rules(path, {path: load_rules(path)}) == HOUSE


@pytest.mark.parametrize("ending", sorted(ENDINGS))
def test_it_is_drawn_in_every_format(ending: str, file: Callable[[object], str], tmp_path: Path) -> None:
    drawn = tmp_path / f"house.{ending}"
    assert run(["draw", file(COTTAGE), "--output", str(drawn)]) == 0
    content = drawn.read_bytes()
    if ending in ("png", "pdf"):
        assert content.startswith({"png": b"\x89PNG", "pdf": b"%PDF"}[ending])
        return
    if ending in ("svg", "scxml", "xml"):
        ET.fromstring(content)  # noqa: S314 - what we have just drawn
    for word in (b"garden", b"hall", b"kitchen", b"go"):
        assert word in content


# What is asked, the exit status, and what stands in the answer.
# fmt: off
COMMANDS: list[tuple[list[str], int, tuple[str, ...]]] = [
    (["spec", "{cottage}"],              0, ("### Go to the hall", "### Go to the kitchen", "the sender is the owner")),
    (["verify", "{cottage}"],            0, ("cottage: no findings", "kitchen")),
    (["diff", "{cottage}", "{cottage}"], 0, ("cottage and cottage decide all 144 cells alike",)),
    (["diff", "{cottage}", "{wide}"],    1, ("2 of 144 cells", "wanted = kitchen")),
    (["draw", "{cottage}", "--against", "{wide}"], 0, ("garden", "kitchen")),
    (["explore", "{cottage}", "-o", "{page}"], 0, ("The house cottage", "show_out")),
]
# fmt: on


@pytest.mark.parametrize(("command", "status", "words"), COMMANDS, ids=lambda value: str(value)[:24])
def test_it_goes_through_every_tool_that_needs_no_room(
    command: list[str], status: int, words: tuple[str, ...], file: Callable[[object], str], tmp_path: Path
) -> None:
    page, out = tmp_path / "page.html", io.TextIOWrapper(io.BytesIO(), write_through=True)
    files = {"cottage": file(COTTAGE), "wide": file(WIDE), "page": str(page)}
    with redirect_stdout(out):
        assert run([word.format(**files) for word in command]) == status
    said = page.read_text("utf-8") if page.exists() else out.buffer.getvalue().decode()
    assert [word for word in words if word not in said] == []


EXAMPLES = json.loads(resources.files("fsm.room_policy").joinpath("examples.json").read_text("utf-8"))
LARGE = {"moderated", "multi_organization"}


@pytest.mark.parametrize("name", [pytest.param(name, marks=[pytest.mark.long] * (name in LARGE)) for name in EXAMPLES])
def test_roles_of_a_room_are_a_policy_that_rooms_can_be_run_by(name: str, tmp_path: Path) -> None:
    path = tmp_path / "roles.json"
    path.write_text(json.dumps(EXAMPLES[name]["roles_list"]))
    policy = load_policy(str(path))
    assert policy is roles.policy_of(EXAMPLES[name]["roles_list"], id="roles", title="Roles of roles")
    assert new_room(policy).policy is policy
    assert run(["draw", str(path), "--output", str(tmp_path / "roles.mmd")]) == 0
