"""A change is a record: prepared, stored, applied once, and told once, in the order of revisions, whatever fails."""

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Barrier
from typing import Any, TypeVar

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import fsm.change
from fsm import (
    Change,
    DefinitionError,
    EventError,
    MatrixRoom,
    ObserverError,
    Participant,
    RevisionError,
    RoleRoom,
    Room,
    observers,
)
from fsm.change import Kind
from fsm.room_policy.policies import STRICT
from tests import lab
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    DAN,
    INVITE,
    JOIN,
    JSON,
    KNOCK,
    LEAVE,
    change,
    create,
    inside,
    is_one_line,
    join_rule,
    joined,
    message,
    room,
)
from tests.matrix import builders as m

T = TypeVar("T")


def awaited(what: Coroutine[Any, Any, T]) -> T:
    """What it comes to, in a loop and a thread of its own: a browser's driver may have a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, what).result()


SCHEMA = json.loads(Path(fsm.change.__file__).with_suffix(".schema.json").read_text(encoding="utf-8"))
CHECK = jsonschema.Draft202012Validator(SCHEMA)
ALL = tuple(Kind)


def role_event(kind: str, sender: str, target: str = "", **content: Any) -> JSON:
    return {"type": kind, "sender": sender, "state_key": target, "content": content}


PEOPLE: JSON = {
    "participant_list": {"participants": [{"user": "ann", "role_index": 4}, {"user": "bob", "role_index": 2}]}
}

# fmt: off
HISTORIES: dict[str, tuple[Callable[[], Any], list[JSON]]] = {
    "mimi": (Room, [
        create(), join_rule("public"), change(JOIN, BOB, event_id="$1"), change(BAN, BOB, ALICE), message(BOB),
        change(BAN, ALICE, BOB, content={"participation": "ban", "reason": "rude"}), change(BAN, ALICE, BOB),
        change(JOIN, BOB, event_id="$1"), change(JOIN, BOB), message(BOB), change(LEAVE, ALICE, BOB, room_id="!r:x"),
    ]),
    "matrix": (MatrixRoom, [
        m.create("10"), m.member("join", ALICE), m.join_rules("public"), m.member("join", BOB), m.message(),
        m.member("ban", BOB, ALICE), m.member("dance", BOB), m.member("ban", ALICE, BOB, event_id="$2"),
        m.member("ban", ALICE, BOB, event_id="$2"), m.member("leave", ALICE, BOB), {**m.member("join", BOB), "state_key": BOB},
    ]),
    "room-policy": (lambda: RoleRoom(policy=STRICT), [
        role_event("create", "hub", "", **PEOPLE), role_event("participant", "bob", "bob", action="remove"),
        role_event("participant", "eve", "ann", action="remove", reason="why not"),
        role_event("room_metadata", "ann", room_uri="", room_name="Tea"), role_event("message", "ann"),
    ]),
    "lab": (lambda: lab.LabRoom(policy=lab.LAB), [
        *lab.OPENED, lab.LabRoom.syntax.write(lab.LAB, "enter", lab.B, lab.B, to=lab.GUEST),
        lab.LabRoom.syntax.write(lab.LAB, "enter", lab.C, lab.B, to=lab.GUEST), lab.state("lab.badge", lab.A, lab.B, on=True),
        lab.state("lab.shout", lab.A),
    ]),
}
# fmt: on


@pytest.fixture(params=HISTORIES, ids=str)
def history(request: pytest.FixtureRequest) -> tuple[Callable[[], Any], list[JSON]]:
    return HISTORIES[request.param]


def test_to_send_is_to_prepare_and_to_apply(history: tuple[Callable[[], Any], list[JSON]]) -> None:
    make, events = history
    sent, stepped, watched = make(), make(), make()
    told: list[Change] = []
    watched.observe(told.append, of=ALL)
    for event in events:
        before = stepped.revision
        prepared = stepped.prepare(event)
        assert (stepped.revision, sent.decide(event)) == (before, prepared.decision)
        CHECK.validate(record := json.loads(json.dumps(prepared.as_json())))
        assert list(record) == SCHEMA["required"]
        assert sent.send(event) == stepped.apply(prepared) == prepared.decision == watched.send(event)
        assert sent.revision == stepped.revision == watched.revision == prepared.revision
        assert sent.participations() == stepped.participations() == watched.participations()
        assert bool(prepared) is prepared.allowed
        assert prepared.kinds <= set(ALL)
        if prepared.kinds:
            assert told.pop() == prepared
        assert told == []
    assert sent.revision > 0


def test_the_record_says_who_whom_what_and_why() -> None:
    tea = room(*joined(BOB))
    event = change(BAN, ALICE, BOB, content={"participation": "ban", "reason": "rude"}, event_id="$1")
    assert tea.prepare(event).as_json() == {
        "room": "!room:a.example", "revision": 4, "event_id": "$1", "type": "m.user", "sender": ALICE, "target": BOB,
        "action": "ban", "allowed": True, "transition": "ban", "before": "join", "after": "ban", "refusals": [],
        "code": "allowed", "message": "", "reason": "rude", "policy": "mimi", "fingerprint": tea.policy.fingerprint,
        "outcome": "sent",
    }  # fmt: skip
    refused = tea.prepare(change(LEAVE, BOB, ALICE)).as_json()
    assert (refused["revision"], refused["code"], refused["before"], refused["after"]) == (
        3,
        "guard_failed",
        "join",
        "join",
    )
    assert refused["message"] == tea.decide(change(LEAVE, BOB, ALICE)).reason
    assert refused["refusals"][0]["failed"]


def test_a_change_cannot_be_changed() -> None:
    prepared: Any = room().prepare(change(INVITE, ALICE, BOB))
    for name in ("allowed", "revision", "decision", "anything"):
        with pytest.raises(AttributeError):
            setattr(prepared, name, False)


def test_a_prepared_change_shares_nothing_with_its_event() -> None:
    tea, event = room(), change(INVITE, ALICE, BOB)
    prepared = tea.prepare(event)
    event["state_key"] = CAROL
    event["content"]["participation"] = "ban"
    assert tea.apply(prepared)
    assert tea.participations() == {ALICE: JOIN, BOB: INVITE}


def test_a_change_is_for_one_revision() -> None:
    tea = room()
    first, second = tea.prepare(change(INVITE, ALICE, BOB)), tea.prepare(change(INVITE, ALICE, CAROL))
    refused = tea.prepare(change(JOIN, BOB))
    assert tea.apply(first)
    before = inside(tea)
    for stale in (first, second, refused):
        with pytest.raises(RevisionError) as caught:
            tea.apply(stale)
        assert (caught.value.expected, caught.value.found) == (1, 2)
        assert is_one_line(str(caught.value))
    assert inside(tea) == before
    assert tea.apply(tea.prepare(change(INVITE, ALICE, CAROL)))


def test_a_refused_change_changes_nothing_and_is_told() -> None:
    tea, told = room(), list[Change]()
    tea.observe(told.append, of={"refusal"})
    refused = tea.prepare(change(JOIN, BOB))
    before = inside(tea)
    assert not refused
    assert not tea.apply(refused)
    assert (inside(tea), tea.revision, told) == (before, 1, [refused])


def test_a_change_of_another_room_is_refused() -> None:
    with pytest.raises(EventError, match=r"`room_id`: `!room:a\.example` is another room"):
        room(room_id="!other:x").apply(room().prepare(change(INVITE, ALICE, BOB)))


def test_what_comes_again_is_answered_and_nothing_is_told() -> None:
    tea, told = room(*joined(BOB)), list[Change]()
    tea.observe(told.append, of=ALL)
    event = change(BAN, ALICE, BOB, event_id="$1")
    first = tea.send(event)
    again = tea.prepare(event)
    assert (again.is_repeated, again.decision, again.revision) == (True, first, 4)
    assert tea.send(message(ALICE))
    assert tea.apply(again) == tea.send(event) == first
    assert [each.event_id for each in told] == ["$1"]
    assert tea.revision == 5


def test_revisions_count_accepted_events() -> None:
    assert Room().revision == 0
    assert Room.from_state([create(), *joined(BOB)[1:]]).revision == 0
    tea = room()
    assert tea.revision == 1
    for event, revision in (
        (message(ALICE), 2),
        (change(JOIN, BOB), 2),
        (join_rule("public"), 3),
        (change(JOIN, BOB), 4),
        (change(JOIN, BOB), 5),
    ):
        tea.send(event)
        assert tea.revision == revision
    tea.take(change(BAN, BOB, ALICE))
    assert tea.revision == 6
    tea.send_unread({**message(BOB), "event_id": "$1"})
    assert tea.revision == 7


def test_a_state_that_is_given_is_revision_0_and_tells_nobody() -> None:
    class Loud(Participant):
        def on_enter_1(self, _: Change) -> None:
            raise AssertionError

    entered = lab.LabRoom.syntax.write(lab.LAB, "enter", lab.A, lab.A, to=lab.GUEST)
    here = lab.LabRoom.from_state([entered], policy=lab.LAB, participant=Loud)
    assert (here.revision, here.participation(lab.A)) == (0, lab.GUEST)
    assert MatrixRoom.from_state([m.create("10"), m.member("join", ALICE)]).revision == 0
    assert (
        RoleRoom.from_state(
            [role_event("participant_list", "hub", "", **PEOPLE["participant_list"])], policy=STRICT
        ).revision
        == 0
    )


@pytest.mark.parametrize("room_id", [7, "", "x" * 70_000, b"!x", ["!x"], "\ud800"])
@pytest.mark.parametrize("kind", [Room, MatrixRoom, RoleRoom])
def test_what_is_no_id_of_a_room_is_refused(kind: Any, room_id: Any) -> None:
    with pytest.raises(EventError) as caught:
        kind(room_id)
    assert is_one_line(str(caught.value))
    assert caught.value.field == "room_id"


# Who is told of what.

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


# Hooks and observers that have to be awaited.


def test_who_has_to_be_awaited_is_not_forgotten() -> None:
    async def wait(_: Change) -> None:
        raise AssertionError

    class Waiting(Participant):
        async def on_enter_invite(self, _: Change) -> None:
            raise AssertionError

    class Called:
        async def __call__(self, _: Change) -> None:
            raise AssertionError

    for observer in (wait, Called()):
        tea = room()
        tea.observe(observer)
        before = inside(tea)
        for act in (tea.send, tea.take, lambda event, tea=tea: tea.apply(tea.prepare(event))):
            with pytest.raises(DefinitionError, match="has to be awaited: use `asend`"):
                act(change(INVITE, ALICE, BOB))
        assert (inside(tea), tea.revision) == (before, 1)
    tea = room()
    tea.participant_type = Waiting
    with pytest.raises(DefinitionError, match="use `asend`"):
        tea.participant(BOB).invite(by=ALICE)


def test_what_turns_out_to_want_awaiting_is_an_error() -> None:
    async def wait() -> None:
        raise AssertionError

    tea = room()
    tea.observe(lambda _: wait())
    with pytest.raises(ObserverError, match="answers with something to await"):
        tea.send(change(INVITE, ALICE, BOB))


def test_asend_awaits_all_in_order() -> None:
    heard: list[tuple[str, str | None]] = []

    class Waiting(Participant):
        async def on_enter_invite(self, each: Change) -> None:
            await asyncio.sleep(0)
            heard.append(("hook", each.target))

    tea = Room("!x:y", participant=Waiting)

    async def slow(each: Change) -> None:
        await asyncio.sleep(0)
        heard.append(("slow", each.target))
        if each.target == BOB:
            assert await tea.asend(change(INVITE, ALICE, CAROL))

    async def play() -> None:
        await tea.asend(create())
        tea.observe(slow)
        tea.observe(lambda each: heard.append(("quick", each.target)))
        assert await tea.asend(change(INVITE, ALICE, BOB))
        await asyncio.gather(*(tea.asend(change(INVITE, ALICE, user)) for user in (DAN, "@eve:x")))
        assert not await tea.asend(change(JOIN, "@new:x"))
        assert await tea.aapply(tea.prepare(change(INVITE, ALICE, "@new:x")))
        await tea.atake(change(LEAVE, "@new:x"))

    awaited(play())
    users = [BOB, CAROL, DAN, "@eve:x", "@new:x"]
    assert heard == [(who, user) for user in users for who in ("hook", "slow", "quick")]


def test_who_is_cancelled_takes_nobody_with_them() -> None:
    tea, heard = room(), list[str | None]()

    async def play() -> None:
        started, go_on = asyncio.Event(), asyncio.Event()

        async def slow(each: Change) -> None:
            started.set()
            await go_on.wait()
            heard.append(each.target)

        tea.observe(slow)
        sending = asyncio.create_task(tea.asend(change(INVITE, ALICE, BOB)))
        await started.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert await tea.asend(change(INVITE, ALICE, CAROL))
        go_on.set()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})

    awaited(play())
    assert heard == [BOB, CAROL]
    assert tea.revision == 3


def test_what_fails_after_whoever_sent_was_cancelled_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    tea = room()

    async def play() -> None:
        started, go_on = asyncio.Event(), asyncio.Event()

        async def slow(_: Change) -> None:
            started.set()
            await go_on.wait()
            raise LookupError("no such shelf")

        tea.observe(slow)
        sending = asyncio.create_task(tea.asend(change(INVITE, ALICE, BOB)))
        await started.wait()
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        go_on.set()
        await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})

    awaited(play())
    assert [record.levelname for record in caplog.records if "LookupError: no such shelf" in caplog.text] == ["ERROR"]


def test_an_observer_whose_own_work_is_cancelled_has_failed_and_the_others_are_told() -> None:
    tea, heard = room(), list[str | None]()

    async def play() -> None:
        async def cancelled(_: Change) -> None:
            work = asyncio.ensure_future(asyncio.sleep(60))
            work.cancel()
            await work

        tea.observe(cancelled)
        tea.observe(lambda each: heard.append(each.target))
        with pytest.raises(ObserverError) as caught:
            await tea.asend(change(INVITE, ALICE, BOB))
        assert [type(error) for error in caught.value.errors] == [asyncio.CancelledError]

    awaited(play())
    assert heard == [BOB]


@pytest.mark.parametrize("more", [{}, {"room_id": "!room:a.example"}, {"room_id": "!room:a.example", "unread": 1}])
def test_who_comes_while_somebody_waits_to_send_is_told(more: JSON, monkeypatch: pytest.MonkeyPatch) -> None:
    tea, told = room(), list[Change]()
    come: Iterator[Callable[[], object]] = iter([lambda: tea.observe(told.append)])

    class Awaited:
        """A lock for which one has to wait, while somebody comes."""

        def acquire(self) -> None:
            for each in come:
                each()

        def release(self) -> None:
            pass

    monkeypatch.setattr("fsm.room.sending.LOCKS", [Awaited()] * 64)
    assert tea.send(change(INVITE, ALICE, BOB, **more))
    assert [each.target for each in told] == [BOB]


def test_an_awaited_observer_that_fails() -> None:
    async def fail(_: Change) -> None:
        raise LookupError

    tea = room()
    tea.observe(fail)
    with pytest.raises(ObserverError, match="LookupError"):
        awaited(tea.asend(change(INVITE, ALICE, BOB)))
    assert tea.participation(BOB) is INVITE


# Whatever happens at once, it is as if it had happened one after the other.

EVENTS = st.lists(
    st.builds(
        lambda action, sender, target, number: {
            **change(action, sender, target),
            **({} if number > 5 else {"event_id": f"${number}{action}{sender}{target}"}),
        },
        st.sampled_from([INVITE, JOIN, LEAVE, BAN, KNOCK]),
        st.sampled_from([ALICE, BOB, CAROL]),
        st.sampled_from([ALICE, BOB, CAROL]),
        st.integers(0, 9),
    )
    | st.builds(join_rule, st.sampled_from(["invite", "knock", "public"]), st.sampled_from([ALICE, BOB])),
    max_size=12,
)


def follows(tea: Room, told: list[Change]) -> None:
    """That the room is what the changes make, in the order of revisions, and that all were told in that order."""
    assert [each.revision for each in told] == list(range(2, tea.revision + 1))
    again = room()
    for each in told:
        assert again.apply(again.prepare(each.event)) == each.decision
    assert (inside(again), again.revision) == (inside(tea), tea.revision)


@given(shares=st.lists(EVENTS, min_size=2, max_size=4), failing=st.integers(0, 5))
def test_threads(shares: list[list[JSON]], failing: int) -> None:
    tea, told, others = room(), list[Change](), list[Change]()
    barrier = Barrier(len(shares))

    def fail(each: Change) -> None:
        if each.revision % 6 == failing:
            raise LookupError

    tea.observe(told.append, of=("change", "setting"))
    tea.observe(fail)
    tea.observe(others.append, of=("change", "setting"))

    def send(events: list[JSON]) -> None:
        barrier.wait()
        for event in events:
            with suppress(ObserverError):
                tea.send(event)

    with ThreadPoolExecutor(len(shares)) as pool:
        list(pool.map(send, shares))
    assert told == others
    follows(tea, told)


@given(first=EVENTS, nested=EVENTS, failing=st.integers(0, 3))
def test_nested_triggers(first: list[JSON], nested: list[JSON], failing: int) -> None:
    tea, told, others = room(), list[Change](), list[Change]()

    def act(each: Change) -> None:
        if nested:
            tea.send(nested.pop())
        if each.revision % 4 == failing:
            raise LookupError

    tea.observe(told.append, of=("change", "setting"))
    tea.observe(act, of=ALL)
    tea.observe(others.append, of=("change", "setting"))
    for event in first:
        with suppress(ObserverError):
            tea.send(event)
    assert told == others
    follows(tea, told)


@given(shares=st.lists(EVENTS, min_size=2, max_size=4), failing=st.integers(0, 5))
def test_tasks(shares: list[list[JSON]], failing: int) -> None:
    tea, told = room(), list[Change]()

    async def hear(each: Change) -> None:
        await asyncio.sleep(0)
        told.append(each)
        if each.revision % 6 == failing:
            raise LookupError

    async def send(events: list[JSON]) -> None:
        for event in events:
            with suppress(ObserverError):
                await tea.asend(event)
            await asyncio.sleep(0)

    async def play() -> None:
        tea.observe(hear, of=("change", "setting"))
        await asyncio.gather(*map(send, shares))

    awaited(play())
    follows(tea, told)


def test_of_a_ban_and_a_join_at_once_the_later_is_judged_after_the_first() -> None:
    for _ in range(50):
        tea = room(change(INVITE, ALICE, BOB))
        barrier = Barrier(2)

        def act(event: JSON, tea: Room = tea, barrier: Barrier = barrier) -> object:
            barrier.wait()
            return tea.send(event)

        with ThreadPoolExecutor(2) as pool:
            banned, came = pool.map(act, [change(BAN, ALICE, BOB), change(JOIN, BOB)])
        assert banned
        assert tea.participation(BOB) is BAN, came


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


def test_observers_of_a_commit_are_awaited() -> None:
    here, told = RoleRoom(policy=STRICT), list[str | None]()
    here.send(role_event("create", "hub", "", **PEOPLE))

    async def listen(each: Change) -> None:
        await asyncio.sleep(0)
        told.append(each.target)

    here.observe(listen)
    with pytest.raises(DefinitionError, match="use `asend`"):
        here.send_many([role_event("participant", "bob", "bob", action="remove")])
    assert all(awaited(here.asend_many([role_event("participant", "bob", "bob", action="remove")])))
    assert told == ["bob"]


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
