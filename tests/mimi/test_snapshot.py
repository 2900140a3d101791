"""Snapshots: a restored room answers as the first one did; what is foreign, cut off or edited is refused."""

import json
from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm import MIMI, Action, EventError, Participant, Room
from fsm.mimi.envelope import Envelope
from fsm.mimi.policies import MIMI_00, MIMI_01, MimiPolicy
from fsm.snapshot import canonical, digest
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
    ROOM_ID,
    change,
    create,
    drop_at,
    error_of,
    inside,
    is_one_line,
    join_rule,
    joined,
    label,
    message,
    role,
    role_map,
    room,
    set_at,
    visibility,
)
from tests.mimi.histories import MESSAGES, SETTINGS, USERS, histories

Path = tuple[str | int, ...]

QUIET = MIMI.evolve("quiet", drop=["knock"])
POLICIES = [MIMI, MIMI_00, MIMI_01, QUIET]


def signed(snapshot: JSON) -> JSON:
    """The snapshot with the digest that fits it, as a forger would write it."""
    rest = {part: value for part, value in snapshot.items() if part != "digest"}
    return {**rest, "digest": digest(canonical(rest))}


def through_json(value: JSON) -> JSON:
    """What comes out of a file that keeps the members of an object in its own order."""
    result: JSON = json.loads(json.dumps(value, sort_keys=True))
    return result


def numbered(history: list[JSON]) -> list[JSON]:
    """Every other event with an id, once in a while one that was there before.

    Participation goes by the name that every policy knows.
    """
    named = ({**event, "type": "m.room.user"} if event.get("type") == "m.user" else event for event in history)
    return [
        {"event_id": f"${index % 40}", **event} if index % 2 and event else event for index, event in enumerate(named)
    ]


def replayed(history: list[JSON], policy: MimiPolicy) -> Room:
    tea = Room.create(ROOM_ID, ALICE, policy=policy)
    for event in history:
        error_of(lambda event=event: tea.send(event))  # type: ignore[misc]
    return tea


def answers(tea: Room) -> Iterator[object]:
    """All that a room can be asked."""
    yield tea.participations()
    yield tea.envelope()
    for user in USERS:
        yield tea.participation(user)
        yield tea.standing(user)
    for action, sender, target in product(Action, USERS, USERS):
        yield tea.decide_action(action, sender, target)
    for event in [*SETTINGS[::5], *MESSAGES]:
        yield tea.decide(event)
    for user in USERS:
        yield tea.auth_events(message(user))
        yield tea.auth_events(change(JOIN, ALICE, user, type="m.room.user"))
    for number, user in product(range(1, 40, 2), USERS):
        yield tea.view(f"${number}", user)
    for number in range(1, 40, 2):
        yield tea.decide({"type": "m.room.redaction", "sender": BOB, "content": {"redacts": f"${number}"}})


@pytest.mark.parametrize("policy", POLICIES, ids=label)
@given(history=histories().map(numbered))
def test_a_restored_room_is_the_same(policy: MimiPolicy, history: list[JSON]) -> None:
    tea = replayed(history, policy)
    snapshot = tea.snapshot()
    restored = Room.restore(through_json(snapshot), policy=policy)
    assert inside(restored) == inside(tea)
    assert list(answers(restored)) == list(answers(tea))
    assert restored.snapshot() == snapshot


@given(history=histories().map(numbered))
def test_a_log_replays_to_the_same_snapshot(history: list[JSON]) -> None:
    tea = replayed(history, MIMI)
    assert json.dumps(replayed(history, MIMI).snapshot()) == json.dumps(tea.snapshot())
    half = len(history) // 2
    resumed = Room.restore(through_json(replayed(history[:half], MIMI).snapshot()))
    for event in history[half:]:
        error_of(lambda event=event: resumed.send(event))  # type: ignore[misc]
    assert resumed.snapshot() == tea.snapshot()


# fmt: off
ROOMS: list[tuple[str, Room]] = [
    ("a new room",                  room()),
    ("a room that nobody created",  Room(ROOM_ID)),
    ("a room without an id",        Room()),
    ("state taken as it stands",    Room.from_state([create(), change(BAN, ALICE, ALICE), change(KNOCK, BOB)])),
    ("state without a creator",     Room.from_state([change(JOIN, BOB), join_rule("public")])),
    ("a role map that repeats",     Room.from_state([create(), role_map(("a", 1, [BOB]), ("a", 1, [CAROL]))])),
    ("a reign that has ended",      room(role_map(("a", 1, [BOB])))),
    ("hostile names",               room(change(INVITE, ALICE, "\ufffd\n\x00"), role("\x1b[2J", {"roles": [""]}))),
    ("an envelope",                 Room.create(ROOM_ID, ALICE, envelope=Envelope("mimi", roles={"a": {("ban", ""): True}}))),
]
# fmt: on


@pytest.mark.parametrize("tea", [case for _, case in ROOMS], ids=[name for name, _ in ROOMS])
def test_every_kind_of_room_comes_back(tea: Room) -> None:
    snapshot = tea.snapshot()
    restored = Room.restore(through_json(snapshot))
    assert inside(restored) == inside(tea)
    assert restored.snapshot() == snapshot


STEPPED_DOWN = [
    *joined(BOB),
    role("a", {"events": {"m.room.role_map": True}}),
    role_map(("a", 1, [BOB])),
    role_map(("a", 1, []), sender=BOB),
]


@pytest.mark.parametrize(("events", "reigns"), [([], True), (STEPPED_DOWN[:3], True), (STEPPED_DOWN, False)])
def test_whether_the_creator_reigns_is_kept(events: list[JSON], reigns: bool) -> None:
    # A map that assigns nobody any more does not bring the reign back.
    tea = Room.restore(room(*events).snapshot())
    assert tea.snapshot()["reigns"] is reigns
    assert tea.decide(change(BAN, ALICE, DAN)).allowed is reigns


def test_the_past_is_kept() -> None:
    tea = room(
        {**visibility("joined"), "event_id": "$1"},
        {**change(INVITE, ALICE, BOB), "event_id": "$2"},
        {**message(ALICE), "event_id": "$3"},
        {**change(JOIN, BOB), "event_id": "$4"},
        {**message(ALICE), "event_id": "$5"},
    )
    restored = Room.restore(through_json(tea.snapshot()))
    assert [restored.visible(f"${number}", BOB) for number in range(1, 6)] == [True, True, False, True, True]
    assert restored.auth_events(message(BOB)) == ["$4"]


def test_the_shape_of_a_snapshot() -> None:
    tea = room(
        {**change(INVITE, ALICE, BOB), "event_id": "$1"}, {**message(ALICE), "event_id": "$2"}, change(LEAVE, BOB)
    )
    assert tea.snapshot() == {
        "format": "fsm.mimi.room",
        "version": 3,
        "policy": "mimi",
        "fingerprint": MIMI.fingerprint,
        "room_id": ROOM_ID,
        "revision": 4,
        "envelope": Envelope("mimi").as_json(),
        "creator": ALICE,
        "reigns": True,
        "participation": {ALICE: "join", BOB: "leave"},
        "history": {
            "keeps_all": False,
            "bound": None,
            "events": [
                # What was there before the first event with an id.
                kept(None, "", "m.room.history_visibility", "", None, "", "shared"),
                kept(None, ALICE, "m.room.user", ALICE, None, "join join", None),
                kept("$1", ALICE, "m.user", BOB, "invite", "leave invite", None),
                kept("$2", ALICE, "m.message", None, "message", "", None),
                kept(None, BOB, "m.user", BOB, "decline", "invite leave", None),
            ],
        },
        "digest": tea.snapshot()["digest"],
    }


def kept(  # noqa: PLR0913, PLR0917 - a table reads better without names
    event_id: str | None, sender: str, kind: str, key: str | None, row: str | None, move: str, read: str | None
) -> JSON:
    before, after = move.split() or (None, None)
    unjudged = "not judged: given as state" if row is None else None
    answer = {"row": row, "before": before, "after": after, "unjudged": unjudged}
    told = {"event_id": event_id, "sender": sender, "type": kind, "state_key": key, "answer": answer}
    return {**told, "read": read, "hidden": False}


def test_a_snapshot_shares_nothing_with_the_room() -> None:
    tea = room(*joined(BOB), {**message(ALICE), "event_id": "$1"}, role("a", {"roles": ["a"]}))
    before, snapshot = inside(tea), tea.snapshot()
    kept = json.dumps(snapshot)
    assert tea.send(change(BAN, ALICE, BOB))
    assert json.dumps(snapshot) == kept
    restored = Room.restore(snapshot)
    snapshot["participation"].clear()
    snapshot["history"]["events"].clear()
    snapshot["envelope"]["roles"]["a"]["roles"].clear()
    assert inside(restored) == before


def test_a_restored_room_takes_a_class_of_participants() -> None:
    class Loud(Participant):
        heard: list[str] = []  # noqa: RUF012 - the test's own

        def on_enter_join(self, _: object) -> None:
            self.heard.append(self.user)

    restored = Room.restore(room(*joined(BOB), change(INVITE, ALICE, CAROL)).snapshot(), participant=Loud)
    assert Loud.heard == []  # nobody joins by being restored
    assert restored.send(change(JOIN, CAROL))
    assert Loud.heard == [CAROL]


# Refusals.

GOOD = room(
    *joined(BOB),
    {**role("mod", {"kick": True}), "event_id": "$1"},
    {**message(BOB), "event_id": "$2"},
    {**change(INVITE, ALICE, DAN), "event_id": "$3"},
).snapshot()


def refusal(value: object, policy: MimiPolicy = MIMI) -> EventError:
    with pytest.raises(EventError) as caught:
        Room.restore(value, policy=policy)
    assert is_one_line(str(caught.value))
    return caught.value


EVENT: Path = ("history", "events", 3)
MOVE: Path = ("history", "events", 5)
LONG = "x" * 65_536
# What stands in a snapshot instead, signed again by whoever put it there, and the error.
# fmt: off
FORGED: list[tuple[Path, Any, str, str]] = [
    (("format",),                      "fsm.matrix.room", "format",     "`fsm.matrix.room` is not `fsm.mimi.room`: this is no snapshot"),
    (("format",),                      None,          "format",         "must be a string, not null"),
    (("version",),                     1,             "version",        "`1` cannot be read, only 3"),
    (("version",),                     0,             "version",        "`0` cannot be read, only 3"),
    (("version",),                     10**4000,      "version",        "must be from 0 to"),
    (("version",),                     True,          "version",        "must be a whole number, not true or false"),
    (("version",),                     1.0,           "version",        "must be a whole number, not a number"),
    (("version",),                     "1",           "version",        "must be a whole number, not a string"),
    (("colour",),                      "red",         "colour",         "is no part of a snapshot"),
    (("room_id",),                     7,             "room_id",        "must be a string, not a number"),
    (("room_id",),                     LONG,          "room_id",        "is 65536 characters long"),
    (("envelope",),                    None,          "envelope",       "an envelope must be an object, not null"),
    (("envelope", "policy"),           "mimi-01",     "envelope.policy", "`mimi-01` is another policy than `mimi`"),
    (("envelope", "policy"),           "\n" * 99,     "envelope.policy", "`\\n\\n"),
    (("envelope", "join_rule"),        "open",        "envelope.join_rule", "`open` is not one of"),
    (("envelope", "roles", "mod", "kick"), 1,         "envelope.roles.mod.kick", "must be true or false"),
    (("envelope", "assignments"),      [{}],          "envelope.assignments[0].role_id", "is missing"),
    (("envelope", "colour"),           "red",         "envelope",       "there is no `colour` in an envelope"),
    (("creator",),                     "",            "creator",        "must not be empty"),
    (("creator",),                     [],            "creator",        "must be a string, not an array"),
    (("creator",),                     CAROL,         "participation",  "lacks the creator"),
    (("creator",),                     None,          "reigns",         "must be false: there is no creator"),
    (("reigns",),                      1,             "reigns",         "must be true or false, not a number"),
    (("envelope", "assignments"),      [{"role_id": "a", "order": 1, "user_ids": [BOB]}], "reigns", "must be false: roles are assigned"),
    (("participation",),               [],            "participation",  "must be an object, not an array"),
    (("participation", BOB),           "jump",        f"participation.{BOB}", "`jump` is not one of invite, join"),
    (("participation", BOB),           None,          f"participation.{BOB}", "must be a string, not null"),
    (("participation", ""),            "join",        "participation.", "must not be empty"),
    (("participation", LONG),          "join",        f"participation.{'x' * 60}…", "is 65536 characters long"),
    (("history",),                     [],            "history",        "must be an object, not an array"),
    (("history", "bound"),             [1],           "history.bound",  "must have 3 numbers"),
    (("history", "bound"),             [1, 2, -1],    "history.bound[2]", "must be a whole number from 0 up"),
    (("history", "bound"),             [1, 2, 99],    "history.bound[2]", "must be at most 6"),
    (("history", "keeps_all"),         1,             "history.keeps_all", "must be true or false"),
    (("history", "events"),            {},            "history.events", "must be an array, not an object"),
    (EVENT,                            7,             "history.events[3]", "must be an object, not a number"),
    ((*EVENT, "event_id"),             "",            "history.events[3].event_id", "must not be empty"),
    ((*EVENT, "event_id"),             "$2",          "history.events[4].event_id", "`$2` is there twice"),
    ((*EVENT, "sender"),               None,          "history.events[3].sender", "must be a string, not null"),
    ((*EVENT, "type"),                 "",            "history.events[3].type", "must not be empty"),
    ((*EVENT, "state_key"),            7,             "history.events[3].state_key", "must be a string, not a number"),
    ((*EVENT, "answer"),               "role",        "history.events[3].answer", "must be an object, not a string"),
    ((*EVENT, "answer", "row"),        "invite",      "history.events[3].answer.row", "`invite` is no row of policy `mimi` for such"),
    ((*EVENT, "read"),                 7,             "history.events[3].read", "must be a string, not a number"),
    ((*EVENT, "hidden"),               None,          "history.events[3].hidden", "must be true or false, not null"),
    ((*MOVE, "answer", "row"),         "role",        "history.events[5].answer.row", "`role` is no row of policy `mimi` for such"),
    ((*MOVE, "answer", "before"),      "join",        "history.events[5].answer.before", "`invite` does not lead from `join`"),
    ((*MOVE, "answer", "before"),      None,          "history.events[5].answer.before", "must be a state, not null"),
    (("history", "events", 0, "read"), "all",         "history.events[0].read", "`all` is not one of"),
]
# fmt: on
IDS = [f"{field[:40]}: {problem[:20]}" for _, _, field, problem in FORGED]


@pytest.mark.parametrize(("path", "value", "field", "problem"), FORGED, ids=IDS)
def test_a_forged_part_is_named(path: Path, value: Any, field: str, problem: str) -> None:
    error = refusal(signed(set_at(GOOD, path, value)))
    assert error.field == field
    assert error.problem.startswith(problem)


@pytest.mark.parametrize("part", [part for part in GOOD if part != "digest"])
def test_an_edited_part_does_not_fit_the_digest(part: str) -> None:
    others: list[Any] = [None, "", 7, [], {}, "fsm.mimi.room", 2]
    for value in others:
        if GOOD[part] != value:
            error = refusal({**GOOD, part: value})
            assert error.field in ({part} if part in ("format", "version") else {"digest"})


def paths(value: Any, path: Path = ()) -> Iterator[Path]:
    """The path of every part of a document."""
    if path:
        yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in parts:
        yield from paths(part, (*path, key))


PARTS = list(paths(GOOD))


@pytest.mark.parametrize("path", PARTS, ids=label)
def test_a_part_that_was_lost_is_missed(path: Path) -> None:
    error = refusal(drop_at(GOOD, path))
    assert error.field == (path[0] if len(path) == 1 else "digest")
    assert error.problem == "is missing" or len(path) > 1


# fmt: off
OPTIONAL = {("envelope", part) for part in ("join_rule", "visibility", "roles", "assignments")}
NAMES = {"mod", ALICE, BOB, DAN, "$1", "$2", "$3", "kick", "m.room.role", "m.room.user"}
# fmt: on
NEEDED = [path for path in PARTS if path not in OPTIONAL and not isinstance(path[-1], int) and path[-1] not in NAMES]


@pytest.mark.parametrize("path", NEEDED, ids=label)
def test_a_part_that_a_forger_left_out_is_named(path: Path) -> None:
    error = refusal(drop_at(GOOD, path) if path == ("digest",) else signed(drop_at(GOOD, path)))
    field = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in path).removeprefix(".")
    assert (error.field, error.problem) == (field, "is missing")


# fmt: off
DIGESTS: list[tuple[Any, str]] = [
    ("",                          "does not fit the rest"),
    ("0" * 64,                    "does not fit the rest"),
    (GOOD["digest"].upper(),      "does not fit the rest"),
    (GOOD["digest"][:-1],         "does not fit the rest"),
    (f"{GOOD['digest']} ",        "does not fit the rest"),
    ("é" * 64,                    "does not fit the rest"),
    (LONG,                        "is 65536 characters long"),
    (7,                           "must be a string, not a number"),
    (None,                        "must be a string, not null"),
]
# fmt: on


@pytest.mark.parametrize(("digest", "problem"), DIGESTS, ids=range(len(DIGESTS)))
def test_a_wrong_digest(digest: Any, problem: str) -> None:
    error = refusal({**GOOD, "digest": digest})
    assert error.field == "digest"
    assert error.problem.startswith(problem)


@pytest.mark.parametrize("policy", [MIMI_00, MIMI_01, QUIET], ids=label)
def test_the_snapshot_of_another_policy(policy: MimiPolicy) -> None:
    error = refusal(GOOD, policy)
    assert str(error) == f"`policy`: `mimi` is another policy than `{policy.id}`"


@pytest.mark.parametrize("value", [None, True, 7, "", b"", [], [GOOD], (), object()], ids=range(9))
def test_what_is_no_object_is_no_snapshot(value: object) -> None:
    error = refusal(value)
    assert error.field == ""
    assert error.problem.startswith("a snapshot must be an object, not ")


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


def deep(depth: int) -> Any:
    value: Any = "join"
    for _ in range(depth):
        value = [value]
    return value


# Whoever reads JSON meets none of these; a program that builds a snapshot by hand may.
# fmt: off
NO_JSON: list[tuple[str, Any]] = [
    ("nan",            float("nan")),
    ("infinity",       float("inf")),
    ("bytes",          b"join"),
    ("a set",          {"join"}),
    ("an object",      object()),
    ("keys of all sorts", {1: 2, "a": 3}),
    ("a key that is no text", {(1, 2): 3}),
    ("a loop",         endless()),
    ("deep nesting",   deep(100_000)),
    ("a number of 5,000 digits", 10**5000),
]
# fmt: on


@pytest.mark.parametrize("value", [value for _, value in NO_JSON], ids=[name for name, _ in NO_JSON])
def test_what_is_no_json_is_no_snapshot(value: Any) -> None:
    error = refusal({**GOOD, "participation": {BOB: value}})
    assert error.problem == "a snapshot must be JSON: objects, arrays, texts, numbers"


def test_keys_that_are_no_texts_are_read_as_json_writes_them() -> None:
    assert refusal(signed({**GOOD, "participation": {7: "jump"}})).field == "participation.7"
    odd: dict[Any, Any] = {**GOOD, 7: "x"}
    assert refusal(odd).field == "7"


OTHERS: st.SearchStrategy[Any] = st.sampled_from([None, True, [], {}]) | st.integers() | st.text()


@given(data=st.data())
def test_any_edit_is_found(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(PARTS))
    value = data.draw(OTHERS)
    edited = set_at(GOOD, path, value)
    error = error_of(lambda: Room.restore(edited))
    assert (error is None) is (json.dumps(edited) == json.dumps(GOOD))


@given(data=st.data())
def test_any_forgery_is_read_or_refused(data: st.DataObject) -> None:
    forged = GOOD
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(paths(forged))))
        value = data.draw(OTHERS)
        forged = set_at(forged, path, value)
    try:
        restored = Room.restore(signed(forged))
    except EventError as error:
        assert is_one_line(str(error)) or pytest.fail(repr(error))  # noqa: PT017 - the ordinary case
    else:
        assert Room.restore(restored.snapshot()).snapshot() == restored.snapshot()
        list(answers(restored))
