"""Running the command line as its user does, in a process of its own."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
DAY = ROOT / "examples" / "day.jsonl"


@dataclass(frozen=True)
class Run:
    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def fsm(*arguments: str, given: bytes = b"", where: Path = ROOT) -> Run:
    """Run `fsm` with these arguments and this standard input, in a folder."""
    done = subprocess.run(
        [sys.executable, "-m", "fsm", *arguments], input=given, capture_output=True, check=False, timeout=60, cwd=where
    )
    run = Run(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert "Traceback" not in run.err
    return run


@contextmanager
def inheriting(kind: signal.Signals, handler: signal.Handlers) -> Iterator[None]:
    """Processes started within take a signal so, whatever whoever started the tests does with it."""
    before = signal.signal(kind, handler)
    try:
        yield
    finally:
        signal.signal(kind, before)
