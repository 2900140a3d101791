"""A family unlike the others, `tests/journal.py`, through every command: ranks as data, targets in the content, no state keys."""

import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsm.policies import family_of, load_policy
from fsm.render import FORMATS
from fsm.testing import assert_allowed, assert_rejected, facts, room
from tests.cli.conftest import inside
from tests.cli.runner import ROOT, Run
from tests.journal import JOURNAL

__all__ = ["inside"]

WHERE = f"{ROOT}/tests/journal.py:JOURNAL"

# fmt: off
COMMANDS: list[tuple[tuple[str, ...], int, str]] = [
    (("explain", WHERE, "place", "--sender", "editor", "--target", "1", "--given", "has_vote=true"), 0, "`place` (put in a rank), the target in `applicant`"),
    (("explain", WHERE, "apply"),                    1, "apply: the sender is another user"),
    (("spec", WHERE),                                0, "`outsider`,\n`applicant`"),
    (("verify", WHERE),                              1, "law an-editor-remains"),
    (("diff", WHERE, WHERE),                         0, "journal and journal decide all 2880 cells alike"),
    (("vectors", WHERE),                             0, '"transition": "promote"'),
    (("vectors", WHERE, "--paths"),                  0, '"transitions": ["apply"'),
    (("conform", WHERE, "--", sys.executable, "-m", "fsm", "decide", "--policy", WHERE), 0, "107 of 107 answers agree with journal"),
    (("wire", "encode", "--policy", WHERE, "X"),     2, ""),
    (("visible", "nothing.jsonl", "--policy", WHERE, "--user", "ada"), 2, ""),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "status", "words"), COMMANDS)
def test_commands(inside: Callable[..., Run], arguments: tuple[str, ...], status: int, words: str) -> None:
    run = inside(*arguments)
    assert (run.status, words in run.out) == (status, True), run
    assert "Traceback" not in run.err


@pytest.mark.parametrize("fmt", sorted(FORMATS))
def test_pictures(inside: Callable[..., Run], tmp_path: Path, fmt: str) -> None:
    assert inside("draw", WHERE, "--format", fmt, "-o", str(tmp_path / "picture")).status == 0
    assert (tmp_path / "picture").stat().st_size


LAWS = """
from fsm import law, room_law

@law("Nobody is barred but by vote", clause="3")
def bars_take_a_vote(action, facts, decision):
    return not decision or decision.after.label != "barred" or facts.has_vote

@room_law("Nobody is ever an applicant", source="1")
def nobody_applies(step):
    return all(state.label != "applicant" for state in step.after.states.values())
"""


def test_laws_of_ones_own(inside: Callable[..., Run], tmp_path: Path) -> None:
    (tmp_path / "laws.py").write_text(LAWS, "utf-8")
    run = inside("verify", WHERE, "--laws", str(tmp_path / "laws.py"), "--rooms", "40", "--witnesses", str(tmp_path))
    assert run.status == 1
    assert "Nobody is ever an applicant" in run.out
    assert "Nobody is barred but by vote" not in run.out
    (log,) = tmp_path.glob("*nobody-applies.jsonl")
    assert "outsider → applicant" in inside("replay", str(log), "--policy", WHERE).out


TESTS = """
[[test]]
name = "whoever wants to be a reviewer applies"
given = [{ type = "journal.found", sender = "ada", state_key = "", content = {} }]
when = { type = "journal.ballot", sender = "bo", content = { do = { whom = "bo", act = "apply" } } }
then = "allowed"
transition = "apply"
after = 1

[[test]]
name = "nobody applies for others"
given = [{ type = "journal.found", sender = "ada", state_key = "", content = {} }]
when = { type = "journal.ballot", sender = "ada", content = { do = { whom = "bo", act = "apply" } } }
then = "rejected"
because = ["sender_is_target"]
"""


def test_tests_as_data_and_their_coverage(inside: Callable[..., Run], tmp_path: Path) -> None:
    file = tmp_path / "tests.toml"
    file.write_text(TESTS, "utf-8")
    run = inside("test", str(file), "--policy", WHERE, "--coverage")
    assert (run.status, "2 tests" in run.out, "journal" in run.out) == (0, True, True), run
    assert inside("test", str(file), "--policy", WHERE, "--coverage-min", "90").status == 1


def test_states_that_are_numbers_are_told_by_their_labels(inside: Callable[..., Run], tmp_path: Path) -> None:
    vote = {"type": "journal.ballot", "sender": "bo", "content": {"do": {"whom": "bo", "act": "apply"}}}
    begun = {"type": "journal.found", "sender": "ada", "state_key": "", "content": {}}
    log = tmp_path / "log.jsonl"
    log.write_text("".join(f"{json.dumps(event)}\n" for event in (begun, vote, vote)), "utf-8")
    replayed = inside("replay", str(log), "--policy", WHERE).out
    assert "outsider → applicant" in replayed
    assert "no transition: `apply` is not possible while the target is in `applicant`" in replayed
    assert replayed.splitlines()[-2:] == ["  editor       1  ada", "  applicant     1  bo"]
    counted = inside("backtest", str(log), "--policy", WHERE)
    assert [line.split()[-2:] for line in counted.out.splitlines() if "applicant" in line] == [["applicant", "1"]]
    answers = inside("replay", str(log), "--policy", WHERE, "--json").out.splitlines()
    assert json.loads(answers[-1])["participation"] == {"": {"ada": 3, "bo": 1}}
    verified = inside("verify", WHERE, "--rooms", "1").out
    assert "  editor     -      dismiss          resign\n" in verified


def test_a_history_is_made_up_replayed_counted_and_explored(inside: Callable[..., Run], tmp_path: Path) -> None:
    log, page = str(tmp_path / "log.jsonl"), tmp_path / "page.html"
    assert inside("synth", "--policy", WHERE, "-o", log, "--events", "200", "--rooms", "3", "--users", "8").status == 0
    counts = json.loads(inside("replay", log, "--policy", WHERE, "--json").out.splitlines()[-1])["summary"]
    assert (counts["events"], counts["errors"]) == (200, 0)
    expected = f"200 events, {counts['allowed']} allowed, {counts['rejected']} rejected, no errors"
    assert expected in inside("backtest", log, "--policy", WHERE).out
    assert inside("explore", WHERE, "--log", log, "-o", str(page)).status == 0
    assert "has a vote in ballots" in page.read_text("utf-8")


def test_a_question_is_answered(inside: Callable[..., Run], monkeypatch: pytest.MonkeyPatch) -> None:
    begun = {"type": "journal.found", "sender": "ada", "state_key": "", "content": {}}
    event = {"type": "journal.ballot", "sender": "bo", "content": {"do": {"whom": "bo", "act": "apply"}}}
    question = json.dumps({"state": [begun], "event": event})
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(question.encode())))
    answer = json.loads(inside("decide", "--policy", WHERE).out)
    assert (answer["allowed"], answer["transition"], answer["after"]) == (True, "apply", 1)


def test_participants_and_builders_of_tests() -> None:
    policy: Any = load_policy(WHERE)
    family: Any = family_of(policy)
    played = family.room(policy=policy)
    assert all(played.send(event) for event in family.scenario.openings["Ada has founded it"].log)
    bo = played.participant("bo")
    assert bo.apply().transition == "apply"
    assert bo.place(3, by="ada").transition == "promote"
    assert not bo.place(9, by="cy")
    assert bo.state.label == "editor"
    assert_allowed(
        JOURNAL,
        "resign",
        facts(JOURNAL, target="2", sender="2", is_self=True, wanted="0"),
        transition="resign",
    )
    assert_rejected(JOURNAL, "place", facts(JOURNAL, sender="3"), because="sender_votes")
    assert room(policy, sender="3", target="1", has_vote=True, wanted="2").ask("place").transition == "promote"
