"""`fsm synth`: large believable logs."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from fsm import atomic
from fsm.cli.backtest import needing
from fsm.cli.options import FILE, policy_option
from fsm.cli.terminal import interruptible, progress
from fsm.policies import load_policy

_LINES = 2**16
"""So many lines are written before anybody is told."""


@click.command()
@click.option("--output", "-o", type=FILE, required=True, help="The file to write: .parquet, .arrow or .jsonl.")
@policy_option
@click.option("--events", default=1_000_000, show_default=True, help="How many events.")
@click.option("--rooms", default=1_000, show_default=True, help="In how many rooms.")
@click.option("--users", default=10_000, show_default=True, help="By how many users.")
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The same seed writes the same history."
)
def synth(  # noqa: PLR0913 - one parameter for each option
    *, output: Path, policy: str, events: int, rooms: int, users: int, seed: int
) -> None:
    """Write a large believable history.

    The policy allows most of its events. It takes four events and two users a room
    at least, and the extra `bulk`.
    """
    rules = load_policy(policy)
    with needing("`fsm synth`", "bulk"):
        from fsm.bulk.write.output import whole  # noqa: PLC0415 - an extra
        from fsm.bulk.write.synth import as_events, synthesise  # noqa: PLC0415
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
    written = 0
    with progress("writing", total) as tell:

        def advance(count: int) -> None:
            nonlocal written
            check()
            written += count
            tell(written, f"{written:,} events")

        yield advance
