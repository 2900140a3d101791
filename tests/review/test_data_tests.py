"""`fsm.review.testing.data_tests`: tests as data, of every policy, and what is no such file."""

import json
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from jsonschema import Draft202012Validator

from fsm.errors import PolicyError
from fsm.policies import CATALOGUE, load_rules
from fsm.review.testing.data_tests import DataTest, Results, read_tests, run_tests
from fsm.review.toml import MAX_TOML
from fsm.room_policy.policies import EXAMPLES

ROOT = Path(__file__).parent.parent.parent
SCHEMA = json.loads((ROOT / "fsm" / "review" / "testing" / "data_tests.schema.json").read_text(encoding="utf-8"))
ANN, BOB = "@ann:a.example", "@bob:b.example"
CREATE = {"type": "m.room.create", "sender": ANN, "state_key": "", "content": {}}


def change(sender: str, target: str, action: str) -> dict[str, Any]:
    return {"type": "m.user", "sender": sender, "state_key": target, "content": {"participation": action}}


INVITE, JOIN, KICK = change(ANN, BOB, "invite"), change(BOB, BOB, "join"), change(BOB, ANN, "leave")


def toml(value: Any) -> str:
    """A value as TOML; what TOML does not have goes as JSON in a text."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{json.dumps(key)} = {toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    return json.dumps(value)


def event(value: dict[str, Any]) -> str:
    return toml(json.dumps(value) if "null" in json.dumps(value) else value)


def file(*tests: str, policy: str = "mimi") -> str:
    return "\n".join([f'policy = "{policy}"', *(f"[[test]]\n{each}" for each in tests)])


def a_test(when: dict[str, Any], *given: dict[str, Any], name: str = "a", **more: Any) -> str:
    lines = [f'name = "{name}"', f"given = [{', '.join(map(event, given))}]", f"when = {event(when)}"]
    return "\n".join([*lines, *(f"{key} = {toml(value)}" for key, value in more.items())])


def problems(text: str) -> list[tuple[str, ...]]:
    return [each.problems for each in run_tests(*read_tests(text.encode())).results]


# What is asked in a room that Ann has created and, where told, has invited Bob to; and what is said of it.
# fmt: off
CASES: list[tuple[str, dict[str, Any], tuple[dict[str, Any], ...], dict[str, Any], tuple[str, ...]]] = [
    ("allowed",                JOIN,   (INVITE,), {"then": "allowed"}, ()),
    ("as it is",               JOIN,   (INVITE,), {"then": "allowed", "transition": "accept", "after": "join", "because": ["sender_is_target"]}, ()),
    ("rejected",               JOIN,   (),        {"then": "rejected", "after": "leave", "because": ["room_is_public"]}, ()),
    ("not allowed",            JOIN,   (),        {"then": "allowed", "transition": "join"}, ("rejected: join: the room is not public",)),
    ("not rejected",           JOIN,   (INVITE,), {"then": "rejected", "because": []}, ("allowed as `accept`",)),
    ("another transition",     JOIN,   (INVITE,), {"then": "allowed", "transition": "join"}, ("allowed as `accept`, not as `join`",)),
    ("elsewhere",              JOIN,   (INVITE,), {"then": "allowed", "after": "leave"}, ("the target is in `join` afterwards, not in `leave`",)),
    ("other guards",           JOIN,   (),        {"then": "rejected", "because": ["sender_is_target"]}, ("no transition is rejected for sender_is_target alone: join for room_is_public",)),
    ("not all guards",         KICK,   (INVITE, JOIN), {"then": "rejected", "because": ["sender_may_kick"]},
     ("no transition is rejected for sender_may_kick alone: leave for sender_is_target; kick for sender_may_kick, sender_outranks_for_kick",)),
    ("all guards",             KICK,   (INVITE, JOIN), {"then": "rejected", "because": ["sender_outranks_for_kick", "sender_may_kick"]}, ()),
    ("any transition",         KICK,   (INVITE, JOIN), {"then": "rejected", "because": ["sender_is_target"]}, ()),
    ("transitions",            JOIN,   (),        {"then": "rejected", "because": []}, ("there are transitions: join for room_is_public",)),
    ("no transition",          JOIN,   (change(ANN, BOB, "ban"),), {"then": "rejected", "because": []}, ()),
    ("want of a transition",   JOIN,   (change(ANN, BOB, "ban"),), {"then": "rejected", "because": ["room_is_public"]}, ("no transition is rejected for room_is_public alone: there is none",)),
    ("guards that held",       JOIN,   (INVITE,), {"then": "allowed", "because": ["sender_is_joined"]}, ("allowed because sender_is_target, not because sender_is_joined",)),
    ("moves nobody",           {"type": "m.message", "sender": ANN, "content": {}}, (), {"then": "allowed", "after": "join"}, ("the event moves nobody, not in `join`",)),
    ("two things",             JOIN,   (INVITE,), {"then": "allowed", "transition": "join", "after": "ban"},
     ("allowed as `accept`, not as `join`", "the target is in `join` afterwards, not in `ban`")),
]
# fmt: on


@pytest.mark.parametrize(("name", "when", "given", "wanted", "said"), CASES, ids=[case[0] for case in CASES])
def test_what_is_said_of_a_test(
    name: str, when: dict[str, Any], given: tuple[dict[str, Any], ...], wanted: dict[str, Any], said: tuple[str, ...]
) -> None:
    text = file(a_test(when, CREATE, *given, name=name, **wanted))
    assert problems(text) == [said]
    results = run_tests(*read_tests(text.encode()))
    assert results.failures == bool(said)
    assert results.as_json()["tests"][0]["passed"] is not bool(said)


GOOD = f'when = {event(JOIN)}\nthen = "allowed"'
DEEP = "[" * 100_000 + "]" * 100_000
# What is wrong with a file, whether the schema sees it, and the one line that is said.
# fmt: off
FAULTS: list[tuple[str, bool, str]] = [
    ("",                                                  True,  "`policy`: is missing"),
    ('policy = "mimi"',                                   True,  "there is no `[[test]]`"),
    ('policy = "mimi"\ntest = []',                        True,  "there is no `[[test]]`"),
    ('policy = "mimi"\ntest = 1',                         True,  "there is no `[[test]]`"),
    ('policy = "mimi"\ntest = [1]',                       True,  "test 1: must be a table, not a number"),
    ("policy = 1\n[[test]]",                              True,  "`policy`: must be a string, not a number"),
    ("tests = 1",                                         True,  "there is no key `tests`: choose from policy, test"),
    (file(policy="mimi-9"),                               True,  "unknown policy `mimi-9`"),
    (file(policy="os:path"),                              True,  "unknown policy `os:path`"),
    (file(policy="tests/evil.py:P"),                      True,  "unknown policy `tests/evil.py:P`"),
    (file(GOOD),                                          True,  "test 1: `name`: must be a text that is not empty"),
    (file(f'name = " "\n{GOOD}'),                         True,  "test 1: `name`: must be a text that is not empty"),
    (file(f"name = 1\n{GOOD}"),                           True,  "test 1: `name`: must be a text that is not empty"),
    (file('name = "a"'),                                  True,  "test `a`: `when`: is missing"),
    (file(f'name = "a"\nwhen = {event(JOIN)}'),           True,  'test `a`: `then`: must be "allowed" or "rejected"'),
    (file(f'name = "a"\nwhen = {event(JOIN)}\nthen = "no"'), True, 'test `a`: `then`: must be "allowed" or "rejected"'),
    (file(f'name = "a"\nwhen = {event(JOIN)}\nthen = []'), True, 'test `a`: `then`: must be "allowed" or "rejected"'),
    (file(f'name = "a"\nwhy = 1\n{GOOD}'),                True,  "test `a`: there is no key `why`: choose from after, because, given, name, then, transition, when"),
    (file(f'name = "a"\ngiven = 1\n{GOOD}'),              True,  "test `a`: `given`: must be an array of events, not a number"),
    (file(f'name = "a"\ngiven = [1]\n{GOOD}'),            True,  "test `a`: `given[0]`: an event must be a table, not a number"),
    (file(f'name = "a"\ngiven = ["[]"]\n{GOOD}'),         False, "test `a`: `given[0]`: an event must be a table, not an array"),
    (file(f'name = "a"\ngiven = ["{{"]\n{GOOD}'),         False, "test `a`: `given[0]`: not JSON: expecting property name enclosed in double quotes at character 2"),
    (file('name = "a"\nwhen = { at = 1979-05-27 }\nthen = "allowed"'), False, "test `a`: `when`: holds a date or a time, which JSON does not have"),
    (file('name = "a"\nwhen = { at = nan }\nthen = "allowed"'), False, "test `a`: `when`: out of range float values are not json compliant"),
    (file('name = "a"\nwhen = { at = 0x' + "f" * 9_000 + ' }\nthen = "allowed"'), False, "test `a`: `when`: exceeds the limit"),
    (file(f'name = "a"\ntransition = 1\n{GOOD}'),         True,  "test `a`: `transition`: must be a string, not a number"),
    (file(f'name = "a"\ntransition = "x"\nwhen = {event(JOIN)}\nthen = "rejected"'), True, "test `a`: `transition`: what is rejected has none"),
    (file(f'name = "a"\nafter = true\n{GOOD}'),           True,  "test `a`: `after`: must be a state, not true or false"),
    (file(f'name = "a"\nafter = []\n{GOOD}'),             True,  "test `a`: `after`: must be a state, not an array"),
    (file(f'name = "a"\nbecause = "x"\n{GOOD}'),          True,  "test `a`: `because`: must be an array of names of guards"),
    (file(f'name = "a"\nbecause = [1]\n{GOOD}'),          True,  "test `a`: `because`: must be an array of names of guards"),
    (file(a_test({"type": "m.user"}, then="allowed")),   False, "test `a`: `when.sender`: is missing"),
    (file(a_test(JOIN, {}, then="allowed")),             False, "test `a`: `given[0].type`: is missing"),
    (file(a_test(JOIN, CREATE, KICK, JOIN, JOIN, then="allowed")), False, "test `a`: `given[1]`: is rejected: kick: the sender is not joined"),
    (file(a_test(JOIN, CREATE, JOIN, {"type": "m.message", "sender": ANN, "content": {}}, then="allowed")), False, "test `a`: `given[1]`: is rejected: join: the room is not public"),
    ('policy = "mimi',                                    True,  "not TOML: "),
    (f"a = {DEEP}",                                       True,  "not readable: nested too deep"),
    (file('name = "a"\nthen = "allowed"\nwhen = ' + "{ a = " * 90 + "[" * 60 + "]" * 60 + " }" * 90), False, "test `a`: `when`: not readable: nested more than 128 levels deep"),
]
# fmt: on


@pytest.mark.parametrize(("text", "seen", "said"), FAULTS, ids=range(len(FAULTS)))
def test_what_is_no_file_of_tests(text: str, seen: bool, said: str) -> None:
    with pytest.raises(PolicyError) as error:
        run_tests(*read_tests(text.encode()))
    assert str(error.value).lower().startswith(said.lower())
    assert len(str(error.value).splitlines()) == 1
    if "not TOML" not in said and "nested too" not in said:
        found = tomllib.loads(text)
        assert Draft202012Validator(SCHEMA).is_valid(found) is not seen


@pytest.mark.parametrize(
    "text", [b"\xff", b"a" * (MAX_TOML + 1), b"a." * 10**5 + b"a = 1"], ids=["bytes", "long", "dots"]
)
def test_bytes_that_are_no_text(text: bytes) -> None:
    with pytest.raises(PolicyError, match=r"not UTF-8|longer than|dots in a row"):
        read_tests(text)


def test_the_schema_is_one_and_takes_what_is_read() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    fields = {*SCHEMA["$defs"]["test"]["properties"]}
    assert fields == {"given" if each == "given" else each for each in DataTest.__slots__} - {"allowed"} | {"then"}
    for _, when, given, wanted, _ in CASES:
        found = tomllib.loads(file(a_test(when, *given, **wanted)))
        Draft202012Validator(SCHEMA).validate(found)


def test_what_is_no_log_may_be_a_state() -> None:
    """An event that no room would accept after those before it: the room is in this state, and that is said."""
    log, state = (a_test(KICK, CREATE, *given, JOIN, then="rejected") for given in ((INVITE,), ()))
    results = run_tests(*read_tests(file(log, state).encode())).results
    assert [result.is_state for result in results] == [False, True]
    assert all(results)
    assert [result.as_json()["given"] for result in results] == ["log", "state"]


def results_of(name: str, tests: list[str], policy: str | None = None) -> Results:
    text = file(*tests, policy=name).encode()
    return run_tests(*read_tests(text, allowed={} if policy is None else {name: load_rules(policy)}))


STATED = [("matrix-10", "matrix"), *((name, name) for name in CATALOGUE if not name.startswith("room-policy"))]


@pytest.mark.parametrize(("policy", "name"), STATED, ids=[name for _, name in STATED])
def test_vectors_are_tests(policy: str, name: str) -> None:
    """What the vectors of a policy expect holds as tests; and each that says something else fails."""
    vectors = [
        json.loads(line) for line in (ROOT / "vectors" / f"{policy}.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    right, wrong = [], []
    for vector in vectors[::25]:
        due = vector["expected"]
        more: dict[str, Any] = {"then": "allowed" if due["allowed"] else "rejected", "after": due["after"]}
        if due["allowed"]:
            more["transition"] = due["transition"]
        else:
            more["because"] = due["refusals"][0]["failed"] if due["refusals"] else []
        right.append(a_test(vector["event"], *vector["state"], **more))
        wrong += [
            a_test(vector["event"], *vector["state"], **{**more, key: value})
            for key, value in {"after": "nowhere", "because": ["sender_is_blue"]}.items()
        ]
    found = results_of(name, right)
    assert [result.problems for result in found.results] == [()] * len(right)
    assert results_of(name, wrong).failures == len(wrong)


AFFILIATIONS = "examples/muc/policies.py:AFFILIATIONS"


def test_a_family_of_ones_own_is_tested_where_it_is_allowed() -> None:
    log = [
        json.loads(line)
        for line in (ROOT / "examples" / "muc" / "house.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    romeo = a_test(log[1], log[0], then="allowed", after="admin")
    nurse = a_test(log[2], log[0], log[1], then="rejected")
    with pytest.raises(PolicyError, match="unknown policy"):
        results_of(AFFILIATIONS, [romeo])
    found = results_of(AFFILIATIONS, [romeo, nurse], f"{ROOT}/{AFFILIATIONS}")
    assert [result.problems for result in found.results] == [(), ()]


def test_rooms_with_roles_of_their_own(tmp_path: Path) -> None:
    """States are numbers, roles hold null, and a state comes as its components or in the creation."""
    roles = EXAMPLES["strict"]["roles_list"]
    listed = {"participants": [{"user": "ann", "role_index": 4}, {"user": "bob", "role_index": 2}]}
    content = {"roles_list": roles, "participant_list": listed}
    created = {"type": "create", "sender": "hub", "state_key": "", "content": content}
    parts = [{**created, "type": kind, "content": part} for kind, part in content.items()]
    leaving = {"type": "participant", "sender": "bob", "state_key": "bob", "content": {"action": "remove"}}
    tests = [a_test(leaving, *given, then="allowed", transition="leave", after=0) for given in ([created], parts)]
    file = tmp_path / "roles.json"
    file.write_text(json.dumps(roles), encoding="utf-8")
    for name, policy in (("room-policy", None), ("room-policy-strict", None), ("roles.json", str(file))):
        found = results_of(name, tests, policy)
        assert [(result.is_state, result.problems) for result in found.results] == [(False, ()), (True, ())]


def test_what_is_not_judged_is_no_success() -> None:
    topic = {"type": "m.room.topic", "sender": ANN, "state_key": "", "content": {}}
    created = {"type": "m.room.create", "sender": ANN, "state_key": "", "content": {"room_version": "11"}}
    (result,) = results_of("matrix-11", [a_test(topic, created, then="allowed")]).results
    assert result.decision.judged or result.problems == (result.decision.reason,)


def test_coverage_counts_what_is_asked_and_not_what_is_given() -> None:
    rules, tests = read_tests(file(a_test(JOIN, CREATE, INVITE, then="allowed")).encode())
    assert run_tests(rules, tests).coverage == ()
    (seen,) = run_tests(rules, tests, coverage=True).coverage
    assert [row for row, each in seen.rows.items() if any(each.fired.values())] == ["accept"]


def test_junit() -> None:
    text = file(a_test(JOIN, CREATE, name="a\\u0007", then="allowed"), a_test(JOIN, CREATE, INVITE, then="allowed"))
    root = ET.fromstring(run_tests(*read_tests(text.encode())).to_junit("house"))  # noqa: S314 - our own
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == ("2", "1", "0")
    (failure,) = root.iter("failure")
    assert failure.get("message") == "rejected: join: the room is not public"
    assert [each.get("name") for each in root.iter("testcase")] == ["a\N{REPLACEMENT CHARACTER}", "a"]
