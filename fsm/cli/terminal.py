"""What the commands share: reading their input, and writing to a terminal or a pipe."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO, TextIO, TypeVar, cast

from fsm import atomic
from fsm.cli.arguments import Argument, Option
from fsm.errors import DefinitionError, shorten
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.shapes import Order

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

_INTERRUPTED = 130

POLICY = "A policy's id (see `fsm policies`), `module:NAME`, `path.py:NAME` or a data file, `path.json`."
PolicyArgument = Annotated[str, Argument(help=POLICY)]
PolicyOption = Annotated[str, Option("--policy", help=POLICY)]
OrderOption = Annotated[
    Order | None, Option("--order", help="How the events of the log stand; by default that is told from the log.")
]
JsonOption = Annotated[bool, Option("--json", help="Write JSON, for programs.")]


class StoppedError(Exception):
    """A command has been stopped, and has said why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def complain(problem: str) -> None:
    """Say in one line on standard error what is wrong."""
    sys.stdout.flush()
    print(f"fsm: {safe(problem)}", file=sys.stderr)


def safe(text: str) -> str:
    """Somebody else's text with everything escaped that could move a cursor or fake a line."""
    if text.isprintable() and text.isascii():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)


class _InterruptionError(KeyboardInterrupt):
    """An interruption. Where its base class passes through `exec`, Python ends by SIGINT, whoever catches it."""


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """Take being terminated like an interruption, so that nothing is left half done, and end with a line on it.

    Gives a function to call now and then: where an interruption hits a library that
    takes no notice of it, the function interrupts once more.
    """
    signals: list[int] = []

    def check() -> None:
        if signals:
            raise _InterruptionError

    def interrupt(number: int, _: object) -> None:
        signals.append(number)
        raise _InterruptionError

    ending = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
    # What we were started to ignore, as in the background or under nohup, stays ignored.
    heeded = [each for each in ending if signal.getsignal(each) is not signal.SIG_IGN]
    before = {each: signal.signal(each, interrupt) for each in heeded}
    try:
        yield check
    except BaseException as end:
        # An interruption may hit a library where it makes another error of it.
        if not signals:
            raise
        complain((str(end) if isinstance(end, KeyboardInterrupt) else "") or "interrupted")
        raise StoppedError(_INTERRUPTED) from None
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def terminal(stream: TextIO, **options: Any) -> "Console | None":
    """What writes to a terminal in colours; None where the stream is no terminal, or there are no colours."""
    if not stream.isatty() or not find_spec("rich"):
        return None
    from rich.console import Console  # noqa: PLC0415 - takes long to load, and only terminals need it

    return Console(file=stream, **options)


@contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """A file to read, `-` for standard input. Raises OSError, and `DefinitionError` where that is closed."""
    if path == "-":
        if sys.stdin is None:
            raise DefinitionError("standard input is closed")
        yield cast("BufferedReader", sys.stdin.buffer)
    else:
        with Path(path).open("rb") as file:
            yield file


@contextmanager
def output_to(path: str) -> Iterator[BinaryIO]:
    """A file to write, whole or not at all; `-` for standard output. Raises OSError."""
    if path == "-":
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with interruptible(), atomic.writing(Path(path)) as file:
            yield file


def with_progress(
    items: Iterable[T], source: BufferedReader, console: "Console | None", *, after: float = 1.0
) -> Iterator[T]:
    """Pass items on; once that has taken `after` seconds, show on a terminal how much of `source` is read."""
    if console is None:
        yield from items
        return
    from rich.progress import (  # noqa: PLC0415 - takes long to load, and only terminals need it
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    size = _size(source)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, auto_refresh=False) as progress:
        task = progress.add_task("reading", total=size, visible=False)
        started = shown = time.monotonic()
        for item in items:
            yield item
            now = time.monotonic()
            if now - started > after and now - shown > _REFRESH:
                shown = now
                progress.update(task, completed=source.tell() if size else None, visible=True, refresh=True)


_REFRESH = 0.1


def _size(source: BufferedReader) -> int | None:
    """How many bytes there are to read; None for a stream of unknown length."""
    return os.fstat(source.fileno()).st_size if source.seekable() else None


GivenOption = Annotated[
    list[str] | None,
    Option("--given", metavar="FACT=VALUE", help="A fact, such as `join_rule=public`; may be repeated."),
]


def parse_given(given: Iterable[str] | None, *policies: AnyPolicy) -> dict[str, Value]:
    """Read `FACT=VALUE` words, each of a fact that one of the policies has. Raises `DefinitionError`."""
    facts: dict[str, Value] = {}
    for pair in given or ():
        name, equals, word = pair.partition("=")
        if not equals:
            raise DefinitionError(f"`{shorten(pair)}` is not of the form FACT=VALUE")
        if name in facts:
            raise DefinitionError(f"the fact `{shorten(name)}` is given twice")
        knowing = [policy for policy in policies if name in policy.domain.values]
        facts[name] = (*knowing, *policies)[0].domain.parse(name, word)
    return facts
