"""The gallery: every policy of the catalogue, drawn into one folder.

    python -m fsm.render.gallery diagrams           draws it anew
    python -m fsm.render.gallery diagrams --check   fails when it is not what the policies say

Text is compared byte for byte. Of an SVG all is compared but where things
stand: that may differ with the version of Graphviz or with the fonts. A PNG only
has to be there.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

from fsm.errors import PolicyError
from fsm.policies import CATALOGUE, AnyPolicy, load_policy
from fsm.render import extract, render

_FILES = {"svg": "svg", "png": "png", "dot": "dot", "mmd": "mermaid"}
_GEOMETRY = {"d", "height", "points", "transform", "viewBox", "width", "x", "y"}

_INTRODUCTION = """\
# Gallery

Drawn from the policies' tables of transitions by `make diagrams`; `make diagrams-check` fails when a file here is not
what the tables say. An arrow is there because some facts make the transition happen; what stands under its verb are the
conditions that may fail.
"""


def contents() -> Iterator[tuple[str, bytes]]:
    """The gallery's files: name and content."""
    policies = [load_policy(name) for name in CATALOGUE]
    for policy in policies:
        diagram = extract(policy)
        for ending, fmt in _FILES.items():
            yield f"{policy.id}.{ending}", render(diagram, fmt)
    yield "README.md", "\n".join([_INTRODUCTION, *map(_section, policies)]).encode()


def _section(policy: AnyPolicy) -> str:
    others = ", ".join(f"[{fmt}]({policy.id}.{ending})" for ending, fmt in _FILES.items())
    return (
        f"## {policy.title}\n\n"
        f"`{policy.id}`: {policy.source}. As a file: {others}.\n\n"
        f"![The states of `{policy.id}` and the transitions between them]({policy.id}.svg)\n"
    )


def draw(folder: Path) -> None:
    """Write the gallery."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents():
        (folder / name).write_bytes(content)


def check(folder: Path) -> list[str]:
    """What is wrong with the gallery, a line for each file."""
    problems = []
    expected = dict(contents())
    for name, content in expected.items():
        path = folder / name
        if not path.is_file():
            problems.append(f"{path}: missing")
        elif not _agree(name, path.read_bytes(), content):
            problems.append(f"{path}: not what the policy says now")
    strays = sorted(path for path in folder.glob("[!.]*") if path.name not in expected)
    return [*problems, *(f"{path}: belongs to no policy" for path in strays)]


def _agree(name: str, found: bytes, expected: bytes) -> bool:
    if name.endswith(".png"):
        return bool(found)
    if name.endswith(".svg"):
        return skeleton(found) == skeleton(expected)
    return found == expected


def skeleton(svg: bytes) -> list[tuple[str, str, dict[str, str]]] | None:
    """All of an SVG but where things stand; None when it is none."""
    try:
        root = ET.fromstring(svg)  # noqa: S314 - one of our own files
    except ET.ParseError:
        return None
    return [
        (element.tag, (element.text or "").strip(), {k: v for k, v in element.items() if k not in _GEOMETRY})
        for element in root.iter()
    ]


def main(arguments: list[str]) -> int:
    """Draw or check; the exit status."""
    folders = [Path(each) for each in arguments if each != "--check"]
    if len(folders) != 1:
        sys.stderr.write("usage: python -m fsm.render.gallery FOLDER [--check]\n")
        return 2
    try:
        if "--check" not in arguments:
            draw(folders[0])
            return 0
        problems = check(folders[0])
    except (PolicyError, OSError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 2
    sys.stdout.writelines(f"{problem}\n" for problem in problems)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
