"""`fsm draw`: a picture of a policy, or of two."""

from typing import Annotated

from fsm.cli.arguments import Option
from fsm.cli.terminal import GivenOption, PolicyArgument, output_to, parse_given
from fsm.policies import load_policy
from fsm.render import FORMATS, Detail, compare, extract, format_of, render

PrefixOption = Annotated[str | None, Option(metavar="ID", help="What ids begin with, by default the policy's id.")]
LinkBaseOption = Annotated[str | None, Option(metavar="URL", help="The draft whose sections edges link to.")]


def draw(  # noqa: PLR0913 - one option for each property of a picture
    policy: PolicyArgument,
    *,
    output: Annotated[str, Option("--output", "-o", help="The file to write; `-` for standard output.")] = "-",
    fmt: Annotated[
        str | None,
        Option("--format", help=f"By default told by the file's ending: {', '.join(FORMATS)}."),
    ] = None,
    detail: Annotated[Detail, Option(help="How much an edge says.")] = Detail.GUARDS,
    given: GivenOption = None,
    against: Annotated[
        str | None, Option(metavar="POLICY", help="Another policy: the picture shows how the two differ.")
    ] = None,
    tall: Annotated[bool, Option("--tall", help="For a narrow page (svg, png, pdf, dot).")] = False,
    prefix: PrefixOption = None,
    link_base: LinkBaseOption = None,
) -> None:
    """Draw a policy, or what is left of it when some facts are given."""
    wanted = fmt or (format_of(output) if output != "-" else "mermaid")
    rules = load_policy(policy)
    if against is None:
        diagram = extract(rules, parse_given(given, rules))
    else:
        others = load_policy(against)
        diagram = compare(rules, others, parse_given(given, rules, others))
    picture = render(diagram, wanted, detail, tall=tall, prefix=prefix, link_base=link_base)
    with output_to(output) as file:
        file.write(picture)
