"""A stranger's family, `examples/muc`: the table of its specification, and every command."""

import ast
import io
import json
import pickle
import re
import sys
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

import fsm
from fsm.domain import Domain
from fsm.memory import memory_of
from fsm.participant import Participant
from fsm.policies import family_of, load_policy
from fsm.review.laws.verify import verify
from fsm.review.search.witness import witness
from fsm.review.vectors.suite import covering_vectors
from fsm.testing import assert_allowed, assert_rejected, facts, histories_of, room
from tests.cli.conftest import inside
from tests.cli.runner import ROOT, Run

__all__ = ["inside"]

WHERE = f"{ROOT}/examples/muc/policies.py:AFFILIATIONS"
MUC: Any = load_policy(WHERE)
LOG = f"{ROOT}/examples/muc/house.jsonl"
STATES = {str(state): state for state in MUC.states}

# "Affiliation State Chart" (XEP-0045, 5.2.2): from the line to the column; who does it to somebody else.
CHART = """
        | outcast     | none        | member      | admin | owner
outcast |             | admin owner | admin owner | owner | owner
none    | admin owner |             | admin owner | owner | owner
member  | admin owner | admin owner |             | owner | owner
admin   | owner       | owner       | owner       |       | owner
owner   | owner       | owner       | owner       | owner |
"""


def chart() -> list[tuple[str, str, set[str]]]:
    header, *lines = ([cell.strip() for cell in line.split("|")] for line in CHART.strip("\n").splitlines())
    cells = ((line[0], dest, line[place]) for line in lines for place, dest in enumerate(header) if place)
    return [(source, dest, set(who.split())) for source, dest, who in cells if source != dest]


@pytest.mark.walk
@pytest.mark.parametrize(("source", "dest", "who"), chart())
def test_the_chart_of_the_specification(source: str, dest: str, who: set[str]) -> None:
    found = {True: set[str](), False: set[str]()}
    for each in MUC.asked(MUC.triggers[0]):
        if each.target == source and each.wanted == dest and not each.is_self:
            found[MUC.decide("set", each).allowed].add(str(each.sender))
    assert found == {True: who, False: {*STATES} - who}  # neither the role nor the configuration has a say


@pytest.mark.walk
def test_users_register_themselves_where_they_may() -> None:
    allowed = [each for each in MUC.asked(MUC.triggers[1]) if MUC.decide("register", each)]
    assert allowed
    assert all(each.is_self and each.takes_registrations and each.target == "none" for each in allowed)


@pytest.mark.walk
def test_a_case_is_that_of_a_room() -> None:
    family: Any = family_of(MUC)
    for action in MUC.triggers:
        for asked in islice(MUC.asked(action), 0, None, 11):
            log = witness(MUC, action, asked)
            assert log is not None
            played = family.room(policy=MUC)
            assert all(played.send(event) for event in log[:-1])
            assert played.facts_of(log[-1]) == asked
            assert played.decide(log[-1]) == memory_of(MUC).machine.decide(action, asked)


# fmt: off
COMMANDS: list[tuple[tuple[str, ...], int, str]] = [
    (("replay", LOG, "--policy", WHERE),                              0, "9 events, 6 allowed, 3 rejected, no errors"),
    (("explain", WHERE, "set", "--target", "member", "--sender", "admin", "--given", "wanted=outcast"), 0, "allowed as `ban`"),
    (("explain", WHERE, "set"),                                       1, "rejected — list: the sender is neither admin nor owner"),
    (("explain", WHERE, "register", "--self", "--given", "takes_registrations=true"), 0, "allowed as `register`"),
    (("spec", WHERE),                                                 0, "The target is in one of the following participation states"),
    (("verify", WHERE),                                               0, "muc: no findings; 8 laws over 3360 cells, 305 rooms"),
    (("diff", WHERE, WHERE),                                          0, "muc and muc decide all 3360 cells alike"),
    (("vectors", WHERE),                                              0, '"transition": "ban_staff"'),
    (("vectors", WHERE, "--paths"),                                   0, '"transitions": ["appoint"'),
    (("backtest", LOG, "--policy", WHERE),                            0, "muc: 9 events, 6 allowed, 3 rejected, no errors"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "status", "words"), COMMANDS)
def test_commands(inside: Callable[..., Run], arguments: tuple[str, ...], status: int, words: str) -> None:
    run = inside(*arguments)
    assert (run.status, words in run.out) == (status, True), run


@pytest.mark.parametrize(
    "format_", ["dot", "mermaid", "plantuml", "scxml", "text", "svg", "png", "pdf", "matrix", "html", "rfc"]
)
def test_pictures(inside: Callable[..., Run], tmp_path: Path, format_: str) -> None:
    file = tmp_path / "picture"
    assert inside("draw", WHERE, "--format", format_, "-o", str(file)).status == 0
    if format_ == "scxml":
        assert ET.fromstring(file.read_bytes()).get("initial") == "none"  # noqa: S314 - our own
    assert file.read_bytes()


def test_a_question_is_answered(inside: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    family: Any = family_of(MUC)
    state = family.scenario.openings["Juliet is admin"].log
    event = family.syntax.write(
        MUC, "set", "juliet@capulet.example", "tybalt@capulet.example", wanted=STATES["outcast"]
    )
    question = json.dumps({"state": [*reversed(state)], "event": event})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(question.encode())))
    answer = json.loads(inside("decide", "--policy", WHERE).out)
    assert (answer["allowed"], answer["transition"], answer["after"]) == (True, "ban", "outcast")


def test_the_page_has_a_room_and_a_log(inside: Callable[..., Run], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    assert inside("explore", WHERE, "--log", LOG, "-o", str(page)).status == 0
    text = page.read_text(encoding="utf-8")
    assert "Romeo has created the room" in text
    assert "house.jsonl" in text
    assert re.search(r'"words": ?"set outcast"', text)


def test_a_history_is_played_and_replayed(inside: Callable[..., Run], tmp_path: Path) -> None:
    log = tmp_path / "log.jsonl"
    assert (
        inside("synth", "--policy", WHERE, "-o", str(log), "--events", "300", "--rooms", "4", "--users", "9").status
        == 0
    )
    again = tmp_path / "again.jsonl"
    assert (
        inside("synth", "--policy", WHERE, "-o", str(again), "--events", "300", "--rooms", "4", "--users", "9").status
        == 0
    )
    assert log.read_bytes() == again.read_bytes()
    replayed = json.loads(inside("replay", str(log), "--policy", WHERE, "--json").out.splitlines()[-1])
    counts = replayed["summary"]
    assert counts["events"] == 300
    assert counts["allowed"] > counts["rejected"] > 0 == counts["errors"]
    (other,) = [
        line for line in inside("backtest", str(log), "--policy", WHERE).out.splitlines() if line.startswith("muc: ")
    ]
    assert other == f"muc: 300 events, {counts['allowed']} allowed, {counts['rejected']} rejected, no errors"


def test_findings_do_not_hang_on_the_order_of_states() -> None:
    shut = MUC.evolve("shut", drop=["list", "appoint", "register", "invite"])
    limits = dict.fromkeys(("target", "sender", "wanted"), tuple(reversed(MUC.states)))
    turned = shut.evolve("shut", domain=Domain(MUC.domain.record, limits))
    one, other = ({(each.law, each.subject) for each in verify(policy, rooms=0).findings} for policy in (shut, turned))
    assert one == other
    assert {subject for law, subject in one if law == "every-state-is-reached"} == {"`member`", "`admin`", "`owner`"}


def test_what_its_laws_forbid_is_found() -> None:
    rows = {row.id: row for row in MUC.transitions}
    free = type(rows["ban"])("ban", rows["ban"].trigger, rows["ban"].source, rows["ban"].dest, rows["ban"].guards[:1])
    (finding,) = (
        each for each in verify(MUC.evolve("free", replace=[free])).findings if each.law == "bans-take-office"
    )
    assert finding.is_reachable
    depose = rows["depose"]
    lost = type(depose)("depose", depose.trigger, depose.source, depose.dest, depose.guards[:-1])
    (finding,) = (
        each for each in verify(MUC.evolve("lost", replace=[lost])).findings if each.law == "an-owner-remains"
    )
    assert finding.witness is not None
    assert len(finding.witness) == 2


def test_participants() -> None:
    family: Any = family_of(MUC)
    played = family.room(policy=MUC)
    assert all(played.send(event) for event in family.scenario.openings["Juliet is admin"].log)
    nurse: Participant = played.participant("nurse@capulet.example")
    assert nurse.may("set member", by="juliet@capulet.example")
    assert not nurse.may("set owner", by="juliet@capulet.example")
    assert nurse.trigger("set outcast", by="juliet@capulet.example").transition == "ban"
    assert nurse.state == "outcast"
    assert played.actions("juliet@capulet.example", "nurse@capulet.example") == {
        "set member": "list", "set none": "list", "set outcast": "ban",
    }  # fmt: skip


@pytest.mark.long
def test_builders_of_tests() -> None:
    assert_allowed(MUC, "set", facts(MUC, sender="owner", wanted="admin"), transition="appoint")
    scene = room(MUC, sender="admin", target="member", wanted="outcast")
    assert scene.event("set")["content"]["affiliation"] == "outcast"
    assert_allowed(scene.ask("set"), transition="ban")
    assert_rejected(MUC, "invite", facts(MUC, role="none", members_invite=True), because="sender_is_occupant")

    @settings(max_examples=5, deadline=None, database=None)
    @given(histories_of(MUC, max_size=8))
    def plays(history: list[dict[str, Any]]) -> None:
        family: Any = family_of(MUC)
        played = family.room(policy=MUC)
        for event in history:
            played.send(event)

    plays()


def test_a_vector_stands_for_each_row() -> None:
    vectors, _ = covering_vectors(MUC)
    shown = {each.transition for vector in vectors for each in vector.shows}
    assert shown == {row.id for row in MUC.transitions}


def test_its_policy_travels() -> None:
    assert pickle.loads(pickle.dumps(MUC)) == MUC  # noqa: S301 - our own bytes


def test_it_is_made_of_public_names() -> None:
    tree = ast.parse((ROOT / "examples/muc/policies.py").read_text("utf-8"))
    assert not [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
    modules = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {node.module for node in modules} == {"dataclasses", "enum", "typing", "fsm"}
    used = {alias.name for node in modules if node.module == "fsm" for alias in node.names}
    assert used <= set(fsm.__all__)
