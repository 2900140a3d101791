"""Modules and files of a user's own.

To load one is to run it. So only a name that a person has typed may come here, never
one that stands in data (see `fsm.policies.known_rules`). Whatever goes wrong in it is
one line.
"""

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module, util
from types import FrameType, ModuleType

from fsm.errors import PolicyError, shorten

JSON, BYTES = ".json", ".tls"

ENDINGS = (JSON, BYTES)
"""How the names of data files end (see `fsm.data_files`)."""


@contextmanager
def running(failure: str, error: type[PolicyError]) -> Iterator[None]:
    """Run what a user has written: whatever ends it becomes an error of this kind, `failure` and what it was.

    An error of this kind passes as it is, and so does an interruption from outside.
    """
    with _noting_interruptions() as interruptions:
        try:
            yield
        except error:
            raise
        except BaseException as problem:  # the file is the user's: anything may be wrong in it
            if interruptions:
                raise
            raise error(f"{failure}: {_summary(problem)}") from problem


def load_module(where: str) -> ModuleType:
    """A module by its name, or by its path where that ends in `.py`. Raises whatever goes wrong in it.

    It runs once; a file runs again when it has changed since. The module of a file is called by its path, so that
    what is in it can be found again, by `module:NAME` too, as long as the process lasts.
    """
    if not where.endswith(".py"):
        return import_module(where)
    from pathlib import Path  # noqa: PLC0415 - takes long to load, and most policies are in no file

    path = str(Path(where).resolve())
    status = Path(path).stat()
    version = (status.st_ino, status.st_size, status.st_mtime_ns)
    known = _FILES.get(path)
    if known is None or known[0] != version:
        known = _FILES[path] = version, _run(path)
    return known[1]


_FILES: dict[str, tuple[tuple[int, int, int], ModuleType]] = {}
"""The files that have run: what they were like, and what came of them."""


def _run(path: str) -> ModuleType:
    # What is in the file is pickled, and found again, by the name of its module, in which dots mean packages.
    name = path.removesuffix(".py").replace("%", "%25").replace(".", "%2E")
    spec = util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    before, module = sys.modules.get(name), util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        sys.modules.pop(name)
        if before is not None:
            sys.modules[name] = before
        raise
    return module


def _summary(problem: BaseException) -> str:
    try:
        said = f": {problem}" if str(problem) else ""
    except BaseException:  # noqa: BLE001 - an exception of the user's own may fail at that, too
        said = ""
    return shorten(" ".join(f"{type(problem).__name__}{said}".split()), 200)


@contextmanager
def _noting_interruptions() -> Iterator[list[int]]:
    """The interruptions that come from outside meanwhile: a file can raise KeyboardInterrupt as well."""
    interruptions: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(handler):
        yield interruptions
        return

    def note(number: int, frame: FrameType | None) -> None:
        interruptions.append(number)
        handler(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield interruptions
    finally:
        if signal.getsignal(signal.SIGINT) is note:
            signal.signal(signal.SIGINT, handler)
