"""`fsm decide`: one question a line, one answer a line."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fsm.cli.arguments import Option
from fsm.cli.terminal import PolicyOption, complain, opened
from fsm.errors import DefinitionError, EventError, ReplayError
from fsm.event import describe, mapping, sequence
from fsm.json_lines import read_lines
from fsm.policies import Rules, known_rules, load_rules, room_from_state


def decide(
    *,
    policy: PolicyOption = "mimi",
    allow: Annotated[
        list[str] | None,
        Option("--allow", metavar="POLICY", help="A policy of your own that lines may name; may be repeated."),
    ] = None,
) -> int:
    """Answer JSON lines `{"policy"?, "state": [events], "event": {…}}`, one for one.

    `state` is the set of current state events in any order, each taken as it
    stands. `policy` is the id of a policy, or one that `--policy` or `--allow`
    names. A line that cannot be read is answered by `{"error": …}`.
    """
    # They are loaded here and now: one that does not exist is no fault of any line.
    allowed = {name: load_rules(name) for name in (policy, *(allow or ()))}
    problem, more = "", 0
    with opened("-") as source:
        for line in read_lines(source):
            try:
                if line.error:
                    raise line.error
                answer = _answer(line.value, policy, allowed)
            except (EventError, ReplayError, DefinitionError) as fault:
                code = "bad_policy" if isinstance(fault, DefinitionError) else "bad_event"
                answer = {"error": {"code": code, "message": str(fault)}}
                more += bool(problem)
                problem = problem or str(fault if line.error else ReplayError(line.number, str(fault)))
            print(json.dumps(answer), flush=True)  # whoever asks may wait for each answer
    if problem:
        complain(f"{problem} (and {more} more)" if more else problem)
    return 2 if problem else 0


def _answer(question: object, default: str, allowed: Mapping[str, Rules]) -> dict[str, Any]:
    if type(question) is not dict:
        raise EventError("", f"a question must be an object, not {describe(question)}")
    policy_id = question.get("policy", default)
    if type(policy_id) is not str:
        raise EventError("policy", f"must be a string, not {describe(policy_id)}")
    if "event" not in question:
        raise EventError("event", "is missing")
    room = room_from_state(known_rules(policy_id, allowed), sequence(question.get("state", []), "state"))
    try:
        return room.decide(mapping(question["event"], "")).as_json(room.policy.id)
    except EventError as problem:
        raise problem.within("event") from None
