"""The command line: one module for each command, thin wrappers of the library.

Exit status: 0 done, 1 the answer is no, 2 unusable input. Unusable input is one
line on standard error, never a traceback.
"""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from errno import EDQUOT, EFBIG, ENOSPC
from functools import partial
from importlib import import_module
from io import BufferedWriter, FileIO, RawIOBase, TextIOWrapper
from typing import TypeAlias

from fsm.cli.arguments import Command, UsageError, read_arguments
from fsm.cli.terminal import StoppedError, complain
from fsm.errors import PolicyError, in_words, shorten

UNUSABLE = 2
INTERRUPTED = 130
CLOSED_PIPE = 141
"""What a shell reports of a program that wrote to a closed pipe."""
_NO_ROOM = {ENOSPC, EFBIG, EDQUOT}
"""What is wrong with the output and never with an input."""

COMMANDS = (
    "policies",
    "replay",
    "decide",
    "explain",
    "draw",
    "spec",
    "visible",
    "wire",
    "verify",
    "diff",
    "vectors",
    "conform",
    "test",
    "explore",
    "backtest",
    "synth",
)
"""Each is a module here, with a function of the same name, or with several by the names that follow it."""

Commands: TypeAlias = Mapping[str, Callable[[], "Command | Commands"]]
"""By name: what loads a command, or several by the names that follow it."""


PURPOSE = "Participation in messaging rooms as an explicit finite state machine."

_HELP = ("-h", "--help")


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    _prepare_output()
    try:
        status = _run("fsm", _commands(), PURPOSE, arguments)
        sys.stdout.flush()
    except SystemExit as end:  # help has been printed
        return int(end.code or 0)
    except BrokenPipeError:
        # Whoever read our output has seen enough.
        _drop_output()
        return CLOSED_PIPE
    except (OSError, PolicyError, UsageError) as problem:
        complain(_line(problem))
        return UNUSABLE
    except StoppedError as end:
        return end.status
    except KeyboardInterrupt:
        complain("interrupted")
        return INTERRUPTED
    return status


def _line(problem: Exception) -> str:
    """What is wrong, in one line."""
    if not isinstance(problem, OSError):
        return " ".join(str(problem).split())
    if problem.filename is None and problem.errno in _NO_ROOM:
        _drop_output()
        problem.filename = "standard output"
    return in_words(problem)


def _commands() -> Commands:
    """All commands by name. Each is loaded when it is asked for: nobody waits for the others."""
    return {name: partial(_loaded, name) for name in COMMANDS}


def _loaded(name: str) -> "Command | Commands":
    try:
        return getattr(import_module(f"fsm.cli.{name}"), name)  # type: ignore[no-any-return]  # see COMMANDS
    except ModuleNotFoundError as missing:
        if missing.name != "rich":
            raise
        raise UsageError(f"`fsm {name}` needs rich: pip install 'mimi-fsm[cli]'") from None


def _run(program: str, commands: Commands, purpose: str, arguments: Sequence[str]) -> int:
    """Run the command that is named first. One that is several in turn has its own named next."""
    if not arguments or arguments[0] in _HELP:
        print("\n".join(_overview(program, commands, purpose)))
        return 0
    name, *others = arguments
    if name not in commands:
        raise UsageError(f"no such command `{shorten(name)}`: choose from {', '.join(commands)}")
    command = commands[name]()
    if isinstance(command, Mapping):
        return _run(f"{program} {name}", command, "", others)
    return command(**read_arguments(f"{program} {name}", command, others)) or 0


def _overview(program: str, commands: Commands, purpose: str) -> Iterator[str]:
    yield f"usage: {program} COMMAND ...\n"
    if purpose:
        yield f"{purpose}\n"
    for name, load in commands.items():
        yield f"  {name:<10} {_summary(load())}"
    yield f"\n`{program} COMMAND --help` says more of each."


def _summary(command: "Command | Commands") -> str:
    """The first line of what a command says of itself."""
    if isinstance(command, Mapping):
        return " ".join(_summary(load()) for load in command.values())
    return (command.__doc__ or "").partition("\n")[0]


def _prepare_output() -> None:
    if isinstance(sys.stdout.buffer, RawIOBase):
        # With `python -u`, what a full disk takes a part of would count as written.
        buffer = BufferedWriter(FileIO(sys.stdout.fileno(), "w", closefd=False))
        sys.stdout = TextIOWrapper(buffer, sys.stdout.encoding, line_buffering=True)
    # A name from a log may hold what the terminal cannot show; that is no reason to stop.
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _drop_output() -> None:
    """Let what is still to be written go nowhere: Python would complain of it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
