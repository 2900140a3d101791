"""How time is taken: of the processor, at its best, and of fresh interpreters.

Other programs that want the machine too lengthen what a clock on the wall shows, and
hardly touch the time that the processor spends on us. The least of many rounds is what
the work takes.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent


def seconds_each(ask: Callable[[Any], object], questions: Sequence[Any]) -> float:
    """Seconds for one question, asked once each."""
    started = time.process_time()
    for question in questions:
        ask(question)
    return (time.process_time() - started) / len(questions)


def least(works: Iterable[Callable[[], float]], rounds: int) -> list[float]:
    """The least that each work takes, all of them in turn in every round."""
    works = list(works)
    return [min(times) for times in zip(*([work() for work in works] for _ in range(rounds)), strict=True)]


def in_fresh_process(module: str, *arguments: object) -> Any:
    """What a module of this folder prints as JSON when it is run on its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)  # noqa: S603 - our own
    return json.loads(done.stdout)


def import_seconds(statement: str) -> float:
    """Seconds that a fresh interpreter takes for an import."""
    code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
    return float(subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.PIPE, text=True).stdout)  # noqa: S603 - our own
