"""No verdict of a policy of the catalogue changes unnoticed."""

import json

import pytest

from fsm.policies import load_policy
from tests.builders import MEMBERSHIP
from tests.frozen import HASHES, verdicts

MIDDLE = {f"matrix-{version}" for version in range(2, 12)}
"""Of the versions of Matrix, the first and the last stand for all in `make check`."""


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.long] * (name in MIDDLE)) for name in MEMBERSHIP]
)
def test_the_verdicts_are_those_on_record(name: str) -> None:
    recorded = json.loads(HASHES.read_text("utf-8"))
    assert recorded.keys() == set(MEMBERSHIP)
    assert verdicts(load_policy(name)) == recorded[name], "run `python -m tests.frozen`, and say why"
