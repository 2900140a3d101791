"""`fsm decide`: one question a line, one answer a line."""

import json
import sys
from typing import Any

from fsm.cli.terminal import PolicyOption, complain
from fsm.errors import DefinitionError, EventError, ReplayError
from fsm.event import describe, mapping, sequence
from fsm.log import read_lines
from fsm.policies import load_rules, room_from_state


def decide(*, policy: PolicyOption = "mimi") -> int:
    """Answer JSON lines `{"policy"?, "state": [events], "event": {…}}`, one for one.

    `state` is the set of current state events in any order, each taken as it
    stands. A line that cannot be read is answered by `{"error": …}`.
    """
    load_rules(policy)  # a policy that does not exist is no fault of any line
    problems: list[str] = []
    for line in read_lines(sys.stdin.buffer):
        try:
            if line.error:
                raise line.error
            answer = _answer(line.value, policy)
        except (EventError, ReplayError, DefinitionError) as problem:
            code = "bad_policy" if isinstance(problem, DefinitionError) else "bad_event"
            answer = {"error": {"code": code, "message": str(problem)}}
            problems.append(str(problem if line.error else ReplayError(line.number, str(problem))))
        print(json.dumps(answer), flush=True)  # whoever asks may wait for each answer
    if problems:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        complain(f"{problems[0]}{more}")
    return 2 if problems else 0


def _answer(question: object, default: str) -> dict[str, Any]:
    if type(question) is not dict:
        raise EventError("", f"a question must be an object, not {describe(question)}")
    policy_id = question.get("policy", default)
    if type(policy_id) is not str:
        raise EventError("policy", f"must be a string, not {describe(policy_id)}")
    if "event" not in question:
        raise EventError("event", "is missing")
    room = room_from_state(load_rules(policy_id), sequence(question.get("state", []), "state"))
    try:
        return room.decide(mapping(question["event"], "")).as_json(room.policy.id)
    except EventError as problem:
        raise problem.within("event") from None
