"""Change the rules in every small way, and say which change no test notices: `make mutants`.

    python -m tests.mutants [--lines FIRST-LAST] [--jobs N] [FILE]...

Each mutant is one file of the package with one thing changed: a condition turned round, a name or a state replaced
by one of its like, an item or a statement left out. The tests that are about this file are run against it until
one fails. One that none of them fails for is a survivor: it is printed, with its line.
Changes that make no difference to anybody are listed in `EQUIVALENT`, each with the reason. Exit status 1: some survived.
"""

import argparse
import ast
import contextlib
import gc
import multiprocessing
import os
import resource
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import singledispatch
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from inspect import CO_OPTIMIZED
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import process_time
from types import CodeType, FrameType, FunctionType
from typing import Any, NoReturn, TypeAlias, TypeGuard

import pytest

ROOT = Path(__file__).parent.parent

SECONDS, CPU_SECONDS = 600, 100
"""A mutant that takes longer has failed."""

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["pytest", "hypothesis", "jsonschema", "playwright.sync_api", "transitions"])

MIMI = "tests/mimi/test_policies.py tests/mimi/test_revisions.py tests/mimi/test_guards.py".split()
MATRIX = "tests/matrix/test_policies.py tests/matrix/test_guards.py".split()
CORE = "tests/test_decision.py tests/test_machine.py tests/test_participant.py".split()
ROLES = [f"tests/room_policy/test_{about}.py" for about in ("room", "answers", "cells")]
IDS = "tests/test_event_ids.py tests/mimi/test_history.py tests/matrix/test_event_ids.py".split()
ROOMS = [
    "tests/test_asked.py",
    *IDS,
    *CORE,
    "tests/mimi/test_room.py",
    "tests/matrix/test_room.py",
    "tests/test_own_facts.py",
    "tests/test_changes.py",
    "tests/test_snapshots.py",
]
ROLES_OF_MIMI = [
    "tests/mimi/test_roles.py",
    "tests/mimi/test_role_changes.py",
    "tests/mimi/test_permits.py",
    "tests/mimi/test_revisions.py",
    "tests/mimi/test_room.py",
    "tests/mimi/test_envelope.py",
    "tests/mimi/test_envelope_faults.py",
    "tests/test_linear_work.py",
]
MATRIX_ROOMS = [
    "tests/matrix/test_room.py",
    "tests/matrix/test_levels.py",
    "tests/matrix/test_third_party.py",
    "tests/matrix/test_event_ids.py",
    "tests/test_event_ids.py",
    "tests/matrix/test_recorded.py",
    "tests/matrix/test_malformed.py",
]

# By file: the tests that are about it, those that notice most for their time first.
TESTS: dict[str, list[str]] = {
    "fsm/guards.py": ["tests/test_guards.py", "tests/test_policy.py", *CORE],
    "fsm/rule.py": ["tests/test_rule.py", "tests/mimi/test_permits.py", "tests/mimi/test_history.py"],
    "fsm/kinds.py": ["tests/test_kinds.py", "tests/test_decision.py", "tests/matrix/test_policies.py"],
    "fsm/decision.py": [*CORE, *MIMI, "tests/mimi/test_permits.py", "tests/test_kinds.py",
                        "tests/matrix/test_policies.py"],
    "fsm/machine.py": [*CORE, "tests/test_asked.py", "tests/test_residual.py", "tests/mimi/test_room.py", *MIMI],
    "fsm/participant.py": CORE,
    "fsm/past.py": [*IDS, "tests/mimi/test_room.py", "tests/mimi/test_snapshot.py"],
    **{f"fsm/room/{name}.py": ROOMS for name in (
        "contract", "users", "event_ids", "judging", "observing", "sending", "saving")},
    "fsm/participation/guards.py": ["tests/test_guards.py", *MIMI, *MATRIX],
    "fsm/mimi/policies.py": [*MIMI, "tests/mimi/test_permits.py", "tests/mimi/test_role_changes.py",
                             "tests/mimi/test_history.py", "tests/test_fingerprint.py", "tests/test_own_facts.py"],
    "fsm/mimi/permits.py": ["tests/mimi/test_permits.py", *MIMI, "tests/mimi/test_role_changes.py"],
    **{f"fsm/mimi/{name}.py": ROLES_OF_MIMI for name in ("permissions", "roles", "role_changes")},
    "fsm/mimi/visibility.py": ["tests/mimi/test_history.py", "tests/mimi/test_guards.py", "tests/mimi/test_room.py"],
    "fsm/mimi/room.py": ["tests/mimi/test_room.py", "tests/mimi/test_history.py", "tests/mimi/test_permits.py", *CORE,
                         "tests/test_event_ids.py", "tests/mimi/test_settings.py", "tests/mimi/test_roles.py",
                         "tests/mimi/test_malformed.py", "tests/mimi/test_envelope_rooms.py"],
    "fsm/matrix/guards.py": MATRIX,
    "fsm/matrix/policies.py": ["tests/review/test_event_vectors.py", *MATRIX, "tests/matrix/test_authorisation.py",
                               "tests/review/test_beside.py", "tests/matrix/test_room.py", "tests/test_fingerprint.py", "tests/test_own_facts.py"],
    "fsm/matrix/levels.py": ["tests/matrix/test_levels.py", "tests/matrix/test_room.py"],
    **{f"fsm/matrix/{name}.py": ["tests/matrix/test_guards.py", "tests/review/test_event_vectors.py",
                              "tests/matrix/test_authorisation.py", "tests/matrix/test_room.py"] for name in ("permits", "rows")},
    "fsm/matrix/citing.py": ["tests/cli/test_matrix.py", "tests/matrix/test_authorisation.py"],
    "fsm/matrix/altering.py": ["tests/matrix/test_authorisation.py", "tests/matrix/test_levels.py",
                               "tests/cli/test_matrix.py"],
    **{f"fsm/matrix/{name}.py": MATRIX_ROOMS for name in ("room", "judging", "membership", "quick")},
    "fsm/room_policy/guards.py": ["tests/room_policy/test_guards.py", *ROLES],
    "fsm/room_policy/policies.py": [*ROLES, "tests/room_policy/test_policies.py", "tests/room_policy/test_files.py"],
    **{f"fsm/room_policy/{name}.py": [*ROLES, "tests/room_policy/test_histories.py"]
       for name in ("rules", "contents", "facts_of_events", "judging", "commits", "room")},
}  # fmt: skip


# By file: changes by which nothing is answered differently, and why.
_SLOTS = "only memory is saved"
_LIBRARY = "the base class does nothing there"

EQUIVALENT: dict[str, dict[str, str]] = {
    "fsm/past.py": {
        '__slots__ = ("_cells", "_positions", "bound", "keeps_all", "words") → pass': _SLOTS,
        "__hash__ = None → pass": "Python itself takes the hash away from a class that says what is equal",
        "2 → 3": "how many words rooms share, before they begin anew",
        "16 → 17": "how many words rooms share, before they begin anew",
    },
    "fsm/machine.py": {
        "isinstance(row.dest, Asked) and row.dest.among is not None → (isinstance(row.dest, Asked))":
            "a row that leads wherever the event asks says so itself: not to ask it only saves time",
        '__slots__ = ("_fsm_state",) → pass': _SLOTS,
        "super().__init__() → pass": _LIBRARY,
    },
    "fsm/participant.py": {
        "super().__init__(name, bases, namespace, **more) → pass": _LIBRARY,
        "2 → 3": "how many changes a class remembers the hooks of",
        "12 → 13": "how many changes a class remembers the hooks of",
    },
    "fsm/mimi/role_changes.py": {
        "old is not new and old != new → (old != new)": "what is the same is equal: to look at that first saves time",
        "was is not becomes → True": "who stays where they are gains nothing, which takes time to see",
    },
    "fsm/mimi/roles.py": {
        "(self.shape, self.users) → (self.users, )": "values that differ may have the same hash",
        "(self.shape, self.users) → (self.shape, )": "values that differ may have the same hash",
        "__slots__ = () → pass": _SLOTS,
    },
    "fsm/room_policy/guards.py": {"__slots__ = () → pass": _SLOTS},
    "fsm/matrix/levels.py": {
        "power < level → (power <= level)": "a power at the level reaches it either way",
        "self._faults or _NONE → (self._faults)": _SLOTS,
        "self._texts or _NONE → (self._texts)": _SLOTS,
    },
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
    if not (node.value is None or (isinstance(node.value, ast.Constant) and node.value.value in (None, False))):
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
        if isinstance(node, ast.Raise) and ast.unparse(node).endswith("NotImplementedError"):
            continue
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias":
            continue
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            waiting += node.orelse
            continue
        yield node
        for name, value in ast.iter_fields(node):
            if name not in ("annotation", "returns", "bases", "type_params", "decorator_list"):
                waiting += [
                    each for each in (value if isinstance(value, list) else [value]) if isinstance(each, ast.AST)
                ]


Place: TypeAlias = tuple[str, int]
"""A function of a module or class: its name, and its first line."""


def _functions(code: CodeType) -> Iterator[tuple[Place, CodeType]]:
    """The functions of a module and its classes, without those inside of others."""
    for each in code.co_consts:
        if isinstance(each, CodeType):
            if each.co_flags & CO_OPTIMIZED:
                yield (each.co_qualname, each.co_firstlineno), each
            else:
                yield from _functions(each)


def _essence(code: CodeType, *, is_whole: bool) -> object:
    """What a code does, wherever it stands; without the functions in it, unless it is asked for as a whole."""
    inner = (
        _essence(each, is_whole=is_whole) if isinstance(each, CodeType) else (type(each), each)
        for each in code.co_consts
        if is_whole or not (isinstance(each, CodeType) and each.co_flags & CO_OPTIMIZED)
    )
    return code.co_code, code.co_names, code.co_varnames, code.co_freevars, tuple(inner)


class Trials:
    """A plugin of pytest that tries mutants in place of running the tests once.

    When the tests have been collected, each mutant is tried in a fork. There the changed function gets the
    code that it has in the mutant, and the tests that call it are run until one fails, quick ones first.
    """

    def __init__(self, file: str, made: Sequence[Mutant], jobs: int, answers: Connection) -> None:
        self._made, self._jobs, self._answers = made, jobs, answers
        self._path = str(ROOT / file)
        self._text = (ROOT / file).read_text("utf-8")
        self._called: set[Place] = set()
        self._has_failed = False

    def note(self, frame: FrameType, event: str, _: object) -> None:
        """Note a call: a function for `sys.settrace`."""
        if event == "call" and frame.f_code.co_filename == self._path:
            self._called.add((frame.f_code.co_qualname, frame.f_code.co_firstlineno))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._has_failed |= report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        sys.settrace(None)
        early = self._called
        tests = self._tests_by_place(session.items)
        old = compile(self._text, self._path, "exec")
        known = dict(_functions(old))
        live: dict[Place, list[FunctionType]] = {place: [] for place in known}
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename == self._path:
                live.get((each.__code__.co_qualname, each.__code__.co_firstlineno), []).append(each)
        gc.freeze()  # what is here now stays as it is in all forks
        running: dict[int, tuple[int, bool]] = {}
        for number, mutant in enumerate(self._made):
            new = compile(mutant.text, self._path, "exec")
            changed = {
                place: code
                for place, code in _functions(new)
                if place in known and _essence(code, is_whole=True) != _essence(known[place], is_whole=True)
            }
            if not changed or _essence(old, is_whole=False) != _essence(new, is_whole=False):
                self._answers.send((number, None))
                continue
            if len(running) == self._jobs:
                self._wait(running)
            pid = os.fork()
            if not pid:
                for place, code in changed.items():
                    for function in live[place]:
                        function.__code__ = code
                os._exit(self._fails([test for place in changed for test in tests.get(place, [])]))
            running[pid] = number, bool(changed.keys() & early)
        while running:
            self._wait(running)
        return True

    def _wait(self, running: dict[int, tuple[int, bool]]) -> None:
        pid, status = os.wait()
        number, is_early = running.pop(pid)
        # What was called before the mutant was there may have left something that hides it.
        self._answers.send((number, None if is_early and not status else not status))

    def _tests_by_place(self, tests: Sequence[pytest.Item]) -> dict[Place, list[pytest.Item]]:
        """The tests that call each function, quick ones first; found in a fork, so that nothing is in memory here."""
        ours, theirs = multiprocessing.Pipe(duplex=False)
        if not os.fork():
            theirs.send(self._measure(tests))
            os._exit(0)
        theirs.close()
        measured = ours.recv()
        os.wait()
        found: dict[Place, list[pytest.Item]] = {}
        for _, number, called in sorted(measured):
            for place in called:
                found.setdefault(place, []).append(tests[number])
        return {place: _mixed(each) for place, each in found.items()}

    def _measure(self, tests: Sequence[pytest.Item]) -> list[tuple[float, int, list[Place]]]:
        measured = []
        for number, test in enumerate(tests):
            self._called, start = set(), process_time()
            sys.settrace(self.note)
            self._run(test)
            sys.settrace(None)
            assert not self._has_failed, f"{test.nodeid} fails as it stands"
            measured.append((process_time() - start, number, sorted(self._called)))
        return measured

    @staticmethod
    def _run(test: pytest.Item) -> None:
        test.ihook.pytest_runtest_protocol(item=test, nextitem=None)

    def _fails(self, tests: Sequence[pytest.Item]) -> bool:
        _limit()
        for test in tests:
            self._run(test)
            if self._has_failed:
                return True
        return False


def _mixed(tests: Sequence[pytest.Item]) -> list[pytest.Item]:
    """The first case of each test, then the second of each, and so on: cases of one test notice much the same."""
    cases: Counter[str] = Counter()
    turns: dict[pytest.Item, int] = {}
    for test in tests:
        name = test.nodeid.partition("[")[0]
        turns[test] = cases[name]
        cases[name] += 1
    return sorted(tests, key=turns.__getitem__)


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


def _limit() -> None:
    """End this process when it takes too long."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    signal.alarm(SECONDS)


OPTIONS = (
    "-x",
    "-o",
    "addopts=",
    "--assert=plain",
    "-m",
    "not long",
    "-p",
    "no:cacheprovider",
    "-p",
    "no:xdist",
    "-p",
    "no:terminal",
)


def _try_all(file: str, made: Sequence[Mutant], tests: Sequence[str], jobs: int, answers: Connection) -> None:
    """Answer, for each mutant by its number, whether it survives; None where it takes a process of its own."""
    os.chdir(ROOT)
    trials = Trials(file, made, jobs, answers)
    sys.settrace(trials.note)
    pytest.main([*OPTIONS, *tests], plugins=[trials])


def _try(mutant: Mutant, tests: Sequence[str]) -> NoReturn:
    """Import the mutant, and run each file of tests in turn; exit status 0 when no test fails."""
    _limit()
    os.chdir(ROOT)
    sys.meta_path.insert(0, Finder(mutant))
    os._exit(any(pytest.main([*OPTIONS, test]) for test in tests))


def survivors(file: str, made: Sequence[Mutant], tests: Sequence[str], jobs: int) -> Iterator[Mutant]:
    """The mutants of a file that no test notices."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = SERVER.Process(target=_try_all, args=(file, made, tests, jobs, theirs))
    process.start()
    theirs.close()
    afresh: list[Mutant] = []
    answers = 0
    with contextlib.suppress(EOFError):
        while True:
            number, is_alive = ours.recv()
            answers += 1
            if is_alive:
                yield made[number]
            elif is_alive is None:
                afresh.append(made[number])
    process.join()
    if answers < len(made):
        sys.exit(f"{file}: its tests cannot be run")
    running: dict[Any, tuple[Any, Mutant]] = {}
    for mutant in afresh:
        if len(running) == jobs:
            yield from _survivors_of(running)
        trial = SERVER.Process(target=_try, args=(mutant, tests))
        trial.start()
        running[trial.sentinel] = trial, mutant
    while running:
        yield from _survivors_of(running)


def _survivors_of(running: dict[Any, tuple[Any, Mutant]]) -> Iterator[Mutant]:
    """Wait for some of the trials, which are by sentinel."""
    for sentinel in wait(list(running)):
        trial, mutant = running.pop(sentinel)
        trial.join()
        if trial.exitcode == 0:
            yield mutant


def main(arguments: Sequence[str] | None = None) -> int:
    """Try all mutants; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=main.__doc__)
    parser.add_argument("files", nargs="*", metavar="FILE", help=f"by default {', '.join(TESTS)}")
    parser.add_argument("--lines", metavar="FIRST-LAST", default="1-1000000", help="only mutants of these lines")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many are tried at a time")
    options = parser.parse_args(arguments)
    first, last = map(int, options.lines.split("-"))
    alive = 0
    for file in options.files or TESTS:
        text = (ROOT / file).read_text("utf-8")
        made = [
            mutant
            for mutant in mutants(file, text)
            if first <= mutant.line <= last and mutant.change not in EQUIVALENT.get(file, ())
        ]
        for mutant in survivors(file, made, TESTS[file], options.jobs):
            alive += 1
            print(mutant, flush=True)  # noqa: T201
        print(f"{file}: {len(made)} mutants tried", flush=True)  # noqa: T201
    print(f"{alive} survivors")  # noqa: T201
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())
