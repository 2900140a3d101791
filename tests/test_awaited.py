"""Observers and hooks that have to be awaited are, whoever is cancelled or fails meanwhile."""

import asyncio
from collections.abc import Callable, Iterator

import pytest

from fsm import (
    Change,
    DefinitionError,
    ObserverError,
    Participant,
    RoleRoom,
    Room,
)
from fsm.room_policy.policies import STRICT
from tests.builders import (
    ALICE,
    BOB,
    CAROL,
    DAN,
    INVITE,
    JOIN,
    JSON,
    LEAVE,
    change,
    create,
    inside,
    room,
)
from tests.test_changes import PEOPLE, awaited, role_event


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
