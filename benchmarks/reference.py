"""The first release, kept measurable: built from this repository's history, in an environment of its own.

Whoever has the history has the release. Where the history has been cut off (a shallow
clone, an archive of the sources) there is nothing to build from, and the report says so.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.clock import ROOT
from fsm.atomic import write

COMMIT = "19ec50598af21a9c937503fa2c365f64224e294c"
"""The last one of the first release."""

_FOLDER = ROOT / "build" / "reference"
_EXTRAS = "cli,bulk,matrix"


class NoReferenceError(Exception):
    """The first release cannot be had here; the message says why."""


def interpreter() -> Path:
    """The Python that has the first release installed, which is built when first asked for.

    Raises `NoReferenceError`.
    """
    made, python = _FOLDER / COMMIT, _FOLDER / "bin" / "python"
    if not made.exists():
        shutil.rmtree(_FOLDER, ignore_errors=True)
        _build(python)
        write(made, b"")
    return python


def _build(python: Path) -> None:
    try:
        _run("git", "cat-file", "-e", f"{COMMIT}^{{commit}}")
    except NoReferenceError:
        raise NoReferenceError(f"the history of this clone does not reach back to commit {COMMIT[:7]}") from None
    _run(sys.executable, "-m", "venv", _FOLDER)
    archive, sources = _FOLDER / "sources.tar", _FOLDER / "sources"
    _run("git", "archive", "--output", archive, COMMIT, "fsm", "pyproject.toml", "README.md", "LICENSE")
    shutil.unpack_archive(archive, sources, filter="data")
    _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{sources}[{_EXTRAS}]")


def _run(*command: str | Path) -> None:
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 - our own
    except FileNotFoundError:
        raise NoReferenceError(f"it takes `{command[0]}`, which is not installed") from None
    if done.returncode:
        last = "".join(done.stderr.strip().splitlines()[-1:])
        raise NoReferenceError(f"`{command[0]} {command[1]}` ends with status {done.returncode}: {last}")
