"""Whatever a command writes is there whole or not at all, and a disk without room is told in one line."""

import errno
import io
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import cast

import pytest

from fsm import atomic
from fsm.cli.terminal import Output
from tests.cli.conftest import Inside
from tests.cli.runner import DAY, ROOT

SAYS_YES = ("--", sys.executable, "-c", "for _ in open(0): print('{\"allowed\": true}')")

# fmt: off
COMMANDS: list[tuple[tuple[str, ...], str]] = [
    (("draw", "mimi", "-o", "{}"),                                          "picture.svg"),
    (("spec", "mimi", "-o", "{}"),                                          "section.md"),
    (("explore", "mimi", "-o", "{}"),                                       "page.html"),
    (("vectors", "mimi", "-o", "{}"),                                       "vectors.jsonl"),
    (("verify", "mimi-01", "--rooms", "0", "--report", "{}"),               "report.md"),
    (("verify", "mimi-01", "--rooms", "0", "--report", "{}"),               "report.html"),
    (("diff", "mimi-00", "mimi", "--report", "{}"),                         "report.md"),
    (("conform", "mimi", "--junit", "{}", *SAYS_YES),                       "run.xml"),
    (("synth", "--events", "100", "--rooms", "1", "--users", "9", "-o", "{}"), "log.jsonl"),
    (("synth", "--events", "100", "--rooms", "1", "--users", "9", "-o", "{}"), "log.parquet"),
    (("backtest", str(DAY), "-o", "{}"),                                    "verdicts.arrow"),
    (("backtest", str(DAY), "--participation", "{}"),                       "states.jsonl"),
]
# fmt: on


@pytest.mark.parametrize(("command", "name"), COMMANDS, ids=[f"{row[0][0]}-{row[1]}" for row in COMMANDS])
def test_a_full_disk(
    command: tuple[str, ...], name: str, inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / name
    file.write_text("old", encoding="utf-8")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, "fsync", full)
    run = inside(*(word.format(file) if word == "{}" else word for word in command))
    (complaint,) = [line for line in run.err.splitlines() if "no space left on device" in line]
    assert run.status == 2
    assert complaint.startswith("fsm: ")
    assert str(tmp_path) in complaint
    assert file.read_text(encoding="utf-8") == "old"
    assert not list(tmp_path.glob(".*"))


@pytest.mark.parametrize(
    "command", [("verify", "mimi-01", "--rooms", "0", "--witnesses"), ("diff", "mimi-00", "mimi", "--logs")]
)
def test_logs_on_a_full_disk(
    command: tuple[str, ...], inside: Inside, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "")

    monkeypatch.setattr(os, "fsync", full)
    run = inside(*command, str(tmp_path / "logs"))
    assert run.status == 2
    assert run.complaint.endswith(".jsonl: no space left on device")
    assert list((tmp_path / "logs").iterdir()) == []


# fmt: off
FULL: list[tuple[tuple[str, ...], str, str]] = [
    (("draw", "mimi"),    "device", ""), (("vectors", "mimi-00"), "file", ""), (("replay", str(DAY)), "file", "1"), (("policies",), "device", "1"),
    (("policies",),       "file", ""),   (("policies",), "file", "1"),         (("replay", str(DAY)), "device", ""),
]
# fmt: on


@pytest.mark.parametrize(("command", "full", "unbuffered"), FULL, ids=range(len(FULL)))
def test_standard_output_without_room(command: tuple[str, ...], full: str, unbuffered: str, tmp_path: Path) -> None:
    with (tmp_path / "out" if full == "file" else Path("/dev/full")).open("wb") as out:
        run = subprocess.run(
            [sys.executable, "-m", "fsm", *command], cwd=ROOT, stdout=out, env={**os.environ, "PYTHONUNBUFFERED": unbuffered}, stderr=subprocess.PIPE, text=True, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)),
        )  # fmt: skip
    reason = "no space left on device" if full == "device" else "file too large"
    assert (run.returncode, run.stderr.splitlines()[-1]) == (2, f"fsm: standard output: {reason}")


def none(*streams: int) -> None:
    for number in streams:
        os.close(number)


def a_file_to_read(number: int) -> None:
    os.dup2(os.open(os.devnull, os.O_RDONLY), number)


def a_full_disk(number: int) -> None:
    os.dup2(os.open("/dev/full", os.O_WRONLY), number)


def a_closed_pipe(number: int) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    os.dup2(writer, number)


DEAF = "fsm: standard output: bad file descriptor\n"
NONE = "fsm: no such command `dance`: choose from"

# fmt: off
STREAMS: list[tuple[tuple[str, ...], Callable[[], None], int, str, str]] = [
    # What is to be written cannot be.
    (("policies",),          lambda: none(1),           2,   "", DEAF),
    (("explain", "mimi", "leave", "--json"), lambda: none(0, 1), 2, "", DEAF),
    (("--help",),            lambda: a_file_to_read(1), 2,   "", DEAF),
    (("policies",),          lambda: a_closed_pipe(1),  141, "", ""),
    (("explain", "mimi", "leave"), lambda: a_closed_pipe(1), 141, "", ""),
    (("--help",),            lambda: none(0, 1, 2),     2,   "", ""),
    # What is wrong cannot be said: the answer is what it is, and nothing of it goes where answers go.
    (("dance",),             lambda: none(2),           2,   "", ""),
    (("dance",),             lambda: a_file_to_read(2), 2,   "", ""),
    (("dance",),             lambda: a_full_disk(2),    2,   "", ""),
    (("dance",),             lambda: a_closed_pipe(2),  2,   "", ""),
    (("replay", "/dev/null", "--json"), lambda: none(2), 0,  '{"summary"', ""),
    # Nothing is to be written.
    (("dance",),             lambda: none(1),           2,   "", NONE),
    (("draw", "mimi", "--format", "dot", "-o", "/dev/null"), lambda: none(0, 1, 2), 0, "", ""),
]
# fmt: on


@pytest.mark.parametrize(("command", "arrange", "status", "out", "err"), STREAMS, ids=range(len(STREAMS)))
def test_standard_streams_that_cannot_be_used(
    command: tuple[str, ...], arrange: Callable[[], None], status: int, out: str, err: str
) -> None:
    run = subprocess.run([sys.executable, "-m", "fsm", *command], cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=arrange)  # fmt: skip
    assert (run.returncode, run.stdout[: len(out) or None], run.stderr[: len(err) or None]) == (status, out, err)


def test_what_was_written_before_a_mistake_may_find_a_closed_pipe(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text('{"type": "m.room.role_map"}\n{"chunk": [], "start": "x"}\n', encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "fsm", "replay", str(log)], cwd=ROOT, capture_output=True, text=True, check=False,
        preexec_fn=lambda: a_closed_pipe(1),
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (141, "")


def test_a_report_comes_after_its_pictures(tmp_path: Path, inside: Inside, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that it never shows what is not there."""
    written, write = list[str](), atomic.write

    def noting(path: Path, content: bytes) -> None:
        written.append(path.suffix)
        write(path, content)

    monkeypatch.setattr(atomic, "write", noting)
    inside("verify", "mimi-01", "--rooms", "0", "--report", str(tmp_path / "report.md"))
    assert written == [".svg", ".md"]


@pytest.mark.parametrize("command", [("gallery",), ("vectors", "--into")])
def test_commands_that_write_folders(command: tuple[str, ...], tmp_path: Path, inside: Inside) -> None:
    folder = tmp_path / "file" / "folder"
    folder.parent.write_text("", encoding="utf-8")
    run = inside(*command, str(folder))
    assert run.status == 2
    assert run.complaint.startswith(f"fsm: {folder}")


def test_lines_leave_before_more_is_waited_for(capsys: pytest.CaptureFixture[str]) -> None:
    told: list[str] = []

    class Source(io.BytesIO):
        def read1(self, size: int | None = -1, /) -> bytes:
            told.append(capsys.readouterr().out)
            return super().read1(size)

    output = Output()
    source = output.before(cast("io.BufferedReader", Source(b"more")))
    output.add("a")
    output.add("b")
    assert (capsys.readouterr().out, source.read1(), told) == ("", b"more", ["a\nb\n"])
    for number in range(3_000):
        output.add(str(number))
    assert 1_000 < capsys.readouterr().out.count("\n") < 3_000


def test_lines_leave_whatever_happens(capsys: pytest.CaptureFixture[str]) -> None:
    output = Output()
    output.add("a")
    with pytest.raises(KeyboardInterrupt), output:
        raise KeyboardInterrupt
    assert capsys.readouterr().out == "a\n"
