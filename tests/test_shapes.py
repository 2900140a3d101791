"""The order of the events of a log."""

from typing import Any

import pytest

from fsm.policies import load_policy, other_shapes, shapes_of
from fsm.shapes import Order, Part, Shapes, arrange

OLDEST, NEWEST, STATE = Order
SHAPES = Shapes(title="Some", creation="create")


def event(name: str, event_type: str = "topic", **more: Any) -> dict[str, Any]:
    return {"type": event_type, "event_id": name, "state_key": "", **more}


def message(name: str, **more: Any) -> dict[str, Any]:
    return {"type": "message", "event_id": name, **more}


C, TOPIC, NAME, HI = event("c", "create"), event("t"), event("n", "name"), message("m")

# The events, what is usual for their shape; the order that is guessed, and how they then come.
# fmt: off
GUESSES: list[tuple[str, list[Any], Order, Order | None, str]] = [
    ("nothing",                             [],                     OLDEST, None,   ""),
    ("one event",                           [TOPIC],                OLDEST, None,   "t"),
    ("the creation first",                  [C, HI, TOPIC],         OLDEST, OLDEST, "cmt"),
    ("the creation first, of a page",       [C, HI, TOPIC],         NEWEST, OLDEST, "cmt"),
    ("the creation last",                   [TOPIC, HI, C],         OLDEST, NEWEST, "cmt"),
    ("the creation last, of a state",       [TOPIC, NAME, C],       OLDEST, NEWEST, "cnt"),
    ("the creation elsewhere",              [TOPIC, C, NAME],       OLDEST, STATE,  "ctn"),
    ("elsewhere, with a message",           [TOPIC, C, HI],         OLDEST, OLDEST, "tcm"),
    ("elsewhere, and a key twice",          [TOPIC, C, TOPIC],      OLDEST, OLDEST, "tct"),
    ("elsewhere in a page, a key twice",    [TOPIC, C, TOPIC],      NEWEST, NEWEST, "tct"),
    ("a key twice, of two rooms",           [TOPIC, C, {**TOPIC, "room_id": "!b"}], OLDEST, STATE, "ctt"),
    ("two creations, first and last",       [C, TOPIC, C],          OLDEST, OLDEST, "ctc"),
    ("no creation",                         [TOPIC, HI],            OLDEST, OLDEST, "tm"),
    ("no creation, of a page",              [TOPIC, HI],            NEWEST, NEWEST, "mt"),
    ("no events",                           [5, None],              OLDEST, OLDEST, ".."),
    ("keys of any kind",                    [{"type": [], "state_key": {}}, C, {"type": [], "state_key": 5}], OLDEST, STATE, "c.."),
]
# fmt: on


@pytest.mark.parametrize(
    ("events", "usual", "order", "come"), [row[1:] for row in GUESSES], ids=[row[0] for row in GUESSES]
)
def test_an_order_is_guessed_from_where_the_creation_stands(
    events: list[Any], usual: Order, order: Order | None, come: str
) -> None:
    arranged = arrange(Part(events, usual=usual), SHAPES)
    assert names(arranged.events) == come
    assert arranged.is_given is (order is STATE)
    assert len(arranged.notes) == (order is not None)
    if order is not None:
        words = {OLDEST: "oldest first", NEWEST: "newest first", STATE: "a state"}
        assert arranged.notes[0].startswith(f"{len(events)} events are taken to be {words[order]}: ")


def names(events: Any) -> str:
    return "".join(each["event_id"] if type(each) is dict and "event_id" in each else "." for _, each in events)


def test_clocks_mean_nothing() -> None:
    for times in ((1, 2, 3), (3, 2, 1), (2, 3, 1)):
        events = [{**each, "origin_server_ts": at} for each, at in zip((C, TOPIC, HI), times, strict=True)]
        assert names(arrange(Part(events), SHAPES).events) == "ctm"


# What the shape says, what somebody says, what the events say; and how they come.
# fmt: off
SAID: list[tuple[Order | None, Order | None, Order | None, str, bool]] = [
    (None,   None,   OLDEST, "tcm", False),
    (None,   None,   NEWEST, "mct", False),
    (OLDEST, None,   NEWEST, "tcm", False),
    (STATE,  None,   NEWEST, "ctm", True),
    (NEWEST, OLDEST, NEWEST, "tcm", False),
    (NEWEST, STATE,  NEWEST, "ctm", True),
    (STATE,  NEWEST, OLDEST, "mct", False),
]
# fmt: on


@pytest.mark.parametrize(("shape", "said", "events", "come", "is_given"), SAID)
def test_what_is_said_is_not_guessed(
    shape: Order | None, said: Order | None, events: Order | None, come: str, *, is_given: bool
) -> None:
    shapes = Shapes(title="Some", creation="create", order_of=lambda _: events)
    arranged = arrange(Part([TOPIC, C, HI], shape), shapes, said)
    assert (names(arranged.events), arranged.is_given, list(arranged.notes)) == (come, is_given, [])


def test_what_is_fixed_is_so_whatever_is_said() -> None:
    part = Part([TOPIC, HI], NEWEST, is_fixed=True, is_past=True, note="so it is")
    for said in (None, *Order):
        arranged = arrange(part, SHAPES, said)
        assert (names(arranged.events), arranged.is_given, list(arranged.notes)) == ("mt", True, ["so it is"])


def test_a_family_that_says_nothing_of_a_creation_has_lines_as_they_stand() -> None:
    events = [TOPIC, {"state_key": ""}, HI]
    assert [place for place, _ in arrange(Part(events), Shapes(title="Some")).events] == [0, 1, 2]


@pytest.mark.parametrize("policy", ["mimi", "matrix-1", "room-policy-strict"])
def test_by_what_others_may_use_as_well_no_log_is_told(policy: str) -> None:
    rules = load_policy(policy)
    ours = shapes_of(rules)
    assert not ours.common & ours.types
    for theirs in other_shapes(rules).values():
        assert not ours.common & theirs.types
