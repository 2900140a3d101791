"""The command line, as `fsm` and as `python -m fsm`."""

import sys


def main() -> int:
    """Run the command line; returns the exit status."""
    try:
        from fsm.cli import run  # noqa: PLC0415 - the libraries it needs may not be installed
    except ModuleNotFoundError as missing:
        print(f"fsm: the command line needs {missing.name}: pip install 'mimi-fsm[cli]'", file=sys.stderr)
        return 2
    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
