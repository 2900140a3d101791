"""`fsm spec`: the section of a draft on legal transitions."""

from typing import Annotated

from fsm.cli.arguments import Option
from fsm.cli.draw import LinkBaseOption, PrefixOption
from fsm.cli.terminal import PolicyArgument, output_to
from fsm.policies import load_policy
from fsm.render.section import to_section


def spec(
    policy: PolicyArgument,
    *,
    output: Annotated[str, Option("--output", "-o", help="The file to write; `-` for standard output.")] = "-",
    level: Annotated[int, Option(min=1, max=5, help="The level of its first heading.")] = 2,
    prefix: PrefixOption = None,
    link_base: LinkBaseOption = None,
) -> None:
    """Write the section of a draft on legal transitions, as kramdown-rfc Markdown to include."""
    section = to_section(load_policy(policy), level=level, prefix=prefix, link_base=link_base)
    with output_to(output) as file:
        file.write(section.encode())
