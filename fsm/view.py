"""A view of a policy: what is left of it for certain people, or in certain rooms."""

from collections.abc import Mapping
from typing import NamedTuple

from fsm.facts import Value


class View(NamedTuple):
    """A policy under the facts that are given, which have these values; `title` goes on after the policy's name.

    Where `row` is the id of a transition, only policies that have it have the view.
    """

    id: str
    title: str
    given: Mapping[str, Value]
    row: str = ""
