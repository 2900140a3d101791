"""The package as it is installed, in an environment of its own: what it does alone, and with the extras that the README names.

Installing asks a package index, so that `make test-fresh` runs this, and `make test` does not.
"""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runner import ROOT
from tests.test_docs import COMMANDS, EXAMPLES

PAGES = ("README.md", "docs/start.md", "docs/tutorials/own-policy.md")
LINES = [(code, printed) for page, code, printed in EXAMPLES if page == "README.md"]
ASKED = [(command, printed) for page, command, printed in COMMANDS if page in PAGES]
PICTURES = """
from fsm import MIMI
from fsm.render import extract, render
for format in ("dot", "mermaid", "matrix", "text"):
    assert render(extract(MIMI), format)
"""


class Environment:
    """An environment of Python with nothing in it but what is installed here."""

    def __init__(self, folder: Path) -> None:
        self.programs = folder / "environment" / "bin"
        subprocess.run([sys.executable, "-m", "venv", self.programs.parent], check=True)
        self.run("pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)).check_returncode()
        (self.wheel,) = folder.glob("mimi_fsm-*.whl")

    def install(self, extras: str = "") -> None:
        self.run("pip", "install", "--quiet", f"{self.wheel}{extras}").check_returncode()

    def run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        command = [str(self.programs / program), *arguments]
        # In the folder of the examples, and not of the package: it is the installed one that is imported.
        return subprocess.run(command, capture_output=True, text=True, check=False, env=outside, cwd=self.programs)


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("bare"))
    environment.install()
    return environment


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    environment = Environment(tmp_path_factory.mktemp("full"))
    environment.install("[cli,render,review]")
    (environment.programs / "examples").symlink_to(ROOT / "examples")
    return environment


@pytest.mark.parametrize(("code", "printed"), LINES)
def test_examples_of_the_readme_need_nothing_else(bare: Environment, code: str, printed: str) -> None:
    done = bare.run("python", "-c", code)
    assert (done.stdout, done.stderr) == (printed, "")


def test_pictures_as_text_need_nothing_else(bare: Environment) -> None:
    assert bare.run("python", "-c", PICTURES).stderr == ""


def test_the_command_says_what_it_needs(bare: Environment) -> None:
    done = bare.run("fsm", "policies")
    assert (done.returncode, done.stderr) == (2, "fsm: the command line needs click: pip install 'mimi-fsm[cli]'\n")


@pytest.mark.parametrize(("command", "printed"), ASKED)
def test_commands_print_what_the_pages_say(full: Environment, command: str, printed: str) -> None:
    assert full.run("fsm", *shlex.split(command)).stdout == printed


def test_pictures_need_no_installed_graphviz(full: Environment) -> None:
    for name in ("mimi.svg", "mimi.png", "mimi.pdf"):
        assert full.run("fsm", "draw", "mimi", "-o", name).stderr == ""
        assert (full.programs / name).stat().st_size > 0


@pytest.mark.parametrize(
    ("command", "extra"),
    [("backtest events.parquet", "bulk"), ("synth -o events.parquet", "bulk"), ("store sqlite:///rooms.db", "store")],
)
def test_what_needs_more_says_so_before_any_work(full: Environment, command: str, extra: str) -> None:
    done = full.run("fsm", *command.split())
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert f"pip install 'mimi-fsm[{extra}]'" in done.stderr
