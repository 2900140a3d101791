"""Text for a typewriter: how many columns it takes, and text that takes no more than so many."""

import re
import unicodedata
from collections.abc import Iterator

_WIDE = {"W", "F"}  # East Asian widths that take two columns
_ZERO = {"Mn", "Me", "Cf"}  # marks on the letter before, and invisible signs


def letters(text: str) -> Iterator[tuple[str, int]]:
    """The letters, each with the marks on it, and how many columns it takes."""
    letter = ""
    for char in text:
        if unicodedata.category(char) in _ZERO:
            letter += char
            continue
        if letter:
            yield letter, _columns(letter)
        letter = char
    if letter:
        yield letter, _columns(letter)


def _columns(letter: str) -> int:
    visible = [char for char in letter if unicodedata.category(char) not in _ZERO]
    return sum(2 if unicodedata.east_asian_width(char) in _WIDE else 1 for char in visible)


def width(text: str) -> int:
    """How many columns a text takes."""
    return sum(columns for _, columns in letters(text))


def padded(text: str, columns: int) -> str:
    """The text with as many spaces as it takes to fill the columns."""
    return text + " " * (columns - width(text))


def wrapped(text: str, columns: int, indent: str = "") -> list[str]:
    """The text in lines of at most so many columns; those after the first begin with `indent`."""
    lines: list[str] = []
    line = ""
    for word in re.split(r"[ \n]+", text):
        joined = f"{line} {word}" if line.strip() else line + word
        if width(joined) > columns and line.strip():
            lines.append(line)
            joined = indent + word
        *full, line = _cut(joined, columns, indent)
        lines += full
    return [*lines, line]


def _cut(text: str, columns: int, indent: str) -> list[str]:
    """The text in pieces that fit, wherever they end; those after the first begin with `indent`."""
    pieces, piece, taken = list[str](), "", 0
    for letter, count in letters(text):
        if taken + count > columns:
            pieces.append(piece)
            piece, taken = indent, width(indent)
        piece, taken = piece + letter, taken + count
    return [*pieces, piece]
