"""The command line as a whole: help that fits, what is said of mistakes, completion, what is missing."""

import contextlib
import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module

import click
import pytest

from fsm import __version__
from fsm.cli import COMMANDS, fsm
from fsm.cli.terminal import fitted
from tests.cli.conftest import Inside
from tests.cli.runner import ROOT


def all_commands() -> Iterator[tuple[str, click.Command]]:
    for name in COMMANDS:
        command = getattr(import_module(f"fsm.cli.{name}"), name)
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {each}", other) for each, other in command.commands.items())


EVERY = dict(all_commands())


def test_the_overview_fits_and_lists_every_command(inside: Inside) -> None:
    run = inside("--help")
    assert run.status == 0
    assert max(map(len, run.out.splitlines())) <= 80
    for name, summary in COMMANDS.items():
        assert f"\n  {name:<8}  {summary}\n" in run.out
    assert inside("-h") == inside() == run


@pytest.mark.parametrize("name", COMMANDS)
def test_the_overview_says_what_the_command_says(name: str) -> None:
    assert (EVERY[name].help or "").partition("\n")[0] == COMMANDS[name]


def test_there_are_no_other_commands() -> None:
    modules = {path.stem for path in (ROOT / "fsm" / "cli").glob("*.py")}
    assert modules - set(COMMANDS) == {"__init__", "options", "order", "pictures", "story", "terminal"}


@pytest.mark.parametrize("name", EVERY)
def test_help_fits_and_says_what_everything_is(name: str, inside: Inside) -> None:
    run = inside(*name.split(), "-h")
    assert (run.status, run.err) == (0, "")
    assert run.out.startswith(f"Usage: fsm {name} ")
    assert max(map(len, run.out.splitlines())) <= 80
    parameters = [each for each in EVERY[name].params if isinstance(each, click.Option | click.Argument)]
    assert [each.name for each in parameters if not each.help and each.name != "folder"] == []


def test_the_version(inside: Inside) -> None:
    assert inside("--version").out == f"fsm {__version__}\n"


# fmt: off
FAULTS = [
    ("dance",                              "no such command `dance`: choose from policies, replay, decide, "),
    ("--dance",                            "no such option '--dance'"),
    ("draw",                               "missing argument 'POLICY'"),
    ("draw mimi extra",                    "got unexpected extra argument (extra)"),
    ("draw mimi --shiny",                  "no such option '--shiny'"),
    ("draw mimi --tal",                    "no such option '--tal'"),
    ("draw mimi --detail",                 "option '--detail' requires an argument"),
    ("draw mimi --detail all",             "invalid value for '--detail': 'all' is not one of 'verbs', 'guards', 'clauses'"),
    ("draw mimi --detail GUARDS",          "invalid value for '--detail': 'GUARDS' is not one of"),
    ("draw mimi --tall=yes",               "option '--tall' does not take a value"),
    ("spec mimi --level 0",                "invalid value for '--level': 0 is not in the range 1<=x<=5"),
    ("spec mimi --level two",              "invalid value for '--level': 'two' is not a valid integer"),
    ("conform mimi --timeout nan -- cat",  "invalid value for '--timeout': 'nan' is not a number"),
    ("conform mimi --timeout 0 -- cat",    "invalid value for '--timeout': 0.0 is not in the range x>=0.01"),
    ("conform mimi",                       "missing argument 'COMMAND...'"),
    ("test x --coverage-min nan",          "invalid value for '--coverage-min': 'nan' is not a number"),
    ("wire dance",                         "no such command 'dance'"),
    ("explore mimi",                       "missing option '--output' / '-o'"),
    ("visible x",                          "missing option '--user'"),
    ("visible x --user=",                  "`` is no user id"),
    ("vectors",                            "name one policy, or the folder for the files of several by --into"),
    ("replay x --story --json",            "a story is for people: leave out `--story` or `--json`"),
    ("vectors mimi --check",               "what goes to one file takes no `--check`"),
    ("vectors mimi --into x --all -o y",   "`--into` takes no `--all`, `--output`"),
    ("explore mimi -o x --order state",    "a page without a log takes no `--order`"),
    ("verify mimi --repair -o x --json",   "`--repair` takes no `--json`"),
    ("draw room-policy-strict --format svg --tall", "a picture of roles takes no `--tall`"),
    ("explain mimi join --self --given is_self=true", "the fact `is_self` is given twice"),
    ("explain mimi join --join-rule knock --given join_rule=public", "the fact `join_rule` is given twice"),
]
# fmt: on


@pytest.mark.parametrize(("line", "problem"), FAULTS, ids=[line for line, _ in FAULTS])
def test_a_mistake_is_one_line(line: str, problem: str, inside: Inside) -> None:
    run = inside(*line.split())
    assert (run.status, run.out) == (2, "")
    assert run.complaint.startswith(f"fsm: {problem}")
    assert not run.complaint.endswith(".")


@pytest.mark.parametrize("word", ["x" * 10**5, "\x1b[2J\n", "\udcff", ""])
def test_hostile_words(word: str, inside: Inside) -> None:
    for arguments in ((word,), ("draw", word), ("draw", "mimi", f"--{word}="), ("draw", "mimi", "--detail", word)):
        run = inside(*arguments)
        assert run.status == 2
        assert len(run.complaint) < 1000
        assert run.complaint.isprintable()


def test_wire_alone_says_what_there_is(inside: Inside) -> None:
    run = inside("wire")
    assert run.status == 0
    assert "encode" in run.out


@pytest.mark.parametrize(
    ("line", "place", "wanted"),
    [("fsm ver", 1, "verify"), ("fsm draw matrix-1", 2, "matrix-12"), ("fsm draw mimi --detail v", 4, "verbs")],
)
def test_completion(line: str, place: int, wanted: str) -> None:
    asked = {"_FSM_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(place)}
    done = subprocess.run(
        [sys.executable, "-m", "fsm"],
        env={**os.environ, **asked},
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert f"plain,{wanted}" in done.stdout.splitlines()


def test_completion_can_be_set_up() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "fsm"], env={**os.environ, "_FSM_COMPLETE": "zsh_source"}, capture_output=True, text=True,
        check=False, cwd=ROOT,
    )  # fmt: skip
    assert done.stdout.startswith("#compdef fsm")


def test_without_the_extra_one_line_says_so() -> None:
    script = "import sys; sys.modules['click'] = None; from fsm.__main__ import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 2
    assert done.stderr == "fsm: the command line needs click: pip install 'mimi-fsm[cli]'\n"


SLOW = ("rich", "scipy", "numpy", "pyarrow", "numba", "argparse", "graphviz", "pygraphviz", "sqlalchemy")


@pytest.mark.parametrize("arguments", [("--help",), ("decide",), ("replay", "-"), ("wire", "-h"), ("test", "-h")])
def test_a_command_loads_no_more_than_it_needs(arguments: tuple[str, ...]) -> None:
    script = (
        "import sys; from fsm.cli import run; run(sys.argv[1:]);"
        f"print('loaded', *(name for name in {SLOW} if name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], input="", capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.splitlines()[-1] == "loaded"


@pytest.mark.parametrize(
    ("line", "pieces"),
    [
        ("short", ["short"]),
        ("", [""]),
        ("  one two three four", ["  one two", "    three", "    four"]),
        ("  x-y-z-a-b-c-d", ["  x-y-z-a-b", "    -c-d"]),
    ],
)
def test_a_line_fits_a_terminal(line: str, pieces: list[str]) -> None:
    assert fitted(line, 11) == pieces


def shown(*arguments: str, columns: str = "200") -> str:
    """What a terminal of so many columns shows of a command."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "fsm", *arguments]
    environment = {**os.environ, "COLUMNS": columns, "TERM": "dumb"}
    with subprocess.Popen(command, stdout=follower, stderr=subprocess.DEVNULL, env=environment, cwd=ROOT):
        os.close(follower)
        taken = b""
        with contextlib.suppress(OSError):  # by which Linux says that the other side is closed
            while part := os.read(leader, 2**16):
                taken += part
    os.close(leader)
    return taken.decode()


_STORY = "replay examples/muc/house.jsonl --policy examples/muc/policies.py:AFFILIATIONS"


@pytest.mark.parametrize(
    ("command", "columns", "widest"),
    [
        ("diff mimi mimi-01", "200", 80),
        ("verify mimi-01 --rooms 0", "200", 80),
        ("verify mimi-01 --rooms 0", "1", 40),
        ("explain matrix-12 join --target ban --self", "60", 60),
        ("policies", "0", 95),
        (f"{_STORY} --story", "1", 40),
        (f"{_STORY} --story", "9" * 20, 200),
        (f"{_STORY} --all", "60", 60),
    ],
)
def test_what_is_found_fits_a_terminal(command: str, columns: str, widest: int) -> None:
    lines = shown(*command.split(), columns=columns).splitlines()
    assert len(lines) > 5
    assert [line for line in lines if len(line) > widest] == []


def test_the_group_is_click() -> None:
    assert isinstance(fsm, click.Group)
