"""Whatever happens at once, it is as if it had happened one after the other."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

from hypothesis import given
from hypothesis import strategies as st

from fsm import (
    Change,
    ObserverError,
    Room,
)
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JOIN,
    JSON,
    KNOCK,
    LEAVE,
    change,
    inside,
    join_rule,
    room,
)
from tests.test_changes import ALL, awaited

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
