"""Logs that people open: kept whole, broken, or meant to do harm."""

import json
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from fsm.mimi.policies import MIMI, MIMI_01
from fsm.mimi.scenario import ALICE, EVE, scenario_of
from tests.builders import JSON, change, create, message, name_of_room, role, role_map
from tests.explorer.conftest import Open, go, opened
from tests.explorer.test_rooms import board, does, events, written

MARKUP = '<img src=x onerror="window.harmed = true"><script>window.harmed = true</script>'
CREATED = create(ALICE)
ONLY_ALICE = scenario_of(MIMI).openings["Only Alice is in"].log


@pytest.fixture(scope="module")
def shared(visit_often: Open) -> Page:
    return visit_often(MIMI)


@pytest.fixture
def page(shared: Page) -> Page:
    """A room in which only Alice is."""
    go(shared, "")
    go(shared, "room-opening=1")
    return shared


def is_unharmed(page: Page) -> bool:
    """Nothing of a log has become part of the page, and the page still works."""
    if page.evaluate("'harmed' in window") or page.locator("img, script:not([id]) ~ script, iframe").count():
        return False
    does(page, "Alice", "Dan", "invite")
    return "Dan" in board(page)["invite"]


# fmt: off
UNREADABLE = [
    ("",                                          "there is nothing to read"),
    ("\n \n",                                     "there is nothing to read"),
    ("hello",                                     "line 1: not JSON"),
    (MARKUP,                                      "line 1: not JSON"),
    ('{"type": "m.room.create"',                  "line 1: not JSON"),
    ("null",                                      "line 1: not an event"),
    ("[]",                                        "there is nothing to read"),
    ("[1, 2]",                                    "line 1: not an event"),
    ("[" * 100_000,                               "line 1: not JSON"),
    ('{"__proto__": {"type": "x"}}',              "line 1: not an event"),
    (written(message(ALICE)),                       "line 1: this is no beginning that the page knows"),
    (written(create("")),                         "line 1: this is no beginning that the page knows"),
    (written({**create(ALICE), "authEvents": []}),  "line 1: this is no beginning that the page knows"),
    ("{}\n" * 6_000,                              "the log has more than 5,000 lines"),
]
# fmt: on


@pytest.mark.parametrize(("log", "problem"), UNREADABLE, ids=[f"{row[0][:30]!r}" for row in UNREADABLE])
def test_what_cannot_be_read_is_one_line(log: str, problem: str, page: Page) -> None:
    opened(page, log)
    expect(page.get_by_role("alert")).to_contain_text(problem)
    assert "\n" not in page.get_by_role("alert").inner_text()
    page.get_by_role("button", name="Cancel").click()
    assert board(page)["join"] == ["Alice"]
    assert is_unharmed(page)


def test_what_is_too_long_is_not_read(page: Page) -> None:
    said = page.evaluate("() => window.explorer.replay('x'.repeat(4_000_001))")
    assert said == {"problem": "the log is longer than 4,000,000 letters"}


# fmt: off
NOT_JUDGED = [
    ("not JSON at all",                                                             "line 2: not JSON"),
    ("7",                                                                           "line 2: not an event"),
    ('{"type": 7}',                                                                 "line 2: not an event"),
    (json.dumps(message(EVE)),                                                      "line 2: m.message, not judged here"),
    (json.dumps(name_of_room(ALICE)),                                                 "line 2: m.room.name, not judged here"),
    (json.dumps(change("dance", EVE)),                                              "line 2: m.user, not judged here"),
    (json.dumps(change("join", EVE, room_id="!other:a.example")),                   "line 2: an event of another room, not judged here"),
    (json.dumps({**change("join", EVE), "content": {"participation": "join", "reason": 7}}), "line 2: m.user, not judged here"),
    (json.dumps({**change("join", EVE), "state_key": ""}),                          "line 2: m.user, not judged here"),
    (json.dumps({**change("join", EVE), "sender": {"toString": "x"}}),              "line 2: m.user, not judged here"),
    (json.dumps({"type": MARKUP, "sender": MARKUP, "content": {}}),                 'line 2: <img src=x onerror="window.harmed = true"><script>window.har…, not judged here'),
]
# fmt: on


@pytest.mark.parametrize(("line", "words"), NOT_JUDGED, ids=[row[0][:60] for row in NOT_JUDGED])
def test_what_is_not_judged_is_said_to_be(line: str, words: str, page: Page) -> None:
    opened(page, f"{written(CREATED)}{line}\n{written(change('invite', ALICE, EVE))}")
    expect(page.locator("#notice")).to_have_text(
        "Opened: “Alice has just created the room”, then 1 allowed, 0 rejected, "
        f"1 not judged ({words}). Play shows it from the start."
    )
    assert events(page) == [words, "✓ Alice → Eve invite allowed leave → invite"]
    assert is_unharmed(page)


def test_a_log_with_other_roles_is_for_a_page_of_its_own(page: Page) -> None:
    dealt = role("king", {"ban": True}, ALICE), role_map(("king", 1, [EVE]), sender=ALICE)
    opened(page, written(CREATED, *dealt, change("invite", ALICE, EVE)))
    expect(page.get_by_role("alert")).to_have_text(
        "line 2: from here on, the log is not of a room of this page; "
        "“fsm explore mimi --log FILE” makes a page that plays it"
    )
    page.get_by_role("button", name="Cancel").click()


@pytest.mark.parametrize(
    "event", [change("invite", ALICE, EVE, authEvents=[]), role("king", {}, ALICE)], ids=["authEvents", "role"]
)
def test_what_may_have_changed_anything_ends_it(event: JSON, page: Page) -> None:
    opened(page, written(CREATED, change("invite", ALICE, EVE), event, change("join", EVE)))
    assert events(page)[-1] == "line 4: not judged here: line 3 may change what is decided"


def test_what_makes_no_difference_is_passed_over(page: Page) -> None:
    event = change("invite", ALICE, EVE)
    opened(page, written(CREATED, {**event, "unsigned": {}, "content": {**event["content"], "color": 1}}))
    assert events(page) == ["✓ Alice → Eve invite allowed leave → invite"]


@pytest.mark.parametrize("name", ["\ud800", "\udc00x"])
def test_half_of_a_surrogate_pair_is_no_text(name: str, page: Page) -> None:
    opened(page, written(CREATED, change("invite", ALICE, name)))
    assert events(page) == ["line 2: half of a surrogate pair"]


@pytest.mark.parametrize("name", ["javascript:alert(1)", "\u202eabc"])
def test_odd_names_break_nothing(name: str, page: Page) -> None:
    opened(page, written(CREATED, change("invite", ALICE, name), change("join", name)))
    assert len(board(page)["join"]) == 2
    assert is_unharmed(page)
    assert ("room-log" in page.url) == name.isprintable() or name == "\u202eabc"


def test_names_are_text(page: Page) -> None:
    long = "x" * 60_000
    log = [
        create(MARKUP),
        change("invite", MARKUP, "__proto__"),
        change("join", "__proto__"),
        change("invite", MARKUP, long),
        change("join", long),
    ]
    opened(page, written(*log))
    assert board(page)["join"] == ["<img src=x onerror…", "__proto__", f"{'x' * 18}…"]
    assert page.locator("img").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") == page.viewport_size["width"]  # type: ignore[index]
    # So long a name would make too long a link.
    assert page.url.endswith("#room-opening=2")
    page.context.grant_permissions(["clipboard-write"])
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator("#notice")).to_have_text(
        "The log is too long for a link, or has names that none can hold: copy it as JSON lines instead."
    )
    does(page, "__proto__", "__proto__", "leave")
    assert "__proto__" in board(page)["leave"]
    assert not page.evaluate("'harmed' in window")


def test_a_log_of_other_people_in_a_room_with_an_id(page: Page) -> None:
    names = {user: user.replace("@", "@other-") for user in scenario_of(MIMI).users}
    text = written(*ONLY_ALICE, change("invite", ALICE, EVE))
    for user, name in names.items():
        text = text.replace(user, name)
    lines = [
        {**json.loads(line), "room_id": "!r:a.example", "event_id": f"${number}", "origin": 1}
        for number, line in enumerate(text.splitlines())
    ]
    opened(page, json.dumps(lines))
    assert events(page) == ["✓ @other-alice:a.example → @other-eve:e.example invite allowed leave → invite"]
    assert page.locator("#opening").input_value() == "Only Alice is in"


def test_a_file(visit: Open, tmp_path: Path) -> None:
    page = visit(MIMI_01, "room-opening=0")
    path = tmp_path / "log.jsonl"
    path.write_text(
        "\ufeff" + written(create("@tom:t.example"), change("invite", "@tom:t.example", EVE, type="m.room.user"))
    )
    page.get_by_role("button", name="Open a log").click()
    page.get_by_label("A file").set_input_files(path)
    expect(page.locator("#notice")).to_contain_text("1 allowed, 0 rejected.")
    assert "Eve" in board(page)["invite"]
    big = tmp_path / "big.jsonl"
    big.write_bytes(b"\n" * 4_000_001)
    page.get_by_role("button", name="Open a log").click()
    page.get_by_label("A file").set_input_files(big)
    expect(page.get_by_role("alert")).to_have_text("the file is larger than 4,000,000 bytes")


def test_a_long_log_is_shown_in_part(page: Page) -> None:
    users = [f"@u{number}:u.example" for number in range(2_000)]
    log: list[JSON] = [CREATED]
    for user in users:
        log += [change("invite", ALICE, user), change("join", user)]
    opened(page, written(*log))
    expect(page.locator("#notice")).to_contain_text("4000 allowed, 0 rejected")
    assert page.locator("#history ol > li").count() < 400
    assert page.locator("#people tbody tr").count() < 50
    expect(page.locator("#history li[aria-current]")).to_contain_text("@u1999:u.example")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator("#history li[aria-current]")).to_contain_text("invite")


def test_a_log_in_which_an_id_comes_again_is_not_judged_here(page: Page) -> None:
    log = written(
        CREATED, {**change("invite", ALICE, EVE), "event_id": "$1"}, {**change("join", EVE), "event_id": "$1"}
    )
    assert "id comes again" in page.evaluate("(log) => window.explorer.replay(log)", log)["problem"]
