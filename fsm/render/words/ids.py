"""Plain names for things whose own names may hold anything."""

import re
from collections.abc import Collection, Iterable

_LETTER = re.compile(r"[A-Za-z_]")
_SIMPLE = re.compile(r"[A-Za-z][A-Za-z0-9]*")


def plain(word: str) -> str:
    """A word as an id that any format takes as it stands."""
    plain = re.sub(r"[^A-Za-z0-9_.-]", lambda other: f"_{ord(other[0]):x}", word)
    return plain if _LETTER.match(plain) else f"_{plain}"


def unique(ids: Iterable[str], before_number: str = "-") -> list[str]:
    """The same ids, those told apart by a number that would be the same."""
    taken: dict[str, None] = {}
    for each in ids:
        free, number = each, 2
        while free in taken:
            free, number = f"{each}{before_number}{number}", number + 1
        taken[free] = None
    return list(taken)


def names_of(ids: Iterable[str], taken: Collection[str]) -> dict[str, str]:
    """A name of letters and digits for each id: the id itself, where that is one and is not `taken`."""
    return {
        id_: id_ if _SIMPLE.fullmatch(id_) and id_.lower() not in taken else f"s_{index}"
        for index, id_ in enumerate(ids)
    }
