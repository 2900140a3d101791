"""The drawing of ARCHITECTURE.md, made from the imports: `python docs/house.py` prints it, and writes it there.

Every module of the package belongs to a part, every import from one part to another is an
arrow, and an arrow that others already imply is left out. What the catalogue loads by
name, when it is asked for, is a dotted arrow.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "fsm"
PAGE = ROOT / "ARCHITECTURE.md"

PARTS = {
    "fsm.cli": "cli", "fsm.__main__": "cli",
    "fsm.gallery": "gallery", "fsm.testing": "testing",
    "fsm.review": "review", "fsm.render": "render", "fsm.bulk": "bulk", "fsm.store": "store",
    "fsm.log": "logs", "fsm.log_reader": "logs",
    "fsm.policies": "catalogue",
    "fsm.mimi": "mimi", "fsm.matrix": "matrix", "fsm.room_policy": "room_policy",
    "fsm.participation": "participation",
    **{f"fsm.review.laws.{name}": "laws" for name in ("decorators", "kinds", "room_laws", "source")},
    "fsm.review.cases.cells": "laws", "fsm.review.errors": "laws", "fsm.review.laws": "laws",
}  # fmt: skip
"""What is not in one of these is of the core."""

WORDS = {
    "cli": "cli<br>the commands",
    "gallery": "gallery.py<br>diagrams/",
    "testing": "testing.py<br>for other people's tests",
    "review": "review/<br>proofs, differences, vectors, coverage",
    "render": "render/<br>pictures, sections, the page",
    "bulk": "bulk/<br>whole histories",
    "store": "store/<br>rooms that last",
    "logs": "log.py, log_reader.py<br>logs run through rooms",
    "catalogue": "policies.py<br>the catalogue",
    "mimi": "mimi/",
    "matrix": "matrix/",
    "room_policy": "room_policy/",
    "laws": "review/laws/<br>how laws are written",
    "participation": "participation/<br>what MIMI and Matrix share",
    "core": "the core<br>facts, guards, table, machine, decision; room, family, events",
}


def drawing() -> str:
    """The drawing, in Mermaid."""
    edges = _reduced(set(_edges()))
    parts = [part for part in WORDS if any(part in edge for edge in edges)]
    loaded = [part for part in parts if any(f'"fsm.{part}"' in text for text in _catalogue())]
    lines = ["graph TD", *(f'    {part}["{WORDS[part]}"]' for part in parts)]
    lines += [f"    {one} --> {other}" for one in parts for other in parts if (one, other) in edges]
    lines += [f"    catalogue -.-> {part}" for part in loaded]
    return "\n".join(lines) + "\n"


def with_drawing(page: str) -> str:
    """A page with this drawing in the place of the one that it has."""
    return re.sub(r"(?<=```mermaid\n).*?(?=```)", lambda _: drawing(), page, count=1, flags=re.DOTALL)


def _catalogue() -> list[str]:
    text = (PACKAGE / "policies.py").read_text(encoding="utf-8")
    return [re.sub(r"(fsm\.\w+)[\w.]*:?[^\"]*", r"\1", quoted) for quoted in re.findall(r'"fsm\.[^"]*"', text)]


def _edges() -> Iterator[tuple[str, str]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        if module == "fsm":
            continue  # the front door loads on demand what it offers
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.module:
                whole = [f"{node.module}.{alias.name}" for alias in node.names]
                names = whole if node.module == "fsm" or PARTS.keys() & {*whole} else [node.module]
            for name in names:
                if name.startswith("fsm.") and _part(name) != _part(module):
                    yield _part(module), _part(name)


def _part(module: str) -> str:
    return PARTS.get(module) or PARTS.get(".".join(module.split(".")[:2]), "core")


def _reduced(edges: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {(one, other) for one, other in edges if not _leads(one, other, edges - {(one, other)})}


def _leads(one: str, other: str, edges: set[tuple[str, str]]) -> bool:
    reached, rest = set[str](), [one]
    while rest:
        part = rest.pop()
        new = {end for start, end in edges if start == part} - reached
        reached |= new
        rest += new
    return other in reached


if __name__ == "__main__":
    PAGE.write_text(with_drawing(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    print(drawing(), end="")
