"""What nobody outside can upset: values that are no plain JSON, and rooms that threads share."""

from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import EventError, Room
from fsm.event import plain
from fsm.locks import LOCKS, lock_of
from tests.builders import ALICE, BAN, BOB, CAROL, INVITE, JOIN, JSON, change, inside, join_rule, joined, message, room
from tests.matrix import builders as m


class Text(str):
    """A text that says it is another one."""

    __slots__ = ("other",)

    def __eq__(self, _: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash(ALICE)

    def __str__(self) -> str:
        return ALICE


class Shifting(Mapping[str, Any]):
    """A mapping that answers otherwise when it is read again."""

    def __init__(self, *answers: JSON) -> None:
        self.answers = list(answers)

    def __getitem__(self, key: str) -> Any:
        return self.answers[0][key]

    def __iter__(self) -> Iterator[str]:
        return iter(self.answers[0])

    def __len__(self) -> int:
        return len(self.answers[0])


class Failing(Shifting):
    def __getitem__(self, key: str) -> Any:
        raise RuntimeError(key)


def disguised(value: Any, wrap: Callable[[JSON], Any], *, is_deep: bool) -> Any:
    """The same event in other clothes."""
    if isinstance(value, dict):
        inner = {key: disguised(each, wrap, is_deep=is_deep) for key, each in value.items()} if is_deep else value
        return wrap(inner)
    return Text(value) if is_deep and type(value) is str else value


WRAPS: list[Callable[[JSON], Any]] = [dict, OrderedDict, UserDict, MappingProxyType, Shifting]
USERS = [ALICE, BOB, CAROL, "@new:x", "", "x" * 70_000]


def ask(act: Callable[[], object]) -> object:
    try:
        return act()
    except EventError as error:
        return str(error)


def mimi() -> Any:
    return room(*joined(BOB), change(BAN, ALICE, CAROL))


def matrix() -> Any:
    return m.room(*m.members(join=[ALICE, BOB], ban=[CAROL]), version="10")


@pytest.mark.parametrize("make", [mimi, matrix])
@given(
    action=st.sampled_from([*map(str, (JOIN, BAN, INVITE, "leave", "knock")), "dance", "", "x" * 70_000]),
    sender=st.sampled_from(USERS),
    target=st.sampled_from(USERS),
    wrap=st.sampled_from(WRAPS),
    is_deep=st.booleans(),
    more=st.sampled_from([{}, {"event_id": "$1"}, {"room_id": "!other"}, {"event_id": ""}, {"event_id": "x" * 70_000}]),
)
def test_clothes_change_nothing(  # noqa: PLR0913, PLR0917 - Hypothesis fills them in
    make: Callable[[], Any], action: str, sender: str, target: str, wrap: Any, is_deep: bool, more: JSON
) -> None:
    one, other = make(), make()
    event = {**one._write(action, sender, target, None), **more}
    wrapped = disguised(event, wrap, is_deep=is_deep)
    plainly = ask(lambda: one.decide(event))
    assert ask(lambda: one.decide(wrapped)) == plainly
    assert ask(lambda: one.answered(wrapped)) is None or isinstance(plainly, str)
    assert ask(lambda: other.send(wrapped)) == plainly == ask(lambda: one.send(event))
    assert one.participations() == other.participations()
    assert all(type(user) is str for user in other.participations())
    if not more and action in {"join", "ban", "invite", "leave", "knock"}:
        again = make()
        assert ask(lambda: again.participant(target).may(action, by=sender)) == plainly
        assert ask(lambda: again.participant(target).trigger(action, by=sender)) == plainly


def test_a_mapping_that_changes_is_read_once() -> None:
    tea = mimi()
    reads: list[str] = []

    class Twice(Shifting):
        def __getitem__(self, key: str) -> Any:
            reads.append(key)
            return self.answers[reads.count(key) > 1][key]

    assert tea.send(Twice(change("leave", BOB), change(JOIN, CAROL)))
    assert tea.participation(CAROL) is BAN
    assert tea.participation(BOB) == "leave"
    assert max(map(reads.count, reads)) == 1


@pytest.mark.parametrize("make", [mimi, matrix])
def test_a_mapping_that_fails_is_an_error(make: Callable[[], Any]) -> None:
    here = make()
    for ask_it in (here.decide, here.send, here.take, here.answered):
        with pytest.raises(EventError, match="cannot be read: RuntimeError"):
            ask_it(Failing(change(JOIN, BOB)))


def test_a_value_that_holds_itself_is_plain() -> None:
    loop: JSON = {"a": []}
    loop["a"].append(loop)
    assert plain(loop) is loop
    copy = plain(OrderedDict(loop))
    assert type(copy) is dict
    deep: Any = OrderedDict()
    for _ in range(100_000):
        deep = OrderedDict(x=deep)
    assert type(plain(deep)) is dict
    assert room().decide({**message(ALICE), "content": OrderedDict(x=deep)})


# Threads.


def at_once(*acts: Callable[[], object]) -> list[object]:
    barrier = Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_changes_of_many_threads_all_stand() -> None:
    tea = room(join_rule("public"))
    users = [[f"@user{number}:host{thread}" for number in range(300)] for thread in range(4)]

    def join_all(mine: list[str]) -> None:
        for user in mine:
            assert tea.send(change(JOIN, user, event_id=f"${user}"))
            tea.send({**message(user), "event_id": f"$by {user}"})

    def look() -> None:
        for _ in range(50):
            Room.restore(tea.snapshot())
            tea.participations()

    at_once(*(lambda mine=mine: join_all(mine) for mine in users), look)
    assert len(tea.participations()) == 1 + sum(map(len, users))
    assert tea.kept == 2 + 2 * sum(map(len, users))
    assert Room.restore(tea.snapshot()).snapshot() == tea.snapshot()


def test_of_two_that_claim_an_id_one_wins() -> None:
    for number in range(50):
        tea = room(*joined(BOB))
        events = [{**message(user), "event_id": f"${number}"} for user in (ALICE, BOB)]
        answers = at_once(*(partial(ask, partial(tea.send, event)) for event in events))
        assert sorted(isinstance(answer, str) for answer in answers) == [False, True]


@pytest.mark.parametrize("make", [mimi, matrix])
def test_no_lock_is_held_while_a_callback_runs(make: Callable[[], Any]) -> None:
    here = make()

    class Asking(type(here.participant(BOB))):  # type: ignore[misc]
        def on_enter_leave(self, _: object) -> None:
            with ThreadPoolExecutor(1) as pool:
                found.append(pool.submit(self.room.participations).result(timeout=5))

    found: list[object] = []
    here.participant_type = Asking
    assert here.participant(BOB).leave()
    assert found == [here.participations()]


def test_rooms_share_few_locks() -> None:
    rooms = [Room() for _ in range(1000)]
    used = {id(lock_of(each)) for each in rooms}
    assert used <= set(map(id, LOCKS))
    assert len(used) > 1
    assert lock_of(rooms[0]) is lock_of(rooms[0])
    assert inside(rooms[0]) == inside(rooms[1])
