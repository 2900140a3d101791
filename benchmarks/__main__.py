"""Measure everything, write it down and quote it in `docs/`: `python -m benchmarks`, which is `make bench`."""

import re
import sys
from pathlib import Path

from benchmarks.clock import ROOT
from benchmarks.measured import Measured
from benchmarks.peer import WrongVerdictsError
from benchmarks.plot import svg
from benchmarks.report import bounds, markdown
from fsm import atomic

COSTS = ROOT / "docs" / "reference" / "costs.md"
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
    atomic.write(COSTS, quoting(COSTS.read_text(encoding="utf-8"), bounds(run)).encode())
    print(text)
    return 0


def quoting(page: str, table: str) -> str:
    """The page on costs with this table."""
    return re.sub(r"(?<=# What it costs\n\n)(\|.*\n)+", lambda _: f"{table}\n", page)


if __name__ == "__main__":
    sys.exit(main())
