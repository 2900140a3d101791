"""Pictures of policies, whatever kind they are: their transitions, or who may do what to whom."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from fsm.facts import Value
from fsm.family import AnyPolicy
from fsm.policies import repairs_of
from fsm.render import compare, extract, render
from fsm.render.formats.rfc import ladders_figure
from fsm.render.ladder_sheet import to_ladders
from fsm.render.ladders import Ladders, ladders_between, ladders_of
from fsm.render.words.ladders import to_text
from fsm.render.words.reach import to_tables

REACHES = ("svg", "png", "pdf", "dot", "text", "matrix", "rfc")
"""The formats that draw who may do what to whom."""

_WHO = ("acting", "sender")

NOTHING: Mapping[str, Value] = MappingProxyType({})


def are_ladders(policies: Iterable[AnyPolicy], fmt: str, given: Mapping[str, Value]) -> bool:
    """Whether these are drawn as who may do what to whom."""
    are_of_roles = all(policy.has_stock_rows for policy in policies)
    return are_of_roles and fmt in REACHES and given.keys() <= {*_WHO, "is_self"}


def changes_of(old: AnyPolicy, new: AnyPolicy) -> Ladders:
    """What differs between two policies of roles."""
    repairs = repairs_of(new)
    return ladders_between(old, new, repairs.preview(old, new).beside if repairs else ())


def picture_of(
    policy: AnyPolicy,
    against: AnyPolicy | None = None,
    given: Mapping[str, Value] = NOTHING,
    fmt: str = "svg",
    *,
    tall: bool = False,
) -> bytes:
    """One policy, or what differs between two; tall for pages, which may be as narrow as a phone."""
    if are_ladders([policy, *([] if against is None else [against])], fmt, given):
        return drawn_ladders(ladders_of(policy) if against is None else changes_of(policy, against), fmt, given)
    return render(extract(policy, given) if against is None else compare(policy, against, given), fmt, tall=tall)


def drawn_ladders(ladders: Ladders, fmt: str, given: Mapping[str, Value], prefix: str | None = None) -> bytes:
    """Who may do what to whom: everybody, or those in the states that are given."""
    by: Any = [state for name, state in given.items() if name in _WHO] or None
    only_self = given.get("is_self") is True
    if fmt == "matrix":
        return to_tables(ladders).encode()
    if fmt == "text":
        return to_text(ladders, by, only_self=only_self).encode()
    if fmt == "rfc":
        return ladders_figure(ladders, by, prefix, only_self=only_self).encode()
    return to_ladders(ladders, by, fmt, only_self=only_self)
