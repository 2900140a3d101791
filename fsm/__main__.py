"""The command line, as `fsm` and as `python -m fsm`."""

import gc
import sys

from fsm.errors import needs


def main() -> int:
    """Run the command line; returns the exit status."""
    gc.disable()  # what is loaded here stays to the end: Python need not look for cycles in it
    try:
        from fsm.cli import run  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        if missing.name != "click":
            raise
        print(needs("fsm: the command line", "click", "cli"), file=sys.stderr)
        return 2
    gc.freeze()
    gc.enable()
    status = run(sys.argv[1:])
    gc.freeze()  # else Python looks for cycles in all that is left before it ends, a tenth of a short command
    return status


if __name__ == "__main__":
    sys.exit(main())
