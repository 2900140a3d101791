"""`fsm synth`: large believable logs."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from rich.console import Console
from rich.progress import Progress

from fsm import atomic
from fsm.cli.arguments import Option
from fsm.cli.backtest import needing
from fsm.cli.terminal import PolicyOption, interruptible
from fsm.policies import load_policy

_LINES = 2**16
"""So many lines are written before anybody is told."""


def synth(  # noqa: PLR0913 - one parameter for each option
    *,
    output: Annotated[Path, Option("--output", "-o", help="The file to write: .parquet, .arrow or .jsonl.")],
    policy: PolicyOption = "mimi",
    events: Annotated[int, Option(help="How many events.")] = 1_000_000,
    rooms: Annotated[int, Option(help="In how many rooms.")] = 1_000,
    users: Annotated[int, Option(help="By how many users.")] = 10_000,
    seed: Annotated[int, Option(min=0, help="The same seed writes the same log.")] = 0,
) -> None:
    """Write a believable log, in which the policy allows most events."""
    rules = load_policy(policy)
    with needing("bulk"):
        from fsm.bulk.output import whole  # noqa: PLC0415 - an extra
        from fsm.bulk.synth import as_events, synthesise  # noqa: PLC0415
    pieces = synthesise(rules, events=events, rooms=rooms, users=users, seed=seed)
    with interruptible() as check, _progress(events, check) as advance:
        if output.suffix == ".jsonl":
            with atomic.writing(output) as lines:
                for piece in pieces:
                    for start in range(0, len(piece), _LINES):
                        some = piece.slice(start, _LINES)
                        lines.writelines(f"{json.dumps(event)}\n".encode() for event in as_events(some, rules))
                        advance(len(some))
        else:
            with whole(output) as tables:
                for piece in pieces:
                    tables.write(piece)
                    advance(len(piece))


@contextmanager
def _progress(total: int, check: Callable[[], None]) -> Iterator[Callable[[int], None]]:
    """A function to tell of events written, which is shown on a terminal."""
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("writing", total=total)

        def advance(count: int) -> None:
            check()
            bar.advance(task, count)

        yield advance
