"""The responses, files and rows in which people have events of Matrix."""

import json
from io import BytesIO
from typing import Any

import pytest

from fsm.errors import EventError, ReplayError
from fsm.log_reader import read_events
from fsm.matrix.events import room_of
from fsm.matrix.shapes import NAMES, SHAPES
from fsm.policies import load_rules
from fsm.shapes import Order

JSON = dict[str, Any]
NEWEST = Order.NEWEST_FIRST


def state(name: str, event_type: str, **more: Any) -> JSON:
    return {"type": event_type, "event_id": name, "state_key": "", "sender": "@a:x", "content": {}, **more}


def member(name: str, user: str = "@b:x", **more: Any) -> JSON:
    return state(name, "m.room.member", **{"state_key": user, **more})


def message(name: str, **more: Any) -> JSON:
    return {"type": "m.room.message", "event_id": name, "sender": "@a:x", "content": {}, **more}


C, J, T, M, N = state("c", "m.room.create"), member("j"), state("t", "m.room.topic"), message("m"), message("n")


def read(*values: Any, order: Order | None = None) -> tuple[str, list[str]]:
    """How the events come, those that are given in brackets; and what is said about them."""
    notes: list[str] = []
    text = "\n".join(map(json.dumps, values)).encode()
    lines = list(read_events(BytesIO(text), load_rules("matrix"), order=order, tell=notes.append))
    words = ["!" if line.error else line.value["event_id"] for line in lines]
    return " ".join(f"({word})" if line.is_state else word for word, line in zip(words, lines, strict=True)), notes


def sync(**parts: Any) -> JSON:
    held = {key: {"events": part} if type(part) is list else part for key, part in parts.items()}
    return {"next_batch": "s", "rooms": {"join": {"!r": held}}}


def sliding(**room: Any) -> JSON:
    return {"pos": "5", "lists": {}, "rooms": {"!r": room}, "extensions": {}}


# fmt: off
SHAPED: list[tuple[str, Any, str]] = [
    ("an event",                        M,                                                      "m"),
    ("sync",                            sync(state=[J, C], timeline=[M, N]),                    "(c) (j) m n"),
    ("sync, nothing new",               {"next_batch": "s"},                                    ""),
    ("sync, nothing new in rooms",      {"next_batch": "s", "presence": {"events": [M]}, "rooms": {}}, ""),
    ("sync, left",                      {"rooms": {"leave": {"!r": {"state": {"events": [C]}, "timeline": {"events": [M]}}}}}, "(c) m"),
    ("sync, invited",                   {"rooms": {"invite": {"!r": {"invite_state": {"events": [J, C]}}}}}, "(c) (j)"),
    ("sync, knocked",                   {"rooms": {"knock": {"!r": {"knock_state": {"events": [J]}}}}}, "(j)"),
    ("sync, account data and receipts", sync(timeline=[M], account_data=[N], ephemeral=[N]),    "m"),
    ("sync, state after",               sync(timeline=[M], state_after=[J]),                    "m (j)"),
    ("sync, state after, not stable",   sync(timeline=[M], **{"org.matrix.msc4222.state_after": [J]}), "m (j)"),
    ("sync, state after, a gap before", sync(timeline={"events": [M], "limited": True}, state_after=[J]), "(m) (j)"),
    ("sync, state after, at first",     sync(timeline=[M], state_after=[J, C]),                 "(m) (c) (j)"),
    ("sync, state after, all there",    sync(timeline=[C, M], state_after=[C, J]),              "c m (c) (j)"),
    ("sync, state before, a gap",       sync(timeline={"events": [M], "limited": True}, state=[C]), "(c) m"),
    ("sliding sync",                    sliding(timeline=[M], required_state=[J, C], initial=True), "(m) (c) (j)"),
    ("sliding sync, later",             sliding(timeline=[M], required_state=[J]),              "m (j)"),
    ("sliding sync, a gap",             sliding(timeline=[M], required_state=[J], limited=True), "(m) (j)"),
    ("sliding sync, all there",         sliding(timeline=[C, M], initial=True),                 "c m"),
    ("sliding sync, invited",           sliding(invite_state=[J]),                              "(j)"),
    ("sliding sync, nothing new",       {"pos": "5", "rooms": {}},                              ""),
    ("messages, tokens that fall",      {"chunk": [M, N], "start": "t9_0", "end": "t5_0"},      "n m"),
    ("messages, tokens that rise",      {"chunk": [M, N], "start": "t5_0", "end": "t19_0"},     "m n"),
    ("messages, by their second part",  {"chunk": [M, N], "start": "t5-19_0", "end": "t5-4_0"}, "n m"),
    ("messages, plain tokens",          {"chunk": [M, N], "start": "105", "end": "99"},         "n m"),
    ("messages, with a direction",      {"chunk": [M, N], "start": "x", "dir": "f"},            "m n"),
    ("messages, backwards",             {"chunk": [M, N], "start": "t1", "end": "t2", "dir": "b"}, "n m"),
    ("messages, with a whole state",    {"chunk": [M], "start": "x", "state": [J, C]},          "(c) (j) m"),
    ("context",                         {"start": "s", "end": "e", "event": M, "events_before": [J, T], "events_after": [N], "state": [C]},
                                                                                                "(t) (j) (m) (n) (c)"),
    ("context, without a state",        {"event": M, "events_before": [J, T], "events_after": [N]}, "t j m n"),
    ("a server's admin state",          {"state": [J, C]},                                      "(c) (j)"),
    ("state between servers",           {"pdus": [J, C], "auth_chain": []},                     "(c) (j)"),
    ("a transaction of a server",       {"origin": "x", "pdus": [C, J], "edus": [N]},           "c j"),
    ("send_join",                       {"origin": "x", "state": [T, C], "auth_chain": [], "event": J}, "(c) (t) j"),
    ("send_join, its first form",       [200, {"state": [T, C], "auth_chain": []}],             "(c) (t)"),
    ("a transaction, application service", {"events": [M, J], "ephemeral": [N]},                "m j"),
    ("Element's export",                {"room_name": "x", "exported_by": "@a:x", "messages": [C, M]}, "c m"),
    ("an event in a response",          {"event": M},                                           "m"),
    ("knocking, as a server answers",   {"knock_room_state": [J, C]},                           "(c) (j)"),
    ("a row",                           {"event_id": "r", "room_id": "!r", "json": json.dumps(message("m")), "format_version": 3}, "m"),
    ("a row, its id beside",            {"event_id": "r", "json": '{"type": "x", "sender": "@a:x", "content": {}}'}, "r"),
    ("a row of a message",              {"event_id": "r", "type": "x", "state_key": None, "json": {"type": "x", "state_key": None}}, "r"),
    ("an array of rows",                [{"event_id": "r", "json": json.dumps(C)}, {"event_id": "r", "json": json.dumps(M)}], "c m"),
    ("an array of responses",           [sync(timeline=[M]), sync(timeline=[N])],               "m n"),
    ("an array of responses, some quiet", [{"next_batch": "s"}, sync(timeline=[M]), {"next_batch": "t"}, sync(timeline=[N])], "m n"),
    ("an array of pages, back in time", [{"chunk": [N, M], "start": "t9", "end": "t5"}, {"chunk": [J, C], "start": "t5", "end": "t1"}], "c j m n"),
    ("an array, a response among events", [C, {"event": J}, sync(timeline=[M])],                "c j m"),
    ("an array of rows and events",     [{"json": json.dumps(C)}, M],                           "c m"),
]
# fmt: on


@pytest.mark.parametrize(("value", "come"), [row[1:] for row in SHAPED], ids=[row[0] for row in SHAPED])
def test_what_is_in_a_response(value: Any, come: str) -> None:
    assert read(value)[0] == come


# fmt: off
NOTED: list[tuple[Any, str, str]] = [
    ({"chunk": [M, N]},                                         "n m",  "line 1: 2 events are taken to be newest first: there is no creation"),
    ({"chunk": [M, N], "start": "t5", "end": "s9"},             "n m",  "line 1: 2 events are taken to be newest first: there is no creation"),
    ([T, C, J],                                                 "(c) (t) (j)", "line 1: 3 events are taken to be a state: "),
    ({"chunk": [J, member("k", "@c:x")]},                       "(j) (k)", "line 1: 2 events of `m.room.member` are taken to be a state (`/members`)"),
    ({"chunk": [M], "start": "t1", "state": [J]},               "m",    "line 1: the 1 events of `state`, which say who the senders are, are not read"),
    ({"state": [C], "auth_chain": [T, J]},                      "(c)",  "line 1: the 2 events of `auth_chain`, which are not of the state, are not read"),
    ({"state": [C], "auth_chain": [], "members_omitted": True}, "(c)",  "line 1: most members are left out of the state (`members_omitted`)"),
    (sync(timeline=[M], msc4354_sticky=[N]),                    "m",    "line 1: `rooms.join.!r.msc4354_sticky` holds 1 events that are not read"),
]
# fmt: on


@pytest.mark.parametrize(("value", "come", "note"), NOTED)
def test_what_is_guessed_or_left_out_is_said(value: Any, come: str, note: str) -> None:
    events, notes = read(value)
    assert events == come
    assert len(notes) == 1
    assert notes[0].startswith(note)


def test_a_room_is_told_to_events_that_lack_it() -> None:
    lines = read_events(
        BytesIO(json.dumps(sync(state=[C], timeline=[M, message("n", room_id="!said")])).encode()), load_rules("matrix")
    )
    assert [line.value["room_id"] for line in lines] == ["!r", "!r", "!said"]


def test_events_that_name_no_room_are_of_the_last_creation_that_names_none() -> None:
    made = {**C, "event_id": "$made", "content": {"room_version": "12"}}
    older = {**C, "event_id": "$old", "content": {"room_version": "10"}}
    log = [J, made, J, {**M, "room_id": "!said"}, {**made, "event_id": "$next"}, M, older, N]
    lines = read_events(BytesIO(b"\n".join(json.dumps(event).encode() for event in log)), load_rules("matrix"))
    rooms = [room_of(line.value) for line in lines]
    assert rooms == [None, "!made", "!made", "!said", "!next", "!next", None, None]


# fmt: off
FOLLOWING: list[tuple[str, list[JSON], str]] = [
    ("what came before",            [member("2", prev_events=["1"]), member("1", prev_events=["0"])],               "1 2"),
    ("in order",                    [member("1", prev_events=["0"]), member("2", prev_events=["1"])],               "1 2"),
    ("in pairs",                    [member("2", prev_events=[["1", {}]]), member("1")],                            "1 2"),
    ("depth",                       [member("2", depth=5), member("1", depth=4)],                                   "1 2"),
    ("depth of all but one",        [member("2", depth=5), member("1")],                                            "2 1"),
    ("depth that is the same",      [member("2", depth=5), member("1", depth=5)],                                   "2 1"),
    ("depths both ways",            [member("2", depth=5), member("1", depth=4), member("3", depth=6)],             "2 1 3"),
    ("what came before, not depth", [member("1", depth=5), member("2", depth=4, prev_events=["1"])],                "1 2"),
    ("itself",                      [member("1", prev_events=["1"]), member("2")],                                  "1 2"),
    ("of any kind",                 [member("1", prev_events=[5, [], None]), member("2", prev_events=6)],           "1 2"),
    ("a creation among them",       [T, {**C, "depth": 1}, {**J, "prev_events": ["c"]}],                            "(c) (t) (j)"),
]
# fmt: on


@pytest.mark.parametrize(("events", "come"), [row[1:] for row in FOLLOWING], ids=[row[0] for row in FOLLOWING])
def test_events_say_what_came_before_them(events: list[JSON], come: str) -> None:
    assert read(events)[0] == come


def page(start: str, end: str | None, *events: JSON) -> JSON:
    return {"chunk": list(events), "start": start, **({} if end is None else {"end": end})}


# fmt: off
PAGES: list[tuple[str, list[JSON], str]] = [
    ("back in time",            [page("t9", "t7", N, M), page("t7", "t5", T, J), page("t5", "t1", C)],  "c j t m n"),
    ("the last without an end", [page("t9", "t7", N, M), page("t7", None, J, C)],                       "c j m n"),
    ("forward in time",         [page("t1", "t5", C, J), page("t5", "t7", T)],                          "c j t"),
    ("not one after another",   [page("t9", "t7", N, M), page("t6", "t5", T, J)],                       "m n j t"),
    ("an event between",        [page("t9", "t7", N, M), T, page("t7", "t5", J)],                       "m n t j"),
    ("an empty one",            [page("t9", "t7", N), page("t7", "t6"), page("t6", "t5", J)],           "j n"),
]
# fmt: on


@pytest.mark.parametrize(("pages", "come"), [row[1:] for row in PAGES], ids=[row[0] for row in PAGES])
def test_pages_that_lead_back_come_last_first(pages: list[JSON], come: str) -> None:
    assert read(*pages)[0] == come


# fmt: off
ORDERED: list[tuple[list[Any], Order, str]] = [
    ([N, M, C],                                 NEWEST,             "c m n"),
    ([[N, M], [J, C]],                          NEWEST,             "c j m n"),
    ([{"chunk": [C, M]}],                       NEWEST,             "m c"),
    ([T, C, J],                                 Order.STATE,        "(c) (t) (j)"),
    ([[T, C, J]],                               Order.OLDEST_FIRST, "t c j"),
    ([page("t9", "t7", M, N)],                  Order.OLDEST_FIRST, "m n"),
    ([sync(state=[J, C], timeline=[M, N])],     NEWEST,             "(c) (j) m n"),
]
# fmt: on


@pytest.mark.parametrize(("values", "order", "come"), ORDERED)
def test_order_decides(values: list[Any], order: Order, come: str) -> None:
    assert read(*values, order=order) == (come, [])


# fmt: off
MALFORMED: list[tuple[Any, str]] = [
    ({"chunk": 5},                                              "`chunk`: must be an array, not a number"),
    ({"chunk": [], "state": {}},                                "`state`: must be an array, not an object"),
    ({"rooms": []},                                             "`rooms`: must be an object, not an array"),
    ({"rooms": {"join": []}},                                   "`rooms.join`: must be an object, not an array"),
    ({"rooms": {"join": {"!a": 5}}},                            "`rooms.join.!a`: must be an object, not a number"),
    ({"rooms": {"leave": {"!a": {"state": []}}}},               "`rooms.leave.!a.state`: must be an object, not an array"),
    ({"rooms": {"join": {"!a": {"timeline": {"events": 5}}}}},  "`rooms.join.!a.timeline.events`: must be an array, not a number"),
    ({"rooms": {"!a": 5}},                                      "`rooms.!a`: must be an object, not a number"),
    ({"rooms": {"!a": {"timeline": 5}}},                        "`rooms.!a.timeline`: must be an array, not a number"),
    ({"events": {}},                                            "`events`: must be an array, not an object"),
    ({"messages": {"chunk": []}},                               "`messages`: must be an array, not an object"),
    ({"events_before": 5},                                      "`events_before`: must be an array, not a number"),
    ({"json": "{"},                                             "`json`: not JSON: expecting property name enclosed in double quotes at character 2"),
    ({"json": "[]"},                                            "`json`: must be an object, not an array"),
    ({"json": 5},                                               "`json`: must be an object, not a number"),
    ([200, {"state": [], "auth_chain": 5}],                     "`auth_chain`: must be an array, not a number"),
    ({"auth_chain": [C]},                                       "`auth_chain`: is no history and no state, and there is nothing else"),
]
# fmt: on


@pytest.mark.parametrize(("value", "problem"), MALFORMED, ids=[problem for _, problem in MALFORMED])
def test_a_malformed_response_is_named(value: Any, problem: str) -> None:
    with pytest.raises(EventError) as raised:
        SHAPES.unfold(value)
    assert str(raised.value) == problem
    (line,) = read_events(BytesIO(json.dumps(value).encode()), load_rules("matrix"))
    assert str(line.error) == f"line 1: {problem}"


def test_a_malformed_response_in_an_array_is_named() -> None:
    for value, place in (([C, {"json": "{"}], "[1].json"), ([{"next_batch": "s"}, {"rooms": 5}], "[1].rooms")):
        (line,) = read_events(BytesIO(json.dumps(value).encode()), load_rules("matrix"))
        assert str(line.error).startswith(f"line 1: `{place}`: ")


@pytest.mark.parametrize("value", [{}, {"joined": {}}, {"errcode": "M_FORBIDDEN", "error": "no"}, {"pdu_ids": []}])
def test_what_is_not_read_is_one_error_that_lists_what_is(value: JSON) -> None:
    (line,) = read_events(BytesIO(json.dumps(value).encode()), load_rules("matrix"))
    assert str(line.error).startswith("line 1: is neither an event nor any of what is read besides: arrays, /sync, ")
    assert str(line.error).endswith(", ".join(NAMES))


OURS = {"type": "m.user", "sender": "@a", "state_key": "@b", "content": {"participation": "invite"}}
CREATE = {"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}

# fmt: off
FOREIGN: list[tuple[str, list[Any], str]] = [
    ("mimi",      [CREATE, J],                      "line 2: `m.room.member` is an event of Matrix, and the log is to be read with `--policy matrix`"),
    ("mimi-01",   [[CREATE, J]],                    "line 1, event 2: `m.room.member` is an event of Matrix, and the log is to be read with `--policy matrix`"),
    ("mimi",      [sync(state=[C], timeline=[M])],  "line 1: this is a response of Matrix, and the log is to be read with `--policy matrix`"),
    ("mimi",      [{"chunk": 5}],                   "line 1: this is a response of Matrix, and the log is to be read with `--policy matrix`"),
    ("matrix",    [CREATE, OURS],                   "line 2: `m.user` is an event of MIMI, and the log is to be read with `--policy mimi`"),
    ("matrix-12", [OURS],                           "line 1: `m.user` is an event of MIMI, and the log is to be read with `--policy mimi`"),
]
# fmt: on


@pytest.mark.parametrize(("policy", "values", "problem"), FOREIGN)
def test_a_log_of_another_protocol_is_recognised(policy: str, values: list[Any], problem: str) -> None:
    text = "\n".join(map(json.dumps, values)).encode()
    with pytest.raises(ReplayError) as raised:
        next(read_events(BytesIO(text), load_rules(policy)))  # nothing comes before it
    assert str(raised.value) == problem


def test_few_events_wait_for_what_tells_of_which_protocol_they_are() -> None:
    unknown = [{"type": "x", "event_id": f"{number}"} for number in range(200)]
    for log, most in ((unknown, 100), ([C, J, *unknown], 2)):
        source = BytesIO(b"".join(json.dumps(event).encode() + b"\n" * 2**17 for event in log))
        next(read_events(source, load_rules("matrix")))
        assert source.tell() <= (most + 2) * 2**17


def test_a_word_of_another_protocol_is_taken_where_the_log_is_ours() -> None:
    text = "\n".join(map(json.dumps, [CREATE, OURS, J])).encode()
    assert len(list(read_events(BytesIO(text), load_rules("mimi")))) == 3
