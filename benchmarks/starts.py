"""What it takes to start, where users pay it: what fresh interpreters take for an import, and for a first decision."""

import subprocess
import sys
from dataclasses import dataclass
from functools import partial

from benchmarks.clock import ENVIRONMENT, ROOT, Timing, timings

ROUNDS = 15

PEER = "import transitions"
ROOM = "from fsm import Room"
_FIRST = """
from fsm import Room
Room.create("!r:hub.example", "@ann:hub.example").participant("@ann:hub.example").invite(by="@ann:hub.example")
"""

STATEMENTS = {
    f"`{PEER}`": PEER,
    "`import fsm`": "import fsm",
    f"`{ROOM}`": ROOM,
    "`from fsm import MatrixRoom`": "from fsm import MatrixRoom",
    f"`{ROOM}`, a room, a first decision": _FIRST,
}


@dataclass(frozen=True)
class Start:
    """What something takes in a fresh interpreter; `times` is by what `import transitions` takes."""

    name: str
    seconds: Timing
    times: float


def starts() -> list[Start]:
    """All of them, in turn in every round; the interpreter's own start does not count."""
    taken = timings([partial(_seconds, statement) for statement in STATEMENTS.values()], ROUNDS)
    peer = taken[0].least
    return [Start(name, each, each.least / peer) for name, each in zip(STATEMENTS, taken, strict=True)]


def _seconds(statement: str) -> float:
    code = f"import time; started = time.process_time()\n{statement}\nprint(time.process_time() - started)"
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", code], cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    return float(done.stdout)
