"""What the commands share: reading their input, and writing to a terminal or a pipe."""

import os
import signal
import sys
import textwrap
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from errno import EPIPE
from importlib.util import find_spec
from io import BufferedIOBase, BufferedReader, UnsupportedOperation
from typing import TYPE_CHECKING, Any, BinaryIO, Self, TextIO, TypeAlias, TypeVar, cast

from fsm.errors import DefinitionError, needs
from fsm.json_lines import source_of

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

_INTERRUPTED = 130


class StoppedError(Exception):
    """A command has been stopped, and has said why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def complain(problem: str) -> None:
    """Say in one line on standard error what is wrong."""
    sys.stdout.flush()
    try:
        print(f"fsm: {safe(problem)}", file=sys.stderr)
    except OSError:  # there is nobody to say it to
        drop(sys.stderr)


def drop(stream: TextIO) -> None:
    """Let what is still to be written go nowhere: Python would complain of it once more at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def safe(text: str) -> str:
    """Somebody else's text with everything escaped that could move a cursor or fake a line."""
    if text.isprintable():
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
    return _console(file=stream, **options)


@contextmanager
def opened(path: str) -> Iterator[BufferedReader]:
    """A file to read, `-` for standard input. Raises OSError, and `DefinitionError` where that is closed."""
    if path == "-":
        if sys.stdin is None:
            raise DefinitionError("standard input is closed")
        yield cast("BufferedReader", sys.stdin.buffer)
    else:
        with source_of(path) as file:
            yield file


class Output:
    """Lines for standard output. They leave together: when they are many, and before more of a source is waited for."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.flush()

    def add(self, line: str) -> None:
        """Take a line that is to leave."""
        self._lines.append(line)
        if len(self._lines) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Have all lines leave. Raises OSError."""
        lines, self._lines = self._lines, []
        if lines:
            sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()

    def before(self, source: BufferedReader) -> BufferedIOBase:
        """A source, before more of which is waited for, all lines leave: whoever asks may wait for each answer."""
        return _Awaited(source, self)


class _Awaited(BufferedIOBase):
    def __init__(self, source: BufferedReader, output: Output) -> None:
        self._source, self._output = source, output

    def read1(self, size: int = -1, /) -> bytes:
        self._output.flush()
        return self._source.read1(size)


_TOGETHER = 2**10
"""So many lines leave together at most."""


@contextmanager
def output_to(path: str) -> Iterator[BinaryIO]:
    """A file to write, whole or not at all; `-` for standard output. Raises OSError."""
    if path == "-":
        sys.stdout.flush()
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        from pathlib import Path  # noqa: PLC0415 - takes long to load, and most commands write to standard output

        from fsm import atomic  # noqa: PLC0415 - as above

        with interruptible(), atomic.writing(Path(path)) as file:
            yield file


def expect_console(command: str, *, as_json: bool) -> None:
    """Raise `DefinitionError`, before any work, where what a command will need for its words is not installed."""
    if not as_json and not find_spec("rich"):
        raise DefinitionError(needs(f"`fsm {command}` without `--json`", "rich", "cli"))


def console() -> "Console":
    """What writes results to standard output: in colours where that is a terminal, and with no line broken."""
    return _console(highlight=False, markup=False, emoji=False, soft_wrap=True)


def _console(**options: Any) -> "Console":
    from rich.console import Console  # noqa: PLC0415 - takes long to load, and not all commands need it

    class _Ours(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError(EPIPE, "")  # which we take in our own way

    return _Ours(width=columns(), **options)


def fitted(line: str, width: int) -> list[str]:
    """A line in pieces of this width, which stand further in than it does; as it is where it fits."""
    inside = line[: len(line) - len(line.lstrip())] + "  "
    pieces = textwrap.wrap(line, width, subsequent_indent=inside, break_on_hyphens=False)
    return pieces if len(line) > width else [line]


def columns() -> int:
    """So many columns a line may have: as many as the terminal has, within what can be read."""
    from shutil import get_terminal_size  # noqa: PLC0415 - takes long to load, and only terminals need it

    return min(max(get_terminal_size().columns, _NARROW), _WIDE)


def told(line: str, at_most: int = 80) -> list[str]:
    """A line for standard output: on a terminal in pieces that fit, of so many columns at most."""
    return fitted(line, min(columns(), at_most)) if sys.stdout.isatty() else [line]


_NARROW, _WIDE = 40, 200

Tell: TypeAlias = Callable[[float, str], None]
"""Takes how much is done, and a note beside it."""


@contextmanager
def progress(title: str, total: float | None, *, after: float = 1.0, quiet: bool = False) -> Iterator[Tell]:
    """A function to tell of progress. Once work has taken `after` seconds, a terminal shows how much of it is done."""
    if quiet or not _shows_progress():
        yield lambda *_: None
        return
    with ExitStack() as opened:
        bar: _Bar | None = None
        started = latest = time.monotonic()

        def tell(done: float, note: str) -> None:
            nonlocal bar, latest
            now = time.monotonic()
            if now - started >= after and now - latest > _REFRESH:
                latest = now
                bar = bar or _Bar(title, total, opened)
                bar.show(done, note)

        yield tell


class _Bar:
    """A bar on a terminal, until `opened` is closed."""

    def __init__(self, title: str, total: float | None, opened: ExitStack) -> None:
        from rich.progress import (  # noqa: PLC0415 - takes long to load, and only terminals need it
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        columns = (
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(),
            TextColumn("{task.fields[note]}"), TimeRemainingColumn(),
        )  # fmt: skip
        shown = Progress(*columns, console=terminal(sys.stderr), transient=True, auto_refresh=False)
        self._progress = opened.enter_context(shown)
        self._task = self._progress.add_task(title, total=total, note="")

    def show(self, done: float, note: str) -> None:
        """Show how much is done, and a note beside it."""
        self._progress.update(self._task, completed=done, note=note, refresh=True)


_REFRESH = 0.1


def _shows_progress() -> bool:
    """Whether somebody may see progress."""
    return sys.stderr.isatty() and find_spec("rich") is not None


def reading(items: Iterable[T], source: BufferedReader) -> Iterator[T]:
    """Pass items on, and show on a terminal how much of `source` is read."""
    return _shown(items, source) if _shows_progress() else iter(items)


def _shown(items: Iterable[T], source: BufferedReader) -> Iterator[T]:
    size = _size_of(source)
    with progress("reading", size) as tell:
        for number, item in enumerate(items, start=1):
            yield item
            tell(source.tell() if size else 0, f"{number:,} events")


def _size_of(source: BufferedReader) -> int | None:
    """How many bytes a file has; None for a pipe, and for what is no file of the system."""
    try:
        return os.fstat(source.fileno()).st_size if source.seekable() else None
    except UnsupportedOperation:
        return None
