"""Measure everything, write it down and quote it in `docs/`: `python -m benchmarks`, which is `make bench`.

With `--quick` it is a trial of some minutes: everything runs once, on a hundredth of the data, and
the report is printed and not kept, since its figures mean nothing.
"""

import argparse
import os
import re
import sys
from pathlib import Path

from benchmarks.clock import QUICK, ROOT
from benchmarks.measured import Measured
from benchmarks.peer import WrongVerdictsError
from benchmarks.plot import svg
from benchmarks.report import bounds, markdown
from fsm import atomic

COSTS = ROOT / "docs" / "reference" / "costs.md"
RESULTS, PLOT = (Path(__file__).with_name(name) for name in ("RESULTS.md", "results.svg"))


def main() -> int:
    """One run. Exit status 1 when a peer decides otherwise than we do."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    parser.add_argument("--quick", action="store_true", help="a trial on little data, of which nothing is kept")
    is_quick = parser.parse_args().quick
    if is_quick and QUICK not in os.environ:  # sizes are set when modules are loaded
        command = [sys.executable, "-m", "benchmarks", "--quick"]
        os.execve(sys.executable, command, {**os.environ, QUICK: "1"})  # noqa: S606 - this program
    try:
        run = Measured.now()
    except WrongVerdictsError as problem:
        print(problem, file=sys.stderr)
        return 1
    text = markdown(run, PLOT.name)
    print(text)
    if is_quick:
        return 0
    atomic.write(RESULTS, text.encode())
    atomic.write(PLOT, svg(run).encode())
    atomic.write(COSTS, quoting(COSTS.read_text(encoding="utf-8"), bounds(run)).encode())
    return 0


def quoting(page: str, table: str) -> str:
    """The page on costs with this table."""
    return re.sub(r"(?<=# What it costs\n\n)(\|.*\n)+", lambda _: f"{table}\n", page)


if __name__ == "__main__":
    sys.exit(main())
