"""Findings that are accepted, each with a written reason.

A TOML or JSON file gives reasons by law, for all policies, or under a policy's id, or
under a name that stands for several policies such as `matrix`, for those::

    left-is-left = "to kick who has left changes nothing"

    [mimi-00]
    knock-can-be-declined = "revision 01 of our hub answers knocks by a message"
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fsm.errors import shorten
from fsm.event import describe
from fsm.family import AnyPolicy
from fsm.policies import FAMILIES
from fsm.review.errors import ReviewError
from fsm.review.toml import read_toml
from fsm.strict_json import MAX_JSON, read_json


def read_accepted(file: Path, laws: frozenset[str]) -> Mapping[str, Any]:
    """Reasons by law, or by policy and law. Raises OSError, and `ReviewError` for a law that there is not."""
    try:
        with file.open("rb") as source:
            text = source.read(MAX_JSON + 1)
        found: object = read_toml(text) if file.suffix == ".toml" else read_json(text)
    except ValueError as problem:
        raise ReviewError(f"`{file.name}`: {problem}") from None
    if not isinstance(found, dict):
        raise ReviewError(f"`{file.name}`: must be an object, not {describe(found)}")
    for law, reason in _entries(found):
        if law not in laws:
            raise ReviewError(f"`{file.name}`: there is no law `{shorten(law)}`")
        if not isinstance(reason, str) or not reason.strip():
            raise ReviewError(f"`{file.name}`: `{law}` needs a reason in words")
    return found


def reason_for(accepted: Mapping[str, Any], policy: AnyPolicy, law: str) -> str | None:
    """Why a finding is accepted: what is said of its policy comes before what is said of several, or of all."""
    families = (name for name, family in FAMILIES.items() if family.family == policy.family)
    tables = (accepted.get(name) for name in (policy.id, *families))
    for reasons in (*(table for table in tables if isinstance(table, Mapping)), accepted):
        reason = reasons.get(law)
        if isinstance(reason, str):
            return reason
    return None


def _entries(found: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in found.items():
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield key, value
