"""`fsm visible`: whose view of a log."""

import json
from typing import Any

import pytest

from tests.cli.runner import fsm

CREATE = {"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}
MESSAGE = {"type": "m.message", "sender": "@a", "content": {}}


def change(sender: str, target: str, participation: str) -> dict[str, Any]:
    return {"type": "m.user", "sender": sender, "state_key": target, "content": {"participation": participation}}


def rule(visibility: str) -> dict[str, Any]:
    content = {"visibility": visibility}
    return {"type": "m.room.history_visibility", "sender": "@a", "state_key": "", "content": content}


INVITED, JOINED, LEFT = change("@a", "@b", "invite"), change("@b", "@b", "join"), change("@b", "@b", "leave")

# The last event of each log is the message in question, or `MESSAGE` stands where it was sent.
# fmt: off
CASES: list[tuple[str, list[dict[str, Any]], bool]] = [
    ("world, a stranger",                      [rule("world"), MESSAGE],                           True),
    ("shared, a stranger",                     [MESSAGE],                                          False),
    ("shared, joined then",                    [INVITED, JOINED, MESSAGE],                         True),
    ("shared, joined later",                   [MESSAGE, INVITED, JOINED],                         True),
    ("shared, joined later and left",          [MESSAGE, INVITED, JOINED, LEFT],                   True),
    ("shared, left before",                    [INVITED, JOINED, LEFT, MESSAGE],                   False),
    ("shared, only invited",                   [INVITED, MESSAGE],                                 False),
    ("joined, joined then",                    [rule("joined"), INVITED, JOINED, MESSAGE],         True),
    ("joined, joined then and left",           [rule("joined"), INVITED, JOINED, MESSAGE, LEFT],   True),
    ("joined, joined later",                   [rule("joined"), MESSAGE, INVITED, JOINED],         False),
    ("joined, invited then",                   [rule("joined"), INVITED, MESSAGE, JOINED],         False),
    ("invited, invited then",                  [rule("invited"), INVITED, MESSAGE],                True),
    ("invited, invited later",                 [rule("invited"), MESSAGE, INVITED],                False),
    ("invited, joined then",                   [rule("invited"), INVITED, JOINED, MESSAGE],        True),
    ("a rule set later does not open",         [rule("joined"), MESSAGE, rule("world")],           False),
    ("a rule set later does not close",        [rule("world"), MESSAGE, rule("joined")],           True),
]
# fmt: on


@pytest.mark.parametrize(("log", "shown"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_who_is_shown_a_message(log: list[dict[str, Any]], shown: bool) -> None:
    given = "\n".join(map(json.dumps, [CREATE, *log])).encode()
    run = fsm("visible", "-", "--user", "@b", "--json", given=given)
    views = [json.loads(line) for line in run.out.splitlines()]
    asked = {view["line"]: view["visible"] for view in views}
    for number, event in enumerate([CREATE, *log], start=1):
        assert asked[number] is (shown if event is MESSAGE else True)
    assert all(("reason" in view) is not view["visible"] for view in views)


def test_rejected_events_are_nobodys_and_unreadable_ones_are_named() -> None:
    given = "\n".join([json.dumps(CREATE), json.dumps(change("@b", "@b", "join")), "{"]).encode()
    run = fsm("visible", "-", "--user", "@b", given=given)
    assert run.status == 2
    assert run.complaint.startswith("fsm: line 3: not JSON")
    assert [line.split()[:3] for line in run.out.splitlines()] == [["1", "shown", "m.room.create"]]


def test_an_event_without_an_id_is_no_other_event() -> None:
    # "line 3" is an id that an event may have; the event in line 3 has none.
    log = [
        CREATE,
        rule("joined"),
        MESSAGE,
        {**MESSAGE, "event_id": "line 3"},
        rule("world"),
        {**MESSAGE, "event_id": "$1"},
    ]
    log += [MESSAGE, {**MESSAGE, "event_id": "$1"}]
    run = fsm("visible", "-", "--user", "@b", "--json", given="\n".join(map(json.dumps, log)).encode())
    views = [json.loads(line) for line in run.out.splitlines()]
    assert [view["visible"] for view in views] == [True, True, False, False, True, True, True]
    assert [view["event_id"] for view in views] == [None, None, None, "line 3", None, "$1", None]
