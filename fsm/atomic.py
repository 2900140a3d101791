"""Writing files whole, or not at all.

The new content goes to a temporary file in the same folder. When it is complete and
synced, that file gets the name: whoever reads sees the old content or the new, never
part of one, also after a full disk or a crash. What is no regular file (a pipe, a
terminal, `/dev/stdout`) has no old content to keep, and is written to as it comes.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from errno import EACCES
from io import BufferedWriter, FileIO
from pathlib import Path
from typing import Any, BinaryIO

_NEW = 0o666
"""The permissions of a new file, less what the umask takes away."""

_BUFFER = 2**18


def write(path: Path, content: bytes) -> None:
    """Give a file this content. Raises OSError that names `path`; then the file holds what it held before."""
    with writing(path) as file:
        file.write(content)


@contextmanager
def writing(path: Path) -> Iterator[BinaryIO]:
    """A file to write what `path` shall hold once the body has ended without an error.

    A link is followed, and stays. The permissions of an old file are kept, its owner
    where that is allowed. Raises OSError that names `path`.
    """
    with _naming(path):
        old = _stat(path)
        descriptor = _descriptor(path)
        if descriptor is None and (old is None or stat.S_ISREG(old.st_mode)):
            target = Path(os.path.realpath(path)) if path.is_symlink() else path
            stream = _replacing(path, target, old)
        else:
            stream = _as_it_comes(path, os.open(path, os.O_WRONLY) if descriptor is None else os.dup(descriptor))
    with stream as file:
        yield file


@contextmanager
def _as_it_comes(path: Path, descriptor: int) -> Iterator[BinaryIO]:
    with BufferedWriter(_File(path, descriptor), _BUFFER) as file:
        yield file


@contextmanager
def _replacing(path: Path, target: Path, old: os.stat_result | None) -> Iterator[BinaryIO]:
    """A temporary file that takes the place of a regular one."""
    # The target's own name may be as long as a name can be.
    temporary = target.with_name(f".{os.urandom(4).hex()}.partial")
    with _naming(path):
        if old is not None and not os.access(target, os.W_OK):
            raise OSError(EACCES, "")  # what is protected against writing is protected against this, too
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        descriptor = os.open(temporary, flags, _NEW)
    try:
        with BufferedWriter(_File(path, descriptor), _BUFFER) as file:
            if old is not None:
                with _naming(path):
                    _permit(temporary, old)
            yield file
            file.flush()
            with _naming(path):
                os.fsync(descriptor)
        with _naming(path):
            temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)


class _File(FileIO):
    """An open file whose errors say which one it is."""

    def __init__(self, path: Path, descriptor: int) -> None:
        super().__init__(descriptor, "wb")
        self._path = path

    def write(self, data: Any) -> int:
        with _naming(self._path):
            return super().write(data)


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    """Say of an error of the system which file it is about. Raises OSError."""
    try:
        yield
    except OSError as problem:
        raise OSError(problem.errno, os.strerror(problem.errno or 0), str(path)) from None


def _permit(path: Path, old: os.stat_result) -> None:
    """Give a file the owner and the permissions of another."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):
            os.chown(path, old.st_uid, old.st_gid)
    path.chmod(stat.S_IMODE(old.st_mode))


def _sync_folder(folder: Path) -> None:
    """Make a new name last, where the system and the file system know how to."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _stat(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _descriptor(path: Path) -> int | None:
    """The open file of this process that a path such as `/dev/stdout` stands for.

    To open that path anew would empty the file to which an output is redirected, and to
    replace that file would leave the rest of the output without a name.
    """
    own, place = os.path.realpath("/dev/fd"), str(path)
    while True:
        folder, name = os.path.split(place)
        if name.isdecimal() and os.path.realpath(folder) == own:
            return int(name)
        if not os.path.islink(place):  # noqa: PTH114 - a path as the system has it
            return None
        place = os.path.join(folder, os.readlink(place))  # noqa: PTH115, PTH118
