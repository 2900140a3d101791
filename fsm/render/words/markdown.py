"""Words as Markdown takes them, whichever of its dialects: as they stand, or as code where they are quoted."""

import re
from collections.abc import Sequence
from typing import Any

from fsm.guards import Guard
from fsm.render.words.label import clean

_CODE = re.compile(r"(`[^`|\\\n]+`)")


def escaped(words: str) -> str:
    """The words with every character that could be taken for syntax as its number; `quoted` words are code."""
    parts = _CODE.split(words)
    return "".join(part if place % 2 else _plain(part) for place, part in enumerate(parts)) or "&nbsp;"


def _plain(words: str) -> str:
    # What could begin a list does so only at the head of a line, and a hyphen inside a word never.
    words = re.sub(r"[^\w\s.,;:'()?/§·…-]|_|--", lambda other: "".join(map(_number, other[0])), words)
    return re.sub(r"^(\s*)([-+]|\d+[.)])(?=\s|$)", lambda head: head[1] + "".join(map(_number, head[2])), words)


def _number(letter: str) -> str:
    return f"&#{ord(letter)};"


def code(word: str) -> str:
    """A word as it stands in data."""
    shown = clean(word)
    return f"`{shown}`" if shown and not set("`|\\\n") & set(shown) else f"*{escaped(shown)}*"


def listed(words: Sequence[str], last: str = "and") -> str:
    """The words as a list in a sentence."""
    if len(words) < 3:  # noqa: PLR2004 - the number from which on there are commas
        return f" {last} ".join(words)
    return f"{', '.join(words[:-1])}, {last} {words[-1]}"


def demand(guard: Guard[Any]) -> str:
    """What a guard asks, as a sentence that may go on."""
    if guard.norm is None:
        return f"it is REQUIRED that {escaped(clean(guard.holds))}"
    return f"the {guard.norm.subject.value} MUST {guard.norm.do}"
