"""The page of a role set has a room: how many are where, claims and codes count there as they do in rooms."""

import json
import random
from collections.abc import Iterator
from io import BytesIO

import pytest
from playwright.sync_api import expect

from fsm.log import Replay
from fsm.policies import scenario_of, syntax_of
from fsm.room_policy.policies import RolePolicy, policy_of
from fsm.scenario import Counted
from tests.builders import JSON
from tests.explorer.conftest import Open
from tests.logs import read_lines
from tests.room_policy.lint_sets import bounded, holding, leading, named, sound

PLANTS = (
    (bounded(2, "minimum_participants", 1), bounded(2, "maximum_participants", 2), leading(3, 3, 0),
     holding(2, "canJoinIfPreauthorized", "canChangeOwnRole"), holding(3, "canJoinIfPreauthorized"),
     holding(0, "canUseJoinCode"), leading(0, 0, 2), holding(3, "canChangeRoomMembershipStyle")),
    (bounded(3, "minimum_participants", 2), holding(0, "canOpenJoin"), leading(0, 0, 2), named(2, "owner"),
     bounded(2, "minimum_active_participants", 1), holding(3, "canChangeRoomMembershipStyle")),
)  # fmt: skip


def planted(number: int) -> RolePolicy:
    roles = sound()
    for plant in PLANTS[number]:
        plant(roles)
    return policy_of([*roles.values()], id=f"counted-{number}")


POLICIES = [planted(number) for number in range(len(PLANTS))]


def history(policy: RolePolicy, counted: Counted, opening: str, rng: random.Random) -> Iterator[JSON]:
    scenario, syntax = scenario_of(policy), syntax_of(policy)
    assert scenario
    users, settings = [*scenario.users, *scenario.strangers], [*counted.settings.values()]
    forms = [(action, told) for action in policy.triggers for _, told in counted.forms(action)]
    yield from counted.openings[opening].log
    for _ in range(150):
        sender = rng.choice(users[:3] if rng.random() < 0.7 else users)
        if rng.random() < 0.2:
            yield {**rng.choice(settings), "sender": sender}
        else:
            comes = rng.random() < 0.2  # by themselves
            user = rng.choice(users[2:])
            action, told = rng.choice([form for form in forms if not comes or form[0].value == "add"])
            yield syntax.write(
                policy, action, user if comes else sender, user if comes else rng.choice([sender, *users]), **told
            )


@pytest.mark.parametrize(
    "policy",
    [POLICIES[0], *(pytest.param(policy, marks=pytest.mark.long) for policy in POLICIES[1:])],
    ids=lambda policy: policy.id,
)
def test_random_histories(policy: RolePolicy, visit: Open) -> None:
    page, scenario, rng = visit(policy), scenario_of(policy), random.Random(5)  # noqa: S311 - the same every time
    assert scenario
    assert scenario.counted
    moved = set()
    for opening in [*scenario.counted.openings] * 3:
        events = [*history(policy, scenario.counted, opening, rng)]
        log = "\n".join(map(json.dumps, events))
        said = page.evaluate("(log) => window.explorer.replay(log)", log)
        run = Replay(policy)
        decisions = [outcome.decision for outcome in run.run(read_lines(BytesIO(log.encode())))][1:]
        assert [(each["allowed"], each["reason"]) for each in said["outcomes"]] == [
            (each.allowed, each.reason) for each in decisions if each is not None
        ]
        moved |= {each["transition"] for each in said["outcomes"] if each["allowed"]}
        (participation,) = run.participation().values()
        assert {user: word for user, word in said["participation"].items() if word} == participation
    assert {"add", "code_join", "preauthorized_join"} <= moved or {"add", "open_join"} <= moved


def test_what_is_pressed_counts(visit: Open) -> None:
    page = visit(POLICIES[0], "room-opening=1&room-pair=0.1")
    expect(page.locator("#people")).to_contain_text("Bob")
    deed = page.locator("button.deed").filter(has_text="remove")
    expect(deed).to_have_class("deed no")  # Bob is the only member that there must be
    page.get_by_role("radio", name="on Cat").check(force=True)
    page.locator("button.deed").filter(has_text="add as member").first.click()
    page.get_by_role("radio", name="on Bob").check(force=True)
    expect(deed).to_have_class("deed yes")
