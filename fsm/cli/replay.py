"""`fsm replay`: run a log, and say of every event whether it is allowed and why."""

import json
import sys
from typing import TYPE_CHECKING, Annotated

from fsm.cli.arguments import Argument
from fsm.cli.terminal import JsonOption, OrderOption, PolicyOption, complain, opened, safe, terminal, with_progress
from fsm.errors import shorten
from fsm.event import Event
from fsm.log import Outcome, Replay
from fsm.log_reader import read_events
from fsm.policies import load_rules

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"allowed": "green", "rejected": "red", "taken": "dim", "again": "dim", "error": "bold yellow"}


def replay(
    log: Annotated[str, Argument(help="JSON lines or a JSON document of events; `-` for standard input.")],
    *,
    policy: PolicyOption = "mimi",
    order: OrderOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a log of events, of one room or many, and print each decision with its reason.

    The policy `matrix` is, for each room, that of the version that its creation names.
    """
    rules = load_rules(policy)
    run = Replay(rules)
    output = terminal(sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    # The bar shares the terminal with the table, or has it for itself when the table goes elsewhere.
    bar = output or terminal(sys.stderr)
    with opened(log) as source:
        for outcome in with_progress(run.run(read_events(source, rules, order=order, tell=complain)), source, bar):
            if as_json:
                print(json.dumps(outcome.as_json()))
            elif output is not None:
                output.print(_styled(outcome))
            else:
                print("  ".join(_cells(outcome)).rstrip())
            if outcome.error and (output is None or as_json):
                complain(str(outcome.error))
            if outcome.notice:
                complain(f"{outcome.where}: {outcome.notice}")
    if as_json:
        print(json.dumps({"summary": run.summary(), "participation": run.participation()}))
    else:
        _conclude(run)
    return 2 if run.errors or run.is_incomplete else 0


def _verdict(outcome: Outcome) -> str:
    if outcome.decision is None:
        return "error"
    if outcome.is_repeated:
        return "again"
    if not outcome.decision.judged:
        return "taken"
    return "allowed" if outcome.decision.allowed else "rejected"


def _cells(outcome: Outcome) -> tuple[str, ...]:
    """One row: line, verdict, what was asked, where it leads, who to whom, the room, why not."""
    decision, event = outcome.decision, outcome.event
    if decision is None or event is None:
        return (f"{outcome.number:>6}", f"{_verdict(outcome):<8}", safe(str(outcome.error)))
    move = f"{decision.before} → {decision.after}" if decision.transition else decision.before or ""
    reason = f"— {decision.reason}" if decision.reason else ""
    asked = safe(shorten(decision.transition or outcome.asked))
    return (
        f"{outcome.number:>6}",
        f"{_verdict(outcome):<8}",
        f"{asked:<15}  {move:<15}" if move else f"{asked:<32}",
        f"{_parties(event, outcome.target):<44}",
        safe(f"{outcome.room_id or ''} {reason}".strip()),
    )


def _parties(event: Event, target: str) -> str:
    sender, target = safe(shorten(event.sender)), safe(shorten(target))
    return f"{sender} → {target}" if target and target != sender else sender


def _styled(outcome: Outcome) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - takes long to load, and only terminals need it

    number, verdict, *rest = _cells(outcome)
    return Text("  ").join([Text(number, "dim"), Text(verdict, _STYLES[verdict.strip()]), *map(Text, rest)])


def _conclude(run: Replay) -> None:
    counts = run.summary()
    print()
    print(", ".join(f"{count} {word.replace('_', ' ')}" for word, count in counts.items()))
    for room_id, users in run.participation().items():
        print(f"\n{safe(room_id) or 'the room'}")
        for state in dict.fromkeys(users.values()):
            named = [safe(user) for user, current in users.items() if current == state]
            print(f"  {state:<8}{len(named):>6}  {' '.join(named)}")
    sys.stdout.flush()
