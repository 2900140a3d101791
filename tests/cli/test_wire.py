"""`fsm wire encode` and `fsm wire decode`."""

import json

import pytest

from tests.cli.conftest import Inside
from tests.cli.runner import fsm

BAN = '{"participation": "ban", "reason": "spam"}'


def test_there_and_back() -> None:
    assert fsm("wire", "encode", "MUserContent", BAN).out == "04047370616d\n"
    assert fsm("wire", "encode", "MUserContent", given=BAN.encode()).out == "04047370616d\n"
    assert json.loads(fsm("wire", "decode", "MUserContent", "04 04 73 70 61 6d").out) == json.loads(BAN)
    assert json.loads(fsm("wire", "decode", "MUserContent", given=b"02 00\n").out) == {"participation": "join"}


# fmt: off
UNUSABLE = [
    (("decode", "MUserContent", "0200ff"),             "fsm: byte 2: "),
    (("decode", "MUserContent", "02 0g"),              "fsm: byte 0: not hexadecimal"),
    (("decode", "Nothing", "00"),                      "fsm: unknown struct `Nothing`: choose from MUserContent"),
    (("encode", "MUserContent", "{"),                  "fsm: not JSON"),
    (("encode", "MUserContent", "[" * 100_000),        "fsm: not readable: nested more than 128 levels deep"),
    (("encode", "MUserContent", '{"participation": "dance"}'), "fsm: `participation`: `dance` is not one of invite, join, leave, ban, knock"),
]
# fmt: on


@pytest.mark.parametrize(("arguments", "problem"), UNUSABLE, ids=[row[1] for row in UNUSABLE])
def test_unusable_input_is_one_line(inside: Inside, arguments: tuple[str, ...], problem: str) -> None:
    run = inside("wire", *arguments)
    assert run.status == 2
    assert run.complaint.startswith(problem)
    assert run.out == ""
