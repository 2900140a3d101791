"""Files are written whole, or not at all; and nothing in the package writes otherwise."""

import ast
import errno
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from fsm import atomic
from tests.cli.runner import ROOT

NEW, OLD = b"new" * 1000, b"old"


@contextmanager
def small_files() -> Iterator[None]:
    """No file may grow beyond a thousand bytes: not even the one that the results of the tests may go to."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("old", [None, OLD])
def test_a_file_holds_what_was_written(old: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    with atomic.writing(path) as file:
        file.write(NEW)
        file.flush()
        assert (path.read_bytes() if path.exists() else None) == old
    assert path.read_bytes() == NEW
    assert names(tmp_path) == ["file"]


@pytest.mark.parametrize("old", [None, OLD])
def test_a_full_disk_leaves_what_was_there(old: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "file"
    if old is not None:
        path.write_bytes(old)
    with small_files(), pytest.raises(OSError, match="too large") as problem:
        atomic.write(path, NEW)
    assert problem.value.filename == str(path)
    assert [each.read_bytes() for each in tmp_path.iterdir()] == [old] * (old is not None)


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(("place", "name"), [(os, "fsync"), (Path, "replace"), (os, "open"), (Path, "chmod")])
def test_whatever_fails_leaves_what_was_there(
    place: object, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with monkeypatch.context() as patched:
        patched.setattr(place, name, failing(errno.EIO))
        with pytest.raises(OSError, match="error") as problem:
            atomic.write(path, NEW)
    assert (problem.value.errno, problem.value.filename) == (errno.EIO, str(path))
    assert (path.read_bytes(), names(tmp_path)) == (OLD, ["file"])


@pytest.mark.parametrize("end", [KeyboardInterrupt, ValueError, OSError(errno.ENOENT, "of another file", "another")])
def test_whatever_ends_the_body_leaves_what_was_there(end: BaseException | type[BaseException], tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with pytest.raises(BaseException) as told, atomic.writing(path) as file:  # noqa: PT011, PT012 - whatever it is
        file.write(NEW)
        raise end
    assert told.value is end or told.type is end
    assert (path.read_bytes(), names(tmp_path)) == (OLD, ["file"])


def test_a_file_is_synced_before_it_gets_its_name_and_the_name_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, synced, fsync = tmp_path / "file", list[tuple[bool, bytes | None]](), os.fsync

    def look(descriptor: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append((is_folder, path.read_bytes() if path.exists() else None))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    atomic.write(path, NEW)
    assert synced == [(False, None), (True, NEW)]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o755])
def test_permissions_are_kept(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(mode)
    with atomic.writing(path):
        (temporary,) = tmp_path.glob("*.partial")
        assert stat.S_IMODE(temporary.stat().st_mode) == mode
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_permissions_of_any_other(tmp_path: Path) -> None:
    atomic.write(tmp_path / "one", NEW)
    (tmp_path / "other").write_bytes(NEW)
    assert len({path.stat().st_mode for path in tmp_path.iterdir()}) == 1


def test_what_is_protected_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    monkeypatch.setattr(os, "access", lambda *_: False)  # to the system's administrator nothing is protected
    with pytest.raises(PermissionError) as problem:
        atomic.write(path, NEW)
    assert (problem.value.filename, path.read_bytes()) == (str(path), OLD)


@pytest.mark.parametrize("there", [False, True])
def test_links_are_followed_and_stay(there: bool, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
    target, link, first = tmp_path / "b" / "target", tmp_path / "a" / "link", tmp_path / "first"
    link.symlink_to(Path("..") / "b" / "target")
    first.symlink_to(Path("a") / "link")
    if there:
        target.write_bytes(OLD)
    atomic.write(first, NEW)
    assert first.is_symlink()
    assert link.is_symlink()
    assert not target.is_symlink()
    assert target.read_bytes() == NEW
    assert (names(tmp_path / "a"), names(tmp_path / "b")) == (["link"], ["target"])


def test_a_link_to_itself_is_told(tmp_path: Path) -> None:
    path = tmp_path / "link"
    path.symlink_to("link")
    with pytest.raises(OSError, match="symbolic links") as problem:
        atomic.write(path, NEW)
    assert problem.value.filename == str(path)


def test_names_as_long_as_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * os.pathconf(tmp_path, "PC_NAME_MAX"))
    atomic.write(path, NEW)
    assert path.read_bytes() == NEW


@pytest.mark.parametrize("place", [".", "nowhere/file"])
def test_places_where_no_file_can_be(place: str, tmp_path: Path) -> None:
    with pytest.raises((IsADirectoryError, FileNotFoundError)) as problem:
        atomic.write(tmp_path / place, NEW)
    assert problem.value.filename == str(tmp_path / place)
    assert names(tmp_path) == []


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    with subprocess.Popen(["/bin/cat", str(path)], stdout=subprocess.PIPE) as reader:
        atomic.write(path, NEW)
        assert reader.communicate()[0] == NEW
    assert stat.S_ISFIFO(path.stat().st_mode)


WRITE = """
import sys
from pathlib import Path
from fsm import atomic
print("before", flush=True)
atomic.write(Path(sys.argv[1]), b"written\\n")
print("after")
"""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
@pytest.mark.parametrize("into", ["pipe", "file"])
def test_standard_output_is_written_to(name: str, into: str, tmp_path: Path) -> None:
    """Also where it is redirected to a file, which is neither emptied nor replaced."""
    (tmp_path / "link").symlink_to("/dev/stdout")
    command = [sys.executable, "-c", WRITE, str(tmp_path / name)]
    if into == "pipe":
        out = subprocess.run(command, capture_output=True, check=True, cwd=ROOT).stdout
    else:
        path = tmp_path / "out"
        with path.open("wb") as file:
            subprocess.run(command, stdout=file, check=True, cwd=ROOT)
        out = path.read_bytes()
    assert out == b"before\nwritten\nafter\n"


SOURCES = [path for folder in ("fsm", "benchmarks") for path in (ROOT / folder).rglob("*.py")]
WRITES = {"write_text", "write_bytes", "touch", "savetxt", "NamedTemporaryFile", "mkstemp"}


def writes(source: ast.AST) -> Iterator[int]:
    """The lines on which a file is written to, or opened for it."""
    for node in ast.walk(source):
        if isinstance(node, ast.Call) and "devnull" not in ast.unparse(node.func):  # what is written there is not kept
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            given = [*node.args, *(word.value for word in node.keywords if word.arg == "mode")]
            modes = [each.value for each in given if isinstance(each, ast.Constant) and isinstance(each.value, str)]
            if name in WRITES or (name in {"open", "fdopen"} and any(set(mode) & set("wax+") for mode in modes)):
                yield node.lineno


def test_writing_is_noticed() -> None:
    lines = ["open(p, 'w')", "p.open('xb')", "p.open(mode='a')", "p.write_text('')", "p.open('rb')", "open(p)"]
    assert [list(writes(ast.parse(line))) for line in lines] == [[1], [1], [1], [1], [], []]


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_else_writes_files(path: Path) -> None:
    assert path.name == "atomic.py" or list(writes(ast.parse(path.read_text(encoding="utf-8")))) == []
