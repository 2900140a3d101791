"""Reading logs, and replaying them."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from fsm import MIMI
from fsm.log import MAX_LINE, Replay, read_events, read_lines

DAY = Path(__file__).parent.parent / "examples" / "day.jsonl"
GOOD = b'{"a": 1}'

# fmt: off
LOGS: list[tuple[str, bytes, list[object]]] = [
    ("nothing",                 b"",                              []),
    ("blank lines",             b"\n \n\r\n",                     []),
    ("lines",                   GOOD + b"\n\n" + GOOD,            [(1, {"a": 1}), (3, {"a": 1})]),
    ("a byte order mark",       b"\xef\xbb\xbf" + GOOD,           [(1, {"a": 1})]),
    ("an array",                b"\n[1,\n 2]\n",                  [(1, 1), (2, 2)]),
    ("an empty array",          b"[]",                            []),
    ("no JSON",                 b"{\n" + GOOD,                    [(1, "line 1: not JSON"), (2, {"a": 1})]),
    ("no UTF-8",                b"\xff\n" + GOOD,                 [(1, "line 1: not UTF-8 at byte 1"), (2, {"a": 1})]),
    ("no number",               b"NaN\n" + GOOD,                  [(1, "line 1: not readable: a number"), (2, {"a": 1})]),
    ("a number of 5,000 digits", b"9" * 5000 + b"\n" + GOOD,      [(1, "line 1: not readable: a number"), (2, {"a": 1})]),
    ("a million brackets",      b"[" * 10**6 + b"\n" + GOOD,      [(1, "line 1: not readable: nested"), (2, {"a": 1})]),
    ("a million braces",        GOOD + b"\n" + b'{"a":' * 10**6,  [(1, {"a": 1}), (2, "line 2: not readable: nested")]),
    ("a line too long",         GOOD + b"\n" + b"x" * (MAX_LINE + 1) + b"1\n" + GOOD,
                                                                  [(1, {"a": 1}), (2, "line 2: is longer"), (3, {"a": 1})]),
    ("an array cut off",        b'[\n{"a": 1},\n{"a": 1}\n',      [(1, "line 1: not JSON")]),
    ("an array on a line",      b"[1]\n" + GOOD,                  [(1, [1]), (2, {"a": 1})]),
]
# fmt: on


@pytest.mark.parametrize(("log", "expected"), [log[1:] for log in LOGS], ids=[log[0] for log in LOGS])
def test_what_is_read_from_a_log(log: bytes, expected: list[Any]) -> None:
    lines = list(read_lines(BytesIO(log)))
    assert [line.number for line in lines] == [number for number, _ in expected]
    for line, (_, value) in zip(lines, expected, strict=True):
        if line.error:
            assert isinstance(value, str)
            assert str(line.error).startswith(value)
        else:
            assert line.value == value


# fmt: off
DOCUMENTS: list[tuple[str, bytes, list[object]]] = [
    ("one event over many lines",    b'{\n "type": "x",\n "a": [\n1]}\n',          [(1, {"type": "x", "a": [1]})]),
    ("a response over many lines",   b'{"chunk": [\n{"type": "x"},\n{"type": "y"}]}', [(1, {"type": "x"}), (2, {"type": "y"})]),
    ("a response on a line",         b'{"chunk": [{"type": "x"}, {"type": "y"}]}\n', [(1, {"type": "x"}), (2, {"type": "y"})]),
    ("a response among lines",       GOOD + b'\n{"chunk": [{"type": "x"}]}\n' + GOOD, [(1, {"a": 1}), (2, {"type": "x"}), (3, {"a": 1})]),
    ("an array",                     b'[{"type": "x"},\n 2]',                         [(1, {"type": "x"}), (2, 2)]),
    ("an event cut off, then more",  b'{"type":\n' + GOOD,                            [(1, "line 1: not JSON"), (2, {"a": 1})]),
    ("an object cut off, then more", b"{\n" + GOOD,                                   [(1, "line 1: not JSON"), (2, {"a": 1})]),
    ("a malformed response",         b'{"chunk": 5}\n' + GOOD,                        [(1, "line 1: `chunk`: must be an array, not a number"), (2, {"a": 1})]),
]
# fmt: on


@pytest.mark.parametrize(("log", "expected"), [log[1:] for log in DOCUMENTS], ids=[log[0] for log in DOCUMENTS])
def test_what_events_are_read_from_a_log(log: bytes, expected: list[Any]) -> None:
    lines = list(read_events(BytesIO(log)))
    assert [line.number for line in lines] == [number for number, _ in expected]
    for line, (_, value) in zip(lines, expected, strict=True):
        if line.error:
            assert str(line.error).startswith(value)
        else:
            assert line.value == value


def test_a_line_too_long_is_not_held_in_memory() -> None:
    class Endless(BytesIO):
        """Gives out far more than it holds, and notes the largest piece."""

        pieces = 0
        largest = 0

        def readline(self, size: int | None = -1, /) -> bytes:
            self.pieces += 1
            assert size is not None
            self.largest = max(self.largest, size)
            return b"x" * size if self.pieces < 6 else b""

    source = Endless()
    (line,) = read_lines(source)
    assert line.error is not None
    assert source.largest == MAX_LINE + 1


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
