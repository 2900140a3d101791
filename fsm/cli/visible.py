"""`fsm visible`: which events of a log a user may be shown."""

import json

import click

from fsm.cli.options import SOURCE, json_option, policy_option
from fsm.cli.order import order_option
from fsm.cli.terminal import complain, opened, safe
from fsm.errors import DefinitionError, shorten
from fsm.event import is_name
from fsm.log import Outcome, Replay
from fsm.log_reader import read_events
from fsm.policies import load_policy
from fsm.shapes import Order


@click.command()
@click.argument("log", type=SOURCE, help="A log, as `fsm replay` takes it; `-` for standard input.")
@click.option("--user", metavar="ID", required=True, help="Whose view to take, at the end of the log.")
@policy_option
@order_option
@json_option
def visible(log: str, *, user: str, policy: str, order: Order | None, as_json: bool) -> int:
    """Say which events of a log a user may be shown.

    Of every event that was allowed; and if not, why.
    """
    if not is_name(user):
        raise DefinitionError(f"`{shorten(user)}` is no user id")
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
