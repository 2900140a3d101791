"""Arrays that repeat are read once; what is read, and what is refused, is as if they were read each time."""

import json
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsm.cli.decide import Answers
from fsm.policies import load_rules
from fsm.strict_json import MAX_DEPTH, RepeatingReader, read_json

STATE = '[{"a": [1, "]"]}, "x"]'
DEEP = "[" * (MAX_DEPTH - 1) + "]" * (MAX_DEPTH - 1)

# fmt: off
TEXTS = [
    f'{{"state": {STATE}, "event": {{}}}}',
    f' {{ "event" : {{}} ,\t"state" :{STATE}\r}} ',
    f'{{"state": {STATE}}}',
    f'{{"state": {STATE}',
    f'{{"state": {STATE}x}}',
    f'{{"state": {STATE}, }}',
    f'{{"state": {STATE}}} 1',
    f'{{"state": {STATE}, "state": []}}',
    f'{{"event": 1, "event": 2, "state": {STATE}}}',
    f'{{"st\\u0061te": {STATE}}}',
    '{"\\ud800": 1, "state": []}',
    f'{{"event": "\\"state\\": {STATE.replace(chr(34), chr(39))}"}}',
    f'{{"event": {{"state": {STATE}}}}}',
    f"[{STATE}]",
    '{"state": [1], "event": "\\ud800"}',
    '{"state": ["\\ud800"]}',
    '{"state": 1, "event": 12}',
    '{"state": 12, "event": 1e999}',
    '{"state": [NaN]}',
    '{"state": [1}',
    '{"state": {"a": 1, "a": 2}}',
    '{"a\nb": 1}',
    "{}",
    '{"state": []}',
    '"state"',
    "",
    f'{{"state": {DEEP}}}',
    f'{{"state": [{DEEP}]}}',
    f'{{"event": [{DEEP}]}}',
    '{"state": ' + "[" * 10**5,
]
# fmt: on


def outcome(read: Any, text: bytes) -> tuple[str, Any]:
    try:
        return "value", json.dumps(read(text))
    except ValueError as problem:
        return "problem", str(problem)


@given(st.lists(st.sampled_from(TEXTS), max_size=12), st.data())
def test_as_if_each_were_read_alone(texts: list[str], data: st.DataObject) -> None:
    reader = RepeatingReader("state")
    for text in texts:
        place = data.draw(st.integers(0, min(len(text), 60)))
        for each in (
            text,
            text[:place] + data.draw(st.sampled_from(["", " ", '"', ",", "}", "\\", "é"])) + text[place:],
        ):
            assert outcome(reader.read, each.encode()) == outcome(read_json, each.encode())


@pytest.mark.parametrize("text", [b"\xff", b'{"state": ["\xff"]}', b'\xef\xbb\xbf{"state": []}'])
def test_bytes_that_are_no_text(text: bytes) -> None:
    assert outcome(RepeatingReader("state").read, text) == outcome(read_json, text)


def test_what_repeats_is_the_same_list() -> None:
    reader = RepeatingReader("state")
    first, second, other = (
        reader.read(f'{{"event": {number}, "state": {state}}}'.encode())
        for number, state in ((1, "[[1]]"), (2, "[[1]]"), (3, "[[1], 2]"))
    )
    assert first["state"] is second["state"]
    assert (first["event"], second["event"], other["state"]) == (1, 2, [[1], 2])


def test_few_are_remembered_and_none_that_is_long() -> None:
    reader = RepeatingReader("state")
    texts = [f'{{"state": [{number}]}}'.encode() for number in range(100)]
    values = [reader.read(text)["state"] for text in texts]
    assert reader.read(texts[-1])["state"] is values[-1]
    assert reader.read(texts[0])["state"] is not values[0]
    long = b'{"state": ["' + b"x" * 2**20 + b'"]}'
    assert reader.read(long)["state"] is not reader.read(long)["state"]


def question(creator: str, user: str, action: str, **others: Any) -> bytes:
    create = {"type": "m.room.create", "sender": creator, "state_key": "", "content": {}}
    public = {"type": "m.room.join_rules", "sender": creator, "state_key": "", "content": {"rule": "public"}}
    event = {"type": "m.user", "sender": user, "state_key": user, "content": {"participation": action}, **others}
    return json.dumps({"state": [create, public], "event": event}).encode()


def test_a_room_at_hand_answers_as_a_new_one() -> None:
    rules = {"mimi": load_rules("mimi")}
    kept = Answers("mimi", rules)
    for creator in ("@a", "@d", "@a"):
        for user, action in (("@b", "join"), ("@b", "leave"), ("@b", "join"), ("@a", "leave"), ("@c", "knock")):
            asked = question(creator, user, action, event_id="$x")
            assert kept.answer(kept.read(1, asked)) == Answers("mimi", rules).answer(read_json(asked))
    assert json.loads(kept.answer({**kept.read(1, asked), "policy": "mimi-01"}))["policy"] == "mimi-01"


def test_a_list_that_is_gone_is_no_other() -> None:
    kept = Answers("mimi", {"mimi": load_rules("mimi")})
    for number in range(100):
        creator = "@a" if number % 2 else "@b"
        for read in (read_json, partial(kept.read, 1)):
            answer = json.loads(kept.answer(read(question(creator, "@a", "leave", origin=number))))
            assert answer["allowed"] is (creator == "@a")


def test_no_room_is_kept_for_what_is_not_remembered() -> None:
    kept = Answers("mimi", {"mimi": load_rules("mimi")})
    kept.answer(read_json(question("@a", "@a", "leave")))
    assert not kept._rooms
    for number in range(100):
        kept.answer(kept.read(1, question(f"@{number}", "@a", "leave")))
    assert 0 < len(kept._rooms) < 20
