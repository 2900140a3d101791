"""A PostgreSQL server of the tests' own, on loopback, in a temporary folder, as a user who is not root."""

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import rmtree, which
from tempfile import mkdtemp

import pytest

MISSING = "the store is tested on PostgreSQL, and there is none: `apt-get install postgresql`"
WAIT = 60


def programs() -> Path:
    """The folder with the server's programs, the latest of Debian's if they are not on the path."""
    found = which("initdb")
    folders = [Path(found).resolve().parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not folders:
        pytest.fail(MISSING, pytrace=False)
    return folders[-1]


class Server:
    """One server: `url` leads to its first database."""

    def __init__(self, folder: Path, *, is_durable: bool) -> None:
        self._programs = programs()
        self._folder = folder
        self._is_durable = is_durable
        self._user = "postgres" if os.geteuid() == 0 else None  # the server refuses to be run by root
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = self.database("postgres")

    def database(self, name: str) -> str:
        """The URL of a database."""
        return f"postgresql://fsm@127.0.0.1:{self.port}/{name}"

    def run(self, program: str, *arguments: str) -> str:
        """Run one of the server's programs."""
        command = [str(self._programs / program), *arguments]
        done = subprocess.run(command, user=self._user, capture_output=True, text=True, check=False, cwd=self._folder)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout

    def make(self) -> None:
        self.run("initdb", "-D", "data", "-U", "fsm", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync")

    def start(self) -> None:
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port} -c unix_socket_directories= -c fsync={'on' if self._is_durable else 'off'}"
        # Its output goes to a file: the server would hold a pipe open.
        self.run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", str(WAIT), "-o", options, "start")

    def stop(self, mode: str = "fast") -> None:
        self.run("pg_ctl", "-D", "data", "-m", mode, "-w", "stop")


@contextmanager
def running(*, is_durable: bool = False) -> Iterator[Server]:
    """A server while it is needed; the disk is waited for where it `is_durable`."""
    folder = Path(mkdtemp(prefix="fsm-postgres-"))
    server = Server(folder, is_durable=is_durable)
    try:
        if os.geteuid() == 0:
            from shutil import chown  # noqa: PLC0415 - for root only

            chown(folder, "postgres", "postgres")
        server.make()
        server.start()
        yield server
    finally:
        with suppress(AssertionError):
            server.stop("immediate")
        rmtree(folder, ignore_errors=True)
