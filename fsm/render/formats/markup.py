"""Text as Graphviz takes it, in its small subset of HTML.

Lines of text stand in cells of a size that we tell: then where a line stands
does not depend on the font.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from fsm.render.layout.style import VERB, Line, row_of, width_of

_TABLE = '<table border="0" cellspacing="0" cellpadding="0">'
_SAMPLE = 30  # how long a line of the legend is
_DASHES = {"solid": (1, 0), "dashed": (4, 4), "dotted": (8, 2)}  # how many, and the gap between


@dataclass(frozen=True, slots=True)
class Row:
    """A line of text that has been marked up, with about its width, and the height it gets."""

    markup: str
    width: float
    height: int


def plain(words: str) -> str:
    """Words as they stand; a single backslash would call for a substitution."""
    return escape(words).replace("\\", "\\\\")


def text(words: str, size: int, colour: str = "", *, bold: bool = False) -> Row:
    """Words as a line of text, `quoted` ones in quotation marks; without a colour it has that of what it belongs to."""
    words = re.sub(r"`([^`]+)`", "\u2018\\1\u2019", words)
    marked = f"<b>{plain(words)}</b>" if bold else plain(words)
    font = (f' point-size="{size}"' if size != VERB else "") + (f' color="{colour}"' if colour else "")
    if font:
        marked = f"<font{font}>{marked}</font>"
    return Row(marked, width_of(words, size, bold=bold), row_of(size))


def blank(height: int) -> Row:
    """No text, in a line of this height."""
    return Row("", 0, height)


def joined(parts: Iterable[Row]) -> Row:
    """Several pieces of text as one line of text."""
    parts = tuple(parts)
    return Row("".join(part.markup for part in parts), sum(part.width for part in parts), parts[0].height)


def under(parts: Iterable[Row]) -> Row:
    """Several lines of text under each other as one piece."""
    parts = tuple(parts)
    width, height = max(part.width for part in parts), sum(part.height for part in parts)
    cells = "".join(_cell(part, width, "center") for part in parts)
    return Row(f"{_TABLE}{cells}</table>", width, height)


def spread(parts: Iterable[Row], gap: int) -> Row:
    """Several lines of text, or samples of lines, next to each other."""
    parts = tuple(parts)
    height = max(part.height for part in parts)
    width = sum(part.width + gap for part in parts)
    cells = "".join(
        f'<td fixedsize="true" width="{part.width + gap:.0f}" height="{height}" align="left">{part.markup}</td>'
        for part in parts
    )
    size = f'fixedsize="true" width="{width:.0f}" height="{height}" align="left"'
    return Row(f"{_TABLE[:-1]} {size}><tr>{cells}</tr></table>", width, height)


def sample(line: Line) -> Row:
    """A piece of a line, made of filled cells: no font lacks them."""
    count, gap = _DASHES[line.stroke]
    width = (_SAMPLE - gap * (count - 1)) / count
    dash = f'<td fixedsize="true" width="{width:.0f}" height="{line.width:.0f}" bgcolor="{line.colour}"></td>'
    space = f'<td fixedsize="true" width="{gap}" height="{line.width:.0f}"></td>'
    size = f'fixedsize="true" width="{_SAMPLE}" height="{line.width:.0f}" align="left"'
    return Row(f"{_TABLE[:-1]} {size}><tr>{space.join([dash] * count)}</tr></table>", _SAMPLE, 1)


def stack(rows: Iterable[Row], width: float, align: str) -> str:
    """Lines of text under each other, in as much space as they are told to have."""
    return f"<{_TABLE}{''.join(_cell(row, width, align) for row in rows if row.height)}</table>>"


def _cell(row: Row, width: float, align: str) -> str:
    size = f'fixedsize="true" width="{width:.0f}" align="{align}" height="{row.height}"'
    return f"<tr><td {size}>{row.markup}</td></tr>"


def table(rows: Iterable[tuple[Row, str]]) -> str:
    """Lines of text under each other, in as much space as they need, with attributes of their cells."""
    cells = "".join(f"<tr><td{attributes}>{row.markup}</td></tr>" for row, attributes in rows)
    return f"<{_TABLE}{cells}</table>>"


def indented(rows: Iterable[Row]) -> str:
    """Lines of text under each other that keep a little away from what is beside them."""
    air = '<td width="6"></td>'
    cells = "".join(f'<tr>{air}<td align="left">{row.markup}</td>{air}</tr>' for row in rows)
    return f"<{_TABLE}{cells}</table>>"
