"""`fsm explore`: a page on which every case of a policy can be tried."""

from pathlib import Path
from typing import Annotated

from fsm.cli.arguments import Option
from fsm.cli.terminal import OrderOption, PolicyArgument, complain, opened, output_to
from fsm.errors import DefinitionError
from fsm.log_reader import read_events
from fsm.policies import load_policy, stage_of
from fsm.render.explorer import to_page


def explore(
    policy: PolicyArgument,
    *,
    output: Annotated[str, Option("--output", "-o", help="The file to write; `-` for standard output.")],
    log: Annotated[
        str | None, Option("--log", help="A log, as `fsm replay` takes it, that the page plays back.")
    ] = None,
    order: OrderOption = None,
) -> None:
    """Write a page that needs nothing else: every case of a policy to try, and a room to play in."""
    loaded = load_policy(policy)
    if log is None:
        page = to_page(loaded)
    elif stage_of(loaded) is None:
        raise DefinitionError(f"policy `{loaded.id}` has no room in which a log could be played")
    else:
        with opened(log) as source:
            page = to_page(loaded, name=Path(log).name, log=read_events(source, loaded, order=order, tell=complain))
    with output_to(output) as file:
        file.write(page.encode())
