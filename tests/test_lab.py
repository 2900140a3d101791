"""A family whose states are numbers and whose targets stand in the content, through the commands."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

import pytest

from fsm import DefinitionError, Participant
from fsm.policies import new_room
from fsm.review.compare.diff import diff
from fsm.review.laws.verify import verify
from fsm.review.vectors.suite import covering_vectors
from tests.cli.conftest import inside
from tests.cli.runner import Run
from tests.lab import GUEST, LAB, A, B, C, LabRoom, state

__all__ = ["inside"]

WHERE = "tests.lab:LAB"
LOG = [
    state("lab.open", A),
    LabRoom.syntax.write(LAB, "enter", A, A, to=GUEST),
    {**LabRoom.syntax.write(LAB, "enter", B, B, to=GUEST), "type": "lab.step"},
    LabRoom.syntax.written(LAB, "move 3", A, B),
    LabRoom.syntax.written(LAB, "move 2", A, B),
    LabRoom.syntax.written(LAB, "exit 0 true", B, B, "tired"),
    {**LabRoom.syntax.written(LAB, "exit 0", B, B), "content": {"verb": "exit", "who": B, "to": 0, "quiet": 1}},
    {**LabRoom.syntax.written(LAB, "exit 0", C, C), "sender": "nobody"},
]
ANSWERS = [None, "enter", "enter", "move", None, "exit", "error", "error"]


@pytest.fixture
def log(tmp_path: Path) -> str:
    file = tmp_path / "log.jsonl"
    file.write_text("".join(f"{json.dumps(event)}\n" for event in LOG))
    return str(file)


def test_a_log(inside: Callable[..., Run], log: str) -> None:
    run = inside("replay", log, "--policy", WHERE, "--json")
    *answers, _ = map(json.loads, run.out.splitlines())
    assert run.status == 2
    assert ["error" if "error" in each else each["transition"] for each in answers] == ANSWERS
    assert answers[3]["after"] == 3
    assert "`content.quiet`: `1` is not one of false, true" in answers[6]["error"]["message"]
    assert "`sender`: `nobody` is no user id" in answers[7]["error"]["message"]
    assert "lab: 8 events, 5 allowed, 1 rejected, 2 errors" in inside("backtest", log, "--policy", WHERE).out


@pytest.mark.long
def test_an_implementation_agrees_with_its_vectors(inside: Callable[..., Run]) -> None:
    command = (sys.executable, "-m", "fsm", "decide", "--policy", WHERE)
    vectors, _ = covering_vectors(LAB)
    run = inside("conform", WHERE, "--", *command)
    assert f"{len(vectors)} of {len(vectors)} answers agree with lab" in run.out
    assert {json.loads(json.dumps(vector.as_json()))["expected"]["before"] for vector in vectors} == {0, 1, 2, 3}


# fmt: off
COMMANDS = [
    (("verify", WHERE),                                                                           "lab: no findings"),
    (("explain", WHERE, "move", "--target", "1", "--sender", "2", "--given", "to=3", "--given", "has_badge=true", "--given", "outranks=true"), "allowed as `move`"),
    (("vectors", "--paths", WHERE),                                                               '"transitions"'),
    (("spec", WHERE),                                                                             "`outside`, `guest`"),
    (("draw", WHERE, "--format", "mermaid"),                                                      "guest"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "words"), COMMANDS)
def test_commands(inside: Callable[..., Run], arguments: tuple[str, ...], words: str) -> None:
    run = inside(*arguments)
    assert (run.status, words in run.out) == (0, True), run


def test_nobody_says_what_nobody_has_looked_for() -> None:
    one = LAB.evolve("one", family="nobody.there")
    (group,) = diff(one, one.evolve("two", drop=["exit"])).groups
    assert (group.log, group.unshown) == (None, "neither policy has rooms to look for this in")
    assert verify(one).not_applied == ()


class Noted(Participant):
    noted: ClassVar[list[tuple[str, str]]] = []

    def on_enter_3(self, _: object) -> None:
        self.noted.append((self.user, "is a boss"))

    def after_move(self, _: object) -> None:
        self.noted.append((self.user, "moved"))


class Lost(Participant):
    def on_enter_attic(self, _: object) -> None:
        raise AssertionError


def test_callbacks_are_told_whom_the_event_is_about() -> None:
    Noted.noted.clear()
    room = LabRoom(policy=LAB, participant=Noted)
    assert all(room.send(event) for event in LOG[:4])
    assert Noted.noted == [(B, "is a boss"), (B, "moved")]


def test_callbacks_are_named_for_what_there_is() -> None:
    with pytest.raises(DefinitionError, match="on_enter_attic` is named for nothing that policy `lab` has"):
        LabRoom(policy=LAB, participant=Lost)


def test_what_fails_in_its_rooms_is_one_line() -> None:
    room = new_room(LAB)
    room.send(LOG[0])
    with pytest.raises(DefinitionError, match="policy `lab`: `refusal` fails: KeyError"):
        room.send(state("lab.crash", A))
