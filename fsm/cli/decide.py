"""`fsm decide`: one question a line, one answer a line."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from fsm.answers import AnswerTexts
from fsm.cli.options import allow_option, policy_option
from fsm.cli.terminal import Output, complain, opened
from fsm.errors import DefinitionError, EventError, MissingEventError, PolicyError, ReplayError
from fsm.event import describe, mapping, sequence
from fsm.json_lines import Lines
from fsm.policies import Rules, known_rules, load_rules, room_from_state
from fsm.strict_json import RepeatingReader

if TYPE_CHECKING:
    from fsm.family import AnyRoom


@click.command()
@policy_option
@allow_option
def decide(*, policy: str, allow: tuple[str, ...]) -> int:
    """Answer JSON lines, one question a line.

    A question is `{"policy"?, "state": [events], "event": {…}, "events"?: [events]}`.
    `state` is the set of current state events in any order, each taken as it stands;
    `events` are others that the event cites, where a protocol has that. `policy` is the id
    of a policy, or one that `--policy` or `--allow` names. A line that cannot be read is
    answered by `{"error": …}`.
    """
    # They are loaded here and now: one that does not exist is no fault of any line.
    answers = Answers(policy, {name: load_rules(name) for name in (policy, *allow)})
    problem, more = "", 0
    with opened("-") as source, Output() as output:
        for number, text in Lines(output.before(source)):
            try:
                answer = answers.answer(answers.read(number, text))
            except (EventError, ReplayError, DefinitionError) as fault:
                answer = json.dumps({"error": _in_json(fault)})
                more += bool(problem)
                problem = problem or str(fault if isinstance(fault, ReplayError) else ReplayError(number, str(fault)))
            output.add(answer)
    if problem:
        complain(f"{problem} (and {more} more)" if more else problem)
    return 2 if problem else 0


class Answers:
    """Answers questions, as it reads them. Rooms of states that came before are kept: to decide changes none."""

    def __init__(self, default: str, allowed: Mapping[str, Rules]) -> None:
        """Take the policy for questions that name none, and all that they may name beside the catalogue."""
        self._reader = RepeatingReader("state")
        self._default = default
        self._allowed = allowed
        self._texts = AnswerTexts()
        self._rooms: dict[tuple[str, int], tuple[list[Any], AnyRoom]] = {}

    def read(self, line: int, text: bytes) -> Any:
        """Read the question on a line. Raises `ReplayError`."""
        try:
            return self._reader.read(text)
        except ValueError as problem:
            raise ReplayError(line, str(problem)) from None

    def answer(self, question: object) -> str:
        """The answer in JSON. Raises `EventError`, and `DefinitionError` for a policy that may not be named."""
        if type(question) is not dict:
            raise EventError("", f"a question must be an object, not {describe(question)}")
        policy_id = question.get("policy", self._default)
        if type(policy_id) is not str:
            raise EventError("policy", f"must be a string, not {describe(policy_id)}")
        if "event" not in question:
            raise EventError("event", "is missing")
        state = question.get("state", _NO_STATE)
        # As long as a list is kept here, no other can have its number.
        kept = self._rooms.get((policy_id, id(state)))
        room = self._new_room(policy_id, sequence(state, "state")) if kept is None else kept[1]
        others = sequence(question.get("events", _NO_STATE), "events")
        event = mapping(question["event"], "event")
        decision = room.decide_citing(event, others)
        return self._texts.begin(decision, room.policy_for(event).id) + "}"

    def _new_room(self, policy_id: str, state: list[Any]) -> "AnyRoom":
        """A room in this state. Raises like `answer`."""
        room = room_from_state(known_rules(policy_id, self._allowed), state)
        if self._reader.remembers(state):  # which are few, and of bearable length
            self._rooms[policy_id, id(state)] = state, room
        if len(self._rooms) > _MOST_ROOMS:
            del self._rooms[next(iter(self._rooms))]
        return room


def _in_json(fault: PolicyError) -> dict[str, Any]:
    """An error as an answer."""
    if isinstance(fault, MissingEventError):
        return {"code": "missing_event", "event_id": fault.event_id, "message": str(fault)}
    return {"code": "bad_policy" if isinstance(fault, DefinitionError) else "bad_event", "message": str(fault)}


_NO_STATE: list[Any] = []
_MOST_ROOMS = 16
"""So many rooms are kept."""
