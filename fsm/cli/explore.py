"""`fsm explore`: a page on which every case of a policy can be tried."""

from pathlib import Path

import click

from fsm.cli.options import SOURCE, expect_unset, policy_argument
from fsm.cli.order import order_option
from fsm.cli.terminal import complain, opened, output_to
from fsm.errors import DefinitionError
from fsm.log_reader import read_events
from fsm.policies import load_policy, scenario_of
from fsm.render.explorer import to_page
from fsm.shapes import Order


@click.command()
@policy_argument
@click.option("--output", "-o", type=SOURCE, required=True, help="The file to write; `-` for standard output.")
@click.option("--log", type=SOURCE, help="A log, as `fsm replay` takes it, that the page plays back.")
@order_option
def explore(policy: str, *, output: str, log: str | None, order: Order | None) -> None:
    """Write a page on which every case can be tried.

    A page that needs nothing else: every case of a policy to try, and a room to play in.
    """
    loaded = load_policy(policy)
    if log is None:
        expect_unset("a page without a log", order=order)
        page = to_page(loaded)
    elif scenario_of(loaded) is None:
        raise DefinitionError(f"policy `{loaded.id}` has no room in which a log could be played")
    else:
        with opened(log) as source:
            page = to_page(loaded, name=Path(log).name, log=read_events(source, loaded, order=order, tell=complain))
    with output_to(output) as file:
        file.write(page.encode())
