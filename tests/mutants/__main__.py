"""Change the rules in every small way, and say which change no test notices: `make mutants`.

    python -m tests.mutants [--lines FIRST-LAST] [--jobs N] [--seconds S] [FILE]...

Each mutant is one file of the package with one thing changed: a condition turned round, a name or a state replaced
by one of its like, an item or a statement left out. The tests that are about this file are run against it until
one fails. One that none of them fails for is a survivor: it is printed, with its line.
Changes that make no difference to anybody are listed in `EQUIVALENT`, each with the reason. Exit status 1: some survived.
"""

import argparse
import os
import sys
from collections.abc import Sequence

from tests.mutants.changes import mutants
from tests.mutants.files import EQUIVALENT, TESTS
from tests.mutants.trials import ROOT, Limits, survivors


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all mutants; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"by default {', '.join(TESTS)}")
    parser.add_argument("--lines", metavar="FIRST-LAST", default="1-1000000", help="only mutants of these lines")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many are tried at a time")
    parser.add_argument("--seconds", type=float, default=0, help="pass over tests that take more processor time")
    options = parser.parse_args(arguments)
    first, last = map(int, options.lines.split("-"))
    limits = Limits(options.jobs, options.seconds)
    alive = 0
    for file in options.files or TESTS:
        text = (ROOT / file).read_text("utf-8")
        made = [
            mutant
            for mutant in mutants(file, text)
            if first <= mutant.line <= last and mutant.change not in EQUIVALENT.get(file, ())
        ]
        for mutant in survivors(file, made, TESTS[file], limits):
            alive += 1
            print(mutant, flush=True)  # noqa: T201
        print(f"{file}: {len(made)} mutants tried", flush=True)  # noqa: T201
    print(f"{alive} survivors")  # noqa: T201
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
