"""Ids of events: the same event gets its first answer, another one is an error, and only accepted events claim an id."""

from collections.abc import Callable
from hashlib import sha256
from typing import Any

import pytest

from fsm import Decision, EventError, MatrixRoom, Room
from fsm.past import _FEW, GIVEN, Entry, Past, Shared, brief
from tests.builders import (
    ALICE,
    BAN,
    BOB,
    CAROL,
    INVITE,
    JOIN,
    JSON,
    LEAVE,
    ROOM_ID,
    change,
    create,
    inside,
    join_rule,
    joined,
    message,
    role,
    role_map,
    room,
    visibility,
)
from tests.matrix import builders as m


def with_id(event: JSON, event_id: str = "$1") -> JSON:
    return {**event, "event_id": event_id}


def redaction(sender: str, redacts: str) -> JSON:
    return {"type": "m.room.redaction", "sender": sender, "content": {"redacts": redacts}}


ROLE = role("a", {"kick": True, "roles": ["a", "b"]})
MAP = role_map(("a", 1, [ALICE, BOB]), ("b", 2, [CAROL]))
TEA = {"participation": "invite", "reason": "tea"}

# An event that is accepted, ways to say the same, and other events, which must not have its id.
# fmt: off
EVENTS: list[tuple[str, JSON, list[JSON], list[JSON]]] = [
    ("a message", message(BOB), [{**message(BOB), "content": {}}, {**message(BOB), "authEvents": []}],
     [message(ALICE), {**message(BOB), "type": "m.poll"}, {**message(BOB), "state_key": ""}, redaction(BOB, "$1")]),
    ("an invite", change(INVITE, ALICE, CAROL), [change(INVITE, ALICE, CAROL)],
     [change(INVITE, BOB, CAROL), change(BAN, ALICE, CAROL), change(INVITE, ALICE, "@dan:d"), message(ALICE),
      change(INVITE, ALICE, CAROL, type="m.room.user"), {**change(INVITE, ALICE, CAROL), "content": TEA}]),
    ("one with a reason", {**change(INVITE, ALICE, CAROL), "content": TEA},
     [{**change(INVITE, ALICE, CAROL), "content": {**TEA, "x": 1}}],
     [{**change(INVITE, ALICE, CAROL), "content": {**TEA, "reason": reason}} for reason in ("", "Tea", "tea" * 1000)]),
    ("one with a long reason", {**change(INVITE, ALICE, CAROL), "content": {**TEA, "reason": "x" * 999}}, [],
     [{**change(INVITE, ALICE, CAROL), "content": {**TEA, "reason": "x" * 998 + "y"}}]),
    ("a role", ROLE, [role("a", {"roles": ["b", "a"], "kick": True})],
     [role("a", {"kick": True}), role("b", {"kick": True, "roles": ["a", "b"]})]),
    ("a role map", MAP, [role_map(("b", 2, [CAROL]), ("a", 1, [BOB, ALICE]))],
     [role_map(("a", 1, [ALICE, BOB])), role_map(("a", 3, [ALICE, BOB]), ("b", 2, [CAROL]))]),
    ("a join rule", join_rule("public"), [], [join_rule("knock"), join_rule("public", BOB)]),
    ("a visibility", visibility("world"), [], [visibility("joined")]),
    ("a redaction", redaction(ALICE, "$0"), [], [redaction(ALICE, "$2")]),
]
# fmt: on


@pytest.mark.parametrize("how", ["send", "take", "from_state"])
@pytest.mark.parametrize("before", [0, _FEW + 1], ids=["few", "many"])
@pytest.mark.parametrize(("event", "same", "others"), [case[1:] for case in EVENTS], ids=[case[0] for case in EVENTS])
def test_an_id_is_one_event(event: JSON, same: list[JSON], others: list[JSON], before: int, how: str) -> None:
    if how != "send" and "state_key" not in event:
        return
    tea = room(*joined(BOB), *(with_id(message(ALICE), f"$before{number}") for number in range(before)))
    if how == "send":
        first = tea.send(with_id(event))
        assert first
    elif how == "take":
        tea.take(with_id(event))
        first = tea.decide(with_id(event))
    else:
        tea = Room.from_state([create(), change(JOIN, ALICE), change(JOIN, BOB), with_id(event)])
        first = tea.decide(with_id(event))
    tea.send(with_id(change(LEAVE, BOB), "$gone"))
    tea.send(with_id(change(LEAVE, ALICE, CAROL), "$gone too"))
    known = inside(tea)
    for tea_now in (tea, Room.restore(tea.snapshot())):
        assert inside(tea_now) == known
        for again in (event, *same):
            assert tea_now.decide(with_id(again)) == tea_now.send(with_id(again)) == first
            assert tea_now.answered(with_id(again)) == first
            if "state_key" in again:
                tea_now.take(with_id(again))
        for other in others:
            for ask in (tea_now.decide, tea_now.send, tea_now.answered):
                with pytest.raises(EventError) as caught:
                    ask(with_id(other))
                assert (caught.value.field, caught.value.problem) == ("event_id", "`$1` is the id of another event")
        assert inside(tea_now) == known


def test_a_state_has_no_id_twice() -> None:
    state = [create(), with_id(change(JOIN, ALICE)), with_id(change(JOIN, BOB))]
    with pytest.raises(EventError, match=r"`state\[2\]\.event_id`: `.1` is the id of another event"):
        Room.from_state(state)


def test_a_refused_event_claims_nothing_and_is_judged_anew() -> None:
    tea = room(*joined(BOB))
    assert not tea.send(with_id(join_rule("public", BOB)))
    assert tea.answered(with_id(join_rule("public", BOB))) is None
    assert tea.send(with_id(change(INVITE, ALICE, CAROL)))
    knock = with_id(change("knock", "@dan:d"), "$2")
    assert not tea.send(knock)
    assert tea.send(join_rule("knock"))
    assert tea.send(knock)


def test_nobody_redacts_or_sees_by_an_id_used_before() -> None:
    moderated = [*joined(BOB), role("mod", {"redact": True}), role_map(("mod", 1, [ALICE]))]
    tea = room(*moderated, with_id(message(BOB)))
    with pytest.raises(EventError, match="is the id of another event"):
        tea.send(with_id(message(ALICE)))
    assert tea.send(with_id(message(ALICE), "$2"))
    assert not tea.decide(redaction(BOB, "$2"))
    assert tea.decide(redaction(BOB, "$1"))

    tea = room(visibility("world"), with_id(message(ALICE)), visibility("joined"))
    assert tea.visible("$1", CAROL)
    assert tea.decide(with_id(message(ALICE)))  # the same, as far as the room reads it
    with pytest.raises(EventError):
        tea.send(with_id({**message(ALICE), "type": "m.secret"}))
    assert tea.send(with_id(message(ALICE), "$2"))
    assert not tea.visible("$2", CAROL)


# What rooms keep, they keep once for all of them, but for what is long.


def words(length: int) -> tuple[str, str, str]:
    """A sender, a type and a state key, which are others each time."""
    sender, event_type, state_key = ("".join([letter] * length) for letter in "abc")
    return sender, event_type, state_key


@pytest.mark.parametrize(("length", "are_shared"), [(1, True), (255, True), (256, False)])
def test_words_that_come_again_are_kept_once(length: int, are_shared: bool) -> None:
    one, other = Past(), Past()
    for past in (one, other):
        past.append(Entry("$1", *words(length), Decision(allowed=True)))
    assert one == other
    for field in ("sender", "type", "state_key"):
        assert (getattr(one[0], field) is getattr(other[0], field)) is are_shared
    assert one[0].answer is other[0].answer


def test_pasts_are_equal_when_they_keep_the_same() -> None:
    one, other = Past(), Past()
    assert one == other
    assert one != Past(keeps_all=True)
    assert one != []
    one.append(Entry("$1", *words(1), Decision(allowed=True)))
    assert one != other


def test_words_that_are_kept_for_all_rooms_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    shared = Shared()
    monkeypatch.setattr("fsm.past._shared", shared)
    monkeypatch.setattr("fsm.past._SHARED_COUNT", 3)
    past = Past()
    for length in (20, 21, 22):
        past.append(Entry(None, *words(length), Decision(allowed=True)))
        assert tuple(shared) == words(length)


def entry(event_id: str | None, number: int) -> Entry:
    return Entry(event_id, f"@user{number}:x", "m.x", None, GIVEN, None)


def test_ids_are_searched_while_they_are_few_and_looked_up_then() -> None:
    past, entries = Past(keeps_all=True), list[Entry]()
    for number in range(20):
        entries.append(entry(None if number in (3, 12) else f"${number}", number))
        past.append(entries[-1])
        ids = [each.event_id for each in entries]
        assert list(past) == entries
        assert len(past) == number + 1
        assert isinstance(past.words, dict) is (number >= 8)
        assert not isinstance(past.words, dict) or list(past.words) == [each for each in ids if each is not None]
        assert [past.find(f"${each}") for each in range(21)] == [
            each if f"${each}" in ids else None for each in range(21)
        ]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_an_entry_takes_the_place_of_one_of_its_id(place: int) -> None:
    past = Past(keeps_all=True)
    entries = [entry(f"${number}", number) for number in range(3)]
    for each in entries:
        past.append(each)
    entries[place] = entry(f"${place}", 7)._replace(read="x")
    past.replace(place, entries[place])
    assert list(past) == entries


@pytest.mark.parametrize(("length", "is_kept"), [(0, True), (64, True), (65, False)])
def test_long_texts_are_kept_as_their_digests(length: int, is_kept: bool) -> None:
    text = "\u00e9" * length
    assert brief(text) == (text if is_kept else f"sha256:{sha256(text.encode()).hexdigest()}")


def test_what_is_given_is_allowed_and_not_judged() -> None:
    assert (GIVEN.allowed, GIVEN.judged) == (True, False)


def test_positions_are_no_ids() -> None:
    tea = Room(ROOM_ID)
    tea.remember()
    assert tea.send(create())
    place = tea.kept
    assert tea.send(message(ALICE))
    assert (tea.kept, Room().kept) == (place + 1, 0)
    assert tea.send(with_id(message(ALICE), str(place)))
    assert not tea.view(place, BOB)
    assert tea.view(place, ALICE)
    assert tea.view(str(tea.kept), ALICE).reason == f"the room knows no event `{tea.kept}`"
    assert not tea.view(tea.kept, ALICE)
    assert not tea.view(-1, ALICE)


JOINED: Any = m.members(join=[ALICE, BOB])
# fmt: off
MATRIX: list[tuple[JSON, list[JSON], list[JSON]]] = [
    (m.member("invite", ALICE, CAROL),
     [m.member("invite", ALICE, CAROL, unsigned={"age": 5}, signatures={"x": 1}),
      m.member("ban", ALICE, CAROL, unsigned={"redacted_because": {}}, content={"membership": "invite"})],
     [m.member("invite", BOB, CAROL), m.member("ban", ALICE, CAROL), m.message()]),
    (m.levels(users={BOB: 50}), [m.levels(users={BOB: 50}, spam={}), {**m.levels(), "unsigned": {"redacted_because": {}}}],
     [m.levels(users={BOB: 51}), {**m.levels(users={BOB: 50}), "sender": BOB}]),
    (m.join_rules("public"), [{**m.join_rules("public"), "unsigned": {}}], [m.join_rules("knock")]),
    (m.promise("tok"), [], [m.promise("tok2"), m.promise("tok", content={"public_key": "x"})]),
    (m.message(), [{**m.message(), "content": {}}], [m.message(BOB)]),
]
# fmt: on


@pytest.mark.parametrize(("event", "same", "others"), MATRIX)
def test_an_id_is_one_matrix_event(event: JSON, same: list[JSON], others: list[JSON]) -> None:
    here = m.room(*JOINED, version="10")
    first = here.send(with_id(event))
    assert first
    here.send(m.member("leave", BOB))
    known = m.inside(here)
    for again in (event, *same):
        assert here.decide(with_id(again)) == here.send(with_id(again)) == here.answered(with_id(again)) == first
    for other in others:
        for ask in (here.decide, here.send):
            with pytest.raises(EventError, match=r"`event_id`: `.1` is the id of another event"):
                ask(with_id(other))
    assert m.inside(here) == known
    with pytest.raises(EventError, match=r"state\[3\]\.event_id"):
        MatrixRoom.from_state(
            [m.create("10"), m.member("join", ALICE), with_id(m.levels()), with_id(m.join_rules("knock"))]
        )


@pytest.mark.parametrize("make", [lambda: room(*joined(BOB)), lambda: m.room(*JOINED)], ids=["mimi", "matrix"])
def test_callbacks_hear_of_an_event_once(make: Callable[[], Any]) -> None:
    heard: list[str] = []

    class Loud(type(make().participant(BOB))):  # type: ignore[misc]
        def on_enter_leave(self, _: object) -> None:
            heard.append(self.user)

    here = make()
    here.participant_type = Loud
    leave = with_id(here._write("leave", BOB, BOB, None))
    assert here.send(leave) == here.send(leave)
    assert heard == [BOB]
