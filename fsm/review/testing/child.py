"""An implementation under test: a child process that answers lines with lines.

Theory of operation. Three threads look after the child, so that no full pipe can
ever block anything: one writes questions, one reads answers, one reads standard
error. The caller takes answers from a queue and waits no longer than it says. Output
has ended when its pipe is closed, or when the child has ended and all that it has
written is read: somebody whom it has left behind may hold the pipe open. The child
leads a process group of its own, and when it is done, or has to be, the whole group
is ended. Whoever has left the group is known by a mark that all inherit in their
environment, where the system lets us look (Linux does).
"""

import os
import signal
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from queue import Full, Queue
from selectors import EVENT_READ, DefaultSelector
from threading import Event, Thread
from types import TracebackType
from typing import IO, Self
from uuid import uuid4

LONGEST = 2**20
"""The longest answer that is read, in bytes."""

_WAITING = 1000  # answers that wait to be taken, before the child has to wait itself
_KEPT = 2000  # bytes of standard error, from its end
_POLL = 0.05
_MARK = "FSM_CONFORM"  # the variable that marks the child and all whom it starts
_ROUNDS = 20  # of looking for those who are left, as long as some are: one may start another meanwhile


class Child:
    """A command that runs while this is entered; afterwards nothing of it is left."""

    def __init__(self, command: Sequence[str], questions: Iterable[bytes]) -> None:
        """Name the command, and the questions that it is to be asked, each a line."""
        self._command = list(command)
        self._mark = uuid4().hex
        self._questions = questions
        self._answers: Queue[bytes | None] = Queue(_WAITING)
        self._stop = Event()
        self._complaints = b""
        self._process: subprocess.Popen[bytes] | None = None
        self._refusal: Exception | None = None
        self._is_started = Event()
        self._threads: list[Thread] = []
        self.failure: BaseException | None = None
        """What went wrong in making the questions, which is no fault of the child."""
        self.is_asked = Event()
        """Set when all questions have been asked, or the child takes no more."""

    def __enter__(self) -> Self:
        """Start the command. Raises OSError."""
        # An interrupt reaches the main thread only: in another, a child cannot be started and then lost.
        try:
            Thread(target=self._start).start()
            self._is_started.wait()
        except BaseException:
            self._is_started.wait(timeout=2)
            self._finish()
            raise
        if self._refusal is not None:
            raise self._refusal
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._finish()

    def take(self, seconds: float) -> bytes | None:
        """The next line of output, without its end; None at the end of output.

        A line longer than `LONGEST` is cut there. Raises `queue.Empty` when none comes in time.
        """
        return self._answers.get(timeout=max(seconds, 0.001))

    def ended(self, seconds: float) -> int | None:
        """The exit status, negative for a signal; None when the child still runs after so long."""
        assert self._process is not None
        if seconds <= 0:
            return self._process.poll()
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(timeout=seconds)
        return None

    @property
    def complaint(self) -> str:
        """The last line that the child has written to standard error: of all lines, once it has ended."""
        if self.ended(0) is not None:
            self._threads[-1].join(timeout=1)
        lines = self._complaints.decode(errors="replace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")

    def _start(self) -> None:
        try:
            self._process = subprocess.Popen(  # noqa: S603 - running what the user names is the purpose
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
                env={**os.environ, _MARK: self._mark},
                bufsize=0,
            )
            works = (
                (self._ask, self._process.stdin),
                (self._read, self._process.stdout),
                (self._listen, self._process.stderr),
            )
            self._threads = [Thread(target=work, args=(pipe,), daemon=True) for work, pipe in works]
            for thread in self._threads:
                thread.start()
        except Exception as refusal:  # noqa: BLE001 - raised where somebody can take it
            self._refusal = refusal
        finally:
            self._is_started.set()

    def _ask(self, pipe: IO[bytes]) -> None:
        try:
            for question in self._questions:
                if self._stop.is_set():
                    break
                sent = 0
                while sent < len(question):
                    sent += pipe.write(question[sent:])
        except OSError:
            pass  # the child takes no more, and why will show in what it answers
        except BaseException as failure:  # noqa: BLE001 - told to the caller, in the caller's thread
            self.failure = failure
        finally:
            self.is_asked.set()
            with suppress(OSError):
                pipe.close()

    def _read(self, pipe: IO[bytes]) -> None:
        rest = b""
        for piece in self._pieces(pipe):
            *lines, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST:
                lines, rest = [*lines, rest[:LONGEST]], b""
            if not all(self._put(line) for line in lines):
                return
        if rest:
            self._put(rest)
        self._put(None)

    def _put(self, line: bytes | None) -> bool:
        while not self._stop.is_set():
            with suppress(Full):
                self._answers.put(line, timeout=_POLL)
                return True
        return False

    def _listen(self, pipe: IO[bytes]) -> None:
        for piece in self._pieces(pipe):
            self._complaints = (self._complaints + piece)[-_KEPT:]

    def _pieces(self, pipe: IO[bytes]) -> Iterator[bytes]:
        """What the child writes to a pipe, to the last byte."""
        assert self._process is not None
        with DefaultSelector() as selector:
            selector.register(pipe, EVENT_READ)
            while not self._stop.is_set():
                # In this order: what an ended child has written is in the pipe already.
                has_ended = self._process.poll() is not None
                if selector.select(0 if has_ended else _POLL):
                    piece = pipe.read(2**16)
                    if not piece:
                        return
                    yield piece
                elif has_ended:
                    return

    def _finish(self) -> None:
        """End the child and all whom it has started, and give back what it took."""
        self._stop.set()
        if self._process is None:
            return
        with suppress(ProcessLookupError, PermissionError):
            if hasattr(os, "killpg"):
                os.killpg(self._process.pid, signal.SIGKILL)
            else:
                self._process.kill()
        self._process.wait()
        for _ in range(_ROUNDS):
            others = list(_marked(self._mark))
            for other in others:
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(other, signal.SIGKILL)
            if not others:
                break
        pipes = self._process.stdin, self._process.stdout, self._process.stderr
        for pipe, thread in zip(pipes, self._threads, strict=False):
            thread.join(timeout=1)
            if pipe and not thread.is_alive():  # somebody who has left the group may still hold the other end
                pipe.close()


def _marked(mark: str) -> Iterator[int]:
    """The processes with this mark in their environment, where that can be seen."""
    for environment in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if mark.encode() in environment.read_bytes():
                yield int(environment.parent.name)
