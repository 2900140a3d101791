"""`fsm backtest`: what policies would have done to a whole history."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import click

from fsm.cli.options import FILE, Word, json_option, policy_option
from fsm.cli.order import order_option
from fsm.cli.story import totals
from fsm.cli.terminal import complain, interruptible, progress, safe
from fsm.errors import DefinitionError, counted, needs, shorten
from fsm.policies import Rules, load_several, policies_of
from fsm.shapes import Order

_DIFFERENT, _UNUSABLE = 1, 2
_SHOWN = 10
"""The most rooms of which the first divergence is shown; `--json` has them all."""


class Engine(StrEnum):
    """Who does the work."""

    AUTO = "auto"
    COMPILED = "compiled"
    PLAIN = "plain"
    RAY = "ray"


@click.command()
@click.argument("history", type=FILE, help="Parquet, Arrow, JSON lines (also gzip), or a folder of these.")
@policy_option
@click.option("--against", metavar="POLICY", help="A second policy, to compare with.")
@click.option(
    "--output",
    "-o",
    type=FILE,
    help="Write the events and their verdicts to a .parquet, .arrow or .jsonl file; with Ray, a folder.",
)
@click.option("--participation", type=FILE, help="Write who is where at the end.")
@click.option(
    "--engine", type=Word(Engine), default=Engine.AUTO, help="By default `compiled` where numba is installed."
)
@click.option("--address", metavar="HOST:PORT", help="The Ray cluster; by default one on this machine.")
@click.option("--scratch", type=FILE, help="With Ray: a folder for what is in between, which all nodes see.")
@order_option
@json_option
def backtest(  # noqa: PLR0913 - one parameter for each option
    history: Path,
    *,
    policy: str,
    against: str | None,
    output: Path | None,
    participation: Path | None,
    engine: Engine,
    address: str | None,
    scratch: Path | None,
    order: Order | None,
    as_json: bool,
) -> int:
    """Replay a whole history under one policy or two.

    It takes the extra `bulk`, on a cluster `ray`. Exit status 1 says that the policies differ.
    """
    names = [each for each in (policy, against) if each is not None]
    policies = load_several(names)
    with needing("`fsm backtest`", "ray" if engine is Engine.RAY else "bulk"):
        run = _engine(engine, address, scratch)
    with interruptible() as check, _progress(check) as on_progress:
        # Other machines have to load the policies themselves.
        rules = names if engine is Engine.RAY else policies
        report = run(
            history, *rules, output=output, participation=participation, order=order, tell=complain,
            on_progress=on_progress,
        )  # fmt: skip
    for fault in report.faults:
        complain(fault)
    counts = report.as_json()
    if as_json:
        print(json.dumps(counts))
    else:
        _show(counts, *policies)
    if any(each["summary"]["errors"] or "without_creation" in each for each in (counts, counts.get("against", counts))):
        return _UNUSABLE
    return _DIFFERENT if counts.get("differences", {}).get("events") else 0


@contextmanager
def needing(what: str, extra: str) -> Iterator[None]:
    """Say which extra is missing when the body cannot import something. Raises `DefinitionError`."""
    try:
        yield
    except ModuleNotFoundError as missing:
        raise DefinitionError(needs(what, missing.name, extra)) from None


def _engine(engine: Engine, address: str | None, scratch: Path | None) -> Callable[..., Any]:
    """The function that does the work. Raises `DefinitionError` for options of another engine."""
    if engine is not Engine.RAY and (address, scratch) != (None, None):
        raise DefinitionError("`--address` and `--scratch` are for `--engine ray`")
    if engine is Engine.RAY:
        from fsm.bulk.cluster import backtest as on_cluster  # noqa: PLC0415 - an extra, and heavy

        return partial(on_cluster, address=address, scratch=scratch)
    from fsm.bulk.backtest import can_compile  # noqa: PLC0415 - an extra
    from fsm.bulk.files import backtest as here  # noqa: PLC0415

    if engine is Engine.AUTO:
        return here
    if engine is Engine.COMPILED and not can_compile():
        raise ModuleNotFoundError(name="numba")
    return partial(here, compiled=engine is Engine.COMPILED)


@contextmanager
def _progress(check: Callable[[], None]) -> Iterator[Callable[[int, float], None]]:
    """A function to tell of progress; after some time it is shown on a terminal."""
    with progress("replaying", 1.0) as show:
        started = time.monotonic()

        def tell(events: int, share: float) -> None:
            check()
            show(share, f"{events:,} events, {events / (time.monotonic() - started):,.0f}/s")

        yield tell


def _show(report: Mapping[str, Any], rules: Rules, against: Rules | None = None) -> None:
    lines = list(_policy_lines(report, rules))
    if "against" in report:
        lines += ["", *_policy_lines(report["against"], against or rules), "", *_difference_lines(report)]
    print("\n".join([*lines, "", _time_line(report)]))


def _policy_lines(report: Mapping[str, Any], rules: Rules) -> Iterator[str]:
    policy = policies_of(rules)[0]
    called = {state.value: policy.called(state) for state in (policy.states if policy is rules else ())}
    yield f"{report['policy']}: {totals(report['summary'])}"
    counts = {
        "by transition": report["transitions"],
        "rejected by guard": report["failed"],
        "in the end": {called.get(word, word): number for word, number in report["participation"].items()},
    }
    others = report["no_participation_change"]
    if report["no_transition"]:
        counts["rejected by guard"] = {**report["failed"], "(no transition)": report["no_transition"]}
    if any(others.values()):
        counts["other events"] = others
    for title, count in counts.items():
        for index, (word, number) in enumerate(count.items()):
            yield f"  {'' if index else title:<18}{word:<28}{number:>15,}"


def _difference_lines(report: Mapping[str, Any]) -> Iterator[str]:
    ours, theirs, differences = report["policy"], report["against"]["policy"], report["differences"]
    yield f"they differ on {counted(differences['events'], 'event')} in {counted(differences['rooms'], 'room')}"
    if not differences["events"]:
        return
    yield f"  {shorten(ours, 18):<18}{shorten(theirs, 18):<28}{'events':>15}"
    for way in differences["ways"]:
        yield f"  {way['policy']:<18}{way['against']:<28}{way['events']:>15,}"
    yield ""
    yield "where rooms part first"
    for first in differences["first"][:_SHOWN]:
        what = first.get("action") or first.get("type", "")
        parties = dict.fromkeys(
            safe(shorten(first[name])) for name in ("sender", "target", "state_key") if first.get(name)
        )
        yield f"  row {first['row']:,}  {safe(shorten(first['room_id'] or ''))}  {safe(what)}  {' → '.join(parties)}"
        for name, answer in ((ours, first["policy"]), (theirs, first["against"])):
            yield f"    {shorten(name, 16):<16}{_verdict(answer)}"
    if len(differences["first"]) > _SHOWN:
        yield f"  … and {counted(len(differences['first']) - _SHOWN, 'more room')}"


def _verdict(answer: Mapping[str, Any] | None) -> str:
    if answer is None:
        return "cannot be read"
    if answer["allowed"]:
        return f"allowed as {answer['transition']}" if answer["transition"] else "allowed"
    return f"rejected — {answer['reason']}"


def _time_line(report: Mapping[str, Any]) -> str:
    seconds: Mapping[str, float] = report["seconds"]
    total, events = sum(seconds.values()), report["summary"]["events"]
    shares = ", ".join(f"{work} {spent / total:.0%}" for work, spent in seconds.items() if spent)
    return f"{events:,} events in {total:.1f} s ({events / total:,.0f} a second): {shares}"
