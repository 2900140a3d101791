"""Measure everything, write it down and quote it in the README: `python -m benchmarks`, which is `make bench`."""

import re
import sys
from pathlib import Path

from benchmarks.clock import ROOT
from benchmarks.measured import Measured
from benchmarks.peer import WrongVerdictsError
from benchmarks.plot import svg
from benchmarks.report import bounds, markdown
from fsm import atomic

README = ROOT / "README.md"
RESULTS, PLOT = (Path(__file__).with_name(name) for name in ("RESULTS.md", "results.svg"))


def main() -> int:
    """One run. Exit status 1 when a peer decides otherwise than we do."""
    try:
        run = Measured.now()
    except WrongVerdictsError as problem:
        print(problem, file=sys.stderr)
        return 1
    text = markdown(run, PLOT.name)
    atomic.write(RESULTS, text.encode())
    atomic.write(PLOT, svg(run).encode())
    atomic.write(README, quoting(README.read_text(encoding="utf-8"), bounds(run)).encode())
    print(text)
    return 0


def quoting(readme: str, table: str) -> str:
    """The README with this table in the section on costs."""
    return re.sub(r"(?<=## What it costs\n\n)(\|.*\n)+", lambda _: f"{table}\n", readme)


if __name__ == "__main__":
    sys.exit(main())
