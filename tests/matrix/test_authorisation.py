"""Events of all types with the specification's verdict: see `tests/data/matrix/README.md`."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from fsm.matrix.policies import VERSIONS
from tests.cli.runner import fsm

SAMPLE = Path(__file__).parent.parent / "data" / "matrix" / "authorisation-sample.jsonl"
CASES: list[dict[str, Any]] = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
QUESTIONS = [
    {
        "policy": policy,
        **{key: case[key] for key in ("state", "event", "events") if key in case},
    }
    for case in CASES
    for policy in (f"matrix-{case['room_version']}", "matrix")
]
RUN = fsm("decide", "--policy", "matrix", given="\n".join(map(json.dumps, QUESTIONS)).encode())
ANSWERS = [json.loads(line) for line in RUN.out.splitlines()]


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: CASES[number]["id"])
def test_the_verdict_is_that_of_the_specification(number: int) -> None:
    case, (answer, other) = CASES[number], ANSWERS[2 * number : 2 * number + 2]
    assert answer["allowed"] is case["spec"], (case["why"], answer)
    assert "judged" not in answer
    assert answer["policy"] == f"matrix-{case['room_version']}"
    # Where the version is read off the creation, there has to be one in the state.
    if any(event["type"] == "m.room.create" for event in (*case["state"], case["event"])):
        assert other == answer
    # The rule that decided is among those that are named.
    rule = re.match(r"[\d.]+", case["why"])
    assert rule is not None
    if case["spec"]:
        row = next(row for row in _rows(case["room_version"]) if row.id == answer["transition"])
        assert rule[0] in row.clause.split(", ")
    elif case["class"] not in {"member", "auth_events"}:
        named = ", ".join(refusal["clause"] for refusal in answer["refusals"]).split(", ")
        assert rule[0] in named


def _rows(version: str) -> list[Any]:
    policy = VERSIONS[version]
    return [*policy.transitions, *(row for rows in policy.permits.values() for row in rows)]


def test_only_membership_has_states() -> None:
    for case, answer in zip(CASES, ANSWERS[::2], strict=True):
        is_member = case["event"]["type"] == "m.room.member"
        if not is_member:
            assert answer["before"] is answer["after"] is None


def test_every_line_is_answered() -> None:
    assert RUN.status == 0
    assert len(ANSWERS) == len(QUESTIONS)
