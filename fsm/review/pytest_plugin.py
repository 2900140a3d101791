"""A plugin of pytest: how much of a policy the tests have seen.

`pytest --fsm-coverage` prints, for every policy that a test has asked anything, which
transitions fired and which guards were seen both true and false. What is asked while
tests are collected is nobody's test.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from fsm.family import AnyPolicy
    from fsm.review.coverage.seen import Coverage

# Whoever has this package installed loads this module in every run of pytest: all
# that costs time is imported when coverage is asked for.

_SENT = "fsm_coverage"
_NOTHING = "no policy has been asked anything"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options."""
    group = parser.getgroup("fsm", "coverage of participation policies")
    group.addoption("--fsm-coverage", action="store_true", help="report what the tests have seen of the policies")
    group.addoption(
        "--fsm-coverage-policy",
        action="append",
        default=[],
        metavar="POLICY",
        help="report this policy only: an id, `module:NAME`, `path.py:NAME` or a data file; may be repeated",
    )
    group.addoption(
        "--fsm-coverage-min",
        type=_percent,
        metavar="PERCENT",
        help="fail when less than this has been seen of a policy, or no policy has been asked anything",
    )
    group.addoption(
        "--fsm-coverage-drawing",
        type=Path,
        metavar="DIRECTORY",
        help="draw each policy there, with what has not fired marked",
    )


def _percent(word: str) -> float:
    """Read an option; argparse turns the error into a line of its own."""
    number = float(word)
    if not 0 <= number <= 100:  # noqa: PLR2004 - nor is a NaN
        raise ValueError
    return number


def pytest_configure(config: pytest.Config) -> None:
    """Start recording, when any of the options asks for it."""
    option = config.option
    wanted = (
        option.fsm_coverage,
        option.fsm_coverage_policy,
        option.fsm_coverage_min is not None,
        option.fsm_coverage_drawing,
    )
    if any(wanted):
        config.pluginmanager.register(_Reporter(config), "fsm-coverage-reporter")


class _Reporter:
    """Records in this process, and gathers what other processes have recorded."""

    def __init__(self, config: pytest.Config) -> None:
        from fsm.errors import PolicyError  # noqa: PLC0415
        from fsm.policies import load_policy  # noqa: PLC0415
        from fsm.review.coverage.seen import Recorder, coverage  # noqa: PLC0415

        try:
            policies = [load_policy(name) for name in config.option.fsm_coverage_policy]
        except PolicyError as problem:
            raise pytest.UsageError(str(problem)) from None
        self._config = config
        self._wanted: dict[str, AnyPolicy] = {policy.id: policy for policy in policies}
        self._shapes = {coverage(policy, ()).shape for policy in policies}
        self._gathered: dict[tuple[object, ...], Coverage] = {}
        self._recorder = Recorder()
        self._drawn: list[str] = []
        self._cannot_draw = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self) -> Iterator[None]:
        """Record what a test asks, its fixtures included."""
        with self._recorder:
            return (yield)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Take what a process of pytest-xdist has recorded."""
        from fsm.review.coverage.seen import Coverage  # noqa: PLC0415

        for value in getattr(node, "workeroutput", {}).get(_SENT, ()):
            self._gather(Coverage.from_json(value))

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Work out what has been seen; in a process of pytest-xdist, send it, else judge it."""
        for policy in dict.fromkeys((*self._wanted.values(), *self._recorder.policies)):
            self._gather(self._recorder.coverage(policy))
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_SENT] = [each.as_json() for each in self._gathered.values()]
            return
        self._drawn = list(self._draw())
        if session.exitstatus == pytest.ExitCode.OK and (self._cannot_draw or list(self._lacking())):
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the tables, and say what has been drawn."""
        terminalreporter.section("coverage of policies")
        if not self._gathered and self._config.option.fsm_coverage_min is None:
            terminalreporter.write_line(_NOTHING)
        for each in self._gathered.values():
            for line in (*each.lines(), ""):
                terminalreporter.write_line(line)
        for line in self._drawn:
            terminalreporter.write_line(line)
        for line in self._lacking():
            terminalreporter.write_line(line, red=True, bold=True)

    def _gather(self, more: "Coverage") -> None:
        if not self._wanted or more.shape in self._shapes:
            known = self._gathered.get(more.shape)
            self._gathered[more.shape] = known.merged(more) if known else more

    def _lacking(self) -> Iterator[str]:
        """The policies of which too little has been seen."""
        from fsm.review.coverage.seen import shown  # noqa: PLC0415

        least = self._config.option.fsm_coverage_min
        if least is not None and not self._gathered:
            yield f"{_NOTHING}, {least:g} % is the least"
        for each in self._gathered.values():
            if least is not None and each.percent < least:
                yield f"{each.policy}: {shown(each.percent)} % seen, {least:g} % is the least"

    def _draw(self) -> Iterator[str]:
        """Draw what can be drawn: a policy that only another process has seen is found by its id or not at all."""
        from fsm import atomic  # noqa: PLC0415
        from fsm.errors import PolicyError, in_words  # noqa: PLC0415
        from fsm.policies import known_policy  # noqa: PLC0415
        from fsm.render import RenderError  # noqa: PLC0415
        from fsm.review.coverage.drawing import draw  # noqa: PLC0415
        from fsm.review.coverage.seen import coverage  # noqa: PLC0415

        directory: Path | None = self._config.option.fsm_coverage_drawing
        if directory is None:
            return
        policies = (*self._wanted.values(), *self._recorder.policies)
        known = {coverage(policy, ()).shape: policy for policy in policies}
        drawn: set[str] = set()
        for shape, each in self._gathered.items():
            try:
                policy = known.get(shape) or known_policy(each.policy)
                if each.policy in drawn or coverage(policy, ()).shape != shape:
                    continue  # another policy has this name
                file = directory / f"{each.policy}.svg".replace("/", "_")
                directory.mkdir(parents=True, exist_ok=True)
                atomic.write(file, draw(policy, each))
            except PolicyError as problem:
                # A policy that is known to another process only is nobody's fault.
                self._cannot_draw |= isinstance(problem, RenderError)
                yield f"{each.policy} is not drawn: {problem}"
            except OSError as problem:
                self._cannot_draw = True
                yield f"{each.policy} is not drawn: {in_words(problem)}"
            else:
                drawn.add(each.policy)
                yield f"drawn: {file}"
