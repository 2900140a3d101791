"""Policies that differ in nothing but names: what has been found of one is told of the other.

Theory of operation. The versions of a protocol may differ in nothing that its policies say: these are equal then, but
for names. Where their laws are the same, too, and their scenarios but for the events by which rooms begin, after which
rooms of both know the same, then a search in rooms of one would find in rooms of the other what it has found.
Whatever log is told of the other has still been played in its own rooms, with the same answer at its end.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from typing import Any

from fsm.decision import Decision
from fsm.family import AnyPolicy
from fsm.policies import laws_of, new_room, scenario_of
from fsm.review.laws.finding import Finding, Review
from fsm.scenario import Log, Scenario
from fsm.table import NAMES
from fsm.unrecorded import unrecorded

_NOT_SEARCHED = ("counted", "events", "never_alone")
"""The parts of a scenario that are of no account to laws."""


def are_alike(one: AnyPolicy, other: AnyPolicy) -> bool:
    """Whether two policies differ in nothing but names: in no field that a comparison looks at."""
    return type(one) is type(other) and all(
        getattr(one, item.name) == getattr(other, item.name)
        for item in fields(one)
        if item.compare and item.name not in ("id", *NAMES)
    )


@unrecorded()
def told_of(policy: AnyPolicy, reviewed: AnyPolicy, review: Review) -> Review | None:
    """What a review of one policy says of another that differs in names only; None where it does not follow."""
    begins = _begins(reviewed, policy) if are_alike(reviewed, policy) else None
    if begins is None:
        return None
    findings = [_told(policy, reviewed, finding, begins) for finding in review.findings]
    if None in findings:
        return None
    return replace(
        review,
        policy=policy.id,
        title=policy.title,
        source=policy.source,
        findings=tuple(each for each in findings if each),
    )


def _told(policy: AnyPolicy, reviewed: AnyPolicy, finding: Finding, begins: list[tuple[Log, Log]]) -> Finding | None:
    """A finding of another policy, shown by logs of its own; None where these do not show it."""
    logs: dict[str, Log | None] = {"witness": finding.witness, "contrast_witness": finding.contrast_witness}
    for name, log in logs.items():
        if log is None:
            continue
        own = next(((*of_other, *log[1:]) for of_one, of_other in begins if of_one == log[:1]), None)
        if own is None or _last(reviewed, log) != _last(policy, own):
            return None
        logs[name] = own
    return replace(finding, policy=policy.id, **logs)  # type: ignore[arg-type]  # they are logs


def _last(policy: AnyPolicy, log: Log) -> Decision | None:
    """The answer to the last event of a log; None where one before it is refused."""
    room = new_room(policy)
    if not all(room.send(event) for event in log[:-1]):
        return None
    return room.decide(log[-1])


def _begins(one: AnyPolicy, other: AnyPolicy) -> list[tuple[Log, Log]] | None:
    """The events by which rooms begin, of one policy and of the other; None where anything else differs."""
    its, others = scenario_of(one), scenario_of(other)
    if its is None or others is None or laws_of(one) != laws_of(other) or _searched(its) != _searched(others):
        return None
    if not hasattr(new_room(one), "snapshot"):
        return None
    begins: list[tuple[Log, Log]] = []
    for log, own in zip(_logs(its), _logs(others), strict=True):
        if (log[:1], own[:1]) not in begins:
            begins.append((log[:1], own[:1]))
    return begins if all(_known(one, log) == _known(other, own) for log, own in begins) else None


def _searched(scenario: Scenario) -> Mapping[str, Any]:
    """What is searched, but for the events by which rooms begin."""
    told = {item.name: getattr(scenario, item.name) for item in fields(scenario) if item.name not in _NOT_SEARCHED}
    return told | {
        "openings": [(name, each.log[1:], each.searched) for name, each in scenario.openings.items()],
        "corner_cases": [log[1:] for log in scenario.corner_cases],
        "compared": [log[1:] for log in scenario.compared],
        "trials": [(trial.log[1:], trial.deeds, trial.attempts) for trial in scenario.trials],
    }


def _logs(scenario: Scenario) -> Iterator[Log]:
    """The logs that begin with a room."""
    yield from (opening.log for opening in scenario.openings.values())
    yield from scenario.corner_cases
    yield from scenario.compared
    yield from (trial.log for trial in scenario.trials)


def _known(policy: AnyPolicy, log: Log) -> object:
    """What a room answers to some events, and knows then: without its policy's id, and the words of the events."""
    room: Any = new_room(policy)
    answers = [room.send(event) for event in log]
    snapshot = room.snapshot()
    del snapshot["digest"]
    for entry in (snapshot["history"] or {"events": ()})["events"]:
        entry["read"] = None
    return answers, json.dumps(snapshot, sort_keys=True).replace(json.dumps(policy.id), "")
