"""`fsm draw`: a picture of a policy, or of two."""

from collections.abc import Mapping
from typing import Any

import click

from fsm.cli.options import Word, expect_unset, given_option, output_option, parse_given, policy_argument
from fsm.cli.terminal import output_to
from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.policies import load_policy
from fsm.render import FORMATS, Detail, compare, extract, format_of, render
from fsm.render.formats.rfc import ladders_figure
from fsm.render.ladders import to_ladders
from fsm.render.words.ladders import to_text
from fsm.render.words.reach import to_tables

prefix_option = click.option("--prefix", metavar="ID", help="What ids begin with, by default the policy's id.")
link_base_option = click.option("--link-base", metavar="URL", help="The draft whose sections arrows link to.")


@click.command()
@policy_argument
@output_option
@click.option("--format", "fmt", metavar="FORMAT", help=f"By default told by the file's ending: {', '.join(FORMATS)}.")
@click.option("--detail", type=Word(Detail), default=Detail.GUARDS, show_default=True, help="How much an arrow says.")
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
    rules = load_policy(policy)
    if against is None:
        known = parse_given(given, rules)
        if rules.has_stock_rows and wanted in REACHES and known.keys() <= {*_WHO, "is_self"}:
            other = detail is not Detail.GUARDS
            expect_unset("a picture of roles", detail=other, tall=tall, link_base=link_base)
            if wanted != "rfc":
                expect_unset(f"`{wanted}`", prefix=prefix)
            with output_to(output) as file:
                file.write(_reach(rules, wanted, known, prefix))
            return
        diagram = extract(rules, known)
    else:
        others = load_policy(against)
        diagram = compare(rules, others, parse_given(given, rules, others))
    picture = render(diagram, wanted, detail, tall=tall, prefix=prefix, link_base=link_base)
    with output_to(output) as file:
        file.write(picture)


REACHES = ("svg", "png", "pdf", "dot", "text", "matrix", "rfc")
"""The formats that draw who may do what to whom."""

_WHO = ("acting", "sender")


def _reach(policy: AnyPolicy, wanted: str, known: Mapping[str, Value], prefix: str | None) -> bytes:
    """Who may do what to whom: everybody, or those in the states that are given."""
    by: Any = [state for name, state in known.items() if name in _WHO] or None
    only_self = known.get("is_self") is True
    if wanted == "matrix":
        return to_tables(policy).encode()
    if wanted == "text":
        return to_text(policy, by, only_self=only_self).encode()
    if wanted == "rfc":
        return ladders_figure(policy, by, prefix, only_self=only_self).encode()
    return to_ladders(policy, by, wanted, only_self=only_self)
