"""`fsm draw`: a picture of a policy, or of two."""

import click

from fsm.cli.options import Word, expect_unset, given_option, output_option, parse_given, policy_argument
from fsm.cli.pictures import are_ladders, changes_of, drawn_ladders
from fsm.cli.terminal import output_to
from fsm.policies import load_policies
from fsm.render import FORMATS, Detail, compare, extract, format_of, render
from fsm.render.ladders import ladders_of

prefix_option = click.option("--prefix", metavar="ID", help="What ids begin with, by default the policy's id.")
link_base_option = click.option("--link-base", metavar="URL", help="The draft whose sections arrows link to.")


@click.command()
@policy_argument
@output_option
@click.option("--format", "fmt", metavar="FORMAT", help=f"By default told by the file's ending: {', '.join(FORMATS)}.")
@click.option(
    "--detail", type=Word(Detail), default=Detail.GUARDS, show_default="guards", help="How much an arrow says."
)
@given_option
@click.option("--against", metavar="POLICY", help="Another policy: the picture shows how the two differ.")
@click.option("--tall", is_flag=True, help="For a narrow page (svg, png, pdf, dot).")
@prefix_option
@link_base_option
def draw(  # noqa: PLR0913 - one option for each property of a picture
    policy: str,
    *,
    output: str,
    fmt: str | None,
    detail: Detail,
    given: tuple[str, ...],
    against: str | None,
    tall: bool,
    prefix: str | None,
    link_base: str | None,
) -> None:
    """Draw a policy, or what differs between two.

    With facts that are given, what is left of it. A policy of roles is drawn as who may do what to whom; as mermaid,
    plantuml, html and scxml, its transitions.
    """
    wanted = fmt if fmt is not None else format_of(output) if output != "-" else "mermaid"
    both = load_policies([policy] if against is None else [policy, against])
    rules, others = both[0], None if against is None else both[1]
    known = parse_given(given, *both)
    if are_ladders(both, wanted, known):
        other = detail is not Detail.GUARDS
        expect_unset("a picture of roles", detail=other, tall=tall, link_base=link_base)
        if wanted != "rfc":
            expect_unset(f"`{wanted}`", prefix=prefix)
        ladders = ladders_of(rules) if others is None else changes_of(rules, others)
        picture = drawn_ladders(ladders, wanted, known, prefix)
    else:
        diagram = extract(rules, known) if others is None else compare(rules, others, known)
        picture = render(diagram, wanted, detail, tall=tall, prefix=prefix, link_base=link_base)
    with output_to(output) as file:
        file.write(picture)
