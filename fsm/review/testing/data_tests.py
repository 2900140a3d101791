"""Tests of a policy as data: a TOML file, for those who write no Python.

    policy = "mimi"

    [[test]]
    name = "who may kick does not kick a superior"
    given = [
        { type = "m.room.create", sender = "@ann:a.example", state_key = "", content = {} },
    ]
    when = { type = "m.user", sender = "@bob:b.example", state_key = "@ann:a.example", content = { … } }
    then = "rejected"
    because = ["sender_is_joined", "sender_may_kick", "sender_outranks_for_kick"]

`given` is what came before: the events that the room has accepted, in order. Events that no
room accepts one after the other, but which can be the state that a room is in, as `fsm
decide` takes it, are taken as that; the result says so. `when` is the event that is asked
about, and nothing is changed by asking. TOML has no null: an event may be a text that holds
it as JSON. `fsm/review/testing/data_tests.schema.json` says all this to editors.

A file is read as a whole before anything is asked of it: one that cannot be read has no
results. A policy of a user's own is code, which data does not name; so `policy` is an id
of the catalogue, or one of those that whoever runs the tests has allowed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import Any

from fsm.decision import Decision
from fsm.errors import EventError, shorten
from fsm.event import describe
from fsm.family import AnyRoom
from fsm.policies import Rules, known_rules, new_room, policy_of, room_from_state, room_of
from fsm.review.coverage.seen import Coverage, Recorder
from fsm.review.errors import ReviewError
from fsm.review.testing import junit
from fsm.review.toml import read_toml
from fsm.strict_json import read_json
from fsm.unrecorded import unrecorded

_KEYS = {"policy", "test"}
_TEST_KEYS = {"name", "given", "when", "then", "transition", "after", "because"}
_VERDICTS = {"allowed": True, "rejected": False}


@dataclass(frozen=True, slots=True)
class DataTest:
    """One test: the events that came before, the event that is asked about, and what has to come of it.

    What is None is not compared. `because` are the guards that failed for one and the
    same transition, all of them and no others, or those that held for the one that
    allowed; when it is empty, there is no transition by this action from where the target is.
    """

    name: str
    given: tuple[dict[str, Any], ...]
    when: dict[str, Any]
    allowed: bool
    transition: str | None = None
    after: str | int | None = None
    because: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What came of a test: the decision, and what is not as it has to be, a line for each."""

    test: DataTest
    policy: str
    decision: Decision
    problems: tuple[str, ...]
    is_state: bool = False
    """Whether what is given was taken as the state of the room."""

    def __bool__(self) -> bool:
        # True when the test passes.
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        """The result for programs, with the answer of `fsm decide`."""
        answer = self.decision.as_json(self.policy)
        return {
            "name": self.test.name,
            "passed": bool(self),
            "problems": list(self.problems),
            "given": "state" if self.is_state else "log",
            "decision": answer,
        }


@dataclass(frozen=True, slots=True)
class Results:
    """What came of all tests of a file, and what they have seen of the policies that they asked."""

    results: tuple[Result, ...]
    coverage: tuple[Coverage, ...]
    seconds: float

    @property
    def failures(self) -> int:
        """How many tests fail."""
        return sum(not result for result in self.results)

    def as_json(self) -> dict[str, Any]:
        """The run for programs."""
        found: dict[str, Any] = {
            "tests": [result.as_json() for result in self.results],
            "summary": {"tests": len(self.results), "failures": self.failures},
        }
        if self.coverage:
            found["coverage"] = [{**each.as_json(), "percent": each.percent} for each in self.coverage]
        return found

    def to_junit(self, title: str) -> bytes:
        """The run as the XML that test servers read."""
        cases = [
            junit.Case(each.policy, each.test.name, "; ".join(each.problems), "\n".join(each.problems))
            for each in self.results
        ]
        return junit.to_junit(title, cases, self.seconds)


def read_tests(
    text: bytes, default: Rules | None = None, allowed: Mapping[str, Rules] | None = None
) -> tuple[Rules, tuple[DataTest, ...]]:
    """What a file of tests holds: what its rooms are run by, and its tests.

    `default` is for a file that names no policy. Raises `ReviewError` for what is no such
    file, and `DefinitionError` for a policy that there is not or that nobody has allowed.
    """
    try:
        found = read_toml(text)
    except ValueError as problem:
        raise ReviewError(str(problem)) from None
    _expect_keys(found, _KEYS, "")
    name = found.get("policy")
    if name is not None and type(name) is not str:
        raise ReviewError(f"`policy`: must be a string, not {describe(name)}")
    if name is None and default is None:
        raise ReviewError("`policy`: is missing")
    rules = default if name is None else known_rules(name, allowed or {})
    assert rules is not None
    tests = found.get("test")
    if type(tests) is not list or not tests:
        raise ReviewError("there is no `[[test]]`")
    return rules, tuple(_read_test(value, number) for number, value in enumerate(tests, start=1))


def run_tests(rules: Rules, tests: Sequence[DataTest], *, coverage: bool = False) -> Results:
    """Ask a room of each test, made anew, and compare. Raises `ReviewError` for an event that cannot be asked.

    With `coverage`, the results tell what the tests have seen of the policies.
    """
    started, recorder = monotonic(), Recorder()
    results = tuple(_run(rules, test, recorder) for test in tests)
    whole = policy_of(rules)
    policies = dict.fromkeys((*([whole] if whole else []), *recorder.policies)) if coverage else {}
    return Results(results, tuple(map(recorder.coverage, policies)), monotonic() - started)


def _run(rules: Rules, test: DataTest, recorder: Recorder) -> Result:
    room, is_state = _room(rules, test)
    try:
        with recorder:
            decision = room.decide(test.when)
    except EventError as problem:
        raise ReviewError(f"test `{shorten(test.name)}`: {problem.within('when')}") from None
    return Result(test, room.policy.id, decision, tuple(_problems(test, decision)), is_state)


@unrecorded()
def _room(rules: Rules, test: DataTest) -> tuple[AnyRoom, bool]:
    """The room that a test asks, and whether what is given is its state. To come to it is no question of the test's."""
    try:
        return _played(rules, test), False
    except EventError as problem:
        try:
            return room_from_state(rules, list(test.given)), True
        except EventError:
            raise ReviewError(f"test `{shorten(test.name)}`: {problem}") from None


def _played(rules: Rules, test: DataTest) -> AnyRoom:
    """The room after a log. Raises `EventError`, also where an event is rejected."""
    room = new_room(rules, room_of(rules, (*test.given, test.when)[0]))
    for index, event in enumerate(test.given):
        try:
            decision = room.send(event)
        except EventError as problem:
            raise problem.within(f"given[{index}]") from None
        if not decision:
            raise EventError(f"given[{index}]", f"is rejected: {decision.reason}")
    return room


def _problems(test: DataTest, decision: Decision) -> Iterator[str]:
    if not decision.judged:
        yield decision.reason
        return
    if decision.allowed is not test.allowed:
        yield f"allowed{_named(decision.transition)}" if decision else f"rejected: {decision.reason}"
        return
    if test.transition is not None and decision.transition != test.transition:
        yield f"allowed{_named(decision.transition)}, not as `{shorten(test.transition)}`"
    after = None if decision.after is None else decision.after.value
    if test.after is not None and after != test.after:
        stands = "the event moves nobody" if after is None else f"the target is in `{after}` afterwards"
        yield f"{stands}, not in `{shorten(str(test.after))}`"
    if test.because is not None:
        yield from _reasons(test.because, decision)


def _reasons(wanted: frozenset[str], decision: Decision) -> Iterator[str]:
    """What is not as it has to be about the guards that decided."""
    named = ", ".join(sorted(map(shorten, wanted))) or "want of any transition"
    if decision:
        if wanted != {*decision.guards}:
            yield f"allowed because {', '.join(decision.guards) or 'of no guard'}, not because {named}"
    elif not wanted:
        if decision.refusals:
            yield f"there are transitions: {_refusals(decision)}"
    elif all(wanted != {*each.failed} for each in decision.refusals):
        yield f"no transition is rejected for {named} alone: {_refusals(decision) or 'there is none'}"


def _refusals(decision: Decision) -> str:
    return "; ".join(f"{each.transition} for {', '.join(each.failed)}" for each in decision.refusals)


def _named(transition: str | None) -> str:
    return "" if transition is None else f" as `{transition}`"


def _read_test(value: object, number: int) -> DataTest:
    place = f"test {number}"
    if type(value) is not dict:
        raise ReviewError(f"{place}: must be a table, not {describe(value)}")
    name = value.get("name")
    if type(name) is not str or not name.strip():
        raise ReviewError(f"{place}: `name`: must be a text that is not empty")
    place = f"test `{shorten(name)}`"
    _expect_keys(value, _TEST_KEYS, f"{place}: ")
    given = value.get("given", [])
    if type(given) is not list:
        raise ReviewError(f"{place}: `given`: must be an array of events, not {describe(given)}")
    events = tuple(_event(each, f"{place}: `given[{index}]`") for index, each in enumerate(given))
    if "when" not in value:
        raise ReviewError(f"{place}: `when`: is missing")
    when = _event(value["when"], f"{place}: `when`")
    then = value.get("then")
    if type(then) is not str or then not in _VERDICTS:
        raise ReviewError(f'{place}: `then`: must be "allowed" or "rejected"')
    transition = _text(value, "transition", place)
    if transition is not None and not _VERDICTS[then]:
        raise ReviewError(f"{place}: `transition`: what is rejected has none")
    after = value.get("after")
    if after is not None and type(after) not in (str, int):
        raise ReviewError(f"{place}: `after`: must be a state, not {describe(after)}")
    return DataTest(name, events, when, _VERDICTS[then], transition, after, _guards(value, place))


def _guards(value: dict[str, Any], place: str) -> frozenset[str] | None:
    because = value.get("because")
    if because is None:
        return None
    if type(because) is not list or not all(type(each) is str for each in because):
        raise ReviewError(f"{place}: `because`: must be an array of names of guards")
    return frozenset(because)


def _text(value: dict[str, Any], key: str, place: str) -> str | None:
    text = value.get(key)
    if text is not None and type(text) is not str:
        raise ReviewError(f"{place}: `{key}`: must be a string, not {describe(text)}")
    return text


def _event(value: object, place: str) -> dict[str, Any]:
    """An event, given as a table or as JSON in a text: in either case what JSON can hold, within its limits."""
    try:
        text = value if type(value) is str else json.dumps(value, allow_nan=False)
        event = read_json(text.encode())
    except TypeError:
        raise ReviewError(f"{place}: holds a date or a time, which JSON does not have") from None
    except RecursionError:
        raise ReviewError(f"{place}: nested too deep") from None
    except ValueError as problem:
        raise ReviewError(f"{place}: {problem}") from None
    if type(event) is not dict:
        raise ReviewError(f"{place}: an event must be a table, not {describe(event)}")
    return event


def _expect_keys(value: dict[str, Any], known: set[str], place: str) -> None:
    unknown = next((key for key in value if key not in known), None)
    if unknown is not None:
        raise ReviewError(f"{place}there is no key `{shorten(unknown)}`: choose from {', '.join(sorted(known))}")
