"""Whether a test notices a mutant: the tests that are about its file are run against it until one fails."""

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
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_loader
from inspect import CO_OPTIMIZED
from multiprocessing.connection import Connection, wait
from pathlib import Path
from time import process_time
from types import CodeType, FrameType, FunctionType
from typing import Any, NoReturn, TypeAlias

import pytest
from hypothesis import Phase, settings

from tests.mutants.changes import Mutant

ROOT = Path(__file__).parent.parent.parent

SECONDS, CPU_SECONDS, TIMES = 600, 10, 5
"""A mutant that takes longer has failed: in all, or in processor time beside so many times that of its tests."""

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["pytest", "hypothesis", "jsonschema", "playwright.sync_api", "transitions"])

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


@dataclass(frozen=True, slots=True)
class Limits:
    """How many mutants are tried at a time, and by tests of how much processor time: slower ones are passed over."""

    jobs: int
    seconds: float = 0


class FirstFailure:
    """A plugin of pytest by which properties are refuted once, and not by their smallest cases."""

    def pytest_sessionstart(self) -> None:
        settings.register_profile(
            "first failure", settings.get_profile("fixed"), phases=(Phase.explicit, Phase.generate)
        )
        settings.load_profile("first failure")


class Trials(FirstFailure):
    """A plugin of pytest that tries mutants in place of running the tests once.

    When the tests have been collected, each mutant is tried in a fork. There the changed function gets the
    code that it has in the mutant, and the tests that call it are run until one fails, quick ones first.
    """

    def __init__(self, file: str, made: Sequence[Mutant], limits: Limits, answers: Connection) -> None:
        self._made, self._limits, self._answers = made, limits, answers
        self._path = str(ROOT / file)
        self._text = (ROOT / file).read_text("utf-8")
        self._called: set[Place] = set()
        self._seconds: dict[pytest.Item, float] = {}
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
            fits = all(code.co_freevars == known[place].co_freevars for place, code in changed.items())
            if not changed or not fits or _essence(old, is_whole=False) != _essence(new, is_whole=False):
                self._answers.send((number, None))
                continue
            if len(running) == self._limits.jobs:
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
        """The tests that call each function, quick ones first; each is run in a fork, so that nothing is in memory here."""
        measured = [(*told, number) for number, test in enumerate(tests) if (told := self._measured(test))]
        found: dict[Place, list[pytest.Item]] = {}
        for _, called, number in sorted(measured):
            for place in called:
                found.setdefault(place, []).append(tests[number])
        self._seconds = {tests[number]: seconds for seconds, _, number in sorted(measured)}
        self._answers.send(([test.nodeid for test in _mixed(list(self._seconds))], sum(self._seconds.values())))
        return {place: _mixed(each) for place, each in found.items()}

    def _measured(self, test: pytest.Item) -> tuple[float, list[Place]] | None:
        """How much processor time a test takes, and what it calls; None for a test that takes too long."""
        ours, theirs = multiprocessing.Pipe(duplex=False)
        if not os.fork():
            start = process_time()
            signal.setitimer(signal.ITIMER_PROF, self._limits.seconds)  # which ends this process
            self._called = set()
            sys.settrace(self.note)
            self._run(test)
            sys.settrace(None)
            theirs.send(None if self._has_failed else (process_time() - start, sorted(self._called)))
            os._exit(0)
        theirs.close()
        try:
            told: tuple[float, list[Place]] | None = ours.recv()
            assert told is not None, f"{test.nodeid} fails as it stands"
        except EOFError:
            told = None
        os.wait()
        return told

    @staticmethod
    def _run(test: pytest.Item) -> None:
        test.ihook.pytest_runtest_protocol(item=test, nextitem=None)

    def _fails(self, tests: Sequence[pytest.Item]) -> bool:
        _limit(sum(self._seconds[test] for test in tests))
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


def _limit(seconds: float) -> None:
    """End this process when it takes too long; without mutants its tests take so many seconds."""
    most = int(process_time() + CPU_SECONDS + TIMES * seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
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


def _try_all(file: str, made: Sequence[Mutant], tests: Sequence[str], limits: Limits, answers: Connection) -> None:
    """Answer, for each mutant by its number, whether it survives; None where it takes a process of its own."""
    os.chdir(ROOT)
    trials = Trials(file, made, limits, answers)
    sys.settrace(trials.note)
    pytest.main([*OPTIONS, *tests], plugins=[trials])


class InOrder(FirstFailure):
    """A plugin of pytest that runs tests in an order that is given."""

    def __init__(self, order: Sequence[str]) -> None:
        self._places = {test: place for place, test in enumerate(order)}

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = sorted(
            (item for item in items if item.nodeid in self._places), key=lambda item: self._places[item.nodeid]
        )


def _try(mutant: Mutant, tests: Sequence[str], order: Sequence[str], seconds: float) -> NoReturn:
    """Import the mutant, and run the tests; exit status 0 when none fails."""
    _limit(seconds)
    os.chdir(ROOT)
    sys.meta_path.insert(0, Finder(mutant))
    os._exit(pytest.main([*OPTIONS, *tests], plugins=[InOrder(order)]))


def survivors(file: str, made: Sequence[Mutant], tests: Sequence[str], limits: Limits) -> Iterator[Mutant]:
    """The mutants of a file that no test notices."""
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = SERVER.Process(target=_try_all, args=(file, made, tests, limits, theirs))
    process.start()
    theirs.close()
    afresh: list[Mutant] = []
    answers = 0
    order: list[str] = []
    seconds = 0.0
    with contextlib.suppress(EOFError):
        order, seconds = ours.recv()
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
        if len(running) == limits.jobs:
            yield from _survivors_of(running)
        trial = SERVER.Process(target=_try, args=(mutant, tests, order, seconds))
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
