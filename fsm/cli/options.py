"""The arguments and options that several commands take, and the kinds of values that Click does not have."""

from collections.abc import Iterable, Iterator
from enum import StrEnum
from math import isnan
from typing import TYPE_CHECKING, Any, TypeVar

import click

from fsm.domain import Domain
from fsm.errors import DefinitionError, shorten
from fsm.facts import Value
from fsm.policy import AnyPolicy

if TYPE_CHECKING:
    from pathlib import Path

E = TypeVar("E", bound=StrEnum)

POLICY = "A policy's id (see `fsm policies`), `module:NAME`, `path.py:NAME` or a data file, `path.json`."


class Word(click.Choice[E]):
    """One of the values of an enum."""

    def __init__(self, kind: type[E]) -> None:
        super().__init__(list(kind))

    def normalize_choice(self, choice: Any, ctx: click.Context | None) -> str:  # noqa: ARG002 - as Click asks
        """The word that is typed: Click would take a member's name for it."""
        return str(choice)


class Number(click.FloatRange):
    """A number within bounds. NaN is within none."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Read it. Raises `click.BadParameter`."""
        number = super().convert(value, param, ctx)
        if isnan(number):
            self.fail(f"{value!r} is not a number.", param, ctx)
        return number


class _Named(click.Path):
    """A path that can be one of a file: the empty one would be the current folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if not value:
            self.fail("a file must have a name", param, ctx)
        if "\0" in str(value):
            self.fail("the name of a file holds no null character", param, ctx)
        return super().convert(value, param, ctx)


class _File(_Named):
    """The same, as a `Path`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "Path":
        """The path."""
        from pathlib import Path  # noqa: PLC0415 - takes long to load, and most commands take no such option

        return Path(super().convert(value, param, ctx))


FILE = _File()
"""A file or a folder to write, or a folder to read."""

SOURCE = _Named(allow_dash=True)
"""A file to read; `-` is standard input."""


def _policies(_: click.Context, __: click.Parameter, incomplete: str) -> list[str]:
    """What may stand for a policy, to complete it."""
    from fsm.policies import CATALOGUE, FAMILIES  # noqa: PLC0415 - only the shell asks

    return [name for name in (*CATALOGUE, *FAMILIES) if name.startswith(incomplete)]


policy_argument = click.argument("policy", shell_complete=_policies, help=POLICY)
policy_option = click.option(
    "--policy", default="mimi", metavar="POLICY", show_default=True, shell_complete=_policies, help=POLICY
)
allow_option = click.option(
    "--allow", multiple=True, metavar="POLICY", help="A policy of your own that the input may name; may be repeated."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs.")
output_option = click.option(
    "--output", "-o", type=SOURCE, default="-", help="The file to write; by default standard output."
)
given_option = click.option(
    "--given", multiple=True, metavar="FACT=VALUE", help="A fact and its value; may be repeated."
)


def expect_unset(what: str, **options: object) -> None:
    """Raise `DefinitionError` for options that are set and that `what`, such as another option, takes none of."""
    given = [f"`--{name.replace('_', '-')}`" for name, value in options.items() if value]
    if given:
        raise DefinitionError(f"{what} takes no {', '.join(given)}")


def parse_given(given: Iterable[str], *policies: AnyPolicy) -> dict[str, Value]:
    """Read `FACT=VALUE` words, each of a fact that one of the policies has. Raises `DefinitionError`.

    A state may be told by its label.
    """
    facts: dict[str, Value] = {}
    for name, word in _pairs(given):
        policy = next((each for each in policies if name in each.domain.values), policies[0])
        facts[name] = policy.value_of(name, word)
    return facts


def parse_facts(given: Iterable[str], domain: Domain[Any]) -> dict[str, Value]:
    """Read `FACT=VALUE` words, each of a fact of this domain. Raises `DefinitionError`."""
    return {name: domain.parse(name, word) for name, word in _pairs(given)}


def _pairs(given: Iterable[str]) -> Iterator[tuple[str, str]]:
    """The facts named, each with its word. Raises `DefinitionError` for one that is given twice."""
    names = set[str]()
    for pair in given:
        name, equals, word = pair.partition("=")
        if not equals:
            raise DefinitionError(f"`{shorten(pair)}` is not of the form FACT=VALUE")
        if name in names:
            raise DefinitionError(f"the fact `{shorten(name)}` is given twice")
        names.add(name)
        yield name, word
