"""`fsm visible`: which events of a log a user may be shown."""

import json
from typing import Annotated

from fsm.cli.arguments import Argument, Option
from fsm.cli.terminal import JsonOption, OrderOption, PolicyOption, complain, opened, safe
from fsm.log import Outcome, Replay
from fsm.log_reader import read_events
from fsm.policies import load_policy


def visible(
    log: Annotated[str, Argument(help="JSON lines or a JSON array of events; `-` for standard input.")],
    *,
    user: Annotated[str, Option(help="Whose view to take, at the end of the log.")],
    policy: PolicyOption = "mimi",
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> int:
    """Say of every event that was allowed whether the user may be shown it, and if not, why."""
    loaded = load_policy(policy)
    run = Replay(loaded, keeps_all=True)
    with opened(log) as source:
        outcomes = [
            (outcome, _place(run, outcome))
            for outcome in run.run(read_events(source, loaded, order=order, tell=complain))
        ]
    for outcome, place in outcomes:
        if outcome.error:
            complain(str(outcome.error))
        elif outcome.decision and not outcome.is_repeated:
            _show(run, outcome, place, user, as_json=as_json)
        if outcome.notice:
            complain(f"{outcome.where}: {outcome.notice}")
    return 2 if run.errors or run.is_incomplete else 0


def _place(run: Replay, outcome: Outcome) -> str | int:
    """By what the room knows the event that it has just judged: its id or, where it has none, its position."""
    if outcome.event is None:
        return ""
    return outcome.event.event_id or run.rooms[outcome.room_id].kept - 1


def _show(run: Replay, outcome: Outcome, place: str | int, user: str, *, as_json: bool) -> None:
    event = outcome.event
    assert event is not None
    view = run.rooms[outcome.room_id].view(place, user)
    if as_json:
        answer = {"visible": view.allowed, "event_id": event.event_id, "room_id": outcome.room_id, "line": outcome.line}
        if outcome.place is not None:
            answer["event"] = outcome.place
        print(json.dumps(answer if view else {**answer, "reason": view.reason}))
    else:
        verdict = "shown" if view else "hidden"
        reason = "" if view else f"— {view.reason}"
        print(f"{outcome.number:>6}  {verdict:<6}  {safe(event.type):<26}{safe(event.sender)}  {reason}".rstrip())
