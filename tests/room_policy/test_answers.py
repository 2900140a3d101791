"""Decisions of rooms with roles: the samples, and thousands of random questions, against the plain rules."""

import json
from pathlib import Path
from typing import Any

import pytest

from fsm import EventError, RoleRoom
from tests.room_policy.plain import answer
from tests.room_policy.questions import Questions

DATA = Path(__file__).parent / "data"
SAMPLE = [json.loads(line) for line in (DATA / "sample.jsonl").read_text(encoding="utf-8").splitlines()]
MALFORMED = [json.loads(line) for line in (DATA / "malformed-sample.jsonl").read_text(encoding="utf-8").splitlines()]
KEYS = ("allowed", "transition", "before", "after", "refusals")
SEEDS = range(40)
FAILURES = 50
"""The names that refusals give: capabilities that decide something, and other conditions."""


def ask(question: dict[str, Any]) -> dict[str, Any]:
    decision = RoleRoom.from_state(question["state"]).decide(question["event"])
    return {key: value for key, value in decision.as_json("").items() if key in KEYS}


@pytest.mark.parametrize("case", SAMPLE, ids=[case["id"] for case in SAMPLE])
def test_a_sample(case: dict[str, Any]) -> None:
    wanted = {key: case[key] for key in KEYS}
    assert ask(case) == wanted
    assert answer(case) == wanted


@pytest.mark.parametrize("case", MALFORMED, ids=[case["why"] for case in MALFORMED])
def test_a_malformed_question(case: dict[str, Any]) -> None:
    with pytest.raises(EventError):
        ask(case)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_questions(seed: int) -> None:
    questions = Questions(seed)
    for _ in range(40):
        question = questions.question()
        assert ask(question) == answer(question), json.dumps(question)


def test_random_questions_are_of_all_kinds() -> None:
    seen: dict[str | None, int] = {}
    failed: set[str] = set()
    for seed in SEEDS:
        questions = Questions(seed)
        for _ in range(40):
            found = answer(questions.question())
            seen[found["transition"]] = seen.get(found["transition"], 0) + 1
            failed.update(name for refusal in found["refusals"] for name in refusal["failed"])
    rows = "ban_outsider add open_join preauthorized_join code_join remove leave ban unban change_role change_own_role "
    assert {*rows.split(), "add_own_client", "kick", "remove_own_client"} <= seen.keys()
    assert len(failed) == FAILURES
