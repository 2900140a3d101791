"""A room that is played on the page is the room of Python: what is said of every event, and who is where."""

import json
import random
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from fsm.family import AnyPolicy
from fsm.log import Replay
from fsm.matrix.policies import MATRIX_12
from fsm.mimi.policies import MIMI, MIMI_00, MIMI_01
from fsm.mimi.scenario import ALICE, BOB, CAROL, DAN, EVE
from fsm.render.explorer.stage import stage_of
from tests.builders import JSON
from tests.explorer.conftest import Open, opened
from tests.logs import read_lines

STRANGERS = ("@zoe:z.example", "@<img src=x onerror=alert(1)>:x.example")
USERS = (ALICE, BOB, CAROL, DAN, EVE, *STRANGERS)
POLICIES = [MIMI, MIMI_00, MIMI_01, MIMI.evolve("no-knocks", drop=["knock", "reknock"]), MATRIX_12]


def written(*events: JSON) -> str:
    return "".join(f"{json.dumps(event)}\n" for event in events)


def replayed(policy: AnyPolicy, log: str) -> tuple[list[Any], dict[str, str]]:
    """What `fsm replay` says of a log, and who is then where."""
    run = Replay(policy)
    decisions = [outcome.decision for outcome in run.run(read_lines(BytesIO(log.encode())))]
    assert run.errors == 0
    (participation,) = run.participation().values()
    return decisions, participation


def history(policy: AnyPolicy, opening: str, rng: random.Random) -> Iterator[JSON]:
    """An opening, and a hundred events of people who do what comes to their mind."""
    stage = stage_of(policy)
    assert stage
    yield from stage.scenario.shown[opening].log
    for number in range(100):
        sender, target = rng.choice(USERS), rng.choice(USERS)
        if rng.random() < 0.1:
            yield rng.choice([*stage.settings(sender).values()])
        else:
            event = rng.choice(stage.changes(rng.choice(policy.triggers), sender, rng.choice([sender, target])))
            reason = {"reason": rng.choice(["", "<b>why</b>"])} if rng.random() < 0.1 else {}
            yield {**event, "content": {**event["content"], **reason}, **({"event_id": f"${number}"} if reason else {})}


@pytest.mark.parametrize("policy", POLICIES, ids=lambda policy: policy.id)
def test_random_histories(policy: AnyPolicy, visit: Open) -> None:
    page = visit(policy)
    rng = random.Random(7)  # noqa: S311 - it only has to be the same every time
    stage = stage_of(policy)
    assert stage
    for opening, begins in stage.scenario.shown.items():
        length = len(begins.log)
        for _ in range(5):
            log = written(*history(policy, opening, rng))
            said = page.evaluate("(log) => window.explorer.replay(log)", log)
            decisions, participation = replayed(policy, log)
            assert [outcome["allowed"] for outcome in said["outcomes"]] == [each.allowed for each in decisions[length:]]
            assert [outcome["transition"] for outcome in said["outcomes"]] == [
                each.transition for each in decisions[length:]
            ]
            assert [outcome["reason"] for outcome in said["outcomes"]] == [each.reason for each in decisions[length:]]
            assert {user: state for user, state in said["participation"].items() if state != "leave"} == participation


ODDITIES: list[JSON] = [
    {"x": 1}, {"content": {}}, {"content": {"reason": 7}}, {"content": {"x": [1]}}, {"content": None}, {"type": "m.x"},
    {"state_key": ""}, {"state_key": None}, {"sender": ""}, {"sender": "@zoe:z.example"}, {"room_id": "!x:x"},
    {"room_id": ""}, {"event_id": 7}, {"event_id": "$x"}, {"unsigned": {"x": 1}}, {"sender": "\U0001f600" * 40_000},
    {"content": {"third_party_invite": {}}}, {"content": {"displayname": None}}, {"content": {"reason": "\ud800"}},
    {"authEvents": []}, {"prev_events": []}, {"content": {"participation": "dance", "membership": "dance"}},
    {"content": {"rule": "x", "join_rule": "x"}}, {"content": {"join_authorised_via_users_server": ALICE}},
]  # fmt: skip
"""What is wrong, or only odd, about an event."""


def oddly(event: JSON, rng: random.Random) -> JSON:
    """The event with something that one would not expect."""
    odd = rng.choice(ODDITIES)
    content = {**event["content"], **odd["content"]} if odd.get("content") else odd.get("content", event["content"])
    return {**event, **odd, "content": content}


@pytest.mark.parametrize("policy", [MIMI, MIMI_01, MATRIX_12], ids=lambda policy: policy.id)
def test_odd_events_are_judged_as_python_does_or_not_at_all(policy: AnyPolicy, visit: Open) -> None:
    page = visit(policy)
    rng = random.Random(11)  # noqa: S311 - it only has to be the same every time
    stage = stage_of(policy)
    assert stage
    opening, begins = next(iter(stage.scenario.shown.items()))
    begin, judged = len(begins.log), 0
    for _ in range(25):
        events = list(history(policy, opening, rng))
        events[begin:] = [oddly(event, rng) if rng.random() < 0.1 else event for event in events[begin:]]
        run = Replay(policy)
        outcomes = list(run.run(read_lines(BytesIO(written(*events).encode()))))[begin:]
        said = page.evaluate("(log) => window.explorer.replay(log)", written(*events))
        if "problem" in said:  # it goes on as no room of the page does
            continue
        for line, (outcome, told) in enumerate(zip(outcomes, said["outcomes"], strict=True), begin):
            if "note" not in told:
                decision = outcome.decision
                assert decision is not None, events[line]
                assert told == {
                    "allowed": decision.allowed,
                    "reason": decision.reason,
                    "transition": decision.transition,
                }, events[line]
                judged += 1
        if not any("may change what is decided" in told.get("note", "") for told in said["outcomes"]):
            staying = {user: state for user, state in said["participation"].items() if state != "leave"}
            assert staying == run.participation().get("", {})
    assert judged > 500


def does(page: Page, sender: str, target: str, action: str) -> None:
    """Choose who acts and on whom, and press what they do."""
    page.get_by_label(f"{sender} acts", exact=True).check()
    page.get_by_label(f"on {target}", exact=True).check()
    page.locator(".deeds button").filter(has=page.get_by_text(action, exact=True)).click()


def board(page: Page) -> dict[str, list[str]]:
    """Who is where, by state."""
    columns = page.locator(".column").all()
    return {column.locator("h3").inner_text(): column.locator("li").all_inner_texts() for column in columns}


def events(page: Page) -> list[str]:
    return [" ".join(each.split()) for each in page.locator("#history ol > li").all_inner_texts()]


def test_people_move(visit: Open) -> None:
    page = visit(MIMI)
    page.get_by_label("A room", exact=True).check()
    everybody = ["Alice", "Bob", "Carol", "Dan"]
    assert board(page) == {"leave": ["Eve"], "knock": [], "invite": [], "join": everybody, "ban": []}
    expect(page.locator("#deeds-title, #room h3").nth(1)).to_have_text("What Alice does to Eve")
    expect(page.locator(".deeds button").nth(0)).to_have_text("✓invite, allowedleave → invite")
    does(page, "Alice", "Eve", "invite")
    assert board(page)["invite"] == ["Eve"]
    does(page, "Eve", "Eve", "join")
    assert board(page)["join"] == [*everybody, "Eve"]
    expect(page.locator("#verdict")).to_have_text("✓Eve, accept: Allowed as accept invite → join")
    does(page, "Bob", "Carol", "leave")
    assert board(page)["join"] == [*everybody, "Eve"]
    expect(page.locator("#verdict")).to_contain_text("Rejected")
    assert events(page)[-1] == "✗ Bob → Carol leave rejected kick: the sender does not outrank the target for kicking"
    expect(page.locator('[data-row=kick] [data-holds="false"]')).to_contain_text("the sender does not outrank")


def test_settings_change_what_is_possible(visit: Open) -> None:
    page = visit(MIMI, "room-opening=1&room-pair=4.4")
    expect(page.locator("#possible")).to_have_text("Nothing is possible here.")
    page.get_by_label("Alice acts").check()
    page.locator(".settings button", has_text="join rule: public").click()
    does(page, "Eve", "Eve", "join")
    assert board(page)["join"] == ["Alice", "Eve"]
    page.locator(".settings button", has_text="join rule: invite").click()
    expect(page.locator("#verdict")).to_have_text(
        "Eve, join rule: invite: rejected, state: the sender may not send this type of event"
    )


def test_undo_redo_and_jump(visit: Open) -> None:
    page = visit(MIMI, "room-opening=1&room-log=0.invite.4,4.join.4,0.ban.4")
    assert board(page)["ban"] == ["Eve"]
    page.get_by_role("button", name="Undo").click()
    assert board(page)["join"] == ["Alice", "Eve"]
    page.get_by_role("button", name="Undo").click()
    assert board(page)["invite"] == ["Eve"]
    page.get_by_role("button", name="Undo").press("Enter")
    expect(page.get_by_role("button", name="Redo")).to_be_focused()
    page.get_by_role("button", name="Redo").click()
    page.get_by_role("button", name="Redo").click()
    assert board(page)["join"] == ["Alice", "Eve"]
    page.locator("#history ol button").first.click()
    assert board(page)["invite"] == ["Eve"]
    assert page.url.endswith("room-at=1&room-pair=0.4")
    does(page, "Eve", "Eve", "leave")
    assert len(events(page)) == 2
    page.get_by_role("button", name="Start over").click()
    assert events(page) == ["Nothing yet. Choose who acts, and on whom; then press what they do."]


def test_an_arrow_in_a_room_is_only_asked_about(visit: Open) -> None:
    page = visit(MIMI, "room-opening=0&room-pair=1.3")
    page.locator('svg:visible .edge[data-id="kick-join"] text').first.click()
    expect(page.locator("#verdict")).to_contain_text("Allowed as kick")
    page.locator('svg:visible .edge[data-id="unban-ban"] text').first.click()
    expect(page.locator("#verdict")).to_contain_text("If Dan were in ban: Allowed as unban")
    assert "Dan" in board(page)["join"]
    assert (
        visit(MIMI, page.url.partition("#")[2]).locator("#verdict").inner_text()
        == page.locator("#verdict").inner_text()
    )


def test_the_log_that_is_copied_replays_the_same(visit: Open) -> None:
    page = visit(MIMI, "room-opening=0")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    does(page, "Dan", "Eve", "invite")
    does(page, "Bob", "Eve", "ban")
    does(page, "Dan", "Eve", "invite")
    does(page, "Dan", "Alice", "leave")
    page.get_by_label("Another user's id").fill("@zoe:z.example")
    page.get_by_role("button", name="Add").click()
    page.get_by_label("Alice acts", exact=True).check()
    page.locator(".settings button", has_text="join rule: public").click()
    does(page, "@zoe:z.example", "@zoe:z.example", "join")
    assert board(page) == {
        "leave": [],
        "knock": [],
        "invite": [],
        "join": ["Alice", "Bob", "Carol", "Dan", "@zoe"],
        "ban": ["Eve"],
    }
    page.get_by_role("button", name="Copy as JSON lines").click()
    expect(page.locator("#notice")).to_have_text("The log is copied: “fsm replay” takes it.")
    log = page.evaluate("navigator.clipboard.readText()")
    decisions, participation = replayed(MIMI, log)
    shown = page.locator("#history ol > li[data-allowed]").all()
    assert [item.get_attribute("data-allowed") == "true" for item in shown] == [each.allowed for each in decisions[-6:]]
    assert participation == {
        ALICE: "join",
        BOB: "join",
        CAROL: "join",
        DAN: "join",
        EVE: "ban",
        "@zoe:z.example": "join",
    }
    # What was copied can be opened again, and is the same room.
    other = visit(MIMI)
    other.get_by_label("A room", exact=True).check()
    opened(other, log)
    assert board(other) == board(page)
    assert events(other) == events(page)


def test_a_link_to_a_room(visit: Open) -> None:
    page = visit(MIMI, "room-opening=2")
    does(page, "Alice", "Bob", "invite")
    page.get_by_label("Another user's id").fill("a.b,c&d=é/%<i>")
    page.get_by_role("button", name="Add").click()
    does(page, "a.b,c&d=é/%<i>", "a.b,c&d=é/%<i>", "knock")
    page.get_by_role("button", name="Undo").click()
    other = visit(MIMI, page.url.partition("#")[2])
    assert events(other) == events(page)
    assert board(other) == board(page)
    for part in ("#room", "#possible", "#verdict"):
        assert other.locator(part).inner_text() == page.locator(part).inner_text()


def test_play_goes_through_the_log(visit: Open) -> None:
    page = visit(MIMI, "room-opening=1&room-log=0.invite.4,4.join.4")
    page.get_by_role("button", name="Play").click()
    assert board(page)["leave"] == ["Bob", "Carol", "Dan", "Eve"]
    expect(page.get_by_role("button", name="Pause")).to_be_visible()
    expect(page.locator("#history li[aria-current]")).to_contain_text("invite")
    expect(page.locator("#history li[aria-current]")).to_contain_text("accept")
    expect(page.get_by_role("button", name="Play")).to_be_visible()
    assert board(page)["join"] == ["Alice", "Eve"]


def press_anything(page: Page, rng: random.Random) -> None:
    """Press one of all the things that can be pressed in a room."""
    places = {
        ".deeds button": 9,
        "#people tr:nth-child(-n + 7) input": 9,
        ".settings button": 1,
        "#history .tools:first-child button:nth-child(-n + 2):enabled": 1,
        "#add button": 1,
    }
    (place,) = rng.choices(list(places), list(places.values()))
    if place == "#add button":
        page.locator("#add input").fill(f"@user{rng.randrange(3)}:u.example")
    count = page.locator(place).count()
    if count:
        page.locator(place).nth(rng.randrange(count)).evaluate("(button) => button.click()")


@pytest.mark.parametrize(
    "policy", [MIMI, pytest.param(MATRIX_12, marks=pytest.mark.long)], ids=lambda policy: policy.id
)
def test_whatever_is_pressed_replays_the_same(policy: AnyPolicy, visit: Open) -> None:
    stage = stage_of(policy)
    assert stage
    page = visit(policy, "room-opening=0")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    rng = random.Random(3)  # noqa: S311 - it only has to be the same every time
    for _ in range(100):
        press_anything(page, rng)
    page.get_by_role("button", name="Copy as JSON lines").click()
    decisions, participation = replayed(policy, page.evaluate("navigator.clipboard.readText()"))
    shown = page.locator("#history ol > li[data-allowed]:not(.later)")
    assert shown.count() > 25
    for item, decision in zip(shown.all(), decisions[-shown.count() :], strict=True):
        assert item.get_attribute("data-allowed") == str(decision.allowed).lower()
        what = item.locator("strong").inner_text()
        if decision.before is None:
            assert what in stage.settings(ALICE)
        elif decision.transition:
            assert what == decision.transition
        assert decision.allowed or item.locator("small").inner_text() == decision.reason.replace("`", "")
    standing = {user: where for where, users in board(page).items() for user in users if where != "leave"}
    assert standing == {
        stage.scenario.users.get(user, user.partition(":")[0]): where.value if hasattr(where, "value") else where
        for user, where in participation.items()
    }


def test_an_opening_that_is_refused_is_not_offered(visit: Open) -> None:
    policy = MIMI.evolve("nobody-comes", drop=["accept"])
    assert visit(policy, "room-opening=0").locator("#opening option").all_inner_texts() == [
        "Only Alice is in",
        "Alice has just created the room",
    ]


def test_a_family_without_a_stage() -> None:
    assert stage_of(MIMI.evolve("lost", family="tests.nowhere")) is None
    assert stage_of(MIMI.evolve("bare", family="fsm.render")) is None
