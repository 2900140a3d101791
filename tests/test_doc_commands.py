"""Every command that the documentation shows does what it is shown for."""

import re
import shlex
import sys
from collections.abc import Sequence
from contextlib import chdir
from pathlib import Path

import click
import pytest

from fsm.cli import COMMANDS, EXAMPLES
from fsm.cli import fsm as fsm_commands
from tests.cli.runner import ROOT, fsm
from tests.test_docs import TEXTS, blocks

ALL = {**TEXTS, "vectors/README.md": (ROOT / "vectors" / "README.md").read_text(encoding="utf-8")}
CLUSTER = "/shared/"
"""Where a cluster has its files."""
LARGE = "--events 10000000 --rooms 10000 --users 100000"


def lines_of(kind: str, text: str) -> list[str]:
    """The commands in a page's blocks of a kind, each as one line."""
    code = "".join(re.findall(rf"^```{kind}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)).replace("\\\n", " ")
    return [line for line in code.splitlines() if line.startswith("fsm ")]


SHOWN = [pytest.param(lines, id=page) for page, text in ALL.items() if (lines := lines_of("sh", text))]
INLINE = [
    (page, words.split(" | ")[0])
    for page, text in ALL.items()
    for words in re.findall(r"`(fsm [a-z][^`]*)`", " ".join(re.sub(r"```.*?```", "", text, flags=re.DOTALL).split()))
]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder in which the examples lie, and a small history where a cluster would share it."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "roles.json").symlink_to(ROOT / "examples" / "room_policy" / "cooperative.json")
    return tmp_path


def run(line: str, folder: Path) -> str:
    """What a shown line prints: with a smaller history, with all of a cluster on this machine, and a command to ask."""
    line = line.partition(" #")[0].replace(LARGE, "--events 2000 --rooms 20 --users 100")
    line = line.replace(" --address ray-head:6379", "").replace(CLUSTER, f"{folder}{CLUSTER}")
    line = line.replace("COMMAND", f"{sys.executable} -m fsm decide")
    line, _, file = line.partition(" < ")
    given = (folder / file).read_bytes() if file else b""
    done = fsm(*shlex.split(line)[1:], where=folder, given=given)
    assert done.status in (0, 1), (line, done.err)
    return done.out


@pytest.mark.long
@pytest.mark.parametrize("lines", SHOWN)
def test_what_a_page_shows_can_be_run_from_top_to_bottom(lines: Sequence[str], desk: Path) -> None:
    if any(CLUSTER in line for line in lines):
        for folder in ("events", "tmp"):
            (desk / "shared" / folder).mkdir(parents=True)
        run("fsm synth -o shared/events/part.parquet --events 2000 --rooms 20 --users 100", desk)
    for line in lines:
        run(line, desk)


@pytest.mark.long
def test_the_examples_of_the_help_can_be_run(desk: Path) -> None:
    assert EXAMPLES.keys() == COMMANDS.keys()
    (desk / "vectors").symlink_to(ROOT / "vectors")
    run(EXAMPLES["synth"], desk)
    run("fsm replay examples/day.jsonl --store sqlite:///rooms.db", desk)
    for name, line in EXAMPLES.items():
        assert len(line) <= 78
        if name != "gallery":  # has tests of its own, and takes long
            run(line.replace("-- fsm", f"-- {sys.executable} -m fsm"), desk)


@pytest.mark.long
def test_the_tutorial_of_a_history_says_what_happens(desk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = "docs/tutorials/history.md"
    synth, backtest, *_ = lines_of("sh", TEXTS[page])
    for line in (synth, backtest):
        done = fsm(*shlex.split(line)[1:], where=desk)
    (said,) = (code for where, code in blocks("text") if where == page)
    assert done.status == 1
    assert set(said.splitlines()) - {"…"} <= set(done.out.splitlines())
    (program,) = (code for where, code in blocks("py") if where == page)
    with chdir(desk):
        exec(compile(program, page, "exec"), {})  # noqa: S102 - our own text
    assert "'transition': 'reinvite', 'against_transition': 'invite', 'count_all': 415" in capsys.readouterr().out


@pytest.mark.parametrize(("page", "line"), INLINE)
def test_what_a_page_mentions_is_a_command_with_these_options(page: str, line: str) -> None:
    name, *arguments = shlex.split(line.replace("…", ""))[1:]
    command = fsm_commands.get_command(click.Context(fsm_commands), name)
    assert command is not None
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    given = {each.partition("=")[0] for each in own if re.match("--?[a-z]", each)}
    assert given <= {option for each in command.params for option in each.opts} | {"-h", "--help"}, page
