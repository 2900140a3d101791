"""Words as Markdown takes them, whichever of its dialects: as they stand, or as code where they are quoted."""

import re

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
