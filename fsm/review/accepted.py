"""Findings that are accepted, each with a written reason.

A TOML or JSON file gives reasons by law, for all policies or under a policy's id
for that one::

    left-is-left = "to kick who has left changes nothing"

    [mimi-00]
    knock-can-be-declined = "revision 01 of our hub answers knocks by a message"
"""

import json
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from fsm.errors import shorten
from fsm.event import describe
from fsm.review.errors import ReviewError


def read_accepted(file: Path, laws: frozenset[str]) -> Mapping[str, Any]:
    """Reasons by law, or by policy and law. Raises OSError, and `ReviewError` for a law that there is not."""
    try:
        text = file.read_text(encoding="utf-8")
        found: object = tomllib.loads(text) if file.suffix == ".toml" else json.loads(text)
    except (ValueError, RecursionError) as problem:
        kind = "TOML" if file.suffix == ".toml" else "JSON"
        raise ReviewError(f"`{file.name}`: not {kind}: {shorten(' '.join(str(problem).split()), 200)}") from None
    if not isinstance(found, dict):
        raise ReviewError(f"`{file.name}`: must be an object, not {describe(found)}")
    for law, reason in _entries(found):
        if law not in laws:
            raise ReviewError(f"`{file.name}`: there is no law `{shorten(law)}`")
        if not isinstance(reason, str) or not reason.strip():
            raise ReviewError(f"`{file.name}`: `{law}` needs a reason in words")
    return found


def _entries(found: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for key, value in found.items():
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield key, value
