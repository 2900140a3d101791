"""A state that is given: one loop reads what is sound and ordinary, and answers as the careful way does, also for all else."""

from collections import UserDict
from collections.abc import Callable, Iterator
from functools import partial
from types import MappingProxyType
from typing import Any, cast

import pytest

from fsm import EventError, MatrixRoom, Room
from fsm.event import MAX_TEXT
from fsm.mimi.policies import MIMI, MIMI_01
from fsm.policies import family_of, load_policy
from fsm.room.given_state import RoomGivenState
from fsm.room_policy.policies import MODERATED
from fsm.room_policy.room import RoleRoom
from fsm.syntax_room import SyntaxRoom

JSON = dict[str, Any]
Begin = Callable[..., Any]

ANN, BOB, CAT, DAN = (f"@{name}:x.example" for name in ("ann", "bob", "cat", "dan"))
LONG = "x" * (MAX_TEXT + 1)


class Text(str):
    """A text that says of itself that it is any other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return str.__hash__(self)


class Disguised(Text):
    """A text that is found where `join` is."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash("join")


class Hiding(UserDict[str, Any]):
    """An object of which some see nothing."""

    def items(self) -> Any:
        return {}.items()


class Lying(dict[str, Any]):
    """An object that says something else when it is asked than when it is gone through."""

    def __getitem__(self, key: str) -> Any:
        return DAN if key == "sender" else super().__getitem__(key)


class Failing:
    """What fails when it is looked into."""

    def __getitem__(self, key: str) -> Any:
        raise ValueError(key)


def state(event_type: str, content: JSON, key: str = "", sender: str = ANN, **more: Any) -> JSON:
    return {"type": event_type, "sender": sender, "state_key": key, "content": content, **more}


def named(*events: JSON) -> list[JSON]:
    """The same events with ids."""
    return [{**event, "event_id": f"${number}", "room_id": "!r:x"} for number, event in enumerate(events)]


def mimi_state(kind: str) -> list[JSON]:
    return named(
        state("m.room.create", {}),
        *(state(kind, {"participation": word}, user) for user, word in ((ANN, "join"), (BOB, "ban"), (CAT, "knock"))),
        state("m.room.role", {"permissions": {"kick": True, "events": {"m.name": False}}}, "host"),
        state("m.room.role_map", {"roles": [{"role_id": "host", "order": 3, "user_ids": [CAT]}]}),
        state("m.room.join_rules", {"rule": "public"}),
        state("m.room.history_visibility", {"visibility": "joined"}),
        state("m.room.name", {"name": "tea"}),
    )


def matrix_state(version: str) -> list[JSON]:
    return named(
        state("m.room.create", {"room_version": version, "creator": ANN}),
        *(state("m.room.member", {"membership": word}, user) for user, word in ((ANN, "join"), (BOB, "ban"))),
        state("m.room.member", {"membership": "invite", "displayname": "K\u00e4tzchen"}, CAT, ANN),
        state("m.room.power_levels", {"users": {ANN: 100, BOB: 5, "nobody": 3}, "invite": 10}),
        state("m.room.join_rules", {"join_rule": "public"}),
        state("m.room.third_party_invite", {"public_key": "k"}, "tok"),
        state("m.room.name", {"name": "tea"}),
    )


def of_a_scenario(policy: Any) -> tuple[Begin, list[JSON]]:
    """The state in which the first opening of a family leaves a room."""
    family: Any = family_of(policy)
    written = [event for event in family.scenario.searched[0] if "state_key" in event]
    return lambda given, **more: family.room.from_state(given, policy=policy, **more), written


def of(kind: Any, policy: Any) -> Begin:
    return lambda given, **more: kind.from_state(given, policy=policy, **more)


ROOMS: dict[str, tuple[Begin, list[JSON]]] = {
    "mimi": (of(Room, MIMI), mimi_state("m.user")),
    "mimi-01": (of(Room, MIMI_01), mimi_state("m.room.user")),
    **{f"matrix-{version}": (of(MatrixRoom, None), matrix_state(version)) for version in ("1", "12")},
    "room-policy": (
        of(RoleRoom, MODERATED),
        named(*RoleRoom.create(None, ANN, policy=MODERATED, role=max(MODERATED.roles.by_index)).current_state()),
    ),
    "muc": of_a_scenario(load_policy("examples/muc/policies.py:AFFILIATIONS")),
    **{f"made-up-{number}": of_a_scenario(load_policy(f"tests.made_up:POLICY_{number}")) for number in range(2)},
}

PLACES = {0, 1, 4, 7}
"""Where in these states an event stands that is a creation, a change, powers, or means nothing."""

# What may stand in a field instead; what is a function is given the field as it is.
# fmt: off
GONE = object()
TEXTS: list[Any] = [GONE, None, 5, [], {}, "", "new", "\u00fc", "@\u00fc:x.example", "\ud800", LONG, Text("x")]
ACTIONS: list[Any] = ["join", "leave", "dance", "", None, 5, [], Text("dance"), Text("ban"), Disguised("ban")]
MORE: list[dict[Any, Any]] = [
    {"reason": "tea"}, {"reason": "x" * 99}, {"reason": LONG}, {"reason": 5}, {"reason": "\ud800"}, {"more": {}},
    {"third_party_invite": {"signed": {}}}, {"join_authorised_via_users_server": ANN}, {Text("a"): 5},
]
FIELDS: dict[str, list[Any]] = {
    "type": [*TEXTS, "m.user", "m.room.user", "m.room.member", "m.room.create", "m.room.role", "m.room.power_levels"],
    "sender": [*TEXTS, BOB, DAN],
    "state_key": [*TEXTS, ANN, BOB, DAN, "dan"],
    "event_id": [*TEXTS, "$0", "$3"],
    "room_id": [*TEXTS, "!r:x", "!other:x"],
    "content": [
        GONE, None, [], "x", {}, {"a": {"b": ["\u00fc"]}}, {"a": "\ud800"}, {5: 6},
        *({word: action} for word in ("participation", "membership") for action in ACTIONS),
        *(partial(dict[Any, Any].__or__, more) for more in MORE),
        Failing(), Hiding({"a": "\ud800"}), lambda content: MappingProxyType({**content}),
        *({"permissions": {}, "roles": roles, "rule": "dance", "users": roles, "join_rule": 5, "room_version": "0"}
          for roles in ([], [5], {ANN: "x"})),
    ],
}
BESIDE: list[dict[Any, Any]] = [
    {}, {"unsigned": {}}, {"unsigned": {"redacted_because": {}}}, {"auth_events": [], "prev_events": []},
    {"authEvents": []}, {"more": "\ud800"}, {"more": Text("x")}, {Text("more"): 5}, {"a": "\u00fc"}, {5: 6},
]
# fmt: on


def variants(event: JSON) -> Iterator[Any]:
    """An event, and others that have something else in one place, with ids and without."""
    bare = {name: value for name, value in event.items() if name not in ("event_id", "room_id")}
    alike = {**bare, "event_id": "$new", "room_id": "!r:x"}
    yield from (None, 5, [], "x", Lying(bare), MappingProxyType(bare))
    for base, fields in ((bare, ["content"]), (alike, FIELDS)):
        yield from ({**base, **more} for more in BESIDE)
        for changed, value in ((name, value) for name in fields for value in FIELDS[name]):
            kept = {name: each for name, each in base.items() if name != changed}
            yield kept if value is GONE else {**kept, changed: value(base[changed]) if callable(value) else value}


def carefully(events: list[Any]) -> list[Any]:
    """The same events as the loop cannot read them."""
    return [MappingProxyType(event) if type(event) is dict else event for event in events]


def begun(begin: Begin, given: list[Any], **more: Any) -> object:
    """All that a room knows that begins so, with who was mentioned first; or why it does not begin."""
    try:
        room = begin(given, **more)
    except EventError as problem:
        return str(problem)
    if isinstance(room, RoleRoom | SyntaxRoom):
        return room.snapshot()
    fields = cast("tuple[None, JSON]", object.__getstate__(room))[1]
    known = {**fields, "_settings": repr(room._settings), "_table": room._table is None}
    return known, [*room.participations()]


@pytest.mark.parametrize("name", ROOMS)
def test_both_ways_lead_to_the_same_room(name: str) -> None:
    begin, whole = ROOMS[name]
    refused = sound = 0
    for place in PLACES & {*range(1 if name == "room-policy" else len(whole))}:
        event, rest = whole[place], [*whole[:place], *whole[place + 1 :]]
        for variant in variants(event):
            for given in ([variant, *rest], [*rest, variant]):
                found = begun(begin, given)
                assert found == begun(begin, carefully(given)), given
                refused, sound = refused + (type(found) is str), sound + (type(found) is not str)
    assert refused > 50
    assert sound > 50


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("keep", [None, 0, 3])
def test_the_past_is_the_same_whatever_events_have_ids(name: str, keep: int | None) -> None:
    begin, whole = ROOMS[name]
    bare = [{part: value for part, value in event.items() if part != "event_id"} for event in whole]
    for count in range(len(whole) + 1):
        for given in ([*whole[:count], *bare[count:]], [*bare[:count], *whole[count:]], [*whole[:count]][::-1]):
            assert begun(begin, given, keep=keep) == begun(begin, carefully(given), keep=keep)


@pytest.mark.parametrize("name", ["mimi", "mimi-01", "matrix-1", "matrix-12"])
def test_nothing_ordinary_is_read_with_care(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin, whole = ROOMS[name]
    monkeypatch.delattr(RoomGivenState, "_read_given")
    for more in BESIDE[1], BESIDE[3]:
        room = begin([{**event, **more} for event in whole])
        assert (room.kept, len(room.participations())) == (len(whole) + (name.startswith("mimi")), 3)
    for odd in whole[0], MappingProxyType({**whole[0], "type": "m.other", "event_id": "$new"}):
        with pytest.raises(AttributeError):
            begin([*whole, odd])


@pytest.mark.parametrize("name", ["mimi", "matrix-12"])
def test_a_bounded_past_forgets_what_is_given(name: str) -> None:
    begin, whole = ROOMS[name]
    users = [{**whole[1], "state_key": f"@user{number}:x", "event_id": f"$u{number}"} for number in range(40)]
    kept = begin([*whole, *users], keep=1)._past
    assert kept == begin(carefully([*whole, *users]), keep=1)._past
    assert kept.bound.front > 0
