"""Reading logs, and replaying them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fsm import MIMI, load_policy
from fsm.answers import AnswerTexts
from fsm.json_lines import BLOCK
from fsm.log import Replay
from fsm.log_reader import read_events
from fsm.shapes import Order
from fsm.strict_json import MAX_JSON
from tests.builders import InPieces
from tests.logs import read_lines

DAY = Path(__file__).parent.parent / "examples" / "day.jsonl"
GOOD = b'{"type": "x"}'

# fmt: off
X = {"type": "x"}
DOCUMENTS: list[tuple[str, bytes, list[tuple[str, object]]]] = [
    ("lines",                        GOOD + b"\n\n" + GOOD,                        [("1", X), ("3", X)]),
    ("an array over many lines",     b"\n[1,\n 2]\n",                             [("2:1", 1), ("2:2", 2)]),
    ("an empty array",               b"[]",                                        []),
    ("an array cut off",             b'[\n{"a": 1},\n{"a": 1}\n',                  [("1", "line 1: not JSON")]),
    ("an array of its own line",     b"[1]\n" + GOOD,                              [("1:1", 1), ("2", X)]),
    ("an array among lines",         GOOD + b"\n[1, 2]\n" + GOOD,                  [("1", X), ("2:1", 1), ("2:2", 2), ("3", X)]),
    ("a faulty array on a line",     b"[1e999]\n" + GOOD,                          [("1", "line 1: not readable: the number"), ("2", X)]),
    ("a document with a fault",      b'[{"a": 1,\n"a": 1},\n2]',                   [("1", "line 1: not readable: the key `a` comes twice")]),
    ("one event over many lines",    b'{\n "type": "x",\n "a": [\n1]}\n',         [("1", {"type": "x", "a": [1]})]),
    ("events over many lines",       b'{\n "type": "x"\n}\n\n{\n "type": "x"}\n' + GOOD, [("1", X), ("5", X), ("7", X)]),
    ("a fault in one of them",       b'{\n "type" "x",\n "a": [\n ]\n}\n' + GOOD,  [("1", "line 1: not JSON: expecting ':' delimiter at line 2, character 9"), ("6", X)]),
    ("one behind the other",         GOOD + GOOD + b"\n" + GOOD,                   [("1", X), ("1", X), ("2", X)]),
    ("an event cut off, then more",  b'{"type":\n' + GOOD,                         [("1", "line 1: not JSON"), ("2", X)]),
    ("an object cut off, then more", b"{\n" + GOOD,                                [("1", "line 1: not JSON"), ("2", X)]),
    ("no UTF-8 in it",               b'{\n"a": \xff}\n' + GOOD,                    [("1", "line 1: not JSON"), ("2", "line 2: not UTF-8"), ("3", X)]),
    ("what is no event",             b'{"a": 1}\n' + GOOD,                         [("1", "line 1: is neither an event nor any of what is read besides: arrays"), ("2", X)]),
]
# fmt: on


@pytest.mark.parametrize(("log", "expected"), [log[1:] for log in DOCUMENTS], ids=[log[0] for log in DOCUMENTS])
def test_what_events_are_read_from_a_log(log: bytes, expected: list[Any]) -> None:
    lines = list(read_events(BytesIO(log), MIMI))
    places = [f"{line.number}" if line.event is None else f"{line.number}:{line.event}" for line in lines]
    assert places == [place for place, _ in expected]
    for line, (_, value) in zip(lines, expected, strict=True):
        if line.error:
            assert str(line.error).startswith(value)
        else:
            assert line.value == value


def test_a_document_over_many_lines_has_the_limit_of_a_line() -> None:
    class Endless(BytesIO):
        """An array without an end, of which is noted how much is read."""

        given = 0

        def read1(self, size: int | None = -1, /) -> bytes:
            assert size is not None
            assert size <= BLOCK
            self.given += size
            return (b"[\n" if self.given == size else b"{},\n" * size)[:size]

    source = Endless()
    (line,) = read_events(source, MIMI)
    assert str(line.error) == f"line 1: not readable: longer than {MAX_JSON} bytes"
    assert source.given <= MAX_JSON + 2 * BLOCK


def test_lines_after_one_that_began_like_a_document_are_read_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fsm.json_values.MAX_JSON", 10)
    lines = list(read_events(BytesIO(b'{"type":\n' + (GOOD + b"\n") * 20_000), MIMI))
    assert [line.error is None for line in lines] == [False] + [True] * 20_000
    assert [line.number for line in lines] == list(range(1, 20_002))


@pytest.mark.parametrize("order", [None, *Order])
@pytest.mark.parametrize(("policy", "change"), [("mimi", "m.user"), ("matrix-10", "m.room.member")])
def test_lines_that_come_together_are_read_as_those_that_come_alone(
    order: Order | None, policy: str, change: str
) -> None:
    event = {"type": change, "sender": "@a:b", "state_key": "@a:b", "content": {}}
    create, others = {**event, "type": "m.room.create"}, [{**event, "event_id": f"${number}"} for number in range(6)]
    page = {"chunk": others[:2], "start": "s", "end": "t"}
    pages = [] if policy == "mimi" else [page, {**page, "start": "t"}]
    values = [create, event, [others[0], create, others[1]], others[2], 1, {}, *pages, others[3]]
    log = b"".join(json.dumps(value).encode() + b"\n" for value in (*values, *values)) + b"{]\n"
    heard: tuple[list[str], list[str]] = [], []
    together, alone = (
        [*read_events(source, load_policy(policy), order=order, tell=tell.append)]
        for source, tell in zip((BytesIO(log), InPieces(log, 1)), heard, strict=True)
    )
    assert str(together) == str(alone)
    assert heard[0] == heard[1]
    assert len(together) > len(values)


def replay_day() -> tuple[Replay, list[dict[str, Any]]]:
    run = Replay(MIMI)
    with DAY.open("rb") as source:
        return run, [outcome.as_json() for outcome in run.run(read_lines(source))]


def test_the_day_replays_alike_every_time() -> None:
    (first, answers), (second, again) = replay_day(), replay_day()
    assert answers == again
    assert first.summary() == second.summary() == {"events": 2400, "allowed": 2076, "rejected": 324, "errors": 0}
    assert first.participation() == second.participation()


def test_an_answer_names_the_event_and_its_place() -> None:
    _, answers = replay_day()
    events = [json.loads(line) for line in DAY.read_text().splitlines()]
    assert [(a["event_id"], a["room_id"], a["line"]) for a in answers] == [
        (event["event_id"], event["room_id"], number) for number, event in enumerate(events, start=1)
    ]


def test_nobody_in_leave_is_listed() -> None:
    run, _ = replay_day()
    states = {state for users in run.participation().values() for state in users.values()}
    assert states == {"invite", "join", "ban", "knock"}


def test_events_without_a_room_id_share_a_room() -> None:
    run = Replay(MIMI)
    log = (
        b'{"type": "m.room.create", "sender": "@a", "state_key": "", "content": {}}\n'
        b'{"type": "m.user", "sender": "@a", "state_key": "@b", "content": {"participation": "invite"}}'
    )
    answers = [outcome.as_json() for outcome in run.run(read_lines(BytesIO(log)))]
    assert [(answer["allowed"], answer["room_id"], "event_id" in answer) for answer in answers] == [
        (True, None, False),
        (True, None, False),
    ]
    assert run.participation() == {"": {"@a": "join", "@b": "invite"}}


def test_a_malformed_event_opens_no_room() -> None:
    run = Replay(MIMI)
    (outcome,) = run.run(read_lines(BytesIO(b'{"room_id": "!r", "event_id": "$1", "type": 5}')))
    assert outcome.as_json() == {
        "error": {"code": "bad_event", "message": "line 1: `type`: must be a string, not a number"},
        "event_id": "$1",
        "room_id": "!r",
        "line": 1,
    }
    assert run.participation() == {}
    assert run.summary() == {"events": 1, "allowed": 0, "rejected": 0, "errors": 1}


def test_answers_in_text_are_what_they_are_as_json() -> None:
    events = [json.loads(line) for line in DAY.read_text().splitlines()[:400]]
    state = {"type": "m.room.join_rules", "sender": "@a", "state_key": "", "content": {"rule": "public"}}
    others = [
        events[20],
        {**events[20], "sender": "@x:y"},
        {**events[21], "event_id": '$"\\é\x00'},
        {**events[21], "room_id": "!é"},
        {**state, "room_id": "!no creation"},
        [{**state, "room_id": "!no creation"}, 1, {}],
        {"type": 1},
        state,
        {key: value for key, value in events[22].items() if key != "room_id"},
    ]
    log = b"".join(json.dumps(value).encode() + b"\n" for value in (*events, *others)) + b"{]\n"
    texts = AnswerTexts()
    outcomes = [*Replay(MIMI).run(read_events(BytesIO(log), MIMI))]
    assert [outcome.as_text(texts) for outcome in outcomes] == [json.dumps(outcome.as_json()) for outcome in outcomes]
    assert {outcome.is_repeated for outcome in outcomes} == {False, True}
    assert {outcome.decision is None for outcome in outcomes} == {False, True}
    assert {outcome.place is None for outcome in outcomes} == {False, True}
