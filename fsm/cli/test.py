# ruff: noqa: PT028
"""`fsm test`: tests of a policy that are written as data."""

import json
from pathlib import Path
from typing import Annotated

from fsm import atomic
from fsm.cli.arguments import Argument, Option
from fsm.cli.decide import AllowOption
from fsm.cli.terminal import POLICY, JsonOption, opened, safe
from fsm.errors import PolicyError
from fsm.policies import load_rules
from fsm.review.coverage import shown
from fsm.review.data_tests import MAX_TOML, Result, Results, read_tests, run_tests
from fsm.review.errors import ReviewError


def test(  # noqa: PLR0913 - one option for each output
    file: Annotated[str, Argument(help="A TOML file of tests; `-` for standard input.")],
    *,
    policy: Annotated[str | None, Option("--policy", help=f"For a file that names none. {POLICY}")] = None,
    allow: AllowOption = None,
    junit: Annotated[Path | None, Option(help="Write a JUnit XML file, too.")] = None,
    coverage: Annotated[bool, Option("--coverage", help="Say what the tests have seen of the policy.")] = False,
    least: Annotated[
        float | None,
        Option("--coverage-min", metavar="PERCENT", min=0, max=100, help="Fail when less than this has been seen."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Run tests of a policy that are written as data.

    Each `[[test]]` has a `name`, the events `given`, the event `when`, and `then`,
    which is "allowed" or "rejected"; also `transition`, `after` and `because`.
    Exit status 1 says that a test fails.
    """
    given = [name for name in (policy, *(allow or ())) if name is not None]
    allowed = {name: load_rules(name) for name in given}
    with opened(file) as source:
        text = source.read(MAX_TOML + 1)
    try:
        rules, tests = read_tests(text, allowed.get(policy or ""), allowed)
        run = run_tests(rules, tests, coverage=coverage or least is not None)
    except PolicyError as problem:
        raise ReviewError(f"{'standard input' if file == '-' else file}: {problem}") from None
    if junit:
        atomic.write(junit, run.to_junit(f"fsm test {Path(file).name}"))
    lacking = [each for each in run.coverage if least is not None and each.percent < least]
    if as_json:
        print(json.dumps(run.as_json()))
    else:
        _show(run, coverage=coverage)
        for each in lacking:
            print(f"{each.policy}: {shown(each.percent)} % seen, {least:g} % is the least")
    return 1 if run.failures or lacking else 0


def _show(run: Results, *, coverage: bool) -> None:
    for result in run.results:
        print("\n".join(_lines(result)))
    if coverage:
        for each in run.coverage:
            print("", *map(safe, each.lines()), sep="\n")
    tests, failures = len(run.results), run.failures
    print(f"\n{tests} test{'' if tests == 1 else 's'}, {failures or 'no'} failure{'' if failures == 1 else 's'}")


def _lines(result: Result) -> list[str]:
    verdict = "ok  " if result else "FAIL"
    note = "  (given as state)" if result.is_state else ""
    return [f"{verdict}  {safe(result.test.name)}{note}", *(f"      {safe(problem)}" for problem in result.problems)]
