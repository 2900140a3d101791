"""Families made up at random, through every command: none fails, all agree, and nobody speaks of another protocol."""

import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from fsm.policies import family_of, load_policy
from fsm.render import FORMATS
from fsm.testing import facts, room
from tests.cli.conftest import inside
from tests.cli.runner import Run

__all__ = ["inside"]

FEW, MANY = range(3), range(3, 50)
NUMBERS = [*FEW, *(pytest.param(number, marks=pytest.mark.long) for number in MANY)]

THEIRS = re.compile(
    r"\b(ban(s|ned)?|kick(ed|s)?|invit\w+|knock\w*|joins?|joined|leave|MIMI|Matrix|membership)\b",
    re.IGNORECASE,
)
"""Words of other protocols."""


def sound(run: Run, *statuses: int) -> str:
    """What a command says, which ends so, and speaks of no other protocol."""
    assert run.status in (statuses or (0,)), run
    assert "Traceback" not in run.err
    assert len(run.err.splitlines()) <= 1
    assert not THEIRS.search(run.out + run.err), THEIRS.search(run.out + run.err)
    return run.out


@pytest.mark.parametrize("number", NUMBERS)
def test_cases_and_pictures(inside: Callable[..., Run], tmp_path: Path, number: int) -> None:
    where = f"tests.made_up:POLICY_{number}"
    policy = load_policy(where)
    for action in policy.triggers:
        for state in policy.states:
            explained = sound(inside("explain", where, action.value, "--target", policy.called(state)), 0, 1)
            assert f"the target in `{policy.called(state)}`" in explained
            told = json.loads(inside("explain", where, action.value, "--target", str(state), "--json").out)
            assert told["before"] == state.value
            asked = facts(policy, target=policy.called(state))
            assert told["allowed"] == policy.decide(action, asked).allowed
    for fmt in sorted(set(FORMATS) - {"png", "pdf"}):
        out = tmp_path / f"picture.{fmt}"
        sound(inside("draw", where, "--format", fmt, "-o", str(out)))
        drawn = out.read_text("utf-8")
        assert not THEIRS.search(re.sub(r"<style>.*?</style>|<script.*?</script>", "", drawn, flags=re.DOTALL)), fmt
        if fmt in ("svg", "scxml", "rfc"):
            ET.fromstring(drawn)  # noqa: S314 - what we have just drawn
    assert policy.title in sound(inside("spec", where))


@pytest.mark.parametrize("number", NUMBERS)
def test_review(inside: Callable[..., Run], tmp_path: Path, number: int) -> None:
    where, other = f"tests.made_up:POLICY_{number}", f"tests.made_up:OTHER_{number}"
    sound(
        inside("verify", where, "--rooms", "30", "--report", str(tmp_path / "report.md"), "--witnesses", str(tmp_path)),
        0,
        1,
    )
    assert not THEIRS.search((tmp_path / "report.md").read_text("utf-8"))
    sound(inside("diff", where, where))
    sound(inside("diff", where, other, "--report", str(tmp_path / "diff.md")), 0, 1)
    for log in tmp_path.glob("*.jsonl"):
        sound(inside("replay", str(log), "--policy", where))


@pytest.mark.long
@pytest.mark.parametrize("number", NUMBERS)
def test_vectors_are_answered_as_they_say(
    inside: Callable[..., Run], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    where = f"tests.made_up:POLICY_{number}"
    vectors = [json.loads(line) for line in sound(inside("vectors", where)).splitlines()]
    questions = "".join(f"{json.dumps({'state': each['state'], 'event': each['event']})}\n" for each in vectors)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(questions.encode())))
    answers = [json.loads(line) for line in sound(inside("decide", "--policy", where)).splitlines()]
    assert [(each["allowed"], each["transition"]) for each in answers] == [
        (each["expected"]["allowed"], each["expected"]["transition"]) for each in vectors
    ]
    sound(inside("vectors", where, "--paths"))


@pytest.mark.parametrize("number", NUMBERS)
def test_histories(inside: Callable[..., Run], tmp_path: Path, number: int) -> None:
    where, other = f"tests.made_up:POLICY_{number}", f"tests.made_up:OTHER_{number}"
    log, page = str(tmp_path / "log.jsonl"), tmp_path / "page.html"
    sound(inside("synth", "--policy", where, "-o", log, "--events", "80", "--rooms", "3", "--users", "8"))
    sound(inside("replay", log, "--policy", where))
    sound(inside("replay", log, "--policy", where, "--story"))
    told = [json.loads(line) for line in inside("replay", log, "--policy", where, "--json").out.splitlines()]
    counts = told.pop()["summary"]
    assert (counts["events"], counts["errors"]) == (80, 0)
    family: Any = family_of(load_policy(where))
    can_be_set = family.scenario.settings or family.scenario.assignments
    assert counts["allowed"] > 20 or not can_be_set
    backtest = json.loads(sound(inside("backtest", log, "--policy", where, "--json")))
    assert backtest["summary"] == counts
    sound(inside("backtest", log, "--policy", where, "--against", other), 0, 1)
    sound(inside("explore", where, "--log", log, "-o", str(page)))
    events = [json.loads(line) for line in Path(log).read_text("utf-8").splitlines()]
    when, then = events[40], told[40]
    answers = zip(events[:40], told, strict=False)
    given = [event for event, answer in answers if answer["allowed"] and event["room_id"] == when["room_id"]]
    test = f"given = {json.dumps([json.dumps(event) for event in given])}\nwhen = {json.dumps(json.dumps(when))}\n"
    file = tmp_path / "tests.toml"
    file.write_text(
        f'[[test]]\nname = "as it was"\n{test}then = "{"allowed" if then["allowed"] else "rejected"}"\n', "utf-8"
    )
    assert "1 test" in sound(inside("test", str(file), "--policy", where, "--coverage"))


@pytest.mark.parametrize("number", NUMBERS)
def test_users_and_rooms(number: int) -> None:
    policy = load_policy(f"tests.made_up:POLICY_{number}")
    family: Any = family_of(policy)
    begun = family.room("!wood", policy=policy)
    assert all(begun.send(event) for event in family.scenario.searched[0])
    vic = begun.participant("vic")
    for action in policy.triggers:
        assert bool(vic.may(action.value, by="uma")) == bool(getattr(vic, action.value)(by="uma"))
    assert family.room.restore(begun.snapshot(), policy=policy).participations() == begun.participations()
    for action in policy.triggers:
        event = family.syntax.write(policy, action, "vic", "wyn")
        told = begun.facts_of(event)
        built = room(policy, **{name: getattr(told, name) for name in policy.domain.values})
        assert built.ask(action.value) == begun.decide(event)
