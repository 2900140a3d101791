"""No module of the core, and no tool, knows the words of a protocol: they are the families'."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.test_imports import FAMILIES, FILES, is_within

WORDS = {"invite", "knock", "ban", "kick", "unban", "mute", "membership", "affiliation", "outcast", "joinrule"}
"""States, actions and settings of MIMI, Matrix and multi-user chat, but for those that Python or English have, too."""

THEIRS = {"fsm": {"joinrule"}}
"""The front door opens to families, too."""

MODULES = [
    name
    for name in FILES
    if not any(is_within(name, family) for family in FAMILIES) and not is_within(name, "fsm.participation")
]


def parts(name: str) -> set[str]:
    """The words of an identifier, two that follow each other as one as well."""
    words = [each.lower() for each in re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", name)]
    return {*words, *("".join(pair) for pair in pairwise(words))}


def texts(tree: ast.AST) -> set[int]:
    """The strings that are text: docstrings and other statements, and parts of f-strings."""
    alone = (node.value for node in ast.walk(tree) if isinstance(node, ast.Expr))
    inside = (each for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for each in node.values)
    return {id(node) for node in (*alone, *inside)}


def names(tree: ast.AST) -> Iterator[str]:
    """Identifiers, and literals that are one word."""
    text = texts(tree)
    for node in ast.walk(tree):
        for field in ("id", "attr", "arg", "name", "asname"):
            name = getattr(node, field, None)
            if isinstance(name, str):
                yield name
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in text:
            yield from [node.value] if re.fullmatch(r"[\w.-]+", node.value) else []


@pytest.mark.parametrize("module", MODULES)
def test_no_protocol_is_known_here(module: str) -> None:
    tree = ast.parse(FILES[module].read_text(encoding="utf-8"))
    found = WORDS & set[str]().union(*map(parts, names(tree)))
    assert found == THEIRS.get(module, set())


IMAGES = {
    "ailment", "ailments", "boil", "casting", "castings", "gathering", "gatherings", "hear", "hoped",
    "hopes", "might", "riddle", "riddles", "unheard",
}  # fmt: skip
"""Images, for each of which there is a plain word."""


@pytest.mark.parametrize("module", FILES)
def test_words_are_plain(module: str) -> None:
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", FILES[module].read_text(encoding="utf-8")).replace("_", " ")
    assert not IMAGES & {word.lower() for word in re.findall("[A-Za-z]+", text)}


def test_words_are_found() -> None:
    source = '"""ban"""\ndef may_kick(x):\n    return x.JoinRule, "knock", f"invite {x}", "mute is text"\n'
    assert WORDS & set[str]().union(*map(parts, names(ast.parse(source)))) == {"kick", "joinrule", "knock"}
