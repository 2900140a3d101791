"""`fsm spec`: the section of a draft on legal transitions."""

import click

from fsm.cli.draw import link_base_option, prefix_option
from fsm.cli.options import output_option, policy_argument
from fsm.cli.terminal import output_to
from fsm.policies import load_policy
from fsm.render.words.section import to_section


@click.command()
@policy_argument
@output_option
@click.option(
    "--level", type=click.IntRange(1, 5), default=2, show_default=True, help="The level of its first heading."
)
@prefix_option
@link_base_option
def spec(policy: str, *, output: str, level: int, prefix: str | None, link_base: str | None) -> None:
    """Write the section of a draft on legal transitions.

    As kramdown-rfc Markdown, to include.
    """
    section = to_section(load_policy(policy), level=level, prefix=prefix, link_base=link_base)
    with output_to(output) as file:
        file.write(section.encode())
