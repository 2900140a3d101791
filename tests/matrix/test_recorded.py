"""Synapse's verdicts, recorded: see `tests/data/matrix/README.md`, and `make test-synapse` for many more."""

import json
from pathlib import Path

import pytest

from fsm.matrix.policies import VERSIONS
from tests.cli.runner import fsm
from tests.synapse.cases import Case
from tests.synapse.compare import ask_ourselves, is_documented

RECORD = Path(__file__).parent.parent / "data" / "matrix" / "synapse-verdicts.jsonl"
ROOMS = [Case.from_record(json.loads(line)) for line in RECORD.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize("version", VERSIONS)
def test_our_verdicts_are_synapses(version: str) -> None:
    seen = 0
    for case, allowed in ROOMS:
        if case.version != version:
            continue
        for event, theirs, our in zip(case.events, allowed, ask_ourselves(case), strict=True):
            seen += 1
            if (our is None) is not theirs:
                assert is_documented(case, event, our), f"we: {our or 'allowed'}"
    assert seen >= 250


def test_the_record_is_worth_its_place() -> None:
    verdicts = [verdict for _, allowed in ROOMS for verdict in allowed]
    assert len(verdicts) >= 3000
    assert 0.1 < sum(verdicts) / len(verdicts) < 0.9
    assert {case.version for case, _ in ROOMS} == set(VERSIONS)
    assert [Case.from_record(case.as_record(allowed)) for case, allowed in ROOMS] == ROOMS


def test_the_command_line_gives_the_same_verdicts() -> None:
    questions = [
        {"policy": f"matrix-{case.version}", "state": case.state, "event": event}
        for case, _ in ROOMS[:12]
        for event in case.events
    ]
    run = fsm("decide", "--policy", "matrix", given="\n".join(map(json.dumps, questions)).encode())
    answers = [json.loads(line) for line in run.out.splitlines()]
    assert run.status == 0
    expected = [our is None for case, _ in ROOMS[:12] for our in ask_ourselves(case)]
    assert [answer["allowed"] for answer in answers] == expected
    assert [answer["policy"] for answer in answers] == [question["policy"] for question in questions]
