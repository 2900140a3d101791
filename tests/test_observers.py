"""Who observes is told of each change once, in the order of revisions, whatever fails; so are hooks and the log."""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from fsm import (
    Change,
    DefinitionError,
    ObserverError,
    Participant,
    RoleRoom,
    Room,
    observers,
)
from fsm.room_policy.policies import STRICT
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JOIN,
    KNOCK,
    LEAVE,
    change,
    create,
    is_one_line,
    join_rule,
    joined,
    message,
    room,
)
from tests.test_changes import ALL, CHECK, PEOPLE, role_event

# fmt: off
TOLD: list[tuple[str, Callable[[Room], object], set[str]]] = [
    ("a change",        lambda tea: tea.send(change(LEAVE, BOB)),                          {"change"}),
    ("a confirmation",  lambda tea: tea.send(change(JOIN, BOB)),                           {"change"}),
    ("a refusal",       lambda tea: tea.send(change(BAN, BOB, ALICE)),                     {"refusal"}),
    ("refused setting", lambda tea: tea.send(join_rule("public", BOB)),                    {"refusal"}),
    ("a setting",       lambda tea: tea.send(join_rule("public")),                         {"setting"}),
    ("taken change",    lambda tea: tea.take(change(LEAVE, BOB)),                          {"taken"}),
    ("taken setting",   lambda tea: tea.take(join_rule("public")),                         {"taken"}),
    ("a message",       lambda tea: tea.send(message(BOB)),                                set()),
    ("a question",      lambda tea: tea.decide(change(LEAVE, BOB)),                        set()),
    ("prepared",        lambda tea: tea.prepare(change(LEAVE, BOB)),                       set()),
    ("applied",         lambda tea: tea.apply(tea.prepare(change(LEAVE, BOB))),            {"change"}),
    ("a trigger",       lambda tea: tea.participant(BOB).leave(),                          {"change"}),
]
# fmt: on


@pytest.mark.parametrize(("act", "kinds"), [case[1:] for case in TOLD], ids=[case[0] for case in TOLD])
def test_who_is_told_of_what(act: Callable[[Room], object], kinds: set[str]) -> None:
    tea = room(*joined(BOB))
    told: dict[str, list[Change]] = {kind: [] for kind in ALL}
    for kind in ALL:
        tea.observe(told[kind].append, of={kind})
    act(tea)
    assert {str(kind) for kind, changes in told.items() if changes} == kinds
    for changes in told.values():
        for each in changes:
            CHECK.validate(each.as_json())
            assert each.revision == tea.revision


def test_a_creation_is_a_setting_and_puts_its_creator_somewhere() -> None:
    tea, told = Room("!x:y"), list[Change]()
    tea.observe(told.append, of={"change", "setting"})
    tea.send(create())
    (one,) = told
    assert (one.target, one.before, one.after, one.moves, one.revision) == (ALICE, LEAVE, JOIN, True, 1)


def test_moves_and_confirmations_are_told_apart() -> None:
    tea, told = room(*joined(BOB)), list[Change]()
    tea.observe(told.append)
    tea.send(change(BAN, ALICE, BOB))
    tea.send(change(BAN, ALICE, BOB))
    assert [(each.transition, each.moves) for each in told] == [("ban", True), ("reban", False)]


def test_observing_ends() -> None:
    tea, told = room(), list[Change]()
    end = tea.observe(told.append)
    tea.send(change(INVITE, ALICE, BOB))
    end()
    end()
    tea.send(change(INVITE, ALICE, CAROL))
    assert [each.target for each in told] == [BOB]


@pytest.mark.parametrize("of", [{"changes"}, {""}, ["change", None], {5}, "message"])
def test_what_cannot_be_observed_is_refused(of: Any) -> None:
    with pytest.raises(DefinitionError, match="is nothing to observe: choose from change, refusal, setting, taken"):
        room().observe(print, of=of)


@pytest.mark.parametrize("observer", [None, 5, "print"])
def test_an_observer_is_a_function(observer: Any) -> None:
    with pytest.raises(DefinitionError, match="an observer is a function of a change"):
        room().observe(observer)


def test_all_hear_and_then_the_errors_are_raised() -> None:
    tea, told = room(), list[Change]()

    def fail(each: Change) -> None:
        raise LookupError(each.target)

    for observer in (fail, told.append, fail, told.append):
        tea.observe(observer)
    with pytest.raises(ObserverError) as caught:
        tea.send(change(INVITE, ALICE, BOB))
    assert tea.participation(BOB) is INVITE
    assert [each.target for each in told] == [BOB, BOB]
    assert caught.value.change is told[0]
    assert caught.value.decision.transition == "invite"
    assert [str(error) for error in caught.value.errors] == [BOB] * 2
    assert caught.value.errors[0].__notes__ == ["told of revision 2"]
    assert is_one_line(str(caught.value))


def test_what_observers_send_is_applied_at_once_and_told_in_order() -> None:
    tea, heard = room(join_rule("knock")), list[tuple[str, int]]()

    def welcome(each: Change) -> None:
        if each.transition == "knock":
            assert tea.send(change(INVITE, ALICE, each.target)).transition == "welcome"
            assert tea.participation(BOB) is INVITE
        heard.append(("welcome", each.revision))

    tea.observe(welcome)
    tea.observe(lambda each: heard.append(("listen", each.revision)))
    assert tea.send(change(KNOCK, BOB)).transition == "knock"
    assert heard == [("welcome", 3), ("listen", 3), ("welcome", 4), ("listen", 4)]


def test_an_interruption_leaves_the_rest_to_be_told() -> None:
    tea, heard = room(), list[str | None]()

    def stop(each: Change) -> None:
        if each.target == BOB:
            raise KeyboardInterrupt

    tea.observe(stop)
    tea.observe(lambda each: heard.append(each.target))
    with pytest.raises(KeyboardInterrupt):
        tea.send(change(INVITE, ALICE, BOB))
    assert tea.send(change(INVITE, ALICE, CAROL))
    assert heard == [BOB, CAROL]


def test_no_lock_is_held_while_observers_run() -> None:
    rooms = [room(room_id=f"!{number}:x") for number in range(80)]  # more than there are locks
    found: list[object] = []

    def ask(each: Change) -> None:
        if each.target == BOB:
            with ThreadPoolExecutor(1) as pool:
                found.extend(
                    pool.submit(other.send, change(INVITE, ALICE, CAROL)).result(timeout=20) for other in rooms
                )

    rooms[0].observe(ask)
    rooms[0].send(change(INVITE, ALICE, BOB))
    assert len(found) == len(rooms)
    assert all(found)


def test_a_commit_is_told_event_by_event() -> None:
    here, told = RoleRoom(policy=STRICT), list[Change]()
    here.send(role_event("create", "hub", "", **PEOPLE))
    here.observe(told.append, of=ALL)
    good = role_event("participant", "bob", "bob", action="remove")
    bad = role_event("participant", "bob", "ann", action="remove")
    assert not all(here.send_many([good, bad]))
    assert ([each.target for each in told], here.revision) == (["ann"], 1)
    assert all(here.send_many([good]))
    assert ([each.target for each in told], here.revision) == (["ann", "bob"], 2)
    assert (told[-1].before, told[-1].after, told[-1].as_json()["after"]) == (
        told[-1].decision.before,
        here.policy.initial,
        0,
    )


def test_hooks_may_be_named_for_any_role() -> None:
    entered: list[Any] = []
    hook = {"on_enter_0": lambda _, each: entered.append(each.target), "on_enter_77": print, "after_leave": print}
    here = RoleRoom(policy=STRICT, participant=type("Hooked", (Participant,), hook))
    here.send(role_event("create", "hub", "", **PEOPLE))
    assert here.send(role_event("participant", "bob", "bob", action="remove"))
    assert entered == ["bob"]
    with pytest.raises(DefinitionError, match=r"`Wrong\.on_enter_boss` is named for nothing"):
        RoleRoom(policy=STRICT, participant=type("Wrong", (Participant,), {"on_enter_boss": print}))


# What is logged.


def test_one_line_a_change(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        tea = room(*joined(BOB), room_id="!logged:x")
        caplog.clear()
        tea.decide(change(LEAVE, BOB))
        tea.send(change(BAN, BOB, ALICE))
        tea.send(message(BOB))
        assert caplog.records == []
        tea.send(change(BAN, ALICE, BOB))
        tea.send(join_rule("public"))
        tea.take(change(LEAVE, BOB, "@x\n\x1b[2J:y"))
    assert [(record.name, record.levelname) for record in caplog.records] == [("fsm", "INFO")] * 3
    assert [record.getMessage() for record in caplog.records] == [
        f"!logged:x #5: {ALICE} ban {BOB}, join → ban: allowed",
        f"!logged:x #6: {ALICE} m.room.join_rules: allowed",
        f"!logged:x #7: {BOB} leave @x\\n\\x1b[2J:y, leave → leave: taken, not judged: given as state",
    ]
    with caplog.at_level(logging.DEBUG):
        caplog.clear()
        tea.send(change(LEAVE, BOB, ALICE))
    assert [record.name for record in caplog.records] == ["fsm"]
    assert "refused" in caplog.text


def test_what_the_log_answers_is_kept_until_levels_change(caplog: pytest.LogCaptureFixture) -> None:
    assert (observers.DEBUG, observers.INFO) == (logging.DEBUG, logging.INFO)
    for level, is_logged in ((logging.INFO, True), (logging.WARNING, False), (logging.DEBUG, True)):
        with caplog.at_level(level):
            assert observers.LEVELS == {}
            assert observers.is_logged(logging.INFO) is is_logged
            assert {logging.INFO: is_logged} == observers.LEVELS


def test_the_machine_says_nothing_of_questions(caplog: pytest.LogCaptureFixture) -> None:
    fresh = room().policy.evolve("quiet-machine")
    with caplog.at_level(logging.DEBUG, logger="transitions"):
        room(policy=fresh).decide(change(KNOCK, BOB))
    assert [record for record in caplog.records if record.name.startswith("transitions")] == []


def test_no_change_is_made_where_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    tea = room(*joined(BOB))
    monkeypatch.setattr("fsm.room.judging.Change", None)
    assert tea.send(change(LEAVE, BOB))
    assert tea.send(join_rule("public"))
    tea.take(change(BAN, ALICE, BOB))
    assert tea.revision == 6
    tea.observe(print, of="taken")
    assert tea.send(change(INVITE, ALICE, CAROL)), "nobody wants to be told of changes"
    assert not tea.send(change(BAN, CAROL, ALICE))
