"""The command line, as `fsm` and as `python -m fsm`."""

import sys

from fsm.cli import run


def main() -> int:
    """Run the command line; returns the exit status."""
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
