"""`fsm replay`: run a log, and say of every event whether it is allowed and why."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import click

from fsm.answers import AnswerTexts
from fsm.cli.options import SOURCE, json_option, policy_option
from fsm.cli.order import order_option
from fsm.cli.story import Story, parties, totals
from fsm.cli.terminal import Output, columns, complain, opened, reading, safe, terminal, told
from fsm.errors import DefinitionError, shorten
from fsm.log import Outcome, Replay
from fsm.log_reader import read_events
from fsm.policies import Rules, load_rules, policies_of
from fsm.shapes import Order

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"allowed": "green", "rejected": "red", "taken": "dim", "again": "dim", "error": "bold yellow"}
_WIDTH = 100
"""So many columns a story has where it goes to no terminal."""


class Shown(StrEnum):
    """What is shown of a log."""

    STORY = "story"
    ALL = "all"
    REJECTED = "rejected"
    SUMMARY = "summary"


Shows: TypeAlias = Callable[[Outcome], bool]


@click.command()
@click.argument("log", type=SOURCE, help="JSON lines or a JSON document of events; `-` for standard input.")
@policy_option
@order_option
@click.option(
    "--story", "shown", flag_value=Shown.STORY, type=Shown, help="What was refused, and why. On a terminal the default."
)
@click.option("--all", "shown", flag_value=Shown.ALL, type=Shown, help="Every event. Elsewhere the default.")
@click.option(
    "--rejected",
    "shown",
    flag_value=Shown.REJECTED,
    type=Shown,
    help="The events that are rejected, or cannot be read.",
)
@click.option("--summary", "shown", flag_value=Shown.SUMMARY, type=Shown, help="Totals, and who is where in the end.")
@click.option("--room", metavar="ID", help="Only events of this room.")
@click.option("--user", metavar="ID", help="Only events by this user, or about them.")
@click.option(
    "--store", "store_url", metavar="URL", help="Store what is accepted, as `fsm store` shows it: `sqlite:///rooms.db`."
)
@json_option
def replay(  # noqa: PLR0913 - one parameter for each option
    log: str,
    *,
    policy: str,
    order: Order | None,
    shown: Shown | None,
    room: str | None,
    user: str | None,
    store_url: str | None,
    as_json: bool,
) -> int:
    """Run a log of events: what is refused and why, who is where.

    The log may be of one room or many. The policy `matrix` is, for each room, that of the
    version that its creation names. With `--json`, a line for each event that is shown,
    and one with totals.
    """
    rules = load_rules(policy)
    if as_json and shown is Shown.STORY:
        raise DefinitionError("a story is for people: leave out `--story` or `--json`")
    chosen = shown or (Shown.STORY if sys.stdout.isatty() and not as_json else Shown.ALL)
    shows = _filter(chosen, room, user)
    story = Story()
    output = Output()
    show = story.add if chosen is Shown.STORY else _showing(output, as_json=as_json)

    def warn(problem: str) -> None:
        output.flush()
        complain(problem)

    is_table = chosen in (Shown.ALL, Shown.REJECTED) and sys.stdout.isatty() and not as_json
    with _run(rules, store_url) as run, opened(log) as source, output:
        lines = read_events(output.before(source), rules, order=order, tell=warn)
        for outcome in reading(run.run(lines), source):
            if shows(outcome):
                show(outcome)
            if outcome.error and not (is_table and shows(outcome)):
                warn(str(outcome.error))
            if outcome.notice:
                warn(f"{outcome.where}: {outcome.notice}")
    if as_json:
        print(json.dumps({"summary": run.summary(), "participation": run.participation()}))
    elif chosen is Shown.STORY:
        width = columns() if sys.stdout.isatty() else _WIDTH
        print("\n".join(piece.rstrip() for line in story.lines(run, width, room) for piece in _fitting(line)))
    else:
        _conclude(run, room)
    sys.stdout.flush()
    return 2 if run.errors or run.is_incomplete else 0


@contextmanager
def _run(rules: Rules, url: str | None) -> Iterator[Replay]:
    """A run, into a store if one is named."""
    if url is None:
        yield Replay(rules)
        return
    from fsm.store import Store  # noqa: PLC0415 - takes long to load, and needs an extra
    from fsm.store.filling import Filling  # noqa: PLC0415 - as above

    with Store(url, policies=policies_of(rules)) as store:
        yield Filling(rules, store)


def _filter(chosen: Shown, room: str | None, user: str | None) -> Shows:
    def shows(outcome: Outcome) -> bool:
        if room is not None and outcome.room_id != room:
            return False
        if chosen is Shown.REJECTED and outcome.decision is not None and outcome.decision.allowed:
            return False
        return user is None or (outcome.error is None and user in (outcome.value["sender"], outcome.target))

    if chosen is Shown.SUMMARY:
        return lambda _: False
    is_for_all = chosen is not Shown.REJECTED and room is None and user is None
    return (lambda _: True) if is_for_all else shows


def _showing(output: Output, *, as_json: bool) -> Callable[[Outcome], None]:
    """What shows one event: as JSON, in colours, or as plain text."""
    if as_json:
        texts = AnswerTexts()
        return lambda outcome: output.add(outcome.as_text(texts))
    console = terminal(sys.stdout, highlight=False, markup=False, emoji=False, soft_wrap=True)
    if console is None:
        return lambda outcome: output.add("  ".join(_cells(outcome)).rstrip())
    return lambda outcome: console.print(_styled(outcome))


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
    decision = outcome.decision
    if decision is None:
        return (f"{outcome.number:>6}", f"{_verdict(outcome):<8}", safe(str(outcome.error)))
    moves = decision.transition is not None and decision.before is not None
    called = str if outcome.policy is None else outcome.policy.called
    ends = (decision.before, decision.after) if moves else (decision.before,)
    move = safe(" → ".join(called(state) for state in ends if state is not None))
    reason = f"— {decision.reason}" if decision.reason else ""
    asked = shorten(decision.transition or outcome.asked)
    return (
        f"{outcome.number:>6}",
        f"{_verdict(outcome):<8}",
        f"{asked:<15}  {move:<15}" if move else f"{asked:<32}",
        f"{parties(outcome.value['sender'], outcome.target):<44}",
        safe(f"{outcome.room_id or ''} {reason}".strip()),
    )


def _styled(outcome: Outcome) -> "Text":
    from rich.text import Text  # noqa: PLC0415 - takes long to load, and only terminals need it

    number, verdict, *_ = cells = _cells(outcome)
    text = Text("\n".join(_fitting("  ".join(cells).rstrip())))
    text.stylize("dim", 0, len(number))
    start = len(number) + 2
    text.stylize(_STYLES[verdict.strip()], start, start + len(verdict))
    return text


def _fitting(line: str) -> list[str]:
    return told(line, columns())


def _conclude(run: Replay, room: str | None) -> None:
    lines = ["", totals(run.summary()), *_places(run, room)]
    print("\n".join(piece for line in lines for piece in _fitting(line)))


def _places(run: Replay, room: str | None) -> Iterator[str]:
    """Who is where in the end, by room and state."""
    for room_id, users in run.places().items():
        if room in (None, room_id):
            yield ""
            yield safe(room_id) or "the room"
            for state in dict.fromkeys(users.values()):
                named = [safe(user) for user, current in users.items() if current == state]
                yield f"  {safe(state):<8}{len(named):>6}  {' '.join(named)}"
