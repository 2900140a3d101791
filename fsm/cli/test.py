"""`fsm test`: tests of a policy that are written as data."""

import json
from pathlib import Path

import click

from fsm import atomic
from fsm.cli.options import FILE, POLICY, SOURCE, Number, allow_option, json_option
from fsm.cli.terminal import opened, safe
from fsm.errors import PolicyError, counted
from fsm.policies import load_rules
from fsm.review.coverage.seen import shown
from fsm.review.errors import ReviewError
from fsm.review.testing.data_tests import Result, Results, read_tests, run_tests
from fsm.review.toml import MAX_TOML


@click.command()
@click.argument("file", type=SOURCE, help="A TOML file of tests; `-` for standard input.")
@click.option("--policy", metavar="POLICY", help=f"For a file that names none. {POLICY}")
@allow_option
@click.option("--junit", type=FILE, help="Write a JUnit XML file, too.")
@click.option("--coverage", is_flag=True, help="Say what the tests have seen of the policy.")
@click.option(
    "--coverage-min", "least", metavar="PERCENT", type=Number(0, 100), help="Fail when less than this has been seen."
)
@json_option
def test(  # noqa: PLR0913 - one option for each output
    file: str,
    *,
    policy: str | None,
    allow: tuple[str, ...],
    junit: Path | None,
    coverage: bool,
    least: float | None,
    as_json: bool,
) -> int:
    """Run tests of a policy that are written as data.

    Each `[[test]]` has a `name`, the events `given`, the event `when`, and `then`,
    which is "allowed" or "rejected"; also `transition`, `after` and `because`.
    Exit status 1 says that a test fails.
    """
    given = [name for name in (policy, *allow) if name is not None]
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
    print(f"\n{counted(tests, 'test')}, {counted(failures, 'failure')}")


def _lines(result: Result) -> list[str]:
    verdict = "ok  " if result else "FAIL"
    note = "  (given as state)" if result.is_state else ""
    return [f"{verdict}  {safe(result.test.name)}{note}", *(f"      {safe(problem)}" for problem in result.problems)]
