import doctest
import json
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fsm import EventError, PolicyError
from fsm.errors import DecodeError, DefinitionError
from fsm.event import MAX_TEXT
from fsm.mimi import codec
from fsm.mimi.codec import STRUCTS, decode, encode
from fsm.mimi.permissions import read_permissions, read_role_map
from fsm.presentation import MAX_LENGTH, Form, Object, Pair, Source, Struct, Variant, Vector, vector

# fmt: off
GOLDEN: list[tuple[str, Any, str]] = [
    ("MUserContent", {"participation": "ban", "reason": "spam"}, "04 04 73 70 61 6d"),
    ("MUserContent", {"participation": "join"}, "02 00"),
    ("MRoomUserEventContent", {"participation": "invite"}, "01 00"),
    ("MRoomUserEventContent", {"participation": "leave", "reason": "é"}, "03 02 c3 a9"),
    ("MRoomUserEventContent", {"participation": "knock"}, "05 00"),
    ("MRoomRoleEventContent", {"permissions": {}}, "00"),
    ("MRoomRoleEventContent", {"permissions": {"invite": True, "kick": True, "ban": False, "redact": True}},
     "08  01 01  02 01  03 00  04 01"),
    ("MRoomRoleEventContent", {"permissions": {"events": {"a": True, "b": False}, "roles": ["m", "n"]}},
     "0e  05 06 01 61 01 01 62 00  06 04 01 6d 01 6e"),
    ("MRoomRoleEventContent-01", {"permissions": {"add": True, "kick": True, "ban": True, "redact": False}},
     "08  01 01  02 01  03 01  04 00"),
    ("MRoomRoleEventContent-01", {"permissions": {"roles": ["m"], "sendMessages": False}}, "06  05 02 01 6d  06 00"),
    ("MRoomRoleMapEventContent", {"roles": [{"role_id": "m", "user_ids": ["@a", "@b"], "order": 258},
                                            {"role_id": "n", "user_ids": [], "order": 0}]},
     "14  01 6d  06 02 40 61 02 40 62  00 00 01 02  01 6e  00  00 00 00 00"),
    ("MRoomJoinRulesEventContent", {"rule": "invite"}, "01"),
    ("MRoomJoinRulesEventContent", {"rule": "knock"}, "02"),
    ("PolicyJoinRule", {"rule": "public"}, "03"),
    ("MRoomHistoryVisibilityEventContent", {"visibility": "invited"}, "01"),
    ("MRoomHistoryVisibilityEventContent", {"visibility": "joined"}, "02"),
    ("MRoomHistoryVisibilityEventContent", {"visibility": "shared"}, "03"),
    ("MRoomHistoryVisibilityEventContent", {"visibility": "world"}, "04"),
    ("Role", {"permissions": {"add": True}, "assignees": ["m:a"], "order": 2**32 - 1},
     "02 01 01  04 03 6d 3a 61  ff ff ff ff"),
    ("RoleConfig", {"role_id": "m", "user_ids": ["@a"], "order": 1}, "01 6d  03 02 40 61  00 00 00 01"),
    ("PermissionValue", {"invite": True}, "01 01"),
    ("PermissionValue", {"events": {}}, "05 00"),
    ("PermissionValue", {"roles": []}, "06 00"),
    ("PermissionValue-01", {"sendMessages": True}, "06 01"),
    ("BooleanPermission", False, "00"),
    ("EventTypePermissionRecord", {"a": True}, "01 61 01"),
    ("EventTypePermission", {"a": True, "b": False}, "06 01 61 01 01 62 00"),
    ("RolePermission", ["m", "m", ""], "05 01 6d 01 6d 00"),
    ("IdentifierUri", "m:a", "03 6d 3a 61"),
]

# Bytes, where they are at fault, in which field, and how.
FAULTS = [
    ("MUserContent", "", 0, "participation", "is missing"),
    ("MUserContent", "04", 1, "reason", "is missing"),
    ("MUserContent", "00 00", 0, "participation",
     "0 is not one of 1 (invite), 2 (join), 3 (leave), 4 (ban), 5 (knock)"),
    ("MUserContent", "06 00", 0, "participation",
     "6 is not one of 1 (invite), 2 (join), 3 (leave), 4 (ban), 5 (knock)"),
    ("MUserContent", "04 04 73 70 61", 1, "reason", "declares 4 bytes, 3 left"),
    ("MUserContent", "04 04 73 70 61 6d 00 00", 6, "", "the value ends here; bytes left over: 2"),
    ("MUserContent", "04 04 73 ff 61 6d", 3, "reason", "is not UTF-8"),
    ("MUserContent", "04 02 c0 80", 2, "reason", "is not UTF-8"),
    ("MUserContent", "04 04 61 ed a0 80", 3, "reason", "is not UTF-8"),
    ("MUserContent", "04 03 61 e2 82", 3, "reason", "is not UTF-8"),
    ("MUserContent", "04 40 04 73 70 61 6d", 1, "reason", "has a length of 2 bytes where fewer would do"),
    ("MUserContent", "04 40 00", 1, "reason", "has a length of 2 bytes where fewer would do"),
    ("MUserContent", "04 80 00 3f ff", 1, "reason", "has a length of 4 bytes where fewer would do"),
    ("MUserContent", "04 40", 1, "reason", "needs 2 bytes here, 1 left"),
    ("MUserContent", "04 80 00 00", 1, "reason", "needs 4 bytes here, 3 left"),
    ("MUserContent", "04 c0 00 00 00 00 00 00 04 73 70 61 6d", 1, "reason", "has a length of 8 bytes, 4 are the most"),
    ("MUserContent", "04 ff", 1, "reason", "has a length of 8 bytes, 4 are the most"),
    ("MUserContent", "04 bf ff ff ff 61", 1, "reason", "declares 1073741823 bytes, 1 left"),
    ("MRoomRoleEventContent", "02 07 01", 1, "permissions[0]",
     "7 is not one of 1 (invite), 2 (kick), 3 (ban), 4 (redact), 5 (events), 6 (roles)"),
    ("MRoomRoleEventContent", "02 02 02", 2, "permissions[0].kick", "must be 0 or 1, not 2"),
    ("MRoomRoleEventContent", "01 02 01", 2, "permissions[0].kick", "is missing"),
    ("MRoomRoleEventContent", "04 02 01 02 01", 3, "permissions.kick", "is listed twice"),
    ("MRoomRoleEventContent", "04 05 00 05 00", 3, "permissions.events", "is listed twice"),
    ("MRoomRoleEventContent", "06 05 04 01 61 01 01", 6, "permissions[0].events[1]", "declares 1 bytes, 0 left"),
    ("MRoomRoleEventContent", "05 05 03 01 61 ff", 5, "permissions[0].events[0].a", "must be 0 or 1, not 255"),
    ("MRoomRoleEventContent", "04 06 03 01 61 01", 2, "permissions[0].roles", "declares 3 bytes, 2 left"),
    ("MRoomRoleEventContent-01", "02 06 07", 2, "permissions[0].sendMessages", "must be 0 or 1, not 7"),
    ("MRoomRoleMapEventContent", "07 01 6d 00 00 00 00", 0, "roles", "declares 7 bytes, 6 left"),
    ("MRoomRoleMapEventContent", "06 01 6d 00 00 00 00", 4, "roles[0].order", "needs 4 bytes here, 3 left"),
    ("MRoomRoleMapEventContent", "09 01 6d 02 05 40 00 00 00 00", 4, "roles[0].user_ids[0]",
     "declares 5 bytes, 1 left"),
    ("Role", "00 00 00 00 00", 2, "order", "needs 4 bytes here, 3 left"),
    ("PolicyJoinRule", "04", 0, "rule", "4 is not one of 1 (invite), 2 (knock), 3 (public)"),
    ("MRoomHistoryVisibilityEventContent", "05", 0, "visibility",
     "5 is not one of 1 (invited), 2 (joined), 3 (shared), 4 (world)"),
    ("BooleanPermission", "02", 0, "", "must be 0 or 1, not 2"),
]

# Values, the field at fault, and how.
MISFITS: list[tuple[str, Any, str, str]] = [
    ("MUserContent", [], "", "`MUserContent`: must be an object, not an array"),
    ("MUserContent", {}, "participation", "is missing"),
    ("MUserContent", {"participation": "join", "via": []}, "via",
     "cannot be carried; there is only participation, reason"),
    ("MUserContent", {"participation": "dance"}, "participation",
     "`dance` is not one of invite, join, leave, ban, knock"),
    ("MUserContent", {"participation": 2}, "participation", "must be a string, not a number"),
    ("MUserContent", {"participation": "ban", "reason": None}, "reason", "must be a string, not null"),
    ("MUserContent", {"participation": "ban", "reason": "a\ud800"}, "reason", "has no UTF-8 form at character 1"),
    ("MUserContent", {"participation": "ban", "reason": "x" * (MAX_TEXT + 1)}, "reason",
     "is 65536 characters long, 65535 is the most"),
    ("MRoomRoleEventContent", {"permissions": {"sendMessages": True}}, "permissions",
     "`sendMessages` is not one of invite, kick, ban, redact, events, roles"),
    ("MRoomRoleEventContent", {"permissions": {"kick": 1}}, "permissions.kick", "must be true or false, not a number"),
    ("MRoomRoleEventContent", {"permissions": {"events": {"a": "yes"}}}, "permissions.events.a",
     "must be true or false, not a string"),
    ("MRoomRoleEventContent", {"permissions": {"events": ["a"]}}, "permissions.events",
     "must be an object, not an array"),
    ("MRoomRoleEventContent", {"permissions": {1: True}}, "permissions", "must be a string, not a number"),
    ("MRoomRoleEventContent-01", {"permissions": {"events": {}}}, "permissions",
     "`events` is not one of add, kick, ban, redact, roles, sendMessages"),
    ("MRoomRoleEventContent-01", {"permissions": {"roles": ["a", 1]}}, "permissions.roles[1]",
     "must be a string, not a number"),
    ("MRoomRoleMapEventContent", {"roles": {}}, "roles", "must be an array, not an object"),
    ("MRoomRoleMapEventContent", {"roles": [{"role_id": "m", "order": 1}]}, "roles[0].user_ids", "is missing"),
    ("RoleConfig", {"role_id": "m", "user_ids": [], "order": 2**32}, "order", "must be from 0 to 4294967295"),
    ("RoleConfig", {"role_id": "m", "user_ids": [], "order": -1}, "order", "must be from 0 to 4294967295"),
    ("RoleConfig", {"role_id": "m", "user_ids": [], "order": True}, "order",
     "must be a whole number, not true or false"),
    ("RoleConfig", {"role_id": "m", "user_ids": [], "order": 1.0}, "order", "must be a whole number, not a number"),
    ("RoleConfig", {"role_id": "m", "user_ids": [], "order": 1, 2: 3}, "2",
     "cannot be carried; there is only role_id, user_ids, order"),
    ("PermissionValue", {}, "", "`PermissionValue`: must have one key, not 0"),
    ("MRoomJoinRulesEventContent", {"rule": "restricted"}, "rule", "`restricted` is not one of invite, knock, public"),
    ("BooleanPermission", 1, "", "`BooleanPermission`: must be true or false, not a number"),
]

# Where a struct may promise more than it has.
PROMISES = [
    ("MUserContent", "04"), ("MRoomUserEventContent", "02"),
    ("MRoomRoleEventContent", ""), ("MRoomRoleEventContent", "05 05"), ("MRoomRoleEventContent", "06 05 04"),
    ("MRoomRoleEventContent-01", "05 05"),
    ("MRoomRoleMapEventContent", ""), ("MRoomRoleMapEventContent", "04"), ("MRoomRoleMapEventContent", "05 00"),
    ("Role", ""), ("Role", "00"), ("Role", "00 04"), ("RolePermission", ""), ("IdentifierUri", ""),
]
# fmt: on


@pytest.mark.parametrize(("struct", "value", "data"), GOLDEN)
def test_values_and_bytes(struct: str, value: Any, data: str) -> None:
    assert encode(struct, value) == bytes.fromhex(data)
    assert decode(struct, bytes.fromhex(data)) == value


def test_every_struct_has_golden_bytes() -> None:
    assert {struct for struct, _, _ in GOLDEN} == STRUCTS.keys()


@pytest.mark.parametrize(("struct", "data", "offset", "field", "problem"), FAULTS)
def test_faults_in_bytes(struct: str, data: str, offset: int, field: str, problem: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(struct, bytes.fromhex(data))
    assert (caught.value.offset, caught.value.field, caught.value.problem) == (offset, field, problem)
    place = f"byte {offset}: `{field}`" if field else f"byte {offset}"
    assert str(caught.value) == f"{place}: {problem}"


@pytest.mark.parametrize(("struct", "value", "field", "problem"), MISFITS)
def test_values_that_cannot_be_carried(struct: str, value: Any, field: str, problem: str) -> None:
    with pytest.raises(EventError) as caught:
        encode(struct, value)
    assert (caught.value.field, caught.value.problem) == (field, problem)


@pytest.mark.parametrize(("struct", "_value", "data"), GOLDEN)
def test_no_part_of_a_struct_is_a_struct(struct: str, _value: Any, data: str) -> None:
    whole = bytes.fromhex(data)
    for size in range(len(whole)):
        with pytest.raises(DecodeError) as caught:
            decode(struct, whole[:size])
        assert caught.value.offset <= size


@pytest.mark.parametrize(("struct", "_value", "data"), GOLDEN)
def test_nothing_may_follow(struct: str, _value: Any, data: str) -> None:
    whole = bytes.fromhex(data)
    with pytest.raises(DecodeError) as caught:
        decode(struct, whole + b"\0")
    assert caught.value.offset == len(whole)


@pytest.mark.parametrize(("struct", "opening"), PROMISES)
def test_memory_does_not_follow_a_promised_gigabyte(struct: str, opening: str) -> None:
    data = bytes.fromhex(opening) + bytes.fromhex("bf ff ff ff")
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError, match=r"declares 1073741823 bytes, \d left"):
            decode(struct, data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 100_000


# fmt: off
LENGTHS = [
    (0, "00"), (37, "25"), (63, "3f"),
    (64, "40 40"), (15293, "7b bd"), (16383, "7f ff"),
    (16384, "80 00 40 00"), (100_000, "80 01 86 a0"),
]
# fmt: on


@pytest.mark.parametrize(("length", "opening"), LENGTHS)
def test_lengths_take_as_few_bytes_as_will_do(length: int, opening: str) -> None:
    data = bytes.fromhex(opening) + b"x" * length
    assert vector(b"x" * length, "") == data
    assert Source(data).length("") == length


def test_the_longest_length_is_read() -> None:
    with pytest.raises(DecodeError, match="declares 494878333 bytes, 0 left"):
        Source(bytes.fromhex("9d 7f 3e 7d")).length("")


def test_what_no_length_can_say_is_not_written() -> None:
    class Vast(bytes):
        def __len__(self) -> int:
            return MAX_LENGTH + 1

    with pytest.raises(EventError, match="`reason`: takes 1073741824 bytes, 1073741823 is the most"):
        vector(Vast(), "reason")


@pytest.mark.parametrize("letter", ["x", "é", "€", "🔑"])
def test_the_longest_text_travels_and_a_longer_one_does_not(letter: str) -> None:
    longest = {"participation": "ban", "reason": letter * MAX_TEXT}
    assert decode("MUserContent", encode("MUserContent", longest)) == longest
    with pytest.raises(DecodeError) as caught:
        decode("MUserContent", b"\x04" + vector((letter * (MAX_TEXT + 1)).encode(), ""))
    assert (caught.value.offset, caught.value.field) == (1, "reason")


def test_an_empty_reason_is_none() -> None:
    assert encode("MUserContent", {"participation": "join", "reason": ""}) == encode(
        "MUserContent", {"participation": "join"}
    )


def test_the_lastmost_entry_for_an_event_type_wins() -> None:
    twice = bytes.fromhex("0b  05 09 01 61 01 01 62 01 01 61 00")
    value = {"permissions": {"events": {"a": False, "b": True}}}
    assert decode("MRoomRoleEventContent", twice) == value
    assert encode("MRoomRoleEventContent", value) == bytes.fromhex("08  05 06 01 61 00 01 62 01")


def test_an_unknown_struct_is_named() -> None:
    for attempt in (lambda: encode("MUser\n", {}), lambda: decode("MUser\n", b"")):
        with pytest.raises(DefinitionError, match=r"^unknown struct `MUser\\n`: choose from MUserContent, "):
            attempt()
    assert issubclass(DecodeError, PolicyError)


STRUCT_OF = {
    "m.user": "MUserContent",
    "m.room.role": "MRoomRoleEventContent",
    "m.room.role_map": "MRoomRoleMapEventContent",
    "m.room.join_rules": "MRoomJoinRulesEventContent",
    "m.room.history_visibility": "MRoomHistoryVisibilityEventContent",
}


def test_the_events_of_a_day_travel() -> None:
    lines = (Path(__file__).parents[3] / "examples" / "day.jsonl").read_text().splitlines()
    events = [event for event in map(json.loads, lines) if event["type"] in STRUCT_OF]
    contents = [(STRUCT_OF[event["type"]], event["content"]) for event in events]
    assert len({struct for struct, _ in contents}) == 5
    for struct, content in contents:
        assert decode(struct, encode(struct, content)) == content


def test_decoded_values_are_what_the_room_reads() -> None:
    readers = {"MRoomRoleEventContent": read_permissions, "MRoomRoleMapEventContent": read_role_map}
    read = set()
    for struct, _, data in GOLDEN:
        for name, reader in readers.items():
            if struct.startswith(name):
                reader(decode(struct, bytes.fromhex(data)))
                read.add(name)
    assert read == set(readers)


@pytest.mark.parametrize("struct", STRUCTS)
def test_every_word_has_a_case(struct: str) -> None:
    for form in _parts(STRUCTS[struct]):
        if isinstance(form, Variant):
            assert form.cases.keys() == form.key.numbers.keys()


def _parts(form: Form) -> Iterator[Form]:
    yield form
    match form:
        case Vector():
            yield from _parts(form.item)
        case Object():
            yield from _parts(form.entry)
        case Pair():
            yield from _parts(form.content)
        case Variant():
            for case in form.cases.values():
                yield from _parts(case)
        case Struct():
            for field in form.fields.values():
                yield from _parts(field)


def test_the_examples_of_the_docstring() -> None:
    assert doctest.testmod(codec).failed == 0
