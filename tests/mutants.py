"""Change the rules in every small way, and say which change no test notices: `make mutants`.

    python -m tests.mutants [--lines FIRST-LAST] [--jobs N] [FILE]...

Each mutant is one file of the package with one thing changed: a condition turned round, a name or a state replaced
by one of its like, an item or a statement left out. The tests that are about this file are run against it, in a
copy of the project, until one fails. One that none of them fails for is a survivor: it is printed, with its line.
Changes that make no difference to anybody are listed in `EQUIVALENT`, each with the reason. Exit status 1: some survived.
"""

import argparse
import ast
import multiprocessing
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import singledispatch
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from pathlib import Path
from types import CodeType
from typing import NoReturn, TypeAlias, TypeGuard

import pytest

ROOT = Path(__file__).parent.parent

SECONDS, CPU_SECONDS = 600, 100
"""A mutant that takes longer has failed."""

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["pytest", "hypothesis", "jsonschema", "playwright.sync_api", "transitions"])

MIMI = "tests/mimi/test_policies.py tests/mimi/test_revisions.py tests/mimi/test_guards.py".split()
MATRIX = "tests/matrix/test_policies.py tests/matrix/test_guards.py".split()
CORE = "tests/test_decision.py tests/test_machine.py tests/test_participant.py".split()
IDS = "tests/test_event_ids.py tests/mimi/test_history.py tests/matrix/test_event_ids.py".split()

# By file: the tests that are about it, those that notice most for their time first.
TESTS: dict[str, list[str]] = {
    "fsm/guards.py": ["tests/test_guards.py", "tests/test_policy.py", *CORE],
    "fsm/kinds.py": ["tests/test_kinds.py", "tests/test_decision.py", "tests/matrix/test_policies.py"],
    "fsm/decision.py": [*CORE, *MIMI, "tests/mimi/test_permits.py", "tests/matrix/test_policies.py"],
    "fsm/machine.py": [*CORE, "tests/mimi/test_room.py", *MIMI],
    "fsm/past.py": [*IDS, "tests/mimi/test_snapshot.py"],
    "fsm/room.py": ["tests/test_asked.py", *IDS, *CORE, "tests/mimi/test_room.py", "tests/matrix/test_room.py",
                    "tests/test_own_facts.py", "tests/mimi/test_malformed.py", "tests/matrix/test_malformed.py"],
    "fsm/participation/guards.py": ["tests/test_guards.py", *MIMI, *MATRIX],
    "fsm/mimi/policies.py": [*MIMI, "tests/mimi/test_permits.py", "tests/mimi/test_role_changes.py",
                             "tests/mimi/test_history.py"],
    "fsm/mimi/permits.py": ["tests/mimi/test_permits.py", *MIMI, "tests/mimi/test_role_changes.py"],
    "fsm/mimi/roles.py": ["tests/mimi/test_roles.py", "tests/mimi/test_role_changes.py", "tests/mimi/test_permits.py",
                          "tests/mimi/test_revisions.py", "tests/mimi/test_room.py", "tests/mimi/test_envelope.py",
                          "tests/mimi/test_envelope_faults.py", "tests/mimi/test_malformed.py"],
    "fsm/mimi/visibility.py": ["tests/mimi/test_history.py", "tests/mimi/test_guards.py", "tests/mimi/test_room.py"],
    "fsm/mimi/room.py": ["tests/mimi/test_room.py", "tests/mimi/test_history.py", "tests/mimi/test_permits.py", *CORE,
                         "tests/test_event_ids.py", "tests/mimi/test_settings.py", "tests/mimi/test_malformed.py",
                         "tests/mimi/test_envelope_rooms.py", "tests/mimi/test_snapshot.py"],
    "fsm/matrix/guards.py": MATRIX,
    "fsm/matrix/policies.py": [*MATRIX, "tests/matrix/test_room.py"],
    "fsm/matrix/levels.py": ["tests/matrix/test_levels.py", "tests/matrix/test_room.py", "tests/matrix/test_malformed.py"],
    "fsm/matrix/premise.py": ["tests/matrix/test_guards.py", "tests/matrix/test_room.py", "tests/matrix/test_recorded.py"],
    "fsm/matrix/room.py": ["tests/matrix/test_room.py", "tests/matrix/test_levels.py", "tests/matrix/test_third_party.py",
                           "tests/matrix/test_event_ids.py", "tests/matrix/test_recorded.py", "tests/matrix/test_malformed.py",
                           "tests/matrix/test_histories.py"],
}  # fmt: skip


# By file: changes by which nothing is answered differently, and why.
EQUIVALENT: dict[str, dict[str, str]] = {
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

    @property
    def change(self) -> str:
        """What became what."""
        return f"{self.before} → {self.after}"

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.change}"


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
        if before != after:
            yield Mutant(file, line, " ".join(before.split()), " ".join(after.split()), changed)


# fmt: off
OPERATORS: dict[type[ast.AST], str] = {
    ast.Is: "is not", ast.IsNot: "is", ast.Eq: "!=", ast.NotEq: "==", ast.In: "not in", ast.NotIn: "in",
    ast.Lt: "<=", ast.LtE: "<", ast.Gt: ">=", ast.GtE: ">", ast.Add: "-", ast.Sub: "+",
    ast.BitOr: "&", ast.BitAnd: "|",
}
LIKE = ["JOIN", "LEAVE", "INVITE", "BAN", "KNOCK"]
FOR_TYPES = ("TypeVar",)
OTHERS = {"all": "any", "any": "all", "min": "max", "max": "min"}
# fmt: on


def _changes(tree: ast.Module) -> Iterator[Change]:
    """What to put in the place of which node."""
    nodes = list(_code(tree))
    members = sorted({ast.unparse(node) for node in nodes if _is_member(node)})
    for node in nodes:
        yield from _changes_of(node)
        if _is_member(node):
            like = [each for each in members if each.startswith(f"{ast.unparse(node.value)}.")]
            yield node, like[like.index(ast.unparse(node)) - 1]


def _is_member(node: ast.AST) -> TypeGuard[ast.Attribute]:
    """Whether this is a member of an enumeration: other members that the file names are of its like."""
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.attr.isupper()


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
        if isinstance(node, ast.Assert | ast.JoinedStr) or (isinstance(node, ast.AnnAssign) and node.value is None):
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FOR_TYPES:
            continue
        yield node
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "bases", "type_params", "decorator_list"):
                waiting += [
                    each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)
                ]


class Changed(SourceFileLoader):
    """Loads a module from another text than that of its file."""

    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self._text.encode(), self.get_filename(fullname))


class Finder(MetaPathFinder):
    """Finds the module that a mutant is of; all others are left to those who come next."""

    def __init__(self, mutant: Mutant) -> None:
        self._name = mutant.file.removesuffix(".py").replace("/", ".")
        self._loader = Changed(self._name, str(ROOT / mutant.file), mutant.text)

    def find_spec(self, fullname: str, *_: object) -> ModuleSpec | None:
        return spec_from_loader(fullname, self._loader) if fullname == self._name else None


def survives(mutant: Mutant) -> bool:
    """Whether no test fails, each file in turn in one new process."""
    process = SERVER.Process(target=_try, args=(mutant,))
    process.start()
    process.join(SECONDS)
    if process.exitcode is None:
        process.kill()
        process.join()
    return process.exitcode == 0


def _try(mutant: Mutant) -> NoReturn:
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    os.chdir(ROOT)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nowhere, stream)
    sys.meta_path.insert(0, Finder(mutant))
    options = ("-x", "-q", "--assert=plain", "-m", "not long", "-p", "no:cacheprovider", "-p", "no:xdist")
    os._exit(any(pytest.main([*options, test]) for test in TESTS[mutant.file]))


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all mutants; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"by default {', '.join(TESTS)}")
    parser.add_argument("--lines", metavar="FIRST-LAST", default="1-1000000", help="only mutants of these lines")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many are tried at a time")
    options = parser.parse_args(arguments)
    first, last = map(int, options.lines.split("-"))
    made: list[Mutant] = []
    for file in options.files or TESTS:
        text = (ROOT / file).read_text("utf-8")
        made.append(Mutant(file, 0, "", "", text))
        made += (
            mutant
            for mutant in mutants(file, text)
            if first <= mutant.line <= last and mutant.change not in EQUIVALENT.get(file, ())
        )
    count = survivors = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for mutant, is_alive in zip(made, pool.map(survives, made), strict=True):
            if not mutant.line:
                if not is_alive:
                    sys.exit(f"{mutant.file}: its tests fail as it stands")
                continue
            count += 1
            if is_alive:
                survivors += 1
                print(mutant, flush=True)  # noqa: T201
    print(f"{count} mutants, {survivors} survivors")  # noqa: T201
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
