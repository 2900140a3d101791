"""The command line: one module for each command, thin wrappers of the library.

Exit status: 0 done, 1 the answer is no, 2 unusable input. Unusable input is one
line on standard error, never a traceback.
"""

import os
import sys
from collections.abc import Mapping, Sequence
from errno import EBADF, EDQUOT, EFBIG, ENOSPC, EPIPE
from importlib import import_module
from io import BufferedWriter, FileIO, RawIOBase, TextIOWrapper
from types import MappingProxyType

import click

from fsm.cli.terminal import StoppedError, complain, drop
from fsm.errors import PolicyError, in_words, shorten
from fsm.version import __version__

UNUSABLE = 2
INTERRUPTED = 130
CLOSED_PIPE = 141
"""What a shell reports of a program that wrote to a closed pipe."""
_OF_OUTPUT = {ENOSPC, EFBIG, EDQUOT, EBADF, EPIPE}
"""What is wrong with the output and never with an input."""

COMPLETION = "_FSM_COMPLETE"
"""The environment variable by which a shell asks to complete a line."""

COMMANDS: Mapping[str, str] = MappingProxyType({
    "policies": "List the policies that come with this package.",
    "replay": "Run a log of events: what is refused and why, who is where.",
    "decide": "Answer JSON lines, one question a line.",
    "explain": "Explain one case, with every condition.",
    "draw": "Draw a policy, or what differs between two.",
    "spec": "Write the section of a draft on legal transitions.",
    "visible": "Say which events of a log a user may be shown.",
    "wire": "Turn the content of events into bytes, and back.",
    "verify": "Find the laws that a policy breaks, each with a log.",
    "diff": "Say what two policies decide differently.",
    "vectors": "Write test vectors for other implementations.",
    "conform": "Run another implementation over test vectors.",
    "test": "Run tests of a policy that are written as data.",
    "explore": "Write a page on which every case can be tried.",
    "backtest": "Replay a whole history under one policy or two.",
    "synth": "Write a large believable history.",
    "store": "Show the rooms of a store: who is where, and the last changes.",
    "migrate": "Have the rooms of a store run by another policy.",
    "gallery": "Draw the gallery of policies into a folder.",
})  # fmt: skip
"""Each is a module here, with a Click command of the same name, and says the same of itself."""


EXAMPLES: Mapping[str, str] = MappingProxyType({
    "policies": "fsm policies",
    "replay": "fsm replay examples/day.jsonl --rejected",
    "decide": "fsm decide --policy mimi-01 < vectors/mimi-01.jsonl",
    "explain": "fsm explain mimi leave --target ban --sender join",
    "draw": "fsm draw mimi --tall -o mimi.svg",
    "spec": "fsm spec mimi -o section.md",
    "visible": "fsm visible examples/day.jsonl --user @tow44:north.example",
    "wire": "fsm wire encode MUserContent '{\"participation\": \"invite\"}'",
    "verify": "fsm verify mimi-01 --report findings.html",
    "diff": "fsm diff mimi-00 mimi-01 --report changes.html",
    "vectors": "fsm vectors mimi -o mimi.jsonl",
    "conform": "fsm conform mimi --junit report.xml -- fsm decide",
    "test": "fsm test examples/tests/mimi.toml --coverage",
    "explore": "fsm explore mimi -o mimi.html --log examples/day.jsonl",
    "backtest": "fsm backtest events.parquet --policy mimi-01 --against mimi",
    "synth": "fsm synth -o events.parquet --events 100000 --rooms 100 --users 1000",
    "store": "fsm store sqlite:///rooms.db --room '!board:hub.example'",
    "migrate": "fsm migrate sqlite:///rooms.db --policy mimi-01 --dry-run",
    "gallery": "fsm gallery diagrams --check",
})  # fmt: skip
"""What the help of each shows, to be run in a checkout."""


class _Commands(click.Group):
    """The commands by name. Each is loaded when it is asked for: nobody waits for the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - as Click asks
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            ctx.fail(f"no such command `{shorten(cmd_name)}`: choose from {', '.join(COMMANDS)}")
        command: click.Command = getattr(import_module(f"fsm.cli.{cmd_name}"), cmd_name)
        # A line that begins so is not broken.
        command.epilog = f"\b\nExample:\n  {EXAMPLES[cmd_name]}"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        # As Click writes them, without loading any.
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80},
    epilog="`fsm COMMAND --help` says more of each.",
)
@click.version_option(__version__, message="fsm %(version)s")
def fsm() -> None:
    """Participation in messaging rooms as an explicit finite state machine."""


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    _prepare_streams()
    try:
        status = _status(arguments)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        drop(sys.stdout)
        return CLOSED_PIPE
    except OSError as problem:  # standard output is all that is written without saying where
        drop(sys.stdout)
        complain(f"standard output: {in_words(problem)}")
        return UNUSABLE
    return status


def _status(arguments: Sequence[str]) -> int:
    """Run one command, and say what is wrong; returns its exit status. Raises OSError for standard output."""
    try:
        status = _run(arguments)
        sys.stdout.flush()
    except (OSError, PolicyError, click.ClickException) as problem:
        if isinstance(problem, OSError) and problem.errno in _OF_OUTPUT and problem.filename is None:
            raise
        complain(_line(problem))
        return UNUSABLE
    except StoppedError as end:
        return end.status
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    return status


def _run(arguments: Sequence[str]) -> int:
    if COMPLETION in os.environ:
        fsm.main(prog_name="fsm", complete_var=COMPLETION)
    try:
        # Not by `main`, which takes interruptions and closed pipes in its own way.
        with fsm.make_context("fsm", [*arguments] or ["--help"]) as context:
            return fsm.invoke(context) or 0
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return 0
    except click.exceptions.Exit as end:  # help has been printed
        return end.exit_code


def _line(problem: Exception) -> str:
    """What is wrong, in one line."""
    if isinstance(problem, click.ClickException):
        text = " ".join(problem.format_message().split()).removesuffix(".")
        return shorten(text[:1].lower() + text[1:], 500)
    return in_words(problem) if isinstance(problem, OSError) else " ".join(str(problem).split())


def _prepare_streams() -> None:
    """Have all standard streams. To write to an output that is closed fails; errors are then said to nobody."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDONLY)  # takes the number, so that no file of ours does
    if sys.stderr is None:
        sys.stderr = TextIOWrapper(FileIO(os.devnull, "w"), "utf-8")
    if sys.stdout is None or isinstance(sys.stdout.buffer, RawIOBase):
        # With `python -u`, what a full disk takes a part of would count as written.
        buffer = BufferedWriter(FileIO(1, "w", closefd=False))
        sys.stdout = TextIOWrapper(buffer, "utf-8" if sys.stdout is None else sys.stdout.encoding, line_buffering=True)
    # A name from a log may hold what the terminal cannot show; that is no reason to stop.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
