"""The command line: one module for each command, thin wrappers of the library.

Exit status: 0 done, 1 the answer is no, 2 unusable input. Unusable input is one
line on standard error, never a traceback.
"""

import os
import sys
from collections.abc import Iterable, Sequence
from errno import EDQUOT, EFBIG, ENOSPC
from importlib import import_module
from io import BufferedWriter, FileIO, RawIOBase, TextIOWrapper

import typer

from fsm.cli.terminal import complain
from fsm.errors import PolicyError, in_words

UNUSABLE = 2
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
    "explore",
    "backtest",
    "synth",
)
"""Each is a module here, with a function of the same name."""


def fsm() -> None:
    """Participation in messaging rooms as an explicit finite state machine."""


def program(names: Iterable[str]) -> typer.Typer:
    """The command line with these commands."""
    app = typer.Typer(name="fsm", add_completion=False, rich_markup_mode=None)
    app.callback()(fsm)
    for name in names:
        command = getattr(import_module(f"fsm.cli.{name}"), name)
        if isinstance(command, typer.Typer):
            app.add_typer(command, name=name)
        else:
            app.command()(command)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run one command; returns its exit status."""
    _prepare_output()
    # A command loads what it needs: nobody waits for the others.
    app = program([name for name in COMMANDS if name in arguments[:1]] or COMMANDS)
    try:
        status = app(list(arguments) or ["--help"], prog_name="fsm", standalone_mode=False)
        sys.stdout.flush()
    except (BrokenPipeError, SystemExit):
        # Whoever read our output has seen enough; SystemExit is how typer takes it.
        _drop_output()
        return CLOSED_PIPE
    except OSError as problem:
        if problem.filename is None and problem.errno in _NO_ROOM:
            _drop_output()
            problem.filename = "standard output"
        complain(in_words(problem))
        return UNUSABLE
    except PolicyError as problem:
        complain(str(problem))
        return UNUSABLE
    except typer.TyperException as problem:
        complain(" ".join(problem.format_message().split()))
        return UNUSABLE
    except (KeyboardInterrupt, typer.Abort):
        complain("interrupted")
        return 130
    return int(status or 0)


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
