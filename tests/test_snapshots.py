"""Snapshots of rooms of every family: what comes back is the room, and what is foreign, edited or outdated is refused."""

import copy
import json
import pickle
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import Change, DefinitionError, EventError, MatrixRoom, RoleRoom, Room
from fsm.matrix.policies import VERSIONS
from fsm.snapshot import canonical, digest
from tests import lab
from tests.builders import ALICE, BOB, JSON, change, create, is_one_line, join_rule, joined, message, room
from tests.matrix import builders as m
from tests.test_changes import ALL, HISTORIES


def signed(snapshot: JSON) -> JSON:
    rest = {part: value for part, value in snapshot.items() if part != "digest"}
    return {**rest, "digest": digest(canonical(rest))}


def sent(make: Callable[[], Any], events: list[JSON], told: Callable[[Change], object] | None = None) -> Any:
    here = make()
    if told:
        here.observe(told, of=ALL)
    for event in events:
        here.send(event)
    return here


def answers(here: Any, events: list[JSON]) -> Iterator[object]:
    """All that a room can be asked."""
    yield here.id, here.revision, here.kept, here.policy
    yield here.participations()
    for event in events:
        for each in (event, {**event, "event_id": "$other"}):
            try:
                yield here.decide(each)
            except EventError as error:
                yield str(error)


def pickled(here: Any) -> Any:
    return pickle.loads(pickle.dumps(here))  # noqa: S301 - our own


@pytest.fixture(params=HISTORIES, ids=str)
def history(request: pytest.FixtureRequest) -> tuple[str, Callable[[], Any], list[JSON]]:
    return request.param, *HISTORIES[request.param]


def restored(name: str, snapshot: JSON, deltas: list[JSON] | tuple[()] = ()) -> Any:
    kind: Any = {"mimi": Room, "matrix": MatrixRoom, "room-policy": RoleRoom, "lab": lab.LabRoom}[name]
    through_json = json.loads(json.dumps([snapshot, *deltas], sort_keys=True))
    return kind.restore(through_json[0], through_json[1:], policy=lab.LAB if name == "lab" else None)


def test_a_room_comes_back(history: tuple[str, Callable[[], Any], list[JSON]]) -> None:
    name, make, events = history
    for length in range(len(events) + 1):
        here = sent(make, events[:length])
        snapshot = here.snapshot()
        for again in (restored(name, snapshot), copy.copy(here), copy.deepcopy(here), pickled(here)):
            assert type(again) is type(here)
            assert again.snapshot() == snapshot
            assert list(answers(again, events)) == list(answers(here, events))
            for event in events[length:]:
                again.send(event)
            assert here.snapshot() == snapshot, "a copy shares nothing"
        whole = sent(make, events)
        assert again.snapshot() == whole.snapshot()


def test_deltas_lead_on_from_any_snapshot(history: tuple[str, Callable[[], Any], list[JSON]]) -> None:
    name, make, events = history
    here, snapshots, deltas = make(), [make().snapshot()], list[JSON]()
    for event in events:
        prepared = here.prepare(event)
        here.apply(prepared)
        if prepared and not prepared.is_repeated:
            deltas.append(prepared.delta())
            snapshots.append(here.snapshot())
    for start, snapshot in enumerate(snapshots):
        again = restored(name, snapshot, deltas[start:])
        assert again.snapshot() == here.snapshot()
        assert (again.revision, again.participations()) == (here.revision, here.participations())


def test_what_was_taken_is_a_delta_as_well() -> None:
    tea, deltas = room(), list[JSON]()
    before = tea.snapshot()
    tea.observe(lambda each: deltas.append(each.delta()), of={"taken", "change"})
    tea.take(change("ban", BOB, ALICE))
    tea.take(join_rule("public"))
    tea.send(change("join", BOB))
    assert Room.restore(before, deltas).snapshot() == tea.snapshot()


# fmt: off
BAD_DELTAS: list[tuple[Any, str]] = [
    (7,                                                                                 "`deltas[0]`: must be an object"),
    ({"revision": 2, "outcome": "sent"},                                                "`deltas[0].event`: is missing"),
    ({"revision": 2, "outcome": "sent", "event": message(ALICE), "x": 1},               "`deltas[0].x`: is no part of a delta"),
    ({"revision": 3, "outcome": "sent", "event": message(ALICE)},                       "`deltas[0].revision`: must be 2, not 3"),
    ({"revision": "2", "outcome": "sent", "event": message(ALICE)},                     "`deltas[0].revision`: must be a whole number"),
    ({"revision": 2, "outcome": "lost", "event": message(ALICE)},                       "`deltas[0].outcome`: `lost` is not one of"),
    ({"revision": 2, "outcome": "sent", "event": change("join", BOB)},                  "`deltas[0].event`: does not follow: "),
    ({"revision": 2, "outcome": "sent", "event": change("dance", BOB)},                 "`deltas[0].event.content.participation`: `dance`"),
    ({"revision": 2, "outcome": "taken", "event": message(ALICE)},                      "`deltas[0].event.state_key`: is missing"),
    ({"revision": 2, "outcome": "sent", "event": message(ALICE), "facts": {"a": "b"}},  "`deltas[0].facts`: unknown fact `a`"),
]
# fmt: on


@pytest.mark.parametrize(("delta", "problem"), BAD_DELTAS, ids=range(len(BAD_DELTAS)))
def test_a_delta_that_does_not_follow(delta: Any, problem: str) -> None:
    with pytest.raises(EventError) as caught:
        Room.restore(room().snapshot(), [delta])
    assert str(caught.value).startswith(problem)
    assert is_one_line(str(caught.value))


def test_observers_are_told_from_then_on() -> None:
    told: list[Change] = []
    tea = room()
    delta = tea.prepare(change("invite", ALICE, BOB)).delta()
    again = Room.restore(tea.snapshot(), [delta], observers=[told.append])
    assert told == []
    assert again.send(change("join", BOB))
    assert [each.revision for each in told] == [3]


def test_who_observes_a_room_does_not_observe_its_copy() -> None:
    told: list[Change] = []
    tea = room()
    tea.observe(told.append)
    again = copy.copy(tea)
    assert again.send(change("invite", ALICE, BOB))
    assert told == []
    assert tea.participations() == {ALICE: "join"}


class Counting(Room):
    """A room with a field of its own."""

    def __init__(self, *given: Any, **more: Any) -> None:
        super().__init__(*given, **more)
        self.told: list[str] = []


def test_a_field_of_a_subclass_is_copied_with_its_room() -> None:
    tea = Counting.create("!tea:hub.example", ALICE)
    tea.told.append("a")
    again = copy.copy(tea)
    again.told.append("b")
    assert (type(again), tea.told, again.told) == (Counting, ["a"], ["a", "b"])


def test_a_table_that_has_changed_is_noticed() -> None:
    tea = room(*joined(BOB))
    other = tea.policy.evolve("mimi", drop=["kick"])
    with pytest.raises(EventError, match="`fingerprint`: policy `mimi` decides otherwise now"):
        Room.restore(tea.snapshot(), policy=other)
    with pytest.raises(EventError, match="`policy`: `mimi` is another policy than `mimi-01`"):
        Room.restore(tea.snapshot(), policy=Room.create("!x:y", ALICE).policy.evolve("mimi-01"))
    unknown = room(policy=tea.policy.evolve("mine"))
    with pytest.raises(EventError, match="`policy`: `mine` is not one of mimi, mimi-00, mimi-01: name it by `policy`"):
        Room.restore(unknown.snapshot())
    assert Room.restore(unknown.snapshot(), policy=unknown.policy).policy == unknown.policy


def test_the_version_of_a_matrix_room_comes_back() -> None:
    for version, policy in VERSIONS.items():
        here = MatrixRoom("!x:y")
        here.send(m.create(version))
        again = MatrixRoom.restore(here.snapshot())
        assert again.policy is policy
        assert MatrixRoom.restore(MatrixRoom("!x:y").snapshot()).send(m.create(version))


def test_power_levels_that_are_no_numbers_come_back() -> None:
    state = [m.create("10"), m.member("join", ALICE), m.levels({"users": {ALICE: "x", BOB: 50}, "kick": []})]
    here = MatrixRoom.from_state(state)
    again = MatrixRoom.restore(here.snapshot())
    for sender in (ALICE, BOB):
        assert error(lambda sender=sender: again.power(sender)) == error(lambda sender=sender: here.power(sender))  # type: ignore[misc]
    assert again.snapshot() == here.snapshot()


def test_creators_above_every_level_come_back() -> None:
    here = MatrixRoom.create("!x", ALICE)
    assert MatrixRoom.restore(here.snapshot()).power(ALICE) == here.power(ALICE)


def error(act: Callable[[], object]) -> object:
    try:
        return act()
    except EventError as problem:
        return str(problem)


SNAPSHOTS = [
    *((name, sent(make, events).snapshot()) for name, (make, events) in HISTORIES.items()),
    ("matrix", MatrixRoom.from_state([m.create("12"), m.levels({"users": {BOB: "x"}}), m.promise("t")]).snapshot()),
]


def paths(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    for key, part in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from paths(part, (*path, key))


@given(data=st.data())
def test_any_forgery_is_read_or_refused(data: st.DataObject) -> None:
    name, snapshot = data.draw(st.sampled_from(SNAPSHOTS))
    forged = copy.deepcopy(snapshot)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([path for path in paths(forged) if path[0] != "digest"]))
        holder = forged
        for key in way:
            holder = holder[key]
        if data.draw(st.booleans()):
            holder[last] = data.draw(st.sampled_from([None, True, [], {}, "x", 7, -1, 1.5, [[]], [1, 2], {"a": []}]))
        else:
            del holder[last]
    try:
        again = restored(name, signed(forged))
    except EventError as problem:
        assert is_one_line(str(problem)) or pytest.fail(str(problem))  # noqa: PT017 - the ordinary case
    else:
        assert restored(name, again.snapshot()).snapshot() == again.snapshot()
        list(answers(again, HISTORIES[name][1]))


def test_a_snapshot_of_another_family_is_refused() -> None:
    with pytest.raises(EventError, match=r"`format`: `fsm\.mimi\.room` is not `fsm\.matrix\.room`"):
        MatrixRoom.restore(room().snapshot())


def test_a_state_that_is_gone_is_refused() -> None:
    snapshot = Room.from_state([create(), change("knock", BOB)]).snapshot()
    snapshot["participation"][BOB] = "dancing"
    with pytest.raises(EventError, match=f"`participation.{BOB}`: `dancing` is not one of invite, join, leave"):
        Room.restore(signed(snapshot))


# Bounded history, and users who are forgotten.


def said(number: int, sender: str = ALICE) -> JSON:
    return {**message(sender), "event_id": f"${number}"}


def redaction(number: int, sender: str) -> JSON:
    return {"type": "m.room.redaction", "sender": sender, "content": {"redacts": f"${number}"}}


@pytest.mark.parametrize("keep", [0, 1, 3, 20])
@pytest.mark.parametrize("count", [0, 5, 100])
def test_a_room_keeps_its_last_events(keep: int, count: int) -> None:
    bounded, whole = (
        Room.create("!room:x", ALICE, keep=keep),
        Room.create("!room:x", ALICE, keep=10**6),
    )
    events = [change("invite", ALICE, BOB), change("join", BOB), {**join_rule("public"), "event_id": "$rule"}]
    events += [said(number, (ALICE, BOB)[number % 2]) for number in range(count)]
    for here in (bounded, whole):
        for event in events:
            assert here.send(event)
    assert bounded.kept == whole.kept
    for here in (bounded, Room.restore(bounded.snapshot()), copy.copy(bounded)):
        assert len([*(here._past or [])]) <= 2 * keep + 16 + 6
        for number in range(count):
            own = redaction(number, BOB)
            is_there = number >= count - keep
            view = here.view(f"${number}", BOB)
            if is_there:
                assert view == whole.view(f"${number}", BOB)
                assert here.decide(own) == whole.decide(own)
            else:
                assert (view.allowed, here.decide(own).allowed) == (False, False)
                reason = f"the room keeps its last {keep} events, and `${number}` is not among them"
                assert view.reason == here.decide(own).reason == reason
                assert not here.view(number, BOB)
            assert here.view("$other", BOB).reason
        assert here.auth_events(message(BOB)) == whole.auth_events(message(BOB))
        assert here.participations() == whole.participations()


def test_bounded_rooms_of_all_families_answer_the_same(history: tuple[str, Callable[[], Any], list[JSON]]) -> None:
    name, make, events = history
    here, bounded = make(), make()
    bounded._keep(2)
    for number in range(40):
        for event in events:
            numbered = {**event, "event_id": f"${number}"} if number else event
            assert error(lambda e=numbered: here.send(e)) == error(lambda e=numbered: bounded.send(e)) or number  # type: ignore[misc]
    assert restored(name, bounded.snapshot()).snapshot() == bounded.snapshot()
    assert len([*bounded._past]) <= 2 * 2 + 16 + len(events)


@pytest.mark.parametrize("keep", [-1, 1.5, "3", True, None.__class__])
def test_how_many_are_kept_is_a_number(keep: Any) -> None:
    with pytest.raises(DefinitionError, match="`keep` is how many events a room keeps, from 0 up"):
        Room("!x:y", keep=keep)


def test_a_user_is_forgotten() -> None:
    tea = room(
        *joined(BOB),
        said(1),
        said(2, BOB),
        {**change("leave", BOB), "event_id": "$3"},
        said(4),
    )
    assert BOB in json.dumps(tea.snapshot())
    view = [tea.view(f"${number}", ALICE) for number in (1, 4)]
    tea.forget(BOB)
    assert BOB not in json.dumps(tea.snapshot())
    assert [tea.view(f"${number}", ALICE) for number in (1, 4)] == view
    assert not tea.view("$2", ALICE)
    assert tea.send({**change("invite", ALICE, BOB), "event_id": "$3"}), "the id is forgotten as well"
    assert Room.restore(tea.snapshot()).snapshot() == tea.snapshot()


def test_who_is_here_is_not_forgotten() -> None:
    tea = room(*joined(BOB), change("ban", ALICE, BOB))
    for user in (ALICE, BOB):
        with pytest.raises(EventError, match=f"`user`: `{user}` is in the room still"):
            tea.forget(user)
    gone = room(change("leave", ALICE))
    with pytest.raises(EventError, match="named by its settings"):
        gone.forget(ALICE)
    tea.forget("@nobody:x")


def test_users_of_all_families_are_forgotten() -> None:
    matrix = sent(*HISTORIES["matrix"])
    roles = sent(*HISTORIES["room-policy"])
    for here, user in ((matrix, BOB), (roles, "bob")):
        here.remember()
        if here.participation(user) != here.policy.initial:
            assert here.send_action("leave", ALICE, user)
        here.forget(user)
        assert json.dumps(user) not in json.dumps(here.snapshot()["participation"])
        assert json.dumps(user) not in json.dumps(here.snapshot()["history"])
