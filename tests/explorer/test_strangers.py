"""The page of a stranger's family decides as its rooms do, also where facts follow from where users stand."""

import json
import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest

from fsm.family import AnyPolicy
from fsm.log import Replay
from fsm.policies import family_of, load_policy, scenario_of
from tests.cli.runner import ROOT
from tests.explorer.conftest import Open
from tests.lab import LAB
from tests.logs import read_lines

POLICIES = [load_policy(f"{ROOT}/examples/muc/policies.py:AFFILIATIONS"), LAB]


def history(policy: AnyPolicy, opening: tuple[dict[str, Any], ...], rng: random.Random) -> Iterator[dict[str, Any]]:
    family: Any = family_of(policy)
    users, settings = [*family.scenario.users, *family.scenario.strangers], [*family.scenario.settings.values()]
    yield from opening
    for _ in range(60):
        sender, target, action = rng.choice(users), rng.choice(users), rng.choice(policy.triggers)
        if settings and rng.random() < 0.1:
            yield {**rng.choice(settings), "sender": sender}
        else:
            told = rng.choice([*family.syntax.forms(policy, action)])
            event = family.syntax.write(policy, action, sender, target, **told)
            yield {**event, "type": rng.choice(family.syntax.changes)}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_random_histories(policy: AnyPolicy, visit: Open) -> None:
    page, scenario, rng = visit(policy), scenario_of(policy), random.Random(3)  # noqa: S311 - the same every time
    assert scenario
    for opening in [*scenario.openings.values()] * 3:
        events = [*history(policy, opening.log, rng)]
        log = "\n".join(map(json.dumps, events))
        said = page.evaluate("(log) => window.explorer.replay(log)", log)
        run = Replay(policy)
        decisions = [outcome.decision for outcome in run.run(read_lines(BytesIO(log.encode())))][len(opening.log) :]
        assert [(each["allowed"], each["transition"]) for each in said["outcomes"]] == [
            (each.allowed, each.transition) for each in decisions if each is not None
        ]
        (participation,) = run.participation().values()
        assert {
            user: word for user, word in said["participation"].items() if word != policy.initial.value
        } == participation
