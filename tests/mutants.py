"""Change the rules in every small way, and say which change no test notices: `make mutants`.

    python -m tests.mutants [--lines FIRST-LAST] [--jobs N] [FILE]...

Each mutant is one file of the package with one thing changed: a condition turned round, a name or a state replaced
by one of its like, an item or a statement left out. The tests that are about this file are run against it, in a
copy of the project, until one fails. One that none of them fails for is a survivor: it is printed, with its line.
What means the same, or is words for people only, is marked `# no mutant: WHY` in the line. Exit status 1: some survived.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import singledispatch
from pathlib import Path
from queue import SimpleQueue
from typing import TypeAlias

ROOT = Path(__file__).parent.parent
PARTS = ("fsm", "tests", "examples", "vectors", "README.md", "pyproject.toml")
TIMEOUT = 300

MIMI = "tests/mimi/test_policies.py tests/mimi/test_revisions.py tests/mimi/test_guards.py".split()
MATRIX = "tests/matrix/test_policies.py tests/matrix/test_guards.py".split()
CORE = "tests/test_decision.py tests/test_machine.py tests/test_participant.py tests/test_policies.py".split()

FROZEN = "tests/test_frozen.py"

# By file: the tests that are about it, those that notice most first.
TESTS: dict[str, list[str]] = {
    "fsm/guards.py": ["tests/test_guards.py", "tests/test_policy.py", *CORE],
    "fsm/participation/guards.py": ["tests/test_guards.py", *MIMI, *MATRIX, FROZEN],
    "fsm/decision.py": [*CORE, *MIMI, "tests/matrix/test_policies.py"],
    "fsm/machine.py": [*CORE, *MIMI, "tests/mimi/test_room.py"],
    "fsm/mimi/policies.py": [*MIMI, FROZEN, "tests/mimi/test_permits.py", "tests/mimi/test_role_changes.py", "tests/mimi/test_history.py"],
    "fsm/mimi/permits.py": ["tests/mimi/test_permits.py", *MIMI, "tests/mimi/test_role_changes.py", "tests/mimi/test_history.py"],
    "fsm/mimi/roles.py": ["tests/mimi/test_roles.py", "tests/mimi/test_role_changes.py", "tests/mimi/test_permits.py",
                          "tests/mimi/test_revisions.py", "tests/mimi/test_room.py", "tests/mimi/test_malformed.py"],
    "fsm/mimi/visibility.py": ["tests/mimi/test_history.py", "tests/mimi/test_guards.py", "tests/mimi/test_room.py"],
    "fsm/mimi/room.py": ["tests/mimi/test_room.py", "tests/mimi/test_history.py", "tests/mimi/test_malformed.py",
                         "tests/mimi/test_properties.py", "tests/mimi/test_snapshot.py", *CORE],
    "fsm/matrix/guards.py": [*MATRIX, FROZEN],
    "fsm/matrix/policies.py": [*MATRIX, FROZEN, "tests/matrix/test_room.py", "tests/matrix/test_recorded.py"],
    "fsm/matrix/levels.py": ["tests/matrix/test_levels.py", "tests/matrix/test_room.py", "tests/matrix/test_malformed.py"],
    "fsm/matrix/premise.py": ["tests/matrix/test_guards.py", "tests/matrix/test_room.py", "tests/matrix/test_recorded.py"],
    "fsm/matrix/room.py": ["tests/matrix/test_room.py", "tests/matrix/test_malformed.py", "tests/matrix/test_levels.py",
                           "tests/matrix/test_third_party.py", "tests/matrix/test_histories.py", "tests/matrix/test_recorded.py"],
}  # fmt: skip


Change: TypeAlias = tuple[ast.AST, str]
"""A node, and the text to put in its place."""


@dataclass(frozen=True, slots=True)
class Mutant:
    """A file with one thing changed: the lines that it is in, and what is there now."""

    file: str
    line: int
    before: str
    after: str
    text: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.before} → {self.after}"


def mutants(file: str, text: str) -> Iterator[Mutant]:
    """Every mutant of a file."""
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode()))
    source = text.encode()

    def place(node: ast.AST) -> slice:
        return slice(
            starts[node.lineno - 1] + node.col_offset,  # type: ignore[attr-defined]
            starts[node.end_lineno - 1] + node.end_col_offset,  # type: ignore[attr-defined]
        )

    for node, after in _changes(ast.parse(text)):
        where = place(node)
        before = source[where].decode()
        line = node.lineno  # type: ignore[attr-defined]
        changed = (source[: where.start] + after.encode() + source[where.stop :]).decode()
        if before != after and "# no mutant: " not in lines[line - 1] and _compiles(changed):
            yield Mutant(file, line, " ".join(before.split()), " ".join(after.split()), changed)


def _compiles(text: str) -> bool:
    try:
        compile(text, "mutant", "exec")
    except SyntaxError:
        return False
    return True


# fmt: off
OPERATORS: dict[type[ast.AST], str] = {
    ast.Is: "is not", ast.IsNot: "is", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Add: "-", ast.Sub: "+",
    ast.BitOr: "&", ast.BitAnd: "|",
}
LIKE = ["JOIN", "LEAVE", "INVITE", "BAN", "KNOCK"]
OTHERS = {"all": "any", "any": "all", "min": "max", "max": "min"}
# fmt: on


def _changes(tree: ast.Module) -> Iterator[Change]:
    """What to put in the place of which node."""
    for node in _code(tree):
        yield from _changes_of(node)


@singledispatch
def _changes_of(_: ast.AST) -> Iterator[Change]:
    yield from ()


@_changes_of.register
def _(node: ast.Compare) -> Iterator[Change]:
    if len(node.ops) == 1:
        left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
        yield node, f"({left} {OPERATORS[type(node.ops[0])]} {right})"


@_changes_of.register
def _(node: ast.BoolOp) -> Iterator[Change]:
    for index in range(len(node.values)):
        rest = node.values[:index] + node.values[index + 1 :]
        yield node, f"({ast.unparse(ast.BoolOp(node.op, rest) if len(rest) > 1 else rest[0])})"
    other = ast.And() if isinstance(node.op, ast.Or) else ast.Or()
    yield node, f"({ast.unparse(ast.BoolOp(other, node.values))})"


@_changes_of.register
def _(node: ast.UnaryOp) -> Iterator[Change]:
    if isinstance(node.op, ast.Not):
        yield node, f"({ast.unparse(node.operand)})"


@_changes_of.register
def _(node: ast.BinOp) -> Iterator[Change]:
    if type(node.op) in OPERATORS:
        yield node, f"({ast.unparse(node.left)} {OPERATORS[type(node.op)]} {ast.unparse(node.right)})"


@_changes_of.register
def _(node: ast.Constant) -> Iterator[Change]:
    if isinstance(node.value, bool):
        yield node, repr(not node.value)
    elif isinstance(node.value, int):
        yield node, repr(node.value + 1)


@_changes_of.register(ast.If)
@_changes_of.register(ast.IfExp)
@_changes_of.register(ast.While)
def _(node: ast.If | ast.IfExp | ast.While) -> Iterator[Change]:
    yield node.test, f"(not ({ast.unparse(node.test)}))"


@_changes_of.register
def _(node: ast.comprehension) -> Iterator[Change]:
    yield from ((test, "True") for test in node.ifs)


@_changes_of.register
def _(node: ast.Return) -> Iterator[Change]:
    if not (node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)):
        yield node, "return None"


@_changes_of.register
def _(node: ast.Tuple) -> Iterator[Change]:
    if isinstance(node.ctx, ast.Load):
        yield from ((node, f"({''.join(f'{each}, ' for each in rest)})") for rest in _without_one(node.elts))


@_changes_of.register
def _(node: ast.Set) -> Iterator[Change]:
    yield from ((node, f"{{{', '.join(rest)}}}" if rest else "set()") for rest in _without_one(node.elts))


@_changes_of.register
def _(node: ast.Name) -> Iterator[Change]:
    if node.id in LIKE and isinstance(node.ctx, ast.Load):
        yield node, LIKE[LIKE.index(node.id) - 1]


@_changes_of.register
def _(node: ast.Call) -> Iterator[Change]:
    if isinstance(node.func, ast.Name) and node.func.id in OTHERS:
        yield node.func, OTHERS[node.func.id]


@_changes_of.register(ast.Expr)
@_changes_of.register(ast.Assign)
@_changes_of.register(ast.AugAssign)
@_changes_of.register(ast.Raise)
def _(node: ast.Expr | ast.Assign | ast.AugAssign | ast.Raise) -> Iterator[Change]:
    if node.col_offset:
        yield node, "pass"


def _without_one(items: Sequence[ast.expr]) -> Iterator[list[str]]:
    for index in range(len(items)):
        yield [ast.unparse(each) for number, each in enumerate(items) if number != index]


def _code(tree: ast.Module) -> Iterator[ast.AST]:
    """All nodes that do something: no annotations, no texts for people, nothing that only types read."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if isinstance(node, ast.Assert) or (isinstance(node, ast.AnnAssign) and node.value is None):
            continue
        yield node
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "bases", "type_params", "decorator_list"):
                waiting += [
                    each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)
                ]


class Copies:
    """Copies of the project in which mutants are tried, each by one at a time."""

    def __init__(self, folder: Path, count: int) -> None:
        self._free: SimpleQueue[Path] = SimpleQueue()
        for number in range(count):
            copy = folder / str(number)
            for part in PARTS:
                source, target = ROOT / part, copy / part
                target.parent.mkdir(parents=True, exist_ok=True)
                if source.is_dir():
                    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(source, target)
            self._free.put(copy)

    def survives(self, mutant: Mutant) -> bool:
        """Whether no test fails."""
        copy = self._free.get()
        place = copy / mutant.file
        try:
            _replace(place, mutant.text)
            return _passes(copy, TESTS[mutant.file])
        finally:
            _replace(place, (ROOT / mutant.file).read_text("utf-8"))
            self._free.put(copy)


def _replace(place: Path, text: str) -> None:
    """Write a file whose compiled form may be at hand: all others are compiled once."""
    place.write_text(text, "utf-8")
    for compiled in (place.parent / "__pycache__").glob(f"{place.stem}.*.pyc"):
        compiled.unlink()


def _passes(copy: Path, tests: Sequence[str]) -> bool:
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    options = ("-x", "-q", "-m", "not long", "-p", "no:cacheprovider", "-p", "no:xdist")
    command = [sys.executable, "-m", "pytest", *options, *tests]
    try:
        done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, check=False, timeout=TIMEOUT)
    except subprocess.TimeoutExpired:
        return False
    return done.returncode == 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all mutants; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"by default {', '.join(TESTS)}")
    parser.add_argument("--lines", metavar="FIRST-LAST", default="1-1000000", help="only mutants of these lines")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many are tried at a time")
    options = parser.parse_args(arguments)
    first, last = map(int, options.lines.split("-"))
    files = options.files or list(TESTS)
    made = [
        mutant
        for file in files
        for mutant in mutants(file, (ROOT / file).read_text("utf-8"))
        if first <= mutant.line <= last
    ]
    survivors = 0
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(options.jobs) as pool:
        copies = Copies(Path(folder), options.jobs)
        for mutant, survives in zip(made, pool.map(copies.survives, made), strict=True):
            if survives:
                survivors += 1
                print(mutant, flush=True)  # noqa: T201
    print(f"{len(made)} mutants, {survivors} survivors")  # noqa: T201
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
